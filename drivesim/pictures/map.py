"""A map seen from above: lanes by type, paint, crossings, signals and what stands beside the road."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.mesh import network_mesh
from drivesim.opendrive.meshing.builder import (
    ASPHALT,
    BIKING,
    GRASS,
    KERB,
    PARKING,
    PAVEMENT,
    SHOULDER,
    TRACK,
    Look,
)
from drivesim.opendrive.model import Road, RoadObject, Signal
from drivesim.opendrive.objects import has_body, heading_of, pieces, ring, stretches
from drivesim.pictures.canvas import INK, PAPER, Canvas, Colour, outline
from drivesim.taxonomy import Tag

_LEGEND: tuple[tuple[str, Look, Colour], ...] = (
    ("driving", ASPHALT, (150, 156, 165)),
    ("shoulder", SHOULDER, (178, 182, 188)),
    ("parking", PARKING, (166, 178, 196)),
    ("biking", BIKING, (205, 150, 132)),
    ("pavement", PAVEMENT, (224, 215, 198)),
    ("kerb", KERB, (196, 187, 170)),
    ("verge", GRASS, (211, 222, 188)),
    ("rail", TRACK, (190, 178, 158)),
)
"""Name, look in the mesh and colour in the picture of every kind of surface."""

_MOST_ROAD_NAMES = 60
"""Beyond so many roads their ids are left out."""


def draw_map(network: RoadNetwork, title: str = "", width: int = 1800) -> Image.Image:
    """A picture of a whole map.

    Args:
        title: default the file's name.
        width: pixels; the height follows the map.
    """
    canvas = Canvas(_extent(network), width)
    draw_roads(canvas, network)
    _draw_road_ids(canvas, network)
    lanes = sum(len(section.lanes) - 1 for road in network.roads.values() for section in road.lane_sections)
    x0, y0, x1, y1 = network.bounds()
    below = (
        f"{_counted(len(network.roads), 'road')}, {_counted(lanes, 'lane')}, "
        f"{_counted(len(network.junctions), 'junction')}, {x1 - x0:.0f} m by {y1 - y0:.0f} m"
    )
    canvas.title(title or network.path.stem, below)
    _draw_legend(canvas, network)
    canvas.scale_bar()
    return canvas.picture()


def _extent(network: RoadNetwork) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of the roads and of all outlines beside them, m."""
    corners = [
        ring(network.frame(road.id), thing, outline)[:, :2]
        for road in network.roads.values()
        for thing in road.objects
        for outline in thing.outlines
    ]
    x0, y0, x1, y1 = network.bounds()
    points = np.concatenate([np.array([(x0, y0), (x1, y1)]), *corners])
    return float(points[:, 0].min()), float(points[:, 1].min()), float(points[:, 0].max()), float(points[:, 1].max())


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def draw_roads(canvas: Canvas, network: RoadNetwork) -> None:
    """Surfaces and paint, lowest first, then objects and signals."""
    if not network.roads:
        return
    mesh = network_mesh(network)
    order = np.argsort(mesh.vertices[mesh.triangles, 2].mean(axis=1), kind="stable")
    corners = mesh.vertices[mesh.triangles[order]][..., :2]
    canvas.triangles(corners, colours(mesh)[order])
    for road in network.roads.values():
        for thing in road.objects:
            _draw_object(canvas, network, road, thing)
    for road in network.roads.values():
        for signal in road.signals:
            _draw_signal(canvas, network, road, signal)


def colours(mesh: Mesh) -> np.ndarray:
    """(T, 3) uint8 map colours of a mesh's triangles; paint keeps its own, brightened."""
    found = np.rint(255 * np.clip(mesh.albedo * 1.28, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    for _, look, colour in _LEGEND:
        same = np.all(np.isclose(mesh.albedo, look.albedo, atol=1e-4), axis=1)
        painted = (mesh.semantic == int(Tag.ROAD_LINE)) & ~same
        found[same & ~painted] = colour
    return found


def _draw_legend(canvas: Canvas, network: RoadNetwork) -> None:
    """The kinds of lanes that the map has, at the upper right."""
    from drivesim.opendrive.meshing.builder import lane_look

    used = {
        lane_look(lane.type)
        for road in network.roads.values()
        for section in road.lane_sections
        for lane in section.lanes.values()
        if lane.id != 0
    }
    y = 30.0
    for name, look, colour in _LEGEND:
        if look in used:
            right = canvas.size[0] - 28
            canvas.text(right - 26, y, name, 13, anchor="rm")
            canvas.swatch(right - 18, y - 7, 18, 14, colour)
            y += 20


def _draw_road_ids(canvas: Canvas, network: RoadNetwork) -> None:
    if len(network.roads) > _MOST_ROAD_NAMES:
        return
    for road in network.roads.values():
        if road.junction is None and road.length * canvas.scale > 60:
            point = network.world_from_road(road.id, 0.5 * road.length, 0.0)
            canvas.label(np.array([point.x, point.y]), road.id, 13)


def _draw_object(canvas: Canvas, network: RoadNetwork, road: Road, thing: RoadObject) -> None:
    """Its outline where it has one; else boxes for what is long, discs for what is round, bands for what goes on."""
    if not has_body(thing):
        return
    green = thing.type in ("tree", "vegetation")
    fill: Colour = (146, 176, 120) if green else (188, 180, 172)
    edge: Colour = (112, 144, 90) if green else (140, 132, 124)
    frame = network.frame(road.id)
    for each in thing.outlines:
        corners = ring(frame, thing, each)[:, :2]
        if each.closed and len(corners) > 2:
            canvas.polygon(corners, fill, edge, 0.7)
        elif len(corners) > 1:
            canvas.line(corners, edge, max(canvas.scale * (thing.width or 0.0), 1.2))
    for stretch in stretches(thing, frame.length):
        points = [network.world_from_road(road.id, piece.s, piece.t) for piece in stretch]
        width = max(canvas.scale * (stretch[0].width or 0.0), 1.2)
        canvas.line(np.array([(point.x, point.y) for point in points]), edge, width)
    for piece in () if thing.outlines else pieces(thing, frame.length):
        point = network.world_from_road(road.id, piece.s, piece.t)
        at = np.array([point.x, point.y])
        length, width = piece.length or 0.0, piece.width or 0.0
        if length and width and not thing.radius and max(length, width) * canvas.scale > 4:
            heading = heading_of(frame, thing, piece.s, piece.t)
            canvas.polygon(_squared(outline(point.x, point.y, heading, length, width, 0.0)), fill, edge, 0.7)
        else:
            canvas.disc(at, max((thing.radius or 0.2) * canvas.scale, 1.6), fill, edge, 0.7)


def _squared(box: np.ndarray) -> np.ndarray:
    """An outline without its nose."""
    back_left, _, nose, _, back_right = box
    middle = 0.5 * (back_left + back_right)
    return np.array([back_left, back_left + nose - middle, back_right + nose - middle, back_right])


def _draw_signal(canvas: Canvas, network: RoadNetwork, road: Road, signal: Signal) -> None:
    """A traffic light as a small housing with three lamps, a sign as a plate; a tick shows where it looks."""
    if not 0.0 <= signal.s <= road.length:
        return
    point = network.world_from_road(road.id, signal.s, signal.t)
    at = np.array([point.x, point.y])
    facing = point.heading + (math.pi if signal.orientation != "-" else 0.0) + signal.h_offset
    size = max(4.0, min(7.0, 1.2 * canvas.scale))
    if signal.orientation in ("+", "-"):
        tip = at + 2.0 * size / canvas.scale * np.array([math.cos(facing), math.sin(facing)])
        canvas.line(np.array([at, tip]), INK, 1.0)
    if signal.dynamic:
        canvas.disc(at, size, INK)
        for shift, colour in ((-0.55, (226, 62, 54)), (0.0, (246, 190, 44)), (0.55, (60, 176, 88))):
            lamp = at + np.array([0.0, -shift * size / canvas.scale])
            canvas.disc(lamp, 0.24 * size, colour)
    else:
        canvas.disc(at, 0.8 * size, PAPER, (32, 92, 160), 1.4)
