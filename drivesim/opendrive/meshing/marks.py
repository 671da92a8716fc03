"""Road marks of lanes: solid, broken and double lines, a paint film above the surface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import numpy as np

from drivesim.opendrive.meshing.builder import Builder, paint
from drivesim.opendrive.model import MarkLine, Road, RoadMark
from drivesim.opendrive.road import CrossSection, RoadFrame

LIFT = 0.004
"""Height of paint above the surface, m."""
_WIDTH = {"standard": 0.12, "bold": 0.25}
"""Line width by weight where the map gives none, m (German RMS-1: narrow and wide lines off the motorway)."""
_DASH = (3.0, 6.0)
_MOTORWAY_DASH = (6.0, 12.0)
"""Line and gap of broken lines where the map gives none, m (RMS-1: 1:2, other roads and motorways)."""
_DOTS = (0.1, 1.0)


def add_marks(builder: Builder, frame: RoadFrame, section: CrossSection, at: Sequence[float]) -> None:
    """All marks of a section, sampled at the stations ``at`` and where strokes begin and end."""
    for lane_id, lane in section.lanes.items():
        for mark, following in zip_longest(lane.road_marks, lane.road_marks[1:]):
            low = section.s + mark.s_offset
            high = min(section.s + following.s_offset if following else section.end, section.end)
            for line in _lines(mark, lane_id, frame.road, low):
                width = line.width or mark.width or _WIDTH.get(mark.weight, _WIDTH["standard"])
                colour = line.color or mark.color
                for start, end in _strokes(line, low, high):
                    _add_stroke(builder, frame, section, at, lane_id, line.t_offset, width, colour, start, end)
            for line in mark.explicit:
                width = line.width or mark.width or _WIDTH["standard"]
                start = low + line.s_offset
                colour, end = line.color or mark.color, min(start + line.length, high)
                _add_stroke(builder, frame, section, at, lane_id, line.t_offset, width, colour, start, end)


def _lines(mark: RoadMark, lane_id: int, road: Road, s: float) -> Sequence[MarkLine]:
    """The painted lines of a mark: those the map details, else what its type means."""
    if mark.lines:
        return mark.lines
    words = ["dots"] if mark.type == "botts dots" else mark.type.split()
    if mark.explicit or not words or any(word not in ("solid", "broken", "dots", "edge") for word in words):
        return ()
    width = mark.width or _WIDTH.get(mark.weight, _WIDTH["standard"])
    kinds = [record.type for record in road.types if record.s <= s]
    dash = _MOTORWAY_DASH if kinds and kinds[-1] == "motorway" else _DASH
    patterns = {"broken": dash, "dots": _DOTS}
    # Words run from the inside out; on the centre lane from left to right.
    inside = -1.0 if lane_id > 0 else 1.0
    centre = 0.5 * (len(words) - 1)
    return [
        MarkLine(*patterns.get(word, (0.0, 0.0)), inside * (centre - i) * 2.0 * width, 0.0, width)
        for i, word in enumerate(words)
    ]


def _strokes(line: MarkLine, low: float, high: float) -> Iterator[tuple[float, float]]:
    """Intervals of s that are painted."""
    start = low + line.s_offset
    if line.space <= 0.0 or line.length <= 0.0:
        if high > start:
            yield start, high
        return
    while start < high:
        yield start, min(start + line.length, high)
        start += line.length + line.space


def _add_stroke(
    builder: Builder,
    frame: RoadFrame,
    section: CrossSection,
    at: Sequence[float],
    lane_id: int,
    t_offset: float,
    width: float,
    colour: str,
    start: float,
    end: float,
) -> None:
    if end - start < 1e-3:
        return
    inside = [s for s in at if start + 1e-6 < s < end - 1e-6]
    left: list[tuple[float, float, float]] = []
    right: list[tuple[float, float, float]] = []
    for s in (start, *inside, end):
        t, h = _border(frame, section, lane_id, s, width)
        for chain, edge in ((left, 0.5 * width), (right, -0.5 * width)):
            p = frame.point(s, t + t_offset + edge, h + LIFT)
            chain.append((p.x, p.y, p.z))
    builder.band(paint(colour), np.array(left), np.array(right))


def _border(frame: RoadFrame, section: CrossSection, lane_id: int, s: float, width: float) -> tuple[float, float]:
    """t and height of a lane's outer border; beside a kerb the line keeps clear of it."""
    offset = frame.offset.at(s)
    if lane_id == 0:
        return offset, 0.0
    side = section.side(s, lane_id > 0, offset)
    index = next(i for i, entry in enumerate(side) if entry[0] == lane_id)
    outer, height = side[index][2], section.height(s, lane_id)[1]
    if index + 1 < len(side) and section.height(s, side[index + 1][0])[0] > height + 1e-3:
        outer += -0.5 * width if lane_id > 0 else 0.5 * width
    return outer, height
