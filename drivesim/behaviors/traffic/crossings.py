"""Where paths through junctions meet, who has the right of way there, and how large a gap the other needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba as nb
import numpy as np

from drivesim.behaviors.traffic.swept import LEVELS

SIDE_BY_SIDE = 4.0
"""Metres between the centres of two lanes of one road below which vehicles in them leave each other alone."""
NOWHERE = np.array([1.0, -1.0, 1.0, -1.0])
"""The span of paths that do not meet."""
STOREY = 2.5
"""Metres between the surfaces of two paths that lie one above the other."""
STRAIGHT, RIGHT, LEFT = 0, 1, 2
"""Movements, as seen in right-hand traffic; in left-hand traffic ``LEFT`` is the one across the oncoming too."""
TURN = math.radians(30.0)
MAJOR_LEFT, MINOR_RIGHT, MINOR_STRAIGHT, MINOR_LEFT, PERMITTED_LEFT = range(5)
GAPS = np.array([(4.1, 2.2), (6.2, 3.3), (6.5, 4.0), (7.1, 3.5), (4.5, 2.5)])
"""Critical and follow-up headway, s: Highway Capacity Manual 2010, exhibits 19-10 and 19-11 (base values, two lanes a
major street); permitted left turns at signals: chapter 18."""
_ROOM = 4.0
"""Metres that those who wait leave between their lane's centre and other paths: a bus that turns needs them."""
_APPROACH = 20.0
"""Metres before a junction in which standing vehicles may be in a path's way."""


class Crossings(NamedTuple):
    """Per lane of the graph, C meetings in all; they mean something for paths of junctions only.

    Attributes:
        first: (L + 1,) where a lane's meetings begin in the next three.
        other: (C,) the lane that is met.
        span: (C, K, 4) metres on this path from and to where it is met, and the same on the other, for vehicles that
            take as much room as each of :data:`LEVELS`; from is beyond to where they never are.
        rank: (L,) right of way, smaller goes first.
        prior: (C,) what the map says itself: 1 where the other goes first, -1 where this path does, 0 by rank.
        gap: (L,) row of :data:`GAPS`.
        approach: (L,) lane that leads to the junction.
        back: (L,) metres before the junction at which one stops so as to leave other paths free.
    """

    first: Any
    other: Any
    span: Any
    rank: Any
    prior: Any
    gap: Any
    approach: Any
    back: Any


def crossings_of(
    point: Any,
    first: Any,
    length: Any,
    after: Any,
    inside: Any,
    road: Any,
    controlled: Any,
    yields: Any,
    right_hand: Any,
    ahead_of: Callable[[int, int], bool] = lambda first, second: False,
) -> Crossings:
    """All meetings of a graph's lanes.

    Args:
        point: (M, 5) x, y, heading, speed, z; road: (L,) number of the road that a lane belongs to.
        controlled, yields: (L,) under a traffic light, or a sign that takes the right of way.
        ahead_of: whether the map gives one path, or the lane that leads to it, priority over another.
    """
    count = len(length)
    approach, exits = _ends(after, inside)
    movement = _movements(point, first, after, inside, right_hand)
    goes_on = np.zeros(count, dtype=np.bool_)
    for lane in np.flatnonzero(inside & (movement == STRAIGHT)):
        goes_on[approach[lane]] = True
    minor = yields | (inside & ~goes_on[approach] & ~controlled)
    rank = movement + 3 * minor
    gap = np.where(minor, np.array([MINOR_STRAIGHT, MINOR_RIGHT, MINOR_LEFT])[movement], MAJOR_LEFT)
    gap = np.where(controlled, PERMITTED_LEFT, gap)
    pairs, spans = _meet(point, first, length, inside, road, approach, exits)
    order = np.argsort(pairs[:, 0], kind="stable")
    begins = np.searchsorted(pairs[order, 0], np.arange(count + 1))
    back = _back(point, first, length, after, inside, approach)
    pairs = pairs[order]
    prior = np.array([int(_goes_first(ahead_of, approach, b, a)) - int(_goes_first(ahead_of, approach, a, b))
                      for a, b in pairs.tolist()], dtype=np.int64)  # fmt: skip
    return Crossings(begins, pairs[:, 1].copy(), spans[order].copy(), rank, prior, gap, approach, back)


def _goes_first(ahead_of: Callable[[int, int], bool], approach: Any, first: int, second: int) -> bool:
    return ahead_of(first, second) or ahead_of(int(approach[first]), int(approach[second]))


def _ends(after: Any, inside: Any) -> tuple[Any, Any]:
    """Of each path of a junction the lane before and the lane behind the junction; lanes outside are their own."""
    count = len(inside)
    approach, exits = np.arange(count), np.arange(count)
    for _ in range(8):
        for lane in range(count):
            for to in after[lane]:
                if to >= 0 and inside[to]:
                    approach[to] = approach[lane]
                if to >= 0 and inside[lane]:
                    exits[lane] = exits[to]
    return approach, exits


def _movements(point: Any, first: Any, after: Any, inside: Any, right_hand: Any) -> Any:
    """Which way paths turn, from where they enter the junction to where they leave it."""
    begin, end = point[first[:-1], 2].copy(), point[first[1:] - 1, 2].copy()
    for _ in range(8):
        for lane in np.flatnonzero(inside):
            for to in after[lane]:
                if to >= 0 and inside[to]:
                    begin[to], end[lane] = begin[lane], end[to]
    turn = (end - begin + math.pi) % (2 * math.pi) - math.pi
    turn = np.where(right_hand, turn, -turn)
    return np.where(inside, np.where(turn > TURN, LEFT, np.where(turn < -TURN, RIGHT, STRAIGHT)), STRAIGHT)


@nb.njit(cache=True)
def _near(point: Any, first: Any, a: int, b: int, width: float) -> tuple[float, float, float, float]:
    """Shares of two lanes between which they are too near each other; the first is 2 if they never are."""
    count_a, count_b = first[a + 1] - first[a], first[b + 1] - first[b]
    low_a, high_a, low_b, high_b = 2.0, -1.0, 2.0, -1.0
    for i in range(count_a):
        pa = point[first[a] + i]
        j = 0
        while j < count_b:
            pb = point[first[b] + j]
            away = math.hypot(pa[0] - pb[0], pa[1] - pb[1])
            if away < width and abs(pa[4] - pb[4]) < STOREY:
                share_a, share_b = i / (count_a - 1), j / (count_b - 1)
                low_a, high_a = min(low_a, share_a), max(high_a, share_a)
                low_b, high_b = min(low_b, share_b), max(high_b, share_b)
            j += max(1, int((away - width) * 0.9))
    return low_a, high_a, low_b, high_b


@nb.njit(cache=True)
def _box(point: Any, first: Any, lane: int) -> tuple[float, float, float, float]:
    part = point[first[lane] : first[lane + 1]]
    return part[:, 0].min(), part[:, 0].max(), part[:, 1].min(), part[:, 1].max()


@nb.njit(cache=True)
def _meet(point: Any, first: Any, length: Any, inside: Any, road: Any, approach: Any, exits: Any) -> tuple[Any, Any]:
    """Pairs of paths that meet, both ways round, and where."""
    lanes: Any = np.flatnonzero(inside)
    boxes = np.empty((len(lanes), 4))
    for k, lane in enumerate(lanes):
        boxes[k] = _box(point, first, lane)
    widest = LEVELS[-1]
    pairs = [(0, 0) for _ in range(0)]
    spans = [np.empty((len(LEVELS), 4)) for _ in range(0)]
    for k in range(len(lanes)):
        for m in range(k + 1, len(lanes)):
            a, b = lanes[k], lanes[m]
            apart = max(boxes[k, 0] - boxes[m, 1], boxes[m, 0] - boxes[k, 1], boxes[k, 2] - boxes[m, 3],
                        boxes[m, 2] - boxes[k, 3])  # fmt: skip
            beside = road[a] == road[b] and approach[a] != approach[b] and exits[a] != exits[b]
            if apart > widest or approach[a] == approach[b]:
                continue
            own, theirs = np.empty((len(LEVELS), 4)), np.empty((len(LEVELS), 4))
            own[:], theirs[:] = NOWHERE, NOWHERE
            meets = False
            for level in range(len(LEVELS) - 1, -1, -1):
                if beside and LEVELS[level] < SIDE_BY_SIDE:
                    break
                low_a, high_a, low_b, high_b = _near(point, first, a, b, LEVELS[level])
                if low_a > 1.0:
                    break
                meets = True
                own[level, 0], own[level, 1] = low_a * length[a], high_a * length[a]
                own[level, 2], own[level, 3] = low_b * length[b], high_b * length[b]
                theirs[level, :2], theirs[level, 2:] = own[level, 2:], own[level, :2]
            if meets:
                pairs.append((a, b))
                spans.append(own)
                pairs.append((b, a))
                spans.append(theirs)
    pair_array, span_array = np.empty((len(pairs), 2), dtype=np.int64), np.empty((len(pairs), len(LEVELS), 4))
    for k in range(len(pairs)):
        pair_array[k, 0], pair_array[k, 1] = pairs[k]
        span_array[k] = spans[k]
    return pair_array, span_array


def _back(point: Any, first: Any, length: Any, after: Any, inside: Any, approach: Any) -> Any:
    """Metres before each path's junction that other paths of the junction pass over."""
    back = np.zeros(len(length))
    paths = np.flatnonzero(inside).tolist()
    boxes = {path: _box(point, first, path) for path in paths}
    for lane in np.flatnonzero(~inside).tolist():
        entries = [to for to in after[lane].tolist() if to >= 0 and inside[to]]
        own = _box(point, first, lane)
        behind = _behind(lane, length, after, inside) if entries else []
        for path in paths if entries else ():
            other = boxes[path]
            apart = max(own[0] - other[1], other[0] - own[1], own[2] - other[3], other[2] - own[3])
            if approach[path] == lane or apart > _APPROACH + _ROOM:
                continue
            for part, offset in behind:
                low = _near(point, first, part, path, _ROOM)[0]
                reach = offset + (1.0 - low) * length[part]
                if low <= 1.0 and approach[path] != part and reach < 0.5 * _APPROACH:
                    back[entries] = np.maximum(back[entries], reach + 0.5)
    return back


def _behind(lane: int, length: Any, after: Any, inside: Any) -> list[tuple[int, float]]:
    """The last lanes before a junction, and how far before it each of them ends."""
    found, offset = [(lane, 0.0)], float(length[lane])
    while offset < _APPROACH:
        before = [i for i in np.flatnonzero((after == found[-1][0]).any(axis=1)).tolist() if not inside[i]]
        if len(before) != 1:
            break
        found.append((before[0], offset))
        offset += float(length[before[0]])
    return found
