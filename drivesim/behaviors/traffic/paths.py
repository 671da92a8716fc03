"""Where a traffic driver goes: its route over lanes, its path along them, and who stands in the way."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from drivesim.behaviors.traffic.lanes import CURVE_ACCELERATION, LaneGraph
from drivesim.behaviors.traffic.state import HORIZON, ROUTE, SIDE_MARGIN, TOUCHES, State
from drivesim.behaviors.traffic.swept import BEYOND, Sweeps
from drivesim.streams import uniform01
from drivesim.world.boxes import CX, CY, LENGTH, WIDTH

_LOST, _JUMP = 4.0, 10.0
"""Metres beside the path, and along it in one tick, at which a driver looks for its lane anew."""
_PREVIEW = 0.8
"""Seconds ahead to which a driver steers."""
_FADE_BEND = 10.0 / 3.0**0.5
"""Greatest second derivative of :func:`fade`."""
_TIGHT = 2.6
"""Half the room that a vehicle needs in a lane, m, from which it rather goes another way."""
_LONG, _SWINGS, _SWING = 7.0, 0.05, 1.0
"""Metres of a body, and rad/s, from which on its ends swing out, and the seconds for which that is foreseen."""
_FORESIGHT = 2.0
"""Seconds for which people on foot are thought to go on as they do."""


@nb.njit(cache=True)
def middle(boxes: Any, poses: Any, i: int) -> tuple[float, float]:
    """Of an actor's box, on the ground."""
    return middle_of(boxes[i], poses[i])


@nb.njit(cache=True)
def middle_of(box: Any, pose: Any) -> tuple[float, float]:
    """Of a box for an actor at a pose."""
    c, s = math.cos(pose[3]), math.sin(pose[3])
    return pose[0] + c * box[CX] - s * box[CY], pose[1] + s * box[CX] + c * box[CY]


@nb.njit(cache=True)
def point_at(graph: LaneGraph, lane: int, s: float) -> tuple[float, float, float, float]:
    """x, y, heading and highest speed on a lane after ``s`` metres."""
    first, count = graph.first[lane], graph.first[lane + 1] - graph.first[lane]
    place = min(max(s / graph.length[lane], 0.0), 1.0) * (count - 1)
    low = min(int(place), count - 2)
    share = place - low
    a, b = graph.point[first + low], graph.point[first + low + 1]
    heading, speed = a[2] + share * (b[2] - a[2]), a[3] + share * (b[3] - a[3])
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), heading, speed


@nb.njit(cache=True)
def fade(share: float) -> float:
    """From 1 to 0 with even changes of direction: the quintic of least jerk (Flash & Hogan 1985)."""
    u = min(max(share, 0.0), 1.0)
    return 1.0 - u * u * u * (10.0 + u * (6.0 * u - 15.0))


@nb.njit(cache=True)
def drift_speed(left: float, span: float) -> float:
    """m/s at which a drift over ``left`` metres within ``span`` metres is as hard as a bend is driven."""
    bend = _FADE_BEND * abs(left) / (span * span)  # what is less than a hand's breadth is no drift
    return math.sqrt(CURVE_ACCELERATION / bend) if abs(left) > 0.1 else math.inf


@nb.njit(cache=True)
def locate(graph: LaneGraph, state: State, i: int, x: float, y: float) -> bool:
    """Move the driver on to where its middle is; False if that is off the path, or far from where it was."""
    across, before = 0.0, state.s[i]
    for _ in range(2):
        place, s = 0, state.s[i]
        while place + 1 < state.count[i] and s > graph.length[state.route[i, place]]:
            s -= graph.length[state.route[i, place]]
            place += 1
        px, py, heading, _ = point_at(graph, state.route[i, place], s)
        state.s[i] += (x - px) * math.cos(heading) + (y - py) * math.sin(heading)
        across = (y - py) * math.cos(heading) - (x - px) * math.sin(heading)
        across -= state.aside[i, 0] * fade((state.s[i] - state.aside[i, 1]) / state.aside[i, 2])
    return abs(across) < _LOST and abs(state.s[i] - before) < _JUMP


@nb.njit(cache=True)
def drop_passed(graph: LaneGraph, state: State, i: int, behind: float) -> None:
    """Forget lanes that end more than ``behind`` metres behind the middle."""
    while state.count[i] > 1 and state.s[i] - behind > graph.length[state.route[i, 0]]:
        gone = graph.length[state.route[i, 0]]
        state.s[i] -= gone
        state.aside[i, 1] -= gone
        for k in range(state.count[i] - 1):
            state.route[i, k] = state.route[i, k + 1]
        state.count[i] -= 1
        state.granted[i] = max(state.granted[i] - 1, 0)


@nb.njit(cache=True)
def extend(graph: LaneGraph, state: State, sweeps: Sweeps, i: int, wished: Any) -> None:
    """Choose lanes until the horizon; by chance among those that lead on, the wished ones first, then those that do not
    end, then those that are wide enough for the vehicle.

    Args:
        wished: (L,) whether the actor's given route leads over a lane.
    """
    most = sweeps.most[state.shape[i]]
    total = -state.s[i]
    for k in range(state.count[i]):
        total += graph.length[state.route[i, k]]
    while total < HORIZON + 10.0 and state.count[i] < ROUTE:
        after = graph.after[state.route[i, state.count[i] - 1]]
        best = 0
        for to in after:
            if to >= 0:
                best = max(best, _worth(graph, most, wished, to))
        if best == 0:
            return
        fitting = 0
        for to in after:
            fitting += to >= 0 and _worth(graph, most, wished, to) == best
        pick = int(uniform01(state.key[i], state.draws[i], 0) * fitting)
        state.draws[i] += 1
        for to in after:
            if to >= 0 and _worth(graph, most, wished, to) == best:
                if pick == 0:
                    state.route[i, state.count[i]] = to
                    total += graph.length[to]
                pick -= 1
        state.count[i] += 1


@nb.njit(cache=True)
def _worth(graph: LaneGraph, most: Any, wished: Any, lane: int) -> int:
    return 1 + 4 * wished[lane] + 2 * graph.endless[lane] + (most[lane] <= _TIGHT)


@nb.njit(cache=True)
def sample(
    graph: LaneGraph, state: State, sweeps: Sweeps, i: int, route: Any, count: int, begin: float, aside: Any, path: Any
) -> int:  # fmt: skip
    """Write a path metre by metre from ``begin`` metres along a route; how many metres are known."""
    place, start = 0, 0.0
    side, beyond = sweeps.side[state.shape[i]], sweeps.beyond[state.shape[i]]
    swerve = drift_speed(aside[0], aside[2])
    for k in range(HORIZON):
        s = begin + k
        while place + 1 < count and s - start > graph.length[route[place]]:
            start += graph.length[route[place]]
            place += 1
        if s - start > graph.length[route[place]] + 0.5:
            return k
        x, y, heading, speed = point_at(graph, route[place], s - start)
        left = aside[0] * fade((s - aside[1]) / aside[2])
        cos, sin = math.cos(heading), math.sin(heading)
        path[k, 0], path[k, 1] = x - left * sin, y + left * cos
        speed = min(speed, swerve) if aside[1] < s < aside[1] + aside[2] else speed
        path[k, 2], path[k, 3] = heading, speed * state.factor[i]
        lane = route[place]
        points = graph.first[lane + 1] - graph.first[lane]
        at = (s - start) / graph.length[lane] * (points - 1)
        near = graph.first[lane] + min(max(int(at + 0.5), 0), points - 1)
        to_left, to_right = side[near, 0], side[near, 1]
        behind = int(at + 0.5)
        if place > 0 and graph.inside[route[place - 1]] and not graph.inside[lane] and 0 <= behind < BEYOND:
            to_left = max(to_left, beyond[route[place - 1], behind, 0])
            to_right = max(to_right, beyond[route[place - 1], behind, 1])
        left = 0.5 * (to_left - to_right)
        path[k, 4], path[k, 5] = path[k, 0] - left * sin, path[k, 1] + left * cos
        path[k, 6] = 0.5 * (to_left + to_right)
    return HORIZON


@nb.njit(cache=True)
def _within(distance: float, dx: float, dy: float, c: float, s: float, half_length: float, half_width: float) -> bool:
    """Whether a point, dx and dy from the middle of a box turned by the angle of c and s, is so near to the box."""
    beyond_x = max(abs(c * dx + s * dy) - half_length, 0.0)
    beyond_y = max(abs(c * dy - s * dx) - half_width, 0.0)
    return beyond_x * beyond_x + beyond_y * beyond_y < distance * distance


@nb.njit(cache=True)
def first_touch(path: Any, begin: int, reach: int, half: float, x: float, y: float, yaw: float, box: Any) -> int:
    """First metre of a path at which a body ``half`` wide to each side touches a box with its middle at x, y; or -1."""
    c, s = math.cos(yaw), math.sin(yaw)
    half_length, half_width = 0.5 * box[LENGTH], 0.5 * box[WIDTH]
    around = math.hypot(half_length, half_width) + half
    k = begin
    while k < reach:
        dx, dy = path[k, 0] - x, path[k, 1] - y
        square = dx * dx + dy * dy
        if square > around * around:
            k += max(1, int(math.sqrt(square) - around))
            continue
        if _within(half, dx, dy, c, s, half_length, half_width):
            return k
        k += 1
    return -1


@nb.njit(cache=True)
def first_swept(
    path: Any, begin: int, reach: int, margin: float, widest: float, x: float, y: float, yaw: float, box: Any
) -> int:
    """As :func:`first_touch`, for the band that the body sweeps, nowhere wider to one side, and a margin beside it."""
    c, s = math.cos(yaw), math.sin(yaw)
    half_length, half_width = 0.5 * box[LENGTH], 0.5 * box[WIDTH]
    around = math.hypot(half_length, half_width) + margin
    k = begin
    while k < reach:
        half, dx, dy = path[k, 6] + margin, path[k, 4] - x, path[k, 5] - y
        away = math.hypot(dx, dy)
        if away > around + widest:
            k += max(1, int(away - around - widest))
            continue
        if _within(half, dx, dy, c, s, half_length, half_width):
            return k
        k += 1
    return -1


@nb.njit(cache=True)
def look_along(
    state: State, i: int, boxes: Any, poses: Any, present: Any, walks: Any, velocity: Any, spin: Any
) -> None:
    """Note who is in the way of a driver, nearest first; of long bodies that turn, also where they will be in a second.

    Args:
        spin: (N,) rad/s about the vertical.
    """
    state.met[i] = 0
    path, reach = state.path[i], state.reach[i]
    front = 0.5 * boxes[i, LENGTH]
    mx, my = middle(boxes, poses, i)
    widest = 0.0
    for k in range(reach):
        widest = max(widest, path[k, 6])
    for j in range(len(present)):
        if state.leader[j] == i or not present[j]:
            continue
        x, y = middle(boxes, poses, j)
        if (x - mx) ** 2 + (y - my) ** 2 > (HORIZON + 15.0) ** 2:
            continue
        k = first_swept(path, int(front), reach, SIDE_MARGIN, widest, x, y, poses[j, 3], boxes[j])
        gx, gy = changing(state, j)
        if k < 0 and (gx != 0.0 or gy != 0.0):
            k = first_swept(path, int(front), reach, SIDE_MARGIN, widest, x + gx, y + gy, poses[j, 3], boxes[j])
        if walks[j] and k < 0:
            for step in range(1, 5):
                t = step * _FORESIGHT / 4.0
                then_x, then_y = x + t * velocity[j, 0], y + t * velocity[j, 1]
                k = first_swept(path, int(front), reach, SIDE_MARGIN, widest, then_x, then_y, poses[j, 3], boxes[j])
                if k >= 0:
                    break
        if boxes[j, LENGTH] > _LONG and abs(spin[j]) > _SWINGS:
            for t in (0.5 * _SWING, _SWING):
                then = poses[j].copy()
                then[:2] += t * velocity[j, :2]
                then[3] += t * spin[j]
                x, y = middle_of(boxes[j], then)
                swung = first_swept(path, int(front), reach, SIDE_MARGIN, widest, x, y, then[3], boxes[j])
                k = swung if swung >= 0 and (k < 0 or swung < k) else k
        if k >= 0:
            _note(state, i, max(k - front, 0.0), j)


@nb.njit(cache=True)
def changing(state: State, j: int) -> tuple[float, float]:
    """From an actor's middle to where it would be on the lane that it is changing to, x and y, m."""
    if not state.driven[j]:
        return 0.0, 0.0
    left = state.aside[j, 0] * fade((state.s[j] - state.aside[j, 1]) / state.aside[j, 2])
    if abs(left) < 0.3:
        return 0.0, 0.0
    return left * math.sin(state.path[j, 0, 2]), -left * math.cos(state.path[j, 0, 2])


@nb.njit(cache=True)
def _note(state: State, i: int, gap: float, j: int) -> None:
    place = min(state.met[i], TOUCHES - 1)
    if state.met[i] == TOUCHES and gap >= state.touch[i, place]:
        return
    while place > 0 and state.touch[i, place - 1] > gap:
        state.touch[i, place], state.touched[i, place] = state.touch[i, place - 1], state.touched[i, place - 1]
        place -= 1
    state.touch[i, place], state.touched[i, place] = gap, j
    state.met[i] = min(state.met[i] + 1, TOUCHES)


@nb.njit(cache=True)
def heading_at(state: State, i: int, gap: float, boxes: Any) -> float:
    """Of a driver's path, so many metres ahead of its front."""
    return state.path[i, min(int(0.5 * boxes[i, LENGTH] + gap), HORIZON - 1), 2]


@nb.njit(cache=True)
def speed_along(path: Any, k: int, velocity: Any) -> float:
    """Of a velocity, in the direction of a path at a metre of it; not less than none."""
    k = min(k, len(path) - 1)
    return max(velocity[0] * math.cos(path[k, 2]) + velocity[1] * math.sin(path[k, 2]), 0.0)


@nb.njit(cache=True)
def steer(path: Any, reach: int, pose: Any, box: Any, speed: float, shape: Any) -> float:
    """Pure pursuit of a path from the rear axle (Coulter, CMU-RI-TR-92-01, 1992), inside the centre of bends by what
    the front swings out; ``shape``: a row of :attr:`~drivesim.behaviors.traffic.swept.Sweeps.shape`."""
    wheelbase = shape[3]
    ahead = max(wheelbase + 1.5, _PREVIEW * speed)
    k = max(min(int(ahead - box[CX] + 0.5), reach - 1), 0)
    window = int(max(2.0, 0.5 * wheelbase) + 0.5)
    low, high = max(k - window, 0), min(k + window, reach - 1)
    turn = (path[high, 2] - path[low, 2] + math.pi) % (2.0 * math.pi) - math.pi
    aside = shape[5] * turn / max(high - low, 1)
    dx = path[k, 0] - aside * math.sin(path[k, 2]) - pose[0]
    dy = path[k, 1] + aside * math.cos(path[k, 2]) - pose[1]
    left = math.cos(pose[3]) * dy - math.sin(pose[3]) * dx
    return math.atan2(2.0 * wheelbase * left, max(dx * dx + dy * dy, 1.0))
