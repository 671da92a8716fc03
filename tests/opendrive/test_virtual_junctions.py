"""Virtual junctions (OpenDRIVE 1.7): paths that leave a road, or enter it, between its ends."""

from __future__ import annotations

import pytest
from maps import LANES, network, road

from drivesim.opendrive import LanePosition

_PATH = (
    '<laneSection s="0"><center><lane id="0" type="none"/></center><right><lane id="-1" type="driving"><link>{}</link>'
    '<width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right></laneSection>'
)
OUT, INTO = _PATH.format('<predecessor id="-1"/>'), _PATH.format('<successor id="-1"/>')


def link(kind, s, direction):
    return f'<link><{kind} elementType="road" elementId="1" elementS="{s}" elementDir="{direction}"/></link>'


@pytest.fixture
def yard(tmp_path):
    """Main road 1 of 100 m; path 2 leaves it at 40 m, path 3 enters it at 70 m, path 4 the oncoming lane at 50 m."""
    against = INTO.replace('<successor id="-1"/>', '<successor id="1"/>')
    return network(
        tmp_path,
        road("<line/>", 100.0, lanes=LANES),
        road("<line/>", 30.0, lanes=OUT, attributes='id="2" junction="9"', extra=link("predecessor", 40, "+")),
        road("<line/>", 30.0, lanes=INTO, attributes='id="3" junction="9"', extra=link("successor", 70, "+")),
        road("<line/>", 30.0, lanes=against, attributes='id="4" junction="9"', extra=link("successor", 50, "-")),
        '<junction id="9" name="" type="virtual" mainRoad="1" sStart="30" sEnd="80" orientation="+"/>',
    )


def at(road_id, lane_id, s):
    return LanePosition(road_id, lane_id, s, -1.75, 0.0)


def test_a_route_leaves_the_main_road_where_its_path_begins(yard):
    there = yard.follow_lane(at("1", -1, 30.0), 20.0, route=("1", "2"))
    assert (there.road_id, there.lane_id) == ("2", -1)
    assert there.s == pytest.approx(10.0)


def test_without_a_route_the_main_road_goes_on(yard):
    there = yard.follow_lane(at("1", -1, 30.0), 20.0)
    assert (there.road_id, there.s) == ("1", pytest.approx(50.0))
    past = yard.follow_lane(at("1", -1, 45.0), 20.0, route=("1", "2"))
    assert (past.road_id, past.s) == ("1", pytest.approx(65.0))


def test_a_path_enters_the_main_road_in_its_middle(yard):
    there = yard.follow_lane(at("3", -1, 20.0), 15.0)
    assert (there.road_id, there.lane_id, there.s) == ("1", -1, pytest.approx(75.0))
    assert yard.successors("3", -1) == (("1", -1),)


def test_a_path_enters_the_oncoming_lane_against_s(yard):
    there = yard.follow_lane(at("4", -1, 20.0), 15.0)
    assert (there.road_id, there.lane_id, there.s) == ("1", 1, pytest.approx(45.0))


def test_ways_lead_out_of_the_main_road_and_into_it(yard):
    out = yard.way(at("1", -1, 20.0), at("2", -1, 10.0))
    assert (out.roads, out.length) == (("1", "2"), pytest.approx(20.0 + 10.0))
    into = yard.way(at("3", -1, 20.0), at("1", -1, 90.0))
    assert (into.roads, into.length) == (("3", "1"), pytest.approx(10.0 + 20.0))
    against = yard.way(at("4", -1, 20.0), at("1", 1, 5.0))
    assert (against.roads, against.length) == (("4", "1"), pytest.approx(10.0 + 45.0))


def test_what_has_been_passed_leads_nowhere(yard):
    assert yard.way(at("1", -1, 45.0), at("2", -1, 10.0)) is None
    assert yard.way(at("3", -1, 20.0), at("1", -1, 60.0)) is None
