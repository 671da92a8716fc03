"""The rays of a radar scan, an even fan jittered anew every cycle, and the shape of what they hit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene
from drivesim.sensors.radar.device import RadarScan
from drivesim.streams import hash64

F32 = NDArray[np.float32]

_RAYS_PER_CELL = 16
"""Columns of rays within the best azimuth resolution."""
_RAYS_PER_BEAM = 80
"""Rows of rays within the elevation beam width."""


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """Directions of one cycle: C columns (azimuth) of B rays (elevation).

    Attributes:
        azimuth, elevation: (C, B) float32, rad; direction: (C, B, 3) float32.
        step: larger of the angles between neighbouring columns and rows, rad.
        solid_angle: that each ray stands for at elevation 0, sr.
    """

    azimuth: F32
    elevation: F32
    direction: F32
    step: float
    solid_angle: float


def fan_shape(scan: RadarScan, thinning: int) -> tuple[int, int]:
    """How many columns and rows of rays a scan has, one in ``thinning`` of both."""
    resolution = math.radians(min(width for _, width in scan.azimuth_resolution_deg))
    columns = math.ceil(2 * scan.azimuth_limit * _RAYS_PER_CELL / resolution)
    return math.ceil(columns / thinning), math.ceil(2 * _RAYS_PER_BEAM / thinning)


def fan(scan: RadarScan, key: int, cycle: int, thinning: int = 1) -> Fan:
    """The rays of one cycle: stratified, with an offset within each stratum drawn from (key, cycle, ray)."""
    columns, rows = fan_shape(scan, thinning)
    azimuth, elevation = np.empty((columns, rows), dtype=np.float32), np.empty((columns, rows), dtype=np.float32)
    direction = np.empty((columns, rows, 3), dtype=np.float32)
    across, up = 2 * scan.azimuth_limit / columns, 2 * scan.elevation_limit / rows
    _directions(key, cycle, scan.azimuth_limit, scan.elevation_limit, azimuth, elevation, direction)
    return Fan(azimuth, elevation, direction, max(across, up), across * up)


@lru_cache(maxsize=8)
def by_neighbours(columns: int, rows: int) -> NDArray[np.intp]:
    """Numbers of a fan's rays (column times ``rows`` plus row), squares of eight by eight one after the other: what is
    left of a square when rays are left out is still close together, and quicker to trace than a thin column."""
    column, row = np.divmod(np.arange(columns * rows), rows)
    order = np.lexsort((row // 8, column // 8))
    order.flags.writeable = False
    return order


@nb.njit(parallel=True, nogil=True, cache=True)
def _directions(
    key: int, cycle: int, half_width: float, half_height: float, azimuth: F32, elevation: F32, direction: F32
) -> None:
    columns, rows = azimuth.shape
    for i in nb.prange(columns):
        for j in range(rows):
            bits = hash64(key, cycle, i * rows + j)
            u = float(bits >> np.uint64(32)) / 4294967296.0
            v = float(bits & np.uint64(0xFFFFFFFF)) / 4294967296.0
            az = half_width * (2.0 * (i + u) / columns - 1.0)
            el = half_height * (2.0 * (j + v) / rows - 1.0)
            azimuth[i, j], elevation[i, j] = az, el
            direction[i, j, 0] = np.cos(el) * np.cos(az)
            direction[i, j, 1] = np.cos(el) * np.sin(az)
            direction[i, j, 2] = np.sin(el)


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """Shape of every triangle of a scene at rest.

    Attributes:
        area: (T,) float32, m2.
        curvature: (T,) float32, 1/m: largest turn of the vertex normals along an edge, per length; 0 where flat.
    """

    area: F32
    curvature: F32

    @staticmethod
    def of(rays: RayScene) -> Facets:
        tables = rays.tables
        area = np.zeros(len(tables.triangles), dtype=np.float32)
        curvature = np.zeros(len(tables.triangles), dtype=np.float32)
        _shape(tables.triangles, tables.vertices, tables.normals, area, curvature)
        return Facets(area, curvature)


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _shape(triangles: NDArray[np.int32], vertices: F32, normals: F32, area: F32, curvature: F32) -> None:
    for t in nb.prange(len(triangles)):
        p, q, r = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = vertices[q, 0] - vertices[p, 0], vertices[q, 1] - vertices[p, 1], vertices[q, 2] - vertices[p, 2]
        bx, by, bz = vertices[r, 0] - vertices[p, 0], vertices[r, 1] - vertices[p, 1], vertices[r, 2] - vertices[p, 2]
        x, y, z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        area[t] = np.float32(0.5) * math.sqrt(x * x + y * y + z * z)
        sharpest = np.float32(0.0)
        for corner in range(3):
            i, j = triangles[t, corner], triangles[t, (corner + 1) % 3]
            length = turn = np.float32(0.0)
            for axis in range(3):
                length += (vertices[i, axis] - vertices[j, axis]) ** 2
                turn += (normals[i, axis] - normals[j, axis]) ** 2
            if length > np.float32(1e-12):
                sharpest = max(sharpest, turn / length)
        curvature[t] = math.sqrt(sharpest)
