"""Hands at rest: the corner meshes spread their fingers like a star, hands that hang loose do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_BEGIN = 1.1
"""Where fingers are apart from each other, in lengths of the palm from the wrist."""
_SPREAD = -0.7
"""Share of the spread that is left: knuckles lie apart, so fingers whose tips are to meet lean towards each other."""
_BEND = 0.6
"""Bend at the middle joints of fingers, rad: 30 to 35 degrees in hands that hang loose."""
_MIDDLE, _SOFT = 0.45, 0.2
"""Place of these joints along what is apart of a finger, and the length over which it bends."""


_THUMB_ROOT, _THUMB_FREE = 0.40, 0.62
"""How far from the middle of the palm, in its lengths, the thumb begins to turn and has turned."""
_THUMB_PLACE, _THUMB_TURN = 0.40, 0.6
"""Where it turns, in lengths of the palm from the wrist; by how much it lies closer to the fingers, rad."""


def fingers(vertices: F64, triangles: I64, palm: I64, wrist: F64, knuckles: F64) -> list[I64]:
    """Vertices of each of the four fingers of a hand, from the begin of what is apart of them on.

    Args:
        palm: of the whole hand; wrist, knuckles: (3,) m.
    """
    along = knuckles - wrist
    beyond = np.zeros(len(vertices), dtype=bool)
    beyond[palm] = (vertices[palm] - wrist) @ along > _BEGIN * (along @ along)
    edges = triangles[beyond[triangles].all(axis=1)]
    graph = coo_matrix(
        (np.ones(edges.size), (edges.ravel(), np.roll(edges, 1, axis=1).ravel())), shape=(len(vertices),) * 2
    )
    _, piece = connected_components(graph, directed=False)
    names, counts = np.unique(piece[beyond], return_counts=True)
    return [np.flatnonzero(piece == name) for name in names[np.argsort(-counts)][:4]]


def relax(vertices: F64, hand: list[I64], palm: I64, wrist: F64, knuckles: F64) -> None:
    """Lay the fingers of a hand side by side and bend them a little, in place; arguments as of :func:`fingers`."""
    ahead = (knuckles - wrist) / np.linalg.norm(knuckles - wrist)
    middle = vertices[palm].mean(axis=0)
    _, _, axes = np.linalg.svd(vertices[palm] - middle, full_matrices=False)
    back = axes[2] - (axes[2] @ ahead) * ahead
    back /= np.linalg.norm(back)
    across = np.cross(back, ahead)
    sides = (vertices[palm] - wrist) @ across
    thumb = palm[np.argmax(np.abs(sides - np.median(sides)))]
    if (vertices[thumb] - middle) @ back > 0.0:  # thumbs lie before the palm
        back, across = -back, -across
    out = across * np.sign((vertices[thumb] - middle) @ across)
    size = float(np.linalg.norm(knuckles - wrist))
    root = wrist + size * (_THUMB_PLACE * ahead + _THUMB_ROOT * out)
    offset = vertices[palm] - root
    share = np.clip((offset @ out) / ((_THUMB_FREE - _THUMB_ROOT) * size), 0.0, 1.0)
    share *= (vertices[palm] - wrist) @ ahead < size
    vertices[palm] = root + _turned(offset, out, ahead, _THUMB_TURN * share)
    for finger in hand:
        place = (vertices[finger] - wrist) @ ahead
        first, last = place.min(), place.max()
        foot = vertices[finger[place < first + 0.2 * (last - first)]].mean(axis=0)
        tip = vertices[finger[place > last - 0.2 * (last - first)]].mean(axis=0)
        spread = np.arctan2((tip - foot) @ across, (tip - foot) @ ahead)
        straight = _turned(vertices[finger] - foot, ahead, across, (_SPREAD - 1.0) * spread)
        length = np.linalg.norm(tip - foot)
        joint = _MIDDLE * length * ahead
        share = np.clip(((straight - joint) @ ahead) / (_SOFT * length) + 0.5, 0.0, 1.0)
        vertices[finger] = foot + joint + _turned(straight - joint, ahead, -back, _BEND * share)


def _turned(offset: F64, first: F64, second: F64, angle: F64 | float) -> F64:
    """Offsets (N, 3) turned by ``angle`` from one unit vector towards another, at right angles to it."""
    a, b = offset @ first, offset @ second
    c, s = np.cos(angle), np.sin(angle)
    return offset + np.outer(a * c - b * s - a, first) + np.outer(a * s + b * c - b, second)
