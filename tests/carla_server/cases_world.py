"""The unmodified client of PyPI against ``drivesim serve``: the world, its actors, and driving them."""

import math
from pathlib import Path

import pytest

from drivesim import content
from drivesim.opendrive import read_network

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


def ticks(world, count):
    for _ in range(count):
        world.tick()


def test_version_maps_and_blueprints(client):
    assert client.get_server_version() == client.get_client_version()
    assert "/Game/Carla/Maps/residential_street" in client.get_available_maps()
    library = client.get_world().get_blueprint_library()
    assert library.find("vehicle.tesla.model3").get_attribute("number_of_wheels").as_int() == 4
    assert {bp.get_attribute("age").as_str() for bp in library.filter("walker.*")} == {"adult", "child"}
    assert library.find("sensor.camera.rgb").get_attribute("fov").as_float() == 90.0


def test_the_map_is_the_one_that_was_loaded(world):
    town = world.get_map()
    assert town.name == "Carla/Maps/residential_street"
    assert town.get_topology()
    for place in town.get_spawn_points():
        waypoint = town.get_waypoint(place.location)
        assert waypoint.transform.location.distance(place.location) < 0.6
        assert waypoint.transform.get_forward_vector().dot(place.get_forward_vector()) > 0.99


def test_every_spawn_point_takes_a_car_and_only_one(world, spawn):
    places = world.get_map().get_spawn_points()
    blueprint = world.get_blueprint_library().find("vehicle.audi.a2")
    cars = [world.try_spawn_actor(blueprint, place) for place in places]
    assert all(cars)
    assert world.try_spawn_actor(blueprint, places[0]) is None
    world.tick()
    for car in cars:
        assert car.destroy()


def test_throttle_drives_and_brakes_stop_as_tyres_allow(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    car.apply_control(carla.VehicleControl(throttle=1.0))
    ticks(world, 60)
    speed = car.get_velocity().length()
    assert 8.0 < speed < 16.0
    assert car.get_velocity().x == pytest.approx(speed)
    start = car.get_location().x
    car.apply_control(carla.VehicleControl(brake=1.0))
    ticks(world, 60)
    assert car.get_velocity().length() == 0.0
    assert car.get_location().x - start == pytest.approx(speed**2 / 2 / 9.0, rel=0.2)


def test_steering_right_turns_clockwise(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    car.apply_control(carla.VehicleControl(throttle=0.4, steer=0.3))
    ticks(world, 40)
    assert car.get_transform().rotation.yaw > 5.0
    assert car.get_location().y > 1.75
    assert car.get_angular_velocity().z > 0.0


def test_reverse_gear_goes_back(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    car.apply_control(carla.VehicleControl(throttle=0.5, reverse=True))
    ticks(world, 40)
    assert car.get_velocity().x < -1.0
    assert car.get_control().gear == -1


def test_a_walker_goes_where_it_is_told(world, spawn):
    child = spawn("walker.pedestrian.0009", 40, 8.0, z=1.0)
    world.tick()
    before = child.get_location()
    child.apply_control(carla.WalkerControl(carla.Vector3D(0, -1, 0), 1.5))
    ticks(world, 60)
    after = child.get_location()
    assert before.y - after.y == pytest.approx(3 * 1.5, abs=0.7)
    assert child.get_transform().rotation.yaw == pytest.approx(-90, abs=1)
    assert child.bounding_box.extent.z == pytest.approx(0.6, abs=0.05)


def test_teleport_target_velocity_and_physics_off(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    car.set_transform(carla.Transform(carla.Location(60, -1.75, 0), carla.Rotation(yaw=180)))
    world.tick()
    assert car.get_location().x == pytest.approx(60, abs=1e-3)
    car.set_target_velocity(carla.Vector3D(-10, 0, 0))
    world.tick()
    assert car.get_velocity().x == pytest.approx(-10, abs=0.3)
    car.set_simulate_physics(False)
    ticks(world, 2)
    place = car.get_location()
    ticks(world, 5)
    assert car.get_location() == place


def test_children_follow_their_parent_and_go_with_it(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75, yaw=90)
    sensor = spawn("sensor.other.imu", 2.0, 1.0, z=1.5, parent=car)
    world.tick()
    place = sensor.get_location()
    assert (place.x, place.y, place.z) == pytest.approx((19.0, 3.75, 1.5), abs=0.05)
    assert car.destroy()
    world.tick()
    assert world.get_actor(sensor.id) is None or sensor.id not in [a.id for a in world.get_actors()]


def test_batches_spawn_and_command_in_one_call(client, world):
    library = world.get_blueprint_library()
    place = carla.Transform(carla.Location(20, 1.75, 0.5))
    commands = carla.command
    first = commands.SpawnActor(library.find("vehicle.audi.tt"), place).then(
        commands.ApplyVehicleControl(commands.FutureActor, carla.VehicleControl(throttle=1.0))
    )
    second = commands.SpawnActor(library.find("vehicle.audi.tt"), place)
    good, bad = client.apply_batch_sync([first, second], False)
    assert not good.error
    assert "collision" in bad.error
    ticks(world, 20)
    assert world.get_actor(good.actor_id).get_velocity().x > 2.0
    assert not client.apply_batch_sync([commands.DestroyActor(good.actor_id)], False)[0].error


def test_weather_is_kept(world):
    rain = carla.WeatherParameters.HardRainNoon
    world.set_weather(rain)
    world.tick()
    assert world.get_weather().precipitation == pytest.approx(rain.precipitation)


def test_lights_take_turns_and_obey(client):
    world = client.load_world("crossing_with_lights")
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.5
    world.apply_settings(settings)
    world.tick()
    lights = list(world.get_actors().filter("traffic.traffic_light"))
    assert len(lights) == 2
    assert {light.get_opendrive_id() for light in lights} == {"11", "12"}
    seen = []
    for _ in range(31):
        world.tick()
        seen.append(lights[0].get_state())
        assert lights[1].get_state() == seen[-1]
    states = carla.TrafficLightState
    assert [seen.count(state) for state in (states.Green, states.Yellow, states.Red)] == pytest.approx(
        [20, 6, 4], abs=1
    )
    lights[0].set_state(states.Red)
    lights[0].freeze(True)
    ticks(world, 40)
    assert lights[0].get_state() == states.Red


def test_a_map_of_the_clients_own(client):
    text = (Path(__file__).parent / "maps" / "crossing_with_lights.xodr").read_text()
    world = client.generate_opendrive_world(text)
    assert world.get_map().name.endswith("OpenDriveMap")
    assert world.get_map().get_waypoint(carla.Location(50, 1.75, 0)).lane_id == -1
    with pytest.raises(RuntimeError, match="OpenDRIVE"):
        client.generate_opendrive_world("<map/>")
    with pytest.raises(RuntimeError, match="no map 'Town42'"):
        client.load_world("Town42")


def test_ackermann_control_holds_its_speed_and_turns_right(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    wanted = carla.VehicleAckermannControl(steer=0.05, speed=6.0, acceleration=2.0)
    car.apply_ackermann_control(wanted)
    ticks(world, 40)
    assert car.get_velocity().length() == pytest.approx(4.0, abs=0.2)
    ticks(world, 60)
    assert car.get_velocity().length() == pytest.approx(6.0, abs=0.05)
    radius = 0.62 * 4.69 / math.tan(0.05)
    assert math.radians(car.get_angular_velocity().z) == pytest.approx(6.0 / radius, rel=0.05)
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=-1.0))
    ticks(world, 60)
    assert car.get_velocity().length() == pytest.approx(1.0, abs=0.05)


def test_rays_find_cars_and_ground(world, spawn):
    car = spawn("vehicle.tesla.model3", 40, 1.75)
    world.tick()
    points = world.cast_ray(carla.Location(30, 1.75, 0.5), carla.Location(50, 1.75, 0.5))
    assert points[0].label == carla.CityObjectLabel.Car
    assert points[0].location.x == pytest.approx(40 - car.bounding_box.extent.x, abs=0.3)
    ground = world.ground_projection(carla.Location(60, 1.75, 5.0), 20.0)
    assert ground.label in (carla.CityObjectLabel.Roads, carla.CityObjectLabel.RoadLines)
    assert ground.location.z == pytest.approx(0.0, abs=0.15)
    assert world.project_point(carla.Location(60, 1.75, 5.0), carla.Vector3D(0, 0, 1), 20.0) is None


@pytest.fixture
def walker_of_the_clients(world, spawn):
    """``walk(x, y, to)``: a walker there whom the client's own crowd leads to a place."""
    controllers = []

    def walk(x, y, to, speed=1.4):
        walker = spawn("walker.pedestrian.0002", x, y, z=1.2)
        world.tick()
        controller = spawn("controller.ai.walker", parent=walker)
        controllers.append(controller)
        world.tick()
        controller.start()
        controller.go_to_location(carla.Location(*to))
        controller.set_max_speed(speed)
        return walker

    yield walk
    for controller in controllers:
        controller.stop()


def test_random_places_for_walkers_are_on_pavements(world):
    network = read_network(content.shipped("scenarios") / "residential_street.xodr")
    for _ in range(50):
        place = world.get_random_location_from_navigation()
        lane = network.lane_from_world(place.x, -place.y)
        assert network.lane_type(lane.road_id, lane.lane_id, lane.s) == "sidewalk"


def test_the_clients_crowd_walks_along_the_pavement(world, walker_of_the_clients):
    start = carla.Location(60.0, 7.5, 0.0)
    town = world.get_map()
    pavement = town.get_waypoint(start, lane_type=carla.LaneType.Sidewalk).transform.location
    walker = walker_of_the_clients(pavement.x, pavement.y, (pavement.x + 12.0, pavement.y, 0.1))
    speeds = []
    for _ in range(160):
        world.tick()
        speeds.append(walker.get_velocity().length())
    place = walker.get_location()
    assert (place.x, place.y) == pytest.approx((pavement.x + 12.0, pavement.y), abs=1.0)
    assert max(speeds) == pytest.approx(1.4, abs=0.1)
    assert place.z == pytest.approx(walker.bounding_box.extent.z, abs=0.2)


def test_the_clients_crowd_crosses_at_crosswalks(world, walker_of_the_clients):
    network = read_network(content.shipped("scenarios") / "residential_street.xodr")
    road, crosswalk = next(
        (road.id, thing) for road in network.roads.values() for thing in road.objects if thing.type == "crosswalk"
    )
    middle = network.world_from_road(road, crosswalk.s, 0.0).x
    near, far = (
        world.get_map().get_waypoint(carla.Location(middle - 8.0, y, 0.0), lane_type=carla.LaneType.Sidewalk)
        for y in (8.0, -8.0)
    )
    near, far = near.transform.location, far.transform.location
    assert near.y > 2.0 > -2.0 > far.y
    walker = walker_of_the_clients(near.x, near.y, (far.x, far.y, 0.1), speed=2.5)
    crossed = []
    for _ in range(600):
        world.tick()
        place = walker.get_location()
        if abs(place.y) < 2.0:
            crossed.append(place.x)
        if place.y == pytest.approx(far.y, abs=1.0):
            break  # those who stand about are sent elsewhere by the client
    else:
        pytest.fail(f"the walker is at {place}")
    assert crossed
    assert all(abs(x - middle) < crosswalk.length / 2 + 1.5 for x in crossed)


def test_physics_control_changes_how_a_car_drives_and_is_read_back(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)

    def speed_after(seconds):
        car.set_target_velocity(carla.Vector3D())
        car.apply_control(carla.VehicleControl(throttle=1.0))
        ticks(world, round(seconds / 0.05))
        return car.get_velocity().length()

    usual = speed_after(1.0)
    control = car.get_physics_control()
    assert len(control.wheels) == 4
    control.mass *= 2.0
    for wheel in (wheels := control.wheels):
        wheel.max_steer_angle = 20.0
        wheel.max_brake_torque *= 4.0
    control.wheels = wheels
    car.apply_physics_control(control)
    assert speed_after(1.0) == pytest.approx(usual / 2.0, rel=0.05)
    assert car.get_physics_control().mass == pytest.approx(2.0 * 1750.0)
    assert car.get_physics_control().wheels[0].max_steer_angle == pytest.approx(20.0)
    car.apply_control(carla.VehicleControl(steer=1.0, brake=1.0))
    ticks(world, 20)
    assert car.get_wheel_steer_angle(carla.VehicleWheelLocation.FL_Wheel) == pytest.approx(20.0, abs=0.1)
    told = car.get_telemetry_data()
    assert told.speed == pytest.approx(car.get_velocity().length(), abs=0.1)
    assert len(told.wheels) == 4
    assert told.wheels[0].omega == pytest.approx(told.speed / 0.34, rel=0.05)


def test_forces_accelerate_by_mass(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    car.add_force(carla.Vector3D(1750.0 * 40.0, 0.0, 0.0))  # for a frame of 0.05 s
    world.tick()
    assert car.get_velocity().x == pytest.approx(2.0, abs=0.1)


def test_bodies_that_do_not_collide_report_nothing(world, spawn):
    car, wall = spawn("vehicle.tesla.model3", 20, 1.75), spawn("static.prop.container", 30, 1.75)
    events = []
    spawn("sensor.other.collision", parent=car, listen=events.append)
    world.tick()
    wall.set_collisions(False)
    car.set_target_velocity(carla.Vector3D(15, 0, 0))
    ticks(world, 30)
    assert car.get_location().x > 33.0
    assert not events


def test_things_of_the_city_have_boxes(world, spawn):
    spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    houses = world.get_environment_objects(carla.CityObjectLabel.Buildings)
    assert len(houses) > 5
    assert len({house.id for house in houses}) == len(houses)
    assert all(house.bounding_box.extent.z > 1.0 for house in houses)
    network = read_network(content.shipped("scenarios") / "residential_street.xodr")
    for house in houses:
        box = house.bounding_box
        lane = network.lane_from_world(box.location.x, -box.location.y)
        assert lane is None or network.lane_type(lane.road_id, lane.lane_id, lane.s) != "driving"
        top = carla.Location(box.location.x, box.location.y, box.location.z + box.extent.z + 5.0)
        below = world.ground_projection(top, 2.0 * box.extent.z + 20.0)
        assert below is not None
    assert any(box.extent.x == pytest.approx(4.69 / 2) for box in world.get_level_bbs(carla.CityObjectLabel.Car))
    assert len(world.get_names_of_all_objects()) > len(houses)


def test_a_walker_that_is_led_has_its_feet_there_and_its_speed(client, world, spawn):
    child = spawn("walker.pedestrian.0009", 40, 8.0, z=1.0)
    world.tick()
    feet = carla.Transform(carla.Location(41.0, 8.5, 0.12), carla.Rotation(yaw=90))
    assert not client.apply_batch_sync([carla.command.ApplyWalkerState(child, feet, 1.2)], False)[0].error
    world.tick()
    place = child.get_transform()
    assert (place.location.x, place.location.y) == pytest.approx((41.0, 8.5), abs=1e-3)
    assert place.location.z == pytest.approx(0.12 + child.bounding_box.extent.z, abs=0.05)
    assert place.rotation.yaw == pytest.approx(90.0)
    assert child.get_velocity().y == pytest.approx(1.2, abs=1e-3)
    assert child.get_control().speed == pytest.approx(1.2)
    car = spawn("vehicle.audi.a2", 20, 1.75)
    assert "no walker" in client.apply_batch_sync([carla.command.ApplyWalkerState(car, feet, 1.2)], False)[0].error


def waypoint_on_ground(waypoint):
    place = waypoint.transform
    place.location.z += 0.5
    return place


def test_lights_know_where_to_stop_for_them_and_cars_that_they_stand_there(client):
    world = client.load_world("crossing_with_lights")
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    world.tick()
    for light in world.get_actors().filter("traffic.traffic_light"):
        stop = light.get_transform().transform(light.trigger_volume.location)
        waypoint = world.get_map().get_waypoint(stop)
        assert waypoint.lane_type == carla.LaneType.Driving
        assert waypoint.transform.location.distance(stop) < 2.5
        assert light.trigger_volume.extent.x > 1.0
        car = world.spawn_actor(world.get_blueprint_library().find("vehicle.audi.a2"), waypoint_on_ground(waypoint))
        light.set_state(carla.TrafficLightState.Red)
        light.freeze(True)
        world.tick()
        assert car.is_at_traffic_light()
        assert car.get_traffic_light().id == light.id
        assert car.get_traffic_light_state() == carla.TrafficLightState.Red
        car.set_location(stop + carla.Location(x=-30.0, y=-stop.y + waypoint.transform.location.y))
        world.tick()
        assert not car.is_at_traffic_light()
        assert car.destroy()
        (head,) = light.get_light_boxes()
        assert head.location.distance(light.get_location()) < 0.01
