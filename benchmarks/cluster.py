"""What Ray adds to a sweep: instances of five seconds on a cluster of two CPUs, against two local processes.

Instances sleep, so that only what is around them counts; starts of cluster and processes are rows of their own. The
cluster runs on this machine. Needs the extra ``ray``. Run: ``python -m benchmarks.cluster``.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from drivesim.errors import DrivesimError
from drivesim.studies.sweep.cluster import RayCluster
from drivesim.studies.sweep.journal import Journal
from drivesim.studies.sweep.sweep import gather

HEADINGS = ("seconds", "× local")
Row = tuple[str, str, str]

INSTANCES, SECONDS, CPUS = 16, 5.0, 2


def rows() -> list[Row]:
    """Name, seconds, and how many times what local processes take."""
    if find_spec("ray") is None:
        return [("Ray is not installed: pip install 'drivesim[ray]'", "", "")]
    start, whole = _timed(lambda: None)
    began = time.perf_counter()
    with _cluster() as address, RayCluster(address) as ray:
        ray_start, ray_whole = _timed(lambda: ray)
        ray_up = time.perf_counter() - began - ray_whole - ray_start
    ideal = SECONDS * INSTANCES / CPUS
    return [
        (f"{INSTANCES} instances of {SECONDS:g} s, {CPUS} local processes", f"{whole:.1f}", "1.00"),
        (
            f"{INSTANCES} instances of {SECONDS:g} s, Ray with {CPUS} CPUs",
            f"{ray_whole:.1f}",
            f"{ray_whole / whole:.3f}",
        ),
        ("the same without anything around them", f"{ideal:.1f}", f"{ideal / whole:.3f}"),
        ("start of the local processes to the first result, less the instance", f"{start:.1f}", ""),
        ("start of Ray's, less the instance", f"{ray_start:.1f}", ""),
        ("start of the cluster itself", f"{ray_up:.1f}", ""),
    ]


def _sleep(index: int, item: Any) -> dict[str, Any]:
    time.sleep(SECONDS)
    return {}


def _timed(executor: Any) -> tuple[float, float]:
    """Seconds to the first result beyond the instance's own, and of all instances from the first one's start."""
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder), {}, INSTANCES) as journal:
        began = time.perf_counter()
        gather(journal, _sleep, range(INSTANCES), jobs=CPUS, executor=executor(),
               progress=lambda *_: times.append(time.perf_counter() - began))  # fmt: skip
    return times[0] - SECONDS, times[-1] - times[0] + SECONDS


@contextmanager
def _cluster() -> Iterator[str]:
    """The address of a head node of its own, ended at the end."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--block", "--head"]
    options = [f"--port={port}", f"--num-cpus={CPUS}", "--disable-usage-stats", "--include-dashboard=false",
               "--node-ip-address=127.0.0.1"]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1",
                   "RAY_AUTH_MODE": "disabled"}  # fmt: skip
    node = subprocess.Popen([*command, *options], env=environment, start_new_session=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    try:
        assert node.stdout is not None
        printed = ""
        while "Ray runtime started" not in printed:
            line = node.stdout.readline()
            printed += line
            if not line:
                raise DrivesimError("no Ray cluster starts here", element="cluster",
                                    remedy="install it: pip install 'drivesim[ray]'")  # fmt: skip
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(node.pid, signal.SIGKILL)
        node.wait()


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
