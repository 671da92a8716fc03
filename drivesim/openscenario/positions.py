"""Where a Position of the standard is in the world."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from drivesim.errors import ScenarioError
from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.openscenario.model import positions as model
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.roads import Itinerary, shifted_lane
from drivesim.streams import stream
from drivesim.transforms import Pose
from drivesim.world import World


def pose_of(point: Any) -> Pose:
    """The pose of a point on the road, x along it."""
    return Pose.from_ypr((point.x, point.y, point.z), (point.heading, point.pitch, point.roll))


def complaint(place: Element, problem: str, remedy: str) -> ScenarioError:
    """An error about an element of the scenario."""
    source = place.source
    return ScenarioError(
        problem, file=source.file if source else None, line=source.line if source else None,
        element=place.TAG or type(place).__name__, remedy=remedy,
    )  # fmt: skip


def _located(error: ScenarioError, place: Element) -> ScenarioError:
    """What a map says of a place, with the scenario's line that asks for it."""
    return complaint(place, error.problem, error.remedy or "see the map")


def _hangs(element: Any) -> bool:
    """Whether an element names an entity somewhere, so that it is not always the same."""
    if isinstance(element, tuple):
        return any(_hangs(part) for part in element)
    if not isinstance(element, Element):
        return False
    if getattr(element, "entity_ref", None) is not None:
        return True
    return any(_hangs(getattr(element, spec.name)) for spec in fields(element))


class Places:
    """Resolves positions as things stand now.

    Attributes:
        routes: roads that entities have been told to take, by name.

    Args:
        mirrored: world coordinates are left-handed, as in CARLA's own scenarios: y to the right, angles clockwise.
    """

    def __init__(self, world: World, *, mirrored: bool = False) -> None:
        self.world = world
        self._sign = -1.0 if mirrored else 1.0
        self.routes: Mapping[str, tuple[str, ...]] = {}
        self._poses: dict[int, tuple[Element, Pose]] = {}
        self._lanes: dict[int, tuple[Element, LanePosition | None]] = {}
        self._reached: dict[tuple[int, float], LanePosition] = {}

    def pose(self, place: model.Position, route: tuple[str, ...] = ()) -> Pose:
        """``world_from_actor`` of a position.

        Args:
            route: roads on which a way along lanes goes on at junctions.
        """
        try:
            return self._pose(place, route)
        except ScenarioError as error:
            if error.line is not None:
                raise
            raise _located(error, place) from error

    def _pose(self, place: model.Position, route: tuple[str, ...]) -> Pose:
        if isinstance(place, model.RelativeLanePosition):
            return self._relative_lane(place, route)
        if isinstance(place, model.RelativeRoadPosition):
            return self._relative_road(place, route)
        known = self._poses.get(id(place))
        if known is not None:
            return known[1]
        made = self._RESOLVERS[type(place)](self, place)
        if not _hangs(place):
            self._poses[id(place)] = place, made
        return made

    def lane(self, place: model.Position) -> LanePosition | None:
        """The lane under a position; None where there is none."""
        known = self._lanes.get(id(place))
        if known is not None:
            return known[1]
        try:
            made = self._lane(place)
        except ScenarioError as error:
            if error.line is not None:
                raise
            raise _located(error, place) from error
        if not _hangs(place):
            self._lanes[id(place)] = place, made
        return made

    def _lane(self, place: model.Position) -> LanePosition | None:
        network = self.world.network
        if network is None:
            return None
        if isinstance(place, model.LanePosition):
            return network.position(place.road_id, place.lane_id, place.s, self._sign * place.offset)
        if isinstance(place, model.RoutePosition) and not isinstance(place.place, model.FromCurrentEntity):
            reached = self._along_route(place.route, place.place.path_s)
            lane_id = place.place.lane_id if isinstance(place.place, model.FromLaneCoordinates) else reached.lane_id
            return network.position(reached.road_id, lane_id, reached.s)
        pose = self.pose(place)
        x, y, z = (float(v) for v in pose.translation)
        return network.lane_from_world(x, y, heading=float(pose.ypr[0]), height=z)

    def _network(self, place: Element) -> RoadNetwork:
        if self.world.network is None:
            raise complaint(place, "there is no road network", "give the scenario a LogicFile, or use a WorldPosition")
        return self.world.network

    def _oriented(self, base: Pose, orientation: model.Orientation | None) -> Pose:
        if orientation is None:
            return base
        own = [float(angle) for angle in base.ypr]
        relative = orientation.type == "relative"
        given = (orientation.h, orientation.p, orientation.r)
        signs = (self._sign, 1.0, self._sign)
        turned = [
            mine if angle is None else sign * angle + (mine if relative else 0.0)
            for mine, angle, sign in zip(own, given, signs, strict=True)
        ]
        return Pose.from_ypr(base.translation, turned)

    def _entity(self, name: str) -> Pose:
        actor = self.world.index(name)
        return Pose.from_ypr(self.world.position[0, actor], self.world.orientation[0, actor])

    def _lane_of(self, place: Element, name: str) -> LanePosition:
        pose = self._entity(name)
        x, y, z = (float(v) for v in pose.translation)
        found = self._network(place).lane_from_world(x, y, heading=float(pose.ypr[0]), height=z)
        if found is None:
            raise complaint(place, f"'{name}' is on no road", "place it on a road first")
        return found

    def _in_world(self, place: model.WorldPosition) -> Pose:
        y = self._sign * place.y
        network, z = self.world.network, place.z
        if z is None:
            z = network.elevation(place.x, y) if network else 0.0
        return Pose.from_ypr((place.x, y, z), (self._sign * (place.h or 0.0), place.p or 0.0, place.r or 0.0))

    def _on_road(self, place: model.RoadPosition) -> Pose:
        point = self._network(place).world_from_road(place.road_id, place.s, self._sign * place.t)
        return self._oriented(pose_of(point), place.orientation)

    def _on_lane(self, place: model.LanePosition) -> Pose:
        network, offset = self._network(place), self._sign * place.offset
        point = network.world_from_lane(place.road_id, place.lane_id, place.s, offset)
        return self._oriented(pose_of(point), place.orientation)

    def _relative_world(self, place: model.RelativeWorldPosition) -> Pose:
        base = self._entity(place.entity_ref)
        moved = Pose(base.translation + (place.dx, self._sign * place.dy, place.dz), base.rotation)
        return self._oriented(moved, place.orientation)

    def _relative_object(self, place: model.RelativeObjectPosition) -> Pose:
        base = self._entity(place.entity_ref)
        moved = base.apply((place.dx, self._sign * place.dy, place.dz))
        return self._oriented(Pose(moved, base.rotation), place.orientation)

    def _relative_road(self, place: model.RelativeRoadPosition, route: tuple[str, ...] = ()) -> Pose:
        network, base = self._network(place), self._lane_of(place, place.entity_ref)
        reached, turned = self._along_roads(place, base, place.ds, route or self.routes.get(place.entity_ref, ()))
        t = (-base.t if turned else base.t) + self._sign * place.dt
        point = network.world_from_road(reached.road_id, reached.s, t)
        return self._oriented(pose_of(point), place.orientation)

    def _along_roads(
        self, place: Element, base: LanePosition, ds: float, route: tuple[str, ...]
    ) -> tuple[LanePosition, bool]:
        """The place ``ds`` metres towards +s along the reference lines of the road and those that continue it, and
        whether s runs the other way there."""
        network = self._network(place)
        along = network.lane_direction(base.road_id, base.lane_id, base.s)
        centre = network.position(base.road_id, base.lane_id, base.s)
        reached = network.follow_lane(centre, ds * along, route=route, measure="road") if ds else centre
        if reached is None:
            if not 0.0 <= base.s + ds <= network.frame(base.road_id).length:
                raise complaint(place, "lies beyond the end of the road", "choose a shorter distance")
            return base._replace(s=base.s + ds), False  # the lane ends, the road does not
        turned = reached.road_id != base.road_id and (
            network.lane_direction(reached.road_id, reached.lane_id, reached.s) != along
        )
        return reached, turned

    def _relative_lane(self, place: model.RelativeLanePosition, route: tuple[str, ...] = ()) -> Pose:
        """First along the reference entity's lane (``dsLane``) or road (``ds``), then across the lanes there: with
        ``dsLane`` on and to the left as the reference entity faces, with ``ds`` towards +s and +t of the road."""
        network, base = self._network(place), self._lane_of(place, place.entity_ref)
        route = route or self.routes.get(place.entity_ref, ())
        centre = network.position(base.road_id, base.lane_id, base.s)
        heading = network.world_from_lane(base.road_id, base.lane_id, base.s).heading
        with_lane = math.cos(heading - float(self._entity(place.entity_ref).ypr[0])) >= 0
        turned = False
        if place.ds_lane is None:
            reached, turned = self._along_roads(place, centre, place.ds or 0.0, route)
        else:
            ahead = place.ds_lane if with_lane else -place.ds_lane
            found = network.follow_lane(centre, ahead, route=route) if ahead else centre
            if found is None:
                raise complaint(place, "lies beyond the end of the lane", "choose a shorter distance")
            reached = found
        lane_way = network.lane_direction(reached.road_id, reached.lane_id, reached.s)
        faces = lane_way if with_lane else -lane_way
        left = faces if place.ds_lane is not None else -1 if turned else 1
        lane_id = shifted_lane(network, reached, left * place.d_lane)
        point = network.world_from_lane(reached.road_id, lane_id, reached.s, left * self._sign * place.offset)
        pose = pose_of(point)
        if (network.lane_direction(reached.road_id, lane_id, reached.s) == lane_way) != with_lane:
            h, p, r = (float(angle) for angle in pose.ypr)  # an oncoming lane: face as the reference does
            pose = Pose.from_ypr(pose.translation, (h + math.pi, -p, -r))
        return self._oriented(pose, place.orientation)

    def _geographic(self, place: model.GeoPosition) -> Pose:
        network = self._network(place)
        if network.geodesy is None:
            raise complaint(place, "the map does not say where it lies", "give the map a geoReference")
        latitude = place.latitude_deg if place.latitude_deg is not None else math.degrees(place.latitude or 0.0)
        longitude = place.longitude_deg if place.longitude_deg is not None else math.degrees(place.longitude or 0.0)
        x, y = network.geodesy.world_from_wgs84(latitude, longitude)
        height = place.altitude if place.altitude is not None else place.height
        z = network.elevation(x, y) if height is None else height
        found = network.lane_from_world(x, y)
        heading = network.world_from_lane(found.road_id, found.lane_id, found.s).heading if found else 0.0
        return self._oriented(Pose.from_ypr((x, y, z), (heading, 0.0, 0.0)), place.orientation)

    def _on_route(self, place: model.RoutePosition) -> Pose:
        network, where = self._network(place), place.place
        if isinstance(where, model.FromCurrentEntity):
            return self._oriented(self._entity(where.entity_ref), place.orientation)
        reached = self._along_route(place.route, where.path_s)
        if isinstance(where, model.FromRoadCoordinates):
            point = network.world_from_road(reached.road_id, reached.s, self._sign * where.t)
        else:
            point = network.world_from_lane(reached.road_id, where.lane_id, reached.s, self._sign * where.lane_offset)
        return self._oriented(pose_of(point), place.orientation)

    def _along_route(self, route: model.Route, distance: float) -> LanePosition:
        """The lane that a route is on after ``distance`` metres; worked out once, unless it hangs on an entity."""
        key = id(route), distance
        known = self._reached.get(key)
        if known is None:
            known = self.itinerary(route).at(distance)
            if not any(hasattr(point.position, "entity_ref") for point in route.waypoints):
                self._reached[key] = known
        return known

    def _waypoint(self, point: model.Waypoint) -> LanePosition:
        found = self.lane(point.position)
        if found is None:
            raise complaint(point, "a waypoint is on no road", "put waypoints on lanes")
        return found

    def itinerary(self, route: model.Route) -> Itinerary:
        """The way past a route's waypoints, each reached as its own strategy says; one of chance is the same for all
        who take this route."""
        stops = [self._waypoint(point) for point in route.waypoints]
        strategies = [point.route_strategy for point in route.waypoints]
        chance = stream(self.world.seed, "route", route.name) if "random" in strategies else None
        return Itinerary.of(self._network(route), stops, strategies, chance)

    def _on_trajectory(self, place: model.TrajectoryPosition) -> Pose:
        from drivesim.openscenario.paths import Path

        pose = Path.of(place.trajectory, self).pose(place.s)
        h, p, r = (float(angle) for angle in pose.ypr)
        moved = pose.apply((0.0, self._sign * place.t, 0.0))
        return self._oriented(Pose.from_ypr(moved, (h, p, r)), place.orientation)

    _RESOLVERS: dict[type[Element], Callable[[Any, Any], Pose]] = {  # noqa: RUF012
        model.WorldPosition: _in_world,
        model.RoadPosition: _on_road,
        model.LanePosition: _on_lane,
        model.RelativeWorldPosition: _relative_world,
        model.RelativeObjectPosition: _relative_object,
        model.GeoPosition: _geographic,
        model.RoutePosition: _on_route,
        model.TrajectoryPosition: _on_trajectory,
    }
