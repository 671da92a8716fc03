"""The camera's hot loop: trace a packet of sixteen neighbouring rays, label and shade what they hit.

One kernel serves whole images (4 x 4 pixel tiles) and extra samples at edges: it takes pixel coordinates and the row
each result goes to. A packet goes through short passes over its sixteen lanes, with one row of scratch memory per
quantity: passes that only compute run in vector instructions, passes that look things up read one compact record per
triangle. Nothing is promoted to float64 and no division is checked; both would cost more than the arithmetic.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, Texture
from drivesim.scene.embree import (
    DIR_X,
    GEOM_ID,
    HIT_U,
    HIT_V,
    INST_ID,
    LANES,
    MASK,
    NG_X,
    NO_HIT,
    ORG_X,
    PRIM_ID,
    T_FAR,
    T_NEAR,
    TIME,
    intersect16,
    new_packets,
    new_valid,
    occluded16,
)
from drivesim.scene.hits import instance_rotations
from drivesim.scene.raycast import ALL, EVERYONE, RayTables
from drivesim.sensors.camera.dome import MIRROR_SHIFT, dome_place
from drivesim.sensors.camera.lamps import beam_power, luminaire_power, own_light
from drivesim.sensors.camera.sky import Daylight
from drivesim.sensors.camera.textures import LEVELS, SIZE, VARIATION, TextureTable, facet_tilt, texel, texel_nearest

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

HALF: Any = np.float32(0.5)
ONE: Any = np.float32(1.0)
TWO: Any = np.float32(2.0)
ZERO: Any = np.float32(0.0)
TINY: Any = np.float32(1e-12)
FAR: Any = np.float32(5000.0)
PER_PI: Any = np.float32(1.0 / math.pi)
FAINT: Any = np.float32(0.01)
FLAT: Any = np.float32(0.21)
COARSER: Any = np.uint64(MIRROR_SHIFT)
UNORM: Any = np.float32(1.0 / 65535.0)

WET_REACH: Any = np.float32(120.0)
"""How far away things are mirrored by wet ground, m."""
STREAK: Any = np.float32(0.03)
"""Tilt of a wet road's facets along the line of sight, rad: mirror images are drawn out towards the viewer."""

NIGHT = 5.0
"""Sky light on level ground below which street lamps are on, irradiance over pi, cd/m2."""

CHUNK = 64
"""Packets that one thread traces in a row with the same scratch memory."""

AO_REACH = np.float32(1.8)
"""Surfaces nearer than this shade skylight, m."""

_GLASS = int(MaterialId.CAR_GLASS)
_FOLIAGE = int(Texture.FOLIAGE)
_SHINES = np.zeros(len(MaterialId), dtype=np.uint8)
_SHINES[[MaterialId.HEADLAMP, MaterialId.TAILLAMP, MaterialId.INDICATOR]] = 1
_SHINES[[MaterialId.STREET_LAMP, MaterialId.SIGNAL_LIGHT, MaterialId.WINDOW_GLASS]] = 1
_WET = tuple(
    i in {MaterialId.ASPHALT, MaterialId.CONCRETE, MaterialId.PAVING, MaterialId.ROAD_PAINT, MaterialId.KERB_STONE}
    for i in MaterialId
)
WETTED = np.array(_WET, dtype=np.uint8)

# Where a packet's fields and the scratch memory's quantities start; each has sixteen lanes, vectors three times that.
ORG, DIR, NG = ORG_X * LANES, DIR_X * LANES, NG_X * LANES
START, END, WHEN, SEES = T_NEAR * LANES, T_FAR * LANES, TIME * LANES, MASK * LANES
BARY_U, BARY_V = HIT_U * LANES, HIT_V * LANES
GEOMETRY, PRIMITIVE, PART = GEOM_ID * LANES, PRIM_ID * LANES, INST_ID * LANES
NX, NY, NZ, RED, GREEN, BLUE, PX, OX, OY, OZ = (row * LANES for row in (0, 1, 2, 3, 4, 5, 6, 9, 10, 11))
ROUGH, METAL, OPAQUE, LEAF, WETS, ALONG, PER_METRE, SPREAD = (row * LANES for row in range(12, 20))
BIG_U, BIG_V, MIRROR, FACING, DIFFUSE, SHINE, GAIN = (row * LANES for row in range(20, 27))
GLOW, BODY, POWER = 27 * LANES, 30 * LANES, 33 * LANES
SCRATCH = 36 * LANES


def _hemisphere() -> F32:
    """Sixteen cosine-distributed directions around +z, one per pixel of a tile (Vogel spiral)."""
    k = np.arange(16) + 0.5
    r, a = np.sqrt(k / 16) * 0.98, k * 2.399963
    order = np.array([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5])
    points = np.stack([r * np.cos(a), r * np.sin(a), np.sqrt(1 - r * r)], axis=1)
    return points[order].astype(np.float32)


HEMISPHERE = _hemisphere()


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def trace_and_shade(
    tables: RayTables,
    light: Daylight,
    texture: TextureTable,
    surfaces: F32,
    lamps: F32,
    lit: NDArray[np.uint16],
    camera: F32,
    lens: F32,
    times: tuple[Any, Any],
    pixels: F32,
    rows: I32,
    tiles: int,
    width: int,
    wetness: Any,
    with_ao: bool,
    direct: F32,
    ambient: F32,
    sky_share: F32,
    depth: F32,
    semantic: U8,
    instance: I32,
) -> None:
    """Trace one ray per pixel sample.

    Args:
        surfaces: (M, 5) float32 per material: roughness, metalness, transmission, texture, wetted.
        lamps: (L, 9) float32: position relative to the scene's origin (3), direction (3), intensity in cd, reach in m,
            1 for a street lamp and 0 for a low beam.
        lit: (A + 1,) uint16, lamp flags by instance id.
        camera: (5, 4) float32: rotation rows of world_from_camera with the origin as last column (3 rows), then
            fx, fy, cx, cy, then width, height, 1 for depth along the ray, pixels a radian.
        lens: (H + 1, W + 1, 3) float32, directions at pixel corners for lenses that are no pinhole; else (0, 0, 3).
        times: ray time of the first and the last image row, float32.
        pixels: (N, 2) float32 pixel coordinates; empty: whole image, tile by tile.
        rows: (N,) int32 output row of each sample; empty: y * width + x.
        tiles: packets; width: image width for whole images; wetness: float32, 0..1.
        direct, ambient: (P, 3) float32, radiance without and with occlusion by near surfaces; with an empty
            ``ambient`` all of it goes to ``direct``. sky_share: (P,), written where ``with_ao``.
        depth: (P,) float32, along the optical axis or the ray; semantic: (P,) uint8; instance: (P,) int32.
    """
    handles, tri_base, inst_actor, inst_moving = tables.handles, tables.tri_base, tables.inst_actor, tables.inst_moving
    triangles, vertices, normals, look = tables.triangles, tables.vertices, tables.normals, tables.look
    dome, mirrored, cube, air, sun_light = light.dome, light.mirrored, light.cube, light.air, light.sun
    texels, texture_scale = texture.texels, texture.scale
    texture_variation, texture_along = texture.variation, texture.along
    whole, split, curved = len(rows) == 0, len(ambient) > 0, len(lens) > 0
    along_ray = camera[4, 2] > ZERO
    height = int(camera[4, 1])
    tiles_across = (width + 3) // 4
    sun_x, sun_y, sun_z = light.sun_direction[0], light.sun_direction[1], light.sun_direction[2]
    has_sun = sun_light[1] > ZERO and sun_z > np.float32(-0.02)
    footprint = np.float32(SIZE * math.sqrt(2.0)) / camera[4, 3]
    extinction = np.float32(light.extinction)
    night = cube[4, 1] < np.float32(NIGHT)
    count = len(lamps)
    per_fx, per_fy = ONE / camera[3, 0], ONE / camera[3, 1]
    turns = instance_rotations(tables, times[0], times[1])
    per_span = ONE / (times[1] - times[0]) if times[1] > times[0] else ZERO
    time_span = (times[1] - times[0]) / np.float32(height)
    for chunk in nb.prange((tiles + CHUNK - 1) // CHUNK):
        packets = new_packets(3)
        packet, shadow, extra = packets[0].reshape(-1), packets[1].reshape(-1), packets[2].reshape(-1)
        ints, shadow_ints, extra_ints = packet.view(np.int32), shadow.view(np.int32), extra.view(np.int32)
        valid, shaded = new_valid(), new_valid()
        target = np.empty(LANES, dtype=np.uint64)
        kind = np.zeros(3 * LANES, dtype=np.uint8)
        s = np.zeros(SCRATCH, dtype=np.float32)
        for tile in range(chunk * CHUNK, min((chunk + 1) * CHUNK, tiles)):
            for lane in range(LANES):
                if whole:
                    px = (tile % tiles_across) * 4 + (lane & 3)
                    py = (tile // tiles_across) * 4 + (lane >> 2)
                    inside = px < width and py < height
                    target[lane] = np.uint64(py * width + px)
                    sx, sy = np.float32(px) + HALF, np.float32(py) + HALF
                else:
                    sample = tile * LANES + lane
                    inside = sample < len(rows)
                    sample = min(sample, len(rows) - 1)
                    target[lane] = np.uint64(rows[sample])
                    sx, sy = pixels[sample, 0], pixels[sample, 1]
                valid[lane] = -1 if inside else 0
                cx, cy, cz = (sx - camera[3, 2]) * per_fx, (sy - camera[3, 3]) * per_fy, ONE
                if curved:
                    column, line = min(max(int(sx), 0), width - 1), min(max(int(sy), 0), height - 1)
                    a, b = sx - np.float32(column), sy - np.float32(line)
                    w00, w10, w01, w11 = (ONE - a) * (ONE - b), a * (ONE - b), (ONE - a) * b, a * b
                    cx = w00 * lens[line, column, 0] + w10 * lens[line, column + 1, 0]
                    cx += w01 * lens[line + 1, column, 0] + w11 * lens[line + 1, column + 1, 0]
                    cy = w00 * lens[line, column, 1] + w10 * lens[line, column + 1, 1]
                    cy += w01 * lens[line + 1, column, 1] + w11 * lens[line + 1, column + 1, 1]
                    cz = w00 * lens[line, column, 2] + w10 * lens[line, column + 1, 2]
                    cz += w01 * lens[line + 1, column, 2] + w11 * lens[line + 1, column + 1, 2]
                    if inside and cx * cx + cy * cy + cz * cz < np.float32(0.9):  # outside the image circle
                        valid[lane], inside = 0, False
                        out = target[lane]
                        depth[out], semantic[out], instance[out] = np.inf, 0, 0
                        for c in range(3):
                            direct[out, c] = ZERO
                        if split:
                            for c in range(3):
                                ambient[out, c] = ZERO
                            sky_share[out] = ONE
                scale = ONE / math.sqrt(max(cx * cx + cy * cy + cz * cz, TINY))
                for axis in range(3):
                    ahead = camera[axis, 0] * cx + camera[axis, 1] * cy + camera[axis, 2] * cz
                    packet[ORG + axis * LANES + lane] = camera[axis, 3]
                    packet[DIR + axis * LANES + lane] = ahead * scale
                packet[WHEN + lane] = min(max(times[0] + time_span * sy, ZERO), ONE)
                packet[START + lane] = np.float32(0.05)
                packet[END + lane] = FAR
                ints[SEES + lane] = EVERYONE
                ints[GEOMETRY + lane] = NO_HIT
            intersect16(handles, valid, packet, True)

            # What was hit: labels, and one record of its look; sky where nothing was.
            see_through = hit_any = special = turned = False
            for lane in range(LANES):
                shaded[lane] = 0
                if valid[lane] == 0:
                    continue
                out = target[lane]
                dx, dy, dz = packet[DIR + lane], packet[DIR + LANES + lane], packet[DIR + 2 * LANES + lane]
                if ints[GEOMETRY + lane] == NO_HIT:
                    depth[out] = np.inf
                    semantic[out] = 11
                    instance[out] = 0
                    u, v = dome_place(dx, dy, dz)
                    i, j = int(u), int(v)
                    a, b = u - np.float32(i), v - np.float32(j)
                    w11 = a * b
                    w10, w01, w00 = a - w11, b - w11, ONE - a - b + w11
                    i0, i1, j0, j1 = np.uint64(i), np.uint64(i + 1), np.uint64(j), np.uint64(j + 1)
                    disc = ZERO
                    if has_sun and dx * sun_x + dy * sun_y + dz * sun_z > np.float32(0.99996):
                        disc = np.float32(200.0)
                    for c in range(3):
                        value = dome[i0, j0, c] * w00 + dome[i1, j0, c] * w10
                        value += dome[i0, j1, c] * w01 + dome[i1, j1, c] * w11
                        direct[out, c] = value + disc * sun_light[c]
                    if split:
                        for c in range(3):
                            ambient[out, c] = ZERO
                        sky_share[out] = ONE
                    continue
                hit_any = True
                shaded[lane] = -1
                part = np.uint64(ints[PART + lane])
                moving = inst_moving[part] != 0
                row = np.uint64(tri_base[part] + ints[PRIMITIVE + lane])
                first, second = look[row, 0], look[row, 1]
                own = np.int32(look[row, 2])
                material = np.uint64((second >> 16) & 255)
                instance[out] = own if own > 0 else inst_actor[part]
                semantic[out] = second >> 24
                t = packet[END + lane]
                depth[out] = t if along_ray else t * (dx * camera[0, 2] + dy * camera[1, 2] + dz * camera[2, 2])
                ox, oy, oz = packet[ORG + lane] + t * dx, packet[ORG + LANES + lane] + t * dy, ZERO
                oz = packet[ORG + 2 * LANES + lane] + t * dz
                s[PX + lane], s[PX + LANES + lane], s[PX + 2 * LANES + lane] = ox, oy, oz
                u, v = packet[BARY_U + lane], packet[BARY_V + lane]
                w = ONE - u - v
                flat = look[row, 3] & 1 != 0
                if flat:
                    nx, ny, nz = packet[NG + lane], packet[NG + LANES + lane], packet[NG + 2 * LANES + lane]
                if moving or not flat:
                    p, q, r = triangles[row, 0], triangles[row, 1], triangles[row, 2]
                    if not flat:
                        nx = w * normals[p, 0] + u * normals[q, 0] + v * normals[r, 0]
                        ny = w * normals[p, 1] + u * normals[q, 1] + v * normals[r, 1]
                        nz = w * normals[p, 2] + u * normals[q, 2] + v * normals[r, 2]
                    if moving:
                        ox = w * vertices[p, 0] + u * vertices[q, 0] + v * vertices[r, 0]
                        oy = w * vertices[p, 1] + u * vertices[q, 1] + v * vertices[r, 1]
                        oz = w * vertices[p, 2] + u * vertices[q, 2] + v * vertices[r, 2]
                pattern = np.uint64(surfaces[material, 3])
                s[NX + lane], s[NY + lane], s[NZ + lane] = nx, ny, nz
                s[OX + lane], s[OY + lane], s[OZ + lane] = ox, oy, oz
                s[RED + lane], s[GREEN + lane] = np.float32(first & 65535) * UNORM, np.float32(first >> 16) * UNORM
                s[BLUE + lane] = np.float32(second & 65535) * UNORM
                s[ROUGH + lane], s[METAL + lane] = surfaces[material, 0], surfaces[material, 1]
                s[WETS + lane] = surfaces[material, 4] * wetness
                s[LEAF + lane] = ONE if pattern == _FOLIAGE else ZERO
                s[OPAQUE + lane] = np.float32(0.25) if material == _GLASS else ONE
                s[ALONG + lane], s[PER_METRE + lane] = texture_along[pattern], texture_scale[pattern]
                see_through |= material == _GLASS
                special |= _SHINES[material] != 0
                turned |= moving
                kind[lane], kind[LANES + lane], kind[2 * LANES + lane] = material, pattern, look[row, 3] >> 8
            if not hit_any:
                continue

            # Normals in the object's frame choose the plane a texture lies in; then the world's are what light needs.
            for lane in range(LANES):
                nx, ny, nz = s[NX + lane], s[NY + lane], s[NZ + lane]
                scale = ONE / math.sqrt(max(nx * nx + ny * ny + nz * nz, TINY))
                nx, ny, nz = nx * scale, ny * scale, nz * scale
                ox, oy, oz = s[OX + lane], s[OY + lane], s[OZ + lane]
                ax, ay, az = abs(nx), abs(ny), abs(nz)
                level_length = math.sqrt(nx * nx + ny * ny + TINY)
                along = s[ALONG + lane] > ZERO
                lies = az > (np.float32(0.95) if along else np.float32(0.75))
                tu = (nx * oy - ny * ox) / level_length if along else (oy if ax > ay else ox)
                tv = oz / max(level_length, np.float32(0.3)) if along else oz
                s[OX + lane], s[OY + lane] = (ox if lies else tu), (oy if lies else tv)
                s[BIG_U + lane], s[BIG_V + lane] = ox * np.float32(0.024), (oy + oz) * np.float32(0.024)
                s[NX + lane], s[NY + lane], s[NZ + lane] = nx, ny, nz
            if turned:
                for lane in range(LANES):
                    part = np.uint64(ints[PART + lane])
                    if shaded[lane] == 0 or inst_moving[part] == 0:
                        continue
                    b = min(max((packet[WHEN + lane] - times[0]) * per_span, ZERO), ONE)
                    a = ONE - b
                    nx, ny, nz = s[NX + lane], s[NY + lane], s[NZ + lane]
                    for axis in range(3):
                        now = (a * turns[part, 0, axis, 0] + b * turns[part, 1, axis, 0]) * nx
                        now += (a * turns[part, 0, axis, 1] + b * turns[part, 1, axis, 1]) * ny
                        now += (a * turns[part, 0, axis, 2] + b * turns[part, 1, axis, 2]) * nz
                        s[NX + axis * LANES + lane] = now

            # How the ray meets the surface: mip level, wet or dry, and how much of the sky it mirrors (Schlick).
            mirrors = ZERO
            for lane in range(LANES):
                dx, dy, dz = packet[DIR + lane], packet[DIR + LANES + lane], packet[DIR + 2 * LANES + lane]
                nx, ny, nz = s[NX + lane], s[NY + lane], s[NZ + lane]
                facing = nx * dx + ny * dy + nz * dz
                soak = s[WETS + lane] if nz > np.float32(0.7) else ZERO
                s[WETS + lane] = ONE - HALF * soak
                rough = s[ROUGH + lane]
                rough += (np.float32(0.12) - rough) * soak
                s[ROUGH + lane] = rough
                flip = -ONE if facing > ZERO and s[LEAF + lane] == ZERO else ONE
                facing *= flip
                s[NX + lane], s[NY + lane], s[NZ + lane], s[FACING + lane] = nx * flip, ny * flip, nz * flip, facing
                across = math.sqrt(max(abs(facing), np.float32(0.08)))
                s[SPREAD + lane] = packet[END + lane] * footprint * s[PER_METRE + lane] / across
                gloss = ONE - rough
                graze = ONE - min(max(-facing, ZERO), ONE)
                graze = graze * graze * graze * graze * graze
                base = np.float32(0.04) + s[METAL + lane] * HALF
                mirror = (base + (ONE - base) * graze * gloss) * gloss * gloss
                s[MIRROR + lane] = mirror
                mirrors = max(mirrors, mirror)
                s[DIFFUSE + lane] = (ONE - s[METAL + lane]) * s[OPAQUE + lane] * (ONE - mirror)

            for lane in range(LANES):
                pattern = kind[LANES + lane]
                if shaded[lane] == 0 or pattern == 0:
                    continue
                per_metre, shade = s[PER_METRE + lane], s[WETS + lane]
                # The exponent of the footprint in texels is the mip level; texels of the variation are 16 times larger.
                exponent: Any = np.float32(s[SPREAD + lane]).view(np.int32) >> 23
                level: Any = max(exponent - 127, 0)
                strength = texture_variation[pattern]
                if strength > ZERO:
                    coarse = min(max(level - 4, 0), LEVELS - 1)
                    big = texel_nearest(texels, VARIATION, s[BIG_U + lane], s[BIG_V + lane], coarse)
                    shade *= ONE + (big - ONE) * strength
                red, green, blue = shade, shade, shade
                if level < LEVELS - 2:
                    u, v = s[OX + lane] * per_metre, s[OY + lane] * per_metre
                    red, green, blue = texel(texels, np.int64(pattern), u, v, level)
                    red, green, blue = red * shade, green * shade, blue * shade
                s[RED + lane] *= red
                s[GREEN + lane] *= green
                s[BLUE + lane] *= blue
            for c in range(3):
                east, west, north, south, up, down = (
                    cube[0, c], cube[1, c], cube[2, c], cube[3, c], cube[4, c], cube[5, c],
                )  # fmt: skip
                for lane in range(LANES):
                    nx, ny, nz = s[NX + lane], s[NY + lane], s[NZ + lane]
                    around = nx * nx * (east if nx > ZERO else west) + ny * ny * (north if ny > ZERO else south)
                    around += nz * nz * (up if nz > ZERO else down)
                    s[BODY + c * LANES + lane] = s[RED + c * LANES + lane] * s[DIFFUSE + lane] * around
                    s[GLOW + c * LANES + lane] = ZERO

            if see_through:
                for lane in range(LANES):
                    for axis in range(3):
                        extra[ORG + axis * LANES + lane] = packet[ORG + axis * LANES + lane]
                        extra[DIR + axis * LANES + lane] = packet[DIR + axis * LANES + lane]
                    valid[lane] = -1 if shaded[lane] != 0 and kind[lane] == _GLASS else 0
                    extra[START + lane] = packet[END + lane] + np.float32(0.004)
                    extra[END + lane] = FAR
                    extra[WHEN + lane] = packet[WHEN + lane]
                    extra_ints[SEES + lane] = EVERYONE
                    extra_ints[GEOMETRY + lane] = NO_HIT
                intersect16(handles, valid, extra, True)
                for lane in range(LANES):
                    if valid[lane] == 0:
                        continue
                    tint = np.float32(0.7) * (ONE - s[MIRROR + lane])
                    if extra_ints[GEOMETRY + lane] != NO_HIT:
                        row = np.uint64(tri_base[extra_ints[PART + lane]] + extra_ints[PRIMITIVE + lane])
                        dim = tint * cube[0, 1] * np.float32(0.55) * UNORM
                        s[BODY + lane] += np.float32(look[row, 0] & 65535) * dim
                        s[BODY + LANES + lane] += np.float32(look[row, 0] >> 16) * dim
                        s[BODY + 2 * LANES + lane] += np.float32(look[row, 1] & 65535) * dim
                    else:
                        dx, dy, dz = packet[DIR + lane], packet[DIR + LANES + lane], packet[DIR + 2 * LANES + lane]
                        u, v = dome_place(dx, dy, dz)
                        for c in range(3):
                            s[BODY + c * LANES + lane] += dome[np.uint64(u), np.uint64(v), c] * tint

            # What wet ground mirrors is traced; everything else that shines mirrors the sky.
            mirrored_things = wetness > ZERO and mirrors > FAINT
            if mirrored_things:
                for lane in range(LANES):
                    wet = shaded[lane] != 0 and s[MIRROR + lane] > FAINT and s[WETS + lane] < np.float32(0.95)
                    valid[lane] = -1 if wet else 0
                    tilt = STREAK * facet_tilt(s[PX + lane], s[PX + LANES + lane])
                    nx = s[NX + lane] + tilt * packet[DIR + lane]
                    ny = s[NY + lane] + tilt * packet[DIR + LANES + lane]
                    nz = s[NZ + lane]
                    scale = ONE / math.sqrt(max(nx * nx + ny * ny + nz * nz, TINY))
                    nx, ny, nz = nx * scale, ny * scale, nz * scale
                    dx, dy, dz = packet[DIR + lane], packet[DIR + LANES + lane], packet[DIR + 2 * LANES + lane]
                    twice = TWO * (nx * dx + ny * dy + nz * dz)
                    extra[DIR + lane], extra[DIR + LANES + lane] = dx - twice * nx, dy - twice * ny
                    extra[DIR + 2 * LANES + lane] = max(dz - twice * nz, np.float32(0.002))
                    for axis in range(3):
                        place = axis * LANES + lane
                        extra[ORG + place] = s[PX + place] + s[NX + place] * np.float32(0.01)
                    extra[START + lane] = np.float32(0.01)
                    extra[END + lane] = WET_REACH
                    extra[WHEN + lane] = packet[WHEN + lane]
                    extra_ints[SEES + lane] = EVERYONE
                    extra_ints[GEOMETRY + lane] = NO_HIT
                intersect16(handles, valid, extra, False)
                for lane in range(LANES):
                    if valid[lane] == 0 or extra_ints[GEOMETRY + lane] == NO_HIT:
                        valid[lane] = 0
                        continue
                    part = np.uint64(extra_ints[PART + lane])
                    row = np.uint64(tri_base[part] + extra_ints[PRIMITIVE + lane])
                    first, second = look[row, 0], look[row, 1]
                    red, green = np.float32(first & 65535) * UNORM, np.float32(first >> 16) * UNORM
                    blue = np.float32(second & 65535) * UNORM
                    material = np.uint64((second >> 16) & 255)
                    mirror = s[MIRROR + lane]
                    toward = -extra[DIR + lane] * sun_x - extra[DIR + LANES + lane] * sun_y
                    lit_side = max(toward, ZERO) * PER_PI if has_sun else ZERO
                    if _SHINES[material] != 0:
                        own = np.int32(look[row, 2])
                        who = own if own > 0 else inst_actor[part]
                        flags = int(lit[who]) if who < len(lit) else 0
                        group = int(look[row, 3] >> 8)
                        gr, gg, gb = own_light(int(material), group, flags, ONE, red, green, blue, night)
                        s[BODY + lane] += mirror * gr
                        s[BODY + LANES + lane] += mirror * gg
                        s[BODY + 2 * LANES + lane] += mirror * gb
                    s[BODY + lane] += mirror * red * (cube[0, 0] + sun_light[0] * lit_side)
                    s[BODY + LANES + lane] += mirror * green * (cube[0, 1] + sun_light[1] * lit_side)
                    s[BODY + 2 * LANES + lane] += mirror * blue * (cube[0, 2] + sun_light[2] * lit_side)

            if mirrors > FAINT:
                for lane in range(LANES):
                    mirror = s[MIRROR + lane]
                    if shaded[lane] == 0 or mirror <= FAINT or (mirrored_things and valid[lane] != 0):
                        continue
                    twice = TWO * s[FACING + lane]
                    mz = packet[DIR + 2 * LANES + lane] - twice * s[NZ + lane]
                    mx = packet[DIR + lane] - twice * s[NX + lane]
                    u, v = dome_place(mx, packet[DIR + LANES + lane] - twice * s[NY + lane], mz)
                    i, j = np.uint64(u) >> COARSER, np.uint64(v) >> COARSER
                    above = min(max(mz * np.float32(5.0) + np.float32(0.15), ZERO), ONE)
                    for c in range(3):
                        seen = mirrored[i, j, c] * above + cube[5, c] * (ONE - above) * HALF
                        tinted = s[RED + c * LANES + lane] if s[METAL + lane] > HALF else ONE
                        s[BODY + c * LANES + lane] += mirror * seen * tinted

            if special:
                for lane in range(LANES):
                    if shaded[lane] == 0 or _SHINES[kind[lane]] == 0:
                        continue
                    who = instance[target[lane]]
                    flags = int(lit[who]) if who < len(lit) else 0
                    red, green, blue = own_light(
                        int(kind[lane]), int(kind[2 * LANES + lane]), flags, -s[FACING + lane],
                        s[RED + lane], s[RED + LANES + lane], s[RED + 2 * LANES + lane], night,
                    )  # fmt: skip
                    s[GLOW + lane] += red
                    s[GLOW + LANES + lane] += green
                    s[GLOW + 2 * LANES + lane] += blue

            # Sun, then every lamp: one shadow packet each, all rays to one light.
            for source in range(-1 if has_sun else 0, count):
                any_ray = False
                for lane in range(LANES):
                    if source < 0:
                        lx, ly, lz, reach = sun_x, sun_y, sun_z, FAR
                        power = ONE
                    else:
                        lx, ly = lamps[source, 0] - s[PX + lane], lamps[source, 1] - s[PX + LANES + lane]
                        lz = lamps[source, 2] - s[PX + 2 * LANES + lane]
                        reach = math.sqrt(lx * lx + ly * ly + lz * lz + TINY)
                        lx, ly, lz = lx / reach, ly / reach, lz / reach
                        ahead = -(lx * lamps[source, 3] + ly * lamps[source, 4] + lz * lamps[source, 5])
                        power = ONE
                        narrowest = FLAT if lamps[source, 8] > ZERO else HALF
                        if reach > lamps[source, 7] or reach < np.float32(0.05) or ahead < narrowest:
                            power = ZERO
                        reach -= np.float32(0.12)
                    facing = s[NX + lane] * lx + s[NY + lane] * ly + s[NZ + lane] * lz
                    side = ONE if facing > ZERO else -ONE
                    on = shaded[lane] != 0 and power > ZERO and (facing > ZERO or s[LEAF + lane] > ZERO)
                    lift = (np.float32(0.002) + np.float32(1e-4) * packet[END + lane]) * side
                    for axis in range(3):
                        place = axis * LANES + lane
                        shadow[ORG + place] = s[PX + place] + s[NX + place] * lift
                    shadow[DIR + lane], shadow[DIR + LANES + lane], shadow[DIR + 2 * LANES + lane] = lx, ly, lz
                    shadow[START + lane] = np.float32(0.002)
                    shadow[END + lane] = reach
                    shadow[WHEN + lane] = packet[WHEN + lane]
                    shadow_ints[SEES + lane] = ALL if source < 0 else EVERYONE
                    valid[lane] = -1 if on else 0
                    any_ray |= on
                if not any_ray:
                    continue
                occluded16(handles, valid, shadow, True)
                if source < 0:
                    for lane in range(LANES):
                        for c in range(3):
                            s[POWER + c * LANES + lane] = sun_light[c]
                else:
                    for lane in range(LANES):
                        power = ZERO
                        if valid[lane] != 0 and shadow[END + lane] >= ZERO:
                            lx, ly, lz = shadow[DIR + lane], shadow[DIR + LANES + lane], shadow[DIR + 2 * LANES + lane]
                            ahead = -(lx * lamps[source, 3] + ly * lamps[source, 4] + lz * lamps[source, 5])
                            away = shadow[END + lane] + np.float32(0.12)
                            power = lamps[source, 6] / (away * away)
                            if lamps[source, 8] > ZERO:
                                power *= luminaire_power(ahead)
                            else:
                                power *= beam_power(ahead, -lz - lamps[source, 5])
                        s[POWER + lane] = power
                        s[POWER + LANES + lane] = power * np.float32(0.96)
                        s[POWER + 2 * LANES + lane] = power * np.float32(0.88)
                for lane in range(LANES):
                    seen = ONE if valid[lane] != 0 and shadow[END + lane] >= ZERO else ZERO
                    lx, ly, lz = shadow[DIR + lane], shadow[DIR + LANES + lane], shadow[DIR + 2 * LANES + lane]
                    nx, ny, nz = s[NX + lane], s[NY + lane], s[NZ + lane]
                    facing = nx * lx + ny * ly + nz * lz
                    through_leaf = max(facing, -facing * np.float32(0.55)) * np.float32(0.8) + np.float32(0.12)
                    facing = through_leaf if s[LEAF + lane] > ZERO else facing
                    hx, hy = lx - packet[DIR + lane], ly - packet[DIR + LANES + lane]
                    hz = lz - packet[DIR + 2 * LANES + lane]
                    scale = ONE / math.sqrt(max(hx * hx + hy * hy + hz * hz, TINY))
                    half = max((nx * hx + ny * hy + nz * hz) * scale, ZERO)
                    toward = ONE - max((lx * hx + ly * hy + lz * hz) * scale, ZERO)
                    width2 = max(s[ROUGH + lane] * s[ROUGH + lane], np.float32(0.02))
                    width2 *= width2
                    lobe = half * half * (width2 - ONE) + ONE
                    base = np.float32(0.04) + s[METAL + lane] * HALF
                    square = toward * toward
                    fresnel = base + (ONE - base) * square * square * toward
                    shine = min(width2 * PER_PI / (lobe * lobe) * fresnel * np.float32(0.25), np.float32(12.0))
                    s[GAIN + lane] = max(facing, ZERO) * seen
                    s[SHINE + lane] = shine
                for c in range(3):
                    for lane in range(LANES):
                        matt = s[RED + c * LANES + lane] * (ONE - s[METAL + lane]) * PER_PI
                        light_in = s[POWER + c * LANES + lane] * s[GAIN + lane]
                        s[GLOW + c * LANES + lane] += light_in * (matt + s[SHINE + lane])

            if with_ao:
                any_ray = False
                for lane in range(LANES):
                    nx, ny, nz = s[NX + lane], s[NY + lane], s[NZ + lane]
                    sign = ONE if nz >= ZERO else -ONE
                    k = -ONE / (sign + nz)
                    b = nx * ny * k
                    hx, hy, hz = HEMISPHERE[lane, 0], HEMISPHERE[lane, 1], HEMISPHERE[lane, 2]
                    shadow[DIR + lane] = hx * (ONE + sign * nx * nx * k) + hy * b + hz * nx
                    shadow[DIR + LANES + lane] = hx * sign * b + hy * (sign + ny * ny * k) + hz * ny
                    shadow[DIR + 2 * LANES + lane] = -hx * sign * nx - hy * ny + hz * nz
                    lift = np.float32(0.003) + np.float32(2e-4) * packet[END + lane]
                    for axis in range(3):
                        place = axis * LANES + lane
                        shadow[ORG + place] = s[PX + place] + s[NX + place] * lift
                    shadow[START + lane] = np.float32(0.001)
                    shadow[END + lane] = AO_REACH
                    shadow[WHEN + lane] = packet[WHEN + lane]
                    shadow_ints[SEES + lane] = ALL
                    near = shaded[lane] != 0 and packet[END + lane] < np.float32(90.0)
                    valid[lane] = -1 if near else 0
                    any_ray |= near
                if any_ray:
                    occluded16(handles, valid, shadow, False)
                for lane in range(LANES):
                    if shaded[lane] != 0:
                        sky_share[target[lane]] = ZERO if valid[lane] != 0 and shadow[END + lane] < ZERO else ONE

            for lane in range(LANES):
                if shaded[lane] == 0:
                    continue
                out = target[lane]
                clear, haze = ONE, ZERO
                if extinction > ZERO:
                    clear = math.exp(-extinction * packet[END + lane])
                    haze = ONE - clear
                for c in range(3):
                    glow = s[GLOW + c * LANES + lane] * clear + air[c] * haze
                    body = s[BODY + c * LANES + lane] * clear
                    if split:
                        direct[out, c] = glow
                        ambient[out, c] = body
                    else:
                        direct[out, c] = glow + body
