"""Walkers: limited acceleration and turning, gait, and what a hit does."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from builders import at, car, child

from drivesim.errors import DrivesimError
from drivesim.world import VehicleControl, WalkerControl
from drivesim.world.gait import comfortable_speed, is_extrapolated, is_running, stride_length


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.3])
def test_start_takes_v_squared_over_two_a_of_road_whatever_the_tick(make_world, dt):
    world = make_world(child())
    world.place(0, at())
    for _ in range(round(3.0 / dt)):
        world.command(0, WalkerControl((1.5, 0.0), max_acceleration=1.0))
        world.step(dt)
    assert world.position[0, 0, 0] == pytest.approx(1.5 * 3.0 - 1.5**2 / 2.0)
    assert world.speed[0, 0] == pytest.approx(1.5)


def test_body_turns_at_a_limited_rate_and_gaze_follows_the_command(make_world):
    world = make_world(child())
    world.place(0, at())
    world.command(0, WalkerControl((0.0, 0.0), heading=math.pi / 2, gaze=0.1))
    world.step(0.1)
    assert world.orientation[0, 0, 0] == pytest.approx(0.1 * math.pi)
    assert world.gaze[0, 0] == pytest.approx(0.1)


def test_gait_phase_counts_strides(make_world):
    world = make_world(child())
    world.place(0, at(), speed=1.19)
    for _ in range(100):
        world.command(0, WalkerControl((1.19, 0.0)))
        world.step(0.05)
    assert world.gait_phase[0, 0] == pytest.approx(5 * 1.19 / stride_length(1.19, 1.154))


@pytest.mark.parametrize(("speed", "step"), [(0.83, 0.48), (1.19, 0.54), (1.79, 0.62)])
def test_step_length_of_children_is_near_the_measured(speed, step):
    assert stride_length(speed, 1.33) / 2 == pytest.approx(step, rel=0.1)


@pytest.mark.parametrize(
    ("age", "stature", "speed", "step"),
    [(2, 0.865, 0.716, 0.274), (3, 0.95, 0.855, 0.331), (7, 1.22, 1.143, 0.479), (30, 1.70, 1.216, 0.655)],
)
def test_step_length_and_speed_by_age_are_sutherlands(age, stature, speed, step):
    """Sutherland, Olshen, Cooper & Woo 1980, table I: within a tenth."""
    assert stride_length(speed, stature) / 2 == pytest.approx(step, rel=0.1)
    if age < 20:
        assert comfortable_speed(age, 0.5) == pytest.approx(speed, rel=0.1)


@pytest.mark.parametrize(
    ("age", "female", "speed"),
    [
        (25, 0, 1.36),
        (35, 1, 1.34),
        (45, 0, 1.43),
        (55, 1, 1.31),
        (65, 0, 1.34),
        (75, 1, 1.13),
        (85, 0, 0.97),
        (85, 1, 0.94),
    ],
)
def test_adults_walk_at_the_measured_speed(age, female, speed):
    """Bohannon & Williams Andrews 2011: means of 41 studies, by decade."""
    assert comfortable_speed(age, female) == pytest.approx(speed, rel=0.1)
    assert not is_extrapolated(age)


def test_ages_without_measurements_are_marked():
    assert [is_extrapolated(age) for age in (0.5, 4, 12, 19, 30, 90, 110)] == [
        True,
        False,
        True,
        True,
        False,
        False,
        True,
    ]
    speeds = [comfortable_speed(age, 0.5) for age in range(1, 40)]
    assert max(abs(b - a) for a, b in pairwise(speeds)) < 0.15


def test_adults_run_above_two_metres_a_second():
    assert not is_running(1.9, 1.75)
    assert is_running(2.3, 1.75)
    assert stride_length(3.0, 1.75) / 2 == pytest.approx(1.09, rel=0.05)


def test_driving_a_pedestrian_is_refused(make_world):
    world = make_world(child())
    with pytest.raises(DrivesimError, match="WalkerControl"):
        world.command(0, VehicleControl(0.0, 0.0))


def test_a_hit_throws_the_child_and_it_lies_after_the_fall(make_world):
    world = make_world(car(), child(1))
    world.place(0, at(), speed=10.0)
    world.place(1, at(x=5.0))
    for _ in range(100):
        world.command(0, VehicleControl(-8.0 if world.collisions else 0.0, 0.0))
        world.step(0.05)
    assert len(world.collisions) == 1
    assert world.fallen[0, 1] == 1.0
    assert world.speed[0, 1] == 0.0
    thrown = 10.0 * 1500 / 1521
    assert world.position[0, 1, 0] - 5.0 == pytest.approx(thrown**2 / (2 * 0.66 * 9.81), rel=0.1)


def test_falls_can_be_switched_off(make_world):
    world = make_world(car(), child(1))
    world.falls = False
    world.place(0, at(), speed=10.0)
    world.place(1, at(x=5.0))
    for _ in range(20):
        world.step(0.05)
    assert world.collisions
    assert world.fallen[0, 1] == 0.0
