"""Sweeps: instances of the child crossing a second by one process and by two, and instances that do nothing.

Outcomes only. Rates count from the first result to the last, so that they do not depend on how long a sweep is; the
start of the processes is a row of its own. One and two processes take turns, so that what else the machine does hits
both alike, and the best turn of each counts. Where others use the cores, two processes cannot show what they could do:
the processor time of an instance says whether they are in each other's way. Run: ``python -m benchmarks.sweep``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivesim.errors import DrivesimError
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.sweep.journal import Journal
from drivesim.studies.sweep.sweep import Instance, PlayInstance, gather
from drivesim.studies.sweep.workers import Play

HEADINGS = ("instances/s", "× one process")
Row = tuple[str, str, str]

SCENARIO = "child_crossing"
INSTANCES, TURNS = 300, 3
NOTHINGS = 100_000


def rows() -> list[Row]:
    """Name, instances a second, and how many times one process manages."""
    drawn = draw_instances(space_of(SCENARIO, None), INSTANCES, seed=0)
    instances = [Instance(number, values) for number, values in enumerate(drawn)]
    play = PlayInstance(SCENARIO, None, Path(), None, 0.05, None)
    rates: dict[int, list[float]] = {1: [], 2: []}
    costs: dict[int, list[float]] = {1: [], 2: []}
    starts = []
    for _ in range(TURNS):
        for jobs in rates:
            times, cost = _play(_Timed(play), instances, jobs)
            costs[jobs].append(cost)
            rates[jobs].append((INSTANCES - 1) / (times[-1] - times[0]))
            starts.append(times[0])
    one, two = (max(rates[jobs]) for jobs in (1, 2))
    cost_one, cost_two = (min(costs[jobs]) for jobs in (1, 2))
    idle, _ = _play(_Timed(_nothing), range(NOTHINGS), 2)
    tenth = NOTHINGS // 10
    first, last = (tenth / (idle[start + tenth - 1] - idle[start]) for start in (tenth, NOTHINGS - tenth))
    return [
        (f"{SCENARIO}, outcomes only, one process", f"{one:.1f}", "1.00"),
        (f"{SCENARIO}, outcomes only, two processes", f"{two:.1f}", f"{two / one:.2f}"),
        ("processor time of an instance beside one other, ms", f"{cost_two:.1f}", f"{cost_two / cost_one:.2f}"),
        ("start of the processes to the first result, s", f"{min(starts):.1f}", ""),
        (f"{NOTHINGS:,} that do nothing, two processes: the second tenth", f"{first:.0f}", f"{first / one:.0f}"),
        (f"{NOTHINGS:,} that do nothing, two processes: the last tenth", f"{last:.0f}", f"{last / one:.0f}"),
    ]


@dataclass(frozen=True, slots=True)
class _Timed:
    """Plays something and tells the processor time it took, ms."""

    play: Play

    def __call__(self, index: int, item: Any) -> dict[str, Any]:
        began = time.process_time()
        self.play(index, item)
        return {"ms": 1e3 * (time.process_time() - began)}


def _nothing(index: int, item: Any) -> dict[str, Any]:
    return {}


def _play(play: Play, items: Sequence[Any], jobs: int) -> tuple[list[float], float]:
    """Seconds from the start to each result; the median instance's processor time, ms."""
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder), {}, len(items)) as journal:
        began = time.perf_counter()
        gather(journal, play, items, jobs=jobs, progress=lambda *_: times.append(time.perf_counter() - began))
        if journal.failures():
            raise DrivesimError(f"an instance failed: {journal.entry(journal.failures()[0])['error']}", element="sweep")
        return times, statistics.median(journal.entry(index)["row"]["ms"] for index in range(len(items)))


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
