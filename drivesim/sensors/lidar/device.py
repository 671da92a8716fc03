"""What a spinning lidar is: its beams, when they fire, what it can detect. Data-sheet numbers only."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from drivesim.sensors.located import Described, Strict

SPEED_OF_LIGHT = 299_792_458.0

F64 = NDArray[np.float64]
Elevation = Annotated[float, Field(ge=-90.0, le=90.0)]


class BeamSpan(Strict):
    """Evenly spaced beams."""

    first: Elevation = Field(description="elevation of the first beam, degrees")
    last: Elevation = Field(description="elevation of the last beam, degrees")
    count: int = Field(ge=2, le=4096, description="number of beams, both ends included")


class ScanPattern(Strict):
    """Where beams go in a lidar that does not turn, degrees about its x axis."""

    shape: Literal["raster", "rosette"] = Field(
        description="'raster' (columns from left to right) or 'rosette' (two prisms, as Livox; never repeats)"
    )
    horizontal_deg: float = Field(gt=0, le=180, description="full width of the field of view, degrees")
    vertical_deg: float = Field(gt=0, le=180, description="full height of the field of view, degrees")
    prism_hz: tuple[float, float] = Field(
        default=(121.5674, -77.9453), description="turns per second of the two prisms of a rosette"
    )


class LidarDevice(Described):
    """A lidar that turns about its z axis, one column of beams after the other, or scans a fixed field.

    Beams are listed in firing order; rings are numbered by elevation, 0 lowest.
    """

    kind: Literal["lidar"] = Field(description="'lidar'")
    name: str = Field(description="manufacturer and model")
    signal: Literal["drivesim", "carla"] = Field(
        default="drivesim",
        description="whose signal model: 'carla' is CARLA's own sensor.lidar.ray_cast, with --simulator carla only",
    )
    pattern: ScanPattern | None = Field(default=None, description="fixed scan pattern; a lidar without one turns")
    elevations_deg: list[Elevation] | list[BeamSpan] = Field(
        min_length=1, description="beam elevations in degrees in firing order, or spans with first, last and count"
    )
    channels: int | None = Field(
        default=None, ge=1, le=4096, description="beams that the data sheet names; tables must be as long"
    )
    azimuth_offsets_deg: list[float] | None = Field(
        default=None,
        description="azimuth of every beam relative to the column, degrees, in the order of the elevations",
    )
    columns: int | None = Field(default=None, ge=1, le=65536, description="columns per revolution, e.g. 1024")
    firing_cycle_us: float | None = Field(
        default=None, gt=0, description="time from one column to the next, microseconds, where that is fixed"
    )
    firing_step_us: float = Field(
        default=0.0, ge=0, description="time from one firing to the next in a column, microseconds"
    )
    beams_at_once: int = Field(default=1, ge=1, description="beams that fire together")
    start_azimuth_deg: float = Field(
        default=180.0, description="where a revolution starts, degrees, counter-clockwise from the sensor's x axis"
    )
    clockwise: bool = Field(default=True, description="whether it turns clockwise seen from above")
    azimuth_window_deg: tuple[float, float] | None = Field(
        default=None,
        description="of a turning lidar, columns that fire: from and to, counter-clockwise; e.g. [-60, 60]",
    )
    wavelength_nm: float = Field(ge=800, le=1600, description="wavelength in nanometres, e.g. 905")
    min_range: float = Field(ge=0, description="closest range reported, metres")
    max_range: float = Field(gt=0, le=2000, description="farthest range reported, metres")
    range_at_10_percent: float = Field(
        gt=0, description="range at which a 10 % Lambertian target is detected half of the time, metres"
    )
    threshold_snr: float = Field(
        default=12.0, gt=1, description="signal-to-noise ratio at the detection threshold, e.g. 12"
    )
    range_noise: float = Field(
        default=0.30, ge=0, description="standard deviation of range times the square root of the SNR, metres"
    )
    range_noise_floor: float = Field(default=0.01, ge=0, description="smallest standard deviation of range, metres")
    range_resolution: float = Field(default=0.002, ge=0, description="step of reported ranges, metres")
    divergence_mrad: float = Field(
        default=3.0, ge=0, le=50, description="full beam divergence, milliradians; 0 for an ideal ray"
    )
    aperture_mm: float = Field(default=10.0, ge=0, le=200, description="beam diameter where it leaves the sensor, mm")
    rays_per_beam: Literal[1, 5, 7, 19] = Field(
        default=1, description="rays that sample a beam's footprint: 1, 5, 7 or 19; more for mixed pixels"
    )
    pulse_ns: float = Field(default=5.0, gt=0, le=100, description="pulse length, ns; echoes closer merge")
    returns: list[Literal["first", "strongest", "last"]] = Field(
        default=["strongest"], min_length=1, max_length=3, description="echoes put out per beam, e.g. [strongest, last]"
    )
    bloom_deg: float = Field(
        default=0.08, ge=0, le=5, description="halo of retro-reflectors: degrees per decade above a white target"
    )
    false_alarms_at_100_klx: float = Field(
        default=0.0, ge=0, le=0.1, description="share of shots with a false echo in full sun, e.g. 1e-4"
    )

    @model_validator(mode="after")
    def _consistent(self) -> LidarDevice:
        if (self.columns is None) == (self.firing_cycle_us is None):
            raise ValueError("a lidar has either 'columns' or 'firing_cycle_us'")
        if self.channels is not None and self.channels != self.beams:
            raise ValueError(
                f"{self.beams} elevations for {self.channels} channels; give as many in 'elevations_deg', or leave "
                "'channels' out"
            )
        if self.azimuth_offsets_deg is not None and len(self.azimuth_offsets_deg) != self.beams:
            raise ValueError(f"{len(self.azimuth_offsets_deg)} azimuth offsets for {self.beams} beams")
        if self.azimuth_window_deg is not None and self.pattern is not None:
            raise ValueError("only a turning lidar has an 'azimuth_window_deg'")
        if self.max_range <= self.min_range:
            raise ValueError("'max_range' must be greater than 'min_range'")
        return self

    @property
    def merging_distance(self) -> float:
        """Echoes nearer to each other than this become one, c tau / 2, m."""
        return 0.5 * SPEED_OF_LIGHT * self.pulse_ns * 1e-9

    @cached_property
    def _listed(self) -> F64:
        """Elevations in firing order, rad."""
        parts = [
            np.linspace(item.first, item.last, item.count) if isinstance(item, BeamSpan) else [item]
            for item in self.elevations_deg
        ]
        return np.radians(np.concatenate(parts, dtype=np.float64))

    @cached_property
    def _ring_order(self) -> NDArray[np.intp]:
        return np.argsort(self._listed, kind="stable")

    @property
    def beams(self) -> int:
        return len(self._listed)

    @cached_property
    def elevations(self) -> F64:
        """(B,) elevation of each ring, rad, ascending."""
        return self._listed[self._ring_order]

    @cached_property
    def azimuth_offsets(self) -> F64:
        """(B,) azimuth of each ring relative to the column, rad."""
        offsets = self.azimuth_offsets_deg or [0.0] * self.beams
        return np.radians(np.asarray(offsets, dtype=np.float64))[self._ring_order]

    @cached_property
    def firing_delays(self) -> F64:
        """(B,) firing time of each ring after its column's start, s."""
        groups = np.arange(self.beams, dtype=np.float64) // self.beams_at_once
        return (groups * self.firing_step_us * 1e-6)[self._ring_order]

    def columns_at(self, rate_hz: float) -> int:
        """Columns of one revolution."""
        if self.columns is not None:
            return self.columns
        assert self.firing_cycle_us is not None
        return max(1, round(1e6 / (rate_hz * self.firing_cycle_us)))
