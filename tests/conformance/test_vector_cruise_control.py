"""Vectors for controllers called ``ACCController`` and ``ALKSController``: an adaptive cruise control drives the
longitudinal domain, the storyboard the way."""

import pytest
from stage import DEFAULT_INIT, ENTITIES, Stage, act, after, at_lane, event, lane_change, private, speed, teleport
from xosc_files import CAR

from drivesim.behaviors import make_controller
from drivesim.errors import ScenarioError

ON = '<ControllerAction><ActivateControllerAction longitudinal="true" lateral="true"/></ControllerAction>'
OFF = '<ControllerAction><ActivateControllerAction longitudinal="false" lateral="false"/></ControllerAction>'
LENGTH = 4.5  # of both cars, whose boxes lie alike about the reference point


def stage(
    folder, *events, controller='<Controller name="ALKSController"><Properties/></Controller>', init=DEFAULT_INIT
):
    cars = ENTITIES.replace(f'"Ego">{CAR}', f'"Ego">{CAR}<ObjectController>{controller}</ObjectController>')
    acts = act(event("on", ON), *events)
    return Stage(folder, acts, entities=cars, init=init, controller=make_controller)


def behind(gap, own, other):
    return private("Ego", teleport(at_lane(-1, 100)), speed(own)) + private(
        "Other", teleport(at_lane(-1, 100 + LENGTH + gap)), speed(other)
    )


def gap(played):
    return played.x("Other") - played.x() - LENGTH


@pytest.mark.parametrize("lead", [5.0, 15.0])
@pytest.mark.parametrize(("wished", "told"), [("", 1.5), ('<Property name="timeGap" value="2.2"/>', 2.2)])
def test_the_gap_behind_who_is_slower_is_the_time_gap_and_that_at_rest(tmp_path, lead, wished, told):
    controller = f'<Controller name="ACCController"><Properties>{wished}</Properties></Controller>'
    played = stage(tmp_path, init=behind(60.0, 20.0, lead), controller=controller).until(60.0)
    assert played.speed() == pytest.approx(lead, abs=0.01)
    assert gap(played) == pytest.approx(3.0 + told * lead, abs=0.1)


def test_it_stops_before_what_stands(tmp_path):
    played = stage(tmp_path, init=behind(120.0, 16.7, 0.0)).until(40.0)
    assert played.speed() == pytest.approx(0.0, abs=0.01)
    assert gap(played) == pytest.approx(3.0, abs=0.1)
    assert not played.world.collisions


def test_it_stops_before_what_reaches_into_its_way_from_the_next_lane(tmp_path):
    init = private("Ego", teleport(at_lane(-1, 100, -0.5)), speed(15)) + private(
        "Other", teleport(at_lane(-2, 250, 1.9)), speed(0)
    )  # 0.2 m of overlap
    played = stage(tmp_path, init=init).until(40.0)
    assert gap(played) == pytest.approx(3.0, abs=0.1)
    assert not played.world.collisions


def test_who_is_on_another_lane_is_passed(tmp_path):
    played = stage(tmp_path).until(20.0)
    assert played.speed() == pytest.approx(10.0, abs=1e-6)


def test_the_storyboard_keeps_the_way_and_may_set_another_speed(tmp_path):
    faster = event("faster", speed(15, shape="linear", over=2.0), when=after(2.0))
    aside = event("aside", lane_change(-2), when=after(5.0))
    played = stage(tmp_path, faster, aside, init=private("Ego", teleport(at_lane(-1, 100)), speed(10))
                   + private("Other", teleport(at_lane(2, 1900)), speed(0))).until(12.0)  # fmt: skip
    assert played.speed() == pytest.approx(15.0, abs=0.01)
    assert played.y() == pytest.approx(-6.0, abs=1e-6)


def test_who_cuts_in_close_is_given_way_to_before_it_is_on_the_lane(tmp_path):
    cut = event("cut", lane_change(-1, over=6.0), when=after(1.0))
    init = private("Ego", teleport(at_lane(-1, 100)), speed(15)) + private(
        "Other", teleport(at_lane(-2, 116)), speed(13)
    )
    cuts = act(cut, actors=("Other",)).replace('"act"', '"cuts"')
    played = Stage(
        tmp_path, act(event("on", ON)), cuts, init=init, controller=make_controller,
        entities=ENTITIES.replace(f'"Ego">{CAR}', f'"Ego">{CAR}<ObjectController><Controller name="ACCController"/>'
                                  "</ObjectController>"),
    )  # fmt: skip
    while played.y("Other") < -4.0 - 1e-9 and played.world.time < 10.0:
        played.until(played.world.time + 0.1)
    assert played.speed() < 14.0
    assert played.until(40.0).speed() == pytest.approx(13.0, abs=0.05)
    assert not played.world.collisions


def test_switched_off_it_leaves_the_speed_as_it_is(tmp_path):
    played = stage(tmp_path, event("off", OFF, when=after(3.0)), init=behind(20.0, 15.0, 5.0)).until(3.0)
    slowed = played.speed()
    assert slowed < 14.0
    assert played.until(4.0).speed() == pytest.approx(slowed, abs=0.05)


def test_a_property_that_is_no_number_is_said(tmp_path):
    wrong = (
        '<Controller name="ACCController"><Properties><Property name="timeGap" value="long"/></Properties></Controller>'
    )
    with pytest.raises(ScenarioError, match="'long' is no number"):
        stage(tmp_path, controller=wrong)
