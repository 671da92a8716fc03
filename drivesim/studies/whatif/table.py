"""Every number of a study as one Parquet table: a row per instance and rig."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivesim.errors import DrivesimError, RecordingError

TABLE = "outcomes.parquet"


def rows_of(instances: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Flat rows: instance, seed, ``parameter.*``, then the outcome; milestones as ``brake.time`` and so on."""
    rows = []
    for entry in instances:
        given = {f"parameter.{name}": value for name, value in entry["parameters"].items()}
        for outcome in entry["outcomes"]:
            row: dict[str, Any] = {"instance": entry["index"], "seed": entry["seed"], **given}
            for name, value in outcome.items():
                if isinstance(value, dict):
                    row |= {f"{name}.{part}": number for part, number in value.items()}
                else:
                    row[name] = value
            rows.append(row)
    return rows


def write_table(instances: Sequence[dict[str, Any]], folder: Path) -> Path:
    """Write ``outcomes.parquet``.

    Raises:
        DrivesimError: pyarrow is not installed. RecordingError: the file cannot be written.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DrivesimError("tables need pyarrow", remedy="pip install 'drivesim[studies]'") from error
    path = folder / TABLE
    try:
        pq.write_table(pa.Table.from_pylist(rows_of(instances)), path)
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=path, remedy="free some space") from error
    return path
