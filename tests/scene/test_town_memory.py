"""A whole town fits into the memory of a small machine, also when it is built for the first time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.behaviors.towns import TOWNS

BUDGET = 1.5e9
"""Bytes at the peak, libraries and compiled kernels included."""

BUILD = r"""
import re, sys
from pathlib import Path
from drivesim.opendrive import read_network
from drivesim.scene import Scene
from drivesim.types import Weather
from drivesim.world import World
from tests.builders import car

network = read_network(Path(sys.argv[1]))
world = World(network, [car(0)], Weather(), 1)
scene = Scene(network, world.actors, 1, ego=0, state=world.snapshot())
# The peak of this program alone; getrusage counts what the process held before it became this one.
peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
print(len(scene.rays.tables.triangles), int(peak[1]) * 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.skipif(not TOWNS.is_dir(), reason="no corpus: set DRIVESIM_SHARED to the folder that holds corpus/")
@pytest.mark.parametrize(("town", "triangles"), [("Town01", 2e6), ("Town03", 3e6)])
def test_a_town_built_the_first_time_takes_little_memory(tmp_path, town, triangles):
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(TOWNS / f"{town}.xodr")],
        cwd=root, env={**os.environ, "DRIVESIM_CACHE": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, peak = map(int, done.stdout.split())
    assert count > triangles
    assert peak < BUDGET
    assert list(tmp_path.glob("city-*.npz"))  # it was built here, not found
