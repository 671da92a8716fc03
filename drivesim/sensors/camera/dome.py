"""The sky as a picture of its own: radiance by direction with clouds and haze, looked up once per ray.

A hemisphere on a disc (the horizon is the rim, the zenith the centre): two divisions and four texels per look-up.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.lanes import highest, sqrt, where
from drivesim.sensors.camera.textures import VARIATION, TextureTable, texel_green

F32 = NDArray[np.float32]

SIZE = 1024
MIRROR_SHIFT = 2
"""What surfaces mirror is looked up on a dome coarser by this power of two: small enough to stay in the cache."""

CENTRE: Any = np.float32(SIZE // 2)
RADIUS: Any = np.float32(SIZE // 2 - 2)

ONE: Any = np.float32(1.0)
ZERO: Any = np.float32(0.0)

_GREY: Any = np.float32(0.28)
_BILLOWS: Any = np.float32(0.7)
"""How clouds are shaded: how much less radiance thick ones have than thin ones, and how much of the texture shows. The
dome's mean stays that of even clouds within 2 % (tests/sensors/test_sky.py)."""

_CLOUD_BASE = 800.0
"""Height up to which fog and haze thin what is seen of the sky, m."""


@nb.njit(error_model="numpy")
def dome_places(x: Any, y: Any, z: Any) -> tuple[Any, Any]:
    """Places on the dome, texels, for lanes of directions; what points below the horizon sees its rim."""
    level = RADIUS / highest(sqrt(x * x + y * y), np.float32(1e-6))
    scale = where(z > ZERO, RADIUS / (ONE + z), level)
    return CENTRE + x * scale, CENTRE + y * scale


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def bake_dome(
    sky: F32, cloud_white: F32, texels: NDArray[np.uint32], cloud_cover: float, extinction: float, air: F32, dome: F32
) -> None:
    """Fill the colours of a dome (SIZE, SIZE, 4) float32.

    Args:
        sky: (R, C, 3) float32, clear or overcast radiance by square root of the sine of elevation, and by azimuth.
        cloud_white: (3,) float32, radiance of broken clouds; cloud_cover: 0..1; extinction: 1/m; air: (3,) airlight.
    """
    rows, columns = sky.shape[0], sky.shape[1]
    usual = np.float32(0.30 + 0.42 * cloud_cover * cloud_cover)  # thickness of what is covered, on average
    for line in nb.prange(SIZE):
        for place in range(SIZE):
            px, py = (np.float32(line) - CENTRE) / RADIUS, (np.float32(place) - CENTRE) / RADIUS
            square = px * px + py * py
            if square > ONE:
                shrink = ONE / math.sqrt(square)
                px, py, square = px * shrink, py * shrink, ONE
            x, y, z = np.float32(2.0) * px / (ONE + square), np.float32(2.0) * py / (ONE + square), ZERO
            z = (ONE - square) / (ONE + square)
            row = math.sqrt(z) * np.float32(rows - 1)
            column = (math.atan2(y, x) * np.float32(0.5 / math.pi) + ONE) * np.float32(columns)
            i, j = min(int(row), rows - 2), int(column)
            a, b = row - np.float32(i), column - np.float32(j)
            j0, j1 = j % columns, (j + 1) % columns
            cover, shade = ZERO, ONE
            if z > np.float32(0.03):
                u, v = x / z * np.float32(0.11), y / z * np.float32(0.11)
                level = min(int(math.log2(max(ONE, np.float32(0.25) / z))), 7)
                coarse = texel_green(texels, VARIATION, u, v, level) - ONE
                fine = texel_green(texels, VARIATION, u * np.float32(3.1) + np.float32(0.5), v * np.float32(3.1), level)
                cloud = coarse * np.float32(3.2) + (fine - ONE) * np.float32(1.1)
                cloud += np.float32(cloud_cover) * np.float32(1.6) - np.float32(0.55)
                cover = min(max(cloud * np.float32(1.4), ZERO), np.float32(0.9))
                cover *= min(ONE, (z - np.float32(0.03)) * np.float32(6.0))
                # Thick clouds are grey below, thin ones and edges bright; billows show on both.
                thick = min(max(cloud, ZERO), ONE)
                shade = ONE + _GREY * (usual - thick) + _BILLOWS * (fine - ONE) + np.float32(0.5) * coarse
            clear = np.float32(math.exp(-extinction * _CLOUD_BASE / max(z, np.float32(0.02))))
            for c in range(3):
                value = (sky[i, j0, c] * (ONE - b) + sky[i, j1, c] * b) * (ONE - a)
                value += (sky[i + 1, j0, c] * (ONE - b) + sky[i + 1, j1, c] * b) * a
                value = value * (ONE - cover) + cloud_white[c] * shade * cover
                dome[line, place, c] = value * clear + air[c] * (ONE - clear)


def dome_of(sky: F32, cloud_white: F32, texture: TextureTable, cloud_cover: float, extinction: float, air: F32) -> F32:
    """A baked dome, (SIZE, SIZE, 4) float32, cd/m2: :func:`bake_dome`'s; a fourth column makes each texel one load."""
    dome = np.zeros((SIZE, SIZE, 4), dtype=np.float32)
    bake_dome(sky, cloud_white, texture.texels, cloud_cover, extinction, air, dome)
    return dome


def coarser(dome: F32) -> F32:
    """The dome for mirrors: means of squares of texels."""
    step = 1 << MIRROR_SHIFT
    colours = dome[..., :3].reshape(SIZE // step, step, SIZE // step, step, 3)
    return colours.mean(axis=(1, 3), dtype=np.float32)
