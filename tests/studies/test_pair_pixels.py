"""Two instances of a pair look alike but for the one that differs, its shadow and its mirror image."""

import numpy as np
import pytest
from scipy import ndimage

from drivesim.openscenario import load_scenario
from drivesim.sensors.rig import load_rig
from drivesim.simulation import Simulation

RIG = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 640, height: 360, fx: 506.57, fy: 506.57, cx: 320, cy: 190, antialiasing: 1,
             exposure: 4000, ambient_occlusion: false}
    translation: [1.70, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
  LIDAR_TOP:
    device: {base: ouster_os1_64, columns: 512}
    translation: [0.94, 0.0, 1.84]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
"""
FIXED = {"ego_driver": "constant", "child_behavior": "protocol"}
SPREAD = 2
"""Pixels by which smoothed edges reach beyond a silhouette."""
MARGIN = 0.35
"""Metres around the child's box within which its limbs and clothes lie."""


def frames_of(folder, speed):
    path = folder / "rig.yaml"
    path.write_text(RIG)
    with Simulation(load_scenario("child_crossing", {**FIXED, "child_speed": speed}), load_rig(path), seed=3) as run:
        child = next(actor for actor in run.actors if actor.name == "Child")
        weather = run.world.weather
        frames = []
        for frame in run:
            if frame.index >= 78 and frame.measurements:
                frames.append(frame)
            if frame.index > 95:
                break
    azimuth, elevation = weather.sun_azimuth, weather.sun_elevation
    sun = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    return frames, child, sun


def shaded(points, pose, box, sun):
    """Whether the way from points (N, 3) to the sun meets the child's box (slabs)."""
    into = pose.inverse()
    start = into.apply(points) - box.center
    step = into.rotation @ sun
    half = np.array([box.length, box.width, box.height]) / 2 + MARGIN
    near, far = (-half - start) / step, (half - start) / step
    return np.maximum(np.minimum(near, far).max(1), 0.0) <= np.maximum(near, far).min(1)


@pytest.mark.slow
def test_pixels_differ_only_where_the_child_or_its_shadow_is(tmp_path):
    slow, child, sun = frames_of(tmp_path, "5")
    fast, _, _ = frames_of(tmp_path, "6")
    differing = 0
    for one, other in zip(slow, fast, strict=True):
        a, b = (frame.measurements["CAM_FRONT"] for frame in (one, other))
        mine = (a.instance == child.instance) | (b.instance == child.instance)
        near = ndimage.binary_dilation(mine, iterations=SPREAD)
        different = (a.rgb != b.rgb).any(-1)
        differing += int(different.sum())
        row, column = np.nonzero(different & ~near)
        depth = a.depth[row, column]
        assert np.isfinite(depth).all(), "the sky is the same"
        fx, fy, cx, cy = a.intrinsic[[0, 1, 0, 1], [0, 1, 2, 2]]
        seen = np.stack([(column + 0.5 - cx) / fx * depth, (row + 0.5 - cy) / fy * depth, depth], axis=1)
        points = a.world_from_ego.apply(a.ego_from_sensor.apply(seen))
        explained = np.zeros(len(points), dtype=bool)
        for frame in (one, other):
            explained |= shaded(points, frame.state.pose(child.index), child.box, sun)
        assert explained.all(), f"frame {one.index}: {np.count_nonzero(~explained)} of {len(points)}"
    assert differing > 300, "the child was in view"


@pytest.mark.slow
def test_lidar_is_the_same_until_the_child_is_in_sight(tmp_path):
    slow, child, _ = frames_of(tmp_path, "5")
    fast, _, _ = frames_of(tmp_path, "6")
    a, b = slow[0].measurements["LIDAR_TOP"], fast[0].measurements["LIDAR_TOP"]
    assert not (a.instance == child.instance).any()
    for name in a.__slots__:
        first, second = getattr(a, name), getattr(b, name)
        if isinstance(first, np.ndarray):
            assert first.tobytes() == second.tobytes(), name
