"""Shadows of the sun, whose disc is half a degree wide: half shadows as wide and as bright as a disc's share says."""

import math

import numpy as np
import pytest
from test_camera import picture

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.camera.develop import CURVE
from drivesim.taxonomy import Tag
from drivesim.types import Weather

ELEVATION, AWAY, BEHIND, FOCAL = math.radians(10.0), 10.0, 20.0, 1300.0


def sheet(x, bottom, top):
    """A matt sheet across the camera's axis."""
    corners = [(x, 300, bottom), (x, -300, bottom), (x, -300, top), (x, 300, top)]
    return Mesh.build(corners, [(0, 1, 2), (0, 2, 3)], material=MaterialId.COTTON, albedo=(0.5,) * 3, semantic=Tag.WALL)


def levels(shadows, over):
    """Light of each pixel of a wall, the sun behind the camera over a sheet ``over`` m too low to shade the middle."""
    builder = RaySceneBuilder()
    builder.add_static(sheet(AWAY, -300.0, 300.0))
    builder.add_static(sheet(-BEHIND, -300.0, 1.5 + (AWAY + BEHIND) * math.tan(ELEVATION) - over))
    weather = Weather(sun_azimuth=math.pi, sun_elevation=ELEVATION, cloud_cover=0.0)
    image = picture(builder, weather, fx=FOCAL, fy=FOCAL, exposure=9000.0, noise=0.0, vignetting=0.0, shadows=shadows)
    assert (image.semantic == Tag.WALL).all()
    return (np.searchsorted(CURVE, image.rgb[..., 1]) / (len(CURVE) - 1)) ** 2


def lit_share(shadows):
    """How much of the sun each pixel of the wall sees, the sheet's edge 30 m before it; and the rows' height above the
    shadow's edge in radii of the half shadow."""
    dark, lit, half = levels("hard", -2.0), levels("hard", 2.0), levels(shadows, 0.0)
    height = AWAY / FOCAL * (0.5 * len(half) - np.arange(len(half)) - 0.5)
    radius = (AWAY + BEHIND) * math.tan(math.radians(0.2665)) / math.cos(ELEVATION) ** 2
    return (half - dark) / (lit - dark), height / radius


def test_a_shadow_fades_as_the_disc_of_the_sun_is_covered():
    """The share of a disc on one side of a straight line; half shadow of 29 cm, 37 rows."""
    share, height = lit_share("soft")
    t = np.clip(height, -1.0, 1.0)
    expected = 0.5 + (t * np.sqrt(1.0 - t * t) + np.arcsin(t)) / np.pi
    np.testing.assert_allclose(share.mean(axis=1), expected, atol=0.05)
    assert np.abs(share - expected[:, None]).mean(axis=1).max() < 0.06  # grain of a pixel, and its 8 bits


def test_hard_shadows_have_no_half_shadow():
    share, height = lit_share("hard")
    assert share[height > 0.1] == pytest.approx(1.0, abs=0.02)
    assert share[height < -0.1] == pytest.approx(0.0, abs=0.02)
