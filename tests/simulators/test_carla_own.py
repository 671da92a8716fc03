"""CARLA's own lidar and radar against CARLA's documentation, byte by byte. No server."""

import math
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from drivesim.errors import RigError
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import Sensor, load_device
from drivesim.simulators.carla.own import OwnLidar, OwnRadar, own_sensor
from drivesim.transforms import Pose

MOUNT = Pose(np.array((1.0, 0.0, 2.0)), np.eye(3))


def sensor(name, rate=10.0, **changes):
    device = load_device(name)
    return Sensor("OWN", device.model_copy(update=changes), MOUNT, rate, 0.0)


class Motion:
    """An ego that drives ahead at 10 m/s from tick to tick of 50 ms."""

    def __init__(self, tick):
        self.start_ns, self.end_ns = tick * 50_000_000, (tick + 1) * 50_000_000

    def pose(self, time_ns):
        return Pose(np.array((10.0 * time_ns * 1e-9, 0.0, 0.0)), np.eye(3))

    def sensor_motion(self, times, mount):
        return np.eye(3)[None], mount.translation[None], np.array([(10.0, 0.0, 0.0)])


def sweep(*channels):
    """A ``carla.LidarMeasurement``: x, y (right), z, intensity of each point, grouped by channel from the top."""
    raw = b"".join(struct.pack("<4f", *point) for channel in channels for point in channel)
    return SimpleNamespace(raw_data=raw, channels=len(channels), get_point_count=lambda k: len(channels[k]))


def test_the_lidar_asks_for_its_beams_and_turns_at_its_rate():
    blueprint, asked = OwnLidar(sensor("carla_lidar"), 3).spawned(0.05)[""]
    assert blueprint == "sensor.lidar.ray_cast"
    defaults = {
        "channels": 32, "range": 10.0, "points_per_second": 56000, "rotation_frequency": 10.0, "upper_fov": 10.0,
        "lower_fov": -30.0, "horizontal_fov": 360.0, "sensor_tick": 0.0,
    }  # fmt: skip
    assert {name: float(asked[name]) for name in defaults} == pytest.approx(defaults)


def test_ticks_of_a_turn_make_a_sweep_without_the_egos_motion():
    lidar = OwnLidar(sensor("carla_lidar"), 0)
    up, down = (20.0, 0.0, 1.0, 0.5), (5.0, 3.0, -1.0, 1.0)
    assert lidar.capture({"": sweep([up], [])}, Motion(0)) is None
    cloud = lidar.capture({"": sweep([], [down])}, Motion(1))
    np.testing.assert_allclose(cloud.points, [(19.5, 0.0, 1.0), (5.0, -3.0, -1.0)], atol=1e-6)
    assert cloud.ring.tolist() == [1, 0]  # CARLA counts from the top, we from below
    assert cloud.intensity.tolist() == [127.5, 255.0]
    assert cloud.time_offset.tolist() == pytest.approx([-0.05, 0.0])
    assert np.isnan(cloud.true_range).all()
    assert lidar.capture({"": sweep([], [])}, Motion(2)) is None
    assert not len(lidar.capture({"": sweep([], [])}, Motion(3)).points)


def test_a_turn_that_is_not_whole_is_no_sweep():
    assert OwnLidar(sensor("carla_lidar"), 0).capture({"": sweep([])}, Motion(1)) is None


def test_a_radar_hit_is_velocity_azimuth_altitude_depth():
    radar = OwnRadar(sensor("carla_radar", rate=20.0), 0)
    ((blueprint, asked),) = radar.spawned(0.05).values()
    assert blueprint == "sensor.other.radar"
    defaults = {
        "horizontal_fov": 30.0, "vertical_fov": 30.0, "range": 100.0, "points_per_second": 1500, "sensor_tick": 0.0
    }  # fmt: skip
    assert {name: float(asked[name]) for name in defaults} == pytest.approx(defaults)
    hit = struct.pack("<4f", -10.0 * math.cos(0.2), 0.2, 0.0, 40.0)  # stands 40 m ahead, to the right
    found = radar.capture({"only": SimpleNamespace(raw_data=hit)}, Motion(0))
    assert (found.range[0], found.azimuth[0]) == pytest.approx((40.0, -0.2))
    assert found.radial_velocity[0] < 0.0
    assert found.radial_velocity_compensated[0] == pytest.approx(0.0, abs=1e-5)
    assert np.isnan(found.rcs).all()
    assert not len(radar.capture({"only": SimpleNamespace(raw_data=b"")}, Motion(1)).range)


def test_several_scans_are_radars_of_their_own():
    radar = own_sensor(sensor("continental_ars408", signal="carla"), 0)
    wide = {name: float(asked["horizontal_fov"]) for name, (_, asked) in radar.spawned(0.05).items()}
    assert wide == pytest.approx({"far": 18.0, "near": 120.0})


def test_what_carlas_cannot_do_is_refused():
    with pytest.raises(RigError, match="OWN"):
        own_sensor(sensor("livox_mid40", signal="carla"), 0)
    with pytest.raises(RigError, match="OWN"):
        own_sensor(sensor("velodyne_vlp16", signal="carla", azimuth_window_deg=(-20.0, 60.0)), 0)
    ahead = own_sensor(sensor("velodyne_vlp16", signal="carla", azimuth_window_deg=(-60.0, 60.0)), 0)
    assert float(ahead.spawned(0.05)[""][1]["horizontal_fov"]) == 120.0


@pytest.mark.parametrize(("model", "name"), [(Lidar, "carla_lidar"), (Radar, "carla_radar")])
def test_the_embedded_simulator_has_none_of_them(model, name):
    with pytest.raises(RigError, match=r"OWN.*--simulator carla|--simulator carla"):
        model(sensor(name), 0)
