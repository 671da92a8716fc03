"""The plain case of detection, sixteen beams at a time: one path, clear air, a surface without special reflection.

Most beams of a scan are like that. Whatever else there is, and whatever noise could hide or saturate, is left to
:mod:`~drivesim.sensors.lidar.model`, one beam after the other, with the same equations and the same random numbers.

Only the whole kernel there is cached on disk: clear ``__pycache__`` after editing this file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.lane_memory import at, fetch, gather, put, same, scatter, whole_row
from drivesim.scene.lanes import LANES, all_of, highest, nearest_whole, real, sqrt, where
from drivesim.sensors.lidar.air import Air, false_alarm
from drivesim.streams import QUANTILES, SURE, hash64

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

FULL_SCALE = 100.0
"""Intensity of a 100 % Lambertian target; retro-reflectors use the rest of 0..255, on a logarithmic scale."""
NOISE_REACH = 6.5
"""Receiver noise adds no more than this to an SNR, and takes away no more: it is drawn from 32 bits."""

ZERO: Any = np.float32(0.0)
ONE: Any = np.float32(1.0)
_LEAST: Any = np.float32(1e-30)
_PER_CELL: Any = np.float32(2.0**-20)
_LANE = np.arange(LANES, dtype=np.int32)[None]
_NORMAL = QUANTILES.astype(np.float32)


class Seen(NamedTuple):
    """Columns of :class:`~drivesim.types.Paths` that a receiver needs, direct paths first, then the others.

    Attributes:
        owner: (P,) int32, whose beam; length, cosine, share: (P,) float32; material: (P,) uint8.
    """

    owner: I32
    length: F32
    cosine: F32
    material: NDArray[np.uint8]
    share: F32


class Surfaces(NamedTuple):
    """Per material: diffuse reflectivity at the wavelength, share of the rough-surface term, retro-reflectance."""

    diffuse: F32
    rough: F32
    retro: F32


class Receiver(NamedTuple):
    """A device, and the air, as numbers.

    Attributes:
        threshold: SNR that counts; budget: SNR of a white target at normal incidence at 1 m in clear air.
        alpha: extinction, 1/m; min_range, max_range, resolution: m; noise, noise_floor: of ranges, m, at an SNR of one
            and at least; apart: echoes nearer to each other than this become one, m.
    """

    threshold: float
    budget: float
    alpha: float
    min_range: float
    max_range: float
    noise: float
    noise_floor: float
    resolution: float
    apart: float


class Reported(NamedTuple):
    """What goes out: range (N, R) float32, intensity (N, R) float32, path (N, R) int32; see
    :class:`~drivesim.sensors.lidar.model.Echoes`."""

    range: F32
    intensity: F32
    path: I32


@nb.njit(error_model="numpy")
def plain_echoes(
    first: int, count: int, paths: tuple[int, int, int], seen: Seen, surfaces: Surfaces, receiver: Receiver, air: Air,
    key: int, sweep: int, out: Reported, rest: I32,
) -> None:  # fmt: skip
    """Report the plain echoes of some beams in clear air.

    Args:
        first, count: the beams; paths: their first direct path, how many direct ones all beams have, and the first of
            their others.
        out: of all beams, written; what is left to others stays without an echo.
        rest: (count,) or longer, 1 for beams that are left to others, written.
    """
    ahead, direct, aside = paths
    whole: Any = 0
    while whole + LANES <= count and _one_each(seen.owner, ahead + whole, direct, first + whole):
        whole += LANES
    rest[:whole], rest[whole:] = 0, 1
    while aside < len(seen.owner) and seen.owner[aside] < first + count:
        rest[seen.owner[aside] - first] = 1
        aside += 1
    if air.false_alarm > 0.0:
        for k in range(whole):
            rest[k] |= false_alarm(air, key, sweep, first + k)
    high, low = np.empty(whole, dtype=np.uint32), np.empty(whole, dtype=np.uint32)
    for k in range(whole):
        bits = hash64(key, sweep, 64 * (first + k) + 1)
        high[k], low[k] = np.uint32(bits >> np.uint64(32)), np.uint32(bits & np.uint64(0xFFFFFFFF))
    for start in range(0, whole, LANES):
        _sixteen(first + start, ahead + start, start // LANES, seen, surfaces, receiver, high, low, out, rest)


@nb.njit(error_model="numpy", forceinline=True)
def _one_each(owner: I32, path: int, direct: int, beam: int) -> bool:
    """Whether sixteen beams have just one direct path each, one after the other."""
    if path + LANES > direct or not all_of(at(owner, path) == whole_row(_LANE, 0) + beam):
        return False
    return path + LANES == direct or owner[path + LANES] != beam + LANES - 1


@nb.njit(error_model="numpy", forceinline=True)
def _sixteen(
    beam: int, path: int, group: int, seen: Seen, surfaces: Surfaces, receiver: Receiver, high: NDArray[np.uint32],
    low: NDArray[np.uint32], out: Reported, rest: I32,
) -> None:  # fmt: skip
    """Sixteen beams from ``beam`` on, whose paths start at ``path`` and whose chances stand in row ``group``."""
    budget, threshold = np.float32(receiver.budget), np.float32(receiver.threshold)
    nearest, farthest = np.float32(receiver.min_range), np.float32(receiver.max_range)
    r, cosine, kind = at(seen.length, path), at(seen.cosine, path), at(seen.material, path)
    inside = (r >= nearest) & (r <= farthest)
    r = where(inside, r, ONE)
    alike = same(kind)
    rho = fetch(surfaces.diffuse, kind, alike) * (cosine + fetch(surfaces.rough, kind, alike) * (ONE - cosine * cosine))
    snr = at(seen.share, path) * rho * budget / (r * r)
    loud = inside & (snr >= threshold + np.float32(NOISE_REACH))
    maybe = inside & (snr > threshold - np.float32(NOISE_REACH)) & ~loud
    one, sure_one = _normals(whole_row(high, group))
    two, sure_two = _normals(whole_row(low, group))
    sigma = highest(np.float32(receiver.noise) / sqrt(highest(snr, _LEAST)), np.float32(receiver.noise_floor))
    measured = r + one * sigma
    step = np.float32(receiver.resolution)
    if step > ZERO:
        measured = nearest_whole(measured / step) * step
    grade = (snr + two) * (r * r) * (ONE / budget)
    shining, unsure = fetch(surfaces.retro, kind, alike) > ZERO, ~(sure_one & sure_two) | (grade > ONE)
    left = (whole_row(rest, group) != 0) | maybe | (inside & shining) | (loud & unsure)
    put(rest, group, where(left, 1, 0))
    heard = loud & ~left
    measured = where(heard, highest(measured, nearest), ZERO)
    grade = where(heard, highest(grade * np.float32(FULL_SCALE), ZERO), ZERO)
    source = where(heard, whole_row(_LANE, 0) + path, -1)
    slots = out.range.shape[1]
    if slots == 1:
        put(out.range, beam // LANES, measured)
        put(out.intensity, beam // LANES, grade)
        put(out.path, beam // LANES, source)
    else:
        place = (whole_row(_LANE, 0) + beam) * slots
        scatter(out.range, place, measured)
        scatter(out.intensity, place, grade)
        scatter(out.path, place, source)


@nb.njit(error_model="numpy", forceinline=True)
def _normals(bits: Any) -> Any:
    """Standard normals of 32 random bits each as :func:`~drivesim.streams.normal32` makes them; false where that needs
    more than the table."""
    cell = bits >> 20
    below = gather(_NORMAL, cell)
    part = real(bits & 0xFFFFF) * _PER_CELL
    return below + part * (gather(_NORMAL, cell + 1) - below), (cell >= SURE) & (cell < len(_NORMAL) - 1 - SURE)
