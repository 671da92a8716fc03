"""Trace any rays, one call: for sensors without a kernel of their own, for labels and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    T_FAR,
    T_NEAR,
    TIME,
    intersect16,
    new_packets,
    new_valid,
    occluded16,
)
from drivesim.scene.hits import geometric_normal, hit_instance, hit_triangle, hit_velocity
from drivesim.scene.raycast import ALL, RayScene, RayTables

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Nearest hits of N rays.

    Attributes:
        distance: (N,) float32, in lengths of the ray's direction; inf where nothing was hit.
        triangle: (N,) int64, row in the triangle tables, -1 for none.
        part: (N,) int32, handle of the part, -1 for none.
        instance: (N,) int32, instance id for labels, 0 for none.
        barycentric: (N, 2) float32.
        normal: (N, 3) float32, unit geometric normal towards the ray's origin, world axes.
        velocity: (N, 3) float32, of the surface, world axes, m/s.
    """

    distance: F32
    triangle: NDArray[np.int64]
    part: NDArray[np.int32]
    instance: NDArray[np.int32]
    barycentric: F32
    normal: F32
    velocity: F32


def nearest(
    rays: RayScene,
    origins: ArrayLike,
    directions: ArrayLike,
    times: ArrayLike = 0.0,
    *,
    mask: int = ALL,
    limit: float = np.inf,
) -> Hits:
    """What rays hit first.

    Args:
        origins, directions: (N, 3) or one (3,); relative to ``rays.origin``, world axes.
        times: (N,) or one number, ray time 0..1.
        mask: ``EVERYONE`` to look past the ego's own body, or ``ALL``.
        limit: farthest distance, in lengths of the direction.
    """
    org, direction, time = _arrays(origins, directions, times)
    count = len(org)
    hits = Hits(
        distance=np.full(count, np.inf, dtype=np.float32),
        triangle=np.full(count, -1, dtype=np.int64),
        part=np.full(count, -1, dtype=np.int32),
        instance=np.zeros(count, dtype=np.int32),
        barycentric=np.zeros((count, 2), dtype=np.float32),
        normal=np.zeros((count, 3), dtype=np.float32),
        velocity=np.zeros((count, 3), dtype=np.float32),
    )
    if count:  # starting all threads for nothing takes milliseconds
        _nearest(
            rays.tables,
            org,
            direction,
            time,
            mask,
            np.float32(limit),
            hits.distance,
            hits.triangle,
            hits.part,
            hits.instance,
            hits.barycentric,
            hits.normal,
            hits.velocity,
        )
    return hits


def occluded(
    rays: RayScene,
    origins: ArrayLike,
    directions: ArrayLike,
    times: ArrayLike = 0.0,
    *,
    mask: int = ALL,
    limit: float = np.inf,
) -> NDArray[np.bool_]:
    """Whether anything is in the way of each ray, (N,); arguments as for :func:`nearest`."""
    org, direction, time = _arrays(origins, directions, times)
    blocked = np.zeros(len(org), dtype=np.bool_)
    if len(org):
        _occluded(rays.tables, org, direction, time, mask, np.float32(limit), blocked)
    return blocked


def _arrays(origins: ArrayLike, directions: ArrayLike, times: ArrayLike) -> tuple[F32, F32, F32]:
    org, direction = np.broadcast_arrays(
        np.asarray(origins, dtype=np.float32), np.asarray(directions, dtype=np.float32)
    )
    org, direction = (np.ascontiguousarray(values.reshape(-1, 3)) for values in (org, direction))
    time = np.ascontiguousarray(np.broadcast_to(np.asarray(times, dtype=np.float32), len(org)))
    return org, direction, time


@nb.njit(cache=True)
def _fill(
    packet: F32, valid: NDArray[np.int32], start: int, org: F32, direction: F32, time: F32, mask: int, limit: Any
) -> int:
    """Load rays from ``start`` on into a packet; returns how many."""
    ints = packet.view(np.int32)
    count = min(LANES, len(org) - start)
    for lane in range(LANES):
        valid[lane] = -1 if lane < count else 0
        ray = start + min(lane, count - 1)
        for axis in range(3):
            packet[ORG_X + axis, lane] = org[ray, axis]
            packet[DIR_X + axis, lane] = direction[ray, axis]
        packet[T_NEAR, lane] = 0.0
        packet[T_FAR, lane] = limit
        packet[TIME, lane] = time[ray]
        ints[MASK, lane] = mask
        ints[GEOM_ID, lane] = NO_HIT
    return count


@nb.njit(parallel=True, nogil=True, cache=True)
def _nearest(
    tables: RayTables,
    org: F32,
    direction: F32,
    time: F32,
    mask: int,
    limit: Any,
    distance: F32,
    triangle: NDArray[np.int64],
    part: NDArray[np.int32],
    instance: NDArray[np.int32],
    barycentric: F32,
    normal: F32,
    velocity: F32,
) -> None:
    for block in nb.prange((len(org) + LANES - 1) // LANES):
        packet = new_packets(1)[0]
        ints = packet.view(np.int32)
        valid = new_valid()
        start = block * LANES
        count = _fill(packet, valid, start, org, direction, time, mask, limit)
        intersect16(tables.handles, valid, packet, False)
        for lane in range(count):
            if ints[GEOM_ID, lane] == NO_HIT:
                continue
            ray = start + lane
            row = hit_triangle(tables, ints, lane)
            distance[ray] = packet[T_FAR, lane]
            triangle[ray] = row
            part[ray] = ints[INST_ID, lane]
            instance[ray] = hit_instance(tables, ints, lane, row)
            barycentric[ray, 0] = packet[HIT_U, lane]
            barycentric[ray, 1] = packet[HIT_V, lane]
            normal[ray] = geometric_normal(tables, packet, ints, lane)
            velocity[ray] = hit_velocity(tables, packet, ints, lane, row)


@nb.njit(parallel=True, nogil=True, cache=True)
def _occluded(
    tables: RayTables,
    org: F32,
    direction: F32,
    time: F32,
    mask: int,
    limit: Any,
    blocked: NDArray[np.bool_],
) -> None:
    for block in nb.prange((len(org) + LANES - 1) // LANES):
        packet = new_packets(1)[0]
        valid = new_valid()
        start = block * LANES
        count = _fill(packet, valid, start, org, direction, time, mask, limit)
        occluded16(tables.handles, valid, packet, False)
        for lane in range(count):
            blocked[start + lane] = packet[T_FAR, lane] < 0.0
