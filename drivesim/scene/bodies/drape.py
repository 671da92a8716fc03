"""How cloth falls: it spans what is hollow and hangs from what stands out.

The horizontal section of cloth round a trunk or a leg is taken as convex, and a convex outline is its support function:
how far it reaches in each direction. Going down, the reach of cloth is the greater of what is under it and what hangs
from above, less the taper of the cut. The greater of two support functions is that of the hull of both outlines, so
cloth falls from chest, belly and seat as one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_DIRECTIONS = 32
_LEVELS = 28


def draped(
    vertices: F64, under: F64, centre: F64, span: tuple[float, float], taper: float, share: F64, ahead: float = 0.0
) -> F64:
    """Vertices (V, 3) moved away from the middle of the body to where cloth hangs.

    Args:
        under: (P, 3) what the cloth hangs from.
        centre: (V + P, 2) x and y of the line along which it falls, at each of ``vertices`` and then of ``under``.
        span: highest and lowest z of the cloth, m.
        taper: how much narrower the cloth becomes downwards, m per m.
        share: (V,) 0 keeps a vertex, 1 moves it all the way.
        ahead: how far before the line the point lies that vertices are moved away from, m: before the seat's cleft.
    """
    middle, middle_under = centre[: len(vertices)], centre[len(vertices) :]
    angle = np.linspace(0.0, 2.0 * np.pi, _DIRECTIONS, endpoint=False)
    direction = np.column_stack([np.cos(angle), np.sin(angle)])
    levels = np.linspace(span[0], span[1], _LEVELS)
    step = (span[0] - span[1]) / (_LEVELS - 1)
    reaches = (under[:, :2] - middle_under) @ direction.T
    support = np.zeros((_LEVELS, _DIRECTIONS))
    hanging = np.full(_DIRECTIONS, -np.inf)
    for number, z in enumerate(levels):
        band = np.abs(under[:, 2] - z) < max(1.2 * step, 0.012 * np.ptp(under[:, 2]))
        here = reaches[band].max(axis=0) if band.any() else hanging
        hanging = np.maximum(here, hanging - taper * step)
        support[number] = hanging
    place = np.clip((span[0] - vertices[:, 2]) / step, 0.0, _LEVELS - 1.001)
    row = place.astype(np.int64)
    mix = (place - row)[:, None]
    at_vertex = (1.0 - mix) * support[row] + mix * support[row + 1] - ahead * direction[:, 0]
    offset = vertices[:, :2] - middle - (ahead, 0.0)
    radius = np.linalg.norm(offset, axis=1)
    heading = offset / np.maximum(radius, 1e-6)[:, None]
    cosine = heading @ direction.T
    outline = np.where(cosine > 0.2, at_vertex / np.maximum(cosine, 0.2), np.inf).min(axis=1)
    moved = vertices.copy()
    gain = share * np.maximum(outline - radius, 0.0)
    moved[:, :2] += heading * gain[:, None]
    return moved
