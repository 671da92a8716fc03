"""The limit: bare coherent 16-ray packets, nothing but tracing. Frozen; every camera figure is divided by it.

The same acceleration structure, time steps, rays, masks and threads as the camera; rays to the sun start at the hits
of the primary rays, as the camera's do. No labels, no shading, no output. Rays that go on through car windows are
traced by a function of its own, so that they can be counted or not.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import (
    DIR_X,
    GEOM_ID,
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
from drivesim.scene.raycast import ALL, EVERYONE, RayTables

F32 = NDArray[np.float32]

_CHUNK = 64


@nb.njit(parallel=True, nogil=True, fastmath=True, cache=True)
def trace_onward(tables: RayTables, camera: F32, tiles: NDArray[np.int64], near: F32, width: int) -> None:
    """What the camera sees through car windows: some 4 x 4 tiles of an image, each lane from a distance on.

    Args:
        tiles: (K,) numbers of tiles; near: (K, 16) m, 0 for lanes that are off.
    """
    across = (width + 3) // 4
    for chunk in nb.prange((len(tiles) + _CHUNK - 1) // _CHUNK):
        packet = new_packets(1)[0]
        ints, valid = packet.view(np.int32), new_valid()
        for place in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, len(tiles))):
            for lane in range(LANES):
                x = np.float32((tiles[place] % across) * 4 + (lane & 3)) + np.float32(0.5)
                y = np.float32((tiles[place] // across) * 4 + (lane >> 2)) + np.float32(0.5)
                cx, cy = (x - camera[3, 2]) / camera[3, 0], (y - camera[3, 3]) / camera[3, 1]
                scale = np.float32(1.0) / np.sqrt(cx * cx + cy * cy + np.float32(1.0))
                for axis in range(3):
                    packet[ORG_X + axis, lane] = camera[axis, 3]
                    packet[DIR_X + axis, lane] = (camera[axis, 0] * cx + camera[axis, 1] * cy + camera[axis, 2]) * scale
                packet[TIME, lane] = 1.0
                packet[T_NEAR, lane] = near[place, lane]
                packet[T_FAR, lane] = 5000.0
                ints[MASK, lane] = EVERYONE
                ints[GEOM_ID, lane] = NO_HIT
                valid[lane] = -1 if near[place, lane] > 0.0 else 0
            intersect16(tables.handles, valid, packet, True)


@nb.njit(parallel=True, nogil=True, fastmath=True, cache=True)
def trace_image(tables: RayTables, camera: F32, sun: F32, width: int, height: int, with_shadow: bool) -> None:
    """Primary rays of a pinhole image in 4 x 4 tiles, and one ray to the sun from every hit.

    Args:
        camera: (5, 4) float32, the camera kernel's table; sun: (3,) float32, direction towards it.
    """
    across = (width + 3) // 4
    tiles = across * ((height + 3) // 4)
    for chunk in nb.prange((tiles + _CHUNK - 1) // _CHUNK):
        packets = new_packets(2)
        packet, shadow = packets[0], packets[1]
        ints, shadow_ints = packet.view(np.int32), shadow.view(np.int32)
        valid = new_valid()
        for tile in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, tiles)):
            for lane in range(LANES):
                x = np.float32((tile % across) * 4 + (lane & 3)) + np.float32(0.5)
                y = np.float32((tile // across) * 4 + (lane >> 2)) + np.float32(0.5)
                cx, cy = (x - camera[3, 2]) / camera[3, 0], (y - camera[3, 3]) / camera[3, 1]
                scale = np.float32(1.0) / np.sqrt(cx * cx + cy * cy + np.float32(1.0))
                for axis in range(3):
                    packet[ORG_X + axis, lane] = camera[axis, 3]
                    packet[DIR_X + axis, lane] = (camera[axis, 0] * cx + camera[axis, 1] * cy + camera[axis, 2]) * scale
                packet[TIME, lane] = 1.0
                packet[T_NEAR, lane] = 0.05
                packet[T_FAR, lane] = 5000.0
                ints[MASK, lane] = EVERYONE
                ints[GEOM_ID, lane] = NO_HIT
                valid[lane] = -1
            intersect16(tables.handles, valid, packet, True)
            if not with_shadow:
                continue
            for lane in range(LANES):
                valid[lane] = 0 if ints[GEOM_ID, lane] == NO_HIT else -1
                t = packet[T_FAR, lane] * np.float32(0.9995)
                for axis in range(3):
                    shadow[ORG_X + axis, lane] = packet[ORG_X + axis, lane] + t * packet[DIR_X + axis, lane]
                    shadow[DIR_X + axis, lane] = sun[axis]
                shadow[T_NEAR, lane] = 0.002
                shadow[T_FAR, lane] = 5000.0
                shadow[TIME, lane] = 1.0
                shadow_ints[MASK, lane] = ALL
            occluded16(tables.handles, valid, shadow, True)
