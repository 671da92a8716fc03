"""Changes of lane at the bounds of MOBIL: what must be gained, what others lose, how hard somebody may have to brake.

Kesting, Treiber & Helbing, Transportation Research Record 1999:86 (2007), with the intelligent driver model; parameters
of their table 2. Where each bound lies is worked out here from the models' formulas.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scenariogeneration import xodr

from drivesim.behaviors.traffic import TrafficDriver
from drivesim.behaviors.traffic.fleet import fleet_of
from tests.behaviors.road_users import road_user
from tests.behaviors.test_traffic import drive, on_lane, straight, written
from tests.builders import car

DT = 0.05
SPEED = 10.0
ACCELERATION, HEADWAY, STANDSTILL = 1.4, 1.5, 2.0
POLITENESS, THRESHOLD, SAFE = 0.2, 0.1, 4.0
LENGTH = 4.4
WANTED_GAP = STANDSTILL + HEADWAY * SPEED
"""Between two who are equally fast."""


def decide(make_world, tmp_path, lanes, places):
    """Which way cars at ``places`` (lane, s, speed, whether it is driven) turn at once: 1 left, -1 right, 0 not."""
    network = straight(tmp_path, lanes=lanes, speed=100)
    world = make_world(*(car(i, f"car{i}") for i in range(len(places))), network=network)
    for i, (lane, s, speed, _) in enumerate(places):
        world.place(i, on_lane(network, "1", lane, s), speed)
    drivers = {i: TrafficDriver(world) for i, place in enumerate(places) if place[3]}
    for index, driver in drivers.items():
        driver.step(world, index, DT)
    state = fleet_of(world).state
    state.changed[:], state.aside[:] = 10.0, (0.0, 0.0, 1.0)  # the last change is long ago, and over
    world.step(DT)
    for index, driver in drivers.items():
        driver.step(world, index, DT)
    return state.blinks.tolist()


def changes(make_world, tmp_path, *, gap, lead=SPEED, room=None):
    """Whether a driver ``gap`` m behind another changes to the lane on its left, ``room`` m before somebody there."""
    places = [(-2, 300.0, SPEED, True), (-2, 300.0 + LENGTH + gap, lead, False)]
    if room is not None:
        places.append((-1, 300.0 - LENGTH - room, SPEED, True))
    return decide(make_world, tmp_path, 2, places)[0] == 1


def ring(folder):
    """A ring of 1257 m with one lane; road 1 has a second one from 20 m on, which tapers off between 300 and 340 m."""
    radius = 200.0
    lanes = [xodr.LaneDef(20, 50, 1, 2, -2), xodr.LaneDef(300, 340, 2, 1, -2)]
    half = xodr.Arc(1.0 / radius, length=math.pi * radius)
    roads = [
        xodr.create_road(half, id=1, left_lanes=0, right_lanes=lanes, lane_width=3.5),
        xodr.create_road(half, id=2, left_lanes=0, right_lanes=1, lane_width=3.5),
    ]
    for this, other in (roads, roads[::-1]):
        this.add_successor(xodr.ElementType.road, other.id, contact_point=xodr.ContactPoint.start)
        this.add_predecessor(xodr.ElementType.road, other.id, contact_point=xodr.ContactPoint.end)
    return written(folder, "ring", roads)


def test_a_lane_is_changed_for_what_the_threshold_asks(make_world, tmp_path):
    """Behind one who is as fast, a (s*/s)^2 is lost."""
    bound = WANTED_GAP * math.sqrt(ACCELERATION / THRESHOLD)
    assert changes(make_world, tmp_path, gap=bound - 3.0)
    assert not changes(make_world, tmp_path, gap=bound + 3.0)


def test_what_a_follower_loses_counts_by_politeness(make_world, tmp_path):
    gap = 40.0
    gain = ACCELERATION * (WANTED_GAP / gap) ** 2
    bound = WANTED_GAP * math.sqrt(ACCELERATION * POLITENESS / (gain - THRESHOLD))
    assert changes(make_world, tmp_path, gap=gap, room=bound + 3.0)
    assert not changes(make_world, tmp_path, gap=gap, room=bound - 3.0)


def test_nobody_has_to_brake_harder_than_is_safe(make_world, tmp_path):
    """Before a queue everything is to be gained; what a follower would have to do decides."""
    fastest = 100 / 3.6
    free = 1.0 - (SPEED / fastest) ** 4
    bound = WANTED_GAP / math.sqrt(free + SAFE / ACCELERATION)
    assert changes(make_world, tmp_path, gap=12.0, lead=0.0, room=bound + 2.0)
    assert not changes(make_world, tmp_path, gap=12.0, lead=0.0, room=bound - 2.0)


def test_who_is_as_fast_as_it_can_has_nothing_to_gain(make_world, tmp_path):
    """A cyclist keeps its lane, whatever the road's limit."""
    network = straight(tmp_path, lanes=3, speed=100)
    world = make_world(road_user(0, "bicycle"), network=network)
    world.place(0, on_lane(network, "1", -2, 20.0), 5.9)
    beside = []
    drive(world, 60.0, watch=lambda: beside.append(float(world.position[0, 0, 1])))
    assert np.ptp(beside) < 0.5


def test_two_do_not_change_to_one_lane_from_both_sides(make_world, tmp_path):
    """Two behind somebody slow, a free lane between them; who is slower is 18 m ahead."""
    left = [(-1, 300.0, 20.0, True), (-1, 340.0, 10.0, False)]
    right = [(-3, 318.0, 8.0, True), (-3, 333.0, 4.0, False)]
    assert decide(make_world, tmp_path, 3, [*left, (-3, 600.0, 8.0, True)])[0] == -1
    assert decide(make_world, tmp_path, 3, [*right, (-1, 600.0, 8.0, True)])[0] == 1
    assert decide(make_world, tmp_path, 3, [*left, *right]) == [-1, 0, 0, 0]


@pytest.mark.parametrize("kind", ["car", "bus"])
def test_a_lane_that_ends_is_left_in_time(make_world, tmp_path, kind):
    """Somebody drives beside who has to be let by first."""
    network = ring(tmp_path)
    world = make_world(road_user(0, kind), car(1), network=network)
    world.place(0, on_lane(network, "1", -2, 80.0), 13.0)
    world.place(1, on_lane(network, "1", -1, 78.0), 13.0)
    speeds = []
    drive(world, 30.0, watch=lambda: speeds.append(float(world.speed[0, 0])))
    assert not world.collisions
    assert min(speeds) > 2.0


@pytest.mark.parametrize("kind", ["car", "bus"])
@pytest.mark.parametrize("s", [270.0, 300.0])
def test_who_stands_where_a_lane_ends_changes_to_the_one_beside(make_world, tmp_path, kind, s):
    """Those who drive there are let by, and there is room behind them."""
    network = ring(tmp_path)
    world = make_world(road_user(0, kind), *(car(i, f"car{i}") for i in range(1, 5)), network=network)
    world.place(0, on_lane(network, "1", -2, s))
    for i in range(1, 5):
        world.place(i, on_lane(network, "1", -1, 30.0 + 40.0 * i), 13.0)
    drive(world, 45.0)
    assert not world.collisions
    assert world.speed[0, 0] > 8.0
