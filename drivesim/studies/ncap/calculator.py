"""Our cells before the official calculator: its colours beside ours, and the scores it gives.

``euroncap-rating-2026`` needs pandas below 3, so it stays in a virtual environment of its own; it is only ever called.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivesim.errors import DrivesimError, RecordingError
from drivesim.studies.ncap.grid import Judged

_SCRIPT = Path(__file__).with_name("workbook.py")
_LONG = 600.0
"""Seconds that the calculator may take; it takes some twenty."""
_REMEDY = "python -m venv ncap && ncap/bin/pip install euroncap-rating-2026, then --calculator ncap/bin/python"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the calculator says.

    Attributes:
        disagreements: cells whose colour it sees otherwise, in words.
        verified: how many cells it chose to have verified. scores: points and most points, by scenario and layer.
        report: its workbook.
    """

    disagreements: tuple[str, ...]
    verified: int
    scores: Mapping[str, Mapping[str, tuple[float, float]]]
    report: Path


def ask(python: Path, cells: Sequence[Judged], robust: Mapping[str, Sequence[str]], folder: Path) -> Verdict:
    """Have a grid of 2026 scored.

    Args:
        python: of the virtual environment that has the calculator.
        robust: tests that stand a robustness layer, by the calculator's name of it.
        folder: for workbooks; made if absent.

    Raises:
        DrivesimError: the calculator is not there, or refuses the workbook. RecordingError: no room for it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        given = {
            "cells": [each.as_dict() for each in cells],
            "robust": {name: list(who) for name, who in robust.items()},
        }
        (folder / "cells.json").write_text(json.dumps(given, indent=1))
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=folder, remedy="free some space") from error
    _run(python, str(_SCRIPT), str(folder.resolve()))
    said = json.loads((folder / "scored.json").read_text())
    differing = tuple(
        f"{each.cell.test.name}, {each.cell.speed} km/h, {each.cell.heading}: {each.colour} here, {colour} there"
        for each, colour in zip(cells, said["colours"], strict=True)
        if colour != each.colour
    )
    scores = {name: {layer: (got, most) for layer, (got, most) in by.items()} for name, by in said["scores"].items()}
    return Verdict(differing, said["verified"], scores, folder / said["report"])


def check(python: Path) -> None:
    """Whether the calculator is there, before a grid is played for it.

    Raises:
        DrivesimError: it is not.
    """
    _run(python, "-c", "import euroncap_rating_2026, openpyxl")


def _run(python: Path, *words: str) -> None:
    try:
        done = subprocess.run([str(python), *words], capture_output=True, text=True, timeout=_LONG)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DrivesimError(f"the official calculator does not run: {error}", element="--calculator",
                            remedy=_REMEDY) from error  # fmt: skip
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DrivesimError(f"the official calculator failed: {last}", element="--calculator", remedy=_REMEDY)
