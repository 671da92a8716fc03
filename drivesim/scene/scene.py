"""The scene of one run: road, city and actors in one ray scene, moved once per tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.scene.actors import Cast
from drivesim.scene.chance import Chance
from drivesim.scene.city.seasons import SUMMER, Foliage
from drivesim.scene.raycast import RayScene
from drivesim.scene.surroundings import Surroundings, keep_clear
from drivesim.scene.wakes import wakes
from drivesim.types import Actor, Light, Weather, WorldState

LOW_BEAM_INTENSITY = 20_000.0
"""Brightest direction of one low-beam headlamp, cd (UN R112 class B allows about 16,800 to 44,100 at 50R/50V)."""
LOW_BEAM_REACH = 150.0
_HEADLAMPS_ON = np.radians(2.0)
_FOG_LAMPS_ON = 300.0
_BRAKE_LAMPS_ON = 1.3
"""Deceleration that lights the brake lamps, m/s2 (UN R13-H 5.2.22.4: required above 1.3, forbidden below 0.7)."""
_BLINKS = 1.5
"""Flashes of an indicator per second (UN R6: 90 +- 30 a minute)."""
STREET_LAMP_INTENSITY = 600.0
"""Downwards, cd: 14 lx on the road below a lamp of 6.5 m, 7 lx on average with a post every 30 m (EN 13201-2 has 7.5 lx
for class P3, streets where people live)."""
_STREET_LAMP_REACH = 30.0
_STREET_LAMPS = 12
"""As many, nearest to the ego, throw light; the others only shine."""
_STREET_LAMPS_ON = 0.0

FIRST_LASTING = 20_001
"""First instance id of a lasting city: more actors than that are not seen apart."""


class Scene:
    """Everything sensors can hit.

    Args:
        network: the map.
        actors: who will ever appear.
        seed: scenario seed; looks and city derive their own streams.
        ego: index of the actor that carries the sensors; they look past its body. -1 for none.
        state: the world at the start; the city keeps clear of where actors stand and walk.
        origin: (3,) near which sensors will be; the ego's place if absent.
        lasting: whether the city is the same whoever is there: it keeps clear of nobody, and its instances are numbered
            from :data:`FIRST_LASTING`.
        seeds: of ``vehicles``, ``city``, ``bodies`` and parts of both, where they are not to follow the scenario seed.
        district: what stands along all roads, one of :data:`~drivesim.scene.city.DISTRICTS`; by road type if absent.
        foliage: how trees are dressed, see :func:`~drivesim.scene.city.seasons.foliage_on`.
        surroundings: roads and city that are there already; they must be this map's and keep clear of these actors.

    Attributes:
        rays: what sensors trace.
        signals: state of traffic signals by their id in the map, in the scenario's words; others have a programme.
    """

    def __init__(
        self, network: RoadNetwork, actors: Sequence[Actor], seed: int, *, ego: int, state: WorldState,
        origin: ArrayLike | None = None, lasting: bool = False, district: str | None = None,
        seeds: Mapping[str, int] = MappingProxyType({}), foliage: Foliage = SUMMER,
        surroundings: Surroundings | None = None,
    ) -> None:  # fmt: skip
        if surroundings is None:
            near = np.asarray(state.position[0, ego] if origin is None else origin, dtype=np.float64)
            zones = [] if lasting else [keep_clear(actor, state) for actor in actors if state.present[0, actor.index]]
            first = FIRST_LASTING if lasting else len(actors) + 1
            city_of = Chance.of("city", seeds, seed)
            surroundings = Surroundings(network, city_of, zones, near, first, district, foliage=foliage)
        builder, shelters, self._heads = surroundings.builder(), surroundings.shelters, surroundings.heads
        self._luminaires = _luminaires(surroundings.unique)
        del surroundings  # if nobody else stands there, its memory is free before trees are built
        self._cast = Cast(actors, builder, seed, ego=ego, seeds=seeds)
        self.rays: RayScene = builder.build()
        self._cast.enter(self.rays)
        self.rays.shelters = shelters
        self.signals: Mapping[str, str] = {}
        self._actors = tuple(actors)
        self._ego, self._lasting = ego, lasting
        self._state = state

    def update(self, before: WorldState, after: WorldState) -> None:
        """Show the tick between two states: ray time 0 is ``before``, 1 is ``after``."""
        self._cast.move(before, after, self._distances(after))
        self.rays.wakes = wakes(self._actors, after)
        self._state = after

    def joints(self, before: WorldState, after: WorldState, fraction: float) -> dict[int, NDArray[np.float64]]:
        """Joints of people, as of :meth:`~drivesim.scene.actors.Cast.joints`."""
        return self._cast.joints(before, after, fraction)

    def _distances(self, state: WorldState) -> NDArray[np.float64]:
        """How far actors are from the ego, m; 0 for all where sensors may be anywhere."""
        if self._ego < 0 or self._lasting:
            return np.zeros(len(self._actors))
        return np.asarray(np.linalg.norm(state.position[0] - state.position[0, self._ego], axis=1))

    def lit(self, weather: Weather) -> NDArray[np.uint16]:
        """Lamp flags by instance id, uint16, of actors and traffic signals.

        Vehicles in traffic switch on their low beam when it is dark.
        """
        flags = np.zeros(max(len(self._actors) + 1, self._heads.size), dtype=np.uint16)
        self._heads.show(flags, self.signals, float(self._state.time[0]))
        dark = weather.sun_elevation < _HEADLAMPS_ON or weather.fog_visual_range < _FOG_LAMPS_ON
        for actor in self._actors:
            if actor.kind != "vehicle" or not self._state.present[0, actor.index]:
                continue
            in_traffic = actor.index == self._ego or abs(self._state.speed[0, actor.index]) > 0.1
            own = int(self._state.lights[0, actor.index]) | self._pedals(actor.index)
            if self._state.time[0] * _BLINKS % 1.0 >= 0.5:
                own &= ~int(Light.LEFT_BLINKER | Light.RIGHT_BLINKER)
            flags[actor.instance] = own | (Light.LOW_BEAM | Light.POSITION if dark and in_traffic else 0)
        return flags

    def _pedals(self, index: int) -> int:
        """Brake and reverse lamps by how the vehicle moves."""
        state = self._state
        forward = state.pose(index).rotation[:, 0]
        slowing = -float(state.acceleration[0, index] @ forward) * np.sign(state.speed[0, index])
        brake = Light.BRAKE if slowing > _BRAKE_LAMPS_ON else Light.NONE
        return int(brake | (Light.REVERSE if state.speed[0, index] < -0.05 else Light.NONE))

    def lamps(self, weather: Weather) -> NDArray[np.float32]:
        """Lit headlamps and, at night, the nearest street lamps, (L, 9) float32.

        Position relative to ``rays.origin``, direction, intensity cd, reach m, height above the ground of a street
        lamp m.
        """
        flags = self.lit(weather)
        rows = self._street_lamps() if weather.sun_elevation < _STREET_LAMPS_ON else []
        for index, lamps in self._cast.lamps:
            if flags[index + 1] & Light.LOW_BEAM:
                pose = self._state.pose(index)
                for lamp in lamps:
                    if lamp.kind & Light.LOW_BEAM:
                        place = pose.apply(lamp.position) - self.rays.origin
                        rows.append([*place, *(pose.rotation @ lamp.direction), LOW_BEAM_INTENSITY, LOW_BEAM_REACH, 0])
        return np.array(rows, dtype=np.float32).reshape(-1, 9)

    def _street_lamps(self) -> list[list[float]]:
        """Rows of the street lamps nearest to the ego."""
        here = self._state.position[0, self._ego] - self.rays.origin if self._ego >= 0 else np.zeros(3)
        distance = np.linalg.norm(self._luminaires[:, :3] - here, axis=1)
        near = np.argsort(distance)[:_STREET_LAMPS]
        return [
            [x, y, z, 0, 0, -1, STREET_LAMP_INTENSITY, _STREET_LAMP_REACH, height]
            for x, y, z, height in self._luminaires[near]
        ]

    def close(self) -> None:
        """Release the ray scene; legal twice."""
        self.rays.close()


def _luminaires(mesh: Mesh) -> NDArray[np.float64]:
    """(L, 4) middle of the light of every street lamp in a mesh, one per instance, and its height above the foot."""
    shining = mesh.material == MaterialId.STREET_LAMP
    whose, number = np.unique(mesh.instance[shining], return_inverse=True)
    middles = mesh.vertices[mesh.triangles[shining]].astype(np.float64).mean(axis=1)
    sums = np.zeros((len(whose), 3))
    np.add.at(sums, number, middles)
    places = sums / np.maximum(np.bincount(number, minlength=len(whose)), 1)[:, None]
    own = np.isin(mesh.instance, whose)
    feet = np.full(len(whose), np.inf)
    np.minimum.at(feet, np.searchsorted(whose, mesh.instance[own]), mesh.vertices[mesh.triangles[own], 2].min(axis=1))
    return np.column_stack([places, places[:, 2] - feet])
