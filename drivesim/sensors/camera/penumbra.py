"""Half shadows of the sun, whose disc is half a degree wide, for one more ray a pixel in tiles with an edge of one.

Each pixel of a 4 x 4 tile sends its shadow ray to another of sixteen places in the disc, so every 4 x 4 neighbourhood
of the image holds all of them: the share of those that see the sun is the share of the disc that is seen. Where shadows
are sharper than that (their half shadow is as wide as the disc is on the way from what casts them), fewer neighbours
count; where they are less sharp, six by six do, weighted so that each place counts as much still. Only tiles near an
edge of a shadow are looked at again.

How a tile is lit is a float32: NO_SUN where nothing could be, ALL_LIT, ALL_SHADED, or the mean distance in m of what
casts the edge of a shadow in it.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.camera.sky import SUN_RADIUS

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

NO_SUN: Any = np.float32(0.0)
ALL_LIT: Any = np.float32(-1.0)
ALL_SHADED: Any = np.float32(-2.0)
SHADED, LIT = 1, 2
"""Of a pixel that faces the sun; 0 for others."""

_WIDTH: Any = np.float32(2.0 * math.tan(SUN_RADIUS))
"""Of a half shadow over the distance of what casts it."""
_ZERO, _ONE, _TWO = np.float32(0.0), np.float32(1.0), np.float32(2.0)


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def fade(
    radiance: F32, sunny: F32, seen: U8, tiles: F32, depth: F32, width: int, height: int, focal: Any, faded: U8
) -> None:
    """Fade the shadows' edges in radiance (P, 3), in place.

    Args:
        sunny: (P, 3), light of the sun where nothing shades it; seen: (P,) SHADED, LIT or 0; tiles: (T,), how each is
            lit. depth: (P,), m; focal: pixels a radian, float32; faded: (P,), zeros; 1 where a shadow fades.
    """
    across, down = (width + 3) // 4, (height + 3) // 4
    for line in nb.prange(down):
        for column in range(across):
            lit = shaded = False
            total, count = _ZERO, _ZERO
            for y in range(max(line - 1, 0), min(line + 2, down)):
                for x in range(max(column - 1, 0), min(column + 2, across)):
                    how = tiles[y * across + x]
                    lit |= how > _ZERO or how == ALL_LIT
                    shaded |= how > _ZERO or how == ALL_SHADED
                    if how > _ZERO:
                        total, count = total + how, count + _ONE
            if not (lit and shaded):
                continue
            wide = focal * _WIDTH * total / count if count > _ZERO else np.float32(np.inf)
            for y in range(4 * line, min(4 * line + 4, height)):
                for x in range(4 * column, min(4 * column + 4, width)):
                    _fade_pixel(radiance, sunny, seen, depth, width, height, x, y, wide, faded)


@nb.njit(error_model="numpy")
def _fade_pixel(
    radiance: F32, sunny: F32, seen: U8, depth: F32, width: int, height: int, x: int, y: int, wide: Any, faded: U8
) -> None:
    """Fade one pixel; ``wide``: of the half shadow, pixels at 1 m."""
    i = y * width + x
    if seen[i] == 0:
        return
    away = depth[i]
    limit = np.float32(0.04) * away + np.float32(0.02)
    pixels = wide / away
    near = min(max(np.float32(0.5) * pixels, np.float32(0.25)), _ONE)
    far = min(max(np.float32(0.5) * pixels - _ONE, _ZERO), _ONE)
    rest = np.float32(1.0 / 3.0) * min(max(np.float32(0.25) * pixels - _ONE, _ZERO), _ONE)
    weights = (rest, far - rest, near, _ONE, near - rest, rest)
    reach = 3 if rest > _ZERO else 2
    total, weight = _ZERO, _ZERO
    for b in range(max(y - reach, 0), min(y + reach, height)):
        of_row, start = weights[b - y + 3], b * width
        for a in range(max(x - reach, 0), min(x + reach, width)):
            j = start + a
            counts = of_row * weights[a - x + 3]
            counts = counts if (seen[j] != 0) & (abs(depth[j] - away) <= limit) else _ZERO
            weight += counts
            total += counts if seen[j] == LIT else _ZERO
    more = total / weight - (_ONE if seen[i] == LIT else _ZERO)
    if _ZERO < total < weight:
        faded[i] = 1
    if more != _ZERO:
        for c in range(3):
            radiance[i, c] += sunny[i, c] * more
