"""Braking against closed forms: grip, slopes, brake build-up, and the load that braking moves to the front."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import at, car

from drivesim.types import Performance, Weather
from drivesim.world import VehicleControl

G = 9.81
TOWN = 50 / 3.6


def stop(world, speed, dt, *, demand=-20.0, pitch=0.0):
    """Metres to standstill."""
    world.place(0, at(), speed=speed)
    world.orientation[0, 0, 1] = pitch
    for _ in range(round(40.0 / dt)):
        world.command(0, VehicleControl(demand, 0.0))
        world.step(dt)
        if world.speed[0, 0] == 0.0:
            return float(np.hypot(*world.position[0, 0, :2])) / math.cos(pitch)
    raise AssertionError("still rolling")


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
@pytest.mark.parametrize(("scale", "surface"), [(1.0, "dry"), (0.7, "wet"), (0.2, "ice")])
def test_a_stop_from_50_is_that_of_the_friction(make_world, dt, scale, surface):
    world = make_world(car(performance=Performance(60.0, 5.0, 12.0)), weather=Weather(friction_scale=scale))
    assert stop(world, TOWN, dt) == pytest.approx(TOWN**2 / (2.0 * 0.9 * scale * G), rel=1e-6)


@pytest.mark.parametrize("dt", [0.01, 0.05])
@pytest.mark.parametrize("jerk", [12.65, 30.0])
def test_brakes_build_up_as_fast_as_the_vehicle_says(make_world, dt, jerk):
    full = 8.0
    world = make_world(car(performance=Performance(60.0, 5.0, full, max_deceleration_rate=jerk)))
    ramp = full / jerk
    left = TOWN - 0.5 * full * ramp
    closed = TOWN * ramp - jerk * ramp**3 / 6.0 + left**2 / (2.0 * full)
    assert stop(world, TOWN, dt) == pytest.approx(closed, rel=2e-3)


@pytest.mark.parametrize("grade", [-0.1, 0.1])
def test_gravity_takes_its_part_of_the_grip(make_world, grade):
    """Positive pitch points downhill."""
    pitch = math.atan(grade)
    world = make_world(car(performance=Performance(60.0, 5.0, 12.0)), weather=Weather(friction_scale=0.5))
    deceleration = 0.45 * G * math.cos(pitch) - G * math.sin(pitch)
    assert stop(world, TOWN, 0.05, pitch=pitch) == pytest.approx(TOWN**2 / (2.0 * deceleration), rel=1e-6)


def braking_in_a_bend(make_world, across, height):
    """m/s2 that are left for braking where the bend takes ``across``."""
    made = car(performance=Performance(60.0, 5.0, 12.0))
    made = replace(made, box=replace(made.box, height=height))
    world = make_world(made)
    world.place(0, at(), speed=15.0)
    steering = math.atan(2.7 * across / 15.0**2)
    world.steering[:] = steering
    world.command(0, VehicleControl(-12.0, steering))
    world.step(1e-3)
    return (15.0 - world.speed[0, 0]) / 1e-3


def test_braking_in_a_bend_unloads_the_rear_axle(make_world):
    """Without load transfer the circle of grip shortens both parts alike; the higher the mass, the less is left."""
    grip, across = 0.9 * G, 4.0
    flat = 12.0 * grip / math.hypot(12.0, across)
    assert braking_in_a_bend(make_world, across, 1e-6) == pytest.approx(flat, rel=1e-3)
    left = 1.0 - 0.37 * 1.5 / 1.3 * 12.0 / G
    assert braking_in_a_bend(make_world, across, 1.5) == pytest.approx(
        12.0 * grip / math.hypot(12.0, across / left), rel=1e-3
    )
    assert braking_in_a_bend(make_world, across, 3.0) < braking_in_a_bend(make_world, across, 1.5) < flat


def test_straight_ahead_load_transfer_costs_nothing(make_world):
    assert braking_in_a_bend(make_world, 0.0, 3.0) == pytest.approx(0.9 * G, rel=1e-6)
