"""Chapter "Actions"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from drivesim.openscenario.model.animation import AnimationAction
from drivesim.openscenario.model.base import Element, Unsupported, child, choice, reference
from drivesim.openscenario.model.entities import Controller, ObjectController
from drivesim.openscenario.model.environment import Environment
from drivesim.openscenario.model.positions import Position, Route, Trajectory
from drivesim.openscenario.model.traffic import TrafficAction

CoordinateSystem = Literal["entity", "lane", "road", "trajectory", "world"]
FollowingMode = Literal["follow", "position"]
Shape = Literal["step", "linear", "sinusoidal", "cubic"]


@dataclass(frozen=True, kw_only=True)
class TransitionDynamics(Element):
    dynamics_shape: Shape
    dynamics_dimension: Literal["time", "distance", "rate"]
    value: float
    following_mode: FollowingMode | None = None


@dataclass(frozen=True, kw_only=True)
class DynamicConstraints(Element):
    max_acceleration: float | None = None
    max_acceleration_rate: float | None = None
    max_deceleration: float | None = None
    max_deceleration_rate: float | None = None
    max_speed: float | None = None


@dataclass(frozen=True, kw_only=True)
class AbsoluteTargetSpeed(Element):
    value: float


@dataclass(frozen=True, kw_only=True)
class RelativeTargetSpeed(Element):
    entity_ref: str
    value: float
    speed_target_value_type: Literal["delta", "factor"]
    continuous: bool


@dataclass(frozen=True, kw_only=True)
class SpeedAction(Element):
    speed_action_dynamics: TransitionDynamics
    target: AbsoluteTargetSpeed | RelativeTargetSpeed = choice("SpeedActionTarget")


@dataclass(frozen=True, kw_only=True)
class SpeedProfileEntry(Element):
    speed: float
    time: float | None = None


@dataclass(frozen=True, kw_only=True)
class SpeedProfileAction(Element):
    following_mode: FollowingMode
    entity_ref: str | None = None
    entries: tuple[SpeedProfileEntry, ...] = child("SpeedProfileEntry")
    dynamic_constraints: DynamicConstraints | None = None


@dataclass(frozen=True, kw_only=True)
class LongitudinalDistanceAction(Element):
    entity_ref: str
    continuous: bool
    freespace: bool
    distance: float | None = None
    time_gap: float | None = None
    displacement: Literal["any", "trailingReferencedEntity", "leadingReferencedEntity"] = "trailingReferencedEntity"
    coordinate_system: CoordinateSystem = "entity"
    dynamic_constraints: DynamicConstraints | None = None


@dataclass(frozen=True, kw_only=True)
class AbsoluteTargetLane(Element):
    value: int


@dataclass(frozen=True, kw_only=True)
class RelativeTargetLane(Element):
    entity_ref: str
    value: int


@dataclass(frozen=True, kw_only=True)
class LaneChangeAction(Element):
    lane_change_action_dynamics: TransitionDynamics
    target_lane_offset: float = 0.0
    target: AbsoluteTargetLane | RelativeTargetLane = choice("LaneChangeTarget")


@dataclass(frozen=True, kw_only=True)
class LaneOffsetActionDynamics(Element):
    dynamics_shape: Shape
    max_lateral_acc: float | None = None


@dataclass(frozen=True, kw_only=True)
class AbsoluteTargetLaneOffset(Element):
    value: float


@dataclass(frozen=True, kw_only=True)
class RelativeTargetLaneOffset(Element):
    entity_ref: str
    value: float


@dataclass(frozen=True, kw_only=True)
class LaneOffsetAction(Element):
    continuous: bool
    dynamics: LaneOffsetActionDynamics = child("LaneOffsetActionDynamics")
    target: AbsoluteTargetLaneOffset | RelativeTargetLaneOffset = choice("LaneOffsetTarget")


@dataclass(frozen=True, kw_only=True)
class LateralDistanceAction(Element):
    entity_ref: str
    continuous: bool
    freespace: bool
    distance: float | None = None
    displacement: Literal["any", "leftToReferencedEntity", "rightToReferencedEntity"] = "any"
    coordinate_system: CoordinateSystem = "lane"
    dynamic_constraints: DynamicConstraints | None = None


@dataclass(frozen=True, kw_only=True)
class TargetDistanceSteadyState(Element):
    distance: float


@dataclass(frozen=True, kw_only=True)
class TargetTimeSteadyState(Element):
    time: float


@dataclass(frozen=True, kw_only=True)
class AbsoluteSpeed(Element):
    value: float
    steady: TargetDistanceSteadyState | TargetTimeSteadyState | None = choice(default=None)


@dataclass(frozen=True, kw_only=True)
class RelativeSpeedToMaster(Element):
    value: float
    speed_target_value_type: Literal["delta", "factor"]
    steady: TargetDistanceSteadyState | TargetTimeSteadyState | None = choice(default=None)


@dataclass(frozen=True, kw_only=True)
class SynchronizeAction(Element):
    master_entity_ref: str
    target_tolerance_master: float | None = None
    target_tolerance: float | None = None
    target_position_master: Position
    target_position: Position
    final_speed: AbsoluteSpeed | RelativeSpeedToMaster | None = choice("FinalSpeed", default=None)


@dataclass(frozen=True, kw_only=True)
class TeleportAction(Element):
    position: Position


@dataclass(frozen=True, kw_only=True)
class AcquirePositionAction(Element):
    position: Position


@dataclass(frozen=True, kw_only=True)
class AssignRouteAction(Element):
    route: Route = choice()


@dataclass(frozen=True, kw_only=True)
class RandomRouteAction(Element):
    pass


@dataclass(frozen=True, kw_only=True)
class NoTiming(Element):
    """The trajectory's own times mean nothing."""

    TAG: ClassVar[str | None] = "None"


@dataclass(frozen=True, kw_only=True)
class Timing(Element):
    domain_absolute_relative: Literal["absolute", "relative"]
    scale: float
    offset: float


@dataclass(frozen=True, kw_only=True)
class TrajectoryFollowingMode(Element):
    following_mode: FollowingMode


@dataclass(frozen=True, kw_only=True)
class FollowTrajectoryAction(Element):
    """1.0 had the trajectory directly in the action."""

    initial_distance_offset: float = 0.0
    direct: Trajectory | None = choice(default=None)
    referred: Trajectory | None = choice("TrajectoryRef", default=None)
    time_reference: NoTiming | Timing = choice("TimeReference")
    mode: TrajectoryFollowingMode = child("TrajectoryFollowingMode")


@dataclass(frozen=True, kw_only=True)
class ActivateControllerAction(Element):
    """A 1.3 file says which controller by its ``ObjectController``'s name, an older one by its own."""

    lateral: bool | None = None
    longitudinal: bool | None = None
    animation: bool | None = None
    lighting: bool | None = None
    controller_ref: str | None = None
    object_controller_ref: str | None = None

    @property
    def which(self) -> str | None:
        return self.object_controller_ref or self.controller_ref


@dataclass(frozen=True, kw_only=True)
class AssignControllerAction(Element):
    activate_lateral: bool | None = None
    activate_longitudinal: bool | None = None
    activate_animation: bool | None = None
    activate_lighting: bool | None = None
    direct: Controller | None = choice(default=None)
    nested: ObjectController | None = child("ObjectController", default=None)

    @property
    def controller(self) -> Controller | None:
        return self.direct or (self.nested.controller if self.nested else None)


@dataclass(frozen=True, kw_only=True)
class Override(Element):
    """One of the six inputs that a driver has."""

    active: bool
    value: float | None = None
    number: float | None = None
    max_rate: float | None = None
    max_torque: float | None = None
    brake: BrakeForce | BrakePercent | None = choice(default=None)
    gear: ManualGear | AutomaticGear | None = choice(default=None)


@dataclass(frozen=True, kw_only=True)
class BrakeForce(Element):
    """Newtons."""

    value: float
    max_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class BrakePercent(Element):
    """Share of the pedal."""

    value: float
    max_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class ManualGear(Element):
    number: int | None = None
    gear: int | None = None


@dataclass(frozen=True, kw_only=True)
class AutomaticGear(Element):
    gear: str


@dataclass(frozen=True, kw_only=True)
class OverrideControllerValueAction(Element):
    throttle: Override | None = child("Throttle", default=None)
    brake: Override | None = child("Brake", default=None)
    clutch: Override | None = child("Clutch", default=None)
    parking_brake: Override | None = child("ParkingBrake", default=None)
    steering_wheel: Override | None = child("SteeringWheel", default=None)
    gear: Override | None = child("Gear", default=None)


@dataclass(frozen=True, kw_only=True)
class VehicleLight(Element):
    vehicle_light_type: str


@dataclass(frozen=True, kw_only=True)
class UserDefinedLight(Element):
    user_defined_light_type: str


@dataclass(frozen=True, kw_only=True)
class ColorRgb(Element):
    red: float
    green: float
    blue: float


@dataclass(frozen=True, kw_only=True)
class ColorCmyk(Element):
    cyan: float
    magenta: float
    yellow: float
    key: float


@dataclass(frozen=True, kw_only=True)
class Color(Element):
    color_type: str
    value: ColorRgb | ColorCmyk = choice()


@dataclass(frozen=True, kw_only=True)
class LightState(Element):
    mode: Literal["on", "off", "flashing"]
    luminous_intensity: float | None = None
    flashing_on_duration: float = 0.5
    flashing_off_duration: float = 0.5
    color: Color | None = None


@dataclass(frozen=True, kw_only=True)
class LightStateAction(Element):
    transition_time: float = 0.0
    light: VehicleLight | UserDefinedLight = choice("LightType")
    light_state: LightState


@dataclass(frozen=True, kw_only=True)
class SensorReference(Element):
    name: str


@dataclass(frozen=True, kw_only=True)
class VisibilityAction(Element):
    graphics: bool
    sensors: bool
    traffic: bool
    sensor_references: tuple[SensorReference, ...] = child("SensorReference", within="SensorReferenceSet", default=())


@dataclass(frozen=True, kw_only=True)
class EnvironmentAction(Element):
    environment: Environment = choice()


@dataclass(frozen=True, kw_only=True)
class AddEntityAction(Element):
    position: Position


@dataclass(frozen=True, kw_only=True)
class DeleteEntityAction(Element):
    pass


@dataclass(frozen=True, kw_only=True)
class EntityAction(Element):
    entity_ref: str
    action: AddEntityAction | DeleteEntityAction = choice()


@dataclass(frozen=True, kw_only=True)
class SetValue(Element):
    value: str


@dataclass(frozen=True, kw_only=True)
class AddValue(Element):
    value: float


@dataclass(frozen=True, kw_only=True)
class MultiplyByValue(Element):
    value: float


@dataclass(frozen=True, kw_only=True)
class ModifyValue(Element):
    rule: AddValue | MultiplyByValue = choice("Rule")


@dataclass(frozen=True, kw_only=True)
class ParameterAction(Element):
    parameter_ref: str = reference()
    set: SetValue | None = child("SetAction", default=None)
    modify: ModifyValue | None = child("ModifyAction", default=None)


@dataclass(frozen=True, kw_only=True)
class VariableAction(Element):
    variable_ref: str = reference()
    set: SetValue | None = child("SetAction", default=None)
    modify: ModifyValue | None = child("ModifyAction", default=None)


@dataclass(frozen=True, kw_only=True)
class SetMonitorAction(Element):
    monitor_ref: str = reference()
    value: bool


@dataclass(frozen=True, kw_only=True)
class TrafficSignalStateAction(Element):
    name: str
    state: str


@dataclass(frozen=True, kw_only=True)
class TrafficSignalControllerAction(Element):
    traffic_signal_controller_ref: str
    phase: str


@dataclass(frozen=True, kw_only=True)
class InfrastructureAction(Element):
    signal: TrafficSignalStateAction | TrafficSignalControllerAction = choice("TrafficSignalAction")


@dataclass(frozen=True, kw_only=True)
class ConnectTrailerAction(Element):
    trailer_ref: str


@dataclass(frozen=True, kw_only=True)
class DisconnectTrailerAction(Element):
    pass


@dataclass(frozen=True, kw_only=True)
class CustomCommandAction(Element):
    """A command of a type that the program around the player knows."""

    type: str
    content: str = child(text=True, default="")


PrivateAction = (
    SpeedAction
    | SpeedProfileAction
    | LongitudinalDistanceAction
    | LaneChangeAction
    | LaneOffsetAction
    | LateralDistanceAction
    | SynchronizeAction
    | TeleportAction
    | AcquirePositionAction
    | AssignRouteAction
    | RandomRouteAction
    | FollowTrajectoryAction
    | ActivateControllerAction
    | AssignControllerAction
    | OverrideControllerValueAction
    | LightStateAction
    | VisibilityAction
    | AnimationAction
    | ConnectTrailerAction
    | DisconnectTrailerAction
)
GlobalAction = (
    EnvironmentAction
    | EntityAction
    | ParameterAction
    | VariableAction
    | SetMonitorAction
    | InfrastructureAction
    | TrafficAction
    | CustomCommandAction
)
PlayedAction = PrivateAction | GlobalAction | Unsupported
