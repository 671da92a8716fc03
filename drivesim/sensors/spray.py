"""Spray behind vehicles on wet roads: how much water is in the air, and what light loses in it.

Tyres sweep up the film of water; a part of it is carried round and shatters into drops, the finer the faster. Drops
fine enough to float stay in the wake, whose width grows as the cube root of the distance (three-dimensional turbulent
wake, Tennekes & Lumley 1972), and rain out within a fall time. What is in the air is lumpy as turbulence is: the lumps
stand in the world, so that all sensors see the same ones.

Sources:
    Film of water in rain: 0.15 mm sqrt(l I) N^-0.2, drainage path l in m, rain I in cm/h, slope N (Ross & Russam 1968,
        RRL LR 236).
    Drops: mean diameter 0.8 mm at a Weber number of 2700 (6 m/s), going as its power -1/2, so as 1 / speed (Radovich &
        Browand, tyre spray rig, University of Southern California).
    Mass in the air: 0.005 to 0.03 kg/m3 from bearable to bad on motorways in heavy rain (Flintsch et al.,
        FHWA-HRT-15-062); the share of water carried round is set so that 90 km/h on a flooded lane reach its upper end.
    Extinction: geometric optics, efficiency 2: alpha = 3 c / (rho d32).
Assumed: that drops up to half a millimetre float, how long they do, that the volume follows Rosin & Rammler with
exponent 3 about twice the mean diameter, and how lumpy it is. Radar at 77 GHz hardly sees it: these drops are a tenth
of a wave.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.camera.gaze import ray_of
from drivesim.streams import hash64
from drivesim.types import Weather

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_FLOODED = 1.0e-3
"""Film on a lane of wetness 1, m."""
_MOIST = 0.25
"""Wetness up to which all water is held in the texture of the road (OpenSCENARIO's 'moist')."""
_PATH, _SLOPE = 3.5, 0.025
"""A lane's width to drain over, m, and its usual crossfall."""
_TYRE = 0.11
"""Width of a track over the vehicle's."""
_CARRIED = 0.16
_DROP_AT_1_M_S = 4.8e-3
_FLOATS = 5e-4
"""Diameter, m; such a drop falls at 2 m/s (Gunn & Kinzer 1949)."""
_FALL = 0.5
"""s after which half a metre of height is lost and 1/e is left."""
_SPREAD, _TALL = 0.45, 0.6
"""Standard deviation over the width and scale of height over the height of the vehicle."""
_FAINTEST = 1e-3
"""1/m of extinction below which a plume is left out."""
_LUMP, _LUMPY = 0.6, 1.4
"""Size of lumps, m, and standard deviation of the density's logarithm at their middles."""
_MEAN = 0.1455
"""Half the variance of eight uniform numbers of variance one, interpolated between a cube's corners, nearly: the mean
of the density is as without lumps."""
_STEP = 0.3
_KEY = 0x5B7A9


def film(weather: Weather) -> float:
    """Free water on the road, m."""
    lying = _FLOODED * max(weather.wetness - _MOIST, 0.0) / (1.0 - _MOIST)
    return max(lying, 1.5e-4 * math.sqrt(_PATH * 0.1 * weather.rain) * _SLOPE**-0.2)


def floating(speed: float) -> tuple[float, float]:
    """Share of the drops' volume that floats, and Sauter diameter of that, m, at a tyre speed in m/s."""
    median = 2.0 * _DROP_AT_1_M_S / speed
    share = 1.0 - math.exp(-math.log(2.0) * (_FLOATS / median) ** 3)
    return share, 0.8 * min(median, _FLOATS)


def plumes(wakes: F64, weather: Weather, origin: F64) -> F64:
    """(K, 10) float64 for kernels: start (3, relative to ``origin``), unit direction (3), standard deviation across and
    scale of height at the start, length, m, and extinction on the axis at the start, 1/m; none on dry roads.

    Args:
        wakes: (N, 10) of :func:`~drivesim.scene.wakes.wakes`, world frame.
    """
    water, rows = film(weather), []
    for x, y, z, bx, by, bz, width, height, speed, tracks in wakes if water > 0.0 else ():
        share, sauter = floating(speed)
        sigma, tall = _SPREAD * width, _TALL * height
        area = math.sqrt(2.0 * math.pi) * sigma * 0.5 * math.sqrt(math.pi) * tall
        per_m3 = water * tracks * _TYRE * width * _CARRIED * share / area  # volume of water
        alpha = 3.0 * per_m3 / sauter
        if alpha > _FAINTEST:
            place = np.array([x, y, z]) - origin
            rows.append([*place, bx, by, bz, sigma, tall, speed * _FALL, alpha])
    return np.array(rows, dtype=np.float64).reshape(-1, 10)


@nb.njit(cache=True, inline="always")
def _corner(i: int, j: int, k: int) -> float:
    """A number with mean 0 and variance 1 of a lattice point: uniform."""
    bits = hash64(_KEY + k, i, j) >> np.uint64(40)
    return (float(bits) * (1.0 / 16777216.0) - 0.5) * 3.4641016


@nb.njit(cache=True)
def _lumps(x: float, y: float, z: float) -> float:
    """Share of the mean density at a place, m."""
    u, v, w = x / _LUMP, y / _LUMP, z / _LUMP
    i, j, k = math.floor(u), math.floor(v), math.floor(w)
    a, b, c = u - i, v - j, w - k
    total = 0.0
    for corner in range(8):
        di, dj, dk = corner & 1, corner >> 1 & 1, corner >> 2
        weight = (a if di else 1.0 - a) * (b if dj else 1.0 - b) * (c if dk else 1.0 - c)
        total += weight * _corner(i + di, j + dj, k + dk)
    return math.exp(_LUMPY * total - _MEAN * _LUMPY * _LUMPY)


@nb.njit(cache=True, error_model="numpy")
def _span(plume: F64, ox: float, oy: float, oz: float, dx: float, dy: float, dz: float, far: float) -> Any:
    """From where to where, m along a ray, the plume's box is crossed; empty where the second is not larger."""
    bx, by = plume[3], plume[4]
    level = math.sqrt(bx * bx + by * by)
    bx, by = bx / level, by / level
    px, py, pz = ox - plume[0], oy - plume[1], oz - plume[2]
    start, end = 0.3, far
    reach = 3.0 * plume[8]
    wide = 2.5 * plume[6] * (1.0 + reach / (8.0 * plume[6])) ** (1.0 / 3.0)
    for axis in range(3):
        if axis == 0:
            p, d, low, high = px * bx + py * by, dx * bx + dy * by, 0.0, reach
        elif axis == 1:
            p, d, low, high = px * -by + py * bx, dx * -by + dy * bx, -wide, wide
        else:
            p, d, low, high = pz, dz, -0.5, 2.2 * plume[7]
        if abs(d) < 1e-9:
            if p < low or p > high:
                return 0.0, 0.0
            continue
        one, two = (low - p) / d, (high - p) / d
        start, end = max(start, min(one, two)), min(end, max(one, two))
    return start, end


@nb.njit(cache=True, error_model="numpy")
def _extinction(plume: F64, x: float, y: float, z: float) -> float:
    """1/m at a place relative to the origin of coordinates, without lumps."""
    px, py, pz = x - plume[0], y - plume[1], z - plume[2]
    back = px * plume[3] + py * plume[4] + pz * plume[5]
    if back < 0.0:
        return 0.0
    aside = px * -plume[4] + py * plume[3]
    up = max(pz - back * plume[5], 0.0) / plume[7]
    wide = plume[6] * (1.0 + back / (8.0 * plume[6])) ** (1.0 / 3.0)
    across = aside / wide
    return plume[9] * plume[6] / wide * math.exp(-back / plume[8] - 0.5 * across * across - up * up)


@nb.njit(cache=True, error_model="numpy")
def through(
    plumes: F64, shift: F64, ox: float, oy: float, oz: float, dx: float, dy: float, dz: float, far: float
) -> Any:
    """Optical depth along a ray up to ``far``, m; and where the strongest echo comes from, m, with the extinction there
    times what is left of the light on the way there and back, 1/m.

    Args:
        shift: (3,) from relative coordinates to the world's, in which the lumps stand.
    """
    depth, strongest, place, level = 0.0, 0.0, 0.0, 0.0
    for number in range(len(plumes)):
        plume = plumes[number]
        start, end = _span(plume, ox, oy, oz, dx, dy, dz, far)
        if end <= start:
            continue
        count = min(int((end - start) / _STEP) + 1, 400)
        step = (end - start) / count
        for i in range(count):
            t = start + (i + 0.5) * step
            x, y, z = ox + t * dx, oy + t * dy, oz + t * dz
            alpha = _extinction(plume, x, y, z)
            if alpha < 1e-4:
                continue
            alpha *= _lumps(x + shift[0], y + shift[1], z + shift[2])
            echo = alpha * math.exp(-2.0 * depth)
            depth += alpha * step
            if echo > strongest * t * t:
                strongest, place, level = echo / (t * t), t, echo
    return depth, place, level


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def veil(
    radiance: F32, depth: F32, camera: F32, lens: F32, width: int, height: int, air: F32, plumes: F64, shift: F64
) -> None:
    """Lay spray over a picture (H * W, 3) in place: light lost on the way, airlight instead.

    Args:
        depth: (H * W,) m, as the camera's kernel writes it, with its ``camera`` and ``lens`` tables; air: (3,)
            radiance of a thick layer of drops.
    """
    curved, along_ray = len(lens) > 0, camera[4, 2] > 0.0
    for y in nb.prange(height):
        for x in range(width):
            cx = (x + 0.5 - camera[3, 2]) / camera[3, 0]
            cy, cz = (y + 0.5 - camera[3, 3]) / camera[3, 1], 1.0
            if curved:
                cx, cy, cz = float(lens[y, x, 0]), float(lens[y, x, 1]), float(lens[y, x, 2])
            norm = math.sqrt(cx * cx + cy * cy + cz * cz)
            if norm < 0.5:
                continue
            cx, cy, cz = cx / norm, cy / norm, cz / norm
            ox, oy, oz, dx, dy, dz = ray_of(camera, y + 0.5, cx, cy, cz)
            i = y * width + x
            far = float(depth[i]) if along_ray or abs(cz) < 1e-6 else float(depth[i]) / cz
            lost, _, _ = through(plumes, shift, ox, oy, oz, dx, dy, dz, min(far, 200.0))
            if lost > 1e-4:
                clear = math.exp(-lost)
                for c in range(3):
                    radiance[i, c] = np.float32(radiance[i, c] * clear + air[c] * (1.0 - clear))


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def in_beams(
    translation: F64, rotation: F64, direction: F32, farthest: F32, plumes: F64, shift: F64, limit: float
) -> F32:
    """(C * B, 3) float32 per beam: optical depth one way, m to the strongest echo of spray, extinction there times what
    is left of the light on the way there and back, 1/m.

    Args:
        translation, rotation: (C, 3), (C, 3, 3) of the sensor at each column, relative coordinates; direction:
            (C, B, 3); farthest: (C, B) m to the last thing hit, inf for nothing; limit: m, of the device.
    """
    columns, beams = farthest.shape
    out = np.zeros((columns * beams, 3), dtype=np.float32)
    for c in nb.prange(columns):
        for b in range(beams):
            x, y, z = float(direction[c, b, 0]), float(direction[c, b, 1]), float(direction[c, b, 2])
            dx = rotation[c, 0, 0] * x + rotation[c, 0, 1] * y + rotation[c, 0, 2] * z
            dy = rotation[c, 1, 0] * x + rotation[c, 1, 1] * y + rotation[c, 1, 2] * z
            dz = rotation[c, 2, 0] * x + rotation[c, 2, 1] * y + rotation[c, 2, 2] * z
            lost, place, level = through(
                plumes, shift, translation[c, 0], translation[c, 1], translation[c, 2], dx, dy, dz,
                min(float(farthest[c, b]), limit),
            )  # fmt: skip
            row = c * beams + b
            out[row, 0], out[row, 1], out[row, 2] = lost, place, level
    return out
