"""``drivesim sample``: instances drawn from a scenario's parameter space."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import IO

from rich.console import Console

from drivesim.errors import RecordingError
from drivesim.studies.sampling import draw_instances, space_of


def sample_command(
    scenario: str,
    *,
    space: str | None,
    count: int | None,
    sampler: str | None,
    seed: int,
    out: Path | None,
    quiet: bool,
) -> None:
    instances = draw_instances(space_of(scenario, space), count, seed, sampler)
    names = ["instance", "seed", *instances[0]]
    rows = [{"instance": number, "seed": seed + number, **values} for number, values in enumerate(instances)]
    if out is None:
        _write(names, rows, sys.stdout)
        return
    try:
        with out.open("w", newline="") as file:
            _write(names, rows, file)
    except OSError as error:
        raise RecordingError(f"cannot be written: {error.strerror}", file=out, remedy="choose another file") from error
    if not quiet:
        Console(highlight=False).print(f"{len(rows)} instances of {scenario} in {out}")


def _write(names: list[str], rows: list[dict[str, object]], file: IO[str]) -> None:
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
