"""Radar: link budget, cross-sections, Doppler and detection against closed forms and data sheets."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from sensor_scenes import box, ground, mounted, sphere, state, static_scene, ticks

from drivesim.materials import MATERIALS, MaterialId
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.atmosphere import radar_loss_db
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.model import detect, signal_to_noise
from drivesim.sensors.radar.quality import Dynamic
from drivesim.sensors.radar.scattering import Reflection, fresnel_power
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import load_device
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Paths, Weather

CLEAR = Weather()
STANDING = EgoMotion(state(0.0), state(0.05), 0)


@pytest.fixture(scope="module")
def ars408():
    return load_device("continental_ars408")


@pytest.fixture(scope="module")
def near(ars408):
    return ars408.scans[1]


def decibels(value):
    return 10 * np.log10(value)


def placed(mesh, position, *, velocity=(0.0, 0.0, 0.0), yaw_rate=0.0, instance=9, with_ground=False):
    """A scene with one moving part, instance 9; the tick lasts 50 ms."""
    builder = RaySceneBuilder()
    if with_ground:
        builder.add_static(ground())
    part = builder.add_rigid(mesh, instance)
    rays = builder.build()
    after = np.add(position, np.multiply(velocity, 0.05))
    rays.set_motion(
        part,
        Pose.from_ypr(position, (0, 0, 0)),
        Pose.from_ypr(after, (0.05 * yaw_rate, 0, 0)),
        velocity=velocity,
        omega=(0.0, 0.0, yaw_rate),
    )
    rays.commit()
    return rays


def mean_rcs(device, scan, mesh, distance, cycles=40):
    """Energy-mode radar cross-section, m2, averaged over cycles."""
    radar = Radar(mounted(device, 20.0), 0)
    with placed(mesh, (distance, 0.0, 0.0)) as rays:
        return np.mean([radar.paths(scan, rays, STANDING, 50_000_000, c)[1].sum() for c in range(cycles)])


def point_targets(ranges, rates, azimuths):
    count = len(ranges)
    zeros = np.zeros(count)
    return Paths(
        beam=np.arange(count, dtype=np.int32),
        azimuth=np.asarray(azimuths, dtype=np.float32),
        elevation=zeros.astype(np.float32),
        length=np.asarray(ranges, dtype=np.float32),
        time=zeros,
        cos_incidence=np.ones(count, dtype=np.float32),
        material=zeros.astype(np.uint8),
        semantic=zeros.astype(np.uint8),
        instance=np.arange(1, count + 1, dtype=np.int32),
        radial_rate=np.asarray(rates, dtype=np.float32),
        bounces=np.ones(count, dtype=np.uint8),
    )


def test_fresnel_reflectivity_at_normal_incidence():
    for material, expected in ((MaterialId.WINDOW_GLASS, -7.3), (MaterialId.CONCRETE, -8.1), (MaterialId.SKIN, -4.7)):
        power = fresnel_power(MATERIALS[material].permittivity_77, np.array([1.0]))
        assert decibels(power[0]) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("distance", [20.0, 40.0, 80.0])
def test_metal_sphere_has_its_geometric_cross_section(ars408, near, distance):
    assert decibels(mean_rcs(ars408, near, sphere(0.5), distance)) == pytest.approx(-1.05, abs=0.5)


@pytest.mark.parametrize("thinning", [2, 3])
@pytest.mark.parametrize(("radius", "distance"), [(0.5, 15.0), (0.5, 40.0), (0.2, 20.0)])
def test_a_thinned_fan_hears_as_much(ars408, near, radius, distance, thinning):
    """Fewer rays stand for more each: from the size of a car's bumper to that of a child's trunk."""
    thinned = ars408.model_copy(update={"thinning": thinning})
    whole, part = (decibels(mean_rcs(device, near, sphere(radius), distance)) for device in (ars408, thinned))
    assert part == pytest.approx(whole, abs=0.5)


@pytest.mark.parametrize(("approach", "passes"), [(1.5, True), (0.0, False)])
def test_the_notch_takes_out_what_stands_and_leaves_what_moves(ars408, approach, passes):
    """A sphere that comes nearer, or stands; the radar drives towards it."""
    driving = EgoMotion(state(0.0, velocity=(10, 0, 0)), state(0.05, (0.5, 0, 0), velocity=(10, 0, 0)), 0)
    devices = ars408, ars408.model_copy(update={"standing_notch": 0.2})
    with placed(sphere(1.0), (25.0, 0.0, 0.5), velocity=(-approach, 0.0, 0.0), with_ground=True) as rays:
        heard = [Radar(mounted(device, 20.0), 0).capture(rays, driving, CLEAR) for device in devices]
    rates = [cycle.radial_velocity_compensated[cycle.instance == 9] for cycle in heard]
    assert rates[0][0] == pytest.approx(-approach, abs=0.1)
    assert (len(rates[1]) > 0) is passes
    if passes:
        assert rates[1][0] == pytest.approx(-approach, abs=0.1)


def test_the_notch_goes_by_the_line_of_sight(ars408):
    """Road under the bumper lies steeply below the beam: its radial speed is less than the car's, yet it stands."""
    driving = EgoMotion(state(0.0, velocity=(14, 0, 0)), state(0.05, (0.7, 0, 0), velocity=(14, 0, 0)), 0)
    notched = ars408.model_copy(update={"standing_notch": 0.2, "min_rcs_dbsm": -100.0})
    with static_scene(ground()) as rays:
        radar = Radar(mounted(notched, 20.0, (0.0, 0.0, 0.5)), 0)
        cycles = [radar.capture(rays, driving, CLEAR) for _ in range(3)]
    assert all((cycle.bounces == 0).all() for cycle in cycles)  # noise alone


def test_a_cycle_without_an_echo_has_the_arrays_of_one_with_echoes(ars408):
    """Behind a notch, whatever is put out: the same kinds of arrays, without rows."""
    notched = ars408.model_copy(update={"standing_notch": 0.2, "channels": ["paths", "clusters", "tracks"]})
    loud, silent = [], []
    for approach, kinds in ((1.5, loud), (0.0, silent)):
        with placed(sphere(1.0), (25.0, 0.0, 0.5), velocity=(-approach, 0.0, 0.0), with_ground=True) as rays:
            cycle = Radar(mounted(notched, 20.0), 0).capture(rays, STANDING, CLEAR)
        assert (len(cycle.range) > 0) is (approach > 0.0)
        for part in (cycle, cycle.contributions, cycle.clusters, cycle.tracks):
            arrays = {field.name: getattr(part, field.name) for field in fields(part)}
            kinds += [(k, v.dtype, v.shape[1:]) for k, v in arrays.items() if isinstance(v, np.ndarray)]
    assert silent == loud


class AllRays(Radar):
    """Traces every ray, whatever may move."""

    def _movers_at(self, rays, motion, time_ns):
        return None


def test_rays_that_cannot_meet_what_moves_are_left_out_without_a_trace(ars408):
    """A walker-sized sphere between a wall that mirrors and a parked box: the same bytes with all rays traced."""
    notched = ars408.model_copy(update={"standing_notch": 0.2, "min_rcs_dbsm": -60.0})
    driving = EgoMotion(state(0.0, velocity=(10, 0, 0)), state(0.05, (0.5, 0, 0), velocity=(10, 0, 0)), 0)
    builder = RaySceneBuilder()
    builder.add_static(ground())
    parked, wall = builder.add_rigid(box((4.0, 1.8, 1.5)), 2), builder.add_rigid(box((40.0, 0.2, 3.0)), 3)
    runner = builder.add_rigid(sphere(0.4), 9)
    with builder.build() as rays:
        for part, place in ((parked, (14.0, -3.0, 0.75)), (wall, (20.0, 6.0, 1.5))):
            there = Pose.from_ypr(place, (0, 0, 0))
            rays.set_motion(part, there, there)
        start, end = (Pose.from_ypr((18.0, y, 0.6), (0, 0, 0)) for y in (1.0, 1.1))
        rays.set_motion(runner, start, end, velocity=(-1.0, 2.0, 0.0))
        rays.commit()
        some, every = (kind(mounted(notched, 20.0, (0.0, 0.0, 0.5)), 0).capture(rays, driving, CLEAR)
                       for kind in (Radar, AllRays))  # fmt: skip
    assert (some.instance == 9).sum() > 1
    assert (some.bounces == 3).any()
    for name in ("range", "azimuth", "radial_velocity", "rcs", "snr", "instance", "bounces", "invalid", "paths"):
        assert np.array_equal(getattr(some, name), getattr(every, name)), name


@pytest.mark.parametrize("size", [0.05, 0.1])
def test_plate_at_normal_incidence(ars408, near, size):
    expected = decibels(4 * np.pi * size**4 / ars408.wavelength**2)
    rcs = decibels(mean_rcs(ars408, near, box((0.01, size, size)), 5.0 if size < 0.1 else 8.0))
    assert rcs == pytest.approx(expected, abs=2.5)


def test_diffuse_sphere_follows_lambert():
    reflection = Reflection(3.9e-3)
    theta = np.linspace(0.0, np.pi / 2, 2001)
    cosine, radius, distance = np.cos(theta), 0.5, 100.0
    rho = 0.2
    reflection.diffuse[:] = rho
    reflection.specular[:] = 0.0
    # Rings of the sphere seen from far away: r^2 dOmega = 2 pi R^2 sin cos dtheta.
    solid_angle = 2 * np.pi * radius**2 * np.sin(theta) * cosine * (theta[1] - theta[0]) / distance**2
    ones = np.ones(2001, dtype=np.float32)
    sigma = reflection.cross_sections(
        ones * distance,
        cosine.astype(np.float32),
        np.zeros(2001, dtype=np.uint8),
        0 * ones,
        ones,
        1e-3,
        solid_angle.astype(np.float32),
    )
    assert decibels(sigma.sum()) == pytest.approx(decibels(8 / 3 * rho * np.pi * radius**2), abs=0.05)


def test_power_falls_with_the_fourth_power_of_range(ars408, near):
    distance = np.geomspace(10.0, 80.0, 8)
    targets = point_targets(distance, np.zeros(8), np.zeros(8))
    snr = signal_to_noise(targets, np.ones(8, dtype=np.float32), ars408, near, CLEAR)
    slope = np.polyfit(np.log(distance), np.log(snr) + 2 * radar_loss_db(CLEAR) * distance * np.log(10) / 10, 1)[0]
    assert slope == pytest.approx(-4.0, abs=1e-3)


def test_rain_takes_what_the_recommendation_says(ars408, near):
    targets, one = point_targets([200.0], [0.0], [0.0]), np.ones(1, dtype=np.float32)
    wet, dry = (signal_to_noise(targets, one, ars408, near, w)[0] for w in (Weather(rain=25.0), CLEAR))
    assert decibels(wet / dry) == pytest.approx(-4.5, abs=0.2)


def test_antenna_pattern_limits_what_is_heard(ars408, near):
    targets = point_targets([50.0] * 3, [0.0] * 3, np.radians([0.0, 45.0, 60.0]))
    snr = decibels(signal_to_noise(targets, np.ones(3, dtype=np.float32), ars408, near, CLEAR))
    np.testing.assert_allclose(snr - snr[0], [0.0, -6.0, -28.0], atol=1e-3)


@pytest.mark.parametrize("axis", ["range", "velocity", "azimuth"])
@pytest.mark.parametrize(("separation", "expected"), [(0.5, 1), (1.6, 2)])
def test_resolution_is_that_of_the_data_sheet(ars408, near, axis, separation, expected):
    step = {"range": near.range_resolution, "velocity": near.velocity_resolution, "azimuth": np.radians(3.2)}[axis]
    place = {name: np.full(2, value) for name, value in (("range", 30.0), ("velocity", -3.0), ("azimuth", 0.0))}
    place[axis] = place[axis] + [0.0, separation * step]
    targets = point_targets(place["range"], place["velocity"], place["azimuth"])
    counts = [
        np.count_nonzero(detect(targets, np.ones(2, np.float32), ars408, near, CLEAR, 11, cycle).path >= 0)
        for cycle in range(200)
    ]
    assert np.mean(np.array(counts) == expected) >= 0.95


def test_velocity_beyond_the_unambiguous_span_folds(ars408, near):
    targets = point_targets([30.0], [near.max_velocity + 5.0], [0.0])
    found = detect(targets, np.ones(1, np.float32), ars408, near.model_copy(update={"velocity_spans": []}), CLEAR, 1, 0)
    assert found.velocity[0] == pytest.approx(near.min_velocity + 5.0, abs=0.05)


@pytest.mark.parametrize(("speed", "yaw_rate"), [(20.0, 0.0), (12.0, np.radians(30.0))])
def test_doppler_of_standing_targets_is_the_sensors_own_motion(ars408, speed, yaw_rate):
    radar = Radar(mounted(ars408, 20.0, (3.4, 0.5, 0.5), ypr=(0.2, 0.0, 0.0)), 0)
    with static_scene(ground(), *(box((1.0, 1.0, 2.0), (x, y, 1.0)) for x, y in ((20, 0), (30, 8), (25, -6)))) as rays:
        for tick in ticks(0.5, 0.05, speed, yaw_rate):
            seen = radar.capture(rays, tick, CLEAR)
            assert len(seen.range) >= 2
            # Close by, what is high or low is far out of the plane that a radar without elevation takes it to be in.
            sure = (seen.range > 12.0) & (seen.snr > 20.0)  # azimuth errors of faint echoes show in velocity
            assert np.abs(seen.radial_velocity_compensated[sure]).max(initial=0.0) < 0.1
            assert np.abs(seen.radial_velocity_compensated).max() < 0.3
            assert (seen.dynamic == Dynamic.STATIONARY).all()


@pytest.mark.parametrize(("velocity", "code"), [(-8.0, Dynamic.ONCOMING), (8.0, Dynamic.MOVING)])
def test_radial_velocity_of_a_moving_target(ars408, velocity, code):
    radar = Radar(mounted(ars408, 20.0), 0)
    others = [((30.0, 0.0, 0.0), 0.0, (velocity, 0.0, 0.0), 0.0)] * 8  # the eighth is instance 9
    tick = EgoMotion(state(0.0, others=others), state(0.05, others=others), 0)
    with placed(box((0.5, 1.5, 1.5)), (30.0, 0.0, 0.0), velocity=(velocity, 0.0, 0.0)) as rays:
        seen = radar.capture(rays, tick, CLEAR)
    assert np.abs(seen.radial_velocity - velocity).max() < 0.1
    assert (seen.dynamic == code).all()
    assert (seen.instance == 9).all()


def test_detections_lie_on_the_target_with_its_range(ars408):
    radar = Radar(mounted(ars408, 20.0), 0)
    with placed(box((0.5, 1.5, 1.5)), (30.0, 5.0, 0.0), with_ground=False) as rays:
        seen = radar.capture(rays, STANDING, CLEAR)
    x, y = seen.range * np.cos(seen.azimuth), seen.range * np.sin(seen.azimuth)
    assert np.abs(x - 29.75).max() < 0.5
    assert np.abs(y - 5.0).max() < 1.2


def test_a_child_at_20_m_is_detected_and_the_road_is_not(ars408):
    child = box((0.2, 0.35, 1.15), material=MaterialId.COTTON, semantic=Tag.PEDESTRIAN)
    radar = Radar(mounted(ars408, 20.0, (0.0, 0.0, 0.5)), 0)
    seen = []
    with placed(child, (20.0, 0.0, 0.575), with_ground=True) as rays:
        for cycle in range(1, 31):
            tick = EgoMotion(state((cycle - 1) * 0.05), state(cycle * 0.05), 0)
            seen.append(radar.capture(rays, tick, CLEAR))
    assert np.mean([(s.instance == 9).any() for s in seen]) >= 0.9
    assert np.mean([np.count_nonzero(s.semantic == Tag.ROADS) for s in seen]) < 3
    rcs = np.mean([10 ** (s.rcs[s.instance == 9].max() / 10) for s in seen if (s.instance == 9).any()])
    assert -18.0 < decibels(rcs) < 0.0


def test_false_alarms_are_as_rare_as_the_threshold_says(ars408, near):
    nothing = point_targets([], [], [])
    loud = ars408.model_copy(update={"threshold_snr_db": 11.0})
    counts = [len(detect(nothing, np.zeros(0, np.float32), loud, near, CLEAR, 5, cycle).range) for cycle in range(100)]
    widths = np.mean(near.azimuth_resolution(np.linspace(0, near.azimuth_limit, 16)))
    cells = 99.8 / 0.39 * (166.7 / 0.119) * (2 * near.azimuth_limit / widths)
    expected = cells * np.exp(-(10**1.1))
    assert np.mean(counts) == pytest.approx(expected, abs=4 * np.sqrt(expected / 100))


def test_equal_seeds_give_equal_detections(ars408):
    with placed(box((0.5, 1.5, 1.5)), (30.0, 0.0, 0.0), with_ground=True) as rays:
        first, again, other = (Radar(mounted(ars408, 20.0), seed).capture(rays, STANDING, CLEAR) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.range, again.range)
    np.testing.assert_array_equal(first.snr, again.snr)
    assert not np.array_equal(first.snr, other.snr)
