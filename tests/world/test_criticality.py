"""Criticality against closed forms: twenty encounters at constant velocity, and what braking really does."""

import math

import numpy as np
import pytest

from drivesim.world.boxes import overlap
from drivesim.world.conflict import time_to_contact
from drivesim.world.criticality import (
    RSS,
    deceleration_to_avoid,
    post_encroachment,
    rss_margin,
    safe_distance,
    safe_side_distance,
    time_to_brake,
)

CAR = np.array([1.4, 0.0, 0.75, 4.0, 2.0, 1.5])
"""Reference point at the rear axle, front 3.4 m ahead of it, rear 0.6 m behind."""
PERSON = np.array([0.0, 0.0, 0.9, 0.6, 0.4, 1.8])
BRAKING = 7.5
EXACT = 1e-6


def pose(x, y, yaw=0.0):
    return np.array([x, y, 0.0, yaw])


def velocity(x, y=0.0):
    return np.array([x, y, 0.0])


def track(start, speed, seconds=12.0, tick=0.05):
    times = np.arange(0.0, seconds, tick)
    rows = np.tile([0.0, *start], (len(times), 1))
    rows[:, 0] = times
    rows[:, 1:3] += times[:, None] * speed[:2]
    return rows


def measured(start, speed, box, other_start, other_speed):
    both = (CAR, start, speed, box, other_start, other_speed)
    return {
        "ttc": time_to_contact(*both)[1],
        "drac": deceleration_to_avoid(*both),
        "ttb": time_to_brake(*both, BRAKING),
        "rss": rss_margin(*both),
        "pet": post_encroachment(CAR, track(start, speed), box, track(other_start, other_speed)),
    }


@pytest.mark.parametrize(
    ("gap", "own", "other"), [(20, 10, 0), (30, 15, 5), (12, 10, 0), (5, 10, 2), (40, 25, 20), (8, 12, 12), (10, 8, 11)]
)
def test_one_who_follows(gap, own, other):
    found = measured(pose(0, 0), velocity(own), CAR, pose(4 + gap, 0), velocity(other))
    closing = own - other
    if closing > 0:
        assert found["ttc"] == pytest.approx(gap / closing, abs=EXACT)
        assert found["drac"] == pytest.approx(closing**2 / (2 * gap), abs=EXACT)
        assert found["ttb"] == pytest.approx(max((gap - closing**2 / (2 * BRAKING)) / closing, 0.0), abs=EXACT)
        assert found["pet"] == 0.0  # they do touch, if nobody brakes
    else:
        assert (found["ttc"], found["drac"], found["ttb"]) == (math.inf, 0.0, math.inf)
        assert found["pet"] == pytest.approx(gap / own, abs=EXACT)
    safe = own + 0.5 * 3.5 + (own + 3.5) ** 2 / 8 - other**2 / 16
    assert found["rss"] == pytest.approx(gap - max(safe, 0.0), abs=EXACT)


@pytest.mark.parametrize(
    ("ahead", "aside", "own", "walks"),
    [
        (20, 4, 10, 2), (12, 4, 10, 2), (15, 6, 14, 3), (30, 8, 8, 2), (25, 3, 12, 1.4), (18, 5, 9, 2.5),
        (40, 4, 10, 2), (6, 5, 12, 1.5), (6, 2.3, 10, 1.2), (24, 7, 11, 3),
    ],
)  # fmt: skip
def test_one_who_crosses(ahead, aside, own, walks):
    """A person goes straight across ``ahead`` of the front; times at which it enters and leaves the car's way."""
    person = pose(3.4 + 0.2 + ahead, -aside, math.pi / 2)
    found = measured(pose(0, 0), velocity(own), PERSON, person, velocity(0, walks))
    enters, leaves = (aside - 1.3) / walks, (aside + 1.3) / walks
    arrives, gone = ahead / own, (ahead + 4.4) / own
    if gone <= enters or leaves <= arrives:
        assert (found["ttc"], found["drac"], found["ttb"]) == (math.inf, 0.0, math.inf)
        assert found["pet"] == pytest.approx(max(enters - gone, arrives - leaves), abs=EXACT)
    else:
        assert found["ttc"] == pytest.approx(max(arrives, enters), abs=EXACT)
        assert found["pet"] == 0.0
        lets_pass = own * leaves <= 2 * ahead
        drac = 2 * (own * leaves - ahead) / leaves**2 if lets_pass else own**2 / (2 * ahead)
        assert found["drac"] == pytest.approx(drac, abs=EXACT)
        brakes = math.sqrt(2 * (own * leaves - ahead) / BRAKING)
        latest = leaves - brakes if BRAKING * brakes <= own else ahead / own - own / (2 * BRAKING)
        assert found["ttb"] == pytest.approx(max(latest, 0.0) if drac <= BRAKING else 0.0, abs=EXACT)
    lengthwise = ahead - (own + 1.75 + (own + 3.5) ** 2 / 8)
    sideways = aside - 1.3 - (0.1 + 0.1 + 0.2**2 / 1.6 + walks + 0.1 + (walks + 0.2) ** 2 / 1.6)
    assert found["rss"] == pytest.approx(lengthwise if sideways < 0 else max(lengthwise, sideways), abs=EXACT)


def test_one_who_comes_towards_it():
    found = measured(pose(0, 0), velocity(10), CAR, pose(60 + 2 * 3.4, 0, math.pi), velocity(-15))
    assert found["ttc"] == pytest.approx(60 / 25, abs=EXACT)
    assert (found["drac"], found["ttb"]) == (math.inf, 0.0)  # the other does not stop
    safe = 10 + 1.75 + 13.5**2 / 6 + 15 + 1.75 + 18.5**2 / 8
    assert found["rss"] == pytest.approx(60 - safe, abs=EXACT)


def test_one_beside_it():
    found = measured(pose(0, 0), velocity(10), CAR, pose(1, 3.5), velocity(9))
    assert (found["ttc"], found["drac"], found["ttb"], found["pet"]) == (math.inf, 0.0, math.inf, math.inf)
    assert found["rss"] == pytest.approx(1.5 - (0.1 + 2 * (0.1 + 0.2**2 / 1.6)), abs=EXACT)


def test_one_who_walks_into_its_side_and_one_who_stands():
    """Braking does not help who is walked into; who stands cannot brake."""
    side = measured(pose(0, 0), velocity(2), PERSON, pose(2, -2.3, math.pi / 2), velocity(0, 2))
    assert side["ttc"] == pytest.approx(0.5)
    assert (side["drac"], side["ttb"]) == (math.inf, 0.0)
    stands = measured(pose(0, 0), velocity(0), CAR, pose(-14, 0), velocity(10))
    assert stands["ttc"] == pytest.approx(1.0)
    assert (stands["drac"], stands["ttb"]) == (math.inf, 0.0)


def test_one_above_another_is_no_encounter():
    above = np.array([20.0, 0.0, 5.0, 0.0])
    both = (CAR, pose(0, 0), velocity(10), CAR, above, velocity(0))
    assert (deceleration_to_avoid(*both), time_to_brake(*both, BRAKING)) == (0.0, math.inf)
    assert post_encroachment(CAR, track(pose(0, 0), velocity(10)), CAR, track(above, velocity(0))) == math.inf


def test_whoever_brakes_as_told_just_does_not_touch():
    """Random boxes on random courses: four fifths of the deceleration to avoid touch, a little more does not."""
    rng = np.random.default_rng(7)
    tried = 0
    while tried < 25:
        other = np.array([0.0, 0.0, 0.8, *rng.uniform(0.5, 5, 2), 1.6])
        start, heading = np.array([*rng.uniform(-25, 25, 2), 0.0, rng.uniform(-4, 4)]), rng.uniform(-4, 4)
        own = np.array([0.0, 0.0, 0.0, heading])
        course, walks = np.array([math.cos(heading), math.sin(heading)]), np.array([*rng.uniform(-5, 5, 2), 0.0])
        speed = rng.uniform(3, 20)
        both = (CAR, own, np.array([*(speed * course), 0.0]), other, start, walks)
        needed = deceleration_to_avoid(*both)
        if not 0.0 < needed < 12.0:
            continue
        tried += 1
        for share, touching in ((0.8, True), (1.0001, False)):
            braking = share * needed
            times = np.linspace(0.0, speed / braking + 3.0, 2000)
            moving = np.minimum(times, speed / braking)
            ways = speed * moving - 0.5 * braking * moving**2
            depth = [
                overlap(CAR, np.array([*(way * course), 0.0, heading]), other, start + np.append(walks * time, 0.0))[0]
                for time, way in zip(times, ways, strict=True)
            ]
            assert (max(depth) > 0.0) == touching, (share, needed)


def test_safe_distances_of_the_published_formula():
    """Shalev-Shwartz et al. 2017 with ad-rss's numbers, by hand: both at 20 m/s, and a standing one."""
    assert safe_distance(20.0, 20.0) == pytest.approx(20 + 1.75 + 23.5**2 / 8 - 25)
    assert safe_distance(0.0, 30.0) == 0.0
    assert safe_distance(-5.0, -10.0) == safe_distance(10.0, 5.0)
    assert safe_side_distance(0.0, 0.0) == pytest.approx(0.1 + 2 * (0.1 + 0.025))
    assert safe_side_distance(-2.0, -2.0) == RSS.side_margin
