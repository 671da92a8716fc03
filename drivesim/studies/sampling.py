"""Samples drawn from a scenario's parameter space: at random, spread evenly over it, or as they are listed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.stats import qmc

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.studies.parameter import F64
from drivesim.studies.samples import Samples
from drivesim.studies.space import Space, space_of

__all__ = ["DEFAULT_SAMPLER", "GRID", "SAMPLERS", "draw_instances", "draw_samples", "grid", "space_of"]

DEFAULT_SAMPLER = "lhs"
GRID = "grid"
DEFAULT_COUNT = 10
"""Draws where no number is given."""
_ATTEMPTS = 20
"""Fresh samples in place of ones that the scenario's constraints refuse."""


class Warp(Protocol):
    """What spreads samples otherwise than by the space's laws: :class:`drivesim.studies.calibration.Calibration`."""

    def check(self, space: Space) -> None:
        """Raise a ScenarioError unless it belongs to this space."""
        ...

    def positions(self, space: Space, shares: F64) -> tuple[F64, F64]:
        """Points (N, D) of the unit cube, and weights (N,)."""
        ...


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


SAMPLERS: dict[str, Callable[[int, int, np.random.Generator], F64]] = {
    "random": _random,
    "lhs": _latin_hypercube,
    "sobol": _sobol,
    "halton": _halton,
}
"""Points (N, D) of the unit cube: dimensions, count, generator."""


def grid(space: Space, levels: int) -> tuple[F64, F64]:
    """A full grid: every listed value, and ``levels`` cell centres (in probability) of every other parameter.

    Returns:
        Points (N, D) of the unit cube, the last parameter changing fastest, and their weights (N,): a value listed
        with a share of its own stands as often as any other, and counts accordingly.
    """
    axes, shares = [], []
    for parameter in space.parameters.values():
        if parameter.choices:
            axes.append(parameter.positions(parameter.choices))
            shares.append(parameter.shares * len(parameter.choices))
        else:
            axes.append((np.arange(levels) + 0.5) / levels)
            shares.append(np.ones(levels))
    points = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    weights = np.stack([axis.ravel() for axis in np.meshgrid(*shares, indexing="ij")], axis=1)
    return points, weights.prod(axis=1)


def draw_samples(
    space: Space,
    count: int | None = None,
    seed: int = 0,
    sampler: str | None = None,
    *,
    calibration: Warp | None = None,
) -> Samples:
    """Exactly ``count`` samples, all of them accepted by the scenario's own constraints.

    Stochastic spaces are sampled through each law's quantile function, by one of :data:`SAMPLERS`; draws that the
    constraints refuse are replaced by others. Deterministic spaces give the combinations that the constraints accept,
    in order, spread over the file.

    Args:
        count: None takes all combinations of a deterministic space, and ten draws from a stochastic one.
        sampler: for stochastic spaces; None takes Latin hypercubes. For :data:`GRID` see :func:`grid`; ``count`` is
            that of a full one.
        calibration: spread samples evenly in influence instead of in probability, with weights.

    Raises:
        ScenarioError: fewer than one sample, an unknown sampler, a sampler for a deterministic space, fewer samples to
            be had than asked for, or constraints that refuse the space; they are named.
    """
    if count is not None and count < 1:
        raise ScenarioError(f"{count} instances asked for", element="-n", remedy="ask for at least one")
    if sampler is not None and sampler not in (*SAMPLERS, GRID):
        raise ScenarioError(f"no sampler '{sampler}'", element="--sampler",
                            remedy=did_you_mean(sampler, (*SAMPLERS, GRID)))  # fmt: skip
    if calibration is not None:
        calibration.check(space)
        if not space.stochastic:
            raise ScenarioError("this space lists its values, there is nothing to spread", file=space.path,
                                element="--calibration", remedy="leave --calibration out")  # fmt: skip
    if not space.stochastic:
        return Samples.plain(_combinations(space, count, sampler), seed, "listed")
    if sampler == GRID:
        return _full_grid(space, count, seed, calibration)
    method = sampler or DEFAULT_SAMPLER
    runs, weights = _drawn(space, DEFAULT_COUNT if count is None else count, seed, method, calibration)
    return Samples.plain(runs, seed, f"{method}, calibrated" if calibration else method, weights)


def draw_instances(
    space: Space, count: int | None = None, seed: int = 0, sampler: str | None = None
) -> list[dict[str, str]]:
    """The parameter values of :func:`draw_samples`."""
    return list(draw_samples(space, count, seed, sampler).instances)


def _combinations(space: Space, count: int | None, sampler: str | None) -> list[dict[str, str]]:
    """Accepted combinations of a deterministic space, all or evenly spread over the file."""
    if sampler is not None:
        raise ScenarioError(
            f"this space lists its values, there is nothing for '{sampler}' to draw", file=space.path,
            element="--sampler", remedy="leave --sampler out, or write the space with Stochastic distributions",
        )  # fmt: skip
    refused: ScenarioError | None = None
    accepted, listed = [], 0
    for run in space.combinations():
        listed += 1
        refusal = space.refusal(run)
        if refusal is None:
            accepted.append(run)
        refused = refused or refusal
    wanted = len(accepted) if count is None else count
    if wanted > len(accepted) or not accepted:
        why = f" that the scenario accepts, of {listed} ({reason(refused)})" if refused else ""
        remedy = f"ask for at most {len(accepted)}, or widen the space" if accepted else "mend the space"
        raise ScenarioError(
            f"this space has {len(accepted)} combinations{why}" + (f", {count} are asked for" if count else ""),
            file=space.path, element="-n", remedy=remedy,
        )  # fmt: skip
    return [accepted[int(index)] for index in np.linspace(0, len(accepted) - 1, wanted).round()]


def _full_grid(space: Space, count: int | None, seed: int, calibration: Warp | None) -> Samples:
    """Nothing can be drawn in place of a grid point, so every one must be accepted."""
    listed = math.prod(len(p.choices) for p in space.parameters.values() if p.choices)
    open_axes = sum(not p.choices for p in space.parameters.values())
    levels = 2 if count is None else _levels(count / listed, open_axes)
    total = listed * levels**open_axes
    if levels < 1 or (count is not None and total != count):
        sizes = sorted({listed * max(each, 1) ** open_axes for each in (levels, levels + 1)})
        raise ScenarioError(
            f"{count} points make no full grid of {len(space.parameters)} parameters", file=space.path,
            element="--sampler", remedy=f"ask for {' or '.join(map(str, sizes))}, or take another sampler",
        )  # fmt: skip
    points, weights = grid(space, levels)
    if calibration is not None:
        points, more = calibration.positions(space, points)
        weights = weights * more
    runs = space.values(points)
    refused = [refusal for run in runs if (refusal := space.refusal(run)) is not None]
    if refused:
        raise ScenarioError(
            f"the scenario refuses {len(refused)} of {total} grid points: {reason(refused[0])}", file=space.path,
            element="--sampler", remedy="narrow the space, or take a sampler that draws anew, such as lhs",
        )  # fmt: skip
    return Samples.plain(runs, seed, GRID, weights)


def _levels(points: float, dimensions: int) -> int:
    """Levels of the largest full grid of at most so many points; 0 where there is none."""
    if points < 1 or dimensions == 0:
        return int(points >= 1)
    levels = round(points ** (1.0 / dimensions))
    return levels if levels**dimensions <= points else levels - 1


def _drawn(
    space: Space, count: int, seed: int, sampler: str, calibration: Warp | None
) -> tuple[list[dict[str, str]], F64]:
    kept: list[dict[str, str]] = []
    weights: list[float] = []
    tried, refused = 0, None
    for attempt in range(_ATTEMPTS):
        missing = count - len(kept)
        unit = SAMPLERS[sampler](len(space.parameters), missing, np.random.default_rng([seed, attempt]))
        points, weighed = calibration.positions(space, unit) if calibration else (unit, np.ones(missing))
        for run, weight in zip(space.values(points), weighed, strict=True):
            refusal = space.refusal(run)
            if refusal is None:
                kept.append(run)
                weights.append(float(weight))
            refused = refusal or refused
        tried += missing
        if len(kept) == count:
            return kept, np.array(weights)
    assert refused is not None, "draws are missing only where some were refused"
    raise ScenarioError(
        f"the scenario refuses {tried - len(kept)} of {tried} draws, the last because {reason(refused)}",
        file=space.path, remedy="narrow the space, or widen the scenario's constraints",
    )  # fmt: skip


def reason(refusal: ScenarioError) -> str:
    """A refusal in one line: the parameter, the value, and the constraint with its place."""
    where = f", {refusal.file.name}:{refusal.line}" if refusal.file and refusal.line else ""
    return f"{refusal.problem} ({refusal.remedy}{where})" if refusal.remedy else refusal.problem
