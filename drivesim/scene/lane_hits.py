"""Attributes of ray hits for Numba kernels, sixteen lanes at a time: what :mod:`drivesim.scene.hits` has for one.

As there, only whole kernels are cached on disk: clear ``__pycache__`` after editing this file.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import LANES, LEAST_SLOPE
from drivesim.scene.hits import quaternion_at
from drivesim.scene.lane_memory import fetch, fetch4, gather3, put, row
from drivesim.scene.lanes import absolute, any_of, sqrt, where

F32 = NDArray[np.float32]

ONE: Any = np.float32(1.0)
ZERO: Any = np.float32(0.0)
_STRAIGHT: Any = np.float32(0.9995)
"""Cosine of half the turn within a tick below which orientations go on a great arc, as in ``quaternion_at``."""

TURNING_ROWS = 7


@nb.njit(error_model="numpy")
def off_axis(slope: Any) -> Any:
    """A component of directions in a coherent packet, no nearer to zero than rays stand."""
    return where(absolute(slope) < LEAST_SLOPE, LEAST_SLOPE, slope)


@nb.njit(error_model="numpy")
def quaternions_at(
    quaternions: F32, spins: F32, part: Any, together: bool, time: Any, moves: Any, s: F32, first: int
) -> Any:
    """``world_from_part`` rotations of instances at ray times, (w, x, y, z), as
    :func:`~drivesim.scene.hits.quaternion_at`.

    Args:
        part: lanes, which instance; together: all want the same one; time: lanes; moves: mask, who needs it.
        s: scratch memory, of which :data:`TURNING_ROWS` rows from ``first`` on are used.
    """
    w0, x0, y0, z0 = fetch4(quaternions, part * 2, together)
    w1, x1, y1, z1 = fetch4(quaternions, part * 2 + 1, together)
    s0, s1 = fetch(spins, part * 2, together), fetch(spins, part * 2 + 1, together)
    dot = w0 * w1 + x0 * x1 + y0 * y1 + z0 * z1
    a, b = ONE - time, time
    w, x, y, z = a * w0 + b * w1, a * x0 + b * x1, a * y0 + b * y1, a * z0 + b * z1
    scale = ONE / sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w * scale, x * scale, y * scale, z * scale
    turns = moves & ((dot < _STRAIGHT) | (s0 != ZERO) | (s1 != ZERO))
    if not any_of(turns):
        return w, x, y, z
    put(s, first, w)
    put(s, first + 1, x)
    put(s, first + 2, y)
    put(s, first + 3, z)
    put(s, first + 4, time)
    put(s, first + 5, part)
    put(s, first + 6, turns)
    ints = s.view(np.int32)
    for lane in range(LANES):
        if ints[first + 6, lane] != 0:
            of: Any = np.uint64(ints[first + 5, lane])
            s[first, lane], s[first + 1, lane], s[first + 2, lane], s[first + 3, lane] = quaternion_at(
                quaternions, spins, of, s[first + 4, lane]
            )
    return row(s, first), row(s, first + 1), row(s, first + 2), row(s, first + 3)


@nb.njit(error_model="numpy")
def between(values: F32, corners: Any, u: Any, v: Any) -> Any:
    """Vertex ``values`` (V, 3) at barycentric u, v of triangles with three rows of vertices, all lanes."""
    w = ONE - u - v
    i, j, k = corners
    ax, ay, az = gather3(values, i)
    bx, by, bz = gather3(values, j)
    cx, cy, cz = gather3(values, k)
    return w * ax + u * bx + v * cx, w * ay + u * by + v * cy, w * az + u * bz + v * cz
