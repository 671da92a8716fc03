"""Colours, points, risk, hit point and impact speed in closed form."""

import dataclasses

import numpy as np
import pytest
from builders import at, car, child

from drivesim.studies.whatif.outcome import (
    POINTS,
    euro_ncap_colour,
    hit_point,
    impact_speed,
    in_way,
    serious_injury_risk,
)
from drivesim.transforms import Pose
from drivesim.types import Collision
from drivesim.world import World


@pytest.mark.parametrize(
    ("test_speed", "impact", "colour"),
    [
        (10, 0, "green"), (20, 0.1, "red"), (30, 9.9, "brown"), (30, 10, "red"), (40, 9.9, "orange"),
        (40, 10, "brown"), (40, 20, "red"), (50, 9.9, "yellow"), (60, 10, "orange"), (60, 20, "brown"),
        (60, 29.9, "brown"), (60, 30, "red"),
    ],
)  # fmt: skip
def test_colour_bands_of_the_2026_protocol(test_speed, impact, colour):
    assert euro_ncap_colour(test_speed, impact) == colour


def test_points_fall_by_a_quarter():
    assert list(POINTS.values()) == [1.0, 0.75, 0.5, 0.25, 0.0]


@pytest.mark.parametrize(("speed", "risk"), [(20, 0.075), (30, 0.141), (40, 0.249), (50, 0.401), (60, 0.576)])
def test_injury_risk_of_the_published_curve(speed, risk):
    """Male of mean age, bonnet edge 75 cm."""
    found = serious_injury_risk(speed, None, male=1.0)
    assert found.probability == pytest.approx(risk, abs=1e-3)
    assert not found.caveat


def test_risk_outside_its_data_says_so():
    assert "age 6" in serious_injury_risk(30.0, 6.0).caveat
    assert "110 km/h" in serious_injury_risk(110.0, 30.0).caveat
    assert serious_injury_risk(0.0, 6.0).probability == 0.0


def test_impact_speed_is_that_of_the_moment_of_touch():
    world = World(None, [car()], _weather(), 1)
    world.place(0, Pose.identity(), 10.0)
    before = world.snapshot()
    after = dataclasses.replace(world.snapshot(), time=np.array([0.1]), speed=np.array([[9.0]]))
    hit = Collision(0.025, "Ego", "Child", (0.0, 0.0), 10.0)
    assert impact_speed(hit, before, after, 0) == pytest.approx(9.75)


@pytest.mark.parametrize(("left", "share"), [(0.0, 0.5), (-0.45, 0.25), (0.9, 1.0)])
def test_hit_point_counts_from_the_right(left, share):
    vehicle = car()
    left *= vehicle.box.width / 1.8
    world = World(None, [vehicle], _weather(), 1)
    world.place(0, Pose.from_ypr([5.0, 2.0, 0.0], [np.pi / 2, 0.0, 0.0]), 10.0)
    hit = Collision(0.0, "Ego", "Child", (5.0 - left, 2.0 + 3.5), 10.0)
    assert hit_point(hit, world.snapshot(), vehicle) == pytest.approx(share)


def _weather():
    from drivesim.types import Weather

    return Weather()


@pytest.mark.parametrize(
    ("x", "y", "speed", "there"),
    [(30.0, 0.0, 1.0, True), (30.0, 0.0, 0.0, False), (-30.0, 0.0, 1.0, False), (30.0, -0.02, 1.0, False)],
)
def test_who_stands_ahead_of_somebody_who_moves_is_in_the_way(x, y, speed, there):
    """The front of a car that stands across is a centimetre in the way of a child that is 0.298 m wide, or not."""
    vehicle, person = car(), child(1)
    world = World(None, [vehicle, person], _weather(), 1)
    world.place(0, at(10.0 + x - vehicle.box.center[1], 3.0 + y - 1.4 - 2.2 - 0.149 + 0.01, np.pi / 2), 0.0)
    world.place(1, at(10.0, 3.0), speed)
    assert in_way(world.snapshot(), vehicle, person) == there
