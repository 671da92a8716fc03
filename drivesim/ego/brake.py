"""The brake: nothing for a dead time, then a ramp, then what was asked for."""

from __future__ import annotations


class Brake:
    """Deceleration after a request: 0 until ``dead_time``, then rising at ``jerk`` to what is asked for.

    Args:
        dead_time: s. jerk: m/s3.
    """

    def __init__(self, dead_time: float, jerk: float) -> None:
        self._dead_time = dead_time
        self._jerk = jerk
        self._asked_for = 0.0
        self._level = 0.0

    @property
    def level(self) -> float:
        """Deceleration that has built up, m/s2."""
        return self._level

    def step(self, request: float, dt: float) -> float:
        """Mean deceleration over the coming ``dt`` seconds, m/s2; 0 asked for lets go at once.

        The mean is exact, so speed does not depend on the step.
        """
        if request <= 0.0:
            self._asked_for = self._level = 0.0
            return 0.0
        waiting = min(max(self._dead_time - self._asked_for, 0.0), dt)
        self._asked_for += dt
        active = dt - waiting
        start = min(self._level, request)
        rise = min((request - start) / self._jerk, active)
        end = start + self._jerk * rise
        self._level = end
        return (0.5 * (start + end) * rise + end * (active - rise)) / dt


def stopping_distance(speed: float, deceleration: float, jerk: float, dead_time: float) -> float:
    """Metres to standstill from a request to brake at ``speed`` m/s: dead time, ramp, then constant deceleration."""
    ramp = deceleration / jerk
    at_full = speed - 0.5 * deceleration * ramp
    if at_full <= 0.0:
        # Stands still before the ramp is over: v = j t^2 / 2, s = v t - j t^3 / 6.
        duration = (2.0 * speed / jerk) ** 0.5
        return speed * (dead_time + duration) - jerk * duration**3 / 6.0
    return speed * (dead_time + ramp) - jerk * ramp**3 / 6.0 + at_full**2 / (2.0 * deceleration)
