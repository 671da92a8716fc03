"""Rare events: how probable is a failure that chance alone would hardly ever show, and which instances fail?

A *limit* gives a margin for every point of the unit cube; a failure is a margin of 0 or less. Both methods work in
standard normal space (z, with u = Phi(z)), where the space's own laws are one and the same density.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from drivesim.errors import DrivesimError
from drivesim.studies.importance import effective_sample_size
from drivesim.studies.parameter import F64
from drivesim.studies.statistics import wilson

Limit = Callable[[F64], F64]
"""Margins (N,) of points (N, D) of the unit cube."""

_Z95 = 1.959963984540054
CONDITIONAL = 0.1
"""Share of samples that goes on to the next level of a subset simulation (Au & Beck 2001)."""
_ACCEPTED = 0.44
"""Acceptance that a chain's steps are adapted to (Papaioannou et al. 2015)."""
_MOST_LEVELS = 20
_ELITE = 0.1
"""Share of samples that a cross-entropy proposal is fitted to."""
_OWN = 0.2
"""Share of a cross-entropy estimate's points that follow the space's own laws."""
_WIDEST, _NARROWEST = 2.0, 0.3
"""Standard deviations of a cross-entropy proposal, per axis."""


@dataclass(frozen=True)
class Estimate:
    """A failure probability, and what was played for it.

    Attributes:
        probability: of a failure under the space's own laws; NaN from a search that leaves it open.
        low, high: 95 % confidence limits. variation: coefficient of variation of ``probability``; inf without failures.
        size: effective sample size among the failures.
        points: (N, D) of the unit cube, every one that was played; margins: (N,).
        weights: (N,) nominal over sampling density; with them, means are those of the space's own laws.
        method: as on the command line.
    """

    probability: float
    low: float
    high: float
    variation: float
    size: float
    points: F64
    margins: F64
    weights: F64
    method: str

    @property
    def failures(self) -> int:
        return int(np.count_nonzero(self.margins <= 0))


def by_chance(limit: Limit, dimensions: int, runs: int, seed: int) -> Estimate:
    """Independent draws, and Wilson's interval."""
    points = np.random.default_rng([seed, 3]).random((runs, dimensions))
    margins = limit(points)
    failures = int(np.count_nonzero(margins <= 0))
    found = wilson(failures, runs)
    variation = np.sqrt((1.0 - found.estimate) / (runs * found.estimate)) if failures else np.inf
    return Estimate(found.estimate, found.low, found.high, float(variation), float(failures), points, margins,
                    np.ones(runs), "random")  # fmt: skip


def cross_entropy(limit: Limit, dimensions: int, runs: int, seed: int) -> Estimate:
    """Importance sampling whose normal proposal moves towards failures, level by level (Rubinstein & Kroese 2004).

    Once it has been fitted to failures twice, or after six tenths of ``runs``, the proposal stays, and only what is
    drawn from then on counts in the estimate: four of five points from it, the fifth by the space's own laws, so that
    no weight exceeds 5. Points of the way there are kept with weight 0.
    """
    rng = np.random.default_rng([seed, 4])
    batch = max(runs // 10, min(runs // 4, 50))
    mean, deviation = np.zeros(dimensions), np.ones(dimensions)
    proposals: list[tuple[F64, F64, int]] = []
    points, margins = np.empty((0, dimensions)), np.empty(0)
    fits = 0
    while fits < 2 and len(points) + batch <= 0.6 * runs:
        proposals.append((mean, deviation, batch))
        fresh = mean + deviation * rng.standard_normal((batch, dimensions))
        points, margins = np.concatenate([points, fresh]), np.concatenate([margins, limit(norm.cdf(fresh))])
        level = max(float(np.quantile(margins[-batch:], _ELITE)), 0.0)
        fits += level <= 0.0
        share = _mixture_weights(points, proposals) * (margins <= level)
        share = share / share.sum()
        # Few failures say little: the fit is drawn towards the space's own law, as if it had shown one point per axis.
        trust = (size := effective_sample_size(share)) / (size + dimensions)
        centre = share @ points
        spread = trust * (share @ np.square(points - centre)) + (1.0 - trust)
        mean, deviation = trust * centre, np.clip(np.sqrt(spread), _NARROWEST, _WIDEST)
    count = runs - len(points)
    own = rng.random(count) < _OWN
    fresh = np.where(own[:, None], 0.0, mean) + np.where(own[:, None], 1.0, deviation) * rng.standard_normal(
        (count, dimensions)
    )
    found = limit(norm.cdf(fresh))
    ratio = np.exp(np.sum(norm.logpdf(fresh, mean, deviation), axis=1) - np.sum(norm.logpdf(fresh), axis=1))
    weights = 1.0 / (_OWN + (1.0 - _OWN) * ratio)
    failed = weights * (found <= 0)
    probability = float(failed.mean())
    variation = float(failed.std(ddof=1) / np.sqrt(count)) / probability if probability > 0 else np.inf
    low, high = _log_limits(probability, variation)
    # Nothing found: the rule of three, for those points that followed the space's own laws.
    plain = int(own.sum()) + (batch if not (margins[:batch] <= 0).any() else 0)
    high = high if probability > 0 else min(3.0 / max(plain, 1), 1.0)
    return Estimate(
        probability, low, high, variation, effective_sample_size(failed), norm.cdf(np.concatenate([points, fresh])),
        np.concatenate([margins, found]), np.concatenate([np.zeros(len(points)), weights * runs / count]),
        "cross_entropy",
    )  # fmt: skip


def _mixture_weights(points: F64, proposals: list[tuple[F64, F64, int]]) -> F64:
    """(N,) nominal density over that of the mixture from which all points were drawn (Veach & Guibas 1995)."""
    nominal = np.sum(norm.logpdf(points), axis=1)
    total = sum(count for _, _, count in proposals)
    ratios = [
        count / total * np.exp(np.sum(norm.logpdf(points, mean, deviation), axis=1) - nominal)
        for mean, deviation, count in proposals
    ]
    return np.asarray(1.0 / np.sum(ratios, axis=0))


def subset(limit: Limit, dimensions: int, runs: int, seed: int) -> Estimate:
    """Subset simulation (Au & Beck 2001): a rare failure as a product of levels that are each not rare.

    Chains move by conditional sampling with adapted steps (Papaioannou et al. 2015). A level takes a quarter of
    ``runs``, and levels are added until failures are common: ``runs`` is kept only roughly. The coefficient of
    variation takes the chains' correlation into account.

    Raises:
        DrivesimError: the margin is flat, so that no level lies below another.
    """
    rng = np.random.default_rng([seed, 5])
    count = max(runs // 4 // 10 * 10, 20)
    z = rng.standard_normal((count, dimensions))
    g = limit(norm.cdf(z))
    chains = count
    probability, squared = 1.0, 0.0
    everything: list[tuple[F64, F64, F64]] = []
    step = 0.6
    for _ in range(_MOST_LEVELS):
        threshold = max(float(np.partition(g, int(CONDITIONAL * count))[int(CONDITIONAL * count)]), 0.0)
        inside = g <= threshold
        share = float(inside.mean())
        squared += _squared_variation(inside, chains)
        last = threshold <= 0.0
        weights = np.full(count, probability) if last else np.where(inside, 0.0, probability)
        everything.append((z, g, weights))
        probability *= share
        if last:
            break
        if share > 0.9:
            raise DrivesimError(
                f"{100 * share:.0f} % of the instances have the same margin, {threshold:.3g}: no level lies below it",
                element="--method", remedy="widen the space, or use --method random",
            )  # fmt: skip
        starts = rng.permutation(np.flatnonzero(inside))[: max(int(CONDITIONAL * count), 1)]
        chains = len(starts)
        z, g, step = _walk(limit, z[starts], g[starts], threshold, count, step, rng)
    points, margins, weights = (np.concatenate(part) for part in zip(*everything, strict=True))
    failed = weights * (margins <= 0)
    if not failed.any():
        return Estimate(0.0, 0.0, probability, np.inf, 0.0, norm.cdf(points), margins, weights, "subset")
    variation = float(np.sqrt(squared))
    low, high = _log_limits(probability, variation)
    # Each level's weights add up to its share of the whole law.
    return Estimate(probability, low, high, variation, effective_sample_size(failed), norm.cdf(points), margins,
                    weights * len(points) / count, "subset")  # fmt: skip


def _walk(
    limit: Limit, z: F64, g: F64, threshold: float, count: int, step: float, rng: np.random.Generator
) -> tuple[F64, F64, float]:
    """``count`` states of chains from ``z`` that stay below ``threshold``, chain after chain within each round."""
    states, margins = [z], [g]
    rounds = -(-count // len(z))
    for number in range(1, rounds):
        candidate = np.sqrt(1.0 - step**2) * z + step * rng.standard_normal(z.shape)
        found = limit(norm.cdf(candidate))
        better = found <= threshold
        z, g = np.where(better[:, None], candidate, z), np.where(better, found, g)
        states.append(z)
        margins.append(g)
        step = float(np.clip(step * np.exp((better.mean() - _ACCEPTED) / np.sqrt(number)), 0.05, 0.99))
    return np.concatenate(states)[:count], np.concatenate(margins)[:count], step


def _squared_variation(inside: np.ndarray, chains: int) -> float:
    """Squared coefficient of variation of a level's share, correlation along chains included (Au & Beck 2001)."""
    count, share = len(inside), float(inside.mean())
    if share in (0.0, 1.0):
        return 0.0
    length = count // chains
    table = inside[: length * chains].reshape(length, chains).astype(float) - share
    variance = share * (1.0 - share)
    gamma = 0.0
    for lag in range(1, length):
        correlation = float((table[:-lag] * table[lag:]).mean()) / variance
        gamma += 2.0 * (1.0 - lag / length) * correlation
    return (1.0 - share) / (share * count) * (1.0 + max(gamma, 0.0))


def _log_limits(probability: float, variation: float) -> tuple[float, float]:
    """95 % limits of an estimate whose logarithm is normal; an estimate below zero would say nothing."""
    if not probability > 0.0:
        return 0.0, 1.0
    sigma = np.sqrt(np.log1p(variation**2))
    return float(probability * np.exp(-_Z95 * sigma)), float(min(probability * np.exp(_Z95 * sigma), 1.0))


METHODS: dict[str, Callable[[Limit, int, int, int], Estimate]] = {
    "random": by_chance,
    "cross_entropy": cross_entropy,
    "subset": subset,
}
"""By name: limit, dimensions, runs, seed."""
