"""Samplers: what they cover, that seeds repeat, and that constraints of the scenario hold."""

import numpy as np
import pytest
from scipy import stats
from space_files import stepped, stochastic, uniform, write_distribution, write_scenario, yaml_space
from typer.testing import CliRunner

from drivesim.cli.app import app
from drivesim.errors import ScenarioError
from drivesim.studies.sampling import GRID, SAMPLERS, draw_instances, draw_samples, space_of


@pytest.fixture
def written(tmp_path):
    """A space of one parameter, ``speed``, that the scenario wants below 30."""
    scenario = write_scenario(tmp_path)
    return lambda body: space_of(str(scenario), write_distribution(tmp_path, body))


@pytest.fixture(scope="module")
def space():
    return space_of("child_crossing", None)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_points_lie_in_the_unit_cube_and_repeat(sampler):
    first, again, other = (SAMPLERS[sampler](3, 64, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (64, 3)
    assert ((first >= 0) & (first <= 1)).all()
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("sampler", ["lhs", "sobol", "halton"])
def test_even_samplers_are_more_even_than_chance(sampler):
    """Centred discrepancy well below that of independent points."""
    even = SAMPLERS[sampler](4, 256, np.random.default_rng(0))
    chance = [stats.qmc.discrepancy(np.random.default_rng(seed).random((256, 4))) for seed in range(10)]
    assert stats.qmc.discrepancy(even) < 0.6 * min(chance)


def test_sobol_beats_chance_in_nearly_every_seed():
    wins = 0
    for seed in range(100):
        even = SAMPLERS["sobol"](3, 64, np.random.default_rng(seed))
        chance = SAMPLERS["random"](3, 64, np.random.default_rng(seed))
        wins += stats.qmc.discrepancy(even) < stats.qmc.discrepancy(chance)
    assert wins >= 95


def test_sobol_integrates_ten_times_better_than_chance():
    """The mean of a product whose integral is 1, at n = 4096, where Monte Carlo errs by deviation / sqrt(n)."""

    def product(points):
        return np.prod(1.0 + 0.5 * (points - 0.5), axis=1)

    errors = [product(SAMPLERS["sobol"](4, 4096, np.random.default_rng(seed))).mean() - 1.0 for seed in range(20)]
    deviation = np.sqrt((1.0 + 0.25 / 12.0) ** 4 - 1.0)
    assert np.sqrt(np.mean(np.square(errors))) < 0.1 * deviation / np.sqrt(4096)


def test_random_points_are_uniform():
    points = SAMPLERS["random"](2, 5000, np.random.default_rng(3))
    assert all(stats.kstest(points[:, axis], "uniform").pvalue > 1e-3 for axis in range(2))


def test_a_hypercube_has_one_point_in_every_slice():
    points = SAMPLERS["lhs"](3, 50, np.random.default_rng(5))
    for axis in range(3):
        assert sorted((points[:, axis] * 50).astype(int)) == list(range(50))


def test_a_grid_has_every_listed_value_and_all_levels_of_the_others(tmp_path):
    text = "  speed: {uniform: [10, 22]}\n  mood: {choices: {calm: 3, wild: 1}}\n  free: {uniform: [0, 3]}\n"
    samples = draw_samples(yaml_space(tmp_path, text), 18, sampler=GRID)
    found = {(run["speed"], run["mood"], run["free"]) for run in samples.instances}
    assert found == {(s, m, f) for s in ("12", "16", "20") for m in ("calm", "wild") for f in ("0.5", "1.5", "2.5")}
    for run, weight in zip(samples.instances, samples.weights, strict=True):
        assert weight == pytest.approx(1.5 if run["mood"] == "calm" else 0.5)


@pytest.mark.parametrize("sampler", ["random", "lhs", "sobol", "halton"])
def test_instances_meet_the_scenarios_constraints(space, sampler):
    runs = draw_instances(space, 40, seed=4, sampler=sampler)
    assert len(runs) == 40
    assert all(space.allows(run) for run in runs)
    assert runs == draw_instances(space, 40, seed=4, sampler=sampler)


def test_an_unknown_sampler_is_named_with_the_closest(space):
    with pytest.raises(ScenarioError, match="sobol"):
        draw_instances(space, 3, seed=0, sampler="sobl")


def test_a_grid_that_a_constraint_refuses_names_it(written):
    with pytest.raises(
        ScenarioError, match=r"2 of 4 grid points.*'speed' must not be 35.*lessThan 30.*scenario.xosc:2"
    ):
        draw_instances(written(stochastic(speed=uniform(10, 50))), 4, sampler=GRID)


def test_a_grid_has_as_many_points_as_asked_for_or_says_how_many_it_can_have(space, written):
    runs = draw_instances(written(stochastic(speed=uniform(0, 20))), 4, sampler=GRID)
    assert [run["speed"] for run in runs] == ["2.5", "7.5", "12.5", "17.5"]
    with pytest.raises(ScenarioError, match="Ask for 64 or 324"):
        draw_instances(space, 100, sampler=GRID)
    with pytest.raises(ScenarioError, match="Ask for 4,"):
        draw_instances(space, 3, sampler=GRID)


def test_refused_draws_are_replaced_until_the_number_is_right(written):
    runs = draw_instances(written(stochastic(speed=uniform(0, 60))), 50, seed=2)
    assert len(runs) == 50
    assert all(float(run["speed"]) < 30 for run in runs)


def test_a_space_that_is_refused_nearly_everywhere_names_the_constraint(written):
    with pytest.raises(ScenarioError, match=r"refuses .* draws.*'speed' must not be .*lessThan 30"):
        draw_instances(written(stochastic(speed=uniform(29.999, 3000))), 50)


def test_listed_values_leave_out_what_the_scenario_refuses(written):
    space = written(stepped(10, 0, 50))
    assert [run["speed"] for run in draw_instances(space)] == ["0", "10", "20"]
    assert [run["speed"] for run in draw_instances(space, 2)] == ["0", "20"]


def test_more_than_are_listed_or_none_at_all_is_said(written):
    with pytest.raises(ScenarioError, match=r"has 3 combinations .*of 6 .*must not be 30.*4 are asked for.*at most 3"):
        draw_instances(written(stepped(10, 0, 50)), 4)
    with pytest.raises(ScenarioError, match=r"has 0 combinations .*must not be 30"):
        draw_instances(written(stepped(10, 30, 30)))


def test_a_sampler_for_listed_values_is_refused(written):
    with pytest.raises(ScenarioError, match=r"nothing for 'sobol' to draw.*--sampler out"):
        draw_instances(written(stepped(1, 0, 20)), 4, sampler="sobol")


def test_the_command_writes_rows_and_refuses_what_cannot_be(written, tmp_path):
    written(stepped(10, 0, 50))
    arguments = ["sample", str(tmp_path / "scenario.xosc"), "--space", str(tmp_path / "space.xosc")]
    assert CliRunner().invoke(app, arguments).output.splitlines()[1:] == ["0,0,1,0", "1,1,1,10", "2,2,1,20"]
    refused = CliRunner().invoke(app, [*arguments, "-n", "9"])
    assert isinstance(refused.exception, ScenarioError)
    shown = CliRunner().invoke(app, ["sample", "child_crossing", "--list"]).output
    assert "km/h" in shown
    assert "natural 35 %" in shown
