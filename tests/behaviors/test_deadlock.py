"""Traffic drivers who stand because of each other, or close behind others, in tight places."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from drivesim.behaviors.traffic.fleet import fleet_of
from drivesim.opendrive import read_network
from tests.behaviors.road_users import COUPLER, HITCH, road_user, semitrailer
from tests.behaviors.test_traffic import EAST, MIDDLE, NORTH, SOUTH, WEST, crossing, drive, on_lane, straight
from tests.builders import at, car


@pytest.mark.parametrize("when", [4.0, 6.0])
def test_two_who_stand_because_of_each_other_do_not_stand_for_ever(make_world, tmp_path, when):
    """A car stands at its line in the way of a bus that turns right, and waits for the bus to be gone."""
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH])
    world = make_world(road_user(0, "bus"), car(1), network=network, seed=1)
    world.routes = {0: ("0", "1"), 1: ("1", "3")}
    world.place(0, on_lane(network, "0", 1, 22.0), 3.0)
    world.place(1, on_lane(network, "1", -1, 140.0))
    drive(world, when, [0])
    world.place(1, on_lane(network, "1", 1, 3.0))
    lets, standing = [], []

    def watch():
        lets.append(int(fleet_of(world).state.lets[0]))
        standing.append(bool((np.abs(world.speed[0]) < 0.05).all()))

    drive(world, 25.0, watch=watch)
    assert not world.collisions
    assert 1 in lets
    assert any(standing)
    assert (np.hypot(*(world.position[0, :, :2] - MIDDLE).T) > 40.0).all()


@pytest.mark.parametrize(("kind", "left", "s"), [("van", 0.2, 16.0), ("car", 0.3, 15.0)])
def test_who_stands_beside_a_trailer_that_waits_for_it_goes_first(make_world, tmp_path, kind, left, s):
    """An articulated lorry turns left from the inner one of two narrow lanes; at the line of the other one somebody
    stands where the trailer's tail swings out, and waits for the lorry to be gone."""
    network = crossing(tmp_path, [EAST, SOUTH], lanes=2, away=8.0, width=3.25)
    world = make_world(road_user(0, "tractor"), semitrailer(1), road_user(2, kind), network=network, seed=1)
    world.routes = {0: ("0", "1"), 2: ("0", "1")}
    world.couple(0, 1, HITCH, COUPLER)
    world.place(0, on_lane(network, "0", 1, 14.0), 3.0)
    world.place(1, on_lane(network, "0", 1, 14.0 + COUPLER - HITCH), 3.0)
    world.place(2, on_lane(network, "0", 2, 130.0))
    drive(world, 4.0, [0])
    world.place(2, at(s - 8.0, 1.5 * 3.25 - left, math.pi))
    drive(world, 6.0, [0])
    assert (np.abs(world.speed[0]) < 0.05).all()
    assert fleet_of(world).state.beside[0] == 2
    drive(world, 32.0, [0, 2])
    assert not world.collisions
    assert (world.position[0, [0, 2], 1] < -20.0).all()


def test_who_waits_on_a_slope_does_not_creep_into_who_is_ahead(make_world, tmp_path):
    """At 19 %, as in Town03, a car ahead is as much lower as a car is high."""
    straight(tmp_path)
    file = tmp_path / "road.xodr"
    slope = '<elevationProfile><elevation s="0" a="100" b="-0.19" c="0" d="0"/></elevationProfile>'
    file.write_text(re.sub(r"<elevationProfile\s*/>", slope, file.read_text()))
    network = read_network(file)
    world = make_world(road_user(0, "bus"), car(1, "Ahead"), network=network)
    world.place(0, on_lane(network, "1", -1, 40.0))
    world.place(1, on_lane(network, "1", -1, 70.0))
    assert world.position[0, 0, 2] - world.position[0, 1, 2] > 5.0
    drive(world, 40.0, [0])
    assert not world.collisions
    assert world.speed[0, 0] < 0.05
