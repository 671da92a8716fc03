"""Buses and lorries where bands meet: at stop lines, in bends, behind junctions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scenariogeneration import xodr

from drivesim.behaviors.traffic.fleet import fleet_of
from drivesim.opendrive import read_network
from tests.behaviors.road_users import COUPLER, HITCH, road_user, semitrailer
from tests.behaviors.test_traffic import EAST, MIDDLE, NORTH, SOUTH, WEST, crossing, drive, on_lane, written
from tests.behaviors.towns import TOWNS, play, populate
from tests.builders import car

RADIUS = 13.0
"""Of a bend, m: a bus of 12 m sweeps 4.9 m there, a lane has 3.5."""


def bend(folder, *, junction=None, radius=RADIUS):
    """Road 1 turns by 90 degrees to the left after 100 m; or with a junction so many metres before the bend, road 0
    leads there."""
    shapes = [xodr.Line(100.0 if junction is None else junction), xodr.Arc(1.0 / radius, length=radius * math.pi / 2)]
    roads = [xodr.create_road([*shapes, xodr.Line(300.0)], id=1, left_lanes=1, right_lanes=1, lane_width=3.5)]
    creator = None
    if junction is not None:
        roads.insert(0, xodr.create_road(xodr.Line(300.0), id=0, left_lanes=1, right_lanes=1, lane_width=3.5))
        creator = xodr.CommonJunctionCreator(100, "bogus")
        for road, arm in zip(roads, (WEST, EAST), strict=True):
            creator.add_incoming_road_circular_geometry(road, 5.0, arm, "predecessor")
        creator.add_connection(0, 1)
    return written(folder, "bend", roads, creator)


def test_one_stops_where_a_bus_has_the_room_to_turn(make_world, tmp_path):
    """A bus turns right beside a car that waits for its light; where only cars drive, one stops further on."""
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH], lights=True)
    lights = [network.roads[road].signals[0].id for road in ("0", "1")]
    stood, away = [], []
    for kind in ("bus", "car"):
        world = make_world(road_user(0, kind), car(1), network=network, seed=1)
        world.routes = {0: ("0", "1"), 1: ("1", "3")}
        world.signals = dict(zip(lights, ("green", "red"), strict=True))
        world.place(0, on_lane(network, "0", 1, 140.0), 10.0)
        world.place(1, on_lane(network, "1", 1, 50.0), 10.0)
        waited = []
        drive(world, 28.0, watch=lambda waited=waited, world=world: waited.append(fleet_of(world).state.waited[0]))
        assert not world.collisions
        assert np.hypot(*(world.position[0, 0, :2] - MIDDLE)) > 40.0
        assert world.speed[0, 1] < 0.05
        stood.append(max(waited))
        away.append(float(np.hypot(*(world.position[0, 1, :2] - MIDDLE))))
    assert stood == [0.0, 0.0]
    assert away[0] > away[1] + 2.0


@pytest.mark.parametrize(("kind", "place"), [("bus", 103.0), ("bus", 106.0), ("truck", 103.0), ("truck", 106.0)])
def test_nobody_creeps_up_to_whom_it_cannot_pass(make_world, tmp_path, kind, place):
    """A bus stands in a bend behind somebody who stands; who comes towards it waits until it is gone."""
    network = bend(tmp_path)
    world = make_world(road_user(0, "bus"), road_user(1, kind), car(2), network=network, seed=1)
    world.place(0, on_lane(network, "1", 1, place), 0.0)
    world.place(1, on_lane(network, "1", -1, 50.0), 8.0)
    world.place(2, on_lane(network, "1", 1, place - 13.5), 0.0)
    drive(world, 25.0, [0, 1])
    assert (np.abs(world.speed[0]) < 0.05).all()
    world.place(2, on_lane(network, "1", 1, 5.0), 0.0)
    drive(world, 35.0, [0, 1])
    assert not world.collisions
    assert world.position[0, 0, 0] < 60.0
    assert world.position[0, 1, 1] > RADIUS + 30.0


@pytest.mark.parametrize("ahead", [0.0, 10.0, 20.0, 30.0])
def test_nobody_drives_into_a_junction_who_could_not_leave_it(make_world, tmp_path, ahead):
    """Two buses meet in the bend behind it; whoever is there first comes out before the other drives in."""
    network = bend(tmp_path, junction=3.0)
    world = make_world(road_user(0, "bus"), road_user(1, "bus"), network=network, seed=1)
    world.place(0, on_lane(network, "0", 1, 60.0), 8.0)
    world.place(1, on_lane(network, "1", 1, 40.0 + ahead), 8.0)
    longest = []
    drive(world, 40.0, watch=lambda: longest.append(fleet_of(world).state.waited.max()))
    assert not world.collisions
    assert max(longest) < 15.0
    away = np.hypot(*(world.position[0, 0, :2] - world.position[0, 1, :2]))
    assert away > 60.0


@pytest.mark.parametrize("nearer", [-2.0, 0.0, 2.0])
def test_who_lets_another_by_before_a_bend_does_so_to_the_end(make_world, tmp_path, nearer):
    """Articulated lorries come to a tight bend from both sides and are as near as each other, whoever brakes."""
    network = bend(tmp_path, radius=9.5)
    world = make_world(
        road_user(0, "tractor"), semitrailer(1), road_user(2, "tractor"), semitrailer(3), network=network, seed=1
    )
    behind = COUPLER - HITCH
    for tow, lane, s, along in ((0, -1, 40.0, 1.0), (2, 1, 175.0 - nearer, -1.0)):
        world.couple(tow, tow + 1, HITCH, COUPLER)
        world.place(tow, on_lane(network, "1", lane, s), 12.0)
        world.place(tow + 1, on_lane(network, "1", lane, s - along * behind), 12.0)
    longest = []
    drive(world, 40.0, [0, 2], watch=lambda: longest.append(fleet_of(world).state.waited.max()))
    assert not world.collisions
    assert max(longest) < 10.0
    assert np.hypot(*(world.position[0, 0, :2] - world.position[0, 2, :2])) > 200.0


@pytest.mark.skipif(not TOWNS.is_dir(), reason="no corpus: set DRIVESIM_SHARED to the folder that holds corpus/")
@pytest.mark.slow
@pytest.mark.parametrize(("minutes", "seed"), [(3.0, 110), (1.5, 52)])
def test_mixed_traffic_neither_crashes_nor_jams(minutes, seed):
    """Seeds that did: a bus and an articulated lorry locked each other at 31 s, a van and a bus touched at 72 s."""
    played = play(populate(read_network(TOWNS / "Town03.xodr"), 40, seed, mixed=True), minutes)
    assert played.collisions == []
    assert played.longest_standing < 100.0
    assert played.mean_speed > 6.0
