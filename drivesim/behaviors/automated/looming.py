"""A driver who steers by sight: towards a point near ahead on its lane and a far one, as people look in bends.

Two-point visual control (Salvucci & Gray, "A two-point visual control model of steering", Perception 33:1233, 2004):
the wheel follows the angle to the near point, and the rates of the angles to both. The far point is the tangent point
of a lane border (Land & Lee, "Where we look when we steer", Nature 369:742, 1994), who is ahead, or the lane far ahead.
The speed is that of a cruise control that weighs speed against gap. Gains, distances and the car are those of the
player for which scenarios name this controller (esmini, ``LoomingController``): each is a constant here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from drivesim.behaviors.automated.ahead import RoadAhead, Seen
from drivesim.behaviors.automated.cruise import SIDE, STANDSTILL_GAP, TIME_GAP, between
from drivesim.behaviors.automated.properties import number
from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.transforms import Pose, wrap_angle
from drivesim.types import F64
from drivesim.world import Kinematic, World

NEAR, FAR, LEAD = 10.0, 80.0, 130.0
"""Metres ahead of the near point, of the farthest far point, and within which somebody is followed."""
NEAR_GAIN, NEAR_RATE_GAIN, FAR_RATE_GAIN = 1.8, 1.3, 1.5
"""Of the near angle, and of the rates of the near and the far angle, s."""
FULL_LOCK = math.pi / 4
"""rad of demand at which the wheel is turned as fast as it can be."""
TURNING, RETURNING, STIFFENING = 4.0, 4.0, 0.005
"""rad/s and 1/s of the wheels, turned by hand and returning by themselves; (s/m)2 by which speed makes it harder."""
AHEAD_OF_AXLE = 0.15
"""Of the car's length, from the rear axle to the point that the kinematic bicycle describes."""
SPACING = 6.0
"""Metres between the points of a lane border that are looked at."""
_TOUCH, _EPSILON, _PAST = 1.0, 1e-6, 1e-3


class LoomingDriver:
    """Drives one vehicle in both domains together; along no lane it leaves it to the default controller.

    Args:
        properties: ``timeGap`` in s; ``setSpeed`` in m/s, the speed at the beginning where it is not given.
    """

    def __init__(self, properties: Mapping[str, str], world: World, actor: int) -> None:
        self._time_gap = number(properties, "timeGap", TIME_GAP)
        self._set = number(properties, "setSpeed", math.nan)
        self._road = RoadAhead(world, actor)
        self._borders: dict[tuple[str, int, int], F64] = {}
        self._near = self._far = self._wheel = 0.0
        self._asked = -math.inf

    def step(self, world: World, actor: int, dt: float) -> Kinematic | None:
        self._road.update()
        network, lane = world.network, self._road.lane
        if network is None or lane is None:
            return None
        speed = float(world.speed[0, actor])
        if math.isnan(self._set):
            self._set = speed
        x, y = world.position[0, actor, :2].tolist()
        yaw = float(world.orientation[0, actor, 0])
        near = _bearing(self._lane_point(network, lane, NEAR), x, y, yaw)
        lead = self._lead(world, actor)
        far = self._look_far(network, (x, y, yaw), lead, world)
        if world.time - self._asked > 1.5 * dt:  # begins, or begins again: nothing has moved in sight yet
            self._near, self._far, self._wheel = near, far, 0.0
        self._asked = world.time
        near_rate, far_rate = (wrap_angle(now - was) / dt for now, was in ((near, self._near), (far, self._far)))
        self._near, self._far = near, far
        demand = (NEAR_GAIN * near + NEAR_RATE_GAIN * near_rate + FAR_RATE_GAIN * far_rate) / FULL_LOCK
        speed = self._pace(world, actor, speed, lead, dt)
        turning = min(max(demand, -1.0), 1.0) * TURNING / (1.0 + STIFFENING * speed * speed)
        self._wheel = (self._wheel + turning * dt) * (1.0 - RETURNING * dt)
        return self._moved(world, actor, network, speed, dt)

    def _moved(self, world: World, actor: int, network: RoadNetwork, speed: float, dt: float) -> Kinematic:
        """Where the wheels lead the car in a step, on the road's surface."""
        x, y, z = world.position[0, actor].tolist()
        yaw, pitch, roll = world.orientation[0, actor].tolist()
        slip = math.atan(AHEAD_OF_AXLE * math.tan(self._wheel))
        x, y = x + dt * speed * math.cos(yaw + slip), y + dt * speed * math.sin(yaw + slip)
        yaw += dt * speed * math.sin(slip) / (AHEAD_OF_AXLE * world.actors[actor].box.length)
        place = network.lane_from_world(x, y, heading=yaw, height=z, hint=self._road.lane)
        if place is not None:
            point = network.world_from_lane(place.road_id, place.lane_id, place.s, place.offset)
            along = math.copysign(1.0, math.cos(yaw - point.heading))
            z, pitch, roll = point.z, along * point.pitch, along * point.roll
        return Kinematic(Pose.from_ypr((x, y, z), (yaw, pitch, roll)), speed)

    def _pace(self, world: World, actor: int, speed: float, lead: tuple[Seen, float] | None, dt: float) -> float:
        """The speed after a step: a share of what the car can, by the errors of speed and gap in m/s and their own."""
        share = self._set - speed
        if lead is not None:
            seen, gap = lead
            leading = float(world.speed[0, seen.actor])
            wanted = STANDSTILL_GAP + self._time_gap * max(speed, leading)
            longer = min((gap - wanted) / wanted, 1.0)
            slower = speed - min(self._set, leading)
            share = longer - longer * (speed - self._set) - (1.0 - longer) * slower if gap >= _TOUCH else 0.0
        share = min(max(share, -1.0), 1.0)
        limits = world.limits[0, actor]
        most = float(limits["max_deceleration"] if share < 0.0 else limits["max_acceleration"])
        return max(speed + most * share * dt, 0.0)

    def _lead(self, world: World, actor: int) -> tuple[Seen, float] | None:
        """Who is followed, and the gap to it, m."""
        found = []
        for seen in self._road.others(LEAD):
            gap = between(world, actor, seen)
            if seen.lanes == 0 and gap > 0.0 and abs(seen.aside) < SIDE:
                found.append((gap, seen.actor, seen))
        if not found:
            return None
        gap, _, seen = min(found)
        return seen, gap

    def _look_far(
        self, network: RoadNetwork, here: tuple[float, float, float], lead: tuple[Seen, float] | None, world: World
    ) -> float:
        """The angle to the far point; of a tangent point in the world, of others from the car's own heading."""
        x, y, yaw = here
        lane = self._road.lane
        assert lane is not None
        tangent, junction = self._tangent(network, lane, x, y)
        if lead is not None and lead[1] <= FAR:
            seen, gap = lead
            if tangent is None and junction < gap:
                return self._far  # it is beyond a junction: nothing there is looked at
            if tangent is None or tangent[0] >= gap:
                there = world.position[0, seen.actor]
                return wrap_angle(math.atan2(float(there[1]) - y, float(there[0]) - x) - yaw)
        return tangent[1] if tangent is not None else _bearing(self._lane_point(network, lane, FAR), x, y, yaw)

    def _lane_point(self, network: RoadNetwork, lane: LanePosition, distance: float) -> tuple[float, float]:
        """A point of the own lane's middle ahead; where the lane ends before, straight on from here."""
        middle = network.position(lane.road_id, lane.lane_id, lane.s)
        along = network.lane_direction(lane.road_id, lane.lane_id, lane.s) == self._road.sense
        ahead = network.follow_lane(middle, distance if along else -distance)
        if ahead is not None:
            point = network.world_from_lane(ahead.road_id, ahead.lane_id, ahead.s, 0.0)
            return point.x, point.y
        point = network.world_from_lane(lane.road_id, lane.lane_id, lane.s, 0.0)
        way = distance if along else -distance
        return point.x + way * math.cos(point.heading), point.y + way * math.sin(point.heading)

    def _tangent(
        self, network: RoadNetwork, lane: LanePosition, x: float, y: float
    ) -> tuple[tuple[float, float] | None, float]:
        """The nearest tangent point of a lane border, as metres ahead and angle in the world, and metres to where
        the lane leads to a junction or ends."""
        points, junction = self._ahead(network, lane)
        best: tuple[float, float] | None = None
        heading = network.world_from_road(lane.road_id, lane.s, 0.0).heading + (
            0.0 if self._road.sense > 0 else math.pi
        )
        for side in (1.0, -1.0):
            bx = points[:, 1] - side * points[:, 4] * np.sin(points[:, 3])
            by = points[:, 2] + side * points[:, 4] * np.cos(points[:, 3])
            angles = np.concatenate([[heading + side * math.pi / 2], np.arctan2(by - y, bx - x)])
            turns = np.mod(np.diff(angles) + math.pi, 2.0 * math.pi) - math.pi
            found = _reversal(turns)
            if found is not None and (best is None or points[found, 0] <= best[0]):
                best = float(points[found - 1, 0]), wrap_angle(float(angles[found]))
        return best, junction

    def _ahead(self, network: RoadNetwork, lane: LanePosition) -> tuple[F64, float]:
        """(n, 5) metres ahead, x, y, heading and half the width of the own lane's middle, up to the next junction."""
        rows, place, gone = [], lane, 0.0
        for _ in range(64):
            section, sense = network.frame(place.road_id).section(place.s), self._road.sense
            if place is not lane:
                sense = network.lane_direction(place.road_id, place.lane_id, place.s)
            elif network.lane_direction(place.road_id, place.lane_id, place.s) != sense:
                return np.empty((0, 5)), math.inf  # it drives against its lane
            begin, end = (section.s, section.end) if sense > 0 else (section.end, section.s)
            border = self._border(network, place, begin, end)
            ahead = border[:, 0] - abs(place.s - begin) + gone
            first = np.searchsorted(ahead, gone + _EPSILON if place is lane else gone + 0.5 * _EPSILON, side="right")
            rows.append(np.column_stack([ahead, border[:, 1:]])[first:])
            gone += abs(end - place.s)
            if gone >= FAR:
                break
            here = network.position(place.road_id, place.lane_id, place.s)
            onwards = network.follow_lane(here, abs(end - place.s) + _PAST, measure="road")
            if onwards is None or network.roads[onwards.road_id].junction is not None:
                break
            place = onwards
        points = np.concatenate(rows)
        return points[points[:, 0] <= FAR], gone if gone < FAR else math.inf

    def _border(self, network: RoadNetwork, place: LanePosition, begin: float, end: float) -> F64:
        """(n, 5) of :meth:`_ahead` for one lane of one section, from its beginning; kept."""
        key = place.road_id, round(begin * 1e3), place.lane_id
        if key not in self._borders:
            count = max(1, math.ceil(abs(end - begin) / SPACING))
            rows = []
            for s in np.linspace(begin, end, count + 1).tolist():
                point = network.world_from_lane(place.road_id, place.lane_id, s, 0.0)
                half = network.lane_width(place.road_id, place.lane_id, s) / 2
                rows.append((abs(s - begin), point.x, point.y, point.heading, half))
            self._borders[key] = np.array(rows)
        return self._borders[key]


def _reversal(turns: F64) -> int | None:
    """The first of some turns, the first two not counted as one, that goes the other way than the one before it."""
    last = float(turns[0]) if len(turns) else 0.0
    for i in range(1, len(turns)):
        turn = float(turns[i])
        if abs(turn) > _EPSILON:
            if (turn > 0.0) != (last > 0.0):
                return i
            last = turn
    return None


def _bearing(point: tuple[float, float], x: float, y: float, yaw: float) -> float:
    return wrap_angle(math.atan2(point[1] - y, point[0] - x) - yaw)
