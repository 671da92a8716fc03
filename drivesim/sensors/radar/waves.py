"""Closed forms of what millimetre waves do on their way: panes, rough roads, two paths over a plane, chirps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]


def slab(permittivity: complex, thickness: float, wavelength: float) -> tuple[float, float]:
    """Power reflected and transmitted by a plane sheet at normal incidence (Airy's sum over its inner reflections).

    Args:
        permittivity: eps' - j eps''; thickness, wavelength: m.
    """
    index = np.sqrt(complex(permittivity))
    face = (1.0 - index) / (1.0 + index)
    phase = np.exp(-2j * np.pi * index * thickness / wavelength)
    below = 1.0 - face**2 * phase**2
    reflected = face * (1.0 - phase**2) / below
    transmitted = (1.0 - face**2) * phase / below
    return float(abs(reflected) ** 2), float(abs(transmitted) ** 2)


def film_loss_db(thickness: float, wavelength: float, permittivity: complex = 7.6 - 12.8j) -> float:
    """One-way loss by a water film on a radome, dB (water at 10 C, double Debye)."""
    return -10.0 * float(np.log10(slab(permittivity, thickness, wavelength)[1]))


def two_ray_factor(
    distance: ArrayLike, radar_height: float, target_height: float, wavelength: float, roughness: float = 0.0
) -> F64:
    """Two-way power over a conducting-like road relative to free space, |1 - rho_s e^(-j k Delta)|^4.

    At grazing incidence every road reflects with coefficient -1; roughness (RMS height, m) leaves rho_s of it (Ament).
    """
    r = np.asarray(distance, dtype=np.float64)
    direct = np.hypot(r, radar_height - target_height)
    bounced = np.hypot(r, radar_height + target_height)
    sine = (radar_height + target_height) / bounced
    kept = np.exp(-0.5 * (4.0 * np.pi * roughness * sine / wavelength) ** 2)
    factor: F64 = np.abs(1.0 - kept * np.exp(-2j * np.pi * (bounced - direct) / wavelength)) ** 4
    return factor


def range_doppler_coupling(velocity: float, frequency: float, chirp_time: float, bandwidth: float) -> float:
    """How far the range of a moving target is off in a chirp sequence, f_c v T / B, m (Hz, s, m/s)."""
    return frequency * velocity * chirp_time / bandwidth


def rain_reflectivity(rain: float) -> float:
    """Backscatter of rain at 77 GHz, m2 per m3, at mm/h (Mie, Marshall and Palmer; interpolated in the logarithm)."""
    rates = np.log([1.0, 5.0, 10.0, 25.0, 50.0])
    eta = np.log([1.05e-4, 3.9e-4, 6.4e-4, 1.15e-3, 1.74e-3])
    return float(np.exp(np.interp(np.log(rain), rates, eta))) if rain > 0.0 else 0.0


def swerling_one(snr: ArrayLike, false_alarm: float) -> F64:
    """Probability of detecting a Swerling I target at a mean SNR (power ratio)."""
    probability: F64 = false_alarm ** (1.0 / (1.0 + np.asarray(snr, dtype=np.float64)))
    return probability
