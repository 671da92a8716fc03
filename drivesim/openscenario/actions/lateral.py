"""Actions that move an entity across its lane."""

from __future__ import annotations

import math

from drivesim.errors import ScenarioError
from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.openscenario.actions.approach import Approach
from drivesim.openscenario.actions.profile import Limits
from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.positions import complaint
from drivesim.openscenario.roads import carried, shifted_lane
from drivesim.openscenario.shapes import PEAK_BEND, Transition

_NO_LIMIT = 1e9
"""m/s2, or m/s, where a scenario sets no limit."""


def _on_lane(action: Element, motion: Motion) -> tuple[RoadNetwork, LanePosition]:
    network, lane = motion.world.network, motion.lane
    if network is None or lane is None:
        raise complaint(action, f"'{motion.actor.name}' is on no lane", "place it on a lane, along its direction")
    return network, lane


def _leftward(network: RoadNetwork, lane: LanePosition, motion: Motion) -> int:
    """+1 where the entity's left is towards +t, -1 where it is towards -t."""
    heading = network.world_from_road(lane.road_id, lane.s, 0.0).heading
    return 1 if math.cos(heading - float(motion.world.orientation[0, motion.index, 0])) >= 0 else -1


class LaneChange(Running):
    """LaneChangeAction: attaches an entity to its new lane at once, displaced by where it still is, and takes the
    displacement away.

    The target's offset is towards +t of the target lane, as that of a LanePosition; steps from an entity's lane to
    another one are towards its own left ("LaneChangeAction": its y axis).
    """

    domains = ("lateral",)

    def __init__(self, action: model.LaneChangeAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        network, lane = _on_lane(action, motion)
        target = action.target.value
        if isinstance(action.target, model.RelativeTargetLane):
            reference = cast.motion(action.target.entity_ref, action.target)
            base = reference.here()
            if base is None:
                raise complaint(action.target, "the reference entity is on no lane", "place it on a lane")
            target = shifted_lane(network, base, target * _leftward(network, base, reference))
        self._hold(action, network, lane, target)
        here = motion.lane
        assert here is not None
        self._side = motion.side
        self._change = Transition(action.lane_change_action_dynamics, here.offset, action.target_lane_offset)

    def _hold(self, action: Element, network: RoadNetwork, lane: LanePosition, target: int) -> None:
        """Describe the entity's place from the target lane's centre."""
        try:
            centre = network.position(lane.road_id, target, lane.s)
        except ScenarioError as error:
            raise complaint(action, f"road '{lane.road_id}' has no lane {target} here", error.remedy or "") from error
        self.motion.move_to(centre._replace(offset=lane.t - centre.t, t=lane.t))

    def step(self, dt: float) -> None:
        travelled = abs(self.motion.speed + self.motion.next_speed) / 2 * dt
        lane = self.motion.lane
        offset = self._change.advance(dt, self._change.along(travelled))
        self.motion.next_offset = self._side * self.motion.side * offset
        self.motion.across = abs(self.motion.next_offset - lane.offset) if lane is not None else 0.0
        self.done = self._change.done


class LaneOffset(Running):
    """LaneOffsetAction: to another offset within the lane; without a limit of lateral acceleration in one step.

    An absolute offset is towards +t of the lane that the entity is in, one from another entity towards that one's left.
    """

    domains = ("lateral",)

    def __init__(self, action: model.LaneOffsetAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        self._action = action
        _, lane = _on_lane(action, motion)
        self._side = motion.side
        start, goal = lane.offset, self._goal()
        shape, limit = action.dynamics.dynamics_shape, action.dynamics.max_lateral_acc
        seconds = math.sqrt(PEAK_BEND[shape] * abs(goal - start) / limit) if limit else 0.0
        self._change = Transition(
            model.TransitionDynamics(dynamics_shape=shape, dynamics_dimension="time", value=seconds), start, goal
        )

    def _goal(self) -> float:
        """In +t of the road that the entity was on when the action began."""
        target = self._action.target
        if isinstance(target, model.AbsoluteTargetLaneOffset):
            return target.value
        other = self.cast.motion(target.entity_ref, target)
        base, own = other.here(), self.motion.lane
        network = self.motion.world.network
        if network is None or base is None or own is None:
            raise complaint(target, "the reference entity is on no lane", "place it on a lane")
        goal = base.t + target.value * _leftward(network, base, other) - (own.t - own.offset)
        return self._side * self.motion.side * goal

    def step(self, dt: float) -> None:
        if self._action.continuous:
            self._change.goal = self._goal()
        offset = self._change.advance(dt, abs(self.motion.speed) * dt)
        self.motion.next_offset = self._side * self.motion.side * offset
        self.done = self._change.done and not self._action.continuous


class LateralDistance(Running):
    """LateralDistanceAction: keeps a lateral distance to another entity, by changing the offset in the own lane, or by
    moving sideways where there is none; vehicles cannot, and steer towards it.

    Without constraints the distance is taken up at once; with limits of jerk it is approached smoothly.
    """

    domains = ("lateral",)

    def __init__(self, action: model.LateralDistanceAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        self._action, self._other = action, cast.motion(action.entity_ref, action)
        self._free = motion.lane is None or self._other.here() is None
        place = self._relative()
        self._chosen = math.copysign(1.0, -place[0]) if place is not None else 1.0
        self._rate = 0.0
        bounds = action.dynamic_constraints
        smooth = bounds is not None and (bounds.max_acceleration_rate or bounds.max_deceleration_rate)
        self._approach = Approach(Limits.of(bounds, motion), slow=1e-4) if smooth else None

    def _relative(self) -> tuple[float, int] | None:
        """How far left of oneself the other is, m, and +1 where its left is on the same side as that; left is towards
        +t of the own road where both are on lanes, else along the other's y axis. None where the lanes do not meet."""
        lane, there, network = self.motion.lane, self._other.here(), self.motion.world.network
        if self._free or network is None:
            return -float((self._other.pose().inverse() @ self.motion.pose()).translation[1]), 1
        own = carried(network, lane, there) if lane is not None and there is not None else None
        if lane is None or there is None or own is None:
            return None
        ways = [network.lane_direction(place.road_id, place.lane_id, place.s) for place in (lane, own)]
        sense = ways[0] * ways[1]  # -1 where t of the other's road runs the other way
        gap = sense * (there.t - own.t)
        return gap, sense * _leftward(network, there, self._other)

    def step(self, dt: float) -> None:
        action, lane, place = self._action, self.motion.lane, self._relative()
        if place is None or (lane is None and not self._free):
            return
        wanted = action.distance or 0.0
        if action.freespace:
            wanted += (self.motion.actor.box.width + self._other.actor.box.width) / 2
        gap, left = place
        sides = {"leftToReferencedEntity": float(left), "rightToReferencedEntity": -float(left)}
        error = gap + sides.get(action.displacement, self._chosen) * wanted
        if self._steers():
            self.done = self._steer(error, dt) and not action.continuous
            return
        if self._approach is not None:
            before, self._rate = self._rate, self._approach.speed(error, self._rate, 0.0, dt)
            step = 0.5 * (before + self._rate) * dt
            self.done = self._approach.arrived(error, self._rate, 0.0, dt) and not action.continuous
        else:
            step = self._bounded(error, dt)
            self.done = abs(error - step) < 1e-3 and not action.continuous
        if self._free or lane is None:
            self.motion.aside = tuple((step * self._other.pose().rotation[:2, 1]).tolist())
        else:
            self.motion.next_offset = lane.offset + step
            self.motion.across = abs(step) if action.dynamic_constraints is not None else 0.0

    def stop(self) -> None:
        super().stop()
        if self._steers():
            self.motion.settle()

    def _steers(self) -> bool:
        limits, motion = self._action.dynamic_constraints, self.motion
        moves = motion.speed > 0.0 and motion.actor.kind == "vehicle"
        return moves and self._free and motion.lane is None and limits is not None and bool(limits.max_acceleration)

    def _steer(self, error: float, dt: float) -> bool:
        """Turn towards a line beside the other entity, ``error`` m to its left, as sharply as the limit of acceleration
        lets; whether it has been reached. Within a radius of it the heading is that of the circle that touches it."""
        limits, motion = self._action.dynamic_constraints, self.motion
        assert limits is not None
        radius = motion.speed**2 / (limits.max_acceleration or _NO_LIMIT)
        far, step = abs(error), motion.speed * dt
        wished = math.acos(max(1.0 - far / radius, 0.0)) if radius > 0.0 else math.pi / 2
        wished = math.copysign(min(wished, math.asin(min(far / step, 1.0))), error)
        yaw, line = (float(self.motion.world.orientation[0, m.index, 0]) for m in (motion, self._other))
        turn, most = math.remainder(line + wished - yaw, math.tau), step / radius
        motion.veer = min(max(turn, -most), most)
        return far < 1e-3 and abs(turn) < 1e-3

    def _bounded(self, error: float, dt: float) -> float:
        """Metres to go sideways in this step."""
        limits = self._action.dynamic_constraints
        if limits is None:
            return error
        limit = limits.max_acceleration or _NO_LIMIT
        top = limits.max_speed if limits.max_speed is not None else _NO_LIMIT
        wished = math.copysign(min(math.sqrt(2.0 * limit * abs(error)), top), error)
        self._rate = min(max(wished, self._rate - limit * dt), self._rate + limit * dt)
        return math.copysign(min(abs(self._rate * dt), abs(error)), self._rate)
