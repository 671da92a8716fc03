"""A scenario's parameter space: every parameter bounded, typed, with its unit and law.

Three ways to say it: a standard ``ParameterValueDistribution``; a YAML file beside the scenario
(:mod:`drivesim.studies.space_file`); or nothing but the bounds that the scenario declares with its parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from drivesim import content
from drivesim.errors import ContentNotFoundError, ScenarioError, UnsupportedElementError
from drivesim.openscenario import draws
from drivesim.openscenario.declarations import Declarations, bounds_of, choices_of
from drivesim.openscenario.distributions import (
    ParameterValueDistribution,
    VariedParameter,
    read_distribution,
    step_value,
    steps_of,
)
from drivesim.openscenario.model import distributions as model
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.parameters import ParameterDeclaration
from drivesim.studies.parameter import F64, Parameter

DECLARED = "declared"
"""In place of a file's name: the bounds that the scenario declares."""
SUFFIX = ".space.yaml"
_MOST_LISTED = 100_000
"""Values of a stepped range that are kept as a list."""

_BOUNDED = (model.NormalDistribution, model.LogNormalDistribution, model.PoissonDistribution)
"""Laws that go on for ever unless a range ends them."""


@dataclass(frozen=True)
class Space:
    """What varies in a scenario.

    Attributes:
        path: the file that says so.
        parameters: by name; their order is the order of the unit cube's axes.
        declarations: the scenario's own, with its constraints.
        listed: the distribution file that lists combinations of values; None where values are drawn.
    """

    path: Path
    parameters: Mapping[str, Parameter]
    declarations: Declarations
    listed: ParameterValueDistribution | None = field(default=None, repr=False)

    @property
    def scenario_file(self) -> Path:
        return self.declarations.scenario_file

    @property
    def stochastic(self) -> bool:
        """Whether values are drawn, not listed."""
        return self.listed is None

    def refusal(self, run: Mapping[str, str]) -> ScenarioError | None:
        """Why the scenario's types and constraints refuse these values; None where they accept them."""
        return self.declarations.refusal(run)

    def allows(self, run: Mapping[str, str]) -> bool:
        return self.refusal(run) is None

    def combinations(self) -> Iterator[dict[str, str]]:
        """All that a deterministic distribution lists, accepted by the scenario or not."""
        assert self.listed is not None
        return self.listed.instances()

    def values(self, unit: F64) -> list[dict[str, str]]:
        """Parameter values at points (N, D) of the unit cube."""
        columns = [varied.values(unit[:, axis]) for axis, varied in enumerate(self.parameters.values())]
        return [dict(zip(self.parameters, row, strict=True)) for row in zip(*columns, strict=True)]

    def positions(self, runs: Sequence[Mapping[str, str]]) -> F64:
        """(N, D) points of the unit cube where instances lie.

        Raises:
            ScenarioError: an instance lacks a parameter, or has a value that the space does not hold.
        """
        for number, run in enumerate(runs):
            missing = [name for name in self.parameters if name not in run]
            if missing:
                raise ScenarioError(f"instance {number} has no value of '{missing[0]}'", file=self.path,
                                    remedy="give a table with a column for every parameter")  # fmt: skip
        columns = [varied.positions([run[name] for run in runs]) for name, varied in self.parameters.items()]
        return np.stack(columns, axis=1)


def space_of(scenario: str, space: str | Path | None = None) -> Space:
    """The space named, or the one that belongs to a scenario.

    Args:
        space: a ``ParameterValueDistribution``, a YAML file, or :data:`DECLARED`; None looks beside the scenario, then
            among the shipped ones, then takes the declared bounds.

    Raises:
        ScenarioError: the scenario has no space, the space is another scenario's, or it is not bounded.
        ContentNotFoundError: there is no such file.
    """
    path = content.find("scenarios", scenario)
    if space == DECLARED:
        return declared_space(path)
    found = read_space(space) if space is not None else _own(path)
    if found.scenario_file.resolve() != path.resolve():
        raise ScenarioError(
            f"this space varies {found.scenario_file.name}, not {path.name}", file=found.path, element="ScenarioFile",
            remedy="choose the space that belongs to the scenario",
        )  # fmt: skip
    return found


def _own(scenario: Path) -> Space:
    folders = (scenario.parent, scenario.parent / "distributions")
    for file in (folder / f"{scenario.stem}{SUFFIX}" for folder in folders):
        if file.is_file():
            return read_space(file)
    try:
        return distribution_space(content.find("scenarios", f"distributions/{scenario.stem}", beside=scenario.parent))
    except ContentNotFoundError:
        return declared_space(scenario)


def read_space(name: str | Path) -> Space:
    """Read a space from a YAML or a distribution file.

    Raises:
        ScenarioError: the file is not as it should be, or a parameter is not bounded.
        ContentNotFoundError: there is no such file.
    """
    path = content.find("scenarios", name)
    if path.suffix in (".yaml", ".yml"):
        from drivesim.studies.space_file import yaml_space

        return yaml_space(path)
    return distribution_space(path)


def distribution_space(path: Path) -> Space:
    """The space of a ``ParameterValueDistribution``; laws without an end get the scenario's declared bounds."""
    source = read_distribution(path)
    if not source.parameters:
        raise ScenarioError("this space varies no parameter", file=path, element="ParameterValueDistribution",
                            remedy="add a distribution of a parameter")  # fmt: skip
    laws = {name: _law_of(varied, path) for name, varied in source.parameters.items()}
    declared = {name: source.declarations.find(name) for name in laws}
    parameters = {name: bounded(found, laws[name], "", path) for name, found in declared.items() if found is not None}
    return Space(path, parameters, source.declarations, None if source.stochastic else source)


def _law_of(varied: VariedParameter, path: Path) -> Element:
    """The law of a distribution file's parameter; what is listed is equally likely."""
    law = varied.distribution
    assert isinstance(law, Element)
    if isinstance(law, model.UserDefinedDistribution):
        raise UnsupportedElementError(
            f"parameter '{varied.name}' has a distribution of its own type '{law.type}'", file=path,
            line=law.source.line if law.source else None, element="UserDefinedDistribution",
            remedy="use a distribution of the standard",
        )  # fmt: skip
    if isinstance(law, model.DistributionRange):
        steps = steps_of(law)
        if steps > _MOST_LISTED:
            return uniform(*draws.ends(law.range))
        return chosen({step_value(law, index): 1.0 for index in range(steps)})
    return chosen(dict.fromkeys(varied.values, 1.0)) if varied.values and varied.weights is None else law


def declared_space(scenario: Path) -> Space:
    """The space of the bounds that a scenario declares: numbers uniform between them, listed values alike.

    Raises:
        ScenarioError: it declares bounds of no parameter.
    """
    declarations = Declarations(scenario)
    parameters = {}
    for name, declared in declarations.by_name.items():
        law = declared_law(declared)
        if law is not None:
            parameters[name] = bounded(declared, law, "", scenario)
    if not parameters:
        raise ScenarioError(
            "the scenario declares bounds of no parameter, and no space is shipped for it", file=scenario,
            element="--space", remedy="give a ParameterValueDistribution or a .space.yaml, or declare ConstraintGroups",
        )  # fmt: skip
    return Space(scenario, parameters, declarations)


def declared_law(declared: ParameterDeclaration) -> Element | None:
    """Uniform over what a declaration's constraints accept; None where they leave it open."""
    choices = choices_of(declared)
    if choices:
        return chosen(dict.fromkeys(choices, 1.0))
    low, high = bounds_of(declared)
    numeric = declared.parameter_type not in ("string", "dateTime", "boolean")
    return uniform(low, high) if numeric and math.isfinite(low) and math.isfinite(high) and low < high else None


def bounded(declared: ParameterDeclaration, law: Element, unit: str, file: Path) -> Parameter:
    """A parameter within bounds, its law cut off where the scenario's constraints end.

    Raises:
        ScenarioError: neither the law nor the scenario bounds it, or they have nothing in common.
    """
    varied = Parameter(declared.name, declared.parameter_type, unit, None, law, file)
    allowed = bounds_of(declared)
    draws.values(law, np.array([0.5]))  # says what is wrong with weights, variances and limits
    if varied.choices:
        return replace(varied, bounds=_span(varied.choices))
    if declared.parameter_type in ("string", "boolean", "dateTime"):
        raise varied.error(f"it is a {declared.parameter_type} and cannot take numbers", "list its values")
    if isinstance(law, _BOUNDED):
        low, high = draws.limits(law.range)
        floor = 0.0 if not isinstance(law, model.NormalDistribution) else -math.inf
        low, high = max(low, floor, allowed[0]), min(high, allowed[1])
        if not (math.isfinite(low) and math.isfinite(high)):
            end = "lower" if not math.isfinite(low) else "upper"
            raise varied.error(f"it has no {end} bound", "add a Range, or a ConstraintGroup to its declaration")
        if not low <= high:
            raise varied.error(_apart(draws.limits(law.range), allowed), "mend one of the two")
        law = replace(law, range=model.Range(lower_limit=low, upper_limit=high))
    elif isinstance(law, model.Histogram):
        spans = [draws.ends(entry.range) for entry in law.bins]
        low, high = min(a for a, _ in spans), max(b for _, b in spans)
    else:
        assert isinstance(law, model.UniformDistribution)
        low, high = draws.ends(law.range)
    if high < allowed[0] or low > allowed[1]:
        raise varied.error(_apart((low, high), allowed), "mend one of the two")
    return replace(varied, bounds=(low, high), law=law)


def _apart(span: tuple[float, float], allowed: tuple[float, float]) -> str:
    return (
        f"the space has it from {span[0]:g} to {span[1]:g}, its scenario allows {allowed[0]:g} to {allowed[1]:g} only"
    )


def _span(values: Sequence[str]) -> tuple[float, float] | None:
    """Lowest and highest of listed values; None if one is not a number."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return None
    return min(numbers), max(numbers)


def uniform(low: float, high: float) -> model.UniformDistribution:
    """A uniform law."""
    return model.UniformDistribution(range=model.Range(lower_limit=low, upper_limit=high))


def chosen(weights: Mapping[str, float]) -> model.ProbabilityDistributionSet:
    """A law of listed values."""
    return model.ProbabilityDistributionSet(
        elements=tuple(
            model.ProbabilityDistributionSetElement(value=value, weight=weight) for value, weight in weights.items()
        )
    )
