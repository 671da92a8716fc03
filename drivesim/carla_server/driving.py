"""How vehicles answer to pedals and wheel, to wanted speeds, and to velocities they are told."""

from __future__ import annotations

import math

import numpy as np

from drivesim import world as worlds
from drivesim.carla_server.physics import STEERING_CURVE, lock, steered
from drivesim.carla_server.records import Record
from drivesim.carla_server.wire import AckermannControl
from drivesim.transforms import Pose
from drivesim.types import Performance
from drivesim.world import World

_DRAG = 0.3
"""m/s2 that rolling and air take from a vehicle whose pedals are left alone (coast-down of a car at 50 km/h)."""
_STANDING = 0.05
"""m/s below which brakes hold and gears may change direction."""
_SIDEWAYS = 0.01
"""Of a velocity that a vehicle is told, across it: from there on it does not roll but is moved so for a step."""


def drive(world: World, record: Record, index: int, delta: float) -> None:
    """Command a vehicle's next step: as it was told to move, or by its Ackermann control, or by pedals and wheel."""
    world.lights[0, index] = record.lights & 0xFF
    thrown, spin, record.thrown, record.spin = record.thrown, record.spin, False, 0.0
    if spin or (thrown and _is_sideways(world, index)):
        _fly(world, index, spin, delta)
    elif record.ackermann is not None:
        _follow(world, record, record.ackermann, index, delta)
    else:
        _pedals(world, record, index, delta)


def _is_sideways(world: World, index: int) -> bool:
    velocity = world.velocity[0, index]
    left = Pose.from_ypr((0.0, 0.0, 0.0), world.orientation[0, index]).rotation[:, 1]
    return abs(float(velocity @ left)) > _SIDEWAYS * float(np.linalg.norm(velocity))


def _fly(world: World, index: int, spin: float, delta: float) -> None:
    """A step in which the body moves and turns as it was told, whatever its tyres say, its wheels on the ground.

    Args:
        spin: rad/s about the upright through the middle of its box, positive to the left.
    """
    actor, velocity = world.actors[index], world.velocity[0, index].copy()
    body = Pose.from_ypr(world.position[0, index], world.orientation[0, index])
    middle = body.apply([(actor.box.center[0], 0.0, 0.0)])[0] + velocity * delta
    yaw, pitch, roll = world.orientation[0, index].tolist()
    yaw += spin * delta
    ahead = np.array((math.cos(yaw), math.sin(yaw)))
    x, y = middle[:2] - actor.box.center[0] * math.cos(pitch) * ahead
    base = actor.axles.front_x if actor.axles is not None else actor.box.length / 2
    low, high = world.ground_height(x, y), world.ground_height(x + base * ahead[0], y + base * ahead[1])
    pose = Pose.from_ypr((x, y, low), (yaw, -math.atan2(high - low, base), roll))
    along = float(velocity @ pose.rotation[:, 0])
    world.command(index, worlds.Kinematic(pose, along, tuple(velocity.tolist())))


def _pedals(world: World, record: Record, index: int, delta: float) -> None:
    """Pedals and wheel to acceleration and road-wheel angle: a motor whose force falls towards top speed."""
    control, actor = record.vehicle, world.actors[index]
    assert actor.performance is not None
    assert actor.axles is not None
    speed = float(world.speed[0, index])
    direction = -1.0 if control.reverse else 1.0
    if abs(speed) < _STANDING and control.throttle > 0.0 and not control.brake:
        speed = world.speed[0, index] = direction * 1e-3
    top = actor.performance.max_speed * (0.25 if control.reverse else 1.0)
    force = control.throttle * actor.performance.max_acceleration * max(0.0, 1.0 - abs(speed) / top)
    brake = max(control.brake, 1.0 if control.hand_brake else 0.0) * actor.performance.max_deceleration
    rolling = _DRAG * (1.0 + (speed / 14.0) ** 2) if control.throttle == 0.0 else 0.0
    along = math.copysign(1.0, speed) if abs(speed) > 1e-4 else direction
    acceleration = direction * force - along * (brake + rolling)
    curve = record.fitted.steering_curve if record.fitted is not None else STEERING_CURVE
    _turn(world, record, index, control.steer, lock(curve, speed) * actor.axles.max_steering, delta, acceleration)


def _follow(world: World, record: Record, wanted: AckermannControl, index: int, delta: float) -> None:
    """The wanted speed with the wanted acceleration, or with what the vehicle can; the wanted angle."""
    actor = world.actors[index]
    assert actor.performance is not None
    assert actor.axles is not None
    speed = float(world.speed[0, index])
    change = wanted.speed - speed
    if abs(speed) < _STANDING and change < 0.0 and wanted.speed < 0.0:
        speed = world.speed[0, index] = -1e-3  # backwards from standstill, which brakes alone never go
    most = _strongest(actor.performance, change * (speed or wanted.speed) > 0.0, wanted.acceleration)
    acceleration = min(max(change / delta, -most), most)
    full = actor.axles.max_steering
    target = min(max(wanted.steer / full, -1.0), 1.0)
    if wanted.steer_speed:
        step = abs(wanted.steer_speed) * delta / full
        target = min(max(target, record.wheel - step), record.wheel + step)
    _turn(world, record, index, target, full, delta, acceleration)


def _turn(
    world: World, record: Record, index: int, wanted: float, full: float, delta: float, acceleration: float
) -> None:
    """A step on its wheels, which go from where they are towards where they are wanted.

    Args:
        wanted: share of full lock, positive to the right; full: that lock, rad.
    """
    world.steering[0, index] = -record.wheel * full  # a body that was moved has wheels as if it had rolled there
    record.wheel = steered(record.wheel, wanted, delta)
    world.command(index, worlds.VehicleControl(acceleration, -record.wheel * full))


def _strongest(limits: Performance, faster: bool, wanted: float) -> float:
    """m/s2 that the vehicle can and may change its speed with."""
    most = limits.max_acceleration if faster else limits.max_deceleration
    return min(most, abs(wanted)) if wanted else most
