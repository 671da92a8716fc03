"""What each condition of the standard asks, as things stand now."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.openscenario import distances
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import conditions as model
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.entities import EntityRef
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.reader import holds
from drivesim.openscenario.roads import carried
from drivesim.transforms import Pose

STILL = 1e-3
"""m/s below which an entity stands."""
_RULES = {
    "greaterThan": operator.gt, "greaterOrEqual": operator.ge, "lessThan": operator.lt, "lessOrEqual": operator.le,
    "equalTo": operator.eq, "notEqualTo": operator.ne,
}  # fmt: skip
_SLACK = 1e-6
"""What numbers may differ by and be equal."""


def compared(value: float, rule: str, wanted: float) -> bool:
    """``value rule wanted`` for measured numbers."""
    if abs(value - wanted) <= _SLACK:
        value = wanted
    return bool(_RULES[rule](value, wanted))


class Timed:
    """How long something has been so for one entity."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def lasted(self, name: str, now: float, so: bool) -> float:
        """Seconds; -1 where it is not so."""
        if not so:
            self._since.pop(name, None)
            return -1.0
        return now - self._since.setdefault(name, now)


def _along(cast: Cast, values: Any, index: int, direction: str | None) -> float:
    """A vector quantity (B, N, 3) of an entity: its length, or its part along one of the entity's axes."""
    vector = np.asarray(values[0, index])
    return float(np.linalg.norm(vector)) if direction is None else _part(cast, vector, index, direction)


def _part(cast: Cast, vector: Any, index: int, direction: str) -> float:
    """The part of a vector (3,) along one of an entity's axes."""
    pose = Pose.from_ypr((0, 0, 0), cast.world.orientation[0, index])
    return float(vector @ pose.rotation[:, ("longitudinal", "lateral", "vertical").index(direction)])


def _speed(cast: Cast, motion: Motion, direction: str | None) -> float:
    if direction in (None, "longitudinal"):
        return float(cast.world.speed[0, motion.index])
    return _along(cast, cast.world.velocity, motion.index, direction)


def speed(condition: model.SpeedCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    return compared(_speed(cast, motion, condition.direction), condition.rule, condition.value)


def relative_speed(condition: model.RelativeSpeedCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    """Of the speeds; with a direction "only the projection to that direction is used in the comparison, with the
    triggering entity/entities as the reference"."""
    other, world = cast.motion(condition.entity_ref, condition), cast.world
    if condition.direction is None:
        gap = float(world.speed[0, motion.index] - world.speed[0, other.index])
    else:
        apart = world.velocity[:, motion.index] - world.velocity[:, other.index]
        gap = _part(cast, apart[0], motion.index, condition.direction)
    return compared(gap, condition.rule, condition.value)


def acceleration(condition: model.AccelerationCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    value = _along(cast, cast.world.acceleration, motion.index, condition.direction)
    return compared(value, condition.rule, condition.value)


def stand_still(condition: model.StandStillCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    still = abs(float(cast.world.speed[0, motion.index])) < STILL
    return timed.lasted(motion.actor.name, cast.world.time, still) >= condition.duration - _SLACK


def end_of_road(condition: model.EndOfRoadCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    return timed.lasted(motion.actor.name, cast.world.time, motion.ended) >= condition.duration - _SLACK


def offroad(condition: model.OffroadCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    network, here = cast.world.network, motion.here()
    off = here is None or network is None
    if here is not None and network is not None:
        right, left = _edges(network, here)
        off = not right - _SLACK <= here.t <= left + _SLACK
    return timed.lasted(motion.actor.name, cast.world.time, off) >= condition.duration - _SLACK


def _edges(network: RoadNetwork, here: LanePosition) -> tuple[float, float]:
    """t of the outermost lanes' outer borders, right and left."""
    lanes = network.lanes(here.road_id, here.s)
    halves = [network.lane_width(here.road_id, lane, here.s) / 2 for lane in lanes]
    centres = [network.position(here.road_id, lane, here.s).t for lane in lanes]
    spans = [(t - half, t + half) for t, half in zip(centres, halves, strict=True)]
    return min(low for low, _ in spans), max(high for _, high in spans)


def collision(condition: model.CollisionCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    own, collisions = motion.actor.name, cast.world.collisions
    if not collisions:
        return False
    partners = {c.second if c.first == own else c.first for c in collisions if own in (c.first, c.second)}
    if isinstance(condition.other, EntityRef):
        return any(name in partners for name in cast.members(condition.other.entity_ref, condition))
    kinds = {"miscellaneous": "misc"}
    wanted = kinds.get(condition.other.type, condition.other.type)
    return any(cast.motions[name].actor.kind == wanted for name in partners)


def traveled(condition: model.TraveledDistanceCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    return motion.odometer >= condition.value - _SLACK


def reach_position(condition: model.ReachPositionCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    x, y, _ = cast.places.pose(condition.position).translation.tolist()
    return math.dist(motion.place()[:2], (x, y)) <= condition.tolerance + _SLACK


def _to_place(condition: Any, cast: Cast, motion: Motion, place: Any) -> float:
    x, y, z = cast.places.pose(place).translation.tolist()
    spot = distances.Spot((x, y, z), lambda: cast.places.lane(place))
    return distances.measured(condition, cast.world, motion, spot, distances.POINT)


def _to_entity(condition: Any, cast: Cast, motion: Motion, other: Motion) -> float:
    return distances.measured(condition, cast.world, motion, other, other.actor.box)


def distance(condition: model.DistanceCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    return compared(_to_place(condition, cast, motion, condition.position), condition.rule, condition.value)


def relative_distance(condition: model.RelativeDistanceCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    other = cast.motion(condition.entity_ref, condition)
    return compared(_to_entity(condition, cast, motion, other), condition.rule, condition.value)


def time_headway(condition: model.TimeHeadwayCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    """Distance over the triggering entity's speed, without end for who stands; there is none of who reverses or has
    left the other behind."""
    other = cast.motion(condition.entity_ref, condition)
    own = float(cast.world.speed[0, motion.index])
    if own < -STILL:
        return False
    gap = _to_entity(condition, cast, motion, other)
    if gap > 0.0 and distances.is_behind(condition, cast.world, motion, other):
        return False
    return compared(gap / own if own > STILL else math.inf, condition.rule, condition.value)


def time_to_collision(condition: model.TimeToCollisionCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    """Distance over closing speed; an entity that is not closing in never collides."""
    velocity = cast.world.velocity[0]
    if isinstance(condition.target, EntityRef):
        other = cast.motion(condition.target.entity_ref, condition)
        gap, there = _to_entity(condition, cast, motion, other), other.place()
        theirs = velocity[other.index].tolist()
    else:
        gap = _to_place(condition, cast, motion, condition.target.place)
        there, theirs = cast.places.pose(condition.target.place).translation.tolist(), (0.0, 0.0, 0.0)
    towards = [b - a for a, b in zip(motion.place()[:3], there, strict=False)]
    length, own = math.hypot(*towards), velocity[motion.index].tolist()
    closing = sum((a - b) * d for a, b, d in zip(own, theirs, towards, strict=True)) / length if length > 0 else 0.0
    return compared(gap / closing if closing > STILL else math.inf, condition.rule, condition.value)


def relative_clearance(condition: model.RelativeClearanceCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    """Whether no entity is in the given lanes beside, ahead and behind."""
    network, here = cast.world.network, motion.here()
    if network is None or here is None:
        return False
    named = [name for ref in condition.entities for name in cast.members(ref.entity_ref, condition)]
    others = [cast.motions[name] for name in named] or [m for m in cast.motions.values() if m is not motion]
    return not any(_in_the_way(condition, cast, motion, other, here) for other in others if other is not motion)


def _in_the_way(
    condition: model.RelativeClearanceCondition, cast: Cast, motion: Motion, other: Motion, here: LanePosition
) -> bool:
    network, there = cast.world.network, other.here()
    if not cast.world.present[0, other.index] or network is None or there is None:
        return False
    gap = distances.signed(cast.world, motion, other, "longitudinal", "road")
    if condition.free_space and not math.isinf(gap):
        bare = abs(gap) - (motion.actor.box.length + other.actor.box.length) / 2
        gap = math.copysign(max(bare, 0.0), gap)
    if not -condition.distance_backward - _SLACK <= gap <= condition.distance_forward + _SLACK:
        return False
    own = carried(network, here, there)
    if own is None:  # the own lane does not come by there: not beside it
        return not condition.lanes
    sense = network.lane_direction(own.road_id, own.lane_id, own.s)
    oncoming = network.lane_direction(there.road_id, there.lane_id, there.s) != sense
    if oncoming and not condition.opposite_lanes:
        return False
    steps = (there.lane_id - own.lane_id) * sense
    if (there.lane_id > 0) != (own.lane_id > 0):  # there is no lane 0 between them
        steps -= int(math.copysign(1, steps))
    ranges = condition.lanes
    return not ranges or any(
        (lane.start is None or lane.start <= steps) and (lane.end is None or steps <= lane.end) for lane in ranges
    )


_ANGLES = ("heading", "pitch", "roll")


def _angle_near(value: float, wanted: float, tolerance: float) -> bool:
    return abs(math.remainder(value - wanted, 2 * math.pi)) <= tolerance + _SLACK


def angle(condition: model.AngleCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    axis = _ANGLES.index(condition.angle_type)
    value = float(cast.world.orientation[0, motion.index, axis])
    if condition.coordinate_system == "trajectory":
        if motion.guide is None:
            return False  # there is no trajectory to measure from
        vx, vy, vz = cast.world.velocity[0, motion.index].tolist()
        value -= (math.atan2(vy, vx), -math.atan2(vz, math.hypot(vx, vy)), 0.0)[axis]
    elif condition.coordinate_system in ("lane", "road"):
        network, here = cast.world.network, motion.here()
        if network is None or here is None:
            return False
        if condition.coordinate_system == "lane":
            point: Any = network.world_from_lane(here.road_id, here.lane_id, here.s, here.offset)
        else:
            point = network.world_from_road(here.road_id, here.s, here.t)
        value -= (point.heading, point.pitch, point.roll)[axis]
    return _angle_near(value, condition.angle, condition.angle_tolerance)


def relative_angle(condition: model.RelativeAngleCondition, cast: Cast, motion: Motion, timed: Timed) -> bool:
    axis, other = _ANGLES.index(condition.angle_type), cast.motion(condition.entity_ref, condition)
    orientation = cast.world.orientation[0]
    value = float(orientation[motion.index, axis] - orientation[other.index, axis])
    return _angle_near(value, condition.angle, condition.angle_tolerance)


BY_ENTITY: dict[type[Element], Callable[[Any, Cast, Motion, Timed], bool]] = {
    model.SpeedCondition: speed,
    model.RelativeSpeedCondition: relative_speed,
    model.AccelerationCondition: acceleration,
    model.StandStillCondition: stand_still,
    model.EndOfRoadCondition: end_of_road,
    model.OffroadCondition: offroad,
    model.CollisionCondition: collision,
    model.TraveledDistanceCondition: traveled,
    model.ReachPositionCondition: reach_position,
    model.DistanceCondition: distance,
    model.RelativeDistanceCondition: relative_distance,
    model.TimeHeadwayCondition: time_headway,
    model.TimeToCollisionCondition: time_to_collision,
    model.RelativeClearanceCondition: relative_clearance,
    model.AngleCondition: angle,
    model.RelativeAngleCondition: relative_angle,
}


def simulation_time(condition: model.SimulationTimeCondition, cast: Cast) -> bool:
    return compared(cast.world.time, condition.rule, condition.value)


def time_of_day(condition: model.TimeOfDayCondition, cast: Cast) -> bool:
    now = cast.time_of_day()
    if now is None:
        return False
    wanted = dt.datetime.fromisoformat(condition.date_time)
    if (now.tzinfo is None) != (wanted.tzinfo is None):
        now, wanted = now.replace(tzinfo=None), wanted.replace(tzinfo=None)
    return compared((now - wanted).total_seconds(), condition.rule, 0.0)


def parameter(condition: model.ParameterCondition, cast: Cast) -> bool:
    return holds(cast.parameters.get(condition.parameter_ref, ""), condition.rule, condition.value)


def variable(condition: model.VariableCondition, cast: Cast) -> bool:
    return holds(cast.variables.get(condition.variable_ref, ""), condition.rule, condition.value)


def user_value(condition: model.UserDefinedValueCondition, cast: Cast) -> bool:
    known = cast.user_values.get(condition.name)
    return known is not None and holds(known, condition.rule, condition.value)


def traffic_signal(condition: model.TrafficSignalCondition, cast: Cast) -> bool:
    return cast.signals.states.get(condition.name) == condition.state


def traffic_signal_controller(condition: model.TrafficSignalControllerCondition, cast: Cast) -> bool:
    return cast.signals.phase(condition.traffic_signal_controller_ref) == condition.phase


def element_state(condition: model.StoryboardElementStateCondition, cast: Cast) -> bool:
    kind = condition.storyboard_element_type
    return cast.elements.has(kind, condition.storyboard_element_ref, condition.state)


BY_VALUE: dict[type[Element], Callable[[Any, Cast], bool]] = {
    model.SimulationTimeCondition: simulation_time,
    model.TimeOfDayCondition: time_of_day,
    model.ParameterCondition: parameter,
    model.VariableCondition: variable,
    model.UserDefinedValueCondition: user_value,
    model.TrafficSignalCondition: traffic_signal,
    model.TrafficSignalControllerCondition: traffic_signal_controller,
    model.StoryboardElementStateCondition: element_state,
}
