"""How a packet's rays meet their surfaces: wet or dry, its texture, and what light from all around it sends back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import T_FAR
from drivesim.scene.lane_memory import put, row, whole_row
from drivesim.scene.lanes import absolute, any_of, bits, highest, inlined, lowest, spread, sqrt, where
from drivesim.sensors.camera.packet import (
    BIG_U,
    BIG_V,
    BODY,
    COLOUR,
    DIFFUSE,
    F32,
    FACING,
    FAINT,
    GLOW,
    HALF,
    HIT,
    I32,
    LAID,
    LEAF,
    METAL,
    MIRROR,
    NORMAL,
    ONE,
    OPAQUE,
    PATTERN,
    PER_METRE,
    ROUGH,
    VARIES,
    WETS,
    ZERO,
    direction_of,
    put_three,
    three,
)
from drivesim.sensors.camera.textures import LEVELS, VARIATION, nearest_texels, texels_at


@inlined
def graze(packet: F32, s: F32, k: I32) -> bool:
    """Turns normals towards the viewer; wet or dry, and how much of the sky each mirrors (Schlick).

    Returns:
        whether anything mirrors enough of it to be seen.
    """
    dx, dy, dz = direction_of(packet)
    nx, ny, nz = three(s, NORMAL)
    facing = nx * dx + ny * dy + nz * dz
    soak = where(nz > np.float32(0.7), row(s, WETS), ZERO)
    put(s, WETS, ONE - HALF * soak)
    rough, metal = row(s, ROUGH), row(s, METAL)
    rough += (np.float32(0.12) - rough) * soak
    put(s, ROUGH, rough)
    flip = where((facing > ZERO) & (row(s, LEAF) == ZERO), -ONE, ONE)
    facing *= flip
    put_three(s, NORMAL, nx * flip, ny * flip, nz * flip)
    put(s, FACING, facing)
    gloss = ONE - rough
    aslant = ONE - lowest(highest(-facing, ZERO), ONE)
    aslant = aslant * aslant * aslant * aslant * aslant
    base = np.float32(0.04) + metal * HALF
    mirror = (base + (ONE - base) * aslant * gloss) * gloss * gloss
    put(s, MIRROR, mirror)
    put(s, DIFFUSE, (ONE - metal) * row(s, OPAQUE) * (ONE - mirror))
    return any_of((mirror > FAINT) & (whole_row(k, HIT) != 0))


@inlined
def colour(packet: F32, s: F32, k: I32, texels: NDArray[np.uint32], footprint: Any) -> None:
    """Textures, fine and large, over the surface's own colour.

    Args:
        footprint: texels of a tile that one pixel is wide at one metre.
    """
    per_metre, pattern = row(s, PER_METRE), whole_row(k, PATTERN)
    across = sqrt(highest(absolute(row(s, FACING)), np.float32(0.08)))
    width = row(packet, T_FAR) * footprint * per_metre / across
    # The exponent of the footprint in texels is the mip level; texels of the variation are 16 times larger.
    level = highest((bits(width) >> 23) - 127, 0)
    shade = row(s, WETS)
    patterned = (whole_row(k, HIT) != 0) & (pattern != 0)
    strength = row(s, VARIES)
    varied = patterned & (strength > ZERO)
    if any_of(varied):
        coarse = lowest(highest(level - 4, 0), LEVELS - 1)
        big = nearest_texels(texels, VARIATION, row(s, BIG_U), row(s, BIG_V), coarse)
        shade = where(varied, shade * (ONE + (big - ONE) * strength), shade)
    red, green, blue = three(s, COLOUR)
    textured = patterned & (level < LEVELS - 2)
    if any_of(textured):
        u, v = row(s, LAID) * per_metre, row(s, LAID + 1) * per_metre
        tr, tg, tb = texels_at(texels, pattern, u, v, lowest(level, LEVELS - 1))
        red, green, blue = (
            red * where(textured, tr * shade, where(patterned, shade, ONE)),
            green * where(textured, tg * shade, where(patterned, shade, ONE)),
            blue * where(textured, tb * shade, where(patterned, shade, ONE)),
        )
    else:
        shade = where(patterned, shade, ONE)
        red, green, blue = red * shade, green * shade, blue * shade
    put_three(s, COLOUR, red, green, blue)


@inlined
def surround(s: F32, cube: F32) -> None:
    """Light from sky and ground that a matt surface sends back, into BODY; no other light yet.

    Args:
        cube: (6, 3) irradiance over pi, of :class:`~drivesim.sensors.camera.sky.Daylight`.
    """
    nx, ny, nz = three(s, NORMAL)
    for c in range(3):
        around = nx * nx * where(nx > ZERO, cube[0, c], cube[1, c])
        around += ny * ny * where(ny > ZERO, cube[2, c], cube[3, c])
        around += nz * nz * where(nz > ZERO, cube[4, c], cube[5, c])
        put(s, BODY + c, row(s, COLOUR + c) * row(s, DIFFUSE) * around)
        put(s, GLOW + c, spread(ZERO))
