"""Dynamic single-track model: tyres with slip angles, load transfer and one force in all directions.

Equations of motion: Rajamani, Vehicle Dynamics and Control, 2nd ed., sections 2.3 and 2.5; loads and stiffness in
proportion to loads as in CommonRoad's single-track model (Althoff, Koschi & Manzinger 2017, section 5). Lateral force
of a tyre: Fiala's brush model (Pacejka, Tire and Vehicle Dynamics, 3rd ed., section 3.2). A force beyond the circle of
grip is shortened, not turned: brakes and drive share their force by the axles' loads and leave wheels rolling, as an
antilock system does. Left and right are one wheel: roll and its transfer of load are left out.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from drivesim.world.driving import BRAKE_LIGHT_DECELERATION, brake_light, built_up, towards, wrap
from drivesim.world.gait import GRAVITY

CORNERING_STIFFNESS = 21.92
"""Of a rear axle over its load, 1/rad: Pacejka parameter p_ky1 of CommonRoad's vehicles 1 to 3."""
UNDERSTEER = math.radians(2.0)
"""rad per g: front axles give way more than rear axles, by their steering. Cars have 1 to 4 degrees per g; this is an
assumption within these that ``understeerGradient`` replaces."""
YAW_INERTIA = 1.0
"""Of a vehicle over m a b, its mass and the axles' distances from it: CommonRoad's vehicle 2, a BMW 320i, has 0.996."""
_SLOWEST = 1.0
"""m/s below which tyres roll without slip: the kinematic model."""
_LONGEST = 1e-3
"""Seconds of a part of a step: a tenth of the fastest motion's time, at the lowest speed."""


@nb.njit(cache=True)
def lateral_force(slip: float, load: float, stiffness: float, friction: float) -> float:
    """Of a tyre whose path leads off to its left by ``slip`` rad, N to the left; loads in N, stiffness over load."""
    most = friction * load
    if most <= 0.0:
        return 0.0
    t = stiffness * load * math.tan(min(max(slip, -1.5), 1.5))
    share = abs(t) / (3.0 * most)
    if share >= 1.0:
        return -math.copysign(most, slip)
    return -t * (1.0 - share + share * share / 3.0)


@nb.njit(cache=True)
def _rates(
    vx: float, vy: float, turn: float, steer: float, push: float, pull: float, ax: float, grip: float, a: float,
    base: float, lim: Any,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Changes of forward and sideways speed and yaw rate per second, and what tyres give forward, all per mass.

    Args:
        push: m/s2 asked of the tyres; pull: m/s2 of gravity along the body; ax: what they gave forward just before;
        grip: m/s2; a: from the front axle to the mass; base: wheelbase, m.
    """
    b = base - a
    height = lim.transfer * a
    shift = min(max(ax * height, -0.9 * GRAVITY * b), 0.9 * GRAVITY * a)
    front, rear = (GRAVITY * b - shift) / base, (GRAVITY * a + shift) / base
    friction = grip / GRAVITY
    soft = 1.0 / (1.0 / lim.stiffness + lim.understeer)
    forward = max(abs(vx), 0.1)
    y_front = lateral_force(math.atan2(vy + a * turn, forward) - steer, front, soft, friction)
    y_rear = lateral_force(math.atan2(vy - b * turn, forward), rear, lim.stiffness, friction)
    x_front, x_rear = push * front / GRAVITY, push * rear / GRAVITY
    short = min(1.0, friction * front / max(math.hypot(x_front, y_front), 1e-9))
    x_front, y_front = x_front * short, y_front * short
    short = min(1.0, friction * rear / max(math.hypot(x_rear, y_rear), 1e-9))
    x_rear, y_rear = x_rear * short, y_rear * short
    c, s = math.cos(steer), math.sin(steer)
    along, across = x_front * c - y_front * s + x_rear, y_front * c + x_front * s + y_rear
    moment = a * (y_front * c + x_front * s) - b * y_rear
    return along + pull + turn * vy, across - turn * vx, moment / (YAW_INERTIA * a * b), along


@nb.njit(cache=True)
def drive(
    b: int, n: int, coasts: bool, cmd: Any, lim: Any, grip: float, dt: float, position: Any, orientation: Any,
    velocity: Any, acceleration: Any, angular_velocity: Any, speed: Any, steering: Any, lights: Any,
) -> tuple[float, float]:  # fmt: skip
    """Part of a step in which the tyres slip; returns the distance rolled and the seconds that are left of the step.

    The reference point is the rear axle. What is left is slower than :data:`_SLOWEST` and for the kinematic model.
    """
    yaw, pitch, turn = orientation[b, n, 0], orientation[b, n, 1], angular_velocity[b, n, 2]
    ahead = lim.wheelbase - lim.mass_behind  # of the mass, from the rear axle
    c, s = math.cos(yaw), math.sin(yaw)
    vx = speed[b, n]
    vy = -s * velocity[b, n, 0] + c * velocity[b, n, 1] + ahead * turn
    before = steering[b, n]
    wanted = before if coasts else min(max(cmd.steering, -lim.max_steering), lim.max_steering)
    after = towards(before, wanted, lim.steering_rate * dt)
    demand = 0.0 if coasts else min(max(cmd.acceleration, -lim.max_deceleration), lim.max_acceleration)
    if vx >= lim.max_speed:
        demand = min(demand, 0.0)
    a = demand
    if not coasts:
        last = acceleration[b, n, 0] * c + acceleration[b, n, 1] * s + turn * (vy - ahead * turn)
        a, demand = built_up(last, demand, lim, dt)
    pull = GRAVITY * math.sin(pitch)
    level = math.cos(pitch)
    push = a - pull
    given, left, distance, ox, oy = push, dt, 0.0, velocity[b, n, 0], velocity[b, n, 1]
    parts = max(math.ceil(dt / _LONGEST), 1)
    step = dt / parts
    for part in range(parts):
        if math.hypot(vx, vy) < _SLOWEST:
            break
        steer = before + (after - before) * (part + 0.5) / parts
        dx, dy, dr, given = _rates(vx, vy, turn, steer, push, pull, given, grip * level, lim.mass_behind,
                                   lim.wheelbase, lim)  # fmt: skip
        mx, my, mr = vx + 0.5 * step * dx, vy + 0.5 * step * dy, turn + 0.5 * step * dr
        dx, dy, dr, given = _rates(mx, my, mr, steer, push, pull, given, grip * level, lim.mass_behind, lim.wheelbase,
                                   lim)  # fmt: skip
        heading = yaw + 0.5 * step * mr
        side = my - ahead * mr
        position[b, n, 0] += step * level * (mx * math.cos(heading) - side * math.sin(heading))
        position[b, n, 1] += step * level * (mx * math.sin(heading) + side * math.cos(heading))
        distance += step * mx
        vx, vy, yaw, turn = vx + step * dx, vy + step * dy, yaw + step * mr, turn + step * dr
        left -= step
    yaw = wrap(yaw)
    c, s = math.cos(yaw), math.sin(yaw)
    side = vy - ahead * turn
    orientation[b, n, 0] = yaw
    velocity[b, n, 0], velocity[b, n, 1] = vx * c * level - side * s, vx * s * level + side * c
    velocity[b, n, 2] = -vx * math.sin(pitch)
    used = max(dt - left, 1e-9)
    acceleration[b, n, 0], acceleration[b, n, 1] = (velocity[b, n, 0] - ox) / used, (velocity[b, n, 1] - oy) / used
    acceleration[b, n, 2] = 0.0
    angular_velocity[b, n] = 0.0
    angular_velocity[b, n, 2] = turn
    speed[b, n] = vx
    steering[b, n] = before + (after - before) * (dt - left) / dt
    brake_light(b, n, demand < -BRAKE_LIGHT_DECELERATION, lights)
    return distance, left if left > 1e-12 else 0.0
