"""Row R19: another chirp radar raises the noise floor, or stands as a target, as theory says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drivesim.sensors.radar.cube import Chirps, adc, range_doppler, receiver_noise
from drivesim.sensors.radar.interference import ghost_range, heard_from, noise_rise_db, one_way_ratio
from drivesim.sensors.rig import load_device

OWN = Chirps(76.5e9, 300e6, 40e-6, 50e-6, 512, 128)


def floor_db(signal):
    """Noise floor of a map: its median power over that of unit complex noise, ln 2."""
    return 10 * np.log10(np.median(np.abs(range_doppler(signal, windowed=True)) ** 2) / np.log(2))


@pytest.mark.parametrize("ratio_db", [10.0, 20.0, 30.0])
@pytest.mark.parametrize(("bandwidth", "duration", "interval"), [(300e6, 23e-6, 31.7e-6), (600e6, 60e-6, 73.3e-6)])
def test_R19_chirps_of_another_slope_raise_the_noise_floor(bandwidth, duration, interval, ratio_db):
    other = Chirps(76.4e9 if bandwidth > 300e6 else 76.5e9, bandwidth, duration, interval, 512, 1)
    random = np.random.default_rng(7)
    phases = np.exp(2j * np.pi * random.random(997))
    ratio = 10 ** (ratio_db / 10)
    quiet = receiver_noise((OWN.chirps, OWN.samples), random)
    risen = floor_db(quiet + heard_from(OWN, other, ratio, 11.3e-6, phases)) - floor_db(quiet)
    assert risen == pytest.approx(noise_rise_db(OWN, other, ratio), abs=1.0)


def test_R19_a_weak_target_drowns_in_it_and_a_strong_one_does_not():
    random = np.random.default_rng(8)
    other = Chirps(76.5e9, 300e6, 23e-6, 31.7e-6, 512, 1)
    burst = heard_from(OWN, other, 10**3.0, 11.3e-6, np.exp(2j * np.pi * random.random(997)))
    count = OWN.chirps * OWN.samples
    for snr_db, survives in ((18.0, False), (45.0, True)):
        echo = adc(OWN, 30.0, 0.0, np.sqrt(10 ** (snr_db / 10) / count))
        power = np.abs(range_doppler(echo + receiver_noise(echo.shape, random) + burst)) ** 2
        place = np.unravel_index(np.argmax(power), power.shape)
        assert (abs(place[1] - 30.0 / OWN.range_bin) <= 1.0 and place[0] == OWN.chirps // 2) == survives


@pytest.mark.parametrize("delay", [0.2e-6, 0.731e-6])
def test_R19_chirps_of_the_same_slope_stand_as_a_target(delay):
    """A line at c delay / 2 that does not move; chirps at another frequency stand elsewhere."""
    for shift in (0.0, 0.5e6):
        other = replace(OWN, carrier=OWN.carrier - shift)
        power = np.abs(range_doppler(heard_from(OWN, other, 1.0, delay))) ** 2
        doppler, beat = np.unravel_index(np.argmax(power), power.shape)
        expected = ghost_range(OWN, other, delay) / OWN.range_bin
        assert beat == pytest.approx(expected, abs=1.0)
        assert doppler == OWN.chirps // 2 or shift  # a frequency apart turns on from chirp to chirp
        assert power[:, beat].sum() > 0.5 * power.sum()


def test_R19_its_power_falls_with_the_square_of_distance():
    """An ARS408 at 50 m, head-on: 14 dBm EIRP into 24 dB less than what a wall of free space spreads."""
    device = load_device("continental_ars408")
    scan = device.scans[0]
    near, far = (one_way_ratio(device, scan, 12.8e6, 14.0, distance) for distance in (50.0, 100.0))
    assert near / far == pytest.approx(4.0)
    wavelength = 299_792_458.0 / (device.frequency_ghz * 1e9)
    watts = (
        10 ** ((14.0 + scan.receive_gain_dbi - 30.0 - 0.5 * device.losses_db) / 10) * (wavelength / (200 * np.pi)) ** 2
    )
    noise = 1.380649e-23 * 290.0 * 10 ** (device.noise_figure_db / 10) * 12.8e6
    assert 10 * np.log10(near * noise / watts) == pytest.approx(0.0, abs=0.1 + 0.5 * device.bumper_loss_db)
    aside = one_way_ratio(device, scan, 12.8e6, 14.0, 50.0, np.radians(scan.azimuth_pattern_db[-1][0]))
    assert 10 * np.log10(near / aside) == pytest.approx(-0.5 * scan.azimuth_pattern_db[-1][1])
