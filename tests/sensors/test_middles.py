"""What is seen through the middles of pixels, traced in packets, against single rays."""

import numpy as np
import pytest
from sensor_scenes import box, ground, sphere

from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.raycast import EVERYONE
from drivesim.scene.trace import nearest
from drivesim.sensors.camera.channels import seen_by
from drivesim.sensors.camera.gaze import Gaze
from drivesim.sensors.camera.projection import Fisheye
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor, load_device
from drivesim.transforms import Pose
from drivesim.types import Weather

WIDTH, HEIGHT = 67, 43
"""No multiple of a tile's four pixels."""


def street():
    """Ground with a box, and a sphere that passes by and turns."""
    builder = RaySceneBuilder()
    builder.add_static(ground())
    builder.add_static(box((2.0, 2.0, 2.0), (9.0, 2.0, 1.0)))
    part = builder.add_rigid(sphere(1.0, rings=24), 3)
    rays = builder.build()
    rays.set_motion(
        part, Pose.from_ypr((6.0, -1.5, 1.2), (0.0, 0.0, 0.0)), Pose.from_ypr((6.0, -0.5, 1.2), (0.5, 0, 0))
    )
    rays.commit()
    return rays


def device_with(lens, **changes):
    focal = 40.0 if lens is None else 24.0
    middle = {"cx": WIDTH / 2, "cy": HEIGHT / 2}
    return load_device("camera_1600x900").model_copy(
        update={"width": WIDTH, "height": HEIGHT, "fx": focal, "fy": focal, **middle, "lens": lens, **changes}
    )


LENSES = pytest.mark.parametrize("lens", [None, Fisheye(model="fisheye", k1=-0.08, max_angle_deg=60.0)])
ROLLS = pytest.mark.parametrize("rolls", [False, True])
LOOKS = Pose(np.zeros(3), VIEW_FROM_CAMERA)
EGO = [Pose.from_ypr((x, 0.0, 1.5), (yaw, 0.05, 0.0)) for x, yaw in ((0.0, 0.0), (0.4, 0.1))]
"""When the first row is read, and the last."""


@LENSES
@ROLLS
def test_a_picture_keeps_what_the_rays_of_its_pixels_see(lens, rolls):
    """Normals, albedo and flow come from the picture's own rays: as a pass through the middles finds them."""
    device = device_with(lens, channels=["normal", "albedo", "flow"], renderer="shading")
    begin, last = EGO if rolls else (EGO[1], EGO[1])
    times = (0.2, 0.9) if rolls else (0.6, 0.6)
    camera = Camera(Sensor("CAM", device, LOOKS, 10.0, 0.0), seed=1)
    with street() as rays:
        image = camera.render(rays, last, Weather(), times=times, begin=begin)
        seen = seen_by(rays, device, Gaze(begin, last, times).of(LOOKS), device.middle_rays())
    kept = camera._last.seen
    same = kept.triangle == seen.triangle
    assert same.mean() > 0.98
    assert (seen.triangle < 0).any()
    np.testing.assert_array_equal(kept.part[same & (kept.triangle >= 0)], seen.part[same & (kept.triangle >= 0)])
    loose = 1 if lens is None else 200  # between the corners of a pixel a lens is taken as straight
    np.testing.assert_allclose(kept.distance[same], seen.distance[same], rtol=3e-5 * loose)
    np.testing.assert_allclose(kept.barycentric[same], seen.barycentric[same], atol=2e-4 * loose)
    np.testing.assert_allclose(image.normal.reshape(-1, 3)[same], seen.normal[same], atol=3e-5 * loose)
    np.testing.assert_allclose(image.albedo.reshape(-1, 3)[same], seen.albedo[same], atol=1e-5)


@LENSES
@ROLLS
def test_packets_see_what_single_rays_see(lens, rolls):
    device = device_with(lens)
    first, last = (pose @ LOOKS for pose in EGO)
    gaze = Gaze(first, last, (0.2, 0.9)) if rolls else Gaze.at(last, 0.6)
    ray = device.middle_rays()
    inside = np.isfinite(ray[:, 0])
    assert inside.all() == (lens is None)
    with street() as rays:
        seen = seen_by(rays, device, gaze, ray)
        share = np.repeat((np.arange(HEIGHT) + 0.5) / HEIGHT, WIDTH)
        places, turns = gaze.poses(share)
        ahead = np.einsum("nij,nj->ni", turns, np.nan_to_num(ray))[inside]
        hits = nearest(rays, (places - rays.origin)[inside], ahead, gaze.time(share)[inside], mask=EVERYONE)
        albedo = rays.tables.albedo[hits.triangle]
    met = hits.triangle >= 0
    assert (seen.triangle[~inside] == -1).all()
    assert 0.5 < np.isin(seen.triangle[inside], np.arange(2)).mean() + (~met).mean() < 1.0
    np.testing.assert_array_equal(seen.triangle[inside], hits.triangle)
    np.testing.assert_array_equal(seen.part[inside][met], hits.part[met])
    np.testing.assert_allclose(seen.distance[inside], hits.distance, rtol=1e-5)
    np.testing.assert_allclose(seen.barycentric[inside], hits.barycentric, atol=2e-4)
    np.testing.assert_array_equal(seen.albedo[inside], np.where(met[:, None], albedo, 0.0))
    world = np.einsum("nij,nj->ni", turns[inside], seen.normal[inside])
    np.testing.assert_allclose(np.linalg.norm(world[met], axis=1), 1.0, atol=1e-5)
    flat = met & (hits.instance != 3)
    np.testing.assert_allclose(world[flat], hits.normal[flat], atol=1e-5)
    ball = met & (hits.instance == 3)
    assert ball.sum() > 20
    assert (np.einsum("ni,ni->n", world, hits.normal)[ball] > np.cos(0.15)).all()
    assert not seen.normal[inside][~met].any()
    assert not seen.albedo[~inside].any()
