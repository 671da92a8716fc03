"""Wheels: a turned tyre, a rim with spokes, a brake disc; spoked wheels for two-wheelers."""

from __future__ import annotations

import numpy as np

from drivesim.mesh import Mesh
from drivesim.scene.vehicles.assembly import CHROME, DISC, GAP, RIM, RUBBER, Assembly, Finish
from drivesim.scene.vehicles.shapes import Shape, join, lathe, ring, tube
from drivesim.taxonomy import Tag


def tyre(radius: float, width: float, rim: float) -> Shape:
    """A tyre about the y axis with rounded shoulders and bulging side walls."""
    w, side = width / 2, radius - rim
    profile = [
        (-0.80 * w, rim),
        (-1.00 * w, rim + 0.45 * side),
        (-0.96 * w, rim + 0.75 * side),
        (-0.82 * w, rim + 0.94 * side),
        (-0.55 * w, radius),
        (0.55 * w, radius),
        (0.82 * w, rim + 0.94 * side),
        (0.96 * w, rim + 0.75 * side),
        (1.00 * w, rim + 0.45 * side),
        (0.80 * w, rim),
        (-0.80 * w, rim),
    ]
    return lathe(profile, 28)


def car_wheel(
    tag: Tag, radius: float, width: float, *, spokes: int, side: int, rim_share: float = 0.68, finish: Finish = RIM
) -> Mesh:
    """A wheel whose rim faces ``side`` (+1 left, -1 right)."""
    assembly = Assembly(tag)
    rim, w = radius * rim_share, width / 2
    assembly.add(tyre(radius, width, rim), RUBBER, crease=np.deg2rad(60))
    barrel = [
        (-0.8 * w, rim * 1.0),
        (0.82 * w, rim * 1.0),
        (0.90 * w, rim * 1.02),
        (0.90 * w, rim * 0.95),
        (0.6 * w, rim * 0.90),
        (-0.8 * w, rim * 0.88),
    ]
    parts = [(lathe(barrel, 28), finish)]
    parts.append((lathe([(0.05 * w, 0.0), (0.05 * w, 0.62 * rim), (0.22 * w, 0.62 * rim), (0.22 * w, 0.0)], 16), DISC))
    parts.append((lathe([(-0.5 * w, 0.0), (-0.5 * w, 0.9 * rim), (-0.4 * w, 0.9 * rim), (-0.4 * w, 0.0)], 16), GAP))
    hub = [(0.30 * w, 0.0), (0.30 * w, 0.22 * rim), (0.66 * w, 0.20 * rim), (0.74 * w, 0.10 * rim), (0.74 * w, 0.0)]
    parts.append((lathe(hub, 16), finish))
    spoke = _spoke(rim, w, spokes)
    fan = [spoke.turned(1, 2 * np.pi * i / spokes) for i in range(spokes)]
    parts.append((join(fan), finish))
    for shape, look in parts:
        assembly.add(shape if side > 0 else shape.mirrored(), look)
    return assembly.build()[0]


def _spoke(rim: float, w: float, spokes: int) -> Shape:
    """One spoke along +x: a tapering bar, dished towards the hub."""
    wide = min(0.16, 0.85 / spokes) * rim
    stations = [
        (0.12 * rim, 0.62 * w, wide * 1.0),
        (0.5 * rim, 0.70 * w, wide * 0.8),
        (0.93 * rim, 0.80 * w, wide * 1.15),
    ]
    loops = [[(x, y - 0.28 * w, -h), (x, y - 0.28 * w, h), (x, y, h * 0.7), (x, y, -h * 0.7)] for x, y, h in stations]
    points = np.array(loops)
    shape = Shape(*_oriented(points))
    return shape


def _oriented(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A closed loft along +x whose faces point away from its axis."""
    count = points.shape[1]
    index = np.arange(points.shape[0] * count).reshape(-1, count)
    index = np.concatenate([index, index[:, :1]], axis=1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.stack([a, c, b, a, d, c], axis=-1).reshape(-1, 3)
    flat = points.reshape(-1, 3)
    corners = flat[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = corners.mean(axis=1) - flat.mean(axis=0)
    away[:, 0] = 0
    flip = np.einsum("ij,ij->i", normal, away) < 0
    triangles[flip] = triangles[flip][:, ::-1]
    return flat, triangles


def spoked_wheel(tag: Tag, radius: float, width: float, *, spokes: int, disc: bool) -> Mesh:
    """A bicycle's wheel: thin tyre, rim, wire spokes, hub."""
    assembly = Assembly(tag)
    minor = width / 2
    assembly.add(ring((0, 0, 0), radius - minor, minor, 40, 8), RUBBER)
    assembly.add(ring((0, 0, 0), radius - 2.3 * minor, 0.6 * minor, 40, 6), RIM)
    hub = 0.05
    assembly.add(lathe([(-hub, 0.0), (-hub, 0.028), (-0.03, 0.016), (0.03, 0.016), (hub, 0.028), (hub, 0.0)], 12), RIM)
    reach = radius - 2.4 * minor
    wires = []
    for i in range(spokes):
        angle, lean = 2 * np.pi * i / spokes, (0.5 if i % 4 < 2 else -0.5)
        y = hub * 0.8 * (1 if i % 2 else -1)
        start = (0.025 * np.cos(angle + lean * 2), y, 0.025 * np.sin(angle + lean * 2))
        wires.append(tube([start, (reach * np.cos(angle), 0, reach * np.sin(angle))], 0.0014, 3))
    assembly.add(join(wires), CHROME)
    if disc:
        assembly.add(lathe([(0.035, 0.0), (0.035, 0.08), (0.038, 0.08), (0.038, 0.0)], 20), DISC)
    return assembly.build()[0]
