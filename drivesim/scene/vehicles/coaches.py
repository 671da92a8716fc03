"""Buses and trams: a hull with bands of windows, doors, a driver's screen, seats behind the glass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, linear_rgb
from drivesim.scene.vehicles.assembly import (
    BLACK,
    BRAKE_LAMP,
    GLASS,
    HEADLAMP,
    INDICATOR,
    PLATE,
    STEEL,
    TAILLAMP,
    Assembly,
    Finish,
)
from drivesim.scene.vehicles.frame import Frame, frame_of
from drivesim.scene.vehicles.heavy import finished
from drivesim.scene.vehicles.hull import Cells, End, Hull, add_hull
from drivesim.scene.vehicles.model import VehicleModel
from drivesim.scene.vehicles.paint import paint
from drivesim.scene.vehicles.shapes import Shape, box, join, rounded_box, tube
from drivesim.streams import stream
from drivesim.types import Actor

_LIVERY = ("#d8b01e", "#b3202a", "#2c5a8c", "#e9e8e2", "#2f6e4a", "#e07b1f")
_SIGN = Finish(MaterialId.BLACK_PLASTIC, (0.9, 0.35, 0.02))
_GRAB = Finish(MaterialId.CHROME, (0.75, 0.55, 0.05))
_CLOTH = Finish(MaterialId.SYNTHETIC, (0.05, 0.09, 0.24))
_GAUGE = 1.5
"""m between the middles of the rails of standard gauge: wheels run behind the skirts."""
_DOOR = 1.3
"""m, a double door."""
_POST, _RIM = 0.05, 0.06
"""m: half a post between windows; the dark rim of a pane."""
PAINT, LOWER, DARK, PANE, FRONT_LAMP, REAR_LAMP, BLINKER, STOP = range(8)
"""Finishes of a coach's cells."""
_SEGMENTS = {"0": "abcdef", "1": "bc", "2": "abdeg", "3": "abcdg", "4": "bcfg", "5": "acdfg", "6": "acdefg", "7": "abc",
             "8": "abcdefg", "9": "abcdfg"}  # fmt: skip
"""Lit segments of the seven, a at the top and on clockwise, g across the middle."""

Choice = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panes:
    """Where a coach is glazed, m.

    Attributes:
        low, high: of side windows. posts: x of the posts between them, from front to rear.
        doors: x of the doors' middles. step, lintel: of doors.
    """

    low: float
    high: float
    posts: tuple[float, ...]
    doors: tuple[float, ...]
    step: float
    lintel: float

    @property
    def lines_x(self) -> list[float]:
        """Edges of panes and leaves."""
        edges = [0.0, _RIM, _DOOR / 2 - _RIM / 2, _DOOR / 2 + _RIM / 2, _DOOR - _RIM, _DOOR]
        return [x + d for x in self.posts for d in (_POST, -_POST)] + [
            x - _DOOR / 2 + edge for x in self.doors for edge in edges
        ]

    @property
    def lines_z(self) -> list[float]:
        """Edges of panes and doors."""
        return [self.low, self.low + _RIM, self.high - _RIM, self.high,
                self.step, self.step + _RIM, self.lintel - _RIM, self.lintel]  # fmt: skip

    def glaze(self, choice: Choice, cells: Cells, *, doors: bool) -> None:
        """Mark the windows of a side, and its doors."""
        x, z, side = cells.x, cells.z, cells.end == 0
        choice[side & (z > self.low) & (z < self.high) & (x < self.posts[0]) & (x > self.posts[-1])] = DARK
        tall = side & (z > self.low + _RIM) & (z < self.high - _RIM)
        for ahead, behind in pairwise(self.posts):
            choice[tall & (x < ahead - _POST) & (x > behind + _POST)] = PANE
        for middle in self.doors if doors else ():
            away = np.abs(x - middle)
            choice[side & (away < _DOOR / 2) & (z > self.step) & (z < self.lintel)] = DARK
            leaf = (away > _RIM / 2) & (away < _DOOR / 2 - _RIM) & (z > self.step + _RIM) & (z < self.lintel - _RIM)
            choice[side & leaf] = PANE


def bus_model(actor: Actor, seed: int) -> VehicleModel:
    """A low-floor city bus: window band, two double doors on the right, a number ahead, an engine grille behind."""
    frame, random = frame_of(actor), stream(seed, "shape", actor.name)
    floor = 0.1 * frame.top
    height = frame.top - floor - 0.12
    low, high = floor + 0.38 * height, floor + 0.85 * height
    doors = (frame.front - 1.15, (frame.front_axle + frame.rear_axle) / 2)
    posts = _posts(frame.front - 0.42, frame.rear + 0.5, 1.55)
    panes = Panes(low, high, posts, doors, floor + 0.06, floor + 0.80 * height)
    screen, sign = (floor + 0.27 * height, floor + 0.82 * height), (floor + 0.84 * height, floor + 0.95 * height)
    lamps, astern = (floor + 0.10 * height, floor + 0.17 * height), (floor + 0.17 * height, floor + 0.33 * height)
    grille, window = (floor + 0.08 * height, floor + 0.26 * height), (floor + 0.52 * height, high)
    hull = Hull(
        frame.front, frame.rear, frame.half, floor, floor + height, low,
        End(0.42, 2.6, ((floor, 0.03), (floor + 0.2, 0.0), (screen[0], 0.015), (floor + height, 0.16))),
        End(0.32, 2.6, ((floor, 0.05), (floor + 0.25, 0.0), (floor + height, 0.05))),
        shoulder=0.08 * height, arches=(frame.front_axle, frame.rear_axle), tyre=frame.radius,
        lines_x=panes.lines_x, lines_across=(0.45, 0.62, 0.72, 0.8, 0.9, 0.96, 0.98),
        lines_z=(*panes.lines_z, floor + 0.1, *screen, screen[0] + _RIM, screen[1] - _RIM, *sign, *lamps, *astern,
                 *grille, *window, window[0] + _RIM, window[1] - _RIM),
    )  # fmt: skip
    _, cells = hull.lattice()
    z, across, nose, tail = cells.z, cells.across, cells.end > 0, cells.end < 0
    skin = np.full(z.shape, PAINT)
    skin[z < low] = LOWER
    skin[z < floor + 0.1] = DARK
    _screen(skin, nose, cells, screen, 0.98)
    skin[nose & (z > sign[0]) & (z < sign[1]) & (across < 0.8)] = DARK
    skin[nose & (z > lamps[0]) & (z < lamps[1]) & (across > 0.62) & (across < 0.9)] = FRONT_LAMP
    skin[nose & (z > lamps[0]) & (z < lamps[1]) & (across > 0.9) & (across < 0.98)] = BLINKER
    skin[tail & (z > grille[0]) & (z < grille[1]) & (across < 0.72)] = DARK
    _screen(skin, tail, cells, window, 0.8)
    third = (astern[1] - astern[0]) / 3
    skin[tail & (z > astern[0]) & (z < astern[1]) & (across > 0.8) & (across < 0.96)] = REAR_LAMP
    skin[tail & (z > grille[1] + third) & (z < astern[1]) & (across > 0.8) & (across < 0.96)] = BLINKER
    left, right = skin, skin.copy()
    panes.glaze(left, cells, doors=False)
    panes.glaze(right, cells, doors=True)
    assembly = Assembly(actor.tag)
    add_hull(assembly, hull, _finishes(actor, seed), left, right, frozenset({PANE}))
    _add_seats(assembly, hull, panes)
    _add_number(assembly, hull, sign, str(random.integers(10, 100)))
    roof = rounded_box((0.28 * frame.length, 1.3 * frame.half, 0.2), 0.06, 2)
    assembly.add(roof.moved((frame.rear + 0.3 * frame.length, 0.0, frame.top - 0.1)), _paint(actor, seed))
    arm = [(frame.front - 0.45, frame.half - 0.12, high), (frame.front - 0.06, frame.half - 0.10, high - 0.04)]
    assembly.add_both(tube(arm, 0.02, 6), BLACK)
    glass = rounded_box((0.08, 0.16, 0.38), 0.03, 2)
    assembly.add_both(glass.moved((frame.front - 0.06, frame.half - 0.10, high - 0.24)), BLACK)
    _add_wipers(assembly, hull, screen[0], (0.25, -0.75))
    plate = box((0.012, 0.52, 0.11))
    assembly.add(plate.moved((frame.front + 0.002, 0.0, floor + 0.05 * height + 0.1)), PLATE)
    assembly.add(plate.moved((frame.rear - 0.002, 0.0, grille[1] + 0.12)), PLATE)
    stop = rounded_box((0.03, 0.4, 0.04), 0.01, 1)
    assembly.add(stop.moved((frame.rear + 0.05, 0.0, high + 0.06)), BRAKE_LAMP)
    return finished(actor, assembly, frame)


def tram_model(actor: Actor, seed: int) -> VehicleModel:
    """A low-floor tram: rounded sloping ends, sections joined by bellows, skirts over the bogies, a pantograph."""
    frame = frame_of(actor)
    assembly, finishes = Assembly(actor.tag), _finishes(actor, seed)
    floor, top = 0.06 * frame.top, frame.top - 0.35
    count = max(1, round(frame.length / 9.0))
    pitch = frame.length / count
    for number in range(count):
        rear, front = frame.rear + number * pitch, frame.rear + (number + 1) * pitch
        last, first = number == count - 1, number == 0
        ends = (rear if first else rear + 0.22, front if last else front - 0.22)
        _add_section(assembly, frame, finishes, ends, (first, last))
        if not last:
            for i in range(6):
                fold = box((0.05, 2 * frame.half - (0.10 if i % 2 else 0.20), top - floor - 0.25))
                assembly.add(fold.moved((front + (i - 2.5) * 0.075, 0.0, floor + (top - floor) / 2)), BLACK)
        unit = rounded_box((0.45 * pitch, 1.3 * frame.half, 0.26), 0.06, 2)
        assembly.add(unit.moved((rear + 0.32 * pitch, 0.0, top + 0.1)), STEEL)
    _add_pantograph(assembly, (frame.front + frame.rear) / 2 + 0.2 * pitch, top, frame.top - 0.02)
    return finished(actor, assembly, replace(frame, track=_GAUGE))


def _add_section(
    assembly: Assembly, frame: Frame, finishes: Sequence[Finish], ends: tuple[float, float], cabs: tuple[bool, bool]
) -> None:
    """One section of a tram from rear to front, with a driver's cab where it is the last of its end."""
    rear, front = ends
    floor, top = 0.06 * frame.top, frame.top - 0.35
    height = top - floor
    low, high, screen = floor + 0.36 * height, floor + 0.84 * height, (floor + 0.34 * height, floor + 0.86 * height)
    slope = ((floor, 0.22), (floor + 0.22 * height, 0.0), (screen[0], 0.08), (screen[1], 0.62), (top, 1.0))
    cab, joint = End(1.0, 2.3, slope), End(0.0, 2.0)
    foremost, hindmost = front - (1.7 if cabs[1] else 0.2), rear + (1.7 if cabs[0] else 0.2)
    panes = Panes(low, high, _posts(foremost, hindmost, 1.5), ((foremost + hindmost) / 2,), floor + 0.08, high)
    lamps = (floor + 0.20 * height, floor + 0.27 * height)
    hull = Hull(
        front, rear, frame.half, floor, top, low, cab if cabs[1] else joint, cab if cabs[0] else joint,
        shoulder=0.09 * height, tumblehome=0.07,
        lines_x=panes.lines_x, lines_across=(0.42, 0.70, 0.85, 0.97),
        lines_z=(*panes.lines_z, floor + 0.12 * height, *screen, screen[0] + _RIM, screen[1] - _RIM, *lamps),
    )  # fmt: skip
    _, cells = hull.lattice()
    z, across = cells.z, cells.across
    skin = np.full(z.shape, PAINT)
    skin[z < low] = LOWER
    skin[z < floor + 0.12 * height] = DARK
    for has_cab, sign, lamp in ((cabs[1], 1, FRONT_LAMP), (cabs[0], -1, REAR_LAMP)):
        tip = cells.end == sign
        if not has_cab:
            skin[tip & (across < 0.9)] = DARK
            continue
        _screen(skin, tip, cells, screen, 1.0)
        shone = tip & (z > lamps[0]) & (z < lamps[1])
        skin[shone & (across > 0.42) & (across < 0.85)] = lamp
        skin[shone & (across > 0.85) & (across < 0.97)] = BLINKER
    panes.glaze(skin, cells, doors=True)
    add_hull(assembly, hull, finishes, skin, skin, frozenset({PANE}))
    _add_seats(assembly, hull, panes)
    for has_cab, tip, facing, z_lamp in ((cabs[1], front, -1.0, high), (cabs[0], rear, 1.0, high)):
        if has_cab:
            coupling = rounded_box((0.3, 1.0, 0.2), 0.06, 2).moved((tip + facing * 0.2, 0.0, floor + 0.1))
            assembly.add(coupling, BLACK)
            third = rounded_box((0.06, 0.2, 0.1), 0.03, 2)
            behind = float(cab.drawn_in(z_lamp + 0.16)) - 0.02
            assembly.add(third.moved((tip + facing * behind, 0.0, z_lamp + 0.16)), HEADLAMP if tip == front else STEEL)


def _add_pantograph(assembly: Assembly, x: float, foot: float, head: float) -> None:
    """A single-arm pantograph: base, knee, two arms, a bow with its strips."""
    knee = (x + 0.75, foot + 0.45 * (head - foot))
    assembly.add(rounded_box((1.2, 0.9, 0.06), 0.02, 1).moved((x, 0.0, foot + 0.03)), STEEL)
    for y in (0.25, -0.25):
        assembly.add(tube([(x - 0.4, y, foot + 0.06), (knee[0], 0.6 * y, knee[1])], 0.022, 6), STEEL)
        assembly.add(tube([(knee[0], 0.6 * y, knee[1]), (x, 1.4 * y, head - 0.03)], 0.016, 6), STEEL)
    for ahead in (0.12, -0.12):
        strip = [(x + ahead, -0.8, head - 0.12), (x + ahead, -0.6, head), (x + ahead, 0.6, head),
                 (x + ahead, 0.8, head - 0.12)]  # fmt: skip
        assembly.add(tube(strip, 0.018, 6), BLACK)


def _finishes(actor: Actor, seed: int) -> list[Finish]:
    """Of cells, in the order of their numbers; half of the lines have their colour below the windows alone."""
    livery = _paint(actor, seed)
    plain = "colour" in actor.properties or stream(seed, "two colours", actor.name).random() < 0.5
    upper = livery if plain else Finish(livery.material, linear_rgb("#e9e8e2"))
    return [upper, livery, BLACK, GLASS, HEADLAMP, TAILLAMP, INDICATOR, BRAKE_LAMP]


def _paint(actor: Actor, seed: int) -> Finish:
    """A line's colour, unless the scenario says one."""
    finish = paint(actor, seed)
    if "colour" in actor.properties:
        return finish
    colour = str(stream(seed, "livery", actor.name).choice(_LIVERY))
    return Finish(finish.material, linear_rgb(colour))


def _posts(front: float, rear: float, pitch: float) -> tuple[float, ...]:
    """x of the posts of windows that are about ``pitch`` apart."""
    count = max(1, round((front - rear) / pitch))
    return tuple(np.linspace(front, rear, count + 1).tolist())


def _screen(skin: Choice, where: NDArray[np.bool_], cells: Cells, between: tuple[float, float], wide: float) -> None:
    """A pane with a dark rim in an end, ``wide`` of the half width."""
    z, low, high = cells.z, *between
    skin[where & (z > low) & (z < high) & (cells.across < wide)] = DARK
    skin[where & (z > low + _RIM) & (z < high - _RIM) & (cells.across < 0.98 * wide)] = PANE


def _add_seats(assembly: Assembly, hull: Hull, panes: Panes) -> None:
    """Rows of double seats that face forward, poles at the doors, the driver's desk."""
    deck = hull.floor + 0.06
    seat, back, bar = box((0.42, 0.9, 0.08)), rounded_box((0.10, 0.9, 0.72), 0.05, 1).turned(1, -0.2), []
    shapes: list[Shape] = []
    for x in np.arange(panes.posts[0] - 1.3, panes.posts[-1] + 0.3, -0.82).tolist():
        if all(abs(x - door) > 0.5 * _DOOR + 0.3 for door in panes.doors):
            for y in (hull.half - 0.58, 0.58 - hull.half):
                shapes += [seat.moved((x, y, deck + 0.48)), back.moved((x - 0.24, y, deck + 0.86))]
    if shapes:
        assembly.add(join(shapes), _CLOTH)
    for x in (door + side * 0.5 * _DOOR for door in panes.doors for side in (1.0, -1.0)):
        bar += [tube([(x, y, deck), (x, y, panes.high + 0.1)], 0.018, 6) for y in (0.35, -0.35)]
    assembly.add(join(bar), _GRAB)
    if hull.nose.slope[-1][1] > 0.1:
        desk = rounded_box((0.45, 1.7 * hull.half, 0.5), 0.1, 2)
        assembly.add(desk.moved((hull.front - hull.nose.depth - 0.15, 0.0, hull.waist - 0.42)), _CLOTH)


def _add_number(assembly: Assembly, hull: Hull, between: tuple[float, float], text: str) -> None:
    """The line's number in seven segments, as the lamps of a destination sign."""
    low, high = between[0] + 0.05, between[1] - 0.05
    tall, wide, thick = high - low, 0.55 * (high - low), 0.12 * (high - low)
    middle = (low + high) / 2
    x = hull.front - float(hull.nose.drawn_in(middle)) + 0.004
    places = {"a": (0.0, high), "d": (0.0, low), "g": (0.0, middle), "f": (-0.5, middle + tall / 4),
              "e": (-0.5, middle - tall / 4), "b": (0.5, middle + tall / 4), "c": (0.5, middle - tall / 4)}  # fmt: skip
    lean = np.arctan2(float(hull.nose.drawn_in(high) - hull.nose.drawn_in(low)), tall)
    lit = []
    for number, digit in enumerate(text):
        y = (number - 0.5 * (len(text) - 1)) * 1.6 * wide
        for segment in _SEGMENTS[digit]:
            side, z = places[segment]
            size = (0.012, wide, thick) if side == 0.0 else (0.012, thick, tall / 2)
            back = (z - middle) * float(np.tan(lean))
            lit.append(box(size).turned(1, -lean).moved((x - back, y + side * wide, z)))
    assembly.add(join(lit), _SIGN)


def _add_wipers(assembly: Assembly, hull: Hull, low: float, roots: Sequence[float]) -> None:
    for y in roots:
        wiper = [(hull.front - float(hull.nose.drawn_in(z)) + 0.012, y + across, z)
                 for z, across in ((low + 0.04, 0.0), (low + 0.10, 0.3), (low + 0.14, 0.6))]  # fmt: skip
        assembly.add(tube(wiper, 0.012, 6), BLACK)
