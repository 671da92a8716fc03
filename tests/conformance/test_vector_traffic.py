"""Vectors for traffic actions (OpenSCENARIO XML 1.3, ``TrafficAction``).

Source, sink, swarm and area on a straight road of 2 km with two lanes of 4 m each way.
"""

import math
from itertools import pairwise

import pytest
from stage import Stage, act, after, at_lane, event, private, speed, teleport
from xosc_files import CAR

from drivesim.behaviors import make_controller

CATEGORIES = "".join(
    f'<VehicleCategoryDistributionEntry category="{kind}" weight="{weight}"/>'
    for kind, weight in (("car", 3), ("bus", 1))
)
DEFINITION = (
    f'<TrafficDefinition name="d"><VehicleCategoryDistribution>{CATEGORIES}</VehicleCategoryDistribution>'
    '<ControllerDistribution><ControllerDistributionEntry weight="1"><Controller name="c"><Properties/></Controller>'
    "</ControllerDistributionEntry></ControllerDistribution></TrafficDefinition>"
)
TEMPLATE = (
    '<TrafficDistribution><TrafficDistributionEntry weight="1"><EntityDistribution><EntityDistributionEntry weight="1">'
    f"<ScenarioObjectTemplate>{CAR}</ScenarioObjectTemplate></EntityDistributionEntry></EntityDistribution>"
    "</TrafficDistributionEntry></TrafficDistribution>"
)
INIT = private("Ego", teleport(at_lane(-1, 1000)), speed(10)) + private("Other", teleport(at_lane(2, 1990)))


def traffic(inside, name="t"):
    return f'<GlobalAction><TrafficAction trafficName="{name}">{inside}</TrafficAction></GlobalAction>'


def source(rate=0.5, s=200, more='speed="20"'):
    return traffic(
        f'<TrafficSourceAction radius="1" rate="{rate}" {more}>{at_lane(-1, s)}{DEFINITION}</TrafficSourceAction>'
    )


def out(stage):
    return [a for a in stage.world.actors if stage.world.present[0, a.index] and a.name not in ("Ego", "Other")]


def test_a_source_lets_vehicles_out_at_its_rate_and_speed(tmp_path):
    stage = Stage(tmp_path, act(event("e", source())), init=INIT).until(0.1)
    assert len(out(stage)) == 1
    assert stage.until(20).times("::e", "endTransition") == [0.0]
    cars = out(stage)
    assert len(cars) == pytest.approx(0.5 * 20, abs=1)
    assert {car.category for car in cars} == {"car", "bus"}
    assert all(stage.y(car.name) == pytest.approx(-2) for car in cars)
    first = max(cars, key=lambda car: stage.x(car.name))
    assert stage.x(first.name) == pytest.approx(200 + 20 * 20, abs=25)


@pytest.mark.parametrize("definition", ["", DEFINITION])
def test_a_swarm_that_says_nothing_of_its_vehicles_is_of_cars(tmp_path, definition):
    """The schema demands neither ``TrafficDefinition`` nor ``TrafficDistribution``."""
    swarm = traffic(
        '<TrafficSwarmAction innerRadius="20" numberOfVehicles="8" offset="0" semiMajorAxis="200" semiMinorAxis="50" '
        f'velocity="20"><CentralObject entityRef="Ego"/>{definition}</TrafficSwarmAction>'
    )
    stage = Stage(tmp_path, act(event("e", swarm)), init=INIT).until(0.1)
    assert len(out(stage)) >= 4
    assert {car.category for car in out(stage)} == ({"car", "bus"} if definition else {"car"})


def test_vehicles_keep_their_distance_to_who_stands_in_the_way(tmp_path):
    init = private("Ego", teleport(at_lane(-1, 400))) + private("Other", teleport(at_lane(2, 1990)))
    stage = Stage(tmp_path, act(event("e", source(0.3))), init=init).until(40)
    waiting = sorted(stage.x(car.name) for car in out(stage))
    assert waiting[-1] < 400
    assert not stage.world.collisions
    assert all(b - a > 4 for a, b in pairwise(waiting))


def test_vehicles_of_traffic_can_have_its_driver(tmp_path):
    """They change lanes round who stands in the way, where those that only keep their distance queue."""
    driven = source(0.2).replace("<Properties/>", '<Properties><Property name="driver" value="traffic"/></Properties>')
    init = private("Ego", teleport(at_lane(-1, 600))) + private("Other", teleport(at_lane(2, 1990)))
    stage = Stage(tmp_path, act(event("e", driven)), init=init, controller=make_controller).until(60)
    assert any(stage.x(car.name) > 650 for car in out(stage))
    assert not stage.world.collisions


def test_a_sink_takes_traffic_in_and_leaves_others_alone(tmp_path):
    sink = traffic(f'<TrafficSinkAction radius="10">{at_lane(-1, 300)}</TrafficSinkAction>', "sink")
    init = private("Ego", teleport(at_lane(-2, 300))) + private("Other", teleport(at_lane(2, 1990)))
    stage = Stage(tmp_path, act(event("e", source()), event("s", sink)), init=init).until(30)
    assert stage.world.present[0, 0]
    assert all(stage.x(car.name) < 310 for car in out(stage))
    assert 1 <= len(out(stage)) <= 5


@pytest.mark.parametrize(("named", "goes_on"), [("t", False), ("other", True)])
def test_a_stop_ends_the_action_of_its_name(tmp_path, named, goes_on):
    stop = traffic("<TrafficStopAction/>", named)
    stage = Stage(tmp_path, act(event("e", source()), event("stop", stop, when=after(5))), init=INIT).until(5)
    before = len(out(stage))
    assert (len(out(stage.until(15))) > before) == goes_on


def _swarm(count=8, more=""):
    return traffic(
        f'<TrafficSwarmAction innerRadius="20" numberOfVehicles="{count}" offset="0" semiMajorAxis="150" '
        f'semiMinorAxis="40" velocity="25"><CentralObject entityRef="Ego"/>{DEFINITION}{more}</TrafficSwarmAction>'
    )


def test_a_swarm_stays_around_its_centre(tmp_path):
    """Never more than ``numberOfVehicles``; who leaves the ellipse goes, and others come, outside the inner radius."""
    stage = Stage(tmp_path, act(event("e", _swarm())), init=INIT)
    for seconds in (0.1, 5, 10, 20):
        stage.until(seconds)
        cars = out(stage)
        assert len(cars) == 8
        assert all(abs(stage.x(car.name) - stage.x()) < 151 for car in cars)
        if seconds < 1:
            assert all(math.dist((stage.x(c.name), stage.y(c.name)), (stage.x(), stage.y())) > 15 for c in cars)


def test_a_swarm_has_its_speeds_and_directions(tmp_path):
    more = '<InitialSpeedRange lowerLimit="5" upperLimit="9"/><DirectionOfTravelDistribution same="1" opposite="0"/>'
    stage = Stage(tmp_path, act(event("e", _swarm(more=more))), init=INIT).until(0.05)
    assert all(5 - 0.3 <= stage.speed(car.name) <= 9 + 0.3 for car in out(stage))
    assert all(stage.y(car.name) < 0 for car in out(stage))


CORNERS = "".join(
    f'<Position><WorldPosition x="{x}" y="{y}"/></Position>' for x, y in ((300, -9), (500, -9), (500, 9), (300, 9))
)
RANGE = (
    '<RoadRange><RoadCursor roadId="1" s="600"><Lane id="-2"/></RoadCursor><RoadCursor roadId="1" s="700"/></RoadRange>'
)


@pytest.mark.parametrize(("area", "low", "high"), [(f"<Polygon>{CORNERS}</Polygon>", 300, 500), (RANGE, 600, 700)])
def test_an_area_is_filled(tmp_path, area, low, high):
    filled = traffic(
        f'<TrafficAreaAction numberOfEntities="5" continuous="false">{TEMPLATE}<TrafficArea>{area}</TrafficArea>'
        "</TrafficAreaAction>"
    )
    stage = Stage(tmp_path, act(event("e", filled)), init=INIT).until(0.05)
    cars = out(stage)
    assert len(cars) == 5
    assert all(low - 2 <= stage.x(car.name) <= high + 2 for car in cars)
    if area == RANGE:
        assert all(stage.y(car.name) == pytest.approx(-6) for car in cars)


def test_traffic_is_the_same_for_the_same_seed_and_another_for_another(tmp_path):
    def places(seed):
        stage = Stage(tmp_path, act(event("e", _swarm())), init=INIT, seed=seed).until(3)
        return [(car.name, stage.x(car.name)) for car in out(stage)]

    assert places(1) == places(1)
    assert places(1) != places(2)
