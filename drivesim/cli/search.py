"""``drivesim search``: instances that fail, and how probable failing is."""

from __future__ import annotations

import math
from pathlib import Path

from drivesim.cli.common import parse_settings
from drivesim.cli.terminal import counting_bar, terminal
from drivesim.errors import ScenarioError
from drivesim.studies.choices import AST, stress_choices
from drivesim.studies.playing import Stage
from drivesim.studies.samples import write_samples
from drivesim.studies.search import ANYBODY, Found, search
from drivesim.studies.space import space_of

_FEW = 5
"""Effective sample size among failures below which an estimate is not to be trusted."""


def search_command(
    scenario: str, *, space: str | None, runs: int, method: str, below: float, by: str, blame: str,
    target: str | None, seed: int, settings: list[str], out: Path | None, quiet: bool,
) -> int:  # fmt: skip
    """Exit code: 0 when a failure was found, 1 when none was."""
    if method == AST:
        return _stress(scenario, space, runs, below, by, blame, target, seed, settings, out, quiet)
    found_space = space_of(scenario, space)
    stage = Stage(scenario, settings=parse_settings(settings), target=target, by=by)
    console = terminal()
    with counting_bar(quiet) as bar:
        task = bar.add_task(f"{Path(scenario).stem}, {method}", total=runs)
        found = search(
            found_space, stage, method=method, runs=runs, seed=seed, below=below, blame=blame,
            progress=lambda done: bar.update(task, completed=done, total=max(runs, done)),
        )  # fmt: skip
    if out is not None and len(found.failures):
        write_samples(found.failures, found_space, out)
    if not quiet:
        outcomes = ", ".join(f"{name} {number}" for name, number in sorted(found.outcomes.items()))
        console.print(f"{found.played} instances of {scenario} played: {outcomes}")
        console.print(_sentence(found))
        if len(found.failures):
            worst = ", ".join(f"{name}={value}" for name, value in found.failures.instances[0].items())
            console.print(f"worst, margin {found.failures.notes['margin'][0]:.2f}: {worst}")
        if out is not None and len(found.failures):
            console.print(f"{len(found.failures)} failures in {out}: draw near them with drivesim sample --near {out}")
    return 0 if len(found.failures) else 1


def _stress(
    scenario: str, space: str | None, runs: int, below: float, by: str, blame: str, target: str | None,
    seed: int, settings: list[str], out: Path | None, quiet: bool,
) -> int:  # fmt: skip
    """Adaptive stress testing of the target's choices."""
    if space is not None:
        raise ScenarioError("adaptive stress testing varies choices, not a space", element="--space",
                            remedy="leave it out, and fix parameters with --set")  # fmt: skip
    given = parse_settings(settings)
    stage = Stage(scenario, settings=given, target=target, by=by)
    actor = stage.target_name()
    console = terminal()
    with counting_bar(quiet) as bar:
        task = bar.add_task(f"{Path(scenario).stem}, choices of {actor}", total=runs)
        found = stress_choices(
            scenario, stage, actor, settings=given, runs=runs, seed=seed, below=below, blame=blame,
            progress=lambda done: bar.update(task, completed=done),
        )  # fmt: skip
    failures = found.failures
    if out is not None and len(failures):
        write_samples(failures, found.space, out)
    if not quiet:
        outcomes = ", ".join(f"{name} {number}" for name, number in sorted(found.outcomes.items()))
        console.print(f"{found.played} runs of {scenario} by choices of {actor}: {outcomes}")
        console.print(f"{len(failures)} failures of {'anybody' if blame == ANYBODY else 'the ego'}")
        if len(failures):
            likelihood, margin = failures.notes["log_likelihood"][0], failures.notes["margin"][0]
            console.print(f"likeliest, log-likelihood {likelihood:.2f}, margin {margin:.2f}:")
            for time, node, choice in found.story:
                console.print(f"  {time:5.2f} s  {node}: {choice}")
            if out is not None:
                console.print(f"in {out}: play or record them with drivesim sweep {scenario} --samples {out}")
    return 0 if len(failures) else 1


def _sentence(found: Found) -> str:
    estimate = found.estimate
    failures = f"{len(found.failures)} failures, {found.distinct} of them distinct"
    if math.isnan(estimate.probability):
        open_question = "how probable they are, --method cross_entropy or subset says"
        return f"{failures}; {open_question}" if estimate.failures else "no failure found"
    limits = f"95 % confidence {estimate.low:.2g} to {estimate.high:.2g}"
    if not estimate.failures:
        return f"no failure found; probability below {estimate.high:.2g} with 95 % confidence"
    # Chains of a subset simulation are correlated: how many independent samples they are worth says nothing there.
    chains = estimate.method == "subset"
    worth = f"coefficient of variation {estimate.variation:.2f}" if chains else (
        f"effective sample size {estimate.size:.0f}"
    )  # fmt: skip
    few = "" if chains or estimate.size >= _FEW else ": too few to trust, play more"
    return f"{failures}, probability [bold]{estimate.probability:.3g}[/] ({limits}; {worth}{few})"
