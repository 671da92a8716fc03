"""The lofted body shell that cars, vans, buses and lorry cabs share.

The left half is built and mirrored. A plan outline (a superellipse at each end) carries columns from the middle of the
nose along the side to the middle of the tail; levels run up from the sill to the shoulder, drawn in from the outline by
section curves; a crowned deck closes the top (bonnet, boot lid); the greenhouse is lofted from the belt to the roof.
Lines of the lattice lie on lamps, shut lines, wheel arches and window edges, so finishes are chosen by cell.
Shares of length run from the front end (0) to the rear end (1), of width from the middle (0) to the side (1), of height
from the ground (0) to the top of the box (1).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from drivesim.scene.vehicles.frame import Frame
from drivesim.scene.vehicles.shapes import Shape, grid, join

F64 = NDArray[np.float64]
Curve = tuple[tuple[float, float], ...]
Span = tuple[float, float]

LEVELS = np.array([0.0, 0.05, 0.16, 0.28, 0.36, 0.44, 0.52, 0.60, 0.68, 0.76, 0.83, 0.89, 0.94, 0.98, 1.0])
"""Heights of the side's levels between sill and shoulder."""

_NOSE = np.array([0.0, 0.14, 0.145, 0.3, 0.45, 0.58, 0.70, 0.80, 0.87])
_ROWS = np.array([0.0, 0.03, 0.08, 0.15, 0.162, 0.35, 0.6, 0.85, 1.0])
_SILLS = np.array([0.0, 0.03, 0.055, 0.2, 0.4, 0.6, 0.8, 0.915, 0.94, 0.975, 1.0])
"""Levels of the greenhouse: frame, seal, glass, seal, frame."""

ARCH_GAP = 1.15
"""Radius of a wheel arch over that of its tyre."""
_UPRIGHT, _FOOT = 0.03, 0.0002
"""Where an arch's round part starts above the hub, rad, and how far its upright edge spreads to the sill, m."""
_LEDGE = 0.1
"""The least length over which the top rises from an end's edge, m."""
_LIP, _LIP_LEVEL = 0.05, 0.16
"""Width of the band along an arch that levels up to the second follow, m: there a sill's cladding goes around."""


@dataclass(frozen=True, slots=True)
class Style:
    """Shape of a shell, in the shares of the module docstring.

    Attributes:
        belt: (length, height) of the top edge of the lower body: bonnet, belt line, boot.
        sill: height of the lower edge.
        nose, tail, side: (level 0..1, how far drawn in): shares of length for nose and tail, of half width for side.
        nose_depth, tail_depth: length over which the plan rounds in; nose_power, tail_power: superellipse exponents.
        crown: rise of the bonnet to its middle, share of height.
        cowl, a_base, c_base, back: lengths of the windscreen's middle and corners and the rear window's, at the belt.
        header, a_top, c_top, roof_end: the same at the roof.
        roof_half: half width of the roof's edge; roof_edge: height of it; roof_drop: fall of the roof's ends.
        glass: (start, end) of side windows along the side, 0 at the A pillar, 1 at the last pillar.
        doors: lengths of door shut lines.
        rear_glass: whether the tail has a window.
        panel: whether parts between windows are painted (True) or black (False).
        headlamp, taillamp: (lower level, upper level, share of the half width where it starts, length where it ends).
        grille, intake: (lower level, upper level, share of the half width where it ends).
        cladding: highest level of black sills and bumpers.
        deck_end: length where the rear deck (bonnet's counterpart) is cut off; beyond it is open (pick-up bed).
        arches: which of the front and rear axle have wheel arches.
        sweep: how much higher (levels) lamps' edges lie at the sides than in the middle.
    """

    belt: Curve
    sill: float
    nose: Curve
    tail: Curve
    side: Curve
    cowl: float
    a_base: float
    c_base: float
    back: float
    header: float
    a_top: float
    c_top: float
    roof_end: float
    glass: tuple[Span, ...]
    doors: tuple[float, ...]
    headlamp: tuple[float, float, float, float] = (0.68, 0.83, 0.58, 0.085)
    taillamp: tuple[float, float, float, float] = (0.60, 0.89, 0.58, 0.955)
    grille: tuple[float, float, float] = (0.52, 0.76, 0.45)
    intake: tuple[float, float, float] = (0.05, 0.36, 0.70)
    nose_depth: float = 0.17
    tail_depth: float = 0.12
    nose_power: float = 2.5
    tail_power: float = 3.0
    crown: float = 0.03
    roof_half: float = 0.66
    roof_edge: float = 0.955
    roof_drop: float = 0.03
    rear_glass: bool = True
    panel: bool = False
    cladding: float = 0.05
    deck_end: float = 1.0
    arches: tuple[bool, bool] = (True, True)
    sweep: float = 0.07


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Half a surface: points (J, N, 3) and, per column or row, coordinates that cells are labelled by."""

    points: F64
    column: F64
    row: F64

    def cell_columns(self) -> F64:
        return (self.column[1:] + self.column[:-1]) / 2

    def cell_rows(self) -> F64:
        return (self.row[1:] + self.row[:-1]) / 2

    def at(self, rows: F64, columns: F64) -> F64:
        """Points (..., 3) of the surface at fractional rows and columns (...)."""
        j = np.clip(np.floor(rows).astype(np.int64), 0, self.points.shape[0] - 2)
        i = np.clip(np.floor(columns).astype(np.int64), 0, self.points.shape[1] - 2)
        q, p = (rows - j)[..., None], (columns - i)[..., None]
        low = self.points[j, i] * (1 - p) + self.points[j, i + 1] * p
        high = self.points[j + 1, i] * (1 - p) + self.points[j + 1, i + 1] * p
        return np.asarray(low * (1 - q) + high * q)

    def across(self, rows: F64, columns: F64) -> F64:
        """Outward unit normals (..., 3) there, as smooth as half a cell either way makes them."""
        last_row, last_column = self.points.shape[0] - 1, self.points.shape[1] - 1
        along = self.at(rows, np.minimum(columns + 0.5, last_column)) - self.at(rows, np.maximum(columns - 0.5, 0))
        up = self.at(np.minimum(rows + 0.5, last_row), columns) - self.at(np.maximum(rows - 0.5, 0), columns)
        normal = np.cross(along, up)
        return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


class Shell:
    """The shell's surfaces for one style and frame; y is about the vehicle's middle."""

    def __init__(self, frame: Frame, style: Style, half: float) -> None:
        self.frame, self.style, self.half = frame, style, half
        self._belt, self._nose, self._tail, self._side = (
            PchipInterpolator(*np.array(curve).T) for curve in (style.belt, style.nose, style.tail, style.side)
        )
        self.sill = style.sill * frame.top
        axles = ((frame.front_axle, style.arches[0]), (frame.rear_axle, style.arches[1]))
        self.arches = tuple(x for x, has_arch in axles if has_arch)
        self.arch_radius = ARCH_GAP * frame.radius

    def plan_y(self, x: ArrayLike) -> F64:
        """Half width (.) of the outline at x."""
        s, f = self.style, self.frame
        share = (f.front - np.asarray(x, dtype=np.float64)) / f.length
        nose = np.clip(1 - share / s.nose_depth, 0, 1)
        tail = np.clip(1 - (1 - share) / s.tail_depth, 0, 1)
        bow = 1 - 0.05 * np.abs(share - 0.5) ** 2
        ends = (1 - nose**s.nose_power) ** (1 / s.nose_power) * (1 - tail**s.tail_power) ** (1 / s.tail_power)
        return np.asarray(self.half * bow * ends)

    def plan_share(self, across: ArrayLike, *, tail: bool) -> F64:
        """Length share (.) where the nose or tail is ``across`` of the half width wide."""
        s = self.style
        power, depth = (s.tail_power, s.tail_depth) if tail else (s.nose_power, s.nose_depth)
        inward = depth * (1 - (1 - np.asarray(across, dtype=np.float64) ** power) ** (1 / power))
        return np.asarray(1 - inward if tail else inward)

    def belt_z(self, x: ArrayLike) -> F64:
        """Height (.) of the lower body's top edge."""
        share = np.clip((self.frame.front - np.asarray(x)) / self.frame.length, 0, 1)
        return np.asarray(self._belt(share) * self.frame.top)

    def arch_z(self, x: ArrayLike) -> F64:
        """Height (.) of the lower body's bottom edge."""
        low = np.full(np.shape(x), self.sill)
        for axle in self.arches:
            rise = np.sqrt(np.maximum(self.arch_radius**2 - (np.asarray(x) - axle) ** 2, 0.0))
            inside = np.abs(np.asarray(x) - axle) < self.arch_radius
            low = np.where(inside, np.maximum(low, self.frame.radius + rise), low)
        return np.minimum(low, self.belt_z(x) - 0.08 * self.frame.top)

    def drawn_in(self, plan: F64, normal: F64, level: F64) -> F64:
        """Points of the outline (N, 2) with normals (N, 2), drawn in at levels (J, N): (J, N, 2)."""
        nx, ny = normal[:, 0], normal[:, 1]
        end = np.where(nx >= 0, self._nose(level), self._tail(level)) * self.frame.length
        x = plan[:, 0] - nx * np.abs(nx) * end
        y = plan[:, 1] - ny * np.abs(ny) * self._side(level) * self.half
        return np.stack([x, np.maximum(y, 0.0)], axis=-1)

    @property
    def nose_top(self) -> float:
        """Height of the bonnet's front edge in the middle."""
        return float(self.belt_z(self.frame.front - float(self._nose(1.0)) * self.frame.length))

    @property
    def tail_top(self) -> float:
        """Height of the rear deck's or tailgate's edge in the middle."""
        return float(self.belt_z(self.frame.rear + float(self._tail(1.0)) * self.frame.length))

    def side_y(self, x: float, z: float) -> float:
        """Half width of the lower body's side."""
        level = np.clip((z - self.sill) / (self.belt_z(x) - self.sill), 0, 1)
        return float(self.plan_y(x) - self._side(level) * self.half)

    def nose_x(self, z: float) -> float:
        """x of the nose's middle at a height."""
        level = np.clip((z - self.sill) / (self.nose_top - self.sill), 0, 1)
        return float(self.frame.front - self._nose(level) * self.frame.length)

    def tail_x(self, z: float) -> float:
        """x of the tail's middle at a height."""
        level = np.clip((z - self.sill) / (self.tail_top - self.sill), 0, 1)
        return float(self.frame.rear + self._tail(level) * self.frame.length)

    def lower(self) -> Lattice:
        """The side from nose to tail; columns are labelled by their share of length, rows by level."""
        plan, normal = self._outline()
        share = (self.frame.front - plan[:, 0]) / self.frame.length
        edge = self.drawn_in(plan, normal, np.ones((1, len(plan))))[0]
        low, high = self.arch_z(plan[:, 0]), self.belt_z(edge[:, 0])
        lip = low + _LIP * np.minimum(LEVELS[:, None] / _LIP_LEVEL, 1.0)
        z = np.maximum(self.sill + self.swept(LEVELS[:, None], plan) * (high - self.sill), lip)
        z = np.minimum(z, high)
        level = (z - self.sill) / (high - self.sill)
        return Lattice(np.concatenate([self.drawn_in(plan, normal, level), z[..., None]], axis=-1), share, LEVELS)

    def swept(self, level: ArrayLike, plan: ArrayLike) -> F64:
        """Where a line of a level lies at points (N, 2) of the outline: lines through lamps rise towards the sides.

        They are level in the middle of nose and tail, and again along the doors.
        """
        x, y = np.asarray(plan, dtype=np.float64).T
        share = (self.frame.front - x) / self.frame.length
        across = np.clip((np.abs(y) / self.half - 0.3) / 0.6, 0, 1) ** 2
        ends = np.clip((0.30 - np.minimum(share, 1 - share)) / 0.17, 0, 1)
        middle = np.clip((np.asarray(level, dtype=np.float64) - 0.40) / 0.57, 0, 1)
        return np.asarray(level + self.style.sweep * across * ends**2 * (3 - 2 * ends) * np.sin(np.pi * middle) ** 2)

    def _outline(self) -> tuple[F64, F64]:
        """Columns of the plan (N, 2) and their outward unit normals (N, 2)."""
        s, f = self.style, self.frame
        marks = np.unique(np.concatenate([_NOSE, [s.headlamp[2], s.grille[2], s.intake[2]]]))
        ends = np.unique(np.concatenate([_NOSE, [s.taillamp[2]]]))
        nose = f.front - self.plan_share(marks, tail=False) * f.length
        tail = f.front - self.plan_share(ends, tail=True) * f.length
        fixed = [nose[-1], tail[-1], f.x(s.headlamp[3]), f.x(s.taillamp[3])]
        for axle in self.arches:
            fixed.extend(axle + self.arch_radius * np.cos(np.linspace(_UPRIGHT, np.pi - _UPRIGHT, 17)))
            fixed.extend((axle - self.arch_radius - _FOOT, axle + self.arch_radius + _FOOT))
        for door in s.doors:
            fixed.extend((f.x(door) - 0.004, f.x(door) + 0.004))
        marks_x = np.unique(np.round([x for x in fixed if tail[-1] <= x <= nose[-1]], 4))
        pieces = [np.linspace(a, b, max(2, int(np.ceil((b - a) / 0.22)) + 1))[:-1] for a, b in pairwise(marks_x)]
        side = np.concatenate([*pieces, marks_x[-1:]])[::-1]
        plan = np.concatenate(
            [
                np.stack([nose[:-1], marks[:-1] * self.half], axis=-1),
                np.stack([side, self.plan_y(side)], axis=-1),
                np.stack([tail[:-1], ends[:-1] * self.half], axis=-1)[::-1],
            ]
        )
        return plan, self._outward(plan)

    def _outward(self, plan: F64) -> F64:
        """Unit normals (N, 2) of the superellipses that the outline (N, 2) is made of; sideways between them."""
        s, f = self.style, self.frame
        share = (f.front - plan[:, 0]) / f.length
        normal = np.zeros_like(plan)
        for way, in_from_end, depth, power in (
            (1.0, share, s.nose_depth, s.nose_power),
            (-1.0, 1 - share, s.tail_depth, s.tail_power),
        ):
            along = np.clip(1 - in_from_end / depth, 0, 1)
            across = np.maximum(1 - along**power, 0) ** (1 / power)
            normal[:, 0] += way * along ** (power - 1) / (depth * f.length)
            normal[:, 1] += np.where(along > 0, across ** (power - 1), 0.0) / self.half
        normal[(normal == 0).all(axis=1), 1] = 1.0
        return normal / np.linalg.norm(normal, axis=1, keepdims=True)

    def deck(self, edge: F64) -> Lattice:
        """The top of the lower body inward from its edge (N, 3); rows are labelled by their share of the way in.

        Lines to the middle lean so that they never pass each other where the nose's edge is hollow.
        """
        ahead, behind = np.minimum.accumulate(edge[:, 0]), np.maximum.accumulate(edge[::-1, 0])[::-1]
        middle = np.where(edge[:, 0] > self.frame.x(0.5), ahead, behind)
        across = edge[None, :, 1] * (1 - _ROWS[:, None])
        rise = self._crown(middle) * (edge[None, :, 1] ** 2 - across**2) / self.half**2
        along = edge[None, :, 0] + (middle - edge[:, 0]) * _ROWS[:, None]
        points = np.stack(np.broadcast_arrays(along, across, edge[None, :, 2] + rise), axis=-1)
        return Lattice(points, (self.frame.front - edge[:, 0]) / self.frame.length, _ROWS)

    def _crown(self, x: F64) -> F64:
        """Rise (N,) of the top's middle over its edges, m: none at both ends, all of it where the windows start."""
        f, s = self.frame, self.style
        nose, tail = self.nose_x(self.nose_top), self.tail_x(self.tail_top)
        ahead = (nose - x) / max(0.6 * (nose - f.x(s.cowl)), _LEDGE)
        behind = (x - tail) / max(0.6 * (f.x(s.back) - tail), _LEDGE)
        share = np.clip(np.minimum(ahead, behind), 0, 1)
        return np.asarray(s.crown * f.top * share**2 * (3 - 2 * share))

    def greenhouse(self, edge: F64) -> tuple[Lattice, F64]:
        """Windows and pillars above the lower body's edge (N, 3), and the roof's lattice points (R, M, 3).

        Columns are labelled 0..1 across the windscreen, 1..2 along the side, 2..3 across the tail.
        """
        s, f = self.style, self.frame
        glass = np.array(s.glass).ravel()
        marks = np.unique(np.concatenate([[0, 1], glass, glass - 0.012, glass + 0.012]).clip(0, 1))
        side = np.unique(np.concatenate([marks, np.linspace(0, 1, 13)[1:-1]]))
        pane = np.array([0.0, 0.3, 0.55, 0.75, 0.88, 0.92])
        label = np.concatenate([pane, 1 + side, 3 - pane[::-1]])
        base_x, top_x = (
            self._around(label, s.cowl, s.a_base, s.c_base, s.back),
            self._around(label, s.header, s.a_top, s.c_top, s.roof_end),
        )
        across = np.where(label < 1, label, np.where(label > 2, 3 - label, 1.0))
        order = np.argsort(edge[:, 0])
        base_half = np.interp(base_x, edge[order, 0], edge[order, 1]) - 0.012 * self.half
        base_y = across * base_half
        crown = self._crown(base_x) * (base_half**2 - base_y**2) / self.half**2
        base_z = self.belt_z(base_x) + crown - 0.012
        along = (top_x - top_x.min()) / max(np.ptp(top_x), 1e-6) * 2 - 1
        top_half = s.roof_half * self.half * (1 - 0.06 * along**2)
        top_y = across * top_half
        bend = 1 - s.roof_drop * along**2
        rise = (1 - s.roof_edge) * f.top * (1 - (top_y / (s.roof_half * self.half)) ** 2)
        top_z = (s.roof_edge * f.top + rise) * bend
        k = _SILLS[:, None]
        bulge = 4 * k * (1 - k)
        ends = np.where(label < 1, 1.0, np.where(label > 2, -1.0, 0.0)) * (1 - across**4)
        points = np.stack(
            [
                base_x + (top_x - base_x) * k + 0.008 * f.length * bulge * ends,
                base_y + (top_y - base_y) * k + 0.035 * self.half * bulge * across,
                base_z + (top_z - base_z) * k,
            ],
            axis=-1,
        )
        rows = np.array([0.0, 0.06, 0.14, 0.3, 0.55, 0.8, 1.0])[:, None]
        roof_y = top_y * (1 - rows)
        roof_rise = (1 - s.roof_edge) * f.top * (1 - (roof_y / (s.roof_half * self.half)) ** 2)
        roof_z = (s.roof_edge * f.top + roof_rise) * bend
        roof = np.stack(np.broadcast_arrays(top_x, roof_y, roof_z), axis=-1)
        return Lattice(points, label, _SILLS), roof

    def _around(self, label: F64, front: float, a: float, c: float, back: float) -> F64:
        """x (M,) of a loop given by the lengths of its middle front, A pillar, last pillar and middle back."""
        f = self.frame
        bow_front = f.x(front) + (f.x(a) - f.x(front)) * np.clip(label, 0, 1) ** 2.5
        bow_back = f.x(back) + (f.x(c) - f.x(back)) * np.clip(3 - label, 0, 1) ** 2.5
        side = f.x(a) + (f.x(c) - f.x(a)) * np.clip(label - 1, 0, 1)
        return np.where(label < 1, bow_front, np.where(label > 2, bow_back, side))

    def arch_liners(self, lower: Lattice, depth: float) -> Shape:
        """The insides of the wheel arches, from the body's edge in to y = ``depth``."""
        edge = lower.points[0]
        shapes = []
        for axle in self.arches:
            reach = edge[np.abs(edge[:, 0] - axle) < self.arch_radius * 1.005]
            inner, foot = reach * (1, 0, 1) + (0, depth, 0), reach * (1, 0, 0) + (0, depth, self.sill)
            shapes.append(grid([foot, inner, reach]))
        return join(shapes)
