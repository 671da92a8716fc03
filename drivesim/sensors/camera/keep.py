"""What a picture's rays met before it is shaded, kept for labels beyond depth and classes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from drivesim.scene.embree import HIT_U, LANES, T_FAR
from drivesim.scene.lane_memory import put_tile, row, whole_row
from drivesim.scene.lanes import highest, inlined, sqrt, where
from drivesim.sensors.camera.gaze import AT_ONCE
from drivesim.sensors.camera.packet import (
    BACK,
    COLOUR,
    F32,
    HIT,
    I32,
    INSIDE,
    NORMAL,
    ONE,
    PART,
    POWER,
    REST,
    TARGET,
    TINY,
    TRIANGLE,
    ZERO,
    direction_of,
    put_three,
    three,
)

_NOWHERE: Any = np.float32(np.inf)


class Middles(NamedTuple):
    """What the rays through the middles of P pixels meet first, the ego's own body left out; empty where nobody asked.

    Attributes:
        triangle: (P,) int32, row in the scene's triangle tables, -1 for none.
        part: (P,) int32, handle of the part, of deforming bodies that of their first shot.
        barycentric: (P, 2) float32; distance: (P,) float32, m, inf where nothing was met.
        normal: (P, 3) float32, unit, of the shaded surface, towards the camera, in camera axes of the pixel's row.
        albedo: (P, 3) float32, linear, the surface's own, before texture, lamps and wetness. Both zero for the sky.
    """

    triangle: I32
    part: I32
    barycentric: F32
    distance: F32
    normal: F32
    albedo: F32


def room(pixels: int, *, normal: bool = True, albedo: bool = True, places: bool = True) -> Middles:
    """Memory for what is asked for; ``places``: triangles, parts, barycentric coordinates and distances."""
    found = pixels if places else 0
    return Middles(
        triangle=np.empty(found, dtype=np.int32),
        part=np.empty(found, dtype=np.int32),
        barycentric=np.empty((found, 2), dtype=np.float32),
        distance=np.empty(found, dtype=np.float32),
        normal=np.empty((pixels if normal else 0, 3), dtype=np.float32),
        albedo=np.empty((pixels if albedo else 0, 3), dtype=np.float32),
    )


NOTHING = room(0)
"""What a picture without further labels keeps."""


@inlined
def keep(packet: F32, s: F32, k: I32, first: int, width: int, camera: F32, found: Middles) -> None:
    """Write what a packet of the camera's kernel met, before it is shaded, to where there is room for it; parts as the
    engine numbers them, shot by shot.

    Args:
        packet, s, k: of the kernel; first: upper left pixel of a whole tile, else -1; camera: the kernel's table.
    """
    met = whole_row(k, HIT) != 0
    if len(found.normal) > 0:
        nx, ny, nz = three(s, NORMAL)
        dx, dy, dz = direction_of(packet)
        scale = where(nx * dx + ny * dy + nz * dz > ZERO, -ONE, ONE)
        scale /= sqrt(highest(nx * nx + ny * ny + nz * nz, TINY))
        nx, ny, nz = where(met, nx * scale, ZERO), where(met, ny * scale, ZERO), where(met, nz * scale, ZERO)
        turned = _turned(camera, s, 0, nx, ny, nz), _turned(camera, s, 1, nx, ny, nz), _turned(camera, s, 2, nx, ny, nz)
        _write_three(found.normal, s, k, first, width, turned)
    if len(found.albedo) > 0:
        red, green, blue = three(s, COLOUR)
        own = where(met, red, ZERO), where(met, green, ZERO), where(met, blue, ZERO)
        _write_three(found.albedo, s, k, first, width, own)
    if len(found.triangle) > 0:
        for lane in range(LANES):
            if k[INSIDE, lane] == 0:
                continue
            at = first + (lane >> 2) * width + (lane & 3) if first >= 0 else k[TARGET, lane]
            hit = k[HIT, lane] != 0
            found.triangle[at] = k[TRIANGLE, lane] if hit else -1
            found.part[at] = k[PART, lane] if hit else 0
            found.barycentric[at, 0] = packet[HIT_U, lane] if hit else ZERO
            found.barycentric[at, 1] = packet[HIT_U + 1, lane] if hit else ZERO
            found.distance[at] = packet[T_FAR, lane] if hit else _NOWHERE


@inlined
def _turned(camera: F32, s: F32, axis: int, nx: Any, ny: Any, nz: Any) -> Any:
    """A component in camera axes, those of its own row, of vectors in the world's."""
    part = camera[0, axis] * nx + camera[1, axis] * ny + camera[2, axis] * nz
    if len(camera) > AT_ONCE:
        part += row(s, BACK) * (camera[5, axis] * nx + camera[6, axis] * ny + camera[7, axis] * nz)
        part += row(s, REST) * (camera[8, axis] * nx + camera[9, axis] * ny + camera[10, axis] * nz)
    return part


@inlined
def _write_three(picture: F32, s: F32, k: I32, first: int, width: int, three_lanes: Any) -> None:
    """Write three values of each lane to a picture (P, 3)."""
    if first >= 0:
        put_tile(picture, first, width, three_lanes)
        return
    put_three(s, POWER, three_lanes[0], three_lanes[1], three_lanes[2])
    for lane in range(LANES):
        if k[INSIDE, lane] != 0:
            for axis in range(3):
                picture[k[TARGET, lane], axis] = s[POWER + axis, lane]
