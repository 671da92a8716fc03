"""The client's own traffic manager, which listens on all interfaces: ``test_autopilot.py`` runs these cases where there
is nothing but a loopback."""

import subprocess
import sys

import pytest

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")

PORT = 8000

ELSEWHERE = """
import os, signal, sys, carla
server, port, number = map(int, sys.argv[1:4])
client = carla.Client("127.0.0.1", server)
client.set_timeout(10.0)
manager = client.get_trafficmanager(port)
assert manager.get_port() == port
if number:
    client.get_world().get_actor(number).set_autopilot(True, port)
print("done", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
"""A client of another process that asks for a traffic manager, perhaps gives it a vehicle, and is killed."""


def elsewhere(served, port, number):
    command = [sys.executable, "-c", ELSEWHERE, str(served.port), str(port), str(number)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def keeps_its_lane(world, car):
    place = car.get_location()
    return place.distance(world.get_map().get_waypoint(place).transform.location) < 1.0


def test_autopilot_drives_heeds_who_stands_before_it_and_is_shared_by_clients(served, client, world, spawn):
    """In one go: the client does not bear a new world beside a traffic manager."""
    manager = client.get_trafficmanager(PORT)
    manager.set_synchronous_mode(True)
    manager.set_random_device_seed(1)
    car, parked = spawn("vehicle.tesla.model3", 10, 1.75), spawn("vehicle.audi.a2", 50, 1.75)
    other = spawn("vehicle.tesla.model3", 110, -1.75, yaw=180)
    world.tick()
    car.set_autopilot(True, PORT)
    shared = elsewhere(served, PORT, other.id)
    assert "done" in shared.stdout, shared.stderr
    for _ in range(240):
        world.tick()
        assert keeps_its_lane(world, car)
        assert keeps_its_lane(world, other)
    gap = parked.get_location().x - car.get_location().x - 0.5 * (4.69 + 3.83)
    assert 0.5 < gap < 12.0
    assert car.get_velocity().length() < 0.1
    assert other.get_location().x < 90.0
    for driven in (car, other):
        driven.set_autopilot(False, PORT)
    for _ in range(2):  # the second time nothing may be left of the first, which was killed
        own = elsewhere(served, PORT + 100, 0)
        assert "done" in own.stdout, own.stderr
    manager.set_synchronous_mode(False)
    manager.shut_down()
