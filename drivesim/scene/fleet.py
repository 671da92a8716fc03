"""Rigid parts of everyone that moves: one compiled pass a tick over car bodies, wheels, legs of dogs and things."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import MOST_STEPS, motion_functions, move_instance
from drivesim.scene.motion import motion_steps
from drivesim.scene.raycast import RayScene
from drivesim.types import WorldState

F64 = NDArray[np.float64]

FIXED, ROLLING, STEERED, SWINGING = range(4)
"""How a part moves on its actor: not at all; a wheel; a wheel that steers; a leg that swings with the gait."""

STILL_BEYOND = 32.0
"""Distance from the sensors beyond which wheels and legs are as they are at the tick's end all through it, m: a wheel
is at most 25 pixels of a camera with 1600 over 65 degrees, and round. A third time step of a part costs the engine a
microsecond."""

TROT = 0.45
"""Amplitude of a dog's legs at a walk of 1 m/s and faster, rad."""


class Part(NamedTuple):
    """A rigid part of an actor.

    Attributes:
        handle: in the ray scene; way: :data:`FIXED`, :data:`ROLLING`, :data:`STEERED` or :data:`SWINGING`.
        hub: (x, y, z) of its origin in the actor's frame, m; phase: share of the gait cycle that a leg is ahead.
    """

    handle: int
    way: int = FIXED
    hub: tuple[float, float, float] = (0.0, 0.0, 0.0)
    phase: float = 0.0


class Fleet:
    """All rigid parts of a ray scene.

    Args:
        parts: of each actor, with its index.
    """

    def __init__(self, rays: RayScene, parts: Sequence[tuple[int, Part]]) -> None:
        self._rays = rays
        self._actor = np.array([index for index, _ in parts], dtype=np.int64)
        self._handle = np.array([part.handle for _, part in parts], dtype=np.int64)
        self._way = np.array([part.way for _, part in parts], dtype=np.int64)
        self._hub = np.array([part.hub for _, part in parts], dtype=np.float64).reshape(-1, 3)
        self._phase = np.array([part.phase for _, part in parts], dtype=np.float64)
        self._instances = rays.take_over(self._handle)
        self._functions = motion_functions()
        self._steps = np.ones(len(parts), dtype=np.int64)
        self._shown = np.zeros(len(parts), dtype=bool)
        self._matrices = np.empty((MOST_STEPS, 3, 4), dtype=np.float32)

    def move(self, before: WorldState, after: WorldState, shown: NDArray[np.bool_], distance: F64) -> None:
        """Show the tick between two states of all actors (N,) that are ``shown``.

        Args:
            distance: (N,) from the sensors, m.
        """
        if not len(self._handle):
            return
        wanted = shown[self._actor]
        for row in np.flatnonzero(wanted != self._shown).tolist():
            self._rays.set_present(int(self._handle[row]), bool(wanted[row]))
        self._shown = wanted
        tables = self._rays.tables
        _move(
            np.flatnonzero(wanted), distance > STILL_BEYOND, self._actor, self._handle, self._way, self._hub,
            self._phase, self._instances, self._steps, self._functions, self._matrices, self._rays.origin,
            _columns(before), _columns(after), float(after.time[0] - before.time[0]), tables.inst_quaternion,
            tables.inst_translation, tables.inst_spin, tables.inst_velocity, tables.inst_omega,
        )  # fmt: skip


def _columns(state: WorldState) -> tuple[NDArray[Any], ...]:
    return (
        state.position[0], state.orientation[0], state.velocity[0], state.angular_velocity[0], state.steering[0],
        state.wheel_rotation[0], state.gait_phase[0], state.speed[0],
    )  # fmt: skip


@nb.njit(cache=True)
def rotation_of(ypr: F64, steering: float) -> F64:
    """(3, 3): yaw, pitch, roll, then a turn about the part's own upright axis."""
    cy, sy, cp, sp = math.cos(ypr[0]), math.sin(ypr[0]), math.cos(ypr[1]), math.sin(ypr[1])
    cr, sr, c, s = math.cos(ypr[2]), math.sin(ypr[2]), math.cos(steering), math.sin(steering)
    out = np.empty((3, 3))
    out[0, 0], out[0, 1], out[0, 2] = cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr
    out[1, 0], out[1, 1], out[1, 2] = sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr
    out[2, 0], out[2, 1], out[2, 2] = -sp, cp * sr, cp * cr
    for i in range(3):
        x, y = out[i, 0], out[i, 1]
        out[i, 0], out[i, 1] = c * x + s * y, c * y - s * x
    return out


@nb.njit(cache=True)
def _turn(way: int, row: int, phase: float, state: Any) -> float:
    """Of a part about its own y axis, rad."""
    if way in (ROLLING, STEERED):
        return float(state[5][row])
    if way == SWINGING:
        return TROT * min(abs(state[7][row]), 1.0) * math.sin(2.0 * math.pi * (state[6][row] + phase))
    return 0.0


@nb.njit(nogil=True, cache=True)
def _move(
    rows: NDArray[np.int64], still: NDArray[np.bool_], actor: NDArray[np.int64], handle: NDArray[np.int64],
    way: NDArray[np.int64], hub: F64, phase: F64, instances: NDArray[np.int64], steps: NDArray[np.int64],
    functions: NDArray[np.int64], matrices: NDArray[np.float32], origin: F64, before: Any, after: Any, tick: float,
    quaternion: Any, translation: Any, spin: Any, velocity: Any, omega: Any,
) -> None:  # fmt: skip
    evenly = np.zeros(0)
    place, target = np.empty(3), np.empty(3)
    for row in rows:
        a, part = actor[row], handle[row]
        steered = way[row] == STEERED
        body0, body1 = rotation_of(before[1][a], 0.0), rotation_of(after[1][a], 0.0)
        start = rotation_of(before[1][a], before[4][a]) if steered else body0
        end = rotation_of(after[1][a], after[4][a]) if steered else body1
        arm = np.empty(3)
        for i in range(3):
            first = body0[i, 0] * hub[row, 0] + body0[i, 1] * hub[row, 1] + body0[i, 2] * hub[row, 2]
            arm[i] = body1[i, 0] * hub[row, 0] + body1[i, 1] * hub[row, 1] + body1[i, 2] * hub[row, 2]
            place[i], target[i] = before[0][a, i] - origin[i] + first, after[0][a, i] - origin[i] + arm[i]
            translation[part, 0, i], translation[part, 1, i] = place[i], target[i]
        turn0, turn1 = _turn(way[row], a, phase[row], before), _turn(way[row], a, phase[row], after)
        rate = (turn1 - turn0) / max(tick, 1e-9)
        if still[a]:
            turn0 = turn1
        base = turn0 % (2.0 * math.pi) if way[row] != SWINGING else turn0
        spin[part, 0], spin[part, 1] = base, base + turn1 - turn0
        wx, wy, wz = 0.5 * (before[3][a, 0] + after[3][a, 0]), 0.5 * (before[3][a, 1] + after[3][a, 1]), 0.5 * (
            before[3][a, 2] + after[3][a, 2]
        )  # fmt: skip
        lever = (wy * arm[2] - wz * arm[1], wz * arm[0] - wx * arm[2], wx * arm[1] - wy * arm[0])
        turning = (wx, wy, wz)
        for i in range(3):
            velocity[part, i] = 0.5 * (before[2][a, i] + after[2][a, i]) + lever[i]
            omega[part, i] = turning[i] + rate * end[i, 1]
        count = motion_steps(
            start, end, place, target, (base, base + turn1 - turn0), quaternion[part], matrices, evenly
        )
        move_instance(functions, instances[row], matrices, count, steps[row] != count)
        steps[row] = count
