"""The child crossing under eight conditions, recorded by sweeps: what the experiment draws from."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.sweep.sweep import Instance, Sweep, run_sweep

SCENARIO = "child_crossing"
RIG = Path(__file__).with_name("rig.yaml")
DISTRICTS = {"houses": "residential", "city": "inner_city"}
LIGHTS = {"day": "2026-06-15T15:30:00", "night": "2026-06-15T23:30:00"}
VIEWS = {"clear": "100000", "fog": "40"}
DRAWS = 84
"""Instances drawn for a set at once, more than it needs: it can grow without changing."""


class Plan(NamedTuple):
    """What is recorded.

    Attributes:
        cells: conditions; a cell is a place herein. Within one, speeds, gaps and the child's behaviour vary.
        sets: first scenario seed, and recordings per cell. Cities differ between seeds, so no set knows another's.
        duration: of a recording, s; first: recordings per cell in the first batch.
    """

    cells: tuple[tuple[str, str, str], ...]
    sets: Mapping[str, tuple[int, int]]
    duration: float
    first: int


FULL = Plan(
    tuple(itertools.product(DISTRICTS, LIGHTS, VIEWS)),
    {"pool": (0, 7), "validation": (1000, 1), "test": (2000, 2)}, duration=6.5, first=2,
)  # fmt: skip
QUICK = Plan(
    (("houses", "day", "clear"), ("houses", "day", "fog")),
    {"pool": (0, 2), "validation": (1000, 1), "test": (2000, 1)}, duration=1.2, first=1,
)  # fmt: skip
"""As little as shows that everything runs."""


def instances(plan: Plan, name: str) -> tuple[list[Instance], np.ndarray]:
    """Instances of a set, and the cell of each."""
    first, per_cell = plan.sets[name]
    drawn = iter(draw_instances(space_of(SCENARIO, None), DRAWS, seed=first))
    listed, cells = [], []
    for cell, (district, light, view) in enumerate(plan.cells):
        for number in range(per_cell):
            conditions = {"district": DISTRICTS[district], "time_of_day": LIGHTS[light], "fog": VIEWS[view]}
            listed.append(Instance(first + number, {**next(drawn), **conditions}))
            cells.append(cell)
    return listed, np.array(cells)


def record_all(plan: Plan, folder: Path, jobs: int) -> None:
    """Record what is missing of every set."""
    for name in plan.sets:
        runs, _ = instances(plan, name)
        sweep = Sweep(SCENARIO, tuple(runs), rig=str(RIG), duration=plan.duration)
        summary = run_sweep(
            sweep, folder / name, jobs=jobs,
            progress=lambda done, total, name=name: print(f"\r{name}: {done} of {total} recorded", end="", flush=True),
        )  # fmt: skip
        print()
        if summary.failures:
            raise SystemExit(f"instance {summary.failures[0].index} failed: {summary.failures[0].error}")
