"""What is finished, on disk at once: a line per instance, in the order in which they end."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from drivesim.errors import DrivesimError, RecordingError
from drivesim.studies.sweep.workers import Result

FILE, PLAN = "instances.jsonl", "sweep.json"
"""Of a sweep; a study of another kind keeps its plan under its own name."""
_SYNC = 1.0
"""Seconds between requests that the disk keeps what was written: a machine that goes down loses no more."""
_NONE = -1


class Journal:
    """A study's folder, held by one process at a time.

    Keeps where each instance's line is and nothing of what is in it: memory does not grow with results.

    Args:
        plan: everything that decides the results; JSON.
        count: number of instances.
        plan_file: name of the file that keeps the plan.

    Raises:
        DrivesimError: the folder holds another study, or another process works on it. RecordingError: it cannot be
            written.
    """

    def __init__(self, folder: Path, plan: dict[str, Any], count: int, *, plan_file: str = PLAN) -> None:
        self.folder = folder
        self._plan_file = plan_file
        self._kind = plan_file.removesuffix(".json")
        self._at = np.full(count, _NONE, dtype=np.int64)
        self._failed = np.zeros(count, dtype=bool)
        self._synced = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / FILE).open("a+b")
            self._lock()
            self._keep_plan(plan)
            self._end = self._read()
        except OSError as error:
            raise _unwritable(error, folder) from error

    def todo(self) -> list[int]:
        """Instances that are not finished; failed ones among them, they are tried again."""
        return [int(index) for index in np.flatnonzero((self._at == _NONE) | self._failed)]

    def append(self, result: Result) -> None:
        """Note a result; a later one of the same instance takes its place."""
        text = f'"error": {json.dumps(result.error)}' if result.row is None else f'"row": {result.row}'
        line = f'{{"index": {result.index}, {text}}}\n'.encode()
        try:
            self._file.write(line)
            self._file.flush()
            if time.monotonic() - self._synced > _SYNC:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise _unwritable(error, self.folder) from error
        self._note(result.index, self._end, result.row is None)
        self._end += len(line)

    def entry(self, index: int) -> dict[str, Any]:
        """What is known of an instance: ``row`` or ``error``; empty when nothing is."""
        if self._at[index] == _NONE:
            return {}
        self._file.seek(int(self._at[index]))
        entry: dict[str, Any] = json.loads(self._file.readline())
        return entry

    def failures(self) -> list[int]:
        """Instances that failed for good."""
        return [int(index) for index in np.flatnonzero(self._failed)]

    def close(self) -> None:
        """Let the next process have the folder."""
        with suppress(OSError):  # what is left unwritten then is the line whose append failed, and said so
            self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _note(self, index: int, at: int, failed: bool) -> None:
        self._at[index], self._failed[index] = at, failed

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DrivesimError(
                f"another process is working on this {self._kind}", file=self.folder, element="--out",
                remedy="wait for it, end it, or choose another folder",
            ) from None  # fmt: skip

    def _keep_plan(self, plan: dict[str, Any]) -> None:
        path, text = self.folder / self._plan_file, json.dumps(plan, indent=1) + "\n"
        if not path.exists():
            part = path.with_name(f".{path.name}.part")
            part.write_text(text)
            part.replace(path)
        elif path.read_text() != text:
            raise DrivesimError(
                f"the folder holds another {self._kind}", file=self.folder, element="--out",
                remedy="choose another folder, or repeat the command that began it",
            )  # fmt: skip

    def _read(self) -> int:
        """Take in what is there; cut off what a kill left half written. How many bytes are good."""
        self._file.seek(0)
        good = 0
        for line in self._file:
            try:
                entry = json.loads(line)
                if not line.endswith(b"\n"):
                    break
                self._note(entry["index"], good, "error" in entry)
            except (json.JSONDecodeError, UnicodeDecodeError, KeyError, IndexError, TypeError):
                break
            good += len(line)
        self._file.truncate(good)
        return good


def _unwritable(error: OSError, folder: Path) -> RecordingError:
    return RecordingError(
        f"cannot write: {error.strerror}", file=folder,
        remedy="free some space or choose a writable folder; the same command goes on where it was",
    )  # fmt: skip
