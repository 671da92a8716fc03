"""The camera detector: a network that reads pixels, and geometry that places what it finds."""

import sys
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from drivesim import content
from drivesim.ego import rgb_camera
from drivesim.ego.detections import checked
from drivesim.ego.registry import DEFAULTS, make_detector
from drivesim.ego.rgb_camera import DEPTH_SCALE, FOCAL, MODEL, RgbCamera, depth_on_ground, row_on_ground, seen_in
from drivesim.errors import DrivesimError
from drivesim.opendrive import read_network
from drivesim.scene import Scene
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import VIEW_FROM_CAMERA, load_rig
from drivesim.studio.people import person
from drivesim.studio.stage import TICK, Stand, cast_of, state_of
from drivesim.studio.vehicles import CARS, vehicle
from drivesim.transforms import Pose
from drivesim.types import CameraImage, Weather

AHEAD = 14.0
"""From the rear axle to the child, m."""


@pytest.fixture(scope="module")
def photographs():
    """A street with a child in the car's way, and the same street without: two pictures of one scene."""
    network = read_network(content.find("scenarios", "residential_street.xodr"))
    lane = network.world_from_lane("1", -1, 60.0)
    stands = [
        Stand(vehicle(CARS[1], "ego"), lane.y, x=lane.x, speed=8.0),
        Stand(person("child", 7.0, 1.0), lane.y, np.pi / 2, x=lane.x + AHEAD, speed=2.5, gait_phase=0.2),
    ]
    before, after = state_of(stands, 0.0), state_of(stands, TICK)
    camera = Camera(load_rig("whatif_camera").sensors[0], 7)
    scene = Scene(network, cast_of(stands), 7, ego=0, state=after)
    pictures = []
    for there in (True, False):
        present = np.array([[True, there]])
        scene.update(replace(before, present=present), replace(after, present=present))
        pictures.append(camera.render(scene.rays, after.pose(0), Weather()))
    scene.close()
    return pictures


@pytest.fixture(scope="module")
def detector():
    pytest.importorskip("onnxruntime")
    return RgbCamera()


def people(found):
    return [d for d in found if d.person and abs(d.position[1]) < 3.0]


def from_child(found):
    return np.linalg.norm(found.position - [AHEAD, 0.0])


def test_a_child_in_the_way_is_found_where_it_is_and_nobody_where_nobody_is(photographs, detector):
    child, nobody = photographs
    (one,) = people(checked(detector, child))
    assert from_child(one) < 0.1 * AHEAD
    along, across = np.sqrt(np.diag(one.covariance))
    assert 0.1 < along < 0.15 * AHEAD
    assert across < 0.5
    assert one.starts
    seen = [each for each in detector.look(nobody.rgb, nobody.intrinsic[0, 0]) if each.score >= 0.4]
    assert not people([detector.placed(nobody, each) for each in seen])


def test_only_pixels_and_calibration_are_read(photographs, detector):
    """Everything else of the measurement is scrambled: the answer stays the same to the bit. The mounting is read."""
    image, rng = photographs[0], np.random.default_rng(3)
    measured = {"channel", "time_ns", "rgb", "intrinsic", "ego_from_sensor", "world_from_ego"}
    noise = {
        f.name: rng.permutation(value.ravel()).reshape(value.shape)
        for f in fields(CameraImage)
        if f.name not in measured and isinstance(value := getattr(image, f.name), np.ndarray)
    }
    assert set(noise) == {"depth", "semantic", "instance"}
    scrambled = replace(image, **noise, world_from_ego=Pose.identity(), time_ns=1)
    asked, other = (detector.detect(each) for each in (image, scrambled))
    assert [d.position.tolist() for d in asked] == [d.position.tolist() for d in other]
    mount = image.ego_from_sensor
    moved = replace(image, ego_from_sensor=Pose(mount.translation + [2.0, 0.0, 0.0], mount.rotation))
    assert detector.detect(moved)[0].position[0] == pytest.approx(asked[0].position[0] + 2.0, abs=1e-9)


def test_a_sharper_camera_sees_the_child_in_the_same_place(photographs, detector):
    """A picture of twice the resolution comes with twice the focal length."""
    image = photographs[0]
    k = image.intrinsic.copy()
    k[:2] *= 2.0
    large = cv2.resize(image.rgb, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_LINEAR)
    twice = replace(image, rgb=large, intrinsic=k)
    one, other = (min(people(detector.detect(each)), key=from_child) for each in (image, twice))
    assert other.position == pytest.approx(one.position, abs=0.04 * AHEAD)


def test_only_rows_about_the_horizon_are_shown_to_the_network(photographs, detector):
    """It learned from no others: whoever is above or below them, as here the child again, is nobody."""
    image = photographs[0]
    k = image.intrinsic.copy()
    k[1, 2] += len(image.rgb)
    tall = replace(image, rgb=np.concatenate([image.rgb, image.rgb, image.rgb]), intrinsic=k)
    one, other = (detector.detect(each) for each in (image, tall))
    assert one
    assert len(one) == len(other)
    for each, same in zip(one, other, strict=True):
        assert same.position == pytest.approx(each.position, abs=1e-6)
        assert same.person == each.person
    k[1, 2] = 10.0 * len(image.rgb)
    assert not detector.detect(replace(tall, intrinsic=k))  # all of it is sky


def looking(pitch, height):
    """A picture's calibration, level or turned down by ``pitch``, rad."""
    turn = Pose.from_ypr([0, 0, 0], [0, pitch, 0]).rotation @ VIEW_FROM_CAMERA
    blank = np.zeros((1, 1))
    return CameraImage(
        channel="CAM", time_ns=0, ego_from_sensor=Pose(np.array([1.7, 0.0, height]), turn),
        world_from_ego=Pose.identity(), rgb=np.zeros((1, 1, 3), np.uint8), depth=blank, semantic=blank, instance=blank,
        intrinsic=np.array([[500.0, 0, 320], [0, 500.0, 80], [0, 0, 1]]),
    )  # fmt: skip


def test_the_ground_is_where_calibration_says():
    level = looking(0.0, 1.5)
    assert row_on_ground(level, 15.0, 320.0) == pytest.approx(80.0 + 500.0 * 1.5 / 15.0)
    assert depth_on_ground(level, 130.0, 100.0) == pytest.approx(15.0)
    assert depth_on_ground(level, 80.0, 320.0) is None
    tilted = looking(0.05, 1.4)
    # Straight ahead, the axis of a camera turned down by a meets the ground at h / sin a.
    assert depth_on_ground(tilted, 80.0, 320.0) == pytest.approx(1.4 / np.sin(0.05))
    for depth in (5.0, 12.0, 40.0):
        assert depth_on_ground(tilted, row_on_ground(tilted, depth, 500.0), 500.0) == pytest.approx(depth)


def test_an_answer_is_read_cell_by_cell():
    answer = np.zeros((9, 4, 6), np.float32)
    answer[0, 1, 2], answer[2, 3, 5], answer[0, 1, 3] = 0.9, 0.5, 0.6
    answer[3:, 1, 2] = (np.log(0.5), 1.0, 1.5, 2.0, 3.0, np.log(0.1))
    person, car = seen_in(answer, (0.3, 0.3, 0.3), 1.0, FOCAL)
    assert (person.kind, car.kind) == ("pedestrian", "vehicle")
    assert person.box == pytest.approx((6.0, 0.0, 18.0, 18.0))
    assert person.depth == pytest.approx(0.5 * DEPTH_SCALE, rel=1e-6)
    assert person.spread == pytest.approx(0.1, rel=1e-6)
    (half, _) = seen_in(answer, (0.3, 0.3, 0.3), 0.5, 2.0 * FOCAL)
    assert half.box == pytest.approx((12.0, 0.0, 36.0, 36.0))
    assert half.depth == pytest.approx(person.depth)


def test_what_was_said_twice_is_reported_once():
    """Two peaks on one person leave the surer; somebody behind, or a car in the same place, is somebody else."""
    answer = np.zeros((9, 4, 12), np.float32)
    answer[3:] = np.array([0.0, 2.0, 1.5, 2.0, 3.0, -2.0])[:, None, None]
    answer[0, 1, 2], answer[1, 1, 4] = 0.9, 0.6
    answer[4, 1, 4], answer[6, 1, 4] = 3.5, 0.5
    sure = (0.3, 0.3, 0.3)
    assert [each.kind for each in seen_in(answer, sure, 1.0, FOCAL)] == ["pedestrian"]
    answer[3, 1, 4] = 0.5
    assert [each.kind for each in seen_in(answer, sure, 1.0, FOCAL)] == ["pedestrian", "rider"]
    answer[3, 1, 4], answer[1, 1, 4], answer[2, 1, 4] = 0.0, 0.0, 0.6
    assert [each.kind for each in seen_in(answer, sure, 1.0, FOCAL)] == ["pedestrian", "vehicle"]


@pytest.mark.parametrize(
    ("kind", "score", "starts"), [("pedestrian", 0.31, True), ("vehicle", 0.31, False), ("vehicle", 0.5, True)]
)
def test_a_person_starts_a_track_however_unsure_and_a_vehicle_if_it_is_sure(detector, kind, score, starts):
    seen = rgb_camera.Seen(kind, score, (310.0, 60.0, 330.0, 120.0), 15.0, 0.1)
    assert detector.placed(looking(0.0, 1.5), seen).starts is starts


def test_ground_and_looks_are_weighed_by_their_variances(detector):
    """Ten metres by looks, fifteen by the ground's row, equally sure: between them."""
    image = looking(0.0, 1.5)
    ground = row_on_ground(image, 15.0, 320.0)
    equal = detector.ground_error / (ground - 80.0)
    seen = rgb_camera.Seen("pedestrian", 0.9, (310.0, 60.0, 330.0, ground), 10.0, equal)
    found = detector.placed(image, seen)
    assert found.position[0] == pytest.approx(1.7 + np.sqrt(150.0), rel=1e-6)
    sure = detector.placed(image, replace(seen, spread=0.5))
    assert sure.position[0] == pytest.approx(1.7 + 15.0, rel=0.02)
    above = detector.placed(image, replace(seen, box=(310.0, 40.0, 330.0, 70.0)))
    assert above.position[0] == pytest.approx(11.7)


def test_the_network_ships_small_and_is_the_camera_detector_of_studies():
    assert DEFAULTS["camera"] == "rgb_camera"
    assert 100_000 < MODEL.stat().st_size < 5_000_000
    pytest.importorskip("onnxruntime")
    made = make_detector("camera", "rgb_camera", 0)
    assert isinstance(made, RgbCamera)
    assert not made.oracle


def test_without_onnxruntime_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    rgb_camera._session.cache_clear()
    with pytest.raises(DrivesimError, match=r"needs onnxruntime.*[Pp]ip install 'drivesim\[studies\]'"):
        make_detector("camera", "rgb_camera", 0)


def test_a_file_that_is_no_network_is_named(tmp_path):
    pytest.importorskip("onnxruntime")
    file = tmp_path / "net.onnx"
    file.write_bytes(b"no network")
    with pytest.raises(DrivesimError, match=r"net\.onnx.*no network"):
        RgbCamera(model=file)
