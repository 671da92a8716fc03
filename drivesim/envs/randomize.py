"""Which parameters an episode is played with: drawn from its seed alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from drivesim.errors import ScenarioError
from drivesim.openscenario import draws
from drivesim.openscenario.distributions import ParameterValueDistribution, read_distribution
from drivesim.openscenario.expressions import as_text
from drivesim.openscenario.model.base import Element
from drivesim.streams import stream

Choices = Mapping[str, tuple[float, float] | Sequence[str]]
"""Parameters by name: a (low, high) pair is uniform between them, a list is one of its values."""
Source = str | Path | Choices | None

_WHOLE = frozenset({"integer", "int", "unsignedInt", "unsignedShort"})


class Randomization(Protocol):
    """Where an episode's parameters come from."""

    def draw(self, seed: int) -> dict[str, str]:
        """Parameter values as text."""
        ...

    def corners(self) -> Iterator[dict[str, str]]:
        """Values at the ends of what can be drawn, to try whether the scenario takes them."""
        ...


def randomization(source: Source) -> Randomization:
    """Of a distribution file (by name or path) or of a mapping; None varies nothing."""
    if source is None:
        return FromChoices({})
    if isinstance(source, (str, Path)):
        return FromFile(read_distribution(source))
    return FromChoices(source)


class FromChoices:
    def __init__(self, choices: Choices) -> None:
        self._choices = dict(choices)
        for name, choice in self._choices.items():
            if isinstance(choice, str) or len(choice) == 0:
                raise ScenarioError(
                    f"'{name}' is to be drawn from {choice!r}", element="distribution",
                    remedy="give (low, high) or a list of values",
                )  # fmt: skip

    def draw(self, seed: int) -> dict[str, str]:
        if not self._choices:
            return {}
        rng = stream(seed, "parameters")
        values = {}
        for (name, choice), u in zip(self._choices.items(), rng.random(len(self._choices)).tolist(), strict=True):
            if _is_span(choice):
                low, high = (float(v) for v in choice)
                values[name] = as_text(low + u * (high - low))
            else:
                values[name] = str(choice[int(u * len(choice))])
        return values

    def corners(self) -> Iterator[dict[str, str]]:
        for name, choice in self._choices.items():
            for value in choice:
                yield {name: str(value)}


def _is_span(choice: Sequence[object]) -> bool:
    return isinstance(choice, tuple) and len(choice) == 2 and all(isinstance(v, (int, float)) for v in choice)


class FromFile:
    """A ``ParameterValueDistribution``: one draw of a stochastic one, any instance of a deterministic one."""

    def __init__(self, distribution: ParameterValueDistribution) -> None:
        self.distribution = distribution
        if distribution.count == 0:
            raise ScenarioError(
                "the distribution has no instances", file=distribution.path,
                remedy="set numberOfTestRuns to at least 1, or list values",
            )  # fmt: skip

    @cached_property
    def _listed(self) -> list[dict[str, str]]:
        return list(islice(self.distribution.instances(), 100_000))

    def draw(self, seed: int) -> dict[str, str]:
        rng = stream(seed, "parameters")
        if not self.distribution.stochastic:
            return dict(self._listed[int(rng.random() * len(self._listed))])
        names = self.distribution.parameters
        return {name: self._quantile(name, u) for name, u in zip(names, rng.random(len(names)).tolist(), strict=True)}

    def _quantile(self, name: str, u: float) -> str:
        varied = self.distribution.parameters[name]
        assert isinstance(varied.distribution, Element)
        value = draws.values(varied.distribution, np.array([max(u, np.finfo(float).tiny)]))[0]
        if isinstance(value, str):
            return value
        return as_text(float(np.rint(value) if varied.parameter_type in _WHOLE else value))

    def corners(self) -> Iterator[dict[str, str]]:
        for name, varied in self.distribution.parameters.items():
            if varied.values:
                yield from ({name: value} for value in varied.values)
            elif varied.bounds is not None:
                yield from ({name: as_text(value)} for value in varied.bounds if np.isfinite(value))
