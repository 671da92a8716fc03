"""What people hold: a telephone, an umbrella."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.scene.bodies.basis import FINGERS, HAND, UPPER_SPINE
from drivesim.scene.bodies.surface import Piece, grid

F64 = NDArray[np.float64]

_BLACK = (0.012, 0.012, 0.014)
_STEEL = (0.35, 0.35, 0.36)
_RADIUS, _DEPTH, _RIBS = 0.52, 0.20, 8
"""Of an umbrella's canopy, m."""


def _bound(points: F64, triangles: NDArray[np.int64], bone: int, material: MaterialId, colour: object) -> Piece:
    weights = np.zeros((len(points), 24))
    weights[:, bone] = 1.0
    return Piece.of(points, triangles, weights, material, np.asarray(colour, dtype=np.float64))


def telephone(joints: F64, side: int) -> Piece:
    """A telephone, 15 by 7.2 by 0.9 cm, along the fingers of a hand; ``joints``: (24, 3) at rest, m."""
    hand, fingers = joints[HAND + side], joints[FINGERS + side]
    along = (fingers - hand) / np.linalg.norm(fingers - hand)
    across = np.cross(along, (0.0, 1.0, 0.0))
    across /= np.linalg.norm(across)
    through = np.cross(along, across)
    middle = fingers + 0.012 * along
    rings = []
    section = np.array([(-0.036, -0.0045), (0.036, -0.0045), (0.036, 0.0045), (-0.036, 0.0045)])
    for place, share in ((-0.075, 0.0), (-0.075, 1.0), (0.075, 1.0), (0.075, 0.0)):
        flat = share * section
        rings.append(middle + place * along + flat[:, :1] * across + flat[:, 1:] * through)
    return _bound(np.concatenate(rings), grid(4, 4, closed=True), HAND + side, MaterialId.BLACK_PLASTIC, _BLACK)


def umbrella(hand: F64, crown: float, colour: tuple[float, float, float]) -> list[Piece]:
    """An open umbrella over the hand that holds it; it keeps upright with the trunk.

    Args:
        hand: (3,) where the hand is in the frame of the trunk at rest, m; crown: height of the head there, m.
    """
    middle = np.array([0.5 * hand[0], 0.4 * hand[1]])
    top = crown + 0.13
    angle = np.linspace(0.0, 2.0 * np.pi, 3 * _RIBS, endpoint=False)
    between = np.abs(np.sin(0.5 * _RIBS * angle))
    rings = []
    for share in (0.02, 0.25, 0.5, 0.75, 0.92, 1.0):
        radius = _RADIUS * share * (1.0 - 0.07 * between * share**2)
        z = top - _DEPTH * share**2 + 0.015 * between * share * (1.0 - share)
        rings.append(np.column_stack([middle[0] + radius * np.cos(angle), middle[1] + radius * np.sin(angle), z]))
    rings += [ring - (0.0, 0.0, 0.006) for ring in reversed(rings)]
    canopy = _bound(
        np.concatenate(rings), grid(len(rings), len(angle), closed=True), UPPER_SPINE, MaterialId.SYNTHETIC, colour
    )
    ends = np.array([[*middle, top + 0.06], [*middle, top - 0.02], hand + (0.0, 0.0, 0.03), hand - (0.0, 0.0, 0.10)])
    around = np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False)
    circle = np.column_stack([np.cos(around), np.sin(around), 0.0 * around])
    shaft = np.concatenate([end + r * circle for end, r in zip(ends, (0.004, 0.007, 0.007, 0.014), strict=True)])
    return [canopy, _bound(shaft, grid(4, 8, closed=True), UPPER_SPINE, MaterialId.GALVANISED_STEEL, _STEEL)]
