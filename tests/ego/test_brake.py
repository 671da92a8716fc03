"""Brake build-up and stopping distance against closed forms."""

import pytest

from drivesim.ego.brake import Brake, stopping_distance


def speed_after(duration: float, dt: float) -> float:
    """Speed lost in ``duration`` s by braking with 9 m/s2, dead time 0.1 s, ramp 45 m/s3 (0.2 s)."""
    brake = Brake(0.1, 45.0)
    return sum(brake.step(9.0, dt) * dt for _ in range(round(duration / dt)))


@pytest.mark.parametrize("dt", [0.05, 0.01, 0.025])
def test_speed_lost_is_dead_time_ramp_and_plateau_whatever_the_step(dt):
    assert speed_after(0.1, dt) == pytest.approx(0.0, abs=1e-12)
    assert speed_after(0.2, dt) == pytest.approx(0.5 * 45.0 * 0.1**2)
    assert speed_after(1.0, dt) == pytest.approx(0.5 * 9.0 * 0.2 + 9.0 * 0.7)


def test_letting_go_starts_over():
    brake = Brake(0.1, 45.0)
    for _ in range(20):
        brake.step(9.0, 0.05)
    assert brake.step(0.0, 0.05) == 0.0
    assert brake.step(9.0, 0.05) == 0.0


@pytest.mark.parametrize("speed", [0.3, 0.9, 5.0, 13.9, 36.0])
def test_stopping_distance_is_what_the_brake_does(speed):
    dt, travelled, left, brake = 1e-4, 0.0, speed, Brake(0.1, 45.0)
    while left > 0.0:
        lost = brake.step(9.0, dt) * dt
        travelled += (left - 0.5 * min(lost, left)) * dt
        left -= lost
    assert stopping_distance(speed, 9.0, 45.0, 0.1) == pytest.approx(travelled, rel=2e-3)


def test_stopping_distance_without_delays_is_the_parabola():
    assert stopping_distance(20.0, 8.0, 1e9, 0.0) == pytest.approx(20.0**2 / 16.0)
