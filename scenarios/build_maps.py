"""Build the OpenDRIVE maps of the shipped scenarios: ``python scenarios/build_maps.py``.

Needs the ``dev`` extra (scenariogeneration). The maps are committed beside this script; run it after changing it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from scenariogeneration import xodr

HERE = Path(__file__).resolve().parent
GEO_REFERENCE = "+proj=tmerc +lat_0=49.0069 +lon_0=8.4037 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"

KERB_HEIGHT = 0.12
DRIVING_WIDTH = 3.5
"""Lane width of the Euro NCAP AEB VRU test road, m."""
CORNER_RADIUS = 8.0
"""Kerb radius at junctions of the Euro NCAP AEB VRU test road, m."""

WHITE_DASH = {"marking_type": xodr.RoadMarkType.broken, "width": 0.12, "length": 3.0, "space": 6.0}
MOTORWAY_DASH = {"marking_type": xodr.RoadMarkType.broken, "width": 0.15, "length": 6.0, "space": 12.0}
EDGE_LINE = {"marking_type": xodr.RoadMarkType.solid, "width": 0.12}


def lane(kind: xodr.LaneType, width: float, mark: dict | None = None, height: float = 0.0) -> xodr.Lane:
    """A lane of constant width with one road mark on its outer edge and an optional raised surface."""
    made = xodr.Lane(kind, a=width)
    made.add_roadmark(xodr.RoadMark(**mark) if mark else xodr.RoadMark(xodr.RoadMarkType.none))
    if height:
        made.add_height(height, height)
    return made


def section(s: float, centre_mark: dict | None, side: list[tuple], *, both_sides: bool = True) -> xodr.LaneSection:
    """A lane section whose ``side`` (inside to outside: arguments of :func:`lane`) is mirrored to the left."""
    centre = xodr.Lane(xodr.LaneType.none)
    centre.add_roadmark(xodr.RoadMark(**centre_mark) if centre_mark else xodr.RoadMark(xodr.RoadMarkType.none))
    made = xodr.LaneSection(s, centre)
    for spec in side:
        made.add_right_lane(lane(*spec))
        if both_sides:
            made.add_left_lane(lane(*spec))
    return made


def road(
    road_id: int, start: tuple[float, float, float], geometry: list, sections: list, junction: int = -1
) -> xodr.Road:
    """A road from a start pose, a chain of plan-view geometries and lane sections."""
    plan = xodr.PlanView(*start)
    for piece in geometry:
        plan.add_geometry(piece)
    plan.adjust_geometries()
    lanes = xodr.Lanes()
    for made in sections:
        lanes.add_lanesection(made)
    return xodr.Road(road_id, plan, lanes, road_type=junction)


def crosswalk(s: float, road_width: float) -> xodr.Object:
    """A 3 m deep zebra crossing over the carriageway at ``s``."""
    made = xodr.Object(
        s, 0.0, xodr.ObjectType.crosswalk, subtype="zebra", name="zebra", length=3.0, width=road_width, height=0.0
    )
    outline = xodr.Outline(closed=True, id=0)
    for u, v in ((-1.5, -road_width / 2), (1.5, -road_width / 2), (1.5, road_width / 2), (-1.5, road_width / 2)):
        outline.add_corner(xodr.CornerLocal(u, v, 0.0, 0.0))
    made.add_outline(outline)
    return made


@dataclass(frozen=True)
class Arm:
    """One leg of a four-way junction.

    Attributes:
        heading: direction of travel when leaving the junction on this arm, rad.
        contact: which end of the road touches the junction.
    """

    road_id: int
    heading: float
    contact: xodr.ContactPoint
    length: float

    @property
    def lane_in(self) -> int:
        return -1 if self.contact == xodr.ContactPoint.end else 1

    @property
    def lane_out(self) -> int:
        return -self.lane_in


def leg(arm: Arm, sections: list[xodr.LaneSection], centre_x: float, reach: float, junction_id: int) -> xodr.Road:
    """The road of an arm, from the origin to the junction or from there away."""
    at_end = arm.contact == xodr.ContactPoint.end
    away = (centre_x + reach * math.cos(arm.heading), reach * math.sin(arm.heading), arm.heading)
    made = road(arm.road_id, (0.0, 0.0, 0.0) if at_end else away, [xodr.Line(arm.length)], sections)
    link = made.add_successor if at_end else made.add_predecessor
    link(xodr.ElementType.junction, junction_id)
    return made


STREET = [
    (xodr.LaneType.driving, DRIVING_WIDTH, {"marking_type": xodr.RoadMarkType.solid, "width": 0.10}),
    (xodr.LaneType.parking, 2.2),
    (xodr.LaneType.sidewalk, 2.5, None, KERB_HEIGHT),
]
BULB_OUT = [(xodr.LaneType.driving, DRIVING_WIDTH), (xodr.LaneType.sidewalk, 4.7, None, KERB_HEIGHT)]
BULB_LENGTH = 14.0


def residential_street() -> xodr.OpenDrive:
    """A street with parking lanes and raised pavements that ends at a four-way junction 185 m to the east."""
    centre_x, reach, junction_id = 185.0, DRIVING_WIDTH + CORNER_RADIUS, 1
    arms = [
        Arm(1, math.pi, xodr.ContactPoint.end, centre_x - reach),
        Arm(2, 0.0, xodr.ContactPoint.start, 80.0),
        Arm(3, math.pi / 2, xodr.ContactPoint.start, 60.0),
        Arm(4, -math.pi / 2, xodr.ContactPoint.start, 60.0),
    ]
    odr = xodr.OpenDrive("residential_street", revMinor="6", geo_reference=GEO_REFERENCE)
    for arm in arms:
        if arm.contact == xodr.ContactPoint.end:
            cuts = [(0.0, STREET), (arm.length - BULB_LENGTH, BULB_OUT)]
            crossing_s = arm.length - 4.0
        else:
            cuts = [(0.0, BULB_OUT), (BULB_LENGTH, STREET)]
            crossing_s = 4.0
        sections = [section(s, WHITE_DASH, side) for s, side in cuts]
        link_driving_lanes(sections)
        made = leg(arm, sections, centre_x, reach, junction_id)
        made.add_type(xodr.RoadType.town, speed=30, speed_unit="km/h")
        made.add_object(crosswalk(crossing_s, 2 * DRIVING_WIDTH))
        odr.add_road(made)
    odr.roads["1"].add_signal(
        xodr.Signal(
            25.0,
            -6.4,
            country="DE",
            Type="274",
            subtype="30",
            name="speed limit 30",
            zOffset=2.2,
            orientation=xodr.Orientation.positive,
            height=0.6,
            width=0.6,
        )
    )
    add_junction(odr, arms, centre_x, reach, junction_id, BULB_OUT)
    return odr


def add_junction(
    odr: xodr.OpenDrive, arms: list[Arm], centre_x: float, reach: float, junction_id: int, corner: list[tuple]
) -> None:
    """Every way from arm to arm; right turns carry the ``corner`` (inside to outside)."""
    junction = xodr.Junction("crossroads", junction_id)
    road_id = 100
    for source in arms:
        for target in arms:
            if source is target:
                continue
            connecting, connection = connect(road_id, source, target, centre_x, reach, junction_id, corner)
            odr.add_road(connecting)
            junction.add_connection(connection)
            road_id += 1
    odr.add_junction(junction)


def crossroads() -> xodr.OpenDrive:
    """Two country roads that cross, with corners of Euro NCAP's turning tests and nothing beside them."""
    centre_x, reach, junction_id = 120.0, DRIVING_WIDTH + CORNER_RADIUS, 1
    verge = [(xodr.LaneType.border, 2.5)]
    side = [(xodr.LaneType.driving, DRIVING_WIDTH, EDGE_LINE), *verge]
    arms = [
        Arm(1, math.pi, xodr.ContactPoint.end, centre_x - reach),
        Arm(2, 0.0, xodr.ContactPoint.start, 220.0),
        Arm(3, math.pi / 2, xodr.ContactPoint.start, 80.0),
        Arm(4, -math.pi / 2, xodr.ContactPoint.start, 80.0),
    ]
    odr = xodr.OpenDrive("crossroads", revMinor="6", geo_reference=GEO_REFERENCE)
    for arm in arms:
        made = leg(arm, [section(0.0, WHITE_DASH, side)], centre_x, reach, junction_id)
        made.add_type(xodr.RoadType.rural, speed=70, speed_unit="km/h")
        odr.add_road(made)
    add_junction(odr, arms, centre_x, reach, junction_id, [(xodr.LaneType.driving, DRIVING_WIDTH), *verge])
    return odr


def link_driving_lanes(sections: list[xodr.LaneSection]) -> None:
    """Driving lanes continue across the lane sections of a road."""
    for index, made in enumerate(sections):
        for inner in (made.rightlanes[0], made.leftlanes[0]):
            lane_id = -1 if inner is made.rightlanes[0] else 1
            if index > 0:
                inner.add_link("predecessor", lane_id)
            if index < len(sections) - 1:
                inner.add_link("successor", lane_id)


def connect(
    road_id: int, source: Arm, target: Arm, centre_x: float, reach: float, junction_id: int, corner: list[tuple]
) -> tuple[xodr.Road, xodr.Connection]:
    """One path through the junction; right turns carry what lies at the ``corner``."""
    heading_in = source.heading + math.pi
    start = (centre_x + reach * math.cos(source.heading), reach * math.sin(source.heading), heading_in)
    turn = (target.heading - heading_in + math.pi) % (2 * math.pi) - math.pi
    side = [(xodr.LaneType.driving, DRIVING_WIDTH)]
    if abs(turn) < 0.1:
        geometry: list = [xodr.Line(2 * reach)]
    else:
        geometry = [xodr.Arc(math.copysign(1 / reach, turn), angle=turn)]
        if turn < 0:
            side = corner
    made = road(road_id, start, geometry, [section(0.0, None, side, both_sides=False)], junction_id)
    made.add_predecessor(xodr.ElementType.road, source.road_id, source.contact)
    made.add_successor(xodr.ElementType.road, target.road_id, target.contact)
    inner = made.lanes.lanesections[0].rightlanes[0]
    inner.add_link("predecessor", source.lane_in)
    inner.add_link("successor", target.lane_out)
    connection = xodr.Connection(source.road_id, road_id, xodr.ContactPoint.start)
    connection.add_lanelink(source.lane_in, -1)
    return made, connection


def guard_rail(length: float, t: float) -> xodr.Object:
    """A steel barrier along the whole road."""
    rail = xodr.Object(
        0.0, t, xodr.ObjectType.barrier, subtype="guardRail", name="guardRail", length=length, width=0.3, height=0.75
    )
    rail.repeat(
        length,
        0.0,
        sStart=0.0,
        tStart=t,
        tEnd=t,
        heightStart=0.75,
        heightEnd=0.75,
        zOffsetStart=0.0,
        zOffsetEnd=0.0,
        widthStart=0.3,
        widthEnd=0.3,
    )
    return rail


def motorway() -> xodr.OpenDrive:
    """Two carriageways of three lanes and a hard shoulder, 1.5 km, with a long right-hand bend."""
    side = [
        (xodr.LaneType.median, 1.75, EDGE_LINE),
        (xodr.LaneType.driving, 3.75, MOTORWAY_DASH),
        (xodr.LaneType.driving, 3.75, MOTORWAY_DASH),
        (xodr.LaneType.driving, 3.75, {"marking_type": xodr.RoadMarkType.solid, "width": 0.30}),
        (xodr.LaneType.shoulder, 3.0),
    ]
    bend = -1 / 1500
    geometry = [xodr.Line(600), xodr.Spiral(0, bend, 200), xodr.Arc(bend, length=500), xodr.Spiral(bend, 0, 200)]
    made = road(1, (0.0, 0.0, 0.0), geometry, [section(0.0, None, side)])
    made.add_type(xodr.RoadType.motorway, speed=130, speed_unit="km/h")
    for t in (0.0, 17.5, -17.5):
        made.add_object(guard_rail(1500.0, t))
    odr = xodr.OpenDrive("motorway", revMinor="6", geo_reference=GEO_REFERENCE)
    odr.add_road(made)
    return odr


def rural_road() -> xodr.OpenDrive:
    """An unlit two-lane country road, 700 m, straight then a gentle left bend, with grass verges."""
    side = [
        (xodr.LaneType.driving, DRIVING_WIDTH, EDGE_LINE),
        (xodr.LaneType.shoulder, 0.5),
        (xodr.LaneType.border, 2.5),
    ]
    bend = 1 / 400
    geometry = [xodr.Line(400), xodr.Spiral(0, bend, 80), xodr.Arc(bend, length=140), xodr.Spiral(bend, 0, 80)]
    made = road(1, (0.0, 0.0, 0.0), geometry, [section(0.0, WHITE_DASH, side)])
    made.add_type(xodr.RoadType.rural, speed=100, speed_unit="km/h")
    odr = xodr.OpenDrive("rural_road", revMinor="6", geo_reference=GEO_REFERENCE)
    odr.add_road(made)
    return odr


def main() -> None:
    for build in (residential_street, motorway, rural_road, crossroads):
        target = HERE / f"{build.__name__}.xodr"
        build().write_xml(str(target))
        text = target.read_text()
        target.write_text(strip_dates(text))
        print(target.relative_to(HERE.parent))


def strip_dates(text: str) -> str:
    """A fixed header date, so that building again changes nothing."""
    head, sep, rest = text.partition('date="')
    return head + sep + "2026-11-20T00:00:00" + rest[rest.index('"') :] if sep else text


if __name__ == "__main__":
    main()
