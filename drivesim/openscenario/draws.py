"""Random values of the stochastic distributions, by inverting their distribution functions.

One uniform number makes one value, so a truncated distribution is exact and never loops.
"""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import ScenarioError
from drivesim.openscenario.model import distributions as model
from drivesim.openscenario.model.base import Element

_LEAST_MEAN = 1e-100
"""Expected value of a log-normal below which its square is lost to rounding."""

F64 = NDArray[np.float64]


def fault(element: Element, problem: str, remedy: str) -> ScenarioError:
    """An error at an element's place, under its standard name."""
    source = element.source
    return ScenarioError(
        problem, file=source.file if source else None, line=source.line if source else None,
        element=element.TAG or type(element).__name__, remedy=remedy,
    )  # fmt: skip


def limits(span: model.Range | None) -> tuple[float, float]:
    """Lower and upper limit; infinite where there is no range."""
    if span is None:
        return -math.inf, math.inf
    if not span.lower_limit <= span.upper_limit:
        raise fault(span, f"{span.lower_limit:g} .. {span.upper_limit:g} holds nothing", "swap the limits")
    return span.lower_limit, span.upper_limit


def ends(span: model.Range) -> tuple[float, float]:
    """Lower and upper limit of a range that must have both."""
    low, high = limits(span)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise fault(span, "the range has no end", "give finite limits")
    return low, high


@singledispatch
def values(distribution: Element, uniform: F64) -> F64 | list[str]:
    """The quantiles of a distribution at ``uniform`` (N,) numbers from (0, 1); text where the file gives text."""
    raise fault(distribution, f"a {type(distribution).__name__} has no random values", "use one of the standard's")


@values.register
def _(distribution: model.UniformDistribution, uniform: F64) -> F64:
    low, high = ends(distribution.range)
    return low + uniform * (high - low)


@values.register
def _(distribution: model.NormalDistribution, uniform: F64) -> F64:
    from scipy.stats import norm

    return _truncated(norm(distribution.expected_value, math.sqrt(_variance(distribution))), distribution, uniform)


@values.register
def _(distribution: model.LogNormalDistribution, uniform: F64) -> F64:
    from scipy.stats import lognorm

    mean = distribution.expected_value
    if not mean > _LEAST_MEAN:
        raise fault(distribution, f"expectedValue='{mean:g}' is not positive", "a log-normal value is above zero")
    sigma_squared = math.log1p(min(math.sqrt(_variance(distribution)) / mean, 1e150) ** 2)
    return _truncated(
        lognorm(math.sqrt(sigma_squared), scale=mean * math.exp(-sigma_squared / 2)), distribution, uniform
    )


@values.register
def _(distribution: model.PoissonDistribution, uniform: F64) -> F64:
    from scipy.stats import poisson

    if not 0 < distribution.expected_value < 1e15:
        raise fault(distribution, f"expectedValue='{distribution.expected_value:g}' is out of range", "give a rate > 0")
    low, high = limits(distribution.range)
    # Whole numbers: the lowest one allowed carries its own probability, hence the step below it.
    return _inverted(poisson(distribution.expected_value), float(np.ceil(low)) - 1.0, float(np.floor(high)),
                     distribution, uniform)  # fmt: skip


@values.register
def _(distribution: model.ProbabilityDistributionSet, uniform: F64) -> list[str]:
    edges = _edges(distribution, [entry.weight for entry in distribution.elements])
    chosen = np.searchsorted(edges[1:-1], uniform, side="right")
    return [distribution.elements[i].value for i in chosen]


@values.register
def _(distribution: model.Histogram, uniform: F64) -> F64:
    spans = np.array([ends(entry.range) for entry in distribution.bins])
    edges = _edges(distribution, [entry.weight for entry in distribution.bins])
    chosen = np.searchsorted(edges[1:-1], uniform, side="right")
    within = (uniform - edges[chosen]) / (edges[chosen + 1] - edges[chosen])
    low, high = spans[chosen, 0], spans[chosen, 1]
    return np.asarray(low + within * (high - low))


def _variance(distribution: model.NormalDistribution | model.LogNormalDistribution) -> float:
    if not (distribution.variance > 0 and math.isfinite(distribution.variance)):
        raise fault(distribution, f"variance='{distribution.variance:g}' is not positive", "give a variance above zero")
    if not math.isfinite(distribution.expected_value):
        raise fault(distribution, f"expectedValue='{distribution.expected_value:g}' is no number", "give a finite one")
    return distribution.variance


def _edges(distribution: Element, weights: list[float]) -> F64:
    """(K + 1,) cumulated shares, 0 to 1."""
    if not all(weight >= 0 and math.isfinite(weight) for weight in weights) or not sum(weights) > 0:
        raise fault(distribution, "weights must not be negative, and one must be positive", "mend the weights")
    cumulated = np.concatenate([[0.0], np.cumsum(weights)])
    return np.asarray(cumulated / cumulated[-1])


def _truncated(law: Any, distribution: model.NormalDistribution | model.LogNormalDistribution, uniform: F64) -> F64:
    return _inverted(law, *limits(distribution.range), distribution, uniform)


def _inverted(law: Any, low: float, high: float, distribution: Element, uniform: F64) -> F64:
    """Quantiles of a SciPy ``law`` within (low, high]; in the upper tail through the survival function."""
    if low > law.median():
        below, above = law.sf(low), law.sf(high)
        found = law.isf(below + uniform * (above - below))
    else:
        below, above = law.cdf(low), law.cdf(high)
        found = law.ppf(below + uniform * (above - below))
    if below == above:
        raise fault(distribution, "practically no value lies within the range", "widen or remove the range")
    return np.asarray(np.clip(found, low, high))
