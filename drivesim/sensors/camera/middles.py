"""What is seen through the middle of every pixel, for labels beyond depth and classes.

The camera's kernel, whose rays these are, keeps it on its way (:mod:`~drivesim.sensors.camera.keep`). Where nobody
wants a picture, a pass of packets of its own finds it, with the exact rays of any lens.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import (
    DIR_X,
    GEOM_ID,
    HIT_U,
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
)
from drivesim.scene.hits import rotated
from drivesim.scene.lane_hits import between, off_axis, quaternions_at
from drivesim.scene.lane_memory import gather, gather3, put, row, same, whole_row
from drivesim.scene.lanes import any_of, highest, spread, sqrt, where
from drivesim.scene.raycast import EVERYONE, RayScene, RayTables
from drivesim.scene.work_sharing import take, wanted
from drivesim.sensors.camera.keep import Middles, room
from drivesim.sensors.camera.packet import F32, I32, ONE, TINY, ZERO

F64 = NDArray[np.float64]

_NOWHERE: Any = np.float32(np.inf)

# Scratch memory: unit normals, colours, which triangle and part; place to turn normals.
_NORMAL, _ALBEDO, _TRIANGLE, _PART, _FREE = 0, 3, 6, 7, 8


def middles(rays: RayScene, ray: F64, origin: F64, rotation: F64, when: F32) -> Middles:
    """Trace them.

    Args:
        ray: (P, 3) unit, camera axes, NaN where the lens sees nothing.
        origin: (N, 3) m and rotation: (N, 3, 3) ``world_from_camera``, of every row of the picture or, N = 1, of all.
        when: (H,) ray time of each row, 0..1.
    """
    found = room(len(ray))
    start = (origin - rays.origin).astype(np.float32)
    _trace(rays.tables, rays.first_shot, ray, start, np.ascontiguousarray(rotation), when, nb.get_num_threads(), found)
    return found


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _trace(
    tables: RayTables, first_shot: I32, ray: F64, origin: F32, rotation: F64, when: F32, threads: int, found: Middles
) -> None:
    bands = (len(when) + 3) // 4
    taken = np.zeros(bands, dtype=np.int64)
    for thread in nb.prange(threads):
        for number in range(bands):
            band = wanted(number, thread, threads, bands)
            if take(taken, band):
                _band(tables, first_shot, ray, origin, rotation, when, band, found)


@nb.njit(error_model="numpy")
def _band(
    tables: RayTables, first_shot: I32, ray: F64, origin: F32, rotation: F64, when: F32, band: int, found: Middles
) -> None:
    """Four rows of the picture."""
    handles, tri_base, inst_moving = tables.handles, tables.tri_base, tables.inst_moving
    quaternions, spins = tables.inst_quaternion, tables.inst_spin
    triangles, normals, albedo = tables.triangles, tables.normals, tables.albedo
    to_camera = rotation.astype(np.float32)
    memory = new_packets(2)
    packet, s = memory[0], memory[1]
    valid = new_valid()
    width, top = len(ray) // len(when), 4 * band
    put(packet, T_NEAR, spread(ZERO))
    put(packet, MASK, spread(EVERYONE))
    for left in range(0, width, 4):
        _aim(packet, valid, ray, origin, rotation, when, left, top, width)
        for axis in range(3):
            put(packet, DIR_X + axis, off_axis(row(packet, DIR_X + axis)))
        put(packet, T_FAR, spread(_NOWHERE))
        put(packet, GEOM_ID, spread(NO_HIT))
        intersect16(handles, valid, packet, True)
        hit = (whole_row(valid, 0) != 0) & (whole_row(packet, GEOM_ID) != NO_HIT)
        put(packet, T_FAR, where(hit, row(packet, T_FAR), _NOWHERE))
        put(packet, HIT_U, where(hit, row(packet, HIT_U), ZERO))
        put(packet, HIT_U + 1, where(hit, row(packet, HIT_U + 1), ZERO))
        shown = where(hit, whole_row(packet, INST_ID), 0)
        part = gather(first_shot, shown)
        of = where(hit, gather(tri_base, shown) + whole_row(packet, PRIM_ID), 0)
        put(s, _TRIANGLE, where(hit, of, -1))
        put(s, _PART, part)
        nx, ny, nz = spread(ZERO), spread(ZERO), spread(ZERO)
        red, green, blue = nx, ny, nz
        if any_of(hit):
            nx, ny, nz = between(normals, gather3(triangles, of), row(packet, HIT_U), row(packet, HIT_U + 1))
            moves = hit & (gather(inst_moving, part) != 0)
            if any_of(moves):
                q = quaternions_at(quaternions, spins, part, same(part), row(packet, TIME), moves, s, _FREE)
                ax, ay, az = rotated(q, nx, ny, nz)
                nx, ny, nz = where(moves, ax, nx), where(moves, ay, ny), where(moves, az, nz)
            red, green, blue = gather3(albedo, of)
        along = nx * row(packet, DIR_X) + ny * row(packet, DIR_X + 1) + nz * row(packet, DIR_X + 2)
        scale = where(along > ZERO, -ONE, ONE) / sqrt(highest(nx * nx + ny * ny + nz * nz, TINY))
        scale = where(hit, scale, ZERO)
        put(s, _NORMAL, nx * scale)
        put(s, _NORMAL + 1, ny * scale)
        put(s, _NORMAL + 2, nz * scale)
        put(s, _ALBEDO, where(hit, red, ZERO))
        put(s, _ALBEDO + 1, where(hit, green, ZERO))
        put(s, _ALBEDO + 2, where(hit, blue, ZERO))
        _deliver(packet, s, to_camera, left, top, width, len(when), found)


@nb.njit(error_model="numpy")
def _aim(
    packet: F32, valid: I32, ray: F64, origin: F32, rotation: F64, when: F32, left: int, top: int, width: int
) -> None:
    """Make a tile's rays ready; those without a pixel, and those outside of the image circle, are off."""
    for lane in range(LANES):
        x, y = left + (lane & 3), top + (lane >> 2)
        at, line = min(y, len(when) - 1) * width + min(x, width - 1), min(y, len(when) - 1)
        own = line if len(rotation) > 1 else 0
        a, b, c = ray[at, 0], ray[at, 1], ray[at, 2]
        seen = a == a
        if not seen:
            a, b, c = 0.0, 0.0, 1.0
        for axis in range(3):
            packet[ORG_X + axis, lane] = origin[own, axis]
            ahead = rotation[own, axis, 0] * a + rotation[own, axis, 1] * b + rotation[own, axis, 2] * c
            packet[DIR_X + axis, lane] = np.float32(ahead)
        packet[TIME, lane] = when[line]
        valid[lane] = -1 if seen and x < width and y < len(when) else 0


@nb.njit(error_model="numpy")
def _deliver(packet: F32, s: F32, to_camera: F32, left: int, top: int, width: int, height: int, found: Middles) -> None:
    """Write a tile's pixels; normals turn into the axes of their rows."""
    triangle, part, barycentric, distance, normal, albedo = found
    ints = s.view(np.int32)
    for lane in range(LANES):
        x, y = left + (lane & 3), top + (lane >> 2)
        if x >= width or y >= height:
            continue
        at, own = y * width + x, y if len(to_camera) > 1 else 0
        triangle[at], part[at], distance[at] = ints[_TRIANGLE, lane], ints[_PART, lane], packet[T_FAR, lane]
        barycentric[at, 0], barycentric[at, 1] = packet[HIT_U, lane], packet[HIT_U + 1, lane]
        nx, ny, nz = s[_NORMAL, lane], s[_NORMAL + 1, lane], s[_NORMAL + 2, lane]
        for axis in range(3):
            turned = to_camera[own, 0, axis] * nx + to_camera[own, 1, axis] * ny + to_camera[own, 2, axis] * nz
            normal[at, axis] = turned
            albedo[at, axis] = s[_ALBEDO + axis, lane]
