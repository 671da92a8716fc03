"""Chapter "Actions": those that are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from drivesim.openscenario.model.base import Element, Unsupported, choice
from drivesim.openscenario.model.environment import Environment
from drivesim.openscenario.model.positions import Position


@dataclass(frozen=True, kw_only=True)
class TransitionDynamics(Element):
    dynamics_shape: Literal["step", "linear", "sinusoidal", "cubic"]
    dynamics_dimension: Literal["time", "distance", "rate"]
    value: float
    following_mode: Literal["follow", "position"] | None = None


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
class TeleportAction(Element):
    position: Position


@dataclass(frozen=True, kw_only=True)
class ActivateControllerAction(Element):
    lateral: bool | None = None
    longitudinal: bool | None = None
    animation: bool | None = None
    lighting: bool | None = None
    controller_ref: str | None = None
    object_controller_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class EnvironmentAction(Element):
    TAG: ClassVar[str | None] = "EnvironmentAction"
    environment: Environment = choice()


PlayedAction = (
    SpeedAction | LaneChangeAction | TeleportAction | ActivateControllerAction | EnvironmentAction | Unsupported
)
