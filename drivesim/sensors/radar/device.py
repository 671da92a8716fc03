"""What a millimetre-wave radar is: its scans, antenna patterns, resolutions and noise. Data-sheet numbers only."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from drivesim.sensors.located import Described, Strict
from drivesim.sensors.radar.waves import slab

SPEED_OF_LIGHT = 299_792_458.0
KT0_DBM_PER_HZ = -173.98
"""Thermal noise density at 290 K, dBm/Hz."""

F64 = NDArray[np.float64]
Knot = tuple[Annotated[float, Field(ge=0, le=90)], float]


class RadarScan(Strict):
    """One antenna beam with its waveform; a radar may alternate several within a cycle."""

    name: str = Field(description="what the data sheet calls it, e.g. far or near")
    min_range: float = Field(gt=0, description="closest range reported, metres")
    max_range: float = Field(gt=0, le=1000, description="farthest range reported, metres")
    range_resolution: float = Field(gt=0, description="two targets this far apart are told apart, metres")
    min_velocity: float = Field(description="lowest unambiguous radial velocity, m/s, negative (approaching)")
    max_velocity: float = Field(gt=0, description="highest unambiguous radial velocity, m/s (receding)")
    velocity_resolution: float = Field(
        gt=0, description="two targets this far apart in radial velocity are told apart, m/s"
    )
    azimuth_pattern_db: list[Knot] = Field(
        min_length=2,
        description="pairs [|azimuth| in degrees, two-way gain relative to boresight in dB]; the last ends the field",
    )
    azimuth_resolution_deg: list[Knot] = Field(
        min_length=1, description="pairs [|azimuth| in degrees, resolution there in degrees]"
    )
    elevation_beamwidth_deg: float = Field(gt=0, le=90, description="one-way half-power beam width, degrees")
    elevation_resolution_deg: float | None = Field(
        default=None,
        gt=0,
        le=90,
        description="two targets this far apart in elevation are told apart, degrees, e.g. 2.3; absent where the "
        "device does not measure elevation",
    )
    eirp_dbm: float = Field(description="mean radiated power times antenna gain at boresight, dBm, e.g. 14")
    receive_gain_dbi: float = Field(description="receiving antenna gain with beam forming, dBi, e.g. 18")
    side_lobe_db: float | None = Field(
        default=None,
        ge=-60,
        le=-6,
        description="first side lobe of the receiving beam relative to its main lobe, dB, e.g. -13.3 without taper; "
        "absent where the device leaves out what side lobes hear",
    )
    integration_ms: float = Field(gt=0, le=1000, description="coherent integration time, milliseconds")
    velocity_spans: list[Annotated[float, Field(gt=0)]] = Field(
        default=[],
        max_length=4,
        description="unambiguous widths of the staggered ramps of a cycle, m/s, e.g. [41.0, 47.0]; one ramp as wide as "
        "min_velocity to max_velocity if absent",
    )

    @model_validator(mode="after")
    def _consistent(self) -> RadarScan:
        if self.max_range <= self.min_range:
            raise ValueError("'max_range' must be greater than 'min_range'")
        if self.min_velocity >= self.max_velocity:
            raise ValueError("'max_velocity' must be greater than 'min_velocity'")
        for table in (self.azimuth_pattern_db, self.azimuth_resolution_deg):
            angles = [angle for angle, _ in table]
            if angles != sorted(set(angles)):
                raise ValueError("angles of a table must ascend")
        if min(value for _, value in self.azimuth_resolution_deg) <= 0:
            raise ValueError("azimuth resolutions must be positive")
        return self

    @property
    def velocity_span(self) -> float:
        """Width of the velocities that are told apart, m/s."""
        return self.max_velocity - self.min_velocity

    @cached_property
    def resolution_cells(self) -> float:
        """How many cells of range, velocity and azimuth a cycle looks at."""
        width = float(np.mean(self.azimuth_resolution(np.linspace(0.0, self.azimuth_limit, 16))))
        cells = (self.max_range - self.min_range) / self.range_resolution
        return cells * self.velocity_span / self.velocity_resolution * 2.0 * self.azimuth_limit / width

    @property
    def azimuth_limit(self) -> float:
        """Half the field of view, rad."""
        return math.radians(self.azimuth_pattern_db[-1][0])

    @property
    def elevation_limit(self) -> float:
        """Elevation beyond which the two-way pattern is 24 dB down, rad."""
        return math.radians(self.elevation_beamwidth_deg)

    def two_way_gain_db(self, azimuth: F64, elevation: F64) -> F64:
        """Two-way antenna gain relative to boresight, dB: table over azimuth, Gaussian beam over elevation."""
        angles, gains = self._pattern
        horizontal = np.interp(np.abs(np.degrees(azimuth)), angles, gains)
        vertical = -24.0 * (np.degrees(elevation) / self.elevation_beamwidth_deg) ** 2
        return horizontal + vertical

    def azimuth_resolution(self, azimuth: F64) -> F64:
        """Azimuth resolution, rad, at azimuths in rad."""
        angles, widths = self._widths
        return np.radians(np.interp(np.abs(np.degrees(azimuth)), angles, widths))

    @cached_property
    def _pattern(self) -> F64:
        """(2, K) angles, degrees, and gains, dB."""
        return np.array(self.azimuth_pattern_db).T

    @cached_property
    def _widths(self) -> F64:
        """(2, K) angles and resolutions there, degrees."""
        return np.array(self.azimuth_resolution_deg).T

    @cached_property
    def azimuth_cells(self) -> tuple[F64, F64]:
        """Azimuths (257,), rad, and how many resolution cells lie between the first of them and each."""
        angles = np.linspace(-self.azimuth_limit, self.azimuth_limit, 257)
        widths = self.azimuth_resolution(0.5 * (angles[1:] + angles[:-1]))
        return angles, np.concatenate([[0.0], np.cumsum(np.diff(angles) / widths)])


class RadarDevice(Described):
    """A radar that looks along its x axis and measures range, radial velocity and azimuth."""

    kind: Literal["radar"] = Field(description="'radar'")
    name: str = Field(description="manufacturer and model")
    signal: Literal["drivesim", "carla"] = Field(
        default="drivesim",
        description="whose signal model: 'carla' is CARLA's own sensor.other.radar, with --simulator carla only",
    )
    frequency_ghz: float = Field(ge=76, le=81, description="carrier frequency in GHz, 76 to 81")
    scans: list[RadarScan] = Field(min_length=1, description="one or more scans per cycle")
    noise_figure_db: float = Field(ge=0, le=40, description="receiver noise figure, dB, e.g. 14")
    losses_db: float = Field(ge=0, le=40, description="radome, processing and other losses, two-way, dB, e.g. 3")
    threshold_snr_db: float = Field(ge=3, le=40, description="signal-to-noise ratio of a detection, dB, e.g. 13")
    min_rcs_dbsm: float = Field(
        default=-20.0, ge=-100, le=40, description="echoes that look smaller than this are not put out, dBsm, e.g. -20"
    )
    low_rcs_dbsm: float = Field(
        default=-17.0, ge=-100, le=40, description="echoes smaller than this are marked as small, dBsm, e.g. -17"
    )
    keep_invalid: bool = Field(
        default=False, description="whether echoes below min_rcs_dbsm are put out all the same, marked invalid"
    )
    reflections: Literal[0, 1] = Field(
        default=1, description="mirrors that are followed on the way to a target and back, 0 or 1: ghosts"
    )
    thinning: Literal[1, 2, 3, 4] = Field(
        default=1,
        description="one in so many columns and rows of the fan of rays is traced: 2 takes a quarter of the time",
    )
    standing_notch: float = Field(
        default=0.0,
        ge=0,
        le=5,
        description="moving target indication: echoes that move less than this over ground along "
        "the line of sight are taken out ahead of detection, m/s; 0 keeps all",
    )
    bumper_mm: float = Field(
        default=0.0, ge=0, le=20, description="thickness of the plastic in front of the antenna, mm; 0 for none"
    )
    bumper_permittivity: tuple[Annotated[float, Field(ge=1)], Annotated[float, Field(ge=0)]] = Field(
        default=(2.6, 0.02), description="[eps', eps''] of that plastic"
    )
    channels: list[Literal["paths", "clusters", "tracks", "cube"]] = Field(
        default=[],
        description="what is put out besides detections: 'paths' behind them, 'clusters', 'tracks' of these over "
        "cycles, 'cube'",
    )
    cluster_cells: tuple[
        Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]
    ] = Field(
        default=(4.0, 15.0, 2.0),
        description="cells of range, velocity and azimuth within which detections are one cluster, e.g. [4, 15, 2]",
    )
    max_detections: int = Field(ge=1, le=100_000, description="detections per cycle that the device puts out, e.g. 125")

    @property
    def wavelength(self) -> float:
        """Metres."""
        return SPEED_OF_LIGHT / (self.frequency_ghz * 1e9)

    def noise_dbm(self, scan: RadarScan) -> float:
        """Noise power in one range-Doppler cell after coherent integration, kT0 F / T, dBm."""
        return KT0_DBM_PER_HZ + self.noise_figure_db - 10.0 * math.log10(scan.integration_ms * 1e-3)

    @property
    def bumper_loss_db(self) -> float:
        """What the bumper takes there and back at normal incidence, dB."""
        real, lossy = self.bumper_permittivity
        return -20.0 * math.log10(slab(complex(real, -lossy), self.bumper_mm * 1e-3, self.wavelength)[1])

    def budget_db(self, scan: RadarScan) -> float:
        """SNR of 1 m2 at 1 m on boresight in clear air, dB: P G_t G_r lambda^2 / ((4 pi)^3 L N), the bumper in L."""
        power = scan.eirp_dbm + scan.receive_gain_dbi + 20.0 * math.log10(self.wavelength)
        return power - 30.0 * math.log10(4.0 * math.pi) - self.losses_db - self.bumper_loss_db - self.noise_dbm(scan)
