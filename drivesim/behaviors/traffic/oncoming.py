"""Who waits where two that come towards each other need more room than their lanes have: one passes after the other."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.behaviors.driver import COMFORT_DECELERATION
from drivesim.behaviors.traffic.lanes import LaneGraph
from drivesim.behaviors.traffic.passages import next_junction, offset_of, to_line, train_length
from drivesim.behaviors.traffic.paths import heading_at
from drivesim.behaviors.traffic.squeeze import STILL
from drivesim.behaviors.traffic.state import State, slowing
from drivesim.behaviors.traffic.swept import BEYOND
from drivesim.world.boxes import LENGTH
from drivesim.world.driving import wrap

_EXCESS = 0.3
"""Metres beyond its own half width that make a driver's band a wide one."""
_FARTHEST = 60
"""Metres ahead that are looked at."""
_LEFT_FREE = 0.35
"""Metres between two bands: more than drivers leave beside their own."""
_BEFORE = 4.0
"""Metres before the place that one waits."""
_AGAINST = math.radians(110.0)
"""Angle between headings from which paths are against each other."""
_AGAINST_COS = math.cos(_AGAINST)
_STEP, _SAME_WAY = 2, 5
"""Metres from which to which a path is looked along, and in which one that runs the same way does not come back."""
_HESITATES = 4.0
"""Seconds that somebody has to stand for others to go first all the same."""
CLEAR, COMES, INSIDE = range(3)
"""What :func:`oncoming_behind` says of somebody."""


@nb.njit(cache=True)
def find_wide(state: State, i: int, half_width: float) -> None:
    """Note where a driver needs more room ahead than its body has, and what area its band lies in."""
    state.wide[i, 0], state.wide[i, 1] = 0, -1
    state.area[i, :, ::2], state.area[i, :, 1::2] = np.inf, -np.inf
    heading = state.path[i, 0, 2]
    for k in range(min(state.reach[i], _FARTHEST)):
        heading += wrap(state.path[i, k, 2] - heading)
        _include(state.area[i, 0], state.path[i, k], heading)
        if state.path[i, k, 6] > half_width + _EXCESS:
            _include(state.area[i, 1], state.path[i, k], heading)
            state.wide[i, 0] = k if state.wide[i, 1] < 0 else state.wide[i, 0]
            state.wide[i, 1] = k


@nb.njit(cache=True)
def _include(area: Any, point: Any, heading: float) -> None:
    """Widen an area so that it holds a metre of a band."""
    x, y, half = point[4], point[5], point[6]
    area[0], area[1] = min(area[0], x - half), max(area[1], x + half)
    area[2], area[3] = min(area[2], y - half), max(area[3], y + half)
    area[4], area[5] = min(area[4], heading), max(area[5], heading)


@nb.njit(cache=True)
def _outside(area: Any, x: float, y: float) -> float:
    """Metres of a point beside an area, along the axis where it is more; less than zero within."""
    return max(area[0] - x, x - area[1], area[2] - y, y - area[3])


@nb.njit(cache=True)
def yield_to_oncoming(
    graph: LaneGraph, state: State, i: int, boxes: Any, poses: Any, present: Any, speed: Any
) -> tuple[float, float, float]:
    """m/s2 so as to wait before the place where the bands of two meet, inf: nobody is waited for; the same for those
    only who move; and metres to be past those who stand.

    The first to arrive goes first, and who has once begun to let it by does so to the end: two that come as near as
    each other would change their minds in turns, until both are in. Who is in, or has been granted a junction there,
    goes on: who waits before one could not leave the place. What lies behind a junction that is not granted yet is
    settled there.
    """
    rate, moving, past = math.inf, math.inf, 0.0
    nearest, before = math.inf, -1
    for j in range(len(present)):
        if j == i or not (present[j] and state.driven[j]):
            continue
        room = _room_before(graph, state, i, j, boxes, speed)
        if room == math.inf:
            continue
        brake = slowing(speed[i], 0.0, room - _BEFORE, COMFORT_DECELERATION)
        if brake < 0.0 and room < nearest:
            nearest, before = room, j
        rate = min(rate, brake)
        if speed[j] >= STILL:
            moving = min(moving, brake)
        elif room < 2.0 * _BEFORE:
            past = max(past, way_past(state, i, j, poses))
    state.before[i] = before
    return rate, moving, past


@nb.njit(cache=True)
def way_past(state: State, i: int, j: int, poses: Any) -> float:
    """Metres that a driver has to go for the ends of it and of another who stands against it to be past each other."""
    away = math.hypot(poses[j, 0] - poses[i, 0], poses[j, 1] - poses[i, 1])
    return away + state.tail[i] + state.tail[j]


@nb.njit(cache=True)
def room_to_place(state: State, i: int, j: int, boxes: Any) -> float:
    """Metres to the place where the band of a driver meets that of another, less than none within; inf: nowhere."""
    if _apart(state.wide, state.area, i, j):
        return math.inf
    mine = _meets(state.path, state.reach, state.wide, state.area, i, j)
    return mine - 0.5 * boxes[i, LENGTH] if mine >= 0 else math.inf


@nb.njit(cache=True)
def wait_before(state: State, i: int, j: int, boxes: Any, speed: float) -> float:
    """m/s2 so as to wait before that place, or in it; inf: nothing to do."""
    return slowing(speed, 0.0, room_to_place(state, i, j, boxes) - _BEFORE, COMFORT_DECELERATION)


@nb.njit(cache=True)
def stands_against(state: State, i: int, gap: float, j: int, boxes: Any, poses: Any) -> bool:
    """Whether a driver who stands in the way ``gap`` metres ahead faces the other way."""
    return state.driven[j] and math.cos(poses[j, 3] - heading_at(state, i, gap, boxes)) < _AGAINST_COS


@nb.njit(cache=True)
def oncoming_behind(graph: LaneGraph, state: State, i: int, j: int, end: float, boxes: Any, speed: Any) -> int:
    """Whether another is, or comes first to, where its band meets that of a driver up to right behind a passage.

    Who drove into the passage all the same could not leave it.

    Args:
        end: metre of the route at which the passage ends.
    """
    if _apart(state.wide, state.area, i, j):
        return CLEAR
    mine = _meets(state.path, state.reach, state.wide, state.area, i, j)
    if mine < 0 or mine > end - state.s[i] + train_length(state, boxes, i) + _BEFORE:
        return CLEAR
    other = _meets(state.path, state.reach, state.wide, state.area, j, i)
    theirs = other - 0.5 * boxes[j, LENGTH]
    place, _ = next_junction(graph, state, j, train_length(state, boxes, j))
    if other < 0 or (place >= 0 and theirs >= to_line(graph, state, j, place, boxes)):
        return CLEAR  # or it waits before a junction of its own
    if theirs <= 0.0:
        return INSIDE
    granted, _ = _granted(graph, state, j, boxes)
    stops = theirs - _BEFORE > speed[j] * speed[j] / (2.0 * COMFORT_DECELERATION)
    later = state.waited[j] > _HESITATES or theirs >= mine - 0.5 * boxes[i, LENGTH]
    on_its_way = granted > 0.0 and other <= granted + BEYOND
    return CLEAR if stops and later and not on_its_way else COMES


@nb.njit(cache=True)
def waits_for_oncoming(graph: LaneGraph, state: State, i: int, j: int, boxes: Any, speed: Any) -> bool:
    """Whether a driver stands before a place where its band meets that of another, to let it by."""
    return _room_before(graph, state, i, j, boxes, speed) < 2.0 * _BEFORE


@nb.njit(cache=True)
def _room_before(graph: LaneGraph, state: State, i: int, j: int, boxes: Any, speed: Any) -> float:
    """Metres to the place where a driver meets another and lets it by; inf: it goes on."""
    room = room_to_place(state, i, j, boxes)
    if room <= 0.0 or room == math.inf:
        return math.inf
    mine = room + 0.5 * boxes[i, LENGTH]
    own, free = _granted(graph, state, i, boxes)
    other = _meets(state.path, state.reach, state.wide, state.area, j, i) if own <= mine <= free else -1
    if other < 0:
        return math.inf
    of_other, free_other = _granted(graph, state, j, boxes)
    theirs = other - 0.5 * boxes[j, LENGTH]
    if other > free_other or _goes_on(own, mine, of_other, theirs, speed[j]):
        return math.inf
    waits = state.waited[j] > _HESITATES and theirs > 0.0 and (state.waited[i] < state.waited[j] or i > j)
    nearer = theirs < room or (theirs == room and j < i)
    settled = state.before[i] == j or (state.before[j] == i and theirs > 0.0)
    first = not waits and (state.before[i] == j if settled else nearer)
    return room if first or _goes_on(of_other, other, own, room, speed[i]) else math.inf


@nb.njit(cache=True)
def _goes_on(granted: float, at: float, of_other: float, room: float, speed: float) -> bool:
    """Whether one goes on who meets another ``at`` a metre in, or right behind, the junction that it has been granted.

    Args:
        granted: metres up to which it has been; of_other: the same of the other, who has ``room`` metres to the place.
    """
    stops = room > speed * speed / (2.0 * COMFORT_DECELERATION)
    return granted > 0.0 and at <= granted + BEYOND and of_other <= 0.0 and stops


@nb.njit(cache=True)
def _granted(graph: LaneGraph, state: State, i: int, boxes: Any) -> tuple[float, float]:
    """Metres ahead of the middle up to which junctions are the driver's own, and at which the next begins."""
    place, _ = next_junction(graph, state, i, train_length(state, boxes, i))
    free = offset_of(graph, state, i, place) - state.s[i] if place >= 0 else math.inf
    return max(offset_of(graph, state, i, state.granted[i]) - state.s[i], 0.0), free


@nb.njit(cache=True)
def _apart(wide: Any, area: Any, i: int, j: int) -> bool:
    """Whether the bands of two cannot meet where one is wide: they lie in different areas, or run the same way."""
    for first, second in ((i, j), (j, i)):
        if wide[first, 1] < 0:
            continue
        a, b = area[first, 1], area[second, 0]
        if max(a[0] - b[1], b[0] - a[1], a[2] - b[3], b[2] - a[3]) < _LEFT_FREE:
            turn = wrap(0.5 * (b[4] + b[5]) - 0.5 * (a[4] + a[5]))
            if abs(turn) + 0.5 * (a[5] - a[4] + b[5] - b[4]) > _AGAINST:
                return False
    return True


@nb.njit(cache=True)
def _meets(path: Any, reach: Any, wide: Any, area: Any, i: int, j: int) -> int:
    """First metre of the path of one at which its band, or that of another who comes towards it, is a wide one and
    the two meet; -1: nowhere."""
    k, begin, end = 0, wide[i, 0], wide[i, 1]
    while k < min(reach[i], _FARTHEST):
        a = path[i, k]
        own = begin <= k <= end
        room = _outside(area[j, 0 if own else 1], a[4], a[5]) - a[6] - _LEFT_FREE
        if room <= 0.0:
            room = 1e9
            m, last = (0, min(reach[j], _FARTHEST)) if own else (wide[j, 0], wide[j, 1] + 1)
            while m < last:
                b = path[j, m]
                away = math.hypot(a[4] - b[4], a[5] - b[5]) - a[6] - b[6] - _LEFT_FREE
                against = math.cos(a[2] - b[2]) if away < 0.0 else 0.0
                if against < _AGAINST_COS:
                    return k
                room = min(room, max(away, 0.0))
                m += _SAME_WAY if against > 0.5 else max(1, int(0.8 * away))
        onward = k + max(_STEP, int(0.4 * min(room, 1e9)))
        k = begin if k < begin < onward else onward
    return -1
