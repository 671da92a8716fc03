"""A grid played with one rig: every cell a run, all of them resumable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivesim.studies.ncap.layers import LAYERS
from drivesim.studies.ncap.protocol import Cell, judged
from drivesim.studies.sweep.workers import Play
from drivesim.studies.whatif.outcome import Colour
from drivesim.studies.whatif.study import Study, run_study

LIGHTEST = 0.01
"""Any contact is a contact, however slow, km/h; so is standing where the target would run into it, in turns."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A cell and what came of it; speeds in km/h, that of impact relative to a target that moves the same way."""

    cell: Cell
    impact_speed: float
    colour: Colour
    points: float

    @property
    def measured(self) -> float:
        """What the calculator is told, km/h: the impact speed, or where the target comes towards the vehicle the speed
        taken off, of which it knows no more than 30: beyond that it would give red."""
        return min(self.cell.speed - self.impact_speed, 30.0) if self.cell.test.towards else self.impact_speed

    def as_dict(self) -> dict[str, Any]:
        """Flat, for files."""
        cell = self.cell
        return {
            "test": cell.test.name, "speed": cell.speed, "standard": cell.standard,
            "impact_location": None if cell.test.by_speed else cell.column,
            "target_speed": cell.column if cell.test.by_speed else cell.target_speed,
            "impact_speed": self.impact_speed, "measured": self.measured, "colour": self.colour, "points": self.points,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Under which protocol, with which rig and ego, and how varied a grid is played."""

    protocol: str
    rig: str
    ego: str = "aeb"
    seed: int = 0
    layer: str | None = None


def play_grid(
    asked: Asked,
    cells: Sequence[Cell],
    folder: Path,
    *,
    jobs: int = 1,
    play: Play | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Judged], list[str]]:
    """Play what is missing; cells in order, and what went wrong with those that are not there.

    Args:
        folder: a study's folder for each scenario and layer.
        play: in place of the simulation.
    """
    layer = LAYERS[asked.layer] if asked.layer else None
    found: dict[Cell, Judged] = {}
    problems: list[str] = []
    lost: set[Cell] = set()
    done, total = 0, sum(len(cell.runs(layer)) for cell in cells)
    for scenario in dict.fromkeys(cell.test.scenario for cell in cells):
        mine = [(cell, run) for cell in cells if cell.test.scenario == scenario for run in cell.runs(layer)]
        study = Study(scenario, (asked.rig,), tuple(run for _, run in mine), asked.seed, asked.ego)
        place = folder / (asked.layer or "nominal") / Path(scenario).name

        def tell(finished: int, _: int, before: int = done) -> None:
            if progress:
                progress(before + finished, total)

        finished, failed = run_study(study, place, jobs=jobs, play=play, progress=tell)
        done += len(mine)
        for failure in failed:
            cell = mine[failure["index"]][0]
            lost.add(cell)
            problems.append(f"{cell.test.name}, {cell.speed} km/h, {cell.heading}: {failure['error']}")
        for entry in finished:
            cell = mine[entry["index"]][0]
            speed = _impact(cell, entry["outcomes"][0])
            if cell not in found or speed > found[cell].impact_speed:
                found[cell] = Judged(cell, speed, *judged(asked.protocol, cell, speed))
    return [found[cell] for cell in cells if cell in found and cell not in lost], problems


def _impact(cell: Cell, outcome: Mapping[str, Any]) -> float:
    """The speed that counts, km/h."""
    if not outcome["collided"]:
        return LIGHTEST if cell.test.keeps_clear and outcome["in_way"] else 0.0
    return max(float(outcome["closing_speed" if cell.test.ahead else "impact_speed"]), LIGHTEST)


def unmet(protocol: str, cells: Sequence[Judged]) -> list[str]:
    """Cells, in words, because of which the whole grid scores nothing."""
    return [
        f"{each.cell.test.name}, {each.cell.speed} km/h, {each.cell.heading}"
        for each in cells
        if protocol == "2026" and each.cell.required and each.colour != "green"
    ]


def stands(layer: str, nominal: Sequence[Judged], varied: Sequence[Judged]) -> dict[str, bool]:
    """Whether each test's standard range stands a layer, by ``Test.loadcase``.

    Args:
        nominal: without the layer; cells that were red then do not count.
    """
    points = {(each.cell.test.name, each.cell.speed, each.cell.column): each.points for each in nominal}
    held: dict[str, bool] = {}
    for each in varied:
        cell, case = each.cell, each.cell.test.loadcase
        before = points.get((cell.test.name, cell.speed, cell.column), 0.0)
        if not cell.standard or before == 0.0:
            continue
        good = each.points >= before if case in LAYERS[layer].same else each.colour != "red"
        held[case] = held.get(case, True) and good
    return held
