"""TTC and what is in the path, in closed form."""

import dataclasses
import math

import numpy as np
import pytest

from drivesim.ego.emergency import Geometry, assess, time_to_collision
from drivesim.ego.parameters import EGOS, ego_parameters
from drivesim.ego.tracking import Track
from drivesim.errors import DrivesimError
from drivesim.transforms import Pose

CAR = Geometry(front=3.6, width=1.8)
ORIGIN = Pose.identity()


def track(x, y, vx=0.0, vy=0.0, half=0.25, person=True):
    return Track(1, 0.0, np.array([x, y, vx, vy]), np.eye(4) * 1e-12, half, half, {}, 0.0, 1.0, person, True)


@pytest.mark.parametrize(
    ("distance", "closing", "expected"),
    [(20.0, 10.0, 2.0), (20.0, 0.0, math.inf), (20.0, -5.0, math.inf), (0.0, 3.0, 0.0)],
)
def test_time_to_collision(distance, closing, expected):
    assert time_to_collision(distance, closing) == expected


def test_distance_counts_from_bumper_to_nearest_point():
    threat = assess(track(24.1, 0.0), 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"])
    assert threat is not None
    assert threat.distance == pytest.approx(24.1 - 0.25 - 3.6)
    assert threat.time_to_collision == pytest.approx(2.025)


def test_slack_is_zero_at_the_last_moment():
    p = EGOS["aeb"]
    speed = 14.0
    ramp = p.deceleration / p.jerk
    needed = speed * (p.dead_time + ramp) - p.jerk * ramp**3 / 6 + (speed - p.deceleration * ramp / 2) ** 2 / 18.0
    threat = assess(track(3.85 + needed, 0.0), 0.0, ORIGIN, speed, 0.0, CAR, p)
    assert threat is not None
    assert threat.slack == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("lateral_speed", "threatens"), [(1.4, True), (0.3, False), (-1.0, False), (6.0, False)])
def test_only_who_meets_the_car_is_a_threat(lateral_speed, threatens):
    """2 s away, 3.5 m to the right: 1.4 m/s arrives in the path, 6 m/s has long left it."""
    found = assess(track(23.85, -3.5, 0.0, lateral_speed), 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"])
    assert (found is not None) is threatens


def test_a_half_seen_person_is_as_wide_as_a_person():
    """6 cm of a child are in sight beside the car's path, which ends at 0.9 + 0.25 m + half the child."""
    p = EGOS["aeb"]
    reach = CAR.width / 2 + p.corridor_margin
    for beside, inside in ((0.24, True), (0.26, False)):
        threat = assess(track(20.0, -(reach + beside), half=0.03), 0.0, ORIGIN, 10.0, 0.0, CAR, p)
        assert (threat is not None) is inside
        thing = assess(track(20.0, -(reach + beside), half=0.03, person=False), 0.0, ORIGIN, 10.0, 0.0, CAR, p)
        assert thing is None
    threat = assess(track(20.0, 0.0, half=0.03), 0.0, ORIGIN, 10.0, 0.0, CAR, p)
    assert threat is not None
    assert threat.distance == pytest.approx(20.0 - 0.15 - CAR.front)


def test_in_a_bend_the_path_bends():
    yaw_rate = 10.0 / 50.0
    ahead = 20.0
    inside = track(ahead, ahead**2 / (2 * 50.0))
    assert assess(inside, 0.0, ORIGIN, 10.0, yaw_rate, CAR, EGOS["aeb"]) is not None
    assert assess(inside, 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"]) is None


def test_regulation_157_models_have_the_regulations_numbers():
    assert (EGOS["regulation"].dead_time, EGOS["regulation"].deceleration, EGOS["regulation"].range) == (
        0.35,
        6.0,
        46.0,
    )
    driver = EGOS["reference_driver"]
    assert driver.deceleration / driver.jerk == pytest.approx(0.6)
    assert driver.deceleration == pytest.approx(0.774 * 9.81)


def test_an_unknown_ego_is_refused():
    with pytest.raises(DrivesimError, match="Did you mean 'regulation'"):
        ego_parameters("regulatoin")


@pytest.mark.parametrize(("spread", "person", "threatens"), [
    (0.9, False, False), (0.3, False, True), (0.9, True, True), (0.9, None, True),
])  # fmt: skip
def test_a_parked_car_whose_corner_wanders_is_no_threat(spread, person, threatens):
    """1.9 m beside the line, 1.5 s away, seeming to move 2.2 m/s across: for a thing that is not sure until it is three
    standard deviations, for a person it is sure but for one of them."""
    seen = dataclasses.replace(track(18.85, -1.9, 0.0, 2.2, person=person), covariance=np.eye(4) * spread**2)
    assert (assess(seen, 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"]) is not None) is threatens


def test_speed_along_the_road_counts_as_far_as_it_is_sure():
    """20 m ahead at 10 m/s, seeming to drive away at 4 m/s: the gap closes at 10, 10 - (4 - 2) or 6 m/s."""
    for person, spread, closing in ((False, 2.0, 10.0), (True, 2.0, 8.0), (False, 1e-6, 6.0)):
        seen = dataclasses.replace(track(23.85, 0.0, 4.0, person=person), covariance=np.eye(4) * spread**2)
        threat = assess(seen, 0.0, ORIGIN, 10.0, 0.0, CAR, dataclasses.replace(EGOS["aeb"], path_time=9.0))
        assert threat is not None
        assert threat.time_to_collision == pytest.approx(20.0 / closing, rel=1e-4)


def test_what_is_beside_the_bumper_already_is_not_braked_for():
    """Its corner is 0.3 m behind the bumper, 0.3 m beside the car, and seems to come nearer."""
    beside, before = (track(x, -1.2, 0.0, 2.5, half=0.0, person=False) for x in (3.3, 8.3))
    passed = track(2.9, -0.8, 0.0, 2.5, half=0.0, person=False)
    assert assess(passed, 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"]) is None
    assert assess(beside, 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"]) is None
    assert assess(before, 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"]) is not None


@pytest.mark.parametrize(("beside", "across"), [(True, 1.2), (False, 1.2), (False, 0.0)])
def test_a_person_who_is_not_in_the_path_yet_is_told_from_one_who_is(beside, across):
    """The path ends 0.9 + 0.25 m and half the person beside the car's line; things are in it or not at all."""
    place = -(1.4 + 0.05) if beside else -(1.4 - 0.05)
    for person, expected in ((True, beside), (None, beside), (False, False)):
        threat = assess(track(20.0, place, 0.0, across, person=person), 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"])
        assert threat is not None
        assert threat.beside is expected


@pytest.mark.parametrize(("place", "person", "threatens"), [
    (-1.2, True, True), (-1.2, None, True), (-1.2, False, False), (-1.6, True, False),
])  # fmt: skip
def test_a_person_in_the_path_may_freeze_there(place, person, threatens):
    """1.6 s away and running across at 4 m/s: whoever goes on is past the path by then, and only a person who is not in
    it yet is let go on."""
    threat = assess(track(20.0, place, 0.0, 4.0, person=person), 0.0, ORIGIN, 10.0, 0.0, CAR, EGOS["aeb"])
    assert (threat is not None) is threatens


def test_what_is_touched_before_the_brakes_act_is_not_braked_for():
    p = EGOS["aeb"]
    front = CAR.front + 0.25
    for ahead, threatens in ((9.0 * p.dead_time, False), (11.0 * p.dead_time, True)):
        found = assess(track(front + ahead, 0.0), 0.0, ORIGIN, 10.0, 0.0, CAR, p)
        assert (found is not None) is threatens
