"""A server of its own for every module that asks for one, and the official client."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")

MAPS = Path(__file__).parent / "maps"


@pytest.fixture(scope="session", autouse=True)
def data_home():
    """Recordings of servers that tests start go to a folder of the tests' own."""
    before = os.environ.get("XDG_DATA_HOME")
    with tempfile.TemporaryDirectory(prefix="drivesim-tests-") as folder:
        os.environ["XDG_DATA_HOME"] = folder
        yield
    if before is None:
        del os.environ["XDG_DATA_HOME"]
    else:
        os.environ["XDG_DATA_HOME"] = before


class Served:
    """``drivesim serve`` as a process."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", "from drivesim.cli import main; main()"]
        self.process = subprocess.Popen(
            [*command, "--maps", str(MAPS), "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        said = ""
        while "Ctrl-C" not in said:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            said += line
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", said).group(1))
        self.stream_port = int(re.search(r"data on (\d+)", said).group(1))

    def client(self):
        client = carla.Client("127.0.0.1", self.port, worker_threads=8)
        client.set_timeout(60.0)
        return client

    def stop(self) -> str:
        self.process.terminate()
        return self.process.communicate(timeout=30)[1]


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    assert server.process.poll() is None, "the server died: " + server.process.stderr.read()
    server.stop()


@pytest.fixture(scope="module")
def client(served):
    return served.client()


@pytest.fixture
def world(client):
    """The residential street without actors of others, synchronous, 20 frames a second."""
    world = client.get_world()
    if not world.get_map().name.endswith("residential_street") or world.get_actors().filter("*.*.*"):
        world = client.load_world("residential_street")
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    world.tick()
    return world


@pytest.fixture
def spawn(world):
    """``spawn(blueprint, x, y, yaw)`` on the ground, and everything away at the end."""
    library = world.get_blueprint_library()
    made = []

    def make(name, x=0.0, y=0.0, yaw=0.0, z=0.5, parent=None, listen=None, **attributes):
        blueprint = library.find(name)
        for key, value in attributes.items():
            blueprint.set_attribute(key, str(value))
        place = carla.Transform(carla.Location(x, y, z), carla.Rotation(yaw=yaw))
        actor = world.spawn_actor(blueprint, place, attach_to=parent)
        if listen is not None:
            actor.listen(listen)
        made.append(actor)
        return actor

    yield make
    for actor in reversed(made):
        if isinstance(actor, carla.Sensor) and actor.is_listening:
            actor.stop()
        if actor.is_alive:
            actor.destroy()
