"""Confusion matrices: read from CSV, and the next batch they ask for."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drivesim.errors import DrivesimError, did_you_mean
from drivesim.studies.parameter import F64


@dataclass(frozen=True)
class Confusion:
    """Counts or shares (K, K): rows are true classes, columns predicted ones."""

    classes: tuple[str, ...]
    counts: F64

    def shares(self) -> F64:
        """(K,) of the next batch that each class gets, in proportion to how much it is confused.

        Rows are taken as shares, so that common classes count no more than rare ones; what lies off the diagonal is
        made symmetric, so that both classes of a confusion are sampled. A matrix without confusion asks for all alike.
        """
        rates = self.counts / self.counts.sum(axis=1, keepdims=True)
        np.fill_diagonal(rates, 0.0)
        confused = (rates + rates.T).sum(axis=1)
        total = float(confused.sum())
        return np.asarray(confused / total) if total > 0 else np.full(len(self.classes), 1.0 / len(self.classes))


def read_confusion(path: Path) -> Confusion:
    """Read a CSV: the first row names predicted classes, the first column true ones.

    Raises:
        DrivesimError: it is not square, its names differ, a cell is no count, or a class was never tested.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not text"
        raise DrivesimError(f"cannot be read: {reason}", file=path, remedy="give a CSV file") from error
    if not rows or len(rows[0]) < 3:
        raise DrivesimError("a confusion matrix has two classes or more", file=path,
                            remedy="write a head with the classes, then a row for each")  # fmt: skip
    classes = [name.strip() for name in rows[0][1:]]
    if len(set(classes)) != len(classes):
        raise DrivesimError("a class is named twice", file=path, line=1, remedy="name every class once")
    if len(rows) - 1 != len(classes):
        raise DrivesimError(f"{len(rows) - 1} rows of true classes, but {len(classes)} predicted ones", file=path,
                            remedy="a confusion matrix is square: one row and one column for every class")  # fmt: skip
    counts: dict[str, list[float]] = {}
    for line, row in enumerate(rows[1:], start=2):
        name = row[0].strip()
        if name not in classes or name in counts:
            problem = f"row '{name}' stands twice" if name in counts else f"row '{name}' has no column of its name"
            raise DrivesimError(problem, file=path, line=line, remedy=did_you_mean(name, set(classes) - set(counts)))
        if len(row) - 1 != len(classes):
            raise DrivesimError(f"row '{name}' has {len(row) - 1} numbers, not {len(classes)}", file=path, line=line,
                                remedy="give one for every class")  # fmt: skip
        counts[name] = [_count(cell, path, line) for cell in row[1:]]
        if not sum(counts[name]) > 0:
            raise DrivesimError(f"class '{name}' was never tested, its row is empty", file=path, line=line,
                                remedy="test it, or leave it out")  # fmt: skip
    return Confusion(tuple(classes), np.array([counts[name] for name in classes]))


def _count(cell: str, path: Path, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not (np.isfinite(value) and value >= 0):
        raise DrivesimError(f"'{cell.strip()}' is no count", file=path, line=line, remedy="give a number from 0 on")
    return value


def quotas(shares: F64, count: int) -> list[int]:
    """Whole numbers that add up to ``count``, nearest to ``shares`` of it (largest remainders)."""
    wanted = shares / shares.sum() * count
    whole = np.floor(wanted + 1e-9).astype(int)
    for index in np.argsort(whole - wanted, kind="stable")[: count - int(whole.sum())]:
        whole[index] += 1
    return [int(each) for each in whole]
