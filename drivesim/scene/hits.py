"""Attributes of ray hits, for kernels: normals, velocity and labels in world axes at the ray's own time.

All functions take the tables of a :class:`~drivesim.scene.raycast.RayScene`, one traced packet (ROWS, 16) as float32
and int32 views of the same memory, and a lane that hit something. Vectors are returned as tuples of floats.

Only whole kernels are cached on disk: Numba does not notice that a helper of a cached function changed in another file,
so clear ``__pycache__`` after editing this one.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import (
    DIR_X,
    HIT_U,
    HIT_V,
    INST_ID,
    NG_X,
    ORG_X,
    PRIM_ID,
    T_FAR,
    TIME,
)
from drivesim.scene.raycast import RayTables

Float = Any
"""A float32 inside kernels."""

Vector = tuple[Float, Float, Float]
Packet = NDArray[np.float32]
PacketInts = NDArray[np.int32]

ONE = np.float32(1.0)
TWO = np.float32(2.0)


@nb.njit(error_model="numpy")
def quaternion_at(quaternions: NDArray[np.float32], spins: NDArray[np.float32], instance: int, time: Float) -> Any:
    """``world_from_part`` rotation of an instance at ray time ``time``, (w, x, y, z), spin included; takes the columns
    of the tables that it needs (a whole bundle of arrays costs a reference count each, per ray)."""
    w0, x0, y0, z0 = (
        quaternions[instance, 0, 0], quaternions[instance, 0, 1],
        quaternions[instance, 0, 2], quaternions[instance, 0, 3],
    )  # fmt: skip
    w1, x1, y1, z1 = (
        quaternions[instance, 1, 0], quaternions[instance, 1, 1],
        quaternions[instance, 1, 2], quaternions[instance, 1, 3],
    )  # fmt: skip
    dot = w0 * w1 + x0 * x1 + y0 * y1 + z0 * z1
    a, b = ONE - time, time
    if dot < np.float32(0.9995):
        angle = math.acos(dot)
        scale = ONE / math.sin(angle)
        a, b = math.sin(a * angle) * scale, math.sin(b * angle) * scale
    w, x, y, z = a * w0 + b * w1, a * x0 + b * x1, a * y0 + b * y1, a * z0 + b * z1
    scale = ONE / math.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w * scale, x * scale, y * scale, z * scale
    s0, s1 = spins[instance, 0], spins[instance, 1]
    if s0 != np.float32(0.0) or s1 != np.float32(0.0):
        half = np.float32(0.5) * (s0 + (s1 - s0) * time)
        c, s = math.cos(half), math.sin(half)
        w, x, y, z = w * c - y * s, x * c - z * s, y * c + w * s, z * c + x * s
    return w, x, y, z


@nb.njit
def instance_quaternion(tables: RayTables, instance: int, time: Float) -> Any:
    """:func:`quaternion_at` of whole tables."""
    return quaternion_at(tables.inst_quaternion, tables.inst_spin, instance, time)


@nb.njit
def rotated(q: tuple[Float, Float, Float, Float], x: Float, y: Float, z: Float) -> Vector:
    """A vector turned by a unit quaternion."""
    w, a, b, c = q
    tx, ty, tz = TWO * (b * z - c * y), TWO * (c * x - a * z), TWO * (a * y - b * x)
    return x + w * tx + b * tz - c * ty, y + w * ty + c * tx - a * tz, z + w * tz + a * ty - b * tx


@nb.njit
def instance_rotations(tables: RayTables, time: Float) -> NDArray[np.float32]:
    """(I, 3, 3) float32, world_from_part of all instances that have a transform, at a ray time."""
    quaternions, spins, moving = tables.inst_quaternion, tables.inst_spin, tables.inst_moving
    rotations = np.empty((len(moving), 3, 3), dtype=np.float32)
    for instance in range(len(moving)):
        if moving[instance] == 0:
            continue
        q = quaternion_at(quaternions, spins, instance, min(max(time, np.float32(0.0)), ONE))
        for axis in range(3):
            x, y, z = np.float32(axis == 0), np.float32(axis == 1), np.float32(axis == 2)
            column = rotated(q, x, y, z)
            for row in range(3):
                rotations[instance, row, axis] = column[row]
    return rotations


@nb.njit
def unit(x: Float, y: Float, z: Float) -> Vector:
    """A vector of length one; zero stays zero."""
    scale = ONE / math.sqrt(max(x * x + y * y + z * z, np.float32(1e-30)))
    return x * scale, y * scale, z * scale


@nb.njit
def hit_triangle(tables: RayTables, ints: PacketInts, lane: int) -> int:
    """Row of the hit in the triangle tables (material, semantic, albedo, instance)."""
    return tables.tri_base[ints[INST_ID, lane]] + ints[PRIM_ID, lane]


@nb.njit
def hit_instance(tables: RayTables, ints: PacketInts, lane: int, triangle: int) -> int:
    """Instance id of the hit: the triangle's own, else that of the actor; 0 for none."""
    own = tables.instance[triangle]
    return own if own > 0 else tables.inst_actor[ints[INST_ID, lane]]


@nb.njit
def hit_point(packet: Packet, lane: int) -> Vector:
    """Position of the hit relative to the scene's origin, m."""
    t = packet[T_FAR, lane]
    return (
        packet[ORG_X, lane] + t * packet[DIR_X, lane],
        packet[ORG_X + 1, lane] + t * packet[DIR_X + 1, lane],
        packet[ORG_X + 2, lane] + t * packet[DIR_X + 2, lane],
    )


@nb.njit
def interpolated(values: NDArray[np.float32], corners: NDArray[np.int32], u: Float, v: Float) -> Vector:
    """Vertex ``values`` (V, 3) at barycentric u, v of the triangle with vertex rows ``corners`` (3,)."""
    i, j, k = corners[0], corners[1], corners[2]
    w = ONE - u - v
    return (
        w * values[i, 0] + u * values[j, 0] + v * values[k, 0],
        w * values[i, 1] + u * values[j, 1] + v * values[k, 1],
        w * values[i, 2] + u * values[j, 2] + v * values[k, 2],
    )


@nb.njit
def geometric_normal(tables: RayTables, packet: Packet, ints: PacketInts, lane: int) -> Vector:
    """Unit normal of the flat triangle, world axes, turned towards the ray's origin."""
    x, y, z = unit(packet[NG_X, lane], packet[NG_X + 1, lane], packet[NG_X + 2, lane])
    instance = ints[INST_ID, lane]
    if tables.inst_moving[instance]:
        x, y, z = rotated(instance_quaternion(tables, instance, packet[TIME, lane]), x, y, z)
    if x * packet[DIR_X, lane] + y * packet[DIR_X + 1, lane] + z * packet[DIR_X + 2, lane] > 0.0:
        return -x, -y, -z
    return x, y, z


@nb.njit
def hit_velocity(tables: RayTables, packet: Packet, ints: PacketInts, lane: int, triangle: int) -> Vector:
    """Velocity of the surface at the hit, world axes, m/s: v + omega x r plus the body's own deformation."""
    instance = ints[INST_ID, lane]
    if not tables.inst_moving[instance]:
        return np.float32(0.0), np.float32(0.0), np.float32(0.0)
    time = packet[TIME, lane]
    px, py, pz = hit_point(packet, lane)
    start, end = tables.inst_translation[instance, 0], tables.inst_translation[instance, 1]
    rx = px - (start[0] + (end[0] - start[0]) * time)
    ry = py - (start[1] + (end[1] - start[1]) * time)
    rz = pz - (start[2] + (end[2] - start[2]) * time)
    v, o = tables.inst_velocity[instance], tables.inst_omega[instance]
    dx, dy, dz = interpolated(
        tables.vertex_velocity, tables.triangles[triangle], packet[HIT_U, lane], packet[HIT_V, lane]
    )
    if dx != 0.0 or dy != 0.0 or dz != 0.0:
        dx, dy, dz = rotated(instance_quaternion(tables, instance, time), dx, dy, dz)
    return v[0] + o[1] * rz - o[2] * ry + dx, v[1] + o[2] * rx - o[0] * rz + dy, v[2] + o[0] * ry - o[1] * rx + dz
