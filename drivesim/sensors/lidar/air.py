"""Echoes without a surface: fog, rain drops, snow flakes and sunlight.

Backscatter of a volume, beta = alpha / S, over the length of the pulse looks like a target of reflectivity
pi beta c tau / 2 (Rasshofer et al. 2011). S is the lidar ratio: 17.6 sr in fog and 5 sr in rain at 905 nm, 22 and
575 sr at 1550 nm (Mie, spherical drops; rain: Marshall and Palmer); 20 sr for snow is an assumption. Drops and flakes
are counted: where the beam holds less than one on average, echoes are rare and strong.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.atmosphere import CONTRAST, optical_extinction
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.streams import hash64, normal01, uniform01
from drivesim.types import Weather

_OVERLAP_START, _FOCUS = 0.9, 5.0
"""Nearer than the first, m, the receiver does not see the beam (Rasshofer et al. 2011); nearer than the second the
spot is out of focus and larger than the detector, which makes up for the growth of 1 / r^2 (assumed)."""
_FAINTEST = 0.05
"""Bins whose mean echo is this far below the threshold are not looked at."""
_FULL_SUN = 1e5
_FOG_FLICKER = 0.3
"""Standard deviation of a fog echo's logarithm."""


class Air(NamedTuple):
    """What the air between a lidar and its targets sends back; kernels take it whole.

    Attributes:
        fog, rain, snow: reflectivity of a pulse length of it.
        drops, flakes: per m3.
        alpha: extinction, 1/m; bin: c tau / 2, m; threshold, budget: of the device, SNR; divergence: rad; aperture: m;
        min_range, max_range: m; false_alarm: probability per shot.
    """

    fog: float
    rain: float
    snow: float
    drops: float
    flakes: float
    alpha: float
    bin: float
    threshold: float
    budget: float
    divergence: float
    aperture: float
    min_range: float
    max_range: float
    false_alarm: float

    @staticmethod
    def of(device: LidarDevice, weather: Weather) -> Air:
        alpha_fog = CONTRAST / weather.fog_visual_range
        alpha_rain = optical_extinction(Weather(rain=weather.rain))
        alpha_snow = optical_extinction(Weather(snow=weather.snow))
        per_ratio = math.pi * device.merging_distance
        return Air(
            fog=per_ratio * alpha_fog / _lidar_ratio(device.wavelength_nm, 17.6, 22.0),
            rain=drop_reflectivity(device, alpha_rain),
            snow=per_ratio * alpha_snow / 20.0,
            drops=8000.0 / 4.1 * weather.rain**0.21,
            flakes=7600.0 / 2.55 * weather.snow**-0.39 if weather.snow > 0.0 else 0.0,
            alpha=optical_extinction(weather),
            bin=device.merging_distance,
            threshold=device.threshold_snr,
            budget=device.threshold_snr * device.range_at_10_percent**2 / 0.1,
            divergence=device.divergence_mrad * 1e-3,
            aperture=device.aperture_mm * 1e-3,
            min_range=device.min_range,
            max_range=device.max_range,
            false_alarm=_false_alarm(device, weather),
        )


def drop_reflectivity(device: LidarDevice, alpha: float) -> float:
    """Reflectivity of a pulse length of drops of the size of rain with extinction ``alpha``, 1/m."""
    return math.pi * device.merging_distance * alpha / _lidar_ratio(device.wavelength_nm, 5.0, 575.0)


@nb.njit(cache=True)
def overlap(r: float) -> float:
    """Share of an echo from ``r`` metres that the receiver sees, relative to the growth of 1 / r^2."""
    return min(r / _FOCUS, 1.0) ** 2


def _lidar_ratio(wavelength_nm: float, at_905: float, at_1550: float) -> float:
    """sr, logarithmic between the two wavelengths."""
    share = min(max((wavelength_nm - 905.0) / 645.0, 0.0), 1.0)
    return math.exp((1.0 - share) * math.log(at_905) + share * math.log(at_1550))


def _false_alarm(device: LidarDevice, weather: Weather) -> float:
    """Per shot: background light's shot noise, a normal with variance proportional to light, crosses the threshold."""
    light = weather.sun_illuminance if weather.sun_elevation > 0.0 else 0.0
    rate = device.false_alarms_at_100_klx
    if rate <= 0.0 or light <= 0.0:
        return 0.0
    normal = NormalDist()
    return normal.cdf(normal.inv_cdf(rate) / math.sqrt(light / _FULL_SUN))


@nb.njit(cache=True)
def _particles(mean: float, key: int, a: int, b: int) -> Any:
    """How many of a mean number of particles are in the beam now, as a share of the mean, times their speckle."""
    if mean > 20.0:
        return max(0.0, 1.0 + normal01(key, a, b) / math.sqrt(mean))
    chance, level = uniform01(key, a, b), math.exp(-mean)
    total, count = level, 0
    while chance > total and count < 64:
        count += 1
        level *= mean / count
        total += level
    return count / mean * -math.log(uniform01(key ^ 0x51ED270B, a, b)) if count else 0.0


@nb.njit(cache=True)
def scatters(air: Air) -> bool:
    """Whether anything floats in the air."""
    return air.fog + air.rain + air.snow > 0.0


@nb.njit(cache=True)
def false_alarm(air: Air, key: int, sweep: int, beam: int) -> bool:
    """Whether sunlight makes the receiver report something in this shot."""
    return air.false_alarm > 0.0 and uniform01(_shot(key, sweep, beam), 0, 4) < air.false_alarm


@nb.njit(cache=True)
def _shot(key: int, sweep: int, beam: int) -> Any:
    """The random stream of what the air does to one shot."""
    return np.int64(hash64(key ^ 0x3C6EF372, sweep, beam) >> np.uint64(1))


@nb.njit(cache=True)
def add_air_echoes(
    place: NDArray[np.float64],
    count: int,
    room: int,
    farthest: float,
    air: Air,
    key: int,
    sweep: int,
    beam: int,
) -> int:
    """Add echoes of the air in front of ``farthest`` to ``place`` (3, room): range, SNR, -1; the new count.

    Args:
        key, sweep, beam: random stream and counters.
    """
    fog, rain, snow, length = air.fog, air.rain, air.snow, air.bin
    seed = _shot(key, sweep, beam)
    r = max(air.min_range, _OVERLAP_START) + length * uniform01(seed, 0, 0)
    number: Any = 0
    while scatters(air) and r < farthest - length and count < room - 1:
        number += 1
        gain = air.budget * overlap(r) * math.exp(-2.0 * air.alpha * r) / (r * r)
        wide = air.aperture + r * air.divergence
        volume = 0.7853981634 * wide * wide * length
        # Rare particles are strong: the mean alone does not tell how far to look.
        rare = 1.0 / min(1.0, max(volume * max(air.drops, air.flakes), 1e-3)) if rain + snow > 0.0 else 1.0
        if r > _FOCUS and gain * (fog + (rain + snow) * rare) < _FAINTEST * air.threshold:
            break
        snr = 0.0
        if fog > 0.0:
            snr += gain * fog * math.exp(_FOG_FLICKER * normal01(seed, number, 1))
        if rain > 0.0:
            snr += gain * rain * _particles(max(volume * air.drops, 1e-9), seed, number, 2)
        if snow > 0.0:
            snr += gain * snow * _particles(max(volume * air.flakes, 1e-9), seed, number, 3)
        if snr > 0.5 * air.threshold:
            place[0, count], place[1, count], place[2, count] = r, snr, -1.0
            count += 1
        r += length
    if count < room and false_alarm(air, key, sweep, beam):
        place[0, count] = air.min_range + (air.max_range - air.min_range) * uniform01(seed, 0, 5)
        place[1, count], place[2, count] = 1.2 * air.threshold, -1.0
        count += 1
    # Few: sort by range.
    for i in range(1, count):
        j = i
        while j > 0 and place[0, j - 1] > place[0, j]:
            for row in range(3):
                place[row, j - 1], place[row, j] = place[row, j], place[row, j - 1]
            j -= 1
    return count
