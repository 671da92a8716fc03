"""Spray behind vehicles on wet roads: how much there is, and what cameras and lidars make of it."""

import numpy as np
import pytest
from sensor_scenes import mounted, state, static_scene, ticks, wall

from drivesim.materials import MaterialId
from drivesim.scene.wakes import wakes
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.rig import Sensor, load_device
from drivesim.sensors.spray import film, floating, plumes, through
from drivesim.transforms import Pose
from drivesim.types import Actor, BoundingBox, Weather

FLOODED = Weather(wetness=1.0)
WATER = 1000.0
"""kg/m3."""
HERE = np.zeros(3)


def behind_a_car(speed, ahead=8.0):
    """The wake of a car that drives away along x, its rear end ``ahead`` metres from the origin."""
    return np.array([[ahead, 0.0, 0.0, -1.0, 0.0, 0.0, 1.8, 1.5, speed, 2]])


def test_the_film_on_the_road_follows_rain_and_wetness():
    """Ross and Russam (1968): 0.15 sqrt(3.5 m x 1 cm/h) 0.025^-0.2 mm at 10 mm/h, four times that at sixteen times."""
    assert film(Weather()) == 0.0
    assert film(Weather(wetness=0.25)) == 0.0
    assert film(Weather(rain=10.0)) == pytest.approx(1e-3 * 0.15 * 3.5**0.5 * 0.025**-0.2)
    assert film(Weather(rain=160.0)) == pytest.approx(4 * film(Weather(rain=10.0)))
    assert film(FLOODED) == 1e-3


def test_faster_wheels_make_finer_drops_of_which_more_float():
    """Radovich & Browand: mean diameters go as 1 / speed; at 18 m/s (Weber number 24,400) 0.27 mm."""
    share, size = np.array([floating(v) for v in (8.0, 14.0, 25.0, 36.0)]).T
    assert (np.diff(share) > 0).all()
    assert share[0] < 0.06
    assert share[-1] > 0.98
    assert (np.diff(size) <= 0).all()
    assert size[-1] == pytest.approx(0.8 * 2 * 0.27e-3 * 18 / 36, rel=0.02)


def test_the_water_in_the_air_is_what_was_measured_on_motorways():
    """FHWA-HRT-15-062: up to 0.03 kg/m3 where spray is worst; extinction and density go together by 3 / (rho d)."""
    (plume,) = plumes(behind_a_car(25.0), FLOODED, HERE)
    density = plume[9] * WATER * floating(25.0)[1] / 3.0
    assert density == pytest.approx(0.03, rel=0.15)
    (rainy,) = plumes(behind_a_car(25.0), Weather(rain=10.0), HERE)
    assert 0.005 < rainy[9] * WATER * floating(25.0)[1] / 3.0 < 0.03
    for dry in (Weather(), Weather(wetness=0.25)):
        assert len(plumes(behind_a_car(25.0), dry, HERE)) == 0
    assert len(plumes(behind_a_car(3.0), FLOODED, HERE)) == 0


def test_lumps_leave_the_mean_optical_depth_as_it_is():
    """Along the axis of a plume: the integral of a e^(-x / L) (1 + x / (8 s))^(-1/3), whatever stands where."""
    table = plumes(behind_a_car(25.0, ahead=60.0), Weather(rain=10.0), HERE)
    sigma, length, alpha = table[0, 6], table[0, 8], table[0, 9]
    x = np.linspace(0.0, 3.0 * length, 20_001)
    expected = np.trapezoid(alpha * np.exp(-x / length) * (1 + x / (8 * sigma)) ** (-1 / 3), x)
    shifts = np.random.default_rng(0).uniform(-1000, 1000, (600, 3))
    depths = [through(table, shift, 0.0, 0.0, 1e-9, 1.0, 0.0, 0.0, 200.0)[0] for shift in shifts]
    assert np.mean(depths) == pytest.approx(expected, rel=0.08)
    assert np.std(depths) > 0.1 * expected


def test_wakes_belong_to_those_who_drive():
    box = BoundingBox((1.4, 0.0, 0.75), 4.2, 1.8, 1.5)
    cast = [Actor(0, "Ego", "vehicle", "car", "hatchback", box), Actor(1, "Stands", "vehicle", "car", "hatchback", box),
            Actor(2, "Runs", "pedestrian", "pedestrian", "walker", box),
            Actor(3, "Rides", "vehicle", "motorbike", "motorbike", box)]  # fmt: skip
    speeds = (20.0, 0.0, 9.0, 15.0)
    seen = state(0.0, others=[((10.0 * k, 0, 0), np.pi / 2, (0, speeds[k], 0), 0.0) for k in (1, 2, 3)])
    seen.speed[0] = speeds
    rows = wakes(cast, seen)
    assert rows[:, 8].tolist() == [20.0, 15.0]
    assert rows[:, 9].tolist() == [2.0, 1.0]
    assert rows[0, :6] == pytest.approx([-0.7, 0.0, 0.0, -1.0, 0.0, 0.0])
    assert rows[1, :6] == pytest.approx([30.0, -0.7, 0.0, 0.0, -1.0, 0.0], abs=1e-12)


@pytest.fixture(scope="module")
def street():
    rays = static_scene(wall(40.0, material=MaterialId.PLASTER))
    yield rays
    rays.close()


def test_a_camera_looks_through_a_veil_and_labels_stay(street):
    device = CameraDevice(
        kind="camera", name="ahead", width=96, height=64, fx=80, fy=80, cx=48, cy=32, exposure=4000.0, noise=0.0,
        vignetting=0.0,
    )  # fmt: skip
    forward = Pose(np.array([0.0, 0.0, 1.2]), np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]))
    camera = Camera(Sensor("CAM", device, forward, 10.0, 0.0), 0)
    pictures = []
    for speed in (None, 14.0, 28.0):
        street.wakes = np.zeros((0, 10)) if speed is None else behind_a_car(speed)
        pictures.append(camera.render(street, Pose.identity(), FLOODED))
    none, town, motorway = pictures
    street.wakes = behind_a_car(28.0)
    again = camera.render(street, Pose.identity(), FLOODED)
    street.wakes = np.zeros((0, 10))
    for picture in (town, motorway):
        assert np.array_equal(picture.depth, none.depth)
        assert np.array_equal(picture.semantic, none.semantic)
        assert np.array_equal(picture.instance, none.instance)
    changed = [np.abs(p.rgb.astype(int) - none.rgb).sum(axis=2) for p in (town, motorway)]
    middle = np.s_[24:44, 40:56]
    assert 0 < changed[0][middle].mean() < changed[1][middle].mean()
    assert np.array_equal(again.rgb, motorway.rgb)


def test_a_lidar_gets_echoes_from_spray_and_fewer_through_it(street):
    device = load_device("velodyne_vlp16")
    clouds = []
    for wakes_there in (np.zeros((0, 10)), behind_a_car(28.0) + (0.0, 5.0, *np.zeros(8))):
        street.wakes = wakes_there
        lidar = Lidar(mounted(device, 10.0, (0.0, 0.0, 0.9)), 0)
        wet = Weather(wetness=1.0, sun_illuminance=0.0)
        (cloud,) = [c for c in (lidar.capture(street, tick, wet) for tick in ticks(0.1, 0.05)) if c is not None]
        clouds.append(cloud)
    street.wakes = np.zeros((0, 10))
    none, some = clouds
    assert not none.clutter.any()
    spray = some.points[some.clutter]
    assert len(spray) > 20
    assert (spray[:, 0] < 8.2).all()
    assert (np.abs(spray[:, 1] - 5.0) < 4.2).all()
    beyond, apart = [], []
    for cloud in clouds:
        beyond.append(np.count_nonzero(~cloud.clutter & (cloud.points[:, 1] > 26.0)))
        apart.append(cloud.points[cloud.points[:, 1] < -1.0])
    assert beyond[1] < 0.9 * beyond[0]
    assert np.array_equal(*apart)
