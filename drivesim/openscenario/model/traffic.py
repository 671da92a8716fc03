"""Chapter "Actions": surrounding traffic."""

from __future__ import annotations

from dataclasses import dataclass

from drivesim.openscenario.model.base import Element, child, choice
from drivesim.openscenario.model.entities import (
    Controller,
    ExternalObjectReference,
    MiscObject,
    ObjectController,
    Pedestrian,
    Role,
    Vehicle,
    VehicleCategory,
)
from drivesim.openscenario.model.parameters import Properties
from drivesim.openscenario.model.positions import Position


@dataclass(frozen=True, kw_only=True)
class VehicleCategoryDistributionEntry(Element):
    category: VehicleCategory
    weight: float


@dataclass(frozen=True, kw_only=True)
class VehicleRoleDistributionEntry(Element):
    role: Role
    weight: float


@dataclass(frozen=True, kw_only=True)
class ControllerDistributionEntry(Element):
    weight: float
    controller: Controller = choice()


@dataclass(frozen=True, kw_only=True)
class TrafficDefinition(Element):
    name: str
    categories: tuple[VehicleCategoryDistributionEntry, ...] = child(
        "VehicleCategoryDistributionEntry", within="VehicleCategoryDistribution"
    )
    roles: tuple[VehicleRoleDistributionEntry, ...] = child(
        "VehicleRoleDistributionEntry", within="VehicleRoleDistribution", default=()
    )
    controllers: tuple[ControllerDistributionEntry, ...] = child(
        "ControllerDistributionEntry", within="ControllerDistribution"
    )


@dataclass(frozen=True, kw_only=True)
class ScenarioObjectTemplate(Element):
    entity: Vehicle | Pedestrian | MiscObject | ExternalObjectReference = choice()
    controllers: tuple[ObjectController, ...] = child("ObjectController", default=())


@dataclass(frozen=True, kw_only=True)
class EntityDistributionEntry(Element):
    weight: float
    template: ScenarioObjectTemplate = child("ScenarioObjectTemplate")


@dataclass(frozen=True, kw_only=True)
class TrafficDistributionEntry(Element):
    weight: float
    entities: tuple[EntityDistributionEntry, ...] = child("EntityDistributionEntry", within="EntityDistribution")
    properties: Properties | None = None


@dataclass(frozen=True, kw_only=True)
class TrafficDistribution(Element):
    entries: tuple[TrafficDistributionEntry, ...] = child("TrafficDistributionEntry")


@dataclass(frozen=True, kw_only=True)
class TrafficSourceAction(Element):
    radius: float
    rate: float
    velocity: float | None = None
    speed: float | None = None
    position: Position
    traffic_definition: TrafficDefinition | None = None
    traffic_distribution: TrafficDistribution | None = None


@dataclass(frozen=True, kw_only=True)
class TrafficSinkAction(Element):
    radius: float
    rate: float | None = None
    position: Position
    traffic_definition: TrafficDefinition | None = None


@dataclass(frozen=True, kw_only=True)
class CentralObject(Element):
    entity_ref: str


@dataclass(frozen=True, kw_only=True)
class InitialSpeedRange(Element):
    lower_limit: float
    upper_limit: float


@dataclass(frozen=True, kw_only=True)
class DirectionOfTravelDistribution(Element):
    same: float
    opposite: float


@dataclass(frozen=True, kw_only=True)
class TrafficSwarmAction(Element):
    inner_radius: float
    number_of_vehicles: int
    offset: float
    semi_major_axis: float
    semi_minor_axis: float
    velocity: float | None = None
    central_object: CentralObject
    traffic_definition: TrafficDefinition | None = None
    traffic_distribution: TrafficDistribution | None = None
    initial_speed_range: InitialSpeedRange | None = None
    direction_of_travel_distribution: DirectionOfTravelDistribution | None = None


@dataclass(frozen=True, kw_only=True)
class RoadLane(Element):
    id: int


@dataclass(frozen=True, kw_only=True)
class RoadCursor(Element):
    road_id: str
    s: float | None = None
    lanes: tuple[RoadLane, ...] = child("Lane", default=())


@dataclass(frozen=True, kw_only=True)
class RoadRange(Element):
    length: float | None = None
    cursors: tuple[RoadCursor, ...] = child("RoadCursor")


@dataclass(frozen=True, kw_only=True)
class TrafficArea(Element):
    outline: tuple[Position, ...] = choice("Polygon/Position", default=())
    ranges: tuple[RoadRange, ...] = child("RoadRange", default=())


@dataclass(frozen=True, kw_only=True)
class TrafficAreaAction(Element):
    number_of_entities: int
    continuous: bool
    traffic_distribution: TrafficDistribution
    traffic_area: TrafficArea


@dataclass(frozen=True, kw_only=True)
class TrafficStopAction(Element):
    pass


@dataclass(frozen=True, kw_only=True)
class TrafficAction(Element):
    traffic_name: str | None = None
    traffic: TrafficSourceAction | TrafficSinkAction | TrafficSwarmAction | TrafficAreaAction | TrafficStopAction = (
        choice()
    )
