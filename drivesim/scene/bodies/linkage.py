"""Rotation matrices and chains of two bones, compiled: small, and many a tick, so nothing goes by way of BLAS."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@nb.njit(cache=True)
def euler(yaw: float, pitch: float, roll: float) -> F64:
    cy, sy, cp, sp, cr, sr = (
        math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll),
    )  # fmt: skip
    out = np.empty((3, 3))  # entry by entry: an array of lists takes Numba four times as long
    out[0, 0], out[0, 1], out[0, 2] = cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr
    out[1, 0], out[1, 1], out[1, 2] = sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr
    out[2, 0], out[2, 1], out[2, 2] = -sp, cp * sr, cp * cr
    return out


@nb.njit(cache=True)
def about(axis: int, angle: float) -> F64:
    """Rotation (3, 3) about x, y or z (0, 1, 2): what :func:`euler` says of one angle, with one sine."""
    c, s = math.cos(angle), math.sin(angle)
    out = np.zeros((3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out[axis, axis], out[i, i], out[i, j], out[j, i], out[j, j] = 1.0, c, -s, s, c
    return out


@nb.njit(cache=True)
def length(joints: F64, a: int, b: int) -> float:
    """From one joint of (24, 3) to another, m."""
    x, y, z = joints[a, 0] - joints[b, 0], joints[a, 1] - joints[b, 1], joints[a, 2] - joints[b, 2]
    return math.sqrt(x * x + y * y + z * z)


@nb.njit(cache=True)
def product(a: F64, b: F64) -> F64:
    """Of two matrices (3, 3), without the detour by BLAS."""
    out = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
    return out


@nb.njit(cache=True)
def turned(a: F64, v: F64) -> F64:
    """A matrix (3, 3) times a vector (3,)."""
    return np.array(
        [
            a[0, 0] * v[0] + a[0, 1] * v[1] + a[0, 2] * v[2],
            a[1, 0] * v[0] + a[1, 1] * v[1] + a[1, 2] * v[2],
            a[2, 0] * v[0] + a[2, 1] * v[1] + a[2, 2] * v[2],
        ]
    )


@nb.njit(cache=True)
def cross(a: F64, b: F64) -> F64:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


@nb.njit(cache=True)
def frame_of(down: F64, left: F64) -> F64:
    """Rotation that takes -z to ``down`` and y to ``left`` (unit, orthogonal)."""
    forward = cross(left, -down)
    out = np.empty((3, 3))
    for i in range(3):
        out[i, 0], out[i, 1], out[i, 2] = forward[i], left[i], -down[i]
    return out


@nb.njit(cache=True)
def two_bones(root: F64, target: F64, toward: F64, a: float, b: float) -> tuple[F64, F64, F64]:
    """Two-bone inverse kinematics.

    Args:
        root, target: (3,) ends of the chain; a target out of reach is approached.
        toward: (3,) the way the middle joint bends.
        a, b: lengths of the bones, m.

    Returns:
        Rotations (3, 3) of both bones from hanging straight down, and the middle joint (3,).
    """
    reach = target - root
    distance = math.sqrt((reach**2).sum())
    along = reach / max(distance, 1e-9)
    distance = min(max(distance, abs(a - b) + 1e-6), (a + b) * 0.9999)
    left = cross(-along, toward)
    left /= max(math.sqrt((left**2).sum()), 1e-9)
    bend = cross(left, -along)
    cosine = min(max((a * a + distance * distance - b * b) / (2.0 * a * distance), -1.0), 1.0)
    upper = along * cosine + bend * math.sqrt(1.0 - cosine * cosine)
    middle = root + a * upper
    lower = (root + along * distance - middle) / b
    return frame_of(upper, left), frame_of(lower, left), middle
