"""What a brake was for, as the metrics see it."""

import math

import numpy as np
import pytest

from drivesim.ego import Detection, ego_parameters
from drivesim.openscenario import load_scenario
from drivesim.sensors.rig import load_rig
from drivesim.studies.whatif.run import Run

CAMERA = """
sensors:
  CAM_FRONT:
    device: {base: camera_detection, width: 64, height: 32, fx: 51, fy: 51, cx: 32.0, cy: 16.0}
    translation: [1.7, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
"""


class Ghost:
    """Sees a person who stands in the lane, at one place."""

    kind, oracle = "camera", False

    place = (0.0, 0.0, 0.0)

    def detect(self, measurement):
        x, y, _ = measurement.world_from_ego.inverse().apply(self.place)
        return [Detection(np.array([x, y]), np.eye(2) * 0.01, 0.25, 0.2, True)] if 4.0 < x < 60.0 else []


@pytest.mark.parametrize(("shift", "about"), [(2.0, True), (-12.0, False)])
def test_a_camera_that_errs_along_its_line_of_sight_still_means_the_target(tmp_path, shift, about):
    """A steel plate's middle, 3.7 m long, seen as a person 2 m too far away, and 12 m too near: the one is within 2 m
    and a fifth of the distance at which the car brakes, 20 m or less, the other is not."""
    rig = tmp_path / "rig.yaml"
    rig.write_text(CAMERA)
    scenario = load_scenario("negative/steel_plate", {"ego_speed": "40"})
    ghost = Ghost()
    run = Run(
        scenario, load_rig(str(rig)), parameters=ego_parameters("aeb"), target="Target", detectors={"camera": ghost}
    )
    ghost.place = run.simulation.world.snapshot().position[0, run.target.index] + [shift, 0.0, 0.0]
    outcome = run.play()
    assert math.isfinite(outcome.brake.time) is about
    assert outcome.false_triggers == (0 if about else 1)
