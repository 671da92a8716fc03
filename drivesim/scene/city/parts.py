"""Building blocks of the city: flat-shaded boxes, panels and tubes as meshes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh, merge
from drivesim.opendrive.meshing.builder import triangulate
from drivesim.taxonomy import Tag

Points = Sequence[Sequence[float]] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Finish:
    """What a part is made of: material, linear RGB albedo, class."""

    material: MaterialId
    albedo: tuple[float, float, float]
    semantic: Tag


def quads(corners: ArrayLike, finish: Finish) -> Mesh:
    """Flat quadrilaterals (Q, 4, 3), counter-clockwise seen from outside."""
    points = np.asarray(corners, dtype=np.float32).reshape(-1, 3)
    base = np.arange(0, len(points), 4, dtype=np.int32)[:, None]
    faces = np.concatenate([base + [0, 1, 2], base + [0, 2, 3]], axis=1).reshape(-1, 3)
    return Mesh.build(points, faces, material=finish.material, albedo=finish.albedo, semantic=finish.semantic)


def polygon(corners: ArrayLike, finish: Finish) -> Mesh:
    """A flat convex polygon (N, 3), counter-clockwise seen from outside."""
    points = np.asarray(corners, dtype=np.float32)
    fan = [(0, i, i + 1) for i in range(1, len(points) - 1)]
    return Mesh.build(points, fan, material=finish.material, albedo=finish.albedo, semantic=finish.semantic)


_BOX_FACES = np.array([(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)])


def boxes(lower: ArrayLike, upper: ArrayLike, finish: Finish) -> Mesh:
    """Axis-aligned boxes from lower to upper corners, (3,) or (N, 3) each."""
    low, high = np.broadcast_arrays(np.atleast_2d(lower), np.atleast_2d(upper))
    pick = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)])
    corners = np.where(pick[None] == 1, high[:, None, :], low[:, None, :])
    return quads(corners[:, _BOX_FACES].reshape(-1, 4, 3), finish)


def tube(points: Points, radii: ArrayLike, finish: Finish, sides: int = 8) -> Mesh:
    """A smooth round tube along a path (N, 3) with a radius at each point; open at both ends."""
    path = np.asarray(points, dtype=np.float64)
    radius = np.broadcast_to(np.asarray(radii, dtype=np.float64), len(path))
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    helper = np.where(np.abs(tangent[:, 2:3]) > 0.9, [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]])
    side = np.cross(helper, tangent)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(tangent, side)
    angle = np.arange(sides) * 2 * np.pi / sides
    outward = np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * up[:, None]
    vertices = (path[:, None] + radius[:, None, None] * outward).reshape(-1, 3)
    ring = np.arange(len(path) - 1)[:, None] * sides
    here, there = np.arange(sides)[None], (np.arange(sides)[None] + 1) % sides
    a, b, c, d = ring + here, ring + there, ring + sides + there, ring + sides + here
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    return Mesh.build(
        vertices,
        faces,
        material=finish.material,
        albedo=finish.albedo,
        semantic=finish.semantic,
        normals=outward.reshape(-1, 3),
    )


def swept(line: Points, profile: ArrayLike, finish: Finish) -> Mesh:
    """A solid drawn along a polyline, closed at its ends and open below.

    Args:
        line: (N, 3) points at its foot.
        profile: (K, 2), or (N, K, 2) one per point: across (left positive) and up, from the right foot over the top to
            the left foot, alike on both sides; K even.
    """
    path = np.asarray(line, dtype=np.float64)
    shape = np.asarray(profile, dtype=np.float64)
    shape = np.broadcast_to(shape, (len(path), *shape.shape[-2:]))
    forward = np.gradient(path[:, :2], axis=0)
    forward /= np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-9)
    left = np.column_stack([-forward[:, 1], forward[:, 0], np.zeros(len(path))])
    rows = path[:, None] + shape[..., :1] * left[:, None] + shape[..., 1:] * np.array([0.0, 0.0, 1.0])
    sides = np.stack([rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]], axis=2).reshape(-1, 4, 3)
    half = np.arange(shape.shape[1] // 2 - 1)
    start, end = (
        np.stack([row[half], row[half + 1], row[-half - 2], row[-half - 1]], axis=1) for row in (rows[0], rows[-1])
    )
    return quads(np.concatenate([sides, start, end[:, ::-1]]), finish)


def prism(corners: ArrayLike, heights: ArrayLike, finish: Finish) -> Mesh:
    """A solid over a ring (N, 3) of corners at its foot, with a height (N,) above each; open below."""
    foot = np.asarray(corners, dtype=np.float64)
    tall = np.asarray(heights, dtype=np.float64)
    area = shapely.Polygon(foot[:, :2])
    if not area.exterior.is_ccw:
        foot, tall = foot[::-1], tall[::-1]
    top = foot + tall[:, None] * np.array([0.0, 0.0, 1.0])
    after, over = np.roll(foot, -1, axis=0), np.roll(top, -1, axis=0)
    parts = [quads(np.stack([foot, after, over, top], axis=1), finish)]
    for points, faces in triangulate(area.buffer(0.0)):
        nearest = np.linalg.norm(points[:, None] - foot[None, :, :2], axis=2).argmin(axis=1)
        lid = np.column_stack([points, top[nearest, 2]])
        parts.append(Mesh.build(lid, faces, material=finish.material, albedo=finish.albedo, semantic=finish.semantic))
    return merge(parts)


def panel_with_openings(width: float, height: float, openings: Sequence[tuple[float, ...]], finish: Finish) -> Mesh:
    """A wall in the plane y = 0 facing -y, from (0, 0) to (width, height) in x and z, with rectangular holes.

    Args:
        openings: (x_min, z_min, x_max, z_max) each, inside the wall and apart from each other.
    """
    xs = np.unique(np.round([0.0, width, *(v for o in openings for v in (o[0], o[2]))], 5))
    zs = np.unique(np.round([0.0, height, *(v for o in openings for v in (o[1], o[3]))], 5))
    cells = []
    for x0, x1 in pairwise(xs):
        for z0, z1 in pairwise(zs):
            mid = ((x0 + x1) / 2, (z0 + z1) / 2)
            if not any(o[0] < mid[0] < o[2] and o[1] < mid[1] < o[3] for o in openings):
                cells.append([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)])
    return quads(np.array(cells), finish)


def icosphere(subdivisions: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Unit sphere vertices (V, 3) and triangles (T, 3) by subdividing an icosahedron."""
    g = (1 + 5**0.5) / 2
    vertices: list[tuple[float, float, float]] = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    vertices += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6)]
    faces += [(7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10)]
    faces += [(8, 6, 7), (9, 8, 1)]
    points = np.array(vertices, dtype=np.float64)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    triangles = np.array(faces, dtype=np.int32)
    for _ in range(subdivisions):
        edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
        unique, index = np.unique(edges, axis=0, return_inverse=True)
        middle = points[unique].sum(axis=1)
        middle /= np.linalg.norm(middle, axis=1, keepdims=True)
        ab, bc, ca = np.split(index.ravel() + len(points), 3)
        a, b, c = triangles.T
        points = np.concatenate([points, middle])
        triangles = np.concatenate(
            [np.stack(t, axis=1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
        ).astype(np.int32)
    return points, triangles
