"""What actions do to entities (OpenSCENARIO XML 1.3, chapter 7.4: "Actions"), against closed forms."""

import math

import pytest
from stage import Stage, act, after, at_lane, by_entity, by_value, event, lane_change, private, speed, teleport

ON_THE_WAY = '<FollowTrajectoryAction><TrajectoryRef><Trajectory name="t" closed="false"><Shape><Polyline>{vertices}' \
    "</Polyline></Shape></Trajectory></TrajectoryRef><TimeReference>{timing}</TimeReference>" \
    '<TrajectoryFollowingMode followingMode="position"/></FollowTrajectoryAction>'  # fmt: skip


def trajectory(*points, timed=False):
    vertices = ""
    for t, x, y in points:
        time = f'time="{t}"' if timed else ""
        vertices += f'<Vertex {time}><Position><WorldPosition x="{x}" y="{y}"/></Position></Vertex>'
    timing = '<Timing domainAbsoluteRelative="relative" scale="1" offset="0"/>' if timed else "<None/>"
    return f"<RoutingAction>{ON_THE_WAY.format(vertices=vertices, timing=timing)}</RoutingAction>"


@pytest.mark.parametrize(("shape", "quarter"), [
    ("linear", 0.25), ("sinusoidal", (1 - math.cos(math.pi / 4)) / 2), ("cubic", 0.0625 * 2.5), ("step", 1.0),
])  # fmt: skip
def test_speed_follows_its_shape_over_time(tmp_path, shape, quarter):
    stage = Stage(tmp_path, act(event("e", speed(18, shape, over=4.0)))).until(1)
    assert stage.speed() == pytest.approx(10 + 8 * quarter, abs=1e-6)
    assert stage.until(5).speed() == pytest.approx(18)


def test_a_rate_is_kept(tmp_path):
    stage = Stage(tmp_path, act(event("e", speed(30, "linear", "rate", 4.0)))).until(2)
    assert stage.speed() == pytest.approx(18)
    assert stage.until(6).times("e", "endTransition") == [pytest.approx(5.0, abs=0.011)]


def test_a_change_over_a_distance_ends_there_even_from_standstill(tmp_path):
    init = private("Ego", teleport(at_lane(-1, 100)))
    stage = Stage(tmp_path, act(event("e", speed(10, "linear", "distance", 50.0))), init=init).until(10)
    assert stage.speed() == pytest.approx(10)
    assert stage.x() == pytest.approx(100 + 50, abs=0.2)


def test_a_continuous_relative_speed_follows_its_reference(tmp_path):
    stage = Stage(
        tmp_path,
        act(event("e", speed(5, relative="true"))),
        act(event("brake", speed(8), when=after(1)), actors=("Other",)),
    )  # fmt: skip
    assert stage.until(0.5).speed() == pytest.approx(25)
    assert stage.until(2).speed() == pytest.approx(13)
    assert not stage.times("::e", "endTransition")


@pytest.mark.parametrize(("shape", "half"), [("linear", 0.5), ("sinusoidal", 0.5), ("cubic", 0.5)])
def test_a_lane_change_takes_its_time_and_the_speed_is_that_of_the_whole_way(tmp_path, shape, half):
    stage = Stage(tmp_path, act(event("e", lane_change(-2, shape, over=4.0)))).until(2)
    assert stage.y() == pytest.approx(-2 - 4 * half, abs=1e-6)
    velocity = stage.world.velocity[0, 0]
    assert math.hypot(velocity[0], velocity[1]) == pytest.approx(10, rel=1e-6)
    assert stage.until(4.5).y() == pytest.approx(-6)
    assert stage.x() < 100 + 45


def test_a_lane_change_by_distance(tmp_path):
    stage = Stage(tmp_path, act(event("e", lane_change(-2, "linear", "distance", 30.0)))).until(1.5)
    assert stage.y() == pytest.approx(-2 - 4 * (stage.x() - 100) / 30, abs=0.01)


def test_on_a_lane_of_the_other_direction_one_keeps_going_ones_way(tmp_path):
    stage = Stage(tmp_path, act(event("e", lane_change(1, over=2.0)))).until(4)
    assert stage.y() == pytest.approx(2)
    assert stage.heading() == pytest.approx(0, abs=1e-6)
    assert stage.x() > 130


def test_lane_offsets_are_to_the_left_and_limited_by_lateral_acceleration(tmp_path):
    offset = (
        '<LateralAction><LaneOffsetAction continuous="false"><LaneOffsetActionDynamics dynamicsShape="sinusoidal" '
        'maxLateralAcc="1"/><LaneOffsetTarget>{}</LaneOffsetTarget></LaneOffsetAction></LateralAction>'
    )
    absolute = offset.format('<AbsoluteTargetLaneOffset value="1"/>')
    stage = Stage(tmp_path, act(event("e", absolute))).until(4)
    assert stage.y() == pytest.approx(-1)
    assert stage.times("e", "endTransition") == [pytest.approx(math.pi / math.sqrt(2), abs=0.02)]
    relative = offset.format('<RelativeTargetLaneOffset entityRef="Other" value="0.5"/>')
    assert Stage(tmp_path, act(event("e", relative))).until(6).y() == pytest.approx(-5.5)


def test_synchronised_entities_arrive_together_at_the_final_speed(tmp_path):
    sync = (
        '<SynchronizeAction masterEntityRef="Other"><TargetPositionMaster>{}</TargetPositionMaster><TargetPosition>{}'
        '</TargetPosition><FinalSpeed><AbsoluteSpeed value="12"><TargetTimeSteadyState time="2"/></AbsoluteSpeed>'
        "</FinalSpeed></SynchronizeAction>"
    ).format(
        *(at_lane(lane, s).removeprefix("<Position>").removesuffix("</Position>") for lane, s in ((-2, 400), (-1, 190)))
    )
    stage = Stage(tmp_path, act(event("e", sync))).until(8)
    assert stage.speed() == pytest.approx(12)
    stage.until(10)
    assert stage.x("Other") == pytest.approx(400)
    assert stage.x() == pytest.approx(190, abs=0.1)


def test_who_has_too_much_time_waits(tmp_path):
    from drivesim.openscenario.actions.synchronize import _gentlest

    assert _gentlest(0.0, 5.0, 10.0, 100.0, 0.01) <= 0.0
    assert _gentlest(0.0, 5.0, 10.0, 4.0, 0.01) == pytest.approx(5.0 / 4.0 * 0.01)


def test_trajectories_are_followed_at_ones_speed_or_by_their_times(tmp_path):
    points = ((0, 100, -2), (4, 130, -2), (8, 130, 38))
    own = Stage(tmp_path, act(event("e", trajectory(*points)))).until(4)
    assert (own.x(), own.y()) == (pytest.approx(130), pytest.approx(8))
    assert own.heading() == pytest.approx(math.pi / 2)
    timed = Stage(tmp_path, act(event("e", trajectory(*points, timed=True)))).until(6)
    assert (timed.x(), timed.y()) == (pytest.approx(130), pytest.approx(18))
    assert timed.until(9).times("e", "endTransition") == [pytest.approx(8.0, abs=0.011)]


def test_who_reverses_along_a_trajectory_faces_back(tmp_path):
    init = private("Ego", teleport(at_lane(-1, 100)), speed(-5))
    stage = Stage(tmp_path, act(event("e", trajectory((0, 100, -2), (0, 60, -2)))), init=init).until(2)
    assert stage.x() == pytest.approx(90)
    assert math.cos(stage.heading()) == pytest.approx(1)


def test_entities_are_placed_after_those_they_are_placed_by(tmp_path):
    beside = '<Position><RelativeLanePosition entityRef="Other" dLane="1" ds="-20"/></Position>'
    init = private("Ego", teleport(beside)) + private("Other", teleport(at_lane(-2, 300)))
    stage = Stage(tmp_path, init=init)
    assert (stage.x(), stage.y()) == (pytest.approx(280), pytest.approx(-2))


def test_variables_are_set_modified_and_asked_for(tmp_path):
    declared = (
        '<VariableDeclarations><VariableDeclaration name="v" variableType="double" value="1"/></VariableDeclarations>'
    )
    change = (
        '<GlobalAction><VariableAction variableRef="v"><ModifyAction><Rule><AddValue value="2"/></Rule></ModifyAction>'
        "</VariableAction></GlobalAction>"
    )
    asks = by_value('<VariableCondition variableRef="v" rule="equalTo" value="3"/>')
    stage = Stage(tmp_path, act(event("set", change, when=after(1)), event("e", speed(5), when=asks)), extra=declared)
    assert stage.until(2).times("::e") == [pytest.approx(1.0, abs=0.011)]


@pytest.mark.parametrize(("shape", "seconds"), [("linear", 3.0), ("cubic", 3.0), ("sinusoidal", 2.7207)])
def test_a_limit_of_lateral_acceleration_gives_an_offset_its_time(tmp_path, shape, seconds):
    """1.5 m at 1 m/s2: 6 d / T2 is the cubic's peak, which a straight change takes the time of; pi2 / 2 d / T2 the
    sinusoidal's."""
    dynamics = f'<LaneOffsetActionDynamics dynamicsShape="{shape}" maxLateralAcc="1"/>'
    target = '<LaneOffsetTarget><AbsoluteTargetLaneOffset value="1.5"/></LaneOffsetTarget>'
    action = (
        f'<LateralAction><LaneOffsetAction continuous="false">{dynamics}{target}</LaneOffsetAction></LateralAction>'
    )
    stage = Stage(tmp_path, act(event("e", action))).until(4)
    assert stage.times("::e", "endTransition") == [pytest.approx(seconds, abs=0.011)]
    assert stage.y() == pytest.approx(-0.5)


def test_entities_leave_and_come(tmp_path):
    delete = '<GlobalAction><EntityAction entityRef="Other"><DeleteEntityAction/></EntityAction></GlobalAction>'
    add = delete.replace("<DeleteEntityAction/>", f"<AddEntityAction>{at_lane(-1, 500)}</AddEntityAction>")
    stage = Stage(tmp_path, act(event("go", delete, when=after(1)), event("come", add, when=after(2)))).until(1.5)
    assert not stage.world.present[0, 1]
    stage.until(2.02)
    assert stage.world.present[0, 1]
    assert stage.x("Other") == pytest.approx(500, abs=0.5)


def test_who_is_there_is_not_added_again(tmp_path):
    added = f"<AddEntityAction>{at_lane(-1, 500)}</AddEntityAction>"
    again = f'<GlobalAction><EntityAction entityRef="Other">{added}</EntityAction></GlobalAction>'
    stage = Stage(tmp_path, act(event("come", again, when=after(1)))).until(2)
    assert stage.x("Other") == pytest.approx(200 + 2 * 20)
    assert stage.times("::come", "endTransition")


@pytest.mark.parametrize(("dimension", "over"), [("time", 0.5), ("rate", 40.0)])
def test_a_change_is_no_faster_than_the_vehicle(tmp_path, dimension, over):
    stage = Stage(tmp_path, act(event("e", speed(30, "linear", dimension, over)))).until(2)
    assert stage.speed() == pytest.approx(10 + 2 * 5)  # its maxAcceleration is 5 m/s2


def test_the_end_of_the_road_is_seen_by_all_events_of_the_tick(tmp_path):
    ended = by_entity('<EndOfRoadCondition duration="0.5"/>', edge="rising")
    init = private("Ego", teleport(at_lane(-1, 1990)), speed(10))
    stage = Stage(tmp_path, act(
        event("back", teleport(at_lane(-1, 100)), when=ended), event("go", speed(20), when=ended),
    ), init=init).until(3)  # fmt: skip
    assert stage.times("back") == stage.times("go") == [pytest.approx(1.5, abs=0.03)]
    assert stage.x() > 110
