"""One step of an actor along its lane, compiled; it covers what stays within one lane section of its road."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba as nb

from drivesim.opendrive.ground import (
    DIRECTION,
    I64,
    LANE_ID,
    LEFT,
    RIGHT,
    Ground,
    curvature_at,
    edges,
    lane_point,
    section_at,
    to_joint,
)
from drivesim.types import F64
from drivesim.world.dynamics import EXACT

_STEP = 2.0
"""Longest step, m; the metric beside the reference line is taken at its middle, steps end where its geometries do."""


class Course(NamedTuple):
    """The arrays of a :class:`Ground` that it takes to follow a lane: fewer to hand to compiled code every step."""

    roads: I64
    geometries: F64
    starts: F64
    polynomials: F64
    sections: I64
    spans: F64
    lanes: I64
    cubics: F64
    shapes: F64

    @staticmethod
    def of(ground: Ground) -> Course:
        return Course(*(getattr(ground, name) for name in Course._fields))


@nb.njit(cache=True)
def cruise(
    roads: Any, geometries: Any, starts: Any, polynomials: Any, sections: Any, spans: Any, lanes: Any, cubics: Any,
    shapes: Any, command: Any, position: Any, n: int, road: int, lane_id: int, s: float, offset: float,
    distance: float, after: float, against: bool, speed: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Command a place further along a lane, as ``RoadNetwork.follow_lane`` and ``world_from_lane`` have it.

    Args:
        roads, geometries, ...: a :class:`Course`, array by array, which are quicker to hand over so; road: a row of it.
        command: (B, N) :data:`drivesim.world.dynamics.COMMAND`; position: (B, N, 3); n: the actor, of the first world.
        distance: metres beside the reference line, in the lane's driving direction.
        offset, after: from the lane's centre towards +t now and then, m.
        against: whether the actor faces against the lane's driving direction.

    Returns:
        s and t there, and metres from where the actor is; negative ones, and no command, where the section ends before.
    """
    g = Course(roads, geometries, starts, polynomials, sections, spans, lanes, cubics, shapes)
    section = section_at(g, road, s)
    lane = _row(g, section, lane_id)
    if lane < 0:
        return s, 0.0, -1.0
    low, high = g.spans[section]
    sense = math.copysign(1.0, distance) * g.lanes[lane, DIRECTION]
    left = abs(distance)
    while left > 0.0:
        span = min(_STEP, to_joint(g, road, s, sense))
        middle = min(max(s + 0.5 * sense * min(span, left), low), high)
        inner, outer = edges(g, road, section, lane, middle)
        stretch = max(1.0 - curvature_at(g, road, middle) * (0.5 * (inner + outer) + offset), 0.05)
        if stretch * span >= left:
            s, left = s + sense * left / stretch, 0.0
        else:
            s, left = s + sense * span, left - stretch * span
        if s <= low or s >= high:
            return s, 0.0, -1.0
    inner, outer = edges(g, road, section, lane, s)
    t = 0.5 * (inner + outer) + after
    x, y, z, yaw, pitch, roll = lane_point(g, road, s, t, lane)
    if against:
        yaw, pitch, roll = yaw + math.pi, -pitch, -roll
    if distance != 0.0 and after != offset:
        yaw += sense * math.atan2(after - offset, abs(distance))
    cmd = command[0, n]
    cmd.mode, cmd.vx, cmd.speed = EXACT, math.nan, speed
    cmd.x, cmd.y, cmd.z = x, y, z
    cmd.yaw, cmd.pitch, cmd.roll = (yaw + math.pi) % (2.0 * math.pi) - math.pi, pitch, roll
    dx, dy, dz = x - position[0, n, 0], y - position[0, n, 1], z - position[0, n, 2]
    return s, t, math.sqrt(dx * dx + dy * dy + dz * dz)


@nb.njit(cache=True)
def _row(g: Any, section: int, lane_id: int) -> int:
    """Of a lane of a section; -1 where it has no such lane."""
    side = LEFT if lane_id > 0 else RIGHT
    first = g.sections[section, side]
    for k in range(first, first + g.sections[section, side + 1]):
        if g.lanes[k, LANE_ID] == lane_id:
            return k
    return -1
