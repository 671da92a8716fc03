"""Pairs differ in one parameter and in nothing else."""

import pytest
from space_files import stepped, write_distribution, write_scenario, yaml_space

from drivesim.errors import ScenarioError
from drivesim.studies.pairs import draw_pairs
from drivesim.studies.space import space_of

TEXT = """
  speed: {uniform: [10, 20]}
  mood: {choices: {calm: 1, wild: 3}}
  lanes: {integer: [1, 4]}
"""


@pytest.fixture
def space(tmp_path):
    return yaml_space(tmp_path, TEXT)


@pytest.mark.parametrize("name", ["speed", "mood", "lanes"])
def test_the_two_of_a_pair_differ_in_that_parameter_only(space, name):
    samples = draw_pairs(space, 30, 5, "sobol", name)
    assert len(samples) == 60
    for k in range(30):
        first, second = samples.instances[2 * k : 2 * k + 2]
        assert {key for key in first if first[key] != second[key]} == {name}
        assert samples.seeds[2 * k] == samples.seeds[2 * k + 1] == 5 + k
        assert samples.notes["pair"][2 * k : 2 * k + 2] == [k, k]
    assert set(samples.notes["changed"]) == {name}
    assert samples.instances == draw_pairs(space, 30, 5, "sobol", name).instances


def test_given_values_stand_first_and_second(space):
    samples = draw_pairs(space, 3, 0, None, "mood", ("wild", "calm"))
    assert [run["mood"] for run in samples.instances] == ["wild", "calm"] * 3


def test_numbers_move_half_a_law(space):
    first, second = draw_pairs(space, 1, 0, None, "speed").instances
    assert abs(float(first["speed"]) - float(second["speed"])) == pytest.approx(5.0)


def test_listed_combinations_make_pairs_too(tmp_path):
    space = space_of(str(write_scenario(tmp_path)), write_distribution(tmp_path, stepped(10, 0, 50)))
    samples = draw_pairs(space, 3, 0, None, "speed")
    speeds = [float(run["speed"]) for run in samples.instances]
    assert speeds[::2] == [0.0, 10.0, 20.0]
    assert all(speed < 30 for speed in speeds)  # the scenario wants it below 30


@pytest.mark.parametrize(("name", "values", "message"), [
    ("mod", None, r"no parameter 'mod'. Did you mean 'mood'"),
    ("mood", ("calm", "calm"), r"both values of 'mood' are calm"),
    ("speed", ("10", "10.0"), r"both values of 'speed' are 10"),
    ("speed", ("10", "50"), r"50 lies outside 10 to 20"),
    ("mood", ("calm", "angry"), r"'angry' is not among its values"),
])  # fmt: skip
def test_what_makes_no_pair_is_said(space, name, values, message):
    with pytest.raises(ScenarioError, match=message):
        draw_pairs(space, 3, 0, None, name, values)
