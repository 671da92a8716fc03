"""Fewer triangles for people far away: vertices that share a small cube become one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies.surface import Piece, normals_of

F64 = NDArray[np.float64]

CELLS = (0.015, 0.03, 0.06)
"""Edges of the cubes over stature: 2.6, 5 and 10 cm for an adult. So outlines are off by less than a pixel of a camera
with 1600 pixels over 65 degrees at the distances where these take over, 13, 32 and 72 m: 1.0, 2.5 and 5.7 cm."""
_BULGE = 1.5
"""A flat patch stands in for a curved one: its vertices are moved out by so many times their cube's standard deviation
along the normal, which halves what silhouettes lose."""


def coarsened(piece: Piece, cell: float) -> Piece:
    """A garment (or the hair, or the skin) with one vertex for all in a cube of edge ``cell``, m, at their mean."""
    key = np.floor(piece.vertices / cell).astype(np.int64)
    _, group = np.unique(_numbered(key), return_inverse=True)
    share = 1.0 / np.bincount(group)

    def mean(values: F64) -> F64:
        return np.stack([np.bincount(group, values[:, i]) for i in range(values.shape[1])], axis=1) * share[:, None]

    faces = group[piece.triangles]
    kept = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    kept_rows = np.flatnonzero(kept)
    _, first = np.unique(_numbered(np.sort(faces[kept_rows], axis=1)), return_index=True)
    rows = kept_rows[np.sort(first)]
    normals = mean(piece.normals if piece.normals is not None else normals_of(piece.vertices, piece.triangles))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    places = mean(piece.vertices)
    away = ((piece.vertices - places[group]) * normals[group]).sum(axis=1)
    places += _BULGE * np.sqrt(np.bincount(group, away**2) * share)[:, None] * normals
    used, index = np.unique(faces[rows], return_inverse=True)
    return Piece(
        places[used], index.reshape(-1, 3), mean(piece.weights)[used], piece.material,
        piece.albedo[rows], normals[used],
    )  # fmt: skip


def _numbered(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number (N,) for each row of three, in the order of the rows: quicker to sort than these."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    low = rows.min(axis=0)
    _, wide, deep = (rows.max(axis=0) - low + 1).tolist()
    numbers: NDArray[np.int64] = (rows - low) @ np.array([wide * deep, deep, 1])
    return numbers
