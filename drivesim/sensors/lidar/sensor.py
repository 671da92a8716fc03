"""A lidar on a vehicle: columns fire tick by tick, a sweep is delivered when its last column has fired."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.errors import RigError
from drivesim.scene.raycast import RayScene
from drivesim.sensors.beams import BeamHits, columns_of, trace_columns
from drivesim.sensors.clock import due, nanoseconds, stamp
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.model import CLUTTER, FULL_SCALE, bloom, receive
from drivesim.sensors.lidar.patterns import Pattern, footprint, pattern
from drivesim.sensors.lidar.room import PathRoom
from drivesim.sensors.lidar.secondary import SENDING_ON, Onward, onward
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor
from drivesim.sensors.spray import in_beams, plumes
from drivesim.streams import stream_key
from drivesim.types import PointCloud, Weather

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
Echoed = tuple[F32, F32, I32]
Path = tuple[U8, I32, F32, F32]
Out = tuple[F32, F32, I32, F32, U8, I32, U8, NDArray[np.bool_], F32, F32]

_NO_NUMBER: Any = np.float32(np.nan)


@dataclass(slots=True)
class _Sweep:
    """A revolution under way: what was hit so far, and where the sensor was at every column."""

    pattern: Pattern
    direction: F32
    room: PathRoom
    rotation: F64
    translation: F64
    traced: int = 0
    onward: list[Onward] = field(default_factory=list)


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
        if sensor.device.signal == "carla":
            raise RigError(
                f"'{sensor.channel}' is CARLA's own lidar, which the embedded simulator has not", element="signal",
                remedy="record with --simulator carla, or write 'signal: drivesim'",
            )  # fmt: skip
        self.sensor = sensor
        self.device = sensor.device
        self._key = stream_key(seed, "lidar", sensor.channel)
        delays = self.device.firing_delays
        self._late = np.repeat(delays - delays.max(), self.device.rays_per_beam) * 1e9
        self._first = pattern(self.device, sensor.rate_hz, 0)
        self._columns = len(self._first.column_time)
        self._first_rays = footprint(self.device, self._first.direction)
        self._sweeps: dict[int, _Sweep] = {}
        self._rooms: list[PathRoom] = []
        self._wakes, self._origin = np.zeros((0, 10)), np.zeros(3)

    def capture(self, rays: RayScene, motion: EgoMotion, weather: Weather) -> PointCloud | None:
        """Fire the columns of this tick; the newest sweep that was completed by them, if any."""
        self._fire(rays, motion)
        cloud = None
        for number in due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase):
            sweep = self._sweeps.pop(number, None)
            if sweep is not None and sweep.traced == self._columns:
                cloud = self._point_cloud(number, sweep, motion, weather)
            if sweep is not None:
                self._rooms.append(sweep.room)
        return cloud

    def _fire(self, rays: RayScene, motion: EgoMotion) -> None:
        rate, phase = self.sensor.rate_hz, self.sensor.phase
        length = nanoseconds(1.0 / rate)
        for number in due(motion.start_ns, motion.end_ns + length, rate, phase):
            times = np.rint((phase + number / rate + self._first.column_time) * 1e9).astype(np.int64)
            first, last = np.searchsorted(times, (motion.start_ns, motion.end_ns), side="right")
            if first == last:
                continue
            if number not in self._sweeps:
                self._sweeps[number] = self._begin(number)
            self._trace(rays, motion, self._sweeps[number], times[first:last], slice(int(first), int(last)))

    def _begin(self, number: int) -> _Sweep:
        scan, bundle = self._first, self._first_rays
        room = self._rooms.pop() if self._rooms else PathRoom(scan, self.device.rays_per_beam)
        if self.device.pattern is not None and self.device.pattern.shape == "rosette":
            scan = pattern(self.device, self.sensor.rate_hz, number)
            bundle = footprint(self.device, scan.direction)
            room.aim(scan)
        return _Sweep(scan, bundle, room, np.empty((self._columns, 3, 3)), np.empty((self._columns, 3)))

    def _trace(self, rays: RayScene, motion: EgoMotion, sweep: _Sweep, times: NDArray[np.int64], part: slice) -> None:
        hits, facing = sweep.room.hits.part(part), sweep.room.facing[part]
        rotation, translation, more = self._shoot(rays, motion, times, sweep.direction[part], hits, facing)
        sweep.rotation[part], sweep.translation[part] = rotation, translation
        sweep.traced += len(times)
        sweep.onward.append(replace(more, ray=more.ray + part.start * sweep.direction.shape[1]))

    def _shoot(
        self, rays: RayScene, motion: EgoMotion, times: NDArray[np.int64], direction: F32, hits: BeamHits, facing: F32
    ) -> tuple[F64, F64, Onward]:
        """Trace columns that fire at ``times``: rotations and translations of ``world_from_sensor`` then, and the rays
        that go on; fills ``hits`` and the normals ``facing``. Another engine may take this step's place."""
        self._wakes, self._origin = rays.wakes, rays.origin
        rotation, translation, velocity = motion.sensor_motion(times, self.sensor.ego_from_sensor)
        time, lag = motion.fraction(times), self._late / (motion.end_ns - motion.start_ns)
        reach, farthest = self.device.max_range, self.device.range_at_10_percent * np.sqrt(10.0)
        send = SENDING_ON, facing
        sensor = columns_of(rays, translation, rotation, velocity, time, lag)
        trace_columns(rays, sensor, direction, reach, hits, send)
        more = onward(rays, sensor, direction, hits, facing, reach, farthest)
        return rotation, translation, more

    def _point_cloud(self, number: int, sweep: _Sweep, motion: EgoMotion, weather: Weather) -> PointCloud:
        time_ns = stamp(number, self.sensor.rate_hz, self.sensor.phase)
        paths, share = sweep.room.paths(time_ns, sweep.onward)
        echoes = receive(paths, self.device, weather, self._key, number, share, self._spray(sweep, weather))
        world_from_ego = motion.pose(time_ns)
        world_from_sensor = world_from_ego @ self.sensor.ego_from_sensor
        rotation = np.tensordot(world_from_sensor.rotation, sweep.rotation, axes=(0, 1)).transpose(1, 0, 2)
        translation = (sweep.translation - world_from_sensor.translation) @ world_from_sensor.rotation
        shape = (*sweep.pattern.offset.shape, len(self.device.returns))
        measured, intensity = echoes.range.reshape(shape), echoes.intensity.reshape(shape)
        source = echoes.path.reshape(shape)
        glare = self._bloom(sweep, measured, intensity)
        source[..., 0][glare] = CLUTTER
        start = np.concatenate([[0], np.cumsum((measured != 0.0).reshape(len(measured), -1).sum(axis=1))])
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
            return_number=np.empty(count, dtype=np.uint8),
            clutter=np.empty(count, dtype=np.bool_),
            true_range=np.empty(count, dtype=np.float32),
            cos_incidence=np.empty(count, dtype=np.float32),
        )
        _collect(
            start,
            (measured, intensity, source),
            (sweep.pattern.direction, sweep.pattern.offset),
            (np.ascontiguousarray(rotation, dtype=np.float32), translation.astype(np.float32)),
            (paths.semantic, paths.instance, paths.length, paths.cos_incidence),
            (
                cloud.points, cloud.intensity, cloud.ring, cloud.time_offset, cloud.semantic, cloud.instance,
                cloud.return_number, cloud.clutter, cloud.true_range, cloud.cos_incidence,
            ),
        )  # fmt: skip
        return cloud

    def _spray(self, sweep: _Sweep, weather: Weather) -> F32 | None:
        """What spray does to every beam, as of :func:`~drivesim.sensors.spray.in_beams`, where vehicles are at the end
        of the revolution; None without any."""
        thrown_up = plumes(self._wakes, weather, self._origin)
        if not len(thrown_up):
            return None
        bundle = sweep.room.hits.length.reshape(*sweep.pattern.offset.shape, -1)
        place = np.ascontiguousarray(sweep.translation - self._origin)
        return in_beams(
            place, sweep.rotation, sweep.pattern.direction, bundle.max(axis=2), thrown_up, self._origin,
            self.device.max_range,
        )  # fmt: skip

    def _bloom(self, sweep: _Sweep, measured: F32, intensity: F32) -> NDArray[np.bool_]:
        """Spread the glare of retro-reflectors in place; (C, B), where it did."""
        first = np.ascontiguousarray(measured[..., 0])
        bright = np.ascontiguousarray(intensity[..., 0])
        scan = sweep.pattern
        if self.device.bloom_deg > 0.0 and bright.max(initial=0.0) > FULL_SCALE:
            bloom(first, bright, scan.azimuth, scan.elevation, self.device.bloom_deg, self.device.merging_distance)
        measured[..., 0], intensity[..., 0] = np.abs(first), bright
        glare: NDArray[np.bool_] = first < 0.0
        return glare


@nb.njit(parallel=True, nogil=True, cache=True)
def _collect(start: I64, echoes: Echoed, scan: tuple[F32, F64], place: tuple[F32, F32], paths: Path, out: Out) -> None:
    """Gather the echoes, column by column; lay each along its beam from where the sensor was then.

    Args:
        start: (C + 1,) first point of each column.
        echoes: (C, B, R) ranges (0: none), intensities and rows of the path arrays, negative for clutter.
        scan: (C, B, 3) unit vectors in the sensor frame, and (C, B) times, s.
        place: (C, 3, 3) and (C, 3), sensor frame at the stamp from sensor frame at each column.
        paths: (P,) semantic, instance, length and cosine.
        out: (N, ...) the arrays of a :class:`~drivesim.types.PointCloud` in their order, written.
    """
    measured, graded, source = echoes
    direction, offset = scan
    rotation, translation = place
    path_semantic, path_instance, path_length, path_cosine = paths
    points, intensity, ring, time_offset, semantic, instance, return_number, clutter, true_range, cosine = out
    columns, beams, slots = measured.shape
    for column in nb.prange(columns):
        i, end = start[column], start[column + 1]
        for beam in range(beams):
            x, y, z = direction[column, beam, 0], direction[column, beam, 1], direction[column, beam, 2]
            for slot in range(slots):
                if i == end:
                    break
                # What is no echo is written too, and then overwritten: to guess which it is takes longer.
                length, path = measured[column, beam, slot], source[column, beam, slot]
                for axis in range(3):
                    turned = (
                        rotation[column, axis, 0] * x + rotation[column, axis, 1] * y + rotation[column, axis, 2] * z
                    )
                    points[i, axis] = turned * length + translation[column, axis]
                intensity[i], ring[i] = graded[column, beam, slot], beam
                time_offset[i], return_number[i] = offset[column, beam], slot
                known, at = path >= 0, max(path, 0)
                clutter[i] = not known
                semantic[i], instance[i] = path_semantic[at] * known, path_instance[at] * known
                true_range[i] = path_length[at] if known else _NO_NUMBER
                cosine[i] = path_cosine[at] if known else _NO_NUMBER
                i += length != 0.0
