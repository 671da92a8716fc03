"""Light on a packet's surfaces: sun and lamps with one shadow packet each, sky through what is near, lit lamps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import DIR_X, LANES, MASK, ORG_X, T_FAR, T_NEAR, TIME, intersect16, occluded16
from drivesim.scene.lane_memory import put, row, whole_row
from drivesim.scene.lanes import any_of, highest, inlined, lowest, spread, sqrt, where
from drivesim.scene.raycast import ALL, EVERYONE
from drivesim.sensors.camera.lamps import beam_power, luminaire_power, own_light, sent_up
from drivesim.sensors.camera.met import SHINES
from drivesim.sensors.camera.packet import (
    BODY,
    COLOUR,
    DIFFUSE,
    F32,
    FACING,
    FAR,
    GAIN,
    GLOW,
    GROUP,
    HALF,
    HIT,
    I32,
    INSTANCE,
    LEAF,
    MATERIAL,
    METAL,
    NORMAL,
    ONE,
    PER_PI,
    POINT,
    POWER,
    ROUGH,
    SEEN,
    SUNNY,
    TINY,
    TWO,
    ZERO,
    direction_of,
    put_three,
    ready,
    three,
)
from drivesim.sensors.camera.penumbra import ALL_LIT, ALL_SHADED, LIT, NO_SUN, SHADED

_FLAT: Any = np.float32(0.21)
"""Cosine at the edge of a street lamp's light."""
_LAMP_TINT = np.array([1.0, 0.96, 0.88], dtype=np.float32)
"""Colour of lamps' light, red, green and blue."""
_BEHIND_GLASS: Any = np.float32(0.12)
"""Shadow rays end this far from a lamp, m: its own housing does not count."""
_AO_REACH: Any = np.float32(1.8)
"""Surfaces nearer than this shade skylight, m."""
_AO_FAR: Any = np.float32(90.0)
"""Farther away than this nothing does, m."""


def _hemisphere() -> F32:
    """(3, 16) cosine-distributed directions around +z, one per pixel of a tile (Vogel spiral)."""
    k = np.arange(16) + 0.5
    r, a = np.sqrt(k / 16) * 0.98, k * 2.399963
    order = np.array([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5])
    points = np.stack([r * np.cos(a), r * np.sin(a), np.sqrt(1 - r * r)], axis=1)
    return np.ascontiguousarray(points[order].T.astype(np.float32))


_HEMISPHERE = _hemisphere()


def _disc() -> F32:
    """(2, 16) float32: places in the unit disc, one for each pixel of a tile: a Vogel spiral of equal shares of its
    area, neighbours far apart."""
    ring = np.array([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5])
    r, a = np.sqrt((ring + 0.5) / 16), 2.399963 * ring
    return np.stack([r * np.cos(a), r * np.sin(a)]).astype(np.float32)


_DISC = _disc()


@inlined
def shine(s: F32, k: I32, lit: NDArray[np.uint16], night: bool) -> None:
    """Adds what lamps and lit windows shine themselves to GLOW."""
    for lane in range(LANES):
        if k[HIT, lane] == 0 or SHINES[k[MATERIAL, lane]] == 0:
            continue
        who = k[INSTANCE, lane]
        flags = int(lit[who]) if who < len(lit) else 0
        red, green, blue = own_light(
            int(k[MATERIAL, lane]), int(k[GROUP, lane]), flags, -s[FACING, lane], s[COLOUR, lane], s[COLOUR + 1, lane],
            s[COLOUR + 2, lane], night,
        )  # fmt: skip
        s[GLOW, lane] += red
        s[GLOW + 1, lane] += green
        s[GLOW + 2, lane] += blue


@inlined
def sunlight(
    packet: F32, shadow: F32, extra: F32, valid: I32, s: F32, k: I32, handles: NDArray[np.int64], sun: Any,
    sun_light: F32, disc: F32,
) -> Any:  # fmt: skip
    """Adds the sun's light where it is not in shadow to GLOW.

    Args:
        sun: (3,) direction towards it; sun_light: (3,) illuminance facing it; disc: of
            :class:`~drivesim.sensors.camera.sky.Daylight`, each lane's ray to another place; empty: to its middle.

    Returns:
        with a disc, how a tile is lit, see :mod:`~drivesim.sensors.camera.penumbra`; SUNNY is what each lane has of the
        sun or, in shadow, would have, and ``k[SEEN]`` which it is.
    """
    lx, ly, lz = spread(sun[0]), spread(sun[1]), spread(sun[2])
    soft = len(disc) > 0
    if soft:
        a, b = row(_DISC, 0), row(_DISC, 1)
        lx += a * disc[0, 0] + b * disc[1, 0]
        ly += a * disc[0, 1] + b * disc[1, 1]
        lz += a * disc[0, 2] + b * disc[1, 2]
    if not _cast(packet, shadow, valid, s, whole_row(k, HIT) != 0, handles, lx, ly, lz, spread(FAR), ALL):
        return NO_SUN
    put_three(s, POWER, spread(sun_light[0]), spread(sun_light[1]), spread(sun_light[2]))
    on, seen, away = whole_row(valid, 0) != 0, row(shadow, T_FAR) >= ZERO, ZERO
    if soft:
        put(k, SEEN, where(on, where(seen, LIT, SHADED), 0))
        if any_of(on & ~seen) and any_of(on & seen):
            away = _caster(shadow, extra, valid, on & ~seen, handles)
        put_three(shadow, DIR_X, spread(sun[0]), spread(sun[1]), spread(sun[2]))
    _sent_back(packet, shadow, s)
    if soft:
        put_three(s, SUNNY, *three(s, POWER))
    for c in range(3):
        put(s, GLOW + c, row(s, GLOW + c) + where(on & seen, row(s, POWER + c), ZERO))
    if away > ZERO:
        return away
    return ALL_LIT if any_of(on & seen) else ALL_SHADED


@inlined
def _caster(shadow: F32, extra: F32, valid: I32, dark: Any, handles: NDArray[np.int64]) -> Any:
    """How far away what casts a shadow on some lanes is, m, on average."""
    put(valid, 0, dark)
    put_three(extra, ORG_X, *three(shadow, ORG_X))
    put_three(extra, DIR_X, *three(shadow, DIR_X))
    ready(extra, row(shadow, T_NEAR), spread(FAR), row(shadow, TIME))
    put(extra, MASK, spread(ALL))
    intersect16(handles, valid, extra, True)
    total, count = ZERO, ZERO
    for lane in range(LANES):
        if valid[lane] != 0 and extra[T_FAR, lane] < FAR:
            total, count = total + extra[T_FAR, lane], count + ONE
    return max(total / count, np.float32(0.01)) if count > ZERO else ZERO


@inlined
def lamplight(
    packet: F32, shadow: F32, valid: I32, s: F32, k: I32, handles: NDArray[np.int64], lamps: F32, lamp: int
) -> None:
    """Adds the light of one lamp to GLOW; ``lamps`` as for the kernel."""
    px, py, pz = three(s, POINT)
    lx, ly, lz = lamps[lamp, 0] - px, lamps[lamp, 1] - py, lamps[lamp, 2] - pz
    reach = sqrt(lx * lx + ly * ly + lz * lz + TINY)
    lx, ly, lz = lx / reach, ly / reach, lz / reach
    ahead = -(lx * lamps[lamp, 3] + ly * lamps[lamp, 4] + lz * lamps[lamp, 5])
    narrowest = _FLAT if lamps[lamp, 8] > ZERO else HALF
    there = (whole_row(k, HIT) != 0) & ~((reach > lamps[lamp, 7]) | (reach < np.float32(0.05)) | (ahead < narrowest))
    if not _cast(packet, shadow, valid, s, there, handles, lx, ly, lz, reach - _BEHIND_GLASS, EVERYONE):
        return
    for lane in range(LANES):
        power = ZERO
        if valid[lane] != 0 and shadow[T_FAR, lane] >= ZERO:
            x, y, z = shadow[DIR_X, lane], shadow[DIR_X + 1, lane], shadow[DIR_X + 2, lane]
            toward = -(x * lamps[lamp, 3] + y * lamps[lamp, 4] + z * lamps[lamp, 5])
            away = shadow[T_FAR, lane] + _BEHIND_GLASS
            power = lamps[lamp, 6] / (away * away)
            if lamps[lamp, 8] > ZERO:
                power *= luminaire_power(toward)
            else:
                power *= beam_power(toward, -z - lamps[lamp, 5])
        for c in range(3):
            s[POWER + c, lane] = power * _LAMP_TINT[c]
    _sent_back(packet, shadow, s)
    reached = (whole_row(valid, 0) != 0) & (row(shadow, T_FAR) >= ZERO)
    for c in range(3):
        put(s, GLOW + c, row(s, GLOW + c) + where(reached, row(s, POWER + c), ZERO))


@inlined
def rebound(s: F32, lamps: F32, lamp: int) -> None:
    """Adds what the ground below a street lamp sends on to BODY; nothing but what is near is in its way."""
    px, py, pz = three(s, POINT)
    nx, ny, nz = three(s, NORMAL)
    lx, ly, lz = lamps[lamp, 0] - px, lamps[lamp, 1] - py, lamps[lamp, 2] - TWO * lamps[lamp, 8] - pz
    facing = highest(nx * lx + ny * ly + nz * lz, ZERO)
    power = lamps[lamp, 6] * PER_PI * sent_up(lx, ly, lowest(lz, -ONE), facing) * row(s, DIFFUSE)
    for c in range(3):
        put(s, BODY + c, row(s, BODY + c) + power * _LAMP_TINT[c] * row(s, COLOUR + c))


@inlined
def _cast(
    packet: F32, shadow: F32, valid: I32, s: F32, there: Any, handles: NDArray[np.int64], lx: Any, ly: Any, lz: Any,
    reach: Any, mask: int,
) -> bool:  # fmt: skip
    """Trace shadow rays from surfaces towards a light, where they face it; leaves let some through and count anyhow.

    Leaves of a tile lie far apart: a frustum about all their rays holds much of the tree, so each ray goes its own way,
    in two thirds of the time.

    Returns:
        whether there was any to trace.
    """
    nx, ny, nz = three(s, NORMAL)
    facing = nx * lx + ny * ly + nz * lz
    on = there & ((facing > ZERO) | (row(s, LEAF) > ZERO))
    if not any_of(on):
        return False
    put(valid, 0, on)
    lift = (np.float32(0.002) + np.float32(1e-4) * row(packet, T_FAR)) * where(facing > ZERO, ONE, -ONE)
    px, py, pz = three(s, POINT)
    put_three(shadow, ORG_X, px + nx * lift, py + ny * lift, pz + nz * lift)
    put_three(shadow, DIR_X, lx, ly, lz)
    put(shadow, T_NEAR, spread(np.float32(0.002)))
    put(shadow, T_FAR, reach)
    put(shadow, TIME, row(packet, TIME))
    put(shadow, MASK, spread(mask))
    occluded16(handles, valid, shadow, not any_of(on & (row(s, LEAF) > ZERO)))
    return True


@inlined
def _sent_back(packet: F32, shadow: F32, s: F32) -> None:
    """Turn a light's POWER into what is sent back of it: matt (Lambert) and shining (GGX lobe, Schlick's Fresnel)."""
    lx, ly, lz = direction_of(shadow)
    dx, dy, dz = direction_of(packet)
    nx, ny, nz = three(s, NORMAL)
    rough, metal = row(s, ROUGH), row(s, METAL)
    facing = nx * lx + ny * ly + nz * lz
    through_leaf = highest(facing, -facing * np.float32(0.55)) * np.float32(0.8) + np.float32(0.12)
    facing = where(row(s, LEAF) > ZERO, through_leaf, facing)
    hx, hy, hz = lx - dx, ly - dy, lz - dz
    scale = ONE / sqrt(highest(hx * hx + hy * hy + hz * hz, TINY))
    half = highest((nx * hx + ny * hy + nz * hz) * scale, ZERO)
    toward = ONE - highest((lx * hx + ly * hy + lz * hz) * scale, ZERO)
    width = highest(rough * rough, np.float32(0.02))
    width *= width
    lobe = half * half * (width - ONE) + ONE
    base = np.float32(0.04) + metal * HALF
    square = toward * toward
    fresnel = base + (ONE - base) * square * square * toward
    shining = lowest(width * PER_PI / (lobe * lobe) * fresnel * np.float32(0.25), np.float32(12.0))
    gain = highest(facing, ZERO)
    for c in range(3):
        matt = row(s, COLOUR + c) * (ONE - metal) * PER_PI
        put(s, POWER + c, row(s, POWER + c) * gain * (matt + shining))


@inlined
def open_sky(packet: F32, shadow: F32, valid: I32, s: F32, k: I32, handles: NDArray[np.int64]) -> None:
    """One ray a pixel into the hemisphere above its surface, each of a tile another way: GAIN is 0 where something near
    is in the way, else 1."""
    nx, ny, nz = three(s, NORMAL)
    sign = where(nz >= ZERO, ONE, -ONE)
    m = -ONE / (sign + nz)
    b = nx * ny * m
    hx, hy, hz = three(_HEMISPHERE, 0)
    put_three(
        shadow, DIR_X,
        hx * (ONE + sign * nx * nx * m) + hy * b + hz * nx,
        hx * sign * b + hy * (sign + ny * ny * m) + hz * ny,
        -hx * sign * nx - hy * ny + hz * nz,
    )  # fmt: skip
    away = row(packet, T_FAR)
    lift = np.float32(0.003) + np.float32(2e-4) * away
    px, py, pz = three(s, POINT)
    put_three(shadow, ORG_X, px + nx * lift, py + ny * lift, pz + nz * lift)
    put(shadow, T_NEAR, spread(np.float32(0.001)))
    put(shadow, T_FAR, spread(_AO_REACH))
    put(shadow, TIME, row(packet, TIME))
    put(shadow, MASK, spread(ALL))
    near = (whole_row(k, HIT) != 0) & (away < _AO_FAR)
    put(valid, 0, near)
    if any_of(near):
        occluded16(handles, valid, shadow, False)
    put(s, GAIN, where(near & (row(shadow, T_FAR) < ZERO), ZERO, ONE))
