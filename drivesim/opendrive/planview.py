"""Reference lines as arrays, and compiled: what :class:`drivesim.opendrive.geometry.ReferenceLine` answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.opendrive.geometry import _MAX_INTERVALS, _MAX_TURN, _NODES, curve_of, polynomials
from drivesim.opendrive.model import Arc, Geometry, Line, Spiral

F64 = NDArray[np.float64]

_LINE, _ARC, _SPIRAL, _CUBIC = range(4)
_POINTS = np.array([node for node, _ in _NODES])
_WEIGHTS = np.array([weight for _, weight in _NODES])
_ENTRIES = 65
"""Of a table of distances."""


class PlanView:
    """Collects the geometries of roads.

    The tables that :meth:`arrays` gives:

    - geometries (G, 10): s, kind, x, y, heading; of arcs and spirals curvature and its change per metre; a spiral's
      step; of spirals and cubics the first row in their table and how many there are;
    - starts (S, 2): x, y of a spiral's parts;
    - polynomials (P, 12 + 65), of cubics: coefficients along and across the start, step of the parameter, scale of
      distances (0: the parameter is the distance), entries of the table of distances, one unused, and the table.
    """

    def __init__(self) -> None:
        self._geometries: list[tuple[float, ...]] = []
        self._starts: list[tuple[float, float]] = []
        self._polynomials: list[tuple[float, ...]] = []

    def add(self, geometries: Sequence[Geometry]) -> tuple[int, int]:
        """Those of one road; the first row and how many."""
        first = len(self._geometries)
        self._geometries += [(g.s, *self._shape(g)) for g in geometries]
        return first, len(geometries)

    def arrays(self) -> tuple[F64, F64, F64]:
        """Geometries, starts, polynomials."""
        tables = (self._geometries, 10), (self._starts, 2), (self._polynomials, 12 + _ENTRIES)
        geometries, starts, cubics = (np.array(rows, np.float64).reshape(-1, width) for rows, width in tables)
        return geometries, starts, cubics

    def _shape(self, g: Geometry) -> tuple[float, ...]:
        place = g.x, g.y, g.hdg
        if isinstance(g.shape, Line):
            return _LINE, *place, 0.0, 0.0, 1.0, 0, 0
        if isinstance(g.shape, Arc | Spiral):
            start, end = (
                (g.shape.curvature, g.shape.curvature)
                if isinstance(g.shape, Arc)
                else (g.shape.curv_start, g.shape.curv_end)
            )
            if start == end:
                return _ARC if start else _LINE, *place, start, 0.0, 1.0, 0, 0
            return self._spiral(g, start, end)
        u, v, arc_length = polynomials(g)
        table = list(arc_length.table) if arc_length is not None else [0.0]
        about = (arc_length.step, arc_length.scale) if arc_length is not None else (1.0, 0.0)
        row = (*u, *v, *about, len(table), 0.0, *table, *[0.0] * (_ENTRIES - len(table)))
        self._polynomials.append(row)
        return _CUBIC, *place, 0.0, 0.0, 1.0, len(self._polynomials) - 1, 1

    def _spiral(self, g: Geometry, start: float, end: float) -> tuple[float, ...]:
        turn = max(abs(start), abs(end)) * g.length
        count = min(max(int(turn / _MAX_TURN) + 1, 1), _MAX_INTERVALS)
        step, at, first = g.length / count, curve_of(g), len(self._starts)
        self._starts += [at(i * step)[:2] for i in range(count)]
        return _SPIRAL, g.x, g.y, g.hdg, start, (end - start) / g.length, step, first, count


@nb.njit(cache=True)
def line_at(g: Any, first: int, count: int, s: float) -> tuple[float, float, float, float]:
    """x, y, heading and curvature of a reference line.

    Args:
        g: has the tables of :class:`PlanView`; first, count: rows of its geometries.
    """
    k, last = first, first + count - 1
    while k < last and g.geometries[k + 1, 0] <= s:
        k += 1
    row = g.geometries[k]
    ds, x, y, heading, k0 = s - row[0], row[2], row[3], row[4], row[5]
    if row[1] == _LINE:
        return x + ds * math.cos(heading), y + ds * math.sin(heading), heading, 0.0
    if row[1] == _ARC:
        half = 0.5 * ds * k0
        chord = 2.0 / k0 * math.sin(half)
        return x + chord * math.cos(heading + half), y + chord * math.sin(heading + half), heading + 2.0 * half, k0
    if row[1] == _CUBIC:
        return _cubic_at(g.polynomials[int(row[8])], ds, x, y, heading)
    rate, step = row[6], row[7]
    i = min(max(int(ds / step), 0), int(row[9]) - 1)
    x, y = g.starts[int(row[8]) + i, 0], g.starts[int(row[8]) + i, 1]
    begin = i * step
    length = ds - begin
    dx = dy = 0.0
    for j in range(_POINTS.shape[0]):
        u = begin + _POINTS[j] * length
        turned = heading + u * (k0 + u * 0.5 * rate)
        dx += _WEIGHTS[j] * math.cos(turned)
        dy += _WEIGHTS[j] * math.sin(turned)
    return x + dx * length, y + dy * length, heading + ds * (k0 + ds * 0.5 * rate), k0 + ds * rate


@nb.njit(cache=True)
def _cubic_at(c: Any, ds: float, x: float, y: float, heading: float) -> tuple[float, float, float, float]:
    """A row of the polynomials' table after ``ds`` metres, from a start with a heading."""
    p = ds if c[9] == 0.0 else _parameter(c, ds * c[9])
    u, v = c[0] + p * (c[1] + p * (c[2] + p * c[3])), c[4] + p * (c[5] + p * (c[6] + p * c[7]))
    u1, v1 = c[1] + p * (2.0 * c[2] + p * 3.0 * c[3]), c[5] + p * (2.0 * c[6] + p * 3.0 * c[7])
    u2, v2 = 2.0 * c[2] + 6.0 * c[3] * p, 2.0 * c[6] + 6.0 * c[7] * p
    speed, ch, sh = math.hypot(u1, v1), math.cos(heading), math.sin(heading)
    curvature = (u1 * v2 - v1 * u2) / speed**3 if speed > 1e-9 else 0.0
    return x + u * ch - v * sh, y + u * sh + v * ch, heading + math.atan2(v1, u1), curvature


@nb.njit(cache=True)
def _parameter(c: Any, wanted: float) -> float:
    """The parameter at a distance, as :meth:`drivesim.opendrive.geometry.ArcLength.parameter` finds it."""
    step, entries, table = c[8], int(c[10]), c[12:]
    i = 0
    while i + 2 < entries and table[i + 1] <= wanted:
        i += 1
    start, ahead = i * step, table[min(i + 1, entries - 1)]
    p = start + step * (wanted - table[i]) / max(ahead - table[i], 1e-12)
    for _ in range(20):
        here = _pace(c, p)
        if here < 1e-9:
            break
        gone = 0.0
        for j in range(_POINTS.shape[0]):
            gone += _WEIGHTS[j] * _pace(c, start + _POINTS[j] * (p - start))
        change = (table[i] + (p - start) * gone - wanted) / here
        p -= change
        if abs(change) < 1e-10 * max(1.0, abs(p)):
            break
    return p


@nb.njit(cache=True)
def _pace(c: Any, p: float) -> float:
    """Metres for each unit of the parameter."""
    u, v = c[1] + p * (2.0 * c[2] + p * 3.0 * c[3]), c[5] + p * (2.0 * c[6] + p * 3.0 * c[7])
    return math.hypot(u, v)
