"""An append-only journal: one JSON line per frame, flushed, so that a killed run loses at most its last line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

FILE = "journal.jsonl"


class Journal:
    """Open for appending."""

    def __init__(self, folder: Path) -> None:
        self._handle: IO[str] = (folder / FILE).open("a")

    def append(self, record: dict[str, Any]) -> None:
        self._handle.write(json.dumps(record, separators=(",", ":")) + "\n")
        self._handle.flush()

    def close(self) -> None:
        self._handle.close()


def read_journal(folder: Path) -> Iterator[dict[str, Any]]:
    """Records in order, up to the first line that is not whole."""
    path = folder / FILE
    if not path.exists():
        return
    with path.open() as handle:
        for line in handle:
            if not line.endswith("\n"):
                return
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return
