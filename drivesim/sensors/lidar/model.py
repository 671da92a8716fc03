"""From propagation paths to a point cloud: what a time-of-flight receiver makes of echoes. Pure: no scene, no clock.

Link budget (extended Lambertian target that fills the beam), as a signal-to-noise ratio calibrated by one data-sheet
pair::

    SNR = SNR_threshold * (rho / 0.1) * (R_10 / r)^2 * f(theta) * exp(-2 alpha r)

rho is the material's reflectivity at the wavelength, alpha the extinction of fog, rain and snow, and f the backscatter
of a rough surface (Oren and Nayar 1994) relative to normal incidence: the cosine for smooth ones, more at grazing
incidence for asphalt, which is why real lidars see the road farther than Lambert's law allows. Retro-reflectors add
their gain with an entrance-angle fall-off (ASTM D4956: 60 % left at 30 degrees).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, column
from drivesim.sensors.atmosphere import optical_extinction
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.streams import hash64
from drivesim.types import Paths, Weather

F32 = NDArray[np.float32]

_RETRO_EXPONENT = 3.5
_FULL_SCALE = 100.0
"""Intensity of a 100 % Lambertian target; retro-reflectors use the rest of 0..255, on a logarithmic scale."""
_RETRO_DECADES = 2.0

_POROUS = (MaterialId.ASPHALT, MaterialId.CONCRETE, MaterialId.PAVING, MaterialId.KERB_STONE, MaterialId.SOIL)
_WET_DARKENING = 0.55
"""Share of diffuse reflectivity that porous surfaces lose when soaked."""


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """What the receiver reports for each of P paths.

    Attributes:
        range: (P,) float32, m; 0 where nothing was detected.
        intensity: (P,) float32, 0..255.
    """

    range: F32
    intensity: F32


def receive(paths: Paths, device: LidarDevice, weather: Weather, key: int, sweep: int) -> Echoes:
    """Detect, range and grade the echo of every path; the same arguments give the same echoes.

    Args:
        key: the sensor's random stream (:func:`drivesim.streams.stream_key`).
        sweep: number of the revolution.
    """
    measured = np.zeros(len(paths.length), dtype=np.float32)
    intensity = np.zeros(len(paths.length), dtype=np.float32)
    _receive(
        paths.length,
        paths.cos_incidence,
        paths.material,
        paths.beam,
        *_reflection_tables(device.wavelength_nm, weather.wetness),
        device.threshold_snr,
        device.threshold_snr * device.range_at_10_percent**2 / 0.1,
        optical_extinction(weather),
        device.min_range,
        device.max_range,
        device.range_noise,
        device.range_noise_floor,
        device.range_resolution,
        key,
        sweep,
        measured,
        intensity,
    )
    return Echoes(measured, intensity)


def signal_to_noise(paths: Paths, device: LidarDevice, weather: Weather) -> F32:
    """Noise-free SNR of every path, (P,); 0 where nothing was hit."""
    tables = _reflection_tables(device.wavelength_nm, weather.wetness)
    budget = device.threshold_snr * device.range_at_10_percent**2 / 0.1
    return _signals(paths.length, paths.cos_incidence, paths.material, *tables, budget, optical_extinction(weather))


def _reflection_tables(wavelength_nm: float, wetness: float) -> tuple[F32, F32, F32]:
    """Per material: diffuse reflectivity at the wavelength, share of the rough-surface term, retro-reflectance."""
    share = np.float32(np.clip((wavelength_nm - 905.0) / (1550.0 - 905.0), 0.0, 1.0))
    diffuse = (1 - share) * column("reflectivity_905") + share * column("reflectivity_1550")
    porous = np.array([int(material) for material in _POROUS])
    diffuse[porous] *= np.float32(1.0 - _WET_DARKENING * wetness)
    slope = (0.5 * column("roughness")) ** 2  # variance of facet slopes, rad^2
    rough = 0.45 * slope / (slope + 0.09) / (1.0 - 0.5 * slope / (slope + 0.33))
    return diffuse.astype(np.float32), rough.astype(np.float32), column("retro").astype(np.float32)


@nb.njit(cache=True, fastmath=True)
def _effective_reflectivity(cosine: float, diffuse: float, rough: float, retro: float) -> float:
    """Reflectivity of the Lambertian target at normal incidence that returns as much."""
    lobe = retro * cosine**_RETRO_EXPONENT if retro > 0.0 else 0.0
    return diffuse * (cosine + rough * (1.0 - cosine * cosine)) + lobe


@nb.njit(cache=True, fastmath=True)
def _signals(
    length: F32,
    cosine: F32,
    material: NDArray[np.uint8],
    diffuse: F32,
    rough: F32,
    retro: F32,
    budget: float,
    alpha: float,
) -> F32:
    result = np.zeros(len(length), dtype=np.float32)
    for i in range(len(length)):
        r, m = length[i], material[i]
        if np.isfinite(r):
            rho = _effective_reflectivity(cosine[i], diffuse[m], rough[m], retro[m])
            result[i] = budget * rho * np.exp(-2.0 * alpha * r) / (r * r)
    return result


@nb.njit(cache=True)
def _normal_pair(key: int, a: int, b: int) -> tuple[float, float]:
    """Two independent standard normals from one hash (Box-Muller on its halves)."""
    bits = hash64(key, a, b)
    u = (float(bits >> np.uint64(32)) + 0.5) * (1.0 / 4294967296.0)
    angle = float(bits & np.uint64(0xFFFFFFFF)) * (2.0 * np.pi / 4294967296.0)
    radius = np.sqrt(-2.0 * np.log(u))
    return radius * np.cos(angle), radius * np.sin(angle)


@nb.njit(parallel=True, nogil=True, cache=True)
def _receive(
    length: F32,
    cosine: F32,
    material: NDArray[np.uint8],
    beam: NDArray[np.int32],
    diffuse: F32,
    rough: F32,
    retro: F32,
    threshold: float,
    budget: float,
    alpha: float,
    min_range: float,
    max_range: float,
    noise: float,
    noise_floor: float,
    resolution: float,
    key: int,
    sweep: int,
    measured: F32,
    intensity: F32,
) -> None:
    for i in nb.prange(len(length)):
        r = float(length[i])
        if not (min_range <= r <= max_range):
            continue
        m = material[i]
        rho = _effective_reflectivity(float(cosine[i]), float(diffuse[m]), float(rough[m]), float(retro[m]))
        seen = rho * np.exp(-2.0 * alpha * r)
        snr = budget * seen / (r * r)
        if snr < threshold + 6.0:  # farther up, receiver noise cannot hide the echo
            chance, _ = _normal_pair(key, sweep, 2 * beam[i])
            if snr + chance < threshold:
                continue
        first, second = _normal_pair(key, sweep, 2 * beam[i] + 1)
        value = r + first * max(noise_floor, noise / np.sqrt(snr))
        if resolution > 0.0:
            value = np.round(value / resolution) * resolution
        measured[i] = max(value, min_range)
        grade = seen * (1.0 + second / snr)
        if grade <= 1.0:
            intensity[i] = max(0.0, _FULL_SCALE * grade)
        else:
            decades = min(np.log10(grade) / _RETRO_DECADES, 1.0)
            intensity[i] = _FULL_SCALE + (255.0 - _FULL_SCALE) * decades
