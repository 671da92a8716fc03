"""What is no client: noise, lies, floods and sudden deaths. The server answers the next one as before."""

import os
import random
import socket
import struct
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest

pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


def connect(served, to_stream=False):
    connection = socket.create_connection(("127.0.0.1", served.stream_port if to_stream else served.port), timeout=10)
    connection.settimeout(10)
    return connection


def ask(connection, method, *arguments, number=7):
    connection.sendall(msgpack.packb([0, number, method, [[False], *arguments]], use_bin_type=True))
    unpacker = msgpack.Unpacker(raw=False)
    while True:
        data = connection.recv(1 << 16)
        assert data, f"{method} closed the connection"
        unpacker.feed(data)
        for answer in unpacker:
            return answer


def alive(served):
    with connect(served) as connection:
        return ask(connection, "version")[3] == [[1, "0.9.16"]]


def memory(served):
    resident = Path(f"/proc/{served.process.pid}/statm").read_text().split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE")


METHODS = (
    "version", "get_actors_by_id", "spawn_actor", "spawn_actor_with_parent", "set_actor_transform", "apply_batch",
    "set_episode_settings", "apply_control_to_vehicle", "destroy_actor", "set_weather_parameters", "get_sensor_token",
    "set_traffic_light_green_time", "cast_ray", "project_point",
    "apply_ackermann_control_to_vehicle", "get_actor_bounding_box", "copy_opendrive_to_file", "nonsense",
)  # fmt: skip


def anything(source, depth=0):
    kinds = [
        lambda: source.randint(-(2**31), 2**32), lambda: source.uniform(-1e30, 1e30), lambda: float("nan"),
        lambda: None, lambda: source.random() < 0.5, lambda: "x" * source.randint(0, 40),
        lambda: source.randbytes(source.randint(0, 40)),
    ]  # fmt: skip
    if depth < 4:
        kinds += [lambda: [anything(source, depth + 1) for _ in range(source.randint(0, 5))]] * 4
        kinds += [lambda: {str(i): anything(source, depth + 1) for i in range(2)}]
    return source.choice(kinds)()


def test_calls_with_the_wrong_arguments_are_answered(served):
    source = random.Random(1)
    with connect(served) as connection:
        for number in range(3000):
            arguments = [anything(source) for _ in range(source.randint(0, 5))]
            answer = ask(connection, source.choice(METHODS), *arguments, number=number)
            assert answer[0] == 1
            assert answer[1] == number
    assert alive(served)


def test_noise_and_mutations_end_at_most_their_own_connection(served):
    source = random.Random(2)
    call = msgpack.packb([0, 1, "spawn_actor", [[False], [1, "vehicle.audi.a2", []], [[0, 0, 0], [0, 0, 0]]]])
    before = memory(served)
    for number in range(400):
        data = bytearray(source.randbytes(source.randint(1, 200)) if number % 2 else call * 3)
        for _ in range(source.randint(1, 6)):
            data[source.randrange(len(data))] = source.randrange(256)
        with connect(served, to_stream=number % 4 == 3) as connection:
            connection.sendall(data)
    assert alive(served)
    assert memory(served) < before + 64 * 1024 * 1024


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",  # an array of four billion
        b"\xdb\xff\xff\xff\xff",  # text of four gigabytes
        b"\x91" * 100_000,  # an array in an array in an array ...
        msgpack.packb({"no": "call"}),
        b"\xc7\x04\x01abcd",  # an extension type
    ],
)
def test_hostile_messages_cost_nothing(served, data):
    before = memory(served)
    with connect(served) as connection:
        connection.sendall(data)
        connection.settimeout(1.0)
        try:
            while connection.recv(1 << 16):
                pass
        except (TimeoutError, ConnectionError):
            pass
    assert alive(served)
    assert memory(served) < before + 32 * 1024 * 1024


def test_streams_nobody_has_are_closed(served):
    with connect(served, to_stream=True) as connection:
        connection.sendall(struct.pack("<I", 4_000_000_000))
        assert connection.recv(10) == b""


def test_a_client_killed_in_the_middle_takes_nobody_along(served):
    script = f"""
import carla, os
client = carla.Client("127.0.0.1", {served.port}); client.set_timeout(20)
world = client.load_world("residential_street")
bp = world.get_blueprint_library().find("sensor.camera.rgb")
camera = world.spawn_actor(bp, carla.Transform(carla.Location(z=10)))
camera.listen(lambda image: None)
os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert alive(served)
    with connect(served, to_stream=True) as watcher:
        watcher.sendall(struct.pack("<I", 1))
        assert len(watcher.recv(36)) == 36  # snapshots go on
