"""The hot loop of lidar and radar: columns of rays in packets of sixteen, and what they hit as rows of lanes.

A packet goes through short passes that work on all sixteen lanes at a time (:mod:`drivesim.scene.lanes`). What rays hit
is collected in a block of sixteen packets before it is written: memory lies along columns, packets lie across them.

Only the whole kernel is cached on disk: clear ``__pycache__`` after editing one of its passes, Numba does not notice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

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
)
from drivesim.scene.hits import rotated
from drivesim.scene.lane_hits import between, off_axis, quaternions_at
from drivesim.scene.lane_memory import (
    fetch,
    fetch4,
    gather,
    gather3,
    put,
    put_turned,
    row,
    same,
    scatter,
    whole_row,
)
from drivesim.scene.lanes import absolute, any_of, highest, lowest, spread, sqrt, where
from drivesim.scene.raycast import EVERYONE, RayTables

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

ZERO: Any = np.float32(0.0)
ONE: Any = np.float32(1.0)
TINY: Any = np.float32(1e-30)
_NOWHERE: Any = np.float32(np.inf)

_LANE = np.arange(LANES, dtype=np.int32)[None]

# Scratch memory: rotation, row by row, and velocity of the sensor when each lane fires, and when; normals of the flat
# triangles; place to turn them.
_TURN, _RUSH, _WHEN, _FLAT, _FREE = 0, 9, 12, 13, 16
_LENGTH, _COSINE, _RATE, _MATERIAL, _SEMANTIC, _INSTANCE, _TRIANGLE = range(0, 7 * LANES, LANES)

Out = tuple[F32, F32, F32, U8, U8, I32, I32]


class Columns(NamedTuple):
    """Where a sensor is when each of K columns of B rays fires.

    Attributes:
        origin: (K, 3) float32, relative to the scene's origin, m; rotation: (K, 3, 3) float32 ``world_from_sensor``.
        velocity: (K, 3) float32, world frame, m/s.
        time: (K,) float32 ray time; lag: (B,) float32, how much later each row is.
    """

    origin: F32
    rotation: F32
    velocity: F32
    time: F32
    lag: F32


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def trace_beams(
    tables: RayTables, sensor: Columns, direction: F32, tile_columns: int, limit: Any, out: Out, sends: U8, facing: F32
) -> None:
    """Trace K columns of B rays.

    Args:
        direction: (K, B, 3) unit vectors in the sensor's frame.
        tile_columns: how many columns a packet spans, a divisor of sixteen; limit: farthest distance, m, float32.
        out: the fields of :class:`~drivesim.sensors.beams.BeamHits` in their order, written; rate and triangle unless
            they are empty.
        sends: (M,) 1 for materials of which ``facing`` is wanted, or (0,).
        facing: (K, B, 3) unit normals of the flat triangles towards the sensor, world axes, written where such a
            material was hit.
    """
    columns = len(sensor.time)
    for group in nb.prange((columns + tile_columns - 1) // tile_columns):
        _columns(tables, sensor, direction, group, tile_columns, limit, out, sends, facing)


@nb.njit(error_model="numpy")
def _columns(
    tables: RayTables, sensor: Columns, direction: F32, group: int, tile_columns: int, limit: Any, out: Out, sends: U8,
    facing: F32,
) -> None:  # fmt: skip
    """All rows of some columns; lanes beyond the last column or row repeat it."""
    origin, rotation, velocity, time, lag = sensor
    columns, beams = len(time), len(lag)
    handles, tri_base, inst_actor, inst_moving = tables.handles, tables.tri_base, tables.inst_actor, tables.inst_moving
    triangles, normals, look, bends = tables.triangles, tables.normals, tables.look, tables.vertex_velocity
    quaternions, spins, places = tables.inst_quaternion, tables.inst_spin, tables.inst_translation
    speeds, omegas = tables.inst_velocity, tables.inst_omega
    rated, faced = out[2].size > 0, len(sends) > 0
    memory = new_packets(2)
    packet, s = memory[0], memory[1]
    block = np.empty((7 * LANES, LANES), dtype=np.float32)
    ints, flat = s.view(np.int32), facing.reshape(-1)  # here: a view for every packet counts references, on all threads
    valid = new_valid()
    lane = whole_row(_LANE, 0)
    below = lane // tile_columns
    column = lowest(lane - below * tile_columns + group * tile_columns, columns - 1)
    for k in range(9):
        put(s, _TURN + k, gather(rotation, column * 9 + k))
    for axis in range(3):
        put(packet, ORG_X + axis, gather(origin, column * 3 + axis))
        put(s, _RUSH + axis, -gather(velocity, column * 3 + axis))
    put(s, _WHEN, gather(time, column))
    put(packet, T_NEAR, spread(ZERO))
    put(packet, MASK, spread(EVERYONE))
    square = tile_columns == LANES and (group + 1) * LANES <= columns
    for first in range(0, beams, LANES // tile_columns):
        ring = lowest(below + first, beams - 1)
        place = column * beams + ring
        x, y, z = gather3(direction, place)
        dx = row(s, _TURN) * x + row(s, _TURN + 1) * y + row(s, _TURN + 2) * z
        dy = row(s, _TURN + 3) * x + row(s, _TURN + 4) * y + row(s, _TURN + 5) * z
        dz = row(s, _TURN + 6) * x + row(s, _TURN + 7) * y + row(s, _TURN + 8) * z
        put(packet, DIR_X, off_axis(dx))
        put(packet, DIR_X + 1, off_axis(dy))
        put(packet, DIR_X + 2, off_axis(dz))
        now = lowest(highest(row(s, _WHEN) + fetch(lag, ring, tile_columns == LANES), ZERO), ONE)
        put(packet, TIME, now)
        put(packet, T_FAR, spread(limit))
        put(packet, GEOM_ID, spread(NO_HIT))
        intersect16(handles, valid, packet, True)
        hit = whole_row(packet, GEOM_ID) != NO_HIT
        part = where(hit, whole_row(packet, INST_ID), 0)
        together = same(part)
        of = where(hit, fetch(tri_base, part, together) + whole_row(packet, PRIM_ID), 0)
        _, surface, own, more = fetch4(look, of, same(of))
        kind = (surface >> 16) & 255
        moves = hit & (fetch(inst_moving, part, together) != 0)
        smooth = hit & ((more & 1) == 0)
        nx, ny, nz = row(packet, NG_X), row(packet, NG_X + 1), row(packet, NG_X + 2)
        vx, vy, vz = row(s, _RUSH), row(s, _RUSH + 1), row(s, _RUSH + 2)
        sending = faced and any_of(hit & (fetch(sends, kind, same(kind)) != 0))
        if sending:
            _put_three(s, _FLAT, nx, ny, nz)
        if any_of(moves | smooth):
            corners = gather3(triangles, of)
            u, v = row(packet, HIT_U), row(packet, HIT_V)
            ax, ay, az = between(normals, corners, u, v)
            nx, ny, nz = where(smooth, ax, nx), where(smooth, ay, ny), where(smooth, az, nz)
            if any_of(moves):
                q = quaternions_at(quaternions, spins, part, together, now, moves, s, _FREE)
                ax, ay, az = rotated(q, nx, ny, nz)
                nx, ny, nz = where(moves, ax, nx), where(moves, ay, ny), where(moves, az, nz)
                if sending:
                    gx, gy, gz = row(s, _FLAT), row(s, _FLAT + 1), row(s, _FLAT + 2)
                    ax, ay, az = rotated(q, gx, gy, gz)
                    _put_three(s, _FLAT, where(moves, ax, gx), where(moves, ay, gy), where(moves, az, gz))
                if rated:
                    bx, by, bz = between(bends, corners, u, v)
                    bx, by, bz = rotated(q, bx, by, bz)
                    ax, ay, az = _rush(packet, part, together, places, speeds, omegas, vx, vy, vz)
                    vx, vy, vz = where(moves, ax + bx, vx), where(moves, ay + by, vy), where(moves, az + bz, vz)
        if sending:
            _face(packet, s, ints, kind, hit, place, sends, flat)
        slant = absolute(nx * dx + ny * dy + nz * dz) / sqrt(highest(nx * nx + ny * ny + nz * nz, TINY))
        length = where(hit, row(packet, T_FAR), _NOWHERE)
        cosine = where(hit, lowest(ONE, slant), ZERO)
        rate = where(hit, vx * dx + vy * dy + vz * dz, ZERO)
        instance = where(hit, where(own > 0, own, fetch(inst_actor, part, together)), 0)
        kind, semantic, of = where(hit, kind, 0), where(hit, surface >> 24, 0), where(hit, of, -1)
        if square:
            line = first % LANES
            put(block, _LENGTH + line, length)
            put(block, _COSINE + line, cosine)
            put(block, _RATE + line, rate)
            put(block, _MATERIAL + line, kind)
            put(block, _SEMANTIC + line, semantic)
            put(block, _INSTANCE + line, instance)
            put(block, _TRIANGLE + line, of)
            if line == LANES - 1 or first == beams - 1:
                _write(block, line + 1, group * LANES * beams + first - line, beams, out)
            continue
        scatter(out[0], place, length)
        scatter(out[1], place, cosine)
        scatter(out[3], place, kind)
        scatter(out[4], place, semantic)
        scatter(out[5], place, instance)
        if rated:
            scatter(out[2], place, rate)
        if out[6].size > 0:
            scatter(out[6], place, of)


@nb.njit(error_model="numpy")
def _put_three(memory: F32, first: int, x: Any, y: Any, z: Any) -> None:
    put(memory, first, x)
    put(memory, first + 1, y)
    put(memory, first + 2, z)


@nb.njit(error_model="numpy")
def _rush(
    packet: F32, part: Any, together: bool, places: F32, speeds: F32, omegas: F32, vx: Any, vy: Any, vz: Any
) -> Any:
    """Velocity of rigid surfaces, v + omega x r, on top of another."""
    now, t = row(packet, TIME), row(packet, T_FAR)
    then = ONE - now
    at = part * 6
    rx = row(packet, ORG_X) + t * row(packet, DIR_X)
    rx = rx - fetch(places, at, together) * then - fetch(places, at + 3, together) * now
    ry = row(packet, ORG_X + 1) + t * row(packet, DIR_X + 1)
    ry = ry - fetch(places, at + 1, together) * then - fetch(places, at + 4, together) * now
    rz = row(packet, ORG_X + 2) + t * row(packet, DIR_X + 2)
    rz = rz - fetch(places, at + 2, together) * then - fetch(places, at + 5, together) * now
    at = part * 3
    ox, oy, oz = fetch(omegas, at, together), fetch(omegas, at + 1, together), fetch(omegas, at + 2, together)
    return (
        vx + (fetch(speeds, at, together) + oy * rz - oz * ry),
        vy + (fetch(speeds, at + 1, together) + oz * rx - ox * rz),
        vz + (fetch(speeds, at + 2, together) + ox * ry - oy * rx),
    )


@nb.njit(error_model="numpy")
def _face(packet: F32, s: F32, ints: I32, kind: Any, hit: Any, place: Any, sends: U8, facing: F32) -> None:
    """Write unit normals, turned towards the sensor, of materials that send beams on.

    Args:
        ints: the scratch memory as int32; facing: the output, element after element.
    """
    nx, ny, nz = row(s, _FLAT), row(s, _FLAT + 1), row(s, _FLAT + 2)
    along = nx * row(packet, DIR_X) + ny * row(packet, DIR_X + 1) + nz * row(packet, DIR_X + 2)
    scale = where(along < ZERO, ONE, -ONE) / sqrt(highest(nx * nx + ny * ny + nz * nz, TINY))
    _put_three(s, _FLAT, nx * scale, ny * scale, nz * scale)
    put(s, _FREE, where(hit & (gather(sends, kind) != 0), place, -1))
    for lane in range(LANES):
        at = ints[_FREE, lane]
        if at >= 0:
            for axis in range(3):
                facing[3 * at + axis] = s[_FLAT + axis, lane]


@nb.njit(error_model="numpy")
def _write(block: F32, lines: int, first: int, beams: int, out: Out) -> None:
    """Write what so many packets of sixteen columns hit; ``first``: the first ray of them."""
    length, cosine, rate, material, semantic, instance, triangle = out
    rated, named = rate.size > 0, triangle.size > 0
    if lines == LANES:
        put_turned(length, first, beams, block, _LENGTH)
        put_turned(cosine, first, beams, block, _COSINE)
        put_turned(material, first, beams, block, _MATERIAL)
        put_turned(semantic, first, beams, block, _SEMANTIC)
        put_turned(instance, first, beams, block, _INSTANCE)
        if rated:
            put_turned(rate, first, beams, block, _RATE)
        if named:
            put_turned(triangle, first, beams, block, _TRIANGLE)
        return
    ints = block.view(np.int32)
    for lane in range(LANES):
        column, ring = divmod(first + lane * beams, beams)
        for line in range(lines):
            length[column, ring + line] = block[_LENGTH + line, lane]
            cosine[column, ring + line] = block[_COSINE + line, lane]
            material[column, ring + line] = ints[_MATERIAL + line, lane]
            semantic[column, ring + line] = ints[_SEMANTIC + line, lane]
            instance[column, ring + line] = ints[_INSTANCE + line, lane]
            if rated:
                rate[column, ring + line] = block[_RATE + line, lane]
            if named:
                triangle[column, ring + line] = ints[_TRIANGLE + line, lane]
