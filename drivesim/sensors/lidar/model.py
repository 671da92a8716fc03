"""From propagation paths to echoes: what a time-of-flight receiver makes of them. Pure: no scene, no clock.

Link budget (extended Lambertian target that fills the beam), as a signal-to-noise ratio calibrated by one data-sheet
pair::

    SNR = SNR_threshold * (rho / 0.1) * (R_10 / r)^2 * f(theta) * exp(-2 alpha r)

rho is the material's reflectivity at the wavelength, alpha the extinction of fog, rain and snow, and f the backscatter
of a rough surface (Oren and Nayar 1994) relative to normal incidence: the cosine for smooth ones, more at grazing
incidence for asphalt, which is why real lidars see the road farther than Lambert's law allows. Retro-reflectors add
their gain with an entrance-angle fall-off (ASTM D4956: 60 % left at 30 degrees).

A beam is several paths when its footprint is sampled or glass and mirrors split it; each has a share of its energy.
Paths nearer to each other than c tau / 2 make one echo at their mean range, weighted by power: a mixed pixel. Air adds
echoes of its own, see :mod:`~drivesim.sensors.lidar.air`; beams without anything of that kind, most of all, are done
sixteen at a time, see :mod:`~drivesim.sensors.lidar.plain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, column
from drivesim.sensors.atmosphere import optical_extinction
from drivesim.sensors.lidar.air import Air, add_air_echoes, drop_reflectivity, overlap, scatters
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.plain import (
    FULL_SCALE,
    NOISE_REACH,
    Receiver,
    Reported,
    Seen,
    Surfaces,
    plain_echoes,
)
from drivesim.streams import hash64, normal32
from drivesim.types import Paths, Weather

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

RETRO_DECADES = 2.0
CLUTTER = -1
"""In place of a path: an echo of drops, fog or sunlight."""

_RETRO_EXPONENT = 3.5
_FAINT_GLARE = 0.1
"""Decades above a white target below which a reflector has no halo."""
_POROUS = (MaterialId.ASPHALT, MaterialId.CONCRETE, MaterialId.PAVING, MaterialId.KERB_STONE, MaterialId.SOIL)
_WET_DARKENING = 0.55
"""Share of diffuse reflectivity that porous surfaces lose when soaked."""

_BLOCK = 256
_MOST_ECHOES = 96
"""Paths and echoes of the air that one beam can have."""

_MODES = {"first": 0, "strongest": 1, "last": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """What the receiver reports for each of N beams, R echoes at most.

    Attributes:
        range: (N, R) float32, m; 0 where nothing was detected.
        intensity: (N, R) float32, 0..255.
        path: (N, R) int32, the strongest path of the echo, :data:`CLUTTER` for echoes of the air.
    """

    range: F32
    intensity: F32
    path: NDArray[np.int32]


def receive(
    paths: Paths, device: LidarDevice, weather: Weather, key: int, sweep: int, share: F32 | None = None,
    spray: F32 | None = None,
) -> Echoes:  # fmt: skip
    """Detect, range and grade the echoes of every beam; the same arguments give the same echoes.

    Args:
        paths: direct ones first, then those of more bounces, both in order of their beam, which counts from 0.
        key: the sensor's random stream (:func:`drivesim.streams.stream_key`).
        sweep: number of the revolution.
        share: (P,) of the beam's energy that takes each path, there and back; all of it if absent.
        spray: (N, 3) of each beam, :func:`drivesim.sensors.spray.in_beams`; none if absent.
    """
    beams, direct = int(paths.beam.max(initial=-1)) + 1, int(np.searchsorted(paths.bounces, 2))
    slots, blocks = (beams, len(device.returns)), np.arange(0, beams, _BLOCK, dtype=np.int32)
    echoes = Echoes(np.zeros(slots, np.float32), np.zeros(slots, np.float32), np.full(slots, CLUTTER, np.int32))
    _receive(
        np.searchsorted(paths.beam[:direct], blocks),
        np.searchsorted(paths.beam[direct:], blocks) + direct,
        direct,
        Seen(
            paths.beam, paths.length, paths.cos_incidence, paths.material,
            np.ones(len(paths.length), np.float32) if share is None else share,
        ),
        _surfaces(device.wavelength_nm, weather.wetness),
        np.array([_MODES[mode] for mode in device.returns]),
        _receiver(device, weather),
        Air.of(device, weather),
        np.zeros((0, 3), np.float32) if spray is None else spray,
        drop_reflectivity(device, 1.0),
        key,
        sweep,
        Reported(echoes.range, echoes.intensity, echoes.path),
    )  # fmt: skip
    return echoes


def signal_to_noise(paths: Paths, device: LidarDevice, weather: Weather) -> F32:
    """Noise-free SNR of every path, (P,); 0 where nothing was hit."""
    surfaces = _surfaces(device.wavelength_nm, weather.wetness)
    return _signals(paths.length, paths.cos_incidence, paths.material, surfaces, _receiver(device, weather))


def _receiver(device: LidarDevice, weather: Weather) -> Receiver:
    return Receiver(
        threshold=device.threshold_snr,
        budget=device.threshold_snr * device.range_at_10_percent**2 / 0.1,
        alpha=optical_extinction(weather),
        min_range=device.min_range,
        max_range=device.max_range,
        noise=device.range_noise,
        noise_floor=device.range_noise_floor,
        resolution=device.range_resolution,
        apart=device.merging_distance,
    )


@lru_cache(maxsize=16)
def _surfaces(wavelength_nm: float, wetness: float) -> Surfaces:
    share = np.float32(np.clip((wavelength_nm - 905.0) / (1550.0 - 905.0), 0.0, 1.0))
    diffuse = (1 - share) * column("reflectivity_905") + share * column("reflectivity_1550")
    porous = np.array([int(material) for material in _POROUS])
    diffuse[porous] *= np.float32(1.0 - _WET_DARKENING * wetness)
    slope = (0.5 * column("roughness")) ** 2  # variance of facet slopes, rad^2
    rough = 0.45 * slope / (slope + 0.09) / (1.0 - 0.5 * slope / (slope + 0.33))
    surfaces = Surfaces(diffuse.astype(np.float32), rough.astype(np.float32), column("retro").astype(np.float32))
    for table in surfaces:
        table.flags.writeable = False
    return surfaces


@nb.njit(cache=True)
def _reflectivity(cosine: float, diffuse: float, rough: float, retro: float) -> float:
    """Reflectivity of the Lambertian target at normal incidence that returns as much."""
    lobe = retro * cosine**_RETRO_EXPONENT if retro > 0.0 else 0.0
    return diffuse * (cosine + rough * (1.0 - cosine * cosine)) + lobe


@nb.njit(cache=True)
def _power(rho: float, r: float, receiver: Receiver) -> float:
    """SNR of what returns as much as a Lambertian target at normal incidence."""
    power = rho * receiver.budget / (r * r)
    return power * np.exp(-2.0 * receiver.alpha * r) if receiver.alpha > 0.0 else power


@nb.njit(cache=True)
def _signals(length: F32, cosine: F32, material: NDArray[np.uint8], surfaces: Surfaces, receiver: Receiver) -> F32:
    result = np.zeros(len(length), dtype=np.float32)
    diffuse, rough, retro = surfaces
    for i in range(len(length)):
        if np.isfinite(length[i]):
            m = material[i]
            rho = _reflectivity(float(cosine[i]), float(diffuse[m]), float(rough[m]), float(retro[m]))
            result[i] = _power(rho, float(length[i]), receiver)
    return result


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _receive(
    ahead: I64, aside: I64, direct: int, seen: Seen, surfaces: Surfaces, modes: I64, receiver: Receiver, air: Air,
    spray: F32, per_alpha: float, key: int, sweep: int, out: Reported,
) -> None:  # fmt: skip
    """Blocks of beams: the plain ones together, what is left one after the other.

    Args:
        ahead, aside: first direct path and first other one of every block; direct: number of direct paths.
        modes: (R,) of :data:`_MODES`; per_alpha: reflectivity of a pulse length of spray per 1/m of extinction.
        out: written where there is an echo.
    """
    beams = len(out.range)
    clear = receiver.alpha == 0.0 and not scatters(air) and len(spray) == 0
    for block in nb.prange((beams + _BLOCK - 1) // _BLOCK):
        first, last = block * _BLOCK, min((block + 1) * _BLOCK, beams)
        rest = np.ones(_BLOCK, dtype=np.int32)
        paths = ahead[block], direct, aside[block]
        if clear:
            plain_echoes(first, last - first, paths, seen, surfaces, receiver, air, key, sweep, out, rest)
        _others(first, last, paths, seen, surfaces, modes, receiver, air, spray, per_alpha, key, sweep, out, rest)


@nb.njit(error_model="numpy")
def _others(
    first: int, last: int, paths: tuple[int, int, int], seen: Seen, surfaces: Surfaces, modes: I64, receiver: Receiver,
    air: Air, spray: F32, per_alpha: float, key: int, sweep: int, out: Reported, rest: NDArray[np.int32],
) -> None:  # fmt: skip
    """Beams one after the other, where ``rest`` is not 0: those that are left out have one path each. Functions for one
    beam take no bundles of arrays, which would cost a count of references each."""
    owner, length, cosine, material, share = seen
    diffuse, rough, retro = surfaces
    measured, intensity, path = out
    ahead, direct, aside = paths
    place = np.empty((3, _MOST_ECHOES))
    sprayed, anything = len(spray) > 0, scatters(air) or air.false_alarm > 0.0
    for beam in range(first, last):
        if rest[beam - first] == 0:
            ahead += 1
            continue
        while ahead < direct and owner[ahead] < beam:
            ahead += 1
        while aside < len(owner) and owner[aside] < beam:
            aside += 1
        count: Any = 0
        while count < _MOST_ECHOES // 2:
            if ahead < direct and owner[ahead] == beam:
                i, ahead = ahead, ahead + 1
            elif aside < len(owner) and owner[aside] == beam:
                i, aside = aside, aside + 1
            else:
                break
            r, m = float(length[i]), material[i]
            if receiver.min_range <= r <= receiver.max_range:
                rho = _reflectivity(float(cosine[i]), float(diffuse[m]), float(rough[m]), float(retro[m]))
                snr = float(share[i]) * _power(rho, r, receiver)
                if sprayed and r > spray[beam, 1]:
                    snr *= np.exp(-2.0 * spray[beam, 0])
                count = _insert(place, count, r, snr, i)
        farthest = place[0, count - 1] if count > 0 else receiver.max_range
        if count > 1:
            count = _merge(place, count, receiver.apart)
        if anything:
            count = add_air_echoes(place, count, _MOST_ECHOES - 1, farthest, air, key, sweep, beam)
        if sprayed and spray[beam, 2] > 0.0:
            r = float(spray[beam, 1])
            snr = _power(per_alpha * overlap(r), r, receiver) * float(spray[beam, 2])
            if snr > 0.5 * receiver.threshold:
                count = _insert(place, count, r, snr, -1)
        found = _detected(place, count, receiver.threshold, key, sweep, beam)
        for slot in range(len(modes)):
            chosen = found[modes[slot]]
            again = False
            for earlier in range(slot):
                again |= chosen == found[modes[earlier]]
            if chosen >= 0 and not again:
                bits = hash64(key, sweep, 64 * beam + 2 * chosen + 1)
                measured[beam, slot], intensity[beam, slot] = _reported(
                    place[0, chosen], place[1, chosen], bits, receiver
                )
                path[beam, slot] = int(place[2, chosen])


@nb.njit(error_model="numpy")
def _detected(place: F64, count: int, threshold: float, key: int, sweep: int, beam: int) -> tuple[int, int, int]:
    """Which of a beam's echoes are the first, the strongest and the last above the threshold; -1 if none is."""
    first, strongest, last = -1, -1, -1
    for echo in range(count):
        snr = place[1, echo]
        if snr < threshold + NOISE_REACH:  # farther up, receiver noise cannot hide the echo
            chance, _ = _normal_pair(hash64(key, sweep, 64 * beam + 2 * echo))
            if snr + chance < threshold:
                continue
        first = echo if first < 0 else first
        strongest = echo if strongest < 0 or snr > place[1, strongest] else strongest
        last = echo
    return first, strongest, last


@nb.njit(error_model="numpy")
def _reported(r: float, snr: float, bits: Any, receiver: Receiver) -> tuple[float, float]:
    """Range and intensity of an echo; ranges are rounded as for plain ones, so that nothing elsewhere changes them."""
    one, two = _normal_pair(bits)
    value: Any = np.float32(r) + np.float32(one * max(receiver.noise / np.sqrt(snr), receiver.noise_floor))
    step = np.float32(receiver.resolution)
    if step > 0.0:
        value = np.float32(np.round(value / step)) * step
    grade = (snr + two) * r * r / receiver.budget
    if grade <= 1.0:
        return max(value, receiver.min_range), max(0.0, FULL_SCALE * grade)
    decades = min(np.log10(grade) / RETRO_DECADES, 1.0)
    return max(value, receiver.min_range), FULL_SCALE + (255.0 - FULL_SCALE) * decades


@nb.njit(cache=True, inline="always")
def _normal_pair(bits: Any) -> tuple[float, float]:
    """Two independent standard normals from the halves of one hash."""
    return normal32(bits >> np.uint64(32)), normal32(bits & np.uint64(0xFFFFFFFF))


@nb.njit(cache=True)
def _insert(place: F64, count: int, r: float, snr: float, path: int) -> int:
    """Put an echo into ``place`` (3, MOST): range, SNR, path, ascending in range; the new count."""
    i = count
    while i > 0 and place[0, i - 1] > r:
        for row in range(3):
            place[row, i] = place[row, i - 1]
        i -= 1
    place[0, i], place[1, i], place[2, i] = r, snr, path
    return count + 1


@nb.njit(cache=True)
def _merge(place: F64, count: int, apart: float) -> int:
    """Merge neighbours less than ``apart`` from one to the next, in place; the new count."""
    merged = 0
    i = 0
    while i < count:
        power, moment, strongest, path = place[1, i], place[0, i] * place[1, i], place[1, i], place[2, i]
        j = i + 1
        while j < count and place[0, j] - place[0, j - 1] <= apart:
            power += place[1, j]
            moment += place[0, j] * place[1, j]
            if place[1, j] > strongest:
                strongest, path = place[1, j], place[2, j]
            j += 1
        # Paths of no power at all (a black surface) keep the place of the nearest.
        place[0, merged] = moment / power if power > 0.0 else place[0, i]
        place[1, merged], place[2, merged] = power, path
        merged += 1
        i = j
    return merged


@nb.njit(cache=True)
def bloom(measured: F32, intensity: F32, azimuth: F32, elevation: F32, degrees: float, apart: float) -> None:
    """Spread the glare of retro-reflectors over neighbouring beams, in place.

    Args:
        measured, intensity: (C, B) first echo of every beam; azimuth, elevation: (C, B), rad.
        degrees: halo radius per decade above a white target; apart: echoes nearer than this merge, m.

    A halo echo lies at the reflector's range and is as bright as a white target at the halo's middle, fading outwards.
    Beams that already see something at that range or nearer are left alone. What is spread is marked by a negative
    range.
    """
    columns, beams = measured.shape
    step = abs(azimuth[1, 0] - azimuth[0, 0]) if columns > 1 else 1.0
    faint = FULL_SCALE + _FAINT_GLARE * (255.0 - FULL_SCALE) / RETRO_DECADES
    for c in range(columns):
        for b in range(beams):
            if intensity[c, b] <= faint or measured[c, b] <= 0.0:
                continue
            decades = RETRO_DECADES * (intensity[c, b] - FULL_SCALE) / (255.0 - FULL_SCALE)
            radius = np.radians(degrees) * decades
            reach = int(radius / max(step, 1e-6)) + 1
            for other in range(beams):
                if abs(elevation[c, other] - elevation[c, b]) > radius:
                    continue
                for shift in range(-reach, reach + 1):
                    at = (c + shift) % columns
                    aside = (azimuth[at, other] - azimuth[c, b]) * np.cos(elevation[c, b])
                    away = np.hypot(aside, elevation[at, other] - elevation[c, b])
                    here = abs(measured[at, other])
                    if away > radius or (here > 0.0 and here < measured[c, b] + apart):
                        continue
                    measured[at, other] = -measured[c, b]
                    intensity[at, other] = FULL_SCALE * (1.0 - away / radius)
