"""The room that vehicles of each shape take as they drive along each lane: long ones cut bends and swing out.

A shape is driven along every lane once, with the steering that its driver has. Steering keeps the band that a body
sweeps in a steady bend in the middle of the lane: the rear axle runs inside the centre by what the front swings out,
trailers the other way round (off-tracking by the tractrix, SAE J695).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from drivesim.behaviors.driver import COMFORT_ACCELERATION
from drivesim.behaviors.traffic.state import ANTICIPATION
from drivesim.world.boxes import CX, LENGTH, WIDTH

BEYOND = 12
"""Points behind a junction up to which a body still swings because of the turn."""
LEVELS = np.array([2.8, 3.4, 4.0, 4.8, 5.6, 6.6, 8.0])
"""Metres between the centres of two paths at which vehicles may touch: the first for two cars."""
WIDEST = 6.0
"""Metres that a band reaches to one side of the centre at most: who would need more does not keep to the lane."""
TRAILERS = 2
"""Trailers behind one vehicle that a driver reckons with."""
_FIRST = 7
_COLUMNS = _FIRST + 5 * TRAILERS
_BEFORE, _AFTER = 40.0, 30.0
"""Metres of the way before and behind a lane that matter for how it is driven."""
_SECTIONS = 6
"""Lanes one after the other that a path through a junction consists of at most."""
_STEP = 0.5
_STATIONS = 5
"""Places along each side of a body that are looked at."""
_SLOWEST = 2.0
_BEND = 1.0 / 200.0
_SPARE = 0.1
"""Metres beside a swept band that are left free."""


class Sweeps(NamedTuple):
    """What S shapes take on M points and L lanes of a graph.

    Attributes:
        shape: (S, 17) middle of the body ahead of the rear axle, length, width, wheelbase, largest steering angle,
            :func:`inside_of`, steering rate; and of each trailer (0: none): hitch of who tows it ahead of the other's
            axle, coupler, middle, length, width.
        side: (S, M, 2) metres to the left and right of the centre.
        beyond: (S, L, BEYOND, 2) the same behind the end of a path of a junction.
        most: (S, L) half the distance to be kept from others' paths, for :data:`LEVELS`.
    """

    shape: Any
    side: Any
    beyond: Any
    most: Any


@nb.njit(cache=True)
def inside_of(front: float, hitch: float, coupler: float) -> float:
    """How far inside the centre of a bend a rear axle has to run, m2 to be divided by the radius in metres.

    Args:
        front: from the axle to the front of the body; hitch and coupler: of the trailer, 0 without one.
    """
    return 0.25 * (front * front + hitch * hitch - coupler * coupler)


def shape_row(box: Any, limits: Any, trailers: list[tuple[float, float, Any]]) -> tuple[float, ...]:
    """A row of :attr:`Sweeps.shape`.

    Args:
        box: row of the box table; limits: record of the vehicle; trailers: hitch, coupler and box of each.
    """
    front = box[CX] + 0.5 * box[LENGTH]
    longest = max(trailers[:TRAILERS], key=lambda t: t[1], default=(0.0, 0.0, None))
    row = [box[CX], box[LENGTH], box[WIDTH], limits["wheelbase"], limits["max_steering"],
           inside_of(front, longest[0], longest[1]), limits["steering_rate"]]  # fmt: skip
    for hitch, coupler, body in trailers[:TRAILERS]:
        row += [hitch, coupler, body[CX], body[LENGTH], body[WIDTH]]
    row += [0.0] * (_COLUMNS - len(row))
    return tuple(round(float(value), 3) for value in row)


def sweeps_of(shapes: Any, point: Any, first: Any, length: Any, after: Any, inside: Any) -> Sweeps:
    """Drive every shape along every lane; ``shapes``: (S, 17)."""
    count, lanes = len(shapes), len(length)
    side = np.empty((count, len(point), 2))
    beyond = np.zeros((count, lanes, BEYOND, 2))
    most = np.empty((count, lanes))
    before, onward = _straightest(point, first, after, inside)
    for s in range(count):
        _sweep(shapes[s], point, first, length, before, onward, inside, side[s], beyond[s], most[s])
    return Sweeps(shapes, side, beyond, most)


@nb.njit(cache=True)
def level_of(width: float) -> int:
    """The first of :data:`LEVELS` that is not less."""
    for k in range(len(LEVELS)):
        if width <= LEVELS[k] + 1e-9:
            return k
    return len(LEVELS) - 1


@nb.njit(cache=True)
def _sweep(
    shape: Any, point: Any, first: Any, length: Any, before: Any, onward: Any, inside: Any, side: Any, beyond: Any,
    most: Any,
) -> None:  # fmt: skip
    """One shape along all lanes."""
    half = 0.5 * shape[2]
    for k in range(TRAILERS):
        half = max(half, 0.5 * shape[_FIRST + 5 * k + 4])
    side[:] = half
    beyond[:] = half
    for lane in range(len(length)):
        line, own = _way(point, first, length, before, onward, lane)
        bends = False
        for k in range(max(own - 20, 1), min(own + first[lane + 1] - first[lane] + BEYOND, len(line) - 1)):
            bends = bends or abs(line[k + 1, 2] - line[k - 1, 2]) > _BEND * (line[k + 1, 3] - line[k - 1, 3])
        if bends:
            count = first[lane + 1] - first[lane]
            _drive(shape, line, own, count, side[first[lane] : first[lane] + count], beyond[lane])
        widest = half
        for k in range(first[lane], first[lane + 1]):
            widest = max(widest, side[k, 0], side[k, 1])
        for k in range(BEYOND if inside[lane] else 0):
            widest = max(widest, beyond[lane, k, 0], beyond[lane, k, 1])
        most[lane] = max(0.5 * LEVELS[0], widest + _SPARE)


@nb.njit(cache=True)
def _straightest(point: Any, first: Any, after: Any, inside: Any) -> tuple[Any, Any]:
    """Of each lane, the lanes before and behind it by which one comes and goes on with the least turning; -1: none."""
    lanes = len(inside)
    turn = np.zeros(lanes)
    for lane in range(lanes):
        for k in range(first[lane] + 1, first[lane + 1] if inside[lane] else 0):
            turn[lane] += abs((point[k, 2] - point[k - 1, 2] + math.pi) % (2.0 * math.pi) - math.pi)
    coming, going = turn.copy(), turn.copy()
    before, onward = np.full(lanes, -1), np.full(lanes, -1)
    for _ in range(_SECTIONS):
        least, rest = np.full(lanes, np.inf), np.full(lanes, np.inf)
        for lane in range(lanes):
            for to in after[lane]:
                if to >= 0 and coming[lane] < least[to]:
                    least[to], before[to] = coming[lane], lane
                if to >= 0 and going[to] < rest[lane]:
                    rest[lane], onward[lane] = going[to], to
        for lane in range(lanes):
            if inside[lane] and before[lane] >= 0:
                coming[lane] = turn[lane] + least[lane]
            if inside[lane] and onward[lane] >= 0:
                going[lane] = turn[lane] + rest[lane]
    return before, onward


@nb.njit(cache=True)
def _way(point: Any, first: Any, length: Any, before: Any, onward: Any, lane: int) -> tuple[Any, int]:
    """(P, 5) x, y, unwrapped heading, metres, speed along what comes before, along and behind a lane; its first row.

    Speed is taken off before bends and won back behind them as drivers do.
    """
    chain = np.empty(64, dtype=np.int64)
    chain[31] = lane
    low, total = 31, 0.0
    while total < _BEFORE and low > 0 and before[chain[low]] >= 0:
        low -= 1
        chain[low] = before[chain[low + 1]]
        total += length[chain[low]]
    high, total = 31, 0.0
    while total < _AFTER and high < 63 and onward[chain[high]] >= 0:
        high += 1
        chain[high] = onward[chain[high - 1]]
        total += length[chain[high]]
    rows = 0
    for k in range(low, high + 1):
        rows += first[chain[k] + 1] - first[chain[k]]
    line = np.empty((rows, 5))
    row, own, begin = 0, 0, 0.0
    for k in range(low, high + 1):
        part = chain[k]
        if k == 31:
            own = row
        count = first[part + 1] - first[part]
        for m in range(count):
            p = point[first[part] + m]
            line[row, 0], line[row, 1], line[row, 2], line[row, 4] = p[0], p[1], p[2], p[3]
            line[row, 3] = begin + length[part] * m / (count - 1)
            if row:
                turn = (p[2] - line[row - 1, 2] + math.pi) % (2.0 * math.pi) - math.pi
                line[row, 2] = line[row - 1, 2] + turn
            row += 1
        begin += length[part]
    for row in range(rows - 2, -1, -1):
        room = line[row + 1, 3] - line[row, 3]
        line[row, 4] = min(line[row, 4], math.sqrt(line[row + 1, 4] ** 2 + 2.0 * ANTICIPATION * room))
    for row in range(1, rows):
        room = line[row, 3] - line[row - 1, 3]
        line[row, 4] = min(line[row, 4], math.sqrt(line[row - 1, 4] ** 2 + 2.0 * COMFORT_ACCELERATION * room))
    return line, own


@nb.njit(cache=True)
def _at(line: Any, row: int, metres: float) -> int:
    """The last row from ``row`` on that is not further than so many metres."""
    while row + 1 < len(line) and line[row + 1, 3] <= metres:
        row += 1
    while row > 0 and line[row, 3] > metres:
        row -= 1
    return row


@nb.njit(cache=True)
def _drive(shape: Any, line: Any, own: int, count: int, side: Any, beyond: Any) -> None:
    """Follow a line and note what is taken beside rows ``own`` to ``own + count`` and behind."""
    wheelbase, row = shape[3], max(0, _at(line, own, line[own, 3] - _BEFORE))
    x, y, yaw, steering = line[row, 0], line[row, 1], line[row, 2], 0.0
    at = np.full((1 + TRAILERS, 4), yaw)
    last = min(own + count + BEYOND + 8, len(line) - 1)
    window = max(2.0, 0.5 * wheelbase)
    for _ in range(int((line[last, 3] - line[row, 3]) / _STEP) + 20):
        here = _nearest_row(line, row, x, y, 4)
        row = max(row, here)
        along = line[row, 3] + (x - line[row, 0]) * math.cos(line[row, 2]) + (y - line[row, 1]) * math.sin(line[row, 2])
        goal = along + max(wheelbase + 1.5, 0.8 * line[row, 4])
        to = _at(line, row, goal)
        low, high = _at(line, to, goal - window), _at(line, to, goal + window)
        bend = (line[high, 2] - line[low, 2]) / max(line[high, 3] - line[low, 3], 1.0)
        aside = shape[5] * bend
        dx = line[to, 0] - aside * math.sin(line[to, 2]) - x
        dy = line[to, 1] + aside * math.cos(line[to, 2]) - y
        left = math.cos(yaw) * dy - math.sin(yaw) * dx
        wanted = math.atan2(2.0 * wheelbase * left, max(dx * dx + dy * dy, 1.0))
        wanted = min(max(wanted, -shape[4]), shape[4])
        change = shape[6] * _STEP / max(line[row, 4], _SLOWEST)
        steering = min(max(wanted, steering - change), steering + change)
        turn = math.tan(steering) / wheelbase * _STEP
        x, y = x + _STEP * math.cos(yaw + 0.5 * turn), y + _STEP * math.sin(yaw + 0.5 * turn)
        yaw += turn
        _note(line, row, own, count, x, y, yaw, shape[0], shape[1], shape[2], side, beyond)
        at[0, 0], at[0, 1], at[0, 3] = x, y, yaw
        rolled(shape, _STEP, turn, at)
        for k in range(TRAILERS):
            part = shape[_FIRST + 5 * k : _FIRST + 5 + 5 * k]
            if part[1] <= 0.0:
                break
            _note(line, row, own, count, at[k + 1, 0], at[k + 1, 1], at[k + 1, 3], part[2], part[3], part[4], side,
                  beyond)  # fmt: skip


@nb.njit(cache=True)
def rolled(shape: Any, distance: float, turn: float, at: Any) -> None:
    """Draw the trailers after their vehicle: the coupler stays on the hitch, the axle rolls (tractrix).

    Args:
        distance, turn: that the vehicle has rolled, m, and turned, rad; at: (1 + TRAILERS, 4) x, y, z, yaw of the
            vehicle as it is now, and of its trailers as they have been.
    """
    for k in range(TRAILERS):
        hitch, coupler = shape[_FIRST + 5 * k], shape[_FIRST + 5 * k + 1]
        if coupler <= 0.0:
            return
        tow, trailer = at[k], at[k + 1]
        bent = tow[3] - trailer[3]
        turn = (distance * math.sin(bent) + hitch * turn * math.cos(bent)) / coupler
        distance *= math.cos(bent)
        trailer[3] += turn
        trailer[0] = tow[0] + hitch * math.cos(tow[3]) - coupler * math.cos(trailer[3])
        trailer[1] = tow[1] + hitch * math.sin(tow[3]) - coupler * math.sin(trailer[3])


@nb.njit(cache=True)
def _nearest_row(line: Any, row: int, x: float, y: float, back: int) -> int:
    """Of a line, to a point near one of its rows."""
    best, least = row, np.inf
    for k in range(max(row - back, 0), min(row + 24, len(line))):
        away = (line[k, 0] - x) ** 2 + (line[k, 1] - y) ** 2
        if away < least:
            best, least = k, away
    return best


@nb.njit(cache=True)
def _note(
    line: Any, row: int, own: int, count: int, x: float, y: float, yaw: float, middle: float, length: float,
    width: float, side: Any, beyond: Any,
) -> None:  # fmt: skip
    """What a body takes beside the rows that it is at."""
    c, s = math.cos(yaw), math.sin(yaw)
    for station in range(_STATIONS):
        ahead = middle + length * (station / (_STATIONS - 1) - 0.5)
        for half in (0.5 * width, -0.5 * width):
            px, py = x + c * ahead - s * half, y + s * ahead + c * half
            k = _nearest_row(line, row, px, py, 24)
            left = (py - line[k, 1]) * math.cos(line[k, 2]) - (px - line[k, 0]) * math.sin(line[k, 2])
            at = 0 if left > 0.0 else 1
            if own <= k < own + count:
                side[k - own, at] = max(side[k - own, at], min(abs(left), WIDEST))
            elif own + count <= k < own + count + BEYOND:
                m = k - own - count
                beyond[m, at] = max(beyond[m, at], min(abs(left), WIDEST))
