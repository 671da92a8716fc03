"""What sensors measure: paths of ranging sensors, pictures, events, point clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.transforms import Pose
from drivesim.types.arrays import F32, F64, I32, U8, U16
from drivesim.types.radar import RadarDetections


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """P propagation paths between a ranging sensor and the scene: what signal models compute from.

    Attributes:
        beam: (P,) int32, index of the emitted ray (several paths may share one).
        azimuth, elevation: (P,) float32, direction of departure in the sensor frame, rad.
        length: (P,) float32, one-way path length, m; inf where nothing was hit.
        time: (P,) float64, emission time, seconds since scenario start.
        cos_incidence: (P,) float32, |cos| of the angle between ray and surface normal at the last bounce.
        material: (P,) uint8; semantic: (P,) uint8; instance: (P,) int32 (0 = none), all at the last bounce.
        radial_rate: (P,) float32, rate of change of path length, m/s (positive: receding), analytic.
        bounces: (P,) uint8, 1 for a direct echo.
    """

    beam: I32
    azimuth: F32
    elevation: F32
    length: F32
    time: F64
    cos_incidence: F32
    material: U8
    semantic: U8
    instance: I32
    radial_rate: F32
    bounces: U8


@dataclass(frozen=True, slots=True, eq=False)
class CameraEvents:
    """What an event camera reports between two exposures, N changes in order of time.

    Attributes:
        time_ns: (N,) int64; x, y: (N,) uint16, pixel; polarity: (N,) int8, 1 brighter, -1 darker.
    """

    time_ns: NDArray[np.int64]
    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    polarity: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class RawImage:
    """What a camera's imager read out.

    Attributes:
        codes: (H, W) uint16, an RGGB mosaic: red at even rows and columns.
        exposure: s. iso: gain, as ISO speed; 100 is a full pixel's at the highest code.
        black, white: codes of no light and of a full converter.
    """

    codes: U16
    exposure: float
    iso: float
    black: int
    white: int


@dataclass(frozen=True, slots=True, eq=False)
class CameraImage:
    """One exposure with its perfect labels; H x W, row-major, origin top left.

    Attributes:
        rgb: (H, W, 3) uint8 sRGB.
        depth: (H, W) float32, distance along the optical axis, m; inf for sky.
        semantic: (H, W) uint8 tags.
        instance: (H, W) int32, actor index + 1, static things above the number of actors, 0 for none.
        intrinsic: (3, 3) float64 pinhole matrix.
        normal: (H, W, 3) float32, unit, camera axes, towards the camera; zero for sky. None where not asked for, as all
            below.
        albedo: (H, W, 3) float32, linear reflectance of the surface itself; zero for sky.
        previous_ns: time of the exposure before this one, the other end of flow; -1 where there is none.
        flow_backward: (H, W, 2) float32, pixels (x right, y down): add it to a pixel to be where it was in the picture
            before; NaN where there is none, never clipped.
        flow_forward: (H, W, 2) float32, of the picture before: add it to its pixels to be in this one.
        seen_backward, seen_forward: (H, W) bool, whether the place is visible at the other end.
        events: changes of light since the exposure before, of event cameras; None for the first.
        raw: what the imager read out, of devices with an ``imager``; ``rgb`` is made of it.
        row_time_ns: (H,) int64, when the middle of each row was read; None where all are read at once, at ``time_ns``.
    """

    channel: str
    time_ns: int
    ego_from_sensor: Pose
    world_from_ego: Pose
    rgb: U8
    depth: F32
    semantic: U8
    instance: I32
    intrinsic: F64
    normal: F32 | None = None
    albedo: F32 | None = None
    previous_ns: int = -1
    flow_backward: F32 | None = None
    flow_forward: F32 | None = None
    seen_backward: NDArray[np.bool_] | None = None
    seen_forward: NDArray[np.bool_] | None = None
    events: CameraEvents | None = None
    row_time_ns: NDArray[np.int64] | None = None
    raw: RawImage | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PointCloud:
    """One lidar sweep in the sensor frame at ``time_ns`` (ego motion within the sweep removed, as nuScenes does).

    Attributes:
        points: (N, 3) float32, x forward, y left, z up, m.
        intensity: (N,) float32, 0..255.
        ring: (N,) int32, beam index, 0 lowest.
        time_offset: (N,) float32, seconds relative to ``time_ns`` (not positive).
        semantic: (N,) uint8; instance: (N,) int32; both 0 for clutter.
        return_number: (N,) uint8, 0 for the first kind of echo that the device puts out, 1 for the second ...
        clutter: (N,) bool, echoes of rain, fog, snow, sunlight and glare.
        true_range: (N,) float32, m, length of the strongest path, without noise; NaN for clutter.
        cos_incidence: (N,) float32, there; NaN for clutter.
    """

    channel: str
    time_ns: int
    ego_from_sensor: Pose
    world_from_ego: Pose
    points: F32
    intensity: F32
    ring: I32
    time_offset: F32
    semantic: U8
    instance: I32
    return_number: U8
    clutter: NDArray[np.bool_]
    true_range: F32
    cos_incidence: F32


Measurement = CameraImage | PointCloud | RadarDetections
