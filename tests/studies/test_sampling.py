"""Samplers: what they cover, that seeds repeat, and that constraints of the scenario hold."""

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from drivesim.cli.app import app
from drivesim.errors import ScenarioError
from drivesim.studies.sampling import SAMPLERS, draw_instances, space_of

HEADER = '<FileHeader revMajor="1" revMinor="2" date="2026-01-01T00:00:00" description="test" author="tests"/>'
SCENARIO = f"""<OpenSCENARIO>{HEADER}<ParameterDeclarations>
<ParameterDeclaration name="speed" parameterType="double" value="1"><ConstraintGroup>
<ValueConstraint rule="lessThan" value="30"/></ConstraintGroup></ParameterDeclaration>
</ParameterDeclarations><CatalogLocations/><RoadNetwork/><Entities/>
<Storyboard><Init><Actions/></Init><StopTrigger/></Storyboard></OpenSCENARIO>"""
UNIFORM = (
    '<Stochastic numberOfTestRuns="10" randomSeed="1"><StochasticDistribution parameterName="speed">'
    '<UniformDistribution><Range lowerLimit="{}" upperLimit="{}"/></UniformDistribution>'
    "</StochasticDistribution></Stochastic>"
)
LISTED = (
    '<Deterministic><DeterministicSingleParameterDistribution parameterName="speed"><DistributionRange stepWidth="{}">'
    '<Range lowerLimit="{}" upperLimit="{}"/></DistributionRange></DeterministicSingleParameterDistribution>'
    "</Deterministic>"
)


@pytest.fixture
def written(tmp_path):
    """A space of one parameter, ``speed``, that the scenario wants below 30."""
    (tmp_path / "scenario.xosc").write_text(SCENARIO)

    def write(body):
        file = tmp_path / "space.xosc"
        file.write_text(f"""<OpenSCENARIO>{HEADER}<ParameterValueDistribution>
<ScenarioFile filepath="scenario.xosc"/>{body}</ParameterValueDistribution></OpenSCENARIO>""")
        return space_of(str(tmp_path / "scenario.xosc"), file)

    return write


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


def test_a_grid_that_a_constraint_refuses_names_it(written):
    with pytest.raises(
        ScenarioError, match=r"2 of 4 grid points.*'speed' must not be 35.*lessThan 30.*scenario.xosc:2"
    ):
        draw_instances(written(UNIFORM.format(10, 50)), 4, sampler="grid")


def test_a_grid_has_as_many_points_as_asked_for_or_says_how_many_it_can_have(space, written):
    assert [run["speed"] for run in draw_instances(written(UNIFORM.format(0, 20)), 4, sampler="grid")] == [
        "2.5", "7.5", "12.5", "17.5",
    ]  # fmt: skip
    with pytest.raises(ScenarioError, match="64 or 729"):
        draw_instances(space, 100, sampler="grid")


def test_refused_draws_are_replaced_until_the_number_is_right(written):
    runs = draw_instances(written(UNIFORM.format(0, 60)), 50, seed=2)
    assert len(runs) == 50
    assert all(float(run["speed"]) < 30 for run in runs)


def test_a_space_that_is_refused_nearly_everywhere_names_the_constraint(written):
    with pytest.raises(ScenarioError, match=r"refuses .* draws.*'speed' must not be .*lessThan 30"):
        draw_instances(written(UNIFORM.format(29.999, 3000)), 50)


def test_listed_values_leave_out_what_the_scenario_refuses(written):
    space = written(LISTED.format(10, 0, 50))
    assert [run["speed"] for run in draw_instances(space)] == ["0", "10", "20"]
    assert [run["speed"] for run in draw_instances(space, 2)] == ["0", "20"]


def test_more_than_are_listed_or_none_at_all_is_said(written):
    with pytest.raises(ScenarioError, match=r"has 3 combinations .*of 6 .*must not be 30.*4 are asked for.*at most 3"):
        draw_instances(written(LISTED.format(10, 0, 50)), 4)
    with pytest.raises(ScenarioError, match=r"has 0 combinations .*must not be 40"):
        draw_instances(written(LISTED.format(10, 40, 50)))


def test_a_sampler_for_listed_values_is_refused(written):
    with pytest.raises(ScenarioError, match=r"nothing for 'sobol' to draw.*--sampler out"):
        draw_instances(written(LISTED.format(1, 0, 20)), 4, sampler="sobol")


def test_the_command_tells_in_one_line_and_exits_with_two(written, tmp_path):
    written(LISTED.format(10, 0, 50))
    arguments = ["sample", str(tmp_path / "scenario.xosc"), "--space", str(tmp_path / "space.xosc")]
    assert CliRunner().invoke(app, arguments).output.splitlines()[1:] == ["0,0,0", "1,1,10", "2,2,20"]
    refused = CliRunner().invoke(app, [*arguments, "-n", "9"])
    assert isinstance(refused.exception, ScenarioError)
