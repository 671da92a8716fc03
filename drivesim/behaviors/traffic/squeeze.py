"""Tight places: who is stuck beside something that stands looks how far its body really gets, and creeps past it.

The bands of :mod:`~drivesim.behaviors.traffic.swept` hold for the whole of a passage and for everybody of a shape; how
one stands there, there often is more room than they say.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.behaviors.traffic.paths import middle, steer
from drivesim.behaviors.traffic.state import State
from drivesim.behaviors.traffic.swept import TRAILERS, rolled
from drivesim.world.boxes import LENGTH, WIDTH, overlap
from drivesim.world.driving import wrap

STILL = 0.3
"""m/s below which somebody else counts as standing."""
_PATIENCE, _TURN = 3.0, 0.7
"""Seconds standing after which a driver looks closely; so much later, by number, not all of them at once."""
_TURNS = 8
_LONG, _BENT = 7.0, 0.05
"""Metres of a body from which on its driver looks after its tail in turns, and radians between a vehicle and its
trailer that make a turn."""
_PACE, _BRAKE, _RESPONSE = 1.5, 1.5, 0.5
"""m/s of creeping, m/s2 at which it ends, and seconds within which speed is corrected."""
FARTHEST, _STEP = 15.0, 0.5
"""Metres that are looked at, and that the driver goes on like this."""
_GAIN = 3.0
"""Metres more than the bands say that are worth it."""
_CLEARANCE = 0.15
"""Metres around the body that are kept free, as far as they are."""
_NEAR = 30.0
"""Metres between reference points beyond which others are out of reach."""
_STOREY = 4.0
"""Metres between the heights of two from which one is on a bridge over the other."""


@nb.njit(cache=True)
def note_patience(state: State, i: int, rolled: float) -> None:
    """Begin to look closely, or go on with it for the rest of the way."""
    patient = state.waited[i] <= _PATIENCE + _TURN * (i % _TURNS)
    state.careful[i] = max(state.careful[i] - rolled, 0.0) if patient else FARTHEST + 2.0 * state.tail[i]


@nb.njit(cache=True)
def creeping(speed: float, free: float) -> float:
    """m/s2 at which one creeps with so many metres free ahead."""
    return min((_PACE - speed) / _RESPONSE, halting(speed, free))


@nb.njit(cache=True)
def halting(speed: float, free: float) -> float:
    """m/s2 so as to stop within so many metres, those beside as they stand."""
    wanted = math.sqrt(2.0 * _BRAKE * max(free - 2.0 * _STEP, 0.0))
    return max((wanted - speed) / _RESPONSE, -6.0)


@nb.njit(cache=True)
def holds(free: float) -> bool:
    """Whether nobody drives on who has only so many metres free."""
    return free <= 2.0 * _STEP


@nb.njit(cache=True)
def gains(free: float, gap: float) -> bool:
    """Whether one gets by: clearly further than a gap."""
    return free > gap + _GAIN


@nb.njit(cache=True)
def looks_back(state: State, i: int, boxes: Any, poses: Any) -> bool:
    """Whether a long vehicle turns, so that its driver looks where its tail and its trailers get."""
    wide = 0 <= state.wide[i, 0] < FARTHEST and state.wide[i, 1] >= 0
    if state.tail[i] <= 0.5 * boxes[i, LENGTH] + 1.0:
        return wide and boxes[i, LENGTH] > _LONG
    for j in range(len(state.leader)):
        if state.leader[j] == i and j != i and abs(wrap(poses[j, 3] - poses[i, 3])) > _BENT:
            return True
    return wide


@nb.njit(cache=True)
def free_way(
    state: State, i: int, shape: Any, boxes: Any, poses: Any, present: Any, farthest: float
) -> tuple[float, float, int]:
    """Metres that a vehicle gets along its path, with all that it draws, before it touches others as they stand.

    The first number counts everybody, the second those who are beside it or behind its front; the third is who of
    these is touched, -1: nobody.

    Args:
        shape: row of :attr:`~drivesim.behaviors.traffic.swept.Sweeps.shape`; farthest: metres that are looked at.
    """
    train = np.full(1 + TRAILERS, -1)
    train[0] = i
    _couple(state.leader, i, poses, train)
    others = _others(state.leader, i, poses, present)
    beside = np.empty(len(others), dtype=np.bool_)
    mx, my = middle(boxes, poses, i)
    for k in range(len(others)):
        x, y = middle(boxes, poses, others[k])
        ahead = (x - mx) * math.cos(poses[i, 3]) + (y - my) * math.sin(poses[i, 3])
        beside[k] = ahead < 0.5 * boxes[i, LENGTH]
    least = np.zeros((len(train), len(others)))
    free = farthest
    at = np.empty((len(train), 4))
    for part in range(len(train)):
        if train[part] >= 0:
            at[part] = poses[train[part]]
            for k in range(len(others)):
                least[part, k] = max(_depth(boxes, train[part], at[part], others[k], poses), 0.0)
    steering = min(max(state.steering[i], -shape[4]), shape[4])
    for step in range(int(farthest / _STEP)):
        first = int(step * _STEP)
        wanted = steer(state.path[i, first:], state.reach[i] - first, at[0], boxes[i], _PACE, shape)
        change = shape[6] * _STEP / _PACE
        wanted = min(max(wanted, -shape[4]), shape[4])
        steering = min(max(wanted, steering - change), steering + change)
        turn = math.tan(steering) / shape[3] * _STEP
        at[0, 0] += _STEP * math.cos(at[0, 3] + 0.5 * turn)
        at[0, 1] += _STEP * math.sin(at[0, 3] + 0.5 * turn)
        at[0, 3] += turn
        rolled(shape, _STEP, turn, at)
        for part in range(len(train)):
            for k in range(len(others) if train[part] >= 0 else 0):
                if (beside[k] or free == farthest) and (
                    _depth(boxes, train[part], at[part], others[k], poses) > least[part, k] + 1e-3
                ):
                    free = min(free, step * _STEP)
                    if beside[k]:
                        return free, step * _STEP, others[k]
    return free, farthest, -1


@nb.njit(cache=True)
def _couple(leader: Any, i: int, poses: Any, train: Any) -> None:
    """Find the trailers of a vehicle, the nearest first."""
    for part in range(1, len(train)):
        nearest = np.inf
        for j in range(len(leader)):
            away = math.hypot(poses[j, 0] - poses[i, 0], poses[j, 1] - poses[i, 1])
            if leader[j] == i and j != i and away < nearest and (part == 1 or j != train[part - 1]):
                train[part], nearest = j, away


@nb.njit(cache=True)
def _others(leader: Any, i: int, poses: Any, present: Any) -> Any:
    """Who is near enough to be touched."""
    found = np.empty(len(leader), dtype=np.int64)
    count = 0
    for j in range(len(leader)):
        if present[j] and leader[j] != i and math.hypot(poses[j, 0] - poses[i, 0], poses[j, 1] - poses[i, 1]) < _NEAR:
            found[count] = j
            count += 1
    return found[:count]


@nb.njit(cache=True)
def _depth(boxes: Any, part: int, pose: Any, other: int, poses: Any) -> float:
    """How deep somebody is in a body with its clearance."""
    box, level = boxes[part].copy(), pose.copy()
    box[LENGTH] += 2.0 * _CLEARANCE
    box[WIDTH] += 2.0 * _CLEARANCE
    if abs(pose[2] - poses[other, 2]) < _STOREY:
        level[2] = poses[other, 2]  # it goes up and down with the road on its way there
    return overlap(box, level, boxes[other], poses[other])[0]
