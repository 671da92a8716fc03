"""Search a scenario's space for failures: instances are played, margins lead the way, every failure is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.studies.parameter import F64
from drivesim.studies.playing import Played
from drivesim.studies.rare import METHODS, Estimate
from drivesim.studies.samples import Samples
from drivesim.studies.sampling import reason
from drivesim.studies.space import Space

ANYBODY, EGO = "anybody", "ego"
BLAME = (ANYBODY, EGO)
"""Whose failures count: all, or only those that the skilled human of UN R157 would have avoided."""


class Plays(Protocol):
    """Something that plays instances: :class:`drivesim.studies.playing.Stage`."""

    def play(self, values: Mapping[str, str], seed: int) -> Played:
        """What became of one."""
        ...


@dataclass(frozen=True)
class Found:
    """The estimate, and the failures as a table with a note ``margin``.

    Attributes:
        outcomes: how many of all instances played ended in each class.
        played: instances played.
    """

    estimate: Estimate
    failures: Samples
    outcomes: Mapping[str, int]
    played: int


def search(
    space: Space, stage: Plays, *, method: str = "cross_entropy", runs: int = 1000, seed: int = 0, below: float = 0.0,
    blame: str = ANYBODY, progress: Callable[[int], None] | None = None,
) -> Found:  # fmt: skip
    """Look for failures and say how probable they are under the space's own laws.

    All instances have the scenario seed ``seed``: what chance decides within a run is held, what the space decides
    varies.

    Args:
        below: a failure has a margin of at most this: metres of gap; negative: metres per second of impact.
        blame: one of :data:`BLAME`.
        progress: called with the number of instances played.

    Raises:
        ScenarioError: a deterministic space, one that the scenario's constraints cut, or an unknown name.
    """
    for name, choices, option in ((method, METHODS, "--method"), (blame, BLAME, "--blame")):
        if name not in choices:
            raise ScenarioError(f"there is no '{name}'", element=option, remedy=did_you_mean(name, choices))
    if not space.stochastic:
        raise ScenarioError("this space lists its values: play them all with drivesim sweep", file=space.path,
                            element="--space", remedy="or write it with Stochastic distributions")  # fmt: skip
    if runs < 20:
        raise ScenarioError(f"{runs} runs lead nowhere", element="-n", remedy="give 20 or more")
    played: list[Played] = []

    def limit(points: F64) -> F64:
        margins = np.empty(len(points))
        for number, values in enumerate(space.values(points)):
            refusal = space.refusal(values)
            if refusal is not None:
                raise ScenarioError(f"the scenario's constraints cut this space: {reason(refusal)}", file=space.path,
                                    remedy="narrow the space to what the scenario accepts")  # fmt: skip
            played.append(stage.play(values, seed))
            margins[number] = _margin(played[-1], blame) - below
            if progress:
                progress(len(played))
        return margins

    estimate = METHODS[method](limit, len(space.parameters), runs, seed)
    outcomes = Counter(str(each.outcome) for each in played)
    return Found(estimate, _failures(space, estimate, below, seed), outcomes, len(played))


def _margin(played: Played, blame: str) -> float:
    """A contact that nobody could have avoided is none of the ego's failures, however hard."""
    if blame == EGO and played.outcome == "unavoidable":
        return abs(played.margin) + 1e-6
    return played.margin


def _failures(space: Space, estimate: Estimate, below: float, seed: int) -> Samples:
    """Failed instances, worst first; chains of a subset simulation that stood still are listed once."""
    rows = np.flatnonzero(estimate.margins <= 0)
    weights: dict[tuple[str, ...], float] = {}
    margins: dict[tuple[str, ...], float] = {}
    for run, row in zip(space.values(estimate.points[rows]), rows, strict=True):
        key = tuple(run.values())
        weights[key] = weights.get(key, 0.0) + float(estimate.weights[row])
        margins[key] = float(estimate.margins[row]) + below
    keys = sorted(weights, key=lambda key: margins[key])
    return Samples(
        tuple(dict(zip(space.parameters, key, strict=True)) for key in keys), (seed,) * len(keys),
        np.array([weights[key] for key in keys]), {"margin": [margins[key] for key in keys]}, estimate.method,
    )  # fmt: skip
