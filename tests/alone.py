"""Test cases in a process of their own, for libraries that may take their process along."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

OFFLINE = ["unshare", "--map-root-user", "--net", sys.executable, str(Path(__file__).with_name("offline.py"))]
"""Runs a command where the network is the loopback and nothing else."""


def can_be_offline() -> bool:
    """Whether this machine lets one have a network of one's own."""
    return (
        shutil.which("unshare") is not None and not subprocess.run([*OFFLINE, "true"], capture_output=True).returncode
    )


def run_cases(file: Path, attempts: int = 3, *, offline: bool = False) -> tuple[int, str]:
    """Exit code and output of pytest on a file, tried again where a signal killed it.

    Servers that it started and could not stop end with it.

    Args:
        offline: in a network of its own with nothing but the loopback.
    """
    code, said = -1, ""
    for _ in range(attempts):
        with tempfile.TemporaryFile("w+") as output:
            command = [*(OFFLINE if offline else ()), sys.executable, "-m", "pytest", "-q", str(file)]
            run = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                code = run.wait()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(run.pid, signal.SIGKILL)
            output.seek(0)
            said = output.read()
        if code >= 0:
            break
    return code, said[-8000:]
