"""The way of a vehicle that turns at a junction, as Euro NCAP drives it, and where it meets whom it crosses.

Into the turn on a clothoid, round on an arc, out on the same clothoid. Radii and angles by speed are those of the Crash
Avoidance Frontal Collisions protocol v1.1, 1.2.4, which drives the path of 20 km/h at 25 km/h too. There it is the way
of the middle of the front axle, here that of the rear axle, as OpenSCENARIO has it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from drivesim.types import F64

LANE = 3.5
"""Width of lanes at the junction, m."""
_STRAIGHT = 1.0 / 1500.0
"""Curvature where the clothoid begins and ends, 1/m."""
_TURNS = {10: (9.0, 20.62), 15: (11.75, 20.93), 20: (14.75, 21.79), 25: (14.75, 21.79)}
"""Radius, m, and angle of a clothoid, degrees, by speed, km/h; the arc has what is left of 90."""
_NEARSIDE = {10: (8.0, 22.85)}
"""The same of turns to the nearside, where cars drive on the right: to the right."""
TURNING_SPEEDS = tuple(_TURNS)
WALKING_LINE = 9.5
"""How far from the middle of the vehicle's road people cross the other one, m."""
RIDING_LINE, ONCOMING_LINE = 5.0, 2.75
"""The same of cyclists, and of those who come towards a vehicle that turns to the farside (v1.1, 3.2.2.2)."""
FRONT, WIDTH, LENGTH = 3.558, 1.815, 4.358
"""Of the scenarios' reference car: rear axle to front bumper, its width and its length, m."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn to the left by a right angle that begins at the origin along x; m, 1/m.

    Attributes:
        curvature: of the arc. clothoid: length of either clothoid. arc: length of the arc.
        reach: how far the turn's end is ahead of its start, and to the left of it.
        crossing: x where the way comes to the middle of the lane of those who come towards it.
        way: metres along it to there.
    """

    curvature: float
    clothoid: float
    arc: float
    reach: float
    crossing: float
    way: float


def turn_at(speed: int, *, nearside: bool = False) -> Turn:
    """The turn that is driven at ``speed`` km/h, one of :data:`TURNING_SPEEDS`; to the nearside mirrored."""
    curvature, clothoid, arc = _shape(speed, nearside)
    s, x, y, _ = _way(curvature, clothoid, arc)
    way = float(np.interp(LANE, y, s))
    return Turn(curvature, clothoid, arc, float(x[-1]), float(np.interp(way, s, x)), way)


def on_front(location: float) -> tuple[float, float]:
    """A place on the car ahead and to the left of its rear axle, m: on its front, by share of its width from the right
    edge."""
    return FRONT, (location - 0.5) * WIDTH


def on_side(location: float, *, nearside: bool) -> tuple[float, float]:
    """The same on a side, the right one if ``nearside``, by share of its length from the rear."""
    return FRONT - (1.0 - location) * LENGTH, -WIDTH / 2 if nearside else WIDTH / 2


def meeting(speed: int, place: tuple[float, float], line: float, *, nearside: bool) -> tuple[float, float]:
    """Where a place on a turning car comes to the line on which others cross.

    Args:
        place: ahead and to the left of its rear axle, m.
        line: how far that is from the middle of the vehicle's road, on the side that it turns to, m.

    Returns:
        Metres that the rear axle is along the turn then, and that the place on the line is ahead of the turn's start.
    """
    s, x, y, heading = _way(*_shape(speed, nearside), onwards=FRONT + WIDTH)
    forward, left = place[0], -place[1] if nearside else place[1]
    ahead = x + forward * np.cos(heading) - left * np.sin(heading)
    aside = y + forward * np.sin(heading) + left * np.cos(heading)
    way = float(np.interp(line + (-LANE / 2 if nearside else LANE / 2), aside, s))
    return way, float(np.interp(way, s, ahead))


def _shape(speed: int, nearside: bool) -> tuple[float, float, float]:
    """Curvature of the arc, lengths of a clothoid and of the arc."""
    radius, degrees = (_NEARSIDE if nearside else _TURNS)[speed]
    alpha, curvature = math.radians(degrees), 1.0 / radius
    return curvature, 2.0 * alpha / (curvature + _STRAIGHT), (0.5 * math.pi - 2.0 * alpha) * radius


def _way(curvature: float, clothoid: float, arc: float, onwards: float = 0.0) -> tuple[F64, F64, F64, F64]:
    """Metres, x, y and heading along a turn to the left and ``onwards`` metres straight on."""
    s = np.linspace(0.0, 2.0 * clothoid + arc, 20_001)
    bend = np.interp(s, [0.0, clothoid, clothoid + arc, s[-1]], [_STRAIGHT, curvature, curvature, _STRAIGHT])
    if onwards:
        s, bend = np.append(s, s[-1] + np.linspace(1e-6, onwards, 2_000)), np.append(bend, np.zeros(2_000))
    heading = np.concatenate([[0.0], np.cumsum(0.5 * (bend[1:] + bend[:-1]) * np.diff(s))])
    x, y = (
        np.concatenate([[0.0], np.cumsum(0.5 * (part[1:] + part[:-1]) * np.diff(s))])
        for part in (np.cos(heading), np.sin(heading))
    )
    return s, x, y, heading


def turn_parameters(turn: Turn) -> dict[str, str]:
    """As the turning scenarios take them."""
    return {f"turn_{field.name}": f"{getattr(turn, field.name):.6f}" for field in fields(turn)}


def meeting_parameters(speed: int, place: tuple[float, float], line: float, *, nearside: bool) -> dict[str, str]:
    """As the scenarios take them in which a vehicle turns across the way of people or cyclists."""
    turn, (way, ahead) = turn_at(speed, nearside=nearside), meeting(speed, place, line, nearside=nearside)
    given = {"turn_curvature": turn.curvature, "turn_clothoid": turn.clothoid, "turn_arc": turn.arc,
             "turn_reach": turn.reach, "meeting_way": way, "meeting_ahead": ahead}  # fmt: skip
    return {name: f"{value:.6f}" for name, value in given.items()}
