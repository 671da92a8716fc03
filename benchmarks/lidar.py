"""Lidar: one 64 x 2048 revolution of the child crossing, with labels and signal model, against what it competes with.

Peers, in the same process: Open3D's RaycastingScene with the same signal model and labels in NumPy (the usual way
without a simulator), and the bare ray packets that no fused kernel can beat. Run: ``python -m benchmarks.lidar``, with
``NUMBA_NUM_THREADS=1`` by processor time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from benchmarks.camera import in_turns
from benchmarks.peer import open3d, world_triangles
from drivesim.materials import MATERIALS, MaterialId, column
from drivesim.openscenario import load_scenario
from drivesim.scene.embree import (
    DIR_X,
    GEOM_ID,
    LANES,
    MASK,
    NO_HIT,
    ORG_X,
    T_FAR,
    T_NEAR,
    TIME,
    intersect16,
    new_packets,
    new_valid,
)
from drivesim.scene.raycast import EVERYONE, RayScene, RayTables
from drivesim.scene.trace import nearest
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor, load_device, load_rig
from drivesim.simulation import Simulation
from drivesim.transforms import Pose
from drivesim.types import Weather, WorldState

Row = tuple[str, float, float]
_OURS = "drivesim lidar 64 x 2048, labels"
F32 = NDArray[np.float32]

MOUNT = Pose.from_ypr((0.94, 0.0, 1.84), (0.0, 0.0, 0.0))
COLUMNS, RINGS = 2048, 64
_CHUNK = 64
_THROUGH, _MIRRORED = (np.zeros(len(MATERIALS), dtype=np.float32) for _ in range(2))
_THROUGH[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS]] = 0.85
_MIRRORED[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS, MaterialId.CHROME]] = 0.0064, 0.0064, 0.36


def rows() -> list[Row]:
    """(name, seconds per revolution, how many times longer than drivesim)."""
    device = load_device("ouster_os1_64")
    assert isinstance(device, LidarDevice)
    with Simulation(load_scenario("child_crossing"), load_rig("default"), duration=5.0) as simulation:
        before = after = None
        for frame in simulation:
            before, after = after, frame.state
        assert before is not None
        assert after is not None
        scene = simulation.simulator._scene  # type: ignore[attr-defined]
        motion = _revolution(before, after, simulation.ego.index)
        weather = simulation.world.weather
        revolve = drivesim_revolution(device, scene.rays, motion, weather)

        def move_and_revolve() -> None:
            scene.update(before, after)
            revolve()

        works: dict[str, Callable[[], Any]] = {
            _OURS: revolve,
            "drivesim, everyone moved and walked before": move_and_revolve,
            "bare packets, beams from one place": bare_packets(device, scene.rays, motion),
            "bare packets, all rays of the model": bare_model_packets(device, scene.rays, motion),
        }
        for name, title in (
            ("velodyne_vlp16", "VLP-16 sweep, 16 x 1808"),
            ("velodyne_hdl64e", "HDL-64E sweep, 64 x 2083"),
        ):
            other = load_device(name)
            assert isinstance(other, LidarDevice)
            works[f"drivesim {title}"] = drivesim_revolution(other, scene.rays, motion, weather)
        for name, rebuilt in (("Open3D + NumPy, tree prebuilt", False), ("Open3D + NumPy, tree rebuilt", True)):
            with contextlib.suppress(ImportError):
                works[name] = Open3dRevolution(device, scene.rays, motion, rebuilt=rebuilt)
        made = in_turns(works)
    return [(name, seconds, seconds / made[_OURS]) for name, seconds in made.items()]


def _revolution(before: WorldState, after: WorldState, ego: int) -> EgoMotion:
    """The ego's motion over the tick, as if it lasted one revolution of the lidar, so that one call fires it whole."""
    motion = EgoMotion(before, after, ego)
    motion.start_ns, motion.end_ns = 0, 100_000_000
    return motion


def drivesim_revolution(device: LidarDevice, rays: RayScene, motion: EgoMotion, weather: Weather) -> Callable[[], int]:
    """One revolution through the sensor itself: trace, label, detect, place; returns the number of points."""
    lidar = Lidar(Sensor("LIDAR_TOP", device, MOUNT, 10.0, 0.0), 0)

    def run() -> int:
        cloud = lidar.capture(rays, motion, weather)
        assert cloud is not None
        return len(cloud.points)

    return run


class Open3dRevolution:
    """The same point cloud with Open3D's ray caster and NumPy; its tree is built beforehand, or each time as actors
    move. As in drivesim every column has a pose of its own, beams go on through panes of glass and to mirror images,
    the strongest echo counts, and points come out in the sensor's frame at the stamp. Only a time of its own for every
    ray, by which actors move within the revolution, Open3D has not.

    Raises:
        ImportError: Open3D is not installed.
    """

    def __init__(self, device: LidarDevice, rays: RayScene, motion: EgoMotion, *, rebuilt: bool) -> None:
        self._o3d = open3d()
        if self._o3d is None:
            raise ImportError("Open3D is not installed")
        self._device, self._tables, self._rebuilt = device, rays.tables, rebuilt
        self._vertices, self._triangles, self._source = world_triangles(rays)
        self._scene = self._build()
        self._beam = _directions(device)
        times = np.linspace(motion.start_ns, motion.end_ns, COLUMNS).astype(np.int64)
        rotation, place, _ = motion.sensor_motion(times, MOUNT)
        self._rotation, self._place = rotation.astype(np.float32), (place - rays.origin).astype(np.float32)
        self._delay = ((times - times[-1]) * 1e-9).astype(np.float32)
        self._budget = device.threshold_snr * device.range_at_10_percent**2 / 0.1
        self._snr_at_1_m = self._budget * column("reflectivity_905")
        self._random = np.random.default_rng(0)

    def __call__(self) -> int:
        """Number of points."""
        device, tables, place = self._device, self._tables, self._place
        if self._rebuilt:
            self._scene = self._build()
        direction = np.matmul(self._beam, self._rotation.transpose(0, 2, 1)).reshape(-1, 3)
        origin = np.repeat(place, RINGS, axis=0)
        distance, normal, row = self._cast(origin, direction)
        facing = np.einsum("ij,ij->i", normal, direction)
        cosine, kind = np.abs(facing), tables.material[row]
        snr = self._snr(distance, cosine, kind)
        for mirrored, share in ((False, _THROUGH), (True, _MIRRORED)):
            beam = np.flatnonzero((share[kind] > 0.0) & (distance < device.range_at_10_percent))
            ahead, more = direction[beam], normal[beam] * (2e-3 if mirrored else 0.0)
            if mirrored:
                ahead = ahead - 2.0 * facing[beam, None] * normal[beam]
            start = origin[beam] + direction[beam] * distance[beam, None] + more
            length, onto, hit, rest = self._beyond(start, ahead, share[kind[beam]], 1 if mirrored else 4)
            length = length + distance[beam]
            echo = rest * self._snr(length, onto, tables.material[hit])
            better = np.flatnonzero(echo > snr[beam])
            beam = beam[better]
            snr[beam], distance[beam] = echo[better], length[better]
            cosine[beam], row[beam] = onto[better], hit[better]
        seen = np.flatnonzero(snr > 0.0)
        seen = seen[snr[seen] + self._normals(len(seen)) > device.threshold_snr]
        r, row, snr, cosine = distance[seen], row[seen], snr[seen], cosine[seen]
        sigma = np.maximum(device.range_noise / np.sqrt(snr), device.range_noise_floor)
        measured = (r + sigma * self._normals(len(r))).astype(np.float32)
        fired, ring = np.divmod(seen, RINGS)
        points = (place[fired] + direction[seen] * measured[:, None] - place[-1]) @ self._rotation[-1]
        intensity = 100 * (snr + self._normals(len(r))) * r * r / self._budget
        labels = tables.semantic[row], tables.instance[row], ring.astype(np.int32), self._delay[fired], r, cosine
        return len(points) + 0 * (len(intensity) + len(labels))

    def _build(self) -> Any:
        scene = self._o3d.t.geometry.RaycastingScene()
        scene.add_triangles(self._o3d.core.Tensor(self._vertices), self._o3d.core.Tensor(self._triangles))
        return scene

    def _cast(self, start: F32, ahead: F32) -> tuple[F32, F32, NDArray[np.int64]]:
        """Distance, normal, and row in the scene's tables."""
        hits = self._scene.cast_rays(self._o3d.core.Tensor(np.concatenate([start, ahead], axis=1)))
        row = self._source[hits["primitive_ids"].numpy() % len(self._source)]
        return hits["t_hit"].numpy(), hits["primitive_normals"].numpy(), row

    def _beyond(self, start: F32, ahead: F32, share: F32, legs: int) -> tuple[F32, F32, NDArray[np.int64], F32]:
        """Length, cosine, row and share of what rays meet, going through as many panes as there are legs, less one."""
        length, facing = np.zeros(len(start), np.float32), np.ones(len(start), np.float32)
        found, share = np.zeros(len(start), np.int64), share.copy()
        on = np.arange(len(start))
        for leg in range(legs):
            length[on] += 2e-3
            at, normal, row = self._cast(start[on] + ahead[on] * length[on, None], ahead[on])
            length[on] += at
            facing[on], found[on] = np.abs(np.einsum("ij,ij->i", normal, ahead[on])), row
            through = _THROUGH[self._tables.material[row]]
            pane = (through > 0.0) & (length[on] < self._device.max_range)
            if leg == legs - 1 or not pane.any():
                break
            on = on[pane]
            share[on] *= through[pane]
        return length, facing, found, share

    def _snr(self, length: F32, cosine: F32, kind: NDArray[np.uint8]) -> F32:
        near = (length > self._device.min_range) & (length < self._device.max_range)
        snr: F32 = np.where(near, self._snr_at_1_m[kind] * cosine / (length * length), np.float32(0.0))
        return snr

    def _normals(self, count: int) -> F32:
        return self._random.standard_normal(count, dtype=np.float32)


def _directions(device: LidarDevice) -> NDArray[np.float32]:
    """(COLUMNS, RINGS, 3) unit vectors of a revolution, clockwise from the rear."""
    azimuth = np.pi - 2 * np.pi * np.arange(1, COLUMNS + 1)[:, None] / COLUMNS
    flat, up = np.cos(device.elevations), np.broadcast_to(np.sin(device.elevations), (COLUMNS, RINGS))
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), up], -1).astype(np.float32)


@nb.njit(parallel=True, nogil=True, cache=True)
def _bare(tables: RayTables, direction: F32, origin: F32, time: F32, limit: Any) -> None:
    for chunk in nb.prange((len(direction) // LANES + _CHUNK - 1) // _CHUNK):
        packet = new_packets(1)[0]
        ints = packet.view(np.int32)
        valid = new_valid()
        for block in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, len(direction) // LANES)):
            for lane in range(LANES):
                ray = block * LANES + lane
                for axis in range(3):
                    packet[DIR_X + axis, lane] = direction[ray, axis]
                    packet[ORG_X + axis, lane] = origin[ray, axis]
                packet[T_NEAR, lane], packet[T_FAR, lane], packet[TIME, lane] = 0.0, limit, time[ray]
                ints[MASK, lane] = EVERYONE
                ints[GEOM_ID, lane] = NO_HIT
            intersect16(tables.handles, valid, packet, True)


def bare_packets(device: LidarDevice, rays: RayScene, motion: EgoMotion) -> Callable[[], None]:
    """The same number of rays from one place, in packets of a ring's neighbours, nothing done with the hits."""
    rotation, place, _ = motion.sensor_motion(np.array([motion.end_ns]), MOUNT)
    direction = _by_ring(_directions(device) @ rotation[0].T.astype(np.float32))
    origin = np.tile((place[0] - rays.origin).astype(np.float32), (len(direction), 1))
    time = np.zeros(len(direction), np.float32)
    return lambda: _bare(rays.tables, direction, origin, time, np.float32(device.max_range))


def bare_model_packets(device: LidarDevice, rays: RayScene, motion: EgoMotion) -> Callable[[], None]:
    """Every ray that the full model asks for, nothing done with the hits: each from the sensor's place at its own time,
    and those that go on through panes and into mirror images, neighbours in a ring beside each other as in drivesim."""
    times = np.linspace(motion.start_ns, motion.end_ns, COLUMNS).astype(np.int64)
    rotation, place, _ = motion.sensor_motion(times, MOUNT)
    origin = _by_ring(np.repeat((place - rays.origin).astype(np.float32)[:, None], RINGS, axis=1))
    direction = _by_ring(np.matmul(_directions(device), rotation.transpose(0, 2, 1)).astype(np.float32))
    time = _by_ring(np.repeat(motion.fraction(times).astype(np.float32)[:, None, None], RINGS, axis=1))[:, 0]
    legs = [(origin, direction, time)]
    hits = nearest(rays, origin, direction, time, mask=EVERYONE, limit=device.max_range)
    white = device.range_at_10_percent * np.sqrt(10.0)
    for share, panes in ((_THROUGH, 4), (_MIRRORED, 1)):
        weight = np.where(hits.triangle >= 0, share[rays.tables.material[hits.triangle]], 0.0)
        beam = np.flatnonzero((weight > 0.0) & (hits.distance < white * np.sqrt(weight)))
        beam = beam[np.argsort(np.arange(len(origin))[beam] // LANES % RINGS, kind="stable")]
        start, ahead, then = origin[beam], direction[beam], time[beam]
        start = start + ahead * (hits.distance[beam, None] + np.float32(2e-3))
        if panes == 1:
            normal = hits.normal[beam]
            ahead = ahead - 2.0 * np.einsum("ij,ij->i", ahead, normal)[:, None] * normal
            start = start + np.float32(4e-3) * normal
        for _ in range(panes):
            legs.append((start, ahead, then))
            beyond = nearest(rays, start, ahead, then, mask=EVERYONE, limit=device.max_range)
            on = np.flatnonzero((beyond.triangle >= 0) & (_THROUGH[rays.tables.material[beyond.triangle]] > 0.0))
            start = start[on] + ahead[on] * (beyond.distance[on, None] + np.float32(2e-3))
            ahead, then = ahead[on], then[on]
    padded = [
        tuple(np.resize(each, (-(-len(each) // LANES) * LANES, *each.shape[1:])) for each in leg)
        for leg in legs
        if len(leg[0])
    ]
    origin, direction, time = (np.concatenate([leg[part] for leg in padded]).astype(np.float32) for part in range(3))
    return lambda: _bare(rays.tables, direction, origin, time, np.float32(device.max_range))


def _by_ring(values: NDArray[Any]) -> NDArray[Any]:
    """(COLUMNS, RINGS, K) in the order of packets: sixteen columns of a ring, the rings of these columns, the next."""
    blocks = values.reshape(COLUMNS // LANES, LANES, RINGS, -1).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(blocks).reshape(COLUMNS * RINGS, -1)


if __name__ == "__main__":
    for name, seconds, ratio in rows():
        print(f"{name:44s} {1e3 * seconds:8.1f} ms  x {ratio:.2f}")
