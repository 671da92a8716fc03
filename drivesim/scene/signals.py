"""Which lenses of the map's traffic signals are lit: as the scenario says, else by a plain fixed-time programme."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork

RED, AMBER, GREEN = 1, 2, 4
"""Bits of what is lit."""

_LENSES = {"red": RED, "yellow": AMBER, "amber": AMBER, "green": GREEN}
_IN_ORDER = (RED, AMBER, GREEN)
_PROGRAMME = ((0.0, GREEN), (12.0, AMBER), (15.0, RED), (31.0, RED | AMBER))
"""(from second, lit) of a cycle of :data:`_CYCLE` seconds: amber 3 s and red with amber 1 s (RiLSA 2015, 50 km/h)."""
_CYCLE = 32.0


def lens_flags(mesh: Mesh) -> NDArray[np.uint8]:
    """(T,) bit of the lens that each triangle is part of, told by its colour; 0 for all other triangles."""
    red, green = mesh.albedo[:, 0], mesh.albedo[:, 1]
    bit = np.where(green > red, GREEN, np.where(green > 0.25 * red, AMBER, RED))
    return np.where(mesh.material == MaterialId.SIGNAL_LIGHT, bit, 0).astype(np.uint8)


def lit_lenses(state: str) -> int:
    """Bits of what a scenario's state means: colour words, or ``on;off;off`` for red, amber and green."""
    parts = [part.strip().lower() for part in state.replace(",", ";").split(";")]
    if any(part in ("on", "off") for part in parts):
        return sum(bit for part, bit in zip(parts, _IN_ORDER, strict=False) if part == "on")
    return sum(bit for name, bit in _LENSES.items() if any(name in part for part in parts))


def programme(group: int, time: float) -> int:
    """What signals nobody controls show: group 0 and group 1 of a crossing take turns."""
    now = (time + group * _CYCLE / 2.0) % _CYCLE
    return [lit for start, lit in _PROGRAMME if start <= now][-1]


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
                    group = int(abs(np.cos(point.heading)) < np.sqrt(0.5))
                    self._heads.append((int(instances[away.argmin()]), signal.id, group))
        self.size = int(instances.max()) + 1 if len(instances) else 0

    def show(self, flags: NDArray[np.uint16], states: Mapping[str, str], time: float) -> None:
        """Write what is lit at ``time`` into the flags by instance id."""
        for instance, name, group in self._heads:
            flags[instance] = lit_lenses(states[name]) if name in states else programme(group, time)
