"""Read lane sections, lanes and their road marks."""

from __future__ import annotations

from types import MappingProxyType

from drivesim.opendrive.model import Lane, LaneHeight, LaneSection, LaneSpeed, MarkLine, RoadMark
from drivesim.opendrive.xml import Element, cubics, speed_of


def read_lane_sections(road: Element, length: float) -> tuple[LaneSection, ...]:
    """The lane sections of a road, sorted; each ends where the next begins."""
    elements = sorted(road.under("lanes", "laneSection"), key=lambda element: element.number("s"))
    elements = [element for element in elements if element.number("s") < length] or elements[:1]
    if not elements:
        raise road.error("no <laneSection>", "add <lanes> with at least one <laneSection>")
    starts = [0.0, *(element.number("s") for element in elements[1:])]
    ends = [*starts[1:], length]
    return tuple(
        LaneSection(start, end, MappingProxyType(_lanes(element)), element.flag("singleSide", False))
        for element, start, end in zip(elements, starts, ends, strict=True)
    )


def _lanes(section: Element) -> dict[int, Lane]:
    lanes: dict[int, Lane] = {}
    for side, sign in (("left", 1), ("center", 0), ("right", -1)):
        for element in section.under(side, "lane"):
            lane = _lane(element)
            if (lane.id > 0) - (lane.id < 0) != sign:
                raise element.error(
                    f"lane {lane.id} stands in <{side}>", "left lanes have positive ids, right negative, the centre 0"
                )
            if lane.id in lanes:
                raise element.error(f"lane {lane.id} appears twice in one section", "give every lane its own id")
            lanes[lane.id] = lane
    lanes.setdefault(0, Lane(0, "none"))
    return dict(sorted(lanes.items(), reverse=True))


def _lane(element: Element) -> Lane:
    link = element.child("link")
    before, after = (link.child("predecessor"), link.child("successor")) if link else (None, None)
    speeds = ((record.number("sOffset", 0.0), speed_of(record)) for record in element.children("speed"))
    return Lane(
        id=element.integer("id"),
        type=element.text("type", "none"),
        level=element.flag("level", False),
        predecessor=before.integer("id") if before else None,
        successor=after.integer("id") if after else None,
        width=cubics(element.children("width"), "sOffset", 0.0),
        border=cubics(element.children("border"), "sOffset", 0.0),
        height=tuple(
            sorted(
                (
                    LaneHeight(r.number("sOffset", 0.0), r.number("inner", 0.0), r.number("outer", 0.0))
                    for r in element.children("height")
                ),
                key=lambda r: r.s_offset,
            )
        ),
        road_marks=tuple(sorted(map(_road_mark, element.children("roadMark")), key=lambda r: r.s_offset)),
        speed=tuple(LaneSpeed(start, value) for start, value in sorted(speeds, key=lambda r: r[0]) if value),
        direction=element.text("direction", "standard"),
    )


def _road_mark(element: Element) -> RoadMark:
    detail, explicit = element.child("type"), element.child("explicit")
    return RoadMark(
        s_offset=element.number("sOffset", 0.0),
        type=" ".join(element.text("type", "none").split()) or "none",
        weight=element.text("weight", "standard"),
        color=element.text("color", "standard"),
        width=element.optional_number("width"),
        lane_change=element.text("laneChange", "both"),
        lines=tuple(map(_mark_line, detail.children("line"))) if detail else (),
        explicit=tuple(map(_mark_line, explicit.children("line"))) if explicit else (),
    )


def _mark_line(element: Element) -> MarkLine:
    return MarkLine(
        length=element.number("length", 0.0),
        space=element.number("space", 0.0),
        t_offset=element.number("tOffset", 0.0),
        s_offset=element.number("sOffset", 0.0),
        width=element.optional_number("width"),
        color=element.text("color", ""),
    )
