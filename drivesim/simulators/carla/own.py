"""CARLA's own lidar and radar, for comparison: what ``sensor.lidar.ray_cast`` and ``sensor.other.radar`` report, put in
drivesim's axes and nothing added. What they do not tell (classes, power, true values) is 0 or NaN."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from drivesim.errors import RigError
from drivesim.sensors.clock import due
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.ambiguity import Ambiguity
from drivesim.sensors.radar.device import RadarDevice, RadarScan
from drivesim.sensors.radar.quality import Dynamic
from drivesim.sensors.rig import Sensor
from drivesim.types import F32, F64, I32, PointCloud, RadarDetections

_MOST_SEEDS = 2**31
_WIDEST = 170.0
"""Degrees: CARLA's radar lays its rays through a plane ahead."""


def is_own(sensor: Sensor) -> bool:
    """Whether the rig asks for CARLA's own sensor in this place."""
    return isinstance(sensor.device, (LidarDevice, RadarDevice)) and sensor.device.signal == "carla"


def own_sensor(sensor: Sensor, seed: int) -> OwnLidar | OwnRadar:
    """Raises:
    RigError: CARLA's cannot look that way.
    """
    return OwnLidar(sensor, seed) if isinstance(sensor.device, LidarDevice) else OwnRadar(sensor, seed)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What a lidar saw in one tick, at its end: points (N, 3) in the world."""

    start_ns: int
    time_ns: int
    points: F64
    intensity: F32
    ring: I32


class OwnLidar:
    """``sensor.lidar.ray_cast`` with as many evenly spaced channels and points as the device has, turning at its rate.

    CARLA fires all rays of a tick from where the sensor is at its end; the ticks of a turn make a sweep, in its
    frame at the end of the last of them.
    """

    def __init__(self, sensor: Sensor, seed: int) -> None:
        assert isinstance(sensor.device, LidarDevice)
        self.sensor, self.device = sensor, sensor.device
        self._seed = seed % _MOST_SEEDS
        self._field = _field_of(sensor, sensor.device)
        self._parts: deque[_Part] = deque()

    def spawned(self, delta: float) -> dict[str, tuple[str, dict[str, str]]]:
        """Blueprint and attributes by name, for ticks of ``delta`` s."""
        device, rate = self.device, self.sensor.rate_hz
        low, high = np.degrees(device.elevations[[0, -1]]).tolist()
        return {"": ("sensor.lidar.ray_cast", {
            "channels": str(device.beams), "range": str(device.max_range), "rotation_frequency": repr(rate),
            "points_per_second": str(math.ceil(device.beams * device.columns_at(rate) * rate)),
            "upper_fov": repr(high), "lower_fov": repr(low), "horizontal_fov": repr(self._field),
            "noise_seed": str(self._seed), "sensor_tick": "0.0",
        })}  # fmt: skip

    def capture(self, raw: Mapping[str, Any], motion: EgoMotion) -> PointCloud | None:
        """The sweep that ends with this tick, if one is due and whole.

        Args:
            raw: ``carla.LidarMeasurement`` of this tick by name.
        """
        measured = raw[""]
        world_from_ego = motion.pose(motion.end_ns)
        pose = world_from_ego @ self.sensor.ego_from_sensor
        found = np.frombuffer(measured.raw_data, dtype="<f4").reshape(-1, 4)
        counts = [measured.get_point_count(channel) for channel in range(measured.channels)]
        ring = (len(counts) - 1 - np.repeat(np.arange(len(counts)), counts)).astype(np.int32)
        points = pose.apply(found[:, :3] * (1.0, -1.0, 1.0))
        self._parts.append(_Part(motion.start_ns, motion.end_ns, points, found[:, 3] * np.float32(255.0), ring))
        turn = 1e9 / self.sensor.rate_hz
        while self._parts[0].time_ns <= motion.end_ns - turn + 1e3:
            self._parts.popleft()
        whole = self._parts[0].start_ns <= motion.end_ns - turn + 1e3
        if not whole or not list(due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase)):
            return None
        count = sum(len(part.ring) for part in self._parts)
        ages = [np.full(len(part.ring), (part.time_ns - motion.end_ns) * 1e-9) for part in self._parts]
        places = np.concatenate([part.points for part in self._parts])
        unknown = np.full(count, np.nan, dtype=np.float32)
        return PointCloud(
            channel=self.sensor.channel, time_ns=motion.end_ns, ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=world_from_ego, points=pose.inverse().apply(places).astype(np.float32),
            intensity=np.concatenate([part.intensity for part in self._parts]),
            ring=np.concatenate([part.ring for part in self._parts]),
            time_offset=np.concatenate(ages).astype(np.float32), semantic=np.zeros(count, dtype=np.uint8),
            instance=np.zeros(count, dtype=np.int32), return_number=np.zeros(count, dtype=np.uint8),
            clutter=np.zeros(count, dtype=np.bool_), true_range=unknown, cos_incidence=unknown.copy(),
        )  # fmt: skip


def _field_of(sensor: Sensor, device: LidarDevice) -> float:
    """Horizontal field of view, degrees."""
    pattern, window = device.pattern, device.azimuth_window_deg
    if pattern is not None and pattern.shape == "raster":
        return pattern.horizontal_deg
    if pattern is not None or (window is not None and abs(window[0] + window[1]) > 1e-6):
        raise RigError(
            f"'{sensor.channel}' looks where CARLA's own lidar cannot: it turns, or covers as much left as "
            "right", element="signal", remedy="write 'signal: drivesim', or another device",
        )  # fmt: skip
    return 360.0 if window is None else window[1] - window[0]


class OwnRadar:
    """``sensor.other.radar`` for each of the device's scans: fields of view and range are the device's, rays a cycle
    as many as it puts out detections. CARLA hits what it hits: there is no power, no resolution, no noise."""

    def __init__(self, sensor: Sensor, seed: int) -> None:
        assert isinstance(sensor.device, RadarDevice)
        self.sensor, self.device = sensor, sensor.device
        self._seed = seed % _MOST_SEEDS
        for scan in self.device.scans:
            if 2.0 * math.degrees(scan.azimuth_limit) > _WIDEST:
                raise RigError(
                    f"'{sensor.channel}' looks wider than CARLA's own radar can, {_WIDEST:.0f} degrees",
                    element="signal", remedy="write 'signal: drivesim', or another device",
                )  # fmt: skip

    def spawned(self, delta: float) -> dict[str, tuple[str, dict[str, str]]]:
        """Blueprint and attributes by scan, for ticks of ``delta`` s: with a ``sensor_tick`` CARLA's speeds are wrong
        (carla#4149), so it measures every tick and those that are not due are left."""
        return {scan.name: ("sensor.other.radar", self._attributes(scan, delta)) for scan in self.device.scans}

    def _attributes(self, scan: RadarScan, delta: float) -> dict[str, str]:
        rays = math.ceil(self.device.max_detections / len(self.device.scans))
        return {
            "horizontal_fov": repr(2.0 * math.degrees(scan.azimuth_limit)), "range": str(scan.max_range),
            "vertical_fov": repr(scan.elevation_beamwidth_deg), "points_per_second": str(math.ceil(rays / delta)),
            "noise_seed": str(self._seed), "sensor_tick": "0.0",
        }  # fmt: skip

    def capture(self, raw: Mapping[str, Any], motion: EgoMotion) -> RadarDetections | None:
        """The measurement of this tick, if one is due.

        Args:
            raw: ``carla.RadarMeasurement`` of this tick by scan; four numbers a hit: radial velocity (approaching is
                negative), azimuth to the right, altitude, depth.
        """
        if not list(due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase)):
            return None
        found = np.concatenate([
            np.frombuffer(raw[scan.name].raw_data, dtype="<f4").reshape(-1, 4) for scan in self.device.scans
        ])  # fmt: skip
        velocity, azimuth, elevation, depth = found.T.copy()
        azimuth = -azimuth
        flat = np.cos(elevation)
        ahead = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)
        rotation, _, own = motion.sensor_motion(np.array([motion.end_ns]), self.sensor.ego_from_sensor)
        over_ground = velocity + ahead @ rotation[0].T @ own[0]
        count, nan = len(found), np.full(len(found), np.nan, dtype=np.float32)

        def code(value: int) -> Any:
            return np.full(count, value, dtype=np.uint8)

        return RadarDetections(
            channel=self.sensor.channel, time_ns=motion.end_ns, ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=motion.pose(motion.end_ns), range=depth, azimuth=azimuth, elevation=elevation,
            radial_velocity=velocity, radial_velocity_compensated=over_ground.astype(np.float32), rcs=nan, snr=nan,
            semantic=code(0), instance=np.zeros(count, dtype=np.int32), dynamic=code(Dynamic.UNKNOWN),
            ambiguity=code(Ambiguity.UNAMBIGUOUS), invalid=code(0), false_alarm=code(1),
            deviation=np.full((count, 4), np.nan, dtype=np.float32), true_range=nan, true_azimuth=nan,
            true_elevation=nan, true_radial_velocity=nan, true_rcs=nan, bounces=code(1),
            paths=np.ones(count, dtype=np.int32),
        )  # fmt: skip
