"""``make conformance``: play the corpus, each file in a worker that is killed when it takes too long; print a table."""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import statistics
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from corpus import CORPUS, Case, cases
from play import Outcome, work
from rich.console import Console
from rich.progress import track
from rich.table import Table

BOUND = 60.0
"""Seconds that a file may take."""


class Worker:
    """A process that plays cases one after the other, replaced when one takes too long."""

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def play(self, case: Case, bound: float) -> Outcome:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=work, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        self._pipe.send(case)
        try:
            if self._pipe.poll(bound):
                return self._pipe.recv()
        except EOFError:
            self.close()
            return Outcome("crashed", "the process died")
        self.close()
        return Outcome("timeout", f"took more than {bound:.0f} s")

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None


def results(chosen: list[Case], bound: float, console: Console) -> Iterator[tuple[Case, Outcome]]:
    worker = Worker()
    try:
        for case in track(chosen, "playing", console=console, transient=True):
            yield case, worker.play(case, bound)
    finally:
        worker.close()


def summary(found: list[tuple[Case, Outcome]]) -> Table:
    table = Table("class", "files", "read", "played", "to the end", "within", "with its controllers", "as it reads",
                  "median error", "worst error")  # fmt: skip
    for grade in sorted({case.grade for case, _ in found}):
        mine = [(case, made) for case, made in found if case.grade == grade]
        errors = [made.error for _, made in mine if made.error is not None]
        bounds = [(case.tolerance, made) for case, made in mine if case.tolerance is not None]
        count = Counter(made.status for _, made in mine)
        plain = sum(_within(made.error, bound) for bound, made in bounds)
        foreign = plain + sum(_within(made.foreign, bound) for bound, made in bounds)
        read = foreign + sum(bool(made.reading) for _, made in bounds)
        shares = [f"{n} of {len(bounds)} ({n / len(bounds):.1%})" if bounds else "" for n in (plain, foreign, read)]
        table.add_row(
            grade or "no reference",
            str(len(mine)),
            str(len(mine) - count["unread"]),
            str(len(mine) - count["unread"] - count["unplayed"]),
            str(count["ended"] + count["cap"]),
            *(shares if bounds else ["not compared", "", ""]),
            f"{statistics.median(errors):.3f} m" if errors else "",
            f"{max(errors):.1f} m" if errors else "",
        )
    return table


def _within(error: float | None, bound: float) -> bool:
    return error is not None and error <= bound


def speed(found: list[tuple[Case, Outcome]]) -> Table:
    played = [(case, made) for case, made in found if made.status in ("ended", "cap") and made.simulated_s > 0.5]
    table = Table("speed (medians)", "drivesim", "against esmini")
    if not played:
        return table
    with_load = [made.simulated_s / (made.load_s + made.step_s) for _, made in played]
    stepping = [made.simulated_s / made.step_s for _, made in played]
    compared = [(case.esmini, made) for case, made in played if case.esmini and case.end == "quit"]
    table.add_row("times real time, loading included", f"{statistics.median(with_load):.0f}", "")
    table.add_row("times real time, stepping", f"{statistics.median(stepping):.0f}", "")
    if compared:
        rates = [(made.simulated_s / 0.01 / made.step_s) / theirs[1] for theirs, made in compared]
        loads = [made.load_s / theirs[0] for theirs, made in compared if theirs[0] > 0]
        steps = statistics.median(made.simulated_s / 0.01 / made.step_s for _, made in compared)
        seconds = statistics.median(made.load_s for _, made in compared)
        table.add_row("steps a second", f"{steps:.0f}", f"{1 / statistics.median(rates):.1f} times slower")
        table.add_row("loading", f"{seconds * 1e3:.1f} ms", f"{statistics.median(loads):.1f} times as long")
    return table


def deviations(found: list[tuple[Case, Outcome]]) -> Iterator[str]:
    """One line for every file that is not as one would wish."""
    for case, made in found:
        if made.status in ("unread", "unplayed", "crashed", "timeout"):
            yield f"{made.status}: {case.name}: {made.said}"
        elif case.tolerance is not None and (made.error or 0.0) > case.tolerance:
            error = f"{made.error:.2f} m (of {case.tolerance:.2f})"
            yield f"class {case.grade}, {error}: {case.name}: {made.worst}{_why(made)}"
        if made.missing:
            yield f"absent: {case.name}: {', '.join(made.missing)}"


def _why(made: Outcome) -> str:
    if made.foreign is not None:
        return f", under a controller of the reference player; with it all others within {made.foreign:.3f} m"
    return f"; agrees when read as there: {made.reading}" if made.reading else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Play the corpus and compare with its reference trajectories.")
    parser.add_argument("only", nargs="*", help="parts of file names")
    parser.add_argument("--bound", type=float, default=BOUND, help="seconds for each file")
    parser.add_argument("--csv", type=Path, help="write one row for each file")
    parser.add_argument("--list", action="store_true", help="list deviations and refusals")
    options = parser.parse_args()
    console = Console(soft_wrap=True, highlight=False, width=120)
    if not (CORPUS / "manifest.csv").exists():
        console.print(f"no corpus at {CORPUS}: set DRIVESIM_SHARED to the folder that holds corpus/")
        return 0
    chosen = [case for case in cases() if not options.only or any(part in case.name for part in options.only)]
    found = list(results(chosen, options.bound, console))
    if options.csv:
        _write(found, options.csv)
    if options.list or options.only:
        for line in deviations(found):
            console.print(line, markup=False)
    console.print(summary(found))
    console.print(speed(found))
    return 1 if any(made.status in ("crashed", "timeout") for _, made in found) else 0


_COLUMNS = [
    "file",
    "class",
    "status",
    "said",
    "error_m",
    "tolerance_m",
    "worst",
    "foreign_m",
    "reading",
    "load_s",
    "step_s",
    "simulated_s",
]


def _write(found: list[tuple[Case, Outcome]], path: Path) -> None:
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(_COLUMNS)
        for case, made in found:
            error = "" if made.error is None else f"{made.error:.4f}"
            bound = "" if case.tolerance is None else f"{case.tolerance:.4f}"
            foreign = "" if made.foreign is None else f"{made.foreign:.4f}"
            why = made.worst, foreign, made.reading
            seconds = f"{made.load_s:.4f}", f"{made.step_s:.4f}", f"{made.simulated_s:.2f}"
            writer.writerow([case.name, case.grade, made.status, made.said, error, bound, *why, *seconds])


if __name__ == "__main__":
    raise SystemExit(main())
