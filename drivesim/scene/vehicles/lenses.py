"""Head and tail lamps of cars: a lens that stands a little proud of the body, with what one sees inside it.

A lens follows the shell's surface round the corner. Inside it lie chambers: rectangles of (a, b), a from its inner end
(0) to its end on the car's side (1), b from its lower edge (0) to its upper (1); later ones lie over earlier ones.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.materials import MaterialId
from drivesim.scene.vehicles.assembly import (
    BLACK,
    BRAKE_LAMP,
    FRONT_LIGHTS,
    INDICATOR,
    REFLECTOR,
    REFLECTOR_BOWL,
    REVERSE_LAMP,
    TAILLAMP,
    Assembly,
    Finish,
)
from drivesim.scene.vehicles.shapes import Shape, grid
from drivesim.scene.vehicles.shell import LEVELS, Lattice, Shell

F64 = NDArray[np.float64]

_RED_GLASS = Finish(MaterialId.TAILLAMP, (0.055, 0.003, 0.004))
_HOUSING = Finish(MaterialId.HEADLAMP, (0.05, 0.052, 0.056))
_DAYTIME = Finish(MaterialId.HEADLAMP, (0.55, 0.57, 0.58), FRONT_LIGHTS)
_CLEAR_INDICATOR = INDICATOR._replace(albedo=(0.25, 0.20, 0.15))


class Chamber(NamedTuple):
    """A part of a lens, and what it looks like."""

    inner: float
    low: float
    outer: float
    high: float
    finish: Finish


_Lens = tuple[Finish, tuple[Chamber, ...]]

TAIL_LENSES: MappingProxyType[str, tuple[_Lens, ...]] = MappingProxyType({
    "wide": (
        (_RED_GLASS, (  # a ring of light over a row of chambers
            Chamber(0.05, 0.44, 0.96, 0.91, TAILLAMP), Chamber(0.11, 0.55, 0.90, 0.80, BRAKE_LAMP),
            Chamber(0.05, 0.11, 0.32, 0.36, REVERSE_LAMP), Chamber(0.35, 0.11, 0.64, 0.36, INDICATOR),
            Chamber(0.70, 0.11, 0.96, 0.36, REFLECTOR),
        )),
        (_RED_GLASS, (  # chambers between two bars of light
            Chamber(0.04, 0.80, 0.97, 0.91, TAILLAMP), Chamber(0.20, 0.10, 0.97, 0.20, TAILLAMP),
            Chamber(0.06, 0.31, 0.28, 0.70, REVERSE_LAMP), Chamber(0.33, 0.31, 0.56, 0.70, _CLEAR_INDICATOR),
            Chamber(0.61, 0.31, 0.94, 0.70, BRAKE_LAMP),
        )),
    ),
    "tall": (
        (_RED_GLASS, (  # a hook of light round chambers above each other
            Chamber(0.10, 0.06, 0.26, 0.94, TAILLAMP), Chamber(0.26, 0.84, 0.90, 0.94, TAILLAMP),
            Chamber(0.38, 0.56, 0.90, 0.78, BRAKE_LAMP), Chamber(0.38, 0.32, 0.90, 0.51, INDICATOR),
            Chamber(0.38, 0.07, 0.90, 0.27, REVERSE_LAMP),
        )),
    ),
})  # fmt: skip
"""What tail lamps can look like, by the shape of the lens."""

HEAD_LENSES: tuple[_Lens, ...] = (
    (_HOUSING, (  # two projectors over a bar for the day
        Chamber(0.08, 0.36, 0.36, 0.88, REFLECTOR_BOWL), Chamber(0.43, 0.36, 0.71, 0.88, REFLECTOR_BOWL),
        Chamber(0.05, 0.11, 0.96, 0.24, _DAYTIME), Chamber(0.77, 0.36, 0.95, 0.86, INDICATOR),
    )),
    (_HOUSING, (  # one wide reflector under a brow
        Chamber(0.05, 0.78, 0.96, 0.90, _DAYTIME), Chamber(0.16, 0.14, 0.52, 0.68, REFLECTOR_BOWL),
        Chamber(0.62, 0.18, 0.94, 0.62, _CLEAR_INDICATOR),
    )),
)  # fmt: skip

_PROUD, _SUNK = 0.006, -0.003
"""How far a lens stands out of the body and its edge lies in it, m."""
_RIM = 0.008
"""Width of its sloping edge, m."""
_TAPER, _SLANT = 0.28, 0.10
"""How much lower a lens is at its inner end than at the side, and how far the foot of that end is drawn back."""
_SNAP = 0.025
"""Edges of chambers nearer than this to a line of the body's lattice, as a share of the lens, lie on it."""
_STEPS = 0.17
"""Rows of a lens are no farther apart than this share of its height: it follows the body's curve."""


def add_lamps(assembly: Assembly, shell: Shell, lower: Lattice, draw: np.random.Generator) -> None:
    """Both head lamps and both tail lamps over the body's side ``lower``; ``draw`` picks what is in them."""
    low, high, start, end = shell.style.headlamp
    front = HEAD_LENSES[int(draw.integers(len(HEAD_LENSES)))]
    _add_lens(assembly, shell, lower, (low, high), (start, end), front, tail=False)
    low, high, start, end = shell.style.taillamp
    kinds = TAIL_LENSES["tall" if start > _TALL else "wide"]
    _add_lens(assembly, shell, lower, (low, high), (start, end), kinds[int(draw.integers(len(kinds)))], tail=True)


_TALL = 0.7
"""Tail lamps that start farther out than this, as a share of the half width, are taller than wide."""


def _add_lens(
    assembly: Assembly, shell: Shell, lower: Lattice, levels: tuple[float, float], ends: tuple[float, float],
    lens: _Lens, *, tail: bool,
) -> None:  # fmt: skip
    base, chambers = lens
    count = np.arange(len(lower.column), dtype=np.float64)
    start, end = np.interp([float(shell.plan_share(ends[0], tail=tail)), ends[1]], lower.column, count)
    low, high = np.interp(levels, LEVELS, np.arange(len(LEVELS)))

    between = count[(count > min(start, end) + 0.1) & (count < max(start, end) - 0.1)]
    places = np.concatenate([[start], between[::-1] if tail else between, [end]])
    steps = np.linalg.norm(np.diff(lower.at(np.full(len(places), (low + high) / 2), places), axis=0), axis=1)
    length, reach = float(steps.sum()), np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    height = float(np.linalg.norm(np.diff(lower.at(np.array([low, high]), np.full(2, (start + end) / 2)), axis=0)))

    rim_a, rim_b = _RIM / length, _RIM / height
    a_lines = _lines([0.0, rim_a, 1.0 - rim_a, 1.0], [x for c in chambers for x in (c.inner, c.outer)], reach)
    b_lines = _lines([0.0, rim_b, 1.0 - rim_b, 1.0], [x for c in chambers for x in (c.low, c.high)], np.empty(0))
    wide = np.diff(b_lines)
    b_lines = np.unique(np.concatenate([b_lines, (b_lines[:-1] + wide / 2)[wide > _STEPS]]))
    a, b = np.meshgrid(a_lines, b_lines)
    rows = high - (1 - b) * (high - low) * (1 - _TAPER * (1 - a))
    columns = np.interp(a + _SLANT * (1 - a) * (1 - b), reach, places)
    points, outward = lower.at(rows, columns), lower.across(rows, columns)
    edge = (a == 0.0) | (a == 1.0) | (b == 0.0) | (b == 1.0)
    points = points + outward * np.where(edge, _SUNK, _PROUD)[..., None]

    finishes = [BLACK, base, *(chamber.finish for chamber in chambers)]
    ca, cb = np.meshgrid((a_lines[1:] + a_lines[:-1]) / 2, (b_lines[1:] + b_lines[:-1]) / 2)
    choice = np.ones(ca.shape, dtype=np.int64)
    for number, chamber in enumerate(chambers, start=2):
        inner, outer = _snapped([chamber.inner, chamber.outer], reach)
        choice[(ca > inner) & (ca < outer) & (cb > chamber.low) & (cb < chamber.high)] = number
    choice[(ca < rim_a) | (ca > 1 - rim_a) | (cb < rim_b) | (cb > 1 - rim_b)] = 0
    shape = grid(points)
    if tail:
        shape = Shape(shape.points, shape.triangles[:, ::-1])
    assembly.add_both_cells(shape, finishes, np.repeat(choice.ravel(), 2))


def _snapped(edges: ArrayLike, lattice: F64) -> F64:
    """Edges (N,), moved onto lattice lines that are near."""
    edge = np.asarray(edges, dtype=np.float64)
    if not len(lattice):
        return edge
    nearest = lattice[np.abs(edge[:, None] - lattice).argmin(axis=1)]
    return np.where(np.abs(nearest - edge) < _SNAP, nearest, edge)


def _lines(rim: list[float], chambers: list[float], lattice: F64) -> F64:
    """All lines of a lens in order, none so near another that cells between them would be slivers."""
    return np.unique(np.round(np.concatenate([rim, _snapped(chambers, lattice), lattice[1:-1]]), 9))
