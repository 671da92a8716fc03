"""Row C11 where the camera itself moves while its rows are read: closed forms of skew, shear, depth and flow."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sensor_scenes import actor, box, ground, state, static_scene, wall

from drivesim.materials import MaterialId
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.gaze import Gaze, ray_of
from drivesim.sensors.camera.projection import Fisheye
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.labels import Labeller
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Rig, Sensor, load_device
from drivesim.transforms import Pose
from drivesim.types import BoundingBox, Weather

SIZE = {"width": 640, "height": 360, "fx": 1266.0, "fy": 1266.0, "cx": 320.0, "cy": 180.0, "noise": 0.0}
HEIGHT = 1.5


def camera(yaw=0.0, **changes):
    device = load_device("camera_1600x900").model_copy(update={**SIZE, **changes})
    mount = Pose.from_ypr((0.0, 0.0, HEIGHT), (yaw, 0, 0)) @ Pose(np.zeros(3), VIEW_FROM_CAMERA)
    return Camera(Sensor("CAM", device, mount, 10.0, 0.0), seed=1)


def pictures(taken, meshes, speed=0.0, yaw_rate=0.0, tick=0.05, count=1):
    """Exposures at 0.1 s, 0.2 s, ... of an ego that passes x = 0 with no yaw at 0.1 s."""
    images = []
    with static_scene(*meshes) as rays:
        scene = SimpleNamespace(
            rays=rays, lit=lambda _: np.zeros(8, np.uint16), lamps=lambda _: np.zeros((0, 9), np.float32)
        )
        for number in range(1, count + 1):
            ends = [0.1 * number - tick, 0.1 * number]
            motion = EgoMotion(*(state(t, (speed * (t - 0.1), 0, 0), yaw_rate * (t - 0.1)) for t in ends), 0)
            images.append(taken.capture(scene, motion, Weather()))
    return images


def skew(image, instance):
    """By how many pixels a pole leans from the first row to the last, to the right."""
    rows = [(v, np.nonzero(line == instance)[0].mean()) for v, line in enumerate(image.instance) if instance in line]
    v, centre = np.array(rows).T
    assert len(v) == len(image.instance)
    return np.polyfit(v, centre, 1)[0] * len(v)


def pole(x, y, instance):
    return box((0.1, 0.1, 60.0), (x, y, HEIGHT), instance=instance)


@pytest.mark.parametrize("tick", [0.05, 0.01])
@pytest.mark.parametrize("lens", [None, Fisheye(model="fisheye")])
def test_C11_a_pole_leans_as_the_camera_turns(lens, tick):
    """f omega t = 13.3 px: 20 degrees a second to the left, 30 ms of readout; also where it began before the tick."""
    (image,) = pictures(camera(readout_ms=30.0, lens=lens), [pole(10.0, 0.0, 4)], yaw_rate=np.radians(20.0), tick=tick)
    assert skew(image, 4) == pytest.approx(1266.0 * np.radians(20.0) * 0.03, abs=0.3)


def test_C11_poles_lean_by_their_distance_as_the_camera_passes():
    """f v t / d, against the way that the camera goes: looking to the left from a car at 15 m/s."""
    poles = [pole(x, d, number) for number, (x, d) in enumerate(((-1.5, 8.0), (0.0, 16.0), (6.0, 40.0)), start=2)]
    (image,) = pictures(camera(np.pi / 2, readout_ms=20.0), poles, speed=15.0)
    for number, distance in ((2, 8.0), (3, 16.0), (4, 40.0)):
        assert skew(image, number) == pytest.approx(-1266.0 * 15.0 * 0.02 / distance, abs=0.3)


def test_C11_a_camera_that_stands_sees_what_one_that_reads_at_once_sees():
    meshes = [ground(), wall(30.0), pole(10.0, 0.0, 4)]
    (rolling,), (at_once,) = (pictures(camera(readout_ms=t, noise=1.0), meshes) for t in (30.0, 0.0))
    for channel in ("rgb", "depth", "semantic", "instance"):
        np.testing.assert_array_equal(getattr(rolling, channel), getattr(at_once, channel))


def labelled(taken, places, speed, yaw_rate, joints):
    """Instance image and box of a 2 m cube (instance 2) that goes from one place to another in the tick up to 0.1 s."""
    builder = RaySceneBuilder()
    part = builder.add_rigid(box((2.0, 2.0, 2.0)), 2)
    before, after = (
        state(t, (speed * (t - 0.1), 0, 0), yaw_rate * (t - 0.1), others=[(place, 0.0, (0, 0, 0), 0.0)])
        for t, place in zip((0.05, 0.1), places, strict=True)
    )
    with builder.build() as rays:
        rays.set_motion(part, *(Pose.from_ypr(place, (0, 0, 0)) for place in places))
        rays.commit()
        scene = SimpleNamespace(
            rays=rays, lit=lambda _: np.zeros(8, np.uint16), lamps=lambda _: np.zeros((0, 9), np.float32)
        )
        motion = EgoMotion(before, after, 0)
        image = taken.capture(scene, motion, Weather())
        cube = actor(1, "Cube", box=BoundingBox((0.0, 0.0, 0.0), 2.0, 2.0, 2.0))
        labeller = Labeller(Rig("test", "", None, (taken.sensor,)), (actor(0, "Ego"), cube), 0)
        labels = labeller.label(before, after, motion, rays, {"CAM": image}, joints)
    return image, labels.boxes_2d["CAM"][0]


@pytest.mark.parametrize("readout", [0.0, 40.0])
def test_C11_C8_boxes_hold_what_the_rows_show(readout):
    """A cube that the camera turns and drives past, itself on its way: loose and tight box agree to the pixel."""
    taken = camera(readout_ms=readout, fx=300.0, fy=300.0)
    image, found = labelled(taken, [(8.0, 0.5, 1.5), (8.0, 1.0, 1.5)], 12.0, np.radians(-40.0), lambda *_: {})
    rows, columns = np.nonzero(image.instance == 2)
    assert found.tight == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    np.testing.assert_allclose(found.loose, found.tight, atol=1.5)
    assert (found.occlusion, found.truncation) == (0.0, 0.0)


def test_C11_C10_key_points_lie_where_their_row_shows_them():
    """Joints that run 0.2 m in the tick: at the row that images them there from its own pose, found by trying all."""
    speed, yaw_rate, focal = 12.0, np.radians(-40.0), 300.0
    grid = np.array([(7.0, y, z) for y in (0.2, 0.6, 1.0, 1.4) for z in (0.7, 1.2, 1.7, 2.2)] + [(7.0, 0.8, 1.5)])
    taken = camera(readout_ms=40.0, fx=focal, fy=focal)
    image, found = labelled(
        taken, [(8.0, 0.5, 1.5), (8.0, 1.0, 1.5)], speed, yaw_rate,
        lambda before, after, fraction: {2: grid + (0.0, 0.2 * fraction, 0.0)},
    )  # fmt: skip
    x, yaw = rows_at(image, speed, yaw_rate, 0.04)
    row = np.arange(360) + 0.5
    for number, (px, py, pz) in enumerate(grid):
        y = py + 0.2 * (1.0 - (1.0 - row / 360) * 0.04 / 0.05)
        ahead = np.cos(yaw) * (px - x) + np.sin(yaw) * y
        aside = np.sin(yaw) * (px - x) - np.cos(yaw) * y
        across, along = focal * aside / ahead + 320.0, focal * (HEIGHT - pz) / ahead + 180.0
        line = np.interp(0.0, row - along, row)
        expected = np.interp(line, row, across), np.interp(line, row, along)
        np.testing.assert_allclose(found.skeleton.keypoints[number, :2], expected, atol=0.1)
        assert found.skeleton.keypoints[number, 2] == 2


def rows_at(image, speed, yaw_rate, readout, number=1):
    """Place (H, 2) and yaw (H,) of the ego as each row's middle is read, from the readout alone."""
    late = -readout * (1.0 - (np.arange(len(image.depth)) + 0.5) / len(image.depth)) + 0.1 * (number - 1)
    return speed * late, yaw_rate * late


def test_C11_spray_and_tunnels_lie_along_the_rays_of_their_row():
    """What is laid over a picture finds its rays in the table that the kernel has: against poses of each row."""
    device = camera().device
    last = Pose.from_ypr((3.0, 2.0, 1.0), (0.4, 0.1, -0.2))
    gaze = Gaze(Pose.from_ypr((2.5, 2.2, 1.0), (0.36, 0.11, -0.2)), last, (0.4, 1.0))
    aim = np.array([0.2, -0.1, 1.0])
    for row in (0.5, 120.0, 359.5):
        pose = gaze.pose(row / 360)
        expected = [*pose.translation, *(pose.rotation @ aim)]
        np.testing.assert_allclose(ray_of(gaze.table(np.zeros(3), device), row, *aim), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["planar", "ray"])
def test_C11_depth_is_that_of_its_row(kind):
    """A wall 20 m ahead of a car at 15 m/s that turns: x + z (cos yaw + cx sin yaw) = 20 for each row."""
    speed, yaw_rate = 15.0, np.radians(40.0)
    (image,) = pictures(camera(readout_ms=30.0, depth=kind), [wall(20.0)], speed=speed, yaw_rate=yaw_rate)
    x, yaw = rows_at(image, speed, yaw_rate, 0.03)
    right, down = (np.arange(640) + 0.5 - 320.0) / 1266.0, (np.arange(360) + 0.5 - 180.0) / 1266.0
    planar = (20.0 - x[:, None]) / (np.cos(yaw)[:, None] + right * np.sin(yaw)[:, None])
    along = np.sqrt(1.0 + right**2 + down[:, None] ** 2) if kind == "ray" else 1.0
    np.testing.assert_allclose(image.depth, planar * along, atol=2e-3)


def test_C11_C6_normals_are_in_the_axes_of_their_row():
    (image,) = pictures(camera(readout_ms=30.0, channels=["normal"]), [wall(20.0)], yaw_rate=np.radians(40.0))
    _, yaw = rows_at(image, 0.0, np.radians(40.0), 0.03)
    expected = np.stack([-np.sin(yaw), np.zeros(360), -np.cos(yaw)], axis=1)
    np.testing.assert_allclose(image.normal, np.broadcast_to(expected[:, None], (360, 640, 3)), atol=1e-5)


def test_C11_C7_flow_joins_what_two_readouts_show():
    """Places on the road, from depth and where each row was read, lie in the next picture where the flow says: at the
    row whose own pose images the place there (found by trying all rows)."""
    speed, yaw_rate, readout, focal = 8.0, np.radians(30.0), 0.03, 300.0
    taken = camera(readout_ms=1000 * readout, channels=["flow"], fx=focal, fy=focal, cy=60.0)
    first, second = pictures(taken, [ground()], speed=speed, yaw_rate=yaw_rate, count=2)
    (x, yaw), (x2, yaw2) = (rows_at(first, speed, yaw_rate, readout, number) for number in (1, 2))
    for v, u in ((110, 320), (160, 100), (200, 500), (240, 300)):
        right, down, z = (u + 0.5 - 320.0) / focal, (v + 0.5 - 60.0) / focal, float(first.depth[v, u])
        assert z * down == pytest.approx(HEIGHT, abs=1e-3)
        place = x[v] + z * (np.cos(yaw[v]) + right * np.sin(yaw[v])), z * (np.sin(yaw[v]) - right * np.cos(yaw[v]))
        ahead = np.cos(yaw2) * (place[0] - x2) + np.sin(yaw2) * place[1]
        aside = np.sin(yaw2) * (place[0] - x2) - np.cos(yaw2) * place[1]
        across, along = focal * aside / ahead + 320.0, focal * HEIGHT / ahead + 60.0
        row = np.arange(360) + 0.5
        line = np.interp(0.0, (row - along), row)
        there = np.interp(line, row, across), np.interp(line, row, along)
        expected = there[0] - u - 0.5, there[1] - v - 0.5
        np.testing.assert_allclose(second.flow_forward[v, u], expected, atol=0.02)
    still = second.flow_forward[200, 100:540]
    assert np.isfinite(still).all()


def test_C12_a_rolling_exposure_smears_a_leaning_pole_by_f_omega_t():
    """The skew of the readout stays, and every row is smeared by f omega t_exp on top of it."""
    plain = {"exposure": 8000.0, "antialiasing": 1, "ambient_occlusion": False}
    yaw_rate, exposure, samples = np.radians(40.0), 0.02, 32
    spread, middle = [], []
    for ms in (1000 * exposure, 0.0):
        taken = camera(readout_ms=20.0, exposure_ms=ms, blur_samples=samples, **plain)
        kept = []
        taken._develop = lambda radiance, _, kept=kept: (
            kept.append(radiance.copy()) or np.zeros((360, 640, 3), np.uint8)
        )
        white, dark = (
            box((0.02, 0.1, 60.0), (10.0, 0.0, HEIGHT), MaterialId.PLASTER),
            wall(40.0, material=MaterialId.RUBBER),
        )
        pictures(taken, [white, dark], yaw_rate=yaw_rate)
        light = kept[0].reshape(360, 640, 3)[..., 1]
        signal = np.abs(light - np.median(light, axis=1, keepdims=True))[100:260, 270:370]
        x = np.arange(100)
        centre = (signal * x).sum(1) / signal.sum(1)
        spread.append(np.mean((signal * (x - centre[:, None]) ** 2).sum(1) / signal.sum(1)))
        middle.append(np.polyfit(np.arange(160), centre, 1)[0] * 360)
    streak = np.sqrt(12 * (spread[0] - spread[1]) / (1 - samples**-2))
    assert streak == pytest.approx(1266.0 * yaw_rate * exposure, abs=0.5)
    assert middle == pytest.approx([1266.0 * yaw_rate * 0.02] * 2, abs=0.5)
