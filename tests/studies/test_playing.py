"""What becomes of an instance: outcome classes against what must happen, distances against analytic values."""

import pytest
from scipy import integrate

from drivesim.ego import ego_parameters
from drivesim.errors import DrivesimError
from drivesim.studies.playing import MEASURED, Stage, stopping_distance

DRIVER = ego_parameters("reference_driver")


@pytest.mark.parametrize("speed", [0.5, 2.0, 8.0, 16.7])
def test_stopping_distance_is_the_integral_of_speed(speed):
    def at(time):
        braking = max(time - DRIVER.camera_latency - DRIVER.dead_time, 0.0)
        ramp = DRIVER.deceleration / DRIVER.jerk
        lost = 0.5 * DRIVER.jerk * min(braking, ramp) ** 2 + DRIVER.deceleration * max(braking - ramp, 0.0)
        return max(speed - lost, 0.0)

    length = integrate.quad(at, 0.0, 5.0, limit=500)[0]
    assert stopping_distance(speed, DRIVER) == pytest.approx(length, abs=1e-4)


def test_a_child_behind_a_car_is_hit_by_who_does_not_brake_and_no_driver_could_have():
    played = Stage("child_crossing", settings={"ego_driver": "constant"}).play({"child_behavior": "protocol"}, 0)
    assert played.outcome == "unavoidable"
    assert played.impact_speed == pytest.approx(40.0, abs=0.1)
    assert played.margin == pytest.approx(-40.0 / 3.6, abs=0.03)
    assert played.visible == "car+pedestrian"
    assert played.room < 0.0


def test_who_is_seen_from_afar_could_have_been_avoided():
    fixed = {"ego_driver": "constant", "pedestrian_behavior": "protocol"}
    played = Stage("pedestrian_at_night", settings=fixed).play({}, 0)
    assert played.outcome == "avoidable"
    assert played.room > 0.0


def test_a_wide_berth_is_no_conflict_and_settings_win_over_values():
    stage = Stage("motorway_cut_in", settings={"cut_in_gap": "35", "cut_in_speed": "105", "ego_speed": "100"})
    played = stage.play({"cut_in_gap": "12"}, 0)
    assert played.outcome == "no_conflict"
    assert played.margin > 20.0
    assert played == stage.play({"cut_in_gap": "30"}, 0)


def test_margins_are_measured_by_what_is_asked_for():
    values = {"ego_speed": "30", "child_speed": "4", "child_behavior": "protocol", "ego_driver": "constant"}
    hit = {by: Stage("child_crossing", by=by).play(values, 0) for by in MEASURED}
    assert {played.margin for played in hit.values()} == {hit["gap"].margin}  # the impact speed, always
    late = values | {"ego_driver": "attentive", "ego_speed": "41.7", "child_speed": "4.7", "child_looks": "true"}
    late |= {"gap": "0.9", "lateral_gap": "1.17"}
    near = {by: Stage("child_crossing", by=by).play(late, 8).margin for by in MEASURED}
    assert 0.0 < near["ttb"] < near["ttc"] < 1.5  # it brakes at the last moment
    assert 0.0 < near["gap"] < 1.0
    assert 0.0 < near["pet"] < 2.0
    assert near["rss"] < -20.0
    wide = {"cut_in_gap": "35", "cut_in_speed": "105", "ego_speed": "100"}
    clear = {by: Stage("motorway_cut_in", by=by).play(wide, 0) for by in MEASURED}
    gap = clear["gap"].margin
    assert clear["ttc"].margin == clear["ttb"].margin == 10.0 + gap  # never on a collision course
    assert clear["rss"].margin < gap
    with pytest.raises(DrivesimError, match=r"no margin is measured by 'tcc'\. Did you mean 'ttc'"):
        Stage("motorway_cut_in", by="tcc")
