"""Search a scenario's space for failures: instances are played, margins lead the way, every failure is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.studies.optimise import OPTIMISERS, distinct, optimise
from drivesim.studies.parameter import F64
from drivesim.studies.playing import Played
from drivesim.studies.rare import METHODS, Estimate
from drivesim.studies.samples import Samples
from drivesim.studies.sampling import reason
from drivesim.studies.space import Space

ANYBODY, EGO = "anybody", "ego"
BLAME = (ANYBODY, EGO)
"""Whose failures count: all, or only those that the skilled human of UN R157 would have avoided."""
_NO_FAILURE = 1e-6
"""The least margin of what is no failure."""
_MOST_ROOM = 100.0
"""Metres; more to spare makes no failure clearer."""


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
        distinct: failures that are farther than 0.1 apart in the unit cube.
    """

    estimate: Estimate
    failures: Samples
    outcomes: Mapping[str, int]
    played: int
    distinct: int


def search(
    space: Space, stage: Plays, *, method: str = "cross_entropy", runs: int = 1000, seed: int = 0, below: float = 0.0,
    blame: str = ANYBODY, progress: Callable[[int], None] | None = None,
) -> Found:  # fmt: skip
    """Look for failures and say how probable they are under the space's own laws.

    All instances have the scenario seed ``seed``: what chance decides within a run is held, what the space decides
    varies.

    Args:
        method: one of :data:`~drivesim.studies.rare.METHODS`, which estimate, or of
            :data:`~drivesim.studies.optimise.OPTIMISERS`, which only search.
        below: a failure has a margin of at most this: metres of gap; negative: metres per second of impact.
        blame: one of :data:`BLAME`.
        progress: called with the number of instances played.

    Raises:
        ScenarioError: a deterministic space, one that the scenario's constraints cut, or an unknown name.
    """
    for name, choices, option in ((method, (*METHODS, *OPTIMISERS), "--method"), (blame, BLAME, "--blame")):
        if name not in choices:
            raise ScenarioError(f"there is no '{name}'", element=option, remedy=did_you_mean(name, choices))
    if not space.stochastic:
        raise ScenarioError("this space lists its values: play them all with drivesim sweep", file=space.path,
                            element="--space", remedy="or write it with Stochastic distributions")  # fmt: skip
    if runs < 20:
        raise ScenarioError(f"{runs} runs lead nowhere", element="-n", remedy="give 20 or more")
    played: list[Played] = []

    def objectives(points: F64) -> F64:
        """(N, 2) margin, and how little of it is the ego's to blame: minus the skilled human's room, m."""
        values = np.empty((len(points), 2))
        for number, instance in enumerate(space.values(points)):
            refusal = space.refusal(instance)
            if refusal is not None:
                raise ScenarioError(f"the scenario's constraints cut this space: {reason(refusal)}", file=space.path,
                                    remedy="narrow the space to what the scenario accepts")  # fmt: skip
            played.append(stage.play(instance, seed))
            values[number] = margin(played[-1], blame) - below, -min(played[-1].room, _MOST_ROOM)
            if progress:
                progress(len(played))
        return values

    axes = len(space.parameters)
    if method in OPTIMISERS:
        estimate = optimise(OPTIMISERS[method](axes, seed), objectives, runs, method)
    else:
        estimate = METHODS[method](lambda points: objectives(points)[:, 0], axes, runs, seed)
    outcomes = Counter(str(each.outcome) for each in played)
    apart = len(distinct(estimate.points[estimate.margins <= 0.0]))
    return Found(estimate, _failures(space, estimate, below, seed), outcomes, len(played), apart)


def margin(played: Played, blame: str) -> float:
    """A contact that nobody could have avoided is no failure of the ego; it lies as far off as room was missing."""
    if blame == EGO and played.outcome == "unavoidable":
        return max(-played.room, _NO_FAILURE)
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
