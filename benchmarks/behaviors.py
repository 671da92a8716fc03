"""Behaviours: what a tick of a hundred people's trees, and of fifty traffic drivers, costs in processor time.

Run: ``drivesim bench behaviors``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from drivesim import content
from drivesim.behaviors import TreeController
from drivesim.behaviors.traffic import TrafficDriver
from drivesim.opendrive import read_network
from drivesim.transforms import Pose
from drivesim.types import Actor, Axles, BoundingBox, Performance, Weather
from drivesim.world import World

HEADINGS = ("ms a tick", "µs each", "of one core at 20 Hz")
Row = tuple[str, str, str, str]

PEOPLE, DRIVERS, DT, SECONDS = 100, 50, 0.05, 30.0
INPUTS = {
    "child_behavior": "natural", "behavior": "natural", "looks": "maybe", "speed": "1.4", "start_distance": "4",
    "crossing_distance": "8.5", "acceleration_distance": "1",
}  # fmt: skip


def _car(index: int) -> Actor:
    name, box = f"Car {index}" if index else "Ego", BoundingBox((1.4, 0.0, 0.75), 4.4, 1.8, 1.5)
    return Actor(
        index, name, "vehicle", "car", "car", box,
        axles=Axles(2.7, 0.0, 0.64, 1.55, 0.6), performance=Performance(60.0, 5.0, 8.0), mass=1500.0,
    )  # fmt: skip


def _spent(world: World, decide: Callable[[], None]) -> float:
    """Seconds of processor time that a tick's decisions take, mean."""
    spent, ticks = 0.0, round(SECONDS / DT)
    for tick in range(ticks + 20):
        start = time.process_time()
        decide()
        spent += (time.process_time() - start) * (tick >= 20)
        world.step(DT)
    return spent / ticks


def _people(tree: str) -> float:
    box = BoundingBox((0.0, 0.0, 0.58), 0.71, 0.3, 1.15)
    people = [Actor(1 + i, f"P{i}", "pedestrian", "pedestrian", "child", box, mass=21.0) for i in range(PEOPLE)]
    world = World(None, [_car(0), *people], Weather(), 1)
    world.place(0, Pose.from_ypr((-100.0, 0.0, 0.0), (0.0, 0.0, 0.0)), 10.0)
    for person in people:
        world.place(person.index, Pose.from_ypr((3.0 * person.index, -5.0, 0.0), (math.pi / 2, 0.0, 0.0)))
    minds = [TreeController(str(content.find("behaviors", tree)), INPUTS, world, p.index) for p in people]

    def decide() -> None:
        for person, mind in zip(people, minds, strict=True):
            control = mind.step(world, person.index, DT)
            if control is not None:
                world.command(person.index, control)

    return _spent(world, decide)


def _traffic() -> float:
    network = read_network(content.find("scenarios", "motorway.xodr"))
    world = World(network, [_car(i) for i in range(DRIVERS)], Weather(), 1)
    lanes = [lane for lane in network.lanes("1", 0.0) if lane < 0 and network.lane_type("1", lane, 0.0) == "driving"]
    for i in range(DRIVERS):
        point = network.world_from_lane("1", lanes[i % len(lanes)], 20.0 + 25.0 * (i // len(lanes)))
        world.place(i, Pose.from_ypr((point.x, point.y, point.z), (point.heading, 0.0, 0.0)), 20.0)
    drivers = [TrafficDriver(world) for _ in world.actors]

    def decide() -> None:
        for index, driver in enumerate(drivers):
            world.command(index, driver.step(world, index, DT))

    return _spent(world, decide)


def rows() -> list[Row]:
    trees = ("child_crossing.xml", "adult_crossing.xml")
    measured = [
        *((f"{PEOPLE} pedestrians, {tree}", _people(tree), PEOPLE) for tree in trees),
        (f"{DRIVERS} traffic drivers, motorway", _traffic(), DRIVERS),
    ]
    return [
        (what, f"{1e3 * seconds:.2f}", f"{1e6 * seconds / count:.1f}", f"{100 * seconds / DT:.1f} %")
        for what, seconds, count in measured
    ]
