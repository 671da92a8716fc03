"""Transition dynamics: how far along a change is, from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Callable

from drivesim.openscenario.model.actions import TransitionDynamics

SHAPES: dict[str, Callable[[float], float]] = {
    "step": lambda _: 1.0,
    "linear": lambda f: f,
    "sinusoidal": lambda f: (1 - math.cos(math.pi * f)) / 2,
    "cubic": lambda f: f * f * (3 - 2 * f),
}
PEAK_SLOPE = {"step": 0.0, "linear": 1.0, "sinusoidal": math.pi / 2, "cubic": 1.5}
"""Largest slope of each shape: a ``rate`` is the peak rate of change."""
PEAK_BEND = {"step": 0.0, "linear": 6.0, "sinusoidal": math.pi**2 / 2, "cubic": 6.0}
"""Largest curvature of each shape: a limit of lateral acceleration gives the duration. A straight one has corners that
no limit allows, and no curvature between them: it takes as long as the cubic that rounds them."""


def progress(shape: str, fraction: float) -> float:
    """Share of the change that is done after ``fraction`` of its duration or distance."""
    return SHAPES[shape](min(1.0, max(0.0, fraction)))


class Transition:
    """A change from one value to another over time or distance.

    Attributes:
        goal: may be moved while it runs.
    """

    def __init__(self, dynamics: TransitionDynamics, start: float, goal: float) -> None:
        self.start, self.goal = start, goal
        self._shape = dynamics.dynamics_shape
        self._by_distance = dynamics.dynamics_dimension == "distance"
        self._extent = abs(dynamics.value)
        if dynamics.dynamics_dimension == "rate":
            change = abs(goal - start)
            self._extent = PEAK_SLOPE[self._shape] * change / self._extent if self._extent else math.inf
        if self._shape == "step":
            self._extent = 0.0
        self._passed = 0.0

    @property
    def instant(self) -> bool:
        return self._extent <= 0.0

    @property
    def done(self) -> bool:
        return self._passed >= self._extent - 1e-9

    def advance(self, seconds: float, metres: float) -> float:
        """The value after some more time and distance."""
        self._passed += metres if self._by_distance else seconds
        return self._value(self._passed)

    def along(self, metres: float) -> float:
        """Of the coming ``metres`` of an entity that the change moves sideways, those along its lane: a distance of a
        change is counted there. All of them for a change over time."""
        if not self._by_distance or metres <= 0.0:
            return metres
        return metres / math.hypot(1.0, (self._value(self._passed + metres) - self._value(self._passed)) / metres)

    def _value(self, passed: float) -> float:
        share = passed / self._extent if self._extent > 0 else 1.0
        return self.start + (self.goal - self.start) * progress(self._shape, share)
