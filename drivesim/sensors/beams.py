"""Tracing the beams of lidar and radar: coherent packets of neighbouring rays, each at its own time, into path arrays.

Rays are arranged in columns (firing together, from one place) and rows: a lidar's revolution or a radar's fan.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

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
from drivesim.scene.hits import hit_velocity, instance_quaternion, rotated
from drivesim.scene.raycast import EVERYONE, RayScene, RayTables

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

TINY = np.float32(1e-30)

TILE_COLUMNS = 4
TILE_ROWS = LANES // TILE_COLUMNS
"""A packet is a tile of columns by rows: rays that stay together."""


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
        shape = (columns, beams)
        return BeamHits(
            length=np.full(shape, np.inf, dtype=np.float32),
            cosine=np.zeros(shape, dtype=np.float32),
            rate=np.zeros(shape, dtype=np.float32),
            material=np.zeros(shape, dtype=np.uint8),
            semantic=np.zeros(shape, dtype=np.uint8),
            instance=np.zeros(shape, dtype=np.int32),
            triangle=np.full(shape, -1, dtype=np.int32),
        )

    def part(self, columns: slice) -> BeamHits:
        """Views of some columns."""
        return BeamHits(*(getattr(self, name.name)[columns] for name in fields(self)))


def trace_columns(
    rays: RayScene, origin: F64, rotation: F64, velocity: F64, time: F64, direction: F32, limit: float, hits: BeamHits
) -> None:
    """Trace K columns of B rays from a moving sensor; the ego's own body is not in the way.

    Args:
        origin: (K, 3) sensor position in the world, m; rotation: (K, 3, 3) ``world_from_sensor``;
        velocity: (K, 3) of the sensor, world frame, m/s.
        time: (K, B) ray time, clipped to 0..1; direction: (K, B, 3) unit vectors in the sensor frame.
        limit: farthest distance traced, m.
        hits: (K, B) arrays, written where something was hit.
    """
    _trace(
        rays.tables,
        (origin - rays.origin).astype(np.float32),
        np.ascontiguousarray(rotation, dtype=np.float32),
        velocity.astype(np.float32),
        np.clip(time, 0.0, 1.0).astype(np.float32),
        direction,
        limit,
        hits.length,
        hits.cosine,
        hits.rate,
        hits.material,
        hits.semantic,
        hits.instance,
        hits.triangle,
    )


@nb.njit(parallel=True, nogil=True, fastmath=True, cache=True)
def _trace(
    tables: RayTables,
    origin: F32,
    rotation: F32,
    velocity: F32,
    time: F32,
    direction: F32,
    limit: float,
    length: F32,
    cosine: F32,
    rate: F32,
    material: NDArray[np.uint8],
    semantic: NDArray[np.uint8],
    instance: NDArray[np.int32],
    triangle: NDArray[np.int32],
) -> None:
    columns, beams = time.shape
    normals = tables.normals
    tiles_up = (beams + TILE_ROWS - 1) // TILE_ROWS
    tiles_round = (columns + TILE_COLUMNS - 1) // TILE_COLUMNS
    for group in nb.prange(tiles_round):
        packet = new_packets(1)[0]
        ints = packet.view(np.int32)
        valid = new_valid()
        for up in range(tiles_up):
            for lane in range(LANES):
                column = group * TILE_COLUMNS + lane % TILE_COLUMNS
                ring = up * TILE_ROWS + lane // TILE_COLUMNS
                inside = column < columns and ring < beams
                valid[lane] = -1 if inside else 0
                if not inside:
                    continue
                x, y, z = direction[column, ring, 0], direction[column, ring, 1], direction[column, ring, 2]
                for axis in range(3):
                    packet[ORG_X + axis, lane] = origin[column, axis]
                    packet[DIR_X + axis, lane] = (
                        rotation[column, axis, 0] * x + rotation[column, axis, 1] * y + rotation[column, axis, 2] * z
                    )
                packet[T_NEAR, lane] = 0.0
                packet[T_FAR, lane] = limit
                packet[TIME, lane] = time[column, ring]
                ints[MASK, lane] = EVERYONE
                ints[GEOM_ID, lane] = NO_HIT
            intersect16(tables.handles, valid, packet, True)
            for lane in range(LANES):
                if valid[lane] == 0 or ints[GEOM_ID, lane] == NO_HIT:
                    continue
                column = group * TILE_COLUMNS + lane % TILE_COLUMNS
                ring = up * TILE_ROWS + lane // TILE_COLUMNS
                dx, dy, dz = packet[DIR_X, lane], packet[DIR_X + 1, lane], packet[DIR_X + 2, lane]
                # Tables are read element by element here: handing them to a function, or slicing them, counts
                # references on every array for every ray, on all threads at once, and takes longer than tracing.
                part = ints[INST_ID, lane]
                row = tables.tri_base[part] + ints[PRIM_ID, lane]
                i, j, k = tables.triangles[row, 0], tables.triangles[row, 1], tables.triangles[row, 2]
                u, v = packet[HIT_U, lane], packet[HIT_V, lane]
                w = np.float32(1.0) - u - v
                nx = w * normals[i, 0] + u * normals[j, 0] + v * normals[k, 0]
                ny = w * normals[i, 1] + u * normals[j, 1] + v * normals[k, 1]
                nz = w * normals[i, 2] + u * normals[j, 2] + v * normals[k, 2]
                vx, vy, vz = -velocity[column, 0], -velocity[column, 1], -velocity[column, 2]
                if tables.inst_moving[part]:
                    nx, ny, nz = rotated(instance_quaternion(tables, part, packet[TIME, lane]), nx, ny, nz)
                    sx, sy, sz = hit_velocity(tables, packet, ints, lane, row)
                    vx, vy, vz = vx + sx, vy + sy, vz + sz
                facing = abs(nx * dx + ny * dy + nz * dz) / np.sqrt(max(nx * nx + ny * ny + nz * nz, TINY))
                length[column, ring] = packet[T_FAR, lane]
                cosine[column, ring] = min(np.float32(1.0), facing)
                rate[column, ring] = vx * dx + vy * dy + vz * dz
                material[column, ring] = tables.material[row]
                semantic[column, ring] = tables.semantic[row]
                own = tables.instance[row]
                instance[column, ring] = own if own > 0 else tables.inst_actor[part]
                triangle[column, ring] = row
