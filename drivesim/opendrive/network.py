"""The road network and its queries: world to lane and back, routes, widths, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import cos, hypot
from pathlib import Path
from typing import NamedTuple

import numpy as np

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.opendrive.conflicts import Conflict, conflicts
from drivesim.opendrive.geodesy import Geodesy
from drivesim.opendrive.locate import Locator
from drivesim.opendrive.model import Junction, Lane, Map, Road
from drivesim.opendrive.road import RoadFrame, RoadPoint
from drivesim.opendrive.routes import Measure, Routes
from drivesim.opendrive.ways import Strategy, Way, Ways

REACH = 5.0
"""How far beside the outermost lane a point still belongs to it, m."""

_STOREY = 1.0
"""Roads that overlap with less between their surfaces lie on the same level, m."""

_DRIVABLE = frozenset({"driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "bidirectional", "slipLane"})


class LanePosition(NamedTuple):
    """A place in lane coordinates.

    Attributes:
        s: along the reference line, m.
        t: from the reference line, m, positive left of it.
        offset: from the lane's centre, m, in direction of +t.
    """

    road_id: str
    lane_id: int
    s: float
    t: float
    offset: float


_Scored = tuple[tuple[float, int, float], LanePosition]
"""A place, and how well it fits: smaller is better."""


class RoadNetwork:
    """A map that answers where things are."""

    def __init__(self, content: Map, path: Path) -> None:
        self.path = path
        self.map = content
        self.roads: Mapping[str, Road] = content.roads
        self.junctions: Mapping[str, Junction] = content.junctions
        self.geo_reference = content.geo_reference
        self._frames = {road_id: RoadFrame(road) for road_id, road in content.roads.items()}

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self._frames)

    @cached_property
    def ways(self) -> Ways:
        """The graph of roads; :meth:`way` asks it."""
        return Ways(self)

    @cached_property
    def _routes(self) -> Routes:
        return Routes(self.map, self._frames)

    @cached_property
    def geodesy(self) -> Geodesy | None:
        """Between the map's coordinates and WGS84; None for a map that does not say where it lies."""
        return Geodesy(self.geo_reference, self.map.offset, self.path) if self.geo_reference else None

    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude (degrees) where the first road begins; None for a map that does not say where it lies.

        A geoReference that PROJ cannot place counts as none here; ask :attr:`geodesy` to be told what is wrong.
        """
        road = next(iter(self.roads.values()), None)
        if self.geodesy is None or road is None:
            return None
        try:
            return self.geodesy.wgs84_from_world(road.geometries[0].x, road.geometries[0].y)
        except ScenarioError:
            return None

    def frame(self, road_id: str) -> RoadFrame:
        """A road ready for geometry queries.

        Raises:
            ScenarioError: no such road.
        """
        try:
            return self._frames[road_id]
        except KeyError:
            raise ScenarioError(
                f"the map has no road '{road_id}'", file=self.path, remedy=did_you_mean(road_id, self._frames)
            ) from None

    def _lane(self, road_id: str, lane_id: int, s: float) -> Lane:
        lanes = self.frame(road_id).section(s).lanes
        try:
            return lanes[lane_id]
        except KeyError:
            raise ScenarioError(
                f"road '{road_id}' has no lane {lane_id} at s = {s:.2f}",
                file=self.path,
                remedy=f"choose one of: {', '.join(str(i) for i in lanes)}",
            ) from None

    def world_from_road(self, road_id: str, s: float, t: float, h: float = 0.0) -> RoadPoint:
        """The world at track coordinates; heading along +s, h above the road's plane (lane heights left out)."""
        return self.frame(road_id).point(s, t, h)

    def world_from_lane(self, road_id: str, lane_id: int, s: float, offset: float = 0.0) -> RoadPoint:
        """The world on a lane's surface, ``offset`` in direction of +t from its centre; heading as traffic drives."""
        point = self.frame(road_id).lane_point(s, lane_id, offset)
        if point is None:
            self._lane(road_id, lane_id, s)
            raise AssertionError
        return point

    def lane_from_world(
        self,
        x: float,
        y: float,
        *,
        heading: float | None = None,
        height: float | None = None,
        hint: LanePosition | None = None,
    ) -> LanePosition | None:
        """The lane under or nearest to a point; None more than ``REACH`` from all lanes.

        Args:
            heading: driving direction, rad; chooses among roads that overlap, as in a junction.
            height: of the point, m; chooses among roads that lie one above the other, as at a bridge.
            hint: where the point was a moment ago; that road is preferred while the point stays on its lanes.
        """
        if hint is not None and hint.road_id in self._frames:
            known = self._place(self._frames[hint.road_id], x, y, hint.s, heading)
            if known[0][0] == 0.0 and known[0][1] == 0:
                return known[1]
        places = [self._place(frame, x, y, s, heading) for frame, s in self._locator.near(x, y)]
        if not any(score[0] == 0.0 for score, _ in places):
            places = [self._place(frame, x, y, s, heading) for frame, s in self._locator.near(x, y, REACH + 1.0)]
        if not places:
            return None
        if height is not None and len(places) > 1:
            places = self._level(places, height)
        score, position = min(places, key=lambda place: place[0])
        return position if score[0] <= REACH else None

    def _level(self, places: list[_Scored], height: float) -> list[_Scored]:
        """Those of several roads under a point that lie nearest to its height."""
        under = [place for place in places if place[0][0] == 0.0]
        if len(under) < 2:
            return places
        gaps = [abs(self._elevation(position) - height) for _, position in under]
        return [place for place, gap in zip(under, gaps, strict=True) if gap <= min(gaps) + _STOREY]

    def _place(self, frame: RoadFrame, x: float, y: float, guess: float, heading: float | None) -> _Scored:
        """Where a point is on one road, with a score to compare roads (smaller is better).

        The score is the distance to the lanes, whether the lane can be meant at all (drivable, right way), and the
        distance from the lane's centre.
        """
        s, t, beyond = frame.project(x, y, guess)
        section = frame.section(s)
        offset = frame.offset.at(s)
        left = t > offset
        side = section.side(s, left, offset) or section.side(s, not left, offset)
        lane_id, inner, outer = 0, offset, offset
        for lane_id, inner, outer in side:
            if (t < outer if lane_id > 0 else t > outer) and inner != outer:
                break
        if inner == outer:
            lane_id, inner, outer = next((e for e in reversed(side) if e[1] != e[2]), (lane_id, inner, outer))
        low, high = (inner, outer) if inner < outer else (outer, inner)
        outside = max(low - t, t - high, 0.0)
        if outside < 1e-9:
            outside = 0.0
        centre = 0.5 * (inner + outer)
        lane = section.lanes.get(lane_id)
        rank = 0 if lane is not None and lane.type in _DRIVABLE else 1
        if heading is not None and rank == 0 and lane is not None:
            along = cos(frame.line.at(s)[2] - heading) * frame.direction(lane)
            rank = 0 if along > 0.7 else 1
            score = (hypot(outside, beyond), rank, abs(t - centre) + 2.0 * (1.0 - along))
        else:
            score = (hypot(outside, beyond), rank, abs(t - centre))
        return score, LanePosition(frame.road.id, lane_id, s, t, t - centre)

    def position(self, road_id: str, lane_id: int, s: float, offset: float = 0.0) -> LanePosition:
        """The full lane position of lane coordinates."""
        inner, outer = self._span(road_id, lane_id, s)
        return LanePosition(road_id, lane_id, s, 0.5 * (inner + outer) + offset, offset)

    def follow_lane(
        self, position: LanePosition, distance: float, *, route: Sequence[str] | None = None, measure: Measure = "lane"
    ) -> LanePosition | None:
        """The place ``distance`` further along the lane's driving direction (backwards if negative).

        Args:
            route: road ids to prefer at junctions; without it the straightest branch is taken.
            measure: what the distance is counted on.

        Returns:
            None where the lane ends before.
        """
        self._lane(position.road_id, position.lane_id, position.s)
        found = self._routes.follow(
            position.road_id,
            position.lane_id,
            position.s,
            position.offset,
            distance,
            tuple(route or ()),
            measure,
        )
        return None if found is None else self.position(*found)

    def way(
        self, start: LanePosition, goal: LanePosition, strategy: Strategy = "shortest",
        chance: np.random.Generator | None = None, *, within: frozenset[str] | None = None,
    ) -> Way | None:  # fmt: skip
        """A way with the traffic, lane changes allowed; None where there is none.

        Args:
            strategy: ``fastest`` at the map's speed limits; ``random`` draws from ``chance``.
            within: ids of the only roads that may lie between the two; None for all.
        """
        return self.ways.way(start, goal, strategy, chance, within)

    def conflicts(self, junction_id: str) -> tuple[Conflict, ...]:
        """Pairs of paths through a junction that cross, merge or diverge, and where on each; worked out when asked."""
        if junction_id not in self.junctions:
            raise ScenarioError(f"there is no junction '{junction_id}'", file=self.path, element="junction",
                                remedy=did_you_mean(junction_id, self.junctions))  # fmt: skip
        return conflicts(self, junction_id)

    def successors(self, road_id: str, lane_id: int) -> tuple[tuple[str, int], ...]:
        """Lanes of other roads that traffic in this lane can continue on at the road's end."""
        return self._routes.beyond(road_id, lane_id, with_traffic=True)

    def predecessors(self, road_id: str, lane_id: int) -> tuple[tuple[str, int], ...]:
        """Lanes of other roads that traffic in this lane comes from."""
        return self._routes.beyond(road_id, lane_id, with_traffic=False)

    def neighbours(self, road_id: str, lane_id: int, s: float) -> tuple[int | None, int | None]:
        """Ids of the lanes to the left and right as seen in driving direction; None at the road's edge."""
        frame = self.frame(road_id)
        lane = self._lane(road_id, lane_id, s)
        ids = frame.section(s).ids
        index = ids.index(lane_id)
        upper = ids[index - 1] if index > 0 else None
        lower = ids[index + 1] if index + 1 < len(ids) else None
        return (upper, lower) if frame.direction(lane) > 0 else (lower, upper)

    def lanes(self, road_id: str, s: float) -> tuple[int, ...]:
        """Lane ids at s without the centre lane, outermost left first."""
        return self.frame(road_id).section(s).ids

    def lane_direction(self, road_id: str, lane_id: int, s: float = 0.0) -> int:
        """+1 where the lane drives towards +s, -1 against it."""
        return self.frame(road_id).direction(self._lane(road_id, lane_id, s))

    def _span(self, road_id: str, lane_id: int, s: float) -> tuple[float, float]:
        span = self.frame(road_id).lane_span(s, lane_id)
        if span is None:
            self._lane(road_id, lane_id, s)
            raise AssertionError
        return span

    def lane_width(self, road_id: str, lane_id: int, s: float) -> float:
        inner, outer = self._span(road_id, lane_id, s)
        return abs(outer - inner)

    def lane_type(self, road_id: str, lane_id: int, s: float) -> str:
        return self._lane(road_id, lane_id, s).type

    def speed_limit(self, road_id: str, s: float, lane_id: int | None = None) -> float | None:
        """m/s; the lane's own limit before the road's; None where the map says nothing."""
        frame = self.frame(road_id)
        if lane_id is not None:
            start = frame.section(s).s
            limits = [r.max for r in self._lane(road_id, lane_id, s).speed if start + r.s_offset <= s]
            if limits:
                return limits[-1]
        types = [r for r in frame.road.types if r.s <= s]
        return types[-1].speed if types else None

    def elevation(self, x: float, y: float) -> float:
        """Height of the surface, pavements included; beside all lanes that of the nearest road's edge."""
        position = self.lane_from_world(x, y)
        if position is not None:
            return self._elevation(position)
        if not self._frames:
            return 0.0
        frame, guess = self._locator.nearest(x, y)
        s, t, _ = frame.project(x, y, guess)
        offset = frame.offset.at(s)
        side = frame.section(s).side(s, t > offset, offset)
        edge = side[-1][2] if side else offset
        return frame.point(s, min(t, edge) if t > offset else max(t, edge)).z

    def _elevation(self, position: LanePosition) -> float:
        point = self._frames[position.road_id].lane_point(position.s, position.lane_id, position.offset)
        return point.z if point is not None else 0.0

    def bounds(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax around all lanes (a little generous)."""
        return self._locator.bounds()
