"""The child crossing under eight conditions, recorded by sweeps: what the experiment draws from."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.sweep.sweep import Instance, Sweep, run_sweep

SCENARIO = "child_crossing"
RIG = Path(__file__).with_name("rig.yaml")
DISTRICTS = {"houses": "residential", "city": "inner_city"}
LIGHTS = {"day": "2026-06-15T15:30:00", "night": "2026-06-15T23:30:00"}
VIEWS = {"clear": "100000", "fog": "40"}
CELLS = tuple(itertools.product(DISTRICTS, LIGHTS, VIEWS))
"""Conditions; a cell is a place herein. Within one, speeds, gaps and the child's behaviour vary."""
DRAWS = 84
"""Instances drawn for a set at once, more than it needs: it can grow without changing."""
SETS = {"pool": (0, 7), "validation": (1000, 1), "test": (2000, 2)}
"""First scenario seed, and recordings per cell. Cities differ between seeds, so no set knows another's."""


def instances(name: str) -> tuple[list[Instance], np.ndarray]:
    """Instances of a set, and the cell of each."""
    first, per_cell = SETS[name]
    drawn = iter(draw_instances(space_of(SCENARIO, None), DRAWS, seed=first))
    listed, cells = [], []
    for cell, (district, light, view) in enumerate(CELLS):
        for number in range(per_cell):
            conditions = {"district": DISTRICTS[district], "time_of_day": LIGHTS[light], "fog": VIEWS[view]}
            listed.append(Instance(first + number, {**next(drawn), **conditions}))
            cells.append(cell)
    return listed, np.array(cells)


def record_all(folder: Path, jobs: int) -> None:
    """Record what is missing of every set."""
    for name in SETS:
        runs, _ = instances(name)
        sweep = Sweep(SCENARIO, tuple(runs), rig=str(RIG), duration=6.5)
        summary = run_sweep(
            sweep, folder / name, jobs=jobs,
            progress=lambda done, total, name=name: print(f"\r{name}: {done} of {total} recorded", end="", flush=True),
        )  # fmt: skip
        print()
        if summary.failures:
            raise SystemExit(f"instance {summary.failures[0].index} failed: {summary.failures[0].error}")
