"""Actions that set an entity's speed."""

from __future__ import annotations

import math
from dataclasses import replace

from drivesim.openscenario import distances
from drivesim.openscenario.actions.approach import Approach
from drivesim.openscenario.actions.profile import Limits
from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.shapes import PEAK_SLOPE, Transition

_CLOSE = 1e-3
"""Metres from a distance that count as having it."""
_SAME_SPEED = 1e-6
"""m/s between speeds that count as the same."""


class SpeedChange(Running):
    """SpeedAction: brings one entity to a speed; a continuous one keeps matching its reference.

    A relative speed is relative to what the other does now, as long as the action runs.
    """

    domains = ("longitudinal",)

    def __init__(self, action: model.SpeedAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        self._target = action.target
        self._relative = isinstance(action.target, model.RelativeTargetSpeed)
        self._continuous = isinstance(action.target, model.RelativeTargetSpeed) and action.target.continuous
        dynamics = action.speed_action_dynamics
        self._exact = dynamics.following_mode == "position"
        fitted = dynamics if self._exact else _fitted(dynamics, motion, motion.speed, self._goal())
        even = dynamics.dynamics_dimension == "rate" and dynamics.dynamics_shape == "linear"
        self._rate = fitted.value if even else None
        self._change = Transition(_timed(fitted, motion.speed, self._goal()), motion.speed, self._goal())
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
        if self._relative:
            self._approach(dt)
            return
        speed = self._change.advance(dt, abs(self.motion.speed) * dt)
        self.done = self._change.done
        self.motion.next_speed = self._change.goal if self.done else speed

    def _approach(self, dt: float) -> None:
        """Towards a speed that may change itself, at the rate asked for and no faster than the vehicle can."""
        change, motion = self._change, self.motion
        change.goal = goal = self._goal()
        if self._rate is not None:
            wanted = motion.speed + math.copysign(min(abs(goal - motion.speed), self._rate * dt), goal - motion.speed)
        else:
            wanted = change.advance(dt, abs(motion.speed) * dt)
            wanted = goal if change.done else wanted
        if not self._exact and not change.instant:
            wanted = _within(motion, wanted, dt)
        motion.next_speed = wanted
        self.done = (
            not self._continuous and abs(wanted - goal) < _SAME_SPEED and (self._rate is not None or change.done)
        )


def _within(motion: Motion, speed: float, dt: float) -> float:
    """A speed that the vehicle can have after ``dt``."""
    limits = motion.actor.performance
    if limits is None:
        return speed
    forwards = motion.speed >= 0.0
    up, down = limits.max_acceleration * dt, limits.max_deceleration * dt
    low, high = (down, up) if forwards else (up, down)
    return min(max(speed, motion.speed - low), motion.speed + high)


def _fitted(dynamics: model.TransitionDynamics, motion: Motion, start: float, goal: float) -> model.TransitionDynamics:
    """A change that takes time no faster than the vehicle's Performance."""
    dynamics = _timed(dynamics, start, goal)
    dimension, value, change = dynamics.dynamics_dimension, abs(dynamics.value), abs(goal - start)
    if dynamics.dynamics_shape == "step" or value == 0.0:
        return dynamics
    performance = motion.actor.performance
    if performance is not None:
        limit = performance.max_acceleration if abs(goal) > abs(start) else performance.max_deceleration
        if dimension == "rate":
            value = min(value, limit)
        elif limit > 0.0:
            value = max(value, PEAK_SLOPE[dynamics.dynamics_shape] * change / limit)
    return replace(dynamics, dynamics_dimension=dimension, value=value)


def _timed(dynamics: model.TransitionDynamics, start: float, goal: float) -> model.TransitionDynamics:
    """A change over a distance as one over time: every shape covers it at the mean of the speeds."""
    if dynamics.dynamics_dimension != "distance" or dynamics.dynamics_shape == "step":
        return dynamics
    pace = abs(start + goal) / 2.0
    return replace(dynamics, dynamics_dimension="time", value=abs(dynamics.value) / pace if pace else 0.0)


class LongitudinalDistance(Running):
    """LongitudinalDistanceAction: keeps a distance or time gap to another entity.

    Without constraints the distance is taken up at once; with them by a critically damped controller within them, and
    the action ends (unless continuous) when distance and speed are right.
    """

    domains = ("longitudinal",)

    def __init__(self, action: model.LongitudinalDistanceAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        self._action = action
        self._other = cast.motion(action.entity_ref, action)
        self._sign = {"trailingReferencedEntity": 1.0, "leadingReferencedEntity": -1.0}.get(action.displacement, 0.0)
        self._approach = Approach(Limits.of(action.dynamic_constraints, motion))

    def _gap(self) -> tuple[float, float]:
        """Distance to the other (positive: it is ahead), and what it should be."""
        action, other = self._action, self._other
        gap = distances.signed(self.cast.world, self.motion, other, "longitudinal", action.coordinate_system)
        if math.isinf(gap):
            gap = distances.signed(self.cast.world, self.motion, other, "longitudinal", "entity")
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
                self.cast.towing.arrange(motion.actor.name)
            motion.speed, motion.next_speed = other.speed, other.next_speed
            self.done = not self._action.continuous
            return
        motion.next_speed = max(self._approach.speed(error, motion.speed, other.speed, dt), 0.0)
        self._approach.acceleration = (motion.next_speed - motion.speed) / dt
        self.done = self._approach.arrived(error, motion.speed, other.speed, dt) and not self._action.continuous
