"""Rotation matrices and chains of two bones, compiled: small, and many a tick.

Matrices are tuples of nine, row by row, and vectors tuples of three: they stay in registers, where arrays of their size
cost more to allocate than to compute.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Vector = tuple[float, float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]


@nb.njit(cache=True)
def euler(yaw: float, pitch: float, roll: float) -> Matrix:
    cy, sy, cp, sp, cr, sr = (
        math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll),
    )  # fmt: skip
    return (
        cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr,
        sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr,
        -sp, cp * sr, cp * cr,
    )  # fmt: skip


@nb.njit(cache=True)
def about_x(angle: float) -> Matrix:
    c, s = math.cos(angle), math.sin(angle)
    return 1.0, 0.0, 0.0, 0.0, c, -s, 0.0, s, c


@nb.njit(cache=True)
def about_y(angle: float) -> Matrix:
    c, s = math.cos(angle), math.sin(angle)
    return c, 0.0, s, 0.0, 1.0, 0.0, -s, 0.0, c


@nb.njit(cache=True)
def about_z(angle: float) -> Matrix:
    c, s = math.cos(angle), math.sin(angle)
    return c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0


@nb.njit(cache=True)
def matrix_of(matrices: F64, number: int) -> Matrix:
    """One of (N, 3, 3)."""
    m = matrices[number]
    return m[0, 0], m[0, 1], m[0, 2], m[1, 0], m[1, 1], m[1, 2], m[2, 0], m[2, 1], m[2, 2]


@nb.njit(cache=True)
def put_matrix(matrices: F64, number: int, values: Matrix) -> None:
    """Write one of (N, 3, 3)."""
    m = matrices[number]
    m[0, 0], m[0, 1], m[0, 2] = values[0], values[1], values[2]
    m[1, 0], m[1, 1], m[1, 2] = values[3], values[4], values[5]
    m[2, 0], m[2, 1], m[2, 2] = values[6], values[7], values[8]


@nb.njit(cache=True)
def vector_of(vectors: F64, number: int) -> Vector:
    """One of (N, 3)."""
    return vectors[number, 0], vectors[number, 1], vectors[number, 2]


@nb.njit(cache=True)
def put_vector(vectors: F64, number: int, values: Vector) -> None:
    """Write one of (N, 3)."""
    vectors[number, 0], vectors[number, 1], vectors[number, 2] = values


@nb.njit(cache=True)
def length(joints: F64, a: int, b: int) -> float:
    """From one joint of (24, 3) to another, m."""
    x, y, z = joints[a, 0] - joints[b, 0], joints[a, 1] - joints[b, 1], joints[a, 2] - joints[b, 2]
    return math.sqrt(x * x + y * y + z * z)


@nb.njit(cache=True)
def product(a: Matrix, b: Matrix) -> Matrix:
    return (
        a[0] * b[0] + a[1] * b[3] + a[2] * b[6],
        a[0] * b[1] + a[1] * b[4] + a[2] * b[7],
        a[0] * b[2] + a[1] * b[5] + a[2] * b[8],
        a[3] * b[0] + a[4] * b[3] + a[5] * b[6],
        a[3] * b[1] + a[4] * b[4] + a[5] * b[7],
        a[3] * b[2] + a[4] * b[5] + a[5] * b[8],
        a[6] * b[0] + a[7] * b[3] + a[8] * b[6],
        a[6] * b[1] + a[7] * b[4] + a[8] * b[7],
        a[6] * b[2] + a[7] * b[5] + a[8] * b[8],
    )


@nb.njit(cache=True)
def turned(a: Matrix, v: Vector) -> Vector:
    """A matrix times a vector."""
    return (
        a[0] * v[0] + a[1] * v[1] + a[2] * v[2],
        a[3] * v[0] + a[4] * v[1] + a[5] * v[2],
        a[6] * v[0] + a[7] * v[1] + a[8] * v[2],
    )


@nb.njit(cache=True)
def minus(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@nb.njit(cache=True)
def along(a: Vector, share: float, b: Vector) -> Vector:
    """``a`` and a share of ``b``."""
    return a[0] + share * b[0], a[1] + share * b[1], a[2] + share * b[2]


@nb.njit(cache=True)
def over(a: Vector, size: float) -> Vector:
    return a[0] / size, a[1] / size, a[2] / size


@nb.njit(cache=True)
def norm(a: Vector) -> float:
    return math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])


@nb.njit(cache=True)
def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@nb.njit(cache=True)
def frame_of(down: Vector, left: Vector) -> Matrix:
    """Rotation that takes -z to ``down`` and y to ``left`` (unit, orthogonal)."""
    up = (-down[0], -down[1], -down[2])
    forward = cross(left, up)
    return forward[0], left[0], up[0], forward[1], left[1], up[1], forward[2], left[2], up[2]


@nb.njit(cache=True)
def two_bones(root: Vector, target: Vector, toward: Vector, a: float, b: float) -> tuple[Matrix, Matrix]:
    """Two-bone inverse kinematics.

    Args:
        root, target: ends of the chain; a target out of reach is approached.
        toward: the way the middle joint bends.
        a, b: lengths of the bones, m.

    Returns:
        Rotations of both bones from hanging straight down.
    """
    reach = minus(target, root)
    distance = norm(reach)
    way = over(reach, max(distance, 1e-9))
    distance = min(max(distance, abs(a - b) + 1e-6), (a + b) * 0.9999)
    back = (-way[0], -way[1], -way[2])
    left = cross(back, toward)
    left = over(left, max(norm(left), 1e-9))
    bend = cross(left, back)
    cosine = min(max((a * a + distance * distance - b * b) / (2.0 * a * distance), -1.0), 1.0)
    sine = math.sqrt(1.0 - cosine * cosine)
    upper = (
        way[0] * cosine + bend[0] * sine, way[1] * cosine + bend[1] * sine, way[2] * cosine + bend[2] * sine,
    )  # fmt: skip
    middle = along(root, a, upper)
    lower = over(minus(along(root, distance, way), middle), b)
    return frame_of(upper, left), frame_of(lower, left)
