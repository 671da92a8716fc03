"""Lidar rows L1 to L16 of the goal table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ranging import CLEAR, NIGHT, changed, paths, quiet, sweeps
from sensor_scenes import box, ground, mounted, static_scene, ticks, wall

from drivesim.materials import MATERIALS, MaterialId
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.lidar.air import Air
from drivesim.sensors.lidar.model import bloom, receive, signal_to_noise
from drivesim.sensors.lidar.patterns import pattern
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.rig import load_device
from drivesim.transforms import Pose, rotation_from_ypr
from drivesim.types import Weather

SIX = ("velodyne_vlp16", "velodyne_vlp32c", "velodyne_hdl32e", "velodyne_hdl64e", "ouster_os1_128", "hesai_pandar64")
SHEETS = {  # elevations, degrees, as data sheets and manuals print them
    "velodyne_vlp16": np.arange(-15.0, 16.0, 2.0),
    "velodyne_vlp32c": [
        -25.0, -15.639, -11.31, -8.843, -7.254, -6.148, -5.333, -4.667, -4.0, -3.667, -3.333, -3.0, -2.667, -2.333,
        -2.0, -1.667, -1.333, -1.0, -0.667, -0.333, 0.0, 0.333, 0.667, 1.0, 1.333, 1.667, 2.333, 3.333, 4.667, 7.0,
        10.333, 15.0,
    ],
    "velodyne_hdl32e": np.round(np.arange(-23, 9) * 4 / 3, 2),
    "velodyne_hdl64e": [*(-73 / 3 + np.arange(32) / 2), *(-25 / 3 + np.arange(32) / 3)],
    "ouster_os1_128": np.linspace(-22.5, 22.5, 128),
    "hesai_pandar64": [
        -24.897, -18.889, -13.930, -12.974, -12.006, -11.032, -9.885, -9.060, -8.059, -7.063, -6.061, -5.898, -5.726,
        -5.565, -5.391, -5.229, -5.057, -4.892, -4.720, -4.558, -4.385, -4.221, -4.050, -3.884, -3.712, -3.548, -3.375,
        -3.210, -3.040, -2.873, -2.700, -2.536, -2.365, -2.198, -2.028, -1.860, -1.688, -1.522, -1.351, -1.184, -1.013,
        -0.845, -0.675, -0.508, -0.337, -0.169, 0.0, 0.169, 0.337, 0.508, 0.675, 0.846, 1.013, 1.184, 1.351, 1.522,
        1.688, 1.860, 2.028, 3.040, 5.057, 8.059, 11.032, 14.882,
    ],
}  # fmt: skip
ROOM = box((40.0, 40.0, 40.0), material=MaterialId.ROAD_PAINT)


@pytest.fixture(scope="module")
def vlp16():
    return load_device("velodyne_vlp16")


@pytest.fixture(scope="module")
def os1():
    return load_device("ouster_os1_128")


@pytest.mark.parametrize("name", SIX)
def test_L1_elevations_are_the_table(name):
    device = quiet(load_device(name), range_at_10_percent=100.0)
    with static_scene(ROOM) as rays:
        (cloud,) = sweeps(device, rays)
    points = cloud.points.astype(float)
    elevation = np.degrees(np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1])))
    table = np.degrees(device.elevations)
    assert len(np.unique(cloud.ring)) == device.beams
    np.testing.assert_allclose(elevation, table[cloud.ring], atol=1e-4)
    np.testing.assert_allclose(table, SHEETS[name], atol=1e-4)


def test_L1_lasers_fire_in_the_manuals_order(vlp16):
    """VLP-16: one every 2.304 microseconds, the lower half and the upper half in turns; -15 degrees first, then +1."""
    order = [-15, 1, -13, 3, -11, 5, -9, 7, -7, 9, -5, 11, -3, 13, -1, 15]
    fired = np.round(np.degrees(vlp16.elevations[np.argsort(vlp16.firing_delays)])).astype(int)
    assert fired.tolist() == order
    np.testing.assert_allclose(np.sort(vlp16.firing_delays), 2.304e-6 * np.arange(16), atol=1e-12)


def test_L2_a_rosette_covers_its_field_and_never_repeats():
    device = load_device("livox_mid40")
    half = np.radians(device.pattern.horizontal_deg) / 2
    cell = np.radians(0.4)
    seen, shares, scans = set(), [], []
    for number in range(40):
        scan = pattern(device, 10.0, number)
        scans.append(scan.azimuth.ravel())
        assert np.hypot(scan.azimuth, scan.elevation).max() <= half * (1 + 1e-6)
        cells = np.floor(np.stack([scan.azimuth.ravel(), scan.elevation.ravel()], 1) / cell).astype(int)
        seen |= set(map(tuple, cells))
        shares.append(len(seen) * cell**2 / (np.pi * half**2))
    assert (np.diff(shares) >= 0).all()
    assert shares[0] < 0.8 * shares[9]
    assert shares[9] > 0.90
    for other in scans[1:]:
        assert np.abs(other - scans[0]).max() > cell


def test_L2_a_raster_fills_its_rectangle():
    scan = pattern(load_device("solid_state_120x25"), 10.0, 0)
    assert np.degrees(np.ptp(scan.azimuth)) == pytest.approx(120.0, abs=1e-3)
    assert np.degrees(np.ptp(scan.elevation)) == pytest.approx(25.0, abs=1e-3)


def test_L3_a_revolution_does_not_depend_on_the_tick(vlp16):
    with static_scene(ground(), wall(20.0)) as rays:
        counts = {
            dt: [len(c.points) for c in sweeps(vlp16, rays, duration=0.3, dt=dt, height=1.8)]
            for dt in (0.01, 0.025, 0.05, 0.1)
        }
    assert all(count == counts[0.05] for count in counts.values())


def test_L4_points_on_a_person_fall_with_the_square_of_range(vlp16):
    distance = np.array([10.0, 20.0, 40.0, 80.0])
    device = quiet(vlp16, range_at_10_percent=100.0)
    counts = []
    for x in distance:
        with static_scene(box((0.002, 0.5, 1.7), (x, 0.0, 0.0), instance=9)) as rays:
            (cloud,) = sweeps(device, rays)
        counts.append(np.count_nonzero(cloud.instance == 9))
    # Rows of beams that meet the target, times columns that do: one beam more or less on each side.
    step = 2 * np.pi / device.columns_at(10.0)
    for x, count in zip(distance, counts, strict=True):
        rows = np.count_nonzero(np.abs(np.tan(device.elevations)) * x <= 0.85)
        assert abs(count - rows * 0.5 / x / step) <= rows
    for x, count, published in zip(distance, counts, (69.8, 17.4, 4.4, 1.1), strict=True):  # one row more or less
        assert abs(count - published) <= 0.5 / x / step + 1
    dense = quiet(load_device("ouster_os1_128"), range_at_10_percent=200.0, columns=2048)
    many = []
    for x in distance[:3]:
        with static_scene(box((0.002, 4.0, 4.0), (x, 0.0, 0.0), instance=9)) as rays:
            (cloud,) = sweeps(dense, rays)
        many.append(np.count_nonzero(cloud.instance == 9))
    assert np.polyfit(np.log(distance[:3]), np.log(many), 1)[0] == pytest.approx(-2.0, abs=0.05)


def test_L5_power_follows_the_lidar_equation(vlp16):
    distance = np.geomspace(2.0, 90.0, 30)
    fog = Weather(fog_visual_range=200.0)
    clear, foggy = (signal_to_noise(paths(distance), vlp16, weather).astype(float) for weather in (CLEAR, fog))
    assert np.polyfit(np.log(distance), np.log(clear), 1)[0] == pytest.approx(-2.0, abs=0.02)
    np.testing.assert_allclose(foggy / clear, np.exp(-2 * np.log(20) / 200 * distance), rtol=1e-4)
    cosine = np.linspace(0.05, 1.0, 20)
    smooth = signal_to_noise(paths(np.full(20, 10.0), cosine, MaterialId.CHROME), vlp16, CLEAR)
    assert np.corrcoef(smooth, cosine)[0, 1] ** 2 > 0.999


@pytest.mark.parametrize(("rho", "factor"), [(0.1, 1.0), (0.8, np.sqrt(8.0))])
def test_L6_half_the_echoes_are_found_at_the_data_sheets_range(os1, rho, factor):
    """10 % and 80 % targets: asphalt tilted until it returns as much."""
    material = MaterialId.ASPHALT if rho == 0.1 else MaterialId.ROAD_PAINT
    device = changed(os1, max_range=1000.0)
    bright = float(signal_to_noise(paths([1.0], material=material), device, NIGHT)[0])
    reach = np.sqrt(bright / device.threshold_snr)  # where the SNR is at the threshold
    equivalent = reach * np.sqrt(rho / (bright / device.threshold_snr / device.range_at_10_percent**2 * 0.1))
    assert equivalent == pytest.approx(device.range_at_10_percent * factor, rel=1e-4)
    share = [
        np.count_nonzero(receive(paths(np.full(20_000, reach * f), material=material), device, NIGHT, 7, 1).range)
        / 20_000
        for f in (0.98, 1.0, 1.02)
    ]
    assert share[1] == pytest.approx(0.5, abs=0.02)
    assert share[0] > 0.6
    assert share[2] < 0.4


def test_L7_range_noise_follows_the_signal(os1):
    """The sheet gives bounds, +-1.5, 3 and 10 cm at SNR 250, 100 and 12, on no common law (their products with the
    root are 24, 30 and 35 cm): noise as the root says keeps them all, with floor and steps of the range, by what the
    strictest one leaves; and it is no quieter than half of it."""
    rho = MATERIALS[MaterialId.ASPHALT].reflectivity_905

    def spread(device, snr):
        r = device.range_at_10_percent * np.sqrt(12.0 / snr * rho / 0.1) + np.linspace(0.0, 0.012, 40_000)
        echoes = receive(paths(r.astype(np.float32)), device, NIGHT, 3, 0)
        heard = echoes.range > 0.0
        return (echoes.range.ravel() - r)[heard.ravel()].std()

    for snr, bound in ((250.0, 0.015), (100.0, 0.03), (12.0, 0.10)):
        assert 0.5 * bound < spread(os1, snr) <= bound
    bare = changed(os1, range_noise_floor=0.0, range_resolution=0.0, max_range=1000.0)
    levels = np.array([25.0, 50.0, 100.0, 250.0, 1000.0])
    found = np.log([spread(bare, snr) for snr in levels])
    slope, _ = np.polyfit(np.log(levels), found, 1)
    assert slope == pytest.approx(-0.5, abs=0.01)


@pytest.mark.parametrize(("gap", "count"), [(2.0, 2), (0.4, 1)])
def test_L8_a_beam_on_an_edge_splits_or_mixes(os1, gap, count):
    """Planes at 10 and 10 + gap metres share the footprint; c tau / 2 is 0.75 m."""
    device = quiet(os1, rays_per_beam=19, returns=["first", "last"], divergence_mrad=6.0)
    near = box((0.01, 20.0, 20.0), (10.0, 10.0, 0.0), MaterialId.CONCRETE)
    with static_scene(near, wall(10.0 + gap)) as rays:
        (cloud,) = sweeps(device, rays)
    flat = np.abs(np.arctan2(cloud.points[:, 2], cloud.points[:, 0])) < 0.02
    ahead = flat & (np.abs(cloud.points[:, 1]) < 0.06)
    x = cloud.points[ahead, 0]
    mixed = (x > 10.02) & (x < 10.0 + gap - 0.02)
    if count == 2:
        assert not mixed.any()
        assert (cloud.return_number[ahead] == 1).any()
    else:
        assert mixed.any()
        assert (cloud.return_number[ahead] == 0).all()


def test_L8_what_mixes_lies_at_the_mean_weighted_by_power(os1):
    half = np.full(2, 0.5, np.float32)
    split = paths([10.0, 10.4], beam=[0, 0], material=MaterialId.CONCRETE)
    echoes = receive(split, quiet(os1, returns=["first", "last"]), NIGHT, 1, 0, half)
    weight = 1.0 / np.array([10.0, 10.4]) ** 2
    assert echoes.range[0, 0] == pytest.approx(weight @ [10.0, 10.4] / weight.sum(), abs=1e-5)
    assert echoes.range[0, 1] == 0.0


def test_L9_first_is_the_fence_and_last_the_wall(os1):
    device = quiet(os1, returns=["first", "last"], range_at_10_percent=200.0, max_range=500.0)
    beams = 4000
    beam = np.repeat(np.arange(beams), 2)
    share = np.tile(np.array([0.3, 0.7], dtype=np.float32), beams)
    split = paths(np.tile([10.0, 14.0], beams), material=MaterialId.CONCRETE, beam=beam)
    echoes = receive(split, device, NIGHT, 1, 0, share)
    assert np.mean(np.isclose(echoes.range[:, 0], 10.0)) >= 0.95
    assert np.mean(np.isclose(echoes.range[:, 1], 14.0)) >= 0.95
    # Intensity is reflectivity times the share of the footprint.
    assert echoes.intensity[:, 0].mean() / echoes.intensity[:, 1].mean() == pytest.approx(0.3 / 0.7, rel=0.03)


def test_L9_footprints_split_by_area(os1):
    """A screen's edge cuts the footprint: the echoes share the energy as the two parts of the disc their areas."""
    device = quiet(os1, rays_per_beam=19, returns=["first", "last"], divergence_mrad=20.0, range_at_10_percent=200.0)
    screen = box((0.01, 30.0, 30.0), (10.0, 15.0, 0.0), MaterialId.CONCRETE)
    slanted = rotation_from_ypr((0.0, 0.0, 0.2)).astype(np.float32)  # so that rows meet it at any distance
    screen = replace(screen, vertices=screen.vertices @ slanted.T, normals=screen.normals @ slanted.T)
    with static_scene(screen, wall(14.0)) as rays:
        (cloud,) = sweeps(device, rays)
    beam = cloud.ring + 128 * np.round(cloud.time_offset * 1e6).astype(np.int64)
    points = cloud.points.astype(float)
    ahead = (np.abs(points[:, 1:]) < 0.5).all(axis=1)
    near, far = (np.flatnonzero(ahead & (cloud.return_number == number)) for number in (0, 1))
    _, first, last = np.intersect1d(beam[near], beam[far], return_indices=True)
    front, behind = cloud.intensity[near[first]], cloud.intensity[far[last]]
    np.testing.assert_allclose(front + behind, 38.0, rtol=0.03)  # concrete, all of the beam
    axis = 9.995 * points[near[first]] / points[near[first], :1]
    across = np.clip(-(axis @ slanted)[:, 1] / 0.09995, -1.0, 1.0)  # radii, from edge to axis
    area = (np.arccos(across) - across * np.sqrt(1.0 - across**2)) / np.pi
    share = front / (front + behind)
    assert len(share) > 20
    assert share.mean() == pytest.approx(area.mean(), abs=0.03)
    assert np.abs(share - area).max() < 2.0 / 19.0


def test_L10_glass_lets_light_through_and_reflects_its_share(os1):
    device = quiet(os1, returns=["first", "last"], range_at_10_percent=200.0)
    pane = box((0.01, 6.0, 6.0), (5.0, 0.0, 0.0), MaterialId.WINDOW_GLASS, instance=3)
    with static_scene(pane, box((0.1, 6.0, 6.0), (12.0, 0.0, 0.0), MaterialId.CONCRETE, instance=4)) as rays:
        (cloud,) = sweeps(device, rays)
    ahead = np.hypot(cloud.points[:, 1], cloud.points[:, 2]) < 0.5
    behind = ahead & (cloud.instance == 4)
    assert behind.any()
    np.testing.assert_allclose(cloud.points[behind, 0], 11.95, atol=0.005)
    assert (cloud.instance[ahead & (cloud.return_number == 0)] == 3).all()
    # Two faces of the box, each a pane, both ways: 0.92^4 of concrete's 38 %, the power of an echo 12 m away.
    assert cloud.intensity[behind].mean() == pytest.approx(38.0 * 0.92**4, rel=0.05)


@pytest.mark.parametrize(("material", "reflected"), [(MaterialId.CHROME, 0.6), (MaterialId.WINDOW_GLASS, 2 * 0.04)])
def test_L10_a_mirror_shows_the_virtual_image(os1, material, reflected):
    """Metal, and a pane with its two faces of 4 %: there and back as bright as their reflection twice."""
    device = quiet(os1, returns=["last"], range_at_10_percent=200.0)
    mirror = box((0.01, 4.0, 4.0), (5.0, 0.0, 0.0), material, instance=3)
    post = box((0.5, 6.0, 6.0), (-4.0, 0.0, 0.0), MaterialId.CONCRETE, instance=4)
    with static_scene(mirror, post) as rays:
        (cloud,) = sweeps(device, rays)
    virtual = (cloud.instance == 4) & (cloud.points[:, 0] > 5.0)
    assert virtual.any()
    np.testing.assert_allclose(cloud.points[virtual, 0], 4.995 + 4.995 + 3.75, atol=0.01)
    middle = virtual & (np.abs(cloud.points[:, 1:]) < 0.5).all(axis=1)
    assert cloud.intensity[middle].mean() == pytest.approx(38.0 * reflected**2, rel=0.02)


def test_L11_an_object_is_distorted_by_its_own_motion(vlp16):
    """A plate that comes at 20 m/s while the ego stands: every point lies where it was when its beam fired."""
    device = quiet(vlp16, range_at_10_percent=100.0)
    builder = RaySceneBuilder()
    plate = builder.add_rigid(box((0.01, 30.0, 4.0)), 7)
    points, offset = [], []
    with builder.build() as rays:
        lidar = Lidar(mounted(device, 10.0, (0.0, 0.0, 0.0)), 0)
        for tick in ticks(0.2, 0.05):
            start, end = (
                Pose.from_ypr((20.0 - 20.0 * t * 1e-9, 0.0, 0.0), (0, 0, 0)) for t in (tick.start_ns, tick.end_ns)
            )
            rays.set_motion(plate, start, end)
            rays.commit()
            cloud = lidar.capture(rays, tick, NIGHT)
            if cloud is not None:
                points.append(cloud.points[:, 0].astype(float) + 20.0 * cloud.time_ns * 1e-9)
                offset.append(cloud.time_offset.astype(float))
    assert len(points) == 2
    for x, late in zip(points, offset, strict=True):
        np.testing.assert_allclose(x + 20.0 * late, 19.995, atol=0.002)
        assert np.ptp(x) > 0.3


def test_L11_the_seam_of_a_sweep_and_its_removal(vlp16):
    device = quiet(vlp16, range_at_10_percent=100.0)
    with static_scene(wall(40.0), wall(-40.0)) as rays:
        cloud = sweeps(device, rays, duration=0.2, speed=30.0)[-1]
    ahead = cloud.points[:, 0] > 10.0
    wall_x = cloud.points[:, 0] + cloud.world_from_ego.translation[0]
    assert (wall_x[ahead] - 40.0).std() < 0.02
    # Without the removal, the first and last firing are a tenth of a second, three metres, apart.
    raw = cloud.points[:, 0] - 30.0 * cloud.time_offset
    back = ~ahead
    assert np.ptp(raw[back]) == pytest.approx(3.00, abs=0.05)


@pytest.mark.parametrize(
    ("rain", "visibility", "expected", "within"),
    [(10.0, np.inf, 87.0, 2.0), (0.0, 200.0, 48.0, 1.0), (0.0, 100.0, 35.0, 1.0), (0.0, 50.0, 24.0, 1.0)],
)
def test_L12_weather_shortens_the_range_of_a_100_m_lidar(vlp16, rain, visibility, expected, within):
    device = changed(vlp16, range_at_10_percent=100.0 * np.sqrt(0.1 / 0.15))
    distance = np.linspace(5.0, 110.0, 4000)
    weather = Weather(rain=rain, fog_visual_range=visibility)
    limit = distance[signal_to_noise(paths(distance), device, weather) > device.threshold_snr].max()
    assert limit == pytest.approx(expected, abs=within)


def test_L12_fog_echoes_grow_with_fog(vlp16):
    shares = []
    for visibility in (1000.0, 300.0, 100.0, 50.0, 25.0):
        weather = Weather(fog_visual_range=visibility, sun_illuminance=0.0)
        echoes = receive(paths(np.full(4000, 60.0)), vlp16, weather, 1, 0)
        shares.append(np.mean((echoes.path < 0) & (echoes.range > 0)))
        fog = echoes.range[(echoes.path < 0) & (echoes.range > 0)]
        assert (fog < 15.0).all()
    assert (np.diff(shares) >= 0).all()
    assert shares[0] == 0.0
    assert shares[-1] > 0.3


def test_L13_rain_clutter_hardly_exists_at_1550_nm(vlp16):
    rain = Weather(rain=10.0)
    near, far = (Air.of(changed(vlp16, wavelength_nm=nm), rain).rain for nm in (905.0, 1550.0))
    assert 10 * np.log10(near / far) >= 20.0
    skin = [signal_to_noise(paths([10.0], material=MaterialId.SKIN), changed(vlp16, wavelength_nm=nm), NIGHT)[0]
            for nm in (905.0, 1550.0)]  # fmt: skip
    assert 0.5 <= MATERIALS[MaterialId.SKIN].reflectivity_905 <= 0.65
    assert 0.05 <= MATERIALS[MaterialId.SKIN].reflectivity_1550 <= 0.12
    assert skin[1] / skin[0] == pytest.approx(0.08 / 0.57, rel=0.02)


def test_L14_glare_grows_with_the_logarithm_of_power():
    azimuth, elevation = np.meshgrid(np.radians(np.arange(-5, 5, 0.05)), np.radians(np.arange(-5, 5, 0.05)))
    azimuth, elevation = azimuth.T.astype(np.float32), elevation.T.astype(np.float32)
    radii = []
    for intensity in (100.0, 177.5, 255.0):  # a white target, one decade above, two decades above
        measured, bright = np.zeros_like(azimuth), np.zeros_like(azimuth)
        measured[100, 100], bright[100, 100] = 20.0, intensity
        bloom(measured, bright, azimuth, elevation, 0.3, 0.75)
        radii.append(np.sqrt(np.count_nonzero(measured < 0) * 0.05**2 / np.pi))
    assert radii[0] == 0.0
    assert radii[1] == pytest.approx(0.3, rel=0.1)
    assert radii[2] == pytest.approx(0.6, rel=0.1)


def test_L14_a_sign_blooms_and_a_white_wall_does_not(os1):
    device = quiet(os1, columns=2048, bloom_deg=0.4, range_at_10_percent=100.0)
    for material, expected in ((MaterialId.SIGN_SHEET, True), (MaterialId.PLASTER, False)):
        with static_scene(
            box((0.01, 1.0, 1.0), (15.0, 0.0, 0.0), MaterialId.PLASTER if not expected else material)
        ) as rays:
            (cloud,) = sweeps(device, rays)
        assert cloud.clutter.any() == expected


def test_L15_the_sun_makes_the_sheets_false_alarms_and_the_night_none(os1):
    shots = 400_000
    nothing = paths(np.full(shots, np.inf))
    sun = receive(nothing, os1, Weather(sun_illuminance=100_000.0), 5, 0)
    alarms = np.count_nonzero(sun.range)
    assert alarms == pytest.approx(shots * 1e-4, abs=4 * np.sqrt(shots * 1e-4))
    assert (sun.path[sun.range > 0] < 0).all()
    assert np.count_nonzero(receive(nothing, os1, NIGHT, 5, 0).range) == 0


def test_L16_every_echo_of_the_air_is_flagged(vlp16):
    weather = Weather(rain=30.0, fog_visual_range=80.0)
    builder = RaySceneBuilder()
    builder.add_static(ground())
    part = builder.add_rigid(box((2.0, 2.0, 3.0)), 7)
    with builder.build() as rays:
        pose = Pose.from_ypr((12.0, 0.0, 1.5), (0, 0, 0))
        rays.set_motion(part, pose, pose)
        rays.commit()
        (cloud,) = sweeps(quiet(vlp16), rays, height=1.8, weather=weather)
    assert cloud.clutter.any()
    solid = ~cloud.clutter
    assert np.isnan(cloud.true_range[cloud.clutter]).all()
    assert (cloud.instance[cloud.clutter] == 0).all()
    measured = np.linalg.norm(cloud.points[solid], axis=1)
    np.testing.assert_allclose(measured, cloud.true_range[solid], atol=2e-3)
    on_box = solid & (cloud.instance == 7)
    assert on_box.any()
    assert (np.abs(cloud.points[on_box, 0] - 11.0) < 1.01).all()
    assert ((cloud.cos_incidence[solid] > 0) & (cloud.cos_incidence[solid] <= 1)).all()
