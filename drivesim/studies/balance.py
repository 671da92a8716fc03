"""Samples by class: equal numbers of each, or as many as a confusion matrix asks for.

A class is a listed parameter's value, the outcome of a run, or what came into sight in it; the latter two are known
only once an instance has been played. Instances are drawn as ever and kept until their class has its number, so that
within a class they follow the space's own laws; weights undo the shift between classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.studies.confusion import quotas
from drivesim.studies.parameter import F64
from drivesim.studies.playing import OUTCOMES, Stage
from drivesim.studies.samples import Samples
from drivesim.studies.sampling import draw_samples
from drivesim.studies.space import Space

OUTCOME, VISIBLE = "outcome", "visible"
PLAYED = (OUTCOME, VISIBLE)
"""What only playing an instance tells."""
TRIES, TRIES_LISTED = 20, 1000
"""Instances drawn at most, for each one asked for: where they are played, and where a parameter is looked at."""
_BATCH = 32


@dataclass(frozen=True)
class Balanced:
    """What was found.

    Attributes:
        samples: with note ``class``; fewer than asked for where a class was not reached.
        wanted, found: instances by class. drawn: how many were looked at.
        others: how many of these were of classes that were not wanted.
    """

    samples: Samples
    wanted: Mapping[str, int]
    found: Mapping[str, int]
    drawn: int
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Classes with fewer instances than they should have."""
        return [name for name, number in self.wanted.items() if self.found.get(name, 0) < number]

    def complaint(self) -> str:
        """How rarely the missing classes came, in a sentence."""
        parts = []
        for name in self.missing:
            found = self.found.get(name, 0)
            # Rule of three: none in N draws means below 3 / N with 95 % confidence (Hanley & Lippman-Hand 1983).
            rare = f", below {100 * 3 / self.drawn:.2g} % with 95 % confidence" if found == 0 else ""
            parts.append(f"'{name}' has {found} of {self.wanted[name]}{rare}")
        came = ", ".join(f"'{name}' {number}" for name, number in sorted(self.others.items()))
        return f"not reached in {self.drawn} draws: {'; '.join(parts)}" + (f"; what else came: {came}" if came else "")


def labeller(space: Space, by: str, stage: Stage | None) -> Callable[[Mapping[str, str], int], str]:
    """A function of (values, seed) that gives an instance's class.

    Raises:
        ScenarioError: ``by`` is neither ``outcome`` nor ``visible`` nor a parameter with listed values.
    """
    if by in PLAYED:
        assert stage is not None, "outcomes are played"
        play = stage.play
        return lambda values, seed: str(getattr(play(values, seed), by))
    listed = [name for name, parameter in space.parameters.items() if parameter.choices]
    if by not in listed:
        problem = f"'{by}' has no listed values" if by in space.parameters else f"there are no classes '{by}'"
        raise ScenarioError(problem, file=space.path, element="--balance", remedy=did_you_mean(by, (*PLAYED, *listed)))
    return lambda values, seed: values[by]


def known_classes(space: Space, by: str) -> tuple[str, ...]:
    """The classes there can be; none where only playing tells."""
    if by == OUTCOME:
        return OUTCOMES
    return space.parameters[by].choices if by in space.parameters else ()


def draw_balanced(
    space: Space, count: int, seed: int, by: str, *, sampler: str | None = None, stage: Stage | None = None,
    classes: Sequence[str] = (), shares: F64 | None = None, tries: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Balanced:  # fmt: skip
    """``count`` samples, so many of each class.

    Args:
        classes: those wanted; empty takes all that there can be, or that 64 draws show where only playing tells.
        shares: (K,) of ``count`` for each class; None gives all the same.
        tries: at most ``tries * count`` instances are drawn; None takes :data:`TRIES`.
        progress: called with (samples kept, samples wanted).

    Raises:
        ScenarioError: a class that there cannot be, or a deterministic space that is too small.
    """
    label = labeller(space, by, stage)
    known = known_classes(space, by)
    for name in classes:
        if known and name not in known:
            raise ScenarioError(f"'{by}' has no class '{name}'", file=space.path, element="--classes",
                                remedy=did_you_mean(name, known))  # fmt: skip
    pool = _Pool(space, seed, sampler, label)
    names = tuple(classes) or known or tuple(sorted({pool.look(i)[2] for i in range(2 * _BATCH)}))
    numbers = quotas(np.ones(len(names)) if shares is None else shares, count)
    wanted = dict(zip(names, numbers, strict=True))
    most = count * (tries or (TRIES if by in PLAYED else TRIES_LISTED))
    kept: list[int] = []
    have: Counter[str] = Counter()
    drawn = 0
    while len(kept) < count and drawn < most and pool.reaches(drawn):
        name = pool.look(drawn)[2]
        if have[name] < wanted.get(name, 0):
            have[name] += 1
            kept.append(drawn)
            if progress:
                progress(len(kept), count)
        drawn += 1
    return _result(pool, kept, drawn, wanted, have, by)


class _Pool:
    """Instances in the order in which they are drawn, each with its class; looked at only once."""

    def __init__(
        self, space: Space, seed: int, sampler: str | None, label: Callable[[Mapping[str, str], int], str]
    ) -> None:
        self.space, self.seed, self.sampler, self.label = space, seed, sampler, label
        self._runs: list[dict[str, str]] = []
        self._labels: list[str] = []
        self.method = ""

    def reaches(self, index: int) -> bool:
        """Whether there is an instance of this number; combinations that are listed come to an end."""
        self._fill(index)
        return index < len(self._runs)

    def look(self, index: int) -> tuple[dict[str, str], int, str]:
        """Values, seed and class of one instance."""
        self._fill(index)
        if index >= len(self._runs):
            index = len(self._runs) - 1
        while len(self._labels) <= index:
            number = len(self._labels)
            self._labels.append(self.label(self._runs[number], self.seed + number))
        return self._runs[index], self.seed + index, self._labels[index]

    def labels(self, count: int) -> list[str]:
        return self._labels[:count]

    def _fill(self, index: int) -> None:
        while index >= len(self._runs) and (self.space.stochastic or not self._runs):
            batch = draw_samples(
                self.space, _BATCH if self.space.stochastic else None, self.seed + len(self._runs), self.sampler
            )
            self._runs += batch.instances
            self.method = batch.method


def _result(
    pool: _Pool, kept: list[int], drawn: int, wanted: Mapping[str, int], have: Mapping[str, int], by: str
) -> Balanced:
    looked = [pool.look(index) for index in kept]
    share = {name: number / drawn for name, number in Counter(pool.labels(drawn)).items()}
    # Nominal share of the class over its share among the samples.
    weights = np.array([share[name] * len(kept) / have[name] for _, _, name in looked])
    notes: dict[str, Any] = {"class": [name for _, _, name in looked]}
    samples = Samples(
        tuple(run for run, _, _ in looked), tuple(seed for _, seed, _ in looked), weights, notes,
        f"{pool.method}, balanced by {by}",
    )  # fmt: skip
    others = {name: number for name, number in Counter(pool.labels(drawn)).items() if name not in wanted}
    return Balanced(samples, wanted, dict(have), drawn, others)
