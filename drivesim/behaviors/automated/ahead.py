"""What somebody who drives along a road makes of the others on it: how far ahead, how many lanes aside, how fast."""

from __future__ import annotations

import math
from typing import NamedTuple

from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.types import F64, BoundingBox
from drivesim.world import World

_DETOUR = 20.0
"""Metres by which somebody may be farther away than the road is long: beside it, and in a bend."""

_PART = 1.0
"""Metres after which it is looked which of several roads an actor has taken; more than it goes in a step."""
_BORDER = 0.01
"""Metres: who drives on the line between two lanes is not now on one, now on the other."""


class Seen(NamedTuple):
    """Another actor, as seen along the road by who drives on it.

    Attributes:
        actor: its index. lane: where it is.
        lanes: how many lanes to the left of the own one, as this one goes on to there; 0 in it.
        ahead, aside: from reference point to reference point along the road, and to the left of it, m.
        gap, room: what is free between the boxes along and across the road, m; 0 where they overlap so, and gaps are
            negative of who is behind.
        closing: how much faster the own speed along the road is, m/s.
        nearing: at which speed the two come closer across it, m/s, both sides counted.
        forth: its speed along the road, m/s; braking: how much it loses of that, m/s2.
    """

    actor: int
    lane: LanePosition
    lanes: int
    ahead: float
    aside: float
    gap: float
    room: float
    closing: float
    nearing: float
    forth: float
    braking: float


class RoadAhead:
    """The road as one actor drives on it; remembers where everybody was, so that looking is cheap.

    Attributes:
        lane: where the actor is; None beside all roads.
        forth: its speed along the road, m/s.
        sense: 1 where it faces towards +s, -1 against it.
    """

    def __init__(self, world: World, actor: int) -> None:
        self.lane: LanePosition | None = None
        self.forth = 0.0
        self._world, self._actor = world, actor
        self._known: dict[int, LanePosition] = {}
        self._seen_at: dict[int, tuple[float, float]] = {}
        self.sense, self._heading, self._sideways = 1, 0.0, 0.0

    def update(self) -> None:
        """Look where the actor itself is now."""
        world, actor = self._world, self._actor
        network = world.network
        before = self.lane
        self.lane = self._find(network, actor, turned=True)
        if network is None or self.lane is None:
            return
        if before is not None and before.road_id != self.lane.road_id:
            self._pass_on(network, before)
        heading = network.frame(self.lane.road_id).line.at(self.lane.s)[2]
        self.sense = 1 if math.cos(float(world.orientation[0, actor, 0]) - heading) >= 0.0 else -1
        self._heading = heading if self.sense > 0 else heading + math.pi
        self.forth, self._sideways = _turned(world.velocity[0, actor], self._heading)

    def _pass_on(self, network: RoadNetwork, before: LanePosition) -> None:
        """Where roads part, they overlap: the actor is on that which its route takes, or else goes straight on."""
        along = network.lane_direction(before.road_id, before.lane_id, before.s) == self.sense
        route = self._world.routes.get(self._actor, ())
        onwards = network.follow_lane(before, _PART if along else -_PART, route=route)
        if onwards is not None:
            self._known[self._actor] = onwards
            self._seen_at.pop(self._actor, None)
            self.lane = self._find(network, self._actor, turned=True)

    def others(self, reach: float) -> list[Seen]:
        """Who is on the way ahead, or beside or behind on the same road, not farther away than ``reach`` m."""
        places, present = self._world.position[0, :, :2].tolist(), self._world.present[0].tolist()
        here = places[self._actor]
        found = []
        for other, there in enumerate(places):
            if other != self._actor and present[other] and math.dist(there, here) < reach + _DETOUR:
                seen = self._look(other)
                if seen is not None and abs(seen.ahead) < reach:
                    found.append(seen)
        return found

    def _find(self, network: RoadNetwork | None, actor: int, *, turned: bool = False) -> LanePosition | None:
        if network is None:
            return None
        x, y, z = self._world.position[0, actor].tolist()
        known = self._known.get(actor)
        if known is not None and self._seen_at.get(actor) == (x, y):
            return known  # who stands is where it was
        heading = float(self._world.orientation[0, actor, 0]) if turned else None
        place = network.lane_from_world(x, y, heading=heading, height=z, hint=known)
        if place is None:
            self._known.pop(actor, None)
        else:
            self._known[actor] = place
            self._seen_at[actor] = x, y
        return place

    def _look(self, other: int) -> Seen | None:
        world, network = self._world, self._world.network
        vehicle = world.actors[other].kind == "vehicle"
        theirs = self._find(network, other, turned=vehicle)
        if network is None or self.lane is None or theirs is None:
            return None
        way = self._way(network, self.lane, theirs)
        if way is None:
            return None
        ahead, own_id, sense = way
        heading = network.frame(theirs.road_id).line.at(theirs.s)[2] + (0.0 if sense > 0 else math.pi)
        forth, sideways = _turned(world.velocity[0, other], heading)
        gained, _ = _turned(world.acceleration[0, other], heading)
        own_t = self.lane.t if self.lane.road_id == theirs.road_id else _t_of(network, theirs, own_id, self.lane.offset)
        aside = (theirs.t - own_t) * sense
        me, them = world.actors[self._actor].box, world.actors[other].box
        own_turn = float(world.orientation[0, self._actor, 0]) - self._heading
        turn = float(world.orientation[0, other, 0]) - heading
        gap, room = _free((ahead, aside), (me, own_turn), (them, turn))
        lanes = _steps(own_id, theirs.lane_id)
        if abs(lanes) == 1 and _on_border(network, theirs, -lanes):
            lanes = 0
        return Seen(
            other, theirs, lanes * sense, ahead, aside, gap, room, self.forth - forth,
            (self._sideways - sideways) * math.copysign(1.0, aside), forth, -gained,
        )  # fmt: skip

    def _way(self, network: RoadNetwork, mine: LanePosition, theirs: LanePosition) -> tuple[float, int, int] | None:
        """Metres to a place along the road, the lane there that the own one goes on as, and the sense in s."""
        along = network.lane_direction(mine.road_id, mine.lane_id, mine.s) == self.sense
        if mine.road_id == theirs.road_id:
            ahead = (theirs.s - mine.s) * self.sense
            frame = network.frame(mine.road_id)
            if frame.section(mine.s) is frame.section(theirs.s):
                return ahead, mine.lane_id, self.sense
            reached = network.follow_lane(mine, ahead if along else -ahead)
            kept = reached is not None and reached.road_id == mine.road_id
            return ahead, reached.lane_id if kept and reached else mine.lane_id, self.sense
        way = network.way(mine, theirs) if along else None
        reached = network.follow_lane(mine, way.length, route=way.roads) if way else None
        if way is None or reached is None or reached.road_id != theirs.road_id:
            return None
        return way.length, reached.lane_id, network.lane_direction(reached.road_id, reached.lane_id, reached.s)


def _t_of(network: RoadNetwork, place: LanePosition, lane_id: int, offset: float) -> float:
    """Of a lane's centre beside a place, and so far from it."""
    if lane_id not in network.lanes(place.road_id, place.s):
        return place.t
    return network.position(place.road_id, lane_id, place.s, offset).t


def _steps(first: int, second: int) -> int:
    """Lanes from one to another towards +t; the centre lane is none."""
    return second - first - ((second > 0) - (first > 0) if first * second < 0 else 0)


def _on_border(network: RoadNetwork, place: LanePosition, side: int) -> bool:
    """Whether a place is on the border of its lane towards +t (1) or -t (-1): it belongs to the lanes on both sides."""
    return network.lane_width(place.road_id, place.lane_id, place.s) / 2 - side * place.offset < _BORDER


def _turned(vector: F64, heading: float) -> tuple[float, float]:
    """Along and across a heading."""
    c, s = math.cos(heading), math.sin(heading)
    x, y, _ = vector.tolist()
    return c * x + s * y, c * y - s * x


def _free(
    way: tuple[float, float], own: tuple[BoundingBox, float], other: tuple[BoundingBox, float]
) -> tuple[float, float]:
    """Along and across the road between two boxes that are turned against it; 0 where they overlap so."""
    spans = []
    for box, turn in (own, other):
        c, s = math.cos(turn), math.sin(turn)
        middle = c * box.center[0] - s * box.center[1], s * box.center[0] + c * box.center[1]
        half = (abs(c) * box.length + abs(s) * box.width) / 2, (abs(s) * box.length + abs(c) * box.width) / 2
        spans.append((middle, half))
    (mine, my_half), (theirs, their_half) = spans
    free = []
    for axis in (0, 1):
        between = way[axis] + theirs[axis] - mine[axis]
        reach = my_half[axis] + their_half[axis]
        free.append(math.copysign(max(abs(between) - reach, 0.0), between))
    return free[0], abs(free[1])
