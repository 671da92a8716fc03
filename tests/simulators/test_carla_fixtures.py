"""The CARLA side against CARLA's documentation, byte by byte: handedness, field orders, units, origins. No server."""

import math
import re
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from drivesim.errors import RigError, SimulatorError
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor
from drivesim.sensors.silhouette import View
from drivesim.simulators.carla import CarlaServerAddress
from drivesim.simulators.carla.bodies import blueprint_of, body_as_text, body_from_text, measured
from drivesim.simulators.carla.cameras import CarlaCamera
from drivesim.simulators.carla.channels import FlowBack, check_normals, normals_of
from drivesim.simulators.carla.labels import entry_depth
from drivesim.simulators.carla.ranging import Echoes, Scan
from drivesim.simulators.carla.session import _check_versions, version_of
from drivesim.simulators.carla.weather import carla_weather, weather_of
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose, rotation_from_ypr
from drivesim.types import Actor, Axles, BoundingBox, Weather

SCAN = Scan(channels=5, columns=360, low=math.radians(-20), high=math.radians(20), width=2 * math.pi, reach=100.0)


def semantic_hit(x, y, z, cosine, actor, tag):
    """One detection of the semantic lidar: x, y, z, cos_inc_angle, object_idx, object_tag (CARLA sensor reference)."""
    return struct.pack("<ffffII", x, y, z, cosine, actor, tag)


def test_a_semantic_lidar_hit_on_the_right_is_on_our_right():
    raw = semantic_hit(10.0, 10.0, 0.0, 0.5, 77, int(Tag.CAR)) + semantic_hit(5.0, 0.0, 0.0, 1.0, 0, int(Tag.BUILDING))
    echoes = Echoes(raw, SCAN, {77: 3})
    right, ahead, left = np.float32([(0.70710678, -0.70710678, 0), (1, 0, 0), (0.70710678, 0.70710678, 0)])
    row = echoes.nearest(np.stack([right, ahead, left]))
    assert row.tolist() == [0, 1, -1]
    assert echoes.length[row[0]] == pytest.approx(math.hypot(10, 10))
    assert echoes.instance[row[:2]].tolist() == [3, 0]
    assert echoes.semantic[row[:2]].tolist() == [Tag.CAR, Tag.BUILDING]
    assert echoes.cosine[row[0]] == pytest.approx(0.5)


def test_a_flat_wall_has_no_curvature_and_a_cylinder_its_own():
    """Incidence on a cylinder of radius a at distance d changes by the ray's turn times 1 + R / a."""
    radius, distance, step = 0.5, 10.0, math.radians(0.1)
    scan = Scan(2, 3600, -0.001, 0.001, 2 * math.pi, 100.0)
    raw = b""
    for turn in np.arange(-10, 11) * step:
        offset = (distance + radius) * math.sin(turn)
        incidence = math.asin(offset / radius)
        length = (distance + radius) * math.cos(turn) - radius * math.cos(incidence)
        hit = length * math.cos(turn), length * math.sin(turn), -0.001 * length
        raw += semantic_hit(*hit, math.cos(incidence), 0, int(Tag.POLE))
    middle = Echoes(raw, scan, {}).facets().curvature[5:15]
    np.testing.assert_allclose(np.median(middle), 1.0 / radius, rtol=0.15)
    wall = b""
    for turn in np.arange(-10, 11) * step:
        wall += semantic_hit(distance, distance * math.tan(turn), -0.001 * distance, math.cos(turn), 0, int(Tag.WALL))
    assert Echoes(wall, scan, {}).facets().curvature.max() < 0.02


def picture(pixels):
    """A ``carla.Image`` of (H, W, 4) bytes, blue first."""
    height, width, _ = pixels.shape
    return SimpleNamespace(raw_data=pixels.astype(np.uint8).tobytes(), width=width, height=height)


def pinhole(**changes):
    values = {"kind": "camera", "name": "c", "width": 64, "height": 48, "fx": 50.0, "fy": 50.0, "cx": 32.0, "cy": 24.0}
    return Sensor("CAM", CameraDevice(**(values | changes)), Pose(np.zeros(3), VIEW_FROM_CAMERA), 10.0, 0.0)


def test_depth_is_decoded_as_documented():
    """normalized = (R + G * 256 + B * 256 * 256) / (256^3 - 1); metres = 1000 * normalized."""
    camera = CarlaCamera(pinhole())
    assert camera.attributes()["image_size_x"] == "64"
    assert float(camera.attributes()["fov"]) == pytest.approx(2 * math.degrees(math.atan(32 / 50)))
    depth = np.zeros((48, 64, 4))
    depth[..., 0], depth[..., 1], depth[..., 2] = 1, 2, 3
    class_of = np.zeros((48, 64, 4))
    class_of[..., 2] = int(Tag.ROADS)
    raw = {
        "rgb": picture(np.tile([30, 20, 10, 255], (48, 64, 1))), "depth": picture(depth),
        "semantic_segmentation": picture(class_of), "instance_segmentation": picture(class_of),
    }  # fmt: skip
    motion = SimpleNamespace(start_ns=0, end_ns=100_000_000, pose=lambda _: Pose(np.zeros(3), np.eye(3)))
    image = camera.take(raw, motion, [], 0)
    assert image.depth[0, 0] == pytest.approx(1000.0 * (3 + 2 * 256 + 1 * 65536) / (256**3 - 1), rel=1e-6)
    assert image.rgb[0, 0].tolist() == [10, 20, 30]
    assert (image.semantic == Tag.ROADS).all()
    assert image.time_ns == 100_000_000
    along = CarlaCamera(pinhole(depth="ray")).take(raw, motion, [], 0).depth
    slant = math.sqrt(1 + (31.5 / 50) ** 2 + (23.5 / 50) ** 2)
    assert along[0, 0] == pytest.approx(image.depth[0, 0] * slant, rel=1e-6)


def test_a_principal_point_beside_the_middle_is_cut_out_of_a_larger_picture():
    camera = CarlaCamera(pinhole(cx=40.0, cy=20.0))
    size = {name: int(camera.attributes()[f"image_size_{name}"]) for name in "xy"}
    assert size == {"x": 80, "y": 56}
    columns = np.zeros((56, 80, 4))
    columns[..., 2] = np.arange(80)
    columns[..., 1] = np.arange(56)[:, None]
    cut = camera._cut(picture(columns))
    assert cut.shape == (48, 64, 4)
    assert cut[0, 40, 2] == 40  # the middle of CARLA's picture, column 40 of 80, is our column 40
    assert cut[20, 0, 1] == 28


def test_normals_are_of_carlas_world_axes():
    """[-1, 1] is 0 to 255 of red, green and blue; x ahead, y to the right, z up (carla#8810). A camera that looks to
    our left, +y, has the ground's normal up, which is -y of a camera, and a wall's towards itself."""
    pixels = np.zeros((1, 3, 4), dtype=np.uint8)
    pixels[0, 0, :3] = 255, 127, 127  # blue: up
    pixels[0, 1, :3] = 127, 255, 127  # green: to CARLA's right, which is -y of ours
    sky = np.array([[False, False, True]])
    camera = Pose(np.zeros(3), rotation_from_ypr((math.pi / 2, 0, 0)) @ VIEW_FROM_CAMERA)
    np.testing.assert_allclose(normals_of(pixels, sky, camera), [[(0, -1, 0), (0, 0, -1), (0, 0, 0)]], atol=0.01)


@pytest.mark.parametrize("server", ["0.9.13", "0.9.15"])
def test_normals_of_older_versions_are_refused(server):
    check_normals("CAM", version_of("0.9.16"))
    check_normals("CAM", version_of("custom-build"))
    with pytest.raises(RigError, match=rf"CAM.*{server}"):
        check_normals("CAM", version_of(server))


def flow_of(steps):
    """Backward flow of a pinhole that stands still while what it sees moves, one step of CARLA's a tick."""
    device = pinhole().device
    chain, shape = FlowBack(device), (device.height, device.width)
    depth, nothing = np.full(shape, 10.0, dtype=np.float32), np.zeros(shape, dtype=np.int32)
    found = None
    for tick, (step, identity, exposed) in enumerate(steps):
        motion = np.broadcast_to(np.float32(step), (*shape, 2)).copy()
        chain.step(motion, (device.width, device.height), nothing + identity)
        if exposed:
            found = chain.expose(tick, Pose.identity(), depth, np.zeros(shape, dtype=bool))
    return found


def test_flow_is_in_half_pictures_to_the_right_and_up():
    """carla#4795: x times half the width, y times minus half the height are pixels of motion since the tick before."""
    found = flow_of([((0, 0), 0, True), ((0.25, 0.5), 0, True)])
    np.testing.assert_allclose(found["flow_backward"][24, 32], (-0.25 * 64 / 2, 0.5 * 48 / 2))
    assert found["previous_ns"] == 0
    assert flow_of([((0.25, 0.5), 0, True)]) == {}


def test_flow_over_two_ticks_is_the_sum_where_the_same_thing_is_met():
    found = flow_of([((0, 0), 0, True), ((0.25, 0.0), 0, False), ((0.125, 0.0), 0, True)])
    np.testing.assert_allclose(found["flow_backward"][24, 32], (-12.0, 0.0))
    assert found["seen_backward"][24, 32]
    assert not found["seen_backward"][24, 5]
    assert np.isnan(found["flow_backward"][24, 2]).all()
    hidden = flow_of([((0, 0), 0, True), ((0.25, 0.0), 9, False), ((0.125, 0.0), 0, True)])
    assert np.isnan(hidden["flow_backward"][24, 32]).all()
    other = flow_of([((0, 0), 9, True), ((0.25, 0.0), 0, False), ((0.125, 0.0), 0, True)])
    assert not other["seen_backward"].any()


def test_flow_at_the_end_of_carlas_range_is_not_known():
    assert np.isnan(flow_of([((0, 0), 0, True), ((2.0, 0.0), 0, True)])["flow_backward"]).all()


@pytest.mark.parametrize(
    ("change", "word"),
    [({"fy": 60.0}, "square"), ({"lens": {"model": "fisheye"}}, "lens"), ({"channels": ["albedo"]}, "albedo")],
)
def test_what_carla_cannot_picture_is_refused(change, word):
    with pytest.raises(RigError, match=word):
        CarlaCamera(pinhole(**change))


def actor(**changes):
    values = {
        "index": 0, "name": "Ego", "kind": "vehicle", "category": "car", "model": "",
        "box": BoundingBox((1.4, 0.0, 0.8), 4.4, 1.8, 1.6), "axles": Axles(2.7, 0.0, 0.7, 1.6, 0.6),
    }  # fmt: skip
    return Actor(**(values | changes))


def box(x, y, z, ex, ey, ez):
    return SimpleNamespace(location=SimpleNamespace(x=x, y=y, z=z), extent=SimpleNamespace(x=ex, y=ey, z=ez))


def test_carlas_origin_in_the_middle_of_the_body_is_put_before_our_rear_axle():
    """Copying nuScenes mountings without this shifts every sensor forward (vehicle.audi.a2: 1.2563 m)."""
    known, origin = measured(actor(), box(0.03, 0.1, 0.75, 2.3, 0.95, 0.75))
    np.testing.assert_allclose(origin.translation, (1.4 - 0.03, 0.1, 0.0), atol=1e-12)
    assert (known.box.length, known.box.width, known.box.height) == (4.6, 1.9, 1.5)
    assert known.box.center == pytest.approx((1.4, 0.0, 0.75))


def test_a_walkers_origin_is_its_middle():
    walker = actor(
        kind="pedestrian", category="pedestrian", box=BoundingBox((0.0, 0.0, 0.575), 0.4, 0.4, 1.15), axles=None
    )
    _, origin = measured(walker, box(0.0, 0.0, 0.0, 0.19, 0.19, 0.6))
    np.testing.assert_allclose(origin.translation, (0.0, 0.0, 0.6), atol=1e-12)


class Library(list):
    """Blueprints with attributes, as the client hands them out."""

    def add(self, name, **attributes):
        values = {key: str(value) for key, value in attributes.items()}
        known, read, write = values.__contains__, values.__getitem__, values.__setitem__
        self.append(SimpleNamespace(id=name, has_attribute=known, get_attribute=read, set_attribute=write))
        return self


LIBRARY = (
    Library()
    .add("vehicle.tesla.model3", base_type="car", number_of_wheels=4)
    .add("vehicle.audi.a2", base_type="car", number_of_wheels=4)
    .add("vehicle.carlamotors.european_hgv", base_type="truck", number_of_wheels=4)
    .add("vehicle.gazelle.omafiets", base_type="bicycle", number_of_wheels=2)
    .add("walker.pedestrian.0009", age="child", gender="male")
    .add("walker.pedestrian.0001", age="adult", gender="female")
    .add("static.prop.box01")
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": "vehicle.audi.a2"}, "vehicle.audi.a2"),
        ({"box": BoundingBox((1.3, 0, 0.7), 4.8, 1.8, 1.4)}, "vehicle.tesla.model3"),
        ({"box": BoundingBox((1.3, 0, 0.7), 3.6, 1.6, 1.5)}, "vehicle.audi.a2"),
        ({"category": "truck"}, "vehicle.carlamotors.european_hgv"),
        ({"category": "bicycle"}, "vehicle.gazelle.omafiets"),
        ({"kind": "pedestrian", "category": "pedestrian", "properties": {"age": "6"}}, "walker.pedestrian.0009"),
        ({"kind": "pedestrian", "category": "pedestrian", "properties": {"age": "40"}}, "walker.pedestrian.0001"),
        ({"kind": "misc", "category": "obstacle"}, "static.prop.box01"),
    ],
)
def test_an_entity_finds_its_blueprint(changes, expected):
    assert blueprint_of(actor(**changes), LIBRARY).id == expected


def test_an_empty_library_is_named():
    with pytest.raises(SimulatorError, match="no blueprint for 'Ego'"):
        blueprint_of(actor(), [])


def test_a_body_survives_as_text_and_nonsense_does_not():
    again = body_from_text(body_as_text(actor(properties={"age": "6"})), 4)
    assert (again.index, again.box, again.axles, again.properties) == (4, actor().box, actor().axles, {"age": "6"})
    for text in (
        "",
        "[]",
        "{}",
        body_as_text(actor()).replace("4.4", "1e9"),
        body_as_text(actor()).replace("4.4", "NaN"),
    ):
        with pytest.raises((ValueError, TypeError, KeyError)):
            body_from_text(text, 0)


def test_weather_goes_to_carla_and_back():
    there = Weather(sun_azimuth=-1.0, sun_elevation=0.5, cloud_cover=0.3, fog_visual_range=60.0, rain=10.0, wetness=0.4)
    back = weather_of(carla_weather(there))
    assert math.cos(back.sun_azimuth - there.sun_azimuth) == pytest.approx(1.0)
    for name in ("sun_elevation", "cloud_cover", "fog_visual_range", "rain", "wetness"):
        assert getattr(back, name) == pytest.approx(getattr(there, name)), name


def test_rays_enter_a_box_at_its_near_face():
    view = View(
        1,
        Pose(np.array((10.0, 0.0, 1.0)), np.eye(3)),
        np.array((4.0, 2.0, 2.0)),
        Pose(np.array((0, 0, 1.0)), np.eye(3)),
        None,
        1.0,
    )
    entry = entry_depth(np.array([(1.0, 0.0, 0.0), (1.0, 0.1, 0.0), (1.0, 0.2, 0.0), (-1.0, 0.0, 0.0)]), view)
    np.testing.assert_allclose(entry, [8.0, 8.0, np.inf, np.inf])


@pytest.mark.parametrize(
    ("server", "client", "fits"),
    [
        ("0.9.13", "0.9.13", True), ("0.9.16", "0.9.16", True), ("0.9.16-dirty", "0.9.16", True),
        ("custom-build", "0.9.16", True), ("0.9.12", "0.9.12", False), ("0.10.0", "0.10.0", False),
        ("0.9.15", "0.9.16", False), ("0.9.16", "0.9.14", False),
    ],
)  # fmt: skip
def test_versions_that_do_not_fit_are_named(server, client, fits):
    if fits:
        _check_versions(server, client)
    else:
        with pytest.raises(SimulatorError, match=rf"{re.escape(server)}.*{re.escape(client)}"):
            _check_versions(server, client)


@pytest.mark.parametrize(
    ("text", "host", "port"), [("box:2500", "box", 2500), ("box", "box", 2000), ("2500", "127.0.0.1", 2500)]
)
def test_addresses(text, host, port):
    assert CarlaServerAddress.of(text) == CarlaServerAddress(host, port)
    with pytest.raises(SimulatorError, match="no address"):
        CarlaServerAddress.of("box:port")
