"""CARLA's own examples, unchanged, against ``drivesim serve``.

``DRIVESIM_CARLA_EXAMPLES`` names a folder ``PythonAPI`` of CARLA's sources or of a package. The client's traffic
manager listens on all interfaces: everything runs in a network namespace with nothing but the loopback (Linux, root).
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from alone import OFFLINE, can_be_offline

pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")

FOLDER = os.environ.get("DRIVESIM_CARLA_EXAMPLES", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="DRIVESIM_CARLA_EXAMPLES names no folder PythonAPI of CARLA's"),
    pytest.mark.skipif(not can_be_offline(), reason="there are no network namespaces (unshare)"),
]

SERVER = "from drivesim.cli import main; raise SystemExit(main())"

RUNS = {
    "generate_traffic.py": (["-n", "8", "-w", "6", "--seed", "1"], "spawned 8 vehicles and 6 walkers"),
    "synchronous_mode.py": ([], "destroying actors"),
    "sensor_synchronization.py": ([], "World's frame: 3"),
    "vehicle_physics.py": ([], "Adding a Force"),
}


def in_a_namespace(script):
    """Exit code and output of a shell script with a loopback of its own."""
    run = subprocess.Popen(
        [*OFFLINE, "bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, env={**os.environ, "SDL_VIDEODRIVER": "dummy", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        return run.communicate(timeout=400)[0]
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)


@pytest.mark.parametrize("example", RUNS)
def test_an_example_of_carlas_runs(example, tmp_path):
    path = Path(FOLDER, "examples", example).resolve()
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    arguments, said = RUNS[example]
    log = tmp_path / "server.log"
    found = in_a_namespace(f"""
        '{sys.executable}' -c "{SERVER}" serve > '{log}' 2>&1 &
        server=$!
        for i in $(seq 120); do grep -q Ctrl-C '{log}' && break; sleep 1; done
        cd '{path.parent}'
        timeout -s INT -k 30 60 '{sys.executable}' {example} {" ".join(arguments)}
        kill -0 $server && echo the server goes on
        kill $server; wait $server
        """)
    assert said in found, found + log.read_text()
    assert "the server goes on" in found
    assert "RuntimeError" not in found
    assert "Traceback" not in log.read_text()
