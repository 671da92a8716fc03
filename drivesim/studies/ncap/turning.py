"""The way of a vehicle that turns at a junction, as Euro NCAP drives it.

Into the turn on a clothoid, round on an arc, out on the same clothoid. Radii and angles by speed are those of the Euro
NCAP Frontal Collisions v1.1 scenario set by Vector (MPL-2.0, read, not copied); it has none for 25 km/h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

LANE = 3.5
"""Width of lanes at the junction, m."""
_STRAIGHT = 1.0 / 1500.0
"""Curvature where the clothoid begins and ends, 1/m."""
_TURNS = {10: (9.0, 20.62), 15: (11.75, 20.93), 20: (14.75, 21.79)}
"""Radius, m, and angle of a clothoid, degrees, by speed, km/h; the arc has what is left of 90."""
TURNING_SPEEDS = tuple(_TURNS)


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


def turn_at(speed: int) -> Turn:
    """The turn that is driven at ``speed`` km/h, one of :data:`TURNING_SPEEDS`."""
    radius, degrees = _TURNS[speed]
    alpha, curvature = math.radians(degrees), 1.0 / radius
    clothoid = 2.0 * alpha / (curvature + _STRAIGHT)
    arc = (0.5 * math.pi - 2.0 * alpha) * radius
    s = np.linspace(0.0, 2.0 * clothoid + arc, 20_001)
    bend = np.interp(s, [0.0, clothoid, clothoid + arc, s[-1]], [_STRAIGHT, curvature, curvature, _STRAIGHT])
    heading = np.concatenate([[0.0], np.cumsum(0.5 * (bend[1:] + bend[:-1]) * np.diff(s))])
    x, y = (
        np.concatenate([[0.0], np.cumsum(0.5 * (part[1:] + part[:-1]) * np.diff(s))])
        for part in (np.cos(heading), np.sin(heading))
    )
    way = float(np.interp(LANE, y, s))
    return Turn(curvature, clothoid, arc, float(x[-1]), float(np.interp(way, s, x)), way)


def turn_parameters(turn: Turn) -> dict[str, str]:
    """As the turning scenarios take them."""
    return {f"turn_{field.name}": f"{getattr(turn, field.name):.6f}" for field in fields(turn)}
