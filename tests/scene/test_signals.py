"""Traffic signals show what the scenario says, and have a programme where it says nothing."""

from pathlib import Path

import numpy as np
import pytest

from drivesim.opendrive import read_network
from drivesim.scene import Scene
from drivesim.transforms import Pose
from drivesim.types import Actor, BoundingBox, Weather
from drivesim.world import World
from drivesim.world.signals import AMBER, GREEN, RED, lit_lenses, programme

MAP = Path(__file__).parent.parent / "carla_server" / "maps" / "crossing_with_lights.xodr"


@pytest.fixture(scope="module")
def scene():
    network = read_network(MAP)
    car = Actor(0, "Ego", "vehicle", "car", "hatchback", BoundingBox((1.4, 0.0, 0.75), 4.2, 1.8, 1.5))
    world = World(network, [car], Weather(), 0)
    world.place(0, Pose.identity())
    made = Scene(network, world.actors, 0, ego=0, state=world.snapshot())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("state", "lit"),
    [("green", GREEN), ("red;yellow", RED | AMBER), ("off", 0), ("on;off;off", RED), ("off;off;on", GREEN),
     ("TrafficLight_Red", RED)],
)  # fmt: skip
def test_words_of_scenarios_are_understood(state, lit):
    assert lit_lenses(state) == lit


def test_crossing_roads_are_never_green_together():
    shown = [(programme(0, t), programme(1, t)) for t in np.arange(0.0, 64.0, 0.5)]
    assert not any(a & (GREEN | AMBER) and b & (GREEN | AMBER) for a, b in shown if not (a | b) & RED)
    assert not any(a & GREEN and b & GREEN for a, b in shown)
    assert {a for a, _ in shown} == {GREEN, AMBER, RED, RED | AMBER}


def test_a_head_lights_the_lens_the_scenario_names(scene):
    scene.signals = {"11": "green", "12": "red"}
    flags = scene.lit(Weather())
    assert GREEN in flags
    assert RED in flags
    scene.signals = {}
    heads = np.flatnonzero(flags == GREEN)
    assert len(heads) == 1
    tables = scene.rays.tables
    lenses = (tables.instance == heads[0]) & (tables.look[:, 3] >> 8 != 0)
    bits = tables.look[lenses, 3] >> 8
    assert set(bits.tolist()) == {RED, AMBER, GREEN}
    green = tables.albedo[lenses][bits == GREEN]
    assert (green[:, 1] > 2.0 * green[:, 0]).all()
