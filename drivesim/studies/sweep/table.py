"""One Parquet table of a sweep: a row per instance, by number, whatever the order in which they ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from drivesim.errors import DrivesimError, RecordingError
from drivesim.studies.sweep.journal import Journal

TABLE = "outcomes.parquet"
_GROUP = 10_000
"""Rows that are in memory at once."""
_KINDS: dict[type, str] = {bool: "bool_", int: "int64", float: "float64"}


def need_pyarrow() -> Any:
    """pyarrow; asked for before hours of work, not after.

    Raises:
        DrivesimError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DrivesimError("tables need pyarrow", remedy="pip install 'drivesim[studies]'") from error
    return pyarrow


def columns_of(outcome: type) -> dict[str, type]:
    """Names and types of a dataclass's fields, as columns; anything but numbers and booleans is text."""
    hints = get_type_hints(outcome)
    return {field.name: hints[field.name] for field in dataclasses.fields(outcome)}


def write_table(
    journal: Journal, given: Sequence[Mapping[str, Any]], given_columns: Mapping[str, type], known: Mapping[str, type]
) -> Path:
    """Write ``outcomes.parquet``: what was given, what came out, and ``error`` where nothing did.

    Args:
        given: per instance, values of ``given_columns``. known: columns that results have.

    Raises:
        DrivesimError: pyarrow is not installed. RecordingError: the file cannot be written.
    """
    pa = need_pyarrow()
    kinds = {"instance": int, **given_columns, **known, "error": str}
    schema = pa.schema([(name, getattr(pa, _KINDS.get(kind, "string"))()) for name, kind in kinds.items()])
    path = journal.folder / TABLE
    part = path.with_name(f".{TABLE}.part")
    try:
        with pa.parquet.ParquetWriter(part, schema) as writer:
            for start in range(0, len(given), _GROUP):
                rows = [_row(journal, index, given[index]) for index in range(start, min(start + _GROUP, len(given)))]
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        part.replace(path)
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=path, remedy="free some space") from error
    return path


def _row(journal: Journal, index: int, given: Mapping[str, Any]) -> dict[str, Any]:
    entry = journal.entry(index)
    return {"instance": index, **given, **entry.get("row", {}), "error": entry.get("error")}
