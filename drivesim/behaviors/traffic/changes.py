"""Changes of lane after MOBIL: Kesting, Treiber & Helbing, Transportation Research Record 1999:86 (2007)."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.behaviors.traffic.lanes import LaneGraph
from drivesim.behaviors.traffic.passages import next_junction, offset_of, train_length
from drivesim.behaviors.traffic.paths import changing, first_touch, middle, point_at, sample, speed_along
from drivesim.behaviors.traffic.state import HORIZON, ROUTE, SIDE_MARGIN, State, car_following
from drivesim.behaviors.traffic.swept import Sweeps
from drivesim.world.boxes import LENGTH, WIDTH

POLITENESS = 0.2
THRESHOLD = 0.1
SAFE_DECELERATION = 4.0
"""Share of others' loss that counts, m/s2 to be gained, m/s2 that others may have to brake: table 2 of the paper."""
DURATION = 4.6
"""Seconds a change takes (mean of Toledo & Zohar 2007, Transportation Research Record 1999:71)."""
SHORTEST, ROOM = 35.0, 5.0
"""Metres it takes at least, and those that have to be left behind it."""
_TIGHTEST = 20.0
"""Metres it takes from standstill where no more are left: a turning radius of 20 m over a lane of 3.5 m, which lorries
have."""
_PAUSE = 6.0
"""Seconds between changes."""
_LEAVING = 3.0
"""m/s2 that a lane is worth less that ends, beside one that goes on."""
_FORESEEN, _LONGER = 300.0, 10.0
"""Metres before its end from which on one leaves a lane (signs announce it 200 to 400 m ahead), and those that one
beside must go on further for that."""
_STANDING = 1.0
"""m/s below which one changes lanes only where one's own ends."""


@nb.njit(cache=True)
def _nearest(
    state: State, path: Any, reach: int, begin: int, i: int, half: float, boxes: Any, poses: Any, present: Any
) -> tuple[int, int]:
    """Who is first in the way along a path, and at which metre; -1 for nobody."""
    who, least = -1, reach
    for j in range(len(present)):
        if state.leader[j] == i or not present[j]:
            continue
        x, y = middle(boxes, poses, j)
        gx, gy = changing(state, j)
        for share in range(2 if gx != 0.0 or gy != 0.0 else 1):
            k = first_touch(path, begin, least, half, x + share * gx, y + share * gy, poses[j, 3], boxes[j])
            if k >= 0:
                who, least = j, k
    return who, least


@nb.njit(cache=True)
def _behind(
    state: State, i: int, x: float, y: float, yaw: float, boxes: Any, poses: Any, present: Any, speed: Any
) -> tuple[int, float]:
    """Whose way it would be in with all that it draws, nearest first: the follower and its gap; -1 for nobody."""
    straight = np.empty((60, 4))
    whole = boxes[i].copy()
    whole[LENGTH] = train_length(state, boxes, i)
    x -= 0.5 * (whole[LENGTH] - boxes[i, LENGTH]) * math.cos(yaw)
    y -= 0.5 * (whole[LENGTH] - boxes[i, LENGTH]) * math.sin(yaw)
    who, least = -1, np.inf
    for j in range(len(present)):
        if state.leader[j] == i or not present[j] or speed[j] < 0.0:
            continue
        mx, my = middle(boxes, poses, j)
        away = math.hypot(mx - x, my - y)
        if away > HORIZON:
            continue
        half, front = 0.5 * boxes[j, WIDTH] + SIDE_MARGIN, 0.5 * boxes[j, LENGTH]
        k, to_x, to_y = -1, *changing(state, j)
        if state.driven[j]:
            k = first_touch(state.path[j], 0, state.reach[j], half, x, y, yaw, whole)
        if not state.driven[j] or to_x != 0.0 or to_y != 0.0:  # it may be about to change to the same lane
            for m in range(len(straight)):
                straight[m, 0] = mx + to_x + m * math.cos(poses[j, 3])
                straight[m, 1] = my + to_y + m * math.sin(poses[j, 3])
            then = first_touch(straight, 0, len(straight), half, x, y, yaw, whole)
            k = then if k < 0 or 0 <= then < k else k
        if k >= 0 and k - front < least:
            who, least = j, k - front
    return who, least


@nb.njit(cache=True)
def _route_beside(graph: LaneGraph, state: State, i: int, lane: int, route: Any) -> int:
    """The lane beside and those straight behind it, as far as is to be looked; their number."""
    route[0] = lane
    count, total = 1, graph.length[lane]
    while total < 2.0 * HORIZON and count < ROUTE:
        to = -1
        for candidate in graph.after[route[count - 1]]:
            if candidate >= 0 and (to < 0 or (graph.endless[candidate] and not graph.endless[to])):
                to = candidate
        if to < 0:
            break
        route[count] = to
        total += graph.length[to]
        count += 1
    return count


@nb.njit(cache=True)
def consider_changes(
    dt: float, graph: LaneGraph, state: State, sweeps: Sweeps, boxes: Any, poses: Any, present: Any, speed: Any,
    velocity: Any, limits: Any,
) -> None:  # fmt: skip
    """Let those change who gain by it, do not endanger anybody and have the room; one side each at a time.

    Who changes has its new path at once, so that others who think of it in the same tick see it coming.
    """
    route = np.empty(ROUTE, dtype=np.int64)
    path = np.empty_like(state.path[0])
    for i in range(len(present)):
        if not (state.driven[i] and present[i]):
            continue
        state.changed[i] += dt
        busy = state.s[i] < state.aside[i, 1] + state.aside[i, 2]
        state.blinks[i] = state.blinks[i] if busy else 0
        stands = speed[i] < _STANDING
        if state.changed[i] < _PAUSE or (busy and not stands):
            continue
        place = 0
        while place + 1 < state.count[i] and state.s[i] > offset_of(graph, state, i, place + 1):
            place += 1
        lane = state.route[i, place]
        remains = graph.remains[lane] - state.s[i] + offset_of(graph, state, i, place)
        if graph.inside[lane] or state.granted[i] > place or (stands and remains > _FORESEEN):
            continue
        room, junction = _room(graph, state, i, boxes)
        span = max(min(room - ROOM, SHORTEST), _TIGHTEST) if stands else max(DURATION * speed[i], SHORTEST)
        blocked = junction if stands else room < span + ROOM
        if blocked:
            continue
        state.changed[i] = _PAUSE - 0.5  # looks twice a second
        best, side = THRESHOLD, 0
        for way in (1, -1):
            beside = graph.left[lane] if way > 0 else graph.right[lane]
            may = graph.may_left[lane] if way > 0 else graph.may_right[lane]
            if beside < 0 or not may:
                continue
            gain = _gain(graph, state, sweeps, i, place, beside, remains, route, path, boxes, poses, present, speed,
                         velocity, limits)  # fmt: skip
            if gain > best:
                best, side = gain, way
        if side != 0:
            beside = graph.left[lane] if side > 0 else graph.right[lane]
            _change(graph, state, i, place, beside, side, span, boxes, poses)
            count = _route_beside(graph, state, i, beside, route)
            state.reach[i] = sample(graph, state, sweeps, i, route, count, state.s[i], state.aside[i], state.path[i])


@nb.njit(cache=True)
def _room(graph: LaneGraph, state: State, i: int, boxes: Any) -> tuple[float, bool]:
    """Metres before the front to the next junction or the route's end, and whether it is a junction."""
    first, _ = next_junction(graph, state, i, train_length(state, boxes, i))
    end = offset_of(graph, state, i, first if first >= 0 else state.count[i])
    return end - state.s[i] - 0.5 * boxes[i, LENGTH], first >= 0


@nb.njit(cache=True)
def _abreast(graph: LaneGraph, state: State, i: int, place: int, beside: int, boxes: Any, poses: Any) -> float:
    """Metres along the lane beside to where a driver is: lanes that taper off or bend have lengths of their own."""
    lane = state.route[i, place]
    s = (state.s[i] - offset_of(graph, state, i, place)) / graph.length[lane] * graph.length[beside]
    mx, my = middle(boxes, poses, i)
    for _ in range(2):
        x, y, heading, _ = point_at(graph, beside, s)
        s = min(max(s + (mx - x) * math.cos(heading) + (my - y) * math.sin(heading), 0.0), graph.length[beside])
    return s


@nb.njit(cache=True)
def _gain(
    graph: LaneGraph, state: State, sweeps: Sweeps, i: int, place: int, beside: int, remains: float, route: Any,
    path: Any, boxes: Any, poses: Any, present: Any, speed: Any, velocity: Any, limits: Any,
) -> float:  # fmt: skip
    """The incentive of MOBIL, m/s2; -inf where it is not safe.

    Args:
        remains: metres that the driver's own lane goes on.
    """
    lane = state.route[i, place]
    s = _abreast(graph, state, i, place, beside, boxes, poses)
    count = _route_beside(graph, state, i, beside, route)
    beyond = graph.remains[beside] - s
    if (graph.endless[lane] and not graph.endless[beside]) or beyond < min(remains, _FORESEEN) - _LONGER:
        return -np.inf
    must = (graph.endless[beside] and not graph.endless[lane]) or (remains < _FORESEEN and beyond > remains + _LONGER)
    if speed[i] < _STANDING and not must:
        return -np.inf
    reach = sample(graph, state, sweeps, i, route, count, s, np.array([0.0, 0.0, 1.0]), path)
    front, half = 0.5 * boxes[i, LENGTH], 0.5 * boxes[i, WIDTH] + SIDE_MARGIN
    ahead, at = _nearest(state, path, reach, 0, i, half, boxes, poses, present)
    wanted = min(path[0, 3], limits[i].max_speed)
    gap, closing = np.inf, 0.0
    if ahead >= 0:
        gap, closing = at - front, speed[i] - speed_along(path, at, velocity[ahead])
        if gap < 1.0:
            return -np.inf
    mine = car_following(speed[i], wanted, gap, closing)
    gain = mine - state.acceleration[i] + _LEAVING * must
    follower, room = _behind(state, i, path[0, 0], path[0, 1], path[0, 2], boxes, poses, present, speed)
    if follower >= 0:
        if room < 1.0:
            return -np.inf
        wants = max(speed[follower], 1.0)
        if state.driven[follower]:
            wants = min(state.path[follower, 0, 3], limits[follower].max_speed)
        then = car_following(speed[follower], wants, room, speed[follower] - speed[i])
        now = state.acceleration[follower] if state.driven[follower] else 0.0
        if then < -SAFE_DECELERATION:
            return -np.inf
        gain += POLITENESS * (then - now)
    return gain


@nb.njit(cache=True)
def _change(
    graph: LaneGraph, state: State, i: int, place: int, beside: int, side: int, span: float, boxes: Any, poses: Any
) -> None:
    """Take the lane beside as the path from now on, and drift over to it."""
    s = _abreast(graph, state, i, place, beside, boxes, poses)
    x, y, heading, _ = point_at(graph, beside, s)
    mx, my = middle(boxes, poses, i)
    state.aside[i, 0] = (my - y) * math.cos(heading) - (mx - x) * math.sin(heading)
    state.aside[i, 1], state.aside[i, 2] = s, span
    state.route[i, 0], state.count[i], state.s[i] = beside, 1, s
    state.granted[i], state.changed[i], state.blinks[i] = 0, 0.0, side
