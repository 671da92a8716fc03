"""Read switches and stations of railways."""

from __future__ import annotations

from drivesim.opendrive.rail import Platform, Station, Switch, Track
from drivesim.opendrive.xml import Element


def read_switches(road: Element) -> tuple[Switch, ...]:
    """Of a road that is a track."""
    return tuple(map(_switch, road.under("railroad", "switch")))


def read_stations(root: Element) -> tuple[Station, ...]:
    return tuple(
        Station(
            element.text("id"), element.text("name", ""), element.text("type", "small"),
            tuple(map(_platform, element.children("platform"))),
        )
        for element in root.children("station")
    )  # fmt: skip


def _switch(element: Element) -> Switch:
    partner = element.child("partner")
    return Switch(
        id=element.text("id"),
        name=element.text("name", ""),
        position=element.text("position", "dynamic"),
        main=_track(element, "mainTrack"),
        side=_track(element, "sideTrack"),
        partner=partner.text("id") if partner else None,
    )


def _track(switch: Element, name: str) -> Track:
    element = switch.child(name)
    if element is None:
        raise switch.error(f"<{name}> is missing", "add it")
    return Track(element.text("id"), element.number("s"), -1 if element.text("dir", "+") == "-" else 1)


def _platform(element: Element) -> Platform:
    return Platform(
        element.text("id"),
        element.text("name", ""),
        tuple(
            (record.text("roadId"), record.number("sStart"), record.number("sEnd"), record.text("side", "right"))
            for record in element.children("segment")
        ),
    )
