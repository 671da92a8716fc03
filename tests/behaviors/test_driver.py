"""Drivers: speed, distance, emergency braking of the UN R157 reference driver, lane keeping."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivesim import content
from drivesim.behaviors import CarFollowingDriver
from drivesim.opendrive import read_network
from drivesim.transforms import Pose
from drivesim.types import BoundingBox
from drivesim.world import VehicleControl, WalkerControl
from tests.builders import at, car, child

DT = 0.05


def drive(world, driver, seconds, others=()):
    rows = []
    for _ in range(round(seconds / DT)):
        world.command(0, driver.step(world, 0, DT))
        for index, control in others:
            world.command(index, control)
        world.step(DT)
        rows.append((world.time, world.position[0, 0, 0], world.speed[0, 0], world.acceleration[0, 0, 0]))
    return np.array(rows)


def test_constant_holds_speed_whatever_stands_there(make_world):
    world = make_world(car(0), child(1))
    world.falls = False
    world.place(0, at(0.0), 13.0)
    world.place(1, at(30.0))
    np.testing.assert_allclose(drive(world, CarFollowingDriver("constant"), 5.0)[:, 2], 13.0)


@pytest.mark.parametrize("lead", [0.0, 8.0])
def test_following_settles_at_the_models_equilibrium_gap(make_world, lead):
    world = make_world(car(0), car(1, "Lead"))
    world.place(0, at(0.0), 14.0)
    world.place(1, at(90.0), lead)
    rows = drive(world, CarFollowingDriver("following"), 60.0, [(1, VehicleControl(0.0, 0.0))])
    gap = world.position[0, 1, 0] - rows[-1, 1] - 4.4
    equilibrium = (2.0 + 1.5 * lead) / math.sqrt(1 - (lead / 14.0) ** 4)
    assert rows[-1, 2] == pytest.approx(lead, abs=0.1)
    assert gap == pytest.approx(equilibrium, abs=0.5)
    assert not world.collisions


def test_a_hidden_leader_is_not_followed_and_a_neighbour_neither(make_world):
    world = make_world(car(0), car(1, "Beside"))
    world.place(0, at(0.0), 14.0)
    world.place(1, at(40.0, 3.0))
    assert drive(world, CarFollowingDriver("following"), 4.0)[:, 2].min() == pytest.approx(14.0, abs=0.01)


def test_a_cyclist_ahead_in_the_lane_is_followed(make_world):
    box = BoundingBox((0.5, 0.0, 0.9), 1.9, 0.5, 1.8)
    world = make_world(car(0), car(1, "Bike", category="bicycle", box=box, mass=85.0))
    world.place(0, at(0.0), 12.0)
    world.place(1, at(70.0), 4.0)
    rows = drive(world, CarFollowingDriver("following"), 30.0, [(1, VehicleControl(0.0, 0.0))])
    assert rows[-1, 2] == pytest.approx(4.0, abs=0.2)
    assert not world.collisions


def test_emergency_braking_is_that_of_the_reference_driver(make_world):
    world = make_world(car(0), child(1))
    world.place(0, at(0.0), 14.0)
    world.place(1, at(200.0))
    driver = CarFollowingDriver("attentive")
    drive(world, driver, 1.0)
    world.place(1, at(world.position[0, 0, 0] + 34.0, 0.0))
    rows = drive(world, driver, 3.0)
    reaction = rows[np.argmax(rows[:, 3] < -0.1), 0] - 1.0
    full = rows[np.argmax(rows[:, 3] < -0.774 * 9.81 + 0.01), 0] - 1.0
    assert reaction == pytest.approx(0.75 + DT, abs=DT + 1e-6)
    assert full - reaction == pytest.approx(0.6, abs=2 * DT)
    assert rows[:, 3].min() == pytest.approx(-0.774 * 9.81, abs=1e-3)


def test_nobody_brakes_for_who_stays_beside(make_world):
    world = make_world(car(0), child(1))
    world.place(0, at(0.0), 14.0)
    world.place(1, at(60.0, 3.5))
    assert drive(world, CarFollowingDriver("attentive"), 5.0)[:, 2].min() == pytest.approx(14.0, abs=0.01)


def test_who_is_hidden_is_braked_for_only_once_seen(make_world):
    starts = {}
    for hidden in (False, True):
        van = car(2, "Van", box=BoundingBox((1.4, 0.0, 1.3), 5.0, 2.0, 2.6))
        world = make_world(car(0), child(1), van)
        world.falls = False
        world.place(0, at(0.0), 14.0)
        world.place(1, at(60.0, -5.5, yaw=math.pi / 2))
        if hidden:
            world.place(2, at(55.0, -3.0))
        rows = drive(world, CarFollowingDriver("attentive"), 4.5, [(1, WalkerControl((0.0, 1.4)))])
        starts[hidden] = rows[np.argmax(rows[:, 3] < -0.1), 0]
    assert starts[True] > starts[False] + 0.2


def test_who_has_stopped_drives_on_once_the_way_is_clear(make_world):
    world = make_world(car(0), child(1))
    world.place(0, at(0.0), 8.0)
    world.place(1, at(25.0))
    driver = CarFollowingDriver("attentive")
    drive(world, driver, 5.0)
    assert world.speed[0, 0] == 0.0
    world.remove(1)
    assert drive(world, driver, 6.0)[-1, 2] > 4.0
    assert not world.collisions


@pytest.mark.parametrize("name", ["motorway", "rural_road", "residential_street"])
def test_the_lane_is_kept_along_the_shipped_maps(make_world, name):
    network = read_network(content.find("scenarios", f"{name}.xodr"))
    world = make_world(car(0), network=network)
    road, lane = "1", -3 if name == "motorway" else -1
    start = network.world_from_lane(road, lane, 20.0, 0.0)
    world.place(0, Pose.from_ypr((start.x, start.y, start.z), (start.heading, 0.0, 0.0)), 15.0)
    driver = CarFollowingDriver("following")
    for _ in range(240):
        world.command(0, driver.step(world, 0, DT))
        world.step(DT)
        here = network.lane_from_world(*world.position[0, 0, :2], heading=float(world.orientation[0, 0, 0]))
        assert here.lane_id == lane
        assert abs(here.offset) < 0.25


def test_a_leader_round_the_bend_is_followed(make_world):
    network = read_network(content.find("scenarios", "rural_road.xodr"))
    world = make_world(car(0), car(1, "Lead"), network=network)
    length = network.roads["1"].length
    turns = [
        abs(network.world_from_lane("1", -1, s + 60.0).heading - network.world_from_lane("1", -1, s).heading)
        for s in np.arange(10.0, length - 70.0, 10.0)
    ]
    s = 10.0 + 10.0 * int(np.argmax(turns))
    assert max(turns) > 0.1
    poses = [network.world_from_lane("1", -1, at_s) for at_s in (s, s + 60.0)]
    poses = [Pose.from_ypr((p.x, p.y, p.z), (p.heading, 0.0, 0.0)) for p in poses]
    world.place(0, poses[0], 20.0)
    world.place(1, poses[1], 0.0)
    assert CarFollowingDriver("following").step(world, 0, DT).acceleration < -0.5
