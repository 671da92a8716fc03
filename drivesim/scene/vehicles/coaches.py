"""Buses and trams: a coach body with a dark band of windows, doors, and a driver's screen."""

from __future__ import annotations

from dataclasses import replace

from drivesim.materials import MaterialId, linear_rgb
from drivesim.scene.vehicles.assembly import (
    BLACK,
    CHROME,
    GLASS,
    HEADLAMP,
    INDICATOR,
    STEEL,
    TAILLAMP,
    Assembly,
    Finish,
)
from drivesim.scene.vehicles.frame import Frame, frame_of
from drivesim.scene.vehicles.heavy import add_lamps, add_rear, finished
from drivesim.scene.vehicles.model import VehicleModel
from drivesim.scene.vehicles.paint import paint
from drivesim.scene.vehicles.shapes import box, prism, rounded_box, tube
from drivesim.streams import stream
from drivesim.types import Actor

_LIVERY = ("#d8b01e", "#b3202a", "#2c5a8c", "#e9e8e2", "#2f6e4a", "#e07b1f")
_SIGN = Finish(MaterialId.BLACK_PLASTIC, (0.9, 0.35, 0.02))
_ARCH = 1.22
"""Radius of wheel arches over that of the tyres."""
_GAUGE = 1.5
"""m between the middles of the rails of standard gauge: wheels run behind the skirts."""


def bus_model(actor: Actor, seed: int) -> VehicleModel:
    """A low-floor city bus: window band, two double doors on the right, destination signs, wheel arches."""
    frame = frame_of(actor)
    finish = _livery(actor, seed)
    assembly = Assembly(actor.tag)
    floor = 0.30
    height = frame.top - floor
    length = frame.length - 0.02
    hull = rounded_box((length, 2 * frame.half - 0.03, height), 0.16, 4)
    assembly.add(hull.moved(((frame.front + frame.rear) / 2, 0.0, floor + height / 2)), finish)
    low, high = floor + 0.36 * height, floor + 0.84 * height
    _add_windows(assembly, frame, low, high, frame.rear + 0.35, frame.front - 0.12, 1.5)
    for x in (frame.front - 0.95, (frame.front_axle + frame.rear_axle) / 2):
        _add_door(assembly, frame, x, floor + 0.05, high)
    _add_screen(assembly, frame, floor + 0.30 * height, floor + 0.83 * height)
    sign = floor + 0.92 * height
    assembly.add(box((0.03, 1.7, 0.24)).moved((frame.front - 0.015, 0.0, sign)), BLACK)
    assembly.add(box((0.03, 1.1, 0.13)).moved((frame.front - 0.012, 0.0, sign)), _SIGN)
    for axle in (frame.front_axle, frame.rear_axle):
        _add_arch(assembly, frame, axle)
    skirt = box((frame.length - 0.6, 2 * frame.half - 0.006, 0.10))
    assembly.add(skirt.moved(((frame.front + frame.rear) / 2, 0.0, floor + 0.05)), BLACK)
    roof = rounded_box((0.3 * frame.length, 1.3 * frame.half, 0.18), 0.05, 2)
    assembly.add(roof.moved((frame.rear + 0.3 * frame.length, 0.0, frame.top + 0.06)), finish)
    arm = [(frame.front - 0.35, frame.half - 0.05, high), (frame.front - 0.02, frame.half - 0.04, high)]
    assembly.add_both(tube(arm, 0.02, 6), BLACK)
    assembly.add_both(
        rounded_box((0.08, 0.14, 0.38), 0.03, 1).moved((frame.front - 0.06, frame.half - 0.07, high - 0.2)), BLACK
    )
    engine = box((0.03, 1.5 * frame.half, 0.5)).moved((frame.rear + 0.005, 0.0, floor + 0.35))
    assembly.add(engine, BLACK)
    back = box((0.03, 1.5 * frame.half, 0.33 * height))
    assembly.add(back.moved((frame.rear + 0.012, 0.0, floor + 0.66 * height)), BLACK)
    assembly.add(back.moved((frame.rear + 0.008, 0.0, floor + 0.66 * height)), GLASS)
    add_lamps(assembly, frame, floor + 0.42)
    add_rear(assembly, frame, floor + 0.42)
    return finished(actor, assembly, frame)


def tram_model(actor: Actor, seed: int) -> VehicleModel:
    """A low-floor tram: sloping ends, sections joined by bellows, skirts over the bogies, a pantograph."""
    frame = frame_of(actor)
    finish = _livery(actor, seed)
    assembly = Assembly(actor.tag)
    floor, top = 0.22, frame.top - 0.35
    height = top - floor
    sections = max(1, round(frame.length / 9.0))
    pitch = frame.length / sections
    half = frame.half - 0.02
    for number in range(sections):
        start, end = frame.rear + number * pitch + 0.22, frame.rear + (number + 1) * pitch - 0.22
        front = number == sections - 1
        rear = number == 0
        _add_section(assembly, frame, finish, (frame.rear if rear else start, frame.front if front else end), top)
        if not front:
            bellows = box((0.44, 2 * half - 0.12, height - 0.1))
            assembly.add(bellows.moved((end + 0.22, 0.0, floor + height / 2)), BLACK)
        x0, x1 = (start + 1.9 if rear else start + 0.1), (end - 1.9 if front else end - 0.1)
        _add_windows(assembly, frame, floor + 0.36 * height, floor + 0.82 * height, x0, x1, 1.4)
        for side in (1.0, -1.0):
            _add_door(assembly, frame, (x0 + x1) / 2, floor + 0.08, floor + 0.82 * height, side)
    for z, x in ((frame.top - 0.02, 0.0), (top + 0.06, 0.35)):
        bar = [(frame.middle + x, -0.7, z), (frame.middle + x, 0.7, z)]
        assembly.add(tube([(a + (frame.front + frame.rear) / 2, b, c) for a, b, c in bar], 0.02, 6), STEEL)
    for y in (0.3, -0.3):
        centre = (frame.front + frame.rear) / 2
        assembly.add(tube([(centre + 0.35, y, top + 0.06), (centre, y, frame.top - 0.02)], 0.018, 6), STEEL)
    for end, facing, lamp in ((frame.front, -1.0, HEADLAMP), (frame.rear, 1.0, TAILLAMP)):
        place = (end + facing * 0.03, 0.62 * frame.half, floor + 0.55)
        assembly.add_both(rounded_box((0.06, 0.26, 0.15), 0.02, 1).moved(place), lamp)
        place = (end + facing * 0.04, 0.62 * frame.half, floor + 0.38)
        assembly.add_both(rounded_box((0.06, 0.22, 0.07), 0.02, 1).moved(place), INDICATOR)
        coupling = rounded_box((0.3, 1.2, 0.22), 0.06, 2).moved((end + facing * 0.15, 0.0, floor + 0.1))
        assembly.add(coupling, BLACK)
    return finished(actor, assembly, replace(frame, track=_GAUGE))


def _livery(actor: Actor, seed: int) -> Finish:
    """A line's colour, unless the scenario says one."""
    finish = paint(actor, seed)
    if "colour" in actor.properties:
        return finish
    colour = str(stream(seed, "livery", actor.name).choice(_LIVERY))
    return Finish(finish.material, linear_rgb(colour))


def _add_section(assembly: Assembly, frame: Frame, finish: Finish, ends: tuple[float, float], top: float) -> None:
    """One section of a tram, its outer ends sloping, with a driver's screen there."""
    x0, x1 = ends
    half, floor = frame.half - 0.02, 0.22
    slope = 0.95
    back = [(x0 + 0.05, floor + 0.9), (x0 + slope, top - 0.1), (x0 + slope + 0.3, top)]
    ahead = [(x1 - 0.05, floor + 0.9), (x1 - slope, top - 0.1), (x1 - slope - 0.3, top)]
    outline = [(x0, floor), (x1, floor)]
    outline += ahead if x1 == frame.front else [(x1, top)]
    outline += back[::-1] if x0 == frame.rear else [(x0, top)]
    assembly.add(prism(outline, -half, half), finish)
    for at_end, corner, sign in ((x1 == frame.front, x1, 1.0), (x0 == frame.rear, x0, -1.0)):
        if not at_end:
            continue
        low, high = (corner - sign * 0.06, floor + 0.95), (corner - sign * (slope - 0.03), top - 0.15)
        pane = [low, (low[0] + sign * 0.025, low[1]), (high[0] + sign * 0.025, high[1]), high]
        assembly.add(prism(pane if sign > 0 else pane[::-1], -half + 0.12, half - 0.12), GLASS)


def _add_windows(
    assembly: Assembly, frame: Frame, low: float, high: float, start: float, end: float, pitch: float
) -> None:
    """A dark band on both sides from ``start`` to ``end`` with panes in it."""
    band = box((end - start, 0.02, high - low)).moved(((start + end) / 2, frame.half - 0.020, (low + high) / 2))
    assembly.add_both(band, BLACK)
    count = max(1, round((end - start) / pitch))
    step = (end - start) / count
    pane = box((step - 0.08, 0.02, high - low - 0.08))
    for i in range(count):
        place = (start + (i + 0.5) * step, frame.half - 0.010, (low + high) / 2)
        assembly.add_both(pane.moved(place), GLASS)


def _add_door(assembly: Assembly, frame: Frame, x: float, low: float, high: float, side: float = -1.0) -> None:
    """A glazed double door 1.25 m wide, on the right unless said otherwise."""
    y = side * (frame.half - 0.008)
    assembly.add(box((1.3, 0.02, high - low)).moved((x, y, (low + high) / 2)), BLACK)
    for offset in (-0.32, 0.32):
        leaf = box((0.54, 0.02, high - low - 0.14)).moved((x + offset, y + side * 0.004, (low + high) / 2))
        assembly.add(leaf, GLASS)
        grab = tube(
            [(x + offset * 0.3, y + side * 0.012, low + 0.5), (x + offset * 0.3, y + side * 0.012, low + 1.2)], 0.012
        )
        assembly.add(grab, CHROME)


def _add_screen(assembly: Assembly, frame: Frame, low: float, high: float) -> None:
    assembly.add(
        box((0.02, 2 * frame.half - 0.22, high - low)).moved((frame.front - 0.012, 0, (low + high) / 2)), BLACK
    )
    pane = box((0.02, 2 * frame.half - 0.34, high - low - 0.1)).moved((frame.front - 0.008, 0, (low + high) / 2))
    assembly.add(pane, GLASS)
    for y in (0.25, -0.6):
        wiper = [(frame.front + 0.005, y, low + 0.06), (frame.front + 0.005, y + 0.5, low + 0.2)]
        assembly.add(tube(wiper, 0.012, 6), BLACK)


def _add_arch(assembly: Assembly, frame: Frame, axle: float) -> None:
    """A dark half disc behind each wheel, for the opening in the side."""
    radius = _ARCH * frame.radius
    outline = [(axle + radius, 0.3), (axle + radius, frame.radius)]
    outline += [(axle + 0.7 * radius, frame.radius + 0.7 * radius), (axle, frame.radius + radius)]
    outline += [(axle - 0.7 * radius, frame.radius + 0.7 * radius), (axle - radius, frame.radius), (axle - radius, 0.3)]
    assembly.add_both(prism(outline[::-1], frame.half - 0.03, frame.half - 0.002), BLACK)
