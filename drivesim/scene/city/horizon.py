"""Woods on the horizon: without them streets end in a bare line between lawn and sky.

A few groves, each the edge of a wood, stand in many places around the map. Evergreens, spruces with pointed tops and
pines with round ones, so that they look the same in every season.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.polygon import orient

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.scene.city.model import Copy
from drivesim.scene.city.plants import leaves, on_ellipsoids
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

F64 = NDArray[np.float64]

DISTANCE = (290.0, 370.0)
"""From what is paved to a grove, m: beyond what lidars and radars reach, on the ground that is there."""
LENGTH = 60.0
"""Of a grove, m."""
_OVERLAP = 0.65
"""From one grove to the next, in lengths: so they hide the gaps between those in front and behind them."""
_KINDS = 4
"""Different groves."""
_SPACING = (2.8, 5.0)
_TALL = (9.0, 19.0)
"""Between stems at the edge of a wood, and their height, m: below the 18 to 30 m of German yield tables for spruces
within a stand of 60 to 100 years, as the trees at the edge are younger."""
_PINES = 0.35
"""Share of the trees that have round tops."""
_LEAVES = 260
"""Triangles of a tree, of a metre each: 4 pixels of a camera of 1266 pixels focal length."""
_COLOURS = ("#3b5230", "#415a33", "#34492c", "#4a5f36", "#3f5538")
_DEPTH = linear_rgb("#1d2818")
"""Of what is seen between the trees."""


def woods(bounds: tuple[float, float, float, float], kerbs: F64, random: np.random.Generator) -> Iterator[Copy]:
    """Groves around ``bounds`` (x0, y0, x1, y1), each as high up as the nearest of ``kerbs`` (K, 3), m."""
    groves = [grove(random) for _ in range(_KINDS)]
    near, far = DISTANCE
    ring = orient(shapely.box(*bounds).buffer(near), -1.0).exterior
    count = int(np.ceil(ring.length / (_OVERLAP * LENGTH)))
    stations = np.arange(count) * ring.length / count
    places, ahead = (
        shapely.get_coordinates(shapely.line_interpolate_point(ring, (stations + shift) % ring.length))
        for shift in (0.0, 1.0)
    )
    height = kerbs[cKDTree(kerbs[:, :2]).query(places)[1], 2]
    for place, step, z in zip(places, ahead - places, height, strict=True):
        outwards = np.array([-step[1], step[0]]) * random.uniform(0.0, far - near)
        heading = float(np.arctan2(step[1], step[0]))
        pose = Pose.from_ypr([*(place + outwards), z], [heading, 0.0, 0.0])
        yield Copy(groves[int(random.integers(_KINDS))], pose)


def grove(random: np.random.Generator) -> Mesh:
    """The edge of a wood along x, seen from -y: trees, and behind them the dark between them."""
    parts = []
    at = -0.5 * LENGTH
    low, high = _TALL
    young = random.uniform(0.0, 0.5)
    tops = []
    while at < 0.5 * LENGTH:
        tall = low + (high - low) * (1.0 - young * random.uniform(0.3, 1.0)) * random.uniform(0.75, 1.0)
        foot = np.array([at, random.uniform(-2.5, 2.5), 0.0])
        points, normals = _pine(tall, random) if random.random() < _PINES else _spruce(tall, random)
        parts.append(leaves(points + foot, normals, 0.62, random, str(random.choice(_COLOURS)), 1))
        tops.append((at, tall))
        at += float(random.uniform(*_SPACING))
    return merge([*parts, _depth(np.array(tops))])


def _pine(tall: float, random: np.random.Generator) -> tuple[F64, F64]:
    """Places and outward normals (L, 3) of the leaves of a round crown."""
    radius = random.uniform(2.3, 3.2)
    centres = np.array([[0.0, 0.0, 0.45], [0.5, 0.0, 0.68], [-0.4, 0.2, 0.82]]) * (radius, radius, tall)
    radii = np.array([[1.0, 1.0, 0.34 * tall / radius], [0.8, 0.8, 0.9], [0.7, 0.7, 0.7]]) * radius
    return on_ellipsoids(centres, radii, _LEAVES, random)


def _spruce(tall: float, random: np.random.Generator) -> tuple[F64, F64]:
    """Places and outward normals (L, 3) of the needles of a slender cone."""
    share = 1.0 - np.sqrt(random.random(_LEAVES))
    angle = random.uniform(0.0, 2.0 * np.pi, _LEAVES)
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    reach = (0.15 + (1.0 - share) * random.uniform(0.17, 0.22) * tall) * random.uniform(0.75, 1.0, _LEAVES)
    normals = np.column_stack([around, np.full(_LEAVES, 0.4)])
    return np.column_stack([around * reach[:, None], share * tall]), normals / np.linalg.norm(
        normals, axis=1, keepdims=True
    )


def _depth(tops: F64) -> Mesh:
    """A dark band behind the trees whose ``tops`` (N, 2) are at x and z: so no sky shows between their stems."""
    x, z = tops.T
    count = len(tops)
    rim = np.minimum(np.minimum(z, np.roll(z, 1)), np.roll(z, -1)) * 0.6
    behind = np.full(count, 3.0)
    vertices = np.concatenate([np.column_stack([x, behind, np.full(count, -2.0)]), np.column_stack([x, behind, rim])])
    a = np.arange(count - 1)
    faces = np.concatenate([np.stack([a, a + 1, a + count + 1], 1), np.stack([a, a + count + 1, a + count], 1)])
    return Mesh.build(
        vertices, faces, material=MaterialId.FOLIAGE, albedo=_DEPTH, semantic=Tag.VEGETATION,
        normals=np.tile((0.0, -1.0, 0.0), (2 * count, 1)),
    )  # fmt: skip
