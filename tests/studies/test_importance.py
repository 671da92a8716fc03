"""Importance sampling: it finds a weak region again, and its weights keep estimates right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from space_files import MANY, yaml_space

from drivesim.errors import ScenarioError
from drivesim.studies.importance import Proposal, check_weights, draw_near, effective_sample_size, proposal_near
from drivesim.studies.samples import Samples
from drivesim.studies.sampling import draw_samples

SUN = "".join(
    f'<ParameterDeclaration name="{name}" parameterType="double" value="0"/>'
    for name in ("azimuth", "elevation", "gap", "fog")
)
TEXT = """
  azimuth: {unit: deg, uniform: [0, 360]}
  elevation: {unit: deg, uniform: [0, 40]}
  gap: {unit: m, uniform: [0, 1]}
  fog: {unit: m, uniform: [100, 200]}
"""


def weak(samples):
    """Low sun in the west: 5 % of the space."""
    return np.array([225 <= float(r["azimuth"]) < 297 and float(r["elevation"]) < 10 for r in samples.instances])


def failures_of(samples, rows):
    kept = np.flatnonzero(rows)
    return Samples(tuple(samples.instances[i] for i in kept), tuple(kept), samples.weights[kept])


def test_a_weak_region_is_found_again_and_estimates_stay_right(tmp_path):
    space = yaml_space(tmp_path, TEXT, SUN)
    first = draw_samples(space, 500, seed=0)
    scores = []
    for seed in range(5):
        near = draw_near(space, failures_of(first, weak(first)), 1000, seed)
        assert weak(near).mean() >= 0.6
        failed = near.weights * weak(near)
        scores.append((failed.mean() - 0.05) / (failed.std() / np.sqrt(len(near))))
        gap = near.weights * np.array([float(run["gap"]) for run in near.instances])
        scores.append((gap.mean() - 0.5) / (gap.std() / np.sqrt(len(near))))
    assert np.abs(scores).max() < 3.5
    assert abs(np.mean(scores)) < 1.2  # ten scores: standard deviation 0.32


def test_the_density_is_a_density_and_that_of_the_draws():
    """It integrates to 1, and draws fall into cells as often as it says, on open and on listed axes."""
    proposal = Proposal(np.array([[0.2, 0.9], [0.95, 0.1]]), np.array([0.7, 0.3]), np.array([0.1, 0.1]),
                        (None, np.array([0.0, 0.4, 1.0])), 0.25)  # fmt: skip

    def line(x, y):
        return float(proposal.density(np.array([[x, y]]))[0])

    lower = integrate.quad(lambda x: line(x, 0.2), 0, 1, limit=200)[0] * 0.4
    upper = integrate.quad(lambda x: line(x, 0.7), 0, 1, limit=200)[0] * 0.6
    assert lower + upper == pytest.approx(1.0, abs=1e-6)
    drawn = proposal.draw(200_000, np.random.default_rng(0))
    assert (drawn[:, 1] < 0.4).mean() == pytest.approx(lower, abs=0.005)
    near = (np.abs(drawn[:, 0] - 0.2) < 0.05).mean()
    mass = sum(
        share * integrate.quad(lambda x, y=y: line(x, y), 0.15, 0.25)[0] for y, share in ((0.2, 0.4), (0.7, 0.6))
    )
    assert near == pytest.approx(mass, abs=0.005)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=50))
def test_effective_sample_size_lies_between_one_and_n(weights):
    size = effective_sample_size(np.array(weights))
    assert 1.0 - 1e-9 <= size <= len(weights) + 1e-9
    assert effective_sample_size(np.full(len(weights), weights[0])) == pytest.approx(len(weights))


def test_weights_that_degenerate_are_refused():
    weights = np.array([1000.0, *[0.001] * 99])
    with pytest.raises(ScenarioError, match=r"100 samples are worth 1.0 .*fewer than 10. Raise --explore"):
        check_weights(weights)
    assert check_weights(weights, 0.005) == pytest.approx(1.0, abs=1e-3)


def test_weights_are_bounded_by_what_explores(tmp_path):
    space = yaml_space(tmp_path, TEXT, SUN)
    first = draw_samples(space, 20, seed=0)
    near = draw_near(space, failures_of(first, np.arange(20) == 3), 500, 1, explore=0.5)
    assert near.weights.max() <= 2.0 + 1e-12
    with pytest.raises(ScenarioError, match=r"weights degenerate"):
        draw_near(space, failures_of(first, np.arange(20) == 3), 500, 1, explore=0.001)


def test_what_is_no_failure_of_this_space_is_said(tmp_path):
    space = yaml_space(tmp_path, "  speed: {uniform: [10, 20]}\n", MANY)
    far = Samples(({"speed": "25"},), (0,), np.ones(1))
    with pytest.raises(ScenarioError, match="25 lies outside 10 to 20"):
        proposal_near(space, far)
    with pytest.raises(ScenarioError, match="0 is no share"):
        proposal_near(space, Samples(({"speed": "12"},), (0,), np.ones(1)), 0.0)
    with pytest.raises(ScenarioError, match="must not be negative"):
        proposal_near(space, Samples(({"speed": "12"},), (0,), np.zeros(1)))
