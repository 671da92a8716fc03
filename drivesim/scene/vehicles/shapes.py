"""Shapes as points and triangles, counter-clockwise seen from outside; no labels yet.

Frames are the caller's; lengths in metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]
Ints = NDArray[np.int64]


class Shape(NamedTuple):
    """Points (V, 3) float64 and triangles (T, 3)."""

    points: F64
    triangles: Ints

    def moved(self, offset: ArrayLike) -> Shape:
        return Shape(self.points + np.asarray(offset, dtype=np.float64), self.triangles)

    def turned(self, axis: int, angle: float) -> Shape:
        """Turned about a coordinate axis (0, 1, 2) by ``angle`` rad."""
        first, second = [(1, 2), (2, 0), (0, 1)][axis]
        rotation = np.eye(3)
        rotation[first, first] = rotation[second, second] = np.cos(angle)
        rotation[second, first] = np.sin(angle)
        rotation[first, second] = -np.sin(angle)
        return Shape(self.points @ rotation.T, self.triangles)

    def mirrored(self) -> Shape:
        """The other side of the vehicle: y negated, still facing outward."""
        return Shape(self.points * (1.0, -1.0, 1.0), self.triangles[:, ::-1])


def join(shapes: Sequence[Shape]) -> Shape:
    """All shapes as one, points and triangles in order."""
    offsets = np.cumsum([0, *(len(shape.points) for shape in shapes[:-1])])
    return Shape(
        np.concatenate([shape.points for shape in shapes]),
        np.concatenate([shape.triangles + o for shape, o in zip(shapes, offsets, strict=True)]),
    )


def grid(points: ArrayLike, *, wrap: bool = False) -> Shape:
    """The surface through a lattice of points (J, N, 3): outward is (along N) x (along J); N closes if ``wrap``.

    Two triangles per cell, in order of cells (j, i).
    """
    lattice = np.asarray(points, dtype=np.float64)
    rows, columns = lattice.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    if wrap:
        index = np.concatenate([index, index[:, :1]], axis=1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    return Shape(lattice.reshape(-1, 3), np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3))


def box(size: ArrayLike) -> Shape:
    """A box about the origin, (length, width, height)."""
    corners = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]) * np.asarray(size)
    quads = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])
    return Shape(corners, quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3))


def rounded_box(size: ArrayLike, radius: float, steps: int = 3) -> Shape:
    """A box about the origin with edges rounded by ``radius``; ``steps`` facets per quarter turn."""
    half = np.asarray(size, dtype=np.float64) / 2
    r = min(radius, float(half.min()))
    polar = np.concatenate([np.linspace(-np.pi / 2, 0, steps + 1), np.linspace(0, np.pi / 2, steps + 1)])
    sign_z = np.repeat([-1.0, 1.0], steps + 1)
    around = np.concatenate([np.linspace(q * np.pi / 2, (q + 1) * np.pi / 2, steps + 1) for q in range(4)])
    sign_x, sign_y = np.repeat([1.0, -1.0, -1.0, 1.0], steps + 1), np.repeat([1.0, 1.0, -1.0, -1.0], steps + 1)
    lat, lon = np.meshgrid(polar, around, indexing="ij")
    core = half - r
    points = np.stack(
        [
            sign_x * core[0] + r * np.cos(lat) * np.cos(lon),
            sign_y * core[1] + r * np.cos(lat) * np.sin(lon),
            sign_z[:, None] * core[2] + r * np.sin(lat),
        ],
        axis=-1,
    )
    bottom = _cap(points[0])
    return join([grid(points, wrap=True), Shape(bottom.points, bottom.triangles[:, ::-1]), _cap(points[-1])])


def _cap(loop: F64) -> Shape:
    """A fan over a loop (N, 3) that faces the loop's counter-clockwise side."""
    count = len(loop)
    i = np.arange(count)
    return Shape(
        np.concatenate([loop, loop.mean(axis=0, keepdims=True)]),
        np.stack([i, (i + 1) % count, np.full(count, count)], axis=-1),
    )


def prism(outline: ArrayLike, low: float, high: float) -> Shape:
    """A convex outline in (x, z), counter-clockwise seen from -y (x right, z up), extruded from y = low to high."""
    flat = np.asarray(outline, dtype=np.float64)
    near = np.stack([flat[:, 0], np.full(len(flat), low), flat[:, 1]], axis=-1)
    far = near.copy()
    far[:, 1] = high
    back = _cap(far)
    side = grid([near, far], wrap=True)
    return join([Shape(s.points, s.triangles[:, ::-1]) for s in (side, back)] + [_cap(near)])


def lathe(profile: ArrayLike, segments: int) -> Shape:
    """A profile (K, 2) of (y, radius) turned about the y axis; outward is to the profile's right going towards +y."""
    flat = np.asarray(profile, dtype=np.float64)
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    points = np.stack(
        np.broadcast_arrays(flat[:, None, 1] * np.cos(angle), flat[:, None, 0], flat[:, None, 1] * np.sin(angle)),
        axis=-1,
    )
    shape = grid(points, wrap=True)
    return Shape(shape.points, shape.triangles[:, ::-1])


def tube(path: ArrayLike, radius: float | ArrayLike, sides: int = 8, *, closed: bool = False) -> Shape:
    """A round tube along a path (K, 3), one radius or one per point, ends capped unless ``closed``."""
    line = np.asarray(path, dtype=np.float64)
    tangent = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0) if closed else np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    # One helper axis for the whole tube, least aligned with any part of it: no twist, no flips.
    helper = np.eye(3)[np.argmin(np.abs(tangent).max(axis=0))]
    u = np.cross(tangent, helper)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(tangent, u)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), len(line))[:, None, None]
    ring = np.cos(angle)[None, :, None] * u[:, None] + np.sin(angle)[None, :, None] * v[:, None]
    points = line[:, None] + radii * ring
    if closed:
        return grid(np.concatenate([points, points[:1]]), wrap=True)
    start = _cap(points[0])
    return join([grid(points, wrap=True), Shape(start.points, start.triangles[:, ::-1]), _cap(points[-1])])


def ring(center: ArrayLike, major: float, minor: float, segments: int, sides: int = 8) -> Shape:
    """A torus about the y axis through ``center``."""
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    path = np.stack([major * np.cos(angle), np.zeros(segments), major * np.sin(angle)], axis=-1)
    return tube(path + np.asarray(center), minor, sides, closed=True)


def ellipsoid(radii: ArrayLike, rows: int = 8, columns: int = 12) -> Shape:
    """An ellipsoid about the origin."""
    lat, lon = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, rows + 1),
        np.linspace(0, 2 * np.pi, columns, endpoint=False),
        indexing="ij",
    )
    unit = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return grid(unit * np.asarray(radii, dtype=np.float64), wrap=True)


def creased(shape: Shape, angle: float) -> tuple[F64, Ints, F64, Ints]:
    """Weld equal points, then split them where faces meet at more than ``angle`` rad.

    Returns:
        Points (V, 3), triangles (T, 3), unit normals (V, 3), and which of the shape's triangles (T,) are kept: those
        without area are dropped.
    """
    keys = np.round(shape.points * 2e5).astype(np.int64)
    ranks = [np.unique(keys[:, axis], return_inverse=True)[1] for axis in range(3)]
    _, first, inverse = np.unique(
        (ranks[0] * len(keys) + ranks[1]) * len(keys) + ranks[2], return_index=True, return_inverse=True
    )
    points, triangles = shape.points[first], inverse[shape.triangles]
    corners = points[triangles]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(face, axis=1)
    kept = np.flatnonzero(area > 1e-9)
    triangles, face, area = triangles[kept], face[kept], area[kept]
    unit = face / area[:, None]

    # Corners in order of their point, laid out as a padded table: point by slot.
    owner = triangles.ravel()
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=len(points))
    slot = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    faces = order // 3
    table = np.zeros((len(points), int(counts.max()), 3))
    weight = np.zeros(table.shape[:2])
    table[owner[order], slot] = unit[faces]
    weight[owner[order], slot] = area[faces]
    near = np.matmul(table, table.transpose(0, 2, 1)) > np.cos(angle)
    summed = np.matmul(near * weight[:, None, :], table)[owner[order], slot]
    normals = np.empty_like(summed)
    normals[order] = summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)

    # Corners of one point with one normal become one vertex again.
    quantised = np.round(normals * 500).astype(np.int64) + 501
    key = ((owner * 1024 + quantised[:, 0]) * 1024 + quantised[:, 1]) * 1024 + quantised[:, 2]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return points[owner[first]], inverse.reshape(-1, 3), normals[first], kept
