"""Meshes in the ray engine, each with a tree of its own; deforming ones as a sequence of still shots.

Embree can interpolate vertices between time steps, but builds such meshes anew each time, which takes 27 times as long
as refitting a still one (10,500 triangles: 4.8 ms against 0.18 ms). So a body that deforms within a tick is shown by N
shots, at ray times 0, 1 / (N - 1), ... 1, each until half-way to the next: the ends of the tick are exact.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.mesh import Mesh, flat_triangles
from drivesim.scene.embree import Device, Geometry, SceneHandle

F32 = NDArray[np.float32]

SHOTS = 4
"""Most shapes of a deforming body in a tick; a single one shows its end."""

BOUNDS = [np.zeros(0), np.zeros(0)] + [
    np.array([0.0, *((np.arange(count - 1) + 0.5) / (count - 1)), 1.0]) for count in range(2, SHOTS + 1)
]
"""Ray times at which one shot gives way to the next, by how many there are."""

RANGES = [[(float(a), float(b)) for a, b in pairwise(bounds)] for bounds in BOUNDS]
"""First and last ray time of each shot, by how many there are."""


class Shape:
    """A triangle mesh (T, 3) of vertices (V, 3) with its own tree; ``deforming``: refitted when its vertices change;
    ``split``, ``in_place``: as of :class:`~drivesim.scene.embree.SceneHandle` and
    :meth:`~drivesim.scene.embree.Geometry.triangles`."""

    def __init__(
        self, device: Device, triangles: NDArray[np.int32], vertices: F32, *, deforming: bool = False,
        split: bool = False, in_place: bool = False,
    ) -> None:  # fmt: skip
        self.geometry = Geometry.triangles(device, triangles, vertices, deforming=deforming, in_place=in_place)
        self.scene = SceneHandle(device, dynamic=deforming, compact=deforming, split=split)
        self.scene.attach(self.geometry)
        self.scene.commit()

    @property
    def vertices(self) -> F32:
        """The engine's own memory (V, 3); call :meth:`refit` after writing."""
        return self.geometry.vertex_buffers[0]

    def refit(self) -> None:
        self.geometry.vertices_changed()
        self.scene.commit()

    def close(self) -> None:
        self.scene.close()
        self.geometry.close()


def shape_of(device: Device, mesh: Mesh, deforming: bool, *, split: bool = False, in_place: bool = False) -> Shape:
    """The tree of a mesh at rest."""
    return Shape(device, mesh.triangles, mesh.vertices, deforming=deforming, split=split, in_place=in_place)


def look_of(mesh: Mesh, lamps: NDArray[np.uint8], deforming: bool) -> NDArray[np.uint32]:
    """Rows (T, 4) of the table ``look`` of :class:`~drivesim.scene.raycast.RayTables`, given lamp flags (T,); deforming
    bodies are never flat, their normals change."""
    look = np.empty((len(mesh.triangles), 4), dtype=np.uint32)
    _colour(mesh.albedo, mesh.material, mesh.semantic, look)
    look[:, 2] = mesh.instance.view(np.uint32)
    look[:, 3] = lamps.astype(np.uint32) << 8
    if not deforming:
        look[:, 3] |= flat_triangles(mesh.vertices, mesh.normals, mesh.triangles)
    return look


@nb.njit(nogil=True, cache=True)
def _colour(
    albedo: F32, material: NDArray[np.uint8], semantic: NDArray[np.uint8], look: NDArray[np.uint32]
) -> None:  # fmt: skip
    """Fill the first two columns of the looks (T, 4); whole columns in NumPy take several times their memory."""
    for row in range(len(look)):
        red, green, blue = albedo[row, 0], albedo[row, 1], albedo[row, 2]
        look[row, 0] = _sixteen_bits(red) | _sixteen_bits(green) << 16
        look[row, 1] = _sixteen_bits(blue) | np.uint32(material[row]) << 16 | np.uint32(semantic[row]) << 24


@nb.njit
def _sixteen_bits(share: np.float32) -> np.uint32:
    """A share 0..1 in steps of 1 / 65535; what is beyond is cut."""
    kept = min(max(share, np.float32(0.0)), np.float32(1.0))
    return np.uint32(kept * np.float32(65535.0) + np.float32(0.5))


_MOST_SHARED = 256
"""Meshes that are shared at most beside those that were given: what comes later is each scene's own."""


class SharedShapes:
    """Trees and looks of rigid meshes that several scenes hit, made once.

    Args:
        meshes: those that scenes will share, ground and houses first; others are each scene's own, unless
            :meth:`share` was told of them.

    Attributes:
        device: of the trees, and of every scene that shares them.
    """

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        self.device = device = Device()
        with ThreadPoolExecutor(nb.get_num_threads()) as pool:
            shapes = list(pool.map(lambda mesh: shape_of(device, mesh, False, split=mesh is meshes[0]), meshes))
        # The meshes are kept, so that nothing else gets their identity.
        self._known = {id(mesh): (mesh, shape) for mesh, shape in zip(meshes, shapes, strict=True)}
        self._looks: dict[int, tuple[NDArray[np.uint8], NDArray[np.uint32]]] = {}
        self._shapes, self._room = shapes, len(shapes) + _MOST_SHARED
        self._close = weakref.finalize(self, close_all, [], shapes, device)

    def share(self, mesh: Mesh) -> None:
        """Share one more, which later scenes will hold too."""
        if id(mesh) not in self._known and len(self._shapes) < self._room:
            shape = shape_of(self.device, mesh, False)
            self._shapes.append(shape)
            self._known[id(mesh)] = mesh, shape

    def of(self, mesh: Mesh) -> Shape | None:
        """The tree of a mesh, if it is shared."""
        known = self._known.get(id(mesh))
        return known[1] if known else None

    def look(self, mesh: Mesh, lamps: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """:func:`look_of` a mesh that is shared."""
        known = self._looks.get(id(mesh))
        if known is None or not np.array_equal(known[0], lamps):
            known = self._looks[id(mesh)] = lamps, look_of(mesh, lamps, False)
        return known[1]

    def close(self) -> None:
        """Release Embree's memory, after the scenes that share it; legal twice."""
        self._close()


def close_all(
    scenes: Sequence[SceneHandle | Geometry], shapes: Sequence[Shape | list[Shape]], device: Device | None
) -> None:
    for scene in scenes:
        scene.close()
    for group in shapes:  # bodies may have had shots added since
        for shape in group if isinstance(group, list) else [group]:
            shape.close()
    if device is not None:
        device.close()
