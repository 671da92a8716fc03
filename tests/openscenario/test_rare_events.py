"""The rare-event library: each story is played as written, stays within its map and really is dangerous."""

import numpy as np
import pytest

from drivesim.content import find
from drivesim.openscenario import load_scenario
from drivesim.simulation import Simulation
from drivesim.studies.sampling import draw_instances, space_of

BUMPER = 0.3
"""Metres by which an arranged meeting may be early or late at the speeds played here, beyond a tick's travel."""

BICYCLE_REACH = 1.47
"""Metres from a bicycle's rear axle, which is synchronised, to the front of its wheel."""


def play(name, seed=1, **parameters):
    scenario = load_scenario(name, {"ego_driver": "constant", **parameters})
    with Simulation(scenario, seed=seed) as simulation:
        frames = list(simulation)
        return simulation, frames, [c for frame in frames for c in frame.collisions]


def first_of_ego(collisions):
    return next((c for c in collisions if "Ego" in (c.first, c.second)), None)


@pytest.mark.parametrize("speed", [30, 40, 50])
@pytest.mark.parametrize("name", ["adult_from_far_side", "pedestrian_behind_bus"])
def test_a_protocol_pedestrian_meets_the_unbraked_car_after_six_seconds(name, speed):
    """Start and walker are synchronised in closed form: both reach the crossing 6 s after the start."""
    _, _, collisions = play(name, ego_speed=str(speed), duration="8")
    hit = first_of_ego(collisions)
    assert hit is not None
    assert {hit.first, hit.second} == {"Ego", "Pedestrian"}
    assert hit.time == pytest.approx(6.0, abs=0.05 + BUMPER / (speed / 3.6))
    assert hit.closing_speed == pytest.approx(speed / 3.6, rel=0.1)


def test_the_passenger_is_hidden_by_the_bus_until_late():
    simulation, frames, _ = play("pedestrian_behind_bus", duration="6")
    world = simulation.world
    index = {actor.name: actor.index for actor in simulation.actors}
    early, late = frames[20].state, frames[-8].state
    assert index["Bus"] != index["Pedestrian"]
    # The straight line from the ego to the walker passes through the bus' box early on, and no longer at the end.
    for state, hidden in ((early, True), (late, False)):
        ego, walker = (state.position[0, index[name], :2] for name in ("Ego", "Pedestrian"))
        local = state.pose(index["Bus"]).inverse()
        ends = [np.asarray(local.apply([*point, 0.0]))[:2] for point in (ego + [1.7, 0.0], walker)]
        box = world.actors[index["Bus"]].box
        line = np.linspace(ends[0], ends[1], 400) - np.array(box.center[:2])
        inside = (np.abs(line) < [box.length / 2, box.width / 2]).all(axis=1)
        assert bool(inside.any()) is hidden


def test_the_queue_is_met_nine_seconds_after_the_start_by_a_driver_who_sleeps():
    _, _, collisions = play("end_of_traffic_jam", ego_speed="110", duration="11")
    hit = first_of_ego(collisions)
    assert {hit.first, hit.second} == {"Ego", "LastCar"}
    assert hit.time == pytest.approx(9.0, abs=0.1)
    assert hit.closing_speed == pytest.approx(110 / 3.6, rel=0.03)


def test_an_overtaker_leaves_its_lane_where_it_was_told_to_and_meets_the_ego_head_on():
    simulation, frames, collisions = play("oncoming_overtaker", duration="12")
    hit = first_of_ego(collisions)
    assert {hit.first, hit.second} == {"Ego", "Overtaker"}
    assert hit.closing_speed == pytest.approx((80 + 90) / 3.6, rel=0.03)
    index = {actor.name: actor.index for actor in simulation.actors}
    lateral = np.array([frame.state.position[0, index["Overtaker"], 1] for frame in frames])
    away = int(np.argmax(lateral < 1.65))  # the straight's lane has its middle at 1.75; it begins in the bend beyond
    state = frames[away].state
    gap = np.linalg.norm(state.position[0, index["Ego"]] - state.position[0, index["Overtaker"]])
    assert 150.0 < gap < 180.0


@pytest.mark.parametrize(("speed", "cyclist"), [(20, 10), (30, 15), (50, 22)])
def test_a_wrong_way_cyclist_comes_out_of_the_near_half_of_the_side_road(speed, cyclist):
    """Heading north at x = 183.25, where southbound traffic belongs; meets the unbraked car 6 s after the start."""
    simulation, frames, collisions = play(
        "wrong_way_cyclist", ego_speed=str(speed), cyclist_speed=str(cyclist), cyclist_behavior="protocol"
    )
    hit = first_of_ego(collisions)
    assert {hit.first, hit.second} == {"Ego", "Cyclist"}
    assert hit.time == pytest.approx(6.0, abs=0.05 + (BICYCLE_REACH + BUMPER) / (cyclist / 3.6))
    rider = {actor.name: actor.index for actor in simulation.actors}["Cyclist"]
    state = frames[0].state
    lane = simulation.network.lane_from_world(*state.position[0, rider, :2].tolist(), heading=np.pi / 2)
    assert (lane.road_id, lane.lane_id) == ("4", -1)
    assert simulation.network.world_from_lane("4", -1, lane.s).heading == pytest.approx(-np.pi / 2)
    assert state.orientation[0, rider, 0] == pytest.approx(np.pi / 2)


def test_the_wrong_way_cyclist_is_hidden_until_the_car_is_beside_the_van():
    parameters = {"ego_driver": "constant", "cyclist_behavior": "protocol", "duration": "5.9"}
    with Simulation(load_scenario("wrong_way_cyclist", parameters)) as simulation:
        index = {actor.name: actor.index for actor in simulation.actors}
        seen = {round(f.time_ns * 1e-9, 2): simulation.world.sees(index["Ego"], index["Cyclist"]) for f in simulation}
    first = min(time for time, visible in seen.items() if visible)
    assert first == pytest.approx(2.75, abs=0.3)  # the car's front has come to x = 156, the van's is at 158.5
    assert all(visible for time, visible in seen.items() if time > first)


@pytest.mark.parametrize(("speed", "cyclist"), [(10, 15), (15, 10), (15, 15), (20, 25)])
def test_the_ego_turns_left_into_a_cyclist_who_rides_straight_on(speed, cyclist):
    """Bumper and bicycle meet on the cyclist's line (y = 3) after 6 s, on the arc of the lane (x = 184.2)."""
    simulation, frames, collisions = play(
        "turning_across_cyclist", ego_speed=str(speed), cyclist_speed=str(cyclist), cyclist_behavior="protocol"
    )
    hit = first_of_ego(collisions)
    assert {hit.first, hit.second} == {"Ego", "Cyclist"}
    half_sizes = 1.89 / 2 + 1.815 / 2  # bicycle and bumper, met along the bicycle's line
    assert hit.time == pytest.approx(6.0, abs=0.05 + half_sizes / (cyclist / 3.6))
    index = {actor.name: actor.index for actor in simulation.actors}
    state = frames[int(hit.time / 0.05) - 1].state
    assert state.position[0, index["Cyclist"], 1] == pytest.approx(3.0, abs=0.05)
    bumper = state.pose(index["Ego"]).apply([3.558, 0.0, 0.0])
    assert bumper[:2] == pytest.approx([184.2, 3.0], abs=1.3)
    assert state.orientation[0, index["Ego"], 0] == pytest.approx(0.63, abs=0.3)


def test_cyclists_who_foresee_the_turn_stop_and_others_do_not():
    outcomes = set()
    for seed in range(6):
        _, _, collisions = play("turning_across_cyclist", seed=seed, cyclist_behavior="natural")
        outcomes.add(first_of_ego(collisions) is None)
    assert outcomes == {True, False}


def test_a_driver_and_an_environment_take_the_turn_of_the_route():
    """Both end on the lane of the road to the north (x = 186.75); the agent lets the cyclist pass first."""
    from drivesim.envs import ScenarioEnv

    simulation, frames, _ = play("turning_across_cyclist", cyclist_speed="30", ego_speed="12", duration="14")
    ego = simulation.ego.index
    x, y, _ = frames[-1].state.position[0, ego]
    assert (x, y > 15.0) == (pytest.approx(186.75, abs=0.3), True)
    parameters = {"cyclist_speed": "30", "ego_speed": "12", "cyclist_behavior": "protocol"}
    env = ScenarioEnv("turning_across_cyclist", parameters=parameters, action="target_speed", goal_distance=32.0)
    env.reset(seed=1)
    ended, wanted = False, -1.0
    while not ended:
        *_, terminated, truncated, info = env.step(np.array([wanted], dtype=np.float32))
        wanted = -1.0 if info["time"] < 7.0 else -0.5
        ended = terminated or truncated
    assert info["outcome"]["goal"]
    assert not info["outcome"]["off_road"]
    assert env.batch.world.position[0, 0, 1] > 8.0
    env.close()


@pytest.mark.parametrize(("ball_speed", "lead"), [(8, 1.0), (12, 1.5), (20, 2.5)])
def test_a_ball_crosses_so_long_before_the_child_and_rolls_to_rest(ball_speed, lead):
    """On the middle of the car's path ``ball_lead`` before the 6 s; v(t) = v - 0.5 t until rest or the far kerb."""
    parameters = {"child_behavior": "protocol", "ball_speed": str(ball_speed), "ball_lead": str(lead)}
    simulation, frames, collisions = play("child_after_ball", **parameters)
    hit = first_of_ego(collisions)
    assert {hit.first, hit.second} == {"Ego", "Child"}
    assert hit.time == pytest.approx(6.0, abs=0.05 + BUMPER / (40 / 3.6))
    ball = {actor.name: actor.index for actor in simulation.actors}["Ball"]
    y = np.array([frame.state.position[0, ball, 1] for frame in frames])
    times = np.array([frame.time_ns * 1e-9 for frame in frames])
    assert np.interp(-1.75, y, times) == pytest.approx(6.0 - lead, abs=0.1)
    speed = np.array([frame.state.speed[0, ball] for frame in frames])
    rolling = np.flatnonzero(speed > 0.1)
    assert speed[rolling[0]] == pytest.approx(ball_speed / 3.6, abs=0.05)
    assert np.diff(speed[rolling]) == pytest.approx(-0.5 * 0.05, abs=1e-6)
    assert y.max() < 5.7 - 0.11 + 0.3
    assert y[-1] > -1.75 + 1.815 / 2 + 0.11, "it does not stop in the car's path"


def test_children_who_decide_run_after_their_ball_and_some_stop_at_the_edge():
    """Behind the ball, never before it; a taught child (one in four) is not in the road while the car comes."""
    stopped = 0
    for seed in range(6, 10):
        simulation, frames, _ = play("child_after_ball", seed=seed, child_behavior="natural", duration="6")
        index = {actor.name: actor.index for actor in simulation.actors}
        moved = {
            name: next(f.time_ns * 1e-9 for f in frames if f.state.speed[0, index[name]] > 0.2)
            for name in ("Ball", "Child")
        }
        assert 0.05 < moved["Child"] - moved["Ball"] < 2.0
        stopped += frames[-1].state.position[0, index["Child"], 1] < -3.5
    assert 0 < stopped < 4


@pytest.mark.parametrize(
    "name",
    [
        "adult_from_far_side",
        "pedestrian_behind_bus",
        "end_of_traffic_jam",
        "oncoming_overtaker",
        "child_after_ball",
        "wrong_way_cyclist",
        "turning_across_cyclist",
    ],
)
def test_every_drawn_instance_plays_to_its_end_on_the_road(name):
    space = space_of(name, None)
    for seed, values in enumerate(draw_instances(space, 4, seed=3)):
        simulation, frames, collisions = play(name, seed=seed, **{**values, "duration": "6"})
        assert frames[-1].state.time[0] == pytest.approx(6.0, abs=0.05)
        others = [c for c in collisions if "Ego" not in (c.first, c.second)]
        assert not others, f"{values}: the others collide among themselves: {others}"
        low_x, low_y, high_x, high_y = simulation.network.bounds()
        place = frames[-1].state.position[0, frames[-1].state.present[0]]
        assert (place[:, :2] > [low_x - 5, low_y - 5]).all()
        assert (place[:, :2] < [high_x + 5, high_y + 5]).all()
    assert find("scenarios", f"distributions/{name}").exists()
