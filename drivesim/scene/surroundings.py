"""Roads and city: what stands still around the actors of a scene, and may stay when they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.cache import cached
from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.mesh import network_mesh
from drivesim.opendrive.meshing.structures import structures_mesh
from drivesim.scene.builder import LAMPS_OF, RaySceneBuilder
from drivesim.scene.chance import Chance
from drivesim.scene.city import City, build_city
from drivesim.scene.city.evening import lit_rooms
from drivesim.scene.city.seasons import SUMMER, Foliage, in_season
from drivesim.scene.shapes import SharedShapes
from drivesim.scene.shelters import shelters
from drivesim.scene.signals import SignalHeads, lens_flags
from drivesim.types import Actor, WorldState

F64 = NDArray[np.float64]

_CODE = (
    "scene/chance.py", "scene/city", "scene/vehicles", "opendrive", "mesh.py", "materials.py", "streams.py",
    "taxonomy.py", "transforms.py",
)  # fmt: skip
"""What the static mesh is made by."""

_VEHICLE_MARGIN = 0.8
_WAY = (14.0, 3.0)
"""Half length and half width of what is kept clear along the way of people and two-wheelers, m."""


class Surroundings:
    """Roads and city about an origin.

    Args:
        seed: of the city; or that with seeds of its parts.
        zones: (4, 2) corners each of the ground that the city keeps clear, see :func:`keep_clear`.
        origin: (3,) of ray coordinates, rounded to metres.
        first_instance: instance ids of the city's things count up from here.
        district: what stands along all roads; by road type if absent.
        foliage: how trees are dressed.
        shared: whether several scenes will stand here: trees are built once then, and are this object's to release.

    Attributes:
        unique: what there is once, relative to the origin; copies: the rest, in map coordinates.
        heads: the map's traffic signals among it.
        shelters: of tunnels, relative to the origin.
    """

    def __init__(
        self, network: RoadNetwork, seed: int | Chance, zones: Sequence[F64], origin: F64, first_instance: int,
        district: str | None = None, *, foliage: Foliage = SUMMER, shared: bool = False,
    ) -> None:  # fmt: skip
        self.origin = np.round(origin)
        city = in_season(_built(network, seed, zones, first_instance, district), foliage)
        self.unique, self.copies = city.unique, city.copies
        self.heads = SignalHeads(network, self.unique)
        self._lamps = LAMPS_OF[self.unique.material] | lens_flags(self.unique) | lit_rooms(self.unique)
        # In float64, so that far maps keep their precision; in place, for a town's vertices are 100 MB.
        np.subtract(self.unique.vertices, self.origin, out=self.unique.vertices, casting="same_kind")
        self.shelters = shelters(network)
        self.shelters[:, :6] -= np.tile(self.origin, 2)
        self._lamps_of: dict[int, NDArray[np.uint8]] = {}
        kinds = {id(copy.shape): copy.shape for copy in self.copies}
        self._shared = SharedShapes([self.unique, *kinds.values()]) if shared else None

    def builder(self) -> RaySceneBuilder:
        """A builder for a scene that stands here, with all that does already."""
        builder = RaySceneBuilder(self.origin, self._shared)
        builder.add_static(self.unique, lamps=self._lamps)
        for copy in self.copies:
            builder.add_copy(copy.shape, copy.instance, copy.place, lamps=self._lamps_of_shape(copy.shape))
        return builder

    def _lamps_of_shape(self, shape: Mesh) -> NDArray[np.uint8]:
        """(T,) lamp flags of a shape that stands in many places."""
        found = self._lamps_of.get(id(shape))
        if found is None:
            found = self._lamps_of[id(shape)] = LAMPS_OF[shape.material] | lit_rooms(shape)
        return found

    def close(self) -> None:
        """Release what is shared, after the scenes that stand here; legal twice."""
        if self._shared is not None:
            self._shared.close()


def keep_clear(actor: Actor, state: WorldState) -> NDArray[np.float64]:
    """Corners (4, 2) of the ground where the city must not put things: an actor's place, or a walker's way."""
    half_length = actor.box.length / 2 + _VEHICLE_MARGIN
    half_width = actor.box.width / 2 + _VEHICLE_MARGIN / 2
    if actor.kind == "pedestrian" or actor.category in {"bicycle", "motorbike"}:
        half_length, half_width = _WAY
    return ground_about(actor, state, half_length, half_width)


def ground_about(actor: Actor, state: WorldState, half_length: float, half_width: float) -> NDArray[np.float64]:
    """Corners (4, 2) of the ground so far about an actor's middle, m."""
    x, y, _ = actor.box.center
    corners = [(x + i * half_length, y + j * half_width, 0.0) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return state.pose(actor.index).apply(corners)[:, :2]


def _built(
    network: RoadNetwork, seed: int | Chance, zones: Sequence[F64], first_instance: int, district: str | None
) -> City:  # fmt: skip
    """Roads and city in map coordinates, from the cache if they have been built before."""

    def build() -> dict[str, NDArray[Any]]:
        roads = [network_mesh(network), structures_mesh(network)]
        return build_city(
            network, seed, keep_clear=zones, first_instance=first_instance, district=district, roads=roads
        ).arrays()

    if not network.path.is_file():
        return City.from_arrays(build())
    made_from = (network.path.read_bytes(), seed, first_instance, district, np.array(zones).tobytes())
    return City.from_arrays(cached("city", made_from, _CODE, build))
