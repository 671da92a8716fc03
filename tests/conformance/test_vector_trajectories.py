"""Vectors for trajectories (OpenSCENARIO XML 1.3, 6.9 "Trajectories", ``FollowTrajectoryAction``)."""

import itertools
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


@pytest.mark.parametrize(
    ("facing", "start_speed", "x"), [(180, 10, 160), (180, -10, 200), (134, 10, 200), (136, 10, 160), (0, -10, 160)]
)
def test_a_speed_is_along_the_way_that_the_places_face(tmp_path, facing, start_speed, x):
    """Who faces aside is carried along; who faces back, within 45 degrees, goes back."""
    action = follow(ALONG, timed=False, heading=math.radians(facing), offset=80)
    stage = played(tmp_path, action, start_speed).until(2)
    assert stage.x() == pytest.approx(x)
    assert stage.speed() == pytest.approx(start_speed)


def test_following_reaches_each_vertex_in_time_without_a_jump_of_speed(tmp_path):
    """``FollowingMode`` follow: "as good as possible by observing the dynamic constraints of the entity"."""
    slower = [(0, 100), (2, 120), (3, 125), (4, 125)]
    stage = played(tmp_path, follow(slower, timed=True, mode="follow"))
    speeds = [stage.until(0.1 * tick).speed() for tick in range(1, 41)]
    assert stage.x() == pytest.approx(125, abs=1e-6)
    assert max(abs(b - a) for a, b in itertools.pairwise(speeds)) < 10 * 0.1 + 1e-6
    assert stage.speed() == pytest.approx(0, abs=1e-6)
    assert stage.until(4.2).times("::e", "endTransition") == [pytest.approx(4.0, abs=0.011)]


def test_following_is_late_where_the_vehicle_is_too_slow(tmp_path):
    stage = played(tmp_path, follow([(0, 100), (2, 160), (6, 200)], timed=True, mode="follow"))
    assert stage.until(2).x() == pytest.approx(100 + 10 * 2 + 0.5 * 5 * 4)  # its maxAcceleration is 5 m/s2
    assert stage.until(6).x() == pytest.approx(200, abs=0.01)


def test_a_trajectory_that_ends_off_the_roads_ends_the_way(tmp_path):
    """6.6 "Controllers" leaves open what follows where there is no lane: the default controller stops there."""
    away = follow(ALONG[:2], timed=False).replace('y="-2"', 'y="900"')
    stage = played(tmp_path, away).until(6)
    assert (stage.x(), stage.y()) == (pytest.approx(150), pytest.approx(900))
    assert stage.speed() == 0


def test_following_a_smooth_curve_falls_in_with_its_times(tmp_path):
    """A clothoid's time runs evenly: 200 m in 10 s, begun at 10 m/s by a car that accelerates with 5 m/s2."""
    curve = (
        '<Clothoid curvature="0" curvaturePrime="0" length="200" startTime="0" stopTime="10"><Position><WorldPosition '
        'x="100" y="-2"/></Position></Clothoid>'
    )
    action = follow(ALONG, timed=True, mode="follow")
    polyline = action[action.index("<Polyline>") : action.index("</Shape>")]
    stage = played(tmp_path, action.replace(polyline, curve))
    assert stage.until(1).speed() == pytest.approx(15)
    assert stage.until(8).x() == pytest.approx(260, abs=0.02)
    assert stage.speed() == pytest.approx(20, abs=0.05)
    assert stage.until(11).times("::e", "endTransition") == [pytest.approx(10.0, abs=0.02)]


def test_metres_along_a_climbing_trajectory_are_those_in_plan(tmp_path):
    """As those of a road, s of OpenDRIVE; so a lane and a trajectory above it are gone along at the same pace."""
    climbing = "".join(
        f'<Vertex><Position><WorldPosition x="{x}" y="-2" z="{z}"/></Position></Vertex>'
        for x, z in ((100, 0), (120, 10), (200, 10))
    )
    action = (
        '<RoutingAction><FollowTrajectoryAction><TrajectoryRef><Trajectory name="t" closed="false"><Shape><Polyline>'
        f"{climbing}</Polyline></Shape></Trajectory></TrajectoryRef><TimeReference><None/></TimeReference>"
        '<TrajectoryFollowingMode followingMode="position"/></FollowTrajectoryAction></RoutingAction>'
    )
    assert played(tmp_path, action).until(1).x() == pytest.approx(110)


def nurbs(points, knots, *, timed):
    """Of order 3; points: time, weight, x, y."""
    control = "".join(
        f'<ControlPoint {f"""time="{t}" """ if timed else ""}weight="{w}"><Position><WorldPosition x="{x}" y="{y}"/>'
        "</Position></ControlPoint>"
        for t, w, x, y in points
    )
    shape = f'<Nurbs order="3">{control}{"".join(f"""<Knot value="{k}"/>""" for k in knots)}</Nurbs>'
    action = follow(ALONG, timed=timed)
    return action[: action.index("<Polyline>")] + shape + action[action.index("</Polyline>") + len("</Polyline>") :]


def test_a_rational_spline_is_a_circle_exactly(tmp_path):
    """Three control points with weights 1, cos 45°, 1 at the corners of a square: a quarter of a circle of 30 m."""
    points = [(0, 1, 100, -2), (0, math.sqrt(0.5), 130, -2), (0, 1, 130, 28)]
    stage = played(tmp_path, nurbs(points, [0, 0, 0, 1, 1, 1], timed=False))
    for time in (1.0, 2.5, 4.5):
        angle = 10 * time / 30
        stage.until(time)
        assert (stage.x(), stage.y()) == pytest.approx(
            (100 + 30 * math.sin(angle), 28 - 30 * math.cos(angle)), abs=2e-3
        )
        assert stage.heading() == pytest.approx(angle, abs=5e-3)


def test_a_control_points_time_is_due_where_it_weighs_most(tmp_path):
    """The middle one of three weighs most half-way; between, times are even in the spline's parameter u."""
    stage = played(tmp_path, nurbs([(0, 1, 100, -2), (2, 1, 120, -2), (8, 1, 140, -2)], [0, 0, 0, 1, 1, 1], timed=True))
    for time, u in ((1.0, 0.25), (2.0, 0.5), (5.0, 0.75), (8.0, 1.0)):
        assert stage.until(time).x() == pytest.approx(100 + 40 * u, abs=0.01)
