"""``drivesim sweep``: many instances of a scenario, played or recorded, into one table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from drivesim.cli.common import parse_settings
from drivesim.cli.terminal import counting_bar, terminal
from drivesim.errors import DrivesimError
from drivesim.studies.sampling import draw_samples, space_of
from drivesim.studies.sweep.cluster import RayCluster
from drivesim.studies.sweep.samples import read_samples
from drivesim.studies.sweep.sweep import Instance, Summary, Sweep, run_sweep

_SHOWN = 10
"""Failures that are printed; all are in the table."""


def sweep_command(
    scenario: str,
    *,
    count: int,
    samples: Path | None,
    space: str | None,
    sampler: str | None,
    rig: str | None,
    out: Path | None,
    seed: int,
    settings: list[str],
    target: str | None,
    dt: float,
    duration: float | None,
    jobs: int | None,
    ray: str | None,
    quiet: bool,
) -> int:
    """Exit code: 0 when all instances finished, 1 when some failed."""
    if jobs is not None and jobs < 1:
        raise DrivesimError(f"{jobs} processes asked for", element="--jobs", remedy="choose 1 or more")
    if jobs is not None and ray is not None:
        raise DrivesimError("a cluster has its own number of processes", element="--jobs", remedy="leave --jobs away")
    fixed = parse_settings(settings)
    if samples:
        listed = read_samples(samples, seed)
    else:
        drawn = draw_samples(space_of(scenario, space), count, seed, sampler)
        rows = zip(drawn.seeds, drawn.instances, drawn.weights.tolist(), strict=True)
        listed = [Instance(each, values, weight) for each, values, weight in rows]
    instances = tuple(replace(instance, parameters={**instance.parameters, **fixed}) for instance in listed)
    folder = out or Path("sweeps") / Path(scenario).stem
    console = terminal()
    with (
        RayCluster(ray) if ray else nullcontext() as cluster,
        counting_bar(quiet) as bar,
    ):
        task = bar.add_task(Path(scenario).stem, total=len(instances))
        summary = run_sweep(
            Sweep(scenario, instances, rig, target, dt, duration),
            folder,
            jobs=jobs or os.cpu_count() or 1,
            executor=cluster,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    _complain(summary)
    if not quiet:
        classes = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(summary.classes.items()))
        console.print(f"{summary.count} instances: {classes or 'none finished'}")
        if summary.means:
            console.print(_criteria(summary.means))
        console.print(f"every number: [bold]{summary.table}[/]")
    return 1 if summary.failures else 0


def _criteria(means: Mapping[str, float]) -> str:
    """Means of a sweep in one line."""
    words = {
        "collision_rate": "{:.1%} collide", "red_lights": "{:.2f} red lights",
        "lane_invasions": "{:.2f} lane invasions", "off_road": "{:.1%} of the way off road",
        "route_completion": "{:.1%} of the route driven", "driving_score": "driving score {:.1f}",
    }  # fmt: skip
    return "on average " + ", ".join(text.format(means[name]) for name, text in words.items() if name in means)


def _complain(summary: Summary) -> None:
    console = terminal(stderr=True)
    for failure in summary.failures[:_SHOWN]:
        values = ", ".join(f"{name}={value}" for name, value in failure.parameters.items())
        console.print(f"instance {failure.index} failed: {failure.error} ({values})", markup=False)
    if len(summary.failures) > _SHOWN:
        console.print(f"... {len(summary.failures) - _SHOWN} more failed: column 'error' of {summary.table}")
