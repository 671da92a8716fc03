"""Who may drive into a junction: signals, room behind it, the right of way, and gaps in the traffic that has it.

A driver is granted all of its path through a junction or none, and nobody is granted a path that meets one which
somebody still is on. So drivers neither meet in a junction nor block it: whoever is in can drive out.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.behaviors.traffic.crossings import GAPS
from drivesim.behaviors.traffic.lanes import LaneGraph
from drivesim.behaviors.traffic.oncoming import CLEAR, INSIDE, oncoming_behind
from drivesim.behaviors.traffic.passages import QUEUE_GAP, next_junction, offset_of, to_line, train_length
from drivesim.behaviors.traffic.paths import first_touch, heading_at, middle
from drivesim.behaviors.traffic.state import HORIZON, ROUTE, State
from drivesim.behaviors.traffic.swept import Sweeps, level_of
from drivesim.world.boxes import LENGTH, WIDTH

SIGNAL_NONE, SIGNAL_GO, SIGNAL_STOP = 0, 1, 2
STOP_DECELERATION = 2.0
"""m/s2 at which drivers stop before a junction."""
DECISION_DECELERATION = 2.5
"""m/s2 beyond which a driver no longer stops who may go: closer than that, it is on its way in."""
AMBER_DECELERATION = 3.0
"""m/s2 up to which a driver brakes for a light that changes before it (10 ft/s2 of ITE's kinematic equation for the
change interval: Traffic Engineering Handbook; Gazis, Herman & Maradudin 1960)."""
_IN_SIGHT = 25.0
"""Metres before the place where one has to brake for the line, from which on a passage is asked for."""
_SLOW = 2.0
"""m/s below which one follows another into a junction from standstill, by the follow-up headway."""
_AT_LINE, _RESPONSE, _HARDEST = 0.3, 0.3, 7.0
"""Metres before the line that count as at it, seconds within which speed is corrected there, and m/s2 at most."""
_CLEARANCE = 1.0
"""Metres that a tail must be past a meeting for it to be free."""
_PATIENCE, _INSISTENCE = 30.0, 60.0
"""Seconds standing after which a driver goes as if it had the right of way, and after which others wait for it (gaps
that drivers accept shrink with waiting: Mahmassani & Sheffi 1981, Transportation Research B 15:143)."""
_STANDING = 0.5
"""m/s."""
_CAR, _CRAWL = 5.0, 6.0
"""Metres of a car, for which critical headways hold, and m/s at which what is longer draws its tail after it (heavy
vehicles need 1 to 2 s more: HCM 2010, equation 19-30)."""


@nb.njit(cache=True)
def register(state: State) -> None:
    """Note for every lane who has it in its route."""
    state.heads[:] = -1
    for i in range(len(state.driven)):
        if state.driven[i]:
            for k in range(state.count[i]):
                lane = state.route[i, k]
                state.links[i * ROUTE + k] = state.heads[lane]
                state.heads[lane] = i * ROUTE + k


@nb.njit(cache=True)
def no_room(state: State, i: int, end: float, boxes: Any, speed: Any, velocity: Any) -> int:
    """Who leaves too little room behind the passage, which ends at metre ``end`` of the route; -1: nobody."""
    front = state.s[i] + 0.5 * boxes[i, LENGTH]
    between, train = 0.0, -1
    for k in range(state.met[i]):
        j = state.touched[i, k]
        if state.leader[j] == train:
            continue
        train = state.leader[j]
        at = heading_at(state, i, state.touch[i, k], boxes)
        along = velocity[j, 0] * math.cos(at) + velocity[j, 1] * math.sin(at)
        goes = speed[j] if along > -0.5 * abs(speed[j]) else 0.0  # who comes does not make room
        rear = front + state.touch[i, k] + goes**2 / (2.0 * STOP_DECELERATION)
        if rear - between < end + train_length(state, boxes, i) + QUEUE_GAP:
            return train
        between += train_length(state, boxes, train) + QUEUE_GAP
    return -1


@nb.njit(cache=True)
def blocker(
    graph: LaneGraph, state: State, sweeps: Sweeps, i: int, place: int, last: int, boxes: Any, speed: Any, lit: Any,
    waits: Any, passed: Any,
) -> int:  # fmt: skip
    """Who is on a path that meets the passage, or comes with the right of way within the critical gap; -1: nobody.

    Args:
        waits: (N,) for whom others wait; passed: (N,) who is not looked at.
    """
    crossings = graph.crossings
    for k in range(place, last + 1):
        lane = state.route[i, k]
        if not graph.inside[lane]:
            continue
        critical = GAPS[crossings.gap[lane], 0]
        for c in range(crossings.first[lane], crossings.first[lane + 1]):
            other = crossings.other[c]
            entry = state.heads[other]
            while entry >= 0:
                j, at = entry // ROUTE, entry % ROUTE
                entry = state.links[entry]
                if j == i or passed[j]:
                    continue
                room = sweeps.most[state.shape[i], lane] + sweeps.most[state.shape[j], other]
                span = crossings.span[c, level_of(room)]
                if span[0] > span[1]:
                    continue
                start = offset_of(graph, state, j, at)
                rear = state.s[j] - state.tail[j] - _CLEARANCE
                if rear > start + span[3]:
                    continue
                if at < state.granted[j] or (waits[j] and state.waited[j] > max(state.waited[i], _INSISTENCE)):
                    return j
                said = crossings.prior[c]
                first = said > 0 or (said == 0 and crossings.rank[other] < crossings.rank[lane])
                if not first or state.waited[i] > _PATIENCE:
                    continue
                if speed[j] < _STANDING or lit[other] == SIGNAL_STOP:
                    continue
                front = state.s[j] + 0.5 * boxes[j, LENGTH]
                if (start + span[2] - front) / speed[j] < critical + (state.tail[i] - 0.5 * _CAR) / _CRAWL:
                    return j
    return -1


@nb.njit(cache=True)
def strangers_clear(
    state: State, i: int, begin: float, end: float, boxes: Any, poses: Any, present: Any, velocity: Any
) -> bool:
    """Whether nobody who is not part of the traffic moves into the passage (metres of the route) soon."""
    path = state.path[i]
    low, high = max(int(begin - state.s[i]), 0), min(int(end - state.s[i]) + 1, state.reach[i])
    half = 0.5 * boxes[i, WIDTH] + 0.5
    mx, my = middle(boxes, poses, i)
    for j in range(len(present)):
        pace = math.hypot(velocity[j, 0], velocity[j, 1])
        if j == i or not present[j] or state.driven[state.leader[j]] or pace < _STANDING:
            continue
        x, y = middle(boxes, poses, j)
        if math.hypot(x - mx, y - my) > HORIZON:
            continue
        for step in range(20):
            t = 0.25 * step
            if first_touch(path, low, high, half, x + t * velocity[j, 0], y + t * velocity[j, 1], poses[j, 3],
                           boxes[j]) >= 0:  # fmt: skip
                return False
    return True


@nb.njit(cache=True)
def _heed_change(graph: LaneGraph, state: State, i: int, boxes: Any, speed: Any, lit: Any) -> None:
    """Take a grant back whose light has changed while the driver can still stop in comfort, out of other junctions."""
    clear = -np.inf
    for place in range(state.granted[i]):
        lane = state.route[i, place]
        if not graph.inside[lane]:
            continue
        line = to_line(graph, state, i, place, boxes)
        if line < 0.0:
            clear = offset_of(graph, state, i, place + 1)
            continue
        stops = speed[i] ** 2 <= 2.0 * AMBER_DECELERATION * line
        tail = state.s[i] + line - state.tail[i]
        if lit[lane] == SIGNAL_STOP and stops and tail > clear:
            state.granted[i] = place
        return


@nb.njit(cache=True)
def settle_junctions(
    dt: float, graph: LaneGraph, state: State, sweeps: Sweeps, boxes: Any, poses: Any, present: Any, speed: Any,
    velocity: Any, lit: Any,
) -> None:  # fmt: skip
    """Grant passages in order of need, and brake those who must wait.

    Args:
        lit: (L,) what the light of a lane shows.
    """
    actors = len(present)
    places, lasts, lines = np.full(actors, -1), np.full(actors, -1), np.zeros(actors)
    urgency = np.full(actors, np.inf)
    waits = np.zeros(actors, dtype=np.bool_)
    for i in range(actors):
        if not (state.driven[i] and present[i]):
            continue
        _heed_change(graph, state, i, boxes, speed, lit)
        place, last = next_junction(graph, state, i, train_length(state, boxes, i))
        if place < 0:
            continue
        lane, line = state.route[i, place], to_line(graph, state, i, place, boxes)
        if line > speed[i] ** 2 / (2.0 * STOP_DECELERATION) + _IN_SIGHT:
            continue
        places[i], lasts[i], lines[i] = place, last, line
        rank = graph.crossings.rank[lane]
        urgency[i] = -state.waited[i] if state.waited[i] > _PATIENCE else 1000.0 * rank + line
        waits[i] = state.waited[i] > _INSISTENCE and lit[lane] != SIGNAL_STOP
    for i in np.argsort(urgency, kind="mergesort"):
        if places[i] < 0:
            break
        place, last, line = places[i], lasts[i], lines[i]
        lane = state.route[i, place]
        if line < -0.5 * boxes[i, LENGTH] - state.back[lane] and state.granted[i] <= place:
            state.granted[i] = last + 1  # came here by other hands: it is in, so it drives out
        elif not _may_enter(graph, state, sweeps, i, place, last, boxes, poses, present, speed, velocity, lit, waits):
            state.acceleration[i] = min(state.acceleration[i], _stopping(speed[i], line))
        elif line < speed[i] ** 2 / (2.0 * DECISION_DECELERATION) + 0.5 * speed[i] + 1.0:
            state.granted[i] = last + 1
            state.entered[graph.crossings.approach[lane]] = 0.0
    state.entered[:] += dt


@nb.njit(cache=True)
def _may_enter(
    graph: LaneGraph, state: State, sweeps: Sweeps, i: int, place: int, last: int, boxes: Any, poses: Any,
    present: Any, speed: Any, velocity: Any, lit: Any, waits: Any,
) -> bool:  # fmt: skip
    """Whether a driver may have a passage; ``waits``: (N,) for whom others wait, set right for this one."""
    lane = state.route[i, place]
    begin, end = offset_of(graph, state, i, place), offset_of(graph, state, i, last + 1)
    entered = state.entered[graph.crossings.approach[lane]]
    follows = speed[i] < _SLOW and graph.crossings.rank[lane] > 0
    free = lit[lane] != SIGNAL_STOP
    free = free and not (follows and entered < GAPS[graph.crossings.gap[lane], 1])
    free = free and no_room(state, i, end, boxes, speed, velocity) < 0
    oncoming = CLEAR
    for j in range(len(present) if free else 0):
        if j != i and present[j] and state.driven[j]:
            oncoming = max(oncoming, oncoming_behind(graph, state, i, j, end, boxes, speed))
    free = free and oncoming != INSIDE
    waits[i] = waits[i] and free
    free = free and oncoming == CLEAR
    nobody = np.zeros(len(present), dtype=np.bool_)
    free = free and blocker(graph, state, sweeps, i, place, last, boxes, speed, lit, waits, nobody) < 0
    return free and strangers_clear(state, i, begin, end, boxes, poses, present, velocity)


@nb.njit(cache=True)
def _stopping(speed: float, line: float) -> float:
    """m/s2 so as to stop at a line so many metres ahead; hardly more than it takes: brakes need time to build up."""
    limit = math.sqrt(2.0 * STOP_DECELERATION * max(line, 0.0))
    if speed <= limit and line >= _AT_LINE:
        return limit - speed
    brake = (limit - speed) / _RESPONSE - 0.05
    if line > _AT_LINE:
        brake = max(brake, -1.1 * speed**2 / (2.0 * line))
    return max(brake, -_HARDEST)
