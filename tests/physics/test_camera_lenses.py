"""Rows C1, C2 and C4 of the sensor goals: where a lens puts what it sees, and how far away it is."""

import cv2
import numpy as np
import pytest
from sensor_scenes import static_scene, wall

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.city.parts import icosphere
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor, load_device
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Weather

BROWN = {"k1": -0.31, "k2": 0.12, "p1": 0.0007, "p2": -0.0011, "k3": -0.02}
FISHEYE = {"k1": -0.012, "k2": 0.004, "k3": -0.002, "k4": 0.0004}
LENSES = {
    "pinhole": None,
    "brown_conrady": {"model": "brown_conrady", **BROWN},
    "fisheye": {"model": "fisheye", **FISHEYE},
    "f_theta": {"model": "f_theta", "polynomial": [1.0, 0.0, -0.03, 0.004]},
    "double_sphere": {"model": "double_sphere", "xi": -0.2, "alpha": 0.6},
    "equirectangular": {"model": "equirectangular"},
    "woodscape": {"model": "woodscape", "k1": 339.749, "k2": -31.988, "k3": 48.275, "k4": -7.201},
}


def device(name: str, width: int = 640, height: int = 400) -> CameraDevice:
    if name == "woodscape":
        width, height = 1280, 966
    focal = 1.0 if name == "woodscape" else {"equirectangular": 100.0, "brown_conrady": 500.0}.get(name, 300.0)
    return CameraDevice(
        kind="camera", name=name, width=width, height=height, fx=focal, fy=focal, cx=width / 2 + 3.0,
        cy=height / 2 - 2.0, lens=LENSES[name], antialiasing=1, ambient_occlusion=False, noise=0.0,
    )  # fmt: skip


def pixels_of(camera: CameraDevice, step: int = 7) -> np.ndarray:
    x, y = np.meshgrid(np.arange(0.5, camera.width, step), np.arange(0.5, camera.height, step))
    return np.stack([x.ravel(), y.ravel()], axis=1)


@pytest.mark.parametrize("name", LENSES)
def test_C2_there_and_back_is_the_same_pixel(name):
    camera = device(name)
    pixels = pixels_of(camera)
    rays = camera.unproject(pixels)
    seen = np.isfinite(rays).all(axis=1)
    assert seen.mean() > 0.7
    assert np.linalg.norm(rays[seen], axis=1) == pytest.approx(1.0, abs=1e-9)
    far = rays[seen] * np.linspace(0.5, 80.0, seen.sum())[:, None]
    assert np.abs(camera.project(far) - pixels[seen]).max() < 1e-3


def points_ahead(limit_deg: float, count: int = 10_000) -> np.ndarray:
    random = np.random.default_rng(0)
    angle, turn = np.radians(random.uniform(0, limit_deg, count)), random.uniform(0, 2 * np.pi, count)
    rays = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)
    return rays * random.uniform(1, 50, count)[:, None]


def test_C2_brown_conrady_is_opencvs():
    camera, points = device("brown_conrady"), points_ahead(35.0)
    k = BROWN
    theirs, _ = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), camera.intrinsic, np.array([k["k1"], k["k2"], k["p1"], k["p2"], k["k3"]])
    )
    assert np.abs(camera.project(points) - theirs[:, 0]).max() < 1e-3


def test_C2_the_fisheye_is_opencvs():
    camera, points = device("fisheye"), points_ahead(85.0)
    theirs, _ = cv2.fisheye.projectPoints(
        points[:, None], np.zeros(3), np.zeros(3), camera.intrinsic, np.array(list(FISHEYE.values()))
    )
    assert np.abs(camera.project(points) - theirs[:, 0]).max() < 1e-3


def test_C2_the_woodscape_front_camera_sees_190_degrees():
    camera = load_device("camera_fisheye_190")
    assert isinstance(camera, CameraDevice)
    edge = np.array([[np.sin(np.radians(95.0)), 0.0, np.cos(np.radians(95.0))]])
    radius = camera.project(edge)[0, 0] - camera.cx
    assert radius == pytest.approx(641.0, abs=1.0)
    assert np.isnan(camera.project(edge * (1, 1, 1.05))).any()


def ball(place) -> Mesh:
    points, faces = icosphere(4)
    mesh = Mesh.build(
        points * 0.25, faces, smooth=True, material=MaterialId.COTTON, albedo=(0.5, 0.1, 0.1), semantic=Tag.PEDESTRIAN
    )
    return mesh.placed(Pose.from_ypr(place, (0, 0, 0)))


MOUNT = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)


def picture_of(camera: CameraDevice, rays):
    return Camera(Sensor("CAM", camera, MOUNT, 10.0, 0.0), seed=1).render(rays, Pose.identity(), Weather())


def test_C1_a_grid_in_space_projects_as_k_r_t():
    """The matrix written out, for a camera that is turned and shifted; there and back by both routes to 1e-4 px."""
    camera = device("pinhole")
    mount = Pose.from_ypr((1.7, -0.4, 1.5), (0.3, -0.1, 0.05)) @ Pose(np.zeros(3), VIEW_FROM_CAMERA)
    grid = np.stack(np.meshgrid(np.linspace(5, 80, 7), np.linspace(-20, 20, 9), np.linspace(0, 8, 5)), axis=-1)
    points = grid.reshape(-1, 3)
    matrix = camera.intrinsic @ np.hstack([mount.rotation.T, -mount.rotation.T @ mount.translation[:, None]])
    row = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
    ahead = row[:, 2] > 0.5
    pixels = camera.project(mount.inverse().apply(points))
    assert ahead.sum() > 200
    np.testing.assert_allclose(pixels[ahead], (row[:, :2] / row[:, 2:])[ahead], atol=1e-4)
    np.testing.assert_allclose(camera.project(camera.unproject(pixels[ahead])), pixels[ahead], atol=1e-4)


@pytest.mark.parametrize("name", ["pinhole", "brown_conrady", "fisheye"])
def test_C1_rays_of_the_picture_are_those_that_project_to_its_pixels(name):
    """A wall that leans: its depth a / (1 - b tan) tells where the traced ray went, across and then down."""
    camera, lean, distance = device(name), 0.3, 20.0
    pixels = pixels_of(camera, 1)
    expected = camera.unproject(pixels)
    expected = (expected[:, :2] / expected[:, 2:]).reshape(camera.height, camera.width, 2)
    for axis in range(2):
        corner = np.array([(-400.0, -400.0), (400.0, -400.0), (400.0, 400.0), (-400.0, 400.0)])
        if axis == 0:
            corner[:, 0] = np.clip(corner[:, 0], -60.0, 60.0)
        else:
            corner[:, 1] = np.clip(corner[:, 1], -60.0, 60.0)
        local = np.column_stack([corner, distance + lean * corner[:, axis]])
        sheet = Mesh.build(
            MOUNT.apply(local),
            [(0, 1, 2), (0, 2, 3)],
            material=MaterialId.CONCRETE,
            albedo=(0.4,) * 3,
            semantic=Tag.WALL,
        )
        with static_scene(sheet) as rays:
            depth = picture_of(camera, rays).depth.astype(np.float64)
        met = np.isfinite(depth) & (np.abs(expected).max(axis=2) < 1.2)
        slope = (1.0 - distance / depth[met]) / lean
        assert met.mean() > 0.7
        assert np.abs(slope - expected[met, axis]).max() * camera.fx < (5e-3 if name == "pinhole" else 0.05)


@pytest.mark.parametrize("name", LENSES)
def test_C1_a_ball_is_seen_where_its_centre_projects(name):
    """Ray generation and projection agree: the centroid of a small ball's mask is its centre's image."""
    camera = device(name)
    mount = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)
    target = np.array([9.0, 3.1, 3.3])
    builder = RaySceneBuilder()
    builder.add_static(ball(target))
    with builder.build() as rays:
        image = Camera(Sensor("CAM", camera, mount, 10.0, 0.0), seed=1).render(rays, Pose.identity(), Weather())
    rows, columns = np.nonzero(image.semantic == Tag.PEDESTRIAN)
    assert len(rows) > 8
    (expected,) = camera.project(mount.inverse().apply(target[None]))
    assert np.hypot(columns.mean() + 0.5 - expected[0], rows.mean() + 0.5 - expected[1]) < 0.5


@pytest.mark.parametrize("name", ["pinhole", "fisheye"])
def test_C4_planar_depth_of_a_wall_is_its_distance(name):
    with static_scene(wall(20.0, half=2000.0)) as rays:
        image = picture_of(device(name), rays)
    seen = np.isfinite(image.depth)
    assert seen.mean() > 0.99
    assert image.depth[seen] == pytest.approx(20.0, abs=1e-3)


def test_C4_ray_depth_is_planar_depth_over_the_cosine():
    builder = RaySceneBuilder()
    corners = [(20, 400, -300), (20, -400, -300), (20, -400, 400), (20, 400, 400)]
    builder.add_static(
        Mesh.build(corners, [(0, 1, 2), (0, 2, 3)], material=MaterialId.CONCRETE, albedo=(0.4,) * 3, semantic=Tag.WALL)
    )
    mount = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)
    camera = device("pinhole").model_copy(update={"depth": "ray"})
    with builder.build() as rays:
        image = Camera(Sensor("CAM", camera, mount, 10.0, 0.0), seed=1).render(rays, Pose.identity(), Weather())
    cosine = camera.unproject(pixels_of(camera, 1))[:, 2].reshape(camera.height, camera.width)
    assert image.depth * cosine == pytest.approx(20.0, abs=1e-3)


def test_outside_the_image_circle_there_is_nothing():
    builder = RaySceneBuilder()
    builder.add_static(ball((5, 0, 1.5)))
    lens = {**LENSES["woodscape"], "max_angle_deg": 60}
    camera = CameraDevice.model_validate({**device("woodscape").model_dump(), "lens": lens})
    mount = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)
    with builder.build() as rays:
        image = Camera(Sensor("CAM", camera, mount, 10.0, 0.0), seed=1).render(rays, Pose.identity(), Weather())
    assert (image.rgb[0, 0] == 0).all()
    assert image.semantic[0, 0] == Tag.UNLABELED
    assert np.isinf(image.depth[0, 0])
