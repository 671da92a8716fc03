"""What a packet's rays met: labels, one record of its look, its normal, and its place in the object's own frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, Texture
from drivesim.scene.embree import GEOM_ID, HIT_U, INST_ID, LANES, NG_X, NO_HIT, PRIM_ID, T_FAR, TIME
from drivesim.scene.hits import rotated
from drivesim.scene.lane_hits import quaternions_at
from drivesim.scene.lane_memory import fetch, fetch4, gather3, put, row, same, whole_row
from drivesim.scene.lanes import absolute, any_of, highest, inlined, real, spread, sqrt, where, whole
from drivesim.sensors.camera.dome import SIZE, dome_places
from drivesim.sensors.camera.gaze import AT_ONCE
from drivesim.sensors.camera.packet import (
    AHEAD,
    ALONG,
    BIG_U,
    BIG_V,
    BODY,
    COLOUR,
    CURVED,
    DEPTH,
    F32,
    GROUP,
    HIT,
    I32,
    INSTANCE,
    LAID,
    LEAF,
    MATERIAL,
    METAL,
    MOVING,
    NORMAL,
    ONE,
    OPAQUE,
    PART,
    PATTERN,
    PER_METRE,
    POINT,
    ROUGH,
    SEMANTIC,
    SKY,
    TINY,
    TRIANGLE,
    U8,
    UNORM,
    VARIES,
    WETS,
    ZERO,
    direction_of,
    origin_of,
    put_three,
    three,
)

GLASS = int(MaterialId.CAR_GLASS)
_FOLIAGE: Any = np.float32(int(Texture.FOLIAGE))
_NOWHERE: Any = np.float32(np.inf)
_SKY = 11
"""Semantic class of the sky."""
_DISC: Any = np.float32(0.99996)
"""Cosine of the sun's radius as seen through a lens; its disc is 200 times as bright as its light on a surface."""
SHINES = np.zeros(len(MaterialId), dtype=np.uint8)
SHINES[[MaterialId.HEADLAMP, MaterialId.TAILLAMP, MaterialId.INDICATOR]] = 1
SHINES[[MaterialId.STREET_LAMP, MaterialId.SIGNAL_LIGHT, MaterialId.WINDOW_GLASS]] = 1


@inlined
def see_sky(packet: F32, s: F32, dome: F32, sun: Any, sun_light: F32, has_sun: bool) -> None:
    """The sky in every ray's direction, into SKY."""
    dx, dy, dz = direction_of(packet)
    u, v = dome_places(dx, dy, dz)
    i, j = whole(u), whole(v)
    a, b = u - real(i), v - real(j)
    w11 = a * b
    w10, w01, w00 = a - w11, b - w11, ONE - a - b + w11
    near = i * SIZE + j
    one = same(near)
    c00, c10, c01, c11 = (
        fetch4(dome, near, one), fetch4(dome, near + SIZE, one), fetch4(dome, near + 1, one),
        fetch4(dome, near + (SIZE + 1), one),
    )  # fmt: skip
    disc = where((dx * sun[0] + dy * sun[1] + dz * sun[2] > _DISC) & has_sun, np.float32(200.0), ZERO)
    for c in range(3):
        value = c00[c] * w00 + c10[c] * w10
        value += c01[c] * w01 + c11[c] * w11
        put(s, SKY + c, value + disc * sun_light[c])


@inlined
def meet(
    packet: F32, valid: I32, s: F32, k: I32, tri_base: NDArray[np.int64], inst_actor: I32, inst_moving: U8,
    look: NDArray[np.uint32], surfaces: F32, camera: F32, wetness: Any,
) -> tuple[bool, bool, bool, bool]:  # fmt: skip
    """Labels and looks.

    Args:
        tri_base, inst_actor, inst_moving, look: of the scene's tables; the others as for the kernel.

    Returns:
        whether anything was hit; car windows; something that shines; something whose normal or place in the object's
        frame takes its corners.
    """
    fired, missed = whole_row(valid, 0) != 0, whole_row(packet, GEOM_ID) == NO_HIT
    hit = fired & ~missed
    put(k, HIT, hit)
    dx, dy, dz = direction_of(packet)
    t = row(packet, T_FAR)
    if not any_of(hit):
        put(s, DEPTH, spread(_NOWHERE))
        put(k, SEMANTIC, where(fired, _SKY, 0))
        put(k, INSTANCE, whole_row(k, HIT))
        return False, False, False, False
    part = where(hit, whole_row(packet, INST_ID), 0)
    together = same(part)
    triangle = where(hit, fetch(tri_base, part, together) + whole_row(packet, PRIM_ID), 0)
    first, second, own, more = fetch4(look, triangle, same(triangle))
    material = (second >> 16) & 255
    alike = same(material)
    put(k, INSTANCE, where(hit, where(own > 0, own, fetch(inst_actor, part, together)), 0))
    put(k, SEMANTIC, where(hit, second >> 24, where(fired, _SKY, 0)))
    ahead = t
    if camera[4, 2] == ZERO:
        ahead = t * (dx * camera[0, 2] + dy * camera[1, 2] + dz * camera[2, 2])
        if len(camera) > AT_ONCE:
            ahead = t * row(s, AHEAD)
    put(s, DEPTH, where(hit, ahead, _NOWHERE))
    ox, oy, oz = origin_of(packet)
    ox, oy, oz = ox + t * dx, oy + t * dy, oz + t * dz
    put_three(s, POINT, ox, oy, oz)
    put_three(s, LAID, ox, oy, oz)
    nx, ny, nz = three(packet, NG_X)
    put_three(s, NORMAL, nx, ny, nz)
    put_three(s, COLOUR, real(first & 65535) * UNORM, real(first >> 16) * UNORM, real(second & 65535) * UNORM)
    rough, metal, wetted, pattern = fetch4(surfaces, material * 2, alike)
    along, per_metre, varies, opaque = fetch4(surfaces, material * 2 + 1, alike)
    put(s, ROUGH, rough)
    put(s, METAL, metal)
    put(s, WETS, wetted * wetness)
    put(s, LEAF, where(pattern == _FOLIAGE, ONE, ZERO))
    put(s, OPAQUE, opaque)
    put(s, ALONG, along)
    put(s, PER_METRE, per_metre)
    put(s, VARIES, varies)
    put(k, TRIANGLE, triangle)
    put(k, PART, part)
    put(k, MATERIAL, material)
    put(k, PATTERN, whole(pattern))
    put(k, GROUP, more >> 8)
    curved, moving = hit & ((more & 1) == 0), hit & (fetch(inst_moving, part, together) != 0)
    put(k, CURVED, curved)
    put(k, MOVING, moving)
    shines, bent = hit & (fetch(SHINES, material, alike) != 0), any_of(curved | moving)
    return True, any_of(hit & (material == GLASS)), any_of(shines), bent


@inlined
def corners(packet: F32, s: F32, k: I32, triangles: I32, vertices: F32, normals: F32) -> None:
    """Normals of what is not flat, and places in the object's frame on what moves and has a texture, both from their
    triangles."""
    curved, laid = whole_row(k, CURVED) != 0, (whole_row(k, MOVING) != 0) & (whole_row(k, PATTERN) != 0)
    if not any_of(curved | laid):
        return
    triangle = where(curved | laid, whole_row(k, TRIANGLE), 0)
    p, q, r = gather3(triangles, triangle)
    u, v = row(packet, HIT_U), row(packet, HIT_U + 1)
    w = ONE - u - v
    if any_of(curved):
        a, b, c = gather3(normals, p), gather3(normals, q), gather3(normals, r)
        for axis in range(3):
            put(s, NORMAL + axis, where(curved, w * a[axis] + u * b[axis] + v * c[axis], row(s, NORMAL + axis)))
    if any_of(laid):
        a, b, c = gather3(vertices, p), gather3(vertices, q), gather3(vertices, r)
        for axis in range(3):
            put(s, LAID + axis, where(laid, w * a[axis] + u * b[axis] + v * c[axis], row(s, LAID + axis)))


@inlined
def lay_texture(s: F32) -> None:
    """Normals in the object's frame choose the plane a texture lies in: texture coordinates, m, and unit normals."""
    nx, ny, nz = three(s, NORMAL)
    scale = ONE / sqrt(highest(nx * nx + ny * ny + nz * nz, TINY))
    nx, ny, nz = nx * scale, ny * scale, nz * scale
    ox, oy, oz = three(s, LAID)
    level_length = sqrt(nx * nx + ny * ny + TINY)
    along = row(s, ALONG) > ZERO
    lies = absolute(nz) > where(along, np.float32(0.95), np.float32(0.75))
    tu = where(along, (nx * oy - ny * ox) / level_length, where(absolute(nx) > absolute(ny), oy, ox))
    tv = where(along, oz / highest(level_length, np.float32(0.3)), oz)
    put_three(s, LAID, where(lies, ox, tu), where(lies, oy, tv), oz)
    put(s, BIG_U, ox * np.float32(0.024))
    put(s, BIG_V, (oy + oz) * np.float32(0.024))
    put_three(s, NORMAL, nx, ny, nz)


@inlined
def turn(packet: F32, s: F32, k: I32, quaternions: F32, spins: F32, turns: F32, times: Any) -> None:
    """Normals of what moves, from the object's frame to the world's at the ray's own time.

    Args:
        quaternions, spins: of :class:`~drivesim.scene.raycast.RayTables`; turns: (I, 3, 3) rotations at the one time of
            a picture that is read at once.
    """
    moving, part = whole_row(k, MOVING) != 0, whole_row(k, PART)
    if not any_of(moving):
        return
    nx, ny, nz = three(s, NORMAL)
    if times[0] != times[1]:
        q = quaternions_at(quaternions, spins, part, same(part), row(packet, TIME), moving, s, BODY)
        ax, ay, az = rotated(q, nx, ny, nz)
        put_three(s, NORMAL, where(moving, ax, nx), where(moving, ay, ny), where(moving, az, nz))
        return
    if same(part):
        for axis in range(3):
            of = part * 9 + 3 * axis
            now = fetch(turns, of, True) * nx + fetch(turns, of + 1, True) * ny + fetch(turns, of + 2, True) * nz
            put(s, NORMAL + axis, now)
        return
    for lane in range(LANES):
        if k[MOVING, lane] == 0:
            continue
        of = np.uint64(k[PART, lane])
        x, y, z = s[NORMAL, lane], s[NORMAL + 1, lane], s[NORMAL + 2, lane]
        for axis in range(3):
            s[NORMAL + axis, lane] = turns[of, axis, 0] * x + turns[of, axis, 1] * y + turns[of, axis, 2] * z
