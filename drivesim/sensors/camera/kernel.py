"""The camera's hot loop: trace a packet of sixteen neighbouring rays, label and shade what they hit.

One kernel serves whole images (4 x 4 pixel tiles) and extra samples at edges: it takes pixel coordinates and the row
each result goes to. A packet goes through short passes, each in its own file, that work on all sixteen lanes at a time
(:mod:`drivesim.scene.lanes`) and hand on what later ones need in scratch memory (:mod:`.packet`). Nothing is promoted
to float64 and no division is checked; both would cost more than the arithmetic.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import LANES, ROWS, T_FAR, intersect16, new_packets, new_valid
from drivesim.scene.hits import instance_rotations
from drivesim.scene.lane_memory import put, put_tile, row, whole_row
from drivesim.scene.lanes import any_of, inlined, spread, where
from drivesim.scene.raycast import RayTables
from drivesim.scene.work_sharing import take, wanted
from drivesim.sensors.camera.aim import aim, prepare
from drivesim.sensors.camera.keep import Middles, keep
from drivesim.sensors.camera.lights import lamplight, open_sky, rebound, shine, sunlight
from drivesim.sensors.camera.met import corners, lay_texture, meet, see_sky, turn
from drivesim.sensors.camera.mirror import mirror_sky, mirror_things, through_glass
from drivesim.sensors.camera.packet import (
    BODY,
    DEPTH,
    F32,
    GAIN,
    GLOW,
    HIT,
    I32,
    INSIDE,
    INSTANCE,
    ONE,
    SCRATCH,
    SEEN,
    SEMANTIC,
    SKY,
    SUNNY,
    TARGET,
    U8,
    WHOLE_SCRATCH,
    ZERO,
    put_three,
    three,
)
from drivesim.sensors.camera.paint import colour, graze, surround
from drivesim.sensors.camera.penumbra import NO_SUN
from drivesim.sensors.camera.sky import Daylight
from drivesim.sensors.camera.textures import SIZE, TextureTable

NIGHT = 5.0
"""Sky light on level ground below which street lamps are on, irradiance over pi, cd/m2."""

BLOCK_BITS = 3
BLOCK = 1 << BLOCK_BITS
"""Tiles along an edge of the square of an image that one thread traces in a row: neighbours find what they need of the
scene in the processor's cache."""

CHUNK = BLOCK * BLOCK
"""Packets that one thread traces in a row with the same scratch memory."""


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
    threads: int,
    width: int,
    wetness: Any,
    with_ao: bool,
    middles: Middles,
    direct: F32,
    ambient: F32,
    sky_share: F32,
    depth: F32,
    semantic: U8,
    instance: I32,
    sunny: F32,
    seen: U8,
    casts: F32,
) -> None:
    """Trace one ray per pixel sample.

    Args:
        surfaces: (2 M, 4) float32, see :func:`~drivesim.sensors.camera.surfaces.surface_table`.
        lamps: (L, 9) float32: position relative to the scene's origin (3), direction (3), intensity in cd, reach in m,
            height above the ground of a street lamp in m and 0 for a low beam.
        lit: (A + 1,) uint16, lamp flags by instance id.
        camera: (5 or 11, 4) float32 of :meth:`~drivesim.sensors.camera.gaze.Gaze.table`.
        lens: (H + 1, W + 1, 3) float32, directions at pixel corners for lenses that are no pinhole; else (0, 0, 3).
        times: ray time of the first and the last image row, float32.
        pixels: (N, 2) float32 pixel coordinates; empty: whole image, tile by tile.
        rows: (N,) int32 output row of each sample; empty: y * width + x.
        tiles: packets; threads: how many share the work; width: image width for whole images; wetness: float32, 0..1.
        middles: written where there is room, in the axes of the camera; for whole images.
        direct, ambient: (P, 3) float32, radiance without and with occlusion by near surfaces; with an empty
            ``ambient`` all of it goes to ``direct``. sky_share: (P,), written where ``with_ao``.
        depth: (P,) float32, along the optical axis or the ray; semantic: (P,) uint8; instance: (P,) int32.
        sunny, seen, casts: (P, 3), (P,) and (tiles,) for :func:`~drivesim.sensors.camera.penumbra.fade`; empty for
            hard shadows.
    """
    turns = instance_rotations(tables, times[1])
    across = (width + 3) // 4 if len(rows) == 0 else 0
    chunks = (tiles + CHUNK - 1) // CHUNK
    if across > 0:
        chunks = ((across + BLOCK - 1) // BLOCK) * ((tiles // across + BLOCK - 1) // BLOCK)
    taken = np.zeros(chunks, dtype=np.int64)
    for thread in nb.prange(threads):
        packets, scratch, whole, lanes = _memory()
        for number in range(chunks):
            chunk = wanted(number, thread, threads, chunks)
            if take(taken, chunk):
                _chunk(
                    packets, scratch, whole, lanes, tables, light, texture, surfaces, lamps, lit, camera, lens, times,
                    pixels, rows, chunk, tiles, across, width, wetness, with_ao, middles, direct, ambient, sky_share,
                    depth, semantic, instance, sunny, seen, casts, turns,
                )  # fmt: skip


@nb.njit(error_model="numpy")
def _memory() -> Any:
    """What a thread's packets work on in turn: three packets to trace, scratch memory for real and for whole numbers,
    and two masks of lanes."""
    return (
        new_packets(3),
        new_packets(SCRATCH // ROWS).reshape(SCRATCH, LANES),
        np.zeros((WHOLE_SCRATCH, LANES), dtype=np.int32),
        (new_valid(), new_valid()),
    )


@inlined
def _chunk(
    packets: F32,
    s: F32,
    k: I32,
    lanes: tuple[I32, I32],
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
    chunk: int,
    tiles: int,
    across: int,
    width: int,
    wetness: Any,
    with_ao: bool,
    middles: Middles,
    direct: F32,
    ambient: F32,
    sky_share: F32,
    depth: F32,
    semantic: U8,
    instance: I32,
    sunny: F32,
    seen: U8,
    casts: F32,
    turns: F32,
) -> None:
    """Trace a chunk's packets: of a square of the image, which is ``across`` tiles wide, or (0) one after the other; in
    memory of :func:`_memory`."""
    handles, tri_base, inst_actor, inst_moving = tables.handles, tables.tri_base, tables.inst_actor, tables.inst_moving
    triangles, vertices, normals, look = tables.triangles, tables.vertices, tables.normals, tables.look
    dome, mirrored, cube, air, sun_light = light.dome, light.mirrored, light.cube, light.air, light.sun
    texels = texture.texels
    sun = light.sun_direction[0], light.sun_direction[1], light.sun_direction[2]
    has_sun = sun_light[1] > ZERO and sun[2] > np.float32(-0.02)
    footprint = np.float32(SIZE * math.sqrt(2.0)) / camera[4, 3]
    extinction = np.float32(light.extinction)
    night = cube[4, 1] < np.float32(NIGHT)
    soft, keeps = len(casts) > 0, len(middles.normal) + len(middles.albedo) + len(middles.triangle) > 0
    disc = light.sun_disc if soft else light.sun_disc[:0]
    packet, shadow, extra = packets[0], packets[1], packets[2]
    fired, valid = lanes
    prepare(packet, camera)
    height = int(camera[4, 1])
    down = max((height + 4 * BLOCK - 1) // (4 * BLOCK), 1)  # squares, column by column
    corner_x, corner_y = chunk // down * (4 * BLOCK), chunk % down * (4 * BLOCK)
    for place in range(CHUNK):
        left, top = corner_x + (place & (BLOCK - 1)) * 4, corner_y + (place >> BLOCK_BITS) * 4
        if across == 0:
            left, top = (chunk * CHUNK + place) * LANES, 0
            if left >= tiles * LANES:
                break
        elif left >= width or top >= height:
            continue
        how = NO_SUN
        first = aim(packet, fired, s, k, left, top, pixels, rows, camera, lens, times, width)
        intersect16(handles, fired, packet, True)
        hit, glass, shines, bent = meet(
            packet, fired, s, k, tri_base, inst_actor, inst_moving, look, surfaces, camera, wetness
        )
        if any_of((whole_row(fired, 0) != 0) & (whole_row(k, HIT) == 0)):
            see_sky(packet, s, dome, sun, sun_light, has_sun)
        if hit:
            if bent:
                corners(packet, s, k, triangles, vertices, normals)
            lay_texture(s)
            if bent:
                turn(packet, s, k, tables.inst_quaternion, tables.inst_spin, turns, times)
        if keeps:
            keep(packet, s, k, first, width, camera, middles)
        if hit:
            mirrors = graze(packet, s, k)
            colour(packet, s, k, texels, footprint)
            surround(s, cube)
            if glass:
                through_glass(packet, extra, valid, s, k, handles, tri_base, look, cube, dome)
            if mirrors:
                # What wet ground mirrors is traced; everything else that shines mirrors the sky.
                if wetness > ZERO:
                    mirror_things(
                        packet, extra, valid, s, k, handles, tri_base, inst_actor, look, lit, cube, sun, sun_light,
                        has_sun, night,
                    )  # fmt: skip
                mirror_sky(packet, valid, s, k, mirrored, cube, wetness > ZERO)
            if shines:
                shine(s, k, lit, night)
            if has_sun:
                how = sunlight(packet, shadow, extra, valid, s, k, handles, sun, sun_light, disc)
            for lamp in range(len(lamps)):
                lamplight(packet, shadow, valid, s, k, handles, lamps, lamp)
                if lamps[lamp, 8] > ZERO:
                    rebound(s, lamps, lamp)
            if with_ao:
                open_sky(packet, shadow, valid, s, k, handles)
            if extinction > ZERO:
                _haze(packet, s, k, extinction, air)
        if soft:
            casts[(top >> 2) * across + (left >> 2)] = how
            _deliver_sun(s, k, first, width, how == NO_SUN, sunny, seen)
        _deliver(fired, s, k, first, width, hit, with_ao, direct, ambient, sky_share, depth, semantic, instance)


@inlined
def _haze(packet: F32, s: F32, k: I32, extinction: Any, air: F32) -> None:
    """Air between camera and surfaces takes of their light and adds its own."""
    for lane in range(LANES):
        if k[HIT, lane] == 0:
            continue
        clear = math.exp(-extinction * packet[T_FAR, lane])
        haze = ONE - clear
        for c in range(3):
            s[GLOW + c, lane] = s[GLOW + c, lane] * clear + air[c] * haze
            s[BODY + c, lane] *= clear
            s[SUNNY + c, lane] *= clear


@inlined
def _deliver_sun(s: F32, k: I32, first: int, width: int, without: bool, sunny: F32, seen: U8) -> None:
    """Write what the sun lights, or would, and whether it is seen, to a tile's pixels."""
    if without:
        put(k, SEEN, spread(0))
    if first >= 0:
        put_tile(seen, first, width, whole_row(k, SEEN))
        if not without:
            put_tile(sunny, first, width, three(s, SUNNY))
        return
    for lane in range(LANES):
        if k[INSIDE, lane] != 0:
            out = k[TARGET, lane]
            seen[out] = k[SEEN, lane]
            for c in range(3):
                sunny[out, c] = s[SUNNY + c, lane]


@inlined
def _deliver(
    fired: I32, s: F32, k: I32, first: int, width: int, hit: bool, with_ao: bool, direct: F32, ambient: F32,
    sky_share: F32, depth: F32, semantic: U8, instance: I32,
) -> None:  # fmt: skip
    """Write a packet's results to their pixels, all at once where they are a tile of the image."""
    split = len(ambient) > 0
    on, met = whole_row(fired, 0) != 0, whole_row(k, HIT) != 0
    red, green, blue = three(s, SKY)
    red, green, blue = where(on, red, ZERO), where(on, green, ZERO), where(on, blue, ZERO)
    body_red, body_green, body_blue = spread(ZERO), spread(ZERO), spread(ZERO)
    share = spread(ONE)
    if hit:
        glow_red, glow_green, glow_blue = three(s, GLOW)
        body_red, body_green, body_blue = three(s, BODY)
        if not split:
            glow_red, glow_green, glow_blue = glow_red + body_red, glow_green + body_green, glow_blue + body_blue
        red, green, blue = where(met, glow_red, red), where(met, glow_green, green), where(met, glow_blue, blue)
        body_red, body_green, body_blue = (
            where(met, body_red, ZERO),
            where(met, body_green, ZERO),
            where(met, body_blue, ZERO),
        )
        if with_ao:
            share = where(met, row(s, GAIN), ONE)
    if first >= 0:
        put_tile(direct, first, width, (red, green, blue))
        put_tile(depth, first, width, row(s, DEPTH))
        put_tile(semantic, first, width, whole_row(k, SEMANTIC))
        put_tile(instance, first, width, whole_row(k, INSTANCE))
        if split:
            put_tile(ambient, first, width, (body_red, body_green, body_blue))
            put_tile(sky_share, first, width, share)
        return
    put_three(s, GLOW, red, green, blue)
    put_three(s, BODY, body_red, body_green, body_blue)
    put(s, GAIN, share)
    for lane in range(LANES):
        if k[INSIDE, lane] == 0:
            continue
        out = k[TARGET, lane]
        depth[out], semantic[out], instance[out] = s[DEPTH, lane], k[SEMANTIC, lane], k[INSTANCE, lane]
        for c in range(3):
            direct[out, c] = s[GLOW + c, lane]
        if split:
            sky_share[out] = s[GAIN, lane]
            for c in range(3):
                ambient[out, c] = s[BODY + c, lane]
