"""Shoes, lofted over the outline of the foot from heel to toe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.scene.bodies.appearance import Appearance
from drivesim.scene.bodies.basis import FOOT, TOES, Shape
from drivesim.scene.bodies.surface import Piece, grid

F64 = NDArray[np.float64]

_DARK_SOLE, _PALE_SOLE = (0.05, 0.05, 0.05), (0.62, 0.62, 0.60)

# Cross-section, counter-clockwise seen from the heel: sideways in half widths; height: -1 the ground, 0 the top of the
# sole's edge, up to 1 the top of the upper.
_SECTION = np.array(
    [
        (1.03, 0.0), (0.97, -1.0), (-0.97, -1.0), (-1.03, 0.0), (-0.98, 0.02), (-0.97, 0.30), (-0.86, 0.62),
        (-0.58, 0.90), (0.0, 1.0), (0.58, 0.90), (0.86, 0.62), (0.97, 0.30), (0.98, 0.02),
    ]
)  # fmt: skip
_SOLE_POINTS = 4
_STATIONS = np.array([0.0, 0.012, 0.05, 0.12, 0.26, 0.40, 0.54, 0.68, 0.80, 0.90, 0.965, 1.0])
"""Share of the length from heel to toe."""


def _plan(station: F64) -> F64:
    """How rounded the outline is at heel and toe: share of the half width."""
    heel = np.clip((0.13 - station) / 0.13, 0.0, 1.0)
    toe = np.clip((station - 0.66) / 0.34, 0.0, 1.0)
    return np.asarray((1.0 - heel**2.4) ** (1 / 2.4) * (1.0 - toe**2.5) ** (1 / 2.5))


def shoe(body: Shape, ankle_height: float, look: Appearance, side: int) -> Piece:
    """One shoe, its material leather; the sole pale under bright shoes.

    Args:
        ankle_height: m; side: 0 left, :data:`~drivesim.scene.bodies.basis.SIDE` right.
    """
    bones = [FOOT + side, TOES + side]
    unit = float(np.ptp(body.vertices[:, 2]))
    foot = body.vertices[(body.weights[:, bones].sum(axis=1) > 0.5) & (body.vertices[:, 2] < ankle_height)]
    ankle, joint = body.joints[FOOT + side, :2], body.joints[TOES + side, :2]
    reach = float(np.linalg.norm(joint - ankle))
    ahead = (joint - ankle) / reach
    left = np.array([-ahead[1], ahead[0]])
    along, across = (foot[:, :2] - ankle) @ ahead, (foot[:, :2] - ankle) @ left
    room, sole, edge = 0.0035 * unit, 0.014 * unit, 0.004 * unit
    start, length = along.min() - room, float(np.ptp(along)) + 2.6 * room
    rings, weights = [], []
    for station, narrowing in zip(_STATIONS, _plan(_STATIONS), strict=True):
        place = start + station * length
        near = np.clip(place, along.min() + 0.05 * length, along.max() - 0.10 * length)
        band = np.abs(along - near) < 0.09 * length
        middle = 0.5 * (across[band].max() + across[band].min())
        half = max(narrowing, 0.02) * (0.5 * float(np.ptp(across[band])) + room)
        top = min(foot[band, 2].max() + 1.3 * room, ankle_height + 0.5 * room)
        top = edge + (top - edge) * (0.35 + 0.65 * narrowing if station > 0.5 else 0.86 + 0.14 * narrowing)
        spring = sole * 0.55 * max(0.0, (station - 0.72) / 0.28) ** 2
        height = np.where(_SECTION[:, 1] < 0.0, spring - sole, edge + spring + _SECTION[:, 1] * (top - edge - spring))
        tuck = np.where(_SECTION[:, 1] < 0.0, 0.96, 1.0)
        plan = ankle + place * ahead + (middle + half * tuck * _SECTION[:, 0])[:, None] * left
        rings.append(np.column_stack([plan, height]))
        weight = np.zeros((len(_SECTION), body.weights.shape[1]))
        bent = float(np.clip((place - reach) / (0.16 * length) + 0.5, 0.0, 1.0))
        weight[:, bones] = 1.0 - bent, bent
        weights.append(weight)
    triangles = grid(len(rings), len(_SECTION), closed=True)
    is_sole = np.all(triangles % len(_SECTION) < _SOLE_POINTS, axis=1)
    pale = max(look.shoe_colour) > 0.30
    albedo = np.where(is_sole[:, None], np.asarray(_PALE_SOLE if pale else _DARK_SOLE), np.asarray(look.shoe_colour))
    return Piece(np.concatenate(rings), triangles, np.concatenate(weights), MaterialId.LEATHER, albedo)
