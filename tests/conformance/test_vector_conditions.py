"""Vectors for conditions (OpenSCENARIO XML 1.3, 7.6 "Conditions")."""

import math

import pytest
from stage import ROAD, Stage, act, after, at_lane, by_entity, event, lane_change, private, speed, teleport
from two_roads import FACING

SEEN = '<VisibilityAction graphics="true" sensors="true" traffic="true"/>'
"""An action that changes nothing."""


def fires(tmp_path, condition, *acts, init=None, until=12.0, road=ROAD):
    """When an event that waits for the condition starts, s; None where it never does."""
    waiting = act(event("asked", SEEN, when=by_entity(condition)))
    stage = Stage(tmp_path, waiting, *acts, road=road, **({"init": init} if init else {})).until(until)
    times = stage.times("asked")
    return times[0] if times else None


@pytest.mark.parametrize("tolerance", [0.5, 2.0])
def test_a_position_is_reached_at_its_tolerance_exactly(tmp_path, tolerance):
    """ReachPositionCondition: "within a given tolerance"; the reference point is at 100 m and does 10 m/s."""
    condition = f'<ReachPositionCondition tolerance="{tolerance}">{at_lane(-1, 130)}</ReachPositionCondition>'
    assert fires(tmp_path, condition) == pytest.approx((30 - tolerance) / 10)


@pytest.mark.parametrize(
    ("asked", "start"),
    [
        ('direction="longitudinal" rule="greaterThan" value="3.9"', 1.01),
        ('rule="greaterThan" value="3.9"', 1.01),
        ('direction="longitudinal" rule="lessThan" value="-7.9"', 5.01),
        ('direction="lateral" rule="greaterThan" value="0.1"', None),
    ],
)
def test_acceleration_is_asked_for_along_an_axis_or_in_all(tmp_path, asked, start):
    faster = act(event("up", speed(18, "linear", "rate", 4.0), when=after(1)))
    slower = act(event("down", speed(10, "linear", "rate", 8.0), when=after(5)))
    found = fires(tmp_path, f"<AccelerationCondition {asked}/>", faster, slower)
    assert found == (start if start is None else pytest.approx(start, abs=0.011))


LEAVING = (
    '<RoutingAction><FollowTrajectoryAction><TrajectoryRef><Trajectory name="t" closed="false"><Shape><Polyline>'
    '<Vertex time="0"><Position><WorldPosition x="100" y="-2"/></Position></Vertex>'
    '<Vertex time="10"><Position><WorldPosition x="140" y="-22"/></Position></Vertex>'
    "</Polyline></Shape></Trajectory></TrajectoryRef>"
    '<TimeReference><Timing domainAbsoluteRelative="relative" scale="1" offset="0"/></TimeReference>'
    '<TrajectoryFollowingMode followingMode="position"/></FollowTrajectoryAction></RoutingAction>'
)


@pytest.mark.parametrize(("lasts", "start"), [(0.0, 3.0), (0.5, 3.5)])
def test_the_road_is_left_at_the_outermost_lanes_border(tmp_path, lasts, start):
    """OffroadCondition: lanes end 8 m right of the reference line, 6 m further than here, at 2 m/s across."""
    found = fires(tmp_path, f'<OffroadCondition duration="{lasts}"/>', act(event("go", LEAVING)))
    assert found == pytest.approx(start, abs=0.021)


def test_who_changes_lanes_is_on_the_road(tmp_path):
    assert fires(tmp_path, '<OffroadCondition duration="0"/>', act(event("go", lane_change(-2)))) is None


@pytest.mark.parametrize(
    ("facing", "asked", "holds"),
    [(30, 30, False), (30, -30, True), (330, 30, True), (0, 0, True), (30, 0, False), (190, 170, True)],
)
def test_angles_relative_to_another_entity(tmp_path, facing, asked, holds):
    """RelativeAngleCondition: the triggering entity's heading less the other's, whatever the full turns."""
    angle = f'<Orientation type="relative" h="{math.radians(facing)}"/>'
    turned = at_lane(-2, 100).replace("/></Position>", f">{angle}</LanePosition></Position>")
    init = private("Ego", teleport(at_lane(-1, 100))) + private("Other", teleport(turned))
    condition = (
        f'<RelativeAngleCondition entityRef="Other" angleType="heading" angle="{math.radians(asked)}" '
        'angleTolerance="0.01" coordinateSystem="entity"/>'
    )
    assert (fires(tmp_path, condition, init=init, until=1) is not None) == holds


@pytest.mark.parametrize(
    ("asked", "start"),
    [
        ('rule="greaterThan" value="-6"', 3.0),
        ('rule="greaterThan" value="-6" direction="longitudinal"', 3.0),
        ('rule="greaterThan" value="1" direction="lateral"', None),
    ],
)
def test_speed_relative_to_another_entity(tmp_path, asked, start):
    """RelativeSpeedCondition: 10 m/s less the other's 20 m/s, which brakes with 2 m/s2 from 1 s on."""
    brake = act(event("brake", speed(10, "linear", "rate", 2.0), when=after(1)), actors=("Other",))
    found = fires(tmp_path, f'<RelativeSpeedCondition entityRef="Other" {asked}/>', brake)
    assert found == (start if start is None else pytest.approx(start, abs=0.021))


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ('rule="greaterThan" value="9.9" direction="longitudinal"', True),
        ('rule="lessThan" value="-19.9" direction="lateral"', True),
        ('rule="lessThan" value="-9.9" direction="longitudinal"', False),
        ('rule="lessThan" value="-9.9"', True),
    ],
)
def test_a_relative_speed_is_projected_onto_the_triggering_entity(tmp_path, asked, holds):
    """ "with the triggering entity/entities as the reference": 10 m/s along x, the other 20 m/s along y."""
    across = '<Orientation type="relative" h="1.5707963267948966"/>'
    turned = at_lane(-2, 100).replace("/></Position>", f">{across}</LanePosition></Position>")
    init = private("Ego", teleport(at_lane(-1, 100)), speed(10)) + private("Other", teleport(turned), speed(20))
    condition = f'<RelativeSpeedCondition entityRef="Other" {asked}/>'
    assert (fires(tmp_path, condition, init=init, until=0.1) is not None) == holds


@pytest.mark.parametrize("follows", [False, True])
def test_an_angle_to_a_trajectory_needs_one(tmp_path, follows):
    condition = '<AngleCondition angleType="heading" angle="0" angleTolerance="0.01" coordinateSystem="trajectory"/>'
    acts = [act(event("go", LEAVING, when=after(1)))] if follows else []
    assert fires(tmp_path, condition, *acts, until=3) == (pytest.approx(1.01, abs=0.011) if follows else None)


def test_travelled_distance_counts_forwards_and_back(tmp_path):
    reverse = act(event("back", speed(-10), when=after(2)))
    assert fires(tmp_path, '<TraveledDistanceCondition value="35"/>', reverse) == pytest.approx(3.5, abs=0.011)


def _clearance(opposite="true", free="false", lanes=""):
    return (
        f'<RelativeClearanceCondition oppositeLanes="{opposite}" freeSpace="{free}" distanceForward="30" '
        f'distanceBackward="10">{lanes}<EntityRef entityRef="Other"/></RelativeClearanceCondition>'
    )


def _clear(tmp_path, condition, other, own, road=ROAD):
    init = private("Ego", teleport(own)) + private("Other", teleport(other))
    return fires(tmp_path, condition, init=init, until=0.1, road=road) is not None


LEFT = '<RelativeLaneRange from="1" to="1"/>'
RIGHT = '<RelativeLaneRange from="-1" to="-1"/>'


@pytest.mark.parametrize(
    ("lane", "s", "given", "clear"),
    [
        (-1, 79, {}, False),
        (-1, 81, {}, True),
        (-1, 41, {}, False),
        (-1, 39, {}, True),
        (-1, 83, {"free": "true"}, False),  # 33 m between reference points, 28.5 m between boxes
        (-1, 86, {"free": "true"}, True),
        (-2, 60, {"lanes": RIGHT}, False),
        (-2, 60, {"lanes": LEFT}, True),
        (1, 60, {"lanes": LEFT}, False),
        (1, 60, {"opposite": "false"}, True),
        (-2, 60, {"lanes": '<RelativeLaneRange from="0"/>'}, True),
        (-2, 60, {"lanes": '<RelativeLaneRange to="0"/>'}, False),
    ],
)
def test_clearance_beside_ahead_and_behind(tmp_path, lane, s, given, clear):
    """RelativeClearanceCondition: true where none of the entities is within the distances in the given lanes."""
    assert _clear(tmp_path, _clearance(**given), at_lane(lane, s), at_lane(-1, 50)) == clear


@pytest.mark.parametrize(
    ("lane", "given", "clear"),
    [
        (1, {"opposite": "false"}, False),  # s of the road ahead runs the other way: its left lane goes on
        (-1, {"opposite": "false"}, True),
        (-1, {"lanes": LEFT}, False),
        (1, {"lanes": LEFT}, True),
        (1, {"lanes": '<RelativeLaneRange from="0" to="0"/>'}, False),
    ],
)
def test_clearance_follows_the_lane_onto_the_next_road(tmp_path, lane, given, clear):
    other = at_lane(lane, 90).replace('roadId="1"', 'roadId="2"')
    assert _clear(tmp_path, _clearance(**given), other, at_lane(-1, 90), FACING) == clear


def test_a_distance_is_to_where_the_other_entity_is_now(tmp_path):
    """DistanceCondition: 10 m beside a car that comes closer with 10 m/s; a position that hangs on an entity moves."""
    beside = '<Position><RelativeObjectPosition entityRef="Other" dx="0" dy="10"/></Position>'
    condition = (
        '<DistanceCondition value="50" rule="lessThan" freespace="false" coordinateSystem="world" '
        f'relativeDistanceType="longitudinal">{beside}</DistanceCondition>'
    )
    init = private("Ego", teleport(at_lane(-1, 100)), speed(20)) + private(
        "Other", teleport(at_lane(-2, 200)), speed(10)
    )
    assert fires(tmp_path, condition, init=init) == pytest.approx(5.0, abs=0.011)


def test_who_drives_on_from_the_end_of_a_trajectory_off_the_roads_has_not_come_to_an_end(tmp_path):
    again = act(event("again", speed(5), when=after(15)))
    ended = by_entity('<EndOfRoadCondition duration="3"/>')
    away = LEAVING.replace('y="-22"', 'y="900"').replace('y="-2"', 'y="890"')
    stage = Stage(tmp_path, act(event("go", away)), act(event("asked", SEEN, when=ended, times=1)), again).until(14.9)
    assert stage.times("asked") == [pytest.approx(13.0, abs=0.05)]
    assert stage.speed() == 0
    here = stage.x()
    assert stage.until(17).x() > here + 5
    assert not stage.player.motions["Ego"].ended


@pytest.mark.parametrize("system", ["road", "entity"])
@pytest.mark.parametrize(
    ("other", "own", "start"),
    [
        (150, 10, 0.0),
        (50, 10, 6.0),  # passes after 5 s, and 1 s later is 10 m ahead
        (50, 0, 2.51),  # passes after 2.5 s, and who stands never comes to where it is
        (150, -5, None),
    ],
)
def test_there_is_a_time_headway_to_who_is_ahead_only(tmp_path, system, other, own, start):
    """TimeHeadwayCondition: how long until one is where the other is, at one's own speed; the other does 20 m/s."""
    condition = (
        '<TimeHeadwayCondition entityRef="Other" value="1" rule="greaterOrEqual" freespace="false" '
        f'coordinateSystem="{system}" relativeDistanceType="longitudinal"/>'
    )
    init = private("Ego", teleport(at_lane(-1, 100)), speed(own)) + private(
        "Other", teleport(at_lane(-2, other)), speed(20)
    )
    found = fires(tmp_path, condition, init=init)
    assert found == (start if start is None else pytest.approx(start, abs=0.011))
