"""The ground that is not road: lawns up to the edges of the pavement, and in the countryside fields beyond verges."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh
from drivesim.scene.city.frontage import Frontage
from drivesim.taxonomy import Tag

REACH = 400.0
"""How far the ground goes beyond the roads, m."""
CELL = 40.0
GRASS = linear_rgb("#5b6b35")


VERGE = 5.0
"""Width of the grass between a country road and the fields, m."""
_CROPS = tuple((material, linear_rgb(colour)) for material, colour in (
    (MaterialId.GRASS, "#6f7f3f"), (MaterialId.GRASS, "#5b6b35"), (MaterialId.GRASS, "#a8925a"),
    (MaterialId.GRASS, "#8d8a4a"), (MaterialId.GRASS, "#44602f"), (MaterialId.SOIL, "#6d5640"),
))  # fmt: skip
"""What grows on a field: meadows, ripe grain, barley, beet, and ploughed soil."""
_PARCEL = (3, 4)
"""Cells of the ground that a field is long along x and y."""
_OPEN = ("rural", "motorway")


def terrain(covered: BaseGeometry, edges: list[Frontage], random: np.random.Generator) -> Mesh:
    """Grass around ``covered``, and fields of crops drawn by ``random`` in the countryside; its height follows the
    nearest road edge, so that there is no step beside the road."""
    x0, y0, x1, y1 = covered.bounds
    xs = np.arange(x0 - REACH, x1 + REACH + CELL, CELL)
    ys = np.arange(y0 - REACH, y1 + REACH + CELL, CELL)
    gx, gy = (grid.ravel() for grid in np.meshgrid(xs[:-1], ys[:-1]))
    cells = shapely.box(gx, gy, gx + CELL, gy + CELL)
    fields = any(edge.district in _OPEN for edge in edges)
    verge = covered.buffer(VERGE, quad_segs=2) if fields else covered
    shapely.prepare(verge)
    crossed = shapely.intersects(verge, cells)
    plain = np.stack([gx, gy, gx + CELL, gy, gx + CELL, gy + CELL, gx, gy + CELL], axis=1)[~crossed].reshape(-1, 4, 2)
    parts = [plain[:, [0, 1, 2]], plain[:, [0, 2, 3]]]
    outside = shapely.difference(cells[crossed], verge)
    parts.append(_triangles(outside))
    sown = sum(len(part) for part in parts)
    if fields:
        parts.append(_triangles(shapely.difference(shapely.intersection(cells[crossed], verge), covered)))
    corners = np.concatenate(parts).reshape(-1, 2)
    line = np.concatenate([edge.points for edge in edges])
    nearest = cKDTree(line[:, :2])
    height = line[nearest.query(corners)[1], 2] - 0.01
    ground = Mesh.build(
        np.column_stack([corners, height]),
        np.arange(len(corners)).reshape(-1, 3),
        material=MaterialId.GRASS,
        albedo=GRASS,
        semantic=Tag.TERRAIN,
    )
    if not fields:
        return ground
    middles = corners.reshape(-1, 3, 2).mean(axis=1)[:sown]
    is_open = np.concatenate([np.full(len(edge.points), edge.district in _OPEN) for edge in edges])
    crop = _parcels(middles - (x0, y0), random)
    crop[~is_open[nearest.query(middles)[1]]] = 1
    ground.material[:sown] = np.array([material for material, _ in _CROPS], dtype=np.uint8)[crop]
    ground.albedo[:sown] = np.array([albedo for _, albedo in _CROPS], dtype=np.float32)[crop]
    return ground


def _triangles(areas: NDArray[np.object_]) -> NDArray[np.float64]:
    """Areas as triangles (T, 3, 2), counter-clockwise."""
    pieces = shapely.get_parts(shapely.constrained_delaunay_triangles(areas[~shapely.is_empty(areas)]))
    flat = shapely.get_parts(pieces)
    flat = flat[shapely.area(flat) > 1e-6]
    rings = shapely.get_coordinates(flat).reshape(-1, 4, 2)[:, :3]
    a, b = rings[:, 1] - rings[:, 0], rings[:, 2] - rings[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    rings[area < 0] = rings[area < 0][:, ::-1]
    return np.asarray(rings)


def _parcels(places: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """The crop (T,) of the field at places (T, 2), m."""
    table = random.integers(0, len(_CROPS), (64, 64))
    row, column = (np.floor(places[:, axis] / (CELL * _PARCEL[axis])).astype(np.int64) % 64 for axis in (0, 1))
    return np.asarray(table[row, column])
