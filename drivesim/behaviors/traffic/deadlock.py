"""Deadlocks: drivers that stand because of each other, in a circle, and who of them goes first.

Each rule of the junctions keeps somebody waiting for a good reason; together they can keep a circle of drivers waiting
for ever. A circle of those who wait for all of what they wait for is a deadlock (Coffman, Elphick & Shoshani 1971,
Computing Surveys 3:67). It is broken as people do it: who has waited longest, and has the room for it, goes, and the
others let it by.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.behaviors.traffic.junctions import SIGNAL_STOP, blocker, no_room, strangers_clear
from drivesim.behaviors.traffic.lanes import LaneGraph
from drivesim.behaviors.traffic.oncoming import CLEAR, oncoming_behind, stands_against, waits_for_oncoming
from drivesim.behaviors.traffic.passages import next_junction, offset_of, to_line, train_length
from drivesim.behaviors.traffic.paths import heading_at
from drivesim.behaviors.traffic.squeeze import FARTHEST, free_way
from drivesim.behaviors.traffic.state import State
from drivesim.behaviors.traffic.swept import Sweeps
from drivesim.world.boxes import LENGTH

_STANDS = 4.0
"""Seconds standing after which somebody is thought to wait for others who stand."""
_TOUCHING = 5.0
"""Metres to somebody in the way that keep one waiting."""
_AT_LINE = 3.0
"""Metres before the line within which one waits for the junction."""
_WORTH = 4.0
"""Metres to be gained that are worth to drive on behind somebody who stands, though a junction is not left."""
_AGAINST = 0.5
"""Cosine of the angle between headings up to which two do not go the same way."""
_LONGEST = 60.0
"""Metres of a way through that are looked at."""


@nb.njit(cache=True)
def break_deadlocks(
    graph: LaneGraph, state: State, sweeps: Sweeps, boxes: Any, poses: Any, present: Any, speed: Any, velocity: Any,
    lit: Any,
) -> None:  # fmt: skip
    """Let one of those go who stand because of each other; who has let somebody by waits until it is gone.

    Args:
        lit: (L,) what the light of a lane shows.
    """
    actors = len(present)
    stuck = np.zeros(actors, dtype=np.bool_)
    for i in range(actors):
        stuck[i] = state.driven[i] and present[i] and state.waited[i] > _STANDS
        first = state.lets[i]
        if first < 0:
            continue
        if state.driven[i] and state.driven[first] and state.granted[first] > 0 and state.waited[first] <= _STANDS:
            state.acceleration[i] = min(state.acceleration[i], -1.0)
        else:
            state.lets[i] = -1
    if stuck.sum() < 2:
        return
    waits = np.zeros((actors, actors), dtype=np.bool_)
    for i in range(actors):
        if stuck[i]:
            _note_waits(graph, state, sweeps, i, stuck, boxes, poses, present, speed, velocity, lit, waits[i])
    circle = _in_circles(waits, stuck)
    for i in np.argsort(-state.waited, kind="mergesort"):
        if circle[i] and _go(graph, state, sweeps, i, stuck, boxes, poses, present, speed, velocity, lit):
            return


@nb.njit(cache=True)
def _in_circles(waits: Any, stuck: Any) -> Any:
    """Who waits for somebody and is waited for, after all have been taken away who do not or are not."""
    left = stuck.copy()
    changed = True
    while changed:
        changed = False
        for i in range(len(left)):
            if left[i] and not ((waits[i] & left).any() and (waits[:, i] & left).any()):
                left[i], changed = False, True
    return left


@nb.njit(cache=True)
def _note_waits(
    graph: LaneGraph, state: State, sweeps: Sweeps, i: int, stuck: Any, boxes: Any, poses: Any, present: Any,
    speed: Any, velocity: Any, lit: Any, waits: Any,
) -> None:  # fmt: skip
    """Mark all those of the stuck ones for whom a driver waits; none, where it waits for a light."""
    for k in range(state.met[i]):
        j = state.leader[state.touched[i, k]]
        gap = state.touch[i, k]
        waits[j] |= stuck[j] and (
            gap < _TOUCHING or (gap < FARTHEST and stands_against(state, i, gap, j, boxes, poses))
        )
    if state.beside[i] >= 0:
        waits[state.beside[i]] |= stuck[state.beside[i]]
    for j in range(len(stuck)):
        if stuck[j] and j != i:
            waits[j] |= waits_for_oncoming(graph, state, i, j, boxes, speed)
    place, _, last = _passage(graph, state, i, boxes)
    if place < 0 or to_line(graph, state, i, place, boxes) > _AT_LINE:
        return
    if lit[state.route[i, place]] == SIGNAL_STOP:
        waits[:] = False
        return
    end = offset_of(graph, state, i, last + 1)
    j = no_room(state, i, end, boxes, speed, velocity)
    if j >= 0:
        waits[j] |= stuck[j]
    for j in range(len(stuck)):
        if stuck[j] and j != i:
            waits[j] |= oncoming_behind(graph, state, i, j, end, boxes, speed) != CLEAR
    passed = np.zeros(len(stuck), dtype=np.bool_)
    j = blocker(graph, state, sweeps, i, place, last, boxes, speed, lit, passed, passed)
    while j >= 0:
        waits[j] |= stuck[j]
        passed[j] = True
        j = blocker(graph, state, sweeps, i, place, last, boxes, speed, lit, passed, passed)


@nb.njit(cache=True)
def _passage(graph: LaneGraph, state: State, i: int, boxes: Any) -> tuple[int, int, int]:
    """First lane of the next passage, and the last one of its first junction and of all of it; -1 if there is none."""
    place, last = next_junction(graph, state, i, train_length(state, boxes, i))
    nearest = place
    while place >= 0 and nearest < last and graph.inside[state.route[i, nearest + 1]]:
        nearest += 1
    return place, nearest, last


@nb.njit(cache=True)
def _go(
    graph: LaneGraph, state: State, sweeps: Sweeps, i: int, stuck: Any, boxes: Any, poses: Any, present: Any,
    speed: Any, velocity: Any, lit: Any,
) -> bool:  # fmt: skip
    """Grant the next junction to a driver who gets through between those who stand, or up to one in front of it."""
    place, nearest, _ = _passage(graph, state, i, boxes)
    if place < 0 or to_line(graph, state, i, place, boxes) > _AT_LINE or lit[state.route[i, place]] == SIGNAL_STOP:
        return False
    begin, end = offset_of(graph, state, i, place), offset_of(graph, state, i, nearest + 1)
    passed, nobody = np.zeros(len(stuck), dtype=np.bool_), np.zeros(len(stuck), dtype=np.bool_)
    follows = True
    while True:
        j = blocker(graph, state, sweeps, i, place, nearest, boxes, speed, lit, nobody, passed)
        if j < 0:
            break
        if not stuck[j]:
            return False
        passed[j] = True
        follows = follows and _ahead(state, i, j, boxes, poses)
    if not strangers_clear(state, i, begin, end, boxes, poses, present, velocity):
        return False
    through = end - state.s[i] - 0.5 * boxes[i, LENGTH] + train_length(state, boxes, i)
    looked = min(through, _LONGEST, state.reach[i] - 1.0)
    free, _, _ = free_way(state, i, sweeps.shape[state.shape[i]], boxes, poses, present, looked)
    if free < looked - 0.5 and not (follows and free > _WORTH):
        return False
    state.granted[i], state.waited[i] = nearest + 1, 0.0
    state.entered[graph.crossings.approach[state.route[i, place]]] = 0.0
    state.careful[i] = FARTHEST + 2.0 * state.tail[i]
    for j in range(len(stuck)):
        if passed[j]:
            state.lets[j] = i
    return True


@nb.njit(cache=True)
def _ahead(state: State, i: int, j: int, boxes: Any, poses: Any) -> bool:
    """Whether somebody stands in the way of a driver and goes the same way."""
    for k in range(state.met[i]):
        if state.leader[state.touched[i, k]] == j:
            return math.cos(poses[j, 3] - heading_at(state, i, state.touch[i, k], boxes)) > _AGAINST
    return False
