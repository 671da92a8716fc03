"""Lorries and trailers: a cab, a chassis, a box body, lamps and twin rear wheels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from drivesim.materials import linear_rgb
from drivesim.scene.vehicles.assembly import (
    BLACK,
    GLASS,
    HEADLAMP,
    INDICATOR,
    INTERIOR,
    PLATE,
    SEAT,
    STEEL,
    TAILLAMP,
    Assembly,
    Finish,
)
from drivesim.scene.vehicles.car import car_wheels, fit
from drivesim.scene.vehicles.frame import Frame, frame_of
from drivesim.scene.vehicles.hull import End, Hull, add_hull
from drivesim.scene.vehicles.model import Lamp, VehicleModel
from drivesim.scene.vehicles.paint import paint
from drivesim.scene.vehicles.shapes import box, join, prism, rounded_box, tube
from drivesim.scene.vehicles.shell import ARCH_GAP
from drivesim.streams import stream
from drivesim.taxonomy import Tag
from drivesim.types import Actor, Light

_TARPAULIN = ("#e6e6e2", "#d9d9d4", "#2c4a73", "#7a2326", "#3c5a44", "#c8b13a")


def lorry_model(actor: Actor, seed: int) -> VehicleModel:
    """A rigid lorry: forward-control cab, chassis and a box body."""
    frame, cab_paint = frame_of(actor), paint(actor, seed)
    random = stream(seed, "shape", actor.name)
    body_paint = Finish(cab_paint.material, linear_rgb(str(random.choice(_TARPAULIN))))
    assembly = Assembly(actor.tag)
    cab_length = min(2.1, 0.28 * frame.length)
    floor = 1.25 * frame.radius
    _add_cab(assembly, frame, cab_paint, cab_length, floor)
    _add_load(assembly, frame, body_paint, cab_length + 0.25, floor)
    return finished(actor, assembly, frame)


def trailer_model(actor: Actor, seed: int) -> VehicleModel:
    """A towed box body: no cab, no head lamps, landing legs or a drawbar in front, axles at the back."""
    frame = frame_of(actor)
    random = stream(seed, "shape", actor.name)
    assembly = Assembly(actor.tag)
    floor = 1.25 * frame.radius
    bar = 0.0 if actor.category == "semitrailer" else min(1.6, 0.25 * frame.length)
    finish = Finish(paint(actor, seed).material, linear_rgb(str(random.choice(_TARPAULIN))))
    _add_load(assembly, frame, finish, bar, floor)
    for side in (0.35, -0.35):
        front = (frame.front, 0.0, floor) if bar else (frame.front - 2.2, 1.6 * side, 0.06)
        back = (frame.front - bar - 0.1, 2.0 * side, floor) if bar else (frame.front - 2.2, 1.6 * side, floor + 0.1)
        assembly.add(tube([front, back], 0.05, 8), STEEL)
    plate = box((0.3, 2 * frame.half - 0.3, 0.08)).moved((frame.front - bar - 0.15, 0.0, floor + 0.28))
    assembly.add(plate, BLACK)
    model = finished(actor, assembly, frame)
    return replace(model, lamps=())


def _add_load(assembly: Assembly, frame: Frame, body_paint: Finish, start: float, floor: float) -> None:
    """The box body with its frame, underrun guards and tail, ``start`` metres behind the front end."""
    cargo = (frame.length - start, 2 * frame.half, frame.top - floor - 0.35)
    centre = (frame.rear + cargo[0] / 2, 0.0, floor + 0.35 + cargo[2] / 2)
    assembly.add(rounded_box(cargo, 0.04, 1).moved(centre), body_paint)
    for z in (floor + 0.37, frame.top - 0.05):
        rail = rounded_box((cargo[0] + 0.02, 2 * frame.half + 0.02, 0.07), 0.01, 1)
        assembly.add(rail.moved((centre[0], 0.0, z)), STEEL)
    beam = box((frame.length - start + 0.2, 0.9, 0.28))
    assembly.add(beam.moved((frame.rear + (frame.length - start + 0.2) / 2, 0.0, floor + 0.15)), BLACK)
    guard = box((0.42 * frame.length, 0.04, 0.35))
    for side in (1.0, -1.0):
        middle = (frame.front_axle + frame.rear_axle) / 2 - 0.2
        assembly.add(guard.moved((middle, side * (frame.half - 0.06), floor - 0.15)), STEEL)
    doors = frame.rear - 0.002
    for y in (0.0, 0.55 * frame.half, -0.55 * frame.half):
        rod = tube([(doors, y, floor + 0.45), (doors, y, frame.top - 0.15)], 0.015 if y else 0.008, 6)
        assembly.add(rod, STEEL if y else BLACK)
    _add_rear(assembly, frame, floor)


def _add_cab(assembly: Assembly, frame: Frame, finish: Finish, length: float, floor: float) -> None:
    """A forward-control cab: deep screen, grille, bumper with the lamps, a side window, steps, a wind deflector."""
    x0, x1, low = frame.front - length, frame.front, floor - 0.30
    top = min(frame.top - 0.15, floor + 2.0)
    height = top - low
    belt, screen, grille = (
        low + 0.52 * height,
        (low + 0.47 * height, low + 0.88 * height),
        (low + 0.2 * height, low + 0.42 * height),
    )
    lamps, bumper, window = (low + 0.04 * height, low + 0.12 * height), low + 0.16 * height, (x1 - 0.42, x0 + 0.55)
    bars = np.linspace(*grille, 6)
    hull = Hull(
        x1, x0, frame.half - 0.04, low, top, belt,
        End(0.42, 2.8, ((low, 0.04), (low + 0.1 * height, 0.0), (belt, 0.02), (top, 0.30))), End(0.0, 2.0),
        shoulder=0.16, tumblehome=0.06, arches=(frame.front_axle,) if frame.front_axle > x0 else (), tyre=frame.radius,
        lines_x=(*window, window[0] - 0.03, window[1] + 0.03, x0 + 0.30, x0 + 0.31),
        lines_z=(belt + 0.03, screen[1] - 0.03, *screen, screen[0] + 0.05, screen[1] - 0.05, *bars, *lamps, bumper),
        lines_across=(0.5, 0.55, 0.66, 0.86, 0.96, 0.97),
    )  # fmt: skip
    _, cells = hull.lattice()
    x, z, across, nose, side = cells.x, cells.z, cells.across, cells.end > 0, cells.end == 0
    skin = np.zeros(z.shape, dtype=np.int64)
    skin[(z < bumper) & (nose | (x > frame.front_axle + ARCH_GAP * frame.radius))] = 1
    skin[nose & (z > grille[0]) & (z < grille[1]) & (across < 0.66)] = 1
    for below, above in zip(bars[1:-1:2], bars[2::2], strict=False):
        skin[nose & (z > below) & (z < above) & (across < 0.55)] = 0
    skin[nose & (z > lamps[0]) & (z < lamps[1]) & (across > 0.5) & (across < 0.86)] = 3
    skin[nose & (z > lamps[0]) & (z < lamps[1]) & (across > 0.86) & (across < 0.96)] = 4
    skin[nose & (z > screen[0]) & (z < screen[1]) & (across < 0.97)] = 1
    skin[nose & (z > screen[0] + 0.05) & (z < screen[1] - 0.05) & (across < 0.96)] = 2
    beside = side & (x < window[0]) & (x > window[1])
    skin[beside & (z > belt) & (z < screen[1])] = 1
    skin[beside & (x < window[0] - 0.03) & (x > window[1] + 0.03) & (z > belt + 0.03) & (z < screen[1] - 0.03)] = 2
    skin[side & (x > x0 + 0.30) & (x < x0 + 0.31) & (z > bumper)] = 1
    add_hull(assembly, hull, (finish, BLACK, GLASS, HEADLAMP, INDICATOR), skin, skin, frozenset({2}))
    for y in (0.45 * hull.half, -0.45 * hull.half):
        back = rounded_box((0.16, 0.5, 0.8), 0.06, 2).turned(1, -0.2).moved((x0 + 0.45, y, belt - 0.1))
        assembly.add(join([back, box((0.5, 0.5, 0.15)).moved((x0 + 0.7, y, belt - 0.45))]), SEAT)
    desk = rounded_box((0.4, 1.8 * hull.half, 0.4), 0.1, 2).moved((x1 - 0.55, 0.0, belt - 0.22))
    assembly.add(desk, SEAT)
    visor = rounded_box((0.16, 1.8 * hull.half, 0.05), 0.02, 1).turned(1, 0.3)
    assembly.add(visor.moved((x1 - float(hull.nose.drawn_in(screen[1])), 0.0, screen[1] + 0.04)), BLACK)
    deflector = [(x1 - 0.75, top - 0.04), (x0 + 0.1, top - 0.04), (x0 + 0.1, min(frame.top - 0.05, top + 0.45))]
    assembly.add(prism(deflector[::-1], -0.8 * hull.half, 0.8 * hull.half), finish)
    for z_arm in (belt + 0.25, screen[1] - 0.05):
        arm = [(x1 - 0.35, hull.half - 0.06, z_arm), (x1 - 0.16, hull.half, z_arm)]
        assembly.add_both(tube(arm, 0.018, 6), BLACK)
    mirror = rounded_box((0.10, 0.16, screen[1] - belt - 0.2), 0.04, 2)
    assembly.add_both(mirror.moved((x1 - 0.16, frame.half - 0.08, (belt + screen[1]) / 2 + 0.1)), BLACK)
    step = rounded_box((0.5, 0.12, 0.05), 0.02, 1)
    for rise in (0.08, 0.34):
        assembly.add_both(step.moved((x1 - 0.45, hull.half - 0.05, low + rise)), STEEL)
    assembly.add(box((0.012, 0.52, 0.11)).moved((x1 + 0.004, 0.0, lamps[1] + 0.08)), PLATE)


def _add_rear(assembly: Assembly, frame: Frame, z: float) -> None:
    """Tail lamps, indicators, underrun bar and plate at height ``z``."""
    lamp = rounded_box((0.05, 0.32, 0.13), 0.02, 1).moved((frame.rear + 0.02, 0.78 * frame.half, z))
    assembly.add_both(lamp, TAILLAMP)
    blinker = rounded_box((0.05, 0.12, 0.13), 0.02, 1).moved((frame.rear + 0.02, 0.56 * frame.half, z))
    assembly.add_both(blinker, INDICATOR)
    bar = box((0.08, 1.8 * frame.half, 0.12)).moved((frame.rear + 0.08, 0.0, z - 0.22))
    assembly.add(bar, INTERIOR)
    plate = box((0.01, 0.52, 0.11)).moved((frame.rear - 0.002, 0.0, z))
    assembly.add(plate, PLATE)


def finished(actor: Actor, assembly: Assembly, frame: Frame) -> VehicleModel:
    """The body fitted to its box, on twin rear wheels, with two low beams."""
    fit(assembly, frame)
    body, lamp_group = assembly.build()
    tag = Tag(actor.tag)
    wheels = car_wheels(tag, frame, frame.half, spokes=8, finish=STEEL, twin=True)
    lamps = tuple(
        Lamp(
            Light.LOW_BEAM,
            np.array([frame.front, frame.middle + side * 0.72 * frame.half, 0.9], dtype=np.float32),
            np.array([0.99985, 0.0, -0.0175], dtype=np.float32),
        )
        for side in (1.0, -1.0)
    )
    return VehicleModel(body, wheels, lamps, lamp_group)
