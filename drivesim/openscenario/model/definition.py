"""Chapter "General structure": the file itself, its header and road network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivesim.openscenario.model.base import Element, child, choice
from drivesim.openscenario.model.entities import Controller, Entities, MiscObject, Pedestrian, Vehicle
from drivesim.openscenario.model.environment import Environment
from drivesim.openscenario.model.parameters import (
    File,
    MonitorDeclaration,
    ParameterDeclaration,
    Properties,
    VariableDeclaration,
)
from drivesim.openscenario.model.positions import Position, Route, Trajectory
from drivesim.openscenario.model.storyboard import Maneuver, Storyboard


@dataclass(frozen=True, kw_only=True)
class License(Element):
    name: str
    resource: str | None = None
    spdx_id: str | None = None
    content: str = child(text=True, default="")


@dataclass(frozen=True, kw_only=True)
class FileHeader(Element):
    rev_major: int
    rev_minor: int
    date: str
    description: str
    author: str
    license: License | None = None
    properties: Properties | None = None


@dataclass(frozen=True, kw_only=True)
class TrafficSignalState(Element):
    traffic_signal_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class TrafficSignalGroupState(Element):
    """One state for all signals of the controller."""

    state: str


@dataclass(frozen=True, kw_only=True)
class Phase(Element):
    name: str
    duration: float
    states: tuple[TrafficSignalState, ...] = child("TrafficSignalState", default=())
    group_state: TrafficSignalGroupState | None = child("TrafficSignalGroupState", default=None)
    misspelt_group_state: TrafficSignalGroupState | None = child("TrafficeSignalGroupState", default=None)
    """As 1.2 spelt it."""


@dataclass(frozen=True, kw_only=True)
class TrafficSignalController(Element):
    """Runs its phases round and round, ``delay`` seconds behind the controller ``reference``."""

    name: str
    delay: float | None = None
    reference: str | None = None
    phases: tuple[Phase, ...] = child("Phase", default=())


@dataclass(frozen=True, kw_only=True)
class UsedArea(Element):
    positions: tuple[Position, ...] = choice("Position")


@dataclass(frozen=True, kw_only=True)
class RoadNetwork(Element):
    logic_file: File | None = None
    scene_graph_file: File | None = None
    controllers: tuple[TrafficSignalController, ...] = child(
        "TrafficSignalController", within="TrafficSignals", default=()
    )
    used_area: UsedArea | None = None


@dataclass(frozen=True, kw_only=True)
class Directory(Element):
    path: str


@dataclass(frozen=True, kw_only=True)
class CatalogLocations(Element):
    """Where catalogues of each kind lie."""

    vehicles: Directory | None = child("Directory", within="VehicleCatalog", default=None)
    controllers: Directory | None = child("Directory", within="ControllerCatalog", default=None)
    pedestrians: Directory | None = child("Directory", within="PedestrianCatalog", default=None)
    misc_objects: Directory | None = child("Directory", within="MiscObjectCatalog", default=None)
    environments: Directory | None = child("Directory", within="EnvironmentCatalog", default=None)
    maneuvers: Directory | None = child("Directory", within="ManeuverCatalog", default=None)
    trajectories: Directory | None = child("Directory", within="TrajectoryCatalog", default=None)
    routes: Directory | None = child("Directory", within="RouteCatalog", default=None)


@dataclass(frozen=True, kw_only=True)
class ScenarioDefinition(Element):
    """A whole scenario file."""

    TAG: ClassVar[str | None] = "OpenSCENARIO"
    file_header: FileHeader
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )
    variables: tuple[VariableDeclaration, ...] = child("VariableDeclaration", within="VariableDeclarations", default=())
    monitors: tuple[MonitorDeclaration, ...] = child("MonitorDeclaration", within="MonitorDeclarations", default=())
    catalog_locations: CatalogLocations | None = None
    road_network: RoadNetwork
    entities: Entities
    storyboard: Storyboard


CatalogEntry = Vehicle | Controller | Pedestrian | MiscObject | Environment | Maneuver | Trajectory | Route


@dataclass(frozen=True, kw_only=True)
class Catalog(Element):
    """A whole catalogue."""

    name: str = ""
    entries: tuple[CatalogEntry, ...] = choice(default=())
