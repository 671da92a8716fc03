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
from drivesim.scene.hits import quaternion_at, rotated
from drivesim.scene.raycast import EVERYONE, RayScene, RayTables
from drivesim.sensors.beams import BeamHits

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_FACE = 0.04
"""Reflection of one face of glass at normal incidence (n = 1.5); a pane has two."""
_METAL = 0.6
"""Reflection of polished metal at 905 nm."""

_THROUGH = np.zeros(len(MATERIALS), dtype=np.float32)
_THROUGH[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS]] = (1.0 - 2.0 * _FACE) ** 2
_MIRRORED = np.zeros(len(MATERIALS), dtype=np.float32)
_MIRRORED[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS]] = (2.0 * _FACE) ** 2
_MIRRORED[MaterialId.CHROME] = _METAL**2

_SENDING_ON = np.flatnonzero(_THROUGH + _MIRRORED).astype(np.uint8)

_PANES = 3
"""More panes than this after the first are opaque."""
_OFF: Any = np.float32(2e-3)
"""Rays go on this far from the surface, m."""

_AGAIN: Any = np.float32(5e-3)
"""The surface that was hit is looked for again this far before and behind its distance, m."""

ZERO: Any = np.float32(0.0)
ONE: Any = np.float32(1.0)
TWO: Any = np.float32(2.0)
TINY: Any = np.float32(1e-30)


@dataclass(frozen=True, slots=True, eq=False)
class Onward:
    """M paths of two bounces.

    Attributes:
        ray: (M,) int64, column * rays + ray of the first leg; length: (M,) float32, both legs, m;
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
    rays: RayScene,
    hits: BeamHits,
    origin: F64,
    rotation: F64,
    direction: F32,
    time: F64,
    lag: F64,
    limit: float,
    reach: float,
) -> Onward:
    """Follow the rays of K columns that hit glass or polished metal, straight on and mirrored; arguments as for
    :func:`~drivesim.sensors.beams.trace_columns`.

    Args:
        reach: range of a white target at the detection threshold, m: what leaves too little for it is not followed.
    """
    met = np.zeros(hits.material.shape, dtype=np.bool_)
    for material in _SENDING_ON:  # comparing bytes takes a twentieth of the time of looking each up
        met |= hits.material == material
    row, column = np.nonzero(met.T)  # beams of one row side by side: they stay together longer than those of a column
    count = len(row)
    ray = column * hits.length.shape[1] + row
    legs = Onward(
        ray=np.concatenate([ray, ray]),
        length=np.empty(2 * count, dtype=np.float32),
        share=np.zeros(2 * count, dtype=np.float32),
        cosine=np.empty(2 * count, dtype=np.float32),
        material=np.empty(2 * count, dtype=np.uint8),
        semantic=np.empty(2 * count, dtype=np.uint8),
        instance=np.empty(2 * count, dtype=np.int32),
    )
    if not count:
        return legs
    _follow(
        rays.tables,
        column,
        row,
        (origin - rays.origin).astype(np.float32),
        np.ascontiguousarray(rotation, dtype=np.float32),
        direction,
        time.astype(np.float32),
        lag.astype(np.float32),
        hits.length,
        hits.material,
        np.float32(limit),
        np.float32(reach),
        legs.length,
        legs.share,
        legs.cosine,
        legs.material,
        legs.semantic,
        legs.instance,
    )
    seen = np.flatnonzero(legs.share)
    return Onward(*(getattr(legs, name)[seen] for name in Onward.__slots__))


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _follow(
    tables: RayTables,
    column: I64,
    row: I64,
    origin: F32,
    rotation: F32,
    direction: F32,
    time: F32,
    lag: F32,
    first: F32,
    met: NDArray[np.uint8],
    limit: Any,
    reach: Any,
    length: F32,
    share: F32,
    cosine: F32,
    material: NDArray[np.uint8],
    semantic: NDArray[np.uint8],
    instance: NDArray[np.int32],
) -> None:
    """Both legs of every ray: rows 0..M of the outputs for what is seen through, M..2M for what is mirrored; a share of
    nothing where there is none.

    Args:
        column, row: (M,) which rays; first, met: (K, B) length and material of their first legs.
        origin, rotation, direction, time, lag: of all, as for the first legs.
    """
    count = len(column)
    handles, tri_base, inst_actor, inst_moving = tables.handles, tables.tri_base, tables.inst_actor, tables.inst_moving
    quaternions, spins, look = tables.inst_quaternion, tables.inst_spin, tables.look
    for block in nb.prange((count + LANES - 1) // LANES):
        packet = new_packets(1)[0].reshape(-1)
        ints = packet.view(np.int32)
        valid = new_valid()
        normal, ahead = np.empty((3, LANES), dtype=np.float32), np.empty((3, LANES), dtype=np.float32)
        passed, mirrored = np.zeros(LANES, dtype=np.float32), np.zeros(LANES, dtype=np.float32)
        before = np.zeros(LANES, dtype=np.float32)
        lanes = min(LANES, count - block * LANES)
        for lane in range(LANES):
            k, b = column[block * LANES + min(lane, lanes - 1)], row[block * LANES + min(lane, lanes - 1)]
            x, y, z = direction[k, b, 0], direction[k, b, 1], direction[k, b, 2]
            for axis in range(3):
                ahead[axis, lane] = rotation[k, axis, 0] * x + rotation[k, axis, 1] * y + rotation[k, axis, 2] * z
                packet[(ORG_X + axis) * LANES + lane] = origin[k, axis]
                packet[(DIR_X + axis) * LANES + lane] = ahead[axis, lane]
            t, kind = first[k, b], met[k, b]
            before[lane] = t
            passed[lane] = _THROUGH[kind] if t < reach * np.sqrt(_THROUGH[kind]) else ZERO
            mirrored[lane] = _MIRRORED[kind] if t < reach * np.sqrt(_MIRRORED[kind]) else ZERO
            valid[lane] = -1 if lane < lanes and mirrored[lane] > ZERO else 0
            packet[T_NEAR * LANES + lane] = max(t - _AGAIN, ZERO)
            packet[T_FAR * LANES + lane] = t + _AGAIN if valid[lane] != 0 else t
            packet[TIME * LANES + lane] = min(max(time[k] + lag[b], ZERO), ONE)
            ints[MASK * LANES + lane] = EVERYONE
            ints[GEOM_ID * LANES + lane] = NO_HIT
        # Legs: 0 finds a mirror again, for its normal; 1.._PANES + 1 go through panes; the last is the mirror image.
        for leg in range(_PANES + 3):
            going = False
            for lane in range(lanes):
                if leg > _PANES + 1:
                    valid[lane] = -1 if mirrored[lane] > ZERO else 0
                    along = (
                        normal[0, lane] * ahead[0, lane]
                        + normal[1, lane] * ahead[1, lane]
                        + normal[2, lane] * ahead[2, lane]
                    )
                    k = column[block * LANES + lane]
                    for axis in range(3):
                        packet[(ORG_X + axis) * LANES + lane] = (
                            origin[k, axis] + before[lane] * ahead[axis, lane] + _OFF * normal[axis, lane]
                        )
                        packet[(DIR_X + axis) * LANES + lane] = ahead[axis, lane] - TWO * along * normal[axis, lane]
                    packet[T_NEAR * LANES + lane] = ZERO
                elif leg > 0:
                    valid[lane] = -1 if passed[lane] > ZERO else 0
                    packet[T_NEAR * LANES + lane] = packet[T_FAR * LANES + lane] + _OFF
                if valid[lane] != 0:
                    going = True
                    if leg > 0:
                        packet[T_FAR * LANES + lane] = limit
                        ints[GEOM_ID * LANES + lane] = NO_HIT
            if not going:
                continue
            intersect16(handles, valid, packet, True)
            for lane in range(lanes):
                if valid[lane] == 0:
                    continue
                if ints[GEOM_ID * LANES + lane] == NO_HIT:
                    if leg == 0:
                        mirrored[lane] = ZERO
                        packet[T_FAR * LANES + lane] = before[lane]
                    else:
                        passed[lane] = ZERO
                    continue
                t = packet[T_FAR * LANES + lane]
                part: Any = np.uint64(ints[INST_ID * LANES + lane])
                hit = np.uint64(tri_base[part] + ints[PRIM_ID * LANES + lane])
                nx, ny, nz = (
                    packet[NG_X * LANES + lane], packet[(NG_X + 1) * LANES + lane], packet[(NG_X + 2) * LANES + lane],
                )  # fmt: skip
                if inst_moving[part] != 0:
                    nx, ny, nz = rotated(
                        quaternion_at(quaternions, spins, part, packet[TIME * LANES + lane]), nx, ny, nz
                    )
                dx, dy = packet[DIR_X * LANES + lane], packet[(DIR_X + 1) * LANES + lane]
                dz = packet[(DIR_X + 2) * LANES + lane]
                along = nx * dx + ny * dy + nz * dz
                scale = (ONE if along < ZERO else -ONE) / np.sqrt(max(nx * nx + ny * ny + nz * nz, TINY))
                if leg == 0:
                    normal[0, lane], normal[1, lane], normal[2, lane] = nx * scale, ny * scale, nz * scale
                    continue
                own, surface = np.int32(look[hit, 2]), look[hit, 1]
                kind = (surface >> 16) & 255
                if leg <= _PANES and _THROUGH[kind] > ZERO:
                    passed[lane] *= _THROUGH[kind]
                    continue
                last = leg > _PANES + 1
                at = block * LANES + lane + (count if last else 0)
                length[at] = t + before[lane] if last else t
                share[at] = mirrored[lane] if last else passed[lane]
                cosine[at] = min(ONE, abs(along * scale))
                material[at], semantic[at] = kind, surface >> 24
                instance[at] = own if own > 0 else inst_actor[part]
                passed[lane] = ZERO
