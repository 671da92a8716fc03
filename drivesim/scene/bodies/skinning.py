"""Linear blend skinning."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@nb.njit(cache=True, fastmath=True, nogil=True)
def skin(
    vertices: F32, normals: F32, bones: NDArray[np.uint8], weights: F32, transforms: F32, out: F32, out_normals: F32
) -> None:
    """Write posed vertices and unit normals (V, 3).

    Args:
        bones, weights: (V, 4); transforms: (24, 3, 4) float32.
    """
    for v in range(len(vertices)):
        x, y, z = vertices[v]
        nx, ny, nz = normals[v]
        px = py = pz = qx = qy = qz = np.float32(0.0)
        for k in range(4):
            w = weights[v, k]
            if w > 0.0:
                m = transforms[bones[v, k]]
                px += w * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3])
                py += w * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3])
                pz += w * (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3])
                qx += w * (m[0, 0] * nx + m[0, 1] * ny + m[0, 2] * nz)
                qy += w * (m[1, 0] * nx + m[1, 1] * ny + m[1, 2] * nz)
                qz += w * (m[2, 0] * nx + m[2, 1] * ny + m[2, 2] * nz)
        out[v, 0], out[v, 1], out[v, 2] = px, py, pz
        scale = np.float32(1.0 / math.sqrt(qx * qx + qy * qy + qz * qz + 1e-20))
        out_normals[v, 0], out_normals[v, 1], out_normals[v, 2] = qx * scale, qy * scale, qz * scale
