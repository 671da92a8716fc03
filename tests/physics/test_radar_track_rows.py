"""Rows R8 and R18: elevation where the device measures it, and objects over cycles."""

from __future__ import annotations

import numpy as np
import pytest
from ranging import CLEAR, changed, paths
from sensor_scenes import box, mounted, state, static_scene

from drivesim.recording.encode import radar_jobs
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.model import detect, signal_to_noise
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.radar.tracks import Tracker
from drivesim.sensors.rig import load_device
from drivesim.transforms import Pose
from drivesim.types import RadarClusters


@pytest.fixture(scope="module")
def ars408():
    return load_device("continental_ars408")


@pytest.fixture(scope="module")
def ars548():
    return load_device("continental_ars548")


def found_at(device, elevations, snr_db, cycle=1):
    """What is detected of targets in one cell of range, velocity and azimuth, above each other."""
    scan = device.scans[0]
    count = len(elevations)
    targets = paths([40.0] * count, elevation=np.radians(elevations))
    budget = signal_to_noise(targets, np.ones(count, np.float32), device, scan, CLEAR)
    found = detect(targets, (10 ** (snr_db / 10) / budget).astype(np.float32), device, scan, CLEAR, 3, cycle)
    return found.elevation[found.path >= 0], found


def test_R8_elevation_is_measured_as_well_as_signal_and_beam_allow(ars548):
    """0.55 resolution / sqrt(2 SNR), as range, velocity and azimuth: at 20 dB 0.09 degrees of 2.3."""
    errors = []
    for cycle in range(200):
        (elevation, *_), found = found_at(ars548, [3.0], 20.0, cycle)
        errors.append((np.degrees(elevation) - 3.0) * np.sqrt(found.snr[0] / 100.0))
    assert np.mean(errors) == pytest.approx(0.0, abs=0.02)
    assert np.std(errors) == pytest.approx(0.55 * 2.3 / np.sqrt(2 * 100.0), rel=0.12)


@pytest.mark.parametrize(("separation", "expected"), [(0.5, 1), (1.5, 2)])
def test_R8_elevation_resolves_as_the_other_axes_do(ars548, separation, expected):
    """Two equal targets at one range, velocity and azimuth: 1.5 cells apart two detections, 0.5 one, in 95 %."""
    counts, means = [], []
    for cycle in range(200):
        elevation, _ = found_at(ars548, [0.0, separation * 2.3], 40.0, cycle)
        counts.append(len(elevation))
        means += [np.degrees(elevation.mean())] if len(elevation) else []  # both can fade
    assert np.mean(np.array(counts) == expected) >= 0.95
    assert np.mean(means) == pytest.approx(0.5 * separation * 2.3, abs=0.1)


def test_R8_a_radar_without_elevation_says_none(ars408, ars548):
    elevation, _ = found_at(ars408, [3.0], 30.0)
    assert (elevation == 0.0).all()
    blind = changed(ars548, scans=[changed(ars548.scans[0], elevation_resolution_deg=None)])
    flat, same = found_at(blind, [3.0], 30.0)
    seen, _ = found_at(ars548, [3.0], 30.0)
    assert (flat == 0.0).all()
    assert (seen != 0.0).all()
    np.testing.assert_array_equal(same.range, found_at(ars548, [3.0], 30.0)[1].range)  # other errors are untouched


def heard(things, rng, world_from_sensor=None):
    """Clusters of things given by world place and velocity (x, y, vx, vy), as a good radar hears them."""
    pose = world_from_sensor or Pose.identity()
    world = np.array(things, dtype=float).reshape(-1, 4)
    local = (world[:, :2] - pose.translation[:2]) @ pose.rotation[:2, :2]
    sight = (local @ pose.rotation[:2, :2].T) / np.linalg.norm(local, axis=1, keepdims=True)
    count = len(world)
    return RadarClusters(
        member=np.arange(count, dtype=np.int32),
        position=(local + rng.normal(0.0, 0.2, local.shape)).astype(np.float32),
        extent=np.full((count, 2), 0.5, np.float32),
        radial_velocity_compensated=(np.einsum("ki,ki->k", sight, world[:, 2:]) + rng.normal(0, 0.1, count)).astype(
            np.float32
        ),
        rcs=np.full(count, 5.0, np.float32),
        detections=np.ones(count, np.int32),
        instance=np.arange(2, count + 2, dtype=np.int32),
    )


def test_R18_objects_keep_their_number_and_get_their_velocity(ars408):
    """A car ahead, one that comes, and a crossing person, whose velocity no single cycle holds; from a moving car."""
    rng, tracker = np.random.default_rng(1), Tracker(ars408)
    start = np.array([[40.0, 0.0, 12.0, 0.0], [90.0, 4.0, -10.0, 0.0], [35.0, -6.0, 0.0, 1.4]])
    numbers = set()
    for cycle in range(40):
        time = cycle * 0.072
        now = start + np.column_stack([start[:, 2:] * time, np.zeros((3, 2))])
        pose = Pose.from_ypr((10.0 * time, 0.0, 0.5), (0.1 * time, 0.0, 0.0))
        tracks = tracker.update(heard(now, rng, pose), pose, round(time * 1e9))
        if cycle < 2:
            assert len(tracks.number) == 0  # three of five cycles
        else:
            numbers |= {tuple(zip(tracks.number.tolist(), tracks.instance.tolist(), strict=True))}
    assert len(numbers) == 1
    turn = pose.rotation[:2, :2]
    np.testing.assert_allclose(tracks.velocity @ turn.T, start[:, 2:], atol=0.5)
    np.testing.assert_allclose(tracks.position @ turn.T + pose.translation[:2], now[:, :2], atol=0.4)
    assert (tracks.existence == 1.0).all()
    assert (tracks.age == 40).all()


def test_R18_an_object_outlasts_gaps_and_is_forgotten_after_five_cycles(ars408):
    rng, tracker = np.random.default_rng(2), Tracker(ars408)
    there = [True] * 6 + [False] * 2 + [True] * 4 + [False] * 6 + [True] * 4
    known = []
    for cycle, visible in enumerate(there):
        now = [[30.0 + 0.72 * cycle, 1.0, 10.0, 0.0]] if visible else []
        known.append(tracker.update(heard(now, rng), Pose.identity(), cycle * 72_000_000).number.tolist())
    assert known[5] == known[7] == known[11] == [1]
    assert known[17] == []
    assert known[21] == [2]


def test_R18_clutter_that_comes_and_goes_is_no_object(ars408):
    rng, tracker = np.random.default_rng(3), Tracker(ars408)
    for cycle in range(60):
        places = np.column_stack([rng.uniform(5, 100, 4), rng.uniform(-30, 30, 4), rng.uniform(-20, 20, (4, 2))])
        tracks = tracker.update(heard(places, rng), Pose.identity(), cycle * 72_000_000)
        assert len(tracks.number) == 0


def test_R18_tracks_are_put_out_and_recorded_where_they_are_asked_for(ars408, tmp_path):
    radar = Radar(mounted(changed(ars408, channels=["tracks"]), 20.0, (0.0, 0.0, 0.5)), 0)
    with static_scene(box((1.5, 1.5, 1.5), (20.0, 0.0, 0.5), instance=3)) as rays:
        for tick in range(4):
            seen = radar.capture(rays, EgoMotion(state(0.05 * tick), state(0.05 * (tick + 1)), 0), CLEAR)
    assert seen.clusters is None
    assert 3 in seen.tracks.instance
    mine = list(seen.tracks.instance).index(3)
    np.testing.assert_allclose(seen.tracks.position[mine], (19.6, 0.0), atol=0.5)
    np.testing.assert_allclose(seen.tracks.velocity[mine], 0.0, atol=0.5)
    assert (tmp_path / "extra" / "tracks" / "list.npz") in dict(radar_jobs(seen, tmp_path, tmp_path / "extra", "list"))
