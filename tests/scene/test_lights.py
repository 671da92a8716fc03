"""Lamps light by what the vehicle does and by the hour; street lamps light the road below them."""

from dataclasses import replace

import numpy as np
import pytest

from drivesim import content
from drivesim.opendrive import read_network
from drivesim.scene import Scene
from drivesim.transforms import Pose
from drivesim.types import Actor, BoundingBox, Light, Weather
from drivesim.world import World

DAY, NIGHT = Weather(), Weather(sun_elevation=-0.2, sun_illuminance=0.0)


@pytest.fixture(scope="module")
def world():
    network = read_network(content.find("scenarios", "residential_street.xodr"))
    car = Actor(0, "Ego", "vehicle", "car", "hatchback", BoundingBox((1.4, 0.0, 0.75), 4.2, 1.8, 1.5))
    made = World(network, [car], DAY, 0)
    at = network.world_from_road(next(iter(network.roads)), 60.0, -2.0)
    made.place(0, Pose.from_ypr([at.x, at.y, at.z], [at.heading, 0, 0]), 10.0)
    return made


@pytest.fixture(scope="module")
def scene(world):
    with_city = Scene(world.network, world.actors, 0, ego=0, state=world.snapshot())
    yield with_city
    with_city.close()


def moving(world, acceleration=0.0, speed=10.0, time=0.0, lights=0):
    """The world's state with one car that drives like this along its own x axis."""
    state = world.snapshot()
    forward = state.pose(0).rotation[:, 0]
    return replace(
        state,
        time=np.array([time]),
        acceleration=(acceleration * forward)[None, None],
        speed=np.array([[speed]]),
        lights=np.array([[lights]], dtype=np.uint16),
    )


def lit(scene, world, weather=DAY, **how):
    state = moving(world, **how)
    scene.update(state, state)
    return Light(int(scene.lit(weather)[1]))


def test_brake_lamps_show_braking_and_nothing_less(scene, world):
    assert Light.BRAKE in lit(scene, world, acceleration=-3.0)
    assert Light.BRAKE not in lit(scene, world, acceleration=-0.6)
    assert Light.BRAKE not in lit(scene, world, acceleration=3.0)
    assert Light.BRAKE in lit(scene, world, acceleration=3.0, speed=-2.0)


def test_reversing_shows(scene, world):
    assert Light.REVERSE in lit(scene, world, speed=-1.0)
    assert Light.REVERSE not in lit(scene, world, speed=1.0)


def test_indicators_flash_ninety_times_a_minute(scene, world):
    seen = [Light.LEFT_BLINKER in lit(scene, world, time=k / 60, lights=int(Light.LEFT_BLINKER)) for k in range(60 * 2)]
    assert np.count_nonzero(np.diff(seen)) == 2 * 2 * 1.5 - 1
    assert np.mean(seen) == pytest.approx(0.5)


def test_low_beam_and_street_lamps_belong_to_the_night(scene, world):
    assert Light.LOW_BEAM not in lit(scene, world)
    assert len(scene.lamps(DAY)) == 0
    assert Light.LOW_BEAM in lit(scene, world, NIGHT)
    rows = scene.lamps(NIGHT)
    street = rows[rows[:, 8] > 0.0]
    assert len(rows) - len(street) == 2
    assert len(street) == 12
    assert (street[:, 5] == -1).all()
    heights = street[:, 2] + scene.rays.origin[2]
    assert ((heights > 6.0) & (heights < 7.0)).all()
    assert street[:, 8] == pytest.approx(heights, abs=0.3)  # feet stand on the pavement
