"""What town houses show the street: shops with signs and awnings, framed windows, string courses and cornices.

Frame of a facade: x along the street, the wall at y = 0 facing -y, ground at z = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.scene.city.parts import Finish, boxes, quads
from drivesim.streams import hash64
from drivesim.taxonomy import Tag


@dataclass(frozen=True, slots=True)
class Front:
    """A town house's side to the street: its ground floor's wall, what frames windows and eaves, whether a shop has an
    awning, and a number that its sign's letters follow from."""

    base: Finish
    trim: Finish
    awning: bool
    sign: int


_OUT, _LOW, _HIGH = 1.1, 2.42, 2.78
"""How far awnings reach and the heights of their outer and inner edge, m."""
_BOARD = 0.42
"""Height of the board that carries a shop's name, m."""
_STROKE = 0.05
"""Of a letter of its name, m."""
_AIR = 0.015
"""How far frames stand out of the wall, m."""
_LETTERS = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#ece6d6"), Tag.BUILDING)
_POSTERS = ("#b8352c", "#e9e4d8", "#d8a43a", "#2f5f78", "#f2f0ea")


def shop_front(width: float, colour: str, front: Front | None) -> list[Mesh]:
    """The board over a shop's windows with its name, and mostly an awning."""
    board = Finish(MaterialId.WOOD, linear_rgb(colour), Tag.BUILDING)
    parts = [boxes((0.2, -0.12, _HIGH), (width - 0.2, 0.0, _HIGH + _BOARD), board)]
    sign = 0 if front is None else front.sign
    parts += _name(width, sign)
    if front is None or front.awning:
        parts.append(_awning(width, Finish(MaterialId.COTTON, linear_rgb(colour), Tag.BUILDING)))
    return parts


def _awning(width: float, cloth: Finish) -> Mesh:
    top = [(0.4, -0.12, _HIGH), (0.4, -_OUT, _LOW), (width - 0.4, -_OUT, _LOW), (width - 0.4, -0.12, _HIGH)]
    below = [(x, y, z - 0.01) for x, y, z in top[::-1]]
    low = _LOW - 0.2
    valance = [(0.4, -_OUT, low), (width - 0.4, -_OUT, low), (width - 0.4, -_OUT, _LOW), (0.4, -_OUT, _LOW)]
    return quads([top, below, valance, valance[::-1]], cloth)


def _name(width: float, sign: int) -> list[Mesh]:
    """Letters on the board: strokes that look like writing from the street."""
    bits = int(hash64(sign, 0, 0))
    count = 5 + bits % 5
    pace = min(0.36, 0.7 * width / count)
    left = 0.5 * (width - pace * count) * (0.4 + 0.08 * (bits >> 8 & 15))
    strokes, y = [], -0.12 - _AIR
    for number in range(count):
        shape = int(hash64(sign, 1, number))
        x, low, high = left + pace * number, _HIGH + 0.07, _HIGH + _BOARD - 0.07
        wide = 0.6 * pace
        strokes.append((x, low, x + _STROKE, high if shape & 1 else high - 0.08))
        if shape & 6:
            strokes.append((x + wide - _STROKE, low, x + wide, high - 0.08 if shape & 8 else high))
        if shape & 48:
            level = (low, 0.5 * (low + high), high - 0.08 - _STROKE)[(shape >> 6) % 3]
            strokes.append((x + _STROKE, level, x + wide - _STROKE, level + _STROKE))
    flat = [[(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)] for x0, z0, x1, z1 in strokes]
    return [quads(flat, _LETTERS)]


def posters(panes: Sequence[tuple[float, ...]], depth: float, sign: int) -> list[Mesh]:
    """A few sheets behind shop windows (x_min, z_min, x_max, z_max each), ``depth`` behind the wall's face."""
    parts = []
    for number, (x0, z0, x1, z1) in enumerate(panes):
        bits = int(hash64(sign, 2, number))
        for k in range(bits % 3):
            left = x0 + 0.25 + (x1 - x0 - 1.1) * ((bits >> (8 + 8 * k)) % 100) / 100
            low = z0 + 0.25 + 0.5 * ((bits >> (4 + 8 * k)) % 10) / 10
            size = 0.45 + 0.3 * ((bits >> (6 + 4 * k)) & 1)
            sheet = Finish(MaterialId.SYNTHETIC, linear_rgb(_POSTERS[(bits >> (12 + k)) % len(_POSTERS)]), Tag.BUILDING)
            high = min(low + 0.7, z1 - 0.1)
            parts.append(quads([[(left, depth, low), (left + size, depth, low), (left + size, depth, high),
                                 (left, depth, high)]], sheet))  # fmt: skip
    return parts


def street_side(
    width: float, eaves: float, storey: float, windows: Sequence[tuple[float, ...]], trim: Finish
) -> list[Mesh]:
    """Frames round the upper windows, a course over the ground floor and a cornice below the roof."""
    floor = 0.35 + storey
    frames = []
    for x0, z0, x1, z1 in windows:
        if z0 < floor:
            continue
        side, top = 0.13, 0.2
        frames += [(x0 - side, z0 - 0.05, x0, z1 + top), (x1, z0 - 0.05, x1 + side, z1 + top), (x0, z1, x1, z1 + top)]
    flat = [[(x0, -_AIR, z0), (x1, -_AIR, z0), (x1, -_AIR, z1), (x0, -_AIR, z1)] for x0, z0, x1, z1 in frames]
    course = boxes((0.0, -0.10, floor - 0.02), (width, 0.0, floor + 0.14), trim)
    cornice = boxes([(0.0, -0.14, eaves - 0.42), (0.0, -0.26, eaves - 0.22)],
                    [(width, 0.0, eaves - 0.22), (width, 0.0, eaves - 0.06)], trim)  # fmt: skip
    return [merge([quads(flat, trim), course, cornice])]
