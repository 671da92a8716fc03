"""Objects in a radar cycle: strong enough, joined where range, direction and Doppler agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from drivesim.ego.detections import Detection
from drivesim.types import F64, Measurement, RadarDetections


@dataclass(frozen=True, slots=True)
class RadarDetector:
    """Clusters detections; only what moves along the line of sight may start a track.

    Standing things return echoes everywhere along a road (drain covers, parked cars, masts), so automotive radars
    start tracks from Doppler. That is why a child who runs straight across is hard for a radar alone: its radial speed
    is small until it is near.

    Attributes:
        minimum_snr: dB.
        moving: radial speed, own motion removed, that counts as moving, m/s.
        join: detections this close belong together, m; and this close in Doppler, m/s.
        far, side: what is looked at, ego frame, m.
        range_sigma, azimuth_sigma: m and rad.
        person_rcs: stronger clusters are taken to be as wide as vehicles, dBsm.
    """

    kind: ClassVar[str] = "radar"
    oracle: ClassVar[bool] = False

    minimum_snr: float = 14.0
    moving: float = 0.4
    join: tuple[float, float] = (1.2, 1.0)
    far: float = 120.0
    side: float = 12.0
    range_sigma: float = 0.25
    azimuth_sigma: float = 0.02
    person_rcs: float = 5.0

    def detect(self, measurement: Measurement) -> Sequence[Detection]:
        assert isinstance(measurement, RadarDetections)
        m = measurement
        flat = m.range * np.cos(m.elevation)
        local = np.column_stack([flat * np.cos(m.azimuth), flat * np.sin(m.azimuth), m.range * np.sin(m.elevation)])
        points = m.ego_from_sensor.apply(local)
        kept = (m.snr >= self.minimum_snr) & (points[:, 0] < self.far) & (np.abs(points[:, 1]) < self.side)
        kept &= m.valid & (np.abs(m.radial_velocity_compensated) >= self.moving)
        order = np.flatnonzero(kept)[np.argsort(-m.snr[kept], kind="stable")]
        found: list[Detection] = []
        free = set(order.tolist())
        for first in order.tolist():
            if first not in free:
                continue
            others = np.array(sorted(free))
            close = np.linalg.norm(points[others, :2] - points[first, :2], axis=1) < self.join[0]
            doppler = m.radial_velocity_compensated[others] - m.radial_velocity_compensated[first]
            close &= np.abs(doppler) < self.join[1]
            members = others[close]
            free -= set(members.tolist())
            found.append(self._object(m, points, members))
        return found

    def _object(self, m: RadarDetections, points: F64, members: NDArray[np.intp]) -> Detection:
        power = 10.0 ** (m.snr[members].astype(np.float64) / 10.0)
        weight = power / power.sum()
        position = weight @ points[members, :2]
        spread = points[members, :2].max(axis=0) - points[members, :2].min(axis=0)
        slight = bool(m.rcs[members].max() < self.person_rcs)
        distance = float(np.linalg.norm(position))
        ahead = position / max(distance, 1e-6)
        across = np.array([-ahead[1], ahead[0]])
        covariance = self.range_sigma**2 * np.outer(ahead, ahead)
        covariance += (self.azimuth_sigma * distance + 0.05) ** 2 * np.outer(across, across)
        return Detection(
            position=position,
            covariance=covariance,
            half_width=max(float(spread[1]) / 2, 0.25 if slight else 0.8),
            half_length=max(float(spread[0]) / 2, 0.2),
            person=None,
            radial_velocity=float(weight @ m.radial_velocity_compensated[members]),
            slight=slight,
        )
