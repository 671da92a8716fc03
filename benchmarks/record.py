"""The main job as a user runs it: seconds for ``drivesim record child_crossing``, and to its first frame.

Run: ``python -m benchmarks.record``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

Row = tuple[str, float, float]


def rows() -> list[Row]:
    """Name, seconds, and seconds relative to the simulated time (8 s; 0.1 s for the first frame)."""
    with tempfile.TemporaryDirectory() as folder:
        _timed("--duration", "0.1", "--out", str(Path(folder) / "warm"))
        first = min(_first_frame() for _ in range(3))
        whole = _timed("--out", str(Path(folder) / "whole"))
    return [
        ("process start to first frame, warm caches", first, first / 0.1),
        ("drivesim record child_crossing, 8 s simulated", whole, whole / 8.0),
    ]


def _first_frame() -> float:
    """A new process that ends when the first camera image of the default rig is there."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", _UNTIL_FIRST_IMAGE], check=True)
    return time.perf_counter() - start


_UNTIL_FIRST_IMAGE = """
import os
import drivesim
for frame in drivesim.simulate("child_crossing", "default"):
    if "CAM_FRONT" in frame.measurements:
        os._exit(0)
"""


def _timed(*options: str) -> float:
    command = [sys.executable, "-c", "from drivesim.cli import main; main()", "record", "child_crossing", "--quiet"]
    start = time.perf_counter()
    subprocess.run([*command, *options], check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    for name, seconds, ratio in rows():
        print(f"{name:48s} {seconds:8.1f} s {ratio:6.2f} x real time")
