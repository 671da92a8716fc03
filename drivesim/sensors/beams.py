"""Tracing the beams of lidar and radar: coherent packets of neighbouring rays, each at its own time, into path arrays.

Rays are arranged in columns (firing together, from one place) and rows: a lidar's revolution or a radar's fan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

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
from drivesim.scene.hits import quaternion_at, rotated
from drivesim.scene.raycast import EVERYONE, RayScene, RayTables

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

ZERO: Any = np.float32(0.0)
ONE: Any = np.float32(1.0)
TINY: Any = np.float32(1e-30)


@dataclass(frozen=True, slots=True, eq=False)
class BeamHits:
    """What C columns of B rays hit.

    Attributes:
        length: (C, B) float32, m, inf where nothing was hit; cosine: (C, B) float32, of incidence;
        rate: (C, B) float32, rate of change of length, m/s; material, semantic: (C, B) uint8; instance: (C, B) int32;
        triangle: (C, B) int32, row in the scene's triangle tables, -1 for none.
    """

    length: F32
    cosine: F32
    rate: F32
    material: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    instance: NDArray[np.int32]
    triangle: NDArray[np.int32]

    @staticmethod
    def empty(columns: int, beams: int) -> BeamHits:
        """Room for hits; :func:`trace_columns` writes every ray, those that hit nothing too."""
        shape = (columns, beams)
        return BeamHits(
            length=np.empty(shape, dtype=np.float32),
            cosine=np.empty(shape, dtype=np.float32),
            rate=np.empty(shape, dtype=np.float32),
            material=np.empty(shape, dtype=np.uint8),
            semantic=np.empty(shape, dtype=np.uint8),
            instance=np.empty(shape, dtype=np.int32),
            triangle=np.empty(shape, dtype=np.int32),
        )

    def forget(self) -> None:
        """No ray has hit anything."""
        self.length[...], self.triangle[...] = np.inf, -1
        for values in (self.cosine, self.rate, self.material, self.semantic, self.instance):
            values[...] = 0

    def put(self, rays: NDArray[np.intp], hits: BeamHits) -> None:
        """Write what some rays hit, by their numbers (column times B plus row)."""
        for name in fields(self):
            getattr(self, name.name).reshape(-1)[rays] = getattr(hits, name.name).reshape(-1)

    def part(self, columns: slice) -> BeamHits:
        """Views of some columns."""
        return BeamHits(*(getattr(self, name.name)[columns] for name in fields(self)))


def trace_columns(
    rays: RayScene,
    origin: F64,
    rotation: F64,
    velocity: F64,
    time: F64,
    lag: F64,
    direction: F32,
    limit: float,
    hits: BeamHits,
) -> None:
    """Trace K columns of B rays from a moving sensor; the ego's own body is not in the way.

    Args:
        origin: (K, 3) sensor position in the world, m; rotation: (K, 3, 3) ``world_from_sensor``;
        velocity: (K, 3) of the sensor, world frame, m/s.
        time: (K,) and lag: (B,), whose sum is each ray's time, clipped to 0..1.
        direction: (K, B, 3) unit vectors in the sensor frame.
        limit: farthest distance traced, m.
        hits: (K, B) arrays, written.
    """
    _trace(
        rays.tables,
        (origin - rays.origin).astype(np.float32),
        np.ascontiguousarray(rotation, dtype=np.float32),
        velocity.astype(np.float32),
        time.astype(np.float32),
        lag.astype(np.float32),
        direction,
        _tile_columns(direction),
        np.float32(limit),
        hits.length,
        hits.cosine,
        hits.rate,
        hits.material,
        hits.semantic,
        hits.instance,
        hits.triangle,
    )


def _tile_columns(direction: F32) -> int:
    """How many columns a packet of rays spans: rays that stay together are traced together. Rows of a coarse lidar are
    so far apart, and look so much alike along themselves, that one row's packet beats a square tile."""
    columns, beams, _ = direction.shape
    if columns < 2 or beams < 2:
        return LANES if columns > beams else 1
    aside = np.linalg.norm(direction[1, 0] - direction[0, 0])
    above = np.linalg.norm(direction[0, 1] - direction[0, 0])
    return LANES if 2.0 * aside < above else LANES // 4


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _trace(
    tables: RayTables,
    origin: F32,
    rotation: F32,
    velocity: F32,
    time: F32,
    lag: F32,
    direction: F32,
    tile_columns: int,
    limit: Any,
    length: F32,
    cosine: F32,
    rate: F32,
    material: NDArray[np.uint8],
    semantic: NDArray[np.uint8],
    instance: NDArray[np.int32],
    triangle: NDArray[np.int32],
) -> None:
    columns, beams = len(time), len(lag)
    handles, tri_base, inst_actor, inst_moving = tables.handles, tables.tri_base, tables.inst_actor, tables.inst_moving
    quaternions, spins, places = tables.inst_quaternion, tables.inst_spin, tables.inst_translation
    speeds, omegas, bends = tables.inst_velocity, tables.inst_omega, tables.vertex_velocity
    triangles, normals, look = tables.triangles, tables.normals, tables.look
    tile_rows = LANES // tile_columns
    tiles_up = (beams + tile_rows - 1) // tile_rows
    tiles_round = (columns + tile_columns - 1) // tile_columns
    for group in nb.prange(tiles_round):
        packet = new_packets(1)[0].reshape(-1)
        ints = packet.view(np.int32)
        valid = new_valid()
        for up in range(tiles_up):
            for lane in range(LANES):
                column, ring = group * tile_columns + lane % tile_columns, up * tile_rows + lane // tile_columns
                valid[lane] = -1 if column < columns and ring < beams else 0
                column, ring = min(column, columns - 1), min(ring, beams - 1)
                x, y, z = direction[column, ring, 0], direction[column, ring, 1], direction[column, ring, 2]
                for axis in range(3):
                    packet[(ORG_X + axis) * LANES + lane] = origin[column, axis]
                    packet[(DIR_X + axis) * LANES + lane] = (
                        rotation[column, axis, 0] * x + rotation[column, axis, 1] * y + rotation[column, axis, 2] * z
                    )
                packet[T_NEAR * LANES + lane] = ZERO
                packet[T_FAR * LANES + lane] = limit
                packet[TIME * LANES + lane] = min(max(time[column] + lag[ring], ZERO), ONE)
                ints[MASK * LANES + lane] = EVERYONE
                ints[GEOM_ID * LANES + lane] = NO_HIT
            intersect16(handles, valid, packet, True)
            for lane in range(LANES):
                if valid[lane] == 0:
                    continue
                column, ring = group * tile_columns + lane % tile_columns, up * tile_rows + lane // tile_columns
                if ints[GEOM_ID * LANES + lane] == NO_HIT:
                    length[column, ring] = np.inf
                    cosine[column, ring], rate[column, ring] = ZERO, ZERO
                    material[column, ring], semantic[column, ring] = 0, 0
                    instance[column, ring], triangle[column, ring] = 0, -1
                    continue
                t, now = packet[T_FAR * LANES + lane], packet[TIME * LANES + lane]
                dx, dy = packet[DIR_X * LANES + lane], packet[(DIR_X + 1) * LANES + lane]
                dz = packet[(DIR_X + 2) * LANES + lane]
                # Tables are read element by element here: handing them to a function, or slicing them, counts
                # references on every array for every ray, on all threads at once, and takes longer than tracing.
                part: Any = np.uint64(ints[INST_ID * LANES + lane])
                row = np.uint64(tri_base[part] + ints[PRIM_ID * LANES + lane])
                moving, flat = inst_moving[part] != 0, look[row, 3] & 1 != 0
                u, v = packet[HIT_U * LANES + lane], packet[HIT_V * LANES + lane]
                w = ONE - u - v
                nx, ny, nz = (
                    packet[NG_X * LANES + lane], packet[(NG_X + 1) * LANES + lane], packet[(NG_X + 2) * LANES + lane],
                )  # fmt: skip
                if moving or not flat:
                    i, j, k = triangles[row, 0], triangles[row, 1], triangles[row, 2]
                    if not flat:
                        nx = w * normals[i, 0] + u * normals[j, 0] + v * normals[k, 0]
                        ny = w * normals[i, 1] + u * normals[j, 1] + v * normals[k, 1]
                        nz = w * normals[i, 2] + u * normals[j, 2] + v * normals[k, 2]
                vx, vy, vz = -velocity[column, 0], -velocity[column, 1], -velocity[column, 2]
                if moving:
                    q = quaternion_at(quaternions, spins, part, now)
                    nx, ny, nz = rotated(q, nx, ny, nz)
                    # Velocity of the surface: v + omega x r, and the body's own deformation.
                    then = ONE - now
                    rx = origin[column, 0] + t * dx - places[part, 0, 0] * then - places[part, 1, 0] * now
                    ry = origin[column, 1] + t * dy - places[part, 0, 1] * then - places[part, 1, 1] * now
                    rz = origin[column, 2] + t * dz - places[part, 0, 2] * then - places[part, 1, 2] * now
                    ox, oy, oz = omegas[part, 0], omegas[part, 1], omegas[part, 2]
                    vx += speeds[part, 0] + oy * rz - oz * ry
                    vy += speeds[part, 1] + oz * rx - ox * rz
                    vz += speeds[part, 2] + ox * ry - oy * rx
                    bx = w * bends[i, 0] + u * bends[j, 0] + v * bends[k, 0]
                    by = w * bends[i, 1] + u * bends[j, 1] + v * bends[k, 1]
                    bz = w * bends[i, 2] + u * bends[j, 2] + v * bends[k, 2]
                    bx, by, bz = rotated(q, bx, by, bz)
                    vx, vy, vz = vx + bx, vy + by, vz + bz
                facing = abs(nx * dx + ny * dy + nz * dz) / math.sqrt(max(nx * nx + ny * ny + nz * nz, TINY))
                own, surface = np.int32(look[row, 2]), look[row, 1]
                length[column, ring] = t
                cosine[column, ring] = min(ONE, facing)
                rate[column, ring] = vx * dx + vy * dy + vz * dz
                material[column, ring] = (surface >> 16) & 255
                semantic[column, ring] = surface >> 24
                instance[column, ring] = own if own > 0 else inst_actor[part]
                triangle[column, ring] = row
