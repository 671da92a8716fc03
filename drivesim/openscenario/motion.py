"""The default controller: how an actor moves that nothing else drives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from drivesim.openscenario.positions import _pose, aligned
from drivesim.transforms import Pose
from drivesim.types import Actor
from drivesim.world import Kinematic, World


@dataclass
class Motion:
    """Follows its lane at its speed; off the lanes, or across them, goes straight on.

    Attributes:
        lane: where on the lanes (opendrive ``LanePosition``); None moves straight.
        speed, next_speed: m/s now and at the end of the coming step.
        next_offset: lateral offset from the lane's centre at the end of the coming step, m in +t.
    """

    actor: Actor
    world: World
    _lane: object | None = None
    speed: float = 0.0
    next_speed: float = 0.0
    next_offset: float | None = None
    odometer: float = 0.0
    _strayed: bool = False
    _rests: bool = False

    @property
    def lane(self) -> object | None:
        if self._strayed:
            self.settle(on_lane=self.actor.kind == "vehicle")
        return self._lane

    @lane.setter
    def lane(self, lane: object | None) -> None:
        self._lane, self._strayed = lane, False

    def pose(self) -> Pose:
        return Pose.from_ypr(self.world.position[0, self.actor.index], self.world.orientation[0, self.actor.index])

    def stray(self) -> None:
        """Forget the lane; it is found anew when it is needed."""
        self._strayed, self._rests = True, False

    def settle(self, on_lane: bool) -> None:
        """Find the lane under the actor, if it drives along one."""
        self._rests = False
        pose = self.pose()
        x, y = (float(v) for v in pose.translation[:2])
        heading = float(pose.ypr[0])
        self.lane = None
        network = self.world.network
        if network is None or not on_lane:
            return
        lane = network.lane_from_world(x, y, heading=heading)
        if lane is not None:
            along = network.world_from_lane(lane.road_id, lane.lane_id, lane.s).heading
            self.lane = lane if aligned(heading, along) else None

    def set_speed(self, speed: float) -> None:
        """Change speed at once."""
        self.speed = self.next_speed = speed
        self.world.speed[0, self.actor.index] = speed

    def command(self, dt: float) -> None:
        """Ask the world for the coming step's motion."""
        if self._rests and self.speed == 0.0 == self.next_speed and self.next_offset is None:
            return  # what stands coasts: stays where it is
        self._rests = self.speed == 0.0 == self.next_speed
        distance = (self.speed + self.next_speed) / 2 * dt
        here = self.pose()
        there = self._along_lane(distance) if distance > 0 and self.lane is not None else None
        if there is None:
            step = here.rotation[:, 0] * distance if distance <= 0 or self.lane is None else np.zeros(3)
            if distance > 0 and self.lane is not None:  # the road ends here
                self.next_speed = 0.0
            there = Pose(here.translation + step, here.rotation)
        self.odometer += float(np.linalg.norm(there.translation - here.translation))
        self.speed = self.next_speed
        self.world.command(self.actor.index, Kinematic(there, self.speed))

    def _along_lane(self, distance: float) -> Pose | None:
        network = self.world.network
        assert network is not None
        ahead = network.follow_lane(self.lane, distance)  # type: ignore[arg-type]
        if ahead is None:
            return None
        before = self.lane.offset  # type: ignore[attr-defined]
        offset = before if self.next_offset is None else self.next_offset
        self.next_offset = None
        self.lane = replace(ahead, offset=offset, t=ahead.t - ahead.offset + offset)
        pose = _pose(network.world_from_lane(ahead.road_id, ahead.lane_id, ahead.s, offset))
        drift = math.atan2(offset - before, distance) * (1 if ahead.lane_id < 0 else -1)
        heading, pitch, roll = pose.ypr
        return Pose.from_ypr(pose.translation, (heading + drift, pitch, roll))

    def follow(self, before: Sequence[float]) -> None:
        """Take over the state after a step that something else drove; ``before``: (x, y, z) at its start."""
        index = self.actor.index
        self.odometer += math.dist(self.world.position[0, index].tolist(), before)
        self.speed = self.next_speed = float(self.world.speed[0, index])
        self.stray()
