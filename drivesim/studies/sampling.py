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

DEFAULT_SAMPLER = "lhs"
DEFAULT_COUNT = 10
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


def _levels(dimensions: int, count: int) -> int:
    """Levels of the largest full grid of at most ``count`` points."""
    levels = max(round(count ** (1.0 / dimensions)), 1)
    return levels if levels**dimensions <= count else levels - 1


def _grid(dimensions: int, count: int, rng: np.random.Generator) -> F64:
    levels = _levels(dimensions, count)
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
    space: ParameterValueDistribution, count: int | None = None, seed: int = 0, sampler: str | None = None
) -> list[dict[str, str]]:
    """Parameter values of exactly ``count`` instances, all of them accepted by the scenario's own constraints.

    Stochastic spaces are sampled through each distribution's quantile function, by one of :data:`SAMPLERS`; draws that
    the constraints refuse are replaced by others. Deterministic spaces give the combinations that the constraints
    accept, in order, spread over the file.

    Args:
        count: None takes all combinations of a deterministic space, and ten draws from a stochastic one.
        sampler: for stochastic spaces; None takes Latin hypercubes. ``grid`` has cell centres in probability, and
            ``count`` is a power of its levels.

    Raises:
        ScenarioError: fewer than one instance, an unknown sampler, a sampler for a deterministic space, fewer
            instances to be had than asked for, or constraints that refuse the space; they are named.
        UnsupportedElementError: a distribution without a quantile function.
    """
    if count is not None and count < 1:
        raise ScenarioError(f"{count} instances asked for", element="-n", remedy="ask for at least one")
    if sampler is not None and sampler not in SAMPLERS:
        raise ScenarioError(f"no sampler '{sampler}'", element="--sampler", remedy=did_you_mean(sampler, SAMPLERS))
    if not space.stochastic:
        return _combinations(space, count, sampler)
    if not space.parameters:
        raise ScenarioError("this space varies no parameter", file=space.path, element="Stochastic",
                            remedy="add a StochasticDistribution")  # fmt: skip
    wanted = DEFAULT_COUNT if count is None else count
    return _grid_points(space, wanted) if sampler == "grid" else _drawn(space, wanted, seed, sampler or DEFAULT_SAMPLER)


def _combinations(space: ParameterValueDistribution, count: int | None, sampler: str | None) -> list[dict[str, str]]:
    """Accepted combinations of a deterministic space, all or evenly spread over the file."""
    if sampler is not None:
        raise ScenarioError(
            f"this space lists its values, there is nothing for '{sampler}' to draw", file=space.path,
            element="--sampler", remedy="leave --sampler out, or write the space with Stochastic distributions",
        )  # fmt: skip
    refused: ScenarioError | None = None
    accepted = []
    for run in space.instances():
        refusal = space.refusal(run)
        if refusal is None:
            accepted.append(run)
        refused = refused or refusal
    wanted = len(accepted) if count is None else count
    if wanted > len(accepted) or not accepted:
        why = f" that the scenario accepts, of {space.count} ({_reason(refused)})" if refused else ""
        remedy = f"ask for at most {len(accepted)}, or widen the space" if accepted else "mend the space"
        raise ScenarioError(
            f"this space has {len(accepted)} combinations{why}" + (f", {count} are asked for" if count else ""),
            file=space.path, element="-n", remedy=remedy,
        )  # fmt: skip
    return [accepted[int(index)] for index in np.linspace(0, len(accepted) - 1, wanted).round()]


def _grid_points(space: ParameterValueDistribution, count: int) -> list[dict[str, str]]:
    """A full grid; nothing can be drawn in place of a point, so every one must be accepted."""
    dimensions = len(space.parameters)
    levels = _levels(dimensions, count)
    if levels**dimensions != count:
        sizes = f"{levels**dimensions} or {(levels + 1) ** dimensions}"
        raise ScenarioError(
            f"{count} points make no full grid of {dimensions} parameters", file=space.path, element="--sampler",
            remedy=f"ask for {sizes}, or take another sampler",
        )  # fmt: skip
    runs = _values(space, SAMPLERS["grid"](dimensions, count, np.random.default_rng()))
    refused = [refusal for run in runs if (refusal := space.refusal(run)) is not None]
    if refused:
        raise ScenarioError(
            f"the scenario refuses {len(refused)} of {count} grid points: {_reason(refused[0])}", file=space.path,
            element="--sampler", remedy="narrow the space, or take a sampler that draws anew, such as lhs",
        )  # fmt: skip
    return runs


def _drawn(space: ParameterValueDistribution, count: int, seed: int, sampler: str) -> list[dict[str, str]]:
    kept: list[dict[str, str]] = []
    tried, refused = 0, None
    for attempt in range(_ATTEMPTS):
        missing = count - len(kept)
        runs = _values(space, SAMPLERS[sampler](len(space.parameters), missing, np.random.default_rng([seed, attempt])))
        for run in runs:
            refusal = space.refusal(run)
            if refusal is None:
                kept.append(run)
            refused = refusal or refused
        tried += missing
        if len(kept) == count:
            return kept
    assert refused is not None, "draws are missing only where some were refused"
    raise ScenarioError(
        f"the scenario refuses {tried - len(kept)} of {tried} draws, the last because {_reason(refused)}",
        file=space.path, remedy="narrow the space, or widen the scenario's constraints",
    )  # fmt: skip


def _reason(refusal: ScenarioError) -> str:
    """A refusal in one line: the parameter, the value, and the constraint with its place."""
    where = f", {refusal.file.name}:{refusal.line}" if refusal.file and refusal.line else ""
    return f"{refusal.problem} ({refusal.remedy}{where})" if refusal.remedy else refusal.problem


def _values(space: ParameterValueDistribution, unit: F64) -> list[dict[str, str]]:
    """Parameter values at points (N, D) of the unit cube."""
    columns = [_column(space, name, unit[:, axis]) for axis, name in enumerate(space.parameters)]
    return [dict(zip(space.parameters, row, strict=True)) for row in zip(*columns, strict=True)]


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
