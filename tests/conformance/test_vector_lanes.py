"""Vectors for changes within and between lanes (OpenSCENARIO XML 1.3, "LaneChangeAction", "LaneOffsetAction")."""

import math

import pytest
from stage import Stage, act, after, at_lane, event, lane_change, private, speed, teleport
from two_roads import FACING


def offset(target, continuous="false"):
    return (
        f'<LateralAction><LaneOffsetAction continuous="{continuous}"><LaneOffsetActionDynamics maxLateralAcc="2" '
        f'dynamicsShape="cubic"/><LaneOffsetTarget>{target}</LaneOffsetTarget></LaneOffsetAction></LateralAction>'
    )


def absolute(value):
    return f'<AbsoluteTargetLaneOffset value="{value}"/>'


def relative(value):
    return f'<RelativeTargetLaneOffset entityRef="Other" value="{value}"/>'


def start(folder, action, position, **more):
    init = private("Ego", teleport(position), speed(10)) + private("Other", teleport(at_lane(1, 60)), speed(10))
    return Stage(folder, act(event("go", action)), init=init, **more)


@pytest.mark.parametrize(("lane", "centre"), [(-1, -2.0), (1, 2.0)])
@pytest.mark.parametrize("value", [0.5, -0.5])
def test_an_absolute_offset_is_towards_t_of_the_lane(tmp_path, lane, centre, value):
    """ "Offset from the center of the current lane": as LanePosition's, towards +t on either side of the road."""
    there = start(tmp_path, offset(absolute(value)), at_lane(lane, 1000)).until(6)
    assert there.y() == pytest.approx(centre + value, abs=1e-6)
    other = start(tmp_path, lane_change(2 * lane, offset=value), at_lane(lane, 1000)).until(6)
    assert other.y() == pytest.approx(centre + 4 * lane + value, abs=1e-6)


def test_an_offset_from_another_entity_is_towards_its_left(tmp_path):
    """Who drives on lane 1, in right-hand traffic, has +y to its right."""
    there = start(tmp_path, offset(relative(0.5)), at_lane(1, 1000)).until(6)
    assert there.y() == pytest.approx(2.0 - 0.5, abs=1e-6)


@pytest.mark.parametrize("shape", ["linear", "cubic", "sinusoidal"])
def test_a_change_goes_on_where_the_next_road_runs_the_other_way(tmp_path, shape):
    """From lane -1 over x = 100, where +t becomes -y: the place across is that of the shape all the way."""
    stage = start(tmp_path, lane_change(1, shape, "distance", 60.0, 0.5), at_lane(-1, 60), road=FACING)
    shapes = {"linear": lambda f: f, "cubic": lambda f: f * f * (3 - 2 * f),
              "sinusoidal": lambda f: (1 - math.cos(math.pi * f)) / 2}  # fmt: skip
    for time in (2.0, 3.9, 4.1, 5.0, 6.5):
        share = min((stage.until(time).x() - 60) / 60, 1.0)
        assert stage.y() == pytest.approx(-2 + 4.5 * shapes[shape](share), abs=2e-3)
    assert stage.y() == pytest.approx(2.5)
    assert stage.until(9).y() == pytest.approx(2.5)


def test_a_distance_of_a_change_is_along_the_lane(tmp_path):
    """4 m across in 20 m along are 20.4 m of way, which take 2.04 s."""
    stage = start(tmp_path, lane_change(-2, "linear", "distance", 20.0), at_lane(-1, 100)).until(4)
    assert stage.times("::go_0", "endTransition") == [pytest.approx(math.hypot(20, 4) / 10, abs=0.011)]
    assert stage.x() == pytest.approx(100 + 20 + 10 * (4 - math.hypot(20, 4) / 10), abs=0.01)


@pytest.mark.parametrize("kept", ["false", "true"])
def test_an_offset_is_kept_where_the_next_road_runs_the_other_way(tmp_path, kept):
    stage = start(tmp_path, offset(absolute(0.5), kept), at_lane(-1, 85), road=FACING)
    assert stage.until(6).x() > 140
    assert stage.y() == pytest.approx(-1.5, abs=1e-6)


def test_an_offset_from_another_entity_is_kept_where_the_next_road_runs_the_other_way(tmp_path):
    """Half a metre to the left of the other one's place in the lane ahead, which is lane 1 of its road."""
    ahead = at_lane(1, 60).replace('roadId="1"', 'roadId="2"')
    init = private("Ego", teleport(at_lane(-1, 85)), speed(10)) + private("Other", teleport(ahead), speed(10))
    go = event("go", offset(relative(0.5), "true"), when=after(2))
    stage = Stage(tmp_path, act(go), init=init, road=FACING).until(5)
    assert stage.y() == pytest.approx(-1.5, abs=1e-6)
