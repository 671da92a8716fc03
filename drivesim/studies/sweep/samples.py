"""Instances from a table, as ``drivesim sample --out`` writes it."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from drivesim.errors import ScenarioError
from drivesim.studies.samples import NOTES
from drivesim.studies.samples import read_samples as read_table
from drivesim.studies.sweep.sweep import Instance


def read_samples(path: Path, seed: int = 0) -> list[Instance]:
    """A row per instance; columns ``seed`` and ``weight`` where there are any, notes on how rows belong together, and
    parameters.

    Args:
        seed: of the first row, one more for each, where the file says none.

    Raises:
        ScenarioError: not such a file; with its line.
    """
    if path.suffix == ".parquet":
        table = read_table(path)
        known = {name: column for name, column in table.notes.items() if name in NOTES}
        notes = [{name: column[row] for name, column in known.items()} for row in range(len(table))]
        rows = zip(table.seeds, table.instances, table.weights.tolist(), notes, strict=True)
        return [Instance(*each) for each in rows]
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            instances = [_instance(row, path, reader.line_num, seed + number) for number, row in enumerate(reader)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ScenarioError(
            f"samples cannot be read: {problem}", file=path, element="--samples",
            remedy="write them with drivesim sample --out",
        ) from error  # fmt: skip
    if not instances:
        raise ScenarioError("holds no samples", file=path, element="--samples", remedy="add a row per instance")
    return instances


def _instance(row: dict[str | None, str | None], path: Path, line: int, seed: int) -> Instance:
    if None in row or None in row.values():
        raise ScenarioError("this row has another length than the header", file=path, line=line, element="--samples",
                            remedy="give every row a value for every column")  # fmt: skip
    values = {str(name).strip(): str(value).strip() for name, value in row.items()}
    values.pop("instance", None)
    try:
        notes = {name: kind(values.pop(name)) for name, kind in NOTES.items() if name in values}
        seed, weight = int(values.pop("seed", seed)), float(values.pop("weight", 1.0))
        if not (math.isfinite(weight) and weight >= 0.0 and seed >= 0):
            raise ValueError(f"seed {seed}, weight {weight}")
    except ValueError as error:
        raise ScenarioError(f"no number where one should be: {error}", file=path, line=line, element="--samples",
                            remedy="seeds are whole numbers, weights are not negative") from error  # fmt: skip
    return Instance(seed, values, weight, notes)
