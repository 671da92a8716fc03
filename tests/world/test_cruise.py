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


def test_a_step_over_the_joint_of_a_bend_counts_each_part_by_its_own_radius(tmp_path, make_world):
    """Of a step of 1 m beside the line, half on a straight and half in a bend of 10 m, 2 m inside of it."""
    lane = '<lane id="1" type="driving"><width sOffset="0" a="4" b="0" c="0" d="0"/></lane>'
    path = tmp_path / "bend.xodr"
    path.write_text(
        '<OpenDRIVE><header revMajor="1" revMinor="6"/><road id="1" length="30" junction="-1" rule="LHT"><planView>'
        '<geometry s="0" x="0" y="0" hdg="0" length="20"><line/></geometry>'
        '<geometry s="20" x="20" y="0" hdg="0" length="10"><arc curvature="0.1"/></geometry></planView><lanes>'
        f'<laneSection s="0"><left>{lane}</left><center><lane id="0" type="none"/></center></laneSection></lanes>'
        "</road></OpenDRIVE>"
    )
    network = read_network(path)
    world = make_world(car(), network=network)
    for back in (False, True):
        start = network.position("1", 1, 20.0 + 0.5 / 0.8 if back else 19.5)
        made = world.cruise(0, start, -1.0 if back else 1.0, 0.0, 10.0)
        assert made is not None
        assert made[0].s == pytest.approx(19.5 if back else 20.0 + 0.5 / 0.8, abs=1e-9)


def test_where_a_road_ends_the_network_is_to_be_asked(make_world):
    network = read_network(content.shipped("scenarios") / MAPS[0].name)
    world = make_world(car(), network=network)
    road = next(iter(network.roads.values()))
    lane_id = next(lane for lane in network.lanes(road.id, road.length - 0.1) if lane < 0)
    last = network.position(road.id, lane_id, road.length - 0.1)
    way = network.lane_direction(road.id, lane_id, last.s)
    assert world.cruise(0, last, 1.0 * way, 0.0, 10.0) is None
    assert world.commanded(0) is None
