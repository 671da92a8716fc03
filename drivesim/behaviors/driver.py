"""Drivers that keep their lane and, if they look, brake for what is in the way.

Car following: intelligent driver model, Treiber, Hennecke & Helbing, Phys. Rev. E 62:1805 (2000); parameters of their
table I. Emergency braking: the attentive human of UN R157 (Regulation 157, annex 4, appendix 3, performance model):
0.75 s delay, 0.774 g reached in 0.6 s. Lane keeping: pure pursuit (Coulter, CMU-RI-TR-92-01, 1992).
"""

from __future__ import annotations

import math
from typing import Literal

from drivesim.opendrive.network import LanePosition
from drivesim.types import Actor
from drivesim.world import VehicleControl, World

Mode = Literal["constant", "following", "attentive"]

TIME_HEADWAY = 1.5
MINIMUM_GAP = 2.0
COMFORT_ACCELERATION = 1.4
COMFORT_DECELERATION = 2.0
"""s, m, m/s2, m/s2: IDM."""
REACTION_TIME = 0.75
EMERGENCY_DECELERATION = 0.774 * 9.81
JERK = EMERGENCY_DECELERATION / 0.6
"""s, m/s2, m/s3: UN R157 performance model of a skilled human driver."""
CORRIDOR_MARGIN = 0.35
"""Room beside the car that counts as its path, m."""
CRITICAL_TIME = 2.6
"""A vulnerable road user that will be in the corridor within this time is a reason to brake, s."""
ALIGNED = math.cos(math.radians(45.0))
"""Riders heading more across than this are not followed but, by who is attentive, braked for."""
LOOK_AHEAD = 1.0
"""Pure-pursuit preview, s."""
ROUTE_STEP = 1.0
"""Metres ahead at which the next road of a route is looked for; more than any tick's travel in a junction."""


class CarFollowingDriver:
    """Drives one vehicle along its lane.

    Args:
        mode: ``constant`` holds the initial speed, blind; ``following`` keeps its distance to vehicles ahead;
            ``attentive`` also brakes in an emergency for people and riders it sees coming into its path.
        desired_speed: m/s; None keeps the speed at the first step.
    """

    def __init__(self, mode: Mode = "following", desired_speed: float | None = None) -> None:
        self.mode = mode
        self.desired_speed = desired_speed
        self._lane: LanePosition | None = None
        self._seen: dict[int, LanePosition] = {}
        self._alarm: float | None = None
        self._alarm_speed = 0.0
        self._braking = 0.0

    def step(self, world: World, actor: int, dt: float) -> VehicleControl:
        """Acceleration and steering for the coming step."""
        speed = float(world.speed[0, actor])
        if self.desired_speed is None:
            self.desired_speed = speed
        steering = self._steer(world, actor, speed)
        if self.mode == "constant":
            acceleration = min(max((self.desired_speed - speed) / dt, -3.0), 3.0)
        else:
            acceleration = self._follow(world, actor, speed)
        if self.mode == "attentive":
            acceleration = min(acceleration, -self._emergency(world, actor, speed, dt))
        return VehicleControl(acceleration, steering)

    def _follow(self, world: World, actor: int, speed: float) -> float:
        assert self.desired_speed is not None
        free = 1.0 - (speed / max(self.desired_speed, 0.1)) ** 4
        gap, closing = math.inf, 0.0
        for other in _others(world, actor, kinds=("vehicle", "misc", "rider")):
            turned = abs(float(world.orientation[0, other, 0] - world.orientation[0, actor, 0]))
            if _is_rider(world.actors[other]) and math.cos(turned) < ALIGNED:
                continue
            ahead, aside, lead_speed, half_width = self._ahead(world, actor, other)
            in_lane = abs(aside) < world.actors[actor].box.width / 2 + half_width + 0.2
            if 0.0 < ahead < gap and in_lane and world.sees(actor, other):
                gap, closing = ahead, speed - lead_speed
        if math.isinf(gap):
            return COMFORT_ACCELERATION * free
        wanted = MINIMUM_GAP + speed * TIME_HEADWAY
        wanted += speed * closing / (2 * math.sqrt(COMFORT_ACCELERATION * COMFORT_DECELERATION))
        return max(COMFORT_ACCELERATION * (free - (max(wanted, 0.0) / max(gap, 0.1)) ** 2), -EMERGENCY_DECELERATION)

    def _emergency(self, world: World, actor: int, speed: float, dt: float) -> float:
        """Deceleration asked for by the alarm, m/s2; builds up after the reaction time, stays until standstill.

        Nor does the car drive on before the way is clear as far ahead as it had to be when the alarm began.
        """
        people = _others(world, actor, kinds=("pedestrian", "rider"))
        approach = speed if self._alarm is None else max(speed, self._alarm_speed)
        threatened = any(self._threatens(world, actor, other, approach) for other in people)
        if self._alarm is None and threatened:
            self._alarm, self._alarm_speed = world.time, speed
        if self._alarm is None or world.time - self._alarm < REACTION_TIME - 1e-9:
            return -math.inf
        if speed < 0.05 and not threatened:
            self._alarm, self._braking = None, 0.0
            return -math.inf
        self._braking = min(self._braking + JERK * dt, EMERGENCY_DECELERATION)
        return self._braking

    def _threatens(self, world: World, actor: int, other: int, speed: float) -> bool:
        """Whether someone is, or will soon be, in the corridor ahead, and can be seen."""
        ahead, aside, _, half = self._ahead(world, actor, other)
        if ahead < -1.0 or ahead > max(speed * CRITICAL_TIME, 6.0):
            return False
        yaw = float(world.orientation[0, actor, 0])
        vx, vy = world.velocity[0, other, :2]
        drift = float(-math.sin(yaw) * vx + math.cos(yaw) * vy)
        reach = world.actors[actor].box.width / 2 + half + CORRIDOR_MARGIN
        arrival = max(ahead, 0.0) / max(speed, 0.5)
        later = aside + drift * min(arrival, CRITICAL_TIME)
        inside = abs(aside) < reach or abs(later) < reach or aside * later < 0.0
        return inside and world.sees(actor, other)

    def _ahead(self, world: World, actor: int, other: int) -> tuple[float, float, float, float]:
        """Like :func:`_relative`, but measured along the road where both are on the same one, so that bends count."""
        ahead, aside, speed, half = _relative(world, actor, other)
        mine = self._lane
        if world.network is None or mine is None or ahead < 0.0:
            return ahead, aside, speed, half
        middle = world.position[0, other, :2]
        theirs = world.network.lane_from_world(float(middle[0]), float(middle[1]), hint=self._seen.get(other))
        if theirs is None or theirs.road_id != mine.road_id:
            return ahead, aside, speed, half
        self._seen[other] = theirs
        direction = world.network.lane_direction(mine.road_id, mine.lane_id, mine.s)
        point = world.network.world_from_road(theirs.road_id, theirs.s, 0.0)
        bend = point.heading - float(world.orientation[0, actor, 0]) + (0.0 if direction > 0 else math.pi)
        if abs(math.sin(bend)) < 1e-3:
            return ahead, aside, speed, half
        straight = _along(world, actor, other)
        return ahead + direction * (theirs.s - mine.s) - straight, direction * (theirs.t - mine.t), speed, half

    def _steer(self, world: World, actor: int, speed: float) -> float:
        """Road-wheel angle towards a point of the lane ahead."""
        network = world.network
        if network is None:
            return 0.0
        x, y = (float(v) for v in world.position[0, actor, :2])
        yaw = float(world.orientation[0, actor, 0])
        route = world.routes.get(actor, ())
        hint = self._lane
        if route and hint is not None:  # roads overlap where they part: the route says which of them this is
            hint = network.follow_lane(hint, ROUTE_STEP, route=route) or hint
        self._lane = network.lane_from_world(x, y, heading=yaw, hint=hint)
        if self._lane is None:
            return 0.0
        preview = max(LOOK_AHEAD * speed, 4.0)
        target = network.follow_lane(self._lane, preview, route=route)
        if target is None:
            return 0.0
        point = network.world_from_lane(target.road_id, target.lane_id, target.s, 0.0)
        dx, dy = point.x - x, point.y - y
        left = -math.sin(yaw) * dx + math.cos(yaw) * dy
        axles = world.actors[actor].axles
        wheelbase = axles.front_x - axles.rear_x if axles else 2.7
        return math.atan2(2.0 * wheelbase * left, dx * dx + dy * dy)


def _is_rider(actor: Actor) -> bool:
    return actor.category in ("bicycle", "motorbike")


def _others(world: World, actor: int, kinds: tuple[str, ...]) -> list[int]:
    """Indices of other present actors; people on two wheels are ``rider``, not ``vehicle``."""
    found = []
    for other in world.actors:
        kind = "rider" if _is_rider(other) else other.kind
        if other.index != actor and kind in kinds and world.present[0, other.index]:
            found.append(other.index)
    return found


def _along(world: World, actor: int, other: int) -> float:
    """Metres from reference point to reference point along the driver's heading."""
    yaw = float(world.orientation[0, actor, 0])
    offset = world.position[0, other] - world.position[0, actor]
    return float(offset[0] * math.cos(yaw) + offset[1] * math.sin(yaw))


def _relative(world: World, actor: int, other: int) -> tuple[float, float, float, float]:
    """Of another actor, seen from a driver's bumper: distance ahead to its nearest face, offset of its middle to the
    left, its speed along the driver's heading, half its extent across."""
    me, them = world.actors[actor], world.actors[other]
    yaw = float(world.orientation[0, actor, 0])
    turn = float(world.orientation[0, other, 0])
    c, s = math.cos(yaw), math.sin(yaw)
    ox = float(world.position[0, other, 0]) + math.cos(turn) * them.box.center[0] - float(world.position[0, actor, 0])
    oy = float(world.position[0, other, 1]) + math.sin(turn) * them.box.center[0] - float(world.position[0, actor, 1])
    across, along = abs(math.sin(turn - yaw)), abs(math.cos(turn - yaw))
    half_long = (along * them.box.length + across * them.box.width) / 2
    half_wide = (across * them.box.length + along * them.box.width) / 2
    ahead = c * ox + s * oy - me.box.center[0] - me.box.length / 2 - half_long
    velocity = world.velocity[0, other]
    return ahead, -s * ox + c * oy, float(c * velocity[0] + s * velocity[1]), half_wide
