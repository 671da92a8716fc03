"""What another chirp radar does to one that listens: the beat signal of its chirps, and what it comes to. No scene.

A receiver mixes what it hears with its own chirp and keeps what lies within half its sampling rate. Chirps of another
slope cross that band in short bursts, which spread over all ranges and velocities: a higher noise floor. Chirps of the
same slope and interval stay in the band: a line at a place that only timing decides, as loud as any target (Brooker
2007, "Mutual interference of millimeter-wave radar systems", IEEE Trans. EMC 49(1)).
"""

from __future__ import annotations

import math

import numpy as np

from drivesim.sensors.radar.cube import C64, SPEED_OF_LIGHT, Chirps
from drivesim.sensors.radar.device import KT0_DBM_PER_HZ, RadarDevice, RadarScan


def heard_from(own: Chirps, other: Chirps, ratio: float, delay: float = 0.0, phases: C64 | None = None) -> C64:
    """Beat signal (chirps, samples) of another radar's chirp sequence, to be added to that of the targets.

    Args:
        own, other: ``carrier`` is where a chirp's sampled part begins; the other radar sends during that part alone.
        ratio: its power at the receiver over noise, both per sample (:func:`one_way_ratio`).
        delay: when its first chirp arrives after the own first one begins, s; chirps go on before and after.
        phases: (K,) complex of unit modulus, of each of its chirps in turn; all alike if absent.
    """
    rate = own.samples / own.duration
    local = np.arange(own.samples) / rate
    time = np.arange(own.chirps)[:, None] * own.interval + local
    number = np.floor((time - delay) / other.interval)
    into = time - delay - number * other.interval
    own_slope, slope = own.bandwidth / own.duration, other.bandwidth / other.duration
    apart = other.carrier + slope * into - own.carrier - own_slope * local
    turns = own.carrier * local + 0.5 * own_slope * local**2 - other.carrier * into - 0.5 * slope * into**2
    signal = np.where((np.abs(apart) < 0.5 * rate) & (into < other.duration), math.sqrt(ratio), 0.0) * np.exp(
        2j * np.pi * np.mod(turns, 1.0)
    )
    if phases is not None:
        signal = signal * phases[number.astype(np.int64) % len(phases)]
    return signal


def noise_rise_db(own: Chirps, other: Chirps, ratio: float) -> float:
    """By how much chirps of another slope and of any timing raise the noise floor in the mean, dB.

    Where the bands overlap the other chirp is in the receiver's band for the time that it takes through the sampling
    rate, once an interval; its energy spreads evenly.
    """
    rate = own.samples / own.duration
    low, high = max(own.carrier, other.carrier), min(own.carrier + own.bandwidth, other.carrier + other.bandwidth)
    overlap = max(high - low, 0.0) / own.bandwidth
    share = min(rate * other.duration / (other.bandwidth * other.interval), 1.0)
    return 10.0 * math.log10(1.0 + ratio * overlap * share)


def ghost_range(own: Chirps, other: Chirps, delay: float) -> float:
    """Where chirps of the same slope and interval, ``delay`` s late, stand as a target, m; negative for those too
    early, which are seen from the far end of the range spectrum."""
    slope = own.bandwidth / own.duration
    return 0.5 * SPEED_OF_LIGHT * (delay - (other.carrier - own.carrier) / slope)


def one_way_ratio(
    device: RadarDevice, scan: RadarScan, rate: float, eirp_dbm: float, distance: float, azimuth: float = 0.0
) -> float:
    """Power of another radar over receiver noise in the sampled band, as :func:`heard_from` takes it.

    P = EIRP G_r lambda^2 / (4 pi R)^2 against kT0 F f_s; half of the scan's two-way gain in dB is the receiving
    antenna's, half of the losses and of the bumper lie on the way in.

    Args:
        rate: sampling rate, Hz. eirp_dbm: that the other radar sends this way. azimuth: it is seen at, rad.
    """
    angle = np.array([azimuth])
    gain = scan.receive_gain_dbi + 0.5 * float(scan.two_way_gain_db(angle, np.zeros(1))[0])
    spreading = 20.0 * math.log10(device.wavelength / (4.0 * math.pi * distance))
    power = eirp_dbm + gain + spreading - 0.5 * (device.losses_db + device.bumper_loss_db)
    noise = KT0_DBM_PER_HZ + device.noise_figure_db + 10.0 * math.log10(rate)
    return float(10.0 ** ((power - noise) / 10.0))
