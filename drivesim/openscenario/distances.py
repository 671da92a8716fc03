"""Distances between entities and places in the standard's coordinate systems."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drivesim.opendrive import LanePosition
from drivesim.openscenario.model.conditions import Measured
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.roads import separation
from drivesim.transforms import Pose
from drivesim.types import BoundingBox
from drivesim.world import World

F64 = NDArray[np.float64]

_POINT = BoundingBox((0.0, 0.0, 0.0), 0.0, 0.0, 0.0)


def measured(
    condition: Measured, world: World, first: Motion, target: Pose, lane: LanePosition | None, box: BoundingBox | None
) -> float:
    """Metres between an entity and a place or another entity, never negative; inf where there is no way between them.

    Args:
        lane: of the target, for distances along roads and lanes.
        box: of the target if it is an entity; distances in ``freespace`` are between boxes.
    """
    kind, system = _meaning(condition)
    gap = signed(world, first, target, lane, kind, system)
    if not condition.freespace:
        return abs(gap)
    if system == "entity" or kind not in ("longitudinal", "lateral"):
        return _between_boxes(first.pose(), first.actor.box, target, box or _POINT, kind)
    return _beyond_boxes(gap, first.actor.box, box or _POINT, kind)


def _meaning(condition: Measured) -> tuple[str, str]:
    """Distance type and coordinate system, with the defaults of the standard."""
    kind, system = condition.relative_distance_type, condition.coordinate_system
    if condition.along_route and kind is None and system is None:
        return "longitudinal", "road"
    return kind or "euclidianDistance", system or "entity"


def signed(world: World, first: Motion, target: Pose, lane: LanePosition | None, kind: str, system: str) -> float:
    """Reference point to reference point: positive ahead or to the left; inf where no road leads there."""
    here = first.pose()
    if kind not in ("longitudinal", "lateral"):
        return math.dist(here.translation.tolist(), target.translation.tolist())
    axis = 0 if kind == "longitudinal" else 1
    if system in ("lane", "road", "trajectory"):
        own = first.here()
        if world.network is None or own is None or lane is None:
            return math.inf
        if axis == 1:
            return lane.t - own.t if lane.road_id == own.road_id else math.inf
        along = separation(world.network, own, lane)
        return math.inf if along is None else along
    if system == "world":
        return float(target.translation[axis] - here.translation[axis])
    return float((here.inverse() @ target).translation[axis])


def _beyond_boxes(gap: float, own: BoundingBox, other: BoundingBox, kind: str) -> float:
    """What is left between two boxes whose reference points are ``gap`` apart along a road, both facing along it."""
    if math.isinf(gap):
        return math.inf
    size, axis = ("length", 0) if kind == "longitudinal" else ("width", 1)
    half_own, half_other = getattr(own, size) / 2, getattr(other, size) / 2
    between = abs(gap + other.center[axis] - own.center[axis]) - half_own - half_other
    return max(between, 0.0)


def corners(box: BoundingBox) -> F64:
    """(4, 3) ground corners of a box about its reference point."""
    half = np.array([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]) * (box.length / 2, box.width / 2, 0)
    return np.asarray(half + (box.center[0], box.center[1], 0.0))


def _between_boxes(here: Pose, own: BoundingBox, there: Pose, other: BoundingBox, kind: str) -> float:
    """Free space between two boxes: along the first one's axes, or the shortest in the plane."""
    a, b = corners(own), (here.inverse() @ there).apply(corners(other))
    if kind in ("longitudinal", "lateral"):
        axis = 0 if kind == "longitudinal" else 1
        return max(float(b[:, axis].min() - a[:, axis].max()), float(a[:, axis].min() - b[:, axis].max()), 0.0)
    import shapely

    return float(shapely.distance(shapely.Polygon(a[:, :2]), shapely.MultiPoint(b[:, :2]).convex_hull))
