"""Camera rows of the goal table that have closed forms; lenses have test_camera_lenses.py."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sensor_scenes import box, ground, state, static_scene, wall

from drivesim.materials import MaterialId
from drivesim.recording.encode import camera_jobs
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera import develop
from drivesim.sensors.camera.imager import (
    Imager,
    bayer,
    compand,
    demosaic,
    expand,
    glare,
    next_exposure,
)
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.camera.sky import daylight
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor, load_device, load_rig
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Weather


def camera(**changes):
    values = {"width": 320, "height": 180, "fx": 260.0, "fy": 260.0, "cx": 160.0, "cy": 90.0, "noise": 0.0, **changes}
    device = load_device("camera_1600x900").model_copy(update=values)
    return Camera(Sensor("CAM", device, Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA), 10.0, 0.0), seed=1)


NUSCENES = {
    "CAM_FRONT": ((1.7008, 0.0159, 1.5110), (0.49980, -0.50303, 0.49978, -0.49737), 1266.42),
    "CAM_FRONT_LEFT": ((1.5239, 0.4946, 1.5093), (0.67573, -0.67363, 0.21214, -0.21123), 1272.60),
    "CAM_FRONT_RIGHT": ((1.5508, -0.4934, 1.4957), (0.20603, -0.20269, 0.68245, -0.67136), 1260.85),
    "CAM_BACK": ((0.0283, 0.0035, 1.5791), (0.50379, -0.49740, -0.49419, 0.50455), 809.22),
}
"""Of the calibrations that nuScenes publishes for one of its cars: m, quaternion (w, x, y, z), pixels."""


def test_C3_rigs_keep_their_calibration():
    rig = load_rig("nuscenes")
    front, back = rig["CAM_FRONT"].device, rig["CAM_BACK"].device
    assert np.degrees(2 * np.arctan(800 / front.fx)) == pytest.approx(64.56, abs=0.01)
    assert np.degrees(2 * np.arctan(800 / back.fx)) == pytest.approx(89.34, abs=0.02)
    for name, (place, turn, focal) in NUSCENES.items():
        sensor = rig[name]
        np.testing.assert_allclose(sensor.ego_from_sensor.translation, place, atol=1e-4)
        np.testing.assert_allclose(np.abs(sensor.ego_from_sensor.quaternion @ turn), 1.0, atol=1e-4)
        assert (sensor.device.fx, sensor.device.fy) == pytest.approx((focal, focal), abs=1e-4)
    covered = np.zeros(3600, dtype=bool)
    for sensor in rig.of_kind("camera"):
        device = sensor.device
        pixels = np.stack([np.linspace(0, device.width, 2000), np.full(2000, device.cy)], 1)
        rays = device.unproject(pixels)
        ahead = rays @ sensor.ego_from_sensor.rotation.T
        covered[np.floor(np.degrees(np.arctan2(ahead[:, 1], ahead[:, 0])) * 10).astype(int) % 3600] = True
    assert covered.all()


def test_C5_areas_and_instances():
    builder = RaySceneBuilder()
    parts = [builder.add_rigid(box((0.01, 2.0, 1.0)), 5 + i) for i in range(2)]
    with builder.build() as rays:
        for part, y in zip(parts, (1.5, -1.5), strict=True):
            pose = Pose.from_ypr((10.0, y, 1.5), (0, 0, 0))
            rays.set_motion(part, pose, pose)
        rays.commit()
        image = camera().render(rays, Pose.identity(), Weather())
    width, height = 260 * 2.0 / 9.995, 260 * 1.0 / 9.995
    for instance in (5, 6):
        count = np.count_nonzero(image.instance == instance)
        assert abs(count - width * height) <= 2 * (width + height) / 2 + 4


def test_C5_an_instance_keeps_its_number_over_time_and_from_camera_to_camera():
    """Two boxes that change places, in two cameras: where each one's middle projects is its number, and its class."""
    builder = RaySceneBuilder()
    parts = {7: builder.add_rigid(box((1.0, 1.0, 1.0)), 7), 8: builder.add_rigid(box((1.0, 1.0, 1.0)), 8)}
    builder.add_static(wall(60.0))
    device = camera().device
    mounts = [
        Pose.from_ypr((0.0, y, 1.5), (yaw, 0, 0)) @ Pose(np.zeros(3), VIEW_FROM_CAMERA)
        for y, yaw in ((0, 0), (3, -0.2))
    ]
    with builder.build() as rays:
        for step in range(3):
            places = {7: np.array([12.0, 2.0 - 2.0 * step, 1.5]), 8: np.array([14.0, -2.0 + 2.0 * step, 1.5])}
            for instance, part in parts.items():
                pose = Pose.from_ypr(places[instance], (0.1 * step, 0, 0))
                rays.set_motion(part, pose, pose)
            rays.commit()
            for mount in mounts:
                image = Camera(Sensor("CAM", device, mount, 10.0, 0.0), seed=1).render(rays, Pose.identity(), Weather())
                assert set(np.unique(image.instance)) <= {0, 7, 8}
                pixels = device.project(mount.inverse().apply(np.stack([places[7], places[8]])))
                (u7, v7), (u8, v8) = np.floor(pixels).astype(int)
                assert image.instance[v7, u7] == 7
                hidden = abs(pixels[0, 0] - pixels[1, 0]) < 40.0
                assert image.instance[v8, u8] == (7 if hidden else 8)
                assert (image.semantic[image.instance > 0] == Tag.CAR).all()
                assert (image.semantic[image.instance == 0] != Tag.CAR).all()


def test_C11_rolling_shutter_skews_a_pole():
    """A camera that turns at 20 degrees per second, 30 ms of readout: f omega t = 2.7 px at 260 px focal length."""
    times = 0.05
    builder = RaySceneBuilder()
    pole = builder.add_rigid(box((0.1, 0.1, 60.0)), 4)
    turn = np.radians(20.0) * times
    with builder.build() as rays:
        first = Pose.from_ypr((10.0, 0.0, 1.5), (0, 0, 0))
        last = Pose.from_ypr((10.0 * np.cos(turn), 10.0 * np.sin(turn), 1.5), (0, 0, 0))
        rays.set_motion(pole, first, last)
        rays.commit()
        image = camera(width=640, height=360, fx=1266.0, fy=1266.0, cx=320.0, cy=180.0).render(
            rays, Pose.identity(), Weather(), times=(0.2, 0.8)
        )
    centre = [np.nonzero(row == 4)[0].mean() for row in image.instance]
    slope = np.polyfit(np.arange(len(centre)), centre, 1)[0] * len(centre)
    assert abs(slope) == pytest.approx(13.3, abs=0.3)


def test_C11_every_row_says_when_it_was_read(tmp_path):
    """20 ms over 180 rows: the last one's middle is half a row's 0.111 ms before the stamp."""
    taken = camera(readout_ms=20.0)
    with static_scene(wall(20.0)) as rays:
        scene = SimpleNamespace(
            rays=rays, lit=lambda _: np.zeros(1, np.uint16), lamps=lambda _: np.zeros((0, 9), np.float32)
        )
        tick = EgoMotion(state(0.05), state(0.1), 0)
        image = taken.capture(scene, tick, Weather())
        sharp = camera().capture(scene, tick, Weather())
    assert sharp.row_time_ns is None
    expected = 100_000_000 - 20e6 * (1.0 - (np.arange(180) + 0.5) / 180)
    np.testing.assert_allclose(image.row_time_ns, expected, atol=0.51)
    (make,) = (
        make for path, make in camera_jobs(image, tmp_path, tmp_path, "now") if path == tmp_path / "rows" / "now.npz"
    )
    np.testing.assert_array_equal(np.load(io.BytesIO(make()))["time_ns"], image.row_time_ns)


def test_C13_exposure_triangle():
    imager = Imager()
    one = imager.electrons(50.0, 0.005)
    assert imager.electrons(50.0, 0.010) / one == pytest.approx(2.0, rel=0.01)
    halved = Imager(f_number=imager.f_number / np.sqrt(2.0)).electrons(50.0, 0.005)
    assert halved / one == pytest.approx(2.0, rel=0.01)
    flat = np.full((200, 200), 500.0)
    low, high = (imager.expose(flat, 0.0, 1, 0, iso=iso).mean() - imager.black for iso in (100.0, 200.0))
    assert high / low == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize("luminance", [20.0, 200.0, 5000.0])
def test_C13_auto_exposure_settles(luminance):
    imager, exposure, target = Imager(), 1e-3, 800.0
    levels = []
    for _ in range(20):
        mean = min(float(imager.electrons(luminance, exposure)) / imager.gain, 4031.0)
        levels.append(mean)
        exposure = next_exposure(exposure, mean, target)
    assert levels[-1] == pytest.approx(target, rel=0.02)
    started_above = levels[0] > target
    assert min(levels) > 0.9 * target if started_above else max(levels) < 1.1 * target


def test_C14_photon_transfer():
    imager = Imager(unequal=0.0, offsets=0.0, dark_current=0.0)
    means, variances = [], []
    for frame, electrons in enumerate(np.linspace(500, 6000, 12)):
        codes = imager.expose(np.full((300, 300), electrons), 0.01, 1, frame).astype(float)
        means.append(codes.mean() - imager.black)
        variances.append(codes.var() - 1 / 12)
    slope, _ = np.polyfit(means, variances, 1)
    assert slope == pytest.approx(1 / imager.gain, rel=0.02)
    dark = Imager(unequal=0.0, offsets=0.0, dark_current=0.0, bits=16).expose(np.zeros((300, 300)), 0.01, 1, 0)
    gain = Imager(bits=16).gain
    assert np.sqrt(dark.astype(float).var() - 1 / 12) * gain == pytest.approx(imager.read_noise, rel=0.05)
    full = Imager(unequal=0.0, offsets=0.0, read_noise=0.0, dark_current=0.0).expose(np.full((9, 9), 1e6), 0.01, 1, 0)
    assert (full == 4095).all()


def test_C14_the_fixed_pattern_stays_and_noise_changes():
    imager = Imager(unequal=0.01)
    flat = np.full((200, 200), 4000.0)
    frames = [imager.expose(flat, 0.01, 3, frame).astype(float) for frame in range(40)]
    pattern = np.mean(frames, axis=0)
    assert pattern.std() / (pattern.mean() - imager.black) == pytest.approx(0.0103, rel=0.1)
    assert not np.array_equal(frames[0], frames[1])
    np.testing.assert_array_equal(frames[0], imager.expose(flat, 0.01, 3, 0))


def test_C15_mosaic_round_trip_and_companding():
    y, x = np.mgrid[0:128, 0:160] / 40.0
    smooth = np.stack([0.5 + 0.4 * np.sin(x), 0.5 + 0.4 * np.cos(y), 0.5 + 0.3 * np.sin(x + y)], -1)
    error = demosaic(bayer(smooth)) - smooth
    assert -10 * np.log10(np.mean(error**2)) > 35.0
    codes = np.arange(4096)
    assert np.abs(compand(expand(codes)).astype(int) - codes).max() <= 1


def test_C16_vignetting_and_glare():
    imager = Imager()
    cosine = np.cos(np.radians([0.0, 20.0, 40.0]))
    electrons = imager.electrons(100.0, 0.005, cosine)
    np.testing.assert_allclose(electrons / electrons[0], cosine**4, rtol=0.01)
    image = np.zeros((64, 96))
    image[20, 30] = 1000.0
    spread = glare(image)
    assert spread.sum() == pytest.approx(1000.0, rel=1e-3)
    assert spread[20, 34] > spread[20, 50] > 0.0


def test_C16_the_picture_falls_off_with_the_fourth_power_of_the_cosine():
    """An even light through a lens without correction, from the codes of the picture."""
    radiance = np.full((320 * 180, 3), 0.4, np.float32)
    rgb = np.empty((180, 320, 3), np.uint8)
    develop.expose(radiance, 320, 180, np.float32(1.0), np.float32(1.0), np.float32(160.0), np.float32(0.0), 1, rgb)
    light = (np.searchsorted(develop.CURVE, rgb[90, :, 1]) / (len(develop.CURVE) - 1)) ** 2 * 16.0 - develop.FLOOR
    cosine = 1.0 / np.sqrt(1.0 + ((np.arange(320) - 160.0) / 160.0) ** 2)
    np.testing.assert_allclose(light / light[160], cosine**4, rtol=0.03)


@pytest.mark.parametrize("visibility", [60.0, 400.0])
def test_C21_contrast_at_the_meteorological_range_is_five_per_cent(visibility):
    """A white and a black board at that range, in the picture's light; and black against the air behind."""
    taken = camera(reflections=False, antialiasing=1, ambient_occlusion=False)
    size = (0.1, 0.2 * visibility, 0.2 * visibility)
    white = box(size, (visibility + 0.05, 0.11 * visibility, 1.5), MaterialId.PLASTER)
    black = box(size, (visibility + 0.05, -0.11 * visibility, 1.5), MaterialId.RUBBER)
    black.albedo[:] = 0.0
    contrast = []
    with static_scene(white, black) as rays:
        for weather in (Weather(), Weather(fog_visual_range=visibility)):
            radiance, *_ = taken._exposed(
                rays, daylight(weather), taken._camera(rays, Pose.identity()), (np.float32(1.0),) * 2,
                np.zeros((0, 9), np.float32), np.zeros(1, np.uint16), np.float32(0.0), taken._rays,
            )  # fmt: skip
            light = radiance.reshape(180, 320, 3)[85:95, :, 1]
            contrast.append(light[:, 145:155].mean() - light[:, 165:175].mean())
    assert contrast[1] / contrast[0] == pytest.approx(0.05, abs=0.003)
    air = daylight(Weather(fog_visual_range=visibility)).air[1]
    assert 1.0 - light[:, 165:175].mean() / air == pytest.approx(0.05, abs=0.003)


HASHES = """
import hashlib, sys
import numba
sys.path[:0] = {paths!r}
from test_camera_rows import busy_picture
for threads in (1, 2, 8):
    numba.set_num_threads(threads)
    print(busy_picture())
"""


def busy_picture() -> str:
    """SHA-256 of all channels of a picture with noise, occlusion and smooth edges."""
    with static_scene(ground(), wall(20.0), box((1, 1, 1), (8, 0, 1.5), MaterialId.CAR_PAINT)) as rays:
        image = camera(noise=1.0).render(rays, Pose.identity(), Weather(rain=1.0))
    every = hashlib.sha256()
    for channel in (image.rgb, image.depth, image.semantic, image.instance):
        every.update(np.ascontiguousarray(channel).tobytes())
    return every.hexdigest()


def test_C19_the_same_seed_is_the_same_picture_on_one_two_and_eight_threads(pytestconfig):
    paths = [str(pytestconfig.rootpath / "tests" / folder) for folder in ("physics", "sensors")]
    done = subprocess.run(
        [sys.executable, "-c", HASHES.format(paths=paths)], env=os.environ | {"NUMBA_NUM_THREADS": "8"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [busy_picture()] * 3
