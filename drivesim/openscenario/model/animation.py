"""Chapter "Actions": appearance by animation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivesim.openscenario.model.base import Element, child, choice
from drivesim.openscenario.model.parameters import File

PedestrianMotion = Literal[
    "standing", "sitting", "lying", "squatting", "walking", "running", "reeling", "crawling", "cycling", "jumping",
    "ducking", "bendingDown",
]  # fmt: skip
PedestrianGestureType = Literal[
    "phoneCallRightHand", "phoneCallLeftHand", "phoneTextRightHand", "phoneTextLeftHand", "wavingRightArm",
    "wavingLeftArm", "umbrellaRightHand", "umbrellaLeftHand", "crossArms", "coffeeRightHand", "coffeeLeftHand",
    "sandwichRightHand", "sandwichLeftHand",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class VehicleComponent(Element):
    vehicle_component_type: str


@dataclass(frozen=True, kw_only=True)
class UserDefinedComponent(Element):
    user_defined_component_type: str


@dataclass(frozen=True, kw_only=True)
class ComponentAnimation(Element):
    component: VehicleComponent | UserDefinedComponent = choice()


@dataclass(frozen=True, kw_only=True)
class PedestrianGesture(Element):
    gesture: PedestrianGestureType


@dataclass(frozen=True, kw_only=True)
class PedestrianAnimation(Element):
    motion: PedestrianMotion | None = None
    user_defined_pedestrian_animation: str | None = None
    gestures: tuple[PedestrianGesture, ...] = child("PedestrianGesture", default=())


@dataclass(frozen=True, kw_only=True)
class AnimationFile(Element):
    time_offset: float = 0.0
    file: File


@dataclass(frozen=True, kw_only=True)
class UserDefinedAnimation(Element):
    user_defined_animation_type: str


@dataclass(frozen=True, kw_only=True)
class AnimationState(Element):
    state: float


@dataclass(frozen=True, kw_only=True)
class AnimationAction(Element):
    loop: bool = False
    animation_duration: float | None = None
    animation: ComponentAnimation | PedestrianAnimation | AnimationFile | UserDefinedAnimation = choice("AnimationType")
    animation_state: AnimationState | None = None

    @property
    def subject(self) -> str:
        """What is animated, as a name: the door, the pedestrian, the file."""
        what = self.animation
        if isinstance(what, ComponentAnimation):
            part = what.component
            if isinstance(part, VehicleComponent):
                return part.vehicle_component_type
            return part.user_defined_component_type
        if isinstance(what, PedestrianAnimation):
            words = [what.motion or what.user_defined_pedestrian_animation, *(g.gesture for g in what.gestures)]
            return " ".join(word for word in words if word)
        return what.file.filepath if isinstance(what, AnimationFile) else what.user_defined_animation_type
