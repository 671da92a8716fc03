"""Ways over the road network with the traffic: the shortest, the fastest, the one with fewest junctions, any."""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from drivesim.opendrive.network import LanePosition, RoadNetwork

Strategy = Literal["shortest", "fastest", "leastIntersections", "random"]
"""As in OpenSCENARIO's ``RouteStrategy``."""

FARTHEST = 20_000.0
"""Metres beyond which no way is looked for."""

_USUAL = {"motorway": 130.0, "rural": 100.0, "town": 50.0, "lowSpeed": 30.0, "pedestrian": 7.0, "bicycle": 25.0,
          "townExpressway": 80.0, "townCollector": 50.0, "townArterial": 50.0, "townPrivate": 30.0, "townLocal": 30.0,
          "townPlayStreet": 7.0}  # fmt: skip
"""km/h by OpenDRIVE road type where a map states no limit: §3 and §42 StVO (towns 50, elsewhere 100, zones 30, play
streets at walking speed) and the recommended speed of German motorways."""
_UNKNOWN = "town"

Node = tuple[str, int]
"""A road and the direction, +1 or -1 along s, in which it is travelled."""


class Way(NamedTuple):
    """Roads in the order they are travelled, the first and last in part, and the metres between the ends."""

    roads: tuple[str, ...]
    length: float


_Nodes = tuple[Node, ...]
"""Roads from one to another, both included."""
_Cost = tuple[float, float]


class Ways:
    """The roads of a map as a graph; what is found is kept."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self._after: dict[Node, tuple[Node, ...]] = {}
        self._found: dict[tuple[Node, str, str, frozenset[str] | None], _Nodes | None] = {}
        self._joints: dict[tuple[Node, Node], tuple[float, float]] = {}
        """s at which one road is left and the other entered, where these are not their ends (virtual junctions)."""
        self._leaving: dict[Node, list[Node]] = {}
        for road in network.roads.values():
            for link, sense in ((road.predecessor, 1), (road.successor, -1)):
                if link is not None and link.s is not None and link.element_id in network.roads:
                    path, main = (road.id, sense), (link.element_id, link.sense * sense)
                    self._leaving.setdefault(main, []).append(path)
                    end = 0.0 if sense > 0 else road.length
                    self._joints[main, path] = link.s, end
                    self._joints[(road.id, -sense), (link.element_id, -link.sense * sense)] = end, link.s

    def way(
        self, start: LanePosition, goal: LanePosition, strategy: Strategy = "shortest",
        chance: np.random.Generator | None = None, within: frozenset[str] | None = None,
    ) -> Way | None:  # fmt: skip
        """See :meth:`RoadNetwork.way`."""
        network = self._network
        sense = network.lane_direction(start.road_id, start.lane_id, start.s)
        if start.road_id == goal.road_id and (goal.s - start.s) * sense >= -1e-6:
            return Way((start.road_id,), abs(goal.s - start.s))
        key = (start.road_id, sense), goal.road_id, strategy, within
        if strategy == "random":
            between = self._search(*key, chance or np.random.default_rng(0))
        else:
            if key not in self._found:
                self._found[key] = self._search(*key, None)
            between = self._found[key]
        if between is None:
            return None
        length = self._length(between, start.s, goal.s)
        return Way(tuple(road for road, _ in between), length) if length is not None else None

    def leaves(self, road_id: str) -> bool:
        """Whether paths of virtual junctions leave a road between its ends."""
        return (road_id, 1) in self._leaving or (road_id, -1) in self._leaving

    def _length(self, nodes: _Nodes, begin: float, end: float) -> float | None:
        """Metres along roads from s on the first to s on the last; None where a joint lies behind one."""
        length, s = 0.0, begin
        for a, b in pairwise(nodes):
            usual = self._end(a, a[1] > 0), self._end(b, b[1] < 0)
            left, entered = self._joints.get((a, b), usual)
            if (left - s) * a[1] < -1e-6:
                return None
            length, s = length + abs(left - s), entered
        return length + abs(end - s) if (end - s) * nodes[-1][1] >= -1e-6 else None

    def _end(self, node: Node, far: bool) -> float:
        """s of a road's end or beginning."""
        return self._network.frame(node[0]).length if far else 0.0

    def _search(
        self, start: Node, goal: str, strategy: str, within: frozenset[str] | None, chance: np.random.Generator | None
    ) -> _Nodes | None:
        """The cheapest way from the end of a road to the beginning of another (Dijkstra's)."""
        queue: list[tuple[_Cost, int, float, Node, _Nodes]] = []
        seen: set[Node] = set()
        order = 0
        for node in self.onwards(start):
            heapq.heappush(queue, ((0.0, 0.0), order, 0.0, node, (start, node)))
            order += 1
        while queue:
            cost, _, done, node, nodes = heapq.heappop(queue)
            if node in seen or done > FARTHEST:
                continue
            seen.add(node)
            road = node[0]
            if road == goal:
                return nodes
            if within is not None and road not in within:
                continue
            length = self._network.frame(road).length
            more = self._cost(road, length, strategy, chance)
            for after in self.onwards(node):
                entry = (cost[0] + more[0], cost[1] + more[1]), order, done + length, after, (*nodes, after)
                heapq.heappush(queue, entry)
                order += 1
        return None

    def _cost(self, road: str, length: float, strategy: str, chance: np.random.Generator | None) -> _Cost:
        """What it takes to travel a road; the second number tells between equals."""
        if strategy == "fastest":
            return self._seconds(road, length), length
        if strategy == "leastIntersections":
            return float(self._network.roads[road].junction is not None), length
        return (length * float(chance.exponential()) if chance is not None else length), length

    def _seconds(self, road: str, length: float) -> float:
        """How long a road takes at its limits, each for its stretch."""
        types = self._network.roads[road].types
        starts = [0.0, *(record.s for record in types[1:]), length]
        limits = [record.speed or _USUAL.get(record.type, _USUAL[_UNKNOWN]) / 3.6 for record in types]
        limits = limits or [_USUAL[_UNKNOWN] / 3.6]
        spans = zip(starts, starts[1:], limits, strict=False)
        return sum(max(end - begin, 0.0) / min(limit, _USUAL["motorway"] / 3.6) for begin, end, limit in spans)

    def onwards(self, node: Node) -> tuple[Node, ...]:
        """Where all lanes of a road that go its way lead."""
        if node not in self._after:
            self._after[node] = self._following(node)
        return self._after[node]

    def _following(self, node: Node) -> tuple[Node, ...]:
        network, (road, direction) = self._network, node
        s = network.frame(road).length if direction > 0 else 0.0
        found: dict[Node, None] = {}
        for lane in network.lanes(road, s):
            if network.lane_direction(road, lane, s) == direction:
                for other, other_lane in network.successors(road, lane):
                    ends = (0.0, network.frame(other).length)
                    entry = next((e for e in ends if other_lane in network.lanes(other, e)), None)
                    if entry is not None:
                        found[other, network.lane_direction(other, other_lane, entry)] = None
        return (*found, *self._leaving.get(node, ()))
