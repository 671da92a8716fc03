"""``drivesim expand``: the concrete instances of a parameter value distribution."""

from __future__ import annotations

import csv as csv_module
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.progress import track
from rich.table import Table

from drivesim.cli.terminal import terminal
from drivesim.errors import DrivesimError, RecordingError
from drivesim.openscenario.concrete import write_concrete
from drivesim.openscenario.distributions import ParameterValueDistribution, read_distribution

SHOWN = 10
"""Instances in the table on the screen."""


def expand_command(
    name: str, *, out: Path | None, csv: str | None, seed: int | None, limit: int | None, allowed: bool, quiet: bool
) -> None:
    distribution = read_distribution(name)
    runs = distribution.instances(seed)
    if allowed:
        runs = (run for run in runs if distribution.allows(run))
    if limit is not None:
        runs = itertools.islice(runs, limit)
    total = min(distribution.count, limit) if limit is not None else distribution.count
    if csv == "-":
        _rows(distribution, runs, sys.stdout)
        return
    if out is None and csv is None:
        _show(distribution, runs, quiet)
        return
    counted = _counted(runs, total, quiet)
    written = (
        _write_scenarios(distribution, counted, out) if out else _write_csv(distribution, counted, Path(csv or ""))
    )
    if not quiet:
        terminal().print(f"{written} instances of {distribution.scenario_file.name} in {out or csv}")


def _counted(runs: Iterator[dict[str, str]], total: int, quiet: bool) -> Iterator[dict[str, str]]:
    yield from track(runs, "expanding", total=total, console=terminal(stderr=True), disable=quiet, transient=True)


def _show(distribution: ParameterValueDistribution, runs: Iterator[dict[str, str]], quiet: bool) -> None:
    """How many there are, and the first of them."""
    if quiet:
        return
    console = terminal()
    kind = "drawn at random" if distribution.stochastic else "every combination"
    console.print(f"{distribution.path.name}: {distribution.count} instances of "
                  f"{distribution.scenario_file.name}, {kind}")  # fmt: skip
    table = Table("#")
    for name in distribution.parameters:
        table.add_column(name, overflow="fold")
    for number, run in enumerate(itertools.islice(runs, SHOWN), start=1):
        table.add_row(str(number), *(run.get(name, "") for name in distribution.parameters))
    console.print(table)
    if distribution.count > SHOWN:
        console.print("all of them: --csv FILE, or --out FOLDER for a scenario file each")


def _rows(distribution: ParameterValueDistribution, runs: Iterator[dict[str, str]], handle: object) -> int:
    writer = csv_module.DictWriter(handle, list(distribution.parameters), restval="")  # type: ignore[arg-type]
    writer.writeheader()
    number = 0
    for run in runs:
        writer.writerow(run)
        number += 1
    return number


def _write_csv(distribution: ParameterValueDistribution, runs: Iterator[dict[str, str]], path: Path) -> int:
    try:
        with path.open("w", newline="") as handle:
            return _rows(distribution, runs, handle)
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=path, remedy="choose a writable file") from error


def _write_scenarios(distribution: ParameterValueDistribution, runs: Iterator[dict[str, str]], folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=folder, remedy="choose a folder") from error
    if any(folder.glob("*.xosc")):
        raise DrivesimError("the folder already holds scenarios", file=folder, remedy="choose an empty one")
    stem, digits = distribution.path.stem, max(4, len(str(distribution.count)))
    number = 0
    for number, run in enumerate(runs, start=1):
        write_concrete(distribution.scenario_file, run, folder / f"{stem}_{number:0{digits}d}.xosc")
    return number
