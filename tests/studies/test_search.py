"""Search for failures: what is kept of them, whose they are, and what is said when there are none."""

import numpy as np
import pytest
from space_files import stepped, write_distribution, write_scenario, yaml_space
from typer.testing import CliRunner

from drivesim.cli.app import app
from drivesim.errors import ScenarioError
from drivesim.studies.playing import Played
from drivesim.studies.samples import read_samples
from drivesim.studies.search import margin, search
from drivesim.studies.space import space_of

TEXT = "  speed: {uniform: [5, 25]}\n  free: {uniform: [0, 1]}\n"


class Corner:
    """Stands in for playing: contact in a corner of 0.1 % of the space; in half of it nobody could have avoided it."""

    def play(self, values, seed):
        speed, free = (float(values["speed"]) - 5) / 20, float(values["free"])
        depth = min(speed, free) - (1 - np.sqrt(1e-3))
        if depth < 0:
            return Played("no_conflict", -10.0 * depth, 5.0, 0.0, "car", np.inf)
        outcome = "avoidable" if speed < free else "unavoidable"
        return Played(outcome, -10.0 * depth, 0.0, 36.0 * depth, "car", 10.0 * (free - speed))


@pytest.fixture
def space(tmp_path):
    return yaml_space(tmp_path, TEXT)


@pytest.mark.parametrize("method", ["cross_entropy", "subset"])
def test_failures_are_listed_worst_first_with_weights(space, method):
    found = search(space, Corner(), method=method, runs=2000)
    assert found.estimate.low <= 1e-3 <= found.estimate.high
    margins = found.failures.notes["margin"]
    assert margins == sorted(margins)
    assert max(margins) <= 0.0
    for run in found.failures.instances:
        assert Corner().play(run, 0).margin <= 0.0
    assert len({tuple(run.values()) for run in found.failures.instances}) == len(found.failures)
    total = found.failures.weights.sum() / len(found.estimate.points)
    assert total == pytest.approx(found.estimate.probability, rel=0.5)


def test_with_blame_only_what_could_have_been_avoided_counts(space):
    anybody = search(space, Corner(), runs=3000)
    ego = search(space, Corner(), runs=3000, blame="ego")
    assert {Corner().play(run, 0).outcome for run in anybody.failures.instances} == {"avoidable", "unavoidable"}
    assert {Corner().play(run, 0).outcome for run in ego.failures.instances} == {"avoidable"}
    assert ego.estimate.probability == pytest.approx(0.5e-3, rel=0.4)


def test_a_failure_may_be_a_hard_impact_only(space):
    hard = search(space, Corner(), runs=2000, below=-0.1)
    assert max(hard.failures.notes["margin"]) <= -0.1
    assert hard.estimate.probability < 1e-3


def test_what_cannot_be_searched_is_said(space, tmp_path):
    with pytest.raises(ScenarioError, match="Did you mean 'subset'"):
        search(space, Corner(), method="subsets")
    with pytest.raises(ScenarioError, match="there is no 'everyone'"):
        search(space, Corner(), blame="everyone")
    with pytest.raises(ScenarioError, match="lead nowhere"):
        search(space, Corner(), runs=3)
    cut = yaml_space(tmp_path, "  speed: {uniform: [20, 50]}\n  free: {uniform: [0, 1]}\n")
    with pytest.raises(ScenarioError, match=r"constraints cut this space: .*'speed' must not be"):
        search(cut, Corner(), runs=100)
    listed = space_of(str(write_scenario(tmp_path)), write_distribution(tmp_path, stepped(10, 0, 20)))
    with pytest.raises(ScenarioError, match="play them all with drivesim sweep"):
        search(listed, Corner())


@pytest.mark.slow
def test_the_command_finds_hard_impacts_and_writes_them(tmp_path):
    out = tmp_path / "failures.csv"
    done = CliRunner().invoke(
        app, ["search", "child_crossing", "-n", "60", "--below=-10", "--set", "ego_driver=constant", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "60 instances of child_crossing played" in done.output
    assert "effective sample size" in done.output
    assert (read_samples(out, space_of("child_crossing")).weights >= 0).all()


@pytest.mark.slow
def test_nothing_found_is_exit_code_one():
    done = CliRunner().invoke(app, ["search", "motorway_cut_in", "-n", "20", "--below=-60", "--method", "random"])
    assert done.exit_code == 1
    assert "no failure found; probability below" in done.output


@pytest.mark.parametrize("method", ["bandit", "cmaes"])
def test_an_optimiser_finds_failures_and_leaves_their_probability_open(space, method):
    if method == "cmaes":
        pytest.importorskip("cmaes")
    found = search(space, Corner(), method=method, runs=400)
    assert found.played == 400
    assert len(found.failures) >= found.distinct >= 1
    assert np.isnan(found.estimate.probability)
    assert set(found.failures.weights) == {1.0}


def test_with_blame_an_optimiser_is_led_to_what_could_have_been_avoided(space):
    pytest.importorskip("cmaes")
    found = search(space, Corner(), method="cmaes", runs=600, blame="ego")
    assert found.outcomes["avoidable"] > 50
    assert {Corner().play(run, 0).outcome for run in found.failures.instances} == {"avoidable"}


def test_what_nobody_could_have_avoided_is_as_far_from_blame_as_room_was_missing():
    hit = Played("unavoidable", -9.0, 0.0, 32.4, "car", -4.0)
    assert margin(hit, "ego") == 4.0
    assert margin(hit, "anybody") == -9.0
    assert margin(Played("avoidable", -9.0, 0.0, 32.4, "car", 2.0), "ego") == -9.0
