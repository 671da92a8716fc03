"""Camera: one 1600 x 900 frame of the child crossing, RGB and labels, against what it competes with.

Peers: bare Embree packets for the same primary and sun rays (the limit), without and with those that go on through car
windows, and Open3D RaycastingScene with NumPy shading (the usual way without a simulator), its tree built beforehand
or, as where things move, for this frame.
Run: ``python -m benchmarks.camera``, with ``NUMBA_NUM_THREADS=1`` by processor time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from benchmarks.baseline import trace_image, trace_onward
from benchmarks.peer import open3d, world_triangles
from drivesim.materials import MaterialId
from drivesim.openscenario import load_scenario
from drivesim.scene.frozen import freeze
from drivesim.scene.raycast import RayScene
from drivesim.sensors.camera.channels import seen_by
from drivesim.sensors.camera.gaze import Gaze
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.camera.sky import daylight
from drivesim.sensors.rig import Sensor, load_rig
from drivesim.simulation import Simulation
from drivesim.transforms import Pose
from drivesim.types import Weather

Row = tuple[str, float, float]

RUNS = 7
STREAM = 20
"""Small pictures are timed so many in a row, as a learner takes them, and each is charged its share."""
DRIVES = 3
"""Whole drives that are timed, of which the best counts."""
_OURS = "drivesim, 1 ray a pixel, sun shadow"


def in_turns(works: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Shortest of several runs of each, s, one of each after the other: what else the machine does meets all alike.

    Each is run twice, and the second counts: it finds in the caches what is its own, whoever was before it. On one
    thread (``NUMBA_NUM_THREADS=1``) it is processor time, which other programs lengthen least.
    """
    clock = _clock()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            work()
            start = clock()
            work()
            times[name].append(clock() - start)
    return {name: min(taken) for name, taken in times.items()}


def _clock() -> Callable[[], float]:
    return time.process_time if nb.get_num_threads() == 1 else time.perf_counter


def best(work: Callable[[], Any]) -> float:
    """Shortest of several runs, s."""
    return in_turns({"": work})[""]


@contextmanager
def street() -> Iterator[tuple[RayScene, Sensor, Pose, Weather]]:
    """The child crossing after five seconds in which no sensor fired: scene, camera, ego's pose and weather."""
    with _asleep(5.0) as simulation:
        for frame in simulation:
            state = frame.state
        sensor = load_rig("default").of_kind("camera")[0]
        yield _rays(simulation), sensor, state.pose(simulation.ego.index), simulation.world.weather


def on_the_way(camera: Camera) -> float:
    """Seconds of a picture on the mean of the whole drive of eight seconds but for its first, best of several: one a
    tick, so that everyone has moved since the last."""
    clock, means = _clock(), []
    for _ in range(DRIVES):
        with _asleep(8.0) as simulation:
            taken = []
            for frame in simulation:
                pose = frame.state.pose(simulation.ego.index)
                start = clock()
                camera.render(_rays(simulation), pose, simulation.world.weather)
                taken.append(clock() - start)
        means.append(sum(taken[1:]) / len(taken[1:]))
    return min(means)


def _asleep(duration: float) -> Simulation:
    """The child crossing, in which no sensor fires."""
    rig = load_rig("default")
    rig = replace(rig, sensors=tuple(replace(sensor, rate_hz=0.01, phase=50.0) for sensor in rig.sensors))
    return Simulation(load_scenario("child_crossing"), rig, duration=duration)


def _rays(simulation: Simulation) -> RayScene:
    return simulation.simulator._scene.rays  # type: ignore[attr-defined,no-any-return]


def one_ray_a_pixel(sensor: Sensor) -> Camera:
    """The camera without antialiasing and ambient occlusion."""
    plain = Camera(sensor, 0)
    plain.device = plain.device.model_copy(update={"antialiasing": 1, "ambient_occlusion": False, "shadows": "hard"})
    return plain


def rows() -> list[Row]:
    """Name, seconds, and seconds relative to drivesim's frame at one sample per pixel."""
    with street() as (rays, sensor, pose, weather):
        full, plain, labelled = Camera(sensor, 0), one_ray_a_pixel(sensor), one_ray_a_pixel(sensor)
        labelled.device = labelled.device.model_copy(update={"channels": ["normal", "albedo"]})
        hard = Camera(sensor, 0)
        hard.device = hard.device.model_copy(update={"shadows": "hard"})
        table = plain._camera(rays, pose)
        sun = daylight(weather).sun_direction
        size = plain.device.width, plain.device.height
        panes = windows(rays, plain, pose)
        works: dict[str, Callable[[], Any]] = {
            _OURS: lambda: plain.render(rays, pose, weather),
            "drivesim, the same with normals and albedo": lambda: labelled.render(rays, pose, weather),
            "drivesim, ambient occlusion and antialiasing": lambda: full.render(rays, pose, weather),
            "drivesim, the same with hard shadows": lambda: hard.render(rays, pose, weather),
            "bare Embree packets, primary": lambda: trace_image(rays.tables, table, sun, *size, False),
            "bare Embree packets, primary and sun": lambda: trace_image(rays.tables, table, sun, *size, True),
            "bare Embree packets, primary, sun and windows": lambda: (
                trace_image(rays.tables, table, sun, *size, True),
                trace_onward(rays.tables, table, *panes, size[0]),
            ),
        }
        for name, rebuilt in (("prebuilt", False), ("rebuilt", True)):
            peer = open3d_frame(rays, plain, pose, weather, rebuilt=rebuilt)
            if peer is not None:
                works[f"Open3D + NumPy, tree {name}"] = peer
        streams: dict[str, Callable[[], Any]] = {}
        learners: dict[str, Camera] = {}
        for name, channels in (("256 x 256", []), ("256 x 256, normals, albedo", ["normal", "albedo"])):
            small = learners[f"drivesim, {name}, on a whole drive"] = Camera(sensor, 0)
            small.device = plain.device.model_copy(update={**_SMALL, "channels": channels})
            streams[f"drivesim, {name}"] = lambda camera=small: [  # type: ignore[misc]
                camera.render(rays, pose, weather) for _ in range(STREAM)
            ]
        view = small._camera(rays, pose)
        streams["bare Embree packets, 256 x 256"] = lambda: [
            trace_image(rays.tables, view, sun, 256, 256, True) for _ in range(STREAM)
        ]
        made = in_turns(works) | {name: seconds / STREAM for name, seconds in in_turns(streams).items()}
    made |= {name: on_the_way(learner) for name, learner in learners.items()}
    mitsuba = mitsuba_seconds()
    if mitsuba is not None:
        made["Mitsuba 3 (LLVM), sun and sky, labels"] = mitsuba
    return [(name, seconds, seconds / made[_OURS]) for name, seconds in made.items()]


def windows(rays: RayScene, camera: Camera, pose: Pose) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Tiles (K,) of the image with car windows in them, and from where on each pixel's ray is behind one, (K, 16) m."""
    device = camera.device
    now = seen_by(rays, device, Gaze.at(pose @ camera.sensor.ego_from_sensor), device.middle_rays())
    glass = (now.triangle >= 0) & (rays.tables.material[now.triangle] == MaterialId.CAR_GLASS)
    near = np.where(glass, now.distance + np.float32(0.004), np.float32(0.0))
    tiles = near.reshape(device.height // 4, 4, device.width // 4, 4).transpose(0, 2, 1, 3).reshape(-1, 16)
    chosen = np.flatnonzero(tiles.any(axis=1))
    return chosen, np.ascontiguousarray(tiles[chosen])


def mitsuba_seconds() -> float | None:
    """Of a frame, measured in a process of its own: some versions of LLVM abort it. None where that happens, or without
    Mitsuba."""
    done = subprocess.run(
        [sys.executable, "-c", "from benchmarks import camera; camera.print_mitsuba()"], capture_output=True, text=True
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 and done.stdout.split() else None


def print_mitsuba() -> None:
    """What :func:`mitsuba_seconds` reads; nothing without Mitsuba."""
    with street() as (rays, sensor, pose, weather):
        frame = mitsuba_frame(rays, one_ray_a_pixel(sensor), pose, weather)
        if frame is not None:
            print(in_turns({"frame": frame})["frame"])


_SMALL = {"width": 256, "height": 256, "fx": 256.0, "fy": 256.0, "cx": 128.0, "cy": 128.0}
"""What learners look at."""


def mitsuba_frame(rays: RayScene, camera: Camera, pose: Pose, weather: Weather) -> Callable[[], Any] | None:
    """Direct light of sun and sky, depth, normals and shape index from Mitsuba 3; None without it or its LLVM."""
    try:
        import mitsuba as mi

        mi.set_variant("llvm_ad_rgb")
        from drivesim.sensors.camera import photoreal

        frozen = freeze(rays, 1.0)
        table, light = camera._camera(rays, pose), daylight(weather)
        towards = light.sun_direction.astype(float).tolist()
        described: dict[str, Any] = {
            "type": "scene",
            "integrator": {
                "type": "aov", "aovs": "depth:depth,normal:sh_normal,shape:shape_index",
                "direct": {"type": "direct", "emitter_samples": 1, "bsdf_samples": 0},
            },
            "sensor": photoreal._sensor(mi, table, 1),
            "sun": {"type": "directional", "direction": [-part for part in towards],
                    "irradiance": {"type": "rgb", "value": light.sun.astype(float).tolist()}},
            "sky": {"type": "constant", "radiance": {"type": "rgb", "value": light.cube[4].astype(float).tolist()}},
        }  # fmt: skip
        described |= photoreal._surfaces(mi, rays, frozen, 0.0)
        scene = mi.load_dict(described)
        np.array(mi.render(scene, spp=1))
    except (ImportError, RuntimeError):
        return None
    return lambda: np.array(mi.render(scene, spp=1))


def open3d_frame(
    rays: RayScene, camera: Camera, pose: Pose, weather: Weather, *, rebuilt: bool
) -> Callable[[], Any] | None:
    """The same outputs from Open3D and NumPy, its tree ``rebuilt`` for every frame, as it must be where things move, or
    built beforehand; None where Open3D is not installed."""
    o3d = open3d()
    if o3d is None:
        return None
    vertices, triangles, source = world_triangles(rays)

    def built() -> Any:
        scene = o3d.t.geometry.RaycastingScene()
        scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(triangles))
        return scene

    lasting = built()
    tables = rays.tables
    device = camera.device
    view = camera._camera(rays, pose)
    x, y = np.meshgrid(np.arange(device.width) + 0.5, np.arange(device.height) + 0.5)
    local = np.stack([(x - device.cx) / device.fx, (y - device.cy) / device.fy, np.ones_like(x)], axis=-1)
    direction = local @ view[:3, :3].T
    length = np.linalg.norm(direction, axis=-1, keepdims=True)
    direction = (direction / length).astype(np.float32)
    light = daylight(weather)

    def frame() -> tuple[NDArray[Any], ...]:
        scene = built() if rebuilt else lasting
        origin = np.broadcast_to(view[:3, 3], direction.shape)
        beams = np.concatenate([origin, direction], axis=-1).astype(np.float32)
        hit = scene.cast_rays(o3d.core.Tensor(beams))
        distance = hit["t_hit"].numpy()
        seen = np.isfinite(distance)
        row = source[np.where(seen, hit["primitive_ids"].numpy(), 0).astype(np.int64)]
        normal = hit["primitive_normals"].numpy()
        normal = np.where((normal * direction).sum(-1, keepdims=True) > 0, -normal, normal)
        point = beams[..., :3] + direction * np.where(seen, distance, 0.0)[..., None] + normal * 0.003
        towards = np.broadcast_to(light.sun_direction, point.shape)
        dark = scene.test_occlusions(
            o3d.core.Tensor(np.concatenate([point, towards], axis=-1).astype(np.float32))
        ).numpy()
        lit = np.maximum((normal * light.sun_direction).sum(-1), 0.0) * ~dark
        albedo = tables.albedo[row]
        radiance = albedo * (light.sun * lit[..., None] / np.pi + light.cube[4])
        radiance[~seen] = light.dome[300, 400, :3]
        exposed = radiance * (0.18 / np.exp(np.log(radiance.mean(-1) + 1e-4).mean()))
        rgb = (np.clip(exposed / (1 + exposed), 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
        depth = np.where(seen, distance / length[..., 0], np.inf).astype(np.float32)
        semantic = np.where(seen, tables.semantic[row], 11).astype(np.uint8)
        return rgb, depth, semantic, np.where(seen, tables.instance[row], 0)

    return frame


if __name__ == "__main__":
    for name, seconds, ratio in rows():
        print(f"{name:48s} {1000 * seconds:8.1f} ms {ratio:6.2f} x")
