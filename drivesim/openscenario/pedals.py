"""Pedals, gear and wheel that a scenario sets itself (``OverrideControllerValueAction``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from drivesim.openscenario.model import actions as model
from drivesim.transforms import Pose
from drivesim.types import Actor
from drivesim.world import Control, VehicleControl

STEERING_RATIO = 16.0
"""Steering-wheel angle per road-wheel angle; passenger cars have 14 to 20 (Bosch Automotive Handbook, 10th ed., chapter
"Steering")."""
_WHEELBASE = 2.8
"""Of a vehicle that does not say where its axles are, m."""
_FIRM = 1e-3
"""Share of a clutch pedal below which it grips."""


@dataclass
class _Input:
    """A pedal on its way to where it is wanted, no faster than ``rate`` (per second)."""

    goal: float
    rate: float
    value: float = 0.0

    def advance(self, dt: float) -> None:
        way = self.goal - self.value
        self.value += math.copysign(min(abs(way), self.rate * dt), way)


class Pedals:
    """What is overridden of one vehicle.

    Acceleration is the throttle's share of ``maxAcceleration``, deceleration the brakes' share of ``maxDeceleration``
    or their force by the mass; what is not overridden stands as if nobody touched it.
    """

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._inputs: dict[str, _Input] = {}
        self._drive, self._parked = 1.0, False

    @property
    def longitudinal(self) -> bool:
        """Whether any input that makes the vehicle faster or slower is overridden."""
        return any(name != "steering" for name in self._inputs)

    @property
    def lateral(self) -> bool:
        return "steering" in self._inputs

    def set(self, action: model.OverrideControllerValueAction) -> None:
        """Take over what is active, let go of what is not; the rest stays as it is."""
        self._put("throttle", action.throttle, action.throttle.value if action.throttle else None)
        self._put("clutch", action.clutch, action.clutch.value if action.clutch else None)
        self._put("steering", action.steering_wheel, action.steering_wheel.value if action.steering_wheel else None)
        for name, part in (("brake", action.brake), ("parking brake", action.parking_brake)):
            self._put(name, part, self._braking(part))
        self._put("gear", action.gear, 0.0)
        if action.gear is not None:
            self._drive, self._parked = _engaged(action.gear) if action.gear.active else (1.0, False)

    @property
    def domains(self) -> tuple[str, ...]:
        """What is not left to actions."""
        return ("longitudinal",) * self.longitudinal + ("lateral",) * self.lateral

    def release(self, domains: Sequence[str]) -> None:
        """Another action takes over these domains."""
        for name in list(self._inputs):
            if ("lateral" if name == "steering" else "longitudinal") in domains:
                del self._inputs[name]
        if "longitudinal" in domains:
            self._drive, self._parked = 1.0, False

    def _put(self, name: str, part: model.Override | None, goal: float | None) -> None:
        if part is None:
            return
        if not part.active:
            self._inputs.pop(name, None)
            return
        rate = part.max_rate if part.max_rate is not None else part.brake.max_rate if part.brake is not None else None
        before = self._inputs.get(name)
        self._inputs[name] = _Input(goal or 0.0, math.inf if rate is None else rate, before.value if before else 0.0)

    def _braking(self, part: model.Override | None) -> float | None:
        """Share of ``maxDeceleration``."""
        if part is None or part.brake is None:
            return part.value if part is not None else None
        performance, mass = self._actor.performance, self._actor.mass
        if isinstance(part.brake, model.BrakePercent):
            return part.brake.value
        if performance is None or not mass:
            return 1.0
        return part.brake.value / mass / performance.max_deceleration

    def advance(self, dt: float) -> None:
        for held in self._inputs.values():
            held.advance(dt)

    def _value(self, name: str) -> float:
        held = self._inputs.get(name)
        return held.value if held is not None else 0.0

    def accelerations(self) -> tuple[float, float]:
        """Of the drive, signed, and of the brakes, m/s2."""
        performance = self._actor.performance
        if performance is None:
            return 0.0, 0.0
        grips = 1.0 - min(max(self._value("clutch"), 0.0), 1.0)
        drive = performance.max_acceleration * min(max(self._value("throttle"), 0.0), 1.0) * self._drive
        braking = min(self._value("brake") + self._value("parking brake") + (1.0 if self._parked else 0.0), 1.0)
        return (drive * grips if grips > _FIRM else 0.0), performance.max_deceleration * max(braking, 0.0)

    def speed(self, speed: float, dt: float) -> float:
        """m/s after ``dt``; brakes end at standstill."""
        drive, brakes = self.accelerations()
        after = speed + drive * dt
        slowed = max(abs(after) - brakes * dt, 0.0)
        top = self._actor.performance.max_speed if self._actor.performance else math.inf
        return math.copysign(min(slowed, max(top, abs(speed))), after)

    def steering(self) -> float:
        """Of the road wheels, rad, to the left."""
        wheel = self._value("steering") / STEERING_RATIO
        limit = self._actor.axles.max_steering if self._actor.axles and self._actor.axles.max_steering else math.inf
        return min(max(wheel, -limit), limit)

    def overriding(self, control: Control) -> Control:
        """A user's controller's wish with what is overridden in its place."""
        if not isinstance(control, VehicleControl):
            return control
        drive, brakes = self.accelerations()
        return VehicleControl(
            drive - brakes if self.longitudinal else control.acceleration,
            self.steering() if self.lateral else control.steering,
        )

    def travel(self, here: Pose, distance: float) -> Pose:
        """Where the steered vehicle is after some metres: a kinematic bicycle about its rear axle."""
        axles = self._actor.axles
        base = abs(axles.front_x - axles.rear_x) if axles is not None else 0.0
        bend = math.tan(self.steering()) / (base or _WHEELBASE)
        yaw, pitch, roll = here.ypr.tolist()
        middle = yaw + 0.5 * distance * bend
        x, y, z = here.translation.tolist()
        return Pose.from_ypr(
            (x + distance * math.cos(middle), y + distance * math.sin(middle), z),
            (math.remainder(yaw + distance * bend, math.tau), pitch, roll),
        )


def _engaged(part: model.Override) -> tuple[float, bool]:
    """Which way a gear drives: +1, -1 or 0 for neutral; and whether it holds the vehicle, as park does."""
    gear = part.gear
    if isinstance(gear, model.AutomaticGear):
        return {"r": -1.0, "n": 0.0, "p": 0.0}.get(gear.gear, 1.0), gear.gear == "p"
    number = part.number if gear is None else gear.number if gear.number is not None else gear.gear
    return (1.0 if number is None or number > 0 else -1.0 if number < 0 else 0.0), False
