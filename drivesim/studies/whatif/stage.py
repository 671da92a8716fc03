"""Where instances of a study are played: one street for all of them, one scene for all runs of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim.ego.chain import Answers
from drivesim.opendrive import RoadNetwork
from drivesim.openscenario.scenario import ScenarioFile
from drivesim.scene.chance import Chance
from drivesim.scene.city.seasons import Foliage, foliage_on
from drivesim.scene.surroundings import Surroundings, keep_clear
from drivesim.sensors.suite import Memory
from drivesim.simulation import Simulation
from drivesim.simulators.embedded import scene_of

if TYPE_CHECKING:
    from drivesim.scene import Scene
    from drivesim.world import World

F64 = NDArray[np.float64]

STEP = 2.0
"""Where places differ, zones are rounded outwards to this, m: hundreds of instances need a few dozen of them."""
_Corners = tuple[tuple[float, float], ...]
Zones = tuple[_Corners, ...]
"""The four corners (x, y) of pieces of ground, m."""


def zones_of(scenario: str, instances: Iterable[Mapping[str, str]]) -> Zones:
    """The ground that a city must keep clear so that the actors of every instance fit into it."""
    file = ScenarioFile(scenario)
    found: dict[str, set[_Corners]] = {}
    for values in instances:
        with Simulation(file.scenario(values)) as simulation:
            state = simulation.world.snapshot()
            for actor in simulation.actors:
                if state.present[0, actor.index]:
                    found.setdefault(actor.name, set()).add(_as_corners(keep_clear(actor, state)))
    zones: dict[_Corners, None] = {}
    for places in found.values():  # where nobody moves, the street is that of the instance alone
        zones.update(dict.fromkeys(places if len(places) == 1 else sorted({_rounded(place) for place in places})))
    return tuple(zones)


def _as_corners(corners: F64) -> _Corners:
    return tuple((x, y) for x, y in corners.tolist())


def _rounded(corners: _Corners) -> _Corners:
    """The upright rectangle about a zone, counter-clockwise."""
    (x0, y0), (x1, y1) = STEP * np.floor(np.min(corners, axis=0) / STEP), STEP * np.ceil(np.max(corners, axis=0) / STEP)
    return _as_corners(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))


def corners_of(zones: Zones) -> F64:
    """(Z, 4, 2) corners of zones, as a city wants them."""
    return np.array(zones).reshape(-1, 4, 2)


class Stage:
    """One scene for all runs of an instance: rigs differ in what they sense, never in what there is to be sensed.

    Safe because a scene is built from the map, the actors, the seed and the state at the start, equal for all rigs, and
    every tick places every actor anew. The street around it is the same for all instances with the same map and
    ``seed.city`` (and seeds of its parts), and is built once in each process.

    Args:
        zones: what the street keeps clear, see :func:`zones_of`; None builds it for the instance alone.

    Attributes:
        memory: what cameras and radars measured in this instance: until a rig reacts its world is the others', so equal
            sensors of two rigs measure the same, once.
        answers: what detectors said of them, by kind of sensor.
    """

    def __init__(self, zones: Zones | None = None) -> None:
        self._zones = zones
        self._scene: Scene | None = None
        self.memory: Memory = {}
        self.answers: dict[str, Answers] = {}

    def scene(self, world: World, ego: int, seed: int) -> Scene:
        """The instance's scene, built for the first run that asks."""
        if self._scene is None:
            street = None
            if self._zones is not None:
                assert world.network is not None
                city = Chance.of("city", world.seeds, seed)
                foliage = foliage_on(world.weather.day_of_year)
                street = _street(world.network, city, self._zones, len(world.actors) + 1, world.district, foliage)
            self._scene = scene_of(world, ego, seed, street)
        return self._scene

    def close(self) -> None:
        """Release the scene; legal twice."""
        if self._scene is not None:
            self._scene.close()
            self._scene = None
        self.memory.clear()
        self.answers.clear()


_Key = tuple[Path, Chance, Zones, int, str | None, Foliage]
_standing: dict[_Key, Surroundings] = {}
"""The one street of this process."""


def _street(
    network: RoadNetwork, city: Chance, zones: Zones, first_instance: int, district: str | None, foliage: Foliage
) -> Surroundings:
    """Roads and city with their trees, built when the last instance was played somewhere else."""
    key = (network.path, city, zones, first_instance, district, foliage)
    if key not in _standing:
        _standing.clear()  # scenes that still stand there keep what they need of it
        corners = corners_of(zones)
        middle = np.append((corners.min(axis=(0, 1)) + corners.max(axis=(0, 1))) / 2, 0.0)
        _standing[key] = Surroundings(
            network, city, list(corners), middle, first_instance, district, foliage=foliage, shared=True
        )
    return _standing[key]
