"""CARLA's protocol: frames a second through the official client on loopback, against the simulator's own rates; and
memory of a server in a long run.

Run: ``python -m benchmarks.carla``.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from drivesim.carla_server.blueprints import library
from drivesim.carla_server.cameras import Cameras
from drivesim.carla_server.episode import Episode
from drivesim.carla_server.maps import Maps
from drivesim.carla_server.records import Record
from drivesim.carla_server.wire import Description
from drivesim.scene import Scene

HEADINGS = ("frames/s", "× peer")
Row = tuple[str, str, str]

VEHICLES = 50
MAP = "motorway"
SOAK, WARM_UP, EVERY = 20_000, 4_000, 10
"""Frames of the long run, those before memory is counted, and those between a spawn and the next."""
DRIVEN = 401
"""Frames for which vehicles have driven when pictures are taken: the same picture with clients and without."""
CAMERA = {"image_size_x": "800", "image_size_y": "600"}


def rows() -> list[Row]:
    """Name, frames a second, and how many times the simulator alone manages."""
    import carla

    command = [sys.executable, "-c", "from drivesim.cli import main; main()", "serve", "--port", "0", "--map", MAP]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            said += server.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", said)
        assert found is not None
        client = carla.Client("127.0.0.1", int(found.group(1)), worker_threads=8)
        client.set_timeout(60.0)
        ticking, alone = _ticks(carla, client), _steps()
        with _camera(carla, client) as streamed, _render() as rendered:
            streaming, rendering = _in_turns(streamed, rendered)
        before, after = _soak(carla, client, server.pid)
    finally:
        server.terminate()
        server.wait()
    return [
        (f"synchronous frames, {VEHICLES} vehicles, no sensor", f"{ticking:.0f}", f"{ticking / alone:.2f}"),
        ("the simulator's own steps", f"{alone:.0f}", "1.00"),
        ("one 800 x 600 rgb camera, streamed", f"{streaming:.1f}", f"{streaming / rendering:.2f}"),
        ("the same picture, not sent", f"{rendering:.1f}", "1.00"),
        (f"MiB of memory after {SOAK} frames of coming and going", f"{after:.0f}", f"{after / before:.3f}"),
        (f"the same after {WARM_UP}", f"{before:.0f}", "1.00"),
    ]


def _ticks(carla: Any, client: Any) -> float:
    world = client.get_world()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    blueprint = world.get_blueprint_library().find("vehicle.tesla.model3")
    for place in world.get_map().get_spawn_points()[:VEHICLES]:
        world.spawn_actor(blueprint, place).apply_control(carla.VehicleControl(throttle=0.3))
    world.tick()
    return _rate(world.tick, DRIVEN - 1)


@contextlib.contextmanager
def _camera(carla: Any, client: Any) -> Iterator[Callable[[], None]]:
    """What takes a frame and waits for its picture."""
    world = client.get_world()
    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    for name, value in CAMERA.items():
        blueprint.set_attribute(name, value)
    car = min(world.get_actors().filter("vehicle.*"), key=lambda one: int(one.id))
    camera = world.spawn_actor(blueprint, carla.Transform(carla.Location(x=1.5, z=2.4)), attach_to=car)
    pictures: queue.Queue[Any] = queue.Queue()
    camera.listen(pictures.put)
    time.sleep(0.5)

    def frame() -> None:
        number = world.tick()
        while pictures.get(timeout=60).frame != number:
            pass

    yield frame
    camera.stop()
    camera.destroy()


def _soak(carla: Any, client: Any, server: int) -> tuple[float, float]:
    """Resident memory of the server after the warm-up and at the end, MiB."""
    world = client.get_world()
    client.apply_batch_sync([carla.command.DestroyActor(a) for a in world.get_actors().filter("vehicle.*")], False)
    blueprints = world.get_blueprint_library().filter("vehicle.*")
    places, cars = world.get_map().get_spawn_points(), []
    before = 0.0
    for frame in range(SOAK):
        if frame % EVERY == 0:
            turn = frame // EVERY
            car = world.try_spawn_actor(blueprints[turn % len(blueprints)], places[turn % len(places)])
            if car is not None:
                cars.append(car)
            if len(cars) > VEHICLES // 5:
                cars.pop(0).destroy()
        world.tick()
        if frame == WARM_UP:
            before = _resident(server)
    return before, _resident(server)


def _resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _episode() -> Episode:
    name, network = Maps().load(MAP)
    episode = Episode(network, name, 1, 0)
    description = library()["vehicle.tesla.model3"].default()
    for place in episode.spawn_points[:VEHICLES]:
        episode.spawn(description, place).vehicle.throttle = 0.3
    return episode


def _steps() -> float:
    return _rate(_episode().step, DRIVEN - 1)


@contextlib.contextmanager
def _render() -> Iterator[Callable[[], None]]:
    """What takes the same picture without a client."""
    episode = _episode()
    for _ in range(DRIVEN):
        episode.step()
    text = library()["sensor.camera.rgb"].default()
    values = tuple((n, t, CAMERA.get(n, v)) for n, t, v in text.attributes)
    car = next(record for record in episode.records.values() if record.is_vehicle)
    place = ((1.5, 0.0, 2.4), (0.0, 0.0, 0.0))
    record = Record(9999, Description(text.uid, text.blueprint, values), parent=car.id, place=place)
    scene = Scene(episode.network, episode.world.actors, 0, ego=0, state=episode.after, lasting=True)
    cameras = Cameras(0)

    def frame() -> None:
        episode.step()
        scene.update(*episode.states())
        cameras.message(episode, record, scene)

    yield frame
    scene.close()


def _in_turns(one: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Times a second of each; what else the machine does meets both alike."""
    one()
    other()
    rates = [(_rate(one, 10), _rate(other, 10)) for _ in range(5)]
    first, second = (1.0 / np.mean([1.0 / rate for rate in both]) for both in zip(*rates, strict=True))
    return float(first), float(second)


def _rate(work: Any, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return times / (time.perf_counter() - start)


if __name__ == "__main__":
    for name, rate, ratio in rows():
        print(f"{name:55s} {rate:>8s}  x {ratio}")
