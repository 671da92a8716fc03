"""The street that the instances of a study share."""

import numpy as np
from shapely import Point, Polygon

from drivesim.openscenario.scenario import ScenarioFile
from drivesim.scene.surroundings import Surroundings
from drivesim.sensors.rig import load_rig
from drivesim.simulation import Simulation
from drivesim.simulators.embedded import EmbeddedSimulator, scene_of
from drivesim.studies.whatif.stage import Stage, zones_of

VALUES = [{"ego_speed": "30", "gap": "0.6"}, {"ego_speed": "50", "gap": "1.9", "lateral_gap": "0.9"}]
CAMERA = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 160, height: 90, fx: 126, fy: 126, cx: 80.0, cy: 45.0, antialiasing: 1}
    translation: [1.7, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 20
"""


def seen(tmp_path, stage, values):
    """The first image of an instance, and its scene."""
    rig = tmp_path / "rig.yaml"
    rig.write_text(CAMERA)
    scenario = ScenarioFile("child_crossing").scenario({"seed.city": "5", **values})

    def make(world, equipment, ego, seed):
        return EmbeddedSimulator(world, equipment, ego, seed, labels=False, scene=stage.scene(world, ego, seed))

    with Simulation(scenario, load_rig(str(rig)), seed=3, simulator=make) as simulation:
        return next(iter(simulation)).measurements["CAM_FRONT"]


def test_no_actor_of_any_instance_stands_on_ground_that_the_street_uses():
    zones = [Polygon(corners) for corners in zones_of("child_crossing", VALUES)]
    for values in VALUES:
        with Simulation(ScenarioFile("child_crossing").scenario(values)) as simulation:
            places = simulation.world.snapshot().position[0, :, :2]
        assert all(any(zone.covers(Point(place)) for zone in zones) for place in places)


def test_what_was_played_before_in_the_street_leaves_no_trace(tmp_path):
    """An instance looks the same as the first one in a process and as one after another, whose scene is gone."""
    zones = zones_of("child_crossing", VALUES)
    images = []
    for order in (0, 1, 0):
        stage = Stage(zones)
        images.append(seen(tmp_path, stage, VALUES[order]))
        stage.close()
        stage.close()
    for name in ("rgb", "instance", "depth"):
        assert np.array_equal(getattr(images[0], name), getattr(images[2], name))
    assert not np.array_equal(images[0].rgb, images[1].rgb)


def test_trees_that_are_shared_are_hit_like_ones_of_its_own(tmp_path):
    class Fixed:
        def __init__(self, shared):
            self.shared = shared

        def scene(self, world, ego, seed):
            street = Surroundings(world.network, 5, [], np.zeros(3), len(world.actors) + 1, shared=self.shared)
            return scene_of(world, ego, seed, street)

    alone, together = (seen(tmp_path, Fixed(shared), VALUES[0]) for shared in (False, True))
    for name in ("rgb", "instance", "depth"):
        assert np.array_equal(getattr(alone, name), getattr(together, name))
