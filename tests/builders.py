"""Small actors and poses for tests: ``car()``, ``child()``, ``at(x=3.0)``."""

from __future__ import annotations

from drivesim.transforms import Pose
from drivesim.types import Actor, Axles, BoundingBox, Performance


def car(index=0, name="Ego", **changes):
    values = {
        "kind": "vehicle",
        "category": "car",
        "model": "car",
        "box": BoundingBox((1.4, 0.0, 0.75), 4.4, 1.8, 1.5),
        "axles": Axles(2.7, 0.0, 0.64, 1.55, 0.6),
        "performance": Performance(60.0, 5.0, 8.0),
        "mass": 1500.0,
    }
    return Actor(index, name, **(values | changes))


def child(index=0, name="Child", **changes):
    values = {
        "kind": "pedestrian",
        "category": "pedestrian",
        "model": "child",
        "box": BoundingBox((0.0, 0.0, 0.577), 0.711, 0.298, 1.154),
        "mass": 21.0,
        "properties": {"age": "6"},
    }
    return Actor(index, name, **(values | changes))


def at(x=0.0, y=0.0, yaw=0.0, z=0.0):
    return Pose.from_ypr((x, y, z), (yaw, 0.0, 0.0))
