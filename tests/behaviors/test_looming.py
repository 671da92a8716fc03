"""The driver who steers by sight: it keeps its lane, cuts bends as people do, keeps its distance."""

import math

import pytest
from stage import ENTITIES, ROAD, Stage, act, at_lane, event, private, speed, teleport
from xosc_files import CAR

from drivesim.behaviors import make_controller

ON = '<ControllerAction><ActivateControllerAction longitudinal="true" lateral="true"/></ControllerAction>'
RADIUS = 150.0
LEFT_BEND = ROAD.replace("<line/>", f'<arc curvature="{1 / RADIUS}"/>').replace('length="2000"', 'length="900"')


def stage(folder, *, offset=0.0, own=12.0, other=None, more="", road=ROAD):
    listed = f"<Properties>{more}</Properties>"
    controller = f'<ObjectController><Controller name="LoomingController">{listed}</Controller></ObjectController>'
    cars = ENTITIES.replace(f'"Ego">{CAR}', f'"Ego">{CAR}{controller}')
    init = private("Ego", teleport(at_lane(-1, 50, offset)), speed(own))
    ahead = teleport(at_lane(2, 850)), speed(0)
    init += private("Other", *((teleport(at_lane(-1, 100)), speed(other)) if other is not None else ahead))
    return Stage(folder, act(event("on", ON)), entities=cars, init=init, controller=make_controller, road=road)


def test_it_comes_back_to_the_middle_of_its_lane(tmp_path):
    played = stage(tmp_path, offset=0.8)
    assert abs(played.until(2.0).y() + 2.0) < 0.8
    assert played.until(15.0).y() == pytest.approx(-2.0, abs=0.02)
    assert played.heading() == pytest.approx(0.0, abs=1e-3)


def test_in_a_bend_it_stays_on_its_lane_and_cuts_it_as_people_do(tmp_path):
    played = stage(tmp_path, road=LEFT_BEND)
    outwards = []
    while played.world.time < 40.0:
        played.until(played.world.time + 0.5)
        outwards.append(math.hypot(played.x(), played.y() - RADIUS) - RADIUS - 2.0)  # from the lane's middle
    settled = outwards[len(outwards) // 2 :]
    assert max(abs(away) for away in outwards) < 2.0 - 0.9
    assert all(away < -0.1 for away in settled)
    assert max(settled) - min(settled) < 0.3


def test_it_keeps_a_gap_in_time_and_its_speed_without_anybody(tmp_path):
    played = stage(tmp_path, other=8.0, more='<Property name="timeGap" value="1.2"/>').until(60.0)
    assert played.speed() == pytest.approx(8.0, abs=0.02)
    assert played.x("Other") - played.x() - 4.5 == pytest.approx(3.0 + 1.2 * 8.0, abs=0.1)
    free = stage(tmp_path, own=10.0, more='<Property name="setSpeed" value="14"/>').until(20.0)
    assert free.speed() == pytest.approx(14.0, abs=0.01)


def test_where_the_road_ends_it_does_not_swerve(tmp_path):
    short = ROAD.replace('length="2000"', 'length="200"')
    played = stage(tmp_path, road=short, own=10.0)
    played.world.remove(played.world.index("Other"))
    while played.x() < 198.0:
        played.until(played.world.time + 0.1)
        assert played.y() == pytest.approx(-2.0, abs=0.02)
