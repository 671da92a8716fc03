"""A ray scene at one instant as plain triangles in one frame: for renderers and ray casters of other makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.hits import quaternion_at
from drivesim.scene.raycast import EVERYONE, RayScene
from drivesim.transforms import rotation_from_quaternion

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """T triangles.

    Attributes:
        corners: (T, 3, 3) float32, of each triangle, relative to the scene's origin, world axes, m.
        normals: (T, 3, 3) float32, unit normals at the corners.
        row: (T,) int64, of the scene's triangle tables; part: (T,) int32, handle.
    """

    corners: F32
    normals: F32
    row: NDArray[np.int64]
    part: NDArray[np.int32]


def freeze(rays: RayScene, time: float = 1.0, mask: int = EVERYONE) -> Frozen:
    """What rays of a time 0..1 would hit."""
    tables = rays.tables
    corners, normals, rows, parts = [], [], [], []
    for part, start, mesh, vertices in rays.shapes_at(time, mask):
        turned = tables.normals[start : start + len(vertices)]
        if tables.inst_moving[part]:
            quaternion = quaternion_at(tables.inst_quaternion, tables.inst_spin, part, np.float32(time))
            rotation = rotation_from_quaternion(np.array(quaternion, dtype=np.float64)).astype(np.float32)
            before, after = tables.inst_translation[part]
            vertices = vertices @ rotation.T + ((1.0 - time) * before + time * after).astype(np.float32)
            turned = turned @ rotation.T
        corners.append(vertices[mesh.triangles])
        normals.append(turned[mesh.triangles])
        rows.append(tables.tri_base[part] + np.arange(len(mesh.triangles)))
        parts.append(np.full(len(mesh.triangles), part, dtype=np.int32))
    return Frozen(np.concatenate(corners), np.concatenate(normals), np.concatenate(rows), np.concatenate(parts))
