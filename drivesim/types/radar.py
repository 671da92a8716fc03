"""What a radar measures: detections, the paths behind them, clusters, objects over cycles, the cube."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.transforms import Pose
from drivesim.types.arrays import F32, I32, U8


@dataclass(frozen=True, slots=True, eq=False)
class RadarContributions:
    """The paths behind a radar's detections, M of them; (M,) each.

    Attributes:
        detection: int32, row of the detection that the path is part of.
        range: float32 m, there and back halved; azimuth, elevation: float32 rad, as it comes in.
        radial_velocity: float32 m/s, positive receding.
        rcs: float32 dBsm; snr: float32 dB, of this path alone.
        material, semantic: uint8; instance: int32, of what sends it back; bounces: uint8, 1 for a direct echo.
    """

    detection: I32
    range: F32
    azimuth: F32
    elevation: F32
    radial_velocity: F32
    rcs: F32
    snr: F32
    material: U8
    semantic: U8
    instance: I32
    bounces: U8


@dataclass(frozen=True, slots=True, eq=False)
class RadarClusters:
    """Detections of one cycle gathered into K things, strongest first; (K, ...) each but ``member``.

    Attributes:
        member: (N,) int32, the cluster of every detection, -1 for those the device does not believe.
        position: (K, 2) float32 x and y in the sensor frame, m, centroid by cross-section; extent: (K, 2) along both.
        radial_velocity_compensated: float32 m/s; rcs: float32 dBsm, of all together.
        detections: int32, how many; instance: int32, the one with most of the power.
    """

    member: I32
    position: F32
    extent: F32
    radial_velocity_compensated: F32
    rcs: F32
    detections: I32
    instance: I32


@dataclass(frozen=True, slots=True, eq=False)
class RadarTracks:
    """Objects that a radar follows over cycles, oldest first; (K, ...) each.

    Attributes:
        number: int32, kept as long as the object is followed.
        position: (K, 2) float32 x and y in the sensor frame, m; velocity: (K, 2) over ground along the same axes, m/s.
        extent: (K, 2) float32 along both, m; rcs: float32 dBsm, smoothed.
        existence: float32, share of its last five cycles in which it was measured; age: int32, cycles.
        instance: int32, of the cluster that was last its.
    """

    number: I32
    position: F32
    velocity: F32
    extent: F32
    rcs: F32
    existence: F32
    age: I32
    instance: I32


@dataclass(frozen=True, slots=True, eq=False)
class RadarCube:
    """Signal-to-noise ratio of one scan over range, radial velocity and azimuth.

    Attributes:
        power: (R, V, A) uint8, half decibels above -20 dB.
        range: (R,) float32 m; radial_velocity: (V,) float32 m/s, folded into one ramp; azimuth: (A,) float32 rad.
    """

    power: U8
    range: F32
    radial_velocity: F32
    azimuth: F32


@dataclass(frozen=True, slots=True, eq=False)
class RadarDetections:
    """Detections of one radar cycle in the sensor frame at ``time_ns``; codes are those of nuScenes' radar points.

    Attributes:
        range: (N,) float32 m; azimuth, elevation: (N,) float32 rad.
        radial_velocity: (N,) float32 m/s, positive receding, as measured (moving sensor).
        radial_velocity_compensated: (N,) float32 m/s, with the sensor's own motion removed.
        rcs: (N,) float32 dBsm; snr: (N,) float32 dB.
        semantic: (N,) uint8; instance: (N,) int32, of the strongest contributing path.
        dynamic, ambiguity, invalid, false_alarm: (N,) uint8, ``dyn_prop``, ``ambig_state``, ``invalid_state``,
            ``pdh0``.
        deviation: (N, 4) float32, standard deviations of x and y, m, and of vx and vy, m/s, as the signal allows.
        true_range, true_azimuth, true_elevation, true_radial_velocity: (N,) float32, of the strongest path, without
            noise and ambiguity; NaN for false alarms.
        true_rcs: (N,) float32 dBsm, of all contributing paths together; -inf for false alarms.
        bounces: (N,) uint8, of the strongest path, 1 for a direct echo, 0 for a false alarm.
        paths: (N,) int32, how many contribute.
        contributions, clusters, tracks, cubes (by scan): where the device is asked for them (``channels``).
    """

    channel: str
    time_ns: int
    ego_from_sensor: Pose
    world_from_ego: Pose
    range: F32
    azimuth: F32
    elevation: F32
    radial_velocity: F32
    radial_velocity_compensated: F32
    rcs: F32
    snr: F32
    semantic: U8
    instance: I32
    dynamic: U8
    ambiguity: U8
    invalid: U8
    false_alarm: U8
    deviation: F32
    true_range: F32
    true_azimuth: F32
    true_elevation: F32
    true_radial_velocity: F32
    true_rcs: F32
    bounces: U8
    paths: I32
    contributions: RadarContributions | None = None
    clusters: RadarClusters | None = None
    tracks: RadarTracks | None = None
    cubes: Mapping[str, RadarCube] | None = None

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(N,) which detections the device itself believes: those whose state it does not call invalid."""
        return ~np.isin(self.invalid, RADAR_INVALID)


RADAR_INVALID = (1, 2, 3, 6, 7, 14)
"""Codes of ``invalid_state`` that the ARS408 calls invalid; it calls the others valid, some of them with a doubt."""
