"""The coherent front end: beat signals of a chirp sequence from paths, range-Doppler maps, CFAR. No scene, no clock.

x(n, m) = sum_i a_i exp(j 2 pi [(2 S R_i / c + 2 v_i / lambda) n / f_s + 2 v_i / lambda m T_c] + j 4 pi R_i / lambda),

n samples of a chirp, m chirps; noise is complex, white and of unit power after integration over both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]
C64 = NDArray[np.complex128]
SPEED_OF_LIGHT = 299_792_458.0


@dataclass(frozen=True, slots=True)
class Chirps:
    """A chirp sequence; Hz, s.

    Attributes:
        carrier, bandwidth: of one chirp; duration: sampled part; interval: from chirp to chirp.
        samples: per chirp; chirps: per cycle.
    """

    carrier: float
    bandwidth: float
    duration: float
    interval: float
    samples: int
    chirps: int

    @property
    def wavelength(self) -> float:
        return SPEED_OF_LIGHT / self.carrier

    @property
    def range_bin(self) -> float:
        """c / 2B, m."""
        return SPEED_OF_LIGHT / (2.0 * self.bandwidth)

    @property
    def velocity_bin(self) -> float:
        """lambda / (2 N T), m/s."""
        return self.wavelength / (2.0 * self.chirps * self.interval)

    @property
    def max_velocity(self) -> float:
        """lambda / 4T, m/s."""
        return self.wavelength / (4.0 * self.interval)


def adc(chirps: Chirps, distance: ArrayLike, rate: ArrayLike, amplitude: ArrayLike) -> C64:
    """Beat signal (chirps, samples) of P paths at ``distance`` m with ``rate`` m/s and complex ``amplitude``."""
    n = np.arange(chirps.samples) / chirps.samples * chirps.duration
    m = np.arange(chirps.chirps)[:, None] * chirps.interval
    slope = chirps.bandwidth / chirps.duration
    signal = np.zeros((chirps.chirps, chirps.samples), dtype=np.complex128)
    for r, v, a in zip(*np.broadcast_arrays(*map(np.atleast_1d, (distance, rate, amplitude))), strict=True):
        beat = 2.0 * slope * float(r) / SPEED_OF_LIGHT
        doppler = 2.0 * float(v) / chirps.wavelength
        carrier = 2.0 * float(r) / chirps.wavelength
        signal += a * np.exp(2j * np.pi * ((beat + doppler) * n + doppler * m + carrier))
    return signal


def range_doppler(signal: C64, *, windowed: bool = False) -> C64:
    """Range-Doppler map (chirps, samples): rows from -v_max to v_max (receding last), columns range bins.

    Orthonormal (Parseval) unless Hann windows of unit noise gain are asked for.
    """
    if windowed:
        for axis in (0, 1):
            window = np.hanning(signal.shape[axis] + 1)[:-1]
            window = window / np.sqrt(np.mean(window**2))
            signal = signal * (window[:, None] if axis == 0 else window)
    spectrum: C64 = np.fft.fftshift(np.fft.fft2(signal, norm="ortho"), axes=0)
    return spectrum


def receiver_noise(shape: tuple[int, ...], random: np.random.Generator) -> C64:
    """Complex white noise of unit mean power."""
    noise: C64 = (random.standard_normal(shape) + 1j * random.standard_normal(shape)) * np.sqrt(0.5)
    return noise


def cell_average_factor(cells: int, false_alarm: float) -> float:
    """Threshold over the mean of N reference cells for a false-alarm probability, N (P^(-1/N) - 1)."""
    return float(cells * (false_alarm ** (-1.0 / cells) - 1.0))


def cell_average_cfar(power: F64, reference: int, guard: int, false_alarm: float) -> NDArray[np.bool_]:
    """Detections along the last axis: above the mean of ``reference`` cells, half of them on each side beyond ``guard``
    cells; the map wraps round."""
    half = reference // 2
    total = np.zeros_like(power)
    for away in range(guard + 1, guard + half + 1):
        total += np.roll(power, away, axis=-1) + np.roll(power, -away, axis=-1)
    found: NDArray[np.bool_] = power > cell_average_factor(2 * half, false_alarm) * total / (2 * half)
    return found


def unfolded(velocities: ArrayLike, spans: ArrayLike, limit: float) -> float:
    """The one velocity within +-``limit`` that folds to ``velocities`` in waveforms of unambiguous widths ``spans``."""
    folded, widths = np.asarray(velocities, dtype=np.float64), np.asarray(spans, dtype=np.float64)
    turns = np.arange(-int(limit / widths[0]) - 1, int(limit / widths[0]) + 2)
    candidates = folded[0] + turns * widths[0]
    candidates = candidates[np.abs(candidates) <= limit]
    apart = (candidates[:, None] - folded[1:] + widths[1:] / 2.0) % widths[1:] - widths[1:] / 2.0
    return float(candidates[np.argmin(np.abs(apart).sum(axis=1))])
