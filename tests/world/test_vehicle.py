"""The kinematic bicycle against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import at, car

from drivesim.transforms import Pose
from drivesim.types import Light, Weather
from drivesim.world import Kinematic, VehicleControl


def drive(world, control, dt, steps):
    for _ in range(steps):
        world.command(0, control)
        world.step(dt)


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
def test_constant_steering_drives_a_circle_of_radius_wheelbase_over_tan(make_world, dt):
    world = make_world(car())
    world.place(0, at(), speed=5.0)
    world.steering[:] = 0.2
    radius = 2.7 / math.tan(0.2)
    for _ in range(round(3.0 / dt)):
        world.command(0, VehicleControl(0.0, 0.2))
        world.step(dt)
        x, y, _ = world.position[0, 0]
        assert math.hypot(x, y - radius) == pytest.approx(radius, abs=1e-9)
    assert world.orientation[0, 0, 0] == pytest.approx(5.0 * 3.0 / radius)
    assert world.angular_velocity[0, 0, 2] == pytest.approx(5.0 / radius)
    assert np.linalg.norm(world.acceleration[0, 0]) == pytest.approx(25.0 / radius)
    assert world.wheel_rotation[0, 0] == pytest.approx(15.0 / 0.32)


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.07])
def test_braking_distance_is_v_squared_over_two_a(make_world, dt):
    world = make_world(car())
    world.place(0, at(), speed=15.0)
    drive(world, VehicleControl(-6.0, 0.0), dt, round(3.0 / dt))
    assert world.position[0, 0, 0] == pytest.approx(15.0**2 / 12.0, abs=1e-9)
    assert world.speed[0, 0] == 0.0
    assert world.lights[0, 0] & Light.BRAKE


def test_performance_limits_braking_on_dry_road_and_grip_on_ice(make_world):
    for scale, deceleration in ((1.0, 8.0), (0.2, 0.9 * 0.2 * 9.81)):
        world = make_world(car(), weather=Weather(friction_scale=scale))
        world.place(0, at(), speed=15.0)
        drive(world, VehicleControl(-20.0, 0.0), 0.05, 10)
        assert world.speed[0, 0] == pytest.approx(15.0 - 0.5 * deceleration)


def test_grip_limits_speed_times_yaw_rate(make_world):
    world = make_world(car())
    world.place(0, at(), speed=25.0)
    drive(world, VehicleControl(0.0, 0.5), 0.05, 40)
    assert world.speed[0, 0] * world.angular_velocity[0, 0, 2] == pytest.approx(0.9 * 9.81)


def test_steering_moves_at_a_limited_rate(make_world):
    world = make_world(car())
    world.place(0, at(), speed=1.0)
    drive(world, VehicleControl(0.0, 1.0), 0.05, 10)
    assert world.steering[0, 0] == pytest.approx(0.2)
    drive(world, VehicleControl(0.0, 1.0), 0.05, 100)
    assert world.steering[0, 0] == pytest.approx(0.6)


def test_without_a_command_a_vehicle_rolls_on(make_world):
    world = make_world(car())
    world.place(0, at(yaw=math.pi / 2), speed=10.0)
    world.step(0.5)
    assert world.position[0, 0] == pytest.approx((0.0, 5.0, 0.0))
    assert not world.lights[0, 0] & Light.BRAKE


def test_velocity_of_exact_motion_is_inferred_from_the_arc(make_world):
    world = make_world(car())
    radius, rate, dt = 20.0, 0.5, 0.05
    world.place(0, at(), speed=radius * rate)
    for k in range(1, 11):
        yaw = rate * k * dt
        pose = Pose.from_ypr((radius * math.sin(yaw), radius * (1 - math.cos(yaw)), 0.0), (yaw, 0.0, 0.0))
        world.command(0, Kinematic(pose, radius * rate))
        world.step(dt)
        assert world.velocity[0, 0] == pytest.approx((10 * math.cos(yaw), 10 * math.sin(yaw), 0.0))
    assert world.angular_velocity[0, 0] == pytest.approx((0.0, 0.0, rate))
    assert np.linalg.norm(world.acceleration[0, 0]) == pytest.approx(radius * rate**2, rel=1e-3)
    assert world.steering[0, 0] == pytest.approx(math.atan(2.7 / radius))


def test_worlds_of_a_batch_do_not_touch_each_other(make_world):
    world = make_world(car(), batch=2)
    for b in range(2):
        world.place(0, at(), speed=10.0, world=b)
    world.command(0, VehicleControl(-5.0, 0.0), world=1)
    world.step(0.1)
    assert world.speed[:, 0] == pytest.approx((10.0, 9.5))
