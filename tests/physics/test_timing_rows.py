"""Rows S1 to S8: clocks, triggers, the same object everywhere, injected faults, own motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ranging import NIGHT, quiet, sweeps
from sensor_scenes import box, ground, mounted, ticks

from drivesim.materials import MATERIALS, MaterialId
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.clock import due, nanoseconds, stamp
from drivesim.sensors.faults import Faults
from drivesim.sensors.inertial import ACCELEROMETER, Gnss, Odometry, RandomProcess, allan_deviation, inertial
from drivesim.sensors.lidar.patterns import pattern
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor, load_device, load_rig
from drivesim.sensors.trigger import triggered_phase
from drivesim.transforms import Pose
from drivesim.types import Weather


@pytest.mark.parametrize(("rate", "phase"), [(12.0, 0.0583), (13.0, 0.0), (20.0, 0.01)])
def test_S1_no_stamp_is_missing_or_beats(rate, phase):
    stamps = []
    for tick in range(120_000):  # 600 s of 5 ms
        stamps += [stamp(k, rate, phase) for k in due(tick * 5_000_000, (tick + 1) * 5_000_000, rate, phase)]
    first = 1 if phase == 0.0 else 0  # nothing is measured before the first tick
    expected = np.arange(first, first + len(stamps)) / rate + phase
    np.testing.assert_allclose(np.array(stamps) * 1e-9, expected, atol=1e-9)
    assert len(stamps) == int((600.0 - phase) * rate + 1e-9) + 1 - first


@pytest.mark.parametrize("name", ["nuscenes", "kitti"])
def test_S2_the_lidar_faces_the_camera_that_fires(name):
    """In the sweep that ends with a key frame, at 0.5 s: the column that fires in the middle of the exposure."""
    rig = load_rig(name)
    lidar = rig["LIDAR_TOP"]
    scan = pattern(lidar.device, lidar.rate_hz, 0)
    for sensor in rig.of_kind("camera"):
        axis = sensor.ego_from_sensor.rotation[:, 2]
        stamps = np.array([stamp(k, sensor.rate_hz, sensor.phase) for k in range(12)]) * 1e-9
        middle = stamps - 0.5e-3 * (sensor.device.exposure_ms + sensor.device.readout_ms) - 0.5
        (exposure,) = middle[(middle > -1.0 / lidar.rate_hz) & (middle <= 0.0)]
        column = np.argmin(np.abs(scan.column_time - exposure))
        ahead = lidar.ego_from_sensor.rotation @ scan.direction[column, np.argmin(np.abs(lidar.device.elevations))]
        away = np.arctan2(ahead[1], ahead[0]) - np.arctan2(axis[1], axis[0])
        assert abs(np.degrees((away + np.pi) % (2 * np.pi) - np.pi)) < 0.5


def test_S2_an_exposure_is_half_over_when_the_lidar_looks_its_way():
    """At 10 and 30 Hz they meet every 0.1 s; closing the shutter and reading the rows come after."""
    rig = load_rig("kitti")
    camera, lidar = rig["CAM_FRONT_LEFT"], rig["LIDAR_TOP"]
    slow = replace(camera, device=camera.device.model_copy(update={"exposure_ms": 8.0, "readout_ms": 12.0}))
    assert triggered_phase(slow, lidar) == pytest.approx(triggered_phase(camera, lidar) + 0.010)
    fast = replace(camera, rate_hz=30.0)
    assert triggered_phase(fast, lidar) == pytest.approx(0.05 % (1 / 30))
    other_way = replace(lidar, device=lidar.device.model_copy(update={"clockwise": False, "start_azimuth_deg": 90.0}))
    assert triggered_phase(camera, other_way) == pytest.approx(0.075)


def test_S3_lidar_points_hit_the_same_instance_in_the_image():
    device = load_device("camera_1600x900").model_copy(
        update={"width": 640, "height": 360, "fx": 500.0, "fy": 500.0, "cx": 320.0, "cy": 180.0}
    )
    mount = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)
    builder = RaySceneBuilder()
    builder.add_static(ground())
    parts = [builder.add_rigid(box((1.5, 1.5, 1.5)), 3 + i) for i in range(2)]
    with builder.build() as rays:
        for part, y in zip(parts, (2.0, -2.0), strict=True):
            pose = Pose.from_ypr((10.0, y, 0.75), (0.3, 0, 0))
            rays.set_motion(part, pose, pose)
        rays.commit()
        image = Camera(Sensor("CAM", device, mount, 10.0, 0.0), 1).render(rays, Pose.identity(), Weather())
        (cloud,) = sweeps(quiet(load_device("ouster_os1_64")), rays, height=1.5, weather=NIGHT)
    world = cloud.points.astype(float) + (0, 0, 1.5)
    local = (world - mount.translation) @ mount.rotation
    ahead = local[:, 2] > 1.0
    u = (500 * local[ahead, 0] / local[ahead, 2] + 320).astype(int)
    v = (500 * local[ahead, 1] / local[ahead, 2] + 180).astype(int)
    inside = (u >= 2) & (u < 638) & (v >= 2) & (v < 358)
    u, v, instance = u[inside], v[inside], cloud.instance[ahead][inside]
    around = np.stack([image.instance[v + dy, u + dx] for dy in (-2, 0, 2) for dx in (-2, 0, 2)])
    flat = (around == around[0]).all(axis=0)
    assert (instance > 0).any()
    assert np.mean(image.instance[v, u][flat] == instance[flat]) >= 0.99


def test_S3_what_a_radar_hears_of_a_car_lies_in_its_box():
    """Mean place of a thing's detections over cycles, in the world; boxes of 4.4 x 1.8 m, beside and ahead."""
    device = load_device("continental_ars408")
    builder = RaySceneBuilder()
    size, places = (4.4, 1.8, 1.5), {3: (22.0, 5.0, 0.75), 4: (35.0, -4.0, 0.75)}
    for instance, place in places.items():
        builder.add_static(box(size, place, instance=instance))
    radar = Radar(mounted(device, 20.0, (3.4, 0.0, 0.5)), 0)
    heard = {instance: [] for instance in places}
    with builder.build() as rays:
        rays.commit()
        for tick in ticks(1.0, 0.05):
            seen = radar.capture(rays, tick, NIGHT)
            place = seen.range[:, None] * np.stack([np.cos(seen.azimuth), np.sin(seen.azimuth)], axis=1) + (3.4, 0.0)
            for instance in places:
                heard[instance] += [*place[seen.valid & (seen.instance == instance)]]
    for instance, place in places.items():
        assert len(heard[instance]) >= 10
        assert (np.abs(np.mean(heard[instance], axis=0) - place[:2]) <= np.array(size[:2]) / 2 + 0.1).all()


def test_S4_faults_are_what_was_asked_for():
    builder = RaySceneBuilder()
    builder.add_static(ground())
    faults = Faults(latency_ms=20.0, jitter_ms=2.0, dropout=0.3, translation=(0.0, 0.05, 0.0), ypr=(1.0, 0.0, 0.0))
    assert not faults.none
    assert Faults().none
    with builder.build() as rays:
        rays.commit()
        clouds = sweeps(load_device("velodyne_vlp16"), rays, height=1.8, duration=0.1)
    arrived, delays = 0, []
    for k in range(3000):
        cloud = replace(clouds[0], time_ns=nanoseconds(k * 0.1))
        late = faults.reported(cloud, seed=4)
        if late is not None:
            arrived += 1
            delays.append((late.time_ns - cloud.time_ns) * 1e-6)
            assert faults.reported(cloud, seed=4).time_ns == late.time_ns
    assert arrived / 3000 == pytest.approx(0.7, abs=0.03)
    assert np.mean(delays) == pytest.approx(20.0, abs=0.2)
    assert np.std(delays) == pytest.approx(2.0, rel=0.1)
    # Calibration from common points recovers the error (Kabsch).
    claimed, true = faults.mounting(clouds[0].ego_from_sensor), clouds[0].ego_from_sensor
    points = clouds[0].points[::50].astype(float)
    a, b = claimed.apply(points), true.apply(points)
    u, _, vt = np.linalg.svd((b - b.mean(0)).T @ (a - a.mean(0)))
    turn = vt.T @ np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    assert np.degrees(np.arctan2(turn[1, 0], turn[0, 0])) == pytest.approx(1.0, rel=0.05)
    shift = true.rotation.T @ (claimed.translation - true.translation)
    np.testing.assert_allclose(shift, (0.0, 0.05, 0.0), atol=0.05 * 0.05)


def test_S6_every_material_speaks_to_every_sensor():
    for material in MATERIALS:
        assert 0.0 < material.reflectivity_905 <= 1.0
        assert 0.0 < material.reflectivity_1550 <= 1.0
        assert material.permittivity_77 != 0
        assert 0.0 <= material.roughness <= 1.0
    assert len(MATERIALS) == len(MaterialId)


def test_S8_allan_deviation_of_the_gyroscope():
    process = RandomProcess(white=2e-4, bias=0.0)
    still = np.zeros((400_000, 3))
    upright = np.broadcast_to(np.eye(3), (400_000, 3, 3))
    force, turn = inertial(still, still, upright, 100.0, 7, "IMU", gyroscope=process)
    times = np.array([0.1, 1.0, 10.0])
    np.testing.assert_allclose(allan_deviation(turn[:, 0], 100.0, times), 2e-4 / np.sqrt(times), rtol=0.1)
    assert force[:, 2].mean() == pytest.approx(9.80665, abs=5 * ACCELEROMETER.bias)
    wander = RandomProcess(white=0.0, bias=0.0, wander=1e-4).errors(400_000, 100.0, np.random.default_rng(2))
    times = np.array([3.0, 10.0])
    np.testing.assert_allclose(allan_deviation(wander, 100.0, times), 1e-4 * np.sqrt(times / 3.0), rtol=0.1)


def test_S8_allan_deviation_of_the_accelerometer():
    """White noise falls with the root of time; a bias that wanders grows with it."""
    process = RandomProcess(white=1e-3, bias=0.0, wander=2e-4)
    still = np.zeros((400_000, 3))
    upright = np.broadcast_to(np.eye(3), (400_000, 3, 3))
    force, _ = inertial(still, still, upright, 100.0, 8, "IMU", accelerometer=process)
    times = np.array([0.1, 1.0, 10.0])
    expected = np.sqrt(1e-6 / times + 4e-8 * times / 3.0)
    np.testing.assert_allclose(allan_deviation(force[:, 0], 100.0, times), expected, rtol=0.1)


def test_S8_gnss_errs_by_metres():
    gnss = Gnss(white=0.3, wandering=1.0, memory=5.0)
    errors = gnss.fixes(np.zeros((60_000, 3)), 10.0, 3, "GNSS")
    np.testing.assert_allclose(errors.std(axis=0), np.hypot(0.3, 1.0) * np.array([1, 1, 1.8]), rtol=0.06)


def test_S8_odometry_drifts_with_its_radii():
    odometry = Odometry(scale=(1.01, 1.01), step=0.001)
    distance, turn = odometry.increments(np.full(1000, 0.5), np.zeros(1000))
    assert distance.sum() == pytest.approx(505.0, abs=0.01)
    assert turn.sum() == pytest.approx(0.0, abs=1e-3)
    uneven = Odometry(scale=(1.0, 1.01), track=1.5, step=0.001).increments(np.full(1000, 0.5), np.zeros(1000))
    assert uneven[1].sum() == pytest.approx(0.01 * 500 / 1.5, rel=0.01)
