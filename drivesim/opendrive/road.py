"""One road ready for queries: its reference line, profiles and cross-sections in plain floats."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import atan, cos, hypot, pi, sin, sqrt, tan

from drivesim.opendrive.geometry import Cubics, ReferenceLine
from drivesim.opendrive.model import Cubic, Lane, LaneSection, Road


@dataclass(frozen=True, slots=True)
class RoadPoint:
    """A place on a road in the world.

    Attributes:
        x, y, z: metres.
        heading: of the reference line, or of a lane's driving direction, rad.
        pitch: of the surface along ``heading``, rad, positive nose down.
        roll: of the surface across it, rad, positive with the left side up.
        curvature: of the reference line, or of the lane's path along its driving direction, 1/m, positive to the left.
    """

    x: float
    y: float
    z: float
    heading: float
    pitch: float
    roll: float
    curvature: float


_MOST_SIDES = 8
"""Lane offsets for which a section remembers its borders; a varying offset has no end of them."""


class CrossSection:
    """The lanes of one section; ``edges`` turns s into lane borders."""

    __slots__ = ("_heights", "_left", "_right", "_sides", "end", "ids", "is_even", "is_straight", "lanes", "s")

    def __init__(self, section: LaneSection) -> None:
        self.s = section.s
        self.end = section.end
        self.lanes = section.lanes
        self.ids = tuple(lane_id for lane_id in section.lanes if lane_id)
        """Lane ids without the centre lane, outermost left first."""
        self._left = [self._border(section, lane_id) for lane_id in sorted(i for i in self.ids if i > 0)]
        self._right = [
            self._border(section, lane_id) for lane_id in sorted((i for i in self.ids if i < 0), reverse=True)
        ]
        self._heights = {lane_id: _heights(section.lanes[lane_id], section.s) for lane_id in self.ids}
        profiles = [profile for _, profile, _ in (*self._left, *self._right)]
        self.is_straight = all(profile.is_linear for profile in profiles)
        """Whether all lane borders are straight lines between ``breaks``."""
        self.is_even = all(profile.is_constant for profile in profiles)
        """Whether all lanes keep their widths."""
        self._sides: dict[tuple[bool, float], list[tuple[int, float, float]]] = {}
        """Borders of a section whose lanes keep their widths, by side and lane offset."""

    @staticmethod
    def _border(section: LaneSection, lane_id: int) -> tuple[int, Cubics, bool]:
        """Lane id, its width or border, and whether it is a border (measured from the reference line)."""
        lane = section.lanes[lane_id]
        is_border = bool(lane.border) and not lane.width
        return lane_id, Cubics(lane.border if is_border else lane.width, section.s), is_border

    def side(self, s: float, left: bool, offset: float) -> list[tuple[int, float, float]]:
        """(lane id, inner t, outer t) from the lane reference line outwards; not to be changed."""
        if self.is_even:
            known = self._sides.get((left, offset))
            if known is not None:
                return known
        result = []
        inner = offset
        for lane_id, profile, is_border in self._left if left else self._right:
            value = profile.at(s)
            if is_border:
                outer = max(value, inner) if left else min(value, inner)
            else:
                outer = inner + max(value, 0.0) if left else inner - max(value, 0.0)
            result.append((lane_id, inner, outer))
            inner = outer
        if self.is_even and len(self._sides) < _MOST_SIDES:
            self._sides[left, offset] = result
        return result

    def slope(self, s: float, lane_id: int, offset_slope: float) -> float:
        """dt/ds of the centre of a lane."""
        sign = 1.0 if lane_id > 0 else -1.0
        outer = offset_slope
        inner = outer
        for other, profile, is_border in self._left if lane_id > 0 else self._right:
            inner = outer
            outer = profile.slope(s) if is_border else inner + sign * profile.slope(s)
            if other == lane_id:
                break
        return 0.5 * (inner + outer)

    def height(self, s: float, lane_id: int) -> tuple[float, float]:
        """Height of the lane's inner and outer edge above the road plane, m."""
        heights = self._heights.get(lane_id)
        if heights is None:
            return 0.0, 0.0
        return heights[0].at(s), heights[1].at(s)

    def breaks(self) -> set[float]:
        """Every s at which a record of this section begins."""
        result = {self.s, self.end}
        for _, profile, _ in (*self._left, *self._right):
            result.update(profile.starts)
        return {s for s in result if self.s <= s <= self.end}


def _heights(lane: Lane, s: float) -> tuple[Cubics, Cubics] | None:
    if not lane.height:
        return None
    return (
        Cubics((Cubic(r.s_offset, r.inner) for r in lane.height), s),
        Cubics((Cubic(r.s_offset, r.outer) for r in lane.height), s),
    )


class RoadFrame:
    """A road's surface: (s, t, h) to the world, and its cross-sections.

    t is measured along the surface after superelevation; crossfall (1.4) tilts each side, lateral shape (1.6) adds
    its height. ``forward`` is +1 where right lanes drive towards +s (right-hand traffic).
    """

    __slots__ = (
        "_elevation",
        "_extra",
        "_left_fall",
        "_right_fall",
        "_section_starts",
        "_shapes",
        "_superelevation",
        "_tilted",
        "forward",
        "length",
        "line",
        "offset",
        "road",
        "sections",
    )

    def __init__(self, road: Road) -> None:
        self.road = road
        self.length = road.length
        self.line = ReferenceLine(road.geometries, road.length)
        self.offset = Cubics(road.lane_offset)
        self.sections = [CrossSection(section) for section in road.lane_sections]
        self._section_starts = [section.s for section in road.lane_sections]
        self.forward = 1 if road.rule == "RHT" else -1
        self._elevation = Cubics(road.elevation)
        self._superelevation = Cubics(road.superelevation)
        self._tilted = not self._superelevation.is_zero
        self._left_fall = Cubics(r.profile for r in road.crossfall if r.side != "right")
        self._right_fall = Cubics(r.profile for r in road.crossfall if r.side != "left")
        by_s: dict[float, list[Cubic]] = {}
        for record in road.shape:
            by_s.setdefault(record.s, []).append(record.profile)
        self._shapes = [(s, Cubics(profiles)) for s, profiles in sorted(by_s.items())]
        self._extra = bool(road.crossfall or self._shapes)

    def section(self, s: float) -> CrossSection:
        sections = self.sections
        if len(sections) == 1:
            return sections[0]
        return sections[max(bisect_right(self._section_starts, s) - 1, 0)]

    def section_index(self, s: float) -> int:
        return max(bisect_right(self._section_starts, s) - 1, 0)

    def direction(self, lane: Lane | int) -> int:
        """+1 where the lane drives towards +s, -1 against it."""
        lane_id = lane if isinstance(lane, int) else lane.id
        sign = self.forward if lane_id <= 0 else -self.forward
        return -sign if isinstance(lane, Lane) and lane.direction == "reversed" else sign

    def tilt(self, s: float) -> float:
        """Superelevation angle, rad."""
        return self._superelevation.at(s) if self._tilted else 0.0

    def _relief(self, s: float, t: float) -> float:
        """Height of the cross-section above the superelevated plane (crossfall and lateral shape)."""
        fall = self._left_fall.at(s) if t > 0 else self._right_fall.at(s)
        height = -abs(t) * tan(fall)
        shapes = self._shapes
        if shapes:
            i = max(bisect_right(shapes, s, key=lambda entry: entry[0]) - 1, 0)
            here = shapes[i][1].at(t)
            if i + 1 < len(shapes):
                after = shapes[i + 1][1].at(t)
                span = shapes[i + 1][0] - shapes[i][0]
                here += (after - here) * min(max((s - shapes[i][0]) / span, 0.0), 1.0)
            height += here
        return height

    def point(self, s: float, t: float, h: float = 0.0) -> RoadPoint:
        """The world at track coordinates; heading along +s."""
        x, y, heading, curvature = self.line.at(s)
        z = self._elevation.at(s)
        grade = self._elevation.slope(s)
        roll, cr, sr, across, along = 0.0, 1.0, 0.0, 0.0, 0.0
        if self._tilted:
            roll = self._superelevation.at(s)
            cr, sr = cos(roll), sin(roll)
            rise = t * sr
            along, across = -rise * grade / hypot(1.0, grade), rise / hypot(1.0, grade)
            grade += t * cr * self._superelevation.slope(s)
        ground = h
        if self._extra:
            ground += self._relief(s, t)
            roll += atan((self._relief(s, t + 0.05) - self._relief(s, t - 0.05)) / 0.1)
        lateral = t * cr - ground * sr
        z += across + ground * cr
        if grade:
            grade /= max(1.0 - curvature * lateral, 0.05)
        ch, sh = cos(heading), sin(heading)
        return RoadPoint(
            x + along * ch - lateral * sh, y + along * sh + lateral * ch, z, heading, -atan(grade), roll, curvature
        )

    def _lean(self, s: float, lateral: float) -> float:
        """Metres along the reference line by which a point beside it is shifted where the road climbs and is tilted: t
        turns about the climbing tangent (heading, then pitch, then roll)."""
        grade = self._elevation.slope(s)
        return -lateral * tan(self._superelevation.at(s)) * grade / hypot(1.0, grade)

    def lane_span(self, s: float, lane_id: int) -> tuple[float, float] | None:
        """Inner and outer t of a lane; None where the section has no such lane. Lane 0 is a line."""
        section = self.section(s)
        if lane_id == 0:
            offset = self.offset.at(s)
            return offset, offset
        for other, inner, outer in section.side(s, lane_id > 0, self.offset.at(s)):
            if other == lane_id:
                return inner, outer
        return None

    def lane_point(self, s: float, lane_id: int, offset: float) -> RoadPoint | None:
        """The world on a lane, ``offset`` to the left (+t) of its centre; heading along its driving direction."""
        span = self.lane_span(s, lane_id)
        if span is None:
            return None
        inner, outer = span
        t = 0.5 * (inner + outer) + offset
        section = self.section(s)
        low, high = section.height(s, lane_id)
        h, extra_roll = 0.0, 0.0
        if low or high:
            width = abs(outer - inner)
            share = min(max(abs(t - inner) / width, 0.0), 1.0) if width > 1e-9 else 0.0
            h = low + (high - low) * share
            if width > 1e-9 and low != high:
                extra_roll = atan((high - low) / (outer - inner))
        point = self.point(s, t, h)
        slope = section.slope(s, lane_id, self.offset.slope(s)) if lane_id else self.offset.slope(s)
        k = point.curvature
        stretch = 1.0 - k * t
        heading = point.heading
        if slope:
            heading += atan(slope / stretch) if stretch > 0.05 else 0.0
        curvature = k / stretch if stretch > 0.05 else k
        if self.direction(section.lanes.get(lane_id, lane_id)) < 0:
            return RoadPoint(
                point.x, point.y, point.z, heading + pi, -point.pitch, -(point.roll + extra_roll), -curvature
            )
        return RoadPoint(point.x, point.y, point.z, heading, point.pitch, point.roll + extra_roll, curvature)

    def surface_breaks(self, low: float, high: float) -> set[float]:
        """Every s in an interval at which a record of the road's shape begins."""
        starts = {*self.line.starts, *self._elevation.starts, *self._superelevation.starts, *self.offset.starts}
        starts.update(s for s, _ in self._shapes)
        return {s for s in starts if low < s < high}

    def project(self, x: float, y: float, s: float) -> tuple[float, float, float]:
        """s, t and the distance beyond the road's ends of the world point, by Newton from a guess of s.

        The foot point is where the tangent is perpendicular to the connection; clamped to the road.
        """
        length = self.length
        beyond = lateral = 0.0
        for _ in range(12):
            px, py, heading, curvature = self.line.at(s)
            ch, sh = cos(heading), sin(heading)
            along = (x - px) * ch + (y - py) * sh
            lateral = (y - py) * ch - (x - px) * sh
            if self._tilted:
                along -= self._lean(s, lateral)
            stretch = 1.0 - curvature * lateral
            step = along / stretch if stretch > 0.2 else along
            wanted = min(max(s + step, 0.0), length)
            moved = wanted - s
            beyond = abs(along - moved * stretch) if wanted in (0.0, length) else 0.0
            s = wanted
            if abs(moved) < 1e-7:
                break
        if self._tilted:
            lateral /= cos(self._superelevation.at(s))
        return s, lateral, beyond if beyond > 1e-6 else 0.0

    def path_factor(self, s: float, t: float, slope: float) -> float:
        """Metres along a path at t per metre of s."""
        curvature = self.line.at(s)[3]
        stretch = max(1.0 - curvature * t, 0.05)
        return sqrt(stretch * stretch + slope * slope)
