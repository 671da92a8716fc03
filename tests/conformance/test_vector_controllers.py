"""Vectors for several controllers of one entity (OpenSCENARIO XML 1.3, "Controllers", ``ActivateControllerAction``)."""

import logging

import pytest
from stage import DEFAULT_INIT, ENTITIES, Stage, act, after, event, speed
from xosc_files import CAR

from drivesim.behaviors import make_controller
from drivesim.errors import UnsupportedElementError
from drivesim.openscenario import ControllerModel
from drivesim.world import VehicleControl


class Pushes:
    """A controller that speeds up as its property says."""

    def __init__(self, model, actor, world):
        self.acceleration = float(model.properties.get("push", 0.0))

    def step(self, world, actor, dt):
        return VehicleControl(self.acceleration, 0.0)


def declared(name, push, outer):
    properties = f'<Properties><Property name="push" value="{push}"/></Properties>'
    return f'<ObjectController name="{outer}"><Controller name="{name}">{properties}</Controller></ObjectController>'


TWO = declared("gentle", 1.0, "first") + declared("brisk", 3.0, "second")
CARS = ENTITIES.replace(f'"Ego">{CAR}', f'"Ego">{CAR}{TWO}')


def activate(on, which):
    on = "true" if on else "false"
    action = f'<ActivateControllerAction longitudinal="{on}" lateral="{on}" {which}/>'
    return f"<ControllerAction>{action}</ControllerAction>"


@pytest.mark.parametrize(
    ("which", "gained"),
    [
        ('objectControllerRef="first"', 1.0),
        ('objectControllerRef="second"', 3.0),
        ('controllerRef="gentle"', 1.0),
        ('controllerRef="brisk"', 3.0),
    ],
)
def test_the_controller_that_is_named_drives(tmp_path, which, gained):
    stage = Stage(tmp_path, act(event("e", activate(True, which))), entities=CARS, init=DEFAULT_INIT, controller=Pushes)
    assert stage.until(2.0).speed() == pytest.approx(10.0 + 2.0 * gained, abs=0.05)


def test_to_deactivate_another_controller_changes_nothing(tmp_path):
    events = [
        event("on", activate(True, 'objectControllerRef="second"')),
        event("other", activate(False, 'objectControllerRef="first"'), when=after(1.0)),
        event("off", activate(False, 'objectControllerRef="second"'), when=after(2.0)),
    ]
    stage = Stage(tmp_path, act(*events), entities=CARS, init=DEFAULT_INIT, controller=Pushes)
    assert stage.until(2.0).speed() == pytest.approx(16.0, abs=0.05)
    assert stage.until(3.0).speed() == pytest.approx(16.0, abs=0.05)


def share(lateral, longitudinal, which='controllerRef="gentle"'):
    given = "".join(
        f'{name}="{on}" ' for name, on in (("lateral", lateral), ("longitudinal", longitudinal)) if on is not None
    )
    return f"<ControllerAction><ActivateControllerAction {given}{which}/></ControllerAction>"


CHANGE = (
    '<LateralAction><LaneChangeAction><LaneChangeActionDynamics dynamicsShape="sinusoidal" value="2" '
    'dynamicsDimension="time"/><LaneChangeTarget><AbsoluteTargetLane value="-2"/></LaneChangeTarget>'
    "</LaneChangeAction></LateralAction>"
)


def test_a_controller_of_the_longitudinal_domain_leaves_the_lateral_one_to_actions(tmp_path):
    """ "lateral: ... If not specified: no change for controlling the lateral dimension is applied" (XML 1.3)."""
    events = event("e", share("false", "true")), event("change", CHANGE)
    stage = Stage(tmp_path, act(*events), entities=CARS, init=DEFAULT_INIT, controller=Pushes).until(3.0)
    kept = Stage(tmp_path, act(event("change", CHANGE)), entities=CARS, init=DEFAULT_INIT, controller=Pushes)
    assert stage.speed() == pytest.approx(13.0, abs=0.05)
    assert stage.y() == pytest.approx(kept.until(3.0).y(), abs=0.01)
    assert stage.y() < -4.0


def test_a_controller_of_the_lateral_domain_leaves_speed_to_actions(tmp_path):
    events = event("e", share("true", "false", 'controllerRef="brisk"')), event("speed", speed(20, "linear", over=2.5))
    stage = Stage(tmp_path, act(*events), entities=CARS, init=DEFAULT_INIT, controller=Pushes).until(4.0)
    assert stage.speed() == pytest.approx(20.0, abs=0.05)


def test_what_is_not_said_of_a_domain_changes_nothing_there(tmp_path):
    events = [
        event("on", share("true", "true")),
        event("steer less", share("false", None), when=after(1.0)),
        event("let go", share(None, "false"), when=after(2.0)),
    ]
    stage = Stage(tmp_path, act(*events), entities=CARS, init=DEFAULT_INIT, controller=Pushes)
    assert stage.until(2.0).speed() == pytest.approx(12.0, abs=0.05)
    assert stage.until(3.0).speed() == pytest.approx(12.0, abs=0.05)


def test_who_brakes_along_a_way_has_the_grip_of_the_road(tmp_path):
    hard = CARS.replace('value="1.0"', 'value="-50"')
    stage = Stage(tmp_path, act(event("e", share("false", "true"))), entities=hard, init=DEFAULT_INIT,
                  controller=Pushes)  # fmt: skip
    start = stage.x()
    way = stage.until(4.0).x() - start
    assert stage.speed() == 0.0
    assert 100.0 / (2 * 0.9 * 9.81) <= way <= 100.0 / (2 * 0.9 * 9.81) + 2.5


def test_a_controller_that_is_assigned_can_be_named(tmp_path):
    assign = f"<AssignControllerAction>{declared('late', 2.0, 'third')}</AssignControllerAction>"
    events = [
        event("assign", f"<ControllerAction>{assign}</ControllerAction>"),
        event("on", activate(True, 'objectControllerRef="third"'), when=after(1.0)),
    ]
    stage = Stage(tmp_path, act(*events), entities=CARS, init=DEFAULT_INIT, controller=Pushes)
    assert stage.until(3.0).speed() == pytest.approx(14.0, abs=0.05)


def test_a_name_that_nothing_has_is_said(tmp_path, caplog):
    action = activate(True, 'objectControllerRef="frist"')
    with caplog.at_level(logging.WARNING, "drivesim"):
        stage = Stage(tmp_path, act(event("e", action)), entities=CARS, init=DEFAULT_INIT, controller=Pushes)
        stage.until(1.0)
    assert "no controller 'frist'" in caplog.text
    assert "Did you mean 'first'" in caplog.text
    assert stage.speed() == pytest.approx(10.0)


def test_traffic_of_objects_that_only_something_outside_knows_is_unsupported_by_name(tmp_path):
    entry = (
        '<TrafficDistribution><TrafficDistributionEntry weight="1"><EntityDistribution><EntityDistributionEntry '
        'weight="1"><ScenarioObjectTemplate><ExternalObjectReference name="x"/></ScenarioObjectTemplate>'
        "</EntityDistributionEntry></EntityDistribution></TrafficDistributionEntry></TrafficDistribution>"
    )
    source = (
        '<GlobalAction><TrafficAction trafficName="t"><TrafficSourceAction radius="5" rate="1" speed="10"><Position>'
        f'<LanePosition roadId="1" laneId="-1" s="50"/></Position>{entry}</TrafficSourceAction></TrafficAction>'
        "</GlobalAction>"
    )
    with pytest.raises(UnsupportedElementError, match="ExternalObjectReference"):
        Stage(tmp_path, act(event("e", source)))


@pytest.mark.parametrize(
    ("controller", "gone"),
    [
        ('<Controller name="ExternalController" controllerType="movement"/>', 0.0),
        ('<Controller name="c"><Properties><Property name="esminiController" value="ExternalController"/></Properties>'
         "</Controller>", 0.0),
        ('<Controller name="c"><Properties><Property name="esminiController" value="ExternalController"/>'
         '<Property name="mode" value="additive"/></Properties></Controller>', 20.0),
        ('<Controller name="SomebodyElses"/>', 20.0),
    ],
)  # fmt: skip
def test_who_is_left_to_a_program_outside_is_not_moved_by_the_scenario(tmp_path, controller, gone, caplog):
    """As in ASAM's example ``EndOfTrafficJam`` of 1.3; whoever takes over drives from where the actor stands."""
    cars = ENTITIES.replace(f'"Ego">{CAR}', f'"Ego">{CAR}<ObjectController>{controller}</ObjectController>')
    events = act(event("on", activate(True, ""), when=after(1.0)))
    stage = Stage(tmp_path, events, entities=cars, init=DEFAULT_INIT, controller=make_controller).until(1.0)
    before = stage.x()
    assert stage.until(3.0).x() - before == pytest.approx(gone, abs=0.2)
    assert ("program outside" in caplog.text) == (gone == 0.0)
    stage.player.take_over("Ego", Pushes(ControllerModel("push", "", {"push": "2"}), None, None))
    assert stage.until(4.0).speed() == pytest.approx((10.0 if gone else 0.0) + 2.0, abs=0.1)
