"""The compiled step along a lane goes where the network says, on every shipped map."""

import math

import numpy as np
import pytest
from builders import car

from drivesim import content
from drivesim.opendrive import read_network

MAPS = sorted(content.shipped("scenarios").glob("*.xodr"))


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_a_step_along_a_lane_ends_where_the_network_says(path, make_world):
    network = read_network(path)
    world = make_world(car(), network=network)
    rng = np.random.default_rng(3)
    gone = 0
    for road in network.roads.values():
        for s in rng.uniform(0.0, road.length, 5):
            for lane_id in network.lanes(road.id, float(s)):
                start = network.position(road.id, lane_id, float(s), 0.3)
                distance = float(rng.uniform(-1.5, 1.5))
                made = world.cruise(0, start, distance, 0.3, 10.0)
                if made is None:
                    continue
                gone += 1
                expected = network.follow_lane(start, distance, measure="beside")
                assert made[0] == pytest.approx(expected, abs=1e-9)
                point = network.world_from_lane(road.id, lane_id, expected.s, 0.3)
                x, y, z, yaw, pitch, roll = world.commanded(0)
                assert (x, y, z, pitch, roll) == pytest.approx(
                    (point.x, point.y, point.z, point.pitch, point.roll), abs=1e-9
                )
                assert math.cos(yaw - point.heading) == pytest.approx(1.0, abs=1e-12)
    assert gone > 5 * len(network.roads)


def test_where_a_road_ends_the_network_is_to_be_asked(make_world):
    network = read_network(content.shipped("scenarios") / MAPS[0].name)
    world = make_world(car(), network=network)
    road = next(iter(network.roads.values()))
    lane_id = next(lane for lane in network.lanes(road.id, road.length - 0.1) if lane < 0)
    last = network.position(road.id, lane_id, road.length - 0.1)
    way = network.lane_direction(road.id, lane_id, last.s)
    assert world.cruise(0, last, 1.0 * way, 0.0, 10.0) is None
    assert world.commanded(0) is None
