"""Read objects and signals of a road."""

from __future__ import annotations

from drivesim.opendrive.model import (
    Corner,
    ObjectMarking,
    Outline,
    Repeat,
    RoadObject,
    Signal,
    SignalReference,
    Structure,
)
from drivesim.opendrive.xml import Element


def read_objects(road: Element) -> tuple[RoadObject, ...]:
    return tuple(map(_object, road.under("objects", "object")))


def read_structures(road: Element, kind: str) -> tuple[Structure, ...]:
    """Of a kind: ``tunnel`` or ``bridge``."""
    return tuple(
        Structure(
            r.text("id", ""), r.text("name", ""), r.text("type", "standard" if kind == "tunnel" else "concrete"),
            r.number("s"), r.number("length"), r.optional_number("lighting"), r.optional_number("daylight"),
            _validity(r),
        )
        for r in road.under("objects", kind)
    )  # fmt: skip


def read_signals(road: Element) -> tuple[Signal, ...]:
    return tuple(map(_signal, road.under("signals", "signal")))


def read_signal_references(road: Element) -> tuple[SignalReference, ...]:
    return tuple(
        SignalReference(r.text("id"), r.number("s"), r.number("t", 0.0), r.text("orientation", "none"), _validity(r))
        for r in road.under("signals", "signalReference")
    )


def _object(element: Element) -> RoadObject:
    # A single <outline> before OpenDRIVE 1.45, <outlines> since.
    outlines = [*element.children("outline"), *element.under("outlines", "outline")]
    return RoadObject(
        id=element.text("id", ""),
        name=element.text("name", ""),
        type=element.text("type", "none"),
        subtype=element.text("subtype", ""),
        s=element.number("s"),
        t=element.number("t", 0.0),
        z_offset=element.number("zOffset", 0.0),
        hdg=element.number("hdg", 0.0),
        pitch=element.number("pitch", 0.0),
        roll=element.number("roll", 0.0),
        orientation=element.text("orientation", "none"),
        length=element.optional_number("length"),
        width=element.optional_number("width"),
        height=element.optional_number("height"),
        radius=element.optional_number("radius"),
        outlines=tuple(map(_outline, outlines)),
        repeats=tuple(map(_repeat, element.children("repeat"))),
        markings=tuple(map(_marking, element.under("markings", "marking"))),
        dynamic=element.flag("dynamic", False),
    )


def _outline(element: Element) -> Outline:
    local = (
        Corner(False, r.number("u"), r.number("v"), r.number("z", 0.0), r.number("height", 0.0), _corner_id(r))
        for r in element.children("cornerLocal")
    )
    road = (
        Corner(True, r.number("s"), r.number("t"), r.number("dz", 0.0), r.number("height", 0.0), _corner_id(r))
        for r in element.children("cornerRoad")
    )
    return Outline(
        (*local, *road), element.flag("closed", True), element.flag("outer", True), element.text("fillType", "")
    )


def _corner_id(element: Element) -> int | None:
    return element.integer("id") if element.has("id") else None


def _repeat(element: Element) -> Repeat:
    def optional(*names: str) -> float | None:
        return next((element.number(name) for name in names if element.has(name)), None)

    return Repeat(
        s=element.number("s"),
        length=element.number("length"),
        distance=element.number("distance", 0.0),
        t_start=optional("tStart"),
        t_end=optional("tEnd"),
        z_offset_start=optional("zOffsetStart"),
        z_offset_end=optional("zOffsetEnd"),
        width_start=optional("widthStart"),
        width_end=optional("widthEnd"),
        height_start=optional("heightStart"),
        height_end=optional("heightEnd"),
        length_start=optional("lengthStart"),
        length_end=optional("lengthEnd"),
    )


def _marking(element: Element) -> ObjectMarking:
    return ObjectMarking(
        side=element.text("side", ""),
        color=element.text("color", "white"),
        width=element.number("width", 0.1),
        line_length=element.number("lineLength", 0.0),
        space_length=element.number("spaceLength", 0.0),
        corners=tuple(r.integer("id") for r in element.children("cornerReference")),
    )


def _signal(element: Element) -> Signal:
    value = element.text("value", "")
    return Signal(
        id=element.text("id"),
        name=element.text("name", ""),
        s=element.number("s"),
        t=element.number("t", 0.0),
        z_offset=element.number("zOffset", 0.0),
        h_offset=element.number("hOffset", 0.0),
        pitch=element.number("pitch", 0.0),
        roll=element.number("roll", 0.0),
        orientation=element.text("orientation", "none"),
        dynamic=element.flag("dynamic", False),
        country=element.text("country", ""),
        type=element.text("type", ""),
        subtype=element.text("subtype", ""),
        value=element.number("value") if value not in ("", "none") else None,
        unit=element.text("unit", ""),
        text=element.text("text", ""),
        width=element.optional_number("width"),
        height=element.optional_number("height"),
        lanes=_validity(element),
    )


def _validity(element: Element) -> tuple[tuple[int, int], ...]:
    return tuple((r.integer("fromLane", 0), r.integer("toLane", 0)) for r in element.children("validity"))
