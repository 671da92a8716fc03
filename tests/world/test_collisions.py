"""First touch: when, where, how fast, once."""

from __future__ import annotations

import math

import pytest
from builders import at, car, child

from drivesim.types import BoundingBox
from drivesim.world import WalkerControl


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
