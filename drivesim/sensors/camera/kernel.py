"""The camera's hot loop: trace a packet of sixteen neighbouring rays, label and shade what they hit.

One kernel serves whole images (4 x 4 pixel tiles) and extra samples at edges: it takes pixel coordinates and the row
each result goes to. Tables are read element by element: handing array bundles to functions counts references per
ray, on all threads at once.
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
from drivesim.scene.hits import instance_quaternion, rotated
from drivesim.scene.raycast import ALL, EVERYONE, RayTables
from drivesim.sensors.camera.sky import COLUMNS, ROWS, Daylight
from drivesim.sensors.camera.textures import LEVELS, SIZE, VARIATION, TextureTable

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

PI = np.float32(math.pi)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
TWO = np.float32(2.0)
ZERO = np.float32(0.0)
TINY = np.float32(1e-12)
FAR = np.float32(5000.0)

CHUNK = 64
"""Packets that one thread traces in a row with the same scratch memory."""

AO_REACH = np.float32(1.8)
"""Surfaces nearer than this shade skylight, m."""

_GLASS = int(MaterialId.CAR_GLASS)
_HEADLAMP = int(MaterialId.HEADLAMP)
_TAILLAMP = int(MaterialId.TAILLAMP)
_STREET_LAMP = int(MaterialId.STREET_LAMP)
_SIGNAL = int(MaterialId.SIGNAL_LIGHT)
_FOLIAGE = int(Texture.FOLIAGE)
_WET = tuple(
    i in {MaterialId.ASPHALT, MaterialId.CONCRETE, MaterialId.PAVING, MaterialId.ROAD_PAINT, MaterialId.KERB_STONE}
    for i in MaterialId
)
WETTED = np.array(_WET, dtype=np.uint8)


def _hemisphere() -> F32:
    """Sixteen cosine-distributed directions around +z, one per pixel of a tile (Vogel spiral)."""
    k = np.arange(16) + 0.5
    r, a = np.sqrt(k / 16) * 0.98, k * 2.399963
    order = np.array([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5])
    points = np.stack([r * np.cos(a), r * np.sin(a), np.sqrt(1 - r * r)], axis=1)
    return points[order].astype(np.float32)


HEMISPHERE = _hemisphere()


@nb.njit(fastmath=True, inline="always")
def _texel(texels: Any, kind: int, u: Any, v: Any, level: int) -> tuple[Any, Any, Any]:
    """Bilinear colour factors of one texture at tile coordinates on one mip level."""
    size = SIZE >> level
    offset = (4 * SIZE * SIZE - 4 * size * size) // 3
    x, y = (u - math.floor(u)) * np.float32(size), (v - math.floor(v)) * np.float32(size)
    i, j = int(x), int(y)
    a, b = np.float32(x - i), np.float32(y - j)
    i0, j0 = i & (size - 1), (j & (size - 1)) * size + offset
    i1, j1 = (i + 1) & (size - 1), ((j + 1) & (size - 1)) * size + offset
    t00, t10, t01, t11 = texels[kind, j0 + i0], texels[kind, j0 + i1], texels[kind, j1 + i0], texels[kind, j1 + i1]
    k = np.float32(1.0 / 128.0)
    w00, w10, w01, w11 = (ONE - a) * (ONE - b) * k, a * (ONE - b) * k, (ONE - a) * b * k, a * b * k
    r = w00 * np.float32(t00 & 255) + w10 * np.float32(t10 & 255) + w01 * np.float32(t01 & 255)
    g = w00 * np.float32((t00 >> 8) & 255) + w10 * np.float32((t10 >> 8) & 255) + w01 * np.float32((t01 >> 8) & 255)
    c = w00 * np.float32((t00 >> 16) & 255) + w10 * np.float32((t10 >> 16) & 255) + w01 * np.float32((t01 >> 16) & 255)
    r += w11 * np.float32(t11 & 255)
    g += w11 * np.float32((t11 >> 8) & 255)
    c += w11 * np.float32((t11 >> 16) & 255)
    return r, g, c


@nb.njit(fastmath=True, inline="always")
def _sky_place(x: Any, y: Any, z: Any) -> tuple[Any, Any, Any, Any]:
    """Row and column of a direction in the radiance table, with fractions."""
    row = math.sqrt(max(z, ZERO)) * np.float32(ROWS - 1)
    column = (math.atan2(y, x) * np.float32(0.5 / math.pi) + ONE) * np.float32(COLUMNS)
    i, j = min(int(row), ROWS - 2), int(column)
    return i, j % COLUMNS, np.float32(row - i), np.float32(column - j)


@nb.njit(parallel=True, nogil=True, fastmath=True, cache=True)
def trace_and_shade(
    tables: RayTables,
    light: Daylight,
    texture: TextureTable,
    surfaces: F32,
    lamps: F32,
    lit: NDArray[np.uint16],
    camera: F32,
    times: tuple[Any, Any],
    pixels: F32,
    rows: I32,
    tiles: int,
    width: int,
    wetness: float,
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
        lamps: (L, 8) float32: position relative to the scene's origin (3), direction (3), intensity in cd, reach in m.
        lit: (A + 1,) uint16, lamp flags by instance id.
        camera: (5, 4) float32: rotation rows of world_from_camera with the origin as last column (3 rows), then
            fx, fy, cx, cy, then width, height, 0, 0.
        times: ray time of the first and the last image row.
        pixels: (N, 2) float32 pixel coordinates; empty: whole image, tile by tile.
        rows: (N,) int32 output row of each sample; empty: y * width + x.
        tiles: packets; width: image width for whole images.
        direct, ambient: (P, 3) float32, radiance without and with occlusion by near surfaces; sky_share: (P,).
        depth: (P,) float32, along the optical axis; semantic: (P,) uint8; instance: (P,) int32.
    """
    whole = len(rows) == 0
    height = int(camera[4, 1])
    tiles_across = (width + 3) // 4
    sun_x, sun_y, sun_z = light.sun_direction[0], light.sun_direction[1], light.sun_direction[2]
    has_sun = light.sun[1] > 0.0 and sun_z > -0.02
    pixel_angle = ONE / camera[3, 0]
    day_level = light.cube[4, 1]
    night = day_level < 5.0
    count = len(lamps)
    for chunk in nb.prange((tiles + CHUNK - 1) // CHUNK):
        packets = new_packets(3)
        packet, shadow, extra = packets[0], packets[1], packets[2]
        ints, shadow_ints, extra_ints = packet.view(np.int32), shadow.view(np.int32), extra.view(np.int32)
        valid, shaded = new_valid(), new_valid()
        target = np.empty(LANES, dtype=np.int64)
        point = np.empty((LANES, 3), dtype=np.float32)
        normal = np.empty((LANES, 3), dtype=np.float32)
        colour = np.empty((LANES, 3), dtype=np.float32)
        rough = np.empty(LANES, dtype=np.float32)
        metal = np.empty(LANES, dtype=np.float32)
        leaf = np.empty(LANES, dtype=np.uint8)
        for tile in range(chunk * CHUNK, min((chunk + 1) * CHUNK, tiles)):
            for lane in range(LANES):
                if whole:
                    px = (tile % tiles_across) * 4 + (lane & 3)
                    py = (tile // tiles_across) * 4 + (lane >> 2)
                    inside = px < width and py < height
                    target[lane] = py * width + px
                    sx, sy = np.float32(px) + HALF, np.float32(py) + HALF
                else:
                    sample = tile * LANES + lane
                    inside = sample < len(rows)
                    sample = min(sample, len(rows) - 1)
                    target[lane] = rows[sample]
                    sx, sy = pixels[sample, 0], pixels[sample, 1]
                valid[lane] = -1 if inside else 0
                cx, cy = (sx - camera[3, 2]) / camera[3, 0], (sy - camera[3, 3]) / camera[3, 1]
                scale = ONE / math.sqrt(cx * cx + cy * cy + ONE)
                for axis in range(3):
                    packet[ORG_X + axis, lane] = camera[axis, 3]
                    packet[DIR_X + axis, lane] = (camera[axis, 0] * cx + camera[axis, 1] * cy + camera[axis, 2]) * scale
                share = sy / np.float32(height)
                packet[TIME, lane] = min(max(times[0] + (times[1] - times[0]) * share, ZERO), ONE)
                packet[T_NEAR, lane] = 0.05
                packet[T_FAR, lane] = FAR
                ints[MASK, lane] = EVERYONE
                ints[GEOM_ID, lane] = NO_HIT
            intersect16(tables.handles, valid, packet, True)

            see_through = False
            for lane in range(LANES):
                shaded[lane] = 0
                if valid[lane] == 0:
                    continue
                out = target[lane]
                dx, dy, dz = packet[DIR_X, lane], packet[DIR_X + 1, lane], packet[DIR_X + 2, lane]
                if ints[GEOM_ID, lane] == NO_HIT:
                    depth[out] = np.inf
                    semantic[out] = 11
                    instance[out] = 0
                    sky_share[out] = ONE
                    i, j, a, b = _sky_place(dx, dy, dz)
                    j1 = (j + 1) % COLUMNS
                    path = np.float32(800.0) / max(dz, np.float32(0.02))
                    through = math.exp(-light.extinction * path)
                    cover = ZERO
                    if dz > 0.03:
                        u, v = dx / dz * np.float32(0.11), dy / dz * np.float32(0.11)
                        level = min(int(math.log2(max(ONE, np.float32(0.25) / dz))), LEVELS - 3)
                        c0 = _texel(texture.texels, VARIATION, u, v, level)[1]
                        c1 = _texel(texture.texels, VARIATION, u * np.float32(3.1) + HALF, v * np.float32(3.1), level)[
                            1
                        ]
                        cloud = (c0 - ONE) * np.float32(3.2) + (c1 - ONE) * np.float32(1.1)
                        cloud += np.float32(light.cloud) * np.float32(1.6) - np.float32(0.55)
                        cover = min(max(cloud * np.float32(1.4), ZERO), np.float32(0.9))
                        cover *= min(ONE, (dz - np.float32(0.03)) * np.float32(6.0))
                    glow = dx * sun_x + dy * sun_y + dz * sun_z
                    for c in range(3):
                        value = (light.sky[i, j, c] * (ONE - b) + light.sky[i, j1, c] * b) * (ONE - a)
                        value += (light.sky[i + 1, j, c] * (ONE - b) + light.sky[i + 1, j1, c] * b) * a
                        white = day_level * np.float32(0.95) + light.sun[c] * np.float32(0.045)
                        value = value * (ONE - cover) + white * cover
                        if has_sun and glow > 0.99996:
                            value += light.sun[c] * np.float32(200.0) * (ONE - cover)
                        value = value * through + light.air[c] * (ONE - through)
                        direct[out, c] = value
                        ambient[out, c] = ZERO
                    continue
                part = ints[INST_ID, lane]
                row = tables.tri_base[part] + ints[PRIM_ID, lane]
                own = tables.instance[row]
                instance[out] = own if own > 0 else tables.inst_actor[part]
                semantic[out] = tables.semantic[row]
                t = packet[T_FAR, lane]
                depth[out] = t * (dx * camera[0, 2] + dy * camera[1, 2] + dz * camera[2, 2])
                shaded[lane] = -1
                for axis in range(3):
                    point[lane, axis] = packet[ORG_X + axis, lane] + t * packet[DIR_X + axis, lane]
                if tables.material[row] == _GLASS:
                    see_through = True

            if see_through:
                for lane in range(LANES):
                    for axis in range(3):
                        extra[ORG_X + axis, lane] = packet[ORG_X + axis, lane]
                        extra[DIR_X + axis, lane] = packet[DIR_X + axis, lane]
                    glass = shaded[lane] != 0
                    if glass:
                        glass = tables.material[tables.tri_base[ints[INST_ID, lane]] + ints[PRIM_ID, lane]] == _GLASS
                    valid[lane] = -1 if glass else 0
                    extra[T_NEAR, lane] = packet[T_FAR, lane] + np.float32(0.004)
                    extra[T_FAR, lane] = FAR
                    extra[TIME, lane] = packet[TIME, lane]
                    extra_ints[MASK, lane] = EVERYONE
                    extra_ints[GEOM_ID, lane] = NO_HIT
                intersect16(tables.handles, valid, extra, True)

            for lane in range(LANES):
                if shaded[lane] == 0:
                    continue
                dx, dy, dz = packet[DIR_X, lane], packet[DIR_X + 1, lane], packet[DIR_X + 2, lane]
                part = ints[INST_ID, lane]
                row = tables.tri_base[part] + ints[PRIM_ID, lane]
                material = tables.material[row]
                p, q, r = tables.triangles[row, 0], tables.triangles[row, 1], tables.triangles[row, 2]
                u, v = packet[HIT_U, lane], packet[HIT_V, lane]
                w = ONE - u - v
                nx = w * tables.normals[p, 0] + u * tables.normals[q, 0] + v * tables.normals[r, 0]
                ny = w * tables.normals[p, 1] + u * tables.normals[q, 1] + v * tables.normals[r, 1]
                nz = w * tables.normals[p, 2] + u * tables.normals[q, 2] + v * tables.normals[r, 2]
                ox = w * tables.vertices[p, 0] + u * tables.vertices[q, 0] + v * tables.vertices[r, 0]
                oy = w * tables.vertices[p, 1] + u * tables.vertices[q, 1] + v * tables.vertices[r, 1]
                oz = w * tables.vertices[p, 2] + u * tables.vertices[q, 2] + v * tables.vertices[r, 2]
                kind = int(surfaces[material, 3])
                cr, cg, cb = tables.albedo[row, 0], tables.albedo[row, 1], tables.albedo[row, 2]
                if kind != 0:
                    ax, ay, az = abs(nx), abs(ny), abs(nz)
                    if az > np.float32(0.75) and not (texture.along[kind] and az < np.float32(0.95)):
                        tu, tv = ox, oy
                    elif texture.along[kind]:
                        flat = ONE / math.sqrt(nx * nx + ny * ny + TINY)
                        tu = (-ny * ox + nx * oy) * flat
                        tv = oz / max(math.sqrt(nx * nx + ny * ny), np.float32(0.3))
                    elif ax > ay:
                        tu, tv = oy, oz
                    else:
                        tu, tv = ox, oz
                    facing = max(abs(nx * dx + ny * dy + nz * dz), np.float32(0.08))
                    foot = packet[T_FAR, lane] * pixel_angle * texture.scale[kind] * np.float32(SIZE)
                    spread = foot / math.sqrt(facing)
                    level = min(max(int(math.log2(max(spread, ONE)) + HALF), 0), LEVELS - 1)
                    fr, fg, fb = _texel(texture.texels, kind, tu * texture.scale[kind], tv * texture.scale[kind], level)
                    strength = texture.variation[kind]
                    if strength > 0.0:
                        big = _texel(
                            texture.texels, VARIATION, ox * np.float32(0.024), (oy + oz) * np.float32(0.024), 2
                        )[1]
                        big = ONE + (big - ONE) * strength
                        fr, fg, fb = fr * big, fg * big, fb * big
                    cr, cg, cb = cr * fr, cg * fg, cb * fb
                if tables.inst_moving[part]:
                    nx, ny, nz = rotated(instance_quaternion(tables, part, packet[TIME, lane]), nx, ny, nz)
                length = ONE / math.sqrt(max(nx * nx + ny * ny + nz * nz, TINY))
                nx, ny, nz = nx * length, ny * length, nz * length
                facing = nx * dx + ny * dy + nz * dz
                leaf[lane] = kind == _FOLIAGE
                if facing > 0.0 and not leaf[lane]:
                    nx, ny, nz, facing = -nx, -ny, -nz, -facing
                rough[lane] = surfaces[material, 0]
                metal[lane] = surfaces[material, 1]
                if wetness > 0.0 and surfaces[material, 4] > 0.0 and nz > 0.7:
                    soak = np.float32(wetness)
                    cr, cg, cb = cr * (ONE - HALF * soak), cg * (ONE - HALF * soak), cb * (ONE - HALF * soak)
                    rough[lane] += (np.float32(0.12) - rough[lane]) * soak
                normal[lane, 0], normal[lane, 1], normal[lane, 2] = nx, ny, nz
                colour[lane, 0], colour[lane, 1], colour[lane, 2] = cr, cg, cb
                out = target[lane]
                for c in range(3):
                    direct[out, c] = ZERO
                    ambient[out, c] = ZERO
                sky_share[out] = ONE

                # The sky that the surface mirrors: Fresnel by Schlick; rough surfaces mirror none.
                gloss = ONE - rough[lane]
                cosine = min(max(-facing, ZERO), ONE)
                graze = (ONE - cosine) ** 5
                base = np.float32(0.04) + metal[lane] * HALF
                mirror = (base + (ONE - base) * graze * gloss) * gloss * gloss
                mx, my, mz = dx - TWO * facing * nx, dy - TWO * facing * ny, dz - TWO * facing * nz
                shiny = mirror > np.float32(0.004) or material == _GLASS
                i = j = 0
                if shiny:
                    i, j, _, _ = _sky_place(mx, my, max(mz, np.float32(0.02)))
                above = min(max(mz * np.float32(5.0) + np.float32(0.15), ZERO), ONE)
                through_r = through_g = through_b = ZERO
                opaque = ONE
                if material == _GLASS:
                    mirror = np.float32(0.05) + np.float32(0.95) * graze
                    opaque = np.float32(0.25)
                    tint = np.float32(0.7) * (ONE - mirror)
                    if extra_ints[GEOM_ID, lane] != NO_HIT:
                        behind = tables.tri_base[extra_ints[INST_ID, lane]] + extra_ints[PRIM_ID, lane]
                        dim = tint * light.cube[0, 1] * np.float32(0.55)
                        through_r = tables.albedo[behind, 0] * dim
                        through_g = tables.albedo[behind, 1] * dim
                        through_b = tables.albedo[behind, 2] * dim
                    else:
                        si, sj, _, _ = _sky_place(dx, dy, max(dz, np.float32(0.02)))
                        through_r = light.sky[si, sj, 0] * tint
                        through_g = light.sky[si, sj, 1] * tint
                        through_b = light.sky[si, sj, 2] * tint
                axis_x, axis_y = 0 if nx > 0.0 else 1, 2 if ny > 0.0 else 3
                axis_z = 4 if nz > 0.0 else 5
                wx, wy, wz = nx * nx, ny * ny, nz * nz
                diffuse = (ONE - metal[lane]) * opaque * (ONE - mirror)
                for c in range(3):
                    flat = wx * light.cube[axis_x, c] + wy * light.cube[axis_y, c] + wz * light.cube[axis_z, c]
                    body = colour[lane, c] * diffuse * flat
                    reflected = ZERO
                    if shiny:
                        reflected = light.sky[i, j, c] * above + light.cube[5, c] * (ONE - above) * HALF
                        if metal[lane] > 0.5:
                            reflected *= colour[lane, c]
                    passed = through_r if c == 0 else (through_g if c == 1 else through_b)
                    ambient[out, c] = body + mirror * reflected + passed
                who = instance[out]
                if material in (_HEADLAMP, _TAILLAMP):
                    flags = lit[who] if who < len(lit) else np.uint16(0)
                    if material == _HEADLAMP and flags & 6:
                        for c in range(3):
                            direct[out, c] += np.float32(4000.0) * max(cosine, np.float32(0.2))
                    elif material == _TAILLAMP and flags & 9:
                        red = np.float32(2500.0) if flags & 8 else np.float32(150.0)
                        direct[out, 0] += red
                        direct[out, 1] += red * np.float32(0.03)
                        direct[out, 2] += red * np.float32(0.03)
                elif material == _SIGNAL:
                    for c in range(3):
                        direct[out, c] += colour[lane, c] * np.float32(600.0)
                elif material == _STREET_LAMP and night:
                    for c in range(3):
                        direct[out, c] += np.float32(800.0)

            # Sun, then every lamp: one shadow packet each, all rays to one light.
            for source in range(-1 if has_sun else 0, count):
                any_ray = False
                for lane in range(LANES):
                    valid[lane] = 0
                    if shaded[lane] == 0:
                        continue
                    if source < 0:
                        lx, ly, lz, reach = sun_x, sun_y, sun_z, FAR
                    else:
                        lx = lamps[source, 0] - point[lane, 0]
                        ly = lamps[source, 1] - point[lane, 1]
                        lz = lamps[source, 2] - point[lane, 2]
                        reach = np.float32(math.sqrt(lx * lx + ly * ly + lz * lz))
                        if reach > lamps[source, 7] or reach < 0.05:
                            continue
                        lx, ly, lz = lx / reach, ly / reach, lz / reach
                        ahead = -(lx * lamps[source, 3] + ly * lamps[source, 4] + lz * lamps[source, 5])
                        if ahead < 0.5:
                            continue
                    facing = normal[lane, 0] * lx + normal[lane, 1] * ly + normal[lane, 2] * lz
                    if facing <= 0.0 and not leaf[lane]:
                        continue
                    side = ONE if facing > 0.0 else -ONE
                    lift = (np.float32(0.002) + np.float32(1e-4) * packet[T_FAR, lane]) * side
                    for axis in range(3):
                        shadow[ORG_X + axis, lane] = point[lane, axis] + normal[lane, axis] * lift
                    shadow[DIR_X, lane], shadow[DIR_X + 1, lane], shadow[DIR_X + 2, lane] = lx, ly, lz
                    shadow[T_NEAR, lane] = 0.002
                    shadow[T_FAR, lane] = reach - np.float32(0.12) if source >= 0 else FAR
                    shadow[TIME, lane] = packet[TIME, lane]
                    shadow_ints[MASK, lane] = ALL if source < 0 else EVERYONE
                    valid[lane] = -1
                    any_ray = True
                if not any_ray:
                    continue
                occluded16(tables.handles, valid, shadow, True)
                for lane in range(LANES):
                    if valid[lane] == 0 or shadow[T_FAR, lane] < 0.0:
                        continue
                    out = target[lane]
                    lx, ly, lz = shadow[DIR_X, lane], shadow[DIR_X + 1, lane], shadow[DIR_X + 2, lane]
                    nx, ny, nz = normal[lane, 0], normal[lane, 1], normal[lane, 2]
                    facing = nx * lx + ny * ly + nz * lz
                    er, eg, eb = light.sun[0], light.sun[1], light.sun[2]
                    if source >= 0:
                        away = shadow[T_FAR, lane] + np.float32(0.12)
                        up = (-lz - lamps[source, 5]) * np.float32(57.3)
                        ahead = -(lx * lamps[source, 3] + ly * lamps[source, 4] + lz * lamps[source, 5])
                        sideways = math.acos(min(ahead, ONE)) * np.float32(57.3)
                        cut = ONE / (ONE + math.exp((up + np.float32(0.6)) * np.float32(6.0)))
                        beam = math.exp(-((sideways / np.float32(16.0)) ** 2)) * (
                            np.float32(0.97) * cut + np.float32(0.03)
                        )
                        power = lamps[source, 6] * beam / (away * away)
                        er, eg, eb = power, power * np.float32(0.96), power * np.float32(0.88)
                    if leaf[lane]:
                        facing = max(facing, -facing * np.float32(0.55)) * np.float32(0.8) + np.float32(0.12)
                    vx, vy, vz = -packet[DIR_X, lane], -packet[DIR_X + 1, lane], -packet[DIR_X + 2, lane]
                    hx, hy, hz = lx + vx, ly + vy, lz + vz
                    scale = ONE / math.sqrt(max(hx * hx + hy * hy + hz * hz, TINY))
                    half = max((nx * hx + ny * hy + nz * hz) * scale, ZERO)
                    toward = max((vx * hx + vy * hy + vz * hz) * scale, ZERO)
                    a2 = max(rough[lane] * rough[lane], np.float32(0.02)) ** 2
                    lobe = half * half * (a2 - ONE) + ONE
                    base = np.float32(0.04) + metal[lane] * HALF
                    fresnel = base + (ONE - base) * (ONE - toward) ** 5
                    shine = min(a2 / (PI * lobe * lobe) * fresnel * np.float32(0.25), np.float32(12.0))
                    diffuse = (ONE - metal[lane]) / PI
                    gain = max(facing, ZERO)
                    direct[out, 0] += er * gain * (colour[lane, 0] * diffuse + shine)
                    direct[out, 1] += eg * gain * (colour[lane, 1] * diffuse + shine)
                    direct[out, 2] += eb * gain * (colour[lane, 2] * diffuse + shine)

            if with_ao:
                any_ray = False
                for lane in range(LANES):
                    valid[lane] = shaded[lane]
                    if shaded[lane] == 0 or packet[T_FAR, lane] > 90.0:
                        valid[lane] = 0
                        continue
                    nx, ny, nz = normal[lane, 0], normal[lane, 1], normal[lane, 2]
                    sign = ONE if nz >= 0.0 else -ONE
                    k = -ONE / (sign + nz)
                    b = nx * ny * k
                    hx, hy, hz = HEMISPHERE[lane, 0], HEMISPHERE[lane, 1], HEMISPHERE[lane, 2]
                    shadow[DIR_X, lane] = hx * (ONE + sign * nx * nx * k) + hy * b + hz * nx
                    shadow[DIR_X + 1, lane] = hx * sign * b + hy * (sign + ny * ny * k) + hz * ny
                    shadow[DIR_X + 2, lane] = -hx * sign * nx - hy * ny + hz * nz
                    for axis in range(3):
                        lift = np.float32(0.003) + np.float32(2e-4) * packet[T_FAR, lane]
                        shadow[ORG_X + axis, lane] = point[lane, axis] + normal[lane, axis] * lift
                    shadow[T_NEAR, lane] = 0.001
                    shadow[T_FAR, lane] = AO_REACH
                    shadow[TIME, lane] = packet[TIME, lane]
                    shadow_ints[MASK, lane] = ALL
                    any_ray = True
                if any_ray:
                    occluded16(tables.handles, valid, shadow, False)
                    for lane in range(LANES):
                        if valid[lane] != 0 and shadow[T_FAR, lane] < 0.0:
                            sky_share[target[lane]] = ZERO

            if light.extinction > 0.0:
                for lane in range(LANES):
                    if shaded[lane] == 0:
                        continue
                    out = target[lane]
                    clear = np.float32(math.exp(-light.extinction * packet[T_FAR, lane]))
                    for c in range(3):
                        ambient[out, c] *= clear
                        direct[out, c] = direct[out, c] * clear + light.air[c] * (ONE - clear)
