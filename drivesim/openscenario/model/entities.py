"""Chapter "Entities"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivesim.openscenario.model.base import Element, child, choice
from drivesim.openscenario.model.parameters import ParameterDeclaration, Properties

VehicleCategory = Literal[
    "bicycle", "bus", "car", "motorbike", "semitrailer", "trailer", "train", "tram", "truck", "van"
]
PedestrianCategory = Literal["animal", "pedestrian", "wheelchair"]
MiscObjectCategory = Literal[
    "barrier", "building", "crosswalk", "gantry", "none", "obstacle", "parkingSpace", "patch", "pole", "railing",
    "roadMark", "soundBarrier", "streetLamp", "trafficIsland", "tree", "vegetation", "wind",
]  # fmt: skip
Role = Literal["ambulance", "civil", "fire", "military", "none", "police", "publicTransport", "roadAssistance"]
ControllerType = Literal["lateral", "longitudinal", "lighting", "animation", "movement", "appearance", "all"]
ObjectType = Literal["external", "miscellaneous", "pedestrian", "vehicle"]


@dataclass(frozen=True, kw_only=True)
class Center(Element):
    x: float
    y: float
    z: float


@dataclass(frozen=True, kw_only=True)
class Dimensions(Element):
    width: float
    length: float
    height: float


@dataclass(frozen=True, kw_only=True)
class BoundingBox(Element):
    center: Center
    dimensions: Dimensions


@dataclass(frozen=True, kw_only=True)
class Performance(Element):
    max_speed: float
    max_acceleration: float
    max_deceleration: float
    max_acceleration_rate: float | None = None
    max_deceleration_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Axle(Element):
    max_steering: float
    wheel_diameter: float
    track_width: float
    position_x: float
    position_z: float


@dataclass(frozen=True, kw_only=True)
class Axles(Element):
    rear_axle: Axle
    front_axle: Axle | None = None
    additional: tuple[Axle, ...] = child("AdditionalAxle", default=())


@dataclass(frozen=True, kw_only=True)
class TrailerHitch(Element):
    dx: float
    dz: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TrailerCoupler(Element):
    dx: float
    dz: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Trailer(Element):
    """Either declared here or declared elsewhere."""

    trailer: ScenarioObject | None = None
    trailer_ref: EntityRef | None = None


@dataclass(frozen=True, kw_only=True)
class Vehicle(Element):
    name: str
    vehicle_category: VehicleCategory
    bounding_box: BoundingBox
    axles: Axles
    performance: Performance
    mass: float | None = None
    model3d: str | None = None
    role: Role | None = None
    trailer_hitch: TrailerHitch | None = None
    trailer_coupler: TrailerCoupler | None = None
    trailer: Trailer | None = None
    properties: Properties | None = None
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )


@dataclass(frozen=True, kw_only=True)
class Pedestrian(Element):
    name: str
    pedestrian_category: PedestrianCategory
    mass: float
    bounding_box: BoundingBox
    model: str | None = None
    model3d: str | None = None
    role: Role | None = None
    properties: Properties | None = None
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )


@dataclass(frozen=True, kw_only=True)
class MiscObject(Element):
    name: str
    misc_object_category: MiscObjectCategory
    mass: float
    bounding_box: BoundingBox
    model3d: str | None = None
    properties: Properties | None = None
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )


@dataclass(frozen=True, kw_only=True)
class Controller(Element):
    name: str
    controller_type: ControllerType | None = None
    properties: Properties | None = None
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )


@dataclass(frozen=True, kw_only=True)
class ObjectController(Element):
    name: str | None = None
    controller: Controller | None = choice(default=None)


@dataclass(frozen=True, kw_only=True)
class ExternalObjectReference(Element):
    """An object that something outside the scenario knows by this name."""

    name: str


@dataclass(frozen=True, kw_only=True)
class ScenarioObject(Element):
    name: str
    entity: Vehicle | Pedestrian | MiscObject | ExternalObjectReference = choice()
    controllers: tuple[ObjectController, ...] = child("ObjectController", default=())


@dataclass(frozen=True, kw_only=True)
class EntityRef(Element):
    entity_ref: str


@dataclass(frozen=True, kw_only=True)
class ByType(Element):
    object_type: ObjectType


@dataclass(frozen=True, kw_only=True)
class EntitySelection(Element):
    name: str
    members: tuple[EntityRef | ByType, ...] = choice("Members", default=())


@dataclass(frozen=True, kw_only=True)
class Entities(Element):
    objects: tuple[ScenarioObject, ...] = child("ScenarioObject", default=())
    selections: tuple[EntitySelection, ...] = child("EntitySelection", default=())
