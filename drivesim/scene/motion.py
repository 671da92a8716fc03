"""The motion of one rigid part over a tick, as ray engine and tables want it. Compiled: every part, every tick."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

MAX_STEP_ANGLE = 0.2
"""Largest turn between two time steps, rad: points go straight there, and a wheel shrinks by half a percent."""


@nb.njit(cache=True)
def motion_steps(
    start: F64, end: F64, place: F64, target: F64, spin: tuple[float, float], ends: Any, matrices: NDArray[np.float32],
    fractions: F64,
) -> int:  # fmt: skip
    """Fill the orientations at both ends and a matrix for each of the time steps, and count these.

    Args:
        start, end: (3, 3) rotations at time 0 and 1; place, target: (3,) translations then.
        spin: turn about the part's own y axis at both times, applied before the rotation, rad.
        ends: (2, 4) float32, written: unit quaternions (w, x, y, z) on one hemisphere, without the spin.
        matrices: (S, 3, 4) float32, written up to the count: S is the most there can be.
        fractions: (F,) ray times of the steps; where it is empty, evenly spaced ones, as many as the turn needs, or a
            single one of what stands still, which rays get through sooner.
    """
    a, b = _quaternion(start), _quaternion(end)
    dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
    if dot < 0.0:
        b, dot = (-b[0], -b[1], -b[2], -b[3]), -dot
    for i in range(4):
        ends[0, i], ends[1, i] = a[i], b[i]
    angle = math.acos(min(dot, 1.0))
    turn = 2.0 * angle + abs(spin[1] - spin[0])
    count = len(fractions) if len(fractions) > 0 else min(2 + int(turn / MAX_STEP_ANGLE), len(matrices))
    if len(fractions) == 0 and spin[0] == spin[1] and np.array_equal(place, target) and np.array_equal(start, end):
        count = 1
    sine = math.sin(angle)
    for step in range(count):
        f = fractions[step] if len(fractions) > 0 else step / max(count - 1, 1)
        g, h = (math.sin((1.0 - f) * angle) / sine, math.sin(f * angle) / sine) if angle > 1e-6 else (1.0 - f, f)
        half = 0.5 * ((1.0 - f) * spin[0] + f * spin[1])
        c, s = math.cos(half), math.sin(half)
        w, x, y, z = (g * a[0] + h * b[0], g * a[1] + h * b[1], g * a[2] + h * b[2], g * a[3] + h * b[3])
        w, x, y, z = w * c - y * s, x * c - z * s, y * c + w * s, z * c + x * s
        row = matrices[step]
        row[0, 0], row[0, 1], row[0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
        row[1, 0], row[1, 1], row[1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
        row[2, 0], row[2, 1], row[2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
        for axis in range(3):
            row[axis, 3] = (1.0 - f) * place[axis] + f * target[axis]
    return count


@nb.njit(cache=True)
def _quaternion(r: F64) -> tuple[float, float, float, float]:
    """Unit quaternion of a rotation matrix, by its largest component (Shepperd 1978)."""
    trace = r[0, 0] + r[1, 1] + r[2, 2]
    if trace > max(r[0, 0], r[1, 1], r[2, 2]):
        w = 0.5 * math.sqrt(1.0 + trace)
        k = 0.25 / w
        return w, (r[2, 1] - r[1, 2]) * k, (r[0, 2] - r[2, 0]) * k, (r[1, 0] - r[0, 1]) * k
    if r[0, 0] >= r[1, 1] and r[0, 0] >= r[2, 2]:
        x = 0.5 * math.sqrt(1.0 + r[0, 0] - r[1, 1] - r[2, 2])
        k = 0.25 / x
        return (r[2, 1] - r[1, 2]) * k, x, (r[0, 1] + r[1, 0]) * k, (r[0, 2] + r[2, 0]) * k
    if r[1, 1] >= r[2, 2]:
        y = 0.5 * math.sqrt(1.0 - r[0, 0] + r[1, 1] - r[2, 2])
        k = 0.25 / y
        return (r[0, 2] - r[2, 0]) * k, (r[0, 1] + r[1, 0]) * k, y, (r[1, 2] + r[2, 1]) * k
    z = 0.5 * math.sqrt(1.0 - r[0, 0] - r[1, 1] + r[2, 2])
    k = 0.25 / z
    return (r[1, 0] - r[0, 1]) * k, (r[0, 2] + r[2, 0]) * k, (r[1, 2] + r[2, 1]) * k, z
