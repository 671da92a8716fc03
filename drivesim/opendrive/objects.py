"""Where the objects of a road stand: single ones, copies along the road, continuous ones and outlines.

ASAM OpenDRIVE 1.8, 13 Objects: a ``repeat`` makes copies every ``distance`` from ``s`` to ``s + length`` of the
reference line, or one continuous body where ``distance`` is zero; what it gives for start and end varies linearly in
between and replaces what the object says of itself. Corners of outlines are in the object's own frame or on the road.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, cos, pi, sin

import numpy as np
import shapely
from numpy.typing import NDArray

from drivesim.opendrive.model import Outline, Repeat, RoadObject
from drivesim.opendrive.road import RoadFrame

F64 = NDArray[np.float64]

SURFACES = frozenset({"crosswalk", "parkingSpace", "roadMark", "roadSurface", "patch"})
"""Object types without a body: they are painted on the road, or are the road."""

_UPRIGHT = frozenset({"barrier", "building", "pole", "streetLamp", "trafficIsland", "tree", "vegetation"})
"""Object types that stand up whatever else the map says of them."""
_THIN = 0.10
"""Side of a box of which the map says none, m."""
_STEP = 2.0
"""Longest straight piece of a continuous object, m."""
_MOST_COPIES = 100_000


@dataclass(frozen=True, slots=True)
class Piece:
    """An object at one place of its road, or one cross-section of a continuous one; metres, None where unsaid."""

    s: float
    t: float
    z: float
    length: float | None
    width: float | None
    height: float | None


def has_body(thing: RoadObject) -> bool:
    """Whether it is more than paint, and whether the map says enough to build it.

    A type that says nothing, without a height, does not: CARLA's towns list painted arrows and assemblies of signs like
    that, beside the signals that stand there.
    """
    if thing.type in SURFACES:
        return False
    if thing.type in _UPRIGHT or thing.height or thing.repeats:
        return True
    return any(corner.height > 0.0 for outline in thing.outlines for corner in outline.corners)


def pieces(thing: RoadObject, road_length: float) -> Iterator[Piece]:
    """The object itself, or its copies where it is repeated; none of a continuous one."""
    if not thing.repeats:
        yield Piece(min(thing.s, road_length), thing.t, thing.z_offset, thing.length, thing.width, thing.height)
    for repeat in thing.repeats:
        if repeat.distance > 0.0:
            count = min(int(repeat.length / repeat.distance + 1e-9) + 1, _MOST_COPIES)
            for s in (repeat.s + number * repeat.distance for number in range(count)):
                if s <= road_length + 1e-9:
                    yield _piece(thing, repeat, s)


def stretches(thing: RoadObject, road_length: float) -> Iterator[list[Piece]]:
    """Cross-sections along each continuous repeat, two or more, at most two metres apart."""
    for repeat in thing.repeats:
        end = min(repeat.s + repeat.length, road_length)
        if repeat.distance <= 0.0 and end > repeat.s:
            stations = np.linspace(repeat.s, end, ceil((end - repeat.s) / _STEP) + 1)
            yield [_piece(thing, repeat, float(s)) for s in stations]


def _piece(thing: RoadObject, repeat: Repeat, s: float) -> Piece:
    share = (s - repeat.s) / repeat.length if repeat.length > 0.0 else 0.0

    def between(start: float | None, end: float | None, own: float | None) -> float | None:
        first = own if start is None else start
        return first if first is None or end is None else first + share * (end - first)

    t = between(repeat.t_start, repeat.t_end, thing.t)
    z = between(repeat.z_offset_start, repeat.z_offset_end, thing.z_offset)
    return Piece(
        s, t or 0.0, z or 0.0,
        between(repeat.length_start, repeat.length_end, thing.length),
        between(repeat.width_start, repeat.width_end, thing.width),
        between(repeat.height_start, repeat.height_end, thing.height),
    )  # fmt: skip


def heading_of(frame: RoadFrame, thing: RoadObject, s: float, t: float) -> float:
    """World heading of an object's own x axis at a place of its road, rad."""
    return frame.point(s, t).heading + thing.hdg + (pi if thing.orientation == "-" else 0.0)


def placed(frame: RoadFrame, thing: RoadObject, u: float, v: float) -> tuple[float, float]:
    """The world (x, y) of a point in the object's frame, m."""
    origin = frame.point(thing.s, thing.t)
    heading = heading_of(frame, thing, thing.s, thing.t)
    return origin.x + u * cos(heading) - v * sin(heading), origin.y + u * sin(heading) + v * cos(heading)


def box(frame: RoadFrame, thing: RoadObject) -> list[tuple[float, float]]:
    """Corners in plan view: rear right, front right, front left, rear left."""
    u, v = 0.5 * (thing.length or _THIN), 0.5 * (thing.width or _THIN)
    return [placed(frame, thing, a, b) for a, b in ((-u, -v), (u, -v), (u, v), (-u, v))]


def ring(frame: RoadFrame, thing: RoadObject, outline: Outline) -> F64:
    """(N, 4) corners of an outline: world x, y, z of the foot, and height above it, m."""
    base = frame.point(thing.s, thing.t, thing.z_offset).z
    corners = []
    for corner in outline.corners:
        if corner.road:
            p = frame.point(corner.a, corner.b, corner.z)
            corners.append((p.x, p.y, p.z, corner.height))
        else:
            corners.append((*placed(frame, thing, corner.a, corner.b), base + corner.z, corner.height))
    return np.array(corners, dtype=np.float64).reshape(-1, 4)


def footprint(frame: RoadFrame, thing: RoadObject) -> shapely.Geometry:
    """The object's outer outline, else its box, in plan view."""
    outline = next((o for o in thing.outlines if o.outer and len(o.corners) > 2), None)
    corners = box(frame, thing) if outline is None else ring(frame, thing, outline)[:, :2]
    return shapely.Polygon(corners).buffer(0.0)
