"""Parameter value distributions: a file that says which values a scenario's parameters take, run after run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

import numpy as np

from drivesim import content
from drivesim.errors import ScenarioError, UnsupportedElementError, did_you_mean
from drivesim.openscenario import draws
from drivesim.openscenario.declarations import WHOLE, Declarations
from drivesim.openscenario.documents import open_as
from drivesim.openscenario.expressions import as_text
from drivesim.openscenario.folders import Folders
from drivesim.openscenario.model import distributions as model
from drivesim.streams import stream

Kind = Literal[
    "set", "range", "valueSet", "weightedSet", "uniform", "normal", "logNormal", "poisson", "histogram", "userDefined"
]
_KINDS: dict[type, Kind] = {
    model.DistributionSet: "set",
    model.DistributionRange: "range",
    model.ProbabilityDistributionSet: "weightedSet",
    model.UniformDistribution: "uniform",
    model.NormalDistribution: "normal",
    model.LogNormalDistribution: "logNormal",
    model.PoissonDistribution: "poisson",
    model.Histogram: "histogram",
    model.UserDefinedDistribution: "userDefined",
}
_MOST_STEPS = 1e12
"""Values of one range; a step far below the range is a slip of the pen."""
_BLOCK = 4096
"""Runs drawn at once."""


@dataclass(frozen=True)
class VariedParameter:
    """One parameter that a distribution varies.

    Attributes:
        kind: the family of its distribution.
        parameter_type: as the scenario declares it (``double``, ``integer``, ``string``, ...).
        bounds: lowest and highest value, infinite where open; None where values are not numbers.
        step: distance between values of a ``range``.
        values: the values it can take, where they are listed in the file.
        weights: shares that belong to ``values``; None where all count alike or the values are not listed.
        distribution: the element itself.
    """

    name: str
    kind: Kind
    parameter_type: str
    bounds: tuple[float, float] | None
    step: float | None = None
    values: tuple[str, ...] = ()
    weights: tuple[float, ...] | None = None
    distribution: object = field(default=None, repr=False)


@dataclass(frozen=True)
class ParameterValueDistribution:
    """A distribution file, read.

    Attributes:
        scenario_file: the scenario whose parameters vary.
        stochastic: whether values are drawn, not listed.
        parameters: what varies, by parameter name, in the order of the file.
        declarations: the scenario's own of its parameters.
    """

    path: Path
    scenario_file: Path
    stochastic: bool
    parameters: dict[str, VariedParameter]
    declarations: Declarations
    source: model.ParameterValueDistribution = field(repr=False)

    @property
    def count(self) -> int:
        """Number of instances: the product of all choices, or the file's ``numberOfTestRuns``."""
        distribution = self.source.distribution
        if isinstance(distribution, model.Stochastic):
            return distribution.number_of_test_runs
        return math.prod(_size(member) for member in distribution.members)

    def instances(self, seed: int | None = None) -> Iterator[dict[str, str]]:
        """Parameter values of one run after the other, made as they are asked for.

        Args:
            seed: of stochastic distributions; None takes the file's ``randomSeed``, and 0 where it has none.

        Raises:
            UnsupportedElementError: a ``UserDefinedDistribution``.
            ScenarioError: a distribution that has no values.
        """
        for varied in self.parameters.values():
            if isinstance(varied.distribution, model.UserDefinedDistribution):
                place = varied.distribution.source
                raise UnsupportedElementError(
                    f"parameter '{varied.name}' has a distribution of its own type '{varied.distribution.type}'",
                    file=self.path, line=place.line if place else None, element="UserDefinedDistribution",
                    remedy="write its values as a DistributionSet or a ProbabilityDistributionSet",
                )  # fmt: skip
        distribution = self.source.distribution
        if isinstance(distribution, model.Stochastic):
            return self._drawn(distribution, seed)
        return (self.instance(index) for index in range(self.count))

    def refusal(self, run: Mapping[str, str]) -> ScenarioError | None:
        """Why the scenario's types and constraints refuse these values; None where they accept them."""
        return self.declarations.refusal(run)

    def allows(self, run: Mapping[str, str]) -> bool:
        """Whether the scenario's types and constraints accept these values; not every combination need be."""
        return self.refusal(run) is None

    def instance(self, index: int) -> dict[str, str]:
        """One combination of a deterministic distribution, the last member changing fastest.

        Raises:
            IndexError: there are not so many.
        """
        distribution = self.source.distribution
        if isinstance(distribution, model.Stochastic) or not 0 <= index < self.count:
            raise IndexError(f"{self.path.name} has no combination {index}")
        chosen: list[dict[str, str]] = []
        for member in reversed(distribution.members):
            index, digit = divmod(index, _size(member))
            chosen.append(_choice(member, digit))
        return {name: value for part in reversed(chosen) for name, value in part.items()}

    def _drawn(self, distribution: model.Stochastic, seed: int | None) -> Iterator[dict[str, str]]:
        key = str(seed) if seed is not None else as_text(distribution.random_seed or 0.0)
        streams = {name: stream(0, "parameter distribution", key, name) for name in self.parameters}
        for start in range(0, distribution.number_of_test_runs, _BLOCK):
            count = min(_BLOCK, distribution.number_of_test_runs - start)
            columns = {name: self._column(name, rng.random(count)) for name, rng in streams.items()}
            for row in zip(*columns.values(), strict=True):
                yield dict(zip(columns, row, strict=True))

    def _column(self, name: str, uniform: np.ndarray) -> list[str]:
        """(N,) values of one parameter as text; whole numbers where its declaration wants them."""
        varied = self.parameters[name]
        assert isinstance(varied.distribution, model.Element)
        # random() can return exactly 0, whose quantile is infinite.
        drawn = draws.values(varied.distribution, np.maximum(uniform, np.finfo(float).tiny))
        if isinstance(drawn, list):
            return drawn
        return [as_text(float(v)) for v in (np.rint(drawn) if varied.parameter_type in WHOLE else drawn)]


def _choice(
    member: model.DeterministicSingleParameterDistribution | model.DeterministicMultiParameterDistribution, index: int
) -> dict[str, str]:
    """What a member allows as its ``index``-th choice."""
    if isinstance(member, model.DeterministicMultiParameterDistribution):
        return {a.parameter_ref: a.value for a in member.distribution.sets[index].assignments}
    found = member.distribution
    if isinstance(found, model.DistributionRange):
        return {member.parameter_name: step_value(found, index)}
    assert isinstance(found, model.DistributionSet), "user-defined distributions are refused before"
    return {member.parameter_name: found.elements[index].value}


def step_value(stepped: model.DistributionRange, index: int) -> str:
    """The ``index``-th value of a range, its steps added up in decimals."""
    value = Decimal(repr(stepped.range.lower_limit)) + index * Decimal(repr(stepped.step_width))
    return f"{value.normalize():f}"


def steps_of(stepped: model.DistributionRange) -> int:
    """How many values a range has."""
    low, high = (Decimal(repr(limit)) for limit in draws.ends(stepped.range))
    return int((high - low) / Decimal(repr(stepped.step_width))) + 1


def _size(
    member: model.DeterministicSingleParameterDistribution | model.DeterministicMultiParameterDistribution,
) -> int:
    if isinstance(member, model.DeterministicMultiParameterDistribution):
        return len(member.distribution.sets)
    found = member.distribution
    if isinstance(found, model.DistributionSet):
        return len(found.elements)
    return steps_of(found) if isinstance(found, model.DistributionRange) else 0


def read_distribution(name: str | Path) -> ParameterValueDistribution:
    """Read a parameter value distribution file and the declarations of the scenario it varies.

    Args:
        name: a path, or the name of a shipped distribution.

    Raises:
        ScenarioError: the file, or the scenario it names, is not as it should be.
        ContentNotFoundError: there is no such file.
    """
    opened = open_as(content.find("scenarios", name), "ParameterValueDistribution")
    body = opened.root.find("ParameterValueDistribution")
    assert body is not None
    source = opened.reader.read(model.ParameterValueDistribution, body)
    scenario_file = Folders(opened.path).scenario(source.scenario_file.filepath, body)
    declarations = Declarations(scenario_file)
    parameters: dict[str, VariedParameter] = {}
    for varied in _varied(source, declarations):
        if varied.name in parameters:
            raise draws.fault(source, f"parameter '{varied.name}' is varied twice", "keep one of its distributions")
        parameters[varied.name] = varied
    return ParameterValueDistribution(
        opened.path, scenario_file, isinstance(source.distribution, model.Stochastic), parameters, declarations, source
    )


def _varied(source: model.ParameterValueDistribution, declared: Declarations) -> Iterator[VariedParameter]:
    distribution = source.distribution
    if isinstance(distribution, model.Stochastic) and distribution.number_of_test_runs < 0:
        raise draws.fault(distribution, "numberOfTestRuns is negative", "give a number from 0 on")
    members = distribution.members if isinstance(distribution, model.Deterministic) else distribution.distributions
    for member in members:
        if isinstance(member, model.DeterministicMultiParameterDistribution):
            yield from _columns(member, declared)
        else:
            yield _single(member, _type_of(member.parameter_name, member, declared))


def _type_of(name: str, element: model.Element, declared: Declarations) -> str:
    found = declared.find(name)
    if found is None:
        known = declared.by_name
        remedy = did_you_mean(name, known) if known else "the scenario declares no parameters"
        raise draws.fault(element, f"the scenario has no parameter '{name}'", remedy)
    return found.parameter_type


def _columns(
    member: model.DeterministicMultiParameterDistribution, declared: Declarations
) -> Iterator[VariedParameter]:
    """The parameters that a value set sets together."""
    listed: dict[str, dict[str, None]] = {}
    types: dict[str, str] = {}
    for entry in member.distribution.sets:
        for assignment in entry.assignments:
            types[assignment.parameter_ref] = _type_of(assignment.parameter_ref, assignment, declared)
            listed.setdefault(assignment.parameter_ref, {})[assignment.value] = None
    for name, found in listed.items():
        yield VariedParameter(name, "valueSet", types[name], _span(found), values=tuple(found), distribution=member)


def _single(
    member: model.DeterministicSingleParameterDistribution | model.StochasticDistribution, parameter_type: str
) -> VariedParameter:
    found = member.distribution
    bounds: tuple[float, float] | None = None
    step: float | None = None
    listed: tuple[str, ...] = ()
    weights: tuple[float, ...] | None = None
    if isinstance(found, model.DistributionRange):
        if not 0 < found.step_width < math.inf:
            raise draws.fault(found, f"stepWidth='{found.step_width:g}' is not positive", "give a step above zero")
        bounds, step = draws.ends(found.range), found.step_width
        if not (bounds[1] - bounds[0]) / step < _MOST_STEPS:
            raise draws.fault(found, f"stepWidth='{step:g}' makes more than {_MOST_STEPS:g} values", "widen the step")
    elif isinstance(found, model.DistributionSet | model.ProbabilityDistributionSet):
        listed = tuple(entry.value for entry in found.elements)
        bounds = _span(listed)
        if isinstance(found, model.ProbabilityDistributionSet):
            weights = tuple(entry.weight for entry in found.elements)
    elif isinstance(found, model.Histogram):
        spans = [draws.limits(entry.range) for entry in found.bins]
        bounds = min(low for low, _ in spans), max(high for _, high in spans)
    elif not isinstance(found, model.UserDefinedDistribution):
        low, high = draws.limits(found.range)
        floor = 0.0 if isinstance(found, model.LogNormalDistribution | model.PoissonDistribution) else -math.inf
        bounds = max(low, floor), high
    return VariedParameter(
        member.parameter_name, _KINDS[type(found)], parameter_type, bounds, step, listed, weights, found
    )


def _span(values: tuple[str, ...] | dict[str, None]) -> tuple[float, float] | None:
    """Lowest and highest of listed values; None if one is not a number."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return None
    return (min(numbers), max(numbers)) if numbers else None
