"""Chapter "Positions and coordinate systems", with routes and trajectories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivesim.openscenario.model.base import Element, child, choice
from drivesim.openscenario.model.parameters import ParameterDeclaration


@dataclass(frozen=True, kw_only=True)
class Orientation(Element):
    """Radians; what is left out follows the road or the reference."""

    h: float | None = None
    p: float | None = None
    r: float | None = None
    type: Literal["absolute", "relative"] = "absolute"


@dataclass(frozen=True, kw_only=True)
class WorldPosition(Element):
    x: float
    y: float
    z: float | None = None
    h: float | None = None
    p: float | None = None
    r: float | None = None


@dataclass(frozen=True, kw_only=True)
class RelativeWorldPosition(Element):
    entity_ref: str
    dx: float
    dy: float
    dz: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class RelativeObjectPosition(Element):
    entity_ref: str
    dx: float
    dy: float
    dz: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class RoadPosition(Element):
    road_id: str
    s: float
    t: float
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class RelativeRoadPosition(Element):
    entity_ref: str
    ds: float
    dt: float
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class LanePosition(Element):
    road_id: str
    lane_id: int
    s: float
    offset: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class RelativeLanePosition(Element):
    entity_ref: str
    d_lane: int
    ds: float | None = None
    ds_lane: float | None = None
    offset: float = 0.0
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class GeoPosition(Element):
    """Degrees; 1.1 wrote ``latitude``/``longitude`` in radians."""

    latitude_deg: float | None = None
    longitude_deg: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    height: float | None = None
    vertical_road_selection: int | None = None
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class FromCurrentEntity(Element):
    entity_ref: str


@dataclass(frozen=True, kw_only=True)
class FromRoadCoordinates(Element):
    path_s: float
    t: float


@dataclass(frozen=True, kw_only=True)
class FromLaneCoordinates(Element):
    path_s: float
    lane_id: int
    lane_offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RoutePosition(Element):
    route: Route = choice("RouteRef")
    place: FromCurrentEntity | FromRoadCoordinates | FromLaneCoordinates = choice("InRoutePosition")
    orientation: Orientation | None = None


@dataclass(frozen=True, kw_only=True)
class TrajectoryPosition(Element):
    s: float
    t: float = 0.0
    trajectory: Trajectory = choice("TrajectoryRef")
    orientation: Orientation | None = None


Position = (
    WorldPosition
    | RelativeWorldPosition
    | RelativeObjectPosition
    | RoadPosition
    | RelativeRoadPosition
    | LanePosition
    | RelativeLanePosition
    | GeoPosition
    | RoutePosition
    | TrajectoryPosition
)


@dataclass(frozen=True, kw_only=True)
class Waypoint(Element):
    route_strategy: Literal["fastest", "shortest", "leastIntersections", "random"]
    position: Position


@dataclass(frozen=True, kw_only=True)
class Route(Element):
    name: str
    closed: bool
    waypoints: tuple[Waypoint, ...] = child("Waypoint")
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )


@dataclass(frozen=True, kw_only=True)
class Vertex(Element):
    position: Position
    time: float | None = None


@dataclass(frozen=True, kw_only=True)
class Polyline(Element):
    vertices: tuple[Vertex, ...] = child("Vertex")


@dataclass(frozen=True, kw_only=True)
class Clothoid(Element):
    curvature: float
    length: float
    position: Position
    curvature_prime: float | None = None
    curvature_dot: float | None = None
    start_time: float | None = None
    stop_time: float | None = None


@dataclass(frozen=True, kw_only=True)
class ClothoidSplineSegment(Element):
    curvature_start: float
    curvature_end: float
    length: float
    h_offset: float = 0.0
    time_start: float | None = None
    position_start: Position | None = None


@dataclass(frozen=True, kw_only=True)
class ClothoidSpline(Element):
    time_end: float | None = None
    segments: tuple[ClothoidSplineSegment, ...] = child("ClothoidSplineSegment", default=())


@dataclass(frozen=True, kw_only=True)
class ControlPoint(Element):
    position: Position
    time: float | None = None
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Knot(Element):
    value: float


@dataclass(frozen=True, kw_only=True)
class Nurbs(Element):
    order: int
    control_points: tuple[ControlPoint, ...] = child("ControlPoint")
    knots: tuple[Knot, ...] = child("Knot")


@dataclass(frozen=True, kw_only=True)
class Trajectory(Element):
    name: str
    closed: bool
    shape: Polyline | Clothoid | ClothoidSpline | Nurbs = choice("Shape")
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )
