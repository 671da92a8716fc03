"""From radiance to a picture: ambient light filtered, exposure, noise, tone curve, sRGB."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.lane_memory import apart, at, gather, put_bytes
from drivesim.scene.lanes import LANES, highest, lowest, sqrt, where, whole
from drivesim.streams import hash64

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

GREY = 0.19
"""What the geometric mean of the scene is exposed to; a little above middle grey, as in-vehicle cameras are."""
_PLACES = 20_000
"""At about how many places a large picture's light is measured; a small one's at one of sixteen."""
DARKEST = 0.02
"""cd/m2 below which automatic exposure stops brightening: gain of an automotive imager is finite."""

HIGHLIGHT_SHARE = 0.96
HIGHLIGHT = 1.1
"""Automatic exposure keeps all but the brightest few per cent of the picture below this: what headlamps light at
night is not burnt out."""

SATURATION = np.float32(0.8)
"""Of colours before the tone curve; a curve applied to each channel by itself makes them stronger again."""

_STEPS = 4096
_NOISE = np.float32(0.009)
"""Of an exposed value v, as a share of sqrt(0.18 (v + FLOOR))."""
FLOOR = 2e-4 / 0.18
"""Exposed value whose photon noise is as large as the read noise."""
_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
_ACROSS = np.arange(LANES, dtype=np.float32)


def _curve() -> U8:
    """sRGB byte by root of (exposed radiance + FLOOR) / 16, through a filmic curve (Narkowicz 2015, ACES fit)."""
    x = np.maximum((np.arange(_STEPS) / (_STEPS - 1)) ** 2 * 16.0 - FLOOR, 0.0)
    y = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    encoded = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


CURVE = _curve()


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def soften(sky_share: F32, depth: F32, width: int, height: int) -> F32:
    """Share of the sky (H*W,) that each pixel's 4 x 4 neighbourhood sees.

    Neighbours at another depth do not count; the sixteen pixels of a tile look in sixteen directions.
    """
    smooth = np.empty_like(sky_share)
    zero, one = np.float32(0.0), np.float32(1.0)
    for y in nb.prange(height):
        # One neighbour of a whole row at a time, in loops without branches: each runs in vector instructions.
        total, weight = np.zeros(width, np.float32), np.zeros(width, np.float32)
        limit = np.empty(width, np.float32)
        start = y * width
        for x in range(width):
            limit[x] = np.float32(0.04) * depth[start + x] + np.float32(0.02)
        for row in range(max(y - 2, 0), min(y + 2, height)):
            for aside in range(-2, 2):
                first, count = max(-aside, 0), width - abs(aside)
                here, other = start + first, row * width + first + aside
                near, far, seen = depth[here : here + count], depth[other : other + count], sky_share[other:]
                reach, shares, weights = limit[first:], total[first:], weight[first:]
                for x in range(count):
                    counts = one if abs(far[x] - near[x]) < reach[x] else zero
                    shares[x] += seen[x] * counts
                    weights[x] += counts
        for x in range(width):
            share = total[x] / weight[x] if weight[x] > zero else one
            smooth[start + x] = np.float32(0.12) + np.float32(0.88) * share
    return smooth


@nb.njit(parallel=True, nogil=True, cache=True)
def add_ambient(radiance: F32, ambient: F32, share: F32) -> None:
    """Add skylight, scaled by its share, to radiance (P, 3) in place."""
    for i in nb.prange(len(share)):
        for c in range(3):
            radiance[i, c] += ambient[i, c] * share[i]


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def edges(
    depth: F32, instance: I32, semantic: U8, radiance: F32, width: int, height: int, faded: U8, mark: U8
) -> None:  # fmt: skip
    """Mark pixels at which the thing, the surface or the brightness changes; not between two where a shadow fades.

    Along a plane, whatever its slant, the inverse of depth changes evenly from pixel to pixel: where it does not, a
    surface ends or bends.
    """
    one, two, fold, contrast = np.float32(1.0), np.float32(2.0), np.float32(0.02), np.float32(0.3)
    near, light = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    for y in nb.prange(height):
        row, glow, colour = near[y], light[y], radiance[y * width : (y + 1) * width]
        away = depth[y * width : (y + 1) * width]
        for x in range(width):
            row[x], glow[x] = one / away[x], colour[x, 0] + colour[x, 1] + colour[x, 2]
    for y in nb.prange(height):
        # Neighbours of a whole row at a time, in loops without branches: each runs in vector instructions.
        start = y * width
        own, kind, row, glow = instance[start : start + width], semantic[start : start + width], near[y], light[y]
        fades = faded[start : start + width]
        found = mark[start : start + width]
        found[:] = 0
        for line in (max(y - 1, 0), min(y + 1, height - 1)):
            thing, surface, beside = instance[line * width :], semantic[line * width :], light[line]
            other = faded[line * width :]
            for x in range(width):
                found[x] |= (own[x] != thing[x]) | (kind[x] != surface[x])
            for x in range(width):
                sharp = (fades[x] & other[x]) == 0
                found[x] |= (abs(glow[x] - beside[x]) > contrast * (glow[x] + beside[x])) & sharp
        changes = np.zeros(width, np.uint8)
        for x in range(width - 1):
            changes[x] = (own[x] != own[x + 1]) | (kind[x] != kind[x + 1])
        for x in range(width - 1):
            sharp = (fades[x] & fades[x + 1]) == 0
            changes[x] |= (abs(glow[x] - glow[x + 1]) > contrast * (glow[x] + glow[x + 1])) & sharp
        for x in range(width - 1):
            found[x] |= changes[x]
        for x in range(width - 1):
            found[x + 1] |= changes[x]
        if 0 < y < height - 1:
            above, below = near[y - 1], near[y + 1]
            for x in range(width - 2):
                middle = row[x + 1]
                across = abs(row[x + 2] - two * middle + row[x])
                upwards = abs(below[x + 1] - two * middle + above[x + 1])
                found[x + 1] |= max(across, upwards) > fold * middle


@nb.njit(parallel=True, nogil=True, cache=True)
def samples_at(chosen: NDArray[np.int64], width: int, offsets: F32) -> F32:
    """Image coordinates (N * S, 2) of S samples in each chosen pixel, ``offsets`` (S, 2) from its middle."""
    count = len(offsets)
    samples = np.empty((len(chosen) * count, 2), np.float32)
    for k in nb.prange(len(chosen)):
        x, y = np.float32(chosen[k] % width) + np.float32(0.5), np.float32(chosen[k] // width) + np.float32(0.5)
        for sample in range(count):
            samples[k * count + sample, 0] = x + offsets[sample, 0]
            samples[k * count + sample, 1] = y + offsets[sample, 1]
    return samples


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def average(radiance: F32, chosen: NDArray[np.int64], direct: F32, ambient: F32, share: F32) -> None:
    """Replace the radiance (P, 3) of chosen pixels by its mean with that of their samples (N * S, 3), in place;
    skylight is scaled by its share as in :func:`add_ambient`, where there is any."""
    count, split = len(direct) // len(chosen), len(share) > 0
    for k in nb.prange(len(chosen)):
        pixel = chosen[k]
        for c in range(3):
            total = np.float32(0.0)
            for sample in range(k * count, (k + 1) * count):
                total += direct[sample, c] + (ambient[sample, c] * share[pixel] if split else np.float32(0.0))
            radiance[pixel, c] = (radiance[pixel, c] + total) / np.float32(count + 1)


def exposed_to(radiance: F32, width: int, height: int, level: float | None) -> float:
    """Exposed value per cd/m2: automatic, or such that a luminance ``level`` becomes middle grey."""
    if level is not None:
        return GREY / level
    step = max(4, math.isqrt(width * height // _PLACES))
    levels = _metered(radiance, width, height, step)
    mean = float(np.exp(np.log(np.minimum(levels, 1e5) + 1e-4).mean(dtype=np.float64)))
    place = HIGHLIGHT_SHARE * (len(levels) - 1)
    below = int(place)
    low, high = np.partition(levels, (below, min(below + 1, len(levels) - 1)))[below : below + 2].tolist()
    bright = low + (high - low) * (place - below)
    return min(GREY / max(mean, DARKEST), HIGHLIGHT / max(bright, DARKEST))


@nb.njit(nogil=True, error_model="numpy", cache=True)
def _metered(radiance: F32, width: int, height: int, step: int) -> F32:
    """Luminance at every ``step``-th pixel of every such row, (N,) float32: what the exposure is measured on."""
    levels = np.empty(((height + step - 1) // step) * ((width + step - 1) // step), dtype=np.float32)
    place = 0
    for y in range(0, height, step):
        for x in range(0, width, step):
            i = y * width + x
            levels[place] = (
                np.float32(0.2126) * radiance[i, 0]
                + np.float32(0.7152) * radiance[i, 1]
                + np.float32(0.0722) * radiance[i, 2]
            )
            place += 1
    return levels


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def expose(
    radiance: F32, width: int, height: int, gain: Any, vignetting: Any, focal: Any, noise: Any, key: int, rgb: U8
) -> None:
    """Write (H, W, 3) uint8 sRGB: vignetting, shot and read noise, tone curve. Scalars are float32.

    Args:
        gain: exposed value per cd/m2. noise: standard deviation at middle grey, 1 = 0.4 %.
    """
    for y in nb.prange(height):
        grain, few = np.zeros((3, width + LANES), dtype=np.float32), np.zeros((LANES, 3), dtype=np.float32)
        if noise > _ZERO:
            _grain(grain, width, y, key, noise * _NOISE * np.float32(0.5 * math.sqrt(0.18)))
        dy = (np.float32(y) - np.float32(height) * _HALF) * (_ONE / focal)
        spare, line = np.empty((LANES, 3), dtype=np.uint8), rgb[y]
        for x in range(0, width, LANES):
            whole_block = x + LANES <= width
            if not whole_block:
                few[: width - x] = radiance[y * width + x : (y + 1) * width]
            light = apart(radiance, 3 * (y * width + x)) if whole_block else apart(few, 0)
            dx = (at(_ACROSS, 0) + np.float32(x) - np.float32(width) * _HALF) * (_ONE / focal)
            fall = _ONE / (_ONE + dx * dx + dy * dy)
            codes = _codes(light, (_ONE - vignetting * (_ONE - fall * fall)) * gain, grain, x)
            if whole_block:
                put_bytes(line, 3 * x, codes)
            else:
                put_bytes(spare, 0, codes)
                line[x:] = spare[: width - x]


@nb.njit(error_model="numpy")
def _grain(grain: F32, width: int, y: int, key: int, spread: Any) -> None:
    """Noise of the roots of a row's pixels, (3, W)."""
    hashes = np.empty(width, dtype=np.uint64)
    for x in range(width):
        hashes[x] = hash64(key, x, y)
    for c in range(3):
        shift, channel = np.uint64(21 * c), grain[c]
        for x in range(width):
            # The sum of three 7 bit numbers is close to normal: mean 190.5, standard deviation 63.97.
            part = np.int32((hashes[x] >> shift) & np.uint64(0x1FFFFF))
            draw = (part & 127) + ((part >> 7) & 127) + (part >> 14)
            channel[x] = (np.float32(draw) - np.float32(190.5)) * np.float32(1.0 / 63.97) * spread


@nb.njit(error_model="numpy")
def _codes(light: Any, fall: Any, grain: F32, x: int) -> Any:
    """sRGB bytes of sixteen pixels from ``x`` on.

    Args:
        light: radiance, three lanes; fall: exposed value per radiance.
    """
    red, green, blue = light[0] * fall, light[1] * fall, light[2] * fall
    grey = np.float32(0.2126) * red + np.float32(0.7152) * green + np.float32(0.0722) * blue
    return (
        _code(grey + (red - grey) * SATURATION, at(grain, x)),
        _code(grey + (green - grey) * SATURATION, at(grain, grain.shape[1] + x)),
        _code(grey + (blue - grey) * SATURATION, at(grain, 2 * grain.shape[1] + x)),
    )


@nb.njit(error_model="numpy")
def _code(value: Any, grain: Any) -> Any:
    """Bytes of exposed values with noise; what is not a number is black.

    Photon and read noise have a variance of 0.18 (value + FLOOR) times a constant: that of the root is the same
    everywhere (Anscombe 1948), and one root is both looked up and noisy.
    """
    root = sqrt(where(value > _ZERO, value, _ZERO) + np.float32(FLOOR)) + grain
    place = highest(root * np.float32((_STEPS - 1) / 4.0) + _HALF, _ZERO)
    return gather(CURVE, whole(lowest(place, np.float32(_STEPS - 1))))
