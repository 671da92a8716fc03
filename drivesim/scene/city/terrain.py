"""The ground that is not road: lawns and fields that meet the edges of the pavement."""

from __future__ import annotations

import numpy as np
import shapely
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


def terrain(covered: BaseGeometry, edges: list[Frontage]) -> Mesh:
    """Grass around ``covered``; its height follows the nearest road edge, so that there is no step beside the road."""
    x0, y0, x1, y1 = covered.bounds
    xs = np.arange(x0 - REACH, x1 + REACH + CELL, CELL)
    ys = np.arange(y0 - REACH, y1 + REACH + CELL, CELL)
    gx, gy = (grid.ravel() for grid in np.meshgrid(xs[:-1], ys[:-1]))
    cells = shapely.box(gx, gy, gx + CELL, gy + CELL)
    shapely.prepare(covered)
    crossed = shapely.intersects(covered, cells)
    plain = np.stack([gx, gy, gx + CELL, gy, gx + CELL, gy + CELL, gx, gy + CELL], axis=1)[~crossed].reshape(-1, 4, 2)
    triangles = [plain[:, [0, 1, 2]], plain[:, [0, 2, 3]]]
    outside = shapely.difference(cells[crossed], covered)
    pieces = shapely.get_parts(shapely.constrained_delaunay_triangles(outside[~shapely.is_empty(outside)]))
    flat = shapely.get_parts(pieces)
    flat = flat[shapely.area(flat) > 1e-6]
    rings = shapely.get_coordinates(flat).reshape(-1, 4, 2)[:, :3]
    a, b = rings[:, 1] - rings[:, 0], rings[:, 2] - rings[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    rings[area < 0] = rings[area < 0][:, ::-1]
    corners = np.concatenate([*triangles, rings]).reshape(-1, 2)
    line = np.concatenate([edge.points for edge in edges])
    height = line[cKDTree(line[:, :2]).query(corners)[1], 2] - 0.01
    return Mesh.build(
        np.column_stack([corners, height]),
        np.arange(len(corners)).reshape(-1, 3),
        material=MaterialId.GRASS,
        albedo=GRASS,
        semantic=Tag.TERRAIN,
    )
