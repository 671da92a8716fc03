"""Row S7: what keeps a sensor from measuring an actor, in scenes where the answer is known."""

import numpy as np
import pytest
from sensor_scenes import box, ground, state, static_scene

from drivesim.materials import MaterialId
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.reasons import Subject, cause
from drivesim.sensors.rig import Sensor, load_device
from drivesim.transforms import Pose
from drivesim.types import Weather

PERSON, SIZE = 7, np.array([0.5, 0.5, 1.7])
MOUNT = Pose.from_ypr((0.0, 0.0, 1.2), (0.0, 0.0, 0.0))
CAMERA_MOUNT = Pose(np.array([0.0, 0.0, 1.2]), np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]))


def sensor(name, **changes):
    device = load_device(name).model_copy(update=changes)
    return Sensor("S", device, CAMERA_MOUNT if device.kind == "camera" else MOUNT, 10.0, 0.0)


def why(seen_by, x, y=0.0, *, wall=None, weather=None):
    """The cause for a person at (x, y), behind a wall of some height 3 m before, in some weather."""
    place = Pose.from_ypr((x, y, 0.85), (0.0, 0.0, 0.0))
    meshes = [ground(), box(SIZE, (x, y, 0.85), MaterialId.COTTON, instance=PERSON)]
    if wall is not None:
        meshes.append(box((0.2, 8.0, wall), (x - 3.0, y, wall / 2)))
    motion = EgoMotion(state(0.0), state(0.1), 0)
    with static_scene(*meshes) as rays:
        return cause(seen_by, Subject(PERSON, place, SIZE), rays, motion, 100_000_000, weather or Weather())


@pytest.mark.parametrize("name", ["camera_1600x900", "velodyne_vlp16", "continental_ars408"])
def test_S7_what_stands_before_an_actor_hides_it(name):
    assert why(sensor(name), 20.0, wall=3.0) == "occlusion"


def test_S7_who_is_beside_the_field_of_view_is_outside_of_it():
    assert why(sensor("camera_1600x900"), 5.0, 8.0) == "field"
    assert why(sensor("continental_ars408"), -20.0) == "field"
    assert why(sensor("velodyne_vlp16", azimuth_window_deg=(-30.0, 30.0)), 0.0, 20.0) == "field"
    assert why(sensor("velodyne_vlp16"), -1.0) != "field"


def test_S7_range_ends_what_a_lidar_and_a_radar_measure():
    assert why(sensor("velodyne_vlp16", range_at_10_percent=10.0), 60.0) == "signal"
    assert why(sensor("continental_ars408", threshold_snr_db=40.0), 150.0) == "signal"


def test_S7_fog_takes_what_clear_air_would_show():
    fog = Weather(fog_visual_range=40.0)
    assert why(sensor("camera_1600x900"), 60.0, weather=fog) == "weather"
    assert why(sensor("velodyne_vlp16"), 45.0, weather=fog) == "weather"
    assert why(sensor("camera_1600x900"), 30.0, weather=fog) != "weather"
    assert why(sensor("continental_ars408"), 45.0, weather=fog) != "weather"


def test_S7_an_actor_can_be_too_small_for_pixels_and_beams():
    assert why(sensor("camera_1600x900", width=160, height=90, fx=126, fy=126, cx=80, cy=45), 100.0) == "resolution"
    assert why(sensor("velodyne_vlp16", elevations_deg=[-10.0, 10.0], channels=2, columns=90), 20.0) == "resolution"


def test_S7_a_wall_that_leaves_a_little_in_sight_hides_what_pixels_would_have_shown():
    coarse = sensor("camera_1600x900", width=160, height=90, fx=126, fy=126, cx=80, cy=45)
    assert why(coarse, 40.0) == "resolution"  # seen, and large enough: the measurement itself says no
    assert why(coarse, 40.0, wall=1.6) == "occlusion"
