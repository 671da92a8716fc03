"""Instances of a scenario, drawn from a distribution file's space: at random, or spread evenly over it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from drivesim import content
from drivesim.errors import ContentNotFoundError, ScenarioError, UnsupportedElementError, did_you_mean
from drivesim.openscenario import draws
from drivesim.openscenario.distributions import ParameterValueDistribution, read_distribution
from drivesim.openscenario.expressions import as_text
from drivesim.openscenario.model import distributions as model

F64 = NDArray[np.float64]

_ATTEMPTS = 20
"""Fresh samples in place of ones that the scenario's constraints refuse."""


def _random(dimensions: int, count: int, rng: np.random.Generator) -> F64:
    return rng.random((count, dimensions))


def _latin_hypercube(dimensions: int, count: int, rng: np.random.Generator) -> F64:
    return np.asarray(qmc.LatinHypercube(dimensions, rng=rng).random(count))


def _sobol(dimensions: int, count: int, rng: np.random.Generator) -> F64:
    """The first points of a scrambled sequence; it is balanced at powers of two, so that many are made."""
    return np.asarray(
        qmc.Sobol(dimensions, rng=rng).random_base2(math.ceil(math.log2(count)) if count > 1 else 0)[:count]
    )


def _halton(dimensions: int, count: int, rng: np.random.Generator) -> F64:
    return np.asarray(qmc.Halton(dimensions, rng=rng).random(count))


def _grid(dimensions: int, count: int, rng: np.random.Generator) -> F64:
    levels = max(int(round(count ** (1.0 / dimensions) * 1e9) // 10**9), 1)
    centres = (np.arange(levels) + 0.5) / levels
    axes = np.meshgrid(*[centres] * dimensions, indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)


SAMPLERS: dict[str, Callable[[int, int, np.random.Generator], F64]] = {
    "random": _random,
    "lhs": _latin_hypercube,
    "sobol": _sobol,
    "halton": _halton,
    "grid": _grid,
}
"""Points (N, D) of the unit cube: dimensions, count, generator."""


def space_of(scenario: str, space: str | Path | None) -> ParameterValueDistribution:
    """The distribution file named, or the one shipped for a scenario.

    Raises:
        ScenarioError: the scenario has no space and none was given, or the space is another scenario's.
    """
    name = str(space) if space is not None else f"distributions/{Path(scenario).stem}"
    try:
        found = read_distribution(name)
    except ContentNotFoundError as error:
        if space is not None:
            raise
        raise ScenarioError(
            f"no parameter space is shipped for '{scenario}'", element="--space",
            remedy="give a ParameterValueDistribution file",
        ) from error  # fmt: skip
    path = content.find("scenarios", scenario)
    if found.scenario_file.resolve() != path.resolve():
        raise ScenarioError(
            f"this space varies {found.scenario_file.name}, not {path.name}", file=found.path, element="ScenarioFile",
            remedy="choose the space that belongs to the scenario",
        )  # fmt: skip
    return found


def draw_instances(
    space: ParameterValueDistribution, count: int, seed: int, sampler: str = "lhs"
) -> list[dict[str, str]]:
    """Parameter values of ``count`` instances.

    Stochastic spaces are sampled through each distribution's quantile function, by one of :data:`SAMPLERS`;
    deterministic ones give their combinations in order, spread over the file. Instances that the scenario's own
    constraints refuse are drawn anew.

    Args:
        sampler: ``grid`` gives the largest full grid of at most ``count`` points, cell centres in probability.

    Raises:
        ScenarioError: fewer than one instance, an unknown sampler, or a space that its scenario's constraints refuse.
        UnsupportedElementError: a distribution without a quantile function.
    """
    if count < 1:
        raise ScenarioError(f"{count} instances asked for", element="-n", remedy="ask for at least one")
    if sampler not in SAMPLERS:
        raise ScenarioError(f"no sampler '{sampler}'", element="--sampler", remedy=did_you_mean(sampler, SAMPLERS))
    if not space.stochastic:
        available = space.count
        picks = np.unique(np.linspace(0, available - 1, min(count, available)).round().astype(int))
        return [space.instance(int(index)) for index in picks]
    names = list(space.parameters)
    kept: list[dict[str, str]] = []
    for attempt in range(_ATTEMPTS):
        missing = count - len(kept)
        unit = SAMPLERS[sampler](len(names), missing, np.random.default_rng([seed, attempt]))
        columns = [_column(space, name, unit[:, i]) for i, name in enumerate(names)]
        runs = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        kept += [run for run in runs if space.allows(run)]
        # A grid is what it is: drawing anew would give the same points.
        if len(kept) == count or (sampler == "grid" and kept):
            return kept
    raise ScenarioError(
        "the scenario's constraints refuse nearly all of this space", file=space.path,
        remedy="narrow the space or widen the constraints",
    )  # fmt: skip


def _column(space: ParameterValueDistribution, name: str, unit: np.ndarray) -> list[str]:
    varied = space.parameters[name]
    if not isinstance(varied.distribution, model.Element) or varied.kind == "userDefined":
        raise UnsupportedElementError(
            f"parameter '{name}' cannot be sampled evenly", file=space.path, remedy="use a distribution of the standard"
        )
    drawn = draws.values(varied.distribution, np.maximum(unit, np.finfo(float).tiny))
    if isinstance(drawn, list):
        return drawn
    whole = varied.parameter_type in ("integer", "int", "unsignedInt", "unsignedShort")
    return [as_text(float(value)) for value in (np.rint(drawn) if whole else drawn)]
