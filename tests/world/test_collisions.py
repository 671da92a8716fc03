"""First touch: when, where, how fast, once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from builders import at, car, child

from drivesim.types import BoundingBox
from drivesim.world import VehicleControl, WalkerControl


@pytest.mark.parametrize("dt", [0.01, 0.05, 0.1])
def test_head_on_touch_is_found_within_the_step(make_world, dt):
    world = make_world(car(), car(1, "Other"))
    world.place(0, at(), speed=10.0)
    world.place(1, at(x=30.0, yaw=math.pi), speed=5.0)
    for _ in range(round(3.0 / dt)):
        world.step(dt)
    gap = 30.0 - 2 * 3.6
    (hit,) = world.collisions
    assert (hit.first, hit.second) == ("Ego", "Other")
    assert hit.time == pytest.approx(gap / 15.0, abs=1e-4)
    assert hit.closing_speed == pytest.approx(15.0)
    assert hit.point == pytest.approx((3.6 + gap * 10 / 15, 0.0), abs=0.01)


def test_a_child_walking_into_the_front_closes_at_the_speed_of_the_car(make_world):
    world = make_world(car(), child(1))
    world.place(0, at(), speed=10.0)
    world.place(1, at(x=8.0, y=-1.0, yaw=math.pi / 2), speed=1.0)
    for _ in range(20):
        world.command(1, WalkerControl((0.0, 1.0)))
        world.step(0.05)
    (hit,) = world.collisions
    assert hit.closing_speed == pytest.approx(10.0)


def test_boxes_corner_to_side_at_an_angle_touch_only_when_they_do(make_world):
    for x, expected in ((3.6 + 0.9 + 0.01, 0), (3.6 + 0.9 - 0.01, 1)):
        world = make_world(car(), car(1, "Other"))
        world.place(0, at())
        world.place(1, at(x=x, y=-1.4, yaw=math.pi / 2))
        world.step(0.05)
        assert len(world.collisions) == expected


def test_a_bridge_above_is_no_collision(make_world):
    world = make_world(car(), car(1, "Beam", kind="misc", box=BoundingBox((0.0, 0.0, 0.5), 10.0, 10.0, 1.0)))
    world.place(0, at())
    world.place(1, at(z=4.0))
    world.step(0.05)
    assert world.collisions == []


def test_a_world_of_a_batch_runs_like_one_alone(make_world):
    """Same commands, same numbers to the last bit; neighbours and what ran there before make no difference."""
    batch = make_world(car(0), child(1), batch=3)
    alone = make_world(car(0), child(1))
    batch.restart(1, (car(0, mass=900.0), child(1)), batch.weather, 5).place(0, at(x=3.0), 30.0)
    member = batch.restart(1, (car(0), child(1)), batch.weather, 1)
    other = batch.restart(2, (car(0), child(1)), batch.weather, 2)
    other.place(0, at(x=1.0, yaw=1.0), 9.0)
    for world in (alone, member):
        world.place(0, at(), 10.0)
        world.place(1, at(x=9.0, y=-1.0, yaw=1.57))
    for _ in range(30):
        for world in (alone, member):
            world.command(0, VehicleControl(-1.0, 0.02))
            world.command(1, WalkerControl((0.0, 1.5)))
        alone.step(0.05)
        batch.step(0.05)
    assert len(alone.collisions) == 1
    assert member.collisions == alone.collisions == batch.collisions_of(1)
    assert not batch.collisions_of(2)
    for name in ("position", "velocity", "orientation", "fallen", "gait_phase", "lights"):
        assert (getattr(alone.snapshot(), name)[0] == getattr(batch.snapshot(), name)[1]).all(), name


def test_worlds_of_a_batch_have_their_own_weather(make_world):
    batch = make_world(car(0), batch=2)
    ice = replace(batch.weather, friction_scale=0.1)
    members = [batch.restart(b, (car(0),), w, 1) for b, w in enumerate((batch.weather, ice))]
    for member in members:
        member.place(0, at(), 20.0)
        member.command(0, VehicleControl(-8.0, 0.0))
    batch.step(0.1)
    assert [float(m.speed[0, 0]) for m in members] == pytest.approx([20.0 - 0.8, 20.0 - 0.1 * 0.1 * 0.9 * 9.81])
