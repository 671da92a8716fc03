"""Ways over a map: by length, by time, by junctions, by chance, and kept to some roads."""

from __future__ import annotations

import numpy as np
import pytest
from three_ways import THREE_WAYS

from drivesim.opendrive import LanePosition, read_network


@pytest.fixture
def town(tmp_path):
    (tmp_path / "town.xodr").write_text(THREE_WAYS)
    return read_network(tmp_path / "town.xodr")


START, GOAL = (LanePosition(road, -1, s, -1.75, 0.0) for road, s in (("1", 20.0), ("5", 30.0)))


@pytest.mark.parametrize(
    ("strategy", "roads", "length"),
    [
        ("shortest", ("1", "11", "2", "21", "5"), 30 + 10 + 100 + 10 + 30),
        ("fastest", ("1", "12", "3", "22", "5"), 30 + 10 + 200 + 10 + 30),
        ("leastIntersections", ("1", "13", "4", "5"), 30 + 10 + 900 + 30),
    ],
)
def test_each_strategy_finds_its_own_way(town, strategy, roads, length):
    found = town.way(START, GOAL, strategy)
    assert found.roads == roads
    assert found.length == pytest.approx(length)


def test_a_way_of_chance_is_one_of_them_and_the_same_for_the_same_seed(town):
    drawn = [town.way(START, GOAL, "random", np.random.default_rng(seed)).roads for seed in range(40)]
    again = [town.way(START, GOAL, "random", np.random.default_rng(seed)).roads for seed in range(40)]
    assert drawn == again
    assert len(set(drawn)) > 1


def test_a_way_can_be_kept_to_some_roads(town):
    within = frozenset({"1", "12", "3", "22", "5"})
    assert town.way(START, GOAL, within=within).roads == ("1", "12", "3", "22", "5")
    assert town.way(START, GOAL, within=frozenset({"1", "5"})) is None


def test_there_is_no_way_back_against_the_traffic(town):
    assert town.way(GOAL, START) is None


def test_on_one_road_the_way_is_the_road(town):
    there = START._replace(s=45.0)
    assert town.way(START, there).length == pytest.approx(25.0)
