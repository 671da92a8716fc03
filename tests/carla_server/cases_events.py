"""What happens by itself, as the official client hears of it: frames, lane markings, obstacles, signs of the map."""

import queue
import time

import pytest

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


def ticks(world, count):
    for _ in range(count):
        world.tick()


def listening():
    """Subscriptions reach the server a moment after the call."""
    time.sleep(0.3)


def test_on_tick_is_called_once_for_every_frame_until_it_is_taken_back(world):
    heard = queue.Queue()
    number = world.on_tick(heard.put)
    frames = [world.tick() for _ in range(10)]
    told = [heard.get(timeout=10) for _ in frames]
    assert [snapshot.frame for snapshot in told] == frames
    assert told[1].timestamp.elapsed_seconds - told[0].timestamp.elapsed_seconds == pytest.approx(0.05)
    world.remove_on_tick(number)
    world.tick()
    listening()
    assert heard.empty()


def test_without_synchronous_mode_time_goes_by_the_clock_and_batches_need_no_answer(client, world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = False, None
    world.apply_settings(settings)
    first = world.wait_for_tick(10.0)
    client.apply_batch([carla.command.ApplyVehicleControl(car.id, carla.VehicleControl(throttle=1.0))])
    began, start = time.monotonic(), first.timestamp.elapsed_seconds
    while (now := world.wait_for_tick(10.0)).timestamp.elapsed_seconds < start + 1.5:
        pass
    assert time.monotonic() - began > 1.2  # no sooner than the clock
    assert now.frame > first.frame + 20
    assert car.get_velocity().x > 2.0


def test_an_obstacle_is_told_with_its_distance(world, spawn):
    ego, truck = spawn("vehicle.tesla.model3", 20, 1.75), spawn("vehicle.carlamotors.carlacola", 35, 1.75)
    spawn("static.prop.container", 28, 1.75)
    seen, moving = queue.Queue(), queue.Queue()
    spawn("sensor.other.obstacle", 2.4, z=1.0, parent=ego, listen=seen.put, distance=20.0)
    spawn("sensor.other.obstacle", 2.4, z=1.0, parent=ego, listen=moving.put, distance=20.0, only_dynamics="true")
    world.tick()
    listening()
    world.tick()
    event = seen.get(timeout=10)
    assert event.other_actor.type_id == "static.prop.container"
    assert event.distance == pytest.approx(28 - 1.0 - 22.4 - 0.5, abs=0.1)
    event = moving.get(timeout=10)
    assert event.actor.id == ego.id
    assert event.other_actor.id == truck.id
    assert event.distance == pytest.approx(35 - 5.2 / 2 - 22.4 - 0.5, abs=0.1)


def test_crossing_the_middle_of_the_road_is_told_with_the_marking(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    events = queue.Queue()
    spawn("sensor.other.lane_invasion", parent=car, listen=events.put)
    world.tick()
    listening()
    car.set_target_velocity(carla.Vector3D(8, 0, 0))
    for _ in range(40):
        car.apply_control(carla.VehicleControl(throttle=0.3, steer=-0.08))
        world.tick()
    crossed = events.get(timeout=10).crossed_lane_markings
    assert [marking.lane_change for marking in crossed]
    assert car.get_location().y < 1.0


def test_a_push_from_the_side_moves_a_vehicle_for_a_frame(world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    car.add_impulse(carla.Vector3D(0, 2.0 * 1750.0, 0))
    world.tick()
    assert car.get_location().y == pytest.approx(1.75 + 2.0 * 0.05, abs=0.01)
    ticks(world, 2)
    assert car.get_velocity().length() < 0.1


def test_the_frame_after_listen_is_measured_already(world, spawn):
    """Scripts listen and step at once; the client subscribes in a thread of its own."""
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    for _ in range(5):
        heard = queue.Queue()
        spawn("sensor.other.imu", parent=car, listen=heard.put)
        frame = world.tick()
        assert heard.get(timeout=20).frame == frame


def test_landmarks_are_the_lights_of_the_map(client):
    world = client.load_world("crossing_with_lights")
    marks = world.get_map().get_all_landmarks()
    lights = {light.get_opendrive_id(): light for light in world.get_actors().filter("traffic.traffic_light")}
    assert {mark.id for mark in marks} >= set(lights)
    mark = next(mark for mark in marks if mark.id in lights)
    assert world.get_traffic_light(mark).id == lights[mark.id].id
    place = mark.transform.location
    assert lights[mark.id].get_location().distance(carla.Location(place.x, place.y, place.z)) < 3.0
