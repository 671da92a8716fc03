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
from drivesim.behaviors.traffic.paths import first_touch, middle
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
_STOP_SHORT = 0.5
"""Metres before the line."""
_LONGEST = 40.0
"""Metres of a passage beyond which a further junction is one of its own."""
_QUEUE_GAP = 2.0
"""Metres between those who wait behind a junction."""
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
def register(graph: LaneGraph, state: State) -> None:
    """Note for every lane who has it in its route."""
    state.heads[:] = -1
    for i in range(len(state.driven)):
        if state.driven[i]:
            for k in range(state.count[i]):
                lane = state.route[i, k]
                state.links[i * ROUTE + k] = state.heads[lane]
                state.heads[lane] = i * ROUTE + k


@nb.njit(cache=True)
def offset_of(graph: LaneGraph, state: State, i: int, place: int) -> float:
    """Metres from the start of a route to the start of one of its lanes."""
    total = 0.0
    for k in range(place):
        total += graph.length[state.route[i, k]]
    return total


@nb.njit(cache=True)
def next_junction(graph: LaneGraph, state: State, i: int, length: float) -> tuple[int, int]:
    """First and last place in the route of the next passage that is not granted yet; -1, -1 if none is known.

    Junctions with too little room between them to stop count as one, up to a length: a roundabout is taken arm by arm.
    """
    place = state.granted[i]
    while place < state.count[i] and not graph.inside[state.route[i, place]]:
        place += 1
    if place >= state.count[i]:
        return -1, -1
    last, room, along = place, 0.0, graph.length[state.route[i, place]]
    for k in range(place + 1, state.count[i]):
        lane = state.route[i, k]
        along += graph.length[lane]
        if graph.inside[lane]:
            if room > 0.0 and along > _LONGEST:
                break
            last, room = k, 0.0
            continue
        room += graph.length[lane]
        if room > length + 2.0 * _QUEUE_GAP:
            break
    return place, last


@nb.njit(cache=True)
def train_length(state: State, boxes: Any, i: int) -> float:
    """From the front of an actor to the end of its last trailer, m."""
    return 0.5 * boxes[i, LENGTH] + max(state.tail[i], 0.5 * boxes[i, LENGTH])


@nb.njit(cache=True)
def no_room(graph: LaneGraph, state: State, i: int, end: float, boxes: Any, speed: Any, velocity: Any) -> int:
    """Who leaves too little room behind the passage, which ends at metre ``end`` of the route; -1: nobody."""
    half = 0.5 * boxes[i, LENGTH]
    front = state.s[i] + half
    between, train = 0.0, -1
    for k in range(state.met[i]):
        j = state.touched[i, k]
        if state.leader[j] == train:
            continue
        train = state.leader[j]
        at = state.path[i, min(int(half + state.touch[i, k]), HORIZON - 1), 2]
        along = velocity[j, 0] * math.cos(at) + velocity[j, 1] * math.sin(at)
        goes = speed[j] if along > -0.5 * abs(speed[j]) else 0.0  # who comes does not make room
        rear = front + state.touch[i, k] + goes**2 / (2.0 * STOP_DECELERATION)
        if rear - between < end + train_length(state, boxes, i) + _QUEUE_GAP:
            return train
        between += train_length(state, boxes, train) + _QUEUE_GAP
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
def to_line(graph: LaneGraph, state: State, i: int, place: int, boxes: Any) -> float:
    """Metres from the front to where one stops before a junction that begins with a lane of the route."""
    line = offset_of(graph, state, i, place) - graph.crossings.back[state.route[i, place]] - _STOP_SHORT
    return line - state.s[i] - 0.5 * boxes[i, LENGTH]


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
    waits, nobody = np.zeros(actors, dtype=np.bool_), np.zeros(actors, dtype=np.bool_)
    for i in range(actors):
        if not (state.driven[i] and present[i]):
            continue
        _heed_change(graph, state, i, boxes, speed, lit)
        place, last = next_junction(graph, state, i, train_length(state, boxes, i))
        if place < 0:
            continue
        lane, line = state.route[i, place], to_line(graph, state, i, place, boxes)
        if line > speed[i] ** 2 / (2.0 * STOP_DECELERATION) + 25.0:
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
        if line < -0.5 * boxes[i, LENGTH] - graph.crossings.back[lane] and state.granted[i] <= place:
            state.granted[i] = last + 1  # came here by other hands: it is in, so it drives out
            continue
        begin = offset_of(graph, state, i, place)
        end = begin
        for k in range(place, last + 1):
            end += graph.length[state.route[i, k]]
        root = graph.crossings.approach[lane]
        follows = speed[i] < 2.0 and graph.crossings.rank[lane] > 0
        free = lit[lane] != SIGNAL_STOP
        free = free and not (follows and state.entered[root] < GAPS[graph.crossings.gap[lane], 1])
        free = free and no_room(graph, state, i, end, boxes, speed, velocity) < 0
        waits[i] = waits[i] and free
        free = free and blocker(graph, state, sweeps, i, place, last, boxes, speed, lit, waits, nobody) < 0
        free = free and strangers_clear(state, i, begin, end, boxes, poses, present, velocity)
        if not free:
            limit = math.sqrt(2.0 * STOP_DECELERATION * max(line, 0.0))
            if speed[i] > limit or line < 0.3:
                brake = (limit - speed[i]) / 0.3 - 0.05
                if line > 0.3:  # hardly harder than it takes: brakes need their time to build up
                    brake = max(brake, -1.1 * speed[i] ** 2 / (2.0 * line))
                state.acceleration[i] = min(state.acceleration[i], max(brake, -7.0))
            else:
                state.acceleration[i] = min(state.acceleration[i], (limit - speed[i]) / 1.0)
        elif line < speed[i] ** 2 / (2.0 * DECISION_DECELERATION) + 0.5 * speed[i] + 1.0:
            state.granted[i] = last + 1
            state.entered[root] = 0.0
    state.entered[:] += dt
