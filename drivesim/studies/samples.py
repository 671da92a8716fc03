"""Drawn instances as one table: parameters in their types, weights, seeds. Parquet, or CSV for other tools."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from drivesim import __version__
from drivesim.errors import DrivesimError, RecordingError, ScenarioError
from drivesim.openscenario.expressions import as_text
from drivesim.studies.parameter import F64
from drivesim.studies.space import Space

PREFIX = "parameter."
"""Before parameter names in Parquet tables, as in those of what-if."""
_FIXED = ("instance", "seed", "weight")
NOTES: dict[str, type] = {"pair": int, "changed": str, "class": str, "margin": float, "log_likelihood": float}
"""Columns that say how instances belong together, and what is in them; no parameter of these names can be read back
from CSV."""


@dataclass(frozen=True)
class Samples:
    """Instances of a space, in order.

    Attributes:
        instances: parameter values as text; of the whole space, or what a table from elsewhere holds.
        seeds: scenario seed of each.
        weights: (N,) nominal over sampling density; means over instances, weighted so, are those of the space's laws.
        notes: further columns, such as ``pair`` or ``class``.
        method: how they were drawn, as on the command line.
    """

    instances: tuple[dict[str, str], ...]
    seeds: tuple[int, ...]
    weights: F64
    notes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    method: str = ""

    def __len__(self) -> int:
        return len(self.instances)

    @staticmethod
    def plain(
        instances: Iterable[dict[str, str]], seed: int, method: str = "", weights: F64 | None = None,
        notes: Mapping[str, Sequence[Any]] | None = None,
    ) -> Samples:  # fmt: skip
        """Instance k gets scenario seed ``seed + k``, and weight 1 unless given."""
        runs = tuple(instances)
        given = np.ones(len(runs)) if weights is None else weights
        return Samples(runs, tuple(range(seed, seed + len(runs))), given, notes or {}, method)


def write_samples(samples: Samples, space: Space, path: Path) -> None:
    """Write a ``.parquet`` (typed columns, units and origin in its metadata) or a ``.csv`` file.

    Raises:
        DrivesimError: another suffix, or pyarrow is not installed. RecordingError: the file cannot be written.
    """
    try:
        if path.suffix == ".parquet":
            _write_parquet(samples, space, path)
        elif path.suffix == ".csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                write_csv(samples, file)
        else:
            raise DrivesimError(f"'{path.name}' is neither .parquet nor .csv", element="--out",
                                remedy="end its name in .parquet or .csv")  # fmt: skip
    except OSError as error:
        raise RecordingError(f"cannot be written: {error.strerror}", file=path, remedy="choose another file") from error


def write_csv(samples: Samples, file: IO[str]) -> None:
    """A row per instance: instance, seed, weight, notes, then parameters under their bare names."""
    names = list(samples.instances[0])
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*_FIXED, *samples.notes, *names])
    for number, run in enumerate(samples.instances):
        notes = [column[number] for column in samples.notes.values()]
        head = [number, samples.seeds[number], as_text(float(samples.weights[number])), *notes]
        writer.writerow([*head, *(run[name] for name in names)])


def _write_parquet(samples: Samples, space: Space, path: Path) -> None:
    pa, pq = pyarrow()
    fields = [pa.field("instance", pa.int64()), pa.field("seed", pa.int64()), pa.field("weight", pa.float64())]
    columns: list[Any] = [list(range(len(samples))), list(samples.seeds), samples.weights.tolist()]
    for name, values in samples.notes.items():
        array = pa.array(values)
        fields.append(pa.field(name, array.type))
        columns.append(array)
    for name, parameter in space.parameters.items():
        values = [parameter.typed(run[name]) for run in samples.instances]
        kind = pa.array(values).type
        meta = {"unit": parameter.unit} if parameter.unit else None
        fields.append(pa.field(f"{PREFIX}{name}", kind, metadata=meta))
        columns.append(values)
    origin = {
        "scenario": space.scenario_file.name, "space": space.path.name, "space_sha256": digest(space.path),
        "method": samples.method, "drivesim": __version__,
    }  # fmt: skip
    schema = pa.schema(fields, metadata={"drivesim.samples": json.dumps(origin, sort_keys=True)})
    pq.write_table(pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, fields, strict=True)],
                                        schema=schema), path)  # fmt: skip


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pyarrow() -> tuple[Any, Any]:
    """The modules ``pyarrow`` and ``pyarrow.parquet``.

    Raises:
        DrivesimError: they are not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DrivesimError("tables need pyarrow", remedy="pip install 'drivesim[studies]'") from error
    return pyarrow, pyarrow.parquet


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet or CSV table; CSV cells are text.

    Raises:
        DrivesimError: no such file, or not a table.
    """
    try:
        if path.suffix == ".parquet":
            pa, pq = pyarrow()
            try:
                rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
            except pa.ArrowInvalid as error:
                raise DrivesimError("is no Parquet table", file=path, remedy="write it anew") from error
            return rows
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise DrivesimError(f"cannot be read: {error.strerror}", file=path, remedy="check the path") from error


def read_samples(path: Path, space: Space | None = None) -> Samples:
    """A table that :func:`write_samples` wrote, or any with a column per parameter (what-if's outcomes, say).

    Args:
        space: whose parameters to take; None takes columns with the prefix ``parameter.``, else all that are not
            ``instance``, ``seed`` or ``weight``.

    Raises:
        DrivesimError: no rows, or a parameter of the space has no column.
    """
    rows = read_rows(path)
    if not rows:
        raise DrivesimError("this table has no rows", file=path, remedy="draw samples into it")
    columns = list(rows[0])
    names = list(space.parameters) if space is not None else _parameter_names(columns)
    source = {name: f"{PREFIX}{name}" if f"{PREFIX}{name}" in columns else name for name in names}
    for name, column in source.items():
        if column not in columns:
            raise DrivesimError(
                f"has no column '{name}'", file=path, remedy="give a table of this scenario's instances"
            )
    instances = tuple({name: _as_text(row[column]) for name, column in source.items()} for row in rows)
    taken = {*_FIXED, *source.values()}
    notes = {column: [row[column] for row in rows] for column in columns if column not in taken}
    try:
        seeds = tuple(int(row.get("seed", number)) for number, row in enumerate(rows))
        weights = np.array([float(row.get("weight", 1.0)) for row in rows])
    except (TypeError, ValueError) as error:
        raise ScenarioError(f"a seed or weight is no number: {error}", file=path, remedy="mend that column") from error
    return Samples(instances, seeds, weights, notes)


def _parameter_names(columns: Sequence[str]) -> list[str]:
    prefixed = [name.removeprefix(PREFIX) for name in columns if name.startswith(PREFIX)]
    return prefixed or [name for name in columns if name not in (*_FIXED, *NOTES)]


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else as_text(value)
