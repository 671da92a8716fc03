"""The way an agent is to go: its lane's centre line, sampled into a table that compiled code walks along."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.types import F64

X, Y, HEADING, CURVATURE, HALF_WIDTH, LEFT_EDGE, RIGHT_EDGE, LIMIT = range(8)
"""Columns of a route table; edges are metres to the left (positive) and right (negative) where drivable lanes end."""

SPACING = 1.0
"""Metres between rows."""
MAX_LENGTH = 3000.0
DEFAULT_LIMIT = 50.0 / 3.6
"""m/s where the map says nothing (the limit in towns of most countries)."""
_DRIVABLE = frozenset({"driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "bidirectional", "slipLane"})
_SHOULDERS = frozenset({"stop", "shoulder", "parking", "restricted"})


def route_key(network: RoadNetwork, position: LanePosition) -> tuple[str, int, float]:
    """Equal for all positions on one lane of one lane section: those that :func:`lane_route` gives one table for."""
    return position.road_id, position.lane_id, network.frame(position.road_id).section(position.s).s


def lane_route(network: RoadNetwork, position: LanePosition, roads: tuple[str, ...] = ()) -> F64:
    """(M, 8) rows every metre from the start of the position's lane section to where the lane ends.

    At junctions the one of ``roads`` is taken, else the straightest branch, as :meth:`RoadNetwork.follow_lane` does.
    """
    section = network.frame(position.road_id).section(position.s)
    along = network.lane_direction(position.road_id, position.lane_id, position.s) > 0
    start = network.position(position.road_id, position.lane_id, section.s if along else section.end - 1e-6)
    rows: list[tuple[float, ...]] = []
    place: LanePosition | None = start
    while place is not None and len(rows) * SPACING < MAX_LENGTH:
        rows.append(_row(network, place))
        place = network.follow_lane(place, SPACING, route=roads)
    if len(rows) == 1:
        rows.append(_onward(rows[0]))
    table = np.array(rows)
    table[:, HEADING] = np.unwrap(table[:, HEADING])
    return table


def straight_route(x: float, y: float, heading: float, length: float = 60.0) -> F64:
    """(M, 8) rows straight ahead, for who is on no lane: people on foot."""
    steps = np.arange(int(length / SPACING) + 1) * SPACING
    table = np.zeros((len(steps), 8))
    table[:, X], table[:, Y] = x + steps * math.cos(heading), y + steps * math.sin(heading)
    table[:, HEADING], table[:, HALF_WIDTH] = heading, 1.0
    table[:, LEFT_EDGE], table[:, RIGHT_EDGE], table[:, LIMIT] = 1e3, -1e3, DEFAULT_LIMIT
    return table


def _row(network: RoadNetwork, place: LanePosition) -> tuple[float, ...]:
    road, lane, s = place.road_id, place.lane_id, place.s
    point = network.world_from_lane(road, lane, s)
    half = 0.5 * network.lane_width(road, lane, s)
    limit = network.speed_limit(road, s, lane) or DEFAULT_LIMIT
    left, right = half + _room(network, place, 0), half + _room(network, place, 1)
    return point.x, point.y, point.heading, point.curvature, half, left, -right, limit


def _room(network: RoadNetwork, place: LanePosition, side: int) -> float:
    """Metres of lanes beside this one that a vehicle may stand on, outwards to the left (0) or right (1)."""
    road, s = place.road_id, place.s
    direction = network.lane_direction(road, place.lane_id, s)
    room, lane = 0.0, place.lane_id
    while True:
        turned = network.lane_direction(road, lane, s) != direction
        following = network.neighbours(road, lane, s)[side ^ int(turned)]
        if following is None or network.lane_type(road, following, s) not in _DRIVABLE | _SHOULDERS:
            return room
        lane = following
        room += network.lane_width(road, lane, s)


def _onward(row: tuple[float, ...]) -> tuple[float, ...]:
    heading = row[HEADING]
    return row[X] + SPACING * math.cos(heading), row[Y] + SPACING * math.sin(heading), *row[2:]


@nb.njit(cache=True)
def locate(routes: Any, first: int, count: int, near: int, x: float, y: float) -> tuple[int, float, float]:
    """The row before a point, the share of the way to the next row, and the metres it lies to the left.

    Args:
        routes: (R, 8) tables one after another; this one has ``count`` rows from ``first``.
        near: the row it was at before, searched from there; -1 searches the whole route.
    """
    low, high = (0, count - 2) if near < 0 else (max(near - 8, 0), min(near + 8, count - 2))
    best, row, share, left = math.inf, low, 0.0, 0.0
    for i in range(low, high + 1):
        ax, ay = routes[first + i, X], routes[first + i, Y]
        dx, dy = routes[first + i + 1, X] - ax, routes[first + i + 1, Y] - ay
        length = math.hypot(dx, dy)
        along = ((x - ax) * dx + (y - ay) * dy) / max(length * length, 1e-12)
        low_end = -1e9 if i == 0 else 0.0
        high_end = 1e9 if i == count - 2 else 1.0
        u = min(max(along, low_end), high_end)
        off = (ax + u * dx - x) ** 2 + (ay + u * dy - y) ** 2
        if off < best:
            best, row, share = off, i, u
            left = ((y - ay) * dx - (x - ax) * dy) / max(length, 1e-9)
    return row, share, left


@nb.njit(cache=True)
def at(routes: Any, first: int, count: int, s: float, column: int) -> float:
    """A column ``s`` metres from the route's start, linear between rows, constant beyond the ends."""
    u = min(max(s / SPACING, 0.0), count - 1.0)
    i = min(int(u), count - 2)
    a, b = routes[first + i, column], routes[first + i + 1, column]
    return a + (u - i) * (b - a)
