"""Taking away a distance within limits of speed, acceleration and jerk."""

from __future__ import annotations

import math

from drivesim.openscenario.actions.profile import Limits

_STIFFNESS = 0.6
"""1/s: how fast errors of distance are taken away."""
_EAGER, _PROMPT = 2.0, 6.0
"""1/s: how fast errors of speed, and of acceleration, are taken away."""
_CLOSE = 0.05
"""m that count as nothing."""


class Approach:
    """Falls in with a place, which may move: critically damped, and braking in time.

    Attributes:
        acceleration: m/s2, as it was last asked for; the caller writes back what became of it.

    Args:
        slow: m/s that count as nothing, and are dropped at the end.
    """

    def __init__(self, limits: Limits, slow: float = 0.05) -> None:
        self.limits, self.acceleration, self._slow = limits, 0.0, slow

    def speed(self, error: float, speed: float, target: float, dt: float) -> float:
        """The speed after ``dt``, m/s.

        Args:
            error: metres still to go, signed.
            speed: now; target: of the place that is approached.
        """
        limits = self.limits
        wanted = self._wanted(error, speed - target, dt)
        held = min(max(wanted, -limits.slower), limits.faster)
        top = max(limits.speed, abs(speed))
        after = min(max(speed + held * dt, -top), top)
        self.acceleration = (after - speed) / dt
        return after

    def arrived(self, error: float, speed: float, target: float, dt: float) -> bool:
        """Whether place and speed are right, and the acceleration so small that it can be dropped."""
        steady = abs(self.acceleration) <= self._jerk * dt
        return abs(error) < _CLOSE and abs(speed - target) < self._slow and steady

    @property
    def _jerk(self) -> float:
        return min(self.limits.faster_rate, self.limits.slower_rate)

    def _wanted(self, error: float, closing: float, dt: float) -> float:
        """The acceleration for an error of distance, m, and the speed at which it is taken away, m/s."""
        limits, now, jerk = self.limits, self.acceleration, self._jerk
        side = math.copysign(1.0, error)
        error, closing, now = side * error, side * closing, side * now
        change = min(_STIFFNESS * error, stoppable(error, limits.slower, jerk)) - closing
        if math.isinf(jerk):
            return side * change / dt
        bend = _PROMPT * (_EAGER * change - now)
        # How things would stand with the present acceleration taken back: could one still fall in from there?
        taken = abs(now) / limits.rate(-side * now)
        left = error - closing * taken - now * taken * taken / 3.0
        allowed = stoppable(left, limits.slower, jerk) if left > 0.0 else _STIFFNESS * left
        bend = side * min(bend, _PROMPT * _EAGER * (allowed - closing - 0.5 * now * taken))
        return side * now + min(max(bend, -limits.slower_rate), limits.faster_rate) * dt


def stoppable(distance: float, rate: float, jerk: float) -> float:
    """The speed from which one stops within a distance, the deceleration building up and easing off with a jerk."""
    if distance <= rate**3 / jerk**2:  # there is no time for all of it
        return math.cbrt(distance * distance * jerk)
    building = rate * rate / (2.0 * jerk)
    return math.sqrt(building * building + 2.0 * rate * distance) - building
