"""SpeedProfileAction: speeds at times, straight from one to the next or rounded by a limited jerk."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.motion import Motion

_BARELY = 1e-9
_SAME = 1e-9
"""m/s between speeds that are the same."""
_HALVINGS = 60
"""Of an interval, until it is as narrow as numbers get."""


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


def rounded(start: float, stretches: Sequence[tuple[float, float]], limits: Limits, rate: float = 0.0) -> Profile:
    """As near to the same as a limited jerk allows, from the acceleration there is (``rate``, m/s2) to none.

    A single stretch takes its time: the roundings at both ends lie within it. Of several, each corner is rounded about
    its own time; the first can begin no earlier than the profile. Where there is no room for that, every stretch ends
    without acceleration. What is too short for the limits lasts longer.
    """
    if len(stretches) > 1:
        made = _cornered(start, stretches, limits, rate)
        if made is not None:
            return made
    legs: list[tuple[float, float]] = [(0.0, rate)]
    speed = start
    for lasts, goal in stretches:
        legs += _stretch(goal - speed, lasts, rate, limits)
        speed, rate = goal, 0.0
    return Profile(start, legs)


def _cornered(start: float, stretches: Sequence[tuple[float, float]], limits: Limits, rate: float) -> Profile | None:
    """Along the straight lines between the speeds, from line to line at an even jerk; None where a corner has no
    room."""
    slopes, speed = [], start
    for lasts, goal in stretches:
        slopes.append((goal - speed) / max(lasts, _BARELY))
        speed = goal
    slope = slopes[0]
    now = _corner(rate, slope, limits)
    speed = start + 0.5 * (rate + slope) * now
    legs, passed = [(0.0, rate), (now, slope)], 0.0
    for (lasts, goal), coming in zip(stretches, [*slopes[1:], 0.0], strict=True):
        passed += lasts
        if abs(coming - slope) < _BARELY:
            continue  # the line goes on
        meet = (goal - coming * passed - speed + slope * now) / (slope - coming)
        turn = _corner(slope, coming, limits)
        straight_on = meet - 0.5 * turn - now
        if straight_on < 0.0:
            return None
        legs += [(straight_on, slope), (turn, coming)]
        speed += slope * straight_on + 0.5 * (slope + coming) * turn
        now, slope = now + straight_on + turn, coming
    legs.append((max(passed - now, 0.0), slope))
    return Profile(start, legs) if abs(speed - stretches[-1][1]) < _SAME and slope == 0.0 else None


def _corner(before: float, after: float, limits: Limits) -> float:
    """Seconds that a change of acceleration takes."""
    return abs(after - before) / limits.rate(after - before)


def _stretch(change: float, lasts: float, rate: float, limits: Limits) -> list[tuple[float, float]]:
    """How an acceleration goes over to one that is held, and from there to none, so that the speed changes by
    ``change`` in ``lasts`` s; in the least time in which it can where that is too short."""

    def held(span: float) -> float | None:
        """The acceleration to hold; None where the span is too short."""
        low, high = _range(span, rate, limits)
        if low > high or not _gain(low, span, rate, limits) <= change <= _gain(high, span, rate, limits):
            return None
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if _gain(middle, span, rate, limits) < change else (low, middle)
        return 0.5 * (low + high)

    found, short = held(lasts), 0.0
    if found is None:
        while (found := held(lasts)) is None:
            short, lasts = lasts, 1.5 * lasts + _BARELY
        for _ in range(_HALVINGS):
            middle = 0.5 * (short + lasts)
            short, lasts = (middle, lasts) if held(middle) is None else (short, middle)
        found = held(lasts) or 0.0
    first, last = _corner(rate, found, limits), _corner(found, 0.0, limits)
    return [(first, found), (max(lasts - first - last, 0.0), found), (last, 0.0)]


def _gain(held: float, span: float, rate: float, limits: Limits) -> float:
    """The change of speed over a span, m/s; it grows with the acceleration that is held."""
    first, last = _corner(rate, held, limits), _corner(held, 0.0, limits)
    return 0.5 * (rate + held) * first + held * (span - first - last) + 0.5 * held * last


def _range(span: float, rate: float, limits: Limits) -> tuple[float, float]:
    """The least and the largest acceleration that can be gone over to, and come from, within a span."""
    if _corner(rate, 0.0, limits) > span:
        return math.inf, -math.inf  # not even to none
    both = 1.0 / limits.faster_rate + 1.0 / limits.slower_rate
    low = (rate / limits.slower_rate - span) / both
    return max(low, -limits.slower), min((span + rate / limits.faster_rate) / both, limits.faster)


class SpeedProfile(Running):
    """Speeds one after the other, each in its time or as soon as the limits allow.

    ``followingMode``: ``position`` applies "strictly linear interpolation between speed target values"; ``follow``
    applies jerk, "resulting in a smoother speed profile curve", and "the acceleration is zero at the start and end of
    the profile". Where another action is ended while it changes the speed, the acceleration that it leaves behind goes
    over to the profile's at the jerk that is allowed: to drop it at once would break the very limit that is set.
    """

    domains = ("longitudinal",)

    def __init__(self, action: model.SpeedProfileAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        limits = Limits.of(action.dynamic_constraints, motion)
        self._base = cast.motion(action.entity_ref, action) if action.entity_ref else None
        start = motion.speed - (self._base.speed if self._base else 0.0)
        follows, stretches, entries = action.following_mode == "follow", [], action.entries
        if entries[0].time == 0.0 and len(entries) > 1:  # where it begins, at once if by position
            start, entries = (start if follows else entries[0].speed), entries[1:]
        speed = start
        for entry in entries:
            goal = min(entry.speed, limits.speed)
            needed = abs(goal - speed) / (limits.faster if goal > speed else limits.slower)
            bound = action.dynamic_constraints is not None or entry.time is None
            lasts = max(entry.time or 0.0, needed if bound else 0.0)
            if goal != speed or lasts > 0.0:
                stretches.append((lasts, goal))
            speed = goal
        smooth = follows and bool(stretches) and math.isfinite(min(limits.faster_rate, limits.slower_rate))
        rate = motion.rate - (self._base.rate if self._base else 0.0)
        self._profile = rounded(start, stretches, limits, rate) if smooth else straight(start, stretches)
        self._elapsed = 0.0

    def step(self, dt: float) -> None:
        self._elapsed += dt
        base = self._base.speed if self._base else 0.0
        self.motion.next_speed = base + self._profile.at(self._elapsed)
        self.done = self._elapsed >= self._profile.end - 1e-6
