"""The radar cube of a scan: power over range, radial velocity and azimuth, as its transforms would give it.

Every axis is a Hann-windowed transform, whose point response at x bins from a path is h(x) = sinc(x) / (1 - x^2)
(Harris 1978, Proc. IEEE 66), half at the neighbouring bin and below -31 dB beyond two, where it is cut. A path of
signal-to-noise ratio S and phase phi adds sqrt(S) e^(j phi) h h h to the bins around it; every bin has noise of
its own, of unit mean power. A bin is the resolution over 1.44, the window's half-power width. Velocities are folded
into the span of one ramp, azimuth bins are even in its sine: what a row of antennas measures.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.radar.device import RadarScan
from drivesim.streams import hash64
from drivesim.types import Paths, RadarCube

F64 = NDArray[np.float64]

HANN_WIDTH = 1.44
"""Half-power width of a Hann window's response, bins (Harris 1978, table 1)."""
LOWEST_DB, STEP_DB = -20.0, 0.5
"""Of the codes of a cube."""


def cube(paths: Paths, power: F64, scan: RadarScan, key: int, cycle: int) -> RadarCube:
    """What one scan's transforms make of its paths.

    Args:
        power: (P,) signal-to-noise ratios; key, cycle: as of :func:`~drivesim.sensors.radar.model.detect`, so that
            phases are those of the detections.
    """
    span = scan.velocity_spans[0] if scan.velocity_spans else scan.velocity_span
    low = -0.5 * span if scan.velocity_spans else scan.min_velocity
    fan = 2.0 * float(np.sin(scan.azimuth_limit))
    width = float(scan.azimuth_resolution(np.zeros(1))[0])
    steps = np.array([scan.range_resolution, scan.velocity_resolution, width]) / HANN_WIDTH
    shape = tuple(int(np.ceil(extent / step)) for extent, step in zip((scan.max_range, span, fan), steps, strict=True))
    steps[1] = span / shape[1]
    heard = np.flatnonzero((paths.length <= scan.max_range) & (paths.length >= scan.min_range) & (power > 1e-4))
    place = np.stack(
        [
            paths.length[heard] / steps[0],
            ((paths.radial_rate[heard].astype(np.float64) - low) % span) / steps[1],
            (np.sin(paths.azimuth[heard].astype(np.float64)) + 0.5 * fan) / steps[2],
        ],
        axis=1,
    )
    field = np.empty(shape, dtype=np.complex64)
    _noise(key ^ 0x51ED2701, cycle, field)
    _deposit(place, power[heard], heard, key, cycle, field)
    code = np.empty(shape, dtype=np.uint8)
    _coded(field, code)
    sine = np.clip(np.arange(shape[2]) * steps[2] - 0.5 * fan, -1.0, 1.0)
    return RadarCube(
        power=code,
        range=(np.arange(shape[0]) * steps[0]).astype(np.float32),
        radial_velocity=(low + np.arange(shape[1]) * steps[1]).astype(np.float32),
        azimuth=np.arcsin(sine).astype(np.float32),
    )


@nb.njit(cache=True, inline="always")
def _response(x: float) -> float:
    """Of a Hann window, x bins off."""
    if abs(x) < 1e-6:
        return 1.0
    if abs(abs(x) - 1.0) < 1e-6:
        return 0.5
    return float(np.sin(np.pi * x) / (np.pi * x) / (1.0 - x * x))


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _noise(key: int, cycle: int, field: NDArray[np.complex64]) -> None:
    """Complex white noise of unit mean power, one draw a cell."""
    ranges, velocities, beams = field.shape
    for r in nb.prange(ranges):
        for v in range(velocities):
            for a in range(beams):
                bits = hash64(key, cycle, (r * velocities + v) * beams + a)
                level = np.sqrt(-np.log((float(bits >> np.uint64(32)) + 0.5) / 4294967296.0))
                angle = float(bits & np.uint64(0xFFFFFFFF)) * (2.0 * np.pi / 4294967296.0)
                field[r, v, a] = complex(level * np.cos(angle), level * np.sin(angle))


@nb.njit(nogil=True, cache=True)
def _deposit(
    place: F64, power: F64, number: NDArray[np.int64], key: int, cycle: int, field: NDArray[np.complex64]
) -> None:
    """Add paths at ``place`` (P, 3), bins; ``number`` (P,) is what phases are keyed by. Velocities wrap round."""
    ranges, velocities, beams = field.shape
    for i in range(len(power)):
        phase = float(hash64(key, cycle, number[i]) >> np.uint64(11)) * (2.0 * np.pi / 9007199254740992.0)
        amplitude = np.sqrt(power[i])
        real, imaginary = amplitude * np.cos(phase), amplitude * np.sin(phase)
        r0, v0, a0 = int(np.floor(place[i, 0])), int(np.floor(place[i, 1])), int(np.floor(place[i, 2]))
        for r in range(max(r0 - 1, 0), min(r0 + 3, ranges)):
            along = _response(r - place[i, 0])
            for v in range(v0 - 1, v0 + 3):
                both = along * _response(v - place[i, 1])
                for a in range(max(a0 - 1, 0), min(a0 + 3, beams)):
                    share = both * _response(a - place[i, 2])
                    field[r, v % velocities, a] += complex(share * real, share * imaginary)


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _coded(field: NDArray[np.complex64], code: NDArray[np.uint8]) -> None:
    ranges, velocities, beams = field.shape
    for r in nb.prange(ranges):
        for v in range(velocities):
            for a in range(beams):
                value = field[r, v, a]
                decibels = 10.0 * np.log10(value.real * value.real + value.imag * value.imag + 1e-12)
                code[r, v, a] = np.uint8(min(max(np.rint((decibels - LOWEST_DB) / STEP_DB), 0.0), 255.0))
