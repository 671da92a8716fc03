"""What a run is judged by: impact, colour, points, risk.

Definitions. *Impact speed* is the car's speed at the first touch with the target, interpolated within the tick; 0 when
they never touch. *Hit point* is where they first touch across the car's width: 0 at the right side (the nearside in
right-hand traffic), 1 at the left, as Euro NCAP counts for a pedestrian from the nearside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from drivesim.types import Actor, Collision, WorldState
from drivesim.world.boxes import HEIGHT, LENGTH, boxes_of, overlap

Colour = Literal["green", "yellow", "orange", "brown", "red"]
POINTS: dict[Colour, float] = {"green": 1.0, "yellow": 0.75, "orange": 0.5, "brown": 0.25, "red": 0.0}
"""Euro NCAP Crash Avoidance, frontal collisions (2026), standard range."""
_BANDS: tuple[tuple[float, tuple[tuple[float, Colour], ...]], ...] = (
    (25.0, ()),
    (35.0, ((10.0, "brown"),)),
    (45.0, ((10.0, "orange"), (20.0, "brown"))),
    (math.inf, ((10.0, "yellow"), (20.0, "orange"), (30.0, "brown"))),
)
"""Test speeds below, km/h, and the impact speeds below which a colour is given; the same rules as the calculator."""


def euro_ncap_colour(test_speed: float, impact_speed: float) -> Colour:
    """Colour of a grid cell; speeds in km/h. Green only without contact."""
    if impact_speed <= 0.0:
        return "green"
    bands = next(colours for limit, colours in _BANDS if test_speed < limit)
    return next((colour for limit, colour in bands if impact_speed < limit), "red")


@dataclass(frozen=True, slots=True)
class Risk:
    """Probability of an injury, and why it should be doubted, if it should."""

    probability: float
    caveat: str = ""


ADULT_AGE = 15.0
"""Years. The published curves rest on adults and adolescents; for children none with public coefficients was found."""
RISK_SPEEDS = (5.0, 80.0)
"""km/h within which the crash data behind the curve lie."""


def serious_injury_risk(
    impact_speed: float, age: float | None, *, leading_edge: float = 75.0, male: float = 0.59
) -> Risk:
    """Chance of MAIS3+F to a pedestrian hit by a car front, Monfort & Mueller (IIHS 2025).

    Args:
        impact_speed: km/h. age: years; None takes the mean of the data, 42.42. leading_edge: of the bonnet,
            cm. male: 0 or 1; the default is the data's mean.
    """
    if impact_speed <= 0.0:
        return Risk(0.0)
    years = 42.42 if age is None else age
    v, h = impact_speed - 42.79, leading_edge - 85.25
    eta = -0.460 + 0.091 * v + 0.039 * h - 0.119 * (male - 0.59) + 0.029 * (years - 42.42) + 0.002 * v * h
    doubts = []
    if years < ADULT_AGE:
        doubts.append(f"curve fitted to adults, used for age {years:g}")
    if not RISK_SPEEDS[0] <= impact_speed <= RISK_SPEEDS[1]:
        doubts.append(f"{impact_speed:.0f} km/h lies outside {RISK_SPEEDS[0]:g} to {RISK_SPEEDS[1]:g} km/h")
    return Risk(1.0 / (1.0 + math.exp(-eta)), "; ".join(doubts))


FAR = 300.0
"""How far ahead of somebody who moves their way is looked at, m."""


def in_way(state: WorldState, car: Actor, target: Actor) -> bool:
    """Whether some part of the car is where the target, which moves, gets if it goes straight on."""
    if float(state.speed[0, target.index]) <= 0.0:
        return False
    boxes = boxes_of([car, target])
    boxes[1, :2] += 0.5 * (boxes[1, LENGTH] + FAR), 0.0
    boxes[1, LENGTH], boxes[1, HEIGHT] = FAR, boxes[:, HEIGHT].max()
    poses = [np.append(state.position[0, who.index], state.orientation[0, who.index, 0]) for who in (car, target)]
    return bool(overlap(boxes[0], poses[0], boxes[1], poses[1])[0] > 0.0)


def impact_speed(hit: Collision, before: WorldState, after: WorldState, ego: int) -> float:
    """The car's speed at first touch, m/s."""
    start, end = float(before.time[0]), float(after.time[0])
    share = min(max((hit.time - start) / max(end - start, 1e-9), 0.0), 1.0)
    v0, v1 = float(before.speed[0, ego]), float(after.speed[0, ego])
    return v0 + share * (v1 - v0)


def hit_point(hit: Collision, after: WorldState, car: Actor) -> float:
    """Where across the car's width the touch was: 0 right edge .. 1 left edge."""
    local = after.pose(car.index).inverse().apply([*hit.point, 0.0])
    return float((local[1] - car.box.center[1]) / car.box.width + 0.5)
