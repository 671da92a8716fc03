"""How critical an encounter of two upright boxes on the ground is, in closed form where they keep their headings.

All of it rests on one picture: where the boxes touch, as a convex region over two quantities that grow (way and time,
or two times), cut out by the four edge directions of both boxes.

- *DRAC*, deceleration rate to avoid a crash (Cooper & Ferguson 1976; Almqvist, Hydén & Risser 1991): the least constant
  deceleration with which the first box, braking along its course until it stands, never touches the second, which keeps
  its velocity. For one that follows another: closing speed squared over twice the gap.
- *TTB*, time to brake (Hillenbrand, Spieker & Kroschel 2006): how long the first box may still keep its velocity until
  only full braking avoids contact.
- *PET*, post-encroachment time (Allen, Shin & Cooper 1978): the least time between one leaving a place and the other
  reaching it, on the ways that they really took.
- *RSS margin* (Shalev-Shwartz, Shammah & Shashua 2017): what the gap has more than the safe distance of
  Responsibility-Sensitive Safety: lengthwise; where it is safe sideways, whichever is more. Below 0 the situation is
  dangerous: safe neither way, and so much short of room to brake.

Time to contact is :func:`drivesim.world.conflict.time_to_contact`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np

from drivesim.types import F64
from drivesim.world.boxes import CX, CY, CZ, HEIGHT, LENGTH, WIDTH
from drivesim.world.conflict import time_to_contact

FULL_BRAKING = 0.774 * 9.81
"""m/s2: the skilled human's of UN R157 (annex 4, appendix 3)."""
PET_HORIZON = 10.0
"""Seconds; who comes to a place later than this does not meet who was there."""
_AHEAD, _FAR = 1e3, 1e5
"""Seconds and metres beyond which nothing is looked for."""
_HALVINGS = 60
_STANDS = 1e-6
"""Slower than this nobody moves, m/s."""


@dataclass(frozen=True, slots=True)
class RssParameters:
    """Parameters of RSS; defaults are those of CARLA's RSS sensor (library ad-rss).

    Attributes:
        response: s until somebody reacts. acceleration: lengthwise until then, m/s2.
        brake_most: of who is ahead, brake_least: of who is behind or comes towards one, brake_correct: of who is in
            its own lane when the other comes towards it, m/s2.
        side_acceleration: until the response, side_brake: from then on, m/s2; side_margin: for swaying, m.
    """

    response: float = 1.0
    acceleration: float = 3.5
    brake_most: float = 8.0
    brake_least: float = 4.0
    brake_correct: float = 3.0
    side_acceleration: float = 0.2
    side_brake: float = 0.8
    side_margin: float = 0.1


RSS = RssParameters()


@nb.njit(cache=True)
def deceleration_to_avoid(box_a: Any, pose_a: Any, velocity_a: Any, box_b: Any, pose_b: Any, velocity_b: Any) -> float:
    """DRAC of the first box, m/s2: 0 when they would not touch anyway, inf when braking does not help.

    Args:
        box_a, box_b: rows of the box table; pose_a, pose_b: (4,) x, y, z, yaw; velocity_a, velocity_b: (3,) m/s.
    """
    _, contact = time_to_contact(box_a, pose_a, velocity_a, box_b, pose_b, velocity_b)
    if contact == math.inf:
        return 0.0
    speed = math.hypot(velocity_a[0], velocity_a[1])
    if contact <= 0.0 or speed < _STANDS:
        return math.inf
    course = (velocity_a[0] / speed, velocity_a[1] / speed)
    way, time, count = _touching(box_a, pose_a, course, _FAR, box_b, pose_b, (velocity_b[0], velocity_b[1]), _AHEAD)
    needed = 0.0
    for i in range(count):
        j = (i + 1) % count
        needed = max(needed, _past_corner(speed, time[i], way[i]))
        needed = max(needed, _past_edge(speed, time[i], way[i], time[j], way[j]))
    return needed


@nb.njit(cache=True)
def time_to_brake(
    box_a: Any, pose_a: Any, velocity_a: Any, box_b: Any, pose_b: Any, velocity_b: Any, braking: float
) -> float:
    """TTB of the first box, s, with full ``braking`` in m/s2: inf if they would not touch, 0 if it is too late."""
    _, contact = time_to_contact(box_a, pose_a, velocity_a, box_b, pose_b, velocity_b)
    if contact == math.inf:
        return math.inf
    if deceleration_to_avoid(box_a, pose_a, velocity_a, box_b, pose_b, velocity_b) > braking:
        return 0.0
    early, late = 0.0, contact
    a, b = pose_a.copy(), pose_b.copy()
    for _ in range(_HALVINGS):
        middle = 0.5 * (early + late)
        for axis in range(2):
            a[axis] = pose_a[axis] + velocity_a[axis] * middle
            b[axis] = pose_b[axis] + velocity_b[axis] * middle
        if deceleration_to_avoid(box_a, a, velocity_a, box_b, b, velocity_b) > braking:
            late = middle
        else:
            early = middle
    return early


@nb.njit(cache=True)
def post_encroachment(box_a: Any, track_a: Any, box_b: Any, track_b: Any, horizon: float = PET_HORIZON) -> float:
    """PET of two boxes, s: 0 when they touched, inf when neither came to where the other was within ``horizon``.

    Args:
        track_a, track_b: (K, 5) time s, x, y, z, yaw, rising in time; between two rows velocity is constant and the
            heading that of the earlier one. Rows farther apart than half a second are not joined.
    """
    least = horizon
    reach = 0.5 * (math.hypot(box_a[LENGTH], box_a[WIDTH]) + math.hypot(box_b[LENGTH], box_b[WIDTH]))
    reach += math.hypot(box_a[CX], box_a[CY]) + math.hypot(box_b[CX], box_b[CY])
    for i in range(len(track_a) - 1):
        a0, a1 = track_a[i], track_a[i + 1]
        for j in range(len(track_b) - 1):
            b0, b1 = track_b[j], track_b[j + 1]
            if b0[0] - a1[0] >= least:
                break
            steps = math.hypot(a1[1] - a0[1], a1[2] - a0[2]) + math.hypot(b1[1] - b0[1], b1[2] - b0[2])
            apart = math.hypot(a0[1] - b0[1], a0[2] - b0[2])
            if a0[0] - b1[0] >= least or apart > reach + steps or max(a1[0] - a0[0], b1[0] - b0[0]) > 0.5:
                continue
            least = min(least, _encroachment(box_a, a0, a1, box_b, b0, b1))
    return least if least < horizon else math.inf


@nb.njit(cache=True)
def _encroachment(box_a: Any, a0: Any, a1: Any, box_b: Any, b0: Any, b1: Any) -> float:
    """Least difference of times at which two boxes are in one place, within a step of each."""
    span_a, span_b = a1[0] - a0[0], b1[0] - b0[0]
    if span_a <= 0.0 or span_b <= 0.0:
        return math.inf
    rate_a = ((a1[1] - a0[1]) / span_a, (a1[2] - a0[2]) / span_a)
    rate_b = ((b1[1] - b0[1]) / span_b, (b1[2] - b0[2]) / span_b)
    when_a, when_b, count = _touching(box_a, a0[1:], rate_a, span_a, box_b, b0[1:], rate_b, span_b)
    low, high = math.inf, -math.inf
    for i in range(count):
        later = b0[0] + when_b[i] - a0[0] - when_a[i]
        low, high = min(low, later), max(high, later)
    if count == 0:
        return math.inf
    return 0.0 if low <= 0.0 <= high else min(abs(low), abs(high))


@nb.njit(cache=True)
def _past_corner(speed: float, time: float, way: float) -> float:
    """Least deceleration with which the way at ``time`` is at most ``way``."""
    if speed * time <= way:
        return 0.0
    if way <= 0.0:
        return math.inf
    if speed * time <= 2.0 * way:
        return 2.0 * (speed * time - way) / (time * time)
    return speed * speed / (2.0 * way)


@nb.njit(cache=True)
def _past_edge(speed: float, time_a: float, way_a: float, time_b: float, way_b: float) -> float:
    """Least deceleration whose way touches an edge between its ends from below; 0 if it touches it at an end only."""
    if abs(time_b - time_a) < 1e-12:
        return 0.0
    slope = (way_b - way_a) / (time_b - time_a)
    start = way_a - slope * time_a if time_a < time_b else way_b - slope * time_b
    if slope < 0.0 or slope >= speed or start <= 0.0:
        return 0.0
    touch = 2.0 * start / (speed - slope)
    if not min(time_a, time_b) < touch < max(time_a, time_b):
        return 0.0
    return (speed - slope) ** 2 / (2.0 * start)


@nb.njit(cache=True)
def _touching(
    box_a: Any, pose_a: Any, rate_a: Any, most_a: float, box_b: Any, pose_b: Any, rate_b: Any, most_b: float
) -> tuple[Any, Any, int]:
    """Corners (x, y) of the convex region in which box a, moved x * rate_a, touches box b, moved y * rate_b.

    Returns:
        x and y (16,), in order around it, from 0 to ``most_a`` and 0 to ``most_b``; how many. None when one is above
        the other.
    """
    x, y = np.zeros(16), np.zeros(16)
    bottom_a, bottom_b = pose_a[2] + box_a[CZ] - 0.5 * box_a[HEIGHT], pose_b[2] + box_b[CZ] - 0.5 * box_b[HEIGHT]
    if bottom_a >= bottom_b + box_b[HEIGHT] or bottom_b >= bottom_a + box_a[HEIGHT]:
        return x, y, 0
    ca, sa, cb, sb = math.cos(pose_a[3]), math.sin(pose_a[3]), math.cos(pose_b[3]), math.sin(pose_b[3])
    dx = pose_b[0] + cb * box_b[CX] - sb * box_b[CY] - pose_a[0] - ca * box_a[CX] + sa * box_a[CY]
    dy = pose_b[1] + sb * box_b[CX] + cb * box_b[CY] - pose_a[1] - sa * box_a[CX] - ca * box_a[CY]
    x[1] = x[2] = most_a
    y[2] = y[3] = most_b
    count = 4
    for ux, uy in ((ca, sa), (-sa, ca), (cb, sb), (-sb, cb)):
        reach = 0.5 * (
            box_a[LENGTH] * abs(ca * ux + sa * uy)
            + box_a[WIDTH] * abs(ca * uy - sa * ux)
            + box_b[LENGTH] * abs(cb * ux + sb * uy)
            + box_b[WIDTH] * abs(cb * uy - sb * ux)
        )
        distance, by_x, by_y = dx * ux + dy * uy, -rate_a[0] * ux - rate_a[1] * uy, rate_b[0] * ux + rate_b[1] * uy
        count = _cut(x, y, count, reach - distance, by_x, by_y)
        count = _cut(x, y, count, reach + distance, -by_x, -by_y)
    return x, y, count


@nb.njit(cache=True)
def _cut(x: Any, y: Any, count: int, most: float, by_x: float, by_y: float) -> int:
    """Keep of a convex polygon, in place, what has by_x * x + by_y * y <= most (Sutherland & Hodgman 1974)."""
    kept_x, kept_y = np.empty(16), np.empty(16)
    kept = 0
    for i in range(count):
        j = (i + 1) % count
        here, there = most - by_x * x[i] - by_y * y[i], most - by_x * x[j] - by_y * y[j]
        if here >= 0.0:
            kept_x[kept], kept_y[kept] = x[i], y[i]
            kept += 1
        if (here > 0.0 and there < 0.0) or (here < 0.0 and there > 0.0):
            share = here / (here - there)
            kept_x[kept], kept_y[kept] = x[i] + share * (x[j] - x[i]), y[i] + share * (y[j] - y[i])
            kept += 1
    x[:kept], y[:kept] = kept_x[:kept], kept_y[:kept]
    return kept


def rss_margin(
    box_a: F64, pose_a: F64, velocity_a: F64, box_b: F64, pose_b: F64, velocity_b: F64, rss: RssParameters = RSS
) -> float:
    """RSS margin of the first box against the second, m. Its lane is taken to be straight along its heading."""
    c, s = math.cos(pose_a[3]), math.sin(pose_a[3])
    turn = float(pose_b[3] - pose_a[3])
    cb, sb = math.cos(pose_b[3]), math.sin(pose_b[3])
    dx = pose_b[0] + cb * box_b[CX] - sb * box_b[CY] - pose_a[0] - c * box_a[CX] + s * box_a[CY]
    dy = pose_b[1] + sb * box_b[CX] + cb * box_b[CY] - pose_a[1] - s * box_a[CX] - c * box_a[CY]
    long_b = abs(math.cos(turn)) * box_b[LENGTH] + abs(math.sin(turn)) * box_b[WIDTH]
    wide_b = abs(math.sin(turn)) * box_b[LENGTH] + abs(math.cos(turn)) * box_b[WIDTH]
    along, across = float(c * dx + s * dy), float(c * dy - s * dx)
    own = (float(c * velocity_a[0] + s * velocity_a[1]), float(c * velocity_a[1] - s * velocity_a[0]))
    other = (float(c * velocity_b[0] + s * velocity_b[1]), float(c * velocity_b[1] - s * velocity_b[0]))
    behind, ahead = (own[0], other[0]) if along >= 0.0 else (other[0], own[0])
    to_right, to_left = (own[1], -other[1]) if across >= 0.0 else (-own[1], other[1])
    free_along = abs(along) - 0.5 * (box_a[LENGTH] + long_b)
    free_across = abs(across) - 0.5 * (box_a[WIDTH] + wide_b)
    lengthwise = free_along - safe_distance(behind, ahead, rss)
    sideways = free_across - safe_side_distance(to_right, to_left, rss)
    return float(lengthwise if sideways < 0.0 else max(lengthwise, sideways))


def safe_distance(behind: float, ahead: float, rss: RssParameters = RSS) -> float:
    """Safe distance lengthwise, m, of two that drive one behind the other; m/s forwards of both.

    Shalev-Shwartz et al. 2017 for one direction, and for opposite ones where ``ahead`` is below 0.
    """
    if ahead < 0.0 and behind < 0.0:
        return safe_distance(-ahead, -behind, rss)

    def stop(speed: float, braking: float) -> float:
        fastest = speed + rss.response * rss.acceleration
        return 0.5 * (speed + fastest) * rss.response + fastest**2 / (2.0 * braking)

    if ahead < 0.0:
        return stop(behind, rss.brake_correct) + stop(-ahead, rss.brake_least)
    return max(stop(max(behind, 0.0), rss.brake_least) - ahead**2 / (2.0 * rss.brake_most), 0.0)


def safe_side_distance(first: float, second: float, rss: RssParameters = RSS) -> float:
    """Safe distance sideways, m: lateral speeds of both towards the other, m/s."""

    def drift(speed: float) -> float:
        fastest = speed + rss.response * rss.side_acceleration
        return 0.5 * (speed + fastest) * rss.response + fastest * abs(fastest) / (2.0 * rss.side_brake)

    return rss.side_margin + max(drift(first) + drift(second), 0.0)
