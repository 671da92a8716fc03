"""Piecewise cubics and lateral shapes over plain arrays, compiled, as ``Cubics`` and ``RoadFrame`` have them."""

from __future__ import annotations

from typing import Any

import numba as nb

STATION, CUBIC, CUBICS = range(3)
"""Columns of the table of shapes: s of a cross-section, then the first row and the number of its cubics of t."""


@nb.njit(cache=True)
def value_at(cubics: Any, first: int, count: int, s: float) -> float:
    """Of the cubics in rows ``first`` to ``first + count`` of (K, 5) s, a, b, c, d; constant before the first."""
    k = first
    while k + 1 < first + count and cubics[k + 1, 0] <= s:
        k += 1
    ds = s - cubics[k, 0]
    if ds <= 0.0:
        return cubics[k, 1]
    return cubics[k, 1] + ds * (cubics[k, 2] + ds * (cubics[k, 3] + ds * cubics[k, 4]))


@nb.njit(cache=True)
def slope_at(cubics: Any, first: int, count: int, s: float) -> float:
    k = first
    while k + 1 < first + count and cubics[k + 1, 0] <= s:
        k += 1
    ds = s - cubics[k, 0]
    return cubics[k, 2] + ds * (2.0 * cubics[k, 3] + ds * 3.0 * cubics[k, 4]) if ds >= 0.0 else 0.0


@nb.njit(cache=True)
def shape_at(shapes: Any, cubics: Any, first: int, count: int, s: float, t: float) -> float:
    """Height of a road's lateral shape, m; between two cross-sections straight from one to the other.

    Args:
        shapes: (H, 3), the road's in rows ``first`` to ``first + count``, at least one.
    """
    low, high = first, first + count - 1
    while low < high:  # the last that begins at or before s
        middle = (low + high + 1) // 2
        if shapes[middle, STATION] <= s:
            low = middle
        else:
            high = middle - 1
    here = _height(shapes, cubics, low, t)
    if low + 1 < first + count:
        span = shapes[low + 1, STATION] - shapes[low, STATION]
        share = min(max((s - shapes[low, STATION]) / span, 0.0), 1.0)
        here += (_height(shapes, cubics, low + 1, t) - here) * share
    return here


@nb.njit(cache=True)
def _height(shapes: Any, cubics: Any, row: int, t: float) -> float:
    return value_at(cubics, int(shapes[row, CUBIC]), int(shapes[row, CUBICS]), t)
