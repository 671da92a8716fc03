"""What-if: runs of the child crossing a minute, by one process of one thread and by two.

A run is one instance under one rig: both front rigs at device resolution, camera at 640 x 360. The processes' start and
first scene are counted, as a user waits for them too. Run: ``python -m benchmarks.whatif``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numba

from drivesim.errors import DrivesimError
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.whatif.study import Study, run_study

HEADINGS = ("runs/min", "× one process")
Row = tuple[str, str, str]

SCENARIO = "child_crossing"
RIGS = ("whatif_camera_radar", "whatif_camera_lidar")
INSTANCES = 4


def rows() -> list[Row]:
    """Name, runs a minute, and how many times one process manages."""
    instances = tuple(draw_instances(space_of(SCENARIO, None), INSTANCES, seed=0))
    study = Study(SCENARIO, RIGS, instances)
    rates = []
    threads = numba.get_num_threads()
    for jobs in (1, 2):
        numba.set_num_threads(1)
        try:
            rates.append(_rate(study, jobs))
        finally:
            numba.set_num_threads(threads)
    return [
        (f"{len(RIGS)} rigs, {INSTANCES} instances, {jobs} process{'es' if jobs > 1 else ''}", f"{rate:.1f}",
         f"{rate / rates[0]:.2f}")
        for jobs, rate in enumerate(rates, start=1)
    ]  # fmt: skip


def _rate(study: Study, jobs: int) -> float:
    """Runs a minute of a whole study in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        _, failures = run_study(study, Path(folder), jobs=jobs)
        if failures:
            raise DrivesimError(f"an instance failed: {failures[0]['error']}", element="whatif")
        return 60.0 * len(study.instances) * len(study.rigs) / (time.perf_counter() - began)


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
