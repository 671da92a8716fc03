"""Fewer triangles for people far away: vertices that share a small cube become one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies.surface import Piece, normals_of

F64 = NDArray[np.float64]

CELL = 0.03
"""Edge of the cubes over stature: 5 cm for an adult, a pixel and a half of a 1600-pixel camera at 40 m."""


def coarsened(piece: Piece, cell: float) -> Piece:
    """A garment (or the hair, or the skin) with one vertex for all in a cube of edge ``cell``, m, at their mean."""
    key = np.floor(piece.vertices / cell).astype(np.int64)
    _, group = np.unique(key, axis=0, return_inverse=True)
    group = group.ravel()
    share = 1.0 / np.bincount(group)

    def mean(values: F64) -> F64:
        return np.stack([np.bincount(group, values[:, i]) for i in range(values.shape[1])], axis=1) * share[:, None]

    faces = group[piece.triangles]
    kept = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    kept_rows = np.flatnonzero(kept)
    _, first = np.unique(np.sort(faces[kept_rows], axis=1), axis=0, return_index=True)
    rows = kept_rows[np.sort(first)]
    normals = mean(piece.normals if piece.normals is not None else normals_of(piece.vertices, piece.triangles))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    used, index = np.unique(faces[rows], return_inverse=True)
    return Piece(
        mean(piece.vertices)[used], index.reshape(-1, 3), mean(piece.weights)[used], piece.material,
        piece.albedo[rows], normals[used],
    )  # fmt: skip
