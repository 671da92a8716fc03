"""Ways over the road network: which roads lead from one place to another, and how far it is."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from drivesim.errors import ScenarioError
from drivesim.opendrive import LanePosition, RoadNetwork

FARTHEST = 20_000.0
"""Metres beyond which no way is looked for."""

_LOOKAHEAD = 2
"""Roads that who wanders knows ahead: a connecting road and the one that it leads to."""

_Node = tuple[str, int]
"""A road and the direction, +1 or -1 along s, in which it is travelled."""


_KNOWN: WeakKeyDictionary[RoadNetwork, dict[_Node, tuple[_Node, ...]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Way:
    """Roads in the order they are travelled, the first and last in part, and the metres between the ends."""

    roads: tuple[str, ...]
    length: float


def way(network: RoadNetwork, start: LanePosition, goal: LanePosition) -> Way | None:
    """The shortest way with the traffic, lane changes allowed; None where there is none."""
    sense = network.lane_direction(start.road_id, start.lane_id, start.s)
    if start.road_id == goal.road_id and (goal.s - start.s) * sense >= -1e-6:
        return Way((start.road_id,), abs(goal.s - start.s))
    between = _between(network, (start.road_id, sense), goal.road_id)
    if between is None:
        return None
    roads, metres, direction = between
    rest = network.frame(start.road_id).length - start.s if sense > 0 else start.s
    last = goal.s if direction > 0 else network.frame(goal.road_id).length - goal.s
    return Way(roads, rest + metres + last)


_Between = tuple[tuple[str, ...], float, int]
"""Roads from one to another, the metres of those between, and the direction along s in which the last is entered."""


def _between(network: RoadNetwork, start: _Node, goal: str) -> _Between | None:
    """The shortest way from the end of a road to the beginning of another; worked out once per map."""
    known = _WAYS.setdefault(network, {})
    if (start, goal) not in known:
        known[start, goal] = _shortest(network, start, goal)
    return known[start, goal]


_WAYS: WeakKeyDictionary[RoadNetwork, dict[tuple[_Node, str], _Between | None]] = WeakKeyDictionary()


def _shortest(network: RoadNetwork, start: _Node, goal: str) -> _Between | None:
    queue: list[tuple[float, int, _Node, tuple[str, ...]]] = []
    seen: set[_Node] = set()
    order = 0
    for node in _onwards(network, start):
        heapq.heappush(queue, (0.0, order, node, (start[0], node[0])))
        order += 1
    while queue:
        done, _, node, roads = heapq.heappop(queue)
        if node in seen or done > FARTHEST:
            continue
        seen.add(node)
        road, direction = node
        if road == goal:
            return roads, done, direction
        length = network.frame(road).length
        for after in _onwards(network, node):
            heapq.heappush(queue, (done + length, order, after, (*roads, after[0])))
            order += 1
    return None


def _onwards(network: RoadNetwork, node: _Node) -> tuple[_Node, ...]:
    """Where all lanes of a road that go its way lead; worked out once per map."""
    known = _KNOWN.setdefault(network, {})
    if node not in known:
        known[node] = _following(network, node)
    return known[node]


def _following(network: RoadNetwork, node: _Node) -> tuple[_Node, ...]:
    road, direction = node
    frame = network.frame(road)
    s = frame.length if direction > 0 else 0.0
    found: dict[_Node, None] = {}
    for lane in network.lanes(road, s):
        if network.lane_direction(road, lane, s) == direction:
            for other, other_lane in network.successors(road, lane):
                ends = (0.0, network.frame(other).length)
                entry = next((e for e in ends if other_lane in network.lanes(other, e)), None)
                if entry is not None:
                    found[other, network.lane_direction(other, other_lane, entry)] = None
    return tuple(found)


def wandering(network: RoadNetwork, road_id: str, sense: int, chance: np.random.Generator) -> tuple[str, ...]:
    """A road travelled in direction ``sense`` and the next ones, chosen by chance."""
    node, roads = (road_id, sense), [road_id]
    for _ in range(_LOOKAHEAD):
        following = _onwards(network, node)
        if not following:
            break
        node = following[int(chance.integers(len(following)))]
        roads.append(node[0])
    return tuple(roads)


def carried(network: RoadNetwork, start: LanePosition, goal: LanePosition) -> LanePosition | None:
    """Where the lane of ``start`` runs beside ``goal``, on its road; None where it does not come by there."""
    if start.road_id == goal.road_id:
        return start
    ahead, behind = way(network, start, goal), way(network, goal, start)
    reached = None
    if ahead is not None and (behind is None or ahead.length <= behind.length):
        reached = network.follow_lane(start, ahead.length, route=ahead.roads)
    elif behind is not None:
        reached = network.follow_lane(start, -behind.length, route=behind.roads[::-1])
    if reached is None or reached.road_id != goal.road_id:
        return None
    return reached


def separation(network: RoadNetwork, start: LanePosition, goal: LanePosition) -> float | None:
    """Metres along the roads from one place to another, negative where the goal lies behind; None without a way."""
    ahead, behind = way(network, start, goal), way(network, goal, start)
    if ahead is None and behind is None:
        return None
    if behind is None or (ahead is not None and ahead.length <= behind.length):
        assert ahead is not None
        return ahead.length
    return -behind.length


@dataclass(frozen=True, slots=True)
class Itinerary:
    """A way past several places."""

    network: RoadNetwork
    stops: tuple[LanePosition, ...]
    legs: tuple[Way, ...]

    @staticmethod
    def of(network: RoadNetwork, stops: Sequence[LanePosition]) -> Itinerary:
        """
        Raises:
            ScenarioError: no way leads from one stop to the next.
        """
        legs = []
        for before, after in pairwise(stops):
            leg = way(network, before, after)
            if leg is None:
                raise ScenarioError(
                    f"no way leads from road '{before.road_id}' to road '{after.road_id}'", element="Route",
                    remedy="check the waypoints' lanes and the map's links",
                )  # fmt: skip
            legs.append(leg)
        return Itinerary(network, tuple(stops), tuple(legs))

    @property
    def roads(self) -> tuple[str, ...]:
        """Road ids in order, each stretch once."""
        made: list[str] = []
        for leg in self.legs:
            made += [road for i, road in enumerate(leg.roads) if not (i == 0 and made and made[-1] == road)]
        return tuple(made)

    def at(self, distance: float) -> LanePosition:
        """The place after ``distance`` metres from the first stop, on its lane."""
        reached = self.network.follow_lane(self.stops[0], distance, route=self.roads)
        if reached is None:
            raise ScenarioError("lies beyond the end of the route", element="RoutePosition",
                                remedy="choose a shorter pathS")  # fmt: skip
        return reached


def shifted_lane(network: RoadNetwork, base: LanePosition, steps: int) -> int:
    """The lane ``steps`` lanes towards +t, the centre lane not counted."""
    lane_id = base.lane_id
    for _ in range(abs(steps)):
        lane_id += 1 if steps > 0 else -1
        if lane_id == 0:
            lane_id = 1 if steps > 0 else -1
    return lane_id
