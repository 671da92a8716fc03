"""Triangle meshes that say what each triangle is: the one geometry type."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.materials import MaterialId
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles with labels, in the frame of whatever they belong to.

    Attributes:
        vertices: (V, 3) float32, metres.
        triangles: (T, 3) int32, counter-clockwise seen from outside.
        normals: (V, 3) float32, unit, for smooth shading (split vertices at sharp edges).
        material: (T,) uint8, :class:`~drivesim.materials.MaterialId`.
        albedo: (T, 3) float32, linear (not sRGB-encoded) reflectance 0..1.
        semantic: (T,) uint8, :class:`~drivesim.taxonomy.Tag`.
        instance: (T,) int32, 0 = "the actor this mesh is placed as"; > 0 for static things with an identity.
    """

    vertices: F32
    triangles: NDArray[np.int32]
    normals: F32
    material: NDArray[np.uint8]
    albedo: F32
    semantic: NDArray[np.uint8]
    instance: NDArray[np.int32]

    @staticmethod
    def build(
        vertices: ArrayLike,
        triangles: ArrayLike,
        *,
        material: MaterialId,
        albedo: ArrayLike,
        semantic: Tag,
        instance: int = 0,
        normals: ArrayLike | None = None,
        smooth: bool = False,
    ) -> Mesh:
        """A mesh of one material, colour and class.

        Args:
            albedo: linear RGB, one (3,) or one per triangle (T, 3).
            normals: (V, 3); computed when absent: averaged at shared vertices if ``smooth``, else flat (vertices are
                split per triangle).
        """
        points = np.asarray(vertices, dtype=np.float32).reshape(-1, 3)
        faces = np.asarray(triangles, dtype=np.int32).reshape(-1, 3)
        if normals is None and not smooth:
            points, faces = points[faces.ravel()], np.arange(faces.size, dtype=np.int32).reshape(-1, 3)
        count = len(faces)
        vertex_normals = smooth_normals(points, faces) if normals is None else np.asarray(normals, dtype=np.float32)
        return Mesh(
            vertices=points,
            triangles=faces,
            normals=vertex_normals,
            material=np.full(count, int(material), dtype=np.uint8),
            albedo=np.broadcast_to(np.asarray(albedo, dtype=np.float32), (count, 3)).copy(),
            semantic=np.full(count, int(semantic), dtype=np.uint8),
            instance=np.full(count, instance, dtype=np.int32),
        )

    @staticmethod
    def empty() -> Mesh:
        return Mesh.build(
            np.zeros((0, 3)),
            np.zeros((0, 3)),
            material=MaterialId.ASPHALT,
            albedo=(0, 0, 0),
            semantic=Tag.UNLABELED,
            smooth=True,
        )

    def placed(self, pose: Pose, scale: float = 1.0) -> Mesh:
        """The mesh moved (and uniformly scaled) into the frame ``pose`` maps to."""
        vertices = pose.apply(self.vertices.astype(np.float64) * scale).astype(np.float32)
        normals = (self.normals @ pose.rotation.T).astype(np.float32)
        return replace(self, vertices=vertices, normals=normals)

    def labelled(self, *, instance: int | None = None, semantic: Tag | None = None) -> Mesh:
        """The mesh with every triangle given one instance and/or class."""
        changes: dict[str, Any] = {}
        if instance is not None:
            changes["instance"] = np.full_like(self.instance, instance)
        if semantic is not None:
            changes["semantic"] = np.full_like(self.semantic, int(semantic))
        return replace(self, **changes)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The attributes by name, to keep in a file; ``Mesh(**arrays)`` is the mesh again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def bounds(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Lower and upper corner (3,) of the axis-aligned box."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """All meshes as one, vertices and triangles in order."""
    if not meshes:
        return Mesh.empty()
    triangles = np.concatenate([m.triangles for m in meshes])
    starts = np.cumsum([0, *(len(m.triangles) for m in meshes)])
    offsets = np.cumsum([0, *(len(m.vertices) for m in meshes[:-1])])
    for (start, end), offset in zip(pairwise(starts), offsets, strict=True):
        triangles[start:end] += np.int32(offset)
    return Mesh(
        vertices=np.concatenate([m.vertices for m in meshes]),
        triangles=triangles,
        normals=np.concatenate([m.normals for m in meshes]),
        material=np.concatenate([m.material for m in meshes]),
        albedo=np.concatenate([m.albedo for m in meshes]),
        semantic=np.concatenate([m.semantic for m in meshes]),
        instance=np.concatenate([m.instance for m in meshes]),
    )


def gathered(meshes: Iterable[Mesh]) -> Mesh:
    """:func:`merge` of a stream. Each mesh is copied as it comes and let go with the next: a town's thousands of things
    are never held beside the whole."""
    columns = {name: np.empty((0, *values.shape[1:]), values.dtype) for name, values in Mesh.empty().arrays().items()}
    vertices = triangles = 0
    for mesh in meshes:
        for name, values in mesh.arrays().items():
            start = vertices if name in _PER_VERTEX else triangles
            _put(columns[name], start, values)
        columns["triangles"][triangles : triangles + len(mesh.triangles)] += np.int32(vertices)
        vertices, triangles = vertices + len(mesh.vertices), triangles + len(mesh.triangles)
    for name, column in columns.items():
        _resize(column, vertices if name in _PER_VERTEX else triangles)
    return Mesh(**columns)


_PER_VERTEX = ("vertices", "normals")
_GROWTH = 1.2
_LEAST_ROWS = 65536


def _put(column: NDArray[Any], start: int, values: NDArray[Any]) -> None:
    """Write rows into a column that grows to hold them."""
    end = start + len(values)
    if end > len(column):
        _resize(column, max(end, int(_GROWTH * len(column)), _LEAST_ROWS))
    column[start:end] = values


def _resize(column: NDArray[Any], rows: int) -> None:
    """Where it lies, if the system can: large memory is moved by its page table."""
    column.resize((rows, *column.shape[1:]), refcheck=False)


def smooth_normals(vertices: F32, triangles: NDArray[np.int32]) -> F32:
    """Area-weighted unit vertex normals (V, 3) float32."""
    normals = np.zeros(vertices.shape, dtype=np.float32)
    _point_outwards(np.ascontiguousarray(vertices), np.ascontiguousarray(triangles), normals)
    return normals


@nb.njit(nogil=True, cache=True)
def _point_outwards(vertices: F32, triangles: NDArray[np.int32], normals: F32) -> None:
    """Fill unit normals (V, 3), zero before. One compiled pass: a city is built from fifty thousand meshes of a few
    triangles, for which calls of NumPy take twenty times as long."""
    for corner in range(3):  # first corners first
        for row in range(len(triangles)):
            p, q, r = triangles[row, 0], triangles[row, 1], triangles[row, 2]
            ax, bx = vertices[q, 0] - vertices[p, 0], vertices[r, 0] - vertices[p, 0]
            ay, by = vertices[q, 1] - vertices[p, 1], vertices[r, 1] - vertices[p, 1]
            az, bz = vertices[q, 2] - vertices[p, 2], vertices[r, 2] - vertices[p, 2]
            vertex = triangles[row, corner]
            normals[vertex, 0] += ay * bz - az * by
            normals[vertex, 1] += az * bx - ax * bz
            normals[vertex, 2] += ax * by - ay * bx
    for vertex in range(len(normals)):
        x, y, z = normals[vertex, 0], normals[vertex, 1], normals[vertex, 2]
        length = max(math.sqrt(x * x + y * y + z * z), np.float32(1e-12))
        normals[vertex, 0], normals[vertex, 1], normals[vertex, 2] = x / length, y / length, z / length


@nb.njit(nogil=True, error_model="numpy", cache=True)
def flat_triangles(vertices: F32, normals: F32, triangles: NDArray[np.int32]) -> NDArray[np.uint8]:
    """(T,) uint8, 1 where all three vertex normals are the triangle's own to within a degree."""
    flat = np.empty(len(triangles), dtype=np.uint8)
    for number in range(len(triangles)):
        p = triangles[number, 0]
        q, r = triangles[number, 1], triangles[number, 2]
        ax, bx = vertices[q, 0] - vertices[p, 0], vertices[r, 0] - vertices[p, 0]
        ay, by = vertices[q, 1] - vertices[p, 1], vertices[r, 1] - vertices[p, 1]
        az, bz = vertices[q, 2] - vertices[p, 2], vertices[r, 2] - vertices[p, 2]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        least = 0.99985 * math.sqrt(nx * nx + ny * ny + nz * nz)
        own = True
        for corner in triangles[number]:
            own &= nx * normals[corner, 0] + ny * normals[corner, 1] + nz * normals[corner, 2] > least
        flat[number] = own
    return flat
