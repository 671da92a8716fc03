"""The single-track model with slipping tyres against closed forms (Rajamani 2012, sections 2.3 and 3.3)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import at, car

from drivesim.errors import ScenarioError
from drivesim.types import Performance, Weather
from drivesim.world import VehicleControl
from drivesim.world.single_track import CORNERING_STIFFNESS, lateral_force

G, BASE = 9.81, 2.7
TOWN = 50 / 3.6


def slipping(height=1.5, **properties):
    made = car(performance=Performance(70.0, 5.0, 12.0), properties={"dynamics": "single_track", **properties})
    return replace(made, box=replace(made.box, height=height))


def drive(world, seconds, steering, *, acceleration=0.0, dt=0.05, watch=None):
    for _ in range(round(seconds / dt)):
        world.command(0, VehicleControl(acceleration, steering))
        world.step(dt)
        if watch is not None:
            watch()
    return float(world.angular_velocity[0, 0, 2])


def yaw_rate_gain(make_world, speed, **properties):
    world = make_world(slipping(**properties))
    world.place(0, at(), speed=speed)
    return drive(world, 4.0, 5e-4) / 5e-4


@pytest.mark.parametrize("speed", [4.0, 12.0, 25.0, 45.0])
@pytest.mark.parametrize("degrees", [1.0, 2.0, 4.0])
def test_steady_turns_have_the_understeer_gradient(make_world, speed, degrees):
    """r / delta = v / (L + K v^2 / g)."""
    gain = yaw_rate_gain(make_world, speed, understeerGradient=str(degrees))
    assert gain == pytest.approx(speed / (BASE + math.radians(degrees) * speed**2 / G), rel=0.02)


def test_yaw_answers_best_at_the_characteristic_speed(make_world):
    """There the gain is half of what it would be without slip."""
    best = math.sqrt(G * BASE / math.radians(2.0))
    below, there, above = (yaw_rate_gain(make_world, share * best) for share in (0.75, 1.0, 1.35))
    assert there > below
    assert there > above
    assert there == pytest.approx(0.5 * best / BASE, rel=0.02)


def test_slow_circles_are_those_of_the_geometry(make_world):
    world = make_world(slipping())
    world.place(0, at(), speed=2.0)
    turn = drive(world, 6.0, 0.3)
    assert turn / float(world.speed[0, 0]) == pytest.approx(math.tan(0.3) / BASE, rel=0.02)


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
@pytest.mark.parametrize(("scale", "surface"), [(1.0, "dry"), (0.7, "wet"), (0.2, "ice")])
def test_a_stop_from_50_is_that_of_the_friction(make_world, dt, scale, surface):
    world = make_world(slipping(), weather=Weather(friction_scale=scale))
    world.place(0, at(), speed=TOWN)
    drive(world, 12.0, 0.0, acceleration=-12.0, dt=dt)
    assert world.speed[0, 0] == 0.0
    assert world.position[0, 0, 0] == pytest.approx(TOWN**2 / (2.0 * 0.9 * scale * G), rel=1e-3)
    assert abs(world.position[0, 0, 1]) < 1e-9


@pytest.mark.parametrize("scale", [1.0, 0.2])
def test_tyres_give_what_the_circle_of_grip_allows_and_no_more(make_world, scale):
    """Brakes and steering at will: the mass is never accelerated by more than friction times gravity."""
    world = make_world(slipping(), weather=Weather(friction_scale=scale))
    world.place(0, at(), speed=25.0)
    chance, forces = np.random.default_rng(2), []
    ahead = BASE - 1.3
    for _ in range(30):
        steering, acceleration = chance.uniform(-0.5, 0.5), chance.uniform(-10.0, 5.0)
        for _ in range(10):
            yaw, turn = world.orientation[0, 0, 0], world.angular_velocity[0, 0, 2]
            before = world.velocity[0, 0, :2] + ahead * turn * np.array([-math.sin(yaw), math.cos(yaw)])
            world.command(0, VehicleControl(acceleration, steering))
            world.step(0.01)
            yaw, turn = world.orientation[0, 0, 0], world.angular_velocity[0, 0, 2]
            after = world.velocity[0, 0, :2] + ahead * turn * np.array([-math.sin(yaw), math.cos(yaw)])
            if abs(world.speed[0, 0]) > 2.0:
                forces.append(float(np.hypot(*(after - before))) / 0.01)
    assert max(forces) <= 0.9 * scale * G * 1.001
    assert max(forces) > 0.85 * 0.9 * scale * G


def test_too_fast_for_the_bend_runs_wide(make_world):
    """5 m/s2 across: dry roads bear it, snow does not, and the car leaves the circle outwards."""
    radii = []
    for scale in (1.0, 0.3):
        world = make_world(slipping(), weather=Weather(friction_scale=scale))
        world.place(0, at(), speed=15.0)
        turn = drive(world, 2.0, math.atan(BASE / 45.0) + math.radians(2.0) * 5.0 / G)
        radii.append(float(world.speed[0, 0]) / turn)
    assert radii[0] == pytest.approx(45.0, rel=0.1)
    assert radii[1] > 1.3 * radii[0]


def test_braking_in_a_bend_turns_in_the_more_the_higher_the_mass(make_world):
    """Load goes to the front axle: less is left for the rear to hold (Mitschke & Wallentowitz, section 9)."""
    turned = []
    for height in (0.1, 1.5, 2.5):
        world = make_world(slipping(height))
        world.place(0, at(), speed=20.0)
        drive(world, 2.0, 0.04)
        yaw = world.orientation[0, 0, 0]
        drive(world, 0.5, 0.04, acceleration=-4.0)
        turned.append(float(world.orientation[0, 0, 0] - yaw))
    assert turned[0] < turned[1] < turned[2]


def test_it_does_not_depend_on_the_tick(make_world):
    ends = []
    for dt in (0.01, 0.05, 0.1):
        world = make_world(slipping())
        world.place(0, at(), speed=15.0)
        world.steering[:] = 0.05
        drive(world, 3.0, 0.05, acceleration=-1.0, dt=dt)
        ends.append(world.position[0, 0, :2].copy())
    np.testing.assert_allclose(ends, np.broadcast_to(ends[0], (3, 2)), atol=0.02)


def test_a_tyre_is_linear_for_small_slip_and_slides_at_the_limit_of_the_brush():
    load, friction = 4000.0, 0.8
    assert lateral_force(1e-4, load, CORNERING_STIFFNESS, friction) == pytest.approx(
        -CORNERING_STIFFNESS * load * 1e-4, rel=1e-3
    )
    limit = math.atan(3.0 * friction / CORNERING_STIFFNESS)
    assert lateral_force(limit, load, CORNERING_STIFFNESS, friction) == pytest.approx(-friction * load)
    assert lateral_force(-0.5, load, CORNERING_STIFFNESS, friction) == pytest.approx(friction * load)
    half = lateral_force(0.5 * limit, load, CORNERING_STIFFNESS, friction)
    assert friction * load > -half > 0.8 * friction * load  # 7/8 where tan is linear


@pytest.mark.parametrize(
    ("properties", "message"),
    [({"dynamics": "drift"}, "dynamics 'drift'"), ({"understeerGradient": "-1"}, "above zero"),
     ({"corneringStiffness": "stiff"}, "above zero")],
)  # fmt: skip
def test_what_cannot_be_is_said(make_world, properties, message):
    with pytest.raises(ScenarioError, match=message):
        make_world(car(properties=properties))
