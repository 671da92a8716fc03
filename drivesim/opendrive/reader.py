"""Read an OpenDRIVE file (1.4 to 1.8; older ones as far as they agree) into the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from drivesim.errors import did_you_mean
from drivesim.opendrive.lane_reader import read_lane_sections
from drivesim.opendrive.model import (
    Arc,
    Connection,
    Crossfall,
    Geometry,
    Junction,
    LateralShape,
    Line,
    Map,
    ParamPoly3,
    Poly3,
    Road,
    RoadLink,
    RoadType,
    Shape,
    Spiral,
)
from drivesim.opendrive.object_reader import read_objects, read_signal_references, read_signals, read_structures
from drivesim.opendrive.rail_reader import read_stations, read_switches
from drivesim.opendrive.vocabulary import ground
from drivesim.opendrive.xml import Element, cubic, cubics, parse, speed_of


def read_map(path: Path) -> Map:
    """The content of an OpenDRIVE file.

    Raises:
        ScenarioError: the file is not readable OpenDRIVE; says the line, the element and what to do.
    """
    root = parse(path)
    if root.name != "OpenDRIVE":
        raise root.error(f"the root element is <{root.name}>, not <OpenDRIVE>", "give an OpenDRIVE file (.xodr)")
    header = root.child("header")
    roads: dict[str, Road] = {}
    for element in root.children("road"):
        road = _road(element)
        if road.id in roads:
            raise element.error(f"road id '{road.id}' is used twice", "give every road its own id")
        roads[road.id] = road
    if not roads:
        raise root.error("the map has no road", "add at least one <road>")
    junctions = {junction.id: junction for junction in map(_junction, root.children("junction"))}
    geo_reference = header.child("geoReference") if header else None
    offset = header.child("offset") if header else None
    return Map(
        roads=MappingProxyType(roads),
        junctions=MappingProxyType(junctions),
        geo_reference=(geo_reference.content or None) if geo_reference else None,
        offset=(
            (offset.number("x", 0.0), offset.number("y", 0.0), offset.number("z", 0.0), offset.number("hdg", 0.0))
            if offset
            else (0.0, 0.0, 0.0, 0.0)
        ),
        version=_version(header),
        controllers=MappingProxyType(
            {
                element.text("id"): tuple(control.text("signalId") for control in element.children("control"))
                for element in root.children("controller")
            }
        ),
        stations=read_stations(root),
        notes=tuple(ground(root)),
    )


def _version(header: Element | None) -> tuple[int, int]:
    if header is None:
        return (1, 4)
    major, minor = header.integer("revMajor", 1), header.integer("revMinor", 4)
    if major != 1:
        raise header.error(f"OpenDRIVE {major}.{minor} is not supported", "use OpenDRIVE 1.4 to 1.8")
    return major, minor


def _road(element: Element) -> Road:
    road_id = element.text("id")
    geometries = tuple(_plan_view(element))
    last = geometries[-1]
    length = element.number("length", last.s + last.length)
    if length <= 0.0:
        raise element.error(f"length {length:g} of road '{road_id}' is not positive", "give the length in metres")
    rule = element.text("rule", "RHT") or "RHT"
    if rule not in ("RHT", "LHT"):
        raise element.error(f"rule='{rule}' is not known", did_you_mean(rule, ("RHT", "LHT")))
    junction = element.text("junction", "-1")
    link = element.child("link")
    return Road(
        id=road_id,
        name=element.text("name", ""),
        length=length,
        junction=None if junction in ("-1", "") else junction,
        rule=rule,
        geometries=geometries,
        lane_sections=read_lane_sections(element, length),
        predecessor=_link(link.child("predecessor")) if link else None,
        successor=_link(link.child("successor")) if link else None,
        types=tuple(sorted(map(_type, element.children("type")), key=lambda record: record.s)),
        elevation=cubics(element.under("elevationProfile", "elevation")),
        superelevation=cubics(element.under("lateralProfile", "superelevation")),
        crossfall=tuple(
            Crossfall(record.text("side", "both"), cubic(record))
            for record in element.under("lateralProfile", "crossfall")
        ),
        shape=tuple(
            LateralShape(record.number("s"), cubic(record, "t")) for record in element.under("lateralProfile", "shape")
        ),
        lane_offset=cubics(element.under("lanes", "laneOffset")),
        objects=read_objects(element),
        signals=read_signals(element),
        signal_references=read_signal_references(element),
        tunnels=read_structures(element, "tunnel"),
        bridges=read_structures(element, "bridge"),
        switches=read_switches(element),
    )


def _type(element: Element) -> RoadType:
    speed = element.child("speed")
    return RoadType(element.number("s", 0.0), element.text("type", "unknown"), speed_of(speed) if speed else None)


def _link(element: Element | None) -> RoadLink | None:
    if element is None or not element.text("elementId", ""):
        return None
    kind = element.text("elementType", "road")
    if kind not in ("road", "junction"):
        raise element.error(f"elementType='{kind}' is not known", did_you_mean(kind, ("road", "junction")))
    contact = element.text("contactPoint", "")
    if contact not in ("start", "end", ""):
        raise element.error(f"contactPoint='{contact}' is not known", did_you_mean(contact, ("start", "end")))
    s = element.optional_number("elementS") if kind == "road" else None
    return RoadLink(
        kind, element.text("elementId"), contact or None, s, -1 if element.text("elementDir", "+") == "-" else 1
    )


def _plan_view(road: Element) -> Iterator[Geometry]:
    """Geometries in order of s, those without length left out."""
    records = sorted(
        ((element, _geometry(element)) for element in road.under("planView", "geometry")), key=lambda pair: pair[1].s
    )
    kept = [geometry for _, geometry in records if geometry.length > 0.0]
    if not kept:
        raise road.error("no <planView> with a <geometry> of positive length", "add at least one <geometry>")
    return iter(kept)


def _geometry(element: Element) -> Geometry:
    length = element.number("length")
    if length < 0.0:
        raise element.error(f"length {length:g} is negative", "give the length along the reference line in metres")
    return Geometry(
        element.number("s"), element.number("x"), element.number("y"), element.number("hdg"), length, _shape(element)
    )


def _shape(element: Element) -> Shape:
    names = ("line", "arc", "spiral", "poly3", "paramPoly3")
    shape = next(element.children(*names), None)
    if shape is None:
        raise element.error("no shape inside", f"add one of {', '.join(f'<{name}>' for name in names)}")
    match shape.name:
        case "line":
            return Line()
        case "arc":
            return Arc(shape.number("curvature"))
        case "spiral":
            return Spiral(shape.number("curvStart"), shape.number("curvEnd"))
        case "poly3":
            return Poly3(*(shape.number(key) for key in "abcd"))
        case _:
            return _param_poly3(shape)


def _param_poly3(shape: Element) -> ParamPoly3:
    p_range = shape.text("pRange", "normalized")
    if p_range not in ("arcLength", "normalized"):
        raise shape.error(f"pRange='{p_range}' is not known", did_you_mean(p_range, ("arcLength", "normalized")))
    u = (shape.number("aU"), shape.number("bU"), shape.number("cU"), shape.number("dU"))
    v = (shape.number("aV"), shape.number("bV"), shape.number("cV"), shape.number("dV"))
    if not any((*u[1:], *v[1:])):
        raise shape.error("all coefficients are zero: the curve is a point", "give at least bU")
    return ParamPoly3(u, v, normalized=p_range == "normalized")


def _junction(element: Element) -> Junction:
    connections = (
        Connection(
            id=connection.text("id", ""),
            incoming_road=connection.text("incomingRoad", ""),
            connecting_road=connection.text("connectingRoad", connection.text("linkedRoad", "")),
            contact_point=connection.text("contactPoint", "start"),
            lane_links=tuple((link.integer("from"), link.integer("to")) for link in connection.children("laneLink")),
        )
        for connection in element.children("connection")
    )
    return Junction(
        id=element.text("id"),
        name=element.text("name", ""),
        type=element.text("type", "default"),
        connections=tuple(connections),
        priorities=tuple((record.text("high", ""), record.text("low", "")) for record in element.children("priority")),
        controllers=tuple(record.text("id") for record in element.children("controller")),
    )
