"""Vectors for trajectories (OpenSCENARIO XML 1.3, 6.9 "Trajectories", ``FollowTrajectoryAction``)."""

import math

import pytest
from stage import Stage, act, at_lane, event, private, speed, teleport

ALONG = [(0, 100), (5, 150), (10, 200)]
"""Time and x of three vertices on a straight line."""


def follow(vertices, *, timed, mode="position", heading=None, offset=0.0):
    angle = "" if heading is None else f'h="{heading}"'
    points = "".join(
        f'<Vertex {f"""time="{t}" """ if timed else ""}><Position><WorldPosition x="{x}" y="-2" {angle}/></Position>'
        "</Vertex>"
        for t, x in vertices
    )
    timing = '<Timing domainAbsoluteRelative="relative" scale="1" offset="0"/>' if timed else "<None/>"
    return (
        f'<RoutingAction><FollowTrajectoryAction initialDistanceOffset="{offset}"><TrajectoryRef><Trajectory name="t" '
        f'closed="false"><Shape><Polyline>{points}</Polyline></Shape></Trajectory></TrajectoryRef><TimeReference>{timing}'
        f'</TimeReference><TrajectoryFollowingMode followingMode="{mode}"/></FollowTrajectoryAction></RoutingAction>'
    )


def played(tmp_path, action, start_speed=10.0):
    init = private("Ego", teleport(at_lane(-1, 100)), speed(start_speed))
    return Stage(tmp_path, act(event("e", action)), init=init)


def test_times_say_how_fast_it_goes_whatever_the_speed_before(tmp_path):
    stage = played(tmp_path, follow(ALONG, timed=True), start_speed=-10).until(4)
    assert stage.x() == pytest.approx(140)
    assert stage.speed() == pytest.approx(10)
    assert math.cos(stage.heading()) == pytest.approx(1)


def test_who_faces_against_a_timed_trajectory_goes_backwards(tmp_path):
    stage = played(tmp_path, follow(ALONG, timed=True, heading=math.pi)).until(4)
    assert stage.x() == pytest.approx(140)
    assert stage.speed() == pytest.approx(-10)


@pytest.mark.parametrize(("start_speed", "x"), [(10, 160), (-10, 200)])
def test_a_speed_is_along_the_way_that_the_places_face(tmp_path, start_speed, x):
    action = follow(ALONG, timed=False, heading=math.pi, offset=80)
    stage = played(tmp_path, action, start_speed).until(2)
    assert stage.x() == pytest.approx(x)
    assert stage.speed() == pytest.approx(start_speed)
