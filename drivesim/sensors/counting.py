"""Kernels that count: points in boxes, pixels of instances."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@nb.njit(parallel=True, nogil=True, cache=True)
def points_in_boxes(points: NDArray[np.float32], center: F64, rotation: F64, size: F64) -> NDArray[np.int32]:
    """How many points lie in each box, faces included, (A,).

    The rule and its arithmetic are those of ``points_in_box`` of the nuScenes devkit: three edges from the corner at
    +length, +width, +height; 0 <= edge . (point - corner) <= edge . edge.

    Args:
        points: (N, 3); center: (A, 3); rotation: (A, 3, 3), columns are the box's axes; all in one frame.
        size: (A, 3) length, width, height, m.
    """
    count = np.zeros(len(center), dtype=np.int32)
    for box in nb.prange(len(center)):
        half = 0.5 * size[box]
        corner, edges = np.empty(3), np.empty((3, 3))
        for row in range(3):
            corner[row] = center[box, row]
            for axis in range(3):
                corner[row] += rotation[box, row, axis] * half[axis]
                edges[axis, row] = -2.0 * half[axis] * rotation[box, row, axis]
        limit = np.empty(3)
        for axis in range(3):
            limit[axis] = edges[axis, 0] ** 2 + edges[axis, 1] ** 2 + edges[axis, 2] ** 2
        reach = half[0] ** 2 + half[1] ** 2 + half[2] ** 2 + 1e-3
        inside = 0
        for i in range(len(points)):
            dx, dy, dz = points[i, 0] - center[box, 0], points[i, 1] - center[box, 1], points[i, 2] - center[box, 2]
            if dx * dx + dy * dy + dz * dz > reach:
                continue
            vx, vy, vz = points[i, 0] - corner[0], points[i, 1] - corner[1], points[i, 2] - corner[2]
            within = True
            for axis in range(3):
                along = edges[axis, 0] * vx + edges[axis, 1] * vy + edges[axis, 2] * vz
                within = within and 0.0 <= along <= limit[axis]
            inside += within
        count[box] = inside
    return count


_BANDS = 16
"""Horizontal bands of an image that are scanned side by side."""


@nb.njit(parallel=True, nogil=True, cache=True)
def _scan(instance: NDArray[np.int32], ids: int) -> NDArray[np.int32]:
    height, width = instance.shape
    found = np.empty((_BANDS, ids, 5), dtype=np.int32)
    for band in nb.prange(_BANDS):
        for i in range(ids):
            found[band, i] = width, height, -1, -1, 0
        for y in range(band * height // _BANDS, (band + 1) * height // _BANDS):
            for x in range(width):
                i = instance[y, x]
                if 0 < i < ids:
                    found[band, i, 0] = min(found[band, i, 0], x)
                    found[band, i, 1] = min(found[band, i, 1], y)
                    found[band, i, 2] = max(found[band, i, 2], x)
                    found[band, i, 3] = max(found[band, i, 3], y)
                    found[band, i, 4] += 1
    return found


def tight_boxes(instance: NDArray[np.int32], ids: int) -> NDArray[np.int32]:
    """Bounds and pixel counts of instances 0 .. ids - 1 in an instance image (H, W), (ids, 5) int32.

    Columns: first column, first row, one past the last column, one past the last row, number of pixels (0: none).
    """
    found = _scan(instance, ids)
    last = found[:, :, 2:4].max(axis=0) + 1
    return np.concatenate([found[:, :, :2].min(axis=0), last, found[:, :, 4:].sum(axis=0)], axis=1, dtype=np.int32)
