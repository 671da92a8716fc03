"""Actors' constants, from what a scenario leaves out too."""

import numpy as np

from drivesim.types import Actor, BoundingBox
from drivesim.world.controls import WalkerControl

BOX = BoundingBox((0.0, 0.0, 0.0), 0.0, 0.0, 0.0)


def test_things_without_size_stay_where_they_are(make_world):
    world = make_world(Actor(0, "b", "misc", "barrier", "b", BOX, None, None, 0.0))
    world.present[:] = True
    world.step(0.1)
    assert np.all(world.position == 0.0)
    assert world.limits["mass"][0, 0] > 0.0


def test_people_whose_box_has_no_height_walk(make_world):
    world = make_world(Actor(0, "w", "pedestrian", "pedestrian", "w", BOX, None, None, 0.0))
    world.present[:] = True
    for _ in range(20):
        world.command(0, WalkerControl((1.0, 0.0)))
        world.step(0.1)
    assert np.isfinite(world.gait_phase).all()
    assert world.gait_phase[0, 0] > 0.0
    assert world.position[0, 0, 0] > 1.0
