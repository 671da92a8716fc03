"""Painted objects: crosswalks, parking bays and stop lines."""

from __future__ import annotations

from math import cos, sin

import numpy as np
import shapely
from shapely import affinity
from shapely.ops import substring

from drivesim.opendrive.meshing.builder import Builder, Points, paint, triangulate
from drivesim.opendrive.model import RoadObject, Signal
from drivesim.opendrive.objects import box, footprint, placed
from drivesim.opendrive.road import RoadFrame

_LIFT = 0.005
"""Height above the surface, m; a little above lane marks, which crosswalks may cross."""
_BAR = 0.5
"""Width of a zebra's bars and of the gaps between them, m."""
_BAY_LINE = 0.10
_STOP_LINE = 0.50
"""Depth of a stop line, m (German StVO sign 294)."""
_STOP_LINE_WIDTH = 3.0


def add_objects(builder: Builder, frame: RoadFrame) -> None:
    """What the objects and signals of a road paint on its surface."""
    for thing in frame.road.objects:
        if not 0.0 <= thing.s <= frame.length:
            continue
        if thing.type == "crosswalk":
            _drape(builder, frame, thing.s, _zebra(frame, thing))
        elif thing.type == "parkingSpace" and not thing.markings:
            area = footprint(frame, thing)
            _drape(builder, frame, thing.s, area.difference(area.buffer(-_BAY_LINE, join_style="mitre")))
        elif "stopline" in f"{thing.name}{thing.subtype}".lower().replace("_", "").replace(" ", ""):
            _drape(builder, frame, thing.s, footprint(frame, thing))
        _add_markings(builder, frame, thing)
    for signal in frame.road.signals:
        if signal.type == "294" and 0.0 <= signal.s <= frame.length:
            _drape(builder, frame, signal.s, _stop_line(frame, signal))


def _drape(builder: Builder, frame: RoadFrame, s: float, area: shapely.Geometry, colour: str = "white") -> None:
    """Paint a plan-view area onto the road's surface."""
    for points, triangles in triangulate(area):
        places = [frame.project(x, y, s)[:2] for x, y in points.tolist()]
        z = [frame.point(si, ti, _LIFT).z for si, ti in places]
        builder.add(paint(colour), np.column_stack([points, z]), triangles)


def _zebra(frame: RoadFrame, thing: RoadObject) -> shapely.Geometry:
    """Bars along the road across the whole crosswalk, with a gap's margin shared between both ends."""
    heading = frame.point(thing.s, thing.t).heading
    area = affinity.rotate(footprint(frame, thing), -heading, origin=(0.0, 0.0), use_radians=True)
    if area.is_empty:
        return area
    x0, y0, x1, y1 = area.bounds
    count = max(int((y1 - y0 + _BAR) / (2.0 * _BAR)), 1)
    first = 0.5 * (y0 + y1) - (count - 0.5) * _BAR
    low = first + 2.0 * _BAR * np.arange(count)
    bars = shapely.union_all(shapely.box(x0, low, x1, low + _BAR))
    return affinity.rotate(bars.intersection(area), heading, origin=(0.0, 0.0), use_radians=True)


def _stop_line(frame: RoadFrame, signal: Signal) -> shapely.Geometry:
    p = frame.point(signal.s, signal.t)
    line: Points = np.array([-0.5, 0.5]) * (signal.width or _STOP_LINE_WIDTH)
    ends = [(p.x - v * sin(p.heading), p.y + v * cos(p.heading)) for v in line.tolist()]
    return shapely.LineString(ends).buffer(0.5 * _STOP_LINE, cap_style="flat")


def _add_markings(builder: Builder, frame: RoadFrame, thing: RoadObject) -> None:
    """Lines that the object declares along its sides or between corners of its outline."""
    rear_right, front_right, front_left, rear_left = box(frame, thing)
    sides = {
        "left": (rear_left, front_left),
        "right": (rear_right, front_right),
        "front": (front_right, front_left),
        "rear": (rear_right, rear_left),
    }
    for marking in thing.markings:
        path = list(sides.get(marking.side, ()))
        if marking.corners:
            corners = {c.id: c for outline in thing.outlines for c in outline.corners}
            chosen = [corners[i] for i in marking.corners if i in corners]
            path = [
                (frame.point(c.a, c.b).x, frame.point(c.a, c.b).y) if c.road else placed(frame, thing, c.a, c.b)
                for c in chosen
            ]
        if len(path) < 2:
            continue
        line = shapely.LineString(path)
        period = marking.line_length + marking.space_length
        starts = np.arange(0.0, line.length, period) if marking.space_length > 0.0 and period > 0.0 else [0.0]
        length = marking.line_length if marking.space_length > 0.0 else line.length
        for start in starts:
            stroke = substring(line, start, min(start + length, line.length))
            area = stroke.buffer(0.5 * marking.width, cap_style="flat", join_style="mitre")
            _drape(builder, frame, thing.s, area, marking.color)
