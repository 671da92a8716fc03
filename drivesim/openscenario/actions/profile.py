"""SpeedProfileAction: speeds at times, straight from one to the next or rounded by a limited jerk."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.motion import Motion

_BARELY = 1e-9
_STRETCH = 1.02
"""How much more time a stretch is given at once that is too short for its roundings."""


@dataclass(frozen=True, slots=True)
class Limits:
    """m/s2 and m/s3, all positive; inf where there is none; speed in m/s."""

    faster: float
    slower: float
    faster_rate: float = math.inf
    slower_rate: float = math.inf
    speed: float = math.inf

    @staticmethod
    def of(constraints: model.DynamicConstraints | None, motion: Motion) -> Limits:
        """Those of an action, and of the entity where it says none: "these settings have precedence over any
        Performance settings"."""
        said, own = constraints or model.DynamicConstraints(), motion.actor.performance
        limits = motion.world.limits[0, motion.index]
        return Limits(
            said.max_acceleration or float(limits["max_acceleration"]),
            said.max_deceleration or float(limits["max_deceleration"]),
            said.max_acceleration_rate or (own.max_acceleration_rate if own else math.inf),
            said.max_deceleration_rate or (own.max_deceleration_rate if own else math.inf),
            said.max_speed if said.max_speed is not None else math.inf,
        )

    def rate(self, change: float) -> float:
        """The jerk that is allowed for a change of acceleration."""
        return self.faster_rate if change > 0.0 else self.slower_rate


class Profile:
    """A speed over time, m/s and s, its acceleration linear between knots.

    Attributes:
        end: when it has come to its last speed.
    """

    def __init__(self, start: float, legs: Sequence[tuple[float, float]]) -> None:
        """``legs``: how long each lasts, and the acceleration at its end; the first begins at 0."""
        self._times, self._speeds, self._rates = [0.0], [start], [0.0]
        for lasts, rate in legs:
            self._times.append(self._times[-1] + lasts)
            self._speeds.append(self._speeds[-1] + 0.5 * (self._rates[-1] + rate) * lasts)
            self._rates.append(rate)
        self.end = self._times[-1]

    def at(self, time: float) -> float:
        """m/s at a time; that of the end later."""
        if time >= self.end:
            return self._speeds[-1]
        k = bisect_right(self._times, time) - 1
        span, passed = self._times[k + 1] - self._times[k], time - self._times[k]
        bend = (self._rates[k + 1] - self._rates[k]) / span
        return self._speeds[k] + self._rates[k] * passed + 0.5 * bend * passed * passed


def straight(start: float, stretches: Sequence[tuple[float, float]]) -> Profile:
    """Linear between speeds; ``stretches``: how long each lasts, and the speed at its end."""
    legs: list[tuple[float, float]] = []
    speed = start
    for lasts, goal in stretches:
        rate = (goal - speed) / max(lasts, _BARELY)
        legs += [(0.0, rate), (max(lasts, _BARELY), rate)]
        speed = goal
    return Profile(start, legs)


def rounded(start: float, stretches: Sequence[tuple[float, float]], limits: Limits) -> Profile:
    """The same with a limited jerk, from no acceleration to none: each corner is rounded about its own time, the first
    and last within the time there is. A stretch that is too short for that, or for the limits, lasts longer."""
    changes = [after - before for before, after in pairwise([start, *(goal for _, goal in stretches)])]
    lost = [_lost(i, len(changes), change, limits) for i, change in enumerate(changes)]
    spans = [
        max(s[0], _shortest(change, rest, limits)) for s, change, rest in zip(stretches, changes, lost, strict=True)
    ]
    for _ in range(2000):
        rates = [_rate(*each) for each in zip(spans, changes, lost, strict=True)]
        corners = [_corner(before, after, limits) for before, after in pairwise([0.0, *rates, 0.0])]
        short = [i for i, span in enumerate(spans) if sum(_roundings(i, corners)) > span * (1.0 + 1e-6)]
        if not short:
            break
        for i in short:
            spans[i] *= _STRETCH
    legs: list[tuple[float, float]] = []
    for i, rate in enumerate(rates):
        legs += [(corners[i], rate), (max(spans[i] - sum(_roundings(i, corners)), 0.0), rate)]
    return Profile(start, [*legs, (corners[-1], 0.0)])


def _corner(before: float, after: float, limits: Limits) -> float:
    """Seconds that a change of acceleration takes."""
    return abs(after - before) / limits.rate(after - before)


def _roundings(i: int, corners: list[float]) -> tuple[float, float]:
    """Seconds of a stretch that the roundings at its ends take: those at the profile's ends lie wholly in it."""
    last = len(corners) - 2
    return corners[i] * (1.0 if i == 0 else 0.5), corners[i + 1] * (1.0 if i == last else 0.5)


def _lost(i: int, count: int, change: float, limits: Limits) -> float:
    """Seconds for each m/s2 by which roundings at the profile's ends shorten a stretch."""
    lost = 0.5 / limits.rate(change) if i == 0 else 0.0
    return lost + (0.5 / limits.rate(-change) if i == count - 1 else 0.0)


def _shortest(change: float, lost: float, limits: Limits) -> float:
    """Seconds that a change of speed takes within the limits."""
    limit, size = limits.faster if change > 0.0 else limits.slower, abs(change)
    if size >= lost * limit * limit:
        return max(size / limit + lost * limit, _BARELY)
    return 2.0 * math.sqrt(lost * size)


def _rate(span: float, change: float, lost: float) -> float:
    """The acceleration of a stretch: steeper where the profile begins or ends, to have time for the roundings."""
    size = abs(change)
    if lost <= 0.0:
        return change / span
    root = math.sqrt(max(span * span - 4.0 * lost * size, 0.0))
    return math.copysign((span - root) / (2.0 * lost), change)


class SpeedProfile(Running):
    """Speeds one after the other, each in its time or as soon as the limits allow.

    ``followingMode``: ``position`` applies "strictly linear interpolation between speed target values"; ``follow``
    limits jerk, and "the acceleration is zero at the start and end of the profile".
    """

    domains = ("longitudinal",)

    def __init__(self, action: model.SpeedProfileAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        limits = Limits.of(action.dynamic_constraints, motion)
        self._base = cast.motion(action.entity_ref, action) if action.entity_ref else None
        start = speed = motion.speed - (self._base.speed if self._base else 0.0)
        follows, stretches = action.following_mode == "follow", []
        for entry in action.entries:
            goal = min(entry.speed, limits.speed)
            needed = abs(goal - speed) / (limits.faster if goal > speed else limits.slower)
            bound = action.dynamic_constraints is not None or not entry.time
            lasts = max(entry.time or 0.0, needed if bound else 0.0)
            if goal != speed or lasts > 0.0:
                stretches.append((lasts, goal))
            speed = goal
        smooth = follows and bool(stretches) and math.isfinite(min(limits.faster_rate, limits.slower_rate))
        self._profile = rounded(start, stretches, limits) if smooth else straight(start, stretches)
        self._elapsed = 0.0

    def step(self, dt: float) -> None:
        self._elapsed += dt
        base = self._base.speed if self._base else 0.0
        self.motion.next_speed = base + self._profile.at(self._elapsed)
        self.done = self._elapsed >= self._profile.end - 1e-6
