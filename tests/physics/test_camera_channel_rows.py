"""Rows C6, C7 and C12: normals, albedo, optical flow and motion blur against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_scenes import box, ground, sphere, state, static_scene, wall
from test_camera_rows import camera

from drivesim.materials import MaterialId
from drivesim.recording.encode import camera_jobs
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.gaze import Gaze
from drivesim.sensors.camera.keep import NOTHING
from drivesim.sensors.camera.kernel import trace_and_shade
from drivesim.sensors.camera.sky import daylight
from drivesim.sensors.camera.surfaces import surface_table
from drivesim.sensors.camera.textures import textures
from drivesim.sensors.motion import EgoMotion
from drivesim.transforms import Pose
from drivesim.types import Weather

FOCAL = 260.0


def two_pictures(mesh, places, *, ego=((0, 0, 0), (0, 0, 0)), behind=None):
    """Two exposures with all channels of a part that is first at one place, then at the other."""
    builder = RaySceneBuilder()
    part = builder.add_rigid(mesh, 7)
    if behind is not None:
        builder.add_static(behind)
    taken = camera(channels=["normal", "albedo", "flow"])
    images = []
    with builder.build() as rays:
        for number, (place, own) in enumerate(zip(places, ego, strict=True)):
            pose = Pose.from_ypr(place, (0, 0, 0))
            rays.set_motion(part, pose, pose)
            rays.commit()
            where = Pose.from_ypr(own, (0, 0, 0))
            images.append(taken.render(rays, where, Weather(), time_ns=number * 100_000_000))
    return images


def test_C6_normals_of_a_sphere_and_albedo():
    """Facets of 5 degrees with a sphere's normals at their corners: flat ones would be nearly 2 degrees off."""
    image, _ = two_pictures(sphere(1.0, rings=40), [(6.0, 0.0, 1.5)] * 2)
    there = image.instance == 7
    v, u = np.nonzero(there)
    ray = np.stack([(u + 0.5 - 160) / FOCAL, (v + 0.5 - 90) / FOCAL, np.ones(len(u))], axis=1)
    centre = np.array([0.0, 0.0, 6.0])
    point = ray * image.depth[there][:, None]
    expected = (point - centre) / np.linalg.norm(point - centre, axis=1, keepdims=True)
    cosine = np.clip(np.sum(expected * image.normal[there], axis=1), -1, 1)
    assert np.degrees(np.sqrt(np.mean(np.arccos(cosine) ** 2))) < 0.5
    np.testing.assert_allclose(image.albedo[there], 0.5, atol=1e-5)
    assert not image.normal[~there].any()
    assert not image.albedo[~there].any()


def test_C6_direct_and_ambient_light_are_the_whole():
    """The kernel's two kinds of light add up to the one it gives when it is not asked to keep them apart."""
    taken = camera(antialiasing=1)
    size = 320 * 180
    with static_scene(ground(), wall(20.0), box((1, 1, 1), (8, 0, 1.5), MaterialId.CAR_GLASS)) as rays:
        light, table = daylight(Weather(sun_azimuth=np.pi)), taken._camera(rays, Pose.identity())
        parts = []
        for kept in (0, size):
            direct, ambient, share = (np.zeros(shape, np.float32) for shape in ((size, 3), (kept, 3), kept))
            trace_and_shade(
                rays.tables, light, textures(), surface_table(), np.zeros((0, 9), np.float32), np.zeros(1, np.uint16),
                table, np.zeros((0, 0, 3), np.float32), (np.float32(1.0),) * 2, np.zeros((0, 2), np.float32),
                np.zeros(0, np.int32), 80 * 45, 1, 320, np.float32(0.0), False, NOTHING, direct, ambient, share,
                np.empty(size, np.float32), np.empty(size, np.uint8), np.empty(size, np.int32),
                np.zeros((0, 3), np.float32), np.zeros(0, np.uint8), np.zeros(0, np.float32),
            )  # fmt: skip
            parts.append((direct, ambient))
    (whole, _), (direct, ambient) = parts
    lit = (direct[:, 1] > 1e-3 * whole[:, 1]) & (ambient[:, 1] > 1e-3 * whole[:, 1])
    assert lit.mean() > 0.2
    np.testing.assert_allclose(direct + ambient, whole, rtol=1e-5)


@pytest.mark.parametrize("step", [(0.0, 0.2, 0.0), (0.0, -0.13, 0.31), (0.0, 3.5, 0.0)])
def test_C7_flow_of_a_translating_plane(step):
    """f v dt / z at every pixel, forwards and backwards, however far; both undo each other where both see."""
    depth = 10.0
    first = np.array([depth + 0.01, 0.0, 1.5])
    _, image = two_pictures(box((0.02, 4.0, 2.0)), [first, first + step])
    expected = -FOCAL * np.array(step[1:]) / depth
    assert image.previous_ns == 0
    here = image.instance == 7
    np.testing.assert_allclose(image.flow_backward[here], -np.broadcast_to(expected, (here.sum(), 2)), atol=0.02)
    onward = image.flow_forward[np.isfinite(image.depth) | True]
    assert np.isfinite(onward).all()
    moved = np.abs(image.flow_forward - expected).max(axis=2) < 0.02
    assert moved.sum() > 0.9 * FOCAL**2 * 8.0 / depth**2
    v, u = np.nonzero(here & image.seen_backward)
    there = np.stack([u, v], 1) + image.flow_backward[v, u]
    column, line = np.rint(there).astype(int).T
    inside = (column >= 0) & (column < 320) & (line >= 0) & (line < 180)
    again = there[inside] + image.flow_forward[line[inside], column[inside]] - np.stack([u, v], 1)[inside]
    assert np.abs(again).max(initial=0.0) < 0.05


def test_C7_the_mask_says_what_was_hidden():
    """A box moves aside before a wall: what it uncovers was not seen before, and the wall keeps still."""
    place = np.array([8.0, 0.0, 1.5])
    _, image = two_pictures(box((0.02, 1.0, 1.0)), [place, place + (0.0, 1.0, 0.0)], behind=wall(12.0))
    width = FOCAL / 7.99
    uncovered = ~image.seen_backward & (image.instance != 7)
    assert uncovered.sum() == pytest.approx(width * width, rel=0.08)
    still = image.instance != 7
    np.testing.assert_allclose(image.flow_backward[still], 0.0, atol=0.02)
    assert image.seen_backward[image.instance == 7].mean() > 0.95


def test_C7_the_egos_own_motion_and_the_sky():
    """Turning moves the sky as far as everything; going straight on leaves it."""
    _, image = two_pictures(
        box((0.1, 0.1, 0.1)), [(50.0, 0.0, 0.0)] * 2, ego=((0, 0, 0), (2.0, 0.0, 0.0)), behind=ground()
    )
    sky = image.semantic == 11
    np.testing.assert_allclose(image.flow_backward[sky], 0.0, atol=1e-3)
    road = np.isfinite(image.depth) & (image.instance != 7) & (image.depth < 60.0)
    v, u = np.nonzero(road)
    z = image.depth[road]
    expected = np.stack([(u + 0.5 - 160), (v + 0.5 - 90)], 1) * (z / (z + 2.0) - 1.0)[:, None]
    np.testing.assert_allclose(image.flow_backward[road], expected, atol=0.02)


def test_C6_C7_further_channels_are_recorded(tmp_path):
    _, image = two_pictures(box((0.02, 4.0, 2.0)), [(10.0, 0.0, 1.5), (10.0, 0.5, 1.5)])
    jobs = {path.relative_to(tmp_path).as_posix(): make for path, make in camera_jobs(image, tmp_path, tmp_path, "now")}
    for name in ("normal/now.png", "albedo/now.png", "flow_backward/now.npz", "flow_forward/CAM__000000000000.npz"):
        assert len(jobs[name]()) > 100


def pole_scene(speed):
    """A white pole that crosses at ``speed`` m/s, 10 m ahead, while a shutter is open."""
    builder = RaySceneBuilder()
    builder.add_static(wall(40.0, material=MaterialId.RUBBER))
    pole = builder.add_rigid(box((0.02, 0.2, 6.0), material=MaterialId.PLASTER), 4)
    rays = builder.build()
    ends = [Pose.from_ypr((10.01, speed * t, 1.5), (0, 0, 0)) for t in (-0.05, 0.0)]
    rays.set_motion(pole, *ends)
    rays.commit()
    return rays


def test_C12_motion_blur_is_as_long_as_the_way():
    """f v t / z, from the second moment of a pole's streak: an even smear of length L adds L^2 / 12."""
    speed, exposure, samples = 12.0, 0.03, 32
    tick = EgoMotion(state(0.0), state(0.05), 0)
    plain = {"exposure": 8000.0, "antialiasing": 1, "ambient_occlusion": False}
    blurred, sharp = (camera(exposure_ms=ms, blur_samples=samples, **plain) for ms in (1000 * exposure, 0.0))
    spread = []
    with pole_scene(speed) as rays:
        for taken in (blurred, sharp):
            seen = radiances(taken)
            _, *earlier = taken._gazes(tick, 50_000_000)
            assert len(earlier) == (samples - 1 if taken is blurred else 0)
            taken.render(rays, Pose.identity(), Weather(), earlier=earlier)
            row = seen[0].reshape(180, 320, 3)[90, 140:190, 1]
            signal = np.abs(row - np.median(row))
            x = np.arange(len(row))
            spread.append(np.average((x - np.average(x, weights=signal)) ** 2, weights=signal))
    streak = np.sqrt(12 * (spread[0] - spread[1]) / (1 - samples**-2))
    assert streak == pytest.approx(FOCAL * speed * exposure / 10.0, abs=0.5)


def radiances(taken):
    """What a camera develops from now on, kept instead of developed."""
    kept = []
    taken._develop = lambda radiance, _: kept.append(radiance.copy()) or np.zeros((180, 320, 3), np.uint8)
    return kept


def test_C12_a_blurred_picture_is_the_mean_of_sharp_ones():
    plain = {"exposure": 8000.0, "vignetting": 0.0}
    shifts = [-0.15 * k for k in range(4)]
    with pole_scene(12.0) as rays:
        taken = camera(**plain)
        seen = radiances(taken)
        earlier = [Gaze.at(Pose.identity(), 1.0 + shift) for shift in shifts[1:]]
        taken.render(rays, Pose.identity(), Weather(), earlier=earlier)
        for shift in shifts:
            taken.render(rays, Pose.identity(), Weather(), times=(1.0 + shift, 1.0 + shift))
    blurred, mean = seen[0], np.mean(seen[1:], axis=0)
    error = np.sqrt(np.mean((blurred - mean) ** 2))
    assert 20 * np.log10(mean.max() / max(error, 1e-9)) > 45.0


def test_C12_blur_follows_the_ego_also_before_the_tick():
    moving = EgoMotion(state(0.0), state(0.05, position=(1.0, 0, 0)), 0)
    taken = camera(exposure_ms=20.0, blur_samples=4)
    for time_ns, where in ((50_000_000, [1.0, 0.9, 0.8, 0.7]), (5_000_000, [0.1, 0.0, -0.1, -0.2])):
        gazes = taken._gazes(moving, time_ns)
        np.testing.assert_allclose([gaze.last.translation[0] for gaze in gazes], where, atol=1e-9)
        np.testing.assert_allclose([gaze.times for gaze in gazes], [[x, x] for x in where], atol=1e-9)


def test_C6_static_scenes_have_normals_too():
    with static_scene(ground(), wall(20.0)) as rays:
        image = camera(channels=["normal"]).render(rays, Pose.identity(), Weather())
    np.testing.assert_allclose(image.normal[175, 160], (0, -1, 0), atol=1e-4)
    np.testing.assert_allclose(image.normal[20, 160], (0, 0, -1), atol=1e-4)
    assert image.flow_backward is None
