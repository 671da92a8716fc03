"""Statistics of paired studies, each under the name it has in textbooks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from drivesim.errors import DrivesimError


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its confidence limits."""

    estimate: float
    low: float
    high: float


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided exact p-value that two paired proportions are equal (McNemar 1947; binomial test).

    Args:
        only_first, only_second: pairs in which only the first, only the second, had the event.
    """
    pairs = only_first + only_second
    return float(stats.binomtest(only_first, pairs, 0.5).pvalue) if pairs else 1.0


def mcnemar_mid_p(only_first: int, only_second: int) -> float:
    """Mid-p version of :func:`mcnemar_exact` (Fagerland, Lydersen & Laake 2013): less conservative."""
    pairs = only_first + only_second
    if pairs == 0:
        return 1.0
    smaller = min(only_first, only_second)
    return float(min(1.0, 2.0 * stats.binom.cdf(smaller, pairs, 0.5) - stats.binom.pmf(smaller, pairs, 0.5)))


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """A proportion and its Wilson score interval (Wilson 1927)."""
    if trials == 0:
        return Interval(math.nan, 0.0, 1.0)
    found = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(successes / trials, float(found.low), float(found.high))


def poisson_rate(events: int, exposure: float, confidence: float = 0.95) -> Interval:
    """Events per unit of exposure with the exact interval (Garwood 1936)."""
    if exposure <= 0.0:
        return Interval(math.nan, 0.0, math.inf)
    tail = (1.0 - confidence) / 2.0
    low = float(stats.chi2.ppf(tail, 2 * events)) / 2.0 if events else 0.0
    high = float(stats.chi2.ppf(1.0 - tail, 2 * events + 2)) / 2.0
    return Interval(events / exposure, low / exposure, high / exposure)


def bootstrap_mean(differences: ArrayLike, *, seed: int = 0, confidence: float = 0.95, draws: int = 10_000) -> Interval:
    """Mean of paired differences with its bias-corrected and accelerated bootstrap interval (Efron 1987).

    Differences that are all the same have no spread to resample: the interval is the value itself.
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(values.mean())
    if np.ptp(values) == 0.0:
        return Interval(mean, mean, mean)
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=draws, confidence_level=confidence, method="BCa", batch=1000,
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return Interval(mean, float(found.low), float(found.high))


def bootstrap_variance_ratio(
    first: ArrayLike, second: ArrayLike, *, seed: int = 0, confidence: float = 0.95, draws: int = 10_000
) -> Interval:
    """What pairing leaves of the variance of a difference, Var(b - a) / (Var(a) + Var(b)), of pairs (N,) and (N,).

    The interval is the percentile bootstrap's over pairs (Efron 1979), of the resamples in which anything differs; all
    is NaN where nothing does.
    """
    pairs = np.stack([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)])
    if not np.ptp(pairs, axis=1).any():
        return Interval(math.nan, math.nan, math.nan)

    def ratio(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of samples (2, ..., N), (...)."""
        apart = values.var(axis=-1).sum(axis=0)
        with np.errstate(invalid="ignore"):
            return np.asarray((values[1] - values[0]).var(axis=-1) / apart)

    random, count, batch = np.random.default_rng(seed), pairs.shape[1], 100
    drawn = [ratio(pairs[:, random.integers(count, size=(batch, count))]) for _ in range(-(-draws // batch))]
    tail = (1.0 - confidence) / 2.0
    low, high = np.nanquantile(np.concatenate(drawn), [tail, 1.0 - tail])
    return Interval(float(ratio(pairs)), float(low), float(high))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values that hold for all comparisons together (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return adjusted


def pairs_needed(only_first: float, only_second: float, *, power: float = 0.8, level: float = 0.05) -> int | None:
    """Pairs with which McNemar's test finds a true difference (Connor 1987); None where there is none to find.

    Args:
        only_first, only_second: probabilities of the two kinds of disagreement.
        power: chance of finding it. level: of the two-sided test.
    """
    for value in (only_first, only_second):
        if not 0.0 <= value <= 1.0:
            raise DrivesimError(f"{value} is no probability", remedy="give shares between 0 and 1")
    discordant, difference = only_first + only_second, abs(only_first - only_second)
    if difference < 1e-12:
        return None
    z_level, z_power = stats.norm.ppf(1.0 - level / 2.0), stats.norm.ppf(power)
    root = z_level * math.sqrt(discordant) + z_power * math.sqrt(max(discordant - difference**2, 0.0))
    return math.ceil((root / difference) ** 2 - 1e-9)
