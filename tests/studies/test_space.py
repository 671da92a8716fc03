"""Parameter spaces: three ways to say them, bounds, types, and the way to the unit cube and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from space_files import MANY, span, stepped, stochastic, uniform, write_distribution, write_scenario, yaml_space

from drivesim import content
from drivesim.errors import DrivesimError, ScenarioError
from drivesim.openscenario.model import distributions as model
from drivesim.studies.parameter import Parameter
from drivesim.studies.space import chosen, read_space, space_of
from drivesim.studies.space import uniform as uniform_law


def test_a_distribution_is_a_space(tmp_path):
    body = stochastic(speed=uniform(10, 20), mood='<ProbabilityDistributionSet><Element value="calm" weight="1"/>'
                      '<Element value="wild" weight="3"/></ProbabilityDistributionSet>')  # fmt: skip
    space = space_of(str(write_scenario(tmp_path, MANY)), write_distribution(tmp_path, body))
    assert list(space.parameters) == ["speed", "mood"]
    assert space.parameters["speed"].bounds == (10.0, 20.0)
    assert space.parameters["mood"].shares.tolist() == [0.25, 0.75]


def test_a_scenarios_own_bounds_are_a_space(tmp_path):
    """Numbers between two constraints, listed values, truth values; what has no bounds does not vary."""
    space = space_of(str(write_scenario(tmp_path, MANY)), None)
    assert {name: (p.bounds, p.choices) for name, p in space.parameters.items()} == {
        "speed": ((5.0, 30.0), ()),
        "looks": (None, ("false", "true")),
        "mood": (None, ("calm", "wild")),
    }
    assert all(space.allows(run) for run in space.values(np.random.default_rng(0).random((20, 3))))


def test_a_space_lies_beside_its_scenario(tmp_path):
    scenario = write_scenario(tmp_path, MANY)
    (tmp_path / "scenario.space.yaml").write_text(
        "scenario: scenario.xosc\nparameters: {free: {unit: m, uniform: [0, 2]}}"
    )
    space = space_of(str(scenario))
    assert space.path.name == "scenario.space.yaml"
    assert space.parameters["free"].unit == "m"


def test_yaml_has_every_law(tmp_path):
    space = yaml_space(tmp_path, """
  speed: {unit: km/h}
  lanes: {integer: [1, 4]}
  looks: {choices: {true: 1, false: 3}}
  word: {choices: [one, two]}
  free: {unit: m, log_normal: {mean: 5, deviation: 2}, bounds: [1, 9]}
""")  # fmt: skip
    assert space.parameters["speed"].bounds == (5.0, 30.0)
    assert space.parameters["lanes"].choices == ("1", "2", "3", "4")
    assert space.parameters["looks"].choices == ("true", "false")
    runs = space.values(np.random.default_rng(1).random((2000, 5)))
    assert {run["word"] for run in runs} == {"one", "two"}
    values = np.array([float(run["free"]) for run in runs])
    assert values.min() >= 1.0
    assert values.max() <= 9.0
    assert np.mean(values) == pytest.approx(4.7, abs=0.2)
    assert np.mean([run["looks"] == "true" for run in runs]) == pytest.approx(0.25, abs=0.04)


def test_laws_of_a_distribution_get_units_from_yaml():
    space = space_of("child_crossing")
    assert space.path.name == "child_crossing.space.yaml"
    assert (space.parameters["gap"].unit, space.parameters["gap"].bounds) == ("m", (0.5, 2.0))
    assert space.parameters["child_behavior"].shares.tolist() == [0.35, 0.65]


@pytest.mark.parametrize("file", sorted(content.shipped("scenarios").rglob("*.space.yaml")), ids=lambda p: p.stem)
def test_every_number_of_a_shipped_space_has_a_unit(file):
    for parameter in read_space(file).parameters.values():
        assert parameter.unit or parameter.bounds is None or parameter.name.startswith("seed."), parameter.name


@pytest.mark.parametrize(("text", "message"), [
    ("  free: {unit: m}\n", r"mine.space.yaml:3: <parameters.free>: .*no bounds. Add 'uniform"),
    ("  free: {normal: {mean: 1, deviation: 1}}\n", r":3: <parameters.free>.*no lower bound"),
    ("  speed: {uniform: [40, 50]}\n", r":3: .*from 40 to 50, its scenario allows 5 to 30 only"),
    ("  speed: {uniform: [20, 10]}\n", r"\[20, 10\] holds nothing"),
    ("  speed: {uniform: [10, .nan]}\n", r":3: <parameters.speed.uniform>: .*finite number"),
    ("  speed: {uniform: [5, 9], choices: [5]}\n", r"one law, not uniform and choices"),
    ("  speed: {unifrom: [5, 9]}\n", r"unknown field 'unifrom'. Did you mean 'uniform'"),
    ("  sped: {uniform: [5, 9]}\n", r"no parameter 'sped'. Did you mean 'speed'"),
    ("  word: {uniform: [5, 9]}\n", r"is a string and cannot take numbers"),
    ("  mood: {choices: {calm: -1}}\n", r"weights must not be negative"),
])  # fmt: skip
def test_what_is_wrong_in_yaml_is_said_with_its_line(tmp_path, text, message):
    with pytest.raises(DrivesimError, match=message):
        yaml_space(tmp_path, text)


NORMAL = '<NormalDistribution expectedValue="20" variance="25">{}</NormalDistribution>'


def test_a_law_without_end_is_refused_unless_the_scenario_bounds_it(tmp_path):
    scenario = write_scenario(tmp_path, MANY)
    free = write_distribution(tmp_path, stochastic(free=NORMAL.format("")))
    with pytest.raises(ScenarioError, match=r"'free': it has no lower bound. Add a Range"):
        space_of(str(scenario), free)
    speed = write_distribution(tmp_path, stochastic(speed=NORMAL.format("")))
    assert space_of(str(scenario), speed).parameters["speed"].bounds == (5.0, 30.0)
    ranged = write_distribution(tmp_path, stochastic(free=NORMAL.format(span(10, 25))))
    assert space_of(str(scenario), ranged).parameters["free"].bounds == (10.0, 25.0)


def test_a_space_and_its_scenario_that_contradict_each_other_are_refused(tmp_path):
    scenario = write_scenario(tmp_path, MANY)
    file = write_distribution(tmp_path, stochastic(speed=NORMAL.format(span(60, 70))))
    with pytest.raises(ScenarioError, match=r"from 60 to 70, its scenario allows 5 to 30 only"):
        space_of(str(scenario), file)


def test_listed_combinations_are_a_space_too(tmp_path):
    space = space_of(str(write_scenario(tmp_path, MANY)), write_distribution(tmp_path, stepped(0.1, 5, 5.5)))
    assert not space.stochastic
    assert space.parameters["speed"].choices == ("5", "5.1", "5.2", "5.3", "5.4", "5.5")


def parameter(law, kind="double", bounds=(0.0, 10.0)):
    return Parameter("p", kind, "", bounds, law)


LIMITS = model.Range(lower_limit=0.0, upper_limit=10.0)
LAWS = [
    uniform_law(0.0, 10.0),
    model.NormalDistribution(expected_value=4.0, variance=4.0, range=LIMITS),
    model.LogNormalDistribution(expected_value=3.0, variance=2.0, range=LIMITS),
    model.Histogram(bins=(
        model.HistogramBin(weight=1.0, range=model.Range(lower_limit=0.0, upper_limit=2.0)),
        model.HistogramBin(weight=3.0, range=model.Range(lower_limit=2.0, upper_limit=10.0)),
    )),
]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(law=st.sampled_from(LAWS), unit=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8))
def test_values_and_positions_are_each_others_inverse(law, unit):
    varied = parameter(law)
    values = varied.values(np.array(unit))
    assert varied.positions(values) == pytest.approx(unit, abs=1e-12)
    assert varied.values(varied.positions(values)) == pytest.approx(values) or np.allclose(
        np.array(varied.values(varied.positions(values)), dtype=float), np.array(values, dtype=float), rtol=1e-12
    )


@settings(max_examples=60, deadline=None)
@given(
    weights=st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 10.0), min_size=1),
    unit=st.lists(st.floats(0.0, 1.0, exclude_max=True), min_size=1, max_size=8),
)
def test_listed_values_return_from_the_middle_of_their_share(weights, unit):
    varied = parameter(chosen(weights), "string", None)
    values = varied.values(np.array(unit))
    assert varied.values(varied.positions(values)) == values


@settings(max_examples=40, deadline=None)
@given(low=st.integers(-1000, 1000), more=st.integers(1, 50), unit=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_whole_numbers_stay_whole_and_inside(low, more, unit):
    varied = parameter(uniform_law(low, low + more), "integer", (low, low + more))
    values = varied.values(np.array(unit))
    assert all(low <= varied.typed(value) <= low + more and isinstance(varied.typed(value), int) for value in values)
    assert varied.values(varied.positions(values)) == values


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_positions_of_drawn_values_are_uniform(law):
    varied = parameter(law)
    drawn = varied.values(np.random.default_rng(5).random(2000))
    assert stats.kstest(varied.positions(drawn), "uniform").pvalue > 1e-3


def test_a_value_outside_the_space_is_named():
    with pytest.raises(ScenarioError, match=r"'p': 11 lies outside 0 to 10"):
        parameter(uniform_law(0.0, 10.0)).positions(["11"])
    with pytest.raises(ScenarioError, match=r"'kalm' is not among its values. Did you mean 'calm'"):
        parameter(chosen({"calm": 1.0, "wild": 1.0}), "string", None).positions(["kalm"])


def test_seeds_of_looks_and_mounting_are_parameters_like_any_other(tmp_path):
    text = "  seed.bodies: {integer: [1, 50]}\n  mount.CAM_FRONT.z: {unit: m, uniform: [-0.2, 0.2]}\n"
    space = yaml_space(tmp_path, text)
    runs = space.values(np.random.default_rng(0).random((100, 2)))
    assert all(space.allows(run) for run in runs)
    assert len({run["seed.bodies"] for run in runs}) > 30
    assert not space.allows({"seed.bodies": "-3"})
    assert not space.allows({"mount.CAM_FRONT.z": "400"})
    with pytest.raises(ScenarioError, match="names no way to move a sensor"):
        yaml_space(tmp_path, "  mount.z: {uniform: [0, 1]}\n")


def test_a_standard_distribution_may_vary_them_too(tmp_path):
    scenario = write_scenario(tmp_path, MANY)
    space = space_of(str(scenario), write_distribution(tmp_path, stochastic(**{"seed.city": uniform(0, 9)})))
    assert space.parameters["seed.city"].whole
    assert all(space.allows(run) for run in space.values(np.random.default_rng(0).random((20, 1))))
