"""Lidar: beams, timing, link budget and noise against data sheets and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_scenes import box, ground, mounted, static_scene, ticks, wall

from drivesim.materials import MATERIALS, MaterialId
from drivesim.sensors.lidar.model import receive, signal_to_noise
from drivesim.sensors.lidar.patterns import pattern
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.rig import load_device
from drivesim.types import Paths, Weather

CLEAR = Weather()


def sweeps(device, rays, *, duration=0.2, dt=0.05, rate_hz=10.0, height=1.8, weather=CLEAR, seed=0, **motion):
    lidar = Lidar(mounted(device, rate_hz, (0.0, 0.0, height)), seed)
    clouds = (lidar.capture(rays, tick, weather) for tick in ticks(duration, dt, **motion))
    return [cloud for cloud in clouds if cloud is not None]


def paths(length, cosine=1.0, material=MaterialId.ASPHALT):
    length = np.atleast_1d(np.asarray(length, dtype=np.float32))
    count = len(length)
    zeros = np.zeros(count, dtype=np.float32)
    return Paths(
        beam=np.arange(count, dtype=np.int32),
        azimuth=zeros,
        elevation=zeros,
        length=length,
        time=np.zeros(count),
        cos_incidence=np.broadcast_to(np.asarray(cosine, dtype=np.float32), (count,)).copy(),
        material=np.full(count, int(material), dtype=np.uint8),
        semantic=np.zeros(count, dtype=np.uint8),
        instance=np.zeros(count, dtype=np.int32),
        radial_rate=zeros,
        bounces=np.ones(count, dtype=np.uint8),
    )


def quiet(device):
    return device.model_copy(update={"range_noise": 0.0, "range_noise_floor": 0.0, "range_resolution": 0.0})


def reach(device, rho):
    """Range at which a target of reflectivity rho is detected half of the time."""
    return device.range_at_10_percent * np.sqrt(rho / 0.1)


@pytest.fixture(scope="module")
def vlp16():
    return load_device("velodyne_vlp16")


@pytest.fixture(scope="module")
def hdl32():
    return load_device("velodyne_hdl32e")


@pytest.mark.parametrize("name", ["velodyne_vlp16", "velodyne_hdl32e", "velodyne_hdl64e", "ouster_os1_64"])
def test_elevation_of_every_ring_is_the_table(name):
    device = load_device(name)
    with static_scene(box((40.0, 40.0, 40.0), material=MaterialId.ROAD_PAINT)) as rays:
        (cloud,) = sweeps(quiet(device), rays, duration=0.1, height=0.0)
    elevation = np.arctan2(cloud.points[:, 2], np.hypot(cloud.points[:, 0], cloud.points[:, 1]))
    assert len(np.unique(cloud.ring)) == device.beams
    np.testing.assert_allclose(np.degrees(elevation), np.degrees(device.elevations)[cloud.ring], atol=1e-4)


def test_columns_turn_clockwise_at_a_constant_rate(vlp16):
    with static_scene(wall(10.0), wall(-10.0)) as rays:
        (cloud,) = sweeps(vlp16, rays, duration=0.1)
    azimuth = np.arctan2(cloud.points[:, 1], cloud.points[:, 0])
    expected = np.pi - 2 * np.pi * (1.0 + 10.0 * cloud.time_offset.astype(float))
    np.testing.assert_allclose(np.exp(1j * azimuth), np.exp(1j * expected), atol=2e-4)
    assert cloud.time_offset.max() <= 0.0
    assert cloud.time_offset.min() == pytest.approx(-0.1, abs=2e-4)
    seen = np.unique(np.round(cloud.time_offset[cloud.ring == 0].astype(float) * 1e9))
    assert np.diff(seen).min() == pytest.approx(1e8 / 1808, rel=1e-3)


@pytest.mark.parametrize("dt", [0.01, 0.025, 0.05, 0.1, 0.03])
def test_a_revolution_does_not_depend_on_the_tick(vlp16, dt):
    with static_scene(ground(), wall(20.0)) as rays:
        reference = sweeps(vlp16, rays, duration=0.3, dt=0.05, speed=15.0)
        clouds = sweeps(vlp16, rays, duration=0.3, dt=dt, speed=15.0)
    assert [cloud.time_ns for cloud in clouds] == [100_000_000, 200_000_000, 300_000_000]
    for cloud, expected in zip(clouds, reference, strict=True):
        assert len(cloud.points) == len(expected.points)
        np.testing.assert_allclose(cloud.points, expected.points, atol=3e-3)


def test_ranges_on_a_plane_are_right(hdl32):
    with static_scene(wall(12.0)) as rays:
        (cloud,) = sweeps(hdl32, rays, duration=0.1)
    ahead = np.abs(np.arctan2(cloud.points[:, 1], cloud.points[:, 0])) < 0.3
    error = cloud.points[ahead, 0] - 12.0
    assert abs(error.mean()) < 1e-3
    assert error.std() < 0.02


def test_ego_motion_is_removed(hdl32):
    with static_scene(wall(40.0), wall(-40.0)) as rays:
        clouds = sweeps(quiet(hdl32), rays, duration=0.2, speed=30.0)
    cloud = clouds[-1]
    ahead = cloud.points[:, 0] > 10.0
    walls = cloud.points[:, 0] + cloud.world_from_ego.translation[0]
    np.testing.assert_allclose(walls[ahead], 40.0, atol=2e-3)
    np.testing.assert_allclose(walls[cloud.points[:, 0] < -10.0], -40.0, atol=2e-3)


def test_turning_ego_sees_walls_straight(hdl32):
    with static_scene(wall(30.0)) as rays:
        cloud = sweeps(quiet(hdl32), rays, duration=0.2, speed=10.0, yaw_rate=0.5)[-1]
    world = cloud.world_from_ego.apply(cloud.ego_from_sensor.apply(cloud.points.astype(float)))
    np.testing.assert_allclose(world[:, 0], 30.0, atol=2e-3)


def test_point_density_falls_with_the_square_of_range():
    device = load_device("ouster_os1_64").model_copy(update={"columns": 2048})
    distance = np.array([5.0, 10.0, 20.0, 40.0])
    counts = []
    for x in distance:
        with static_scene(box((0.2, 2.0, 2.0), (x, 0.0, 0.0), instance=9)) as rays:
            (cloud,) = sweeps(device, rays, duration=0.1, height=0.0)
        counts.append(np.count_nonzero(cloud.instance == 9))
    slope = np.polyfit(np.log(distance - 0.1), np.log(counts), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.05)


def test_signal_follows_the_lidar_equation(hdl32):
    distance = np.geomspace(2.0, 90.0, 30)
    fog = Weather(fog_visual_range=200.0)
    clear, foggy = (signal_to_noise(paths(distance), hdl32, weather).astype(float) for weather in (CLEAR, fog))
    assert np.polyfit(np.log(distance), np.log(clear), 1)[0] == pytest.approx(-2.0, abs=1e-4)
    np.testing.assert_allclose(foggy / clear, np.exp(-2 * np.log(20) / 200 * distance), rtol=1e-4)
    cosine = np.linspace(0.05, 1.0, 20)
    smooth = signal_to_noise(paths(np.full(20, 10.0), cosine, MaterialId.CHROME), hdl32, CLEAR)
    assert np.corrcoef(smooth, cosine)[0, 1] ** 2 > 0.999
    rough = signal_to_noise(paths(np.full(20, 10.0), cosine, MaterialId.ASPHALT), hdl32, CLEAR)
    assert rough[0] / rough[-1] > 3 * cosine[0]


@pytest.mark.parametrize("factor", [0.97, 1.0, 1.03])
def test_detection_probability_at_the_data_sheet_range(hdl32, factor):
    material = MaterialId.ASPHALT
    distance = reach(hdl32, MATERIALS[material].reflectivity_905) * factor
    echoes = receive(paths(np.full(20_000, distance), material=material), hdl32, CLEAR, key=7, sweep=1)
    detected = np.count_nonzero(echoes.range) / 20_000
    expected = {0.97: 0.78, 1.0: 0.5, 1.03: 0.245}[factor]  # Phi(12 (1 / factor^2 - 1))
    assert detected == pytest.approx(expected, abs=0.015)


def test_range_noise_follows_the_signal():
    device = load_device("ouster_os1_64").model_copy(update={"range_noise_floor": 0.0, "range_resolution": 0.0})
    for snr, sigma in ((250.0, 0.01423), (100.0, 0.0225), (25.0, 0.045)):
        material = MaterialId.ASPHALT
        rho = MATERIALS[material].reflectivity_905
        distance = np.float32(device.range_at_10_percent * np.sqrt(12.0 / snr * rho / 0.1))
        echoes = receive(paths(np.full(40_000, distance), material=material), device, CLEAR, key=3, sweep=0)
        assert (echoes.range.astype(float) - distance).std() == pytest.approx(sigma, rel=0.02)


@pytest.mark.parametrize(
    ("rain", "visibility", "expected"), [(10.0, np.inf, 87.0), (0.0, 200.0, 48.0), (0.0, 100.0, 35.0)]
)
def test_weather_shortens_the_range_of_a_100_m_lidar(hdl32, rain, visibility, expected):
    """Published ranges in rain and fog of a sensor whose clear-air limit is 100 m (Mie, Marshall-Palmer, MOR)."""
    device = hdl32.model_copy(update={"range_at_10_percent": 100.0 * np.sqrt(0.1 / 0.15)})
    distance = np.linspace(5.0, 110.0, 1000)
    weather = Weather(rain=rain, fog_visual_range=visibility)
    limit = distance[signal_to_noise(paths(distance), device, weather) > device.threshold_snr].max()
    assert limit == pytest.approx(expected, abs=2.5)


def test_intensity_is_calibrated_reflectivity(hdl32):
    for material, low, high in ((MaterialId.ASPHALT, 14, 16), (MaterialId.SIGN_SHEET, 225, 245)):
        echoes = receive(paths(np.full(100, 10.0), material=material), hdl32, CLEAR, key=1, sweep=0)
        assert low < echoes.intensity.mean() < high
    assert echoes.intensity.max() <= 255.0


def test_equal_seeds_give_equal_clouds_and_others_do_not(vlp16):
    with static_scene(ground(), wall(20.0)) as rays:
        first, again, other = (sweeps(vlp16, rays, duration=0.1, seed=seed)[0] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.points, again.points)
    np.testing.assert_array_equal(first.intensity, again.intensity)
    assert not np.array_equal(first.points[:100], other.points[:100])


def test_a_window_leaves_away_the_columns_outside_it_and_nothing_else():
    device = load_device("ouster_os1_64").model_copy(update={"columns": 1024})
    whole = pattern(device, 10.0, 0)
    for first, last in ((-60.0, 60.0), (150.0, -150.0)):
        part = pattern(device.model_copy(update={"azimuth_window_deg": (first, last)}), 10.0, 0)
        middle = np.degrees(whole.azimuth[:, 0])
        inside = (
            (middle >= first - 1e-3) & (middle <= last + 1e-3) if first < last else (middle >= first) | (middle <= last)
        )
        assert abs(len(part.column_time) - 1024 * ((last - first) % 360.0) / 360.0) <= 1.0
        assert np.array_equal(part.column_time, whole.column_time[inside])
        assert np.array_equal(part.direction, whole.direction[inside])


def test_a_windowed_lidar_delivers_every_sweep_and_sees_ahead_only():
    device = load_device("ouster_os1_64").model_copy(update={"columns": 1024, "azimuth_window_deg": (-60.0, 60.0)})
    clouds = sweeps(device, static_scene(ground()), duration=0.4)
    assert len(clouds) == 4
    for cloud in clouds[1:]:
        assert np.degrees(np.abs(np.arctan2(cloud.points[:, 1], cloud.points[:, 0]))).max() < 61.0


def test_a_lidar_in_a_glass_house_sees_what_stands_around_it(vlp16):
    """Every beam goes on, more paths than direct ones, and sweep after sweep takes the same memory again."""
    device = quiet(vlp16).model_copy(update={"returns": ["last"], "range_at_10_percent": 200.0, "max_range": 300.0})
    house = box((6.0, 6.0, 6.0), (0.0, 0.0, 1.8), MaterialId.WINDOW_GLASS, instance=3)
    around = box((40.0, 40.0, 40.0), (0.0, 0.0, 1.8), MaterialId.CONCRETE, instance=4)
    with static_scene(house, around) as rays:
        clouds = sweeps(device, rays, duration=0.4)
    assert len(clouds) == 4
    for cloud in clouds:
        assert len(cloud.points) == 16 * device.columns_at(10.0)
        assert (cloud.instance == 4).all()
        np.testing.assert_allclose(np.abs(cloud.points).max(axis=1), 20.0, atol=1e-3)
        np.testing.assert_allclose(cloud.points, clouds[0].points, atol=1e-5)
