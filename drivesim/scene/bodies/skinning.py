"""Linear blend skinning, and the mesh that it is done to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.mesh import Mesh

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """A mesh that follows bones.

    Attributes:
        mesh: standing at rest, labelled; its triangles, materials, colours and classes hold for every pose.
        vertices, normals: (V, 3) float32 where bones are at rest, m and unit.
        bones: (V, 4) uint8, weights: (V, 4) float32, strongest first, rows sum to 1.
    """

    mesh: Mesh
    vertices: F32
    normals: F32
    bones: NDArray[np.uint8]
    weights: F32


@nb.njit(cache=True, nogil=True)
def skin_points(vertices: F32, bones: NDArray[np.uint8], weights: F32, transforms: F32, out: F32) -> None:
    """Write posed vertices (V, 3); ``transforms``: (24, 3, 4) float32."""
    for v in range(len(vertices)):
        x, y, z = vertices[v, 0], vertices[v, 1], vertices[v, 2]
        px = py = pz = np.float32(0.0)
        for k in range(4):
            w = weights[v, k]
            if w <= 0.0:
                break
            m = transforms[bones[v, k]]
            px += w * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3])
            py += w * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3])
            pz += w * (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3])
        out[v, 0], out[v, 1], out[v, 2] = px, py, pz


@nb.njit(cache=True, nogil=True)
def skin_normals(normals: F32, bones: NDArray[np.uint8], weights: F32, transforms: F32, out: F32) -> None:
    """Write posed unit normals (V, 3)."""
    for v in range(len(normals)):
        x, y, z = normals[v, 0], normals[v, 1], normals[v, 2]
        qx = qy = qz = np.float32(0.0)
        for k in range(4):
            w = weights[v, k]
            if w <= 0.0:
                break
            m = transforms[bones[v, k]]
            qx += w * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z)
            qy += w * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z)
            qz += w * (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z)
        scale = np.float32(1.0) / np.float32(math.sqrt(qx * qx + qy * qy + qz * qz + np.float32(1e-20)))
        out[v, 0], out[v, 1], out[v, 2] = qx * scale, qy * scale, qz * scale


@nb.njit(cache=True, nogil=True)
def settled(vertices: F32) -> float:
    """Lift or lower vertices (V, 3) until the lowest touches the ground; by how much, m."""
    lowest = np.float32(np.inf)
    for v in range(len(vertices)):
        lowest = min(lowest, vertices[v, 2])
    for v in range(len(vertices)):
        vertices[v, 2] -= lowest
    return float(-lowest)
