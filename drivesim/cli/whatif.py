"""``drivesim whatif``: the same instances under each rig, and what that changed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from drivesim.cli.common import parse_settings
from drivesim.cli.terminal import counting_bar, terminal
from drivesim.ego import ego_parameters
from drivesim.ego.registry import DEFAULTS, make_detector
from drivesim.errors import DrivesimError
from drivesim.sensors.rig import load_rig
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.whatif.compare import verdict
from drivesim.studies.whatif.negative import SCENARIOS, FalseAlarms, play_negative
from drivesim.studies.whatif.report import write_report
from drivesim.studies.whatif.run import detectors_for, looks_ahead
from drivesim.studies.whatif.study import PLAN, Study, run_study
from drivesim.studies.whatif.table import write_table
from drivesim.studies.whatif.views import sights_of

DEFAULT_COUNT = 100
"""Instances of a stochastic space where no number is given."""


def whatif_command(
    scenario: str,
    *,
    rigs: list[str],
    count: int | None,
    space: str | None,
    out: Path | None,
    seed: int,
    ego: str,
    settings: list[str],
    target: str | None,
    detectors: list[str],
    full: bool,
    negative: int,
    jobs: int,
    quiet: bool,
) -> int:
    """Exit code: 0 when all instances finished, 1 when some failed."""
    if len(rigs) < 2:
        raise DrivesimError("a comparison takes two rigs or more", element="--rig", remedy="repeat --rig")
    if jobs < 1:
        raise DrivesimError(f"{jobs} processes asked for", element="--jobs", remedy="choose 1 or more")
    ego_parameters(ego)
    chosen = _detectors(detectors)
    for name in rigs:
        rig = load_rig(name)
        detectors_for(rig, seed, dict(chosen))
        if not looks_ahead(rig):
            raise DrivesimError("no sensor of this rig looks ahead", file=rig.path, element="--rig",
                                remedy="add a forward camera, lidar or radar")  # fmt: skip
    varied = space_of(scenario, space)
    instances = draw_instances(varied, DEFAULT_COUNT if count is None and varied.stochastic else count, seed)
    study = Study(
        scenario, tuple(rigs), tuple(instances), seed, ego, tuple(parse_settings(settings).items()), target, full,
        chosen,
    )  # fmt: skip
    folder = out or Path("whatif") / Path(scenario).stem
    console = terminal()
    with counting_bar(quiet) as bar:
        task = bar.add_task(f"{Path(scenario).stem}, {len(rigs)} rigs", total=len(instances))
        finished, failed = run_study(
            study, folder, jobs=jobs, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
        alarms: list[FalseAlarms] = []
        if negative > 0:
            task = bar.add_task("nothing to brake for", total=negative * len(SCENARIOS))
            alarms, failed_there = play_negative(
                study, negative, folder / "negative", jobs=jobs,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
            failed = [*failed, *failed_there]
    for failure in failed:
        values = ", ".join(f"{name}={value}" for name, value in failure["parameters"].items())
        terminal(stderr=True).print(f"instance {failure['index']} failed: {failure['error']} ({values})", markup=False)
    write_table(finished, folder)
    plan = json.loads((folder / PLAN).read_text())
    sights = sights_of(study, finished, [Path(name).stem for name in rigs]) if finished else []
    command = _command(study, space, folder) + (f" --negative {negative}" if negative else "")
    path, summaries, comparisons = write_report(finished, failed, plan, command, folder, sights, alarms)
    if not quiet:
        console.print(verdict(summaries, comparisons))
        console.print(f"report: [bold]{path}[/], every number: {folder}/outcomes.parquet")
    return 1 if failed else 0


def _detectors(given: list[str]) -> tuple[tuple[str, str], ...]:
    """(kind, name) of each ``KIND=NAME``; every detector is made once, so that a wrong one is said before the study."""
    found = {}
    for text in given:
        kind, _, name = text.partition("=")
        if kind not in DEFAULTS or not name:
            raise DrivesimError(f"'{text}' chooses no detector", element="--detector",
                                remedy=f"write KIND=NAME, KIND one of {', '.join(DEFAULTS)}")  # fmt: skip
        make_detector(kind, name, 0)
        found[kind] = name
    return tuple(sorted(found.items()))


def _command(study: Study, space: str | None, folder: Path) -> str:
    words = ["drivesim", "whatif", study.scenario]
    for rig in study.rigs:
        words += ["--rig", rig]
    words += ["-n", str(len(study.instances)), "--seed", str(study.seed), "--ego", study.ego]
    words += ["--space", space] if space else []
    for name, value in study.settings:
        words += ["--set", f"{name}={value}"]
    words += ["--target", study.target] if study.target else []
    for kind, name in study.detectors:
        words += ["--detector", f"{kind}={name}"]
    words += ["--full"] if study.full else []
    return shlex.join([*words, "--out", str(folder)])
