"""What is seen through car windows, and what shiny and wet surfaces mirror."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import DIR_X, GEOM_ID, INST_ID, LANES, NO_HIT, ORG_X, PRIM_ID, T_FAR, TIME, intersect16
from drivesim.scene.lane_memory import gather, gather4, put, row, whole_row
from drivesim.scene.lanes import any_of, highest, inlined, lowest, real, spread, where, whole
from drivesim.sensors.camera.dome import MIRROR_SHIFT, SIZE, dome_places
from drivesim.sensors.camera.lamps import own_light
from drivesim.sensors.camera.met import GLASS, SHINES
from drivesim.sensors.camera.packet import (
    BODY,
    COLOUR,
    F32,
    FACING,
    FAINT,
    FAR,
    HALF,
    HIT,
    I32,
    MATERIAL,
    METAL,
    MIRROR,
    NORMAL,
    ONE,
    PER_PI,
    POINT,
    TINY,
    TWO,
    UNORM,
    WETS,
    ZERO,
    direction_of,
    origin_of,
    put_three,
    ready,
    three,
)
from drivesim.sensors.camera.textures import facet_tilt

U32 = NDArray[np.uint32]
I64 = NDArray[np.int64]

_WET_REACH: Any = np.float32(120.0)
"""How far away things are mirrored by wet ground, m."""
_STREAK: Any = np.float32(0.03)
"""Tilt of a wet road's facets along the line of sight, rad: mirror images are drawn out towards the viewer."""
_TINT: Any = np.float32(0.7)
"""Share of light that goes through car windows both ways, but for what they mirror."""
_INSIDE: Any = np.float32(0.55)
"""Share of the light on an upright surface in the open that reaches what is inside a car."""


@inlined
def through_glass(
    packet: F32, extra: F32, valid: NDArray[np.int32], s: F32, k: I32, handles: I64, tri_base: I64, look: U32,
    cube: F32, dome: F32,
) -> None:  # fmt: skip
    """Adds what car windows let through to BODY; one leg more, lit evenly."""
    glass = (whole_row(k, HIT) != 0) & (whole_row(k, MATERIAL) == GLASS)
    put(valid, 0, glass)
    put_three(extra, ORG_X, *origin_of(packet))
    dx, dy, dz = direction_of(packet)
    put_three(extra, DIR_X, dx, dy, dz)
    ready(extra, row(packet, T_FAR) + np.float32(0.004), spread(FAR), row(packet, TIME))
    intersect16(handles, valid, extra, True)
    met = glass & (whole_row(extra, GEOM_ID) != NO_HIT)
    tint = _TINT * (ONE - row(s, MIRROR))
    part = where(met, whole_row(extra, INST_ID), 0)
    triangle = where(met, gather(tri_base, part) + whole_row(extra, PRIM_ID), 0)
    first, second, _, _ = gather4(look, triangle)
    dim = tint * cube[0, 1] * _INSIDE * UNORM
    red, green, blue = real(first & 65535) * dim, real(first >> 16) * dim, real(second & 65535) * dim
    sky = glass & ~met
    if any_of(sky):
        u, v = dome_places(dx, dy, dz)
        above = gather4(dome, whole(u) * SIZE + whole(v))
        red = where(met, red, above[0] * tint)
        green = where(met, green, above[1] * tint)
        blue = where(met, blue, above[2] * tint)
    body_red, body_green, body_blue = three(s, BODY)
    put_three(
        s, BODY, where(glass, body_red + red, body_red), where(glass, body_green + green, body_green),
        where(glass, body_blue + blue, body_blue),
    )  # fmt: skip


@inlined
def mirror_sky(packet: F32, valid: NDArray[np.int32], s: F32, k: I32, mirrored: F32, cube: F32, things: bool) -> None:
    """Adds the sky that surfaces mirror to BODY.

    Args:
        things: the lanes that are on in ``valid`` mirror something else.
    """
    mirror = row(s, MIRROR)
    shiny = (whole_row(k, HIT) != 0) & (mirror > FAINT)
    if things:
        shiny = shiny & (whole_row(valid, 0) == 0)
    if not any_of(shiny):
        return
    dx, dy, dz = direction_of(packet)
    nx, ny, nz = three(s, NORMAL)
    twice = TWO * row(s, FACING)
    mz = dz - twice * nz
    u, v = dome_places(dx - twice * nx, dy - twice * ny, mz)
    place = ((whole(u) >> MIRROR_SHIFT) * (SIZE >> MIRROR_SHIFT) + (whole(v) >> MIRROR_SHIFT)) * 3
    place = where(shiny, place, 0)
    above = lowest(highest(mz * np.float32(5.0) + np.float32(0.15), ZERO), ONE)
    metal = row(s, METAL) > HALF
    for c in range(3):
        seen = gather(mirrored, place + c) * above + cube[5, c] * (ONE - above) * HALF
        tinted = where(metal, row(s, COLOUR + c), ONE)
        body = row(s, BODY + c)
        put(s, BODY + c, where(shiny, body + mirror * seen * tinted, body))


@inlined
def mirror_things(
    packet: F32, extra: F32, valid: NDArray[np.int32], s: F32, k: I32, handles: I64, tri_base: I64, inst_actor: I32,
    look: U32, lit: NDArray[np.uint16], cube: F32, sun: Any, sun_light: F32, has_sun: bool, night: bool,
) -> None:  # fmt: skip
    """Adds the things that wet ground mirrors to BODY; lanes that mirror one stay on in ``valid``."""
    for lane in range(LANES):
        wet = k[HIT, lane] != 0 and s[MIRROR, lane] > FAINT and s[WETS, lane] < np.float32(0.95)
        valid[lane] = -1 if wet else 0
        tilt = _STREAK * facet_tilt(s[POINT, lane], s[POINT + 1, lane])
        dx, dy, dz = packet[DIR_X, lane], packet[DIR_X + 1, lane], packet[DIR_X + 2, lane]
        nx, ny, nz = s[NORMAL, lane] + tilt * dx, s[NORMAL + 1, lane] + tilt * dy, s[NORMAL + 2, lane]
        scale = ONE / math.sqrt(max(nx * nx + ny * ny + nz * nz, TINY))
        nx, ny, nz = nx * scale, ny * scale, nz * scale
        twice = TWO * (nx * dx + ny * dy + nz * dz)
        extra[DIR_X, lane], extra[DIR_X + 1, lane] = dx - twice * nx, dy - twice * ny
        extra[DIR_X + 2, lane] = max(dz - twice * nz, np.float32(0.002))
        for axis in range(3):
            extra[ORG_X + axis, lane] = s[POINT + axis, lane] + s[NORMAL + axis, lane] * np.float32(0.01)
    ready(extra, spread(FAINT), spread(_WET_REACH), row(packet, TIME))
    intersect16(handles, valid, extra, False)
    ints = extra.view(np.int32)
    for lane in range(LANES):
        if valid[lane] == 0 or ints[GEOM_ID, lane] == NO_HIT:
            valid[lane] = 0
            continue
        part = np.uint64(ints[INST_ID, lane])
        triangle = np.uint64(tri_base[part] + ints[PRIM_ID, lane])
        first, second = look[triangle, 0], look[triangle, 1]
        red, green = np.float32(first & 65535) * UNORM, np.float32(first >> 16) * UNORM
        blue = np.float32(second & 65535) * UNORM
        material = np.uint64((second >> 16) & 255)
        mirror = s[MIRROR, lane]
        toward = -extra[DIR_X, lane] * sun[0] - extra[DIR_X + 1, lane] * sun[1]
        lit_side = max(toward, ZERO) * PER_PI if has_sun else ZERO
        if SHINES[material] != 0:
            own = np.int32(look[triangle, 2])
            who = own if own > 0 else inst_actor[part]
            flags = int(lit[who]) if who < len(lit) else 0
            group = int(look[triangle, 3] >> 8)
            gr, gg, gb = own_light(int(material), group, flags, ONE, red, green, blue, night)
            s[BODY, lane] += mirror * gr
            s[BODY + 1, lane] += mirror * gg
            s[BODY + 2, lane] += mirror * gb
        s[BODY, lane] += mirror * red * (cube[0, 0] + sun_light[0] * lit_side)
        s[BODY + 1, lane] += mirror * green * (cube[0, 1] + sun_light[1] * lit_side)
        s[BODY + 2, lane] += mirror * blue * (cube[0, 2] + sun_light[2] * lit_side)
