"""Vectors for speeds (OpenSCENARIO XML: ``SpeedAction``, ``SpeedProfileAction``, ``LongitudinalDistanceAction``)."""

import math
from itertools import pairwise

import pytest
from stage import DT, ROAD, Stage, act, after, at_lane, event, private, reached, speed, teleport
from two_roads import FACING


def profile(*entries, mode, limits="", relative=""):
    listed = "".join(
        f'<SpeedProfileEntry speed="{value}"{"" if time is None else f""" time="{time}" """}/>'
        for time, value in entries
    )
    constraints = f"<DynamicConstraints {limits}/>" if limits else ""
    return (
        f'<LongitudinalAction><SpeedProfileAction followingMode="{mode}" {relative}>{constraints}{listed}'
        "</SpeedProfileAction></LongitudinalAction>"
    )


def speeds(stage, until):
    found = []
    while stage.world.time < until - 1e-9:
        stage.until(stage.world.time + DT)
        found.append(stage.speed())
    return found


JERK = 'maxAcceleration="5" maxDeceleration="10" maxAccelerationRate="4" maxDecelerationRate="1" maxSpeed="50"'


def test_a_profile_by_position_is_straight_from_speed_to_speed(tmp_path):
    """ "strictly linear interpolation between speed target values (mode=position)"."""
    stage = Stage(tmp_path, act(event("e", profile((4, 18), (2, 12), mode="position", limits=JERK))))
    assert stage.until(1).speed() == pytest.approx(12)
    assert stage.until(4).speed() == pytest.approx(18)
    assert stage.until(5).speed() == pytest.approx(15)
    assert stage.until(7).times("::e", "endTransition") == [pytest.approx(6.0, abs=0.011)]


@pytest.mark.parametrize(("mode", "first"), [("position", 16.0), ("follow", 10.0)])
def test_a_speed_at_time_zero_is_where_the_profile_begins(tmp_path, mode, first):
    """At once by position; who follows sets out from the speed there is, 10 m/s, for the next one."""
    stage = Stage(
        tmp_path, act(event("e", profile((0, 16), (8, 20), mode=mode, limits=JERK if mode == "follow" else "")))
    )
    assert stage.until(DT).speed() == pytest.approx(first, abs=0.02)
    assert stage.until(8).speed() == pytest.approx(20, abs=1e-6)


def test_a_followed_profile_keeps_its_time_and_its_jerk(tmp_path):
    """Acceleration "is zero at the start and end of the profile": 7 m/s more in 5 s, closed form."""
    stage = Stage(tmp_path, act(event("e", profile((5, 17), mode="follow", limits=JERK))))
    steepest = (5 - math.sqrt(25 - 4 * 0.625 * 7)) / (2 * 0.625)
    found = speeds(stage, 5.5)
    rates = [(b - a) / DT for a, b in pairwise(found)]
    assert max(rates) == pytest.approx(steepest, rel=1e-3)
    bends = [(b - a) / DT for a, b in pairwise(rates)]
    assert max(bends) == pytest.approx(4, rel=0.05)
    assert min(bends) == pytest.approx(-1, rel=0.05)
    assert found[-1] == pytest.approx(17)
    assert stage.times("::e", "endTransition") == [pytest.approx(5.0, abs=0.011)]


@pytest.mark.parametrize(("goal", "seconds"), [(12, 2 * math.sqrt(0.625 * 2)), (40, 30 / 5 + 0.625 * 5)])
def test_a_followed_profile_without_times_is_as_fast_as_its_limits(tmp_path, goal, seconds):
    stage = Stage(tmp_path, act(event("e", profile((None, goal), mode="follow", limits=JERK)))).until(12)
    assert stage.speed() == pytest.approx(goal)
    assert stage.times("::e", "endTransition") == [pytest.approx(seconds, abs=0.011)]


def test_a_followed_profile_of_several_speeds_rounds_the_corners(tmp_path):
    """Straight lines between the speeds, joined at an even jerk: the first corner begins when the profile does, each
    other lies about its own time. 10 to 20 in 4 s is 2.5 m/s2, reached after 0.625 s and so 0.78125 m/s behind."""
    limits = JERK.replace('Rate="1"', 'Rate="4"')
    stage = Stage(tmp_path, act(event("e", profile((4, 20), (4, 14), (2, 18), mode="follow", limits=limits))))
    assert stage.until(2).speed() == pytest.approx(15 - 0.78125, abs=1e-6)
    assert stage.until(6).speed() == pytest.approx(17, abs=1e-6)  # halfway on the way from 20 to 14
    assert stage.until(9).speed() == pytest.approx(16, abs=1e-6)
    assert stage.until(12).speed() == pytest.approx(18, abs=1e-9)
    assert stage.times("::e", "endTransition") == [pytest.approx(10.25, abs=0.011)]  # 2 m/s2 go at 4 m/s3 in 0.5 s


def test_a_profile_takes_over_the_acceleration_that_another_leaves_behind(tmp_path):
    """``DynamicConstraints`` "defines limitations to the action in terms of ... jerk": also where it begins."""
    brakes = event("brakes", profile((None, 0), mode="follow", limits=JERK))
    speeds_up = event("up", profile((6, 12), mode="follow", limits=JERK), when=after(2), priority="override")
    found = speeds(Stage(tmp_path, act(brakes, speeds_up)), 9)
    rates = [(b - a) / DT for a, b in pairwise(found)]
    assert rates[198] == pytest.approx(-2.0, abs=0.02)  # two seconds at -1 m/s3
    bends = [(b - a) / DT for a, b in pairwise(rates)]
    assert max(bends) <= 4.0 + 1e-6
    assert min(bends) >= -1.0 - 1e-6
    assert found[799] == pytest.approx(12, abs=1e-9)
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)


def test_a_profile_whose_corners_have_no_room_comes_to_rest_at_each_speed(tmp_path):
    """0.2 s from speed to speed at 1 m/s3: one after the other, as soon as jerk allows; 1 m/s takes 2 sqrt(0.625)."""
    steps = profile((0.2, 11), (0.2, 10), (0.2, 11), mode="follow", limits=JERK)
    stage = Stage(tmp_path, act(event("e", steps))).until(8)
    assert stage.speed() == pytest.approx(11, abs=1e-9)
    assert stage.times("::e", "endTransition") == [pytest.approx(3 * 2 * math.sqrt(0.625), abs=0.011)]


def test_a_relative_speed_is_relative_to_what_the_other_does_now(tmp_path):
    chase = speed(0, "linear", "rate", 4.0, relative="false")
    rise = act(event("up", speed(30, "linear", "rate", 2.0), when=after(1)), actors=("Other",))
    stage = Stage(tmp_path, act(event("e", chase)), rise).until(9)
    assert stage.times("::e", "endTransition") == [pytest.approx(4.0, abs=0.05)]  # 10 + 4 t = 20 + 2 (t - 1)
    assert stage.speed() == pytest.approx(26, abs=0.1)


@pytest.mark.parametrize(("mode", "top"), [("", 10 + 5 * 1), ('followingMode="position"', 30)])
def test_only_a_change_by_position_is_faster_than_the_vehicle(tmp_path, mode, top):
    """``FollowingMode`` position: "exactly by ignoring the dynamic constraints of the entity"."""
    quick = speed(30, "linear", "time", 1.0).replace("<SpeedActionDynamics", f"<SpeedActionDynamics {mode}")
    assert Stage(tmp_path, act(event("e", quick))).until(1).speed() == pytest.approx(top)


def test_a_distance_is_taken_up_within_its_jerk(tmp_path):
    keep = (
        '<LongitudinalAction><LongitudinalDistanceAction entityRef="Other" continuous="false" freespace="false" '
        'distance="40"><DynamicConstraints maxAcceleration="3" maxDeceleration="4" maxAccelerationRate="2" '
        'maxDecelerationRate="2" maxSpeed="40"/></LongitudinalDistanceAction></LongitudinalAction>'
    )
    init = private("Ego", teleport(at_lane(-1, 100)), speed(20)) + private(
        "Other", teleport(at_lane(-1, 200)), speed(20)
    )
    stage = Stage(tmp_path, act(event("e", keep)), init=init)
    found = []
    while not stage.times("::e", "endTransition"):
        found += speeds(stage, stage.world.time + 1.0)
    rates = [(b - a) / DT for a, b in pairwise(found)]
    assert max(abs(b - a) / DT for a, b in pairwise(rates)) < 2.01
    assert max(rates) <= 3.0 + 1e-6
    assert min(rates) >= -4.0 - 1e-6
    assert stage.x("Other") - stage.x() == pytest.approx(40, abs=0.1)


def test_a_repeated_group_begins_with_its_events_on_standby(tmp_path):
    """8.4 "States of storyboard elements": what has been complete before does not count once it runs again."""
    first = event("first", speed(12, "linear", "rate", 2.0))
    second = event("second", speed(10), when=reached("event", "first", "completeState"))
    stage = Stage(tmp_path, act(first, second, times=2)).until(6)
    begun, ended = stage.times("second"), stage.times("first", "endTransition")
    assert len(begun) == len(ended) == 2
    assert all(b >= e for b, e in zip(begun, ended, strict=True))


def test_a_lateral_distance_is_taken_up_within_its_jerk(tmp_path):
    """``LateralDistanceAction``: 5.5 m right of a car in lane 1, from 4 m; both at 20 m/s."""
    keep = (
        '<LateralAction><LateralDistanceAction entityRef="Other" continuous="false" freespace="false" distance="5.5" '
        'displacement="rightToReferencedEntity"><DynamicConstraints maxAcceleration="1.5" maxDeceleration="1.5" '
        'maxAccelerationRate="1" maxDecelerationRate="1" maxSpeed="2"/></LateralDistanceAction></LateralAction>'
    )
    turned = at_lane(1, 100).replace(
        "/></Position>", '><Orientation type="relative" h="3.14159265"/></LanePosition></Position>'
    )
    init = private("Ego", teleport(at_lane(-1, 100)), speed(20)) + private("Other", teleport(turned), speed(20))
    stage = Stage(tmp_path, act(event("e", keep)), init=init)
    places = [stage.y()]
    while not stage.times("::e", "endTransition"):
        places.append(stage.until(stage.world.time + DT).y())
    rates = [(b - a) / DT for a, b in pairwise(places)]
    bends = [(b - a) / DT for a, b in pairwise(rates)]
    assert max(abs(b - a) / DT for a, b in pairwise(bends)) < 1.1
    assert max(map(abs, bends)) <= 1.5 + 1e-6
    assert stage.y() == pytest.approx(2 - 5.5, abs=0.01)


FIVE_METRES_TO_THE_LEFT = (
    '<LateralAction><LateralDistanceAction entityRef="Other" continuous="true" freespace="false" distance="5" '
    'coordinateSystem="entity" displacement="leftToReferencedEntity"><DynamicConstraints maxAcceleration="4"/>'
    "</LateralDistanceAction></LateralAction>"
)


def off_the_roads(x, y, h):
    return teleport(f'<Position><WorldPosition x="{x}" y="{y}" h="{h}"/></Position>')


def test_a_lateral_distance_off_the_roads_is_along_the_other_ones_axis(tmp_path):
    init = private("Other", off_the_roads(100, 900, 0.3), speed(4)) + private(
        "Ego", off_the_roads(97, 902, 0.3), speed(4)
    )
    stage = Stage(tmp_path, act(event("e", FIVE_METRES_TO_THE_LEFT)), init=init).until(5)
    away = (stage.x() - stage.x("Other"), stage.y() - stage.y("Other"))
    assert away[1] * math.cos(0.3) - away[0] * math.sin(0.3) == pytest.approx(5, abs=0.01)


def test_a_vehicle_steers_towards_a_lateral_distance(tmp_path):
    """From 20 m across straight on, and a quarter of the circle that 4 m/s and 4 m/s2 allow: 4 m."""

    init = private("Other", off_the_roads(100, 900, 0)) + private("Ego", off_the_roads(90, 885, math.pi / 2), speed(4))
    stage = Stage(tmp_path, act(event("e", FIVE_METRES_TO_THE_LEFT)), init=init).until(4)
    assert (stage.x(), stage.y()) == pytest.approx((90, 901), abs=0.01)
    assert (stage.until(10).x(), stage.y()) == pytest.approx((94 + 40 - 16 - 2 * math.pi, 905), abs=0.05)
    assert stage.heading() == pytest.approx(0, abs=1e-3)
    assert stage.speed() == pytest.approx(4)


def test_metres_towards_another_entity_are_out_of_the_way_along_the_lane(tmp_path):
    """2 m/s across of 10 m/s, for 2 s."""
    keep = (
        '<LateralAction><LateralDistanceAction entityRef="Other" continuous="true" freespace="false" distance="4" '
        'displacement="leftToReferencedEntity"><DynamicConstraints maxSpeed="2"/></LateralDistanceAction>'
        "</LateralAction>"
    )
    init = private("Ego", teleport(at_lane(-1, 100)), speed(10)) + private("Other", teleport(at_lane(-1, 200)))
    stage = Stage(tmp_path, act(event("e", keep)), init=init).until(3)
    assert stage.y() == pytest.approx(2)
    assert stage.x() == pytest.approx(100 + 2 * math.sqrt(96) + 10, abs=0.01)


@pytest.mark.parametrize(("facing", "y"), [(0.0, -1.0), (math.pi, -3.0)])
def test_left_is_left_of_the_other_entity_as_it_faces(tmp_path, facing, y):
    keep = (
        '<LateralAction><LateralDistanceAction entityRef="Other" continuous="true" freespace="false" distance="1" '
        'displacement="leftToReferencedEntity"><DynamicConstraints maxSpeed="2"/></LateralDistanceAction>'
        "</LateralAction>"
    )
    about = f'<Orientation type="relative" h="{facing}"/>'
    turned = at_lane(-1, 300).replace("/></Position>", f">{about}</LanePosition></Position>")
    init = private("Other", teleport(turned)) + private("Ego", teleport(at_lane(-1, 100)), speed(10))
    stage = Stage(tmp_path, act(event("e", keep)), init=init)
    assert stage.until(3).y() == pytest.approx(y)
    assert stage.until(8).x() > 150


def test_sides_are_kept_over_a_joint_where_s_turns_round(tmp_path):
    keep = (
        '<LateralAction><LateralDistanceAction entityRef="Other" continuous="true" freespace="false" distance="1" '
        'displacement="leftToReferencedEntity"/></LateralAction>'
    )
    ahead = at_lane(1, 50).replace('roadId="1"', 'roadId="2"')
    init = private("Other", teleport(ahead)) + private("Ego", teleport(at_lane(-1, 10)), speed(10))
    stage = Stage(tmp_path, act(event("e", keep)), init=init, road=FACING).until(2)
    assert stage.y() == pytest.approx(-1)


OFFSET = (
    '<LateralAction><LaneOffsetAction continuous="false"><LaneOffsetActionDynamics dynamicsShape="sinusoidal" '
    'maxLateralAcc="4"/><LaneOffsetTarget><AbsoluteTargetLaneOffset value="1.5"/></LaneOffsetTarget></LaneOffsetAction>'
    "</LateralAction>"
)


@pytest.mark.parametrize(("wider", "action"), [(0.0, OFFSET), (0.2, speed(10))])
def test_speed_along_a_lane_is_longitudinal(tmp_path, wider, action):
    """``SpeedAction``: "longitudinal speed"; an offset in the lane, or its widening, does not count."""
    stage = Stage(tmp_path, act(event("e", action)), road=ROAD.replace('a="4" b="0"', f'a="4" b="{wider}"'))
    y = stage.y()
    assert stage.until(2).x() == pytest.approx(120, abs=1e-6)
    assert abs(stage.y() - y) > 1.0
