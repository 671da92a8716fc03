"""``drivesim sample --calibrate``: measure what each parameter changes, and keep the remap that makes it even."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from drivesim.cli.terminal import counting_bar, terminal
from drivesim.errors import ScenarioError
from drivesim.studies.calibration import MOST_SPREAD, MOST_VARIATION, SUFFIX, Calibration, calibrate
from drivesim.studies.measures import MOMENTS, OUTCOME, measure_by, moments_of
from drivesim.studies.space import Space


def calibrate_command(
    scenario: str, space: Space, *, measure: str, rig: str, moments: str | None, configurations: int | None,
    positions: int, step: float | None, seed: int, jobs: int, settings: dict[str, str], out: Path | None, quiet: bool,
) -> int:  # fmt: skip
    """Exit code: 0 when every parameter is even now and all are alike, 1 when some are not; stored either way."""
    at: Sequence[float] = MOMENTS
    if measure != OUTCOME:
        at = _moments(moments) if moments else moments_of(scenario, space, settings)
    meter = measure_by(measure, scenario, rig=rig, at=at, settings=settings, space=space)
    file = out or Path(f"{Path(scenario).stem}{SUFFIX}")
    if file.suffix != ".json":
        raise ScenarioError(f"'{file.name}' is no JSON file", element="--out", remedy=f"end its name in {SUFFIX}")
    how = {"measure": measure, "configurations": configurations, "positions": positions, "step": step, "seed": seed,
           "settings": settings} | ({} if measure == OUTCOME else {"rig": rig, "at": list(at)})  # fmt: skip
    with counting_bar(quiet) as bar:
        task = bar.add_task(f"{Path(scenario).stem}, by {measure}", total=None)
        found = calibrate(
            space, meter, configurations=configurations, points=positions, step=step, seed=seed, jobs=jobs,
            settings=how, progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    found.write(file)
    if not quiet:
        _show(found, file)
    return 1 if found.uneven or found.spread > MOST_SPREAD else 0


def _moments(text: str) -> Sequence[float]:
    try:
        moments = tuple(float(part) for part in text.split(","))
    except ValueError:
        moments = ()
    if not moments or min(moments) <= 0:
        raise ScenarioError(f"'{text}' names no moments", element="--at", remedy="write seconds, e.g. --at 1,2,3")
    return moments


def _show(found: Calibration, file: Path) -> None:
    """Influence by parameter: how uneven it was, how uneven it is now, and how much of both chance makes."""
    console = terminal()
    console.print(f"variation of influence along each parameter (even: at most {MOST_VARIATION}), what of it is chance")
    table = Table("parameter", "influence", "before", "chance", "after", "chance", "configurations")
    whole = sum(entry.length for entry in found.parameters.values())
    for name, entry in found.parameters.items():
        share = entry.length / whole if whole > 0 else 0.0
        numbers = [f"{value:.2f}" for value in (entry.before, entry.noise, entry.after, entry.noise_after)]
        if not entry.felt:
            numbers = ["not felt", "", "", ""]
        table.add_row(name, f"{100 * share:.0f} %", *numbers, " + ".join(map(str, entry.configurations)))
    console.print(table)
    console.print(f"mean influences per step now differ {found.spread:.2f} times (alike: at most {MOST_SPREAD})")
    if found.uneven:
        console.print(f"uneven still: {', '.join(found.uneven)}; more --configurations measure them better")
    console.print(f"stored in {file}: use it with --calibration {file}")
