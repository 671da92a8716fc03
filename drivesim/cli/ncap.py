"""``drivesim ncap``: Euro NCAP's grid with a rig, coloured and, if the official calculator is there, scored."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from rich.console import Console

from drivesim.cli.terminal import counting_bar, terminal
from drivesim.ego import ego_parameters
from drivesim.errors import DrivesimError
from drivesim.sensors.rig import load_rig
from drivesim.studies.ncap.calculator import Verdict, ask, check
from drivesim.studies.ncap.grid import Asked, Judged, play_grid, stands, unmet
from drivesim.studies.ncap.layers import LAYERS
from drivesim.studies.ncap.page import write_page
from drivesim.studies.ncap.protocol import cells_of
from drivesim.studies.whatif.run import detectors_for, looks_ahead


def ncap_command(
    *, rig: str, protocol: str, tests: list[str], layers: list[str], extended: bool, calculator: Path | None,
    out: Path | None, seed: int, ego: str, jobs: int, quiet: bool,
) -> int:  # fmt: skip
    """Exit code: 0 when all cells were played and the calculator, if asked, agrees; else 1."""
    if jobs < 1:
        raise DrivesimError(f"{jobs} processes asked for", element="--jobs", remedy="choose 1 or more")
    if calculator is not None and protocol != "2026":
        raise DrivesimError("the official calculator knows 2026 only", element="--calculator",
                            remedy="use --protocol 2026")  # fmt: skip
    ego_parameters(ego)
    loaded = load_rig(rig)
    if not looks_ahead(loaded):
        raise DrivesimError("no sensor of this rig looks ahead", file=loaded.path, element="--rig",
                            remedy="add a forward camera, lidar or radar")  # fmt: skip
    detectors_for(loaded, seed)
    folder = out or Path("ncap") / f"{Path(rig).stem}_{protocol}"
    grids = {name: cells_of(protocol, tests, extended=extended and name is None, layer=name)
             for name in (None, *layers)}  # fmt: skip
    if calculator is not None:
        check(calculator)
    played: dict[str | None, list[Judged]] = {}
    problems: list[str] = []
    console = terminal()
    with counting_bar(quiet) as bar:
        for name, cells in grids.items():
            asked = Asked(protocol, rig, ego, seed, name)
            task = bar.add_task(name or f"grid of {protocol}", total=len(cells))
            played[name], failed = play_grid(
                asked, cells, folder, jobs=jobs,
                progress=lambda done, _, task=task: bar.update(task, completed=done),  # type: ignore[misc]
            )  # fmt: skip
            problems += failed
    held = {name: stands(name, played[None], cells) for name, cells in played.items() if name is not None}
    verdict = _asked(calculator, played[None], held, folder) if calculator is not None and not problems else None
    command = _command(rig, protocol, tests, layers, extended, calculator, seed, ego, folder)
    asked = Asked(protocol, rig, ego, seed)
    (folder / "cells.json").write_text(json.dumps([each.as_dict() for each in played[None]], indent=1) + "\n")
    page = write_page(asked, played[None], held, verdict, command, folder)
    for problem in problems:
        terminal(stderr=True).print(problem, markup=False)
    if not quiet:
        _tell(console, played[None], held, verdict, page)
        for lacking in unmet(protocol, played[None]):
            console.print(f"no points for frontal collisions: {lacking} must be green", markup=False)
    return 1 if problems or (verdict is not None and verdict.disagreements) else 0


def _asked(python: Path, cells: list[Judged], held: dict[str, dict[str, bool]], folder: Path) -> Verdict:
    robust: dict[str, list[str]] = {}
    by_official: dict[str, dict[str, bool]] = {}
    for layer, by_test in held.items():
        known = by_official.setdefault(LAYERS[layer].official, {})
        for name, good in by_test.items():
            known[name] = known.get(name, True) and good
    for official, by_test in by_official.items():
        robust[official] = [name for name, good in by_test.items() if good]
    return ask(python, cells, robust, folder / "calculator")


def _tell(
    console: Console, cells: list[Judged], held: dict[str, dict[str, bool]], verdict: Verdict | None, page: Path
) -> None:
    for name in dict.fromkeys(each.cell.test.name for each in cells):
        mine = [each for each in cells if each.cell.test.name == name]
        green = sum(each.colour == "green" for each in mine)
        share = sum(each.points for each in mine) / len(mine)
        console.print(f"{name:12} {green} of {len(mine)} cells green, {share:.0%} of points")
    for layer, by_test in held.items():
        console.print(
            f"{layer}: " + ", ".join(f"{name} {'stands' if good else 'fails'}" for name, good in by_test.items())
        )
    if verdict is not None:
        agree = "agrees in every cell" if not verdict.disagreements else f"differs: {'; '.join(verdict.disagreements)}"
        console.print(f"official calculator: {agree}; workbook: {verdict.report}")
    console.print(f"page: [bold]{page}[/]")


def _command(
    rig: str, protocol: str, tests: list[str], layers: list[str], extended: bool, calculator: Path | None, seed: int,
    ego: str, folder: Path,
) -> str:  # fmt: skip
    words = ["drivesim", "ncap", "--protocol", protocol, "--rig", rig, "--seed", str(seed), "--ego", ego]
    for option, values in (("--test", tests), ("--layer", layers)):
        for value in values:
            words += [option, value]
    words += [] if extended else ["--standard-range"]
    words += ["--calculator", str(calculator)] if calculator else []
    return shlex.join([*words, "--out", str(folder)])
