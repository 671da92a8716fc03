"""Where a lidar's beams point, and when: turning heads, rasters and rosettes.

A rosette is what two counter-rotating wedge prisms draw: phi(t) = a e^(i w1 t) + a e^(i w2 t), with 2 a half the field
of view. With incommensurable speeds it never closes. A footprint is a bundle of rays of equal share within the beam's
full divergence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.lidar.device import LidarDevice

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]

_RINGS: dict[int, tuple[tuple[float, int], ...]] = {
    1: ((0.0, 1),),
    5: ((0.0, 1), (0.8, 4)),
    7: ((0.0, 1), (0.8, 6)),
    19: ((0.0, 1), (0.5, 6), (0.85, 12)),
}
"""Radius, as a share of the footprint's, and number of the rays of each ring."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One scan of C columns and B beams.

    Attributes:
        column_time: (C,) float64, s before the stamp (not positive); offset: (C, B) float64, the same for every beam.
        azimuth, elevation: (C, B) float32, rad; direction: (C, B, 3) float32.
    """

    column_time: F64
    offset: F64
    azimuth: F32
    elevation: F32
    direction: F32


def pattern(device: LidarDevice, rate_hz: float, number: int) -> Pattern:
    """The ``number``-th scan; only rosettes differ from scan to scan. Columns that do not fire are left out."""
    columns = device.columns_at(rate_hz)
    column_time = (np.arange(columns) - (columns - 1)) / (columns * rate_hz)
    if device.azimuth_window_deg is not None:
        column_time = column_time[_in_window(device, column_time * rate_hz)]
        columns = len(column_time)
    delays = device.firing_delays
    offset = column_time[:, None] + (delays - delays.max())
    elevation = np.tile(device.elevations, (columns, 1))
    if device.pattern is None:
        turn = 2.0 * np.pi * (1.0 + offset * rate_hz) * (-1.0 if device.clockwise else 1.0)
        azimuth = np.radians(device.start_azimuth_deg) + turn + device.azimuth_offsets
        azimuth = (azimuth + np.pi) % (2.0 * np.pi) - np.pi
    elif device.pattern.shape == "raster":
        half = np.radians(device.pattern.horizontal_deg) / 2.0
        azimuth = np.linspace(half, -half, columns)[:, None] + device.azimuth_offsets
    else:
        time = (number + 1) / rate_hz + offset
        first, second = (2.0 * np.pi * hz * time for hz in device.pattern.prism_hz)
        azimuth = np.radians(device.pattern.horizontal_deg) / 4.0 * (np.cos(first) + np.cos(second))
        elevation = elevation + np.radians(device.pattern.vertical_deg) / 4.0 * (np.sin(first) + np.sin(second))
    across, up = azimuth.astype(np.float32), elevation.astype(np.float32)
    direction = np.stack([np.cos(up) * np.cos(across), np.cos(up) * np.sin(across), np.sin(up)], axis=-1)
    return Pattern(column_time, offset, across, up, direction)


def _in_window(device: LidarDevice, turns: F64) -> NDArray[np.bool_]:
    """Which columns point into the window of a turning head, by turns (C,) before the end of a revolution."""
    assert device.azimuth_window_deg is not None
    first, last = device.azimuth_window_deg
    azimuth = device.start_azimuth_deg + 360.0 * turns * (-1.0 if device.clockwise else 1.0)
    inside: NDArray[np.bool_] = (azimuth - first) % 360.0 <= (last - first) % 360.0
    return inside


def footprint(device: LidarDevice, direction: F32) -> F32:
    """(C, B * R, 3) unit vectors: each beam of ``direction`` (C, B, 3) as the R rays of its footprint, side by side."""
    rays = device.rays_per_beam
    if rays == 1:
        return direction
    around = [
        (radius * np.cos(2.0 * np.pi * (k + 0.5) / count), radius * np.sin(2.0 * np.pi * (k + 0.5) / count))
        for radius, count in _RINGS[rays]
        for k in range(count)
    ]
    spread = np.array(around, dtype=np.float32) * np.float32(device.divergence_mrad * 0.5e-3)
    side = np.stack([-direction[..., 1], direction[..., 0], np.zeros_like(direction[..., 0])], axis=-1)
    side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), np.float32(1e-9))
    up = np.cross(direction, side)
    bundle = direction[:, :, None] + spread[:, :1] * side[:, :, None] + spread[:, 1:] * up[:, :, None]
    bundle /= np.linalg.norm(bundle, axis=-1, keepdims=True)
    columns, beams = direction.shape[:2]
    return np.ascontiguousarray(bundle.reshape(columns, beams * rays, 3), dtype=np.float32)
