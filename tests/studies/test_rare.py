"""Rare events against closed forms: linear limits in normal space, whose failure probability is Phi(-beta)."""

import numpy as np
import pytest
from scipy.stats import norm

from drivesim.errors import DrivesimError
from drivesim.studies.rare import by_chance, cross_entropy, subset


def linear(dimensions, probability):
    """A plane at distance beta from the origin, skew to all axes."""
    normal = np.ones(dimensions) / np.sqrt(dimensions)
    return lambda unit: -norm.ppf(probability) - norm.ppf(np.clip(unit, 1e-300, 1 - 1e-16)) @ normal


def test_cross_entropy_estimates_one_in_ten_thousand_within_a_fifth():
    estimates = [cross_entropy(linear(4, 1e-4), 4, 5000, seed) for seed in range(20)]
    assert sum(abs(e.probability / 1e-4 - 1.0) < 0.2 for e in estimates) >= 19
    assert sum(e.low <= 1e-4 <= e.high for e in estimates) >= 17
    assert all(len(e.points) == 5000 and e.size > 100 for e in estimates)
    spread = np.std([e.probability for e in estimates]) / 1e-4
    assert 0.5 < np.mean([e.variation for e in estimates]) / spread < 2.0


def test_cross_entropy_finds_many_times_what_chance_finds():
    """Failure probability 1e-3 in four dimensions, 1,000 runs."""
    for seed in range(5):
        searched = cross_entropy(linear(4, 1e-3), 4, 1000, seed).failures
        assert searched >= 5 * max(by_chance(linear(4, 1e-3), 4, 1000, seed).failures, 1)


def test_subset_simulation_reaches_one_in_a_million():
    estimates = [subset(linear(10, 1e-6), 10, 4000, seed) for seed in range(20)]
    mean = np.exp(np.mean(np.log([e.probability for e in estimates])))
    assert 1 / 1.5 < mean / 1e-6 < 1.5
    probabilities = np.array([e.probability for e in estimates])
    assert 0.5 < np.mean([e.variation for e in estimates]) / (probabilities.std() / probabilities.mean()) < 2.0
    assert sum(e.low <= 1e-6 <= e.high for e in estimates) >= 17


@pytest.mark.parametrize("method", [by_chance, cross_entropy, subset])
def test_weights_carry_the_spaces_own_laws(method):
    """They average to 1, their failures give the estimate, and a mean under them is the nominal one."""
    found = method(linear(3, 0.02), 3, 4000, 1)
    assert found.weights.mean() == pytest.approx(1.0, rel=0.1)
    assert (found.weights >= 0).all()
    assert np.mean(found.weights * (found.margins <= 0)) == pytest.approx(found.probability, rel=0.3)
    assert np.average(found.points[:, 0], weights=found.weights) == pytest.approx(0.5, abs=0.04)
    again = method(linear(3, 0.02), 3, 4000, 1)
    assert (found.points == again.points).all()


def test_failures_on_two_sides_are_both_found():
    def sides(unit):
        return 3.5 - np.abs(norm.ppf(np.clip(unit[:, 0], 1e-300, 1 - 1e-16)))

    for seed in range(4):
        found = cross_entropy(sides, 3, 4000, seed)
        assert found.probability == pytest.approx(2 * norm.sf(3.5), rel=0.4)


def test_few_failures_in_many_dimensions_do_not_mislead():
    """Failures of one in ten, seven dimensions, 200 runs: the interval holds the truth nearly always."""
    held = 0
    for seed in range(40):
        found = cross_entropy(linear(7, 0.1), 7, 200, seed)
        held += found.low <= 0.1 <= found.high
    assert held >= 34


@pytest.mark.parametrize("method", [by_chance, cross_entropy])
def test_nothing_found_is_an_upper_bound(method):
    found = method(lambda unit: np.full(len(unit), 5.0), 2, 200, 0)
    assert found.failures == 0
    assert found.probability == 0.0
    assert 0.0 < found.high < 0.1


def test_a_flat_margin_gives_no_levels():
    with pytest.raises(DrivesimError, match=r"100 % of the instances have the same margin, 5"):
        subset(lambda unit: np.full(len(unit), 5.0), 2, 400, 0)
