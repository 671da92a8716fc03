"""Which windows are lit after dark, how brightly and in what colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh

U8 = NDArray[np.uint8]

HOMES_LIT = 0.35
"""Share of the windows of homes with light behind them: an evening between dinner and midnight."""
SHOPS_LIT = 0.8
SHOP_PANE = 4.0
"""Area from which on a pane is a shop's, m2; a home's window has 1.2 to 2."""
_HOME_STEPS, _SHOP_STEPS = (1, 9), (9, 16)
"""Brightness: from, up to but not including, in steps of the camera's own light of windows."""


def lit_rooms(mesh: Mesh) -> U8:
    """(T,) per triangle: brightness 1 to 15 in the lower four bits and colour, 0 warm to 3 cold, in the next two, of
    windows that are lit at night; 0 for dark ones and for all that is no window.

    Drawn from where a pane stands (to the centimetre), not from a stream: the same window is lit whatever else is
    built, and both triangles of a pane, which share their first corner, agree.
    """
    lit = np.zeros(len(mesh.triangles), dtype=np.uint8)
    panes = np.flatnonzero(mesh.material == MaterialId.WINDOW_GLASS)
    corners = mesh.vertices[mesh.triangles[panes]].astype(np.float64)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    shop = area > SHOP_PANE
    chance, level, colour = (_draw(corners[:, 0], salt) for salt in range(3))
    steps = np.where(
        shop,
        _SHOP_STEPS[0] + level * (_SHOP_STEPS[1] - _SHOP_STEPS[0]),
        _HOME_STEPS[0] + level * (_HOME_STEPS[1] - _HOME_STEPS[0]),
    ).astype(np.uint8)
    # Most homes are lit warm, shops neutral, and a screen flickers blue here and there.
    tint = np.where(shop, 1 + (colour > 0.5), np.digitize(colour, (0.6, 0.85, 0.95))).astype(np.uint8)
    lit[panes] = np.where(chance < np.where(shop, SHOPS_LIT, HOMES_LIT), steps | tint << 4, 0)
    return lit


def _draw(places: NDArray[np.float64], salt: int) -> NDArray[np.float64]:
    """Numbers in [0, 1) that follow from places (N, 3), by mixing centimetres (multipliers of SplitMix64)."""
    x, y, z = np.rint(places * 100.0).astype(np.int64).astype(np.uint64).T
    mixed = x * np.uint64(0x9E3779B97F4A7C15) + y * np.uint64(0xBF58476D1CE4E5B9) + z * np.uint64(0x94D049BB133111EB)
    for _ in range(2):
        mixed = (mixed + np.uint64(salt + 1)) * np.uint64(0xD6E8FEB86659FD93)
        mixed ^= mixed >> np.uint64(32)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
