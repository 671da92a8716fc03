"""Samplers: what they cover, that seeds repeat, and that constraints of the scenario hold."""

import numpy as np
import pytest
from scipy import stats

from drivesim.errors import ScenarioError
from drivesim.studies.sampling import SAMPLERS, draw_instances, space_of


@pytest.fixture(scope="module")
def space():
    return space_of("child_crossing", None)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_points_lie_in_the_unit_cube_and_repeat(sampler):
    first, again, other = (SAMPLERS[sampler](3, 64, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (64, 3)
    assert ((first >= 0) & (first <= 1)).all()
    assert (first == again).all()
    assert sampler == "grid" or (first != other).any()


@pytest.mark.parametrize("sampler", ["lhs", "sobol", "halton"])
def test_even_samplers_are_more_even_than_chance(sampler):
    """Centred discrepancy well below that of independent points."""
    even = SAMPLERS[sampler](4, 256, np.random.default_rng(0))
    chance = [stats.qmc.discrepancy(np.random.default_rng(seed).random((256, 4))) for seed in range(10)]
    assert stats.qmc.discrepancy(even) < 0.6 * min(chance)


def test_random_points_are_uniform():
    points = SAMPLERS["random"](2, 5000, np.random.default_rng(3))
    assert all(stats.kstest(points[:, axis], "uniform").pvalue > 1e-3 for axis in range(2))


def test_a_hypercube_has_one_point_in_every_slice():
    points = SAMPLERS["lhs"](3, 50, np.random.default_rng(5))
    for axis in range(3):
        assert sorted((points[:, axis] * 50).astype(int)) == list(range(50))


def test_a_grid_has_every_combination_of_its_levels():
    points = SAMPLERS["grid"](3, 30, np.random.default_rng(0))
    assert len(points) == 27
    assert len(np.unique(points, axis=0)) == 27
    assert np.allclose(np.unique(points), [1 / 6, 1 / 2, 5 / 6])


@pytest.mark.parametrize("sampler", ["random", "lhs", "sobol", "halton"])
def test_instances_meet_the_scenarios_constraints(space, sampler):
    runs = draw_instances(space, 40, seed=4, sampler=sampler)
    assert len(runs) == 40
    assert all(space.allows(run) for run in runs)
    assert runs == draw_instances(space, 40, seed=4, sampler=sampler)


def test_an_unknown_sampler_is_named_with_the_closest(space):
    with pytest.raises(ScenarioError, match="sobol"):
        draw_instances(space, 3, seed=0, sampler="sobl")
