"""Where lanes lead: along sections, across road joints and through junctions."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Literal

from drivesim.opendrive.model import Lane, Map, RoadLink
from drivesim.opendrive.road import RoadFrame

_STEP = 2.0
"""Longest step along a curved lane, m; the metric of the lane is taken at its middle."""

Measure = Literal["lane", "road", "beside"]
"""What metres along a way are counted on: the lane's centre line, the roads' reference lines, or beside these at the
lane's distance, so that what the lane moves sideways does not count."""

_Entry = tuple[str, int, float, int]
"""Road, lane and s at which a lane is entered, and the direction along s, +1 or -1, in which it is travelled then."""


class Routes:
    """The lane graph of a map."""

    def __init__(self, content: Map, frames: Mapping[str, RoadFrame]) -> None:
        self._map = content
        self._frames = frames

    def beyond(self, road_id: str, lane_id: int, *, with_traffic: bool) -> tuple[tuple[str, int], ...]:
        frame = self._frames[road_id]
        for sense in (1, -1):
            section = frame.sections[-1 if sense > 0 else 0]
            lane = section.lanes.get(lane_id)
            if lane is not None and (frame.direction(lane) == sense) == with_traffic:
                return tuple((road, lane) for road, lane, _, _ in self._entries(frame, lane, sense))
        return ()

    def follow(
        self,
        road_id: str,
        lane_id: int,
        s: float,
        offset: float,
        distance: float,
        route: tuple[str, ...],
        measure: Measure = "lane",
    ) -> tuple[str, int, float, float] | None:
        """Road, lane, s and offset after ``distance`` along the lane; None where it ends."""
        frame = self._frames[road_id]
        index = frame.section_index(s)
        lane = frame.sections[index].lanes[lane_id]
        sense = frame.direction(lane) if distance >= 0 else -frame.direction(lane)
        left = abs(distance)
        for _ in range(100_000):
            section = frame.sections[index]
            goal = section.end if sense > 0 else section.s
            leave = self._departure(frame, lane, index, s, sense, route) if route else None
            goal = leave[0] if leave else goal
            if measure == "road":
                step = min(left, max((goal - s) * sense, 0.0))
                s, left = s + sense * step, left - step
            else:
                s, left = self._advance(frame, lane.id, index, s, goal, offset, sense, left, measure == "beside")
            if left <= 0.0:
                return frame.road.id, lane.id, _within(frame, index, s), offset
            after = index + sense
            if leave is None and 0 <= after < len(frame.sections):
                following = _across_sections(lane, frame.sections[after].lanes, sense)
                if following is None:
                    return None
                lane, index = following, after
                continue
            entry = leave[1] if leave else self._choose(frame, self._entries(frame, lane, sense), sense, route)
            if entry is None:
                return None
            frame = self._frames[entry[0]]
            s = entry[2]
            if entry[3] != sense:
                offset = -offset
            sense = entry[3]
            index = frame.section_index(s)
            lane = frame.sections[index].lanes[entry[1]]
        return None

    def _advance(
        self,
        frame: RoadFrame,
        lane_id: int,
        index: int,
        s: float,
        goal: float,
        offset: float,
        sense: int,
        left: float,
        beside: bool,
    ) -> tuple[float, float]:
        """Go along one section towards ``goal``; the s reached and the distance left (0 when used up).

        Args:
            beside: leave out what the lane moves sideways.
        """
        section = frame.sections[index]
        straight = beside or (section.is_straight and frame.offset.is_zero)
        even = beside or (section.is_even and frame.offset.is_zero)
        while left > 0.0 and (goal - s) * sense > 1e-12:
            start, end, curved = frame.line.piece(s, sense > 0)
            stop = min(goal, end) if sense > 0 else max(goal, start)
            span = abs(stop - s)
            if even and not curved:  # along a straight line, metres are metres
                if span >= left:
                    return s + sense * left, 0.0
                left -= span
                s = stop
                continue
            if curved or not straight:
                span = min(span, _STEP)
            middle = min(max(s + sense * min(0.5 * span, 0.5 * left), section.s), section.end)
            centre = offset
            for other, inner, outer in section.side(middle, lane_id > 0, frame.offset.at(middle)):
                if other == lane_id:
                    centre += 0.5 * (inner + outer)
            slope = 0.0 if beside else section.slope(middle, lane_id, frame.offset.slope(middle))
            factor = frame.path_factor(middle, centre, slope)
            if factor * span >= left:
                return s + sense * left / factor, 0.0
            left -= factor * span
            s = stop if span == abs(stop - s) else s + sense * span
        return s, left

    def _entries(self, frame: RoadFrame, lane: Lane, sense: int) -> list[_Entry]:
        """Where a lane continues beyond its road's end in direction ``sense`` of s."""
        link = frame.road.successor if sense > 0 else frame.road.predecessor
        if link is None:
            return []
        if link.element_type == "junction":
            return self._junction_entries(frame, lane, link)
        other = self._frames.get(link.element_id)
        target = lane.successor if sense > 0 else lane.predecessor
        if other is None or target is None:
            return []
        if link.s is not None:  # a virtual junction: the road goes into the other between its ends
            at = min(max(link.s, 0.0), other.length)
            return [(other.road.id, target, at, link.sense * sense)] if target in other.section(at).lanes else []
        at_start = self._contact(frame, other, link) == "start"
        section = other.sections[0 if at_start else -1]
        return [_at_end(other, target, at_start)] if target in section.lanes else []

    def _departure(
        self, frame: RoadFrame, lane: Lane, index: int, s: float, sense: int, route: tuple[str, ...]
    ) -> tuple[float, _Entry] | None:  # fmt: skip
        """Where within a section, and by which lane, the route leaves a road through a virtual junction."""
        here = frame.road.id
        after = route[route.index(here) + 1 : route.index(here) + 2] if here in route else route[:1]
        path = self._frames.get(after[0]) if after else None
        for link, at_start in ((path.road.predecessor, True), (path.road.successor, False)) if path else ():
            if link is None or link.s is None or link.element_id != here:
                continue
            section = frame.sections[index]
            inside = section.s <= link.s <= section.end and (link.s - s) * sense >= -1e-9
            if not inside or link.sense != (sense if at_start else -sense):
                continue
            for other in path.sections[0 if at_start else -1].lanes.values() if path else ():
                if other.id and (other.predecessor if at_start else other.successor) == lane.id and path:
                    return link.s, _at_end(path, other.id, at_start)
        return None

    def _contact(self, frame: RoadFrame, other: RoadFrame, link: RoadLink) -> str:
        """The end of ``other`` that touches; where the file leaves it out, the end that links back."""
        if link.contact_point:
            return link.contact_point
        back = other.road.successor
        return "end" if back is not None and back.element_id == frame.road.id else "start"

    def _junction_entries(self, frame: RoadFrame, lane: Lane, link: RoadLink) -> list[_Entry]:
        junction = self._map.junctions.get(link.element_id)
        entries: list[_Entry] = []
        for connection in junction.connections if junction else ():
            path = self._frames.get(connection.connecting_road)
            if connection.incoming_road != frame.road.id or path is None:
                continue
            at_start = connection.contact_point != "end"
            section = path.sections[0 if at_start else -1]
            links: tuple[tuple[int | None, int], ...] = connection.lane_links or tuple(
                (other.predecessor if at_start else other.successor, other.id)
                for other in section.lanes.values()
                if other.id
            )
            entries.extend(
                _at_end(path, to, at_start) for source, to in links if source == lane.id and to in section.lanes
            )
        if not entries:
            entries = self._against_connections(frame, lane, link)
        return entries

    def _against_connections(self, frame: RoadFrame, lane: Lane, link: RoadLink) -> list[_Entry]:
        """Paths of a junction that end at this lane: going back against traffic, or exits listed one way only."""
        entries: list[_Entry] = []
        junction = self._map.junctions.get(link.element_id)
        for connection in junction.connections if junction else ():
            path = self._frames.get(connection.connecting_road)
            if path is None:
                continue
            for end, at_start in ((path.road.predecessor, True), (path.road.successor, False)):
                if end is None or end.element_type != "road" or end.element_id != frame.road.id:
                    continue
                for other in path.sections[0 if at_start else -1].lanes.values():
                    if other.id and (other.predecessor if at_start else other.successor) == lane.id:
                        entry = _at_end(path, other.id, at_start)
                        if entry not in entries:
                            entries.append(entry)
        return entries

    def _choose(self, frame: RoadFrame, entries: list[_Entry], sense: int, route: tuple[str, ...]) -> _Entry | None:
        """The entry on the route, else the one that turns least."""
        if not entries:
            return None
        if route:
            remaining = route[route.index(frame.road.id) + 1 :] if frame.road.id in route else route
            for entry in entries:
                if entry[0] in remaining or self._leads_to(entry) in remaining:
                    return entry
        return min(entries, key=self._turn)

    def _leads_to(self, entry: _Entry) -> str | None:
        road = self._frames[entry[0]].road
        link = road.successor if entry[3] > 0 else road.predecessor
        return link.element_id if link is not None and link.element_type == "road" else None

    def _turn(self, entry: _Entry) -> float:
        """Absolute heading change along a road, rad."""
        line = self._frames[entry[0]].line
        turn = line.at(line.length)[2] - line.at(0.0)[2]
        return abs((turn + pi) % (2.0 * pi) - pi)


def _at_end(frame: RoadFrame, lane_id: int, at_start: bool) -> _Entry:
    """A lane entered at one of its road's ends."""
    return frame.road.id, lane_id, 0.0 if at_start else frame.length, 1 if at_start else -1


def _across_sections(lane: Lane, lanes: Mapping[int, Lane], sense: int) -> Lane | None:
    """The lane of the next section; unlinked lanes continue under the same id where their type stays."""
    target = lane.successor if sense > 0 else lane.predecessor
    if target is not None:
        return lanes.get(target)
    same = lanes.get(lane.id)
    return same if same is not None and same.type == lane.type else None


def _within(frame: RoadFrame, index: int, s: float) -> float:
    """s such that a look-up by s finds the section it was computed in."""
    section = frame.sections[index]
    return min(max(s, section.s), section.end if index == len(frame.sections) - 1 else section.end - 1e-9)
