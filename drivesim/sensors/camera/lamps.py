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
_WINDOW = int(MaterialId.WINDOW_GLASS)
_POSITION, _BRAKE, _REVERSE = int(Light.POSITION), int(Light.BRAKE), int(Light.REVERSE)
_BEAMS = int(Light.LOW_BEAM | Light.HIGH_BEAM)
_BLINKERS = int(Light.LEFT_BLINKER | Light.RIGHT_BLINKER)
_DEGREES = np.float32(180.0 / math.pi)

_ROOM = np.float32(2.2)
"""Luminance of a lit window for each of its fifteen steps, cd/m2: the brightest shows walls of albedo 0.5 in 300 lx, as
in a shop, less a third lost in the pane; homes have 50 to 150 lx."""

_LENS = np.float32(36000.0)
"""Luminance of a lit lens over its albedo, cd/m2; lenses are dark, and a 200 mm signal has some 200 cd (EN 12368)."""

GROUND = 0.15
"""Albedo of a street by night, between asphalt (0.1) and pavements and gardens (0.2 to 0.3)."""
_SENT_UP = np.float32(7.0 * GROUND / math.pi)
"""7.0 sr: what :func:`luminaire_power` sums up to, the flux of a lamp over its intensity straight down."""

ONE = np.float32(1.0)
TWO = np.float32(2.0)
ZERO = np.float32(0.0)


@nb.njit(error_model="numpy")
def beam_power(ahead: Any, above: Any) -> Any:
    """Share of a headlamp's peak intensity, low beam with its cut-off (shape after UN ECE R112, class B).

    Below 1.5 degrees it falls off by e every 2.7: at 4 degrees 40 % are left (SAE J1383: at least 15,000 cd 1.5 degrees
    down, at most 8,000 cd 4 degrees down), so that the road is lit evenly instead of burnt out before the bumper.

    Args:
        ahead: cosine between the beam's axis and the direction to the point.
        above: how far that direction lies above the axis, sine.
    """
    sideways = math.acos(min(ahead, ONE)) * _DEGREES * np.float32(1.0 / 16.0)
    cut = ONE / (ONE + math.exp((above * _DEGREES + np.float32(0.6)) * np.float32(6.0)))
    near = math.exp(min((above * _DEGREES + np.float32(1.5)) * np.float32(1.0 / 2.7), ZERO))
    return math.exp(-sideways * sideways) * (np.float32(0.97) * cut * near + np.float32(0.03))


@nb.njit(error_model="numpy")
def luminaire_power(down: Any) -> Any:
    """Share of a street lamp's intensity straight down; rises sideways as 1 / cosine up to 65 degrees, none from 78 on.

    That is the batwing of road luminaires, which light the middle between two posts, cut off so that they do not dazzle
    (EN 13201-2, glare class G*3: at most 100 cd/klm at 80 degrees, 20 cd/klm at 90).

    Args:
        down: cosine between straight down and the direction to the point.
    """
    edge = min(max((down - np.float32(0.208)) * np.float32(1.0 / (0.423 - 0.208)), ZERO), ONE)
    return edge * edge * (np.float32(3.0) - TWO * edge) / max(down, np.float32(0.423))


@nb.njit(error_model="numpy")
def sent_up(x: Any, y: Any, z: Any, facing: Any) -> Any:
    """Illuminance by the light of a street lamp that the ground below it sends on, over the lamp's intensity, 1/m2.

    To walls the lit ground is a matt source (Lambert) at the lamp's mirror image under it: within a third of the sum
    over all of the ground for those 6 to 20 m away, from 3 m above it on (``tests/scene/test_evening.py``).

    Args:
        x, y, z: from the place to the mirror image, m, z negative; facing: of that along the surface's normal, m.
    """
    square = x * x + y * y + z * z
    return _SENT_UP * facing * -z / (square * square)


@nb.njit(error_model="numpy")
def own_light(
    material: int, group: int, lights: int, cosine: Any, red: Any, green: Any, blue: Any, night: bool
) -> tuple[Any, Any, Any]:
    """Luminance of a lamp's glass or a window, red, green and blue, cd/m2.

    Args:
        group: the lights, any of which light this glass (:class:`~drivesim.types.Light`); of a window how it is lit at
            night (:func:`~drivesim.scene.city.evening.lit_rooms`); lights: those that are on; cosine: between the
            viewer and the glass; red, green, blue: its colour.
    """
    if material == _WINDOW:
        room = _ROOM * np.float32(group & 15) if night else ZERO
        warmth = np.float32(group >> 4)  # 0 as a bulb, 2700 K; 3 near daylight
        return (
            room,
            room * (np.float32(0.66) + np.float32(0.09) * warmth),
            room * (np.float32(0.28) + np.float32(0.18) * warmth),
        )
    flags = group & lights
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
