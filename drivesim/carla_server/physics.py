"""What a client's ``VehiclePhysicsControl`` makes of a vehicle, and what its telemetry says.

Vehicles are kinematic bicycles within limits; what a client changes of motor, brakes, tyres and mass scales these
limits as it would scale forces.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from drivesim.carla_server.wire import Refusal, number, vector
from drivesim.types import Actor, Performance

_MOST_GEARS, _MOST_POINTS = 20, 100
TYRE_FRICTION = 3.5
"""CARLA's default of ``tire_friction``: stands for a vehicle's ordinary grip."""
_PEAK_TORQUE, _BRAKE_TORQUE, _HAND_BRAKE = 400.0, 1500.0, 3000.0
"""N m of a passenger car's motor, of a wheel's brake, and of a rear wheel's hand brake."""
STEERING_CURVE = ((0.0, 1.0), (20.0, 0.9), (60.0, 0.8), (120.0, 0.7))
"""Share of full lock against speed in km/h: Unreal's default for vehicles on four wheels, which CARLA's keep
(autoware_universe#13277 quotes what ``get_physics_control`` says)."""
_RISE, _FALL = 2.5, 5.0
"""Of full lock a second, that road wheels turn towards and away from it at most: Unreal's ``SteeringInputRate``, which
CARLA's vehicles keep (carla#1939)."""
_GEARS, _FINAL, _MAX_RPM = (2.85, 2.02, 1.35, 1.0), 4.0, 5800.0


class Wheel(NamedTuple):
    """``carla.WheelPhysicsControl``; angles in degrees, torques N m, lengths cm."""

    tire_friction: float
    damping_rate: float
    max_steer_angle: float
    radius: float
    max_brake_torque: float
    max_handbrake_torque: float
    lat_stiff_max_load: float
    lat_stiff_value: float
    long_stiff_value: float
    position: tuple[float, float, float]


class PhysicsControl(NamedTuple):
    """``carla.VehiclePhysicsControl`` in the order of the wire."""

    torque_curve: list[list[float]]
    max_rpm: float
    moi: float
    damping_full_throttle: float
    damping_clutch_engaged: float
    damping_clutch_disengaged: float
    autobox: bool
    gear_switch_time: float
    clutch_strength: float
    final_ratio: float
    gears: list[list[float]]
    mass: float
    drag: float
    centre_of_mass: tuple[float, float, float]
    steering_curve: list[list[float]]
    wheels: list[Wheel]
    sweep: bool

    def pack(self) -> list[Any]:
        return [*self[:-2], [list(wheel) for wheel in self.wheels], self.sweep]

    @property
    def _drive(self) -> float:
        """What the motor's force at the road scales with."""
        peak = max((torque for _, torque in self.torque_curve), default=0.0)
        first = self.gears[0][0] if self.gears else 1.0
        return peak * first * self.final_ratio

    @property
    def _brakes(self) -> float:
        return sum(wheel.max_brake_torque for wheel in self.wheels)

    @property
    def _grip(self) -> float:
        return sum(wheel.tire_friction for wheel in self.wheels) / len(self.wheels)

    @property
    def _top(self) -> float:
        last = self.gears[-1][0] if self.gears else 1.0
        return self.max_rpm / (last * self.final_ratio)

    @staticmethod
    def unpack(values: list[Any]) -> PhysicsControl:
        """Raises:
        Refusal: it describes no vehicle.
        """
        told = PhysicsControl(*values)
        if len(told.torque_curve) > _MOST_POINTS or len(told.steering_curve) > _MOST_POINTS:
            raise Refusal(f"a curve has at most {_MOST_POINTS} points")
        if len(told.gears) > _MOST_GEARS or len(told.wheels) not in {2, 4}:
            raise Refusal(f"a vehicle has at most {_MOST_GEARS} gears, and 2 or 4 wheels")
        plain = {
            name: number(getattr(told, name))
            for name in (
                "max_rpm", "moi", "damping_full_throttle", "damping_clutch_engaged", "damping_clutch_disengaged",
                "gear_switch_time", "clutch_strength", "final_ratio", "mass", "drag",
            )
        }  # fmt: skip
        if not (plain["mass"] >= 1.0 and plain["max_rpm"] > 0.0 and plain["final_ratio"] > 0.0):
            raise Refusal("mass, max_rpm and final_ratio must be positive")
        gears = [[number(value) for value in gear] for gear in told.gears]
        if any(gear[0] <= 0.0 for gear in gears):
            raise Refusal("a gear's ratio must be positive")
        return told._replace(
            **plain, autobox=bool(told.autobox), sweep=bool(told.sweep), gears=gears,
            torque_curve=[[number(value) for value in point] for point in told.torque_curve],
            steering_curve=[[number(value) for value in point] for point in told.steering_curve],
            centre_of_mass=vector(told.centre_of_mass),
            wheels=[_wheel(*wheel) for wheel in told.wheels],
        )  # fmt: skip


def _wheel(*values: Any) -> Wheel:
    told = Wheel(*values)
    return Wheel(
        number(told.tire_friction), number(told.damping_rate), number(told.max_steer_angle), number(told.radius),
        number(told.max_brake_torque), number(told.max_handbrake_torque), number(told.lat_stiff_max_load),
        number(told.lat_stiff_value), number(told.long_stiff_value), vector(told.position),
    )  # fmt: skip


def ordinary(actor: Actor) -> PhysicsControl:
    """Of a vehicle that nobody has changed."""
    assert actor.axles is not None
    front, width, radius = actor.axles.front_x, actor.axles.track_width, actor.axles.wheel_diameter / 2
    sides = (-width / 2, width / 2) if width > 0.0 else (0.0,)
    steer = math.degrees(actor.axles.max_steering)
    wheels = [
        Wheel(
            TYRE_FRICTION, 0.25, steer if x else 0.0, 100.0 * radius, _BRAKE_TORQUE, 0.0 if x else _HAND_BRAKE, 3.0,
            20.0, 3000.0, (100.0 * (x - actor.box.center[0]), 100.0 * y, 100.0 * radius),
        )
        for x in (front, 0.0) for y in sides
    ]  # fmt: skip
    curve = [[0.0, _PEAK_TORQUE], [5500.0, _PEAK_TORQUE]]
    gears = [[ratio, 0.5, 0.65] for ratio in _GEARS]
    return PhysicsControl(
        curve, _MAX_RPM, 1.0, 0.15, 2.0, 0.35, True, 0.5, 10.0, _FINAL, gears, actor.mass, 0.3, (0.0, 0.0, 0.0),
        [list(point) for point in STEERING_CURVE], wheels, False,
    )  # fmt: skip


def steered(now: float, wanted: float, delta: float) -> float:
    """Where the road wheels have come to after ``delta`` seconds, as a share of full lock."""
    change = wanted - now
    rate = _RISE if now == 0.0 or change * now > 0.0 else _FALL
    return now + min(max(change, -rate * delta), rate * delta)


def lock(curve: Iterable[Sequence[float]], speed: float) -> float:
    """Share of full lock that a speed, m/s, allows; straight between a steering curve's points."""
    fast, before = 3.6 * abs(speed), None
    for x, y in curve:
        if x >= fast:
            part = 1.0 if before is None or x <= before[0] else (fast - before[0]) / (x - before[0])
            return y if before is None else before[1] + part * (y - before[1])
        before = x, y
    return 1.0 if before is None else before[1]


def refitted(actor: Actor, made: Actor, wanted: PhysicsControl) -> Actor:
    """A vehicle with a client's motor, brakes, tyres, steering and mass.

    Args:
        made: as its blueprint makes it.
    """
    assert made.performance is not None
    assert made.axles is not None
    usual = ordinary(made)
    lighter = usual.mass / wanted.mass
    old = made.performance
    grip = old.max_deceleration * wanted._grip / usual._grip
    limits = Performance(
        max(old.max_speed * wanted._top / usual._top, 0.1),
        max(min(old.max_acceleration * lighter * wanted._drive / usual._drive, grip), 0.01),
        max(min(old.max_deceleration * lighter * wanted._brakes / usual._brakes, grip), 0.01),
    )
    steering = math.radians(min(max(max(wheel.max_steer_angle for wheel in wanted.wheels), 0.1), 80.0))
    axles = replace(made.axles, max_steering=steering)
    return replace(actor, performance=limits, axles=axles, mass=wanted.mass)


def telemetry(actor: Actor, fitted: PhysicsControl, speed: float, across: float, control: Any) -> list[Any]:
    """``carla.VehicleTelemetryData``; tyres roll without slip here, and each carries its share of the weight.

    Args:
        speed: along the vehicle, m/s. across: acceleration to its right, m/s2. control: pedals and wheel.
    """
    ratios = [gear[0] for gear in fitted.gears] or [1.0]
    gear = min(int(abs(speed) / 8.0), len(ratios) - 1)
    load = actor.mass * 9.81 / len(fitted.wheels)
    wheels, rpm = [], 0.0
    for wheel in fitted.wheels:
        radius = max(wheel.radius / 100.0, 0.05)
        omega = speed / radius
        rpm = abs(omega) * ratios[gear] * fitted.final_ratio * 30.0 / math.pi
        side = actor.mass * across / len(fitted.wheels)
        wheels.append([wheel.tire_friction, 0.0, 0.0, omega, load, 1.0, 0.0, 0.0, side, 0.0, side / load])
    shown = -1 if speed < -0.1 else gear + 1 if speed > 0.1 else 0
    return [
        speed, control.steer, control.throttle, control.brake, min(rpm, fitted.max_rpm), shown, fitted.drag, wheels
    ]  # fmt: skip
