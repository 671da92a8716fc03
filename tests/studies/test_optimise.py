"""Optimisers against chance on functions with known answers."""

import sys

import numpy as np
import pytest
from scipy.stats import norm

from drivesim.errors import DrivesimError
from drivesim.studies.optimise import OPTIMISERS, Bandit, distinct, optimise
from drivesim.studies.rare import by_chance

NEEDS = {"cmaes": "cmaes", "bayesian": "optuna", "nsga2": "optuna"}


def made(name, dimensions, seed):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    return OPTIMISERS[name](dimensions, seed)


def corner(unit):
    """(N, 1) margins of a plane in normal space behind which one in a thousand lies."""
    normal = np.full(unit.shape[1], unit.shape[1] ** -0.5)
    return (-norm.ppf(1e-3) - norm.ppf(np.clip(unit, 1e-300, 1 - 1e-16)) @ normal)[:, None]


@pytest.mark.parametrize("name", ["bandit", "cmaes"])
def test_many_times_what_chance_finds_in_four_dimensions(name):
    for seed in range(4):
        found = optimise(made(name, 4, seed), corner, 1000, name)
        chance = by_chance(lambda unit: corner(unit)[:, 0], 4, 1000, seed)
        assert len(found.points) == 1000
        assert found.failures >= 5 * max(chance.failures, 1)
        assert np.isnan(found.probability)


def boundary(unit):
    """(N, 1) distances from a small ball in three dimensions, the axes of which count differently."""
    return np.linalg.norm((unit - [0.8, 0.25, 0.6]) * [1.0, 2.0, 0.7], axis=1)[:, None] - 0.02


@pytest.mark.parametrize("name", ["bayesian", "cmaes", "bandit"])
def test_the_best_of_sixty_runs_is_better_than_that_of_chance(name):
    best = [optimise(made(name, 3, seed), boundary, 60, name).margins.min() for seed in range(10)]
    chance = [boundary(np.random.default_rng(seed).random((60, 3))).min() for seed in range(10)]
    assert np.median(best) < 0.6 * np.median(chance)


def two(unit):
    """(N, 2) Two aims that contradict each other: distances from two corners of a slab, which is itself rarely met."""
    slab = 2.0 * np.abs(unit[:, 2:] - 0.7).sum(axis=1)
    return (
        np.stack([np.hypot(unit[:, 0], unit[:, 1]), np.hypot(unit[:, 0] - 1, unit[:, 1] - 1)], axis=1) + slab[:, None]
    )


def volume(values, reference):
    """Area that is dominated by points (N, 2), up to a reference point."""
    total, ceiling = 0.0, reference[1]
    for first, second in sorted(map(tuple, values)):
        if first < reference[0] and second < ceiling:
            total += (reference[0] - first) * (ceiling - second)
            ceiling = second
    return total


def test_two_aims_at_once_reach_farther_than_chance():
    ratios = []
    for seed in range(3):
        seen = []

        def objectives(unit, seen=seen):
            seen.append(two(unit))
            return seen[-1]

        optimise(made("nsga2", 5, seed), objectives, 400, "nsga2")
        chance = two(np.random.default_rng(seed).random((400, 5)))
        ratios.append(volume(np.concatenate(seen), (1.5, 1.5)) / volume(chance, (1.5, 1.5)))
    assert np.median(ratios) >= 1.3


def test_failures_of_many_kinds_are_found():
    """Ten and more that are farther than 0.1 apart."""
    found = optimise(made("cmaes", 4, 0), corner, 2000, "cmaes")
    failed = found.points[found.margins <= 0]
    kinds = failed[distinct(failed)]
    assert len(kinds) >= 10
    apart = np.linalg.norm(kinds[:, None] - kinds[None], axis=2)[np.triu_indices(len(kinds), 1)]
    assert apart.min() > 0.1


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
@pytest.mark.parametrize("dimensions", [1, 3])
def test_points_lie_in_the_unit_cube_and_repeat(name, dimensions):
    def aims(unit):
        return np.stack([unit[:, 0], -unit[:, 0]], axis=1)[:, : 1 + (name == "nsga2")]

    first, again = (optimise(made(name, dimensions, 5), aims, 33, name) for _ in range(2))
    assert first.points.shape == (33, dimensions)
    assert ((first.points >= 0) & (first.points <= 1)).all()
    assert (first.points == again.points).all()


def test_the_bandit_goes_where_it_was_best():
    bandit = Bandit(2, 0)
    points = np.concatenate([np.random.default_rng(seed).random((100, 2)) for seed in range(4)])
    bandit.tell(points, np.abs(points[:, :1] - 0.35))
    asked = np.concatenate([bandit.ask() for _ in range(50)])
    assert ((asked[:, 0] >= 0.2) & (asked[:, 0] < 0.5)).mean() > 0.8


def test_a_library_that_is_missing_is_said(monkeypatch):
    for name, library in NEEDS.items():
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(DrivesimError, match=rf"needs {library}\. Install it: pip install 'drivesim\[search\]'"):
            OPTIMISERS[name](2, 0)
