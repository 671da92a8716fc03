"""Actions that set an entity's speed."""

from __future__ import annotations

import math
from dataclasses import replace

from drivesim.openscenario import distances
from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.shapes import PEAK_SLOPE, Transition

_CLOSE = 1e-3
"""Metres from a distance that count as having it."""


class SpeedChange(Running):
    """SpeedAction: brings one entity to a speed; a continuous one keeps matching its reference."""

    domains = ("longitudinal",)

    def __init__(self, action: model.SpeedAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        self._target = action.target
        self._continuous = isinstance(action.target, model.RelativeTargetSpeed) and action.target.continuous
        dynamics = action.speed_action_dynamics
        self._change = Transition(_fitted(dynamics, motion, motion.speed, self._goal()), motion.speed, self._goal())
        if self._change.instant:
            motion.set_speed(self._change.goal)
            self.done = not self._continuous

    def _goal(self) -> float:
        if isinstance(self._target, model.AbsoluteTargetSpeed):
            return self._target.value
        base = self.cast.motion(self._target.entity_ref, self._target).speed
        return (
            base * self._target.value if self._target.speed_target_value_type == "factor" else base + self._target.value
        )

    def step(self, dt: float) -> None:
        change, motion = self._change, self.motion
        if self._continuous:
            change.goal = self._goal()
        speed = change.advance(dt, abs(motion.speed) * dt)
        change_done = change.done
        motion.next_speed = change.goal if change_done else speed
        self.done = change_done and not self._continuous


def _fitted(dynamics: model.TransitionDynamics, motion: Motion, start: float, goal: float) -> model.TransitionDynamics:
    """A change over a distance as one over time, and any that takes time no faster than the vehicle's Performance.

    Every shape covers a distance at the mean of the speeds.
    """
    dimension, value, change = dynamics.dynamics_dimension, abs(dynamics.value), abs(goal - start)
    if dynamics.dynamics_shape == "step" or value == 0.0:
        return dynamics
    if dimension == "distance":
        pace = abs(start + goal) / 2.0
        dimension, value = "time", value / pace if pace else 0.0
    performance = motion.actor.performance
    if performance is not None:
        limit = performance.max_acceleration if abs(goal) > abs(start) else performance.max_deceleration
        if dimension == "rate":
            value = min(value, limit)
        elif limit > 0.0:
            value = max(value, PEAK_SLOPE[dynamics.dynamics_shape] * change / limit)
    return replace(dynamics, dynamics_dimension=dimension, value=value)


class SpeedProfile(Running):
    """SpeedProfileAction: speeds at times, or as soon as the constraints allow."""

    domains = ("longitudinal",)

    def __init__(self, action: model.SpeedProfileAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        limits = action.dynamic_constraints or model.DynamicConstraints()
        faster, slower = (
            limits.max_acceleration or _own_limit(motion, 1),
            limits.max_deceleration or _own_limit(motion, -1),
        )
        bound = action.dynamic_constraints is not None
        base = cast.motion(action.entity_ref, action) if action.entity_ref else None
        self._base = base
        times, speeds = [0.0], [motion.speed - (base.speed if base else 0.0)]
        for entry in action.entries:
            change = entry.speed - speeds[-1]
            needed = abs(change) / (faster if change > 0 else slower)
            wanted = entry.time if entry.time is not None else 0.0
            times.append(times[-1] + max(wanted, needed if bound or entry.time is None else 0.0))
            speeds.append(entry.speed)
        self._times, self._speeds = times, speeds
        self._elapsed = 0.0

    def step(self, dt: float) -> None:
        self._elapsed += dt
        base = self._base.speed if self._base else 0.0
        times, speeds = self._times, self._speeds
        last = len(times) - 1
        index = next((i for i in range(1, last + 1) if self._elapsed < times[i]), last)
        span = times[index] - times[index - 1]
        share = min((self._elapsed - times[index - 1]) / span, 1.0) if span > 0 else 1.0
        self.motion.next_speed = base + speeds[index - 1] + (speeds[index] - speeds[index - 1]) * share
        self.done = self._elapsed >= times[-1] - 1e-9


def _own_limit(motion: Motion, sign: int) -> float:
    limits = motion.world.limits[0, motion.index]
    return float(limits["max_acceleration"] if sign > 0 else limits["max_deceleration"])


class LongitudinalDistance(Running):
    """LongitudinalDistanceAction: keeps a distance or time gap to another entity.

    Without constraints the distance is taken up at once; with them by a critically damped controller within them, and
    the action ends (unless continuous) when distance and speed are right.
    """

    domains = ("longitudinal",)

    _STIFFNESS = 0.6
    """1/s: how fast errors of distance are taken away."""

    def __init__(self, action: model.LongitudinalDistanceAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        self._action = action
        self._other = cast.motion(action.entity_ref, action)
        self._sign = {"trailingReferencedEntity": 1.0, "leadingReferencedEntity": -1.0}.get(action.displacement, 0.0)

    def _gap(self) -> tuple[float, float]:
        """Distance to the other (positive: it is ahead), and what it should be."""
        action, other = self._action, self._other
        lane = other.here()
        system = action.coordinate_system
        gap = distances.signed(self.cast.world, self.motion, other.pose(), lane, "longitudinal", system)
        if math.isinf(gap):
            gap = distances.signed(self.cast.world, self.motion, other.pose(), lane, "longitudinal", "entity")
        sign = self._sign or math.copysign(1.0, gap)
        wanted = action.distance if action.distance is not None else abs(self.motion.speed) * (action.time_gap or 0.0)
        if action.freespace:
            own, theirs = self.motion.actor.box, other.actor.box
            ahead, behind = (own, theirs) if sign > 0 else (theirs, own)
            wanted += ahead.center[0] + ahead.length / 2 - (behind.center[0] - behind.length / 2)
        return gap, sign * wanted

    def step(self, dt: float) -> None:
        gap, wanted = self._gap()
        motion, other, limits = self.motion, self._other, self._action.dynamic_constraints
        error = gap - wanted
        if limits is None:
            if abs(error) > _CLOSE:
                motion.shift(error)
            motion.speed, motion.next_speed = other.speed, other.next_speed
            self.done = not self._action.continuous
            return
        target = other.speed + self._STIFFNESS * error
        if limits.max_speed is not None:
            target = min(target, limits.max_speed)
        faster = limits.max_acceleration or _own_limit(motion, 1)
        slower = limits.max_deceleration or _own_limit(motion, -1)
        # What is left to the goal must suffice to brake in.
        closing = math.sqrt(2.0 * slower * abs(error)) if abs(error) > 1e-9 else 0.0
        target = min(max(target, other.speed - closing), other.speed + closing)
        motion.next_speed = min(max(target, motion.speed - slower * dt, 0.0), motion.speed + faster * dt)
        right = abs(error) < 0.05 and abs(motion.speed - other.speed) < 0.05
        self.done = right and not self._action.continuous
