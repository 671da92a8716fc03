"""Sweeps on a Ray cluster of two nodes, both on this machine, each with processes of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest
from sweep_plays import die_always, die_once, slow_square
from test_sweep import COMMAND, sweep_squares

from drivesim.errors import DrivesimError
from drivesim.studies.sweep.cluster import RayCluster


def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def needs_ray():
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'drivesim[ray]'")


@pytest.fixture
def cluster(needs_ray):
    """Its address, and a function that kills the second node."""
    port, nodes = free_port(), []

    def start(*words):
        command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--block"]
        options = ["--num-cpus=1", "--disable-usage-stats", "--node-ip-address=127.0.0.1"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1",
                       "RAY_AUTH_MODE": "disabled"}  # fmt: skip
        node = subprocess.Popen([*command, *options, *words], env=environment, start_new_session=True, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        nodes.append(node)
        printed = ""
        while "Ray runtime started" not in printed:
            line = node.stdout.readline()
            printed += line
            assert line, printed

    def kill(node):
        os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    address = f"127.0.0.1:{port}"
    try:
        start("--head", f"--port={port}", f"--ray-client-server-port={free_port()}", "--include-dashboard=false")
        start(f"--address={address}")
        yield address, lambda: kill(nodes[1])
    finally:
        for node in reversed(nodes):
            if node.poll() is None:
                kill(node)


def wait_for_nodes(cluster, count):
    while cluster._cpus() != count:
        time.sleep(0.2)


@pytest.mark.slow
def test_a_cluster_gives_the_same_table_whatever_dies(cluster, tmp_path):
    address, kill_second_node = cluster
    calm, _ = sweep_squares(tmp_path / "calm")
    with RayCluster(address) as ray:
        wait_for_nodes(ray, 2)
        items = [(str(tmp_path / "mark"), number) for number in range(40)]
        table, failures = sweep_squares(tmp_path / "workers", die_once, items=items, executor=ray)
        assert failures == {}
        assert table == calm
        _, failures = sweep_squares(tmp_path / "always", die_always, executor=ray)
        assert list(failures) == [3]
        assert "process died" in failures[3]
        table, failures = sweep_squares(
            tmp_path / "node", slow_square, executor=ray,
            progress=lambda done, total: kill_second_node() if done == 5 else None,
        )  # fmt: skip
        assert failures == {}
        assert table == calm


@pytest.mark.slow
def test_the_command_on_a_cluster(cluster, tmp_path):
    address, _ = cluster
    tables = []
    for name, where in (("ray", ["--ray", address]), ("here", ["-j", "1"])):
        words = ["sweep", "child_crossing", "-n", "3", "--out", name, *where]
        done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        tables.append((tmp_path / name / "outcomes.parquet").read_bytes())
    assert tables[0] == tables[1]


def test_an_address_that_does_not_answer_or_is_something_else(needs_ray):
    with pytest.raises(DrivesimError, match="no Ray cluster answers at 127"):
        RayCluster("127.0.0.1:1")
    for address in ("nonsense", "host:port", ":6379"):
        with pytest.raises(DrivesimError, match="is no address"):
            RayCluster(address)
    server = subprocess.Popen([sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "PYTHONUNBUFFERED": "1"})  # fmt: skip
    try:
        port = server.stdout.readline().split("port ")[1].split()[0]
        with pytest.raises(DrivesimError, match="something else"):
            RayCluster(f"127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait()


def test_a_cluster_that_asks_for_a_token_is_said(needs_ray, monkeypatch):
    """As Ray does it: a ConnectionError for an error of its authentication."""
    import ray

    def refused(**_):
        try:
            raise ray.exceptions.RaySystemError("RPC error: InvalidAuthToken: token is missing or incorrect")
        except ray.exceptions.RaySystemError as cause:
            raise ConnectionError("Failed to connect to Ray cluster") from cause

    monkeypatch.setattr(ray, "init", refused)
    with pytest.raises(DrivesimError, match=r"asks for a token.*RAY_AUTH_MODE=token"):
        RayCluster("auto")


def test_without_ray_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DrivesimError, match=r"clusters need Ray.*drivesim\[ray\]"):
        RayCluster("127.0.0.1:6379")
