"""Which light a vehicle stands at, by every box of the map one after the other."""

from pathlib import Path

import numpy as np

from drivesim.carla_server.lights import Stops, traffic_lights
from drivesim.carla_server.maps import Maps
from drivesim.simulators.carla.frames import pose_from_carla


def test_vehicles_are_at_the_light_whose_box_they_touch():
    lights = traffic_lights(Maps([Path(__file__).parent / "maps"]).load("crossing_with_lights")[1], 1)
    boxes = [
        pose_from_carla(light.place) @ pose_from_carla((light.trigger[0], light.trigger[2])) for light in lights
    ]  # fmt: skip
    source = np.random.default_rng(1)
    near = np.array([boxes[n].translation for n in source.integers(0, len(boxes), 600)])
    ahead = source.normal(size=(600, 1, 3)) * (1.0, 1.0, 0.05)
    bodies = (near + source.normal(0.0, 3.0, near.shape) * (1.0, 1.0, 0.2))[:, None] + ahead * [[-1.0], [0.0], [1.0]]
    expected = []
    for body in bodies:
        met = [
            light for light, box in zip(lights, boxes, strict=True)
            if (np.abs(box.inverse().apply(body)) <= light.trigger[1]).all(axis=-1).any()
        ]  # fmt: skip
        expected.append(met[0] if met else None)
    assert sum(light is not None for light in expected) > 50
    stops = Stops(lights)
    assert stops
    assert stops.lights_at(bodies) == expected
    assert stops.lights_at(bodies[:0]) == []
    assert not Stops([])
