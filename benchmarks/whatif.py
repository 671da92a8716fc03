"""What-if: instances of the child crossing a minute, by one process of one thread and by two.

The rig has camera, lidar and radar: lidar and radar at device resolution, the camera at a detector's. The processes'
start and the street are counted, as a user waits for them too. Processor time says what a machine without other work
would do.
Run: ``python -m benchmarks.whatif``.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from drivesim.errors import DrivesimError
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.whatif.study import Study, run_study

HEADINGS = ("instances/min", "× one process", "processor s an instance")
Row = tuple[str, str, str, str]

SCENARIO = "child_crossing"
RIGS = ("whatif_camera_lidar_radar",)
INSTANCES = 12


def rows() -> list[Row]:
    """Name, instances a minute, how many times one process manages, and processor seconds of an instance."""
    study = Study(SCENARIO, RIGS, tuple(draw_instances(space_of(SCENARIO, None), INSTANCES, seed=0)))
    measured = [_measured(study, jobs) for jobs in (1, 2)]
    return [
        (f"{INSTANCES} instances, {jobs} process{'es' if jobs > 1 else ''}", f"{rate:.1f}",
         f"{rate / measured[0][0]:.2f}", f"{busy:.2f}")
        for jobs, (rate, busy) in enumerate(measured, start=1)
    ]  # fmt: skip


def _measured(study: Study, jobs: int) -> tuple[float, float]:
    """Instances a minute of a whole study in a folder of its own, and its processes' time for each, s."""
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        _, failures = run_study(study, Path(folder), jobs=jobs)
        elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if failures:
            raise DrivesimError(f"an instance failed: {failures[0]['error']}", element="whatif")
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return 60.0 * INSTANCES / elapsed, busy / INSTANCES


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
