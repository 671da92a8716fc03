"""Chapter "Parameter value distributions"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivesim.openscenario.model.base import Element, child, choice, reference
from drivesim.openscenario.model.parameters import File, ParameterAssignment


@dataclass(frozen=True, kw_only=True)
class Range(Element):
    """Both limits belong to it."""

    lower_limit: float
    upper_limit: float


@dataclass(frozen=True, kw_only=True)
class UserDefinedDistribution(Element):
    """Only its author knows what ``content`` means."""

    type: str
    content: str = child(text=True, default="")


@dataclass(frozen=True, kw_only=True)
class DistributionSetElement(Element):
    TAG: ClassVar[str | None] = "Element"
    value: str


@dataclass(frozen=True, kw_only=True)
class DistributionSet(Element):
    elements: tuple[DistributionSetElement, ...] = child("Element")


@dataclass(frozen=True, kw_only=True)
class DistributionRange(Element):
    step_width: float
    range: Range


@dataclass(frozen=True, kw_only=True)
class DeterministicSingleParameterDistribution(Element):
    parameter_name: str = reference()
    distribution: DistributionSet | DistributionRange | UserDefinedDistribution = choice()


@dataclass(frozen=True, kw_only=True)
class ParameterValueSet(Element):
    assignments: tuple[ParameterAssignment, ...] = child("ParameterAssignment")


@dataclass(frozen=True, kw_only=True)
class ValueSetDistribution(Element):
    sets: tuple[ParameterValueSet, ...] = child("ParameterValueSet")


@dataclass(frozen=True, kw_only=True)
class DeterministicMultiParameterDistribution(Element):
    distribution: ValueSetDistribution = child("ValueSetDistribution")


@dataclass(frozen=True, kw_only=True)
class Deterministic(Element):
    """Every combination of what its members allow."""

    members: tuple[DeterministicSingleParameterDistribution | DeterministicMultiParameterDistribution, ...] = choice(
        default=()
    )


@dataclass(frozen=True, kw_only=True)
class ProbabilityDistributionSetElement(Element):
    TAG: ClassVar[str | None] = "Element"
    value: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class ProbabilityDistributionSet(Element):
    elements: tuple[ProbabilityDistributionSetElement, ...] = child("Element")


@dataclass(frozen=True, kw_only=True)
class NormalDistribution(Element):
    expected_value: float
    variance: float
    range: Range | None = None


@dataclass(frozen=True, kw_only=True)
class LogNormalDistribution(Element):
    """``expected_value`` and ``variance`` are those of the value itself, not of its logarithm."""

    expected_value: float
    variance: float
    range: Range | None = None


@dataclass(frozen=True, kw_only=True)
class UniformDistribution(Element):
    range: Range


@dataclass(frozen=True, kw_only=True)
class PoissonDistribution(Element):
    expected_value: float
    range: Range | None = None


@dataclass(frozen=True, kw_only=True)
class HistogramBin(Element):
    weight: float
    range: Range


@dataclass(frozen=True, kw_only=True)
class Histogram(Element):
    bins: tuple[HistogramBin, ...] = child("Bin")


StochasticDistributionType = (
    ProbabilityDistributionSet
    | NormalDistribution
    | LogNormalDistribution
    | UniformDistribution
    | PoissonDistribution
    | Histogram
    | UserDefinedDistribution
)


@dataclass(frozen=True, kw_only=True)
class StochasticDistribution(Element):
    parameter_name: str = reference()
    distribution: StochasticDistributionType = choice()


@dataclass(frozen=True, kw_only=True)
class Stochastic(Element):
    """Independent draws of all parameters, ``number_of_test_runs`` times."""

    number_of_test_runs: int
    random_seed: float | None = None
    distributions: tuple[StochasticDistribution, ...] = child("StochasticDistribution")


@dataclass(frozen=True, kw_only=True)
class ParameterValueDistribution(Element):
    scenario_file: File
    distribution: Deterministic | Stochastic = choice()
