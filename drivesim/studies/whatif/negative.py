"""False alarms: brakes where there is nothing to brake for, by the hour of driving."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from drivesim.studies.statistics import Interval, poisson_rate
from drivesim.studies.whatif.study import Study, run_study

SCENARIOS = ("negative/child_at_kerb", "negative/steel_plate", "negative/parked_gap")
"""What must be left alone: a child who stops a metre beside the car, a steel plate, a gap between parked cars."""
SPEEDS = (30.0, 80.0)
"""Of the car, from and to, spread evenly over the instances, km/h."""
KERB = SCENARIOS[0]
STANDS = (0.5, 3.0)
"""For how long the child has stood at the kerb when the car could be there, from and to, s: spread evenly over the
instances too, in another order than the speeds."""
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
"""Multiples of it fall evenly between whole numbers (Weyl), in an order that has nothing to do with theirs."""


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """Of one rig.

    Attributes:
        brakes: in the negative set. hours: driven there. rate: per hour, with its exact 95 % interval.
        by_scenario: brakes in each.
    """

    rig: str
    brakes: int
    hours: float
    rate: Interval
    by_scenario: dict[str, int]


def play_negative(
    study: Study, count: int, folder: Path, *, jobs: int = 1, progress: Callable[[int, int], None] | None = None
) -> tuple[list[FalseAlarms], list[dict[str, Any]]]:
    """Play the negative set with a study's rigs, ego and detectors, sensing all the way; and failed instances.

    Args:
        count: instances of each scenario.
    """
    played: list[tuple[str, list[dict[str, Any]]]] = []
    failures: list[dict[str, Any]] = []
    for number, scenario in enumerate(SCENARIOS):
        asked = replace(
            study, scenario=scenario, instances=tuple(negative_instance(scenario, n, count) for n in range(count)),
            settings=(), target="Target", full=True,
        )  # fmt: skip

        def tell(done: int, _: int, before: int = number * count) -> None:
            if progress:
                progress(before + done, count * len(SCENARIOS))

        finished, failed = run_study(asked, folder / Path(scenario).name, jobs=jobs, progress=tell)
        played.append((Path(scenario).name, finished))
        failures += failed
    return [alarms_of(Path(rig).stem, position, played) for position, rig in enumerate(study.rigs)], failures


def negative_instance(scenario: str, number: int, count: int) -> dict[str, str]:
    """Parameters of one of ``count`` instances of a scenario of :data:`SCENARIOS`."""
    values = {"ego_speed": f"{_between(SPEEDS, (number + 0.5) / count):.1f}"}
    if scenario == KERB:
        values["stands"] = f"{_between(STANDS, (number + 0.5) * _GOLDEN % 1.0):.2f}"
    return values


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share


def alarms_of(rig: str, position: int, played: Sequence[tuple[str, Sequence[dict[str, Any]]]]) -> FalseAlarms:
    """Count the brakes of the rig at ``position``: nothing here calls for one, whatever it was for."""
    by_scenario, seconds = {}, 0.0
    for name, instances in played:
        outcomes = [entry["outcomes"][position] for entry in instances]
        by_scenario[name] = sum(o["false_triggers"] + math.isfinite(o["brake"]["time"]) for o in outcomes)
        seconds += sum(o["duration"] for o in outcomes)
    brakes, hours = sum(by_scenario.values()), seconds / 3600.0
    return FalseAlarms(rig, brakes, hours, poisson_rate(brakes, hours), by_scenario)
