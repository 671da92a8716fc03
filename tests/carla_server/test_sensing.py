"""What sensors look at when bodies come and go: the street stays, and all looks as if it had been so from the start."""

import numpy as np
import pytest

from drivesim.carla_server import CarlaServer
from drivesim.carla_server.blueprints import library
from drivesim.carla_server.episode import Episode
from drivesim.carla_server.maps import Maps
from drivesim.carla_server.sensing import Sensing


def described(name, **attributes):
    from drivesim.carla_server.wire import Description

    text = library()[name].default()
    return Description(
        text.uid, text.blueprint, tuple((n, t, str(attributes.get(n, value))) for n, t, value in text.attributes)
    )


@pytest.fixture
def episode():
    name, network = Maps().load("residential_street")
    return Episode(network, name, 1, 0)


def seen(sensing, episode, *streams):
    return [data for _, data in sensing.capture(episode, set(streams), lambda record: [])]


def test_pictures_do_not_depend_on_who_was_there_before(episode):
    car, van = described("vehicle.tesla.model3"), described("vehicle.mercedes.sprinter")
    owner = episode.spawn(car, ((20.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    kinds = ("rgb", "depth", "instance_segmentation", "normals")
    small = {"image_size_x": 64, "image_size_y": 48}
    place = ((2.0, 0.0, 1.5), (0.0, 0.0, 0.0))
    streams = [episode.spawn(described(f"sensor.camera.{k}", **small), place, owner.id).stream for k in kinds]
    lived, fresh = Sensing(0), Sensing(0)
    episode.step()
    alone = seen(lived, episode, *streams)
    other = episode.spawn(van, ((35.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    episode.step()
    met = seen(lived, episode, *streams)
    assert all(one != two for one, two in zip(alone, met, strict=True))
    assert met == seen(fresh, episode, *streams)
    assert episode.destroy(other.id)
    episode.step()
    again = np.frombuffer(seen(lived, episode, streams[1])[0][64:], np.uint8)
    assert (again == np.frombuffer(alone[1][64:], np.uint8)).mean() > 0.999  # breathing aside, the street as before
    lived.close()
    lived.close()
    fresh.close()


def test_those_who_were_there_while_all_was_compiled_are_seen_by_nobody():
    camera = described("sensor.camera.instance_segmentation", image_size_x=64, image_size_y=48)
    pictures = []
    for ready in (True, False):
        server = CarlaServer(0)
        if ready:
            server.prepare()
        episode = server.episode
        assert (episode.frame, episode.world.actors) == (0, ())
        (x, y, z), turned = episode.spawn_points[0]  # where the car of the practice stood
        above = episode.spawn(camera, ((x, y, z + 8.0), (-90.0, turned[1], 0.0)))
        for _ in range(2):
            episode.step()
            (picture,) = seen(server.sensing, episode, above.stream)
            pictures.append(np.frombuffer(picture[-64 * 48 * 4 :], np.uint32))
            if len(pictures) % 2:
                episode.spawn(described("vehicle.tesla.model3"), ((x, y, z), turned))
        server.sensing.close()
    empty, taken, empty_too, taken_too = pictures
    assert (empty == empty_too).mean() > 0.999
    assert (taken == taken_too).mean() > 0.999
    assert (empty != taken).mean() > 0.03
