"""``drivesim sample``: instances drawn from a scenario's parameter space."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from drivesim.studies.samples import write_csv, write_samples
from drivesim.studies.sampling import draw_samples
from drivesim.studies.space import Space, space_of


def sample_command(
    scenario: str, *, space: str | None, count: int | None, sampler: str | None, seed: int, out: Path | None,
    listing: bool, quiet: bool,
) -> None:  # fmt: skip
    found = space_of(scenario, space)
    if listing:
        _list(found)
        return
    samples = draw_samples(found, count, seed, sampler)
    if out is None:
        write_csv(samples, sys.stdout)
        return
    write_samples(samples, found, out)
    if not quiet:
        Console(highlight=False).print(f"{len(samples)} instances of {scenario} in {out}")


def _list(space: Space) -> None:
    """The parameters on the screen."""
    console = Console(highlight=False, soft_wrap=True)
    drawn = "values are drawn" if space.stochastic else "combinations are listed"
    console.print(f"{space.path.name}: {len(space.parameters)} parameters of {space.scenario_file.name}, {drawn}")
    table = Table("parameter", "type", "unit", "values")
    for name, parameter in space.parameters.items():
        table.add_row(name, parameter.parameter_type, parameter.unit, parameter.describe())
    console.print(table)
