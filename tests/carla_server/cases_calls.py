"""The unmodified client of PyPI against ``drivesim serve``: clients beside each other, and every call that there is."""

import math

import pytest

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


def ticks(world, count):
    for _ in range(count):
        world.tick()


def test_two_clients_see_the_same(served, world, spawn):
    car = spawn("vehicle.tesla.model3", 20, 1.75)
    other = served.client()
    watcher = other.get_world()
    car.apply_control(carla.VehicleControl(throttle=1.0))
    ticks(world, 20)
    seen = watcher.get_actor(car.id)
    frame = world.tick()
    while watcher.get_snapshot().frame < frame:
        pass
    assert seen.get_location() == car.get_location()
    assert math.isclose(watcher.get_snapshot().timestamp.delta_seconds, 0.05, rel_tol=1e-6)


def test_a_new_client_knows_the_actors_though_nobody_ticks(served, world, spawn):
    spawn("walker.pedestrian.0001", 40, 8.0, z=1.0)
    world.tick()
    for _ in range(40):
        newcomer = served.client().get_world()
        assert newcomer.get_snapshot().frame > 0
        assert len(newcomer.get_actors().filter("walker.*")) == 1


def test_every_call_of_the_client_works_or_is_refused_by_name(client, world, spawn):
    """What the server has not says so; nothing is accepted and then not done."""
    car, walker = spawn("vehicle.tesla.model3", 20, 1.75), spawn("walker.pedestrian.0001", 40, 8.0, z=1.0)
    world.tick()
    refused = {
        "load_map_layer": lambda: world.load_map_layer(carla.MapLayer.Buildings),
        "get_bones_transform": walker.get_bones,
        "get_actor_component_names": car.get_component_names,
        "get_wheel_pitch_angle": lambda: car.get_wheel_pitch_angle(carla.VehicleWheelLocation.FL_Wheel),
    }
    for name, call in refused.items():
        with pytest.raises(RuntimeError, match=f"'{name}' is not implemented by drivesim"):
            call()
    answers = client.apply_batch_sync([carla.command.ApplyTorque(car, carla.Vector3D(1, 0, 0))], False)
    assert "'add_actor_torque' is not implemented by drivesim" in answers[0].error
    world.set_imui_sensor_gravity(1.62)
    assert world.get_imui_sensor_gravity() == pytest.approx(1.62)
