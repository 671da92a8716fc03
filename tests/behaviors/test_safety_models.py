"""The safety models for UN R157: their formulas against published and closed-form values, and how they drive."""

import math
from itertools import pairwise

import pytest
from stage import ENTITIES, Stage, act, after, at_lane, event, lane_change, private, speed, teleport
from xosc_files import CAR

from drivesim.behaviors import make_controller
from drivesim.behaviors.automated import safety
from drivesim.errors import ScenarioError

G = 9.81
ON = '<ControllerAction><ActivateControllerAction longitudinal="true" lateral="false"/></ControllerAction>'
LENGTH, FRONT, HALF = 4.5, 2.8, 0.9  # of both cars: length, front axle, half the width


def stage(folder, model, *events, own=20.0, gap=40.0, other=20.0, lane=-1, more="", actions=()):
    listed = f'<Property name="model" value="{model}"/>{more}'
    controller = f'<Controller name="ALKS_R157SM_Controller"><Properties>{listed}</Properties></Controller>'
    cars = ENTITIES.replace(f'"Ego">{CAR}', f'"Ego">{CAR}<ObjectController>{controller}</ObjectController>')
    init = private("Ego", teleport(at_lane(-1, 100)), speed(own))
    init += private("Other", teleport(at_lane(lane, 100 + LENGTH + gap)), speed(other))
    acts = [act(event("on", ON), *actions)]
    if events:
        acts.append(act(*events, actors=("Other",)).replace('"act"', '"others"'))
    return Stage(folder, *acts, entities=cars, init=init, controller=make_controller)


def gap(played):
    return played.x("Other") - played.x() - LENGTH


def record(played, until):
    """(time, own speed, other's y, gap) of every tick."""
    rows = []
    while played.world.time < until - 1e-9:
        rows.append((played.world.time, played.speed(), played.y("Other"), gap(played)))
        played.until(played.world.time + 0.01)
    return rows


def braking_begins(rows):
    return next(time for (time, before, *_), (_, after_, *_) in pairwise(rows)
                if after_ < before - 0.41 * 0.01 - 1e-9)  # fmt: skip


PUBLISHED = [(7.2, 2.0), (10, 3.1), (20, 6.7), (30, 10.8), (40, 15.6), (50, 20.8), (60, 26.7)]


@pytest.mark.parametrize(("kph", "metres"), PUBLISHED)
def test_the_regulations_distances_are_those_of_its_table(kph, metres):
    assert safety.regulation_gap(kph / 3.6) == pytest.approx(metres, abs=0.06)


def test_the_safe_distance_of_rss_is_its_closed_form():
    b, t, a = 0.774 * G, 0.75, 3.0
    v, w = 25.0, 15.0
    expected = v * t + a * t * t / 2 + (v + a * t) ** 2 / (2 * b) - w * w / (2 * b)
    assert safety.rss_gap(v, w) == pytest.approx(expected)
    assert safety.rss_room(1.0) == pytest.approx(0.3 + (1.0 + 1.75) / 2 * t + 1.75**2 / 2)


def test_fuzzy_measures_are_0_where_comfort_will_do_and_1_where_hard_braking_will_not():
    v, w = 20.0, 10.0
    proactive = v * 0.75 + v * v / 8 - w * w / 14 + 4.0, v * 0.75 + v * v / 12 - w * w / 14 + 2.0
    critical = (v - w) * 0.75 + (v - w) ** 2 / 8, (v - w) * 0.75 + (v - w) ** 2 / 12
    for measure, (safe, unsafe) in (
        (safety.proactive_fuzzy, proactive), (lambda *x: safety.critical_fuzzy(*x, 0.0), critical)
    ):  # fmt: skip
        assert measure(safe + 0.01, v, w) == 0.0
        assert measure(unsafe - 0.01, v, w) == 1.0
        assert measure((safe + unsafe) / 2, v, w) == pytest.approx(0.5)
    assert safety.critical_fuzzy(1.0, 10.0, 12.0, 0.0) == 0.0


def test_the_driver_reacts_to_hard_braking_ahead_as_the_regulation_says(tmp_path):
    """0.4 s to perceive, 0.75 s to react, 0.774 g reached in 0.6 s (annex 4, appendix 3)."""
    brake = event("brake", speed(0, shape="linear", dimension="rate", over=7.0), when=after(1.0))
    played = stage(tmp_path, "ReferenceDriver", brake, gap=30.0, more='<Property name="aebAvailable" value="false"/>'
                   '<Property name="cruise" value="false"/>')  # fmt: skip
    rows = record(played, 4.0)
    begins = braking_begins(rows)
    assert begins == pytest.approx(1.0 + 0.4 + 0.75, abs=0.05)
    at = {round(time, 2): own for time, own, *_ in rows}
    full = round(begins + 0.7, 2)
    assert (at[full] - at[round(full + 0.2, 2)]) / 0.2 == pytest.approx(0.774 * G, rel=0.01)


def test_the_driver_reacts_to_a_cut_in_a_wandering_and_a_perception_after_it_begins(tmp_path):
    cut = event("cut", lane_change(-1, shape="linear", over=4.0), when=after(1.0))  # 1 m/s aside
    properties = '<Property name="aebAvailable" value="false"/><Property name="cruise" value="false"/>'
    played = stage(tmp_path, "ReferenceDriver", cut, gap=25.0, other=8.0, lane=-2, more=properties, own=16.0)
    assert braking_begins(record(played, 5.0)) == pytest.approx(1.0 + 0.375 + 0.72 + 0.75, abs=0.05)


def test_it_does_not_brake_for_a_cut_in_far_ahead(tmp_path):
    cut = event("cut", lane_change(-1, shape="linear", over=4.0), when=after(0.5))
    played = stage(tmp_path, "ReferenceDriver", cut, gap=90.0, other=15.0, lane=-2,
                   more='<Property name="cruise" value="false"/>')  # fmt: skip
    assert played.until(6.0).speed() == pytest.approx(20.0, abs=1e-6)


def test_the_regulation_brakes_for_who_intrudes_when_its_formula_says_so(tmp_path):
    """5.2.5.2: 6 m/s2 from TTC = v / (2 * 6) + 0.35 s on, here a step of 0.1 s earlier."""
    own, other = 16.0, 8.0
    cut = event("cut", lane_change(-1, shape="linear", over=2.0), when=after(0.0))
    properties = '<Property name="cruise" value="false"/>'
    rows = record(stage(tmp_path, "Regulation", cut, gap=30.0, own=own, other=other, lane=-2, more=properties), 4.0)
    begins = braking_begins(rows)
    least = (own - other) / 12.0 + 0.35 + 0.1
    near = {round(time, 2): between for time, *_, between in rows}
    assert near[round(begins, 2)] / (own - other) == pytest.approx(least, abs=0.03)
    times = [row[0] for row in rows]
    speeds = [row[1] for row in rows]
    first = times.index(begins)
    assert (speeds[first] - speeds[first + 1]) / 0.01 == pytest.approx(6.0, rel=0.01)


def test_the_regulation_waits_until_a_tyre_is_beyond_the_marking(tmp_path):
    cut = event("cut", lane_change(-1, shape="linear", over=4.0), when=after(0.0))
    rows = record(stage(tmp_path, "Regulation", cut, gap=15.0, own=16.0, other=8.0, lane=-2,
                        more='<Property name="cruise" value="false"/>'), 2.5)  # fmt: skip
    begins = braking_begins(rows)
    y = next(y for time, _, y, _ in rows if time >= begins)
    tyre = y + HALF + FRONT * math.sin(math.atan2(1.0, 8.0))
    assert tyre == pytest.approx(-4.0 + 0.3, abs=0.03)


@pytest.mark.parametrize("model", ["Regulation", "ReferenceDriver", "RSS", "FSM"])
def test_all_stop_before_who_brakes_hard(tmp_path, model):
    brake = event("brake", speed(0, shape="linear", dimension="rate", over=6.0), when=after(2.0))
    played = stage(tmp_path, model, brake, own=16.0, other=16.0, gap=27.0).until(20.0)
    assert not played.world.collisions
    assert played.speed() < 0.5
    assert 0.0 < gap(played) < 40.0


@pytest.mark.parametrize(("model", "kept"), [
    ("Regulation", safety.regulation_gap(10.0)), ("ReferenceDriver", 22.0),
    ("RSS", safety.rss_steady_gap(10.0)), ("FSM", safety.fuzzy_gap(10.0, 10.0)),
])  # fmt: skip
def test_all_keep_their_distance_behind_who_is_slower(tmp_path, model, kept):
    played = stage(tmp_path, model, own=15.0, other=10.0, gap=60.0).until(60.0)
    assert played.speed() == pytest.approx(10.0, abs=0.05)
    assert gap(played) == pytest.approx(kept, abs=0.3)


def test_rss_brakes_no_harder_than_its_driver(tmp_path):
    rows = record(
        stage(tmp_path, "RSS", own=25.0, other=0.0, gap=90.0, more='<Property name="cruise" value="false"/>'), 6.0
    )
    strongest = max((before - after_) / 0.01 for (_, before, *_), (_, after_, *_) in pairwise(rows))
    assert strongest == pytest.approx(0.774 * G, rel=0.01)


@pytest.mark.parametrize(("properties", "said"), [
    ("", "no safety model 'Regulatoin'.*Regulation"),
    ('<Property name="cruise" value="perhaps"/>', "'perhaps' is neither"),
    ('<Property name="cutInPerceptionDelayMode" value="Tim"/>', "Tim"),
])  # fmt: skip
def test_wrong_properties_are_said(tmp_path, properties, said):
    with pytest.raises(ScenarioError, match=said):
        stage(tmp_path, "ReferenceDriver" if properties else "Regulatoin", more=properties)
