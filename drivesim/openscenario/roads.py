"""Ways over the road network: which roads lead from one place to another, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat

import numpy as np

from drivesim.errors import ScenarioError
from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.opendrive.ways import Strategy, Way

_LOOKAHEAD = 2
"""Roads that who wanders knows ahead: a connecting road and the one that it leads to."""


def wandering(network: RoadNetwork, road_id: str, sense: int, chance: np.random.Generator) -> tuple[str, ...]:
    """A road travelled in direction ``sense`` and the next ones, chosen by chance."""
    node, roads = (road_id, sense), [road_id]
    for _ in range(_LOOKAHEAD):
        following = network.ways.onwards(node)
        if not following:
            break
        node = following[int(chance.integers(len(following)))]
        roads.append(node[0])
    return tuple(roads)


def carried(network: RoadNetwork, start: LanePosition, goal: LanePosition) -> LanePosition | None:
    """Where the lane of ``start`` runs beside ``goal``, on its road; None where it does not come by there."""
    if start.road_id == goal.road_id:
        return start
    ahead, behind = network.way(start, goal), network.way(goal, start)
    reached = None
    if ahead is not None and (behind is None or ahead.length <= behind.length):
        reached = network.follow_lane(start, ahead.length, route=ahead.roads)
    elif behind is not None:
        reached = network.follow_lane(start, -behind.length, route=behind.roads[::-1])
    if reached is None or reached.road_id != goal.road_id:
        return None
    return reached


def separation(
    network: RoadNetwork, start: LanePosition, goal: LanePosition, algorithm: str | None = None,
    route: Sequence[str] = (),
) -> float | None:  # fmt: skip
    """Metres along the roads from one place to another, negative where the goal lies behind; None without a way.

    Args:
        algorithm: of the standard's ``RoutingAlgorithm``; the shortest way where it says nothing.
        route: roads of the assigned route, for that algorithm.
    """
    within = frozenset(route) if algorithm == "assignedRoute" and route else None
    strategy = STRATEGIES.get(algorithm or "", "shortest")
    ahead = network.way(start, goal, strategy, within=within)
    behind = network.way(goal, start, strategy, within=within)
    if ahead is None and behind is None:
        return None
    if behind is None or (ahead is not None and ahead.length <= behind.length):
        assert ahead is not None
        return ahead.length
    return -behind.length


STRATEGIES: dict[str, Strategy] = {"fastest": "fastest", "leastIntersections": "leastIntersections"}
"""Of routing algorithms that are not the shortest way."""


@dataclass(frozen=True, slots=True)
class Itinerary:
    """A way past several places."""

    network: RoadNetwork
    stops: tuple[LanePosition, ...]
    legs: tuple[Way, ...]

    @staticmethod
    def of(
        network: RoadNetwork, stops: Sequence[LanePosition], strategies: Sequence[Strategy] = (),
        chance: np.random.Generator | None = None,
    ) -> Itinerary:  # fmt: skip
        """
        Args:
            strategies: of each stop, how it is reached from the one before; empty for the shortest way.
            chance: for ``random``.

        Raises:
            ScenarioError: no way leads from one stop to the next.
        """
        legs = []
        wanted: Iterable[Strategy] = strategies[1:] or repeat("shortest")
        for (before, after), strategy in zip(pairwise(stops), wanted, strict=False):
            leg = network.way(before, after, strategy, chance)
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
