"""From propagation paths to radar detections: link budget, resolution cells, noise, threshold. No scene, no clock.

Radar equation, as signal-to-noise ratio after coherent integration::

    SNR = EIRP G_r lambda^2 sigma a(az, el) / ((4 pi)^3 R^4 L kT0 F / T) * 10^(-2 gamma R / 10)

Paths that the radar cannot tell apart add up with random phases, which makes echoes of extended targets fluctuate as
Swerling described; then receiver noise is added and the sum compared with the threshold, see
:mod:`~drivesim.sensors.radar.cells`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.atmosphere import radar_loss_db
from drivesim.sensors.radar.ambiguity import unfold
from drivesim.sensors.radar.cells import resolve
from drivesim.sensors.radar.device import RadarDevice, RadarScan
from drivesim.streams import stream
from drivesim.types import Paths, Weather

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_CELL = 0.92
"""Paths closer than this to the strongest one, in resolutions of every axis, end up in its detection. A little less
than one: two equal targets a resolution apart are told apart more often than not."""

_WEAKEST_SEED = 0.02
"""A path this far below the threshold (power ratio) cannot be the strongest of a detection."""

_LINE_SOURCE = 0.886
"""Half-power beam width of a line source times D / lambda (Balanis, Antenna Theory, table 2.1)."""

_WEAKEST_PATH = 1e-4
"""Paths below this SNR are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """N raw detections of one scan, from P paths.

    Attributes:
        range: m; velocity: radial, m/s; azimuth: rad; snr: power ratio.
        elevation: rad, 0 where the device does not measure it.
        deviation: (N, 3) standard deviations of range, velocity and azimuth.
        power: SNR without noise and fading, the sum over all contributing paths; 0 for false alarms.
        clutter: mean power of what surrounds the detection, in noise powers.
        ambiguity: (N,) uint8, nuScenes ``ambig_state``.
        path: the strongest contributing one (direct or mirrored, whichever makes most of the power), -1 for none.
        owner: (P,) the detection that each path is part of, -1 for none.
        lobe: (N,) bool, True for what a side lobe of the receiving beam heard of another detection's ``path``.
    """

    range: F64
    velocity: F64
    azimuth: F64
    elevation: F64
    snr: F64
    deviation: F64
    power: F64
    clutter: F64
    ambiguity: NDArray[np.uint8]
    path: NDArray[np.int64]
    owner: NDArray[np.int64]
    lobe: NDArray[np.bool_]

    @staticmethod
    def silence(paths: int) -> Found:
        """Nothing, from so many paths."""
        none, nothing = np.zeros(0), np.full(paths, -1, dtype=np.int64)
        return Found(
            none, none, none, none, none, np.zeros((0, 3)), none, none, np.zeros(0, dtype=np.uint8),
            nothing[:0], nothing, np.zeros(0, dtype=np.bool_),
        )  # fmt: skip


def signal_to_noise(paths: Paths, cross_section: F32, device: RadarDevice, scan: RadarScan, weather: Weather) -> F64:
    """Noise-free SNR (P,) of every path as a power ratio."""
    sigma = np.maximum(cross_section.astype(np.float64), 1e-12)
    length = np.where(np.isfinite(paths.length), paths.length, 1e6).astype(np.float64)
    gain = scan.two_way_gain_db(paths.azimuth.astype(np.float64), paths.elevation.astype(np.float64))
    decibels = device.budget_db(scan) + gain - 40.0 * np.log10(length) - 2.0 * radar_loss_db(weather) * length
    ratio: F64 = 10.0 ** (decibels / 10.0) * sigma
    return ratio


def detect(
    paths: Paths,
    cross_section: F32,
    device: RadarDevice,
    scan: RadarScan,
    weather: Weather,
    key: int,
    cycle: int,
    own_velocity: tuple[float, float] = (0.0, 0.0),
    numbers: NDArray[np.int64] | None = None,
) -> Found:
    """Detections of one scan, strongest first, false alarms last; the same arguments give the same detections.

    Args:
        cross_section: (P,) m2, of every path (energy mode: powers add).
        key: the sensor's random stream; cycle: number of the measurement.
        own_velocity: of the sensor along its x and y axes, m/s; tells standing things where velocities are ambiguous.
        numbers: (P,) that the paths' noise goes by; their rows if absent.
    """
    threshold = 10.0 ** (device.threshold_snr_db / 10.0)
    alarms = _false_alarms(scan, threshold, key, cycle)
    if not len(paths.length) and not len(alarms):
        return Found.silence(0)
    snr = signal_to_noise(paths, cross_section, device, scan, weather)
    heard = np.flatnonzero((paths.length >= scan.min_range) & (paths.length <= scan.max_range) & (snr > _WEAKEST_PATH))
    power = snr[heard]
    order = np.argsort(-power, kind="stable")
    heard, power = heard[order], power[order]
    place = np.stack([paths.length[heard], paths.radial_rate[heard], paths.azimuth[heard]], axis=1, dtype=np.float64)
    number = heard if numbers is None else numbers[heard]
    rows, strongest, joined = resolve(
        place, _in_cells(place, paths.elevation[heard], scan), power, number, _WEAKEST_SEED * threshold, threshold, key,
        cycle, int(scan.elevation_resolution_deg is not None),
    )  # fmt: skip
    if not len(rows) and not len(alarms):
        return Found.silence(len(paths.length))
    owner = np.full(len(paths.length), -1, dtype=np.int64)
    owner[heard] = joined
    lobes, parent = side_lobes(rows, scan, threshold)
    typical = heard[_typical(joined, power, paths.bounces[heard] > 1, strongest)]
    elevation = _elevations(joined, power, paths.elevation[heard], len(rows), scan)
    elevation = np.concatenate([elevation, elevation[parent], np.zeros(len(alarms))])
    path = np.concatenate([typical, typical[parent], np.full(len(alarms), -1)])
    lobe = np.repeat([False, True, False], [len(rows), len(lobes), len(alarms)])
    rows = np.concatenate([rows, lobes, alarms])
    return _measured(rows, elevation, path, owner, lobe, scan, threshold, own_velocity, key, cycle)


def side_lobes(rows: F64, scan: RadarScan, threshold: float) -> tuple[F64, NDArray[np.int64]]:
    """What the side lobes of the receiving beam hear of detections, and of which.

    A row of antennas of aperture D looks through all angles at once. An echo from azimuth a is heard at sin a +-
    (k + 1/2) lambda / D as well, k = 1, 2, ..., weaker by ``side_lobe_db`` and by 20 log((k + 1/2) / 1.5) more (side
    lobes of a line source, Balanis, Antenna Theory, 2.4; a taper lowers them all). Where something else was detected,
    that is what counts.

    Args:
        rows: (N, 6) as of :func:`~drivesim.sensors.radar.cells.resolve`.
    """
    parent = np.zeros(0, dtype=np.int64)
    if scan.side_lobe_db is None or not len(rows):
        return rows[:0], parent
    spacing = float(scan.azimuth_resolution(np.zeros(1))[0]) / _LINE_SOURCE
    order = np.arange(1, int(2.0 / spacing) + 1) + 0.5
    level = 10.0 ** ((scan.side_lobe_db - 20.0 * np.log10(order / 1.5)) / 10.0)
    sine = np.sin(rows[:, 2])[:, None] + np.concatenate([-order, order]) * spacing
    power = rows[:, 3:4] * np.tile(level, 2)
    heard = (power > threshold * (1.0 + rows[:, 5:6])) & (np.abs(sine) < np.sin(scan.azimuth_limit))
    parent, which = np.nonzero(heard)
    lobes = rows[parent].copy()
    lobes[:, 2], lobes[:, 3] = np.arcsin(sine[parent, which]), power[parent, which]
    lobes[:, 4] *= np.tile(level, 2)[which]
    widths = scan.azimuth_resolution(lobes[:, 2])
    taken = (
        (np.abs(lobes[:, None, 0] - rows[None, :, 0]) < scan.range_resolution)
        & (np.abs(lobes[:, None, 1] - rows[None, :, 1]) < scan.velocity_resolution)
        & (np.abs(lobes[:, None, 2] - rows[None, :, 2]) < widths[:, None])
    ).any(axis=1)
    return lobes[~taken], parent[~taken]


def _elevations(joined: NDArray[np.int64], power: F64, elevation: F32, count: int, scan: RadarScan) -> F64:
    """Mean elevation (N,) of the paths in each detection by their power, rad; 0 where the scan does not measure it."""
    if scan.elevation_resolution_deg is None:
        return np.zeros(count)
    member = joined >= 0
    total = np.bincount(joined[member], power[member], count)
    mean: F64 = np.bincount(joined[member], power[member] * elevation[member], count) / total
    return mean


def _typical(
    joined: NDArray[np.int64], power: F64, mirrored: NDArray[np.bool_], strongest: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The strongest path of each detection, of the kind, direct or mirrored, that makes most of its power."""
    member = np.flatnonzero(joined >= 0)
    row, count = joined[member], len(strongest)
    balance = np.bincount(row, np.where(mirrored[member], power[member], -power[member]), count)
    member = member[mirrored[member] == (balance > 0.0)[row]]
    typical = strongest.copy()
    typical[joined[member[::-1]]] = member[::-1]  # paths are in order of power: the first is written last
    return typical


def _in_cells(place: F64, elevation: F32, scan: RadarScan) -> F64:
    """Range, radial velocity, azimuth and elevation (P, 4) counted in half-cells; azimuth cells widen towards the
    edges, elevation is 0 where it is not measured."""
    angles, counted = scan.azimuth_cells
    cells = np.zeros((len(place), 4))
    cells[:, 0] = place[:, 0] / scan.range_resolution
    cells[:, 1] = place[:, 1] / scan.velocity_resolution
    cells[:, 2] = np.interp(place[:, 2], angles, counted)
    if scan.elevation_resolution_deg is not None:
        cells[:, 3] = elevation / np.radians(scan.elevation_resolution_deg)
    cells /= _CELL
    return cells


def _false_alarms(scan: RadarScan, threshold: float, key: int, cycle: int) -> F64:
    """Noise above the threshold, rows as of :func:`~drivesim.sensors.radar.cells.resolve`; Poisson over all cells,
    exponential in power."""
    random = stream(key, "false alarms", cycle)
    count = random.poisson(scan.resolution_cells * math.exp(-threshold))
    if not count:
        return np.zeros((0, 6))
    low = (scan.min_range, scan.min_velocity, -scan.azimuth_limit)
    high = (scan.max_range, scan.max_velocity, scan.azimuth_limit)
    places = random.uniform(low, high, size=(count, 3))
    power = threshold + random.exponential(size=(count, 1))
    return np.concatenate([places, power, np.zeros((count, 2))], axis=1)


def _measured(
    rows: F64,
    elevation: F64,
    path: NDArray[np.int64],
    owner: NDArray[np.int64],
    lobe: NDArray[np.bool_],
    scan: RadarScan,
    threshold: float,
    own_velocity: tuple[float, float],
    key: int,
    cycle: int,
) -> Found:
    """Add measurement errors of peak interpolation, 0.55 resolution / sqrt(2 SNR), and ambiguity of velocities."""
    noise = stream(key, "errors", cycle).standard_normal((len(rows), 3))
    spread = 0.55 / np.sqrt(2.0 * rows[:, 3])
    resolution = np.stack(
        [np.full(len(rows), scan.range_resolution), np.full(len(rows), scan.velocity_resolution),
         scan.azimuth_resolution(rows[:, 2])], axis=1,
    )  # fmt: skip
    deviation = spread[:, None] * resolution
    measured = rows[:, :3] + noise * deviation
    if scan.elevation_resolution_deg is not None:
        errors = stream(key, "elevation errors", cycle).standard_normal(len(rows))
        limit = scan.elevation_limit
        elevation = np.clip(elevation + errors * spread * np.radians(scan.elevation_resolution_deg), -limit, limit)
    standing = -own_velocity[0] * np.cos(measured[:, 2]) - own_velocity[1] * np.sin(measured[:, 2])
    velocity, ambiguity = unfold(
        measured[:, 1], rows[:, 3], deviation[:, 1], path >= 0, scan, threshold, standing, key, cycle
    )
    return Found(
        range=np.clip(measured[:, 0], scan.min_range, scan.max_range),
        velocity=velocity,
        azimuth=measured[:, 2],
        elevation=elevation,
        snr=rows[:, 3],
        deviation=deviation,
        power=rows[:, 4],
        clutter=rows[:, 5],
        ambiguity=ambiguity,
        path=path,
        owner=owner,
        lobe=lobe,
    )


def estimated_rcs(found: Found, device: RadarDevice, scan: RadarScan) -> F64:
    """What the radar takes for the cross-section, dBsm: the radar equation inverted in clear air, at the elevation that
    it measured or else at 0."""
    gain = scan.two_way_gain_db(found.azimuth, found.elevation)
    decibels: F64 = 10.0 * np.log10(found.snr) - device.budget_db(scan) - gain + 40.0 * np.log10(found.range)
    return decibels
