"""The path-traced camera: where the other one sees things, as bright as light's laws say, the same labels."""

import builtins
import math

import numpy as np
import pytest
from test_camera import camera, sphere, wall

from drivesim.errors import DrivesimError
from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.photoreal import paint
from drivesim.sensors.camera.sky import daylight
from drivesim.sensors.rig import load_device
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Weather

pytest.importorskip("mitsuba", reason="Mitsuba is not installed (extra 'photoreal')")

SMALL = {"width": 96, "height": 64, "fx": 90.0, "fy": 90.0, "cx": 30.0, "cy": 40.0}


def sheet(x, material=MaterialId.COTTON, albedo=0.5, half=3.0):
    """A square that faces the camera."""
    corners = [(x, half, 1.5 - half), (x, -half, 1.5 - half), (x, -half, 1.5 + half), (x, half, 1.5 + half)]
    return Mesh.build(corners, [(0, 2, 1), (0, 3, 2)], material=material, albedo=(albedo,) * 3, semantic=Tag.WALL)


def radiance(builder, weather, samples=256, **changes):
    eye = camera(**SMALL | changes)
    with builder.build() as rays:
        table = eye._camera(rays, Pose.identity())
        none = np.zeros((0, 9), np.float32), np.zeros(1, np.uint16)
        picture = paint(rays, daylight(weather), table, *none, 0.0, 1.0, samples, 1)
        return picture.reshape(SMALL["height"], SMALL["width"], 3), eye.render(rays, Pose.identity(), weather)


def test_what_it_sees_is_where_the_labels_say():
    """A ball off the middle of a lens whose middle is off the picture's: equal outlines but for half pixels."""
    builder = RaySceneBuilder()
    builder.add_static(wall(40.0))
    handle = builder.add_rigid(sphere(1.0), 7)
    place = Pose.from_ypr((8.0, 0.9, 1.9), (0, 0, 0))
    eye = camera(**SMALL)
    with builder.build() as rays:
        rays.set_motion(handle, place, place)
        rays.commit()
        none = np.zeros((0, 9), np.float32), np.zeros(1, np.uint16)
        table = eye._camera(rays, Pose.identity())
        picture = paint(rays, daylight(Weather(sun_azimuth=math.pi)), table, *none, 0.0, 1.0, 64, 1)
        labels = eye.render(rays, Pose.identity(), Weather())
    picture = picture.reshape(*labels.instance.shape, 3)
    red, ball = picture[..., 0] > 2.0 * picture[..., 1], labels.instance == 7
    assert (red & ball).sum() / (red | ball).sum() > 0.93


def test_a_matt_wall_in_the_sun_is_as_bright_as_lambert_says():
    """Radiance = albedo / pi times illuminance of the sun, and of the sky and the ground before it, within 5 %."""
    weather = Weather(sun_azimuth=math.pi - 0.5, sun_elevation=0.6)
    light = daylight(weather)
    builder = RaySceneBuilder()
    builder.add_static(sheet(10.0))
    picture, labels = radiance(builder, weather)
    facing = -float(light.sun_direction[0])
    expected = 0.5 * (light.sun / math.pi * facing + light.cube[1])
    seen = np.median(picture[labels.depth < 20.0], axis=0)
    assert seen == pytest.approx(expected, rel=0.08)


def test_the_sun_is_where_the_sky_says():
    """Looking straight at it, and not where its mirror image would be."""
    weather = Weather(sun_azimuth=0.1, sun_elevation=0.25)
    builder = RaySceneBuilder()
    builder.add_static(sheet(-10.0))
    picture, _ = radiance(builder, weather, samples=16)
    row, column = np.unravel_index(picture[..., 1].argmax(), picture.shape[:2])
    assert column == pytest.approx(SMALL["cx"] - SMALL["fx"] * math.tan(0.1), abs=1.5)
    assert row == pytest.approx(SMALL["cy"] - SMALL["fx"] * math.tan(0.25) / math.cos(0.1), abs=1.5)


def test_fog_thins_as_the_law_says():
    """At the meteorological range five percent of the contrast are left (Koschmieder)."""
    clear, foggy = Weather(sun_azimuth=math.pi), Weather(sun_azimuth=math.pi, fog_visual_range=100.0)
    builder = RaySceneBuilder()
    builder.add_static(wall(100.0))
    thick = daylight(foggy)
    builder_again = RaySceneBuilder()
    builder_again.add_static(wall(100.0))
    seen, _ = radiance(builder, clear, samples=64)
    dim, _ = radiance(builder_again, foggy, samples=64)
    middle = (int(SMALL["cy"]), int(SMALL["cx"]))
    patch = (slice(middle[0] - 4, middle[0] + 5), slice(middle[1] - 4, middle[1] + 5))
    lit = seen[patch][..., 1].mean()
    assert dim[patch][..., 1].mean() == pytest.approx(0.05 * lit + 0.95 * float(thick.air[1]), rel=0.1)


def test_picture_labels_and_bytes_are_repeated():
    """Labels are those of the other renderer, to the byte; two pictures are equal."""
    builder = RaySceneBuilder()
    builder.add_static(wall(20.0))
    with builder.build() as rays:
        shaded = camera(**SMALL).render(rays, Pose.identity(), Weather())
        eye = camera(**SMALL, renderer="photoreal", samples=4)
        first, second = (eye.render(rays, Pose.identity(), Weather(), frame=3) for _ in range(2))
    np.testing.assert_array_equal(first.rgb, second.rgb)
    for name in ("depth", "semantic", "instance"):
        np.testing.assert_array_equal(getattr(first, name), getattr(shaded, name))
    assert np.abs(first.rgb.mean((0, 1)) - shaded.rgb.mean((0, 1))).max() < 25


def test_without_mitsuba_one_message_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **named):
        if name == "mitsuba":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    builder = RaySceneBuilder()
    builder.add_static(wall(20.0))
    with builder.build() as rays, pytest.raises(DrivesimError, match=r"drivesim\[photoreal\]"):
        camera(**SMALL, renderer="photoreal").render(rays, Pose.identity(), Weather())


def test_a_fisheye_is_refused():
    device = load_device("camera_1600x900")
    with pytest.raises(ValueError, match="pinholes"):
        type(device).model_validate(device.model_dump() | {"renderer": "photoreal", "readout_ms": 20.0})
