"""The shipped scenarios' trees and drivers at work, without sensors."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from drivesim import content
from drivesim.behaviors.tree import read_tree
from drivesim.cli.run import run_command
from drivesim.openscenario import load_scenario
from drivesim.simulation import Simulation


def play(name, seed=0, **parameters):
    """States over 8 s: (T, 2, 3) x, y, speed of the first two actors; collisions; the second actor's trace."""
    scenario = load_scenario(name, parameters)
    with Simulation(scenario, None, seed=seed, duration=8.0) as simulation:
        world = simulation.world
        rows = [np.c_[f.state.position[0, :2, :2], f.state.speed[0, :2]] for f in simulation]
        return np.array(rows), list(world.collisions)


@pytest.mark.parametrize("name", [n for n in content.available("scenarios") if "/" not in n])
def test_every_shipped_scenario_plays_for_eight_seconds(name):
    rows, _ = play(name)
    assert len(rows) == 160
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("speed", ["20", "40", "60"])
def test_an_unbraked_ego_meets_the_protocol_child_at_the_middle_of_its_front(speed):
    rows, collisions = play("child_crossing", child_behavior="protocol", ego_driver="constant", ego_speed=speed)
    hit = collisions[0]
    assert {hit.first, hit.second} == {"Ego", "Child"}
    ego_y = np.interp(hit.time, np.arange(1, 161) * 0.05, rows[:, 0, 1])
    child_y = np.interp(6.0, np.arange(1, 161) * 0.05, rows[:, 1, 1])
    assert hit.time == pytest.approx(6.0, abs=0.1)
    before = rows[int(hit.time / 0.05) - 1, 1, 1]
    assert before == pytest.approx(ego_y, abs=0.1)
    assert child_y < ego_y + 1.0


@pytest.mark.parametrize("name", ["child_crossing", "cyclist_from_behind_van", "pedestrian_at_night"])
def test_seeds_change_what_people_do_and_repeat_exactly(name):
    key = {"child_crossing": "child_behavior", "cyclist_from_behind_van": "cyclist_behavior"}
    parameters = {key.get(name, "pedestrian_behavior"): "natural"}
    runs = [play(name, seed, **parameters)[0] for seed in (1, 2, 3, 4)]
    again = play(name, 1, **parameters)[0]
    np.testing.assert_array_equal(runs[0], again)
    ends = [run[-1, 1, :2] for run in runs]
    assert max(np.linalg.norm(a - b) for a in ends for b in ends) > 0.5


def test_a_child_that_looks_is_hit_less_often_than_one_that_does_not():
    hits = {
        looks: sum(bool(play("child_crossing", seed, child_looks=looks)[1]) for seed in range(12))
        for looks in ("true", "false")
    }
    assert hits["true"] < hits["false"]


def test_an_attentive_driver_is_better_than_a_blind_one():
    speeds = []
    for driver in ("constant", "attentive"):
        _, collisions = play("child_crossing", child_behavior="protocol", ego_driver=driver)
        speeds.append(max((c.closing_speed for c in collisions), default=0.0))
    assert speeds[1] < 0.6 * speeds[0]


def test_a_run_says_why_the_child_ran(tmp_path):
    """It plays behind the car until that is about 3.2 s away, and dashes; every leaf's change is in the file."""
    file = tmp_path / "decisions.csv"
    run_command("child_crossing", dt=0.05, seed=1, settings=["child_behavior=natural", "child_looks=false"],
                duration=8.0, csv=None, events=None, decisions=file, quiet=True)  # fmt: skip
    rows = list(csv.DictReader(file.open()))
    assert {row["actor"] for row in rows} == {"Child"}
    at = {(row["node"].rsplit(".", 1)[-1], row["status"]): float(row["time"]) for row in reversed(rows)}
    assert at["plays behind the car", "RUNNING"] == 0.0
    assert at["plays behind the car", "SUCCESS"] == at["DartOut", "RUNNING"] > 1.0
    scenario = load_scenario("child_crossing", {"child_behavior": "natural", "child_looks": "false"})
    with Simulation(scenario, None, seed=1, dt=0.05, duration=8.0) as simulation:
        told = [each for frame in simulation for each in frame.decisions]
    assert [(each.node, each.status) for each in told] == [(row["node"], row["status"]) for row in rows]


@pytest.mark.parametrize(("tree", "mode"), [("child_crossing.xml", "distance"), ("adult_crossing.xml", "time")])
def test_shipped_children_judge_gaps_by_distance_and_adults_by_time(tree, mode):
    """Connelly et al. 1998: children of that age go by how far the car is, adults by when it will be there."""
    pending, modes = list(read_tree(content.find("behaviors", tree)).trees.values()), set()
    while pending:
        node = pending.pop()
        pending += node.children
        modes |= {node.ports["mode"]} if node.kind == "GapAccept" else set()
    assert modes == {mode}
