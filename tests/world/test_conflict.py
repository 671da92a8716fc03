"""Gap and time to contact against plane geometry."""

import math

import numpy as np
import pytest

from drivesim.world.boxes import overlap
from drivesim.world.conflict import time_to_contact

CAR = np.array([1.4, 0.0, 0.75, 4.0, 2.0, 1.5])
"""Reference point at the rear axle, front 3.4 m ahead of it."""
PERSON = np.array([0.0, 0.0, 0.9, 0.6, 0.4, 1.8])
STILL = np.zeros(3)


def pose(x, y, yaw=0.0, z=0.0):
    return np.array([x, y, z, yaw])


def test_a_car_that_follows_a_standing_one():
    gap, ttc = time_to_contact(CAR, pose(0, 0), np.array([10.0, 0, 0]), CAR, pose(24, 0), STILL)
    assert gap == pytest.approx(24 - 4.0)
    assert ttc == pytest.approx(2.0)


def test_a_person_who_crosses_in_front():
    """The car's front reaches the person at 1.98 s, who has come into its path at 1.6 s."""
    person = pose(23.4, -4.2, math.pi / 2)
    gap, ttc = time_to_contact(CAR, pose(0, 0), np.array([10.0, 0, 0]), PERSON, person, np.array([0.0, 1.8125, 0]))
    assert gap == pytest.approx(math.hypot(23.4 - 0.2 - 3.4, 4.2 - 0.3 - 1.0))
    assert ttc == pytest.approx((23.4 - 0.2 - 3.4) / 10.0)


def test_a_person_who_has_crossed_before_the_car_comes():
    person = pose(23.4, -1.0, math.pi / 2)
    _, ttc = time_to_contact(CAR, pose(0, 0), np.array([5.0, 0, 0]), PERSON, person, np.array([0.0, 4.0, 0]))
    assert ttc == math.inf


def test_passing_beside_is_no_conflict_and_the_gap_is_across():
    gap, ttc = time_to_contact(CAR, pose(0, 0), np.array([10.0, 0, 0]), CAR, pose(0, 3.5), STILL)
    assert gap == pytest.approx(1.5)
    assert ttc == math.inf


def test_going_apart_and_touching_already():
    assert time_to_contact(CAR, pose(0, 0), STILL, CAR, pose(10, 0), np.array([3.0, 0, 0]))[1] == math.inf
    assert time_to_contact(CAR, pose(0, 0), STILL, CAR, pose(3.9, 0.1), STILL) == (0.0, 0.0)


def test_a_bridge_above_is_no_conflict():
    assert time_to_contact(CAR, pose(0, 0), np.array([10.0, 0, 0]), CAR, pose(24, 0, z=5.0), STILL)[1] == math.inf


def test_boxes_touch_exactly_when_it_says():
    """Random boxes on random straight courses: apart just before the time to contact, overlapping just after."""
    rng = np.random.default_rng(5)
    met = 0
    for _ in range(1000):
        a, b = (np.array([*rng.uniform(-1, 1, 2), 0.8, *rng.uniform(0.5, 5, 2), 1.6]) for _ in range(2))
        start = [np.array([*rng.uniform(-15, 15, 2), 0.0, rng.uniform(-4, 4)]) for _ in range(2)]
        speed = [np.array([*rng.uniform(-8, 8, 2), 0.0]) for _ in range(2)]
        gap, ttc = time_to_contact(a, start[0], speed[0], b, start[1], speed[1])
        depth = overlap(a, start[0], b, start[1])[0]
        assert (gap == 0.0) == (depth > 0.0)
        if not 0.0 < ttc < math.inf:
            continue
        met += 1
        for late, touching in ((-1e-6, False), (1e-6, True)):
            there = [p + np.array([*(v[:2] * (ttc + late)), 0, 0]) for p, v in zip(start, speed, strict=True)]
            assert (overlap(a, there[0], b, there[1])[0] > 0.0) == touching
    assert met > 50
