"""Cloth of two colours: yokes, bands across the chest, stripes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies.surface import Piece, cut, normals_of

F64 = NDArray[np.float64]

_YOKE = 0.34
"""How far a yoke reaches down from the neck to the crotch."""
_BAND = (0.30, 0.46)
"""Where a band across the chest lies, the same way."""
_STRIPE = 0.042
"""Width of a stripe, share of stature: 7 cm on an adult."""


def banded(piece: Piece, heights: F64, colour: object) -> Piece:
    """A piece of one colour that changes to another and back at each of ``heights`` (N,), rising, m; below the first
    it keeps its own. Lines are sharp, the surface stays as it was."""
    normals = normals_of(piece.vertices, piece.triangles) if piece.normals is None else piece.normals
    rest, faces = np.column_stack([piece.vertices, normals, piece.weights]), piece.triangles
    parts = []
    for height in heights:
        level = height - rest[:, 2]
        level[level == 0.0] = 1e-9
        parts.append(cut(rest, faces, level))
        rest, faces = cut(rest, faces, -level)
    parts.append((rest, faces))
    starts = np.cumsum([0, *(len(columns) for columns, _ in parts[:-1])])
    vertices, normals, weights = np.split(np.concatenate([columns for columns, _ in parts]), [3, 6], axis=1)
    tones = [np.asarray(colour, dtype=np.float64) if number % 2 else piece.albedo[0] for number in range(len(parts))]
    return replace(
        piece,
        vertices=vertices,
        triangles=np.concatenate([part + start for (_, part), start in zip(parts, starts, strict=True)]),
        weights=weights,
        albedo=np.repeat(tones, [len(part) for _, part in parts], axis=0),
        normals=normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9),
    )


def patterned(piece: Piece, pattern: str, neck: float, crotch: float, stature: float, colour: object) -> Piece:
    """An upper garment of one colour with a ``yoke``, a ``band`` or ``stripes`` of another.

    Args:
        pattern: or ``plain``; neck, crotch: heights, m; stature: m, all in the piece's own size.
    """
    if pattern == "plain":
        return piece
    low, high = piece.vertices[:, 2].min(), piece.vertices[:, 2].max()
    stripe = _STRIPE * stature
    heights = {
        "yoke": neck - (neck - crotch) * np.array([_YOKE]),
        "band": neck - (neck - crotch) * np.array(_BAND[::-1]),
        "stripes": np.arange(low + 0.7 * stripe, high, stripe),
    }
    return banded(piece, heights[pattern], colour)
