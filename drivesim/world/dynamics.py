"""How actors move in one step: kinematic bicycle or single track, walker, commanded pose, and sliding after a hit.

The bicycle follows its rear axle (Kong et al. 2015, "Kinematic and dynamic vehicle models for autonomous driving
control design"); arcs are integrated exactly for the step's mean steering angle and constant acceleration, so the
result does not depend on the step length while both are constant.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.world.boxes import new_touch
from drivesim.world.driving import BRAKE_LIGHT_DECELERATION, brake_light, built_up, towards, wrap
from drivesim.world.gait import GRAVITY, stride_length
from drivesim.world.single_track import drive as drive_single_track

_ASKED = ("acceleration", "steering", "heading", "gaze", "max_acceleration", "vx", "vy", "vz", "speed")
_POSE = ("x", "y", "z", "yaw", "pitch", "roll")
COMMAND = np.dtype([("mode", np.int8), *((name, np.float64) for name in _ASKED + _POSE)])
"""What one actor was asked to do; NaN in ``heading`` or ``vx`` means not given."""

COAST, DRIVE, WALK, EXACT = 0, 1, 2, 3
"""Values of ``mode``: nothing asked (keeps speed and steering), vehicle, walker, kinematic."""

UNSETTLED = -2
"""Said by :func:`tick` where somebody has moved whose height and slope are the ground's to say."""

DRY_FRICTION = 0.9
"""Peak braking coefficient of dry asphalt (UN R152, test surface)."""
TURN_RATE = math.pi
"""rad/s; people turn about within two steps (Hase & Stein 1999, J. Neurophysiology 81:2914)."""
HEAD_RATE = 4.0
"""rad/s of the head on the neck, a brisk look over the shoulder."""
SLIDE_FRICTION = 0.66
"""Of a body on dry asphalt (Searle 1993, SAE 930659)."""
FALL_DURATION = 0.6
"""Seconds from upright to lying."""
_TELEPORT_SPEED = 5.0
"""A commanded pose further off than its speed and this, m/s, explain is a jump, not a motion."""


@nb.njit(cache=True)
def _euler_rates(yaw: float, pitch: float, rates: tuple[float, float, float]) -> tuple[float, float, float]:
    """World angular velocity of rates of change of yaw, pitch, roll."""
    turn, nod, lean = rates
    return (
        -nod * math.sin(yaw) + lean * math.cos(yaw) * math.cos(pitch),
        nod * math.cos(yaw) + lean * math.sin(yaw) * math.cos(pitch),
        turn - lean * math.sin(pitch),
    )


@nb.njit(cache=True)
def _drive(
    b: int, n: int, coasts: bool, cmd: Any, lim: Any, grip: float, dt: float, position: Any, orientation: Any,
    velocity: Any, acceleration: Any, angular_velocity: Any, speed: Any, steering: Any, lights: Any,
) -> float:  # fmt: skip
    """One step of the kinematic bicycle; returns the distance rolled."""
    v0 = speed[b, n]
    before = steering[b, n]
    wanted = before if coasts else min(max(cmd.steering, -lim.max_steering), lim.max_steering)
    after = towards(before, wanted, lim.steering_rate * dt)
    curvature = math.tan(0.5 * (before + after)) / lim.wheelbase
    yaw, pitch = orientation[b, n, 0], orientation[b, n, 1]
    last = acceleration[b, n, 0] * math.cos(yaw) + acceleration[b, n, 1] * math.sin(yaw)
    v1, moving, demand, share, held = _pulled(v0, last, curvature, pitch, coasts, cmd.acceleration, lim, grip, dt)
    curvature *= share
    distance = 0.5 * (v0 + v1) * moving
    turn = curvature * distance
    chord = distance * math.cos(pitch) * (math.sin(0.5 * turn) / (0.5 * turn) if abs(turn) > 1e-9 else 1.0)
    position[b, n, 0] += chord * math.cos(yaw + 0.5 * turn)
    position[b, n, 1] += chord * math.sin(yaw + 0.5 * turn)
    yaw = wrap(yaw + turn)
    orientation[b, n, 0] = yaw
    share = min(1.0, grip / max(abs(v1 * v1 * math.tan(after) / lim.wheelbase), 1e-9))
    rate = v1 * math.tan(after) / lim.wheelbase * share
    a = 0.0 if v1 == 0.0 else demand
    cos_yaw, sin_yaw, cos_pitch, sin_pitch = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    velocity[b, n, 0] = v1 * cos_yaw * cos_pitch
    velocity[b, n, 1] = v1 * sin_yaw * cos_pitch
    velocity[b, n, 2] = -v1 * sin_pitch
    acceleration[b, n, 0] = a * cos_yaw * cos_pitch - v1 * rate * sin_yaw
    acceleration[b, n, 1] = a * sin_yaw * cos_pitch + v1 * rate * cos_yaw
    acceleration[b, n, 2] = -a * sin_pitch
    angular_velocity[b, n] = 0.0
    angular_velocity[b, n, 2] = rate
    speed[b, n] = v1
    steering[b, n] = after
    brake_light(b, n, held or demand < -BRAKE_LIGHT_DECELERATION, lights)
    return distance


@nb.njit(cache=True)
def _pulled(
    v0: float, last: float, curvature: float, pitch: float, coasts: bool, wanted: float, lim: Any, grip: float,
    dt: float,
) -> tuple[float, float, float, float, bool]:  # fmt: skip
    """What comes of a wanted acceleration: speed, s of the step in motion, acceleration at its end, share of the
    forces that tyres give, and whether brakes hold who stands."""
    demand = 0.0 if coasts else wanted
    demand = min(max(demand, -lim.max_deceleration), lim.max_acceleration)
    downhill = GRAVITY * math.sin(pitch)
    share = _grip_share(demand - downhill, v0 * v0 * curvature, grip * math.cos(pitch), lim.transfer)
    if share < 1.0:
        demand = share * (demand - downhill) + downhill
    held = v0 == 0.0 and demand < 0.0
    a = 0.0 if held else demand
    if not coasts and not held:
        a, demand = built_up(last, demand, lim, dt)
    if v0 != 0.0 and (v0 + a * dt) * v0 <= 0.0 and a * v0 < 0.0:
        return 0.0, -v0 / a, demand, share, held
    v1 = v0 + a * dt
    if v1 > lim.max_speed and a > 0.0:
        v1 = max(lim.max_speed, v0)
        demand = (v1 - v0) / dt
    return v1, dt, demand, share, held


@nb.njit(cache=True)
def pulled(
    b: int, n: int, wanted: float, limits: Any, grip: float, dt: float, orientation: Any, acceleration: Any,
    angular_velocity: Any, speed: Any,
) -> float:  # fmt: skip
    """Speed after a step with a wanted acceleration, of who is led along a way."""
    v0, heading = speed[b, n], orientation[b, n, 0]
    last = acceleration[b, n, 0] * math.cos(heading) + acceleration[b, n, 1] * math.sin(heading)
    curvature = angular_velocity[b, n, 2] / v0 if v0 != 0.0 else 0.0
    return _pulled(v0, last, curvature, orientation[b, n, 1], False, wanted, limits[b, n], grip, dt)[0]


@nb.njit(cache=True)
def _grip_share(along: float, across: float, grip: float, transfer: float) -> float:
    """What tyres give of the forces asked of them, both divided by the mass: 1 within their grip.

    Tyres give one force in all directions: a demand beyond the circle of grip is shortened, not turned. Brakes share
    their force by the axles' loads. Braking takes load off the rear axle, which still has its part of the force across
    to bear, and so is the first to slide: Mitschke & Wallentowitz, Dynamik der Kraftfahrzeuge, 5th ed., section 9.
    """
    left = max(1.0 - transfer * max(-along, 0.0) / GRAVITY, 0.1)
    wanted = math.hypot(along, across / left if across != 0.0 else 0.0)
    return min(1.0, grip / max(wanted, 1e-9))


@nb.njit(cache=True)
def _walk(
    b: int, n: int, vx: float, vy: float, heading: float, gaze_target: float, limit: float, dt: float, position: Any,
    orientation: Any, velocity: Any, acceleration: Any, angular_velocity: Any, speed: Any, gaze: Any,
) -> float:  # fmt: skip
    """One step of a walker towards velocity (vx, vy); returns the distance walked."""
    ux, uy = velocity[b, n, 0], velocity[b, n, 1]
    change = math.hypot(vx - ux, vy - uy)
    duration = min(change / max(limit, 1e-9), dt)
    scale = duration * limit / change if change > 1e-12 else 0.0
    dvx, dvy = (vx - ux) * min(scale, 1.0), (vy - uy) * min(scale, 1.0)
    wx, wy = ux + dvx, uy + dvy
    dx = (ux + 0.5 * dvx) * duration + wx * (dt - duration)
    dy = (uy + 0.5 * dvy) * duration + wy * (dt - duration)
    position[b, n, 0] += dx
    position[b, n, 1] += dy
    velocity[b, n, 0], velocity[b, n, 1], velocity[b, n, 2] = wx, wy, 0.0
    ended = duration < dt * (1.0 - 1e-9)
    acceleration[b, n] = 0.0
    if not ended:
        acceleration[b, n, 0], acceleration[b, n, 1] = dvx / dt, dvy / dt
    yaw = orientation[b, n, 0]
    turn = 0.0
    if not math.isnan(heading):
        turn = towards(0.0, wrap(heading - yaw), TURN_RATE * dt)
    elif math.hypot(vx, vy) > 0.05:
        turn = towards(0.0, wrap(math.atan2(vy, vx) - yaw), TURN_RATE * dt)
    yaw = wrap(yaw + turn)
    orientation[b, n, 0] = yaw
    angular_velocity[b, n] = 0.0
    angular_velocity[b, n, 2] = turn / dt
    speed[b, n] = wx * math.cos(yaw) + wy * math.sin(yaw)
    gaze[b, n] = towards(gaze[b, n], gaze_target, HEAD_RATE * dt)
    return math.hypot(dx, dy)


@nb.njit(cache=True)
def _place_exactly(
    b: int, n: int, cmd: Any, lim: Any, dt: float, position: Any, orientation: Any, velocity: Any, acceleration: Any,
    angular_velocity: Any, speed: Any, steering: Any, lights: Any,
) -> float:  # fmt: skip
    """Take the commanded pose; motion is what carries the old pose into the new. Returns the signed distance."""
    dx, dy, dz = cmd.x - position[b, n, 0], cmd.y - position[b, n, 1], cmd.z - position[b, n, 2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    turn = wrap(cmd.yaw - orientation[b, n, 0])
    jumped = distance > dt * (1.5 * max(abs(cmd.speed), abs(speed[b, n])) + _TELEPORT_SPEED)
    cos_yaw, sin_yaw = math.cos(cmd.yaw), math.sin(cmd.yaw)
    if not math.isnan(cmd.vx):
        vx, vy, vz = cmd.vx, cmd.vy, cmd.vz
    elif distance > 1e-9 and not jumped:
        # The chord of an arc lags its end's tangent by half the turn.
        scale = abs(cmd.speed) / distance
        c, s = math.cos(0.5 * turn), math.sin(0.5 * turn)
        vx, vy, vz = scale * (c * dx - s * dy), scale * (s * dx + c * dy), scale * dz
    else:
        slope = math.cos(cmd.pitch)
        vx, vy, vz = cmd.speed * cos_yaw * slope, cmd.speed * sin_yaw * slope, -cmd.speed * math.sin(cmd.pitch)
    acceleration[b, n] = 0.0
    angular_velocity[b, n] = 0.0
    steer = 0.0
    if not jumped:
        acceleration[b, n, 0] = (vx - velocity[b, n, 0]) / dt
        acceleration[b, n, 1] = (vy - velocity[b, n, 1]) / dt
        acceleration[b, n, 2] = (vz - velocity[b, n, 2]) / dt
        nod = wrap(cmd.pitch - orientation[b, n, 1])
        lean = wrap(cmd.roll - orientation[b, n, 2])
        wx, wy, wz = _euler_rates(cmd.yaw, cmd.pitch, (turn / dt, nod / dt, lean / dt))
        angular_velocity[b, n, 0], angular_velocity[b, n, 1], angular_velocity[b, n, 2] = wx, wy, wz
        if abs(cmd.speed) > 0.5:
            steer = math.atan(lim.wheelbase * turn / dt / cmd.speed)
    if not lim.walks:
        steering[b, n] = min(max(steer, -lim.max_steering), lim.max_steering)
        along = acceleration[b, n, 0] * cos_yaw + acceleration[b, n, 1] * sin_yaw
        brake_light(b, n, along * math.copysign(1.0, cmd.speed) < -BRAKE_LIGHT_DECELERATION, lights)
    position[b, n, 0], position[b, n, 1], position[b, n, 2] = cmd.x, cmd.y, cmd.z
    orientation[b, n, 0], orientation[b, n, 1], orientation[b, n, 2] = cmd.yaw, cmd.pitch, cmd.roll
    velocity[b, n, 0], velocity[b, n, 1], velocity[b, n, 2] = vx, vy, vz
    speed[b, n] = cmd.speed
    return 0.0 if jumped else math.copysign(distance, cmd.speed)


@nb.njit(cache=True)
def advance(
    dt: float, before: Any, free: Any, grip: Any, command: Any, limits: Any, present: Any, position: Any,
    orientation: Any, velocity: Any, acceleration: Any, angular_velocity: Any, speed: Any, steering: Any,
    wheel_rotation: Any, gait_phase: Any, gaze: Any, lights: Any, fallen: Any,
) -> bool:  # fmt: skip
    """Advance all present actors by ``dt`` seconds in place; commands are used up.

    Args:
        before: (B, N, 4), set to x, y, z, yaw at the start; free: (B, N) bool, set to whether an actor's height and
            slope are the ground's to say.
        grip: (B,) largest horizontal acceleration the road allows, m/s2.
        command: (B, N) :data:`COMMAND`; limits: (B, N) :data:`drivesim.world.limits.LIMITS`.
        present: (B, N) and the following arrays as in :class:`drivesim.types.WorldState`.

    Returns:
        Whether anybody has moved whose height and slope are the ground's to say.
    """
    worlds, actors = present.shape
    freely = False
    for b in range(worlds):
        for n in range(actors):
            before[b, n, :3] = position[b, n]
            before[b, n, 3] = orientation[b, n, 0]
            mode = command[b, n].mode
            command[b, n].mode = COAST
            free[b, n] = mode != EXACT
            if not present[b, n]:
                continue
            cmd, lim = command[b, n], limits[b, n]
            if fallen[b, n] > 0.0:
                fallen[b, n] = min(1.0, fallen[b, n] + dt / FALL_DURATION)
                _walk(b, n, 0.0, 0.0, orientation[b, n, 0], 0.0, SLIDE_FRICTION * GRAVITY, dt, position, orientation,
                      velocity, acceleration, angular_velocity, speed, gaze)  # fmt: skip
                freely = True
                continue
            if mode == EXACT:
                distance = _place_exactly(b, n, cmd, lim, dt, position, orientation, velocity, acceleration,
                                          angular_velocity, speed, steering, lights)  # fmt: skip
            elif mode == WALK:
                distance = _walk(b, n, cmd.vx, cmd.vy, cmd.heading, cmd.gaze, cmd.max_acceleration, dt, position,
                                 orientation, velocity, acceleration, angular_velocity, speed, gaze)  # fmt: skip
            elif lim.walks:
                distance = _walk(b, n, velocity[b, n, 0], velocity[b, n, 1], math.nan, gaze[b, n], 0.0, dt, position,
                                 orientation, velocity, acceleration, angular_velocity, speed, gaze)  # fmt: skip
            else:
                distance, left = 0.0, dt
                if lim.slips:
                    distance, left = drive_single_track(b, n, mode == COAST, cmd, lim, grip[b], dt, position,
                                                        orientation, velocity, acceleration, angular_velocity, speed,
                                                        steering, lights)  # fmt: skip
                if left > 0.0:
                    distance += _drive(b, n, mode == COAST, cmd, lim, grip[b], left, position, orientation, velocity,
                                       acceleration, angular_velocity, speed, steering, lights)  # fmt: skip
            freely = freely or (free[b, n] and (velocity[b, n, 0] != 0.0 or velocity[b, n, 1] != 0.0))
            if lim.walks:
                pace = math.hypot(velocity[b, n, 0], velocity[b, n, 1])
                mean = max(abs(distance) / dt, 1e-3 * pace)
                if mean > 1e-6:
                    gait_phase[b, n] += abs(distance) / stride_length(mean, lim.stature)
            else:
                wheel_rotation[b, n] += distance / lim.wheel_radius
                if lim.cycle > 0.0:
                    gait_phase[b, n] += abs(distance) / lim.cycle
    return freely


@nb.njit(cache=True)
def tick(
    dt: float, before: Any, free: Any, grip: Any, command: Any, limits: Any, present: Any, position: Any,
    orientation: Any, velocity: Any, acceleration: Any, angular_velocity: Any, speed: Any, steering: Any,
    wheel_rotation: Any, gait_phase: Any, gaze: Any, lights: Any, fallen: Any, boxes: Any, met: Any, after: Any,
    time: Any,
) -> int:  # fmt: skip
    """:func:`advance`, the time, and :func:`new_touch` in one call; its overhead would cost more than two short steps.

    Args:
        time: (B,) seconds, advanced to whole nanoseconds: ticks add up to what they say.
        boxes, met, after: as for :func:`new_touch`, ``after`` being its poses.

    Returns:
        What :func:`new_touch` says of all worlds; :data:`UNSETTLED` where somebody must be put on the ground before.
    """
    freely = advance(dt, before, free, grip, command, limits, present, position, orientation, velocity, acceleration,
                     angular_velocity, speed, steering, wheel_rotation, gait_phase, gaze, lights, fallen)  # fmt: skip
    for b in range(len(time)):
        time[b] = np.rint((time[b] + dt) * 1e9) / 1e9
    return UNSETTLED if freely else new_touch(0, boxes, present, position, orientation, met, after)
