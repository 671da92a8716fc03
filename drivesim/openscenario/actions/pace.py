"""Keeping the times of a trajectory without jumps of speed.

"Follow ... as good as possible by observing the dynamic constraints of the entity" (OpenSCENARIO XML,
``FollowingMode``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from drivesim.types import Performance

_INSTANT = 1e-9
"""Seconds that are no time."""


class Pace:
    """Drives from mark to mark, each reached in time at constant acceleration.

    The speed at a mark stays between the mean speeds of the stretches that it joins, and within the vehicle's
    Performance; what a stretch then misses, the next ones make up for.

    Attributes:
        passed: m along the curve; speed: m/s along it.

    Args:
        marks: seconds from the start and metres along the curve of each place that is due, both ascending.
        limits: of a vehicle; None for who has none.
    """

    def __init__(
        self, marks: Sequence[tuple[float, float]], passed: float, speed: float, limits: Performance | None
    ) -> None:
        self.passed, self.speed = passed, speed
        self._marks, self._limits = list(marks), limits
        self._means = [
            (after[1] - before[1]) / max(after[0] - before[0], _INSTANT) for before, after in pairwise(self._marks)
        ]
        self._elapsed, self._next, self._rate = 0.0, 0, 0.0
        self._plan()

    @property
    def over(self) -> bool:
        """Whether no place is due any more."""
        return self._next >= len(self._marks)

    def advance(self, dt: float) -> None:
        """Go on for ``dt`` seconds."""
        left = dt
        while left > _INSTANT:
            until = math.inf if self.over else self._marks[self._next][0] - self._elapsed
            step = min(left, until)
            after = max(self.speed + self._rate * step, 0.0)
            self.passed += 0.5 * (self.speed + after) * step
            self.speed = after
            self._elapsed += step
            left -= step
            if step >= until - _INSTANT:
                self._plan()

    def _plan(self) -> None:
        """Choose the acceleration up to the next mark that is still to come."""
        marks = self._marks
        while self._next < len(marks) and marks[self._next][0] <= self._elapsed + _INSTANT:
            self._next += 1
        self._rate = 0.0
        if self.over:
            return
        time, place = marks[self._next]
        time -= self._elapsed
        mean = (place - self.passed) / time
        onwards = self._means[self._next] if self._next < len(self._means) else mean
        low, high = sorted((mean, onwards))
        wanted = max(min(max(2.0 * mean - self.speed, low), high), 0.0)
        if self._limits is not None:
            wanted = min(wanted, max(self._limits.max_speed, self.speed))
            slowest = self.speed - self._limits.max_deceleration * time
            wanted = min(max(wanted, slowest), self.speed + self._limits.max_acceleration * time)
        self._rate = (wanted - self.speed) / time


class Chase:
    """Drives after a place that moves smoothly, as fast as the vehicle's Performance lets it catch up and fall in.

    Attributes:
        passed: m along the curve; speed: m/s along it.

    Args:
        due: metres along the curve at which one should be, by the seconds since the start.
        lasts: seconds until the place has come to the end of the curve.
        limits: of a vehicle; None for who has none.
    """

    def __init__(
        self, due: Callable[[float], float], lasts: float, passed: float, speed: float, limits: Performance | None
    ) -> None:
        self.passed, self.speed = passed, speed
        self._due, self._lasts, self._limits, self._elapsed = due, lasts, limits, 0.0

    @property
    def over(self) -> bool:
        """Whether the place has stopped."""
        return self._elapsed >= self._lasts - _INSTANT

    def advance(self, dt: float) -> None:
        """Go on for ``dt`` seconds."""
        before, there = self._due(self._elapsed), self._due(self._elapsed + dt)
        self._elapsed += dt
        if self._limits is None:
            self.passed, self.speed = there, (there - before) / dt
            return
        behind = there - self.passed - self.speed * dt
        limit = self._limits.max_deceleration if behind > 0.0 else self._limits.max_acceleration
        closing = min(math.sqrt(2.0 * limit * abs(behind)), abs(behind) / dt)
        wanted = (there - before) / dt + math.copysign(closing, behind)
        slowest = max(self.speed - self._limits.max_deceleration * dt, 0.0)
        fastest = min(self.speed + self._limits.max_acceleration * dt, max(self._limits.max_speed, self.speed))
        after = min(max(wanted, slowest), fastest)
        self.passed += 0.5 * (self.speed + after) * dt
        self.speed = after
