"""Rows C8, C9, C10, C20 and L16: labels that brute force confirms, hidden things included, without a GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from ranging import NIGHT, quiet, sweeps
from sensor_scenes import actor, box, ground, state, static_scene

from drivesim.scene.actors import Cast
from drivesim.scene.bodies.basis import KEYPOINTS
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.raycast import EVERYONE
from drivesim.scene.trace import nearest
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.labels import Labeller
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Rig, Sensor, load_device
from drivesim.sensors.silhouette import View
from drivesim.sensors.skeletons import skeletons
from drivesim.transforms import Pose
from drivesim.types import Actor, Axles, BoundingBox, Weather

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


@pytest.fixture(scope="module")
def walker_and_rider():
    """A walker and a cyclist ten metres ahead, a low wall before the walker's legs."""
    walker = Actor(1, "Walker", "pedestrian", "pedestrian", "walker", BoundingBox((0, 0, 0.89), 0.5, 0.6, 1.78),
                   properties={"age": "35", "sex": "male"})  # fmt: skip
    rider = Actor(2, "Rider", "vehicle", "bicycle", "bicycle", BoundingBox((0.545, 0.0, 0.875), 1.89, 0.5, 1.75),
                  Axles(1.05, 0.0, 0.70, 0.4, 0.6))  # fmt: skip
    actors = (actor(0, "Ego"), walker, rider)

    def at(time):
        others = [((10.0 + 1.4 * time, 1.5, 0.0), np.pi, (-1.4, 0, 0), 0.0), ((10.0, -1.5, 0.0), 1.2, (3.0, 0, 0), 0.0)]
        column = np.array([[0.0, 1.4, 3.0]])
        return replace(state(time, others=others), speed=column, gait_phase=np.array([[0.0, 0.3 + time, 0.2 + time]]))

    before, after = at(0.0), at(0.05)
    builder = RaySceneBuilder()
    builder.add_static(ground())
    builder.add_static(box((0.1, 1.4, 1.5), (8.0, 1.2, 0.0)))
    cast = Cast(actors, builder, 0, ego=0)
    sensor = camera()
    with builder.build() as rays:
        cast.enter(rays)
        cast.move(before, after, np.zeros(3))
        rays.commit()
        motion = EgoMotion(before, after, 0)
        scene = SimpleNamespace(rays=rays, lit=lambda weather: np.zeros(4, np.uint16), lamps=none_near)
        image = Camera(sensor, 1).capture(scene, motion, Weather())
        labels = Labeller(Rig("test", "", None, (sensor,)), actors, 0).label(
            before, after, motion, rays, {"CAM": image}, cast.joints
        )
        joints = cast.joints(before, after, 1.0)
        found = {b.instance: b for b in labels.boxes_2d["CAM"]}
        blocked = {}
        for instance, places in joints.items():
            away = places - MOUNT.translation
            length = np.linalg.norm(away, axis=1)
            hits = nearest(rays, MOUNT.translation, away / length[:, None], 1.0, mask=EVERYONE)
            blocked[instance] = (hits.instance != instance) & (hits.distance < length)
    return image, joints, found, blocked


def test_C10_key_points_are_the_projections_of_joints(walker_and_rider):
    image, joints, found, _ = walker_and_rider
    assert set(joints) == {2, 3}
    for instance, places in joints.items():
        skeleton = found[instance].skeleton
        local = MOUNT.inverse().apply(places)
        np.testing.assert_allclose(skeleton.joints, local, atol=1e-6)
        pixels = local[:, :2] / local[:, 2:] * 500.0 + (320.0, 180.0)
        np.testing.assert_allclose(skeleton.keypoints[:, :2], pixels, atol=0.05)
        seen = skeleton.keypoints[:, 2] == 2
        u, v = np.floor(skeleton.keypoints[seen, :2]).astype(int).T
        around = [image.instance[v + dy, u + dx] == instance for dy in (-2, 0, 2) for dx in (-2, 0, 2)]
        assert np.any(around, axis=0).all()  # the tip of a nose may lie on the edge


def test_C10_flags_are_those_of_a_ray_test(walker_and_rider):
    _, joints, found, blocked = walker_and_rider
    for instance in joints:
        flags = found[instance].skeleton.keypoints[:, 2]
        assert (flags[blocked[instance]] == 1).all()
    walker = dict(zip(KEYPOINTS, found[2].skeleton.keypoints[:, 2].tolist(), strict=True))
    assert {walker[name] for name in ("nose", "left_eye", "right_eye", "left_shoulder", "right_shoulder")} == {2}
    assert {walker[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")} == {1}
    assert found[3].skeleton.keypoints[KEYPOINTS.index("right_ankle"), 2] in (1, 2)
    free = ~blocked[2]
    flags = found[2].skeleton.keypoints[:, 2]
    assert (flags[free] == 2).mean() > 0.7  # what its own body hides is hidden too


def test_C10_outside_the_picture_there_is_no_key_point():
    """COCO's convention: flag 0 and no coordinates."""
    view = View(2, Pose.identity(), np.ones(3), MOUNT, camera().device, 0.0)
    joints = np.tile([8.0, 0.0, 1.5], (17, 1))
    joints[3], joints[4] = (8.0, 30.0, 1.5), (-8.0, 0.0, 1.5)
    with static_scene(ground()) as rays:
        found, nobody = skeletons(rays, [view, view], [{2: joints}, {}])
    assert nobody is None
    assert found.keypoints[[3, 4]].tolist() == [[0, 0, 0]] * 2
    assert (found.keypoints[[0, 1, 2, 5], 2] == 2).all()
    np.testing.assert_allclose(found.keypoints[0, :2], (320.0, 180.0), atol=1e-4)
