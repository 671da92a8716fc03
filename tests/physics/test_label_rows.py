"""Rows C8, C9, C20 and L16: labels that brute force confirms, hidden things included, on a machine without a GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from ranging import NIGHT, quiet, sweeps
from sensor_scenes import actor, box, ground, state

from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.labels import Labeller
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Rig, Sensor, load_device
from drivesim.transforms import Pose
from drivesim.types import BoundingBox, Weather

MOUNT = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)
CUBE = BoundingBox((0.0, 0.0, 0.0), 2.0, 2.0, 2.0)
CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)


def camera():
    size = {"width": 640, "height": 360, "fx": 500.0, "fy": 500.0, "cx": 320.0, "cy": 180.0}
    return Sensor("CAM", load_device("camera_1600x900").model_copy(update=size), MOUNT, 20.0, 0.0)


def seen(place, yaw=0.0, blocker=None):
    """The instance image of a 2 m cube (instance 2), and its label, with a wall of (size, centre) in front of it."""
    builder = RaySceneBuilder()
    builder.add_static(ground())
    if blocker is not None:
        builder.add_static(box(*blocker))
    part = builder.add_rigid(box((2.0, 2.0, 2.0)), 2)
    sensor = camera()
    before, after = (state(t, others=[(place, yaw, (0, 0, 0), 0.0)]) for t in (0.0, 0.05))
    with builder.build() as rays:
        pose = Pose.from_ypr(place, (yaw, 0, 0))
        rays.set_motion(part, pose, pose)
        rays.commit()
        motion = EgoMotion(before, after, 0)
        image = Camera(sensor, 1).capture(SimpleNamespace(rays=rays, lit=no_lamps, lamps=none_near), motion, Weather())
        labeller = Labeller(Rig("test", "", None, (sensor,)), (actor(0, "Ego"), actor(1, "Cube", box=CUBE)), 0)
        labels = labeller.label(before, after, motion, rays, {"CAM": image})
    (found,) = labels.boxes_2d["CAM"]
    return image.instance, found


def no_lamps(weather):
    return np.zeros(3, dtype=np.uint16)


def none_near(weather):
    return np.zeros((0, 9), dtype=np.float32)


def overlap(first, second):
    """Intersection over union of boxes (x_min, y_min, x_max, y_max)."""
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    both = np.prod(np.maximum(high - low, 0.0))
    areas = [np.prod(np.subtract(b[2:], b[:2])) for b in (first, second)]
    return both / (sum(areas) - both)


@pytest.mark.parametrize(("place", "yaw"), [((9.0, 1.0, 1.2), 0.4), ((15.0, -4.0, 1.0), 1.1), ((6.0, 3.6, 1.0), 0.2)])
def test_C8_boxes_are_what_brute_force_finds(place, yaw):
    instance, found = seen(place, yaw)
    rows, columns = np.nonzero(instance == 2)
    assert found.tight == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert found.visible_pixels == len(rows)
    pixels = camera().device.project(MOUNT.inverse().apply(Pose.from_ypr(place, (yaw, 0, 0)).apply(CORNERS)))
    whole = np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
    clipped = np.clip(whole, 0.0, (640, 360, 640, 360))
    assert overlap(np.array(found.loose), clipped) == pytest.approx(1.0)
    area = np.prod(clipped[2:] - clipped[:2]) / np.prod(whole[2:] - whole[:2])
    assert found.truncation == pytest.approx(1.0 - area, abs=1e-9)
    if area == 1.0:  # nothing hides it: both to the pixel
        assert np.abs(np.subtract(found.loose, found.tight)).max() <= 1.5


def test_C9_a_half_covered_target_is_half_hidden():
    _, free = seen((20.0, 0.0, 1.5))
    _, found = seen((20.0, 0.0, 1.5), blocker=((0.1, 20.0, 20.0), (10.0, 10.0, 1.5)))
    assert (free.occlusion, found.occlusion) == (0.0, pytest.approx(0.5, abs=0.02))
    assert found.visible_pixels / free.visible_pixels == pytest.approx(0.5, abs=0.02)


def test_C9_a_hidden_target_is_listed():
    _, found = seen((20.0, 0.0, 1.5), blocker=((0.1, 20.0, 20.0), (10.0, 0.0, 1.5)))
    assert (found.occlusion, found.tight, found.visible_pixels) == (1.0, None, 0)
    assert found.loose[2] - found.loose[0] > 40.0


def test_L16_points_have_the_instance_that_the_camera_sees_there():
    device = camera().device
    builder = RaySceneBuilder()
    builder.add_static(ground())
    parts = [builder.add_rigid(box((1.5, 1.5, 1.5)), 3 + i) for i in range(3)]
    with builder.build() as rays:
        for part, place in zip(parts, ((10.0, 2.0, 0.75), (14.0, -2.0, 0.75), (20.0, 8.0, 0.75)), strict=True):
            pose = Pose.from_ypr(place, (0.3, 0, 0))
            rays.set_motion(part, pose, pose)
        rays.commit()
        image = Camera(camera(), 1).render(rays, Pose.identity(), Weather())
        (cloud,) = sweeps(quiet(load_device("ouster_os1_128")), rays, height=1.5, weather=NIGHT)
    local = (cloud.points.astype(float) + (0, 0, 1.5) - MOUNT.translation) @ MOUNT.rotation
    ahead = np.flatnonzero((local[:, 2] > 1.0) & ~cloud.clutter)
    pixels = np.floor(device.project(local[ahead])).astype(int)
    inside = ((pixels >= 2) & (pixels < (638, 358))).all(axis=1)
    (u, v), row = pixels[inside].T, ahead[inside]
    around = np.stack([image.instance[v + dy, u + dx] for dy in (-2, 0, 2) for dx in (-2, 0, 2)])
    flat = (around == around[0]).all(axis=0)
    same = image.instance[v, u][flat] == cloud.instance[row][flat]
    assert {3, 4, 5} <= set(cloud.instance[row][flat].tolist())
    assert same.mean() >= 0.99
    assert (image.semantic[v, u][flat][same] == cloud.semantic[row][flat][same]).all()


WITHOUT_GPU = """
import json, sys
import numpy as np
sys.path[:0] = {paths!r}
from sensor_scenes import box, ground, static_scene
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor, load_device
from drivesim.transforms import Pose
from drivesim.types import Weather

size = dict(width=640, height=360, fx=500.0, fy=500.0, cx=320.0, cy=180.0, channels=["normal", "albedo"])
device = load_device("camera_1600x900").model_copy(update=size)
mount = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)
with static_scene(ground(), box((2, 2, 2), (9, 0, 1), instance=4)) as rays:
    image = Camera(Sensor("CAM", device, mount, 10.0, 0.0), 1).render(rays, Pose.identity(), Weather())
channels = [name for name in ("rgb", "depth", "semantic", "instance", "normal", "albedo")
            if getattr(image, name) is not None and getattr(image, name).shape[:2] == (360, 640)]
mapped = {{line.split("/")[-1].strip() for line in open("/proc/self/maps") if ".so" in line}}
print(json.dumps([channels, sorted(mapped)]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at what the process has mapped")
def test_C20_no_part_of_a_gpu_or_display_is_touched(pytestconfig):
    """A fresh process without devices or display makes 640 x 360 pictures with all labels and maps no driver."""
    paths = [str(pytestconfig.rootpath), str(pytestconfig.rootpath / "tests" / "sensors")]
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_GPU.format(paths=paths)], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    channels, libraries = json.loads(done.stdout)
    assert channels == ["rgb", "depth", "semantic", "instance", "normal", "albedo"]
    drivers = ("libcuda", "libnvidia", "libGL.", "libGLX", "libEGL", "libvulkan", "libOpenCL", "libamdhip", "libX11.")
    assert any("embree" in name for name in libraries)
    assert [name for name in libraries if name.startswith(drivers)] == []
