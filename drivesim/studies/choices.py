"""A person's choices as parameters: ``choice.ACTOR.K``, searched by adaptive stress testing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from drivesim import content
from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.beside import CHOICE, declaration
from drivesim.openscenario.declarations import Declarations
from drivesim.openscenario.expressions import as_text
from drivesim.studies.playing import Played
from drivesim.studies.samples import Samples
from drivesim.studies.search import BLAME, Plays, margin
from drivesim.studies.space import Space, bounded, chosen, uniform
from drivesim.studies.stress import Rollout, stress

AST = "ast"
"""The method's name on the command line."""


@dataclass(frozen=True)
class Stressed:
    """What was found.

    Attributes:
        space: of the choices, and of what was set, so that failures are whole instances.
        failures: the likeliest first, with notes ``margin`` and ``log_likelihood``.
        outcomes: how many of all runs ended in each class. played: runs.
        story: of the likeliest failure, (second, node, what was drawn) for each choice.
    """

    space: Space
    failures: Samples
    outcomes: Mapping[str, int]
    played: int
    story: Sequence[tuple[float, str, str]]


def stress_choices(
    scenario: str, stage: Plays, actor: str, *, settings: Mapping[str, str] | None = None, runs: int = 1000,
    seed: int = 0, below: float = 0.0, blame: str = "ego", progress: Callable[[int], None] | None = None,
) -> Stressed:  # fmt: skip
    """Look for the likeliest choices of an actor that end in a failure; all else is as the scenario and settings say.

    Args:
        stage: of the scenario with ``settings``.
        below, blame: as for :func:`drivesim.studies.search.search`.

    Raises:
        ScenarioError: an unknown name, or an actor that chooses nothing.
    """
    if blame not in BLAME:
        raise ScenarioError(f"there is no '{blame}'", element="--blame", remedy=did_you_mean(blame, BLAME))
    outcomes: Counter[str] = Counter()
    runs_seen: dict[tuple[float, ...], Played] = {}

    def roll(quantiles: Sequence[float]) -> Rollout:
        values = {f"{CHOICE}{actor}.{number}": repr(quantile) for number, quantile in enumerate(quantiles)}
        played = stage.play(values, seed)
        outcomes[str(played.outcome)] += 1
        if progress:
            progress(outcomes.total())
        own = [decision for decision in played.decisions if decision.actor == actor]
        if not own:
            raise ScenarioError(
                f"'{actor}' chose nothing by chance", element="--method", file=content.find("scenarios", scenario),
                remedy="set a behaviour that decides, such as child_behavior=natural, or name another --target",
            )  # fmt: skip
        made = tuple(decision.quantile for decision in own)
        runs_seen[made] = played
        usual, likelihoods = tuple(d.usual for d in own), tuple(d.log_likelihood for d in own)
        return Rollout(made, usual, likelihoods, margin(played, blame) - below)

    found = stress(roll, runs, seed)
    space = _space(scenario, actor, settings or {}, max((len(each.quantiles) for each in found), default=0))
    return Stressed(
        space, _table(found, actor, settings or {}, space, seed, below), outcomes, outcomes.total(),
        _story(runs_seen[found[0].quantiles], actor) if found else (),
    )  # fmt: skip


def _space(scenario: str, actor: str, settings: Mapping[str, str], count: int) -> Space:
    path = content.find("scenarios", scenario)
    declarations = Declarations(path)
    parameters = {}
    for name, value in settings.items():
        declared = declarations.find(name)
        if declared is not None:
            parameters[name] = bounded(declared, chosen({value: 1.0}), "", path)
    for number in range(count):
        choice = declaration(f"{CHOICE}{actor}.{number}")
        assert choice is not None
        parameters[choice.name] = bounded(choice, uniform(0.0, 1.0), "", path)
    return Space(path, parameters, declarations)


def _table(
    found: Sequence[Rollout], actor: str, settings: Mapping[str, str], space: Space, seed: int, below: float
) -> Samples:
    """Failures as instances; choices that a run never came to are written as the middle of their law."""
    instances = []
    for each in found:
        made = {f"{CHOICE}{actor}.{number}": as_text(quantile) for number, quantile in enumerate(each.quantiles)}
        given = {**settings, **made}
        instances.append({name: given.get(name, "0.5") for name in space.parameters})
    notes = {
        "margin": [each.margin + below for each in found], "log_likelihood": [each.log_likelihood for each in found]
    }  # fmt: skip
    return Samples(tuple(instances), (seed,) * len(found), np.ones(len(found)), notes, AST)


def _story(played: Played, actor: str) -> list[tuple[float, str, str]]:
    own = [decision for decision in played.decisions if decision.actor == actor]
    return [(d.time, d.node.rpartition("/")[2].lstrip("0123456789."), d.drawn) for d in own]
