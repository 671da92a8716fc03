"""GNSS, IMU and odometry of a rig: what a run's own motion looks like to them, and that it is written."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sensor_scenes import state

import drivesim
from drivesim.errors import RigError
from drivesim.sensors.own_motion import GnssDevice, ImuDevice, OdometryDevice, OwnMotion, measured_motion
from drivesim.sensors.rig import load_rig

EXACT = OwnMotion(
    gnss=GnssDevice(translation=(1.0, 0.0, 1.6), white=0.0, wandering=0.0),
    imu=ImuDevice(translation=(2.0, 0.0, 0.0), gyroscope_white=0.0, gyroscope_bias=0.0, accelerometer_white=0.0,
                  accelerometer_bias=0.0),
    odometry=OdometryDevice(scale=(1.0, 1.0), step=0.001),
)  # fmt: skip
RATE = 20.0


def circling(speed=10.0, yaw_rate=0.5, count=200):
    """States of an ego on a circle."""
    states = []
    for k in range(1, count + 1):
        yaw = yaw_rate * k / RATE
        radius = speed / yaw_rate
        velocity = speed * np.array([np.cos(yaw), np.sin(yaw), 0.0])
        here = state(k / RATE, (radius * np.sin(yaw), radius * (1 - np.cos(yaw)), 0.0), yaw, velocity, yaw_rate)
        inward = speed * yaw_rate * np.array([[[-np.sin(yaw), np.cos(yaw), 0.0]]])
        states.append(dataclasses.replace(here, acceleration=inward))
    return states


def test_what_exact_units_measure_on_a_circle():
    states = circling()
    found = measured_motion(EXACT, states, 0, RATE, 1, lambda x, y: (50.0 + x * 1e-5, 8.0 + y * 1e-5))
    # Inwards v omega of the axle, and omega^2 r of the lever arm, which points ahead: towards the middle is backwards.
    np.testing.assert_allclose(found["acceleration"], np.tile([-2.0 * 0.25, 5.0, 9.80665], (200, 1)), atol=1e-9)
    np.testing.assert_allclose(found["angular_velocity"], np.tile([0.0, 0.0, 0.5], (200, 1)), atol=1e-12)
    antenna = np.array([s.pose(0).apply(np.array([1.0, 0.0, 1.6])) for s in states])
    np.testing.assert_allclose(found["gnss"], antenna, atol=1e-9)
    np.testing.assert_allclose(found["gnss_degrees"], [[50.0, 8.0]] + antenna[:, :2] * 1e-5, atol=1e-12)
    assert found["odometry"][:, 0].sum() == pytest.approx(100.0, abs=0.01)
    assert found["odometry"][:, 1].sum() == pytest.approx(5.0, abs=0.01)
    assert found["time_ns"][:2].tolist() == [50_000_000, 100_000_000]


def test_errors_belong_to_the_seed_and_units_to_the_rig():
    usual = OwnMotion(gnss=GnssDevice())
    first, again, other = (measured_motion(usual, circling(), 0, RATE, seed)["gnss"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    assert set(measured_motion(usual, circling(), 0, RATE, 1)) == {"time_ns", "gnss"}
    assert measured_motion(usual, [], 0, RATE, 1) == {}


RIG = """\
own_motion: {gnss: {}, imu: {}, odometry: {}}
sensors:
  LIDAR_TOP:
    device: {base: velodyne_vlp16, columns: 90, firing_cycle_us: null}
    translation: [0.94, 0.0, 1.84]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
"""


def test_a_recording_holds_what_they_measured(tmp_path):
    (tmp_path / "rig.yaml").write_text(RIG)
    drivesim.record("child_crossing", tmp_path / "rig.yaml", tmp_path / "out", duration=0.3)
    with np.load(tmp_path / "out/extra/own_motion.npz") as stored:
        assert set(stored.files) >= {"time_ns", "gnss", "acceleration", "angular_velocity", "odometry"}
        assert len(stored["gnss"]) == 6
        assert stored["acceleration"][:, 2].mean() == pytest.approx(9.8, abs=0.3)


def test_a_mistake_in_a_unit_is_named(tmp_path):
    (tmp_path / "rig.yaml").write_text(RIG.replace("gnss: {}", "gnss: {white: -1}"))
    with pytest.raises(RigError, match="white"):
        load_rig(tmp_path / "rig.yaml")
