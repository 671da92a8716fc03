"""What a device says of its own detections, in nuScenes' codes (those of the ARS408's cluster list), and the truth.

The codes are those of the ARS4xx interface description as nuScenes' devkit lists them. What they stand for is computed
from the paths of each detection, not drawn: a mirror image is one because its path was mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.radar.device import RadarDevice, RadarScan
from drivesim.sensors.radar.model import Found
from drivesim.types import Paths, RadarContributions

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]


class Dynamic(IntEnum):
    """nuScenes ``dyn_prop``."""

    MOVING = 0
    STATIONARY = 1
    ONCOMING = 2
    STATIONARY_CANDIDATE = 3
    UNKNOWN = 4
    CROSSING_STATIONARY = 5
    CROSSING_MOVING = 6
    STOPPED = 7


class Invalid(IntEnum):
    """nuScenes ``invalid_state``."""

    VALID = 0x00
    LOW_RCS = 0x01
    NEAR_FIELD = 0x02
    FAR_NOT_CONFIRMED = 0x03
    VALID_LOW_RCS = 0x04
    MIRROR = 0x06
    OUTSIDE = 0x07
    AZIMUTH_CORRECTED = 0x08
    NO_MAXIMUM = 0x0B
    ARTEFACT = 0x0C
    HARMONIC = 0x0E
    BEYOND_NEAR = 0x0F
    MULTI_TARGET = 0x10
    SUSPICIOUS_ANGLE = 0x11


STANDSTILL = 0.5
"""Speed below which something stands, m/s: a walker makes 1.4, Doppler errors are a tenth of it."""
_CROSSING = 0.5
"""Something whose radial speed is less than this share of its speed crosses (60 degrees from the line of sight)."""
_SECOND = 0.25
"""Share of the power from a second instance that makes a detection one of several targets."""
_ARTEFACT = 3
"""Class of false-alarm probability (more than a half) from which a detection is called an artefact."""
_BY_FAR = 4.0
"""How far above the threshold the near scan must expect to hear something before its silence counts, power ratio."""

FALSE_ALARM_BOUNDS = np.array([0.25, 0.5, 0.75, 0.9, 0.99, 0.999])
"""Upper bounds of ``pdh0`` classes 1 to 6; class 7 is above."""


def false_alarm_class(found: Found, scan: RadarScan) -> U8:
    """``pdh0``: how likely noise and clutter alone reach that power somewhere in a cycle, as a class 1 to 7."""
    above = found.snr / (1.0 + found.clutter)
    probability = -np.expm1(-scan.resolution_cells * np.exp(-above))
    return (1 + np.searchsorted(FALSE_ALARM_BOUNDS, probability, side="left")).astype(np.uint8)


def of_path(values: NDArray[Any], path: NDArray[np.int64]) -> NDArray[Any]:
    """Values (P,) of detections' paths (N,); 0 where a detection has none, -1."""
    return np.append(values, np.zeros(1, values.dtype))[path]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What N detections of a scan came from; (N,) each.

    Attributes:
        range, azimuth, elevation, rate: of the strongest path, m, rad, m/s; NaN for false alarms.
        rcs: of all contributing paths, m2; paths: how many; bounces: of the strongest.
        second: share of the cross-section from others than the strongest path's instance.
        ghost: whether the strongest path's mirror shows something that stands elsewhere; own: whether that is the ego.
        spread: standard deviation of the contributing paths' azimuths, weighted by cross-section, rad.
    """

    range: F64
    azimuth: F64
    elevation: F64
    rate: F64
    rcs: F64
    paths: NDArray[np.int64]
    bounces: U8
    second: F64
    spread: F64
    ghost: Bool
    own: Bool

    @staticmethod
    def none() -> Truth:
        """Behind no detections."""
        none, no = np.zeros(0), np.zeros(0, dtype=np.bool_)
        return Truth(
            none, none, none, none, none, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8), none, none, no, no
        )

    @staticmethod
    def of(found: Found, paths: Paths, cross_section: F32, ghost: Bool, own: Bool) -> Truth:
        """The truth behind what was found in ``paths``, of which (P,) some are ``ghost`` and some the ego's ``own``."""
        count = len(found.path)
        member = np.flatnonzero(found.owner >= 0)
        row, sigma = found.owner[member], cross_section[member].astype(np.float64)

        def summed(values: F64) -> F64:
            return np.bincount(row, values, count).astype(np.float64)

        total = summed(sigma)
        share = np.maximum(total, 1e-30)
        azimuth = paths.azimuth[member].astype(np.float64)
        mean = summed(sigma * azimuth) / share
        spread = np.sqrt(summed(sigma * (azimuth - mean[row]) ** 2) / share)
        real = found.path >= 0
        other = paths.instance[member] != of_path(paths.instance, found.path)[row]

        def strongest(values: F32) -> F64:
            return np.where(real, of_path(values, found.path), np.nan).astype(np.float64)

        return Truth(
            range=strongest(paths.length),
            azimuth=strongest(paths.azimuth),
            elevation=strongest(paths.elevation),
            rate=strongest(paths.radial_rate),
            rcs=total,
            paths=np.bincount(row, minlength=count),
            bounces=of_path(paths.bounces, found.path),
            second=summed(sigma * other) / share,
            spread=spread,
            ghost=of_path(ghost, found.path),
            own=of_path(own, found.path),
        )


def contributions(
    paths: Paths, cross_section: F32, power: F64, owner: NDArray[np.int64], rows: NDArray[np.int64]
) -> RadarContributions:
    """The paths of one scan that are part of a detection that is put out.

    Args:
        power: (P,) signal-to-noise ratios; owner: (P,) as of :class:`~drivesim.sensors.radar.model.Found`; rows: (N,)
            place of each of the scan's detections among those that are put out, -1 for none.
    """
    member = np.flatnonzero(owner >= 0)
    row = rows[owner[member]]
    member, row = member[row >= 0], row[row >= 0]
    return RadarContributions(
        detection=row.astype(np.int32),
        range=paths.length[member],
        azimuth=paths.azimuth[member],
        elevation=paths.elevation[member],
        radial_velocity=paths.radial_rate[member],
        rcs=(10.0 * np.log10(np.maximum(cross_section[member], 1e-12))).astype(np.float32),
        snr=(10.0 * np.log10(power[member])).astype(np.float32),
        material=paths.material[member],
        semantic=paths.semantic[member],
        instance=paths.instance[member],
        bounces=paths.bounces[member],
    )


def invalid_states(found: Found, truth: Truth, rcs: F64, pdh0: U8, device: RadarDevice, scan: RadarScan) -> U8:
    """:class:`Invalid` of one scan's detections; the gravest reason counts. What takes several scans is
    :func:`unconfirmed`."""
    state = np.full(len(found.path), int(Invalid.VALID), dtype=np.uint8)
    width = scan.azimuth_resolution(found.azimuth)
    # A row of antennas measures the angle to itself: elevation bends azimuths towards the middle, unless it is known.
    elevation = 0.0 if scan.elevation_resolution_deg is not None else truth.elevation
    bent = np.abs(np.arcsin(np.sin(truth.azimuth) * np.cos(elevation)) - truth.azimuth)
    longest = max(device.scans, key=lambda each: each.max_range)
    aperture = 0.886 * device.wavelength / float(scan.azimuth_resolution(np.zeros(1))[0])
    beyond = np.asarray(found.range) > (np.inf if scan is longest else 0.95 * scan.max_range)
    reasons: list[tuple[Invalid, Bool]] = [
        (Invalid.VALID_LOW_RCS, rcs < device.low_rcs_dbsm),
        (Invalid.BEYOND_NEAR, beyond),
        (Invalid.AZIMUTH_CORRECTED, bent > 0.25 * width),
        (Invalid.SUSPICIOUS_ANGLE, truth.spread > 0.5 * width),
        (Invalid.MULTI_TARGET, truth.second > _SECOND),
        (Invalid.NO_MAXIMUM, _beside_stronger(found, scan)),
        (Invalid.ARTEFACT, (pdh0 >= _ARTEFACT) | found.lobe),
        (Invalid.LOW_RCS, rcs < device.min_rcs_dbsm),
        (Invalid.OUTSIDE, np.abs(found.azimuth) > scan.azimuth_limit),
        # Where the reactive near field of the antenna ends (Balanis, Antenna Theory, 2.2.4).
        (Invalid.NEAR_FIELD, found.range < 0.62 * np.sqrt(aperture**3 / device.wavelength)),
        (Invalid.MIRROR, truth.ghost),
        (Invalid.HARMONIC, truth.own),
    ]
    for code, holds in reasons:
        state[holds] = code
    return state


def _beside_stronger(found: Found, scan: RadarScan) -> Bool:
    """Which detections lie within one resolution of a stronger one in every axis."""
    place = np.stack(
        [found.range / scan.range_resolution, found.velocity / scan.velocity_resolution,
         found.azimuth / scan.azimuth_resolution(found.azimuth)], axis=1,
    )  # fmt: skip
    near = (np.abs(place[:, None] - place[None]) < 1.0).all(axis=2)
    if scan.elevation_resolution_deg is not None:
        width = np.radians(scan.elevation_resolution_deg)
        near &= np.abs(found.elevation[:, None] - found.elevation[None]) < width
    return np.asarray((near & (found.snr[None] > found.snr[:, None])).any(axis=1))


def unconfirmed(far: Found, near: Found, device: RadarDevice, far_scan: RadarScan, near_scan: RadarScan) -> Bool:
    """Which detections of a far scan the near scan should have heard, loud and clear, and did not."""
    gain = [
        device.budget_db(scan) + scan.two_way_gain_db(far.azimuth, np.zeros_like(far.azimuth))
        for scan in (near_scan, far_scan)
    ]
    expected = far.snr * 10.0 ** ((gain[0] - gain[1]) / 10.0)
    loud = expected > _BY_FAR * 10.0 ** (device.threshold_snr_db / 10.0)
    covered = (far.range < near_scan.max_range) & (np.abs(far.azimuth) < near_scan.azimuth_limit)
    if not len(near.range):
        return loud & covered
    reach = far_scan.range_resolution + near_scan.range_resolution
    rate = far_scan.velocity_resolution + near_scan.velocity_resolution
    width = far_scan.azimuth_resolution(far.azimuth) + near_scan.azimuth_resolution(far.azimuth)
    heard = (
        (np.abs(far.range[:, None] - near.range) < reach)
        & (np.abs(far.velocity[:, None] - near.velocity) < rate)
        & (np.abs(far.azimuth[:, None] - near.azimuth) < width[:, None])
    ).any(axis=1)
    return loud & covered & ~heard


def dynamics(velocity: F64, sight: F64, compensated: F64, real: Bool, moved: NDArray[np.int64]) -> tuple[U8, Bool]:
    """``dyn_prop`` of detections, and which of them cross.

    Args:
        velocity: (N, 3) of the body behind each, world frame, m/s; sight: (N, 3) unit vectors towards it.
        compensated: (N,) measured radial velocity without the sensor's own motion, m/s.
        real: (N,) False for false alarms.
        moved: (N,) whether the radar has seen that body move before: -1 never, 0 along the line of sight, 1 across it.
    """
    speed = np.linalg.norm(velocity, axis=1)
    radial = np.einsum("ni,ni->n", velocity, sight)
    moves = speed > STANDSTILL
    crosses = moves & (np.abs(radial) < _CROSSING * speed)
    code = np.full(len(speed), int(Dynamic.STATIONARY), dtype=np.uint8)
    code[~moves & (moved == 0)] = Dynamic.STOPPED
    code[~moves & (moved == 1)] = Dynamic.CROSSING_STATIONARY
    code[~moves & (np.abs(compensated) > STANDSTILL)] = Dynamic.STATIONARY_CANDIDATE
    code[moves & (radial >= 0.0)] = Dynamic.MOVING
    code[moves & (radial < 0.0)] = Dynamic.ONCOMING
    code[crosses] = Dynamic.CROSSING_MOVING
    code[~real] = Dynamic.UNKNOWN
    return code, crosses
