"""``drivesim sample``: instances drawn from a scenario's parameter space."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from drivesim.cli.common import parse_settings
from drivesim.cli.terminal import counting_bar, terminal
from drivesim.errors import DrivesimError, ScenarioError
from drivesim.studies.calibration import Calibration, read_calibration
from drivesim.studies.samples import Samples, read_samples, write_csv, write_samples
from drivesim.studies.sampling import DEFAULT_COUNT, draw_samples
from drivesim.studies.space import Space, space_of


@dataclass(frozen=True)
class Order:
    """What the command line asks for, option by option."""

    scenario: str
    space: str | None
    count: int | None
    sampler: str | None
    seed: int
    settings: list[str]
    pair: str | None
    balance: str | None
    classes: str | None
    confusion: Path | None
    near: Path | None
    where: str | None
    explore: float
    least_ess: float
    calibration: Path | None
    calibrate: bool
    quiet: bool

    @property
    def number(self) -> int:
        return DEFAULT_COUNT if self.count is None else self.count


def sample_command(order: Order, *, out: Path | None, listing: bool) -> int:
    """Exit code: 0 when all samples were found, 1 when a class was not reached."""
    space = space_of(order.scenario, order.space)
    if listing:
        _list(space)
        return 0
    complaint = None
    if order.balance is not None:
        samples, complaint = _balanced(space, order)
    elif order.pair is not None:
        samples = _paired(space, order)
    elif order.near is not None:
        samples = _near(space, order)
    else:
        samples = draw_samples(space, order.count, order.seed, order.sampler, calibration=_calibration(order))
    if out is None and len(samples):
        write_csv(samples, sys.stdout)
    elif out is not None and len(samples):
        write_samples(samples, space, out)
        if not order.quiet:
            _summary(samples, order.scenario, out)
    if complaint is not None:
        terminal(stderr=True).print(f"[bold red]{complaint}[/]")
        return 1
    return 0


def check(order: Order) -> None:
    """One method at a time, and options only where they mean something.

    Raises:
        ScenarioError: which do not belong together.
    """
    methods = {"--calibrate": order.calibrate or None, "--pair": order.pair, "--balance": order.balance,
               "--near": order.near}  # fmt: skip
    chosen = [option for option, value in methods.items() if value is not None]
    if len(chosen) > 1:
        raise ScenarioError(f"{' and '.join(chosen)} do not go together", element=chosen[1], remedy="choose one")
    needs = {"--confusion": (order.confusion, "--balance"), "--classes": (order.classes, "--balance"),
             "--where": (order.where, "--near")}  # fmt: skip
    for option, (value, owner) in needs.items():
        if value is not None and owner not in chosen:
            raise ScenarioError(f"{option} says nothing without {owner}", element=option, remedy=f"add {owner}")
    if order.settings and order.balance is None and not order.calibrate:
        raise ScenarioError("--set is for instances that are played", element="--set", remedy="add --balance, or "
                            "give 'drivesim record' the setting")  # fmt: skip
    if order.calibration is not None and chosen:
        raise ScenarioError(f"--calibration and {chosen[0]} do not go together", element="--calibration",
                            remedy="choose one")  # fmt: skip
    if order.near is not None and order.sampler is not None:
        raise ScenarioError("--near draws by its own density", element="--sampler", remedy="leave --sampler out")


def _calibration(order: Order) -> Calibration | None:
    return read_calibration(order.calibration) if order.calibration is not None else None


def _paired(space: Space, order: Order) -> Samples:
    from drivesim.studies.pairs import draw_pairs

    name, sep, given = (order.pair or "").partition("=")
    values = tuple(part.strip() for part in given.split(",")) if sep else None
    if values is not None and len(values) != 2:
        raise ScenarioError(f"'{order.pair}' does not name two values", element="--pair",
                            remedy="write --pair NAME or --pair NAME=FIRST,SECOND")  # fmt: skip
    both = (values[0], values[1]) if values else None
    return draw_pairs(space, order.count, order.seed, order.sampler, name.strip(), both)


def _near(space: Space, order: Order) -> Samples:
    from drivesim.studies.importance import draw_near

    assert order.near is not None
    failures = read_samples(order.near, space)
    if order.where is not None:
        failures = _only(failures, order.where, order.near)
    return draw_near(
        space, failures, order.number, order.seed, explore=order.explore, least_share=order.least_ess
    )  # fmt: skip


def _only(samples: Samples, where: str, file: Path) -> Samples:
    """The rows whose column has a value, ``collided=true``."""
    column, _, value = where.partition("=")
    if column not in samples.notes:
        raise DrivesimError(f"has no column '{column}'", file=file, element="--where",
                            remedy=f"choose one of: {', '.join(samples.notes)}")  # fmt: skip
    rows = [i for i, cell in enumerate(samples.notes[column]) if str(cell).lower() == value.lower()]
    if not rows:
        raise DrivesimError(f"no row has {where}", file=file, element="--where", remedy="check column and value")
    return Samples(
        tuple(samples.instances[i] for i in rows), tuple(samples.seeds[i] for i in rows), samples.weights[rows]
    )  # fmt: skip


def _balanced(space: Space, order: Order) -> tuple[Samples, str | None]:
    from drivesim.studies.balance import PLAYED, draw_balanced
    from drivesim.studies.confusion import read_confusion
    from drivesim.studies.playing import Stage

    assert order.balance is not None
    classes: tuple[str, ...] = tuple(part.strip() for part in (order.classes or "").split(",") if part.strip())
    shares = None
    if order.confusion is not None:
        matrix = read_confusion(order.confusion)
        if classes:
            raise ScenarioError("the confusion matrix names the classes", element="--classes", remedy="leave it out")
        classes, shares = matrix.classes, matrix.shares()
    settings = parse_settings(order.settings)
    stage = Stage(order.scenario, settings=settings) if order.balance in PLAYED else None
    with counting_bar(order.quiet or stage is None) as bar:
        task = bar.add_task(f"{Path(order.scenario).stem}, by {order.balance}", total=order.number)
        found = draw_balanced(
            space, order.number, order.seed, order.balance, sampler=order.sampler, stage=stage, classes=classes,
            shares=shares, progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    return found.samples, found.complaint() if found.missing else None


def _summary(samples: Samples, scenario: str, out: Path) -> None:
    from drivesim.studies.importance import effective_sample_size

    console = terminal()
    console.print(f"{len(samples)} instances of {scenario} in {out} ({samples.method})")
    if "class" in samples.notes:
        counts = Counter(samples.notes["class"])
        console.print(", ".join(f"{name} {number}" for name, number in sorted(counts.items())))
    if samples.weights.min() < samples.weights.max():
        console.print(f"effective sample size {effective_sample_size(samples.weights):.1f} of {len(samples)}")


def _list(space: Space) -> None:
    """The parameters on the screen."""
    console = terminal()
    drawn = "values are drawn" if space.stochastic else "combinations are listed"
    console.print(f"{space.path.name}: {len(space.parameters)} parameters of {space.scenario_file.name}, {drawn}")
    table = Table("parameter", "type", "unit", "values")
    for name, parameter in space.parameters.items():
        table.add_row(name, parameter.parameter_type, parameter.unit, parameter.describe())
    console.print(table)
