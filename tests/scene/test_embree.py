"""The Embree binding: against an independent engine, its errors, and thread independence."""

from __future__ import annotations

import ctypes

import numba as nb
import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.embree import Device, EmbreeError, Geometry, SceneHandle
from drivesim.scene.trace import nearest, occluded
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose


def random_mesh(rng, triangles=3000):
    centers = rng.uniform(-20.0, 20.0, (triangles, 1, 3))
    corners = centers + rng.normal(0.0, 1.0, (triangles, 3, 3))
    faces = np.arange(3 * triangles).reshape(-1, 3)
    return Mesh.build(
        corners.reshape(-1, 3), faces, material=MaterialId.BRICK, albedo=(0.3,) * 3, semantic=Tag.BUILDING
    )


def random_rays(rng, count=20_000):
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return rng.uniform(-25.0, 25.0, (count, 3)).astype(np.float32), direction.astype(np.float32)


@pytest.fixture(scope="module")
def open3d():
    usb = pytest.importorskip("libusb_package")
    ctypes.CDLL(str(usb.get_library_path()), mode=ctypes.RTLD_GLOBAL)
    return pytest.importorskip("open3d")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_open3d(open3d, seed):
    rng = np.random.default_rng(seed)
    static, moving = random_mesh(rng), random_mesh(rng, 500)
    pose = Pose.from_ypr(rng.uniform(-3, 3, 3), rng.uniform(-2, 2, 3))
    origins, directions = random_rays(rng)

    scene = open3d.t.geometry.RaycastingScene()
    for mesh in (static, moving.placed(pose)):
        scene.add_triangles(mesh.vertices, mesh.triangles.astype(np.uint32))
    rays6 = open3d.core.Tensor(np.concatenate([origins, directions], axis=1))
    expected = {key: value.numpy() for key, value in scene.cast_rays(rays6).items()}
    expected_shadow = scene.test_occlusions(rays6, tnear=0.0, tfar=8.0).numpy()

    builder = RaySceneBuilder()
    builder.add_static(static)
    part = builder.add_rigid(moving, 1)
    with builder.build() as rays:
        rays.set_motion(part, pose, pose)
        rays.commit()
        hits = nearest(rays, origins, directions)
        shadow = occluded(rays, origins, directions, limit=8.0)

    assert np.isfinite(hits.distance).mean() > 0.3
    edge_rays = 1e-3  # rays that graze an edge may fall on either side of it
    same = np.isclose(hits.distance, expected["t_hit"], rtol=1e-4, atol=1e-4) | (
        np.isinf(hits.distance) & np.isinf(expected["t_hit"])
    )
    assert (~same).mean() < edge_rays
    assert (shadow != expected_shadow).mean() < edge_rays
    hit = same & np.isfinite(hits.distance)
    row = expected["primitive_ids"] + np.where(expected["geometry_ids"] == 1, len(static.triangles), 0)
    assert (hits.triangle[hit] != row[hit]).mean() < edge_rays
    cosine = np.abs((hits.normal * expected["primitive_normals"]).sum(axis=1))
    assert np.quantile(cosine[hit], 0.001) > 0.9999


def test_same_bits_on_any_number_of_threads():
    rng = np.random.default_rng(5)
    mesh = random_mesh(rng)
    origins, directions = random_rays(rng)

    def run(threads: int) -> bytes:
        before = nb.get_num_threads()
        nb.set_num_threads(threads)
        try:
            builder = RaySceneBuilder()
            builder.add_static(mesh)
            part = builder.add_rigid(mesh, 1)
            with builder.build() as rays:
                rays.set_motion(part, Pose.identity(), Pose.from_ypr((1, 2, 3), (0.3, 0.2, 0.1)), omega=(1, 2, 3))
                rays.commit()
                hits = nearest(rays, origins, directions, rng_times)
                return b"".join(getattr(hits, name).tobytes() for name in hits.__slots__)
        finally:
            nb.set_num_threads(before)

    rng_times = rng.uniform(0, 1, len(origins))
    assert run(1) == run(min(2, nb.config.NUMBA_NUM_THREADS))


def test_refused_calls_become_exceptions():
    device = Device()
    mesh = Geometry.triangles(device, np.array([[0, 1, 2]], dtype=np.int32), np.eye(3, dtype=np.float32))
    scene = SceneHandle(device)
    scene.attach(mesh)
    with pytest.raises(EmbreeError, match="rtcAttachGeometryByID failed: invalid"):
        device.call("rtcAttachGeometryByID", scene.handle, mesh.handle, 0)
    scene.close()
    scene.close()


def test_nothing_in_the_scene_is_no_hit():
    with RaySceneBuilder().build() as rays:
        hits = nearest(rays, np.zeros((5, 3)), (1.0, 0.0, 0.0))
    assert np.isinf(hits.distance).all()
    assert (hits.triangle == -1).all()
