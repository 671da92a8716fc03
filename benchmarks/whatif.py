"""What-if: instances of the child crossing a minute, by one process of one thread and by two.

The rig has camera, lidar and radar: lidar and radar at device resolution, the camera at a detector's. Two rates: of the
whole study, with the start of its processes and the street, for which a user waits too; and from when each process has
finished its first instance on, which is what long studies go by. Processor time says what a machine without other work
would do.
Run: ``python -m benchmarks.whatif``.
"""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from drivesim.errors import DrivesimError
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.whatif.study import Study, run_study

HEADINGS = ("instances/min", "after the start", "× one process", "processor s an instance")
Row = tuple[str, str, str, str, str]

SCENARIO = "child_crossing"
RIGS = ("whatif_camera_lidar_radar",)
INSTANCES = 48


@dataclass(frozen=True, slots=True)
class Rate:
    """Instances a minute of a study and of all but each process's first instance; processor seconds of an instance."""

    whole: float
    steady: float
    busy: float


def rows() -> list[Row]:
    """Name, both rates, how many times one process's steady rate, and processor seconds of an instance."""
    study = Study(SCENARIO, RIGS, tuple(draw_instances(space_of(SCENARIO, None), INSTANCES, seed=0)))
    measured = [_measured(study, jobs) for jobs in (1, 2)]
    return [
        (f"{INSTANCES} instances, {jobs} process{'es' if jobs > 1 else ''}", f"{rate.whole:.1f}", f"{rate.steady:.1f}",
         f"{rate.steady / measured[0].steady:.2f}", f"{rate.busy:.2f}")
        for jobs, rate in enumerate(measured, start=1)
    ]  # fmt: skip


def _measured(study: Study, jobs: int) -> Rate:
    """A whole study in a folder of its own."""
    finished: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        _, failures = run_study(
            study, Path(folder), jobs=jobs, progress=lambda done, _: finished.extend([time.perf_counter()] * (done > 0))
        )
        elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if failures:
            raise DrivesimError(f"an instance failed: {failures[0]['error']}", element="whatif")
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        steady = (len(finished) - jobs) / (finished[-1] - finished[jobs - 1])
        return Rate(60.0 * INSTANCES / elapsed, 60.0 * steady, busy / INSTANCES)


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
