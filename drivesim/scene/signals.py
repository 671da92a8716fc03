"""Which lenses of the map's traffic signals are lit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.world.signals import AMBER, GREEN, RED, group_of, shown


def lens_flags(mesh: Mesh) -> NDArray[np.uint8]:
    """(T,) bit of the lens that each triangle is part of, told by its colour; 0 for all other triangles."""
    red, green = mesh.albedo[:, 0], mesh.albedo[:, 1]
    bit = np.where(green > red, GREEN, np.where(green > 0.25 * red, AMBER, RED))
    return np.where(mesh.material == MaterialId.SIGNAL_LIGHT, bit, 0).astype(np.uint8)


class SignalHeads:
    """The lamps of a static mesh that are traffic signals of the map.

    Args:
        mesh: in map coordinates, with instances.
    """

    def __init__(self, network: RoadNetwork, mesh: Mesh) -> None:
        lenses = mesh.material == MaterialId.SIGNAL_LIGHT
        whose = mesh.instance[lenses]
        middles = mesh.vertices[mesh.triangles[lenses]].mean(axis=1)[:, :2].astype(np.float64)
        instances = np.unique(whose)
        places = np.array([middles[whose == i].mean(axis=0) for i in instances]).reshape(-1, 2)
        self._heads: list[tuple[int, str, int]] = []
        for road in network.roads.values():
            for signal in road.signals:
                point = network.world_from_road(road.id, signal.s, signal.t)
                away = np.hypot(*(places - (point.x, point.y)).T) if len(places) else np.empty(0)
                if len(away) and away.min() < 0.6:
                    self._heads.append((int(instances[away.argmin()]), signal.id, group_of(point.heading)))
        self.size = int(instances.max()) + 1 if len(instances) else 0

    def show(self, flags: NDArray[np.uint16], states: Mapping[str, str], time: float) -> None:
        """Write what is lit at ``time`` into the flags by instance id."""
        for instance, name, group in self._heads:
            flags[instance] = shown(name, group, states, time)
