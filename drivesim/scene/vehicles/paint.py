"""Colours of vehicles."""

from __future__ import annotations

import re

import numpy as np

from drivesim.errors import ScenarioError
from drivesim.materials import MaterialId, linear_rgb
from drivesim.scene.vehicles.assembly import Finish
from drivesim.streams import stream
from drivesim.types import Actor

_POPULARITY: tuple[tuple[str, float], ...] = (
    ("#e9eaea", 0.30),
    ("#0b0b0d", 0.17),
    ("#4b4f54", 0.19),
    ("#a9adb1", 0.10),
    ("#1d3a66", 0.08),
    ("#2f62a3", 0.03),
    ("#8e1a1f", 0.05),
    ("#1f3b2c", 0.02),
    ("#6b5a48", 0.02),
    ("#b8ab94", 0.01),
    ("#c9581d", 0.01),
    ("#c9a227", 0.02),
)
"""sRGB and share. Approximate, after the world-wide shares in Axalta's Global Automotive Color Popularity Report:
white, black, grey and silver together about three quarters, then blue and red."""

_COMMERCIAL: tuple[tuple[str, float], ...] = (
    ("#eeeeea", 0.62),
    ("#a9adb1", 0.12),
    ("#4b4f54", 0.10),
    ("#1d3a66", 0.07),
    ("#8e1a1f", 0.05),
    ("#c9a227", 0.04),
)
"""Shares for vans, lorries and buses, an assumption: fleets are mostly white."""


def paint(actor: Actor, seed: int) -> Finish:
    """The actor's paint: its property ``colour``, or a draw from what is on the road."""
    colour = actor.properties.get("colour")
    if colour is None:
        table = _POPULARITY if actor.category in ("car", "motorbike", "bicycle") else _COMMERCIAL
        shares = np.array([share for _, share in table])
        colour = table[stream(seed, "appearance", actor.name).choice(len(table), p=shares / shares.sum())][0]
    elif not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ScenarioError(
            f"{actor.name}: the property colour is {colour!r}",
            element="Property",
            remedy="write it as #RRGGBB, for instance #1d3a66",
        )
    return Finish(MaterialId.CAR_PAINT, linear_rgb(colour))
