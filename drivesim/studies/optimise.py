"""Searching for failures without asking how probable they are: optimisers that ask for points and are told margins.

The optimisers are those of well-kept libraries (extra ``search``): CMA-ES of ``cmaes``, tree-structured Parzen
estimators and NSGA-II of ``optuna``; the bandit over slices of each axis is a few lines.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from drivesim.errors import DrivesimError
from drivesim.studies.parameter import F64
from drivesim.studies.rare import Estimate

Objectives = Callable[[F64], F64]
"""Values (N, K) of points (N, D) of the unit cube, all to be made small; the first is the margin."""

_SLICES = 10
"""Arms of the bandit along each axis."""
_GOOD = 0.1
"""Share of the points told so far that the bandit rewards."""
_CURIOUS = 0.5
"""Of the bandit: weight of the upper confidence bound's width (Auer et al. 2002 have 2 ** 0.5, for rewards that do not
depend on other axes)."""
_WIDE = 0.3
"""Standard deviation with which CMA-ES begins, about a third of the unit cube (Hansen 2016)."""


class Optimiser(Protocol):
    """Asks for points and is told what they came to."""

    def ask(self) -> F64:
        """(N, D) points of the unit cube, N as it likes."""
        ...

    def tell(self, points: F64, values: F64) -> None:
        """``values`` (N, K) of the points last asked for."""
        ...


class CmaEs:
    """Evolution of a normal distribution (Hansen & Ostermeier 2001), begun anew elsewhere when it has converged."""

    def __init__(self, dimensions: int, seed: int) -> None:
        self._library = _library("cmaes")
        # CMA-ES has no one-dimensional form: an axis that changes nothing stands in.
        self._axes, self._inner = dimensions, max(dimensions, 2)
        self._random = np.random.default_rng([seed, 6])
        self._begin(np.full(self._inner, 0.5))

    def _begin(self, mean: F64) -> None:
        bounds = np.tile([0.0, 1.0], (self._inner, 1))
        seed = int(self._random.integers(2**31))
        self._evolution = self._library.CMA(mean=mean, sigma=_WIDE, bounds=bounds, seed=seed)

    def ask(self) -> F64:
        self._asked = np.array([self._evolution.ask() for _ in range(self._evolution.population_size)])
        return self._asked[:, : self._axes]

    def tell(self, points: F64, values: F64) -> None:
        told = [(asked, float(value)) for asked, value in zip(self._asked, values[:, 0], strict=False)]
        if len(told) < self._evolution.population_size:
            return  # the last generation of a budget that does not divide: nothing follows
        self._evolution.tell(told)
        if self._evolution.should_stop():
            self._begin(self._random.random(self._inner))


class Trials:
    """A study of Optuna: Parzen estimators for one objective, NSGA-II for several."""

    def __init__(self, dimensions: int, seed: int, objectives: int = 1) -> None:
        optuna = _library("optuna")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # multivariate estimators are marked experimental
            sampler = (
                optuna.samplers.TPESampler(seed=seed, multivariate=True)
                if objectives == 1
                else optuna.samplers.NSGAIISampler(seed=seed, population_size=_POPULATION)
            )
        self._study = optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)
        self._space = {f"u{axis}": optuna.distributions.FloatDistribution(0.0, 1.0) for axis in range(dimensions)}

    def ask(self) -> F64:
        self._trial = self._study.ask(self._space)
        return np.array([[self._trial.params[name] for name in self._space]])

    def tell(self, points: F64, values: F64) -> None:
        self._study.tell(self._trial, [float(value) for value in values[0]])


_POPULATION = 40
"""Points of a generation of NSGA-II; a search has a few hundred runs."""


class Bandit:
    """An arm for every slice of each axis, drawn by upper confidence bounds of how often it was among the best."""

    def __init__(self, dimensions: int, seed: int) -> None:
        self._random = np.random.default_rng([seed, 7])
        self._arms = np.empty((0, dimensions), dtype=int)
        self._margins = np.empty(0)
        self._axes = dimensions

    def ask(self) -> F64:
        count = len(self._margins)
        if count < 2 * _SLICES:
            return self._random.random((2 * _SLICES, self._axes))
        best = self._margins <= np.quantile(self._margins, _GOOD)
        point = np.empty(self._axes)
        for axis in range(self._axes):
            arms = self._arms[:, axis]
            pulled = np.bincount(arms, minlength=_SLICES)
            won = np.bincount(arms[best], minlength=_SLICES)
            bound = won / np.maximum(pulled, 1) + _CURIOUS * np.sqrt(np.log(count) / np.maximum(pulled, 1))
            chosen = self._random.choice(np.flatnonzero(np.where(pulled == 0, np.inf, bound) >= bound.max()))
            point[axis] = (chosen + self._random.random()) / _SLICES
        return point[None]

    def tell(self, points: F64, values: F64) -> None:
        arms = np.minimum((points * _SLICES).astype(int), _SLICES - 1)
        self._arms = np.concatenate([self._arms, arms])
        self._margins = np.concatenate([self._margins, values[:, 0]])


OPTIMISERS: dict[str, Callable[[int, int], Optimiser]] = {
    "bandit": Bandit,
    "bayesian": Trials,
    "cmaes": CmaEs,
    "nsga2": lambda dimensions, seed: Trials(dimensions, seed, 2),
}
"""By name: dimensions, seed. ``nsga2`` has two objectives, the others look at the margin only."""


def optimise(optimiser: Optimiser, objectives: Objectives, runs: int, method: str) -> Estimate:
    """All points that ``runs`` evaluations asked for; how probable their failures are remains open."""
    points: list[F64] = []
    values: list[F64] = []
    played = 0
    while played < runs:
        asked = optimiser.ask()[: runs - played]
        found = objectives(asked)
        optimiser.tell(asked, found)
        points.append(asked)
        values.append(found)
        played += len(asked)
    margins = np.concatenate(values)[:, 0]
    return Estimate(np.nan, 0.0, 1.0, np.inf, 0.0, np.concatenate(points), margins, np.ones(played), method)


def distinct(points: F64, apart: float = 0.1) -> list[int]:
    """Rows of points (N, D) of the unit cube, in order, that are farther than ``apart`` from all rows taken before."""
    taken: list[int] = []
    for row, point in enumerate(points):
        if not taken or float(np.linalg.norm(points[taken] - point, axis=1).min()) > apart:
            taken.append(row)
    return taken


def _library(name: str) -> Any:
    """
    Raises:
        DrivesimError: it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DrivesimError(
            f"this search needs {name}", element="--method", remedy="install it: pip install 'drivesim[search]'"
        ) from error
