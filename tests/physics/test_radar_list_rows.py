"""Rows R18 and R24: what a radar list says of its detections, and where they come from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from ranging import CLEAR, changed, paths
from sensor_scenes import box, ground, mounted, state, static_scene

from drivesim.recording.decode import read_measurement
from drivesim.recording.encode import RADAR_FIELDS, radar_jobs, rms_code
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.ambiguity import Ambiguity
from drivesim.sensors.radar.model import detect, estimated_rcs, signal_to_noise
from drivesim.sensors.radar.quality import (
    Dynamic,
    Invalid,
    Truth,
    dynamics,
    false_alarm_class,
    invalid_states,
    unconfirmed,
)
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import load_device
from drivesim.transforms import Pose

LOUD = 1e3


@pytest.fixture(scope="module")
def ars408():
    return load_device("continental_ars408")


def area_for(device, scan, target, snr_db):
    """Cross-section, m2, that gives a single target this SNR."""
    return 10 ** (snr_db / 10) / signal_to_noise(target, np.ones(1, np.float32), device, scan, CLEAR)[0]


def truth_of(found, targets, sigma):
    """Paths of three bounces are ghosts here, of two the ego's own echo."""
    return Truth.of(found, targets, sigma, targets.bounces == 3, targets.bounces == 2)


def states(device, scan, targets, sigma, cycle=0):
    """Invalid states of what a scan makes of ``targets`` with cross-sections ``sigma``, m2, strongest first."""
    sigma = np.broadcast_to(np.asarray(sigma, np.float32), targets.length.shape)
    found = detect(targets, sigma, device, scan, CLEAR, 1, cycle)
    rcs = estimated_rcs(found, device, scan)
    codes = invalid_states(found, truth_of(found, targets, sigma), rcs, false_alarm_class(found, scan), device, scan)
    return codes[found.path >= 0]


def test_R18_every_reason_to_doubt_a_detection_comes_from_its_paths(ars408):
    far, near = ars408.scans
    assert states(ars408, near, paths([30.0]), 1.0)[0] == Invalid.VALID
    assert states(ars408, near, paths([10.0]), 10**-2.3)[0] == Invalid.LOW_RCS
    assert Invalid.VALID_LOW_RCS in [states(ars408, near, paths([10.0]), 10**-1.85, c)[0] for c in range(50)]
    assert states(ars408, far, paths([0.3]), 0.01)[0] == Invalid.NEAR_FIELD
    mirrored = dataclasses.replace(paths([30.0]), bounces=np.array([3], np.uint8))
    assert states(ars408, near, mirrored, 1.0)[0] == Invalid.MIRROR
    twice = dataclasses.replace(paths([30.0]), bounces=np.array([2], np.uint8))
    assert states(ars408, near, twice, 1.0)[0] == Invalid.HARMONIC
    edge = paths([30.0], azimuth=near.azimuth_limit)
    assert Invalid.OUTSIDE in [states(ars408, near, edge, 10 * LOUD, c)[0] for c in range(20)]
    high = paths([20.0], azimuth=np.radians(50), elevation=np.radians(15))
    assert states(ars408, near, high, LOUD)[0] == Invalid.AZIMUTH_CORRECTED
    beside = paths([30.0, 30.0 + 0.97 * near.range_resolution])
    assert Invalid.NO_MAXIMUM in states(ars408, near, beside, [LOUD, 0.5 * LOUD])
    assert states(ars408, near, paths([97.0]), LOUD)[0] == Invalid.BEYOND_NEAR
    two = paths([30.0, 30.0], instance=[4, 5])
    assert Invalid.MULTI_TARGET in [states(ars408, near, two, LOUD, c)[0] for c in range(5)]
    wide = paths([30.0, 30.0, 30.0], azimuth=np.radians([0.0, 2.9, -2.9]))
    assert Invalid.SUSPICIOUS_ANGLE in [states(ars408, near, wide, [LOUD, 0.9 * LOUD, 0.9 * LOUD], c)[0]
                                        for c in range(5)]  # fmt: skip
    deaf = changed(ars408, threshold_snr_db=11.0, min_rcs_dbsm=-100.0, low_rcs_dbsm=-100.0)
    faint = paths([60.0])
    area = area_for(deaf, near, faint, 11.0)
    assert Invalid.ARTEFACT in [code for c in range(40) for code in states(deaf, near, faint, area, c)]


def test_R18_a_far_echo_needs_its_near_one(ars408):
    far, near = ars408.scans
    target, sigma = paths([40.0]), np.full(1, LOUD, np.float32)
    heard = [detect(target, sigma, ars408, scan, CLEAR, 1, 0) for scan in (far, near)]
    assert not unconfirmed(heard[0], heard[1], ars408, far, near).any()
    silent = detect(paths([]), np.zeros(0, np.float32), ars408, near, CLEAR, 1, 0)
    assert unconfirmed(heard[0], silent, ars408, far, near).all()
    beyond = detect(paths([180.0]), sigma, ars408, far, CLEAR, 1, 0)
    assert not unconfirmed(beyond, silent, ars408, far, near).any()


def test_R18_every_state_of_ambiguity(ars408):
    near = ars408.scans[1]
    seen = set()
    for velocity, sigma, spans, own in (
        (-12.0, LOUD, [41.0, 47.0], 0.0), (80.0, LOUD, [41.0, 47.0], 0.0), (-12.0, LOUD, [41.0, 82.001], 0.0),
        (-12.0, LOUD, [41.0, 82.001], 12.0), (-12.0, area_for(ars408, near, paths([40.0]), 13.5), [41.0, 47.0], 0.0),
    ):  # fmt: skip
        scan = changed(near, velocity_spans=spans)
        for cycle in range(40):
            found = detect(paths([40.0], rate=velocity), np.full(1, sigma, np.float32), ars408, scan, CLEAR, 2, cycle,
                           (own, 0.0))  # fmt: skip
            seen |= set(found.ambiguity[found.path >= 0].tolist())
            unique = found.ambiguity == Ambiguity.STATIONARY_CANDIDATE
            assert np.abs(found.velocity[unique] - velocity).max(initial=0.0) < 0.2
    assert seen == set(Ambiguity)


def test_R18_false_alarm_classes_cover_the_scale(ars408):
    """Class 1 for anything well above the noise, class 7 for what noise does in every cycle; monotone in between."""
    near = ars408.scans[1]
    deaf, target = changed(ars408, threshold_snr_db=11.0), paths([70.0])
    sigma = np.full(1, area_for(deaf, near, target, 12.0), np.float32)
    classes, snr = [], []
    for cycle in range(200):
        found = detect(target, sigma, deaf, near, CLEAR, 3, cycle)
        if cycle < 3:
            classes.append(false_alarm_class(found, near))
            snr.append(found.snr)
        real = found.path >= 0
        classes.append(false_alarm_class(found, near)[real])
        snr.append(found.snr[real])
    classes, snr = np.concatenate(classes), np.concatenate(snr)
    assert set(classes.tolist()) == set(range(1, 8))
    assert (np.diff(classes[np.argsort(snr)].astype(int)) <= 0).all()
    middle = snr[(classes == 2)]
    expected = 1 - np.exp(-near.resolution_cells * np.exp(-middle))
    assert ((expected >= 0.25) & (expected <= 0.5)).all()


def test_R18_dynamic_properties():
    ahead = np.tile([1.0, 0.0, 0.0], (8, 1))
    velocity = np.array(
        [(9, 0, 0), (0, 0, 0), (-9, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 9, 0), (0, 0, 0)], float
    )
    compensated = np.array([9.0, 0.0, -9.0, 1.5, 0.0, 0.0, 0.0, 0.0])
    real = np.array([1, 1, 1, 1, 0, 1, 1, 1], bool)
    moved = np.array([-1, -1, -1, -1, -1, 1, -1, 0])
    codes, crosses = dynamics(velocity, ahead, compensated, real, moved)
    assert codes.tolist() == list(Dynamic)
    assert crosses.tolist() == [False] * 6 + [True, False]


def test_R18_all_fields_of_a_recorded_list_are_true(ars408, tmp_path):
    """A box crosses, another comes: what the file says of them is what they do."""
    builder = RaySceneBuilder()
    builder.add_static(ground())
    parts = [builder.add_rigid(box((1.5, 1.5, 1.5)), 2 + i) for i in range(2)]
    others = [((30.0, 4.0, 0.75), 0.0, (0.0, 5.0, 0.0), 0.0), ((40.0, -5.0, 0.75), 0.0, (-10.0, 0.0, 0.0), 0.0)]
    with builder.build() as rays:
        for part, (place, _, velocity, _) in zip(parts, others, strict=True):
            pose = Pose.from_ypr(place, (np.arctan2(place[1], place[0]), 0, 0))
            rays.set_motion(part, pose, pose, velocity=velocity)
        rays.commit()
        tick = EgoMotion(
            state(0.0, velocity=(8, 0, 0), others=others), state(0.05, velocity=(8, 0, 0), others=others), 0
        )
        seen = Radar(mounted(ars408, 20.0, (0.0, 0.0, 0.6)), 0).capture(rays, tick, CLEAR)
    (tmp_path / "samples/R").mkdir(parents=True)
    (tmp_path / "extra/R").mkdir(parents=True)
    for path, make in radar_jobs(seen, tmp_path / "samples/R", tmp_path / "extra/R", "list"):
        path.write_bytes(make())
    read = read_measurement(tmp_path, "samples/R/list.pcd", "radar")
    assert all(len(read[name]) == len(seen.range) for name, _ in RADAR_FIELDS)
    away = np.hypot(read["x"], read["y"])
    for instance, code in ((2, Dynamic.CROSSING_MOVING), (3, Dynamic.ONCOMING)):
        mine = read["instance"] == instance
        assert mine.any()
        assert (read["dyn_prop"][mine] == code).all()
        place, _, velocity, _ = others[instance - 2]
        sight = np.stack([read["x"], read["y"]], 1)[mine] / away[mine, None]
        radial = sight @ np.array(velocity[:2])
        np.testing.assert_allclose(
            np.sum(sight * np.stack([read["vx_comp"], read["vy_comp"]], 1)[mine], 1), radial, atol=0.3
        )
        measured = np.sum(sight * np.stack([read["vx"], read["vy"]], 1)[mine], 1)
        np.testing.assert_allclose(measured, radial - 8.0 * sight[:, 0], atol=0.3)
        np.testing.assert_allclose(away[mine], read["true_range"][mine], atol=1.0)
    assert set(read["ambig_state"].tolist()) <= {2, 3}
    assert (read["pdh0"] == 1).all()
    assert (read["is_quality_valid"] == 1).all()
    assert sorted(read["id"]) == list(range(len(read["id"])))
    for name, column in (("x_rms", 0), ("y_rms", 1), ("vx_rms", 2), ("vy_rms", 3)):
        np.testing.assert_array_equal(read[name], rms_code(seen.deviation[:, column]))
    assert rms_code(np.array([0.004, 0.25, 11.0])).tolist() == [0, 16, 31]


def test_R24_detections_add_up_from_their_paths(ars408):
    """Over many cycles the power of a detection is that of its paths, and each names where it is."""
    near = ars408.scans[1]
    radar = Radar(mounted(ars408, 20.0), 0)
    tick = EgoMotion(state(0.0), state(0.05), 0)
    heard, summed = [], []
    with static_scene(box((0.5, 1.5, 1.5), (30.0, 0.0, 0.0))) as rays:
        traced, sigma = radar.paths(near, rays, tick, 50_000_000, 1)
        each = signal_to_noise(traced, sigma, ars408, near, CLEAR)
        for cycle in range(600):
            found = detect(traced, sigma, ars408, near, CLEAR, 7, cycle)
            strongest = int(np.argmax(found.power))
            member = found.owner == strongest
            assert member.any()
            assert np.abs(traced.length[member] - found.range[strongest]).max() < 2 * near.range_resolution
            assert found.power[strongest] == pytest.approx(each[member].sum(), rel=1e-6)
            heard.append(found.snr[strongest])
            summed.append(found.power[strongest] + 1.0)
        truth = truth_of(found, traced, sigma)
    assert 10 * np.log10(np.mean(heard) / np.mean(summed)) == pytest.approx(0.0, abs=0.5)
    real = found.path >= 0
    assert (truth.bounces[real] == 1).all()
    assert truth.rcs[real].sum() == pytest.approx(sigma[found.owner >= 0].sum(), rel=1e-5)
