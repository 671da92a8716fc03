"""Adaptive stress testing: likelier failures than chance finds, the ego's where asked, and instances that repeat."""

import math

import numpy as np
import pytest
from scipy.special import ndtri
from typer.testing import CliRunner

from drivesim import content
from drivesim.cli.app import app
from drivesim.errors import ScenarioError
from drivesim.studies.choices import stress_choices
from drivesim.studies.playing import Played, Stage
from drivesim.studies.samples import read_samples
from drivesim.studies.stress import Rollout, stress
from drivesim.world.decisions import Decision

STEP = 0.02


class Crosswalk:
    """Somebody steps in front of a car at 12 m/s, 46 m off: when, how fast, and now and then stops half-way.

    The car sees it after 0.5 s and brakes with 7 m/s2. Choices that are not given are drawn.
    """

    def __init__(self, seed=0):
        self._chance = np.random.default_rng(seed)
        self.runs = 0

    def __call__(self, given=()):
        self.runs += 1
        given = iter(given)
        made = []

        def normal():
            u = next(given, None)
            u = self._chance.random() if u is None else u
            z = float(ndtri(np.clip(u, 1e-9, 1 - 1e-9)))
            made.append((u, 0.5, -0.5 * z * z))
            return z

        def lucky(p):
            u = next(given, None)
            u = self._chance.random() if u is None else u
            made.append((u, 0.5 * (1 + p), math.log(p if u < p else 1 - p)))
            return u < p

        wait, speed = 1.5 + 0.5 * normal(), max(1.4 + 0.25 * normal(), 0.3)
        stop = abs(0.8 + 0.3 * normal()) if lucky(0.1) else 0.0
        enters, leaves = wait + 1.5 / speed, wait + 4.0 / speed + stop
        time = np.arange(0.0, 12.0, STEP)
        front = np.cumsum(np.maximum(12.0 - 7.0 * np.maximum(time - wait - 0.5, 0.0), 0.0)) * STEP - 46.0
        apart = np.where(front < 0, -front, np.where(front < 4.5, -1.0, front - 4.5))
        gap = float(apart[(time >= enters) & (time <= leaves)].min())
        quantiles, usual, likelihoods = zip(*made, strict=True)
        return Rollout(quantiles, usual, likelihoods, gap)


def test_its_failure_is_likelier_than_the_best_of_ten_thousand_random_ones():
    chance = Crosswalk(1)
    random = [found for found in (chance() for _ in range(10_000)) if found.failed]
    assert 10 < len(random) < 1000
    best = max(found.log_likelihood for found in random)
    for seed in range(5):
        road = Crosswalk(100 + seed)
        found = stress(road, 1000, seed)
        assert road.runs <= 1000
        assert all(each.failed for each in found)
        assert found[0].log_likelihood >= best
        likelihoods = [each.log_likelihood for each in found]
        assert likelihoods == sorted(likelihoods, reverse=True)


def test_failures_come_more_often_than_by_chance_and_repeat():
    road = Crosswalk(2)
    chance = sum(road().failed for _ in range(1000))
    found = stress(Crosswalk(3), 1000, 0)
    assert len(found) >= 5 * max(chance, 1)
    assert stress(Crosswalk(3), 1000, 0) == found
    for each in found[:20]:
        again = Crosswalk(4)(each.quantiles)
        assert again == each


class Street:
    """Stands in for a stage: a child dashes early or late; half of all contacts nobody could have avoided."""

    def play(self, values, seed):
        early, quick = (float(values.get(f"choice.Child.{number}", "0.5")) for number in (0, 1))
        drawn = tuple(
            Decision("Child", 1.0 + number, f"Tree/{number}.Hesitate", "later", u, 0.5, -0.5 * float(ndtri(u)) ** 2)
            for number, u in enumerate((early, quick))
        )
        depth = quick - 0.8
        if depth < 0.0:
            return Played("no_conflict", -10 * depth, 9.0, 0.0, "pedestrian", math.inf, drawn)
        outcome = "avoidable" if early < 0.5 else "unavoidable"
        return Played(outcome, -depth, 0.0, 3.6 * depth, "pedestrian", 10 * (0.5 - early), drawn)


SET = {"ego_speed": "40"}


def test_with_blame_every_failure_is_the_egos():
    ego = stress_choices("child_crossing", Street(), "Child", settings=SET, runs=400)
    anybody = stress_choices("child_crossing", Street(), "Child", settings=SET, runs=400, blame="anybody")

    def share(found):
        played = [Street().play(run, 0).outcome for run in found.failures.instances]
        return np.mean([outcome == "avoidable" for outcome in played])

    assert share(ego) == 1.0
    assert 0.2 < share(anybody) < 0.8
    # The least unusual failure of all: quick at its limit, early as it likes.
    best = ego.failures.notes["log_likelihood"][0]
    assert best == pytest.approx(-0.5 * ndtri(0.8) ** 2, abs=0.1)
    assert [entry[1] for entry in ego.story] == ["Hesitate", "Hesitate"]


@pytest.mark.slow
def test_blame_tells_what_a_driver_who_brakes_could_have_avoided(tmp_path):
    """The attentive driver with worn brakes (3 m/s2): from a child that darts out nobody stops in time, from one that
    is seen waiting better brakes do."""
    path = content.find("scenarios", "child_crossing")
    text = path.read_text().replace('maxDeceleration="9.0"', 'maxDeceleration="3"', 1)
    worn = tmp_path / "worn.xosc"
    worn.write_text(text.replace('filepath="', f'filepath="{path.parent}/'))
    settings = {"child_behavior": "natural", "child_looks": "maybe", "ego_speed": "40"}
    stage = Stage(str(worn), settings=settings)

    def failures(blame, runs):
        found = stress_choices(str(worn), stage, "Child", settings=settings, runs=runs, blame=blame).failures
        return [stage.play(run, seed) for run, seed in zip(found.instances, found.seeds, strict=True)]

    anybodys, egos = failures("anybody", 40), failures("ego", 120)
    assert all(played.impact_speed < 38.0 for played in (*anybodys, *egos))  # it braked every time
    assert np.mean([played.outcome == "unavoidable" for played in anybodys]) > 0.5
    assert egos
    assert all(played.outcome == "avoidable" for played in egos)


def test_failures_are_whole_instances():
    found = stress_choices("child_crossing", Street(), "Child", settings=SET, runs=200)
    assert list(found.space.parameters) == ["ego_speed", "choice.Child.0", "choice.Child.1"]
    for run, margin in zip(found.failures.instances, found.failures.notes["margin"], strict=True):
        assert run["ego_speed"] == "40"
        assert Street().play(run, 0).margin == margin
    found.space.positions(found.failures.instances)


def test_what_chooses_nothing_is_said():
    stage = Stage("child_crossing", settings={"child_behavior": "protocol"})
    with pytest.raises(ScenarioError, match=r"'Child' chose nothing by chance\. Set a behaviour that decides"):
        stress_choices("child_crossing", stage, "Child", runs=20)
    with pytest.raises(ScenarioError, match="there is no 'egoo'"):
        stress_choices("child_crossing", stage, "Child", runs=20, blame="egoo")
    refused = CliRunner().invoke(app, ["search", "child_crossing", "--method", "ast", "--space", "declared"])
    assert "varies choices, not a space" in str(refused.exception)


def test_choices_given_as_parameters_are_the_ones_made():
    stage = Stage("child_crossing", settings={"child_behavior": "natural"})
    first = stage.play({}, 3)
    assert len(first.decisions) >= 3
    again = stage.play({f"choice.Child.{k}": repr(d.quantile) for k, d in enumerate(first.decisions)}, 99)
    assert (again.outcome, again.margin, again.room) == (first.outcome, first.margin, first.room)
    assert [d.quantile for d in again.decisions] == [d.quantile for d in first.decisions]
    with pytest.raises(ScenarioError, match=r"no actor 'Chil' could choose\. Did you mean 'Child'"):
        stage.play({"choice.Chil.0": "0.5"}, 0)
    with pytest.raises(ScenarioError, match=r"'1\.5' is no quantile"):
        stage.play({"choice.Child.0": "1.5"}, 0)
    with pytest.raises(ScenarioError, match="names no draw"):
        stage.play({"choice.Child": "0.5"}, 0)


@pytest.mark.slow
def test_the_command_writes_failures_that_a_sweep_plays_again(tmp_path):
    out = tmp_path / "failures.csv"
    options = ["--method", "ast", "-n", "40", "--blame", "anybody", "--set", "child_behavior=natural", "--set",
               "ego_driver=constant", "--out", str(out)]  # fmt: skip
    done = CliRunner().invoke(app, ["search", "child_crossing", *options])
    assert done.exit_code == 0, done.output
    assert "40 runs of child_crossing by choices of Child" in done.output
    table = read_samples(out)
    stage = Stage("child_crossing")
    for run, margin in zip(table.instances, table.notes["margin"], strict=True):
        assert stage.play(run, 0).margin == pytest.approx(float(margin))
