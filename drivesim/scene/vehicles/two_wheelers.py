"""Bicycles and motorcycles: tubes, wheels that turn, and where the rider sits."""

from __future__ import annotations

import numpy as np

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.vehicles.assembly import (
    BLACK,
    CHROME,
    HEADLAMP,
    LEATHER,
    REFLECTOR,
    RUBBER,
    STEEL,
    TAILLAMP,
    Assembly,
    Finish,
)
from drivesim.scene.vehicles.frame import frame_of
from drivesim.scene.vehicles.model import Lamp, RiderSeat, VehicleModel, Wheel
from drivesim.scene.vehicles.paint import paint
from drivesim.scene.vehicles.shapes import ellipsoid, lathe, ring, rounded_box, tube
from drivesim.scene.vehicles.wheels import spoked_wheel
from drivesim.types import Actor, Light


def bicycle_model(actor: Actor, seed: int) -> VehicleModel:
    """A diamond-frame city bicycle between its axles; the box includes the rider."""
    frame, finish = frame_of(actor), _metal(paint(actor, seed))
    r, base = frame.radius, frame.front_axle - frame.rear_axle
    rear, front = np.array([frame.rear_axle, 0, r]), np.array([frame.front_axle, 0, r])
    crank = np.array([frame.rear_axle + 0.42 * base, 0, 0.83 * r])
    saddle = crank + [-0.19, 0, 0.66]
    seat_top = crank + (saddle - crank) * 0.78
    head_low, head_high = front + [-0.24, 0, 0.38], front + [-0.29, 0, 0.55]
    grip = head_high + [-0.06, 0, 0.12]
    assembly = Assembly(actor.tag)
    for start, end, radius in (
        (crank, seat_top, 0.016),
        (crank, head_low, 0.018),
        (seat_top, head_high, 0.016),
        (head_low, head_high, 0.021),
    ):
        assembly.add(tube([start, end], radius, 10), finish)
    for side in (0.055, -0.055):
        offset = np.array([0, side, 0])
        assembly.add(tube([rear + offset, crank + offset * 0.5], 0.009, 8), finish)
        assembly.add(tube([rear + offset, seat_top + offset * 0.3], 0.008, 8), finish)
        assembly.add(tube([front + offset, head_low + [0.06, side, -0.1], head_low], 0.011, 8), finish)
    assembly.add(tube([seat_top, saddle - [0, 0, 0.05]], 0.013, 8), CHROME)
    assembly.add(ellipsoid((0.13, 0.075, 0.045)).moved(saddle - [0.02, 0, 0.03]), LEATHER)
    assembly.add(tube([head_high, head_high + [0.03, 0, 0.09]], 0.014, 8), CHROME)
    bar = [grip + [0, 0.29, 0], grip + [0.08, 0.2, 0.0], head_high + [0.03, 0, 0.09]]
    bar += [grip + [0.08, -0.2, 0.0], grip + [0, -0.29, 0]]
    assembly.add(tube(bar, 0.012, 8), CHROME)
    for side in (1, -1):
        assembly.add(tube([grip + [0, side * 0.29, 0], grip + [-0.06, side * 0.31, -0.01]], 0.017, 8), RUBBER)
    chain_ring = lathe([(-0.004, 0.0), (-0.004, 0.095), (0.004, 0.095), (0.004, 0.0)], 24)
    assembly.add(chain_ring.moved(crank - [0, 0.05, 0]), STEEL)
    for wheel in (rear, front):
        arc = np.linspace(0.25 * np.pi, 0.85 * np.pi, 10)
        guard = np.stack([np.cos(arc) * (r + 0.02), np.zeros(10), np.sin(arc) * (r + 0.02)], axis=1) + wheel
        assembly.add(tube(guard, 0.02, 6), BLACK)
    assembly.add(rounded_box((0.05, 0.06, 0.06), 0.02, 2).moved(head_high + [0.09, 0, 0.0]), HEADLAMP)
    assembly.add(rounded_box((0.03, 0.07, 0.04), 0.01, 1).moved(rear + [-0.25, 0, r - 0.02]), TAILLAMP)
    body, lamp_group = assembly.build()
    wheels = tuple(
        Wheel(spoked_wheel(actor.tag, r, 0.037, spokes=32, disc=False), center.astype(np.float32), r, steered)
        for center, steered in ((front, True), (rear, False))
    )
    seat = RiderSeat(
        saddle=saddle.astype(np.float32),
        handlebar_left=(grip + [-0.03, 0.30, 0.02]).astype(np.float32),
        handlebar_right=(grip + [-0.03, -0.30, 0.02]).astype(np.float32),
        pedal_center=crank.astype(np.float32),
        crank_radius=0.17,
        pedal_width=0.24,
    )
    return VehicleModel(body, wheels, (_lamp(head_high + [0.1, 0, 0]),), lamp_group, seat)


def scooter_model(actor: Actor, seed: int) -> VehicleModel:
    """An electric kick scooter: a deck between small wheels, a steering column with a lamp; one stands on it."""
    frame, finish = frame_of(actor), _metal(paint(actor, seed))
    r = frame.radius
    rear, front = np.array([frame.rear_axle, 0, r]), np.array([frame.front_axle, 0, r])
    deck = 0.16
    grip = front + [-0.30, 0, 1.12 - r]
    foot = front + [-0.09, 0, 0.12]
    assembly = Assembly(actor.tag)
    length = frame.front_axle - frame.rear_axle - 0.25
    assembly.add(
        rounded_box((length, 0.17, 0.06), 0.02, 2).moved((frame.rear_axle + 0.1 + length / 2, 0, deck)), finish
    )
    assembly.add(
        rounded_box((length - 0.04, 0.15, 0.01), 0.004, 1).moved((frame.rear_axle + 0.1 + length / 2, 0, deck + 0.033)),
        RUBBER,
    )
    assembly.add(tube([rear, rear + [0.13, 0, deck - r]], 0.03, 8), finish)
    assembly.add(tube([np.array([frame.rear_axle + 0.05 + length, 0, deck]), foot], 0.032, 8), finish)
    assembly.add(tube([foot, grip], 0.024, 10), finish)
    for side in (0.06, -0.06):
        assembly.add(tube([front + [0, side, 0], foot + [0, side * 0.5, 0]], 0.014, 8), BLACK)
    assembly.add(tube([grip + [0, 0.25, 0], grip, grip + [0, -0.25, 0]], 0.014, 8), BLACK)
    for side in (1, -1):
        assembly.add(tube([grip + [0, side * 0.14, 0], grip + [0, side * 0.26, 0]], 0.018, 8), RUBBER)
    arc = np.linspace(0.3 * np.pi, 0.9 * np.pi, 8)
    guard = np.stack([np.cos(arc) * (r + 0.02), np.zeros(8), np.sin(arc) * (r + 0.02)], axis=1)
    for wheel in (front, rear):
        assembly.add(tube(guard + wheel, 0.03, 6), BLACK)
    assembly.add(ellipsoid((0.03, 0.03, 0.03)).moved(grip + [0.05, 0, -0.1]), HEADLAMP)
    assembly.add(rounded_box((0.03, 0.06, 0.03), 0.01, 1).moved(rear + [-0.16, 0, 0.1]), TAILLAMP)
    body, lamp_group = assembly.build()
    wheels = tuple(
        Wheel(spoked_wheel(actor.tag, r, 0.05, spokes=6, disc=True), center.astype(np.float32), r, steered)
        for center, steered in ((front, True), (rear, False))
    )
    stand = np.array([frame.rear_axle + 0.1 + 0.5 * length, 0.0, deck + 0.04])
    seat = RiderSeat(
        saddle=(stand + [-0.05, 0.0, 0.84]).astype(np.float32),
        handlebar_left=(grip + [0, 0.22, 0.02]).astype(np.float32),
        handlebar_right=(grip + [0, -0.22, 0.02]).astype(np.float32),
        pedal_center=stand.astype(np.float32),
        crank_radius=0.0,
        pedal_width=0.14,
    )
    return VehicleModel(body, wheels, (_lamp(grip + [0.1, 0, -0.1]),), lamp_group, seat)


def motorcycle_model(actor: Actor, seed: int) -> VehicleModel:
    """An unfaired motorcycle: tank, engine, seat, forks, exhaust."""
    frame, finish = frame_of(actor), paint(actor, seed)
    r = frame.radius
    rear, front = np.array([frame.rear_axle, 0, r]), np.array([frame.front_axle, 0, r])
    middle = (rear + front) / 2
    saddle = middle + [-0.22, 0, 0.80 - r]
    head = front + [-0.30, 0, 0.62]
    grip = head + [-0.12, 0, 0.12]
    assembly = Assembly(actor.tag)
    assembly.add(ellipsoid((0.30, 0.16, 0.14), 10, 16).moved(middle + [0.18, 0, 0.86 - r]), finish)
    assembly.add(rounded_box((0.62, 0.26, 0.11), 0.05, 3).moved(saddle - [0.05, 0, 0.05]), LEATHER)
    assembly.add(rounded_box((0.30, 0.18, 0.12), 0.05, 2).moved(rear + [-0.05, 0, 0.48]), finish)
    assembly.add(rounded_box((0.42, 0.34, 0.36), 0.06, 2).moved(middle + [0.06, 0, 0.42 - r]), STEEL)
    for side in (0.085, -0.085):
        assembly.add(tube([front + [0, side, 0], head + [0, side, 0.06]], 0.024, 10), CHROME)
        assembly.add(tube([rear + [0, side, 0], middle + [-0.15, side, 0.02]], 0.026, 8), BLACK)
        assembly.add(tube([rear + [0.05, side, 0.05], saddle + [-0.25, side, -0.06]], 0.02, 8), CHROME)
    assembly.add(tube([head, middle + [0.1, 0, 0.55 - r], middle + [-0.2, 0, 0.35 - r]], 0.03, 8), BLACK)
    bar = [grip + [-0.06, 0.36, 0], grip + [0.05, 0.2, 0], head + [0, 0, 0.08], grip + [0.05, -0.2, 0]]
    assembly.add(tube([*bar, grip + [-0.06, -0.36, 0]], 0.014, 8), CHROME)
    assembly.add(ellipsoid((0.08, 0.10, 0.10)).moved(head + [0.12, 0, -0.02]), HEADLAMP)
    assembly.add(
        tube([middle + [0.2, -0.1, -0.05], middle + [0, -0.16, -0.12], rear + [-0.1, -0.2, 0.05]], 0.045), CHROME
    )
    assembly.add(rounded_box((0.05, 0.14, 0.06), 0.02, 1).moved(rear + [-0.22, 0, 0.47]), TAILLAMP)
    assembly.add(rounded_box((0.02, 0.08, 0.04), 0.008, 1).moved(rear + [-0.26, 0, 0.36]), REFLECTOR)
    body, lamp_group = assembly.build()
    wheels = tuple(
        Wheel(_motor_wheel(actor, r, width), center.astype(np.float32), r, steered)
        for center, width, steered in ((front, 0.12, True), (rear, 0.17, False))
    )
    pegs = middle + [-0.12, 0, 0.38 - r]
    seat = RiderSeat(
        saddle=saddle.astype(np.float32),
        handlebar_left=(grip + [-0.04, 0.33, 0.02]).astype(np.float32),
        handlebar_right=(grip + [-0.04, -0.33, 0.02]).astype(np.float32),
        pedal_center=pegs.astype(np.float32),
        crank_radius=0.0,
        pedal_width=0.46,
    )
    return VehicleModel(body, wheels, (_lamp(head + [0.2, 0, 0]),), lamp_group, seat)


def _motor_wheel(actor: Actor, radius: float, width: float) -> Mesh:
    assembly = Assembly(actor.tag)
    assembly.add(ring((0, 0, 0), radius - width / 2, width / 2, 32, 10), RUBBER)
    rim = radius - 0.8 * width
    assembly.add(
        lathe([(-0.05, rim - 0.03), (-0.05, rim), (0.05, rim), (0.05, rim - 0.03), (-0.05, rim - 0.03)], 28), STEEL
    )
    for i in range(5):
        a = 2 * np.pi * i / 5
        assembly.add(tube([(0, 0, 0), (rim * np.cos(a), 0, rim * np.sin(a))], 0.018, 6), STEEL)
    assembly.add(lathe([(-0.06, 0.0), (-0.06, 0.05), (0.06, 0.05), (0.06, 0.0)], 16), STEEL)
    assembly.add(lathe([(0.065, 0.0), (0.065, 0.14), (0.07, 0.14), (0.07, 0.0)], 24), CHROME)
    return assembly.build()[0]


def _metal(finish: Finish) -> Finish:
    return Finish(MaterialId.CAR_PAINT, finish.albedo)


def _lamp(place: np.ndarray) -> Lamp:
    return Lamp(Light.LOW_BEAM, place.astype(np.float32), np.array([0.998, 0.0, -0.06], dtype=np.float32))
