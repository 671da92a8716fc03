"""Driving criteria against closed forms on a straight road with two lanes and a light, and from scenario files."""

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from builders import car
from xosc_files import CAR, scenario, write

from drivesim.opendrive import empty_network, read_network
from drivesim.openscenario import load_scenario
from drivesim.simulation import Simulation
from drivesim.studies.course import Course
from drivesim.studies.driving import accelerations, driving_of, driving_score
from drivesim.studies.sweep.outcome import Watch
from drivesim.studies.sweep.sweep import Instance, Sweep, run_sweep

WIDTH = "<width sOffset='0' a='3.5' b='0' c='0' d='0'/>"
ROAD = f"""<OpenDRIVE><header revMajor="1" revMinor="6" name="straight"/>
<road name="" length="200" id="1" junction="-1"><planView><geometry s="0" x="0" y="0" hdg="0" length="200"><line/></geometry></planView>
<lanes><laneSection s="0"><center><lane id="0" type="none"><roadMark sOffset="0" type="none"/></lane></center><right>
<lane id="-1" type="driving">{WIDTH}<roadMark sOffset="0" type="broken"/></lane>
<lane id="-2" type="driving">{WIDTH}<roadMark sOffset="0" type="none"/><roadMark sOffset="100" type="solid"/></lane>
<lane id="-3" type="shoulder">{WIDTH}</lane></right></laneSection></lanes>
<signals><signal s="100" t="-8" id="7" dynamic="yes" orientation="+" zOffset="3" country="OpenDRIVE" type="1000001"
 subtype="-1" value="-1"/></signals></road></OpenDRIVE>"""  # noqa: E501
BOX = car().box
MIDDLE = BOX.center[0]
FRONT = MIDDLE + BOX.length / 2


@pytest.fixture
def network(tmp_path):
    return read_network(write(tmp_path, "straight.xodr", ROAD))


def drive(places, dt=0.1):
    """A track through (x, y, yaw), a place per tick."""
    places = np.array(places, dtype=np.float64)
    velocity = np.gradient(places[:, :2], dt, axis=0)
    return np.column_stack([dt * np.arange(1, len(places) + 1), places, velocity])


def straight(x0, x1, y=-1.75, dt=0.1, speed=10.0):
    x = np.arange(x0, x1 + 1e-9, speed * dt)
    return drive([(each, y, 0.0) for each in x], dt)


def diagonal(x0, y0, y1, yaw=-0.1, speed=5.0):
    """From y0 to y1 at a small angle."""
    count = int((y1 - y0) / math.sin(yaw) / (speed * 0.1)) + 1
    return drive([(x0 + i * 0.5 * math.cos(yaw), y0 + i * 0.5 * math.sin(yaw), yaw) for i in range(count)])


def test_straight_along_a_lane_nothing_is_amiss(network):
    found = driving_of(straight(10.0, 60.0), BOX, network)
    assert (found.off_road, found.lane_invasions, found.red_lights) == (0.0, 0, 0)
    assert found.distance == pytest.approx(50.0)
    assert found.duration == pytest.approx(5.1)
    assert math.isnan(found.route_completion)
    assert math.isnan(found.driving_score)


def test_over_a_broken_line_each_corner_counts_once(network):
    assert driving_of(diagonal(20.0, -1.75, -5.25), BOX, network).lane_invasions == 4
    assert driving_of(diagonal(20.0, -1.75, -2.9), BOX, network).lane_invasions == 2  # the right ones only


def test_borders_without_a_line_may_be_crossed_and_with_one_not(network):
    assert driving_of(diagonal(20.0, -5.25, -8.75), BOX, network).lane_invasions == 0
    assert driving_of(diagonal(120.0, -5.25, -8.75), BOX, network).lane_invasions == 4


def test_off_road_is_the_share_of_the_way_with_the_centre_off_drivable_lanes(network):
    to_the_edge, beside = straight(10.0, 40.0, y=-6.9), straight(40.0, 50.0, y=-7.1)  # the shoulder begins at -7
    track = np.vstack([to_the_edge, beside[1:]])
    track[:, 0] = 0.1 * np.arange(1, len(track) + 1)
    assert driving_of(track, BOX, network).off_road == pytest.approx(10.0 / 40.0, abs=1e-3)
    beyond = driving_of(straight(190.0 - MIDDLE, 210.0 - MIDDLE), BOX, network)  # the road ends at 200
    assert beyond.off_road == pytest.approx(0.5)
    assert driving_of(straight(0.0, 10.0, y=300.0), BOX, network).off_road == 1.0
    assert math.isnan(driving_of(straight(0.0, 10.0), BOX, empty_network()).off_road)


@pytest.mark.parametrize(
    ("state", "first", "last", "reds"),
    [
        ("red", 60.0, 120.0, 1), ("off;off;on", 60.0, 120.0, 0), ("red", 60.0, 99.0 - FRONT, 0),
        ("red;amber", 60.0, 120.0, 1), ("amber", 60.0, 120.0, 0), ("red", 101.0, 120.0, 0),
    ],
)  # fmt: skip
def test_a_red_light_is_run_when_the_front_comes_over_its_line(network, state, first, last, reds):
    track = straight(first, last)
    assert driving_of(track, BOX, network, signals=[{"7": state}] * len(track)).red_lights == reds


def test_lights_that_the_scenario_leaves_alone_run_their_programme(network):
    """Green for 12 s, amber to 15 s, red to 32 s."""
    slow = straight(60.0, 120.0, speed=2.0)  # the line after about 18 s
    assert driving_of(slow, BOX, network).red_lights == 1
    assert driving_of(straight(60.0, 120.0), BOX, network).red_lights == 0


def test_the_other_way_the_light_is_not_meant(network):
    back = straight(60.0, 120.0)[::-1].copy()
    back[:, 0], back[:, 3] = back[::-1, 0], math.pi
    assert driving_of(back, BOX, network, signals=[{"7": "red"}] * len(back)).red_lights == 0


@pytest.mark.parametrize(("length", "share"), [(80.0, 0.5), (40.0, 1.0), (40.2, 1.0), (160.0, 0.25)])
def test_half_the_route_is_half_completed(length, share):
    course = Course(
        np.array([(10.0, -1.75, 0.0), (10.0 + length / 2, -1.75, length / 2), (10.0 + length, -1.75, length)])
    )
    assert course.completion(straight(10.0, 50.0)[:, 1:3]) == pytest.approx(share)


def test_what_is_far_beside_the_route_does_not_count():
    course = Course(np.array([(0.0, 0.0, 0.0), (100.0, 0.0, 100.0)]))
    way = np.array([(x, 0.0 if x <= 30.0 else 11.0) for x in np.arange(0.0, 101.0)])
    assert course.completion(way) == pytest.approx(0.3)


def test_accelerations_of_a_circle_and_of_braking():
    """v2 / r, v / r; and 4 m/s2."""
    time, speed, radius = np.arange(1, 101) * 0.01, 12.0, 30.0
    angle = speed / radius * time
    circle = [time, radius * np.sin(angle), radius * (1 - np.cos(angle)), angle]
    circle += [speed * np.cos(angle), speed * np.sin(angle)]
    found = accelerations(np.column_stack(circle))
    assert found == pytest.approx((0.0, speed**2 / radius, speed / radius), rel=1e-4, abs=1e-9)
    braking = 20.0 - 4.0 * time
    none = np.zeros_like(time)
    assert accelerations(np.column_stack([time, 20.0 * time - 2.0 * time**2, none, none, braking, none])) == (
        pytest.approx((4.0, 0.0, 0.0))
    )


def test_the_score_is_completion_times_the_published_penalties():
    assert driving_score(1.0) == 100.0
    assert driving_score(0.8, hit="pedestrian", red=2, off_road=0.1) == pytest.approx(80 * 0.5 * 0.7**2 * 0.9)
    assert [driving_score(1.0, hit=kind) for kind in ("vehicle", "misc")] == pytest.approx([60.0, 65.0])
    assert driving_score(1.0, off_road=math.nan) == 100.0
    assert math.isnan(driving_score(math.nan, red=1))


LANE = '<LanePosition roadId="1" laneId="{}" s="{}"/>'
TELEPORT = "<TeleportAction><Position>{}</Position></TeleportAction>"
SPEED = (
    '<LongitudinalAction><SpeedAction><SpeedActionDynamics dynamicsShape="step" value="0" dynamicsDimension="time"/>'
    '<SpeedActionTarget><AbsoluteTargetSpeed value="{}"/></SpeedActionTarget></SpeedAction></LongitudinalAction>'
)
ROUTING = "<PrivateAction><RoutingAction>{}</RoutingAction></PrivateAction>"
ACQUIRE = ROUTING.format(f"<AcquirePositionAction><Position>{LANE}</Position></AcquirePositionAction>")
ROUTE = ROUTING.format(
    '<AssignRouteAction><Route name="r" closed="false">'
    + "".join(
        f'<Waypoint routeStrategy="shortest"><Position>{LANE.format(-1, s)}</Position></Waypoint>' for s in (5, 50, 110)
    )
    + "</Route></AssignRouteAction>"
)
VERTEX = '<Vertex time="{}"><Position><WorldPosition x="{}" y="-1.75" z="0" h="0"/></Position></Vertex>'
TRAJECTORY = ROUTING.format(
    '<FollowTrajectoryAction><TrajectoryRef><Trajectory name="t" closed="false"><Shape><Polyline>'
    + VERTEX.format(0, 10) + VERTEX.format(10, 110)
    + "</Polyline></Shape></Trajectory></TrajectoryRef><TimeReference><None/></TimeReference>"
    '<TrajectoryFollowingMode followingMode="position"/></FollowTrajectoryAction>'
)  # fmt: skip
REACH = (
    '<StopTrigger><ConditionGroup><Condition name="c" delay="0" conditionEdge="none"><ByEntityCondition>'
    '<TriggeringEntities triggeringEntitiesRule="any"><EntityRef entityRef="Ego"/></TriggeringEntities>'
    '<EntityCondition><ReachPositionCondition tolerance="4">'
    f"<Position>{LANE.format(-1, 114)}</Position></ReachPositionCondition>"
    "</EntityCondition></ByEntityCondition></Condition></ConditionGroup></StopTrigger>"
)
LATE = (
    '<StopTrigger><ConditionGroup><Condition name="c" delay="0" conditionEdge="none"><ByValueCondition>'
    '<SimulationTimeCondition value="30" rule="greaterThan"/></ByValueCondition></Condition>'
    "</ConditionGroup></StopTrigger>"
)


def scene(folder, told="", stop=""):
    """The ego at s = 10 m in the left of two lanes at 10 m/s; a car stands ahead in the lane that is a parameter."""

    def private(name, lane, s, speed, more=""):
        actions = f"<PrivateAction>{TELEPORT.format(LANE.format(lane, s))}</PrivateAction>"
        actions += f"<PrivateAction>{SPEED.format(speed)}</PrivateAction>{more}"
        return f'<Private entityRef="{name}">{actions}</Private>'

    write(folder, "straight.xodr", ROAD)
    text = scenario(
        parameters='<ParameterDeclaration name="lane" parameterType="integer" value="-2"/>',
        road='<LogicFile filepath="straight.xodr"/>',
        entities="".join(f'<ScenarioObject name="{name}">{CAR}</ScenarioObject>' for name in ("Ego", "Other")),
        init=private("Ego", -1, 10, 10, told) + private("Other", "$lane", 64.5, 0),
    )
    return write(folder, "scene.xosc", text.replace("<StopTrigger/>", stop or LATE))


def watched(path, seconds):
    loaded = load_scenario(path)
    watch = Watch(loaded)
    with Simulation(loaded, duration=seconds) as simulation:
        for frame in simulation:
            watch.see(frame)
    return watch.driving()


@pytest.mark.parametrize(
    ("told", "stop"),
    [(ACQUIRE.format(-1, 110), ""), (ROUTE, ""), (TRAJECTORY, ""), ("", REACH)],
    ids=["acquire", "route", "trajectory", "reach"],
)
def test_the_course_is_what_the_scenario_says(tmp_path, told, stop):
    """100 m at 10 m/s: half after 5 s, all after 10."""
    half = watched(scene(tmp_path, told, stop), 5.0)
    assert half.route_completion == pytest.approx(0.5, abs=0.01)
    assert half.driving_score == pytest.approx(100.0 * half.route_completion)
    assert watched(scene(tmp_path, told, stop), 10.2).driving_score == 100.0


def test_a_scenario_without_a_course_has_no_score(tmp_path):
    found = watched(scene(tmp_path), 2.0)
    assert math.isnan(found.route_completion)
    assert math.isnan(found.driving_score)


def test_ten_reruns_have_one_score_and_a_collision_costs_what_is_published(tmp_path):
    """90 of 120 m past a car that stands beside, and bumper to bumper with it after 50 m; the light is green."""
    path = str(scene(tmp_path, ACQUIRE.format(-1, 130)))
    instances = (*(Instance(3, {"lane": "-2"}),) * 10, Instance(3, {"lane": "-1"}))
    done = run_sweep(Sweep(path, instances, duration=9.0), tmp_path / "out", jobs=1)
    *rows, hit = pq.read_table(done.table).to_pylist()
    scores = np.array([row["driving_score"] for row in rows])
    assert len(scores) == 10
    assert scores.std() == 0.0
    assert scores[0] == pytest.approx(75.0, abs=0.5)
    assert hit["outcome"] == "collision"
    assert hit["route_completion"] == pytest.approx(50 / 120, abs=0.01)
    assert hit["driving_score"] == pytest.approx(60.0 * hit["route_completion"])
    assert hit["max_longitudinal_acceleration"] == pytest.approx(0.0, abs=1e-6)  # the blow is not driving
    assert done.means["driving_score"] == pytest.approx((10 * scores[0] + hit["driving_score"]) / 11)
    assert done.means["collision_rate"] == pytest.approx(1 / 11)
    assert (done.means["red_lights"], done.means["off_road"], done.means["lane_invasions"]) == (0.0, 0.0, 0.0)
