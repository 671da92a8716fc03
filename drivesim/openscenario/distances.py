"""Distances between entities and places in the standard's coordinate systems."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivesim.opendrive import LanePosition
from drivesim.openscenario.model.conditions import Measured
from drivesim.openscenario.motion import Motion, Place
from drivesim.openscenario.roads import separation
from drivesim.types import BoundingBox
from drivesim.world import World
from drivesim.world.boxes import gap_to_parallelogram

Vector = tuple[float, float, float]

POINT = BoundingBox((0.0, 0.0, 0.0), 0.0, 0.0, 0.0)
"""The box of what has none."""


class Target(Protocol):
    """What is somewhere: an entity's motion, or a :class:`Spot`."""

    def place(self) -> Place: ...
    def here(self) -> LanePosition | None: ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that is asked about.

    Attributes:
        position: (x, y, z) m; lane: works out the lane under it.
    """

    position: Vector
    lane: Callable[[], LanePosition | None]

    def place(self) -> Place:
        return *self.position, 0.0, 0.0, 0.0

    def here(self) -> LanePosition | None:
        return self.lane()


def measured(condition: Measured, world: World, first: Motion, target: Target, box: BoundingBox) -> float:
    """Metres between an entity and a place or another entity, never negative; inf where there is no way between them.

    Args:
        box: of the target; distances in ``freespace`` are between boxes.
    """
    (kind, system), algorithm = _meaning(condition), condition.routing_algorithm
    if not condition.freespace:
        return abs(signed(world, first, target, kind, system, algorithm))
    if system == "entity" or kind not in ("longitudinal", "lateral"):
        return _between_boxes(first.place(), first.actor.box, target.place(), box, kind)
    return _beyond_boxes(signed(world, first, target, kind, system, algorithm), first.actor.box, box, kind)


def _meaning(condition: Measured) -> tuple[str, str]:
    """Distance type and coordinate system, with the defaults of the standard."""
    kind, system = condition.relative_distance_type, condition.coordinate_system
    if condition.along_route and kind is None and system is None:
        return "longitudinal", "road"
    return kind or "euclidianDistance", system or "entity"


def is_behind(condition: Measured, world: World, first: Motion, target: Target) -> bool:
    """Whether a place or another entity lies behind an entity, in the condition's coordinate system."""
    _, system = _meaning(condition)
    return signed(world, first, target, "longitudinal", system, condition.routing_algorithm) < 0.0


def signed(
    world: World, first: Motion, target: Target, kind: str, system: str, algorithm: str | None = None
) -> float:  # fmt: skip
    """Reference point to reference point: positive ahead or to the left; inf where no road leads there.

    Args:
        algorithm: which way along the roads counts (``RoutingAlgorithm``); the shortest where it says nothing.
    """
    axis = {"longitudinal": 0, "lateral": 1}.get(kind)
    if axis is not None and system in ("lane", "road", "trajectory"):
        own, lane = first.here(), target.here()
        if world.network is None or own is None or lane is None:
            return math.inf
        if axis == 1:
            return lane.t - own.t if lane.road_id == own.road_id else math.inf
        along = separation(world.network, own, lane, algorithm, first.route)
        return math.inf if along is None else along
    here, there = first.place(), target.place()
    if axis is None:
        return math.dist(here[:3], there[:3])
    if system == "world":
        return there[axis] - here[axis]
    return _dot(_axes(here)[axis], _way(here, there))


def _beyond_boxes(gap: float, own: BoundingBox, other: BoundingBox, kind: str) -> float:
    """What is left between two boxes whose reference points are ``gap`` apart along a road, both facing along it."""
    if math.isinf(gap):
        return math.inf
    size, axis = ("length", 0) if kind == "longitudinal" else ("width", 1)
    half_own, half_other = getattr(own, size) / 2, getattr(other, size) / 2
    between = abs(gap + other.center[axis] - own.center[axis]) - half_own - half_other
    return max(between, 0.0)


def _between_boxes(here: Place, own: BoundingBox, there: Place, other: BoundingBox, kind: str) -> float:
    """Free space between two boxes: along the first one's axes, or the shortest in its plane."""
    ahead, left = _axes(here)
    along, across = _axes(there)
    way = _way(here, there)
    # The other's middle and half its length and width, seen along the own axes.
    seen = [
        (
            _dot(axis, way) + _dot(axis, along) * other.center[0] + _dot(axis, across) * other.center[1] - middle,
            _dot(axis, along) * other.length / 2,
            _dot(axis, across) * other.width / 2,
        )
        for axis, middle in ((ahead, own.center[0]), (left, own.center[1]))
    ]
    halves = own.length / 2, own.width / 2
    if kind in ("longitudinal", "lateral"):
        axis = 0 if kind == "longitudinal" else 1
        gap, half_length, half_width = seen[axis]
        return max(abs(gap) - halves[axis] - abs(half_length) - abs(half_width), 0.0)
    (x, ux, vx), (y, uy, vy) = seen
    return float(gap_to_parallelogram(*halves, x, y, ux, uy, vx, vy))


def _way(here: Place, there: Place) -> Vector:
    return there[0] - here[0], there[1] - here[1], there[2] - here[2]


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _axes(place: Place) -> tuple[Vector, Vector]:
    """The x and y axes of who stands there."""
    _, _, _, yaw, pitch, roll = place
    cy, sy, cp, sp, cr, sr = (
        math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll),
    )  # fmt: skip
    return (cy * cp, sy * cp, -sp), (cy * sp * sr - sy * cr, sy * sp * sr + cy * cr, cp * sr)
