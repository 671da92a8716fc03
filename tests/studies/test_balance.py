"""Samples by class: quotas, confusion matrices, and classes that cannot be reached."""

from collections import Counter

import numpy as np
import pytest
from space_files import yaml_space
from typer.testing import CliRunner

from drivesim.cli.app import app
from drivesim.errors import DrivesimError, ScenarioError
from drivesim.studies.balance import draw_balanced
from drivesim.studies.confusion import Confusion, quotas, read_confusion
from drivesim.studies.playing import Played

TEXT = """
  speed: {uniform: [10, 20]}
  mood: {choices: {calm: 1, wild: 9}}
"""


class FastAndSlow:
    """Stands in for playing: the outcome follows from the speed, 10 % are collisions."""

    def play(self, values, seed):
        speed = float(values["speed"])
        outcome = "no_conflict" if speed < 15 else "near_miss" if speed < 19 else "avoidable"
        return Played(outcome, 1.0, 1.0, 0.0, "car" if speed < 19.5 else "car+pedestrian", 0.0)


@pytest.fixture
def space(tmp_path):
    return yaml_space(tmp_path, TEXT)


def test_outcome_classes_get_equal_numbers_and_weights_undo_it(space):
    classes = ("no_conflict", "near_miss", "avoidable")
    found = draw_balanced(space, 600, 3, "outcome", stage=FastAndSlow(), classes=classes)
    assert not found.missing
    assert Counter(found.samples.notes["class"]) == dict.fromkeys(classes, 200)
    speeds = np.array([float(run["speed"]) for run in found.samples.instances])
    assert np.average(speeds, weights=found.samples.weights) == pytest.approx(15.0, abs=0.1)
    assert found.samples.weights.sum() == pytest.approx(600)


def test_a_class_that_is_not_reached_is_reported_and_the_others_are_kept(space):
    found = draw_balanced(space, 40, 3, "outcome", stage=FastAndSlow())
    assert found.missing == ["unavoidable"]
    assert Counter(found.samples.notes["class"]) == dict.fromkeys(("no_conflict", "near_miss", "avoidable"), 10)
    assert found.drawn == 800
    assert found.complaint() == (
        "not reached in 800 draws: 'unavoidable' has 0 of 10, below 0.38 % with 95 % confidence"
    )


def test_values_of_a_parameter_are_classes_and_rare_ones_are_found(space):
    found = draw_balanced(space, 100, 0, "mood")
    assert Counter(run["mood"] for run in found.samples.instances) == {"calm": 50, "wild": 50}
    calm = np.array([run["mood"] == "calm" for run in found.samples.instances])
    assert np.average(calm, weights=found.samples.weights) == pytest.approx(0.1, abs=0.03)


def test_what_is_visible_makes_classes_of_its_own(space):
    found = draw_balanced(space, 20, 0, "visible", stage=FastAndSlow())
    assert Counter(found.samples.notes["class"]) == {"car": 10, "car+pedestrian": 10}
    beside = draw_balanced(space, 2, 0, "visible", stage=FastAndSlow(), classes=("car", "elephant"))
    told = "'elephant' has 0 of 1, below 7.5 % with 95 % confidence; what else came: 'car+pedestrian' 2"
    assert beside.complaint().endswith(told)


def test_the_same_seed_gives_the_same_samples(space):
    first, again, other = (
        draw_balanced(space, 30, seed, "outcome", stage=FastAndSlow(), classes=("near_miss", "avoidable"))
        for seed in (1, 1, 2)
    )
    assert first.samples.instances == again.samples.instances
    assert first.samples.seeds == again.samples.seeds
    assert first.samples.instances != other.samples.instances


def test_unknown_classes_are_named(space):
    with pytest.raises(ScenarioError, match=r"no class 'avoidble'. Did you mean 'avoidable'"):
        draw_balanced(space, 10, 0, "outcome", stage=FastAndSlow(), classes=("avoidble",))
    with pytest.raises(ScenarioError, match=r"'speed' has no listed values. Choose one of: mood, outcome, visible"):
        draw_balanced(space, 10, 0, "speed")


def matrix(*rows):
    return Confusion(tuple("ABCDEFGH"[: len(rows)]), np.array(rows, dtype=float))


def test_hand_made_matrices_ask_for_the_classes_they_confuse():
    """30 % of A taken for B; the reverse; a chain; nothing at all."""
    shares = matrix([70, 30, 0, 0], [0, 100, 0, 0], [0, 0, 99, 1], [0, 0, 0, 100]).shares()
    assert shares[:2].sum() >= 0.8
    assert shares == pytest.approx([0.3 / 0.62, 0.3 / 0.62, 0.01 / 0.62, 0.01 / 0.62])
    chain = matrix([8, 2, 0], [0, 6, 4], [0, 0, 10]).shares()
    assert chain == pytest.approx([0.2 / 1.2, 0.6 / 1.2, 0.4 / 1.2])
    assert matrix([5, 0], [0, 9]).shares() == pytest.approx([0.5, 0.5])


def test_rare_classes_count_as_much_as_common_ones():
    assert matrix([700, 300, 0], [0, 10, 0], [0, 0, 1000]).shares() == pytest.approx([0.5, 0.5, 0.0])


@pytest.mark.parametrize(("shares", "count", "expected"), [
    ([1, 1, 1], 10, [4, 3, 3]), ([0.5, 0.5, 0.0], 7, [4, 3, 0]), ([0.31, 0.69], 100, [31, 69]), ([1.0], 3, [3]),
])  # fmt: skip
def test_quotas_add_up(shares, count, expected):
    assert quotas(np.array(shares, dtype=float), count) == expected


@pytest.mark.parametrize(("text", "message"), [
    ("true,A\nA,1\n", r"two classes or more"),
    ("true,A,B\nA,1,2\n", r"1 rows of true classes, but 2 predicted ones"),
    ("true,A,B\nA,1,2\nB,1,2\nC,1,2\n", r"3 rows of true classes, but 2 predicted ones.*square"),
    ("true,A,B\nA,1,2\nC,1,2\n", r":3: row 'C' has no column of its name. Choose one of: B"),
    ("true,A,B\nA,1,2\nA,1,2\n", r":3: row 'A' stands twice"),
    ("true,A,A\nA,1,2\nA,1,2\n", r"named twice"),
    ("true,A,B\nA,1,2,3\nB,1,2\n", r":2: row 'A' has 3 numbers, not 2"),
    ("true,A,B\nA,1,x\nB,1,2\n", r":2: 'x' is no count"),
    ("true,A,B\nA,1,-2\nB,1,2\n", r":2: '-2' is no count"),
    ("true,A,B\nA,1,nan\nB,1,2\n", r":2: 'nan' is no count"),
    ("true,A,B\nA,0,0\nB,1,2\n", r":2: class 'A' was never tested"),
])  # fmt: skip
def test_a_matrix_of_the_wrong_shape_is_refused(tmp_path, text, message):
    file = tmp_path / "confusion.csv"
    file.write_text(text)
    with pytest.raises(DrivesimError, match=message):
        read_confusion(file)


def test_the_command_samples_what_a_matrix_confuses(tmp_path):
    (tmp_path / "confusion.csv").write_text("true,natural,protocol\nnatural,70,30\nprotocol,0,100\n")
    arguments = ["sample", "child_crossing", "-n", "10", "--balance", "child_behavior", "--confusion"]
    done = CliRunner().invoke(app, [*arguments, str(tmp_path / "confusion.csv")])
    rows = [line.split(",") for line in done.output.splitlines()]
    assert Counter(row[rows[0].index("class")] for row in rows[1:]) == {"natural": 5, "protocol": 5}


@pytest.mark.parametrize(("options", "message"), [
    (["--pair", "gap", "--balance", "outcome"], "do not go together"),
    (["--calibrate", "--near", "failures.csv"], "do not go together"),
    (["--classes", "a"], "--classes says nothing without --balance"),
    (["--where", "a=b"], "--where says nothing without --near"),
    (["--pair", "gap=1"], "does not name two values"),
    (["--set", "fog=100"], "for instances that are played"),
])  # fmt: skip
def test_options_that_do_not_belong_together_are_refused(options, message):
    with pytest.raises(DrivesimError, match=message):
        CliRunner().invoke(app, ["sample", "child_crossing", *options], catch_exceptions=False)
