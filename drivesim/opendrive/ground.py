"""Height and slope of the ground at a point, compiled: what :class:`RoadNetwork` answers, in a microsecond.

The same search and the same formulas as ``RoadNetwork.lane_from_world`` and ``RoadFrame.lane_point``, over plain
arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.opendrive.geometry import Cubics
from drivesim.opendrive.grid import cell_at, grid_of
from drivesim.opendrive.model import Lane
from drivesim.opendrive.network import _DRIVABLE, REACH, RoadNetwork
from drivesim.opendrive.planview import PlanView, line_at
from drivesim.opendrive.profiles import shape_at, slope_at, value_at
from drivesim.opendrive.road import RoadFrame

(
    GEOMETRY, GEOMETRIES, SECTION, SECTIONS, ELEVATION, ELEVATIONS, TILT, TILTS, OFFSET, OFFSETS, LEFT_FALL,
    LEFT_FALLS, RIGHT_FALL, RIGHT_FALLS, SHAPE, SHAPES, TILTED, FALLS,
) = range(18)  # fmt: skip
"""Columns of the road table: first row and number of rows in the other tables, then two flags."""
LEFT, LEFTS, RIGHT, RIGHTS = range(4)
"""Columns of the section table: lanes from the middle outwards."""
LANE_ID, IS_BORDER, WIDTH, WIDTHS, RAISED, INNER, INNERS, OUTER, OUTERS, IS_DRIVABLE, DIRECTION = range(11)
"""Columns of the lane table."""

_CANDIDATES = 24
"""Roads that can lie over each other at one point."""

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Ground(NamedTuple):
    """A map as arrays, for compiled code.

    Attributes:
        chords: (C, 10) box x0, y0, x1, y1, then s0, s1 and the ends x0, y0, x1, y1; chord_road: (C,) road rows.
        frame, cells, near: the grid over the chords, of :func:`drivesim.opendrive.grid.grid_of`.
        roads: (R, 18); lengths: (R,).
        geometries, starts, polynomials: of :class:`drivesim.opendrive.planview.PlanView`.
        sections: (X, 4); spans: (X, 2) s and end. lanes: (L, 11). cubics: (K, 5) s, a, b, c, d.
        shapes: (H, 3) cross-sections, of :mod:`drivesim.opendrive.profiles`.
    """

    chords: F64
    chord_road: I64
    frame: F64
    cells: I64
    near: I64
    roads: I64
    lengths: F64
    geometries: F64
    starts: F64
    polynomials: F64
    sections: I64
    spans: F64
    lanes: I64
    cubics: F64
    shapes: F64


def ground_of(network: object) -> Ground | None:
    """The compiled ground of a map; None for a map without roads."""
    if not isinstance(network, RoadNetwork):  # whatever else answers a network's questions
        return None
    if network not in _KNOWN:
        _KNOWN[network] = _made(network)
    return _KNOWN[network]


_KNOWN: WeakKeyDictionary[RoadNetwork, Ground | None] = WeakKeyDictionary()


def _made(network: RoadNetwork) -> Ground | None:
    frames = network._frames
    return _Builder(frames.values()).build(network) if frames else None


class _Builder:
    def __init__(self, frames: Iterable[RoadFrame]) -> None:
        self._frames = list(frames)
        self._cubics: list[tuple[float, ...]] = []
        self._plan = PlanView()
        self._sections: list[tuple[int, ...]] = []
        self._spans: list[tuple[float, float]] = []
        self._lanes: list[tuple[int, ...]] = []
        self._shapes: list[tuple[float, int, int]] = []

    def build(self, network: RoadNetwork) -> Ground:
        roads = [self._road(frame) for frame in self._frames]
        index = {frame.road.id: i for i, frame in enumerate(self._frames)}
        chords = [
            (*box, *rest) for box, (_, *rest) in zip(network._locator._boxes, network._locator._chords, strict=True)
        ]
        return Ground(
            np.array(chords, dtype=np.float64),
            np.array([index[chord[0].road.id] for chord in network._locator._chords], dtype=np.int64),
            *grid_of(network._locator._boxes, REACH + 1.0),
            np.array(roads, dtype=np.int64),
            np.array([frame.length for frame in self._frames]),
            *self._plan.arrays(),
            np.array(self._sections, dtype=np.int64),
            np.array(self._spans, dtype=np.float64),
            np.array(self._lanes, dtype=np.int64).reshape(-1, 11),
            np.array(self._cubics, dtype=np.float64),
            np.array(self._shapes, dtype=np.float64).reshape(-1, 3),
        )

    def _profile(self, cubics: Cubics) -> tuple[int, int]:
        first = len(self._cubics)
        self._cubics += cubics._rows
        return first, len(cubics._rows)

    def _road(self, frame: RoadFrame) -> tuple[int, ...]:
        geometry, geometries = self._plan.add(frame.road.geometries)
        section = len(self._sections)
        for part in frame.sections:
            sides = []
            for borders in (part._left, part._right):
                sides += [len(self._lanes), len(borders)]
                for lane_id, profile, is_border in borders:
                    heights = part._heights[lane_id]
                    self._lane(frame, part.lanes[lane_id], profile, is_border, heights)
            self._sections.append(tuple(sides))
            self._spans.append((part.s, part.end))
        profiles = (frame._elevation, frame._superelevation, frame.offset, frame._left_fall, frame._right_fall)
        tables = [value for profile in profiles for value in self._profile(profile)]
        tables += [len(self._shapes), len(frame._shapes)]
        self._shapes += [(s, *self._profile(shape)) for s, shape in frame._shapes]
        return (
            geometry, geometries, section, len(self._sections) - section, *tables,
            int(frame._tilted), int(frame._extra),
        )  # fmt: skip

    def _lane(
        self, frame: RoadFrame, lane: Lane, profile: Cubics, is_border: bool, heights: tuple[Cubics, Cubics] | None
    ) -> None:
        width = self._profile(profile)
        inner, outer = (self._profile(h) for h in heights) if heights else ((0, 1), (0, 1))
        self._lanes.append((
            lane.id, int(is_border), *width, int(heights is not None), *inner, *outer, int(lane.type in _DRIVABLE),
            frame.direction(lane),
        ))  # fmt: skip


@nb.njit(cache=True)
def curvature_at(g: Any, road: int, s: float) -> float:
    """Of a reference line, 1/m."""
    return line_at(g, g.roads[road, GEOMETRY], g.roads[road, GEOMETRIES], s)[3]


@nb.njit(cache=True)
def to_joint(g: Any, road: int, s: float, sense: float) -> float:
    """Metres along a reference line from s, towards +s or -s, to where the next of its geometries begins; inf at its
    last."""
    first, count = g.roads[road, GEOMETRY], g.roads[road, GEOMETRIES]
    best = math.inf
    for k in range(first + 1, first + count):
        ahead = (g.geometries[k, 0] - s) * sense
        if 0.0 < ahead < best:
            best = ahead
    return best


@nb.njit(cache=True)
def _project(g: Any, road: int, x: float, y: float, s: float) -> tuple[float, float, float]:
    """s, t and the distance beyond the road's ends."""
    length = g.lengths[road]
    beyond = lateral = 0.0
    for _ in range(12):
        px, py, heading, curvature = line_at(g, g.roads[road, GEOMETRY], g.roads[road, GEOMETRIES], s)
        ch, sh = math.cos(heading), math.sin(heading)
        along = (x - px) * ch + (y - py) * sh
        lateral = (y - py) * ch - (x - px) * sh
        if g.roads[road, TILTED]:
            grade = slope_at(g.cubics, g.roads[road, ELEVATION], g.roads[road, ELEVATIONS], s)
            roll = value_at(g.cubics, g.roads[road, TILT], g.roads[road, TILTS], s)
            along += lateral * math.tan(roll) * grade / math.hypot(1.0, grade)
        stretch = 1.0 - curvature * lateral
        step = along / stretch if stretch > 0.2 else along
        wanted = min(max(s + step, 0.0), length)
        moved = wanted - s
        beyond = abs(along - moved * stretch) if wanted in (0.0, length) else 0.0
        s = wanted
        if abs(moved) < 1e-7:
            break
    if g.roads[road, TILTED]:
        lateral /= math.cos(value_at(g.cubics, g.roads[road, TILT], g.roads[road, TILTS], s))
    return s, lateral, beyond if beyond > 1e-6 else 0.0


@nb.njit(cache=True)
def section_at(g: Any, road: int, s: float) -> int:
    k, last = g.roads[road, SECTION], g.roads[road, SECTION] + g.roads[road, SECTIONS] - 1
    while k < last and g.spans[k + 1, 0] <= s:
        k += 1
    return k


@nb.njit(cache=True)
def _lane_at(g: Any, section: int, s: float, t: float, left: bool, offset: float) -> tuple[int, float, float]:
    """The lane of a side that holds t, or the outermost one that has a width, with its inner and outer edge."""
    first = g.sections[section, LEFT if left else RIGHT]
    count = g.sections[section, LEFTS if left else RIGHTS]
    inner = offset
    found, found_inner, found_outer = -1, offset, offset
    for k in range(first, first + count):
        value = value_at(g.cubics, g.lanes[k, WIDTH], g.lanes[k, WIDTHS], s)
        if g.lanes[k, IS_BORDER]:
            outer = max(value, inner) if left else min(value, inner)
        else:
            outer = inner + max(value, 0.0) if left else inner - max(value, 0.0)
        if inner != outer or found < 0:
            found, found_inner, found_outer = k, inner, outer
        if inner != outer and (t < outer if left else t > outer):
            break
        inner = outer
    return found, found_inner, found_outer


@nb.njit(cache=True)
def _place(g: Any, road: int, x: float, y: float, guess: float) -> tuple[float, int, float, float, float, int]:
    """Where a point is on one road: metres outside its lanes, rank, metres from the lane's centre, s, t, lane row."""
    s, t, beyond = _project(g, road, x, y, guess)
    section = section_at(g, road, s)
    offset = value_at(g.cubics, g.roads[road, OFFSET], g.roads[road, OFFSETS], s)
    left = t > offset
    if g.sections[section, LEFTS if left else RIGHTS] == 0:
        left = not left
    lane, inner, outer = _lane_at(g, section, s, t, left, offset)
    low, high = min(inner, outer), max(inner, outer)
    outside = max(low - t, t - high, 0.0)
    if outside < 1e-9:
        outside = 0.0
    rank = 0 if lane >= 0 and g.lanes[lane, IS_DRIVABLE] else 1
    return math.hypot(outside, beyond), rank, abs(t - 0.5 * (inner + outer)), s, t, lane


@nb.njit(cache=True)
def locate(g: Any, x: float, y: float, road: int, guess: float) -> tuple[int, float, float, int]:
    """Road row, s, t and lane row of the lane under or nearest to a point; road -1 where there is none near.

    Args:
        road, guess: where it was before; road -1 if unknown.
    """
    if road >= 0:
        outside, rank, _, s, t, lane = _place(g, road, x, y, guess)
        if outside == 0.0 and rank == 0:
            return road, s, t, lane
    near = np.empty(_CANDIDATES, np.int64)
    away = np.empty(_CANDIDATES)
    guesses = np.empty(_CANDIDATES)
    best = (math.inf, 0, 0.0, 0.0)
    found, found_s, found_t, found_lane = -1, 0.0, 0.0, -1
    cell = cell_at(g.frame, x, y)
    if cell < 0:
        return found, found_s, found_t, found_lane
    for margin in (0.0, REACH + 1.0):
        count = 0
        for c in g.near[g.cells[cell] : g.cells[cell + 1]]:
            row = g.chords[c]
            if x < row[0] - margin or y < row[1] - margin or x > row[2] + margin or y > row[3] + margin:
                continue
            dx, dy = row[8] - row[6], row[9] - row[7]
            square = dx * dx + dy * dy
            u = min(max(((x - row[6]) * dx + (y - row[7]) * dy) / square, 0.0), 1.0) if square > 0.0 else 0.0
            distance = (row[6] + u * dx - x) ** 2 + (row[7] + u * dy - y) ** 2
            k = 0
            while k < count and near[k] != g.chord_road[c]:
                k += 1
            if k == count and count < _CANDIDATES:
                count += 1
                near[k], away[k] = g.chord_road[c], math.inf
            if k < _CANDIDATES and distance < away[k]:
                away[k], guesses[k] = distance, row[4] + u * (row[5] - row[4])
        best, found = (math.inf, 0, 0.0, 0.0), -1
        for i in range(count):
            outside, rank, off, s, t, lane = _place(g, near[i], x, y, guesses[i])
            if (outside, rank, off, away[i]) < best:
                best = (outside, rank, off, away[i])
                found, found_s, found_t, found_lane = near[i], s, t, lane
        if best[0] == 0.0:
            break
    return (found if best[0] <= REACH else -1), found_s, found_t, found_lane


@nb.njit(cache=True)
def surface_at(g: Any, road: int, s: float, t: float, lane: int) -> tuple[float, float, float, float]:
    """z, heading, pitch and roll of the surface at a place that :func:`locate` found; heading as traffic drives."""
    return lane_point(g, road, s, t, lane)[2:]


@nb.njit(cache=True)
def lane_point(g: Any, road: int, s: float, t: float, lane: int) -> tuple[float, float, float, float, float, float]:
    """x, y, z, heading, pitch and roll of the surface at a place; heading as traffic drives in this lane (a row)."""
    r = g.roads[road]
    section = section_at(g, road, s)
    height, lean, bend = 0.0, 0.0, slope_at(g.cubics, r[OFFSET], r[OFFSETS], s)
    if lane >= 0:
        if g.lanes[lane, RAISED]:
            inner, outer = edges(g, road, section, lane, s)
            low = value_at(g.cubics, g.lanes[lane, INNER], g.lanes[lane, INNERS], s)
            high = value_at(g.cubics, g.lanes[lane, OUTER], g.lanes[lane, OUTERS], s)
            width = abs(outer - inner)
            share = min(max(abs(t - inner) / width, 0.0), 1.0) if width > 1e-9 else 0.0
            height = low + (high - low) * share
            if width > 1e-9 and low != high:
                lean = math.atan((high - low) / (outer - inner))
        bend = _lane_slope(g, section, s, lane, bend)
    x, y, z, heading, pitch, roll, curvature = _point(g, road, s, t, height)
    stretch = 1.0 - curvature * t
    if bend and stretch > 0.05:
        heading += math.atan(bend / stretch)
    if lane >= 0 and g.lanes[lane, DIRECTION] < 0:
        return x, y, z, heading + math.pi, -pitch, -(roll + lean)
    return x, y, z, heading, pitch, roll + lean


@nb.njit(cache=True)
def height_at(g: Any, x: float, y: float) -> float:
    """z of the surface at a point, NaN where no road is near."""
    road, s, t, lane = locate(g, x, y, -1, 0.0)
    return surface_at(g, road, s, t, lane)[0] if road >= 0 else math.nan


@nb.njit(cache=True)
def edges(g: Any, road: int, section: int, lane: int, s: float) -> tuple[float, float]:
    """t of a lane's inner and outer edge; ``lane``: its row."""
    left = g.lanes[lane, LANE_ID] > 0
    inner = outer = value_at(g.cubics, g.roads[road, OFFSET], g.roads[road, OFFSETS], s)
    for k in range(g.sections[section, LEFT if left else RIGHT], lane + 1):
        inner = outer
        value = value_at(g.cubics, g.lanes[k, WIDTH], g.lanes[k, WIDTHS], s)
        if g.lanes[k, IS_BORDER]:
            outer = max(value, inner) if left else min(value, inner)
        else:
            outer = inner + max(value, 0.0) if left else inner - max(value, 0.0)
    return inner, outer


@nb.njit(cache=True)
def _lane_slope(g: Any, section: int, s: float, lane: int, offset_slope: float) -> float:
    """dt/ds of the centre of a lane."""
    left = g.lanes[lane, LANE_ID] > 0
    sign = 1.0 if left else -1.0
    inner = outer = offset_slope
    for k in range(g.sections[section, LEFT if left else RIGHT], lane + 1):
        inner = outer
        slope = slope_at(g.cubics, g.lanes[k, WIDTH], g.lanes[k, WIDTHS], s)
        outer = slope if g.lanes[k, IS_BORDER] else inner + sign * slope
    return 0.5 * (inner + outer)


@nb.njit(cache=True)
def _relief(g: Any, road: int, s: float, t: float) -> float:
    r = g.roads[road]
    first, count = (r[LEFT_FALL], r[LEFT_FALLS]) if t > 0 else (r[RIGHT_FALL], r[RIGHT_FALLS])
    fall = value_at(g.cubics, first, count, s)
    height = -abs(t) * math.tan(fall)
    if r[SHAPES]:
        height += shape_at(g.shapes, g.cubics, r[SHAPE], r[SHAPES], s, t)
    return height


@nb.njit(cache=True)
def _point(g: Any, road: int, s: float, t: float, h: float) -> tuple[float, float, float, float, float, float, float]:
    """x, y, z, heading, pitch, roll and curvature at track coordinates, heading along +s."""
    r = g.roads[road]
    x, y, heading, curvature = line_at(g, g.roads[road, GEOMETRY], g.roads[road, GEOMETRIES], s)
    z = value_at(g.cubics, r[ELEVATION], r[ELEVATIONS], s)
    grade = slope_at(g.cubics, r[ELEVATION], r[ELEVATIONS], s)
    roll, cr, sr, rise, along = 0.0, 1.0, 0.0, 0.0, 0.0
    if r[TILTED]:
        roll = value_at(g.cubics, r[TILT], r[TILTS], s)
        cr, sr = math.cos(roll), math.sin(roll)
        rise = t * sr / math.hypot(1.0, grade)
        along = -rise * grade
        grade += t * cr * slope_at(g.cubics, r[TILT], r[TILTS], s)
    if r[FALLS]:
        h += _relief(g, road, s, t)
        roll += math.atan((_relief(g, road, s, t + 0.05) - _relief(g, road, s, t - 0.05)) / 0.1)
    lateral = t * cr - h * sr
    z += rise + h * cr
    if grade:
        grade /= max(1.0 - curvature * lateral, 0.05)
    ch, sh = math.cos(heading), math.sin(heading)
    x, y = x + along * ch - lateral * sh, y + along * sh + lateral * ch
    return x, y, z, heading, -math.atan(grade), roll, curvature
