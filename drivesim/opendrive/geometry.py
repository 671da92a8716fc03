"""Plan-view geometry and cubic profiles, evaluated one s at a time in plain floats.

A curve knows how to give position, heading and curvature at a distance from its start. Spirals and cubics whose
parameter is not arc length are integrated with Gauss-Legendre quadrature over sub-intervals short enough for
rounding error (the closed forms cancel badly for nearly constant curvature).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from math import atan2, cos, hypot, sin

from drivesim.opendrive.model import Arc, Cubic, Geometry, Line, ParamPoly3, Poly3, Spiral

Sample = tuple[float, float, float, float]
"""x, y, heading, curvature."""

Curve = Callable[[float], Sample]
"""From distance along a geometry to the sample there."""

# Gauss-Legendre nodes and weights on [0, 1], 5 points (Abramowitz and Stegun 25.4.30).
_NODES = tuple(
    (0.5 + 0.5 * x, 0.5 * w)
    for x, w in (
        (-0.9061798459386640, 0.2369268850561891),
        (-0.5384693101056831, 0.4786286704993665),
        (0.0, 0.5688888888888889),
        (0.5384693101056831, 0.4786286704993665),
        (0.9061798459386640, 0.2369268850561891),
    )
)
_MAX_TURN = 0.25
"""Heading change within one quadrature interval, rad; keeps five points exact to about 1e-13 of the length."""
_MAX_INTERVALS = 4096


class Cubics:
    """Piecewise cubic of s, constant before its first record."""

    __slots__ = ("_rows", "_starts", "is_constant", "is_linear", "is_zero")

    def __init__(self, records: Iterable[Cubic], shift: float = 0.0) -> None:
        rows = [(r.s + shift, r.a, r.b, r.c, r.d) for r in records]
        self._rows = sorted(rows, key=lambda row: row[0]) or [(0.0, 0.0, 0.0, 0.0, 0.0)]
        self._starts = [row[0] for row in self._rows]
        self.is_zero = all(row[1:] == (0.0, 0.0, 0.0, 0.0) for row in self._rows)
        self.is_constant = len(self._rows) == 1 and self._rows[0][2:] == (0.0, 0.0, 0.0)
        """Whether one value holds everywhere."""
        self.is_linear = all(row[3] == 0.0 and row[4] == 0.0 for row in self._rows)
        """Whether no piece bends, so that samples at ``starts`` are enough."""

    @property
    def starts(self) -> Sequence[float]:
        return self._starts

    def at(self, s: float) -> float:
        rows = self._rows
        if self.is_constant:
            return rows[0][1]
        s0, a, b, c, d = rows[0] if len(rows) == 1 else rows[max(bisect_right(self._starts, s) - 1, 0)]
        ds = s - s0
        return a + ds * (b + ds * (c + ds * d)) if ds > 0.0 else a

    def slope(self, s: float) -> float:
        rows = self._rows
        if self.is_constant:
            return 0.0
        s0, _, b, c, d = rows[0] if len(rows) == 1 else rows[max(bisect_right(self._starts, s) - 1, 0)]
        ds = s - s0
        return b + ds * (2.0 * c + ds * 3.0 * d) if ds >= 0.0 else 0.0


def _line(g: Geometry) -> Curve:
    x, y, hdg, cx, cy = g.x, g.y, g.hdg, cos(g.hdg), sin(g.hdg)
    return lambda ds: (x + ds * cx, y + ds * cy, hdg, 0.0)


def _arc(g: Geometry, curvature: float) -> Curve:
    if curvature == 0.0:
        return _line(g)
    x, y, hdg, radius = g.x, g.y, g.hdg, 1.0 / curvature

    def at(ds: float) -> Sample:
        # The chord form keeps its precision for very large radii.
        half = 0.5 * ds * curvature
        chord = 2.0 * radius * sin(half)
        return x + chord * cos(hdg + half), y + chord * sin(hdg + half), hdg + 2.0 * half, curvature

    return at


def _spiral(g: Geometry, shape: Spiral) -> Curve:
    k0, length = shape.curv_start, g.length
    rate = (shape.curv_end - k0) / length
    turn = max(abs(k0), abs(shape.curv_end)) * length
    count = min(max(int(turn / _MAX_TURN) + 1, 1), _MAX_INTERVALS)
    step = length / count
    half_rate = 0.5 * rate

    def advance(s0: float, ds: float) -> tuple[float, float]:
        """Displacement from s0 to s0 + ds, in the frame of the geometry's plan."""
        dx = dy = 0.0
        for node, weight in _NODES:
            s = s0 + node * ds
            heading = g.hdg + s * (k0 + s * half_rate)
            dx += weight * cos(heading)
            dy += weight * sin(heading)
        return dx * ds, dy * ds

    starts = [(g.x, g.y)]
    for i in range(count):
        dx, dy = advance(i * step, step)
        starts.append((starts[-1][0] + dx, starts[-1][1] + dy))

    def at(ds: float) -> Sample:
        i = min(max(int(ds / step), 0), count - 1)
        x, y = starts[i]
        s0 = i * step
        dx, dy = advance(s0, ds - s0)
        return x + dx, y + dy, g.hdg + ds * (k0 + ds * half_rate), k0 + ds * rate

    return at


class ArcLength:
    """The parameter of a polynomial curve by the distance along it.

    Attributes:
        step: of the parameter between the entries of ``table``, the distances there, m.
        scale: of distances; files state rounded lengths, so that the parameter's end decides.

    Args:
        u, v: coefficients along and across the start; end: the parameter at ``length``; None: found by going along the
            curve until ``length``.
    """

    __slots__ = ("_u", "_v", "scale", "step", "table")

    def __init__(self, u: Sequence[float], v: Sequence[float], length: float, end: float | None) -> None:
        self._u, self._v = u, v
        self.step = (end if end is not None else length) / 64.0
        self.table = [0.0]
        while len(self.table) <= 64 and (end is not None or self.table[-1] < length):
            k = len(self.table)
            self.table.append(self.table[-1] + self._distance((k - 1) * self.step, k * self.step))
        self.scale = self.table[-1] / length if end is not None and length > 0.0 else 1.0

    def _speed(self, p: float) -> float:
        (_, bu, cu, du), (_, bv, cv, dv) = self._u, self._v
        return hypot(bu + p * (2.0 * cu + p * 3.0 * du), bv + p * (2.0 * cv + p * 3.0 * dv))

    def _distance(self, p0: float, p1: float) -> float:
        return (p1 - p0) * sum(weight * self._speed(p0 + node * (p1 - p0)) for node, weight in _NODES)

    def parameter(self, ds: float) -> float:
        """The parameter after ``ds`` metres."""
        table, step, wanted = self.table, self.step, ds * self.scale
        i = min(max(bisect_right(table, wanted) - 1, 0), max(len(table) - 2, 0))
        start = i * step
        p = start + step * (wanted - table[i]) / max(table[min(i + 1, len(table) - 1)] - table[i], 1e-12)
        for _ in range(20):
            here = self._speed(p)
            if here < 1e-9:
                break
            change = (table[i] + self._distance(start, p) - wanted) / here
            p -= change
            if abs(change) < 1e-10 * max(1.0, abs(p)):
                break
        return p


Coefficients = tuple[float, float, float, float]


def polynomials(g: Geometry) -> tuple[Coefficients, Coefficients, ArcLength | None]:
    """Coefficients along and across the start of a polynomial geometry; None: the parameter is the distance itself."""
    if isinstance(g.shape, Poly3):
        u, v = (0.0, 1.0, 0.0, 0.0), (g.shape.a, g.shape.b, g.shape.c, g.shape.d)
        return u, v, ArcLength(u, v, g.length, None)
    assert isinstance(g.shape, ParamPoly3)
    (au, bu, cu, du), (av, bv, cv, dv) = g.shape.u, g.shape.v
    u, v = (au, bu, cu, du), (av, bv, cv, dv)
    return u, v, ArcLength(u, v, g.length, 1.0) if g.shape.normalized else None


def _parametric(g: Geometry) -> Curve:
    x, y, hdg, ch, sh = g.x, g.y, g.hdg, cos(g.hdg), sin(g.hdg)
    (au, bu, cu, du), (av, bv, cv, dv), arc_length = polynomials(g)

    def at(ds: float) -> Sample:
        p = ds if arc_length is None else arc_length.parameter(ds)
        up, vp = au + p * (bu + p * (cu + p * du)), av + p * (bv + p * (cv + p * dv))
        u1, v1 = bu + p * (2.0 * cu + p * 3.0 * du), bv + p * (2.0 * cv + p * 3.0 * dv)
        u2, v2 = 2.0 * cu + 6.0 * du * p, 2.0 * cv + 6.0 * dv * p
        speed = hypot(u1, v1)
        curvature = (u1 * v2 - v1 * u2) / speed**3 if speed > 1e-9 else 0.0
        return x + up * ch - vp * sh, y + up * sh + vp * ch, hdg + atan2(v1, u1), curvature

    return at


def curve_of(g: Geometry) -> Curve:
    """The curve of one geometry record."""
    shape = g.shape
    match shape:
        case Line():
            return _line(g)
        case Arc(curvature):
            return _arc(g, curvature)
        case Spiral(start, end):
            return _arc(g, start) if start == end else _spiral(g, shape)
        case Poly3() | ParamPoly3():
            return _parametric(g)


class ReferenceLine:
    """The plan view of a road."""

    __slots__ = ("_curves", "curved", "length", "starts")

    def __init__(self, geometries: Sequence[Geometry], length: float) -> None:
        self.starts = [g.s for g in geometries]
        """Where each geometry begins."""
        self.curved = [not isinstance(g.shape, Line) for g in geometries]
        self.length = length
        self._curves = [(g.s, curve_of(g)) for g in geometries]

    def at(self, s: float) -> Sample:
        """x, y, heading and curvature at s; the first and last geometry reach beyond the ends."""
        curves = self._curves
        start, curve = curves[0] if len(curves) == 1 else curves[max(bisect_right(self.starts, s) - 1, 0)]
        return curve(s - start)

    def piece(self, s: float, forward: bool) -> tuple[float, float, bool]:
        """Start, end and whether it is curved of the geometry at s; at a joint the one ahead in this direction."""
        index = bisect_right(self.starts, s) - 1
        if not forward and index > 0 and s <= self.starts[index]:
            index -= 1
        index = max(index, 0)
        end = self.starts[index + 1] if index + 1 < len(self.starts) else self.length
        return self.starts[index], end, self.curved[index]
