"""Against scipy, statsmodels, published numbers, and a null that is true by construction."""

import gc
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from drivesim.errors import DrivesimError
from drivesim.studies.statistics import (
    bootstrap_mean,
    bootstrap_variance_ratio,
    holm,
    mcnemar_exact,
    mcnemar_mid_p,
    pairs_needed,
    wilson,
)

COUNT = st.integers(0, 200)


@pytest.fixture(scope="module", autouse=True)
def heap_out_of_the_way():
    """statsmodels collects garbage whenever it corrects p-values: a second each time in a whole run's heap."""
    gc.freeze()
    yield
    gc.unfreeze()


@given(COUNT, COUNT)
def test_mcnemar_equals_statsmodels(b, c):
    expected = mcnemar([[10, b], [c, 10]], exact=True).pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(expected, abs=1e-9)


@given(COUNT, COUNT)
def test_mid_p_is_exact_less_the_probability_of_the_observed(b, c):
    assert mcnemar_mid_p(b, c) <= mcnemar_exact(b, c) + 1e-12
    if b != c:
        assert mcnemar_mid_p(b, c) == pytest.approx(mcnemar_exact(b, c) - stats.binom.pmf(b, b + c, 0.5), abs=1e-9)


def test_wilson_intervals_of_the_textbook():
    assert wilson(0, 100).high == pytest.approx(0.037, abs=5e-4)
    assert (wilson(8, 10).low, wilson(8, 10).high) == pytest.approx((0.490, 0.943), abs=5e-4)
    assert (wilson(10, 200).low, wilson(10, 200).high) == pytest.approx((0.027, 0.090), abs=5e-4)
    assert math.isnan(wilson(0, 0).estimate)


@given(st.integers(0, 50), st.integers(50, 300))
def test_wilson_equals_statsmodels(k, n):
    found = wilson(k, n)
    assert (found.low, found.high) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_equals_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-9)


def test_power_analysis_of_the_design_note():
    """20 % against 15 % collisions with 7.5 % and 2.5 % discordant: 312 pairs at 80 % power."""
    assert pairs_needed(0.075, 0.025) == 312
    assert pairs_needed(0.05, 0.05) is None
    with pytest.raises(DrivesimError, match="no probability"):
        pairs_needed(1.2, 0.0)


def test_bootstrap_of_no_difference_is_exactly_zero():
    interval = bootstrap_mean(np.zeros(50))
    assert (interval.estimate, interval.low, interval.high) == (0.0, 0.0, 0.0)


def test_bootstrap_is_the_same_every_time():
    values = np.random.default_rng(3).normal(size=40)
    assert bootstrap_mean(values) == bootstrap_mean(values)


def test_what_pairing_leaves_of_a_variance_lies_in_its_interval():
    """Normal pairs of one variance and correlation r leave 1 - r; 300 studies of 80 pairs."""
    rng = np.random.default_rng(5)
    inside = 0
    for trial in range(300):
        first, own = rng.normal(size=(2, 80))
        found = bootstrap_variance_ratio(first, 0.8 * first + 0.6 * own, seed=trial, draws=400)
        assert found.low <= found.estimate <= found.high
        inside += found.low <= 0.2 <= found.high
    assert 0.89 <= inside / 300 <= 0.98


def test_the_interval_of_that_share_is_scipys():
    first, own = np.random.default_rng(2).gamma(1.0, size=(2, 48))

    def share(a, b, axis):
        return (b - a).var(axis=axis) / (a.var(axis=axis) + b.var(axis=axis))

    theirs = stats.bootstrap((first, first + own), share, paired=True, n_resamples=10_000, method="percentile",
                             rng=np.random.default_rng(1)).confidence_interval  # fmt: skip
    ours = bootstrap_variance_ratio(first, first + own)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)
    assert bootstrap_variance_ratio(first, first).high == 0.0
    assert math.isnan(bootstrap_variance_ratio([3.0, 3.0], [4.0, 4.0]).low)


def test_mcnemar_keeps_its_promise_when_nothing_differs():
    """10,000 studies of 400 pairs, 20 % discordant either way with equal chance."""
    rng = np.random.default_rng(7)
    discordant = rng.binomial(400, 0.2, size=10_000)
    first = rng.binomial(discordant, 0.5)
    cache = {(int(b), int(n - b)): None for b, n in zip(first, discordant, strict=True)}
    exact = {key: mcnemar_exact(*key) for key in cache}
    middle = {key: mcnemar_mid_p(*key) for key in cache}
    keys = [(int(b), int(n - b)) for b, n in zip(first, discordant, strict=True)]
    assert np.mean([exact[key] < 0.05 for key in keys]) <= 0.05
    assert 0.03 <= np.mean([middle[key] < 0.05 for key in keys]) <= 0.07


@pytest.mark.slow
def test_bootstrap_keeps_its_promise_when_nothing_differs():
    rng = np.random.default_rng(11)
    rejected = 0
    for trial in range(1000):
        interval = bootstrap_mean(rng.normal(size=60), seed=trial, draws=1000)
        rejected += not interval.low <= 0.0 <= interval.high
    assert 0.03 <= rejected / 1000 <= 0.07
