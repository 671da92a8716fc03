"""Lamps for the camera's kernel: what a lit lamp looks like, and where its beam goes."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.materials import MaterialId
from drivesim.types import Light

_HEADLAMP = int(MaterialId.HEADLAMP)
_TAILLAMP = int(MaterialId.TAILLAMP)
_SIGNAL = int(MaterialId.SIGNAL_LIGHT)
_INDICATOR = int(MaterialId.INDICATOR)
_POSITION, _BRAKE, _REVERSE = int(Light.POSITION), int(Light.BRAKE), int(Light.REVERSE)
_BEAMS = int(Light.LOW_BEAM | Light.HIGH_BEAM)
_BLINKERS = int(Light.LEFT_BLINKER | Light.RIGHT_BLINKER)
_DEGREES = np.float32(180.0 / math.pi)

_LENS = np.float32(36000.0)
"""Luminance of a lit lens over its albedo, cd/m2; lenses are dark, and a 200 mm signal has some 200 cd (EN 12368)."""

ONE = np.float32(1.0)
ZERO = np.float32(0.0)


@nb.njit(error_model="numpy")
def beam_power(ahead: Any, above: Any) -> Any:
    """Share of a headlamp's peak intensity, low beam with its cut-off (shape after UN ECE R112, class B).

    Args:
        ahead: cosine between the beam's axis and the direction to the point.
        above: how far that direction lies above the axis, sine.
    """
    sideways = math.acos(min(ahead, ONE)) * _DEGREES * np.float32(1.0 / 16.0)
    cut = ONE / (ONE + math.exp((above * _DEGREES + np.float32(0.6)) * np.float32(6.0)))
    return math.exp(-sideways * sideways) * (np.float32(0.97) * cut + np.float32(0.03))


@nb.njit(error_model="numpy")
def own_light(
    material: int, flags: int, cosine: Any, red: Any, green: Any, blue: Any, night: bool
) -> tuple[Any, Any, Any]:
    """Luminance of a lamp's glass, red, green and blue, cd/m2.

    Args:
        flags: which of the lights that light this glass are on (:class:`~drivesim.types.Light`); cosine: between the
            viewer and the glass; red, green, blue: its colour.
    """
    if material == _HEADLAMP:
        white = ZERO
        if flags & _BEAMS:
            white = np.float32(8000.0) * max(cosine, np.float32(0.2))
        elif flags & _REVERSE:
            white = np.float32(2500.0)
        elif flags & _POSITION:
            white = np.float32(300.0)
        return white, white, white
    if material == _TAILLAMP:
        tail = ZERO
        if flags & _BRAKE:
            tail = np.float32(5000.0)
        elif flags & _POSITION:
            tail = np.float32(250.0)
        return tail, tail * np.float32(0.03), tail * np.float32(0.03)
    if material == _INDICATOR:
        amber = np.float32(6000.0) if flags & _BLINKERS else ZERO
        return amber, amber * np.float32(0.36), amber * np.float32(0.02)
    if material == _SIGNAL and flags == 0:
        return ZERO, ZERO, ZERO
    if material == _SIGNAL:
        return _LENS * red, _LENS * green, _LENS * blue
    on = np.float32(6000.0) if night else ZERO
    return on, on * np.float32(0.95), on * np.float32(0.84)
