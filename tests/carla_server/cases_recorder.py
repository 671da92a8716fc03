"""The unmodified client of PyPI against the recorder of ``drivesim serve``."""

import os
import re
from pathlib import Path

import pytest

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


@pytest.fixture(scope="module")
def recorded(client):
    """A car that drives into a container and a walker who passes by, 100 frames of 50 ms: name, ids, places."""
    world = client.load_world("residential_street")
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    library = world.get_blueprint_library()

    def spawn(name, x, y, z=0.5):
        return world.spawn_actor(library.find(name), carla.Transform(carla.Location(x, y, z)))

    car, container = spawn("vehicle.tesla.model3", 20, 1.75), spawn("static.prop.container", 45, 1.75)
    parked, walker = spawn("vehicle.audi.a2", 80, 1.75), spawn("walker.pedestrian.0009", 40, 8.0, z=1.0)
    where = client.start_recorder("/somewhere else/a run.log", True)
    assert where == str(Path(os.environ["XDG_DATA_HOME"], "drivesim", "recordings", "a run.log"))
    car.apply_control(carla.VehicleControl(throttle=1.0))
    walker.apply_control(carla.WalkerControl(carla.Vector3D(1, 0, 0), 1.4))
    places = []
    for _ in range(100):
        world.tick()
        places.append((car.get_transform(), walker.get_transform()))
    client.stop_recorder()
    actors = car, container, parked, walker
    ids = [actor.id for actor in actors]
    for actor in actors:
        assert actor.destroy()
    world.tick()
    return "a run.log", ids, places


def test_a_recording_tells_what_happened(client, recorded):
    name, (car, container, *_), places = recorded
    told = client.show_recorder_file_info(name, False)
    assert "Map: residential_street" in told
    assert f"Create {car}: vehicle.tesla.model3" in told
    assert f"Collision between {car} and {container}" in told
    assert "Frames: 100" in told
    assert "Duration: 5.000 seconds" in told
    everything = client.show_recorder_file_info(name, True)
    place = places[-1][0].location
    assert f"Id: {car} Location: ({place.x:.3f}, {place.y:.3f}, {place.z:.3f})" in everything


def test_collisions_are_found_by_kind(client, recorded):
    name, (car, container, *_), _ = recorded
    met = client.show_recorder_collisions(name, "v", "o")
    assert re.search(rf"v o +{car} vehicle.tesla.model3 +{container} static.prop.container", met)
    assert str(car) not in client.show_recorder_collisions(name, "w", "a").split("Duration")[0].split("Types")[1]


def test_who_stood_still_is_found(client, recorded):
    name, (_, _, parked, _), _ = recorded
    told = client.show_recorder_actors_blocked(name, 4.0, 100.0)
    assert re.search(rf"{parked} vehicle.audi.a2 +4\.9", told)
    assert "tesla" not in told


def test_actors_go_again_where_they_went_and_the_spectator_with_them(client, recorded):
    name, (car, *_), places = recorded
    world = client.get_world()
    assert "Total time recorded: 5.000" in client.replay_file(name, 0.0, 0.0, car, False)
    for there in places[:-1]:
        world.tick()
        actors = world.get_actors()
        for kind, place in (("vehicle.tesla.*", there[0]), ("walker.*", there[1])):
            (actor,) = actors.filter(kind)
            assert actor.get_location().distance(place.location) < 1e-3
            assert abs(actor.get_transform().rotation.yaw - place.rotation.yaw) < 0.01
    behind = world.get_spectator().get_location()
    assert behind.x == pytest.approx(places[-2][0].location.x - 10.0, abs=1.0)
    client.stop_replayer(False)
    world.tick()
    assert not world.get_actors().filter("vehicle.*")
    assert not world.get_actors().filter("walker.*")


def test_a_part_can_be_played_slowly_from_the_end(client, recorded):
    name, _, places = recorded
    world = client.get_world()
    client.set_replayer_time_factor(0.5)
    client.replay_file(name, -3.0, 1.0, 0, False)
    world.tick()
    world.tick()
    (car,) = world.get_actors().filter("vehicle.tesla.*")
    assert car.get_location().distance(places[40][0].location) < 1e-3
    world.tick()  # half-way between two frames
    middle = (places[40][0].location + places[41][0].location) / 2.0
    assert car.get_location().distance(middle) < 0.02
    for _ in range(60):
        world.tick()
    assert car.get_location().x < places[-1][0].location.x + 8.0
    assert car.get_velocity().length() == 0.0  # it was left where it was, braking
    client.set_replayer_time_factor(1.0)
    client.load_world("residential_street")


def test_what_is_no_recording_is_refused_by_name(client, recorded):
    for name in ("", "..", "../../etc/passwd", "a\nb", "x" * 200, "nothing"):
        with pytest.raises(RuntimeError, match="recording"):
            client.show_recorder_file_info(name, False)
    with pytest.raises(RuntimeError, match="cannot be called"):
        client.start_recorder("..")
    with pytest.raises(RuntimeError, match="kinds"):
        client.show_recorder_collisions(recorded[0], "x", "a")
    with pytest.raises(RuntimeError, match="attach your own"):
        client.replay_file(recorded[0], 0.0, 0.0, 0, True)
    client.load_world("motorway")
    with pytest.raises(RuntimeError, match="'residential_street', here is 'motorway'"):
        client.replay_file(recorded[0], 0.0, 0.0, 0, False)
