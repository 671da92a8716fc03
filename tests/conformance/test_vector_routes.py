"""Vectors for ``RouteStrategy`` and ``RoutingAlgorithm`` (OpenSCENARIO XML 1.3).

From 20 m on road 1 to 30 m on road 5 there are 180 m by the shortest way, 280 m by the fastest and 970 m by the one
with fewest junctions.
"""

import pytest
from stage import Stage, act, by_entity, event, private, speed, teleport
from three_ways import THREE_WAYS

METRES = {"shortest": 180, "fastest": 280, "leastIntersections": 970}
ROADS = {
    "shortest": ("1", "11", "2", "21", "5"),
    "fastest": ("1", "12", "3", "22", "5"),
    "leastIntersections": ("1", "13", "4", "5"),
}


def on(road, s):
    return f'<Position><LanePosition roadId="{road}" laneId="-1" s="{s}"/></Position>'


def assign(strategy):
    stops = "".join(
        f'<Waypoint routeStrategy="{how}">{on(road, s)}</Waypoint>'
        for how, road, s in (("shortest", 1, 20), (strategy, 5, 30))
    )
    route = f'<Route name="r" closed="false">{stops}</Route>'
    return f"<RoutingAction><AssignRouteAction>{route}</AssignRouteAction></RoutingAction>"


def farther_than(metres, algorithm):
    return by_entity(
        f'<DistanceCondition value="{metres}" rule="greaterThan" freespace="false" coordinateSystem="road" '
        f'relativeDistanceType="longitudinal" {algorithm}>{on(5, 30)}</DistanceCondition>'
    )


def start(folder, *events, route=""):
    ego = [teleport(on(1, 20)), speed(20), *([assign(route)] if route else [])]
    init = private("Ego", *ego) + private("Other", teleport(on(5, 10)))
    return Stage(folder, *([act(*events)] if events else []), init=init, road=THREE_WAYS)


@pytest.mark.parametrize("strategy", METRES)
def test_a_waypoint_is_reached_as_its_strategy_says(tmp_path, strategy):
    stage = start(tmp_path, route=strategy)
    assert stage.player.motions["Ego"].route == ROADS[strategy]


def test_a_route_of_chance_is_the_same_for_the_same_seed(tmp_path):
    routes = [start(tmp_path, route="random").player.motions["Ego"].route for _ in range(2)]
    assert routes[0] == routes[1]
    assert routes[0] in ROADS.values()


@pytest.mark.parametrize(
    ("algorithm", "metres"),
    [
        ("", 180),
        ('routingAlgorithm="undefined"', 180),
        ('routingAlgorithm="shortest"', 180),
        ('routingAlgorithm="fastest"', 280),
        ('routingAlgorithm="leastIntersections"', 970),
        ('routingAlgorithm="assignedRoute"', 280),
    ],
)
def test_distances_count_along_the_way_that_the_algorithm_finds(tmp_path, algorithm, metres):
    events = [
        event("near", speed(1), when=farther_than(metres - 1, algorithm)),
        event("far", speed(1), when=farther_than(metres + 1, algorithm)),
    ]
    stage = start(tmp_path, *events, route="fastest").until(0.02)
    assert stage.times("near")
    assert not stage.times("far")
