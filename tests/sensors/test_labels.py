"""Labels: counts that a recount confirms, boxes from pixels, shares of what is seen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sensor_scenes import actor, box, ground, mounted, state

from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.counting import points_in_boxes, tight_boxes
from drivesim.sensors.labels import Labeller, detection_points, nobody
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Rig, Sensor, load_device
from drivesim.sensors.suite import SensorSuite
from drivesim.transforms import Pose, rotation_from_ypr
from drivesim.types import BoundingBox, CameraImage, Weather

CUBE = BoundingBox((0.0, 0.0, 0.0), 2.0, 2.0, 2.0)
EYE = np.array([0.0, 0.0, 1.5])


def camera(name="CAM_FRONT"):
    return Sensor(name, load_device("camera_1600x900"), Pose(EYE, VIEW_FROM_CAMERA), 20.0, 0.0)


def rig_of(*sensors):
    return Rig("test", "", None, sensors)


def two_cars(position, blocker=None):
    """An ego at the origin, a 2 m cube (instance 2) at ``position``, and a static block in front of it."""
    builder = RaySceneBuilder()
    builder.add_static(ground())
    if blocker is not None:
        builder.add_static(box(*blocker))
    part = builder.add_rigid(box((2.0, 2.0, 2.0)), 2)
    rays = builder.build()
    rays.set_motion(part, Pose.from_ypr(position, (0, 0, 0)), Pose.from_ypr(position, (0, 0, 0)))
    rays.commit()
    states = [state(t, others=[(position, 0.0, (0, 0, 0), 0.0)]) for t in (0.0, 0.05)]
    return rays, states, (actor(0, "Ego"), actor(1, "Cube", box=CUBE))


def image_of(sensor, time_ns, instance):
    shape = instance.shape
    zeros = np.zeros(shape, dtype=np.uint8)
    return CameraImage(
        channel=sensor.channel,
        time_ns=time_ns,
        ego_from_sensor=sensor.ego_from_sensor,
        world_from_ego=Pose.identity(),
        rgb=np.zeros((*shape, 3), dtype=np.uint8),
        depth=zeros.astype(np.float32),
        semantic=zeros,
        instance=instance,
        intrinsic=sensor.device.intrinsic,
    )


def labels_of(position, blocker=None, sensor=None, image=None):
    rays, (before, after), actors = two_cars(position, blocker)
    sensor = sensor or camera()
    empty = np.zeros((900, 1600), dtype=np.int32)
    measured = {sensor.channel: image_of(sensor, 50_000_000, empty if image is None else image)}
    with rays:
        motion = EgoMotion(before, after, 0)
        return Labeller(rig_of(sensor), actors, 0).label(before, after, motion, rays, measured)


def test_points_in_boxes_is_the_devkit_rule():
    random = np.random.default_rng(1)
    points = random.uniform(-4, 4, (5000, 3)).astype(np.float32)
    center, size = random.uniform(-2, 2, (6, 3)), random.uniform(0.5, 4, (6, 3))
    rotation = rotation_from_ypr(random.uniform(-3, 3, (6, 3)))
    expected = []
    for c, r, (length, width, height) in zip(center, rotation, size, strict=True):
        # nuScenes devkit: corners 0, 4, 1 and 3 of Box.corners, then points_in_box.
        signs = np.array([(1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)]).T * 0.5
        p1, px, py, pz = (r @ (signs * np.array([[length], [width], [height]])) + c[:, None]).T
        v = points.T - p1[:, None]
        inside = [(e @ v >= 0) & (e @ v <= e @ e) for e in (px - p1, py - p1, pz - p1)]
        expected.append(np.count_nonzero(np.logical_and.reduce(inside)))
    assert points_in_boxes(points, center, rotation, size).tolist() == expected
    assert min(expected) > 0


def test_faces_of_a_box_are_inside():
    corners = np.array([(1, 1, 1), (-1, -1, -1), (1, 0, 0), (1.0001, 0, 0)], dtype=np.float32)
    count = points_in_boxes(corners, np.zeros((1, 3)), np.eye(3)[None], np.full((1, 3), 2.0))
    assert count.tolist() == [3]


def test_tight_boxes_are_the_bounds_of_the_pixels():
    image = np.zeros((40, 60), dtype=np.int32)
    image[3:7, 10:20] = 2
    image[39, 59] = 1
    image[0, 0] = 77
    found = tight_boxes(image, 4)
    assert found[2].tolist() == [10, 3, 20, 7, 40]
    assert found[1].tolist() == [59, 39, 60, 40, 1]
    assert found[3, 4] == 0


def test_lidar_count_is_what_a_recount_finds():
    rays, (before, after), actors = two_cars((8.0, 1.0, 1.0))
    lidar = mounted(load_device("velodyne_hdl32e"), 20.0, (0.0, 0.0, 1.8), "LIDAR_TOP")
    radar = mounted(load_device("continental_ars408"), 20.0, (0.0, 0.0, 0.5), "RADAR_FRONT")
    with rays:
        suite = SensorSuite(rig_of(lidar, radar), SimpleNamespace(rays=rays, joints=nobody), actors, 0, Weather(), 3)
        measured, labels = suite.capture(before, after)
    assert set(measured) == {"LIDAR_TOP", "RADAR_FRONT"}
    assert (labels.actor, labels.instance.tolist()) == (("Cube",), [2])
    cloud = measured["LIDAR_TOP"]
    world = cloud.ego_from_sensor.apply(cloud.points)
    local = (world - labels.center[0]) @ labels.rotation[0]
    assert labels.num_lidar_points[0] == np.count_nonzero((np.abs(local) <= 1.0).all(axis=1))
    assert labels.num_lidar_points[0] > 100
    seen = detection_points(measured["RADAR_FRONT"])
    local = np.add(seen, (0.0, 0.0, 0.5)) - labels.center[0]
    assert labels.num_radar_points[0] == np.count_nonzero((np.abs(local) <= 1.0).all(axis=1))
    assert labels.visibility[0] == pytest.approx(1.0)


def test_free_actor_is_fully_visible_and_its_loose_box_is_its_projection():
    labels = labels_of((20.0, 0.0, 1.5))
    (found,) = labels.boxes_2d["CAM_FRONT"]
    assert labels.visibility[0] == pytest.approx(1.0)
    assert (found.occlusion, found.truncation, found.tight) == (0.0, 0.0, None)
    half = 1266.42 / 19.0
    np.testing.assert_allclose(found.loose, (816.27 - half, 491.51 - half, 816.27 + half, 491.51 + half))
    assert labels.num_lidar_points.tolist() == [-1]
    assert labels.size.tolist() == [[2.0, 2.0, 2.0]]


def test_half_covered_actor_is_half_visible():
    labels = labels_of((20.0, 0.0, 1.5), blocker=((0.1, 20.0, 20.0), (10.0, 10.0, 1.5)))
    (found,) = labels.boxes_2d["CAM_FRONT"]
    assert found.occlusion == pytest.approx(0.5, abs=0.02)
    assert labels.visibility[0] == pytest.approx(0.5, abs=0.02)


def test_hidden_actor_is_listed_as_hidden():
    labels = labels_of((20.0, 0.0, 1.5), blocker=((0.1, 20.0, 20.0), (10.0, 0.0, 1.5)))
    (found,) = labels.boxes_2d["CAM_FRONT"]
    assert (found.occlusion, labels.visibility[0]) == (1.0, 0.0)


def test_actor_cut_by_the_image_edge_is_truncated():
    edge = (1600 - 816.27) / 1266.42 * 19.0
    labels = labels_of((20.0, -edge, 1.5))
    (found,) = labels.boxes_2d["CAM_FRONT"]
    low, high = (816.27 + 1266.42 * (edge + side) / depth for side, depth in ((-1, 21.0), (1, 19.0)))
    assert found.truncation == pytest.approx((high - 1600) / (high - low), abs=1e-6)
    assert found.loose[2] == 1600.0
    assert labels.visibility[0] == pytest.approx(1 - found.truncation, abs=0.05)
    assert found.occlusion == 0.0


def test_actor_behind_the_camera_is_neither_listed_nor_visible():
    labels = labels_of((-20.0, 0.0, 1.5))
    assert labels.boxes_2d["CAM_FRONT"] == ()
    assert labels.visibility.tolist() == [0.0]


def test_tight_box_comes_from_the_instance_image():
    image = np.zeros((900, 1600), dtype=np.int32)
    image[450:500, 780:840] = 2
    (found,) = labels_of((20.0, 0.0, 1.5), image=image).boxes_2d["CAM_FRONT"]
    assert found.tight == (780.0, 450.0, 840.0, 500.0)
    assert found.visible_pixels == 3000
