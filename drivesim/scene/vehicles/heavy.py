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
    STEEL,
    TAILLAMP,
    Assembly,
    Finish,
)
from drivesim.scene.vehicles.car import car_wheels, fit
from drivesim.scene.vehicles.frame import Frame, frame_of
from drivesim.scene.vehicles.model import Lamp, VehicleModel
from drivesim.scene.vehicles.paint import paint
from drivesim.scene.vehicles.shapes import box, prism, rounded_box, tube
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
    add_rear(assembly, frame, floor)


def _add_cab(assembly: Assembly, frame: Frame, finish: Finish, length: float, floor: float) -> None:
    x0, x1 = frame.front - length, frame.front
    top = min(frame.top - 0.15, floor + 2.3)
    outline = [
        (x0, floor - 0.25),
        (x1 - 0.06, floor - 0.25),
        (x1, floor + 0.3),
        (x1 - 0.03, floor + 0.95),
        (x1 - 0.3, top - 0.1),
        (x1 - 0.6, top),
        (x0, top),
    ]
    half = frame.half - 0.06
    assembly.add(prism(outline, -half, half), finish)
    glass = [(x1 - 0.025, floor + 0.98), (x1 - 0.29, top - 0.2), (x1 - 0.31, top - 0.2), (x1 - 0.05, floor + 0.98)]
    assembly.add(prism([(x + 0.015, z) for x, z in glass][::-1], -half + 0.12, half - 0.12), GLASS)
    side = [(x0 + 0.5, floor + 0.95), (x1 - 0.15, floor + 0.95), (x1 - 0.38, top - 0.22), (x0 + 0.5, top - 0.22)]
    assembly.add_both(prism(side, half - 0.01, half + 0.006), GLASS)
    grille = box((0.02, 1.3, 0.4)).moved((x1 + 0.0, 0.0, floor + 0.35))
    assembly.add(grille, BLACK)
    bumper = rounded_box((0.25, 2 * half, 0.35), 0.05, 2).moved((x1 - 0.12, 0.0, floor - 0.22))
    assembly.add(bumper, BLACK)
    mirror = rounded_box((0.12, 0.16, 0.45), 0.03, 1).moved((x1 - 0.2, half + 0.0, floor + 1.3))
    assembly.add_both(mirror, BLACK)
    add_lamps(assembly, frame, floor - 0.1)


def add_lamps(assembly: Assembly, frame: Frame, z: float) -> None:
    """Head lamps, indicators and the front plate at height ``z``."""
    lamp = rounded_box((0.06, 0.36, 0.16), 0.03, 2).moved((frame.front - 0.028, 0.72 * frame.half, z))
    assembly.add_both(lamp, HEADLAMP)
    blinker = rounded_box((0.06, 0.1, 0.14), 0.02, 1).moved((frame.front - 0.03, 0.72 * frame.half + 0.23, z))
    assembly.add_both(blinker, INDICATOR)
    plate = box((0.01, 0.52, 0.11)).moved((frame.front + 0.002, 0.0, z - 0.12))
    assembly.add(plate, PLATE)


def add_rear(assembly: Assembly, frame: Frame, z: float) -> None:
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
