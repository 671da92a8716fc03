"""Which parameters an episode is played with: drawn from its seed alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeGuard

import numpy as np

from drivesim.errors import ScenarioError
from drivesim.openscenario import draws
from drivesim.openscenario.declarations import WHOLE, Declarations
from drivesim.openscenario.distributions import ParameterValueDistribution, read_distribution
from drivesim.openscenario.expressions import Value, as_text
from drivesim.openscenario.model.base import Element
from drivesim.streams import stream

if TYPE_CHECKING:
    from drivesim.studies.space import Space

Choices = Mapping[str, tuple[float, float] | Sequence[Value]]
"""Parameters by name: a (low, high) pair is uniform between them, a list is one of its values. Of whole numbers both
ends of a pair are among them. ``seed.*`` and ``mount.*`` are parameters too."""
Source = str | Path | Choices | None


class Randomization(Protocol):
    """Where an episode's parameters come from."""

    def draw(self, seed: int, attempt: int = 0) -> dict[str, str]:
        """Parameter values as text; others for every attempt."""
        ...

    def corners(self) -> Iterator[dict[str, str]]:
        """Values at the ends of what can be drawn, to try whether the scenario takes them."""
        ...


def randomization(source: Source, declarations: Declarations) -> Randomization:
    """Of a distribution or space file (by name or path) or of a mapping; None varies nothing.

    Args:
        declarations: of the scenario that is played.

    Raises:
        ScenarioError: the file or the mapping is not as it should be, or belongs to another scenario.
    """
    if source is None or isinstance(source, Mapping):
        return FromChoices(source or {}, declarations)
    if not isinstance(source, (str, Path)):
        raise ScenarioError(
            f"{source!r} is no distribution", element="distribution",
            remedy="give a file, or a mapping of parameters to (low, high) or a list of values",
        )  # fmt: skip
    if Path(source).suffix in (".yaml", ".yml"):
        from drivesim.studies.space import space_of

        return FromSpace(space_of(str(declarations.scenario_file), source))
    found = read_distribution(source)
    if found.scenario_file.resolve() != declarations.scenario_file.resolve():
        raise ScenarioError(
            f"this distribution varies {found.scenario_file.name}, not {declarations.scenario_file.name}",
            file=found.path, element="ScenarioFile", remedy="choose one that belongs to the scenario",
        )  # fmt: skip
    return FromFile(found)


def _stream(seed: int, attempt: int) -> np.random.Generator:
    return stream(seed, "parameters", *([attempt] if attempt else []))


class FromChoices:
    def __init__(self, choices: Choices, declarations: Declarations) -> None:
        self._choices = dict(choices)
        self._whole = set()
        for name, choice in self._choices.items():
            if isinstance(choice, str) or not _is_list(choice):
                raise ScenarioError(
                    f"'{name}' is to be drawn from {choice!r}", element="distribution",
                    remedy="give (low, high) or a list of values",
                )  # fmt: skip
            declared = declarations.find(name)
            if declared is not None and declared.parameter_type in WHOLE:
                self._whole.add(name)

    def draw(self, seed: int, attempt: int = 0) -> dict[str, str]:
        if not self._choices:
            return {}
        rng = _stream(seed, attempt)
        values = {}
        for (name, choice), u in zip(self._choices.items(), rng.random(len(self._choices)).tolist(), strict=True):
            if _is_span(choice):
                low, high = choice
                if name in self._whole:
                    low, high = math.ceil(low), math.floor(high)
                    values[name] = as_text(float(low + math.floor(u * (high - low + 1))))
                else:
                    values[name] = as_text(low + u * (high - low))
            else:
                values[name] = as_text(choice[int(u * len(choice))])
        return values

    def corners(self) -> Iterator[dict[str, str]]:
        for name, choice in self._choices.items():
            for value in choice:
                yield {name: as_text(value)}


def _is_span(choice: Sequence[Value]) -> TypeGuard[tuple[float, float]]:
    return isinstance(choice, tuple) and len(choice) == 2 and all(isinstance(v, (int, float)) for v in choice)


def _is_list(choice: object) -> bool:
    """Whether there is at least one value, and every number is finite."""
    if not isinstance(choice, (Sequence, np.ndarray)) or len(choice) == 0:
        return False
    return all(math.isfinite(value) for value in choice if isinstance(value, float))


class FromFile:
    """A ``ParameterValueDistribution``: one draw of a stochastic one, any instance of a deterministic one."""

    def __init__(self, distribution: ParameterValueDistribution) -> None:
        self.distribution = distribution
        if distribution.count == 0:
            raise ScenarioError(
                "the distribution has no instances", file=distribution.path,
                remedy="set numberOfTestRuns to at least 1, or list values",
            )  # fmt: skip

    def draw(self, seed: int, attempt: int = 0) -> dict[str, str]:
        rng = _stream(seed, attempt)
        if not self.distribution.stochastic:
            return self.distribution.instance(int(rng.random() * self.distribution.count))
        names = self.distribution.parameters
        return {name: self._quantile(name, u) for name, u in zip(names, rng.random(len(names)).tolist(), strict=True)}

    def _quantile(self, name: str, u: float) -> str:
        varied = self.distribution.parameters[name]
        assert isinstance(varied.distribution, Element)
        value = draws.values(varied.distribution, np.array([max(u, np.finfo(float).tiny)]))[0]
        if isinstance(value, str):
            return value
        return as_text(float(np.rint(value) if varied.parameter_type in WHOLE else value))

    def corners(self) -> Iterator[dict[str, str]]:
        for name, varied in self.distribution.parameters.items():
            if varied.values:
                yield from ({name: value} for value in varied.values)
            elif varied.bounds is not None:
                yield from ({name: as_text(value)} for value in varied.bounds if np.isfinite(value))


class FromSpace:
    """A parameter space in YAML."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def draw(self, seed: int, attempt: int = 0) -> dict[str, str]:
        unit = _stream(seed, attempt).random((1, len(self._space.parameters)))
        return self._space.values(unit)[0]

    def corners(self) -> Iterator[dict[str, str]]:
        for name, varied in self._space.parameters.items():
            ends = varied.bounds
            if varied.choices and ends is None:
                yield from ({name: value} for value in varied.choices)
            elif ends is not None:
                yield from ({name: value} for value in varied.values(np.array([0.0, 1.0])))
