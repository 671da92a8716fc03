"""Where a Position of the standard is in the world."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from drivesim.errors import UnsupportedElementError
from drivesim.openscenario.model import positions as model
from drivesim.openscenario.model.base import Element
from drivesim.transforms import Pose
from drivesim.world import World


def _oriented(base: Pose, orientation: model.Orientation | None) -> Pose:
    if orientation is None:
        return base
    h, p, r = (float(angle) for angle in base.ypr)
    relative = orientation.type == "relative"
    turned = [
        own if given is None else given + (own if relative else 0.0)
        for own, given in ((h, orientation.h), (p, orientation.p), (r, orientation.r))
    ]
    return Pose.from_ypr(base.translation, turned)


def _pose(point: Any) -> Pose:
    return Pose.from_ypr((point.x, point.y, point.z), (point.heading, point.pitch, point.roll))


def _world(place: model.WorldPosition, world: World) -> Pose:
    z = place.z
    if z is None:
        z = world.network.elevation(place.x, place.y) if world.network else 0.0
    return Pose.from_ypr((place.x, place.y, z), (place.h or 0.0, place.p or 0.0, place.r or 0.0))


def _road(place: model.RoadPosition, world: World) -> Pose:
    return _oriented(_pose(world.network.world_from_road(place.road_id, place.s, place.t)), place.orientation)  # type: ignore[union-attr]


def _lane(place: model.LanePosition, world: World) -> Pose:
    point = world.network.world_from_lane(place.road_id, place.lane_id, place.s, place.offset)  # type: ignore[union-attr]
    return _oriented(_pose(point), place.orientation)


def _reference(entity: str, world: World) -> Pose:
    actor = world.index(entity)
    return Pose.from_ypr(world.position[0, actor], world.orientation[0, actor])


def _relative_world(place: model.RelativeWorldPosition, world: World) -> Pose:
    base = _reference(place.entity_ref, world)
    moved = Pose(base.translation + (place.dx, place.dy, place.dz), base.rotation)
    return _oriented(moved, place.orientation)


def _relative_object(place: model.RelativeObjectPosition, world: World) -> Pose:
    base = _reference(place.entity_ref, world)
    return _oriented(Pose(base.apply((place.dx, place.dy, place.dz)), base.rotation), place.orientation)


RESOLVERS: dict[type[Element], Callable[[Any, World], Pose]] = {
    model.WorldPosition: _world,
    model.RoadPosition: _road,
    model.LanePosition: _lane,
    model.RelativeWorldPosition: _relative_world,
    model.RelativeObjectPosition: _relative_object,
}


def world_pose(place: model.Position, world: World) -> Pose:
    """``world_from_actor`` of a position, as things stand now."""
    resolver = RESOLVERS.get(type(place))
    if resolver is None:
        raise UnsupportedElementError(
            f"{type(place).__name__} is not played yet", file=place.source.file if place.source else None,
            line=place.source.line if place.source else None, element=type(place).__name__,
            remedy=f"use one of: {', '.join(c.__name__ for c in RESOLVERS)}",
        )  # fmt: skip
    return resolver(place, world)


def aligned(heading: float, other: float) -> bool:
    """Whether two headings differ by less than 45 degrees."""
    return abs(math.remainder(heading - other, 2 * math.pi)) < math.pi / 4
