"""Adaptive stress testing: the likeliest choices of a person that end in a failure.

Lee et al. 2015 have the method, Koren et al. 2018 the person on a crosswalk. A run is a sequence of choices, each a
quantile of the law that the person's behaviour draws from; which choices come depends on those before. Monte Carlo tree
search with progressive widening (Couetoux et al. 2011) looks for failures, and what it finds is then moved towards the
usual, choice by choice, as far as it still fails.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri

MOST_CHOICES = 32
"""Choices in a run that are searched; later ones are left to chance."""
_SEARCH = 0.7
"""Share of the runs for the tree; the rest moves failures towards the usual."""
_WIDENING = 0.7
"""A node of the tree has as many children as its visits to this power."""
_CURIOUS = math.sqrt(2.0)
"""Weight of the upper confidence bound's width (Kocsis & Szepesvari 2006), for rewards from 0 to 1."""
_SAFE = 20.0
"""What a run without failure costs, beside its margin: more than nearly all choices together cost in likelihood."""
_PER_METRE = 0.5
"""What a metre of margin costs."""
_CANDIDATES = 8
"""Failures that are moved towards the usual, at most, the likeliest first."""
_NUDGE = 0.5
"""Normal scores, standard deviation, by which a new value lies off the best one so far."""
_NEAR = 0.03
"""Normal scores between the last value that fails and one that does not, where a choice is left alone."""
_EDGE = 1e-9
"""Quantiles stay this far from 0 and 1, where there is no normal score."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One run.

    Attributes:
        quantiles: of all choices made, in order; usual: of the likeliest values; likelihoods: logarithms, see
            :class:`~drivesim.world.decisions.Decision`.
        margin: 0 or less is a failure.
    """

    quantiles: tuple[float, ...]
    usual: tuple[float, ...]
    likelihoods: tuple[float, ...]
    margin: float

    @property
    def log_likelihood(self) -> float:
        return float(sum(self.likelihoods))

    @property
    def failed(self) -> bool:
        return self.margin <= 0.0

    @property
    def reward(self) -> float:
        return self.log_likelihood - (0.0 if self.failed else _SAFE + _PER_METRE * self.margin)


Roll = Callable[[Sequence[float]], Rollout]
"""Plays a run with these quantiles for its first choices; given :data:`MOST_CHOICES`, it leaves few to chance."""


@dataclass(slots=True)
class _Node:
    visits: int = 0
    total: float = 0.0
    best: float = -math.inf
    ends: bool = False
    children: dict[float, _Node] = field(default_factory=dict)


def stress(roll: Roll, runs: int, seed: int) -> list[Rollout]:
    """Failures that ``runs`` runs found, the likeliest first."""
    rng = np.random.default_rng([seed, 8])
    tree = _Tree(rng)
    failures: dict[tuple[float, ...], Rollout] = {}
    played = 0
    while played < (_SEARCH * runs if failures else runs):
        played += 1
        found = tree.grow(roll)
        if found.failed:
            failures[found.quantiles] = found
    for found in _usual(roll, _likeliest(failures), runs - played):
        failures[found.quantiles] = found
    return _likeliest(failures)


def _likeliest(failures: dict[tuple[float, ...], Rollout]) -> list[Rollout]:
    return sorted(failures.values(), key=lambda found: (-found.log_likelihood, found.quantiles))


class _Tree:
    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._root = _Node()
        self._low, self._high = math.inf, -math.inf

    def grow(self, roll: Roll) -> Rollout:
        """One run: down the tree to a new node, on by chance, and its reward back up."""
        path, quantiles = [self._root], list[float]()
        while len(quantiles) < MOST_CHOICES and not path[-1].ends:
            node = path[-1]
            if len(node.children) < max(node.visits, 1) ** _WIDENING:
                quantile = self._proposed(node)
                node.children[quantile] = _Node()
                fresh = True
            else:
                quantile = max(node.children, key=lambda each: self._bound(node, node.children[each]))
                fresh = False
            path.append(node.children[quantile])
            quantiles.append(quantile)
            if fresh:
                break
        rest = self._rng.random(MOST_CHOICES - len(quantiles)).tolist()
        found = roll([*quantiles, *rest])
        made = len(found.quantiles)
        if made < len(path):  # choices that were never asked for
            path[made].ends = True
            path[made].children.clear()
        self._low, self._high = min(self._low, found.reward), max(self._high, found.reward)
        for node in path[: made + 1]:
            node.visits += 1
            node.total += found.reward
            node.best = max(node.best, found.reward)
        return found

    def _proposed(self, node: _Node) -> float:
        """A new value of a choice: by its law, or every other time near the one that came to most."""
        if not node.children or self._rng.random() < 0.5:
            return float(self._rng.random())
        best = max(node.children, key=lambda each: node.children[each].best)
        return float(ndtr(_score(best) + _NUDGE * self._rng.standard_normal()))

    def _bound(self, parent: _Node, child: _Node) -> float:
        if child.visits == 0:
            return math.inf
        width = self._high - self._low
        mean = (child.total / child.visits - self._low) / width if width > 0.0 else 0.5
        return mean + _CURIOUS * math.sqrt(math.log(parent.visits) / child.visits)


def _usual(roll: Roll, failures: Sequence[Rollout], runs: int) -> list[Rollout]:
    """Failures on the way from found ones towards the usual, choice by choice, the most unusual choice first."""
    budget = _Budget(roll, runs)
    found = list[Rollout]()
    for start in failures[:_CANDIDATES]:
        best, moved = start, True
        while moved:
            moved = False
            for place in np.argsort(best.likelihoods, kind="stable").tolist():
                if place < len(best.quantiles):
                    better = _nearer(budget, best, place)
                    moved |= better is not best
                    best = better
            if moved:
                found.append(best)
    return found


class _Budget:
    def __init__(self, roll: Roll, runs: int) -> None:
        self._roll, self._left = roll, runs

    def try_with(self, run: Rollout, place: int, quantile: float) -> Rollout | None:
        """The run with another choice at one place; None once all runs are spent."""
        if self._left <= 0:
            return None
        self._left -= 1
        return self._roll([*run.quantiles[:place], quantile, *run.quantiles[place + 1 :]])


def _nearer(budget: _Budget, run: Rollout, place: int) -> Rollout:
    """The same failure with one choice as near to the usual as it still fails: bisection in normal scores."""
    best = run
    good, bad = _score(run.quantiles[place]), _score(run.usual[place])
    tried: float = bad
    while abs(bad - good) > _NEAR:
        found = budget.try_with(best, place, run.usual[place] if tried == bad else float(ndtr(tried)))
        if found is None:
            break
        if found.failed and found.log_likelihood > best.log_likelihood:
            best, good = found, tried
        else:
            bad = tried
        tried = 0.5 * (good + bad)
    return best


def _score(quantile: float) -> float:
    """The normal score of a quantile."""
    return float(ndtri(min(max(quantile, _EDGE), 1.0 - _EDGE)))
