"""What an agent is rewarded for: a weighted sum of documented terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numba as nb
import numpy as np

from drivesim.envs import track as t
from drivesim.errors import DrivesimError, did_you_mean
from drivesim.types import F64
from drivesim.world.boxes import WIDTH

TERMS: Mapping[str, str] = {
    "progress": "tens of metres gone along the route in this step",
    "goal": "1 in the step in which the goal is reached",
    "collision": "1 in the step of a collision with the agent, and 1 more per 10 m/s of closing speed",
    "off_road": "1 in the step in which the agent leaves the road",
    "speeding": "seconds, times the speed above the limit as a share of the limit",
    "lane": "seconds, times the metres by which the agent's box is outside its lane",
    "comfort": "seconds, times (acceleration / 4 m/s2)^2 + (jerk / 40 m/s3)^2 + (lateral acceleration / 4 m/s2)^2",
    "time": "seconds",
}
"""The terms, in the order in which they are added up."""

DRIVER: Mapping[str, float] = {
    "progress": 1.0,
    "goal": 5.0,
    "collision": -20.0,
    "off_road": -10.0,
    "speeding": -2.0,
    "lane": -0.5,
    "comfort": -0.02,
    "time": -0.4,
}
"""Default weights of an agent that drives: arrive soon, within the limit, without touching anybody."""

ADVERSARY: Mapping[str, float] = {"collision": 10.0, "time": -0.1}
"""Default weights of an agent on foot: find the way to be hit (adversarial testing of the driver)."""


def weights_of(given: Mapping[str, float]) -> F64:
    """(T,) weights in the order of :data:`TERMS`; terms that are not given weigh nothing.

    Raises:
        DrivesimError: no such term, or a weight that is not a finite number.
    """
    for name, weight in given.items():
        if name not in TERMS:
            raise DrivesimError(
                f"no reward term is called '{name}'", element="reward", remedy=did_you_mean(name, TERMS)
            )
        if not isinstance(weight, Real) or not math.isfinite(weight):
            raise DrivesimError(f"the weight of '{name}' is {weight!r}", element="reward", remedy="give a number")
    return np.array([float(given.get(name, 0.0)) for name in TERMS])


@nb.njit(cache=True)
def reward(
    agent: int, dt: float, weights: Any, track: Any, boxes: Any, speed: Any, angular_velocity: Any, impact: Any,
    reached: Any, left_road: Any, terms: Any, total: Any,
) -> None:  # fmt: skip
    """Fill (B, T) terms and (B,) their weighted sum.

    Args:
        impact: (B,) closing speed of a collision in this step, m/s; negative without one.
        reached, left_road: (B,) bool, goal reached or road left in this step.
    """
    for b in range(track.shape[0]):
        row = terms[b]
        v, limit = speed[b, agent], track[b, t.SPEED_LIMIT]
        row[0] = track[b, t.ADVANCED] / 10.0
        row[1] = 1.0 if reached[b] else 0.0
        row[2] = 1.0 + impact[b] / 10.0 if impact[b] >= 0.0 else 0.0
        row[3] = 1.0 if left_road[b] else 0.0
        row[4] = dt * max(v - limit, 0.0) / limit
        outside = abs(track[b, t.LEFT]) + 0.5 * boxes[b, agent, WIDTH] - track[b, t.HALF_LANE]
        row[5] = dt * max(outside, 0.0)
        aside = v * angular_velocity[b, agent, 2]
        row[6] = dt * ((track[b, t.ACCELERATION] / 4.0) ** 2 + (track[b, t.JERK] / 40.0) ** 2 + (aside / 4.0) ** 2)
        row[7] = dt
        value = 0.0
        for k in range(row.shape[0]):
            value += weights[k] * row[k]
        total[b] = value
