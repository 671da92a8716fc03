"""Lidar: one 64 x 2048 revolution with labels and signal model, against what it competes with, in the same process.

Peers: Open3D's RaycastingScene with the same signal model and labels in NumPy (the usual way without a simulator), and
the bare ray packets that no fused kernel can beat. Run: ``python -m benchmarks.lidar``.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, column
from drivesim.mesh import Mesh, merge
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
from drivesim.scene.raycast import RayScene, RaySceneBuilder, RayTables
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor, load_device
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Weather, WorldState

Row = tuple[str, float, float]

HEIGHT = 1.84


def street(seed: int = 1, instances: int = 60) -> tuple[Mesh, Mesh, list[Pose]]:
    """A static street (about 270k triangles), one car-sized body (9k triangles) and its ``instances`` places."""
    random = np.random.default_rng(seed)
    tiles = 260
    x, y = np.meshgrid(np.linspace(-130, 130, tiles), np.linspace(-130, 130, tiles), indexing="ij")
    ground = _sheet(x, y, 0.05 * np.sin(x / 9) * np.cos(y / 7), MaterialId.ASPHALT, Tag.ROADS)
    blobs = []
    for _ in range(70):
        angle, distance = random.uniform(0, 2 * np.pi), random.uniform(18, 120)
        place = (distance * np.cos(angle), distance * np.sin(angle), random.uniform(1, 4))
        size = random.uniform(2, 8, 3)
        blobs.append(_blob(32, size, place, MaterialId.CONCRETE, Tag.BUILDING))
    body = _blob(68, (2.2, 0.9, 0.75), (0.0, 0.0, 0.8), MaterialId.CAR_PAINT, Tag.CAR)
    poses = [
        Pose.from_ypr((*random.uniform(-60, 60, 2), 0.0), (random.uniform(-3, 3), 0.0, 0.0)) for _ in range(instances)
    ]
    return merge([ground, *blobs]), body, poses


def _sheet(x: Any, y: Any, z: Any, material: MaterialId, tag: Tag) -> Mesh:
    rows, columns = x.shape
    i = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.concatenate([np.stack([i, i + columns, i + 1], 1), np.stack([i + 1, i + columns, i + columns + 1], 1)])
    points = np.stack([x, y, z], -1).reshape(-1, 3)
    return Mesh.build(points, faces, material=material, albedo=(0.3,) * 3, semantic=tag, smooth=True)


def _blob(steps: int, size: Any, place: Any, material: MaterialId, tag: Tag) -> Mesh:
    theta, phi = np.meshgrid(np.linspace(0, np.pi, steps), np.linspace(0, 2 * np.pi, steps), indexing="ij")
    unit = (np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta))
    return _sheet(*(u * s + p for u, s, p in zip(unit, size, place, strict=True)), material, tag)


def _state(seconds: float) -> WorldState:
    zeros, flat = np.zeros((1, 1)), np.zeros((1, 1, 3))
    return WorldState(
        time=np.array([seconds]),
        present=np.ones((1, 1), dtype=bool),
        position=flat,
        orientation=flat,
        velocity=flat,
        acceleration=flat,
        angular_velocity=flat,
        speed=zeros,
        steering=zeros,
        wheel_rotation=zeros,
        gait_phase=zeros,
        gaze=zeros,
        lights=zeros.astype(np.uint16),
        fallen=zeros,
    )


def drivesim_revolution(rays: RayScene) -> Callable[[], int]:
    """One revolution through the sensor itself: trace, label, detect, place; returns the number of points."""
    sensor = Sensor("LIDAR_TOP", load_device("ouster_os1_64"), Pose.from_ypr((0, 0, HEIGHT), (0, 0, 0)), 10.0, 0.0)
    motion = EgoMotion(_state(0.0), _state(0.1), 0)

    def run() -> int:
        cloud = Lidar.capture(lidar, rays, motion, Weather())
        assert cloud is not None
        return len(cloud.points)

    lidar = Lidar(sensor, 0)
    return run


def open3d_revolution(static: Mesh, body: Mesh, poses: list[Pose], *, moving: bool) -> Callable[[], int]:
    """The same with Open3D's ray caster and NumPy; its tree is built beforehand, or each time as actors move."""
    import libusb_package

    ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
    import open3d

    meshes = [static, *(body.placed(pose) for pose in poses)]

    def build() -> Any:
        scene = open3d.t.geometry.RaycastingScene()
        for mesh in meshes:
            scene.add_triangles(
                open3d.core.Tensor(np.ascontiguousarray(mesh.vertices)),
                open3d.core.Tensor(mesh.triangles.astype(np.uint32)),
            )
        return scene

    standing = build()
    start = np.cumsum([0, *(len(mesh.triangles) for mesh in meshes[:-1])])
    material = np.concatenate([mesh.material for mesh in meshes])
    semantic = np.concatenate([mesh.semantic for mesh in meshes])
    owner = np.arange(len(meshes), dtype=np.int32)
    device = load_device("ouster_os1_64")
    elevation = device.elevations
    reflectivity = column("reflectivity_905")
    random = np.random.default_rng(0)

    def run() -> int:
        scene = build() if moving else standing
        azimuth = np.pi - 2 * np.pi * np.arange(1, 2049)[:, None] / 2048
        flat = np.cos(elevation)
        up = np.broadcast_to(np.sin(elevation), (2048, 64))
        direction = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), up], -1).reshape(-1, 3)
        direction = direction.astype(np.float32)
        rays = np.concatenate([np.broadcast_to(np.float32([0, 0, HEIGHT]), direction.shape), direction], axis=1)
        hits = scene.cast_rays(open3d.core.Tensor(np.ascontiguousarray(rays)))
        distance, geometry = hits["t_hit"].numpy(), hits["geometry_ids"].numpy()
        normal, primitive = hits["primitive_normals"].numpy(), hits["primitive_ids"].numpy()
        hit = np.flatnonzero((distance > device.min_range) & (distance < device.max_range))
        r, d = distance[hit], direction[hit]
        row = start[geometry[hit]] + primitive[hit]
        cosine = np.abs(np.einsum("ij,ij->i", normal[hit], d))
        rho = reflectivity[material[row]] * cosine
        snr = device.threshold_snr * rho / 0.1 * (device.range_at_10_percent / r) ** 2
        seen = snr + random.standard_normal(len(r)) > device.threshold_snr
        sigma = np.maximum(device.range_noise / np.sqrt(snr[seen]), device.range_noise_floor)
        measured = r[seen] + sigma * random.standard_normal(len(sigma))
        points = (d[seen] * measured[:, None]).astype(np.float32)
        intensity = 100 * rho[seen] * (1 + random.standard_normal(len(sigma)) / snr[seen])
        labels = semantic[row[seen]], owner[geometry[hit][seen]], hit[seen] % 64
        return len(points) + 0 * (len(intensity) + len(labels))

    return run


@nb.njit(parallel=True, nogil=True, cache=True)
def _bare(tables: RayTables, direction: NDArray[np.float32], height: float) -> None:
    for block in nb.prange(len(direction) // LANES):
        packet = new_packets(1)[0]
        ints = packet.view(np.int32)
        valid = new_valid()
        for lane in range(LANES):
            for axis in range(3):
                packet[DIR_X + axis, lane] = direction[block * LANES + lane, axis]
            packet[ORG_X + 2, lane] = height
            packet[T_FAR, lane] = 200.0
            ints[MASK, lane] = 1
            ints[GEOM_ID, lane] = NO_HIT
        intersect16(tables.handles, valid, packet, True)


def bare_packets(rays: RayScene) -> Callable[[], None]:
    """The same rays in the same packets, nothing done with the hits: the limit."""
    elevation = load_device("ouster_os1_64").elevations.reshape(16, 4)
    azimuth = np.pi - 2 * np.pi * np.arange(1, 2049).reshape(512, 4) / 2048
    az, el = np.broadcast_arrays(azimuth[:, None, None, :], elevation[None, :, :, None])
    direction = np.stack([np.cos(el) * np.cos(az), np.cos(el) * np.sin(az), np.sin(el)], -1).reshape(-1, 3)
    direction = direction.astype(np.float32)
    return lambda: _bare(rays.tables, direction, HEIGHT)


def best_of(run: Callable[[], Any], times: int = 12) -> float:
    """Shortest time, s, after a run that compiles."""
    run()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def rows() -> list[Row]:
    """(name, seconds per revolution, how many times longer than drivesim)."""
    static, body, poses = street()
    builder = RaySceneBuilder()
    builder.add_static(static)
    parts = [builder.add_rigid(body, number) for number in range(1, len(poses) + 1)]
    with builder.build() as rays:
        for part, pose in zip(parts, poses, strict=True):
            rays.set_motion(part, pose, pose)
        rays.commit()
        own = best_of(drivesim_revolution(rays))
        found = [("drivesim lidar 64 x 2048, labels", own, 1.0)]
        revolve = drivesim_revolution(rays)

        def move_and_revolve() -> None:
            for part, pose in zip(parts, poses, strict=True):
                rays.set_motion(part, pose, pose)
            rays.commit()
            revolve()

        moved = best_of(move_and_revolve)
        found.append(("drivesim, all 60 actors moved before", moved, moved / own))
        bare = best_of(bare_packets(rays))
        found.append(("bare packets, no output", bare, bare / own))
    peer = best_of(open3d_revolution(static, body, poses, moving=False), 6)
    found.append(("Open3D RaycastingScene + NumPy", peer, peer / own))
    peer = best_of(open3d_revolution(static, body, poses, moving=True), 3)
    found.append(("Open3D + NumPy, all 60 actors moved before", peer, peer / own))
    return found


if __name__ == "__main__":
    for name, seconds, ratio in rows():
        print(f"{name:44s} {1e3 * seconds:8.1f} ms  x {ratio:.2f}")
