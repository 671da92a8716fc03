"""A wood on the horizon: without it streets end in a bare line between lawn and sky.

Seen from hundreds of metres a wood is its outline and the light on its crowns: one closed band, whose rim goes up and
down with its trees, has both, and costs rays next to nothing. Evergreens, the same in every season.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.polygon import orient

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh
from drivesim.taxonomy import Tag

F64 = NDArray[np.float64]

DISTANCE = (290.0, 370.0)
"""From what is paved to the wood, m: beyond what lidars and radars reach, on the ground that is there."""
_BAYS = 120.0
"""Between two draws of that distance along the wood's edge, m."""
_STEP = 1.3
"""Between columns of vertices, m: 5 pixels of a camera of 1266 pixels focal length."""
_SPACING = (2.2, 5.0)
_TALL = (9.0, 19.0)
"""Between stems at the edge of a wood, and their height, m: below the 18 to 30 m of German yield tables for spruces
within a stand of 60 to 100 years, as the trees at the edge are younger."""
_PINES = 0.45
"""Share of the trees that have round tops."""
_COLOURS = np.array([linear_rgb(name) for name in ("#33482b", "#3a4f2c", "#2d4229", "#3f5230", "#36492d")])
_LEVELS = np.array([-0.15, 0.55, 1.0])
"""Rows of vertices, shares of the height."""
_LIT = np.array([0.5, 0.7])
"""Albedo between them: the lower, the less of the sky a crown sees between its neighbours."""


def woods(bounds: tuple[float, float, float, float], kerbs: F64, random: np.random.Generator) -> Iterator[Mesh]:
    """A wood's edge around ``bounds`` (x0, y0, x1, y1), as high up as the nearest of ``kerbs`` (K, 3), m."""
    path, inwards = _edge(bounds, random)
    height, slope, tree = _outline(len(path), random)
    columns, rows = len(path), len(_LEVELS)
    z = kerbs[cKDTree(kerbs[:, :2]).query(path)[1], 2] + height * _LEVELS[:, None]
    along = np.column_stack([-inwards[:, 1], inwards[:, 0]])
    level = inwards - np.clip(slope, -1.2, 1.2)[:, None] * along  # crowns are round
    normals = np.column_stack([np.tile(level, (rows, 1)), np.repeat(0.2 + 0.6 * _LEVELS, columns)])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    here = np.arange(columns)
    there = np.roll(here, -1)
    tone = _COLOURS[tree % len(_COLOURS)] * random.uniform(0.75, 1.25, (tree.max() + 1, 1))[tree]
    faces, albedo = [], []
    for row in range(rows - 1):
        a, b = row * columns, (row + 1) * columns
        for corners in ((a + here, a + there, b + there), (a + here, b + there, b + here)):
            faces.append(np.stack(corners, axis=1))
            albedo.append(_LIT[row] * tone * random.uniform(0.75, 1.25, (columns, 1)))
    yield Mesh.build(
        np.column_stack([np.tile(path, (rows, 1)), z.ravel()]), np.concatenate(faces), material=MaterialId.FOLIAGE,
        albedo=np.concatenate(albedo), semantic=Tag.VEGETATION, normals=normals,
    )  # fmt: skip


def _edge(bounds: tuple[float, float, float, float], random: np.random.Generator) -> tuple[F64, F64]:
    """Places (N, 2) along a closed wandering line around the bounds, clockwise, and unit vectors (N, 2) inwards."""
    near, far = DISTANCE
    ring = orient(shapely.box(*bounds).buffer(near), -1.0).exterior
    stations = np.arange(0.0, ring.length, _STEP)
    bays = max(4, round(ring.length / _BAYS))
    out = random.uniform(0.0, far - near, bays)
    offset = np.interp(stations * bays / ring.length, np.arange(bays + 1), np.append(out, out[0]))
    points = shapely.get_coordinates(shapely.line_interpolate_point(ring, stations))
    ahead = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    inwards = np.column_stack([ahead[:, 1], -ahead[:, 0]])
    return points - offset[:, None] * inwards, inwards


def _outline(columns: int, random: np.random.Generator) -> tuple[F64, F64, NDArray[np.int64]]:
    """Height (N,) m of the wood, how that rises along it (N,), and the number (N,) of the tree seen there."""
    length = columns * _STEP
    stems = np.cumsum(random.uniform(*_SPACING, int(length / _SPACING[0]) + 1))
    stems = stems[stems < length]
    low, high = _TALL
    stand = np.interp(stems, np.linspace(0.0, length, 60), random.uniform(0.0, 1.0, 60))
    tall = low + (high - low) * (0.6 * stand + 0.4 * random.random(len(stems)))
    pine = random.random(len(stems)) < _PINES
    radius = np.where(pine, 2.6, 1.6 + 0.05 * tall)
    at = np.arange(columns) * _STEP
    first = np.searchsorted(stems, at)
    height, whose = np.full(columns, 0.55 * low), np.zeros(columns, dtype=np.int64)
    for neighbour in range(-3, 3):
        tree = np.clip(first + neighbour, 0, len(stems) - 1)
        aside = np.abs(at - stems[tree]) / radius[tree]
        top = np.where(pine[tree], 1.0 - 0.25 * aside**2, 1.0 - 0.38 * aside) * tall[tree]
        higher = (aside < 1.4) & (top > height)
        height, whose = np.where(higher, top, height), np.where(higher, tree, whose)
    height = height + random.normal(0.0, 0.45, columns)
    return height, (np.roll(height, -1) - np.roll(height, 1)) / (2.0 * _STEP), whose
