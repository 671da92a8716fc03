"""Traffic drivers: models against their closed forms, lights, right of way, lanes, towns without crashes."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scenariogeneration import xodr

from drivesim.behaviors import make_controller
from drivesim.behaviors.traffic import TrafficDriver
from drivesim.behaviors.traffic.fleet import fleet_of
from drivesim.behaviors.traffic.lanes import lanes_of
from drivesim.behaviors.traffic.state import car_following
from drivesim.behaviors.traffic.swept import shape_row, sweeps_of
from drivesim.errors import ScenarioError
from drivesim.opendrive import read_network
from drivesim.openscenario.controller import ControllerModel
from drivesim.transforms import Pose
from drivesim.types import Light, Performance
from drivesim.world.boxes import WIDTH, footprint
from tests.behaviors.road_users import road_user
from tests.behaviors.towns import TOWNS, TOWNS_WITH_LIGHTS, draw_trailers, play, populate
from tests.builders import at, car, child

DT = 0.05
MIDDLE = np.array([-15.0, 0.0])
EAST, NORTH, WEST, SOUTH = 0.0, math.pi / 2, math.pi, -math.pi / 2


def written(folder, name, roads, junction=None):
    """The network of roads, and of a junction's creator, written as ``name``.xodr."""
    document = xodr.OpenDrive(name)
    for road in roads:
        document.add_road(road)
    if junction is not None:
        document.add_junction_creator(junction)
    document.adjust_roads_and_lanes()
    file = folder / f"{name}.xodr"
    document.write_xml(str(file))
    return read_network(file)


def crossing(folder, arms, *, lanes=1, lights=False, away=15.0, width=3.5):
    """Roads of 150 m that end ``away`` from their :data:`MIDDLE`; road i comes from direction ``arms[i]``."""
    roads = []
    for i in range(len(arms)):
        made = xodr.create_road(xodr.Line(150), id=i, left_lanes=lanes, right_lanes=lanes, lane_width=width)
        if lights:
            made.add_signal(
                xodr.Signal(1.0, 5.0, "country", "1000001", dynamic=xodr.Dynamic.yes, id=str(50 + i),
                            orientation=xodr.Orientation.negative)
            )  # fmt: skip
        roads.append(made)
    creator = xodr.CommonJunctionCreator(100, "crossing")
    for made, arm in zip(roads, arms, strict=True):
        creator.add_incoming_road_circular_geometry(made, away, arm, "predecessor")
    for pair in combinations(range(len(arms)), 2):
        creator.add_connection(*pair)
    return written(folder, "crossing", roads, creator)


def straight(folder, *, lanes=1, length=800.0, curvature=0.0, speed=None, mark=None):
    shape = xodr.Arc(curvature, length=length) if curvature else xodr.Line(length)
    made = xodr.create_road(shape, id=1, left_lanes=0, right_lanes=lanes, lane_width=3.5)
    if speed is not None:
        made.add_type(xodr.RoadType.town, 0, speed=speed, speed_unit="km/h")
    for lane in made.lanes.lanesections[0].rightlanes if mark is not None else ():
        lane.roadmark[:] = [mark]
    return written(folder, "road", [made])


def on_lane(network, road, lane, s):
    point = network.world_from_lane(road, lane, s)
    return Pose.from_ypr((point.x, point.y, point.z), (point.heading, 0.0, 0.0))


def drive(world, seconds, indices=None, watch=None):
    drivers = {i: TrafficDriver(world) for i in (indices if indices is not None else range(len(world.actors)))}
    for _ in range(round(seconds / DT)):
        for index, driver in drivers.items():
            world.command(index, driver.step(world, index, DT))
        draw_trailers(world)
        world.step(DT)
        if watch is not None:
            watch()


@pytest.mark.parametrize(("speed", "wanted"), [(5.0, 14.0), (10.0, 14.0), (20.0, 33.0)])
def test_car_following_is_at_rest_at_the_models_equilibrium_gap(speed, wanted):
    gap = (2.0 + 1.5 * speed) / math.sqrt(1.0 - (speed / wanted) ** 4)
    assert car_following(speed, wanted, gap, 0.0) == pytest.approx(0.0, abs=1e-12)
    assert car_following(speed, wanted, gap - 1.0, 0.0) < 0.0 < car_following(speed, wanted, gap + 1.0, 0.0)


@pytest.mark.parametrize("limit", [30, 50, 100])
def test_drivers_keep_about_the_limit(make_world, tmp_path, limit):
    network = straight(tmp_path, speed=limit, length=3000.0)
    reached = []
    for seed in range(12):
        world = make_world(car(0), network=network, seed=seed)
        world.place(0, on_lane(network, "1", -1, 20.0), limit / 3.6)
        drive(world, 20.0)
        reached.append(world.speed[0, 0] * 3.6 / limit)
    assert min(reached) > 0.78
    assert max(reached) < 1.22
    assert np.std(reached) > 0.03


def test_bends_are_taken_at_the_lateral_acceleration_that_drivers_accept(make_world, tmp_path):
    network = straight(tmp_path, curvature=1.0 / 40.0, length=150.0)
    world = make_world(car(0), network=network)
    world.place(0, on_lane(network, "1", -1, 5.0), 3.0)
    across = []
    drive(world, 12.0, watch=lambda: across.append(world.speed[0, 0] * world.angular_velocity[0, 0, 2]))
    assert 1.2 < max(across) < 2.0 * 1.2**2 * 1.1


def test_at_the_end_of_the_road_one_stops(make_world, tmp_path):
    network = straight(tmp_path, length=200.0)
    world = make_world(car(0), network=network)
    world.place(0, on_lane(network, "1", -1, 20.0), 13.0)
    drive(world, 40.0)
    assert world.speed[0, 0] < 0.1
    assert 185.0 < world.position[0, 0, 0] < 197.0


@pytest.mark.parametrize(("mark", "changes"), [(None, True), (xodr.RoadMark(xodr.RoadMarkType.solid, 0.2), False)])
def test_a_slow_leader_is_overtaken_where_the_line_may_be_crossed(make_world, tmp_path, mark, changes):
    broken = xodr.RoadMark(xodr.RoadMarkType.broken, 0.2)
    network = straight(tmp_path, lanes=2, length=2000.0, mark=mark or broken)
    world = make_world(car(0), car(1, "Slow"), network=network)
    world.place(0, on_lane(network, "1", -2, 20.0), 13.0)
    world.place(1, on_lane(network, "1", -2, 80.0), 5.0)
    lamps = []
    drive(world, 30.0, [0], watch=lambda: lamps.append(int(world.lights[0, 0]) & int(Light.LEFT_BLINKER)))
    assert not world.collisions
    assert (world.position[0, 0, 0] > world.position[0, 1, 0]) == changes
    assert any(lamps) == changes


def test_nobody_changes_into_somebodys_way(make_world, tmp_path):
    network = straight(tmp_path, lanes=3, length=3000.0, mark=xodr.RoadMark(xodr.RoadMarkType.broken, 0.2))
    chance = np.random.default_rng(4)
    slow = {"performance": Performance(8.0, 5.0, 8.0)}
    cars = [car(i, f"car{i}", **(slow if i in (13, 18, 23) else {})) for i in range(24)]
    world = make_world(*cars, network=network, seed=4)
    for i in range(24):
        pose = on_lane(network, "1", -1 - i % 3, 20.0 + 18.0 * (i // 3) + 4.0 * float(chance.random()))
        world.place(i, pose, float(chance.uniform(6.0, 14.0)))
    lanes = []
    drive(world, 60.0, watch=lambda: lanes.append(world.position[0, :, 1].copy()))
    changes = np.abs(np.diff(np.round(np.array(lanes)[::100] / 3.5 - 0.5), axis=0)).sum()
    assert changes >= 3
    assert not world.collisions


def test_red_is_waited_for_before_the_line_and_green_is_driven(make_world, tmp_path):
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH], lights=True)
    assert len({name for name, _ in lanes_of(network).signals.values()}) == 4
    world = make_world(car(0), network=network)
    world.place(0, on_lane(network, "0", 1, 90.0), 13.0)
    light = network.roads["0"].signals[0].id
    world.signals = {light: "red"}
    drive(world, 20.0)
    away = math.hypot(*world.position[0, 0, :2] - MIDDLE) - 3.6
    assert world.speed[0, 0] < 0.05
    assert 15.0 < away < 19.0
    world.signals = {light: "green"}
    drive(world, 10.0)
    assert math.hypot(*world.position[0, 0, :2] - MIDDLE) > 20.0
    assert world.speed[0, 0] > 5.0


@pytest.mark.parametrize(("spare", "stops"), [(1.0, True), (-1.5, False)])
def test_who_can_stop_at_3_metres_per_second_squared_stops_for_amber(make_world, tmp_path, spare, stops):
    """ITE's kinematic equation: the way to the line is v squared over 2 a, and ``spare`` metres."""
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH], lights=True)
    lights = [name for name, _ in lanes_of(network).signals.values()]
    world = make_world(car(0), network=network)
    world.routes = {0: ("0", "2")}
    world.place(0, on_lane(network, "0", 1, 140.0), 13.0)
    world.signals = dict.fromkeys(lights, "red")
    drive(world, 30.0)
    line = math.hypot(*world.position[0, 0, :2] - MIDDLE)
    world = make_world(car(0), network=network)
    world.routes = {0: ("0", "2")}
    world.place(0, on_lane(network, "0", 1, 140.0), 13.0)
    world.signals = dict.fromkeys(lights, "green")
    turned, speeds = [], []

    def watch():
        way = math.hypot(*world.position[0, 0, :2] - MIDDLE) - line
        speed = float(world.speed[0, 0])
        if not turned and way - speed * DT < speed**2 / 6.0 + spare:
            world.signals = dict.fromkeys(lights, "yellow")
            turned.append(speed)
        if turned and speed > 2.0:
            speeds.append(speed)

    drive(world, 15.0, watch=watch)
    hardest = np.diff(speeds).min() / DT
    assert turned[0] > 11.0
    if stops:
        assert world.speed[0, 0] < 0.05
        assert abs(math.hypot(*world.position[0, 0, :2] - MIDDLE) - line) < 1.0
        assert -3.6 < hardest < -2.5
    else:
        assert world.position[0, 0, 0] < MIDDLE[0] - 15.0
        assert hardest > -1.0


@pytest.mark.parametrize(("away", "waits"), [(30.0, True), (140.0, False)])
def test_the_minor_road_takes_gaps_longer_than_the_critical_one(make_world, tmp_path, away, waits):
    """On the through road somebody comes at 10 m/s from ``away`` metres: a left turn needs 7.1 s (HCM 2010)."""
    network = crossing(tmp_path, [EAST, WEST, SOUTH])
    world = make_world(car(0), car(1, "Major"), network=network)
    world.routes = {0: ("2", "1"), 1: ("1", "0")}
    world.place(0, on_lane(network, "2", 1, 6.0), 0.0)
    world.place(1, on_lane(network, "1", 1, away), 10.0)
    first = []

    def watch():
        y = world.position[0, 0, 1]
        if not first and y > -14.0:
            first.append(world.position[0, 1, 0])

    drive(world, 20.0, watch=watch)
    assert not world.collisions
    assert first
    assert (first[0] > 0.0) == waits


@pytest.mark.parametrize("said", ["", '<priority high="1" low="0"/>', '<priority high="0" low="1"/>'])
def test_priorities_of_the_map_come_before_who_is_nearer(make_world, tmp_path, said):
    crossing(tmp_path, [EAST, NORTH, WEST, SOUTH])
    file = tmp_path / "crossing.xodr"
    file.write_text(file.read_text().replace("</junction>", said + "</junction>"))
    network = read_network(file)
    world = make_world(car(0), car(1, "Other"), network=network)
    world.routes = {0: ("0", "2"), 1: ("1", "3")}
    world.place(0, on_lane(network, "0", 1, 40.0), 9.0)
    world.place(1, on_lane(network, "1", 1, 42.0), 9.0)
    order = []

    def watch():
        for i in range(2):
            if i not in order and math.hypot(*world.position[0, i, :2] - MIDDLE) < 5.0:
                order.append(i)

    drive(world, 25.0, watch=watch)
    assert not world.collisions
    assert order == ([1, 0] if 'high="1"' in said else [0, 1])


def test_paths_through_a_junction_meet_where_they_should(tmp_path):
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH])
    lanes = lanes_of(network)
    graph = lanes.graph
    crossings = graph.crossings
    paths = np.flatnonzero(graph.inside)
    through = [i for i in paths if crossings.rank[i] == 0]
    assert len(paths) == 12
    assert len(through) == 4
    for lane in through:
        span = slice(crossings.first[lane], crossings.first[lane + 1])
        cars = crossings.span[span, 0, 0] <= crossings.span[span, 0, 1]
        meets = set(crossings.other[span][cars].tolist())
        beside = [
            o
            for o in through
            if abs(math.sin(graph.point[graph.first[o], 2] - graph.point[graph.first[lane], 2])) < 0.5
        ]
        assert meets.isdisjoint(beside)
        assert len(meets & set(through)) == 2
        for c in range(crossings.first[lane], crossings.first[lane + 1]):
            cars, buses = crossings.span[c, 0], crossings.span[c, 3]
            if crossings.other[c] in through and cars[0] <= cars[1]:
                assert np.ptp(cars[:2]) < 6.0
                assert cars.mean() == pytest.approx(15.0, abs=4.0)
                assert np.ptp(buses[:2]) > np.ptp(cars[:2]) + 2.0


def test_people_in_the_way_are_waited_for(make_world, tmp_path):
    network = straight(tmp_path)
    world = make_world(car(0), child(1), network=network)
    world.place(0, on_lane(network, "1", -1, 20.0), 12.0)
    world.place(1, at(90.0, -1.75))
    drive(world, 15.0, [0])
    assert not world.collisions
    assert world.speed[0, 0] < 0.1
    world.remove(1)
    drive(world, 10.0, [0])
    assert world.speed[0, 0] > 5.0


def test_routes_are_seeded_and_do_not_depend_on_others(make_world, tmp_path):
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH])

    def ends(seed, others):
        cars = [car(0), *(car(i, f"other{i}") for i in range(1, 1 + others))]
        world = make_world(*cars, network=network, seed=seed)
        world.place(0, on_lane(network, "0", 1, 100.0), 10.0)
        for i in range(1, 1 + others):
            world.place(i, on_lane(network, "1", -1, 100.0 + 20.0 * i), 0.0)
        drive(world, 20.0, range(1 + others))
        return tuple(np.round(world.position[0, 0, :2], 9))

    alone = [ends(seed, 0) for seed in range(12)]
    assert alone == [ends(seed, 0) for seed in range(12)]
    assert len({round(math.atan2(y, x + 15.0)) for x, y in alone}) == 3
    turned = [tuple(np.round(np.array(a), -2)) for a in alone[:4]]
    assert turned == [tuple(np.round(np.array(ends(seed, 2)), -2)) for seed in range(4)]


def test_a_given_route_is_taken(make_world, tmp_path):
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH])
    for target, direction in (("1", (0.0, 1.0)), ("2", (-1.0, 0.0)), ("3", (0.0, -1.0))):
        world = make_world(car(0), network=network)
        world.routes = {0: ("0", target)}
        world.place(0, on_lane(network, "0", 1, 110.0), 10.0)
        drive(world, 18.0)
        position = world.position[0, 0, :2] - MIDDLE
        assert float(position @ np.array(direction)) > 0.9 * float(np.hypot(*position))


def test_a_scenario_asks_for_it_by_property_and_needs_a_map(make_world, tmp_path):
    model = ControllerModel("c", "", {"driver": "traffic"})
    with pytest.raises(ScenarioError, match="no map"):
        make_controller(model, car(0), make_world(car(0)))
    network = straight(tmp_path)
    world = make_world(car(0), network=network)
    world.place(0, on_lane(network, "1", -1, 20.0), 5.0)
    control = make_controller(model, world.actors[0], world).step(world, 0, DT)
    assert control.acceleration > 0.5
    with pytest.raises(ScenarioError, match="traffic"):
        make_controller(ControllerModel("c", "", {"driver": "trafic"}), car(0), world)


def test_a_lane_of_a_steady_bend_is_taken_in_its_middle(make_world, tmp_path):
    """The band of a rigid body in a bend of radius R: its rear axle inside, its front corner outside (Pythagoras)."""
    radius = 25.0
    network = straight(tmp_path, curvature=1.0 / radius, length=1.9 * math.pi * radius)
    graph = lanes_of(network).graph
    centre = radius + 1.75
    for kind in ("car", "van", "bus"):
        world = make_world(road_user(0, kind), network=network)
        row = shape_row(world.boxes[0, 0], world.limits[0, 0], [])
        made = sweeps_of(np.array([row]), graph.point, graph.first, graph.length, graph.after, graph.inside)
        left, right = made.side[0, len(graph.point) * 2 // 3]
        width, front = world.boxes[0, 0, WIDTH], row[0] + 0.5 * row[1]
        assert left == pytest.approx(right, abs=0.25)
        assert math.hypot(centre - left + width, front) == pytest.approx(centre + right, abs=0.12)


@pytest.mark.parametrize("kind", ["car", "bus", "truck"])
def test_vehicles_stay_within_the_band_that_others_leave_them(make_world, tmp_path, kind):
    network = crossing(tmp_path, [EAST, NORTH, WEST, SOUTH])
    graph = lanes_of(network).graph
    for target in ("1", "2", "3"):
        world = make_world(road_user(0, kind), network=network)
        world.routes = {0: ("0", target)}
        world.place(0, on_lane(network, "0", 1, 60.0), 6.0)
        row = shape_row(world.boxes[0, 0], world.limits[0, 0], [])
        made = sweeps_of(np.array([row]), graph.point, graph.first, graph.length, graph.after, graph.inside)
        beyond = []

        def watch(world=world, made=made, beyond=beyond):
            corners = footprint(world.boxes[0, 0], *world.position[0, 0, :2], world.orientation[0, 0, 0])
            state = fleet_of(world).state
            place, s = 0, float(state.s[0])
            while s > graph.length[state.route[0, place]]:
                s -= graph.length[state.route[0, place]]
                place += 1
            lane, left = int(state.route[0, place]), float(made.most[0, state.route[0, max(place - 1, 0)]])
            for x, y in corners.tolist():
                away = np.hypot(graph.point[:, 0] - x, graph.point[:, 1] - y)
                away[: graph.first[lane]] = away[graph.first[lane + 1] :] = np.inf
                k = int(np.argmin(away))
                if graph.first[lane] + 3 < k < graph.first[lane + 1] - 3:
                    beyond.append(away[k] - max(left, made.most[0, lane]))

        drive(world, 25.0, watch=watch)
        assert beyond
        assert max(beyond) < 0.4


TOWN = pytest.mark.skipif(not TOWNS.is_dir(), reason="no corpus: set DRIVESIM_SHARED to the folder that holds corpus/")


@TOWN
@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "town", "vehicles", "minutes", "seed"),
    [
        (TOWNS, "Town01", 50, 6.0, 11),
        (TOWNS_WITH_LIGHTS, "Town01", 50, 6.0, 12),
        (TOWNS, "Town03", 50, 4.0, 1),
        (TOWNS_WITH_LIGHTS, "Town04", 60, 4.0, 14),
    ],
)
def test_towns_neither_crash_nor_jam(folder, town, vehicles, minutes, seed):
    played = play(populate(read_network(folder / f"{town}.xodr"), vehicles, seed), minutes)
    assert played.collisions == []
    assert played.longest_standing < 120.0
    assert played.mean_speed > 4.0
