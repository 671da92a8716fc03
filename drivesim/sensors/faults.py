"""What goes wrong between a sensor and who listens: late stamps, lost measurements, wrong mounting.

A fault changes what is reported, never what was measured: labels and the true pose stay with the truth that the rig
describes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field

from drivesim.sensors.located import Strict
from drivesim.streams import stream, stream_key, uniform01
from drivesim.transforms import Pose, rotation_from_ypr
from drivesim.types import Measurement


class Faults(Strict):
    """Faults of one channel; all absent by default."""

    latency_ms: float = Field(default=0.0, ge=0, le=10_000, description="how late measurements are stamped, ms")
    jitter_ms: float = Field(default=0.0, ge=0, le=1000, description="standard deviation of that delay, ms")
    dropout: float = Field(default=0.0, ge=0, le=1, description="share of measurements that never arrive, 0 to 1")
    translation: tuple[float, float, float] = Field(
        default=(0.0, 0.0, 0.0), description="error of the reported mounting, [x, y, z] in metres"
    )
    ypr: tuple[float, float, float] = Field(
        default=(0.0, 0.0, 0.0), description="error of the reported mounting, [yaw, pitch, roll] in degrees"
    )

    @property
    def none(self) -> bool:
        return self == Faults()

    def reported(self, measurement: Measurement, seed: int) -> Measurement | None:
        """The measurement as it arrives, or None if it does not; the same arguments give the same answer."""
        key = stream_key(seed, "faults", measurement.channel)
        if uniform01(key, measurement.time_ns, 0) < self.dropout:
            return None
        jitter = stream(key, measurement.time_ns).standard_normal() * self.jitter_ms
        delay = max(0.0, self.latency_ms + jitter)
        return replace(
            measurement,
            time_ns=measurement.time_ns + round(delay * 1e6),
            ego_from_sensor=self.mounting(measurement.ego_from_sensor),
        )

    def mounting(self, true: Pose) -> Pose:
        """What calibration claims of a sensor mounted at ``true``."""
        turn = rotation_from_ypr(np.radians(self.ypr))
        return Pose(true.translation + np.array(self.translation), turn @ true.rotation)
