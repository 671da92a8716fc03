"""The scene of one run: road, city and actors in one ray scene, moved once per tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.cache import cached
from drivesim.mesh import Mesh, merge
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.mesh import network_mesh
from drivesim.scene.actors import Figure, figure_of
from drivesim.scene.city import city_mesh
from drivesim.scene.raycast import RayScene, RaySceneBuilder
from drivesim.types import Actor, Light, Weather, WorldState

LOW_BEAM_INTENSITY = 20_000.0
"""Brightest direction of one low-beam headlamp, cd (UN R112 class B allows about 16,800 to 44,100 at 50R/50V)."""
LOW_BEAM_REACH = 150.0
_HEADLAMPS_ON = np.radians(2.0)
_FOG_LAMPS_ON = 300.0

_CODE = (
    "scene/city", "scene/vehicles", "opendrive", "mesh.py", "materials.py", "streams.py", "taxonomy.py", "transforms.py"
)  # fmt: skip
"""What the static mesh is made by."""

FIRST_LASTING = 20_001
"""First instance id of a lasting city: more actors than that are not seen apart."""

_VEHICLE_MARGIN = 0.8
_WAY = (14.0, 3.0)
"""Half length and half width of what is kept clear along the way of people and two-wheelers, m."""


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

    Attributes:
        rays: what sensors trace.
    """

    def __init__(
        self, network: RoadNetwork, actors: Sequence[Actor], seed: int, *, ego: int, state: WorldState,
        origin: ArrayLike | None = None, lasting: bool = False,
    ) -> None:  # fmt: skip
        origin = np.round(state.position[0, ego] if origin is None else np.asarray(origin, dtype=np.float64))
        builder = RaySceneBuilder(origin)
        zones = [] if lasting else [keep_clear(actor, state) for actor in actors if state.present[0, actor.index]]
        first = FIRST_LASTING if lasting else len(actors) + 1
        builder.add_static(_moved(_surroundings(network, seed, zones, first), origin))
        self._figures: list[tuple[int, Figure]] = [
            (actor.index, figure_of(actor, builder, seed, is_ego=actor.index == ego)) for actor in actors
        ]
        self.rays: RayScene = builder.build()
        self._actors = tuple(actors)
        self._ego = ego
        self._state = state

    def update(self, before: WorldState, after: WorldState) -> None:
        """Show the tick between two states: ray time 0 is ``before``, 1 is ``after``."""
        for index, figure in self._figures:
            if before.present[0, index] and after.present[0, index]:
                figure.move(self.rays, before, after)
            else:
                figure.hide(self.rays)
        self.rays.commit()
        self._state = after

    def lit(self, weather: Weather) -> NDArray[np.uint16]:
        """Lamp flags by instance id, (A + 1,) uint16; vehicles in traffic switch on their low beam when it is dark."""
        flags = np.zeros(len(self._actors) + 1, dtype=np.uint16)
        dark = weather.sun_elevation < _HEADLAMPS_ON or weather.fog_visual_range < _FOG_LAMPS_ON
        for actor in self._actors:
            if actor.kind != "vehicle" or not self._state.present[0, actor.index]:
                continue
            in_traffic = actor.index == self._ego or abs(self._state.speed[0, actor.index]) > 0.1
            own = int(self._state.lights[0, actor.index])
            flags[actor.instance] = own | (Light.LOW_BEAM | Light.POSITION if dark and in_traffic else 0)
        return flags

    def lamps(self, weather: Weather) -> NDArray[np.float32]:
        """Lit headlamps, (L, 8) float32: position relative to ``rays.origin``, direction, intensity cd, reach m."""
        flags = self.lit(weather)
        rows = []
        for index, figure in self._figures:
            if flags[index + 1] & Light.LOW_BEAM:
                pose = self._state.pose(index)
                for lamp in figure.lamps:
                    if lamp.kind & Light.LOW_BEAM:
                        place = pose.apply(lamp.position) - self.rays.origin
                        rows.append([*place, *(pose.rotation @ lamp.direction), LOW_BEAM_INTENSITY, LOW_BEAM_REACH])
        return np.array(rows, dtype=np.float32).reshape(-1, 8)

    def close(self) -> None:
        """Release the ray scene; legal twice."""
        self.rays.close()


def keep_clear(actor: Actor, state: WorldState) -> NDArray[np.float64]:
    """Corners (4, 2) of the ground where the city must not put things: an actor's place, or a walker's way."""
    x, y, _ = actor.box.center
    half_length = actor.box.length / 2 + _VEHICLE_MARGIN
    half_width = actor.box.width / 2 + _VEHICLE_MARGIN / 2
    if actor.kind == "pedestrian" or actor.category in {"bicycle", "motorbike"}:
        half_length, half_width = _WAY
    corners = [(x + i * half_length, y + j * half_width, 0.0) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return state.pose(actor.index).apply(corners)[:, :2]


def _surroundings(network: RoadNetwork, seed: int, zones: Sequence[NDArray[np.float64]], first_instance: int) -> Mesh:
    """Roads and city in map coordinates, from the cache if they have been built before."""

    def build() -> dict[str, NDArray[Any]]:
        city = city_mesh(network, seed, keep_clear=zones, first_instance=first_instance)
        return merge([network_mesh(network), city]).arrays()

    if not network.path.is_file():
        return Mesh(**build())
    made_from = (network.path.read_bytes(), seed, first_instance, np.array(zones).tobytes())
    return Mesh(**cached("city", made_from, _CODE, build))


def _moved(mesh: Mesh, origin: NDArray[np.float64]) -> Mesh:
    """A mesh relative to the scene's origin, subtracted in float64 so that far maps keep their precision."""
    return replace(mesh, vertices=(mesh.vertices.astype(np.float64) - origin).astype(np.float32))
