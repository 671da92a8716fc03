"""The default controller: how an actor moves that nothing else drives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from drivesim.opendrive import LanePosition
from drivesim.openscenario.paths import Place
from drivesim.openscenario.pedals import Pedals
from drivesim.openscenario.roads import wandering
from drivesim.transforms import Pose
from drivesim.types import Actor
from drivesim.world import World

_ALONG = math.cos(math.radians(45.0))
"""An actor whose heading is within 45 degrees of a lane's moves along it; within 45 of the opposite, against it."""


def _components(pose: Pose) -> Place:
    x, y, z = pose.translation.tolist()
    yaw, pitch, roll = pose.ypr.tolist()
    return x, y, z, yaw, pitch, roll


def _straight(here: Place, distance: float) -> Place:
    x, y, z, yaw, pitch, roll = here
    flat = distance * math.cos(pitch)
    return x + flat * math.cos(yaw), y + flat * math.sin(yaw), z - distance * math.sin(pitch), yaw, pitch, roll


class Guide(Protocol):
    """What leads an actor along a path of its own; ``None`` once the path has ended."""

    def travel(self, distance: float, dt: float) -> tuple[Place, float] | None:
        """The place at the end of the coming step, and the speed there, m/s."""
        ...


@dataclass
class Motion:
    """Follows its lane at its speed, or the guide that has been given; off the lanes, or across them, goes straight on.

    Attributes:
        lane: where on the lanes; None moves straight.
        speed, next_speed: m/s now and at the end of the coming step; negative is backwards.
        rate: by how much the speed has changed in the last step, m/s2; none after a jump.
        next_offset: lateral offset from the lane's centre at the end of the coming step, m in +t.
        across: metres of the coming step that go from lane to lane, or towards another entity, out of the way that the
            speed makes; what the lane itself or an offset in it moves sideways does not count: speeds along a lane are
            longitudinal.
        side: +1 or -1; changes its sign where a road goes over into one that runs the other way, so that what was
            towards +t is towards -t.
        aside: (x, y) m by which who is on no lane moves besides in the coming step.
        veer: rad by which who is on no lane turns in the coming step.
        route: ids of roads to take at junctions.
        pedals: what is set in the default controller's place; None as long as nothing has been.
        wander: chooses roads at junctions by chance; None for who does not.
        ended: whether the road ended in the last step.
        hold: who has taken over; nothing is commanded while it is set.
    """

    actor: Actor
    world: World
    _lane: LanePosition | None = None
    speed: float = 0.0
    next_speed: float = 0.0
    rate: float = 0.0
    next_offset: float | None = None
    across: float = 0.0
    side: int = 1
    aside: tuple[float, float] = (0.0, 0.0)
    veer: float = 0.0
    odometer: float = 0.0
    route: tuple[str, ...] = ()
    pedals: Pedals | None = None
    wander: np.random.Generator | None = None
    guide: Guide | None = None
    ended: bool = False
    _against: bool = False
    _strayed: bool = False
    _rests: bool = False
    _arrived: bool = False

    def __post_init__(self) -> None:
        self.index = self.actor.index

    @property
    def lane(self) -> LanePosition | None:
        if self._strayed:
            self.settle()
        return self._lane

    @lane.setter
    def lane(self, lane: LanePosition | None) -> None:
        self._lane, self._strayed = lane, False

    def pose(self) -> Pose:
        return Pose.from_ypr(self.world.position[0, self.index], self.world.orientation[0, self.index])

    def here(self) -> LanePosition | None:
        """The lane position of the reference point, whatever the heading; None off the road."""
        if self.lane is not None:
            return self.lane
        network = self.world.network
        if network is None:
            return None
        x, y, z = (float(v) for v in self.world.position[0, self.index])
        return network.lane_from_world(x, y, heading=float(self.world.orientation[0, self.index, 0]), height=z)

    def settle(self) -> None:
        """Find the lane under the actor, if it drives along one."""
        self._rests = False
        self.lane = None
        network = self.world.network
        if network is None or self.actor.kind == "pedestrian":
            return
        x, y, z = (float(v) for v in self.world.position[0, self.index])
        heading = float(self.world.orientation[0, self.index, 0])
        lane = network.lane_from_world(x, y, heading=heading, height=z)
        if lane is None:
            return
        along = math.cos(network.world_from_lane(lane.road_id, lane.lane_id, lane.s).heading - heading)
        if abs(along) > _ALONG:
            self.lane, self._against = lane, along < 0

    def move_to(self, lane: LanePosition) -> None:
        """Count as being on another lane of the same road, going on the way it goes."""
        network, before = self.world.network, self.lane
        assert network is not None
        assert before is not None
        sense = network.lane_direction(before.road_id, before.lane_id, before.s)
        if network.lane_direction(lane.road_id, lane.lane_id, lane.s) != sense:
            self._against = not self._against
        self.lane = lane

    def arrive(self) -> None:
        """Have been put somewhere else; that the road had ended is seen for the rest of the tick."""
        self.guide, self._arrived = None, True
        self.settle()

    def set_speed(self, speed: float) -> None:
        """Change speed at once; a jump is no acceleration."""
        self.speed, self.next_speed, self.rate = speed, speed, 0.0
        self.world.speed[0, self.index] = speed
        self.world.velocity[0, self.index] = speed * self.pose().rotation[:, 0]

    def command(self, dt: float) -> None:
        """Ask the world for the coming step's motion."""
        if self._arrived:
            self._arrived = self.ended = False
        if self.world.fallen[0, self.index] > 0.0:
            self.speed = self.next_speed = 0.0
            return  # who has been knocked over slides and lies
        if self.pedals is not None:
            self.pedals.advance(dt)
            if self.pedals.longitudinal:
                self.next_speed = self.pedals.speed(self.speed, dt)
        still = self.speed == 0.0 == self.next_speed and self.next_offset is None and self.guide is None
        still = still and self.aside == (0.0, 0.0)
        if still and self._rests:
            return  # what stands coasts: stays where it is
        self._rests = still
        distance = (self.speed + self.next_speed) / 2 * dt
        if self.across:
            distance = math.copysign(math.sqrt(max(distance * distance - self.across * self.across, 0.0)), distance)
            self.across = 0.0
        if not self._cruises(distance):
            there = self._steered(distance) or self._guided(distance, dt) or self._ahead(distance)
            self.odometer += math.dist(there[:3], self.world.position[0, self.index].tolist())
            self.world.move(self.index, there, self.next_speed)
        self.speed, self.rate = self.next_speed, (self.next_speed - self.speed) / dt

    def _cruises(self, distance: float) -> bool:
        """Whether nothing but the lane leads and it goes on: then that is commanded, in one compiled step."""
        if self.guide is not None or (self.pedals is not None and self.pedals.lateral):
            return False
        lane, offset = self.lane, self.next_offset
        if lane is None or (distance == 0.0 and offset is None):
            return False
        if self.wander is not None and lane.road_id not in self.route[:-1]:
            return False
        if self.route and self.world.network is not None and self.world.network.ways.leaves(lane.road_id):
            return False  # the route may leave the road in its middle
        onwards = -distance if self._against else distance
        offset = lane.offset if offset is None else offset
        made = self.world.cruise(self.index, lane, onwards, offset, self.next_speed, against=self._against)
        if made is None:
            return False
        self._lane, moved = made
        self.odometer += moved
        self.next_offset, self.ended = None, False
        return True

    def place(self) -> Place:
        """Where the actor is."""
        x, y, z = self.world.position[0, self.index].tolist()
        yaw, pitch, roll = self.world.orientation[0, self.index].tolist()
        return x, y, z, yaw, pitch, roll

    def _steered(self, distance: float) -> Place | None:
        if self.pedals is None or not self.pedals.lateral:
            return None
        self._strayed, self.next_offset = True, None
        return _components(self.pedals.travel(self.pose(), distance))

    def _guided(self, distance: float, dt: float) -> Place | None:
        if self.guide is None:
            return None
        led = self.guide.travel(distance, dt)
        if led is None:
            self.guide = None
            self.settle()
            self.ended = self.actor.kind == "vehicle" and self.here() is None
            if not self.ended:
                return None
            self.next_speed = 0.0  # there is no lane to follow: the way ends here, as it does at a road's end
            return self.place()
        there, self.next_speed = led
        self._strayed, self.next_offset = True, None
        return there

    def _ahead(self, distance: float) -> Place:
        lane, here = self.lane, self.place()
        if lane is None or (distance == 0.0 and self.next_offset is None):
            if distance:
                self.ended = False
            if self.veer:
                here, self.veer = (*here[:3], math.remainder(here[3] + self.veer, math.tau), *here[4:]), 0.0
            x, y, z, yaw, pitch, roll = _straight(here, distance) if distance else here
            (dx, dy), self.aside = self.aside, (0.0, 0.0)
            return x + dx, y + dy, z, yaw, pitch, roll
        there = self._along_lane(lane, distance)
        self.ended = there is None
        if there is None:
            self.next_speed = 0.0
            return here
        return there

    def _along_lane(self, lane: LanePosition, distance: float) -> Place | None:
        network = self.world.network
        assert network is not None
        onwards = -distance if self._against else distance
        if self.wander is not None and lane.road_id not in self.route[:-1]:
            way = network.lane_direction(lane.road_id, lane.lane_id, lane.s) * (-1 if onwards < 0 else 1)
            self.route = wandering(network, lane.road_id, way, self.wander)
        ahead = network.follow_lane(lane, onwards, route=self.route, measure="beside") if distance else lane
        if ahead is None:
            return None
        turned = (ahead.lane_id > 0) != (lane.lane_id > 0) and ahead.road_id != lane.road_id
        side = -1 if turned else 1
        before = side * lane.offset
        offset = before if self.next_offset is None else side * self.next_offset
        self.side, self.next_offset = side * self.side, None
        road, lane_id, s = ahead.road_id, ahead.lane_id, ahead.s
        self.lane = LanePosition(road, lane_id, s, ahead.t - ahead.offset + offset, offset)
        point = network.world_from_lane(road, lane_id, s, offset)
        heading, pitch, roll = point.heading, point.pitch, point.roll
        if self._against:
            heading, pitch, roll = heading + math.pi, -pitch, -roll
        if onwards and offset != before:
            drift = math.atan2(offset - before, abs(onwards))
            with_s = network.lane_direction(road, lane_id, s) > 0
            heading += drift if with_s == (onwards > 0) else -drift
        return point.x, point.y, point.z, math.remainder(heading, math.tau), pitch, roll

    def shift(self, distance: float) -> None:
        """Put the actor elsewhere along its lane, or straight ahead, at once."""
        x, y, z, *angles = self._ahead(distance)
        self.world.place(self.index, Pose.from_ypr((x, y, z), angles), self.speed)

    def coming(self, dt: float) -> Place:
        """Where the actor will be after the coming step; while something else drives it, where it is heading."""
        commanded = self.world.commanded(self.index)
        if commanded is not None:
            return commanded
        x, y, z, yaw, pitch, roll = self.place()
        vx, vy, vz = self.world.velocity[0, self.index].tolist()
        turn = float(self.world.angular_velocity[0, self.index, 2])
        return x + vx * dt, y + vy * dt, z + vz * dt, yaw + turn * dt, pitch, roll

    def towed_to(self, there: Place, speed: float) -> None:
        """Be drawn to a place in the coming step."""
        here = self.place()
        if there == here and speed == 0.0 == self.speed:
            return
        self.odometer += math.dist(there[:3], here[:3])
        self.speed = self.next_speed = speed
        self._strayed = True
        self.world.move(self.index, there, speed)

    def follow(self, before: Sequence[float]) -> None:
        """Take over the state after a step that something else drove; ``before``: (x, y, z) at its start."""
        self.odometer += math.dist(self.world.position[0, self.index].tolist(), before)
        self.speed = self.next_speed = float(self.world.speed[0, self.index])
        self.rate = float(self.world.acceleration[0, self.index] @ self.pose().rotation[:, 0])
        self._strayed, self._rests = True, False
