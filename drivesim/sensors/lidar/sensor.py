"""A lidar on a vehicle: columns fire tick by tick, a sweep is delivered when its last column has fired."""

from __future__ import annotations

from dataclasses import dataclass, field

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene
from drivesim.sensors.beams import BeamHits, trace_columns
from drivesim.sensors.clock import due, nanoseconds, stamp
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.model import receive
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor
from drivesim.streams import stream_key
from drivesim.types import Paths, PointCloud, Weather

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]


@dataclass(slots=True)
class _Sweep:
    """A revolution under way: what was hit so far, and where the sensor was at every column."""

    hits: BeamHits
    rotation: F64
    translation: F64
    traced: int = field(default=0)


class Lidar:
    """Accumulates one sensor's sweeps.

    A revolution ends, and is stamped, at ``phase + k / rate``: the instant of its last firing. Every ray has its own
    time; the sensor's pose is taken once per column (a column lasts some ten microseconds).

    Args:
        sensor: a lidar of the rig.
        seed: scenario seed; noise is a stream of its own per channel.
    """

    def __init__(self, sensor: Sensor, seed: int) -> None:
        assert isinstance(sensor.device, LidarDevice)
        self.sensor = sensor
        self.device = sensor.device
        self._key = stream_key(seed, "lidar", sensor.channel)
        self._columns = self.device.columns_at(sensor.rate_hz)
        delays = self.device.firing_delays
        self._late = delays - delays.max()
        columns = np.arange(self._columns)
        self._column_time = (columns - (self._columns - 1)) / (self._columns * sensor.rate_hz)
        self._offset = self._column_time[:, None] + self._late
        turn = 2.0 * np.pi * (1.0 + self._offset * sensor.rate_hz) * (-1.0 if self.device.clockwise else 1.0)
        azimuth = np.radians(self.device.start_azimuth_deg) + turn + self.device.azimuth_offsets
        self._azimuth = ((azimuth + np.pi) % (2.0 * np.pi) - np.pi).astype(np.float32)
        self._elevation = np.tile(self.device.elevations.astype(np.float32), (self._columns, 1))
        flat = np.cos(self._elevation)
        self._direction = np.stack(
            [flat * np.cos(self._azimuth), flat * np.sin(self._azimuth), np.sin(self._elevation)], axis=-1
        )
        self._sweeps: dict[int, _Sweep] = {}

    def capture(self, rays: RayScene, motion: EgoMotion, weather: Weather) -> PointCloud | None:
        """Fire the columns of this tick; the newest sweep that was completed by them, if any."""
        self._fire(rays, motion)
        cloud = None
        for number in due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase):
            sweep = self._sweeps.pop(number, None)
            if sweep is not None and sweep.traced == self._columns:
                cloud = self._point_cloud(number, sweep, motion, weather)
        return cloud

    def _fire(self, rays: RayScene, motion: EgoMotion) -> None:
        rate, phase = self.sensor.rate_hz, self.sensor.phase
        length = nanoseconds(1.0 / rate)
        for number in due(motion.start_ns, motion.end_ns + length, rate, phase):
            times = np.rint((phase + number / rate + self._column_time) * 1e9).astype(np.int64)
            first, last = np.searchsorted(times, (motion.start_ns, motion.end_ns), side="right")
            if first == last:
                continue
            if number not in self._sweeps:
                self._sweeps[number] = _Sweep(
                    BeamHits.empty(self._columns, self.device.beams),
                    np.empty((self._columns, 3, 3)),
                    np.empty((self._columns, 3)),
                )
            self._trace(rays, motion, self._sweeps[number], times[first:last], slice(int(first), int(last)))

    def _trace(self, rays: RayScene, motion: EgoMotion, sweep: _Sweep, times: NDArray[np.int64], part: slice) -> None:
        rotation, translation = motion.sensor_poses(times, self.sensor.ego_from_sensor)
        velocity = motion.sensor_velocities(times, self.sensor.ego_from_sensor)
        ray_time = motion.fraction(times[:, None] + self._late * 1e9)
        sweep.rotation[part], sweep.translation[part] = rotation, translation
        sweep.traced += len(times)
        trace_columns(
            rays,
            translation,
            rotation,
            velocity,
            ray_time,
            self._direction[part],
            self.device.max_range,
            sweep.hits.part(part),
        )

    def _point_cloud(self, number: int, sweep: _Sweep, motion: EgoMotion, weather: Weather) -> PointCloud:
        time_ns = stamp(number, self.sensor.rate_hz, self.sensor.phase)
        paths = self._paths(time_ns, sweep)
        echoes = receive(paths, self.device, weather, self._key, number)
        world_from_ego = motion.pose(time_ns)
        world_from_sensor = world_from_ego @ self.sensor.ego_from_sensor
        rotation = world_from_sensor.rotation.T @ sweep.rotation
        translation = (sweep.translation - world_from_sensor.translation) @ world_from_sensor.rotation
        measured = echoes.range.reshape(self._offset.shape)
        start = np.concatenate([[0], np.cumsum(np.count_nonzero(measured, axis=1))])
        count = int(start[-1])
        cloud = PointCloud(
            channel=self.sensor.channel,
            time_ns=time_ns,
            ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=world_from_ego,
            points=np.empty((count, 3), dtype=np.float32),
            intensity=np.empty(count, dtype=np.float32),
            ring=np.empty(count, dtype=np.int32),
            time_offset=np.empty(count, dtype=np.float32),
            semantic=np.empty(count, dtype=np.uint8),
            instance=np.empty(count, dtype=np.int32),
        )
        _collect(
            start,
            measured,
            echoes.intensity.reshape(measured.shape),
            self._direction,
            self._offset,
            rotation.astype(np.float32),
            translation.astype(np.float32),
            sweep.hits.semantic,
            sweep.hits.instance,
            cloud.points,
            cloud.intensity,
            cloud.ring,
            cloud.time_offset,
            cloud.semantic,
            cloud.instance,
        )
        return cloud

    def _paths(self, time_ns: int, sweep: _Sweep) -> Paths:
        hits = sweep.hits
        count = hits.length.size
        return Paths(
            beam=np.arange(count, dtype=np.int32),
            azimuth=self._azimuth.ravel(),
            elevation=self._elevation.ravel(),
            length=hits.length.ravel(),
            time=time_ns * 1e-9 + self._offset.ravel(),
            cos_incidence=hits.cosine.ravel(),
            material=hits.material.ravel(),
            semantic=hits.semantic.ravel(),
            instance=hits.instance.ravel(),
            radial_rate=hits.rate.ravel(),
            bounces=np.ones(count, dtype=np.uint8),
        )


@nb.njit(parallel=True, nogil=True, cache=True)
def _collect(
    start: NDArray[np.int64],
    measured: F32,
    graded: F32,
    direction: F32,
    offset: F64,
    rotation: F32,
    translation: F32,
    hit_semantic: NDArray[np.uint8],
    hit_instance: NDArray[np.int32],
    points: F32,
    intensity: F32,
    ring: NDArray[np.int32],
    time_offset: F32,
    semantic: NDArray[np.uint8],
    instance: NDArray[np.int32],
) -> None:
    """Gather the rays with an echo, column by column; lay each echo along its ray from where the sensor was then.

    Args:
        start: (C + 1,) first point of each column; measured, graded: (C, B) ranges (0: none) and intensities.
        direction: (C, B, 3) unit vectors in the sensor frame; offset: (C, B) s.
        rotation, translation: (C, 3, 3) and (C, 3), sensor frame at the stamp from sensor frame at each column.
        points and so on: (N, ...), written.
    """
    columns, beams = measured.shape
    for column in nb.prange(columns):
        i = start[column]
        for beam in range(beams):
            length = measured[column, beam]
            if length == 0.0:
                continue
            x, y, z = direction[column, beam, 0], direction[column, beam, 1], direction[column, beam, 2]
            for axis in range(3):
                turned = rotation[column, axis, 0] * x + rotation[column, axis, 1] * y + rotation[column, axis, 2] * z
                points[i, axis] = turned * length + translation[column, axis]
            intensity[i] = graded[column, beam]
            ring[i] = beam
            time_offset[i] = offset[column, beam]
            semantic[i] = hit_semantic[column, beam]
            instance[i] = hit_instance[column, beam]
            i += 1
