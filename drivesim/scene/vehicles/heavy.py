"""Lorries and buses: a cab or a coach body with glass, lamps and twin rear wheels."""

from __future__ import annotations

import numpy as np

from drivesim.materials import linear_rgb
from drivesim.scene.vehicles.assembly import (
    BLACK,
    GLASS,
    HEADLAMP,
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
from drivesim.scene.vehicles.shapes import box, prism, rounded_box
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
    cargo = (frame.length - cab_length - 0.25, 2 * frame.half, frame.top - floor - 0.35)
    centre = (frame.rear + cargo[0] / 2, 0.0, floor + 0.35 + cargo[2] / 2)
    assembly.add(rounded_box(cargo, 0.04, 1).moved(centre), body_paint)
    for z in (floor + 0.37, frame.top - 0.05):
        rail = rounded_box((cargo[0] + 0.02, 2 * frame.half + 0.02, 0.07), 0.01, 1)
        assembly.add(rail.moved((centre[0], 0.0, z)), STEEL)
    beam = box((frame.length - cab_length, 0.9, 0.28))
    assembly.add(beam.moved((frame.rear + (frame.length - cab_length) / 2, 0.0, floor + 0.15)), BLACK)
    guard = box((0.42 * frame.length, 0.04, 0.35))
    for side in (1.0, -1.0):
        middle = (frame.front_axle + frame.rear_axle) / 2 - 0.2
        assembly.add(guard.moved((middle, side * (frame.half - 0.06), floor - 0.15)), STEEL)
    _add_rear(assembly, frame, floor)
    return _finished(actor, assembly, frame)


def bus_model(actor: Actor, seed: int) -> VehicleModel:
    """A low-floor city bus with a band of windows and doors on the right."""
    frame, finish = frame_of(actor), paint(actor, seed)
    assembly = Assembly(actor.tag)
    floor = 0.32
    height = frame.top - floor
    hull = rounded_box((frame.length, 2 * frame.half, height), 0.22, 3).moved(
        ((frame.front + frame.rear) / 2, 0.0, floor + height / 2)
    )
    assembly.add(hull, finish)
    low, high = floor + 0.38 * height, floor + 0.86 * height
    count = max(4, int(frame.length / 1.5))
    pitch = (frame.length - 1.0) / count
    for i in range(count):
        x = frame.rear + 0.5 + (i + 0.5) * pitch
        pane = box((pitch - 0.09, 0.02, high - low)).moved((x, frame.half - 0.004, (low + high) / 2))
        assembly.add_both(pane, GLASS)
    for x in (frame.front - 1.0, (frame.front + frame.rear) / 2):
        door = box((1.2, 0.02, high - floor - 0.1)).moved((x, -frame.half - 0.001, (high + floor + 0.05) / 2))
        assembly.add(door, GLASS)
    screen = box((0.02, 2 * frame.half - 0.3, 0.5 * height)).moved((frame.front - 0.002, 0.0, floor + 0.58 * height))
    assembly.add(screen, GLASS)
    sign = box((0.02, 1.4, 0.26)).moved((frame.front, 0.0, floor + 0.92 * height))
    assembly.add(sign, BLACK)
    _add_lamps(assembly, frame, floor + 0.5)
    _add_rear(assembly, frame, floor + 0.4)
    return _finished(actor, assembly, frame)


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
    _add_lamps(assembly, frame, floor - 0.1)


def _add_lamps(assembly: Assembly, frame: Frame, z: float) -> None:
    lamp = rounded_box((0.06, 0.36, 0.16), 0.03, 2).moved((frame.front - 0.028, 0.72 * frame.half, z))
    assembly.add_both(lamp, HEADLAMP)
    plate = box((0.01, 0.52, 0.11)).moved((frame.front + 0.002, 0.0, z - 0.12))
    assembly.add(plate, PLATE)


def _add_rear(assembly: Assembly, frame: Frame, z: float) -> None:
    lamp = rounded_box((0.05, 0.32, 0.13), 0.02, 1).moved((frame.rear + 0.02, 0.78 * frame.half, z))
    assembly.add_both(lamp, TAILLAMP)
    bar = box((0.08, 1.8 * frame.half, 0.12)).moved((frame.rear + 0.08, 0.0, z - 0.22))
    assembly.add(bar, INTERIOR)
    plate = box((0.01, 0.52, 0.11)).moved((frame.rear - 0.002, 0.0, z))
    assembly.add(plate, PLATE)


def _finished(actor: Actor, assembly: Assembly, frame: Frame) -> VehicleModel:
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
