"""Light in tunnels: the sky reaches in through the portals, lamps do the rest.

A place on the floor sees the sky through a portal of height h at distance d as a share of (1 - d / sqrt(d^2 + h^2)) / 2
(view factor of a long strip); both portals add up, and lit walls make up for the half that is not sky. Lamps light the
road to 6 cd/m2 where the map's ``lighting`` is 1 (CIE 88:2004, interior of tunnels with much traffic: 3 to 10).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.camera.gaze import ray_of

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

LAMPS = 60.0
"""Irradiance over pi below the lamps of a tunnel with lighting 1, cd/m2: 6 cd/m2 on asphalt of albedo 0.1."""
_SLACK = 0.3
"""m that linings and floor may lie outside."""


@nb.njit(cache=True, error_model="numpy")
def _share(shelters: F64, x: float, y: float, z: float, sky: float) -> float:
    """Ambient light at a place over that under the open sky; 1 outside of tunnels."""
    for number in range(len(shelters)):
        row = shelters[number]
        along_x, along_y = row[3] - row[0], row[4] - row[1]
        square = along_x * along_x + along_y * along_y
        px, py = x - row[0], y - row[1]
        u = (px * along_x + py * along_y) / square
        if not 0.0 <= u <= 1.0:
            continue
        aside = abs(py * along_x - px * along_y) / math.sqrt(square)
        up = z - (row[2] + u * (row[5] - row[2]))
        if aside > row[6] + _SLACK or not -_SLACK < up < row[7] + _SLACK:
            continue
        first = row[8] + u * math.sqrt(square)
        last = row[9] - first
        daylight = 2.0
        for way in (first, last):
            daylight -= max(way, 0.0) / math.sqrt(way * way + row[7] * row[7])
        return max(min(daylight, 1.0), row[11]) + row[10] * LAMPS / sky
    return 1.0


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def shelter(share: F32, depth: F32, camera: F32, lens: F32, width: int, height: int, shelters: F64, sky: float) -> None:
    """Multiply the ambient light's share (H * W,) in place by what is left of it in tunnels.

    Args:
        depth: (H * W,) m, as the camera's kernel writes it, with its ``camera`` and ``lens`` tables; shelters:
            (K, 12) of :func:`~drivesim.scene.shelters.shelters`, relative to the scene's origin; sky: irradiance over
            pi on level ground, cd/m2.
    """
    curved, along_ray = len(lens) > 0, camera[4, 2] > 0.0
    for y in nb.prange(height):
        for x in range(width):
            i = y * width + x
            far = float(depth[i])
            if not far < 5000.0:
                continue
            cx = (x + 0.5 - camera[3, 2]) / camera[3, 0]
            cy, cz = (y + 0.5 - camera[3, 3]) / camera[3, 1], 1.0
            if curved:
                cx, cy, cz = float(lens[y, x, 0]), float(lens[y, x, 1]), float(lens[y, x, 2])
            norm = math.sqrt(cx * cx + cy * cy + cz * cz)
            if norm < 0.5:
                continue
            far /= norm if along_ray else (cz if abs(cz) > 1e-6 else 1e-6)
            ox, oy, oz, dx, dy, dz = ray_of(camera, y + 0.5, cx, cy, cz)
            share[i] *= np.float32(_share(shelters, ox + far * dx, oy + far * dy, oz + far * dz, sky))
