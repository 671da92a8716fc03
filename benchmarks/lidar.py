"""Lidar: one 64 x 2048 revolution of the child crossing, with labels and signal model, against what it competes with.

Peers, in the same process: Open3D's RaycastingScene with the same signal model and labels in NumPy (the usual way
without a simulator), and the bare ray packets that no fused kernel can beat. Run: ``python -m benchmarks.lidar``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from benchmarks.peer import open3d, world_triangles
from drivesim.materials import MaterialId, column
from drivesim.openscenario import load_scenario
from drivesim.scene.embree import (
    DIR_X,
    GEOM_ID,
    LANES,
    MASK,
    NO_HIT,
    ORG_X,
    T_FAR,
    intersect16,
    new_packets,
    new_valid,
)
from drivesim.scene.raycast import EVERYONE, RayScene, RayTables
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor, load_device, load_rig
from drivesim.simulation import Simulation
from drivesim.transforms import Pose
from drivesim.types import Weather, WorldState

Row = tuple[str, float, float]

MOUNT = Pose.from_ypr((0.94, 0.0, 1.84), (0.0, 0.0, 0.0))
COLUMNS, RINGS = 2048, 64
GLASS = (MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS)


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

        own = best_of(revolve)
        found = [("drivesim lidar 64 x 2048, labels", own)]
        found.append(("drivesim, everyone moved and walked before", best_of(move_and_revolve)))
        found.append(("bare packets, no output", best_of(bare_packets(device, scene.rays, motion))))
        for name, rebuilt in (("Open3D + NumPy, tree prebuilt", False), ("Open3D + NumPy, tree rebuilt", True)):
            peer = open3d_revolution(device, scene.rays, motion, rebuilt)
            if peer is not None:
                found.append((name, best_of(peer, 6)))
    return [(name, seconds, seconds / own) for name, seconds in found]


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


def open3d_revolution(
    device: LidarDevice, rays: RayScene, motion: EgoMotion, rebuilt: bool
) -> Callable[[], int] | None:
    """The same point cloud with Open3D's ray caster and NumPy; its tree is built beforehand, or each time as actors
    move. As in drivesim every column has a pose of its own, beams go on through a pane of glass (one, where drivesim
    follows three and the mirror image too), and points come out in the sensor's frame at the stamp. None where Open3D
    is not installed."""
    o3d = open3d()
    if o3d is None:
        return None
    vertices, triangles, source = world_triangles(rays)

    def build() -> Any:
        scene = o3d.t.geometry.RaycastingScene()
        scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(triangles))
        return scene

    standing = build()
    tables = rays.tables
    beam = _directions(device)
    times = np.linspace(motion.start_ns, motion.end_ns, COLUMNS).astype(np.int64)
    rotation, place, _ = motion.sensor_motion(times, MOUNT)
    rotation, place = rotation.astype(np.float32), (place - rays.origin).astype(np.float32)
    delay = ((times - times[-1]) * 1e-9).astype(np.float32)
    reflectivity = column("reflectivity_905")
    random = np.random.default_rng(0)

    def normals(count: int) -> NDArray[np.float32]:
        return random.standard_normal(count, dtype=np.float32)

    def run() -> int:
        scene = build() if rebuilt else standing
        direction = np.matmul(beam, rotation.transpose(0, 2, 1)).reshape(-1, 3)
        origin = np.repeat(place, RINGS, axis=0)
        hits = scene.cast_rays(o3d.core.Tensor(np.concatenate([origin, direction], axis=1)))
        distance, normal = hits["t_hit"].numpy(), hits["primitive_normals"].numpy()
        row = source[hits["primitive_ids"].numpy() % len(source)]
        share = np.ones(len(distance), dtype=np.float32)
        pane = np.flatnonzero(np.isin(tables.material[row], GLASS) & (distance < device.max_range))
        start = origin[pane] + direction[pane] * (distance[pane, None] + 2e-3)
        beyond = scene.cast_rays(o3d.core.Tensor(np.concatenate([start, direction[pane]], axis=1)))
        distance[pane] += beyond["t_hit"].numpy()
        normal[pane] = beyond["primitive_normals"].numpy()
        row[pane] = source[beyond["primitive_ids"].numpy() % len(source)]
        share[pane] = 0.85
        hit = np.flatnonzero((distance > device.min_range) & (distance < device.max_range))
        r, d, row = distance[hit], direction[hit], row[hit]
        cosine = np.abs(np.einsum("ij,ij->i", normal[hit], d))
        rho = reflectivity[tables.material[row]] * cosine * share[hit]
        snr = device.threshold_snr * rho / 0.1 * (device.range_at_10_percent / r) ** 2
        seen = snr + normals(len(r)) > device.threshold_snr
        hit, r, row, snr, rho, cosine = (values[seen] for values in (hit, r, row, snr, rho, cosine))
        sigma = np.maximum(device.range_noise / np.sqrt(snr), device.range_noise_floor)
        measured = (r + sigma * normals(len(r))).astype(np.float32)
        fired, ring = np.divmod(hit, RINGS)
        points = (place[fired] + direction[hit] * measured[:, None] - place[-1]) @ rotation[-1]
        intensity = 100 * rho * (1 + normals(len(r)) / snr)
        labels = tables.semantic[row], tables.instance[row], ring.astype(np.int32), delay[fired], r, cosine
        return len(points) + 0 * (len(intensity) + len(labels))

    return run


def _directions(device: LidarDevice) -> NDArray[np.float32]:
    """(COLUMNS, RINGS, 3) unit vectors of a revolution, clockwise from the rear."""
    azimuth = np.pi - 2 * np.pi * np.arange(1, COLUMNS + 1)[:, None] / COLUMNS
    flat, up = np.cos(device.elevations), np.broadcast_to(np.sin(device.elevations), (COLUMNS, RINGS))
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), up], -1).astype(np.float32)


@nb.njit(parallel=True, nogil=True, cache=True)
def _bare(tables: RayTables, direction: NDArray[np.float32], origin: NDArray[np.float32], limit: float) -> None:
    for block in nb.prange(len(direction) // LANES):
        packet = new_packets(1)[0]
        ints = packet.view(np.int32)
        valid = new_valid()
        for lane in range(LANES):
            for axis in range(3):
                packet[DIR_X + axis, lane] = direction[block * LANES + lane, axis]
                packet[ORG_X + axis, lane] = origin[axis]
            packet[T_FAR, lane] = limit
            ints[MASK, lane] = EVERYONE
            ints[GEOM_ID, lane] = NO_HIT
        intersect16(tables.handles, valid, packet, True)


def bare_packets(device: LidarDevice, rays: RayScene, motion: EgoMotion) -> Callable[[], None]:
    """The same number of rays from one place, in packets of a ring's neighbours, nothing done with the hits."""
    rotation, place, _ = motion.sensor_motion(np.array([motion.end_ns]), MOUNT)
    beam = (_directions(device) @ rotation[0].T).reshape(COLUMNS // LANES, LANES, RINGS, 3)
    direction = beam.transpose(0, 2, 1, 3).reshape(-1, 3).astype(np.float32)
    origin = (place[0] - rays.origin).astype(np.float32)
    return lambda: _bare(rays.tables, direction, origin, device.max_range)


def best_of(run: Callable[[], Any], times: int = 12) -> float:
    """Shortest time, s, after a run that compiles."""
    run()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return min(taken)


if __name__ == "__main__":
    for name, seconds, ratio in rows():
        print(f"{name:44s} {1e3 * seconds:8.1f} ms  x {ratio:.2f}")
