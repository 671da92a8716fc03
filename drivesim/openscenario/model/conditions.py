"""Chapter "Conditions and triggers"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from drivesim.openscenario.model.actions import CoordinateSystem
from drivesim.openscenario.model.base import Element, Unsupported, child, choice, reference
from drivesim.openscenario.model.entities import EntityRef
from drivesim.openscenario.model.parameters import Rule
from drivesim.openscenario.model.positions import Position

DistanceType = Literal["longitudinal", "lateral", "cartesianDistance", "euclidianDistance"]
Direction = Literal["longitudinal", "lateral", "vertical"]
AngleType = Literal["heading", "pitch", "roll"]


@dataclass(frozen=True, kw_only=True)
class Measured(Element):
    """How a distance between two places is measured; until 1.0 ``alongRoute`` said it."""

    freespace: bool
    value: float
    rule: Rule
    coordinate_system: CoordinateSystem | None = None
    relative_distance_type: DistanceType | None = None
    routing_algorithm: str | None = None
    along_route: bool | None = None


@dataclass(frozen=True, kw_only=True)
class DistanceCondition(Measured):
    position: Position


@dataclass(frozen=True, kw_only=True)
class RelativeDistanceCondition(Measured):
    entity_ref: str


@dataclass(frozen=True, kw_only=True)
class TimeHeadwayCondition(Measured):
    entity_ref: str


@dataclass(frozen=True, kw_only=True)
class PositionTarget(Element):
    """The place of a TimeToCollisionCondition."""

    TAG: ClassVar[str | None] = "Position"
    place: Position = choice()


@dataclass(frozen=True, kw_only=True)
class TimeToCollisionCondition(Measured):
    target: PositionTarget | EntityRef = choice("TimeToCollisionConditionTarget")


@dataclass(frozen=True, kw_only=True)
class AccelerationCondition(Element):
    value: float
    rule: Rule
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class SpeedCondition(Element):
    value: float
    rule: Rule
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class RelativeSpeedCondition(Element):
    entity_ref: str
    value: float
    rule: Rule
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class StandStillCondition(Element):
    duration: float


@dataclass(frozen=True, kw_only=True)
class EndOfRoadCondition(Element):
    duration: float


@dataclass(frozen=True, kw_only=True)
class OffroadCondition(Element):
    duration: float


@dataclass(frozen=True, kw_only=True)
class ByType(Element):
    type: str


@dataclass(frozen=True, kw_only=True)
class CollisionCondition(Element):
    other: EntityRef | ByType = choice()


@dataclass(frozen=True, kw_only=True)
class TraveledDistanceCondition(Element):
    value: float


@dataclass(frozen=True, kw_only=True)
class ReachPositionCondition(Element):
    tolerance: float
    position: Position


@dataclass(frozen=True, kw_only=True)
class RelativeLaneRange(Element):
    start: int | None = child("from", default=None)
    end: int | None = child("to", default=None)


@dataclass(frozen=True, kw_only=True)
class RelativeClearanceCondition(Element):
    opposite_lanes: bool
    free_space: bool
    distance_forward: float = 0.0
    distance_backward: float = 0.0
    lanes: tuple[RelativeLaneRange, ...] = child("RelativeLaneRange", default=())
    entities: tuple[EntityRef, ...] = child("EntityRef", default=())


@dataclass(frozen=True, kw_only=True)
class AngleCondition(Element):
    angle_type: AngleType
    angle: float
    angle_tolerance: float
    coordinate_system: CoordinateSystem = "world"


@dataclass(frozen=True, kw_only=True)
class RelativeAngleCondition(Element):
    entity_ref: str
    angle_type: AngleType
    angle: float
    angle_tolerance: float
    coordinate_system: CoordinateSystem = "entity"


@dataclass(frozen=True, kw_only=True)
class TriggeringEntities(Element):
    triggering_entities_rule: Literal["any", "all", "none"]
    entities: tuple[EntityRef, ...] = child("EntityRef")


EntityCondition = (
    DistanceCondition
    | RelativeDistanceCondition
    | TimeHeadwayCondition
    | TimeToCollisionCondition
    | AccelerationCondition
    | SpeedCondition
    | RelativeSpeedCondition
    | StandStillCondition
    | EndOfRoadCondition
    | OffroadCondition
    | CollisionCondition
    | TraveledDistanceCondition
    | ReachPositionCondition
    | RelativeClearanceCondition
    | AngleCondition
    | RelativeAngleCondition
    | Unsupported
)


@dataclass(frozen=True, kw_only=True)
class ByEntityCondition(Element):
    triggering_entities: TriggeringEntities
    condition: EntityCondition = choice("EntityCondition")


@dataclass(frozen=True, kw_only=True)
class SimulationTimeCondition(Element):
    value: float
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class TimeOfDayCondition(Element):
    date_time: str
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class ParameterCondition(Element):
    parameter_ref: str = reference()
    value: str
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class VariableCondition(Element):
    variable_ref: str = reference()
    value: str
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class UserDefinedValueCondition(Element):
    name: str
    value: str
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class TrafficSignalCondition(Element):
    name: str
    state: str


@dataclass(frozen=True, kw_only=True)
class TrafficSignalControllerCondition(Element):
    traffic_signal_controller_ref: str
    phase: str


@dataclass(frozen=True, kw_only=True)
class StoryboardElementStateCondition(Element):
    storyboard_element_ref: str
    storyboard_element_type: Literal["story", "act", "maneuverGroup", "maneuver", "event", "action"]
    state: Literal[
        "standbyState", "runningState", "completeState", "startTransition", "endTransition", "stopTransition",
        "skipTransition",
    ]  # fmt: skip


ValueCondition = (
    SimulationTimeCondition
    | TimeOfDayCondition
    | ParameterCondition
    | VariableCondition
    | UserDefinedValueCondition
    | TrafficSignalCondition
    | TrafficSignalControllerCondition
    | StoryboardElementStateCondition
)


@dataclass(frozen=True, kw_only=True)
class Condition(Element):
    name: str
    condition_edge: Literal["rising", "falling", "risingOrFalling", "none"]
    delay: float = 0.0
    test: ByEntityCondition | ValueCondition | Unsupported = choice()


@dataclass(frozen=True, kw_only=True)
class ConditionGroup(Element):
    conditions: tuple[Condition, ...] = child("Condition")


@dataclass(frozen=True, kw_only=True)
class Trigger(Element):
    groups: tuple[ConditionGroup, ...] = child("ConditionGroup", default=())
