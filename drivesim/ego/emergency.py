"""When to warn and when to brake.

Definitions. *Distance* is along the car's heading from its foremost point to the nearest point of the object. *TTC*
is distance over closing speed along the heading, both assumed constant; infinite when the gap does not close. An
object is *in the path* when, at the time of arrival, it is less than half the car's width plus half its own plus a
margin from the line the car follows at its present speed and yaw rate; a person also who is there now, for people who
see a car come may freeze. Who has just come out from behind a parked car
is seen in part: nobody is taken to be smaller than a person is.

Most who walk up to a road stop at its edge: the driver is warned of a person who is not in the path yet as of any
other, but the car waits longer before it brakes, almost until the last moment at which braking prevents contact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from drivesim.ego.brake import stopping_distance
from drivesim.ego.parameters import EgoParameters
from drivesim.ego.tracking import Track
from drivesim.transforms import Pose


@dataclass(frozen=True, slots=True)
class Geometry:
    """The car: foremost point ahead of the rear axle, and width, m."""

    front: float
    width: float


@dataclass(frozen=True, slots=True)
class Threat:
    """A track on a collision course.

    Attributes:
        distance: m. time_to_collision: s.
        slack: seconds left until full braking can no longer prevent contact; negative when it is too late.
        beside: whether it is a person who is not in the car's path yet.
    """

    track: Track
    distance: float
    time_to_collision: float
    slack: float
    beside: bool = False


def time_to_collision(distance: float, closing_speed: float) -> float:
    """Seconds until a gap of ``distance`` m closes; 0 when there is none, infinite when it does not close."""
    if distance <= 0.0:
        return 0.0
    return distance / closing_speed if closing_speed > 1e-6 else math.inf


def assess(
    track: Track, time: float, world_from_ego: Pose, speed: float, yaw_rate: float, car: Geometry, p: EgoParameters
) -> Threat | None:
    """Whether a track threatens the car at ``time``, and how soon."""
    x, y, vx, vy = track.at(time).tolist()
    cos_yaw, sin_yaw = world_from_ego.rotation[:2, 0].tolist()
    own_x, own_y, _ = world_from_ego.translation.tolist()
    dx, dy = x - own_x, y - own_y
    ahead, left = cos_yaw * dx + sin_yaw * dy, -sin_yaw * dx + cos_yaw * dy
    half_width, half_length = track.half_width, track.half_length
    if track.person:
        half_width, half_length = max(half_width, p.person_half_width), max(half_length, p.person_half_length)
    distance = float(ahead - half_length - car.front)
    if distance > p.range or speed < 0.1:
        return None
    along, across = cos_yaw * vx + sin_yaw * vy, -sin_yaw * vx + cos_yaw * vy
    standing = p.thing_moves if track.person is False else 1.0
    along = _sure(along, _spread(track, (cos_yaw, sin_yaw)), standing)
    across = _sure(across, _spread(track, (-sin_yaw, cos_yaw)), standing)
    closing = float(speed - along)
    ttc = time_to_collision(distance, closing)
    if not p.dead_time < ttc <= p.path_time:  # brakes would do nothing before the contact
        return None
    reach = car.width / 2 + half_width + p.corridor_margin
    curvature = yaw_rate / max(speed, 1.0)
    now = left - 0.5 * curvature * ahead**2
    if distance <= 0.0 and (abs(now) > car.width / 2 + half_width or ahead + half_length < car.front - 0.5):
        return None  # beside the car, or passed: what it touches from there on, no brake prevents
    # The car is beside the object from first to last touch; until then the object may enter, or leave.
    past = ttc + (2.0 * half_length + 0.5) / max(closing, 1.0)
    arrival, departure = now + across * ttc, now + across * past
    inside = min(abs(arrival), abs(departure)) < reach or arrival * departure < 0.0
    may_be_person, there_now = track.person is not False, bool(abs(now) <= reach)
    if not (inside or (may_be_person and there_now)):
        return None
    needed = stopping_distance(max(closing, 0.0), p.deceleration, p.jerk, p.dead_time)
    beside = may_be_person and not there_now
    return Threat(track, distance, ttc, (distance - needed) / max(closing, 0.1), beside)


def _sure(speed: float, spread: float, standing: float) -> float:
    """What of a speed is surer than its own standard deviation; nothing below ``standing`` of them."""
    return math.copysign(abs(speed) - spread, speed) if abs(speed) > standing * spread else 0.0


def _spread(track: Track, direction: tuple[float, float]) -> float:
    """Standard deviation of a track's speed in a direction (unit vector), m/s."""
    (xx, xy), (_, yy) = track.covariance[2:, 2:].tolist()
    x, y = direction
    return math.sqrt(max(x * x * xx + 2.0 * x * y * xy + y * y * yy, 0.0))
