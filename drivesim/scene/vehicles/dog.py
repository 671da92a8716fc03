"""Dogs: a trunk with head, ears and tail, and four legs that swing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh
from drivesim.scene.vehicles.assembly import Assembly, Finish
from drivesim.scene.vehicles.shapes import Shape, ellipsoid, tube
from drivesim.streams import stream
from drivesim.types import Actor

_COATS = ("#2a211b", "#6b4a2f", "#b08a5a", "#d8cdb8", "#3d3a38", "#8c5a34")
_EYE = Finish(MaterialId.BLACK_PLASTIC, (0.01, 0.008, 0.008))
_LENGTH, _WIDTH, _HEIGHT = 0.98, 0.22, 0.66
"""Of the dog as modelled, m: nose to tail, across, to the ears; a shepherd's withers are at 0.55 .. 0.60 m."""


class Dog(NamedTuple):
    """A dog in its actor's frame.

    Attributes:
        body: trunk, neck, head and tail.
        legs: each with its joint at the origin; fore left, fore right, hind left, hind right.
        joints: (4, 3) where they hang, m.
    """

    body: Mesh
    legs: tuple[Mesh, ...]
    joints: NDArray[np.float64]


def dog_model(actor: Actor, seed: int) -> Dog:
    """A dog that fills the actor's box; its coat follows from name and seed."""
    draw = stream(seed, "coat", actor.name)
    first = linear_rgb(_COATS[int(draw.integers(len(_COATS)))])
    coat = Finish(MaterialId.HAIR, first)
    pale = Finish(MaterialId.HAIR, tuple(min(0.8, 1.6 * c + 0.05) for c in first))  # type: ignore[arg-type]
    scale = np.array([actor.box.length / _LENGTH, actor.box.width / _WIDTH, actor.box.height / _HEIGHT])
    offset = np.array([actor.box.center[0], actor.box.center[1], 0.0])
    body = Assembly(actor.tag)
    for shape, finish in _trunk(coat, pale):
        body.add(shape, finish, crease=np.pi)
    body.stretch(scale, offset)
    joints = np.array([(x, y, 0.40) for x in (0.17, -0.25) for y in (0.06, -0.06)])
    legs = []
    for hind in (False, True):
        for _ in range(2):
            leg = Assembly(actor.tag)
            for shape in _leg(hind=hind):
                leg.add(shape, coat if hind else pale, crease=np.pi)
            leg.stretch(scale, np.zeros(3))
            legs.append(leg.build()[0])
    return Dog(body.build()[0], tuple(legs), joints * scale + offset)


def _trunk(coat: Finish, pale: Finish) -> list[tuple[Shape, Finish]]:
    spine = [
        (-0.33, 0, 0.47),
        (-0.27, 0, 0.475),
        (-0.12, 0, 0.455),
        (0.04, 0, 0.445),
        (0.18, 0, 0.455),
        (0.25, 0, 0.49),
    ]
    body = tube(spine, [0.045, 0.085, 0.088, 0.105, 0.11, 0.08], 16)
    neck = tube([(0.20, 0, 0.49), (0.27, 0, 0.54), (0.33, 0, 0.585)], [0.085, 0.07, 0.06], 12)
    tail = tube(
        [(-0.32, 0, 0.49), (-0.40, 0, 0.46), (-0.47, 0, 0.38), (-0.50, 0, 0.30)], [0.028, 0.026, 0.024, 0.008], 8
    )
    skull = ellipsoid((0.085, 0.062, 0.06), 10, 14).moved((0.355, 0, 0.585))
    muzzle = tube([(0.38, 0, 0.575), (0.43, 0, 0.560), (0.47, 0, 0.556)], [0.045, 0.034, 0.024], 10)
    parts = [(body, coat), (neck, coat), (tail, coat), (skull, coat), (muzzle, pale)]
    parts.append((ellipsoid((0.013, 0.015, 0.011), 6, 8).moved((0.473, 0, 0.565)), _EYE))
    for side in (1.0, -1.0):
        ear = tube(
            [(0.325, side * 0.04, 0.615), (0.315, side * 0.055, 0.645), (0.31, side * 0.05, 0.66)],
            [0.026, 0.018, 0.003],
            7,
        )
        parts.append((ear, coat))
        parts.append((ellipsoid((0.010, 0.010, 0.010), 6, 8).moved((0.42, side * 0.035, 0.60)), _EYE))
        parts.append((ellipsoid((0.085, 0.045, 0.12), 8, 10).moved((-0.24, side * 0.055, 0.42)), coat))
        parts.append((ellipsoid((0.075, 0.045, 0.11), 8, 10).moved((0.17, side * 0.065, 0.43)), coat))
    return parts


def _leg(*, hind: bool) -> list[Shape]:
    """From the joint at the origin, 0.40 m above the ground, to the paw."""
    if hind:
        bones = [(0.0, 0, 0.0), (0.05, 0, -0.12), (-0.055, 0, -0.25), (-0.035, 0, -0.37)]
        radii = [0.055, 0.042, 0.021, 0.018]
    else:
        bones = [(0.0, 0, 0.0), (-0.02, 0, -0.13), (-0.005, 0, -0.27), (0.005, 0, -0.37)]
        radii = [0.050, 0.033, 0.021, 0.018]
    foot = np.array(bones[-1])
    return [tube(bones, radii, 10), ellipsoid((0.042, 0.027, 0.022), 6, 10).moved(foot + (0.02, 0.0, -0.008))]
