"""Camera rows of the goal table that have closed forms; lenses have test_camera_lenses.py."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_scenes import box, static_scene, wall

from drivesim.materials import MaterialId
from drivesim.scene.builder import RaySceneBuilder
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
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor, load_device, load_rig
from drivesim.transforms import Pose
from drivesim.types import Weather


def camera(**changes):
    values = {"width": 320, "height": 180, "fx": 260.0, "fy": 260.0, "cx": 160.0, "cy": 90.0, "noise": 0.0, **changes}
    device = load_device("camera_1600x900").model_copy(update=values)
    return Camera(Sensor("CAM", device, Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA), 10.0, 0.0), seed=1)


def test_C3_rigs_keep_their_calibration():
    rig = load_rig("nuscenes")
    front, back = rig["CAM_FRONT"].device, rig["CAM_BACK"].device
    assert np.degrees(2 * np.arctan(800 / front.fx)) == pytest.approx(64.56, abs=0.01)
    assert np.degrees(2 * np.arctan(800 / back.fx)) == pytest.approx(89.34, abs=0.02)
    np.testing.assert_allclose(rig["CAM_FRONT"].ego_from_sensor.translation, (1.7008, 0.0159, 1.5110), atol=1e-4)
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


def test_C21_contrast_at_the_meteorological_range_is_five_per_cent():
    for visibility in (60.0, 200.0, 1000.0):
        light = daylight(Weather(fog_visual_range=visibility))
        assert np.exp(-light.extinction * visibility) == pytest.approx(0.05, abs=0.003)


def test_C19_the_same_seed_is_the_same_picture():
    with static_scene(wall(20.0), box((1, 1, 1), (8, 0, 1.5), MaterialId.CAR_PAINT)) as rays:
        first, again = (camera(noise=1.0).render(rays, Pose.identity(), Weather()).rgb for _ in range(2))
    np.testing.assert_array_equal(first, again)
