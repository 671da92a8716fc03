"""Test cases in a process of their own, for libraries that may take their process along."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def run_cases(file: Path, attempts: int = 3) -> tuple[int, str]:
    """Exit code and output of pytest on a file, tried again where a signal killed it.

    Servers that it started and could not stop end with it.
    """
    code, said = -1, ""
    for _ in range(attempts):
        with tempfile.TemporaryFile("w+") as output:
            command = [sys.executable, "-m", "pytest", "-q", str(file)]
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
