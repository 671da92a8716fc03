"""Rig files: what they mean, and what is said when they are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import drivesim
from drivesim.errors import DrivesimError, RigError
from drivesim.materials import MATERIALS, MaterialId
from drivesim.sensors.rig import load_device, load_rig
from drivesim.transforms import rotation_from_quaternion

GOOD = """\
description: One camera
sensors:
  CAM_FRONT:
    device: camera_1600x900
    translation: [1.7, 0.0, 1.5]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
"""


@pytest.fixture
def rig_file(tmp_path):
    def write(text):
        path = tmp_path / "rig.yaml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("name", ["default", "nuscenes", "kitti"])
def test_shipped_rigs_load_and_say_what_they_are(name):
    rig = load_rig(name)
    assert rig.description
    assert {sensor.kind for sensor in rig.sensors} >= {"camera", "lidar"}


def test_nuscenes_rig_is_the_published_calibration():
    rig = load_rig("nuscenes")
    assert [len(rig.of_kind(kind)) for kind in ("camera", "lidar", "radar")] == [6, 1, 5]
    front = rig["CAM_FRONT"]
    np.testing.assert_allclose(front.ego_from_sensor.translation, (1.7008, 0.0159, 1.5110))
    expected = rotation_from_quaternion((0.49980, -0.50303, 0.49978, -0.49737))
    np.testing.assert_allclose(front.ego_from_sensor.rotation, expected)
    assert front.device.intrinsic[0].tolist() == [1266.42, 0.0, 816.27]
    view = 2 * np.degrees(np.arctan(1600 / (2 * front.device.fx)))
    assert view == pytest.approx(64.56, abs=0.01)
    back = rig["CAM_BACK"].device
    assert 2 * np.degrees(np.arctan(1600 / (2 * back.fx))) == pytest.approx(89.34, abs=0.01)
    assert np.degrees(rig["RADAR_FRONT_LEFT"].ego_from_sensor.ypr[0]) == pytest.approx(88.36)


def test_the_lidar_of_the_nuscenes_rig_starts_looking_back():
    lidar = load_rig("nuscenes")["LIDAR_TOP"]
    start = np.radians(lidar.device.start_azimuth_deg)
    ahead = lidar.ego_from_sensor.rotation @ (np.cos(start), np.sin(start), 0.0)
    np.testing.assert_allclose(ahead, (-1.0, 0.0, 0.0), atol=0.03)


def test_camera_by_angles_looks_where_they_say(rig_file):
    camera = load_rig(rig_file(GOOD.replace("[0, 0, 0]", "[90, 10, 0]")))["CAM_FRONT"]
    view = camera.ego_from_sensor.rotation[:, 2]
    np.testing.assert_allclose(view, (0.0, np.cos(np.radians(10)), -np.sin(np.radians(10))), atol=1e-12)
    np.testing.assert_allclose(camera.ego_from_sensor.rotation[:, 0], (1.0, 0.0, 0.0), atol=1e-12)


def test_device_in_place_starts_from_a_base(rig_file):
    rig = load_rig(rig_file(GOOD.replace("camera_1600x900", "{base: camera_1600x900, width: 1000}")))
    assert (rig["CAM_FRONT"].device.width, rig["CAM_FRONT"].device.height) == (1000, 900)


def test_device_file_beside_the_rig_wins(rig_file):
    path = rig_file(GOOD.replace("camera_1600x900", "mine"))
    (path.parent / "devices").mkdir()
    text = "{kind: camera, name: mine, width: 64, height: 48, fx: 50, fy: 50, cx: 32, cy: 24}"
    (path.parent / "devices" / "mine.yaml").write_text(text)
    assert load_rig(path)["CAM_FRONT"].device.width == 64


MISTAKES = {
    "unknown field": (("rate_hz", "rate_hx"), 7, "Did you mean 'rate_hz'"),
    "missing field": (("    rate_hz: 10\n", ""), 3, "Add 'rate_hz'"),
    "negative rate": (("rate_hz: 10", "rate_hz: -10"), 7, "above 0"),
    "no number": (("rate_hz: 10", "rate_hz: fast"), 7, "measurements per second"),
    "infinite rate": (("rate_hz: 10", "rate_hz: .inf"), 7, "measurements per second"),
    "far away": (("[1.7, 0.0, 1.5]", "[1700, 0.0, 1.5]"), 5, "within 30 m"),
    "two numbers": (("[1.7, 0.0, 1.5]", "[1.7, 0.0]"), 5, "[x, y, z]"),
    "unknown device": (("camera_1600x900", "camera_1600x90"), 4, "Did you mean 'camera_1600x900'"),
    "unknown kind": (("camera_1600x900", "{kind: sonar}"), 4, "kind: camera'"),
    "unknown base": (("camera_1600x900", "{base: camra_kitti}"), 4, "Did you mean 'camera_kitti'"),
    "unknown device field": (("camera_1600x900", "{base: camera_1600x900, witdh: 3}"), 4, "Did you mean 'width'"),
    "both rotations": (("{ypr: [0, 0, 0]}", "{ypr: [0, 0, 0], quaternion: [1, 0, 0, 0]}"), 6, "quaternion"),
    "long quaternion": (("{ypr: [0, 0, 0]}", "{quaternion: [1, 1, 0, 0]}"), 6, "quaternion"),
    "no sensors": ((GOOD[GOOD.index("sensors") :], "sensors: {}\n"), 2, "one entry per channel"),
    "channel name": (("CAM_FRONT", "CAM FRONT"), 3, "letters, digits"),
    "trigger of nobody": (("rate_hz: 10", "rate_hz: 10\n    trigger: LIDAR_TOP"), 8, "no sensor 'LIDAR_TOP'"),
    "trigger and phase": (("rate_hz: 10", "rate_hz: 10\n    trigger: CAM_FRONT\n    phase: 0.1"), 8, "Leave one"),
    "trigger by a camera": (("rate_hz: 10", "rate_hz: 10\n    trigger: CAM_FRONT"), 8, "Name one that turns"),
    "not YAML": (("rotation: {", "rotation: {{["), 6, "indentation"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_line_and_remedy(rig_file, mistake):
    (old, new), line, remedy = MISTAKES[mistake]
    with pytest.raises(RigError) as error:
        load_rig(rig_file(GOOD.replace(old, new)))
    assert error.value.file.name == "rig.yaml"
    assert error.value.line == line
    assert remedy in str(error.value)


def test_a_channel_given_twice_is_refused(rig_file):
    with pytest.raises(RigError, match="given twice, first on line 3") as error:
        load_rig(rig_file(GOOD + GOOD[GOOD.index("  CAM_FRONT") :]))
    assert error.value.line == 8


def test_a_mistake_in_a_device_file_names_that_file(rig_file):
    path = rig_file(GOOD.replace("camera_1600x900", "mine"))
    (path.parent / "devices").mkdir()
    device = path.parent / "devices" / "mine.yaml"
    device.write_text("kind: camera\nname: mine\nwidth: 64\nheight: 48\nfx: -50\nfy: 50\ncx: 32\ncy: 24\n")
    with pytest.raises(RigError) as error:
        load_rig(path)
    assert (error.value.file, error.value.line) == (device, 5)


def test_lidar_beam_table_keeps_its_published_angles():
    device = load_device("velodyne_vlp16")
    np.testing.assert_allclose(np.degrees(device.elevations), np.arange(-15, 16, 2))
    assert device.firing_delays[0] == 0.0  # the lowest beam fires first, the next lowest third
    assert device.firing_delays[1] == pytest.approx(2 * 2.304e-6)
    assert device.columns_at(10) == 1808


def test_inconsistent_lidar_is_refused(rig_file):
    text = GOOD.replace("camera_1600x900", "{base: velodyne_vlp16, max_range: 0.1}")
    with pytest.raises(RigError, match="max_range"):
        load_rig(rig_file(text))


def test_a_beam_table_of_the_wrong_length_is_refused(rig_file):
    with pytest.raises(RigError, match="3 elevations for 16 channels"):
        load_rig(rig_file(GOOD.replace("camera_1600x900", "{base: velodyne_vlp16, elevations_deg: [1, 2, 3]}")))


def test_a_wavelength_below_zero_is_refused(rig_file):
    with pytest.raises(RigError, match="not -905"):
        load_rig(rig_file(GOOD.replace("camera_1600x900", "{base: velodyne_vlp16, wavelength_nm: -905}")))


def test_a_sensor_inside_the_car_is_refused_before_the_world_is_built(rig_file):
    path = rig_file(GOOD.replace("[1.7, 0.0, 1.5]", "[1.2, 0.0, 0.7]"))
    with pytest.raises(RigError, match="inside the body of 'Ego'") as error:
        next(iter(drivesim.simulate("child_crossing", path)))
    assert (error.value.file, error.value.line) == (path, 5)


@pytest.mark.parametrize("name", ["reflectivity_905", "permittivity_77", "roughness_77", "retro"])
def test_an_unphysical_material_is_named(name):
    with pytest.raises(DrivesimError, match=f"material skin.*{name}"):
        replace(MATERIALS[MaterialId.SKIN], **{name: -2.0 + 0j if name == "permittivity_77" else -0.1})
