"""Pieces of a person while being dressed: triangles with skinning weights that can be cut along a level line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import smooth_normals

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One garment, the hair, or the skin.

    Attributes:
        vertices: (V, 3) m; triangles: (T, 3); weights: (V, 24).
        material: of all triangles; albedo: (T, 3) linear.
        normals: (V, 3) to shade with; computed from the triangles where absent.
    """

    vertices: F64
    triangles: I64
    weights: F64
    material: MaterialId
    albedo: F64
    normals: F64 | None = None

    @staticmethod
    def of(
        vertices: F64, triangles: I64, weights: F64, material: MaterialId, albedo: ArrayLike, normals: F64 | None = None
    ) -> Piece:
        colours = np.broadcast_to(np.asarray(albedo, dtype=np.float64), (len(triangles), 3)).copy()
        return Piece(vertices, triangles, weights, material, colours, normals)

    def placed(self, ground: F64, scale: float) -> Piece:
        """A piece at the body's size as one of the shape's, ``scale`` times smaller and above ``ground``."""
        return replace(self, vertices=self.vertices / scale + ground)


def normals_of(vertices: F64, triangles: I64) -> F64:
    """Unit vertex normals (V, 3)."""
    return smooth_normals(vertices.astype(np.float32), triangles.astype(np.int32)).astype(np.float64)


def cut(columns: F64, triangles: I64, level: F64) -> tuple[F64, I64]:
    """The part of a mesh where ``level`` (V,) > 0, its edge exactly on the zero line.

    Args:
        columns: (V, C) everything that is interpolated along with the vertices.

    Returns:
        Columns and triangles of the part; unused vertices are dropped.
    """
    inside = level > 0.0
    count = inside[triangles].sum(axis=1)
    split = triangles[(count == 1) | (count == 2)]
    within = inside[split]
    tip = within.sum(axis=1) == 1  # one corner is kept, else one is cut off
    first = np.where(tip, within.argmax(axis=1), within.argmin(axis=1))
    rows = np.arange(len(split))
    a, b, c = (split[rows, (first + k) % 3] for k in range(3))
    pairs = np.stack([a, b, a, c], axis=1)
    pairs[~tip] = pairs[~tip][:, [1, 0, 3, 2]]
    pairs = pairs.reshape(-1, 2)
    _, met, which = np.unique(np.sort(pairs, axis=1) @ [len(columns), 1], return_index=True, return_inverse=True)
    order = np.argsort(met)  # of edges, as they come up first
    start, end = pairs[met[order]].T
    share = (level[start] / (level[start] - level[end]))[:, None]
    crossings = columns[start] + share * (columns[end] - columns[start])
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    ab, ac = (len(columns) + place[which]).reshape(-1, 2).T
    made = np.stack([np.where(tip, a, ab), np.where(tip, ab, b), np.where(tip, ac, c), ab, c, ac], axis=1)
    wanted = np.stack([np.full_like(tip, True), ~tip], axis=1).ravel()
    faces = np.concatenate([triangles[count == 3], made.reshape(-1, 3)[wanted]])
    everything = np.concatenate([columns, crossings])
    used, index = np.unique(faces, return_inverse=True)
    return everything[used], index.reshape(-1, 3)


def boundary(triangles: I64) -> I64:
    """Directed edges (E, 2) that only one triangle has."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return edges[_alone(edges, int(triangles.max()) + 1)]


@nb.njit(cache=True, nogil=True)
def _alone(edges: I64, size: int) -> NDArray[np.bool_]:
    """Which directed edges (E,) nobody goes the other way; ``size``: number of vertices."""
    begin = np.zeros(size + 1, dtype=np.int64)
    for e in range(len(edges)):
        begin[edges[e, 0] + 1] += 1
    begin = np.cumsum(begin)
    free, ends = begin.copy(), np.empty(len(edges), dtype=np.int64)
    for e in range(len(edges)):
        ends[free[edges[e, 0]]] = edges[e, 1]
        free[edges[e, 0]] += 1
    alone = np.ones(len(edges), dtype=np.bool_)
    for e in range(len(edges)):
        for k in range(begin[edges[e, 1]], begin[edges[e, 1] + 1]):
            if ends[k] == edges[e, 0]:
                alone[e] = False
    return alone


def smoothed(values: F64, triangles: I64, rounds: int) -> F64:
    """Values (V, C) averaged with their neighbours; those on the edge keep to the edge."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    rim = np.zeros(len(values), dtype=bool)
    rim[boundary(triangles)] = True
    edges = edges[~rim[edges[:, 0]] | rim[edges[:, 1]]]
    out = np.array(values, dtype=np.float64, order="C")
    near, other = np.ascontiguousarray(np.concatenate([edges, edges[:, ::-1]]).T)
    _evened(near, other, rounds, out)
    return out


@nb.njit(cache=True, nogil=True)
def _evened(near: I64, other: I64, rounds: int, values: F64) -> None:
    """Move values (V, C) half-way to the mean of their neighbours (``other`` of ``near``, (N,) each), so many times."""
    number = np.zeros(len(values))
    for i in range(len(near)):
        number[near[i]] += 1.0
    total = np.empty_like(values)
    for _ in range(rounds):
        total[...] = 0.0
        for i in range(len(near)):
            for k in range(values.shape[1]):
                total[near[i], k] += values[other[i], k]
        for v in range(len(values)):
            if number[v] > 0.0:
                for k in range(values.shape[1]):
                    values[v, k] = 0.5 * values[v, k] + 0.5 * total[v, k] / number[v]


def shell(
    vertices: F64, triangles: I64, weights: F64, thickness: F64, rounds: int, *, hung: F64 | None = None,
    upright: F64 | None = None,
) -> tuple[F64, I64, F64]:  # fmt: skip
    """Cloth over a piece of body: lifted off it, spanning its hollows, with a rim that closes each hem.

    Args:
        thickness: (V,) distance from the body, m; rounds: how stiffly the cloth spans hollows.
        hung: (V, 3) where the cloth would hang without thickness; the body itself if absent.
        upright: (V,) 1 where cloth is lifted level, so that hems stay level too; 0 where along the normal.
    """
    surface = vertices if hung is None else hung
    normals = normals_of(surface, triangles)
    taut = smoothed(surface, triangles, rounds)
    lift = np.maximum(((taut - surface) * normals).sum(axis=1), 0.0)
    hem = boundary(triangles)
    lift[hem] = 0.0
    lift = smoothed(lift[:, None], triangles, 3)[:, 0]
    away = smoothed(normals, triangles, 8)
    if upright is not None:
        away[:, 2] *= 1.0 - upright
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    outer = surface + away * (lift + thickness)[:, None]
    ring, index = np.unique(hem, return_inverse=True)
    inner = index.reshape(-1, 2) + len(outer)
    edge = inner + len(ring)  # the outer edge once more: cloth and rim meet at a sharp fold
    rim = np.concatenate(
        [
            np.column_stack([edge[:, 1], edge[:, 0], inner[:, 0]]),
            np.column_stack([edge[:, 1], inner[:, 0], inner[:, 1]]),
        ]
    )
    points = np.concatenate([outer, vertices[ring] - 0.002 * normals_of(vertices, triangles)[ring], outer[ring]])
    return points, np.concatenate([triangles, rim]), np.concatenate([weights, weights[ring], weights[ring]])


def grid(rows: int, columns: int, *, closed: bool) -> NDArray[np.int64]:
    """Triangles of a grid whose rows go down and columns go left; ``closed`` joins the columns' ends."""
    last = columns if closed else columns - 1
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(last), indexing="ij")
    following = (column + 1) % columns
    a, b = row * columns + column, row * columns + following
    c, d = a + columns, b + columns
    return np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
