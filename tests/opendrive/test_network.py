"""Queries: coordinates there and back, routes, heights, limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maps import LANES, network, road

from drivesim import content
from drivesim.errors import ScenarioError
from drivesim.opendrive import LanePosition, RoadNetwork, read_network


@pytest.fixture(scope="module")
def street() -> RoadNetwork:
    return read_network(content.find("scenarios", "residential_street.xodr"))


@pytest.fixture(scope="module")
def motorway() -> RoadNetwork:
    return read_network(content.find("scenarios", "motorway.xodr"))


@pytest.fixture(scope="module")
def winding(tmp_path_factory) -> RoadNetwork:
    """A superelevated, hilly spiral with a lane offset and lanes that change width."""
    lanes = '<laneOffset s="0" a="0" b="0.01" c="0" d="0"/>' + LANES.replace(
        'a="3.5" b="0" c="0"', 'a="3.0" b="0.01" c="1e-5"'
    )
    extra = (
        '<elevationProfile><elevation s="0" a="2" b="0.03" c="-2e-4" d="0"/></elevationProfile>'
        '<lateralProfile><superelevation s="0" a="0.01" b="5e-4" c="0" d="0"/></lateralProfile>'
    )
    shape = '<spiral curvStart="-0.01" curvEnd="0.02"/>'
    return network(tmp_path_factory.mktemp("map"), road(shape, 150.0, lanes=lanes, extra=extra))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1), lane=st.sampled_from([1, -1]), across=st.floats(-0.49, 0.49))
def test_world_to_lane_inverts_lane_to_world(winding, share, lane, across):
    s = 150.0 * share
    offset = across * winding.lane_width("1", lane, s)
    point = winding.world_from_lane("1", lane, s, offset)
    found = winding.lane_from_world(point.x, point.y, heading=point.heading)
    assert found is not None
    assert found.lane_id == lane
    assert (found.s, found.offset) == pytest.approx((s, offset), abs=1e-6)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1), lane=st.sampled_from([-5, -4, -3, -2, 2, 3, 4, 5]))
def test_round_trip_on_a_motorway(motorway, share, lane):
    point = motorway.world_from_lane("1", lane, 1500.0 * share)
    found = motorway.lane_from_world(point.x, point.y)
    assert found is not None
    assert (found.lane_id, found.s) == (lane, pytest.approx(1500.0 * share, abs=1e-6))


def test_lane_headings_follow_traffic(street, tmp_path):
    assert street.world_from_lane("1", -1, 20.0).heading == pytest.approx(0.0)
    assert street.world_from_lane("1", 1, 20.0).heading == pytest.approx(math.pi)
    left_hand = network(tmp_path, road("<line/>", 50.0, attributes='rule="LHT"'))
    assert left_hand.world_from_lane("1", 1, 20.0).heading == pytest.approx(0.0)
    assert left_hand.lane_direction("1", -1) == -1


def test_pitch_and_roll_are_those_of_the_surface(winding):
    step = 1e-4
    p = winding.world_from_road("1", 70.0, 2.0)
    before, after = (winding.world_from_road("1", 70.0 + d, 2.0) for d in (-step, step))
    rise = (after.z - before.z) / math.hypot(after.x - before.x, after.y - before.y)
    assert p.pitch == pytest.approx(-math.atan(rise), abs=1e-3)
    assert p.roll == pytest.approx(0.01 + 5e-4 * 70.0)
    climb = math.atan(0.03 - 2 * 2e-4 * 70.0)  # of the reference line, about which the road is tilted
    assert winding.world_from_road("1", 70.0, 3.0).z - p.z == pytest.approx(math.sin(p.roll) * math.cos(climb))


def test_pavements_are_raised(street):
    assert street.world_from_lane("1", -3, 20.0).z == pytest.approx(0.12)
    assert street.elevation(20.0, -7.0) == pytest.approx(0.12)
    assert street.elevation(20.0, -2.0) == 0.0
    assert street.lane_type("1", -3, 20.0) == "sidewalk"


def test_following_a_lane_crosses_the_junction_straight(street):
    found = street.follow_lane(street.position("1", -1, 10.0), 250.0)
    assert found is not None
    # 163.5 m to the junction, 23 m across it.
    assert (found.road_id, found.lane_id) == ("2", -1)
    assert found.s == pytest.approx(63.5)


def test_following_a_route_turns_and_measures_along_the_lane(street):
    found = street.follow_lane(street.position("1", -1, 10.0, 0.5), 200.0, route=["1", "3"])
    assert found is not None
    left_turn = 0.5 * math.pi * (11.5 + 1.75 - 0.5)
    assert (found.road_id, found.offset) == ("3", 0.5)
    assert found.s == pytest.approx(200.0 - 163.5 - left_turn, abs=1e-6)


def test_following_backwards_returns(street):
    start = street.position("1", -1, 100.0)
    there = street.follow_lane(start, 60.0)
    assert there is not None
    back = street.follow_lane(there, -60.0)
    assert back is not None
    assert (back.road_id, back.s) == ("1", pytest.approx(100.0))


def test_lanes_end(motorway):
    assert motorway.follow_lane(motorway.position("1", -2, 1490.0), 20.0) is None
    assert motorway.follow_lane(motorway.position("1", 2, 10.0), 20.0) is None


def test_connections_and_neighbours(street):
    assert {road_id for road_id, _ in street.successors("1", -1)} == {"100", "101", "102"}
    assert {road_id for road_id, _ in street.predecessors("1", 1)} == {"103", "106", "109"}
    assert street.neighbours("1", 1, 20.0) == (-1, 2)
    assert street.neighbours("1", -3, 20.0) == (-2, None)


def test_heading_and_hint_choose_among_overlapping_paths(street):
    eastbound = street.lane_from_world(185.0, -1.75, heading=0.0)
    northbound = street.lane_from_world(186.75, -1.0, heading=math.pi / 2)
    assert eastbound is not None
    assert northbound is not None
    point = street.world_from_lane(northbound.road_id, northbound.lane_id, northbound.s)
    assert math.cos(point.heading - math.pi / 2) > 0.9
    again = street.lane_from_world(185.5, -1.75, hint=eastbound)
    assert again is not None
    assert again.road_id == eastbound.road_id


def test_far_points_have_no_lane(street):
    assert street.lane_from_world(20.0, 60.0) is None
    near = street.lane_from_world(20.0, -9.5)
    assert isinstance(near, LanePosition)
    assert near.lane_id == -3


def test_bounds_hold_the_roads(street):
    x0, y0, x1, y1 = street.bounds()
    assert x0 < 0.0
    assert x1 > 270.0
    assert y0 < -70.0
    assert y1 > 70.0


def test_borders_are_measured_from_the_reference_line(tmp_path):
    lanes = """<laneSection s="0"><center><lane id="0" type="none"/></center><right>
        <lane id="-1" type="driving"><border sOffset="0" a="-3" b="0" c="0" d="0"/></lane>
        <lane id="-2" type="driving"><border sOffset="0" a="-7" b="0" c="0" d="0"/></lane></right></laneSection>"""
    net = network(tmp_path, road("<line/>", 30.0, lanes=lanes))
    assert net.lane_width("1", -2, 4.0) == pytest.approx(4.0)
    assert net.world_from_lane("1", -2, 4.0).y == pytest.approx(-5.0)


def test_unknown_roads_and_lanes_are_named(street):
    with pytest.raises(ScenarioError, match="no road '99'"):
        street.world_from_road("99", 0.0, 0.0)
    with pytest.raises(ScenarioError, match="no lane 9"):
        street.lane_width("1", 9, 0.0)
