"""Rows S5 and S7: the same inputs give the same measurements, and sensors do not change the story."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

import drivesim
from drivesim.ego import ego_parameters
from drivesim.studies.whatif.firsts import Firsts
from drivesim.studies.whatif.run import run_of
from drivesim.types import CameraImage, PointCloud

CAMERA = """
  CAM_FRONT:
    device: {base: camera_1600x900, width: 160, height: 90, fx: 126, fy: 126, cx: 80, cy: 45}
    translation: [1.7, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10"""
LIDAR = """
  LIDAR_TOP:
    device: velodyne_vlp16
    translation: [0.94, 0.0, 1.84]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10"""
RADAR = """
  RADAR_FRONT:
    device: continental_ars408
    translation: [3.41, 0.0, 0.5]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 13"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Half a second of a child crossing: twice with all sensors, once with a radar alone and once with none."""
    folder = tmp_path_factory.mktemp("rigs")
    (folder / "all.yaml").write_text("sensors:" + CAMERA + LIDAR + RADAR)
    (folder / "radar.yaml").write_text("sensors:" + RADAR)
    rigs = (folder / "all.yaml", folder / "all.yaml", folder / "radar.yaml", None)
    return [list(drivesim.simulate("child_crossing", rig, seed=3, duration=0.5)) for rig in rigs]


def story(frames):
    """Hash of everything that every actor does."""
    digest = hashlib.sha256()
    for frame in frames:
        for column in (frame.state.position, frame.state.orientation, frame.state.velocity, frame.state.gait_phase):
            digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def sensed(frames, channel):
    """Hash of all measurements of a channel."""
    digest = hashlib.sha256()
    for frame in frames:
        if channel in frame.measurements:
            m = frame.measurements[channel]
            if isinstance(m, CameraImage):
                arrays = (m.rgb, m.depth, m.instance)
            else:
                arrays = (
                    (m.points, m.intensity) if isinstance(m, PointCloud) else (m.range, m.azimuth, m.snr, m.invalid)
                )
            for array in arrays:
                digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def test_S5_the_same_inputs_give_the_same_bytes(runs):
    for channel in ("CAM_FRONT", "LIDAR_TOP", "RADAR_FRONT"):
        assert sensed(runs[0], channel) == sensed(runs[1], channel)
        assert sensed(runs[0], channel) != hashlib.sha256().hexdigest()


def test_S7_another_rig_is_another_view_of_the_same_story(runs):
    assert len({story(frames) for frames in runs}) == 1


def test_S7_a_sensor_measures_the_same_whoever_is_beside_it(runs):
    assert sensed(runs[0], "RADAR_FRONT") == sensed(runs[2], "RADAR_FRONT")


def test_S7_every_sensor_says_when_it_first_measured_the_target_and_why_not_before(tmp_path):
    (tmp_path / "all.yaml").write_text("sensors:" + CAMERA + LIDAR + RADAR)
    looks = {"child_looks": "maybe"}  # with this seed it walks up to the edge early
    played = run_of("child_crossing", tmp_path / "all.yaml", looks, parameters=ego_parameters("aeb"), seed=3,
                    full=True)  # fmt: skip
    firsts = Firsts(played)
    outcome = played.play(lambda frame: firsts.watch(frame) or float(frame.state.time[0]) > 2.8)
    camera, lidar, radar = firsts.found()
    assert (camera.channel, lidar.channel, radar.channel) == ("CAM_FRONT", "LIDAR_TOP", "RADAR_FRONT")
    # The child comes out from behind a parked car: sensors had their turn in the order of what they need to see of it.
    assert lidar.cause == "occlusion"
    assert lidar.time == pytest.approx(outcome.first_return.time, abs=0.11)
    assert math.isnan(camera.time)  # a pixel of this camera is 30 cm wide there
    assert set(camera.waited) == {"occlusion", "resolution"}
    assert lidar.time < radar.time
