"""Parameter spaces as YAML, beside the scenario they belong to (``NAME.space.yaml``)::

    description: Child crossings of many kinds
    scenario: ../child_crossing.xosc        # from this file's folder
    distribution: child_crossing.xosc       # optional: laws of a standard file
    parameters:
      ego_speed: {unit: km/h}               # law of the distribution, else uniform over the declared bounds
      gap: {unit: m, uniform: [0.5, 2]}
      fog: {unit: m, log_normal: {mean: 500, deviation: 300}, bounds: [50, 2000]}
      child_behavior: {choices: {natural: 0.35, protocol: 0.65}}   # or a list: all alike
      lanes: {integer: [1, 3]}              # whole numbers, all alike

Parameters of the distribution that are not named here belong to the space too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from drivesim import content
from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.declarations import Declarations
from drivesim.openscenario.expressions import as_text
from drivesim.openscenario.model import distributions as model
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.parameters import ParameterDeclaration
from drivesim.sensors.located import Document, Location, Strict, read_document, validate
from drivesim.studies.parameter import Parameter
from drivesim.studies.space import Space, bounded, chosen, declared_law, distribution_space, uniform

_MOST_LISTED = 100_000
"""Whole numbers that are kept as a list; beyond, they are a uniform law, rounded."""
_Span = tuple[float, float]


class _Moments(Strict):
    mean: float = Field(description="expected value")
    deviation: float = Field(gt=0, description="standard deviation, above 0")


class _Bin(Strict):
    range: _Span = Field(description="[low, high]")
    weight: float = Field(ge=0, description="share of this bin, 0 or more")


class _Entry(Strict):
    unit: str = Field(default="", description="of the values, such as km/h, m, deg")
    uniform: _Span | None = Field(default=None, description="[low, high]")
    integer: tuple[int, int] | None = Field(default=None, description="[low, high], whole numbers, all alike")
    choices: dict[str, float] | list[str | bool | float] | None = Field(
        default=None, description="a list of values, or a mapping of values to weights"
    )
    normal: _Moments | None = Field(default=None, description="{mean: ..., deviation: ...}, within bounds")
    log_normal: _Moments | None = Field(default=None, description="{mean: ..., deviation: ...} of the value itself")
    histogram: list[_Bin] | None = Field(default=None, min_length=1, description="[{range: [0, 1], weight: 2}, ...]")
    bounds: _Span | None = Field(default=None, description="[low, high] where a normal or log_normal law is cut off")

    @model_validator(mode="after")
    def _one_law(self) -> _Entry:
        given = [name for name in _LAWS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"a parameter has one law, not {' and '.join(given)}")
        if self.bounds is not None and given not in (["normal"], ["log_normal"]):
            raise ValueError("bounds go with a normal or log_normal law")
        for name in ("uniform", "integer", "bounds"):
            span = getattr(self, name)
            if span is not None and not span[0] < span[1]:
                raise ValueError(f"{name} [{span[0]:g}, {span[1]:g}] holds nothing, the lower limit comes first")
        return self


_TRUTH = {"True": "true", "False": "false"}
"""YAML's own words for truth, which as keys have become text."""
_LAWS = ("uniform", "integer", "choices", "normal", "log_normal", "histogram")


class _File(Strict):
    description: str = Field(default="", description="what the space is, one line")
    scenario: str = Field(description="path of the scenario, from this file's folder, or a shipped name")
    distribution: str = Field(default="", description="path of a ParameterValueDistribution, from this file's folder")
    parameters: dict[str, Any] = Field(min_length=1, description="one entry per parameter")


def yaml_space(path: Path) -> Space:
    """Read a YAML space.

    Raises:
        DrivesimError: what is wrong in the file, on which line, and what to write instead.
    """
    document = read_document(path)
    file = validate(_File, document.data, document)
    scenario = content.find("scenarios", file.scenario, beside=path.parent)
    declarations = Declarations(scenario)
    parameters: dict[str, Parameter] = {}
    if file.distribution:
        base = distribution_space(content.find("scenarios", file.distribution, beside=path.parent))
        if base.scenario_file.resolve() != scenario.resolve():
            raise document.error(
                f"this distribution varies {base.scenario_file.name}, not {scenario.name}", ("distribution",),
                "name one of the same scenario",
            )  # fmt: skip
        if base.listed is not None:
            raise document.error("this distribution lists combinations, it has no laws", ("distribution",),
                                 "name one with Stochastic distributions")  # fmt: skip
        parameters.update(base.parameters)
    for name in file.parameters:
        at: Location = ("parameters", name)
        entry = validate(_Entry, document.data["parameters"][name] or {}, document, at)
        declared = declarations.find(name)
        if declared is None:
            raise document.error(f"the scenario has no parameter '{name}'", at,
                                 did_you_mean(name, declarations.by_name))  # fmt: skip
        parameters[name] = _parameter(declared, entry, parameters.get(name), document, at)
    return Space(path, parameters, declarations)


def _parameter(
    declared: ParameterDeclaration, entry: _Entry, base: Parameter | None, document: Document, at: Location
) -> Parameter:
    law = _law(entry) or (base.law if base is not None else declared_law(declared))
    if law is None:
        raise document.error("it has no law, and the scenario declares no bounds", at, "add 'uniform: [low, high]'")
    try:
        return bounded(declared, law, entry.unit, document.path)
    except ScenarioError as error:
        raise document.error(error.problem, at, error.remedy or "mend the law") from error


def _law(entry: _Entry) -> Element | None:
    """The law that an entry gives; None where it gives none."""
    if entry.uniform is not None:
        return uniform(*entry.uniform)
    if entry.integer is not None:
        low, high = entry.integer
        if high - low < _MOST_LISTED:
            return chosen({str(value): 1.0 for value in range(low, high + 1)})
        return uniform(low, high)
    if isinstance(entry.choices, dict):
        return chosen({_TRUTH.get(value, value): weight for value, weight in entry.choices.items()})
    if entry.choices is not None:
        return chosen(dict.fromkeys(map(as_text, entry.choices), 1.0))
    limits = model.Range(lower_limit=entry.bounds[0], upper_limit=entry.bounds[1]) if entry.bounds else None
    if entry.normal is not None:
        return model.NormalDistribution(
            expected_value=entry.normal.mean, variance=entry.normal.deviation**2, range=limits
        )
    if entry.log_normal is not None:
        return model.LogNormalDistribution(
            expected_value=entry.log_normal.mean, variance=entry.log_normal.deviation**2, range=limits
        )
    if entry.histogram is not None:
        return model.Histogram(bins=tuple(
            model.HistogramBin(weight=each.weight, range=model.Range(lower_limit=each.range[0],
                                                                     upper_limit=each.range[1]))
            for each in entry.histogram
        ))  # fmt: skip
    return None
