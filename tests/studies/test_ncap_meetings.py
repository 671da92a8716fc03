"""Scenarios of Euro NCAP: where targets and vehicles meet if nobody brakes, and what hides them until then."""

import numpy as np
import pytest

from drivesim.ego import ego_parameters
from drivesim.openscenario.scenario import ScenarioFile
from drivesim.simulation import Simulation
from drivesim.studies.ncap.layers import LAYERS
from drivesim.studies.ncap.protocol import cells_of
from drivesim.studies.ncap.turning import turn_at, turn_parameters
from drivesim.studies.sweep.outcome import Watch
from drivesim.studies.whatif.run import run_of
from drivesim.studies.whatif.sight import line_of_sight


def unbraked(test, speed, location, **more):
    place = {} if location is None else {"impact_location": str(location)}
    scenario = ScenarioFile(f"ncap/{test}").scenario({**place, **more, "ego_speed": str(speed), "duration": "11"})
    watch = Watch(scenario, "Target")
    with Simulation(scenario) as simulation:
        for frame in simulation:
            watch.see(frame)
            if watch.over:
                break
    return watch.outcome()


@pytest.mark.parametrize(("test", "locations"), [("cpna", (0.25, 0.5, 0.75)), ("cpnco", (0.25, 0.5, 0.75))])
@pytest.mark.parametrize("speed", [20, 60])
def test_an_unbraked_vehicle_hits_the_target_where_the_test_says(test, locations, speed):
    """The touch comes before the target's middle is there: half its length over the vehicle's speed, times its own."""
    half = 0.25 if test == "cpna" else 0.149
    for location in locations:
        outcome = unbraked(test, speed, location)
        early = half / (speed / 3.6) * (5.0 / 3.6) / 1.815
        assert outcome.hit_point == pytest.approx(location - early, abs=0.005)
        assert outcome.impact_speed == pytest.approx(speed, abs=0.01)


def test_from_the_far_side_and_from_behind_too():
    for location in (0.25, 0.5):
        early = 0.25 / (40 / 3.6) * (8.0 / 3.6) / 1.815
        assert unbraked("cpfa", 40, location).hit_point == pytest.approx(location + early, abs=0.03)
    assert unbraked("ccrs", 50, 0.5).hit_point == pytest.approx(0.5, abs=0.005)
    # At the outermost locations a quarter of the vehicle's width meets the target.
    overlap = (1.712 + 1.815) / 2 - 0.75 * 1.815
    assert unbraked("ccrs", 50, 1.25).hit_point == pytest.approx(1.0 - overlap / 1.815 / 2, abs=0.005)


@pytest.mark.parametrize(("test", "location"), [("cbna", 0.5), ("cbna", 0.75), ("cbnao", 0.5), ("cbfa", 0.25)])
def test_a_cyclist_is_at_the_impact_location_with_the_unbraked_vehicle(test, location):
    """The touch comes before the middle is there by half a bicycle's width; where it is, is the middle of what of the
    bicycle's length is before the car then."""
    side, speed = {"cbna": (1.0, 15.0), "cbnao": (1.0, 10.0), "cbfa": (-1.0, 20.0)}[test]
    outcome = unbraked(test, 40, location)
    middle = (location * 1.815 - side * (0.25 / 40 * speed)) / 1.815
    low, high = max(middle - 0.945 / 1.815, 0.0), min(middle + 0.945 / 1.815, 1.0)
    assert outcome.hit_point == pytest.approx((low + high) / 2, abs=0.005)
    assert outcome.collision_time == pytest.approx(6.0 - 0.25 / (40 / 3.6), abs=0.001)


@pytest.mark.parametrize(
    ("test", "speed", "ahead"), [("ccrm", 50, 20.0), ("ccrm", 130, 70.0), ("cpla", 10, 5.0), ("cbla", 60, 15.0)]
)
def test_who_moves_the_same_way_is_reached_after_six_seconds(test, speed, ahead):
    for location in (0.5, 0.25):
        outcome = unbraked(test, speed, location, target_speed=str(ahead))
        assert outcome.collision_time == pytest.approx(6.0, abs=0.001)
        assert outcome.closing_speed == pytest.approx(speed - ahead, abs=0.01)
        if test != "ccrm":  # the touch is somewhere on a target that is half a metre wide
            assert outcome.hit_point == pytest.approx(location, abs=0.25 / 1.815)


def test_a_cyclist_behind_cars_comes_into_sight_where_similar_triangles_say():
    """The corner of the first car, 5.05 m ahead of his line and 3.55 m aside, hides him until the line of sight to his
    middle, which moves evenly by then, passes it."""
    speed, riding = 60 / 3.6, 10 / 3.6
    scenario = ScenarioFile("ncap/cbnao").scenario({"ego_speed": "60", "duration": "6"})
    with Simulation(scenario) as simulation:
        ego, target = simulation.ego, next(actor for actor in simulation.actors if actor.name == "Target")
        mount = np.array([1.7, 0.0, 1.0])
        ahead = ego.box.center[0] + ego.box.length / 2 - mount[0]
        seen = next(
            frame.time_ns * 1e-9
            for frame in simulation
            if line_of_sight(frame.state, simulation.actors, ego.index, target.index, mount)
        )
    # riding * tau * (D - 5.05) = 3.55 * D at D = speed * tau + ahead, tau seconds before they would meet
    a, b, c = riding * speed, riding * (ahead - 5.05) - 3.55 * speed, -3.55 * ahead
    before = (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)
    assert seen == pytest.approx(6.0 - before, abs=0.05)


@pytest.mark.parametrize(
    ("test", "before", "behind"),
    [
        ("ccftap", 3.5, {10: 9.57, 15: 14.53, 20: 19.47, 25: 24.33}),
        ("cmftap", 4.0, {10: 10.66, 15: 16.39, 20: 22.02, 25: 27.60}),
    ],
)
def test_turning_vehicles_are_where_the_protocol_has_them_seconds_before_they_meet(test, before, behind):
    """Frontal Collisions v1.1, 1.2.1: how far the front still has to go ahead, where 1 m off is a valid test."""
    for speed, way in behind.items():
        settings = {"ego_speed": str(speed), "target_speed": "30", "duration": "8.1", **turn_parameters(turn_at(speed))}
        with Simulation(ScenarioFile(f"ncap/{test}").scenario(settings)) as simulation:
            ego = simulation.ego
            front = np.array([[ego.box.center[0] + ego.box.length / 2, 0.0, 0.0]])
            ahead = {frame.time_ns: frame.state.pose(ego.index).apply(front)[0][0] for frame in simulation}
        meeting = 8_000_000_000
        assert ahead[meeting] - ahead[meeting - round(before * 1e9)] == pytest.approx(way, abs=0.4)


@pytest.mark.parametrize("test", ["ccftap", "cmftap"])
@pytest.mark.parametrize("speed", [10, 15, 20, 25])
def test_a_vehicle_that_turns_meets_the_front_of_who_comes_towards_it(test, speed):
    for target in (30, 80):
        outcome = unbraked(test, speed, None, target_speed=str(target), **turn_parameters(turn_at(speed)))
        assert outcome.impact_speed == pytest.approx(speed, abs=0.01)
        assert 0.0 <= outcome.hit_point <= 1.0


@pytest.mark.parametrize("test", ["ccrb", "cmrb"])
@pytest.mark.parametrize("speed", [50, 130])
def test_who_brakes_ahead_is_reached_when_the_gap_is_used_up(test, speed):
    """At a second's headway, braking at 4 m/s2 from 2 s on; speeds are those at a tick's end (0.7 km/h apart)."""
    gap = speed / 3.6
    closing = np.sqrt(2.0 * gap / 4.0)
    for location in (0.5, 0.25):
        outcome = unbraked(test, speed, location)
        assert outcome.collision_time == pytest.approx(2.0 + closing, abs=0.02)
        assert outcome.closing_speed == pytest.approx(3.6 * 4.0 * closing, abs=0.4)


def test_a_standing_motorcycle_is_hit_at_the_impact_location():
    for location in (0.5, 0.25):
        assert unbraked("cmrs", 40, location).hit_point == pytest.approx(location, abs=0.03)


@pytest.mark.parametrize(("speed", "target"), [(30, 50), (100, 100)])
def test_who_comes_towards_the_vehicle_in_its_lane_is_met_head_on(speed, target):
    for location in (0.5, 0.25):
        outcome = unbraked("ccfhos", speed, location, target_speed=str(target))
        assert outcome.collision_time == pytest.approx(6.0, abs=0.002)
        assert outcome.closing_speed == pytest.approx(speed + target, abs=0.01)
        # The middle of the part of the vehicle's width that meets the target
        low, high = (max(location - 0.856 / 1.815, 0.0), min(location + 0.856 / 1.815, 1.0))
        assert outcome.hit_point == pytest.approx((low + high) / 2, abs=0.005)


@pytest.mark.parametrize(("speed", "curvature"), [(30, 0.0076), (70, 0.0039), (90, 0.0023), (100, 0.0019)])
@pytest.mark.parametrize("location", [0.25, 0.5, 1.0])
def test_who_overtakes_comes_into_the_lane_as_the_protocol_has_it(speed, curvature, location):
    """From 3.5 m aside, in the lane 1.5 s before they meet, bent as the protocol's table has it (6 %), a second behind
    the other, and met after 6 s."""
    cell = next(c for c in cells_of("2026", ["CCFhol"], extended=True) if (c.speed, c.column) == (speed, location))
    (settings,) = cell.runs(None)
    with Simulation(ScenarioFile("ncap/ccfhol").scenario({**settings, "duration": "6.2"})) as simulation:
        target, other = (
            next(actor for actor in simulation.actors if actor.name == name) for name in ("Target", "OvertakenCar")
        )
        frames = list(simulation)
    paths = {who: np.array([f.state.position[0, who.index] for f in frames]) for who in (target, other)}
    times = np.array([f.time_ns * 1e-9 for f in frames])
    aside = paths[target][:, 1] + 1.75 - (location - 0.5) * 1.815
    assert aside[0] == pytest.approx(3.5, abs=1e-3)
    assert aside[times >= 4.5 - 1e-9] == pytest.approx(0.0, abs=0.01)
    assert aside[np.searchsorted(times, 4.3)] > 0.02
    heading = np.unwrap([f.state.orientation[0, target.index, 0] for f in frames])
    bend = np.abs(np.diff(heading)).max() / (cell.target_speed / 3.6 * (times[1] - times[0]))
    assert bend == pytest.approx(curvature, rel=0.06)
    gap = paths[target][0, 0] - paths[other][0, 0] - (target.box.center[0] + target.box.length / 2)
    gap -= other.box.length / 2 - other.box.center[0]
    assert gap / (cell.target_speed / 3.6) == pytest.approx(1.0, abs=0.005)
    outcome = unbraked("ccfhol", speed, location, **settings)
    assert outcome.hit == "Target"
    assert outcome.collision_time == pytest.approx(6.0, abs=0.002)
    assert outcome.closing_speed == pytest.approx(speed + cell.target_speed, abs=0.01)


@pytest.mark.parametrize(("test", "speed", "target"), [("cccscp", 20, 60), ("cccscp", 80, 30), ("cmcscp", 60, 20)])
@pytest.mark.parametrize("side", [1, -1])
def test_who_crosses_at_a_junction_is_met_from_either_side(test, speed, target, side):
    """The car's front meets the side of a car a quarter of its length behind its front; a motorcycle's front meets the
    car's side a tenth of its length behind its front: both after 3.8 s."""
    outcome = unbraked(test, speed, None, target_speed=str(target), side=str(side))
    assert outcome.collision_time == pytest.approx(3.8, abs=0.002)
    assert outcome.impact_speed == pytest.approx(speed, abs=0.01)


@pytest.mark.parametrize(("test", "speed"), [("CPTAfs", 10), ("CPTAfo", 25), ("CPTAns", 10), ("CPTAno", 10)])
@pytest.mark.parametrize("location", [0.5, 0.9])
def test_a_vehicle_that_turns_meets_a_person_who_crosses(test, speed, location):
    """After 9 s the impact location of the unbraked car's front is 9.5 m aside of the road it came from, where the
    person would be that has walked his way from there."""
    cell = next(c for c in cells_of("2026", [test], extended=True) if (c.speed, c.column) == (speed, location))
    (settings,) = cell.runs(None)
    with Simulation(ScenarioFile(cell.test.scenario).scenario(settings)) as simulation:
        ego, target = simulation.ego, next(actor for actor in simulation.actors if actor.name == "Target")
        frames = list(simulation)
    start = frames[0].state.pose(target.index).translation
    x, y, _ = (
        next(f for f in frames if f.time_ns == 9_000_000_000)
        .state.pose(ego.index)
        .apply(np.array([[ego.box.center[0] + ego.box.length / 2, (location - 0.5) * 1.815, 0.0]]))[0]
    )
    assert abs(y) == pytest.approx(9.5, abs=0.005)
    assert x == pytest.approx(start[0] + int(settings["direction"]) * float(settings["start_distance"]), abs=0.005)
    hit = unbraked(cell.test.scenario.removeprefix("ncap/"), speed, None, **settings)
    assert 8.7 < hit.collision_time < 9.0
    assert hit.hit_point == pytest.approx(location, abs=0.35)  # of a body 0.6 m long, from a car aslant


@pytest.mark.parametrize(
    ("test", "speed", "column", "aside", "place"),
    [
        ("CBTAfs", 10, 1.0, 5.0, (3.558, 0.9075)),
        ("CBTAfs", 25, 0.75, 5.0, (3.558 - 0.25 * 4.358, 0.9075)),
        ("CBTAfo", 15, 0.9, 2.75, (3.558, 0.4 * 1.815)),
        ("CBTAfo", 25, 0.5, 2.75, (3.558, 0.0)),
        ("CBTAns", 10, 0.0, -5.0, (3.558, -0.9075)),
        ("CBTAns", 10, 0.75, -5.0, (3.558 - 0.25 * 4.358, -0.9075)),
        ("CBTAno", 10, 0.25, -5.0, (3.558, -0.25 * 1.815)),
    ],
)
def test_a_vehicle_that_turns_meets_a_cyclist(test, speed, column, aside, place):
    """After 9 s his front wheel would be at the impact location of the unbraked car, on its front or on its side; they
    touch before, by the tenth of a second at most that half his width takes."""
    cell = next(c for c in cells_of("2026", [test], extended=True) if (c.speed, c.column) == (speed, column))
    (settings,) = cell.runs(None)
    with Simulation(ScenarioFile(cell.test.scenario).scenario(settings)) as simulation:
        ego, target = simulation.ego, next(actor for actor in simulation.actors if actor.name == "Target")
        frames = {frame.time_ns: frame for frame in simulation if frame.time_ns <= 9_000_000_000}
    touched = min(time for time, frame in frames.items() if frame.collisions)
    assert 8.88 < frames[touched].collisions[0].time < 9.0
    steady, earlier = (frames[time].state for time in (8_500_000_000, 5_000_000_000))
    front = np.array([[target.box.center[0] + target.box.length / 2, 0.0, 0.0]])
    ridden = steady.pose(target.index).apply(front)[0]
    assert ridden[1] == pytest.approx(aside, abs=1e-3)
    way = steady.pose(target.index).translation - earlier.pose(target.index).translation
    assert way[0] == pytest.approx(cell.test.across * 15 / 3.6 * 3.5, abs=1e-3)
    met = ridden + [cell.test.across * 15 / 3.6 * 0.5, 0.0, 0.0]
    turned = turned_alone(cell, ego)
    assert turned.inverse().apply(met[None])[0][:2] == pytest.approx(place, abs=0.01)


def test_a_run_is_not_over_while_the_cyclist_is_still_coming_from_behind():
    """He starts 13 m behind the car and is 5 km/h faster."""
    cell = next(c for c in cells_of("2026", ["CBTAns"], extended=True) if c.column == 0.0)
    (settings,) = cell.runs(None)
    run = run_of(cell.test.scenario, "whatif_camera", settings, parameters=ego_parameters("aeb"), seed=0)
    assert run.play().duration > 8.0


def turned_alone(cell, ego):
    """Where the car is after 9 s with the cyclist out of its way."""
    (settings,) = cell.runs(None)
    with Simulation(ScenarioFile(cell.test.scenario).scenario(settings | {"aside": "6", "target_speed": "5"})) as alone:
        return next(f for f in alone if f.time_ns == 9_000_000_000).state.pose(ego.index)


def test_people_walk_their_way_in_time():
    """2 m to get to 5 km/h, then steadily: 9.5 m take 8.28 s."""
    (settings,) = next(iter(cells_of("2026", ["CPTAfs"], extended=False))).runs(None)
    with Simulation(ScenarioFile("ncap/cptaf").scenario({**settings, "ego_speed": "5"})) as simulation:
        target = next(actor for actor in simulation.actors if actor.name == "Target")
        places = {f.time_ns: f.state.pose(target.index).translation for f in simulation}
    assert places[9_000_000_000][0] - places[min(places)][0] == pytest.approx(9.5, abs=0.05)
    assert places[9_000_000_000][1] == pytest.approx(9.5, abs=0.001)


def test_parked_cars_hide_who_crosses_up_to_60_km_h():
    """The last corner that hides is that of the first car, 24 m before the target's way and 2 m beside the camera's."""
    hidden = {}
    for speed in (60, 70):
        scenario = ScenarioFile("ncap/cccscp").scenario({"ego_speed": str(speed), "target_speed": "30", "side": "-1"})
        mount = np.array([1.7, 0.0, 1.0])
        with Simulation(scenario) as simulation:
            ego, target = simulation.ego, next(actor for actor in simulation.actors if actor.name == "Target")
            hidden[speed] = [
                frame.time_ns * 1e-9
                for frame in simulation
                if 0.0 < frame.time_ns * 1e-9 < 3.8
                and not line_of_sight(frame.state, simulation.actors, ego.index, target.index, mount)
            ]
            assert int(simulation.world.present[0].sum()) == (5 if speed == 60 else 2)
    assert hidden[70] == []
    ahead, beside = 0.856 + 3.558 - 1.7, 4.023 / 4  # from the camera to the target at 3.8 s
    last = max(hidden[60])
    for time, sight in ((last, False), (last + 0.1, True)):
        left = 3.8 - time
        along, across = 60 / 3.6 * left + ahead, 30 / 3.6 * left + beside
        assert (across * (along - 24.0) / along < 2.0) == sight


@pytest.mark.parametrize("speed", [10, 15, 20, 25])
def test_turns_end_in_the_middle_of_the_lane_to_the_left(speed):
    """The lane is 3.5 m wide, its road's middle at x = 120 m."""
    settings = {"ego_speed": str(speed), "target_speed": "10", "duration": "14", **turn_parameters(turn_at(speed))}
    with Simulation(ScenarioFile("ncap/ccftap").scenario(settings)) as simulation:
        last = list(simulation)[-1].state.pose(simulation.ego.index)
    assert last.translation[0] == pytest.approx(121.75, abs=0.005)
    assert last.ypr[0] == pytest.approx(np.pi / 2, abs=1e-3)


def test_at_25_km_h_the_path_of_20_is_driven():
    assert turn_at(25) == turn_at(20) != turn_at(15)


def test_layers_move_the_target_as_they_say():
    straight, nearer, turned = (
        unbraked("cpnco", 40, 0.5, **LAYERS[name].settings["CPNCO"] if name else {})
        for name in (None, "target_nearer", "target_turned")
    )
    # A quarter of the 4 m to the impact point nearer at the start, so as much farther at the end.
    assert nearer.hit_point - straight.hit_point == pytest.approx(1.0 / 1.815, abs=0.09)
    assert turned.hit_point == pytest.approx(straight.hit_point, abs=0.03)


def test_a_faster_target_is_hidden_where_it_was():
    """At 65 km/h, which a layer makes of 60."""
    for speed, actors in (("65", 5), ("70", 2)):
        scenario = ScenarioFile("ncap/cccscp").scenario({"ego_speed": "60", "target_speed": speed, "duration": "0.2"})
        with Simulation(scenario) as simulation:
            list(simulation)
            assert int(simulation.world.present[0].sum()) == actors
