"""What a beam meets after glass or a mirror: rays that go on, with the share of energy that comes back along them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MATERIALS, MaterialId
from drivesim.scene.embree import (
    DIR_X,
    GEOM_ID,
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
from drivesim.scene.lane_hits import off_axis, quaternions_at
from drivesim.scene.lane_memory import fetch, fetch4, put, row, same, whole_row
from drivesim.scene.lanes import absolute, any_of, highest, inlined, lowest, spread, sqrt, where
from drivesim.scene.raycast import EVERYONE, RayScene, RayTables
from drivesim.sensors.beam_packets import Columns
from drivesim.sensors.beams import BeamHits

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
First = tuple[F32, U8, F32]
Out = tuple[F32, F32, F32, U8, U8, I32]

_FACE = 0.04
"""Reflection of one face of glass at normal incidence (n = 1.5); a pane has two."""
_METAL = 0.6
"""Reflection of polished metal at 905 nm."""

_THROUGH = np.zeros(len(MATERIALS), dtype=np.float32)
_THROUGH[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS]] = (1.0 - 2.0 * _FACE) ** 2
_MIRRORED = np.zeros(len(MATERIALS), dtype=np.float32)
_MIRRORED[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS]] = (2.0 * _FACE) ** 2
_MIRRORED[MaterialId.CHROME] = _METAL**2

SENDING_ON = (_THROUGH + _MIRRORED > 0.0).astype(np.uint8)
"""(M,) 1 for materials that beams go on from."""

_PANES = 3
"""More panes than this after the first are opaque."""
_OFF: Any = np.float32(2e-3)
"""Rays go on this far from the surface, m."""

_SPAN = 32
"""Columns whose rays are followed together, row by row: those of a row stay together longer than those of a column."""

# Scratch memory: what rays meet, and room to turn normals.
_COSINE, _MATERIAL, _SEMANTIC, _INSTANCE, _FREE = range(5)

ZERO: Any = np.float32(0.0)
ONE: Any = np.float32(1.0)
TWO: Any = np.float32(2.0)
TINY: Any = np.float32(1e-30)


@dataclass(frozen=True, slots=True, eq=False)
class Onward:
    """Paths of two bounces; M places for them, of which those with a share of nothing are empty.

    Attributes:
        ray: (M,) int64, column * rays + ray of the first leg, ascending; length: (M,) float32, both legs, m;
        share: (M,) float32, of the energy, there and back; cosine: (M,) float32; material, semantic: (M,) uint8;
        instance: (M,) int32, of what was hit.
    """

    ray: NDArray[np.int64]
    length: F32
    share: F32
    cosine: F32
    material: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    instance: NDArray[np.int32]

    @staticmethod
    def none() -> Onward:
        """No path at all."""
        real, byte = np.empty(0, dtype=np.float32), np.empty(0, dtype=np.uint8)
        return Onward(np.empty(0, dtype=np.int64), real, real, real, byte, byte, np.empty(0, dtype=np.int32))


def onward(
    rays: RayScene, sensor: Columns, direction: F32, hits: BeamHits, facing: F32, limit: float, reach: float
) -> Onward:
    """Follow the rays of K columns that hit glass or polished metal, straight on and mirrored; arguments as for
    :func:`~drivesim.sensors.beams.trace_columns`.

    Args:
        facing: (K, B, 3) normals of what is :data:`SENDING_ON`, unit vectors, world axes.
        reach: range of a white target at the detection threshold, m: what leaves too little for it is not followed.
    """
    start = np.zeros(len(hits.material) + 1, dtype=np.int64)
    _count(hits.material, start)
    count = 2 * int(start[-1])
    legs = Onward(
        ray=np.empty(count, dtype=np.int64),
        length=np.empty(count, dtype=np.float32),
        share=np.zeros(count, dtype=np.float32),
        cosine=np.empty(count, dtype=np.float32),
        material=np.empty(count, dtype=np.uint8),
        semantic=np.empty(count, dtype=np.uint8),
        instance=np.empty(count, dtype=np.int32),
    )
    if not count:
        return legs
    out = legs.length, legs.share, legs.cosine, legs.material, legs.semantic, legs.instance
    first = hits.length, hits.material, facing
    _follow(rays.tables, start, sensor, direction, first, np.float32(limit), np.float32(reach), legs.ray, out)
    return legs


@nb.njit(nogil=True, cache=True)
def _count(material: U8, start: I64) -> None:
    """How many rays of all columns before each go on, (K + 1,), written."""
    for column in range(len(material)):
        count = 0
        for ray in range(material.shape[1]):
            count += SENDING_ON[material[column, ray]]
        start[column + 1] = start[column] + count


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _follow(
    tables: RayTables, start: I64, sensor: Columns, direction: F32, first: First, limit: Any, reach: Any, ray: I64,
    out: Out,
) -> None:  # fmt: skip
    """Both ways of every ray, one after the other: what is seen through, and what is mirrored; a share of nothing where
    there is none.

    Args:
        start: of :func:`_count`; first: length, material and normal of the first legs.
        ray: (M,) which each is; out: the other fields of :class:`Onward`; written.
    """
    for group in nb.prange((len(start) + _SPAN - 2) // _SPAN):
        _group(tables, start, group, sensor, direction, first, limit, reach, ray, out)


@nb.njit(error_model="numpy")
def _group(
    tables: RayTables, start: I64, group: int, sensor: Columns, direction: F32, first: First, limit: Any, reach: Any,
    ray: I64, out: Out,
) -> None:  # fmt: skip
    """All rays of some columns: those that go straight on, pane after pane, then those that are mirrored."""
    handles, tri_base, inst_actor, inst_moving = tables.handles, tables.tri_base, tables.inst_actor, tables.inst_moving
    quaternions, spins, look = tables.inst_quaternion, tables.inst_spin, tables.look
    length, material, facing = first
    origin, rotation, _, time, lag = sensor  # apart: a bundle for every lane would count references
    todo = _in_rows(material, start, group, ray)
    memory = new_packets(2)
    packet, s = memory[0], memory[1]
    met = s.view(np.int32)
    put(packet, MASK, spread(EVERYONE))
    valid = new_valid()
    going = np.empty_like(todo)
    near, left = np.empty(len(todo), dtype=np.float32), np.empty(len(todo), dtype=np.float32)
    for mirrored in (False, True):
        count: Any = 0
        for which in range(len(todo)):
            at, column, b = todo[which, 0], todo[which, 1], todo[which, 2]
            t, kind = length[column, b], material[column, b]
            share = _MIRRORED[kind] if mirrored else _THROUGH[kind]
            if share > ZERO and t < reach * np.sqrt(share):
                going[count, 0], going[count, 1], going[count, 2] = 2 * at + mirrored, column, b
                near[count], left[count] = t, share
                count += 1
        for leg in range(1 if mirrored else _PANES + 1):
            further: Any = 0
            for one in range(0, count, LANES):
                for lane in range(LANES):
                    valid[lane] = -1 if one + lane < count else 0
                    which = min(one + lane, count - 1)
                    column, b, t = going[which, 1], going[which, 2], near[which]
                    _aim(packet, lane, column, b, origin, rotation, time, lag, direction, t, facing, mirrored)
                for axis in range(3):
                    put(packet, DIR_X + axis, off_axis(row(packet, DIR_X + axis)))
                put(packet, T_FAR, spread(limit))
                put(packet, GEOM_ID, spread(NO_HIT))
                intersect16(handles, valid, packet, leg == 0)
                _meet(packet, valid, s, tri_base, inst_actor, inst_moving, quaternions, spins, look)
                for lane in range(min(LANES, count - one)):
                    kind, t, which = met[_MATERIAL, lane], packet[T_FAR, lane], one + lane
                    if kind >= 0 and leg < _PANES and not mirrored and _THROUGH[kind] > ZERO:
                        for part in range(3):
                            going[further, part] = going[which, part]
                        near[further], left[further] = t, left[which] * _THROUGH[kind]
                        further += 1
                    elif kind >= 0:
                        _arrive(going[which, 0], t + near[which] if mirrored else t, left[which], s, met, lane, out)
            count = further


@nb.njit(error_model="numpy")
def _in_rows(material: U8, start: I64, group: int, ray: I64) -> I64:
    """The rays of these columns that go on, row by row: their number among all that do, column and row, (N, 3); writes
    the ``ray`` of each."""
    first, last = group * _SPAN, min((group + 1) * _SPAN, len(material))
    todo = np.empty((start[last] - start[first], 3), dtype=np.int64)
    after = start[first:last].copy()
    count, beams = 0, material.shape[1]
    for b in range(beams):
        for column in range(first, last):
            if SENDING_ON[material[column, b]] != 0:
                at = after[column - first]
                after[column - first] += 1
                ray[2 * at] = ray[2 * at + 1] = column * beams + b
                todo[count, 0], todo[count, 1], todo[count, 2] = at, column, b
                count += 1
    return todo


@inlined
def _aim(
    packet: F32, lane: int, column: int, b: int, origin: F32, rotation: F32, time: F32, lag: F32, direction: F32,
    t: Any, facing: F32, mirrored: bool,
) -> None:  # fmt: skip
    """Make one lane ready: a ray that goes on ``t`` metres away, straight on or mirrored."""
    x, y, z = direction[column, b, 0], direction[column, b, 1], direction[column, b, 2]
    along = ZERO
    for axis in range(3):
        ahead = rotation[column, axis, 0] * x + rotation[column, axis, 1] * y + rotation[column, axis, 2] * z
        packet[ORG_X + axis, lane], packet[DIR_X + axis, lane] = origin[column, axis], ahead
        if mirrored:
            along += facing[column, b, axis] * ahead
    packet[T_NEAR, lane] = t + _OFF
    if mirrored:
        packet[T_NEAR, lane] = ZERO
        for axis in range(3):
            normal, ahead = facing[column, b, axis], packet[DIR_X + axis, lane]
            packet[ORG_X + axis, lane] = origin[column, axis] + t * ahead + _OFF * normal
            packet[DIR_X + axis, lane] = ahead - TWO * along * normal
    packet[TIME, lane] = min(max(time[column] + lag[b], ZERO), ONE)


@inlined
def _meet(
    packet: F32, valid: I32, s: F32, tri_base: I64, inst_actor: I32, inst_moving: U8, quaternions: F32, spins: F32,
    look: NDArray[np.uint32],
) -> None:  # fmt: skip
    """What a packet's rays meet, into scratch memory; a material of -1 for nothing."""
    hit = (whole_row(valid, 0) != 0) & (whole_row(packet, GEOM_ID) != NO_HIT)
    part = where(hit, whole_row(packet, INST_ID), 0)
    together = same(part)
    of = where(hit, fetch(tri_base, part, together) + whole_row(packet, PRIM_ID), 0)
    _, surface, own, _ = fetch4(look, of, same(of))
    nx, ny, nz = row(packet, NG_X), row(packet, NG_X + 1), row(packet, NG_X + 2)
    moves = hit & (fetch(inst_moving, part, together) != 0)
    if any_of(moves):
        q = quaternions_at(quaternions, spins, part, together, row(packet, TIME), moves, s, _FREE)
        ax, ay, az = rotated(q, nx, ny, nz)
        nx, ny, nz = where(moves, ax, nx), where(moves, ay, ny), where(moves, az, nz)
    along = nx * row(packet, DIR_X) + ny * row(packet, DIR_X + 1) + nz * row(packet, DIR_X + 2)
    scale = ONE / sqrt(highest(nx * nx + ny * ny + nz * nz, TINY))
    put(s, _COSINE, lowest(ONE, absolute(along * scale)))
    put(s, _MATERIAL, where(hit, (surface >> 16) & 255, -1))
    put(s, _SEMANTIC, surface >> 24)
    put(s, _INSTANCE, where(own > 0, own, fetch(inst_actor, part, together)))


@inlined
def _arrive(at: int, far: Any, left: Any, s: F32, met: I32, lane: int, out: Out) -> None:
    """Write one path."""
    length, share, cosine, material, semantic, instance = out
    length[at], share[at], cosine[at] = far, left, s[_COSINE, lane]
    material[at], semantic[at], instance[at] = met[_MATERIAL, lane], met[_SEMANTIC, lane], met[_INSTANCE, lane]
