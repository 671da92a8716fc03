"""How vehicles answer to the wheel and to velocities that clients tell them; CARLA's axes (y to the right)."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from drivesim.carla_server.blueprints import library
from drivesim.carla_server.calls import METHODS
from drivesim.carla_server.episode import Episode
from drivesim.carla_server.maps import Maps
from drivesim.carla_server.physics import STEERING_CURVE, lock, steered
from drivesim.carla_server.wire import AckermannControl, VehicleControl


@pytest.fixture(scope="module")
def street():
    return Maps().load("residential_street")


@pytest.fixture
def episode(street):
    name, network = street
    return Episode(network, name, 1, 0)


def put(episode, model, x=20.0, y=1.75):
    record = episode.spawn(library()[f"vehicle.{model}"].default(), ((x, y, 0.5), (0.0, 0.0, 0.0)))
    return record, episode.column(record)


def road_wheel(episode, index):
    """Degrees, positive to the right."""
    return -math.degrees(episode.world.steering[0, index])


def test_road_wheels_reach_full_lock_in_four_tenths_of_a_second_and_let_go_in_two(episode):
    record, index = put(episode, "tesla.model3")
    record.vehicle = VehicleControl(steer=1.0, brake=1.0)
    angles = []
    for _ in range(8):
        episode.step()
        angles.append(road_wheel(episode, index))
    assert angles == pytest.approx([70.0 * 2.5 * 0.05 * (n + 1) for n in range(8)])
    record.vehicle = VehicleControl(steer=0.0, brake=1.0)
    episode.step()
    assert road_wheel(episode, index) == pytest.approx(70.0 * (1.0 - 5.0 * 0.05))
    assert steered(0.5, -0.5, 0.1) == pytest.approx(0.0)
    assert steered(0.0, -1.0, 0.1) == pytest.approx(-0.25)


def test_speed_takes_lock_as_the_steering_curve_says(episode):
    assert [lock(STEERING_CURVE, speed / 3.6) for speed in (0, 10, 20, 40, 120, 300)] == pytest.approx(
        [1.0, 0.95, 0.9, 0.85, 0.7, 0.7]
    )
    assert lock((), 10.0) == 1.0
    record, index = put(episode, "tesla.model3")
    episode.set_velocity(record, (60.0 / 3.6, 0.0, 0.0))
    record.vehicle, record.wheel = VehicleControl(steer=0.05, throttle=0.1), 0.05
    episode.step()
    assert road_wheel(episode, index) == pytest.approx(0.05 * 0.8 * 70.0, rel=0.01)


def test_ackermann_control_turns_its_wheels_no_faster_than_told(episode):
    record, index = put(episode, "tesla.model3")
    record.ackermann = AckermannControl(steer=0.4, steer_speed=0.2)
    for _ in range(10):
        episode.step()
    assert math.radians(road_wheel(episode, index)) == pytest.approx(0.5 * 0.2, rel=1e-6)


def test_a_told_velocity_moves_and_turns_a_vehicle_for_one_step(episode):
    server = SimpleNamespace(episode=episode)
    record, index = put(episode, "volkswagen.t2")
    (x, y, _), _ = episode.place(record)
    METHODS["set_actor_target_velocity"].call(server, record.id, [6.0, 2.0, 0.0])
    METHODS["set_actor_target_angular_velocity"].call(server, record.id, [0.0, 0.0, 30.0])
    episode.step()
    place, rotation = episode.place(record)
    assert place == pytest.approx((x + 6.0 * 0.05, y + 2.0 * 0.05, 0.0), abs=1e-3)
    assert rotation[1] == pytest.approx(30.0 * 0.05)
    assert math.degrees(episode.world.angular_velocity[0, index, 2]) == pytest.approx(-30.0)
    assert episode.velocity(record) == pytest.approx((6.0, 2.0, 0.0))
    episode.step()
    heading = math.radians(rotation[1])
    assert math.atan2(episode.velocity(record)[1], episode.velocity(record)[0]) == pytest.approx(heading, abs=1e-6)
    assert episode.place(record)[1][1] == pytest.approx(rotation[1], abs=1e-6)


def test_a_light_straight_ahead_is_not_exactly_ahead_of_who_drives(episode):
    """CARLA's agents heed what lies at an angle above 0 degrees; this one keeps to its line as well as it can."""
    record, _ = put(episode, "tesla.model3", 0.0)
    bearings = []
    for _ in range(60):
        (x, y, _), (_, yaw, _) = episode.place(record)
        bearings.append(math.degrees(math.atan2(1.75 - y, 60.0 - x)) - yaw)
        record.vehicle = VehicleControl(throttle=0.5, steer=math.radians(bearings[-1]))
        episode.step()
        assert abs(y - 1.75) < 0.003
    moving = np.abs(bearings[10:])
    assert np.float32(moving).min() > 0.0
    assert moving.max() < 0.05


def test_who_is_not_driven_stands_where_it_was_put(episode):
    record, index = put(episode, "tesla.model3")
    record.physics = False
    start = episode.world.position[0, index].copy()
    episode.step()
    assert (episode.world.position[0, index] == start).all()
