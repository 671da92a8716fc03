"""Pedestrians' leaves, the Euro NCAP arrival, and random draws that depend on nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivesim.behaviors import CarFollowingDriver, TreeController
from tests.builders import at, car, child

NORTH = math.pi / 2
DT = 0.05


@pytest.fixture
def tree(tmp_path):
    def make(body):
        path = tmp_path / "tree.xml"
        path.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="Main">{body}</BehaviorTree></root>')
        return str(path)

    return make


def run(world, controller, seconds, dt=DT, driver=None):
    """Rows of time, travelled, speed of the child."""
    driver = driver or CarFollowingDriver("constant")
    home, rows = world.position[0, 1, 1], []
    for _ in range(round(seconds / dt)):
        world.command(0, driver.step(world, 0, dt))
        world.command(1, controller.step(world, 1, dt))
        world.step(dt)
        rows.append((world.time, world.position[0, 1, 1] - home, world.speed[0, 1]))
    return np.array(rows)


def street(make_world, *more, seed=1, speed=40 / 3.6, time=6.0):
    world = make_world(car(0), child(1), *more, seed=seed)
    world.falls = False
    front = world.actors[0].box.center[0] + world.actors[0].box.length / 2
    world.place(0, at(-time * speed - front), speed)
    world.place(1, at(0.0, -4.0, yaw=NORTH))
    return world


@pytest.mark.parametrize("dt", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("ego", [10.0, 40.0, 60.0])
@pytest.mark.parametrize(("kmh", "ramp"), [(5.0, 1.0), (8.0, 1.5)])
def test_the_protocol_child_and_the_unbraked_front_meet_on_the_centreline(make_world, tree, dt, ego, kmh, ramp):
    world = street(make_world, speed=ego / 3.6)
    ports = f'speed="{kmh / 3.6}" start_distance="4" acceleration_distance="{ramp}" crossing_distance="8"'
    rows = run(world, TreeController(tree(f"<SyncArrival {ports}/>"), {}, world, 1), 8.0, dt)
    arrival = np.interp(4.0, rows[:, 1], rows[:, 0])
    assert abs(arrival - 6.0) * ego / 3.6 < 0.05
    assert abs(np.interp(6.0, rows[:, 0], rows[:, 1]) - 4.0) < 0.001
    steady = rows[(rows[:, 1] > ramp) & (rows[:, 1] < 7.9), 2] * 3.6
    assert np.ptp(steady) < 0.01
    assert abs(steady[0] - kmh) < 0.1


def test_the_protocol_child_accelerates_evenly(make_world, tree):
    world = street(make_world)
    ports = 'speed="1.5" start_distance="4" acceleration_distance="1" crossing_distance="8"'
    rows = run(world, TreeController(tree(f"<SyncArrival {ports}/>"), {}, world, 1), 6.0, 0.01)
    ramp = rows[(rows[:, 1] > 0.001) & (rows[:, 1] < 0.999)]
    np.testing.assert_allclose(ramp[:, 2] ** 2, 2 * (1.5**2 / 2) * ramp[:, 1], atol=0.01)


def test_whom_a_parked_car_hides_is_not_perceived_until_the_edge(make_world, tree):
    parked = car(2, "Parked")
    for y, seen in ((-4.0, "FAILURE"), (-1.5, "SUCCESS")):
        world = street(make_world, parked)
        world.place(2, at(-4.8, -3.0))
        world.place(1, at(0.0, y, yaw=NORTH))
        controller = TreeController(tree("<PerceivesVehicle/>"), {}, world, 1)
        controller.step(world, 1, DT)
        assert controller.trace[0][2] == seen


def test_a_car_behind_the_back_is_perceived_after_a_look_over_the_shoulder(make_world, tree):
    world = street(make_world)
    world.place(1, at(0.0, -4.0, yaw=math.radians(60.0)))
    body = '<Sequence><ForceSuccess><PerceivesVehicle name="before"/></ForceSuccess><LookBothWays duration="1"/>'
    body += '<LookAhead/><PerceivesVehicle name="after" memory="1.5"/></Sequence>'
    controller = TreeController(tree(body), {}, world, 1)
    run(world, controller, 1.5)
    answers = {node.rsplit(".")[-1]: status for _, node, status in controller.trace}
    assert (answers["before"], answers["after"]) == ("FAILURE", "SUCCESS")


@pytest.mark.parametrize(
    ("mode", "threshold", "speed", "answer"),
    [
        ("distance", 50, 5.0, "SUCCESS"),
        ("distance", 50, 30.0, "SUCCESS"),
        ("time", 4, 5.0, "SUCCESS"),
        ("time", 4, 30.0, "FAILURE"),
    ],
)
def test_children_judge_gaps_by_distance_and_adults_by_time(make_world, tree, mode, threshold, speed, answer):
    world = street(make_world, speed=speed, time=60.0 / speed)
    controller = TreeController(tree(f'<GapAccept mode="{mode}" threshold="{threshold}"/>'), {}, world, 1)
    controller.step(world, 1, DT)
    assert controller.trace[-1][2] == answer


@pytest.mark.parametrize(("port", "left"), [('time="3"', 3.0 * 40 / 3.6), ('distance="20"', 20.0)])
def test_the_decision_starts_when_the_car_is_so_near(make_world, tree, port, left):
    world = street(make_world)
    controller = TreeController(tree(f"<WaitForMaster {port}/>"), {}, world, 1)
    run(world, controller, 5.0)
    start = controller.trace[-1][0]
    assert (6.0 - start) * 40 / 3.6 == pytest.approx(left, abs=40 / 3.6 * DT)


def test_hesitating_stops_and_running_back_returns(make_world, tree):
    world = street(make_world, time=20.0)
    body = '<Sequence><CrossTo distance="2" speed="1.4"/><Hesitate duration="1" spread="0"/><RunBack speed="2"/>'
    body += "</Sequence>"
    controller = TreeController(tree(body), {}, world, 1)
    rows = run(world, controller, 8.0)
    assert 2.0 < rows[:, 1].max() < 2.6
    assert abs(rows[-1, 1]) < 1.0
    assert rows[-1, 2] == pytest.approx(0.0, abs=1e-6)


def test_who_has_fallen_asks_for_nothing(make_world, tree):
    world = street(make_world)
    controller = TreeController(tree('<DartOut distance="8" speed="2"/>'), {}, world, 1)
    world.fallen[0, 1] = 0.1
    assert controller.step(world, 1, DT).velocity == (0.0, 0.0)


def outcomes(make_world, path, seeds, more=()):
    found = []
    for seed in seeds:
        world = street(make_world, *more, seed=seed)
        controller = TreeController(path, {}, world, 1)
        controller.step(world, 1, DT)
        found.append(controller.trace[-1][2])
    return found


def test_probability_is_met_over_seeds(make_world, tree):
    found = outcomes(make_world, tree('<Probability p="0.3"/>'), range(2000))
    assert found.count("SUCCESS") / 2000 == pytest.approx(0.3, abs=0.03)


def test_gap_acceptance_follows_its_distribution(make_world, tree):
    world_gap = 6.0 * 40 / 3.6
    path = tree(f'<GapAccept mode="distance" threshold="{world_gap - 5:.4f}" spread="5"/>')
    share = outcomes(make_world, path, range(2000)).count("SUCCESS") / 2000
    assert share == pytest.approx(0.5 * (1 + math.erf(1 / math.sqrt(2))), abs=0.03)


def test_draws_do_not_depend_on_other_actors_or_nodes(make_world, tree):
    path = tree('<Probability p="0.5"/>')
    alone = outcomes(make_world, path, range(40))
    assert alone == outcomes(make_world, path, range(40))
    assert alone == outcomes(make_world, path, range(40), more=(child(2, "Other"),))
    both = tree('<Sequence><ForceSuccess><Probability p="0.5"/></ForceSuccess><Probability p="0.5"/></Sequence>')
    pairs = []
    for seed in range(40):
        world = street(make_world, seed=seed)
        controller = TreeController(both, {}, world, 1)
        controller.step(world, 1, DT)
        pairs.append(tuple(status for _, _, status in controller.trace))
    assert len(set(pairs)) == 4
