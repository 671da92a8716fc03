"""One parameter of a space: its type, unit, bounds and law, and the way between its values and the unit interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario import draws
from drivesim.openscenario.declarations import WHOLE
from drivesim.openscenario.expressions import as_text
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.distributions import ProbabilityDistributionSet

F64 = NDArray[np.float64]
Typed = float | int | bool | str

_HALVINGS = 64
"""Bisections of the unit interval: as fine as a float64."""

_MOST_SHOWN = 8
"""Values that a description lists one by one."""


@dataclass(frozen=True)
class Parameter:
    """A bounded, typed parameter with a law.

    Attributes:
        parameter_type: as the scenario declares it (``double``, ``integer``, ``boolean``, ``string``, ...).
        unit: of its values, as written in the space; empty for text, truth values and where nobody said.
        bounds: lowest and highest value; None where values are not numbers.
        law: a stochastic distribution of the standard, whose quantiles the values are.
        file: of the space, for messages.
    """

    name: str
    parameter_type: str
    unit: str
    bounds: tuple[float, float] | None
    law: Element = field(repr=False)
    file: Path | None = field(default=None, repr=False)

    @property
    def whole(self) -> bool:
        return self.parameter_type in WHOLE

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The values it can take, where they are listed."""
        return tuple(e.value for e in self.law.elements) if isinstance(self.law, ProbabilityDistributionSet) else ()

    @cached_property
    def shares(self) -> F64:
        """(K,) probabilities of ``choices``."""
        assert isinstance(self.law, ProbabilityDistributionSet)
        weights = np.array([entry.weight for entry in self.law.elements], dtype=np.float64)
        return np.asarray(weights / weights.sum())

    def values(self, unit: F64) -> list[str]:
        """Values as text at positions (N,) within the unit interval, by the law's quantile function."""
        if self.choices:
            return list(draws.values(self.law, unit))
        return [as_text(float(value)) for value in self._numbers(unit)]

    def _numbers(self, unit: F64) -> F64:
        assert self.bounds is not None
        # A generator can return exactly 0, whose quantile is infinite where a law is.
        drawn = np.asarray(draws.values(self.law, np.clip(unit, np.finfo(float).tiny, 1.0)))
        return np.clip(np.rint(drawn) if self.whole else drawn, *self.bounds)

    def positions(self, values: Sequence[str]) -> F64:
        """Where values lie in the unit interval: the inverse of :meth:`values`, in the middle of steps.

        Raises:
            ScenarioError: a value that the space does not hold.
        """
        if self.choices:
            edges = np.concatenate([[0.0], np.cumsum(self.shares)])
            return np.array([edges[i : i + 2].mean() for i in map(self._choice, values)])
        numbers = np.array([self._number(value) for value in values])
        return 0.5 * (self._edge(numbers, below=True) + self._edge(numbers, below=False))

    def _choice(self, value: str) -> int:
        if value not in self.choices:
            raise self.error(f"'{value}' is not among its values", did_you_mean(value, self.choices))
        return self.choices.index(value)

    def _number(self, value: str) -> float:
        assert self.bounds is not None
        low, high = self.bounds
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise self.error(f"{value} lies outside {as_text(low)} to {as_text(high)}", "give a value of the space")
        return number

    def _edge(self, numbers: F64, *, below: bool) -> F64:
        """Largest position whose value is below (or not above) each number, by bisection of the monotone quantiles."""
        left, right = np.zeros(len(numbers)), np.ones(len(numbers))
        for _ in range(_HALVINGS):
            middle = 0.5 * (left + right)
            found = self._numbers(middle)
            lower = found < numbers if below else found <= numbers
            left, right = np.where(lower, middle, left), np.where(lower, right, middle)
        return np.asarray(0.5 * (left + right))

    def typed(self, value: str) -> Typed:
        """A value in the type that the scenario declares."""
        if self.parameter_type == "boolean":
            return value in ("true", "1")
        if self.parameter_type == "double":
            return float(value)
        return round(float(value)) if self.whole else value

    def describe(self) -> str:
        """Its law in a few words."""
        if len(self.choices) > _MOST_SHOWN:
            return f"{len(self.choices)} values, {self.choices[0]} to {self.choices[-1]}"
        if self.choices:
            return ", ".join(f"{c} {100 * s:.3g} %" for c, s in zip(self.choices, self.shares, strict=True))
        assert self.bounds is not None
        low, high = (as_text(limit) for limit in self.bounds)
        kind = type(self.law).__name__.removesuffix("Distribution")
        return f"{low} to {high}" + ("" if kind == "Uniform" else f", {kind.lower()}")

    def error(self, problem: str, remedy: str) -> ScenarioError:
        """An error about this parameter."""
        return ScenarioError(f"parameter '{self.name}': {problem}", file=self.file, remedy=remedy)
