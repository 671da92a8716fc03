"""Daylight: how bright the sky is in every direction, and how much light it sends onto a surface.

Clear sky: Preetham, Shirley & Smits, "A practical analytic model for daylight", SIGGRAPH 1999 (luminance distribution
of Perez, chromaticity fit). Overcast sky: CIE standard overcast, L = Lz (1 + 2 sin h) / 3 (Moon & Spencer 1942).
Night: an even 0.001 cd/m2 of airglow and scattered light (Leinert et al. 1998, order of magnitude). Radiance is linear
sRGB, cd/m2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.camera.dome import coarser, dome_of
from drivesim.sensors.camera.textures import textures
from drivesim.types import Weather

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]

ROWS, COLUMNS = 64, 256
"""Size of the radiance table: sine of elevation 0..1 (square-root spaced), azimuth 0..2 pi."""

GROUND_ALBEDO = 0.2
"""Broadband albedo of streets and lawns as seen from a car, ASHRAE clear-ground convention."""
NIGHT_LUMINANCE = 1e-3
DIFFUSE_SHARE = 0.16
"""Clear-sky diffuse horizontal illuminance over direct normal illuminance (ASHRAE clear-sky model, summer)."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])

_XYZ_TO_RGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
"""IEC 61966-2-1."""


SUN_RADIUS = math.radians(0.2665)
"""Mean angular radius of the sun (Allen's Astrophysical Quantities, 4th ed., 14.1), rad."""


class Daylight(NamedTuple):
    """Light for kernels.

    Attributes:
        dome, mirrored: (S, S, 4) and (S / 4, S / 4, 3) float32, radiance of the sky with its clouds, fine (the last
            column is to spare) and coarse; see :mod:`drivesim.sensors.camera.dome`.
        cube: (6, 3) float32, irradiance over pi from sky and sunlit ground on surfaces facing +x, -x, +y, -y, +z, -z;
            in between it goes with the squared components of the normal (ambient cube, McTaggart 2004).
        sun_direction: (3,) float32, towards the sun or moon; sun: (3,) float32, illuminance facing it, lux.
        sun_disc: (2, 3) float32, from the middle of the sun's disc (or the moon's, as wide) to its rim, in two
            directions across, over its distance; (0, 3) for a point.
        air: (3,) float32, radiance of a thick layer of fog (airlight).
        extinction: 1/m.
    """

    dome: F32
    mirrored: F32
    cube: F32
    sun_direction: F32
    sun: F32
    sun_disc: F32
    air: F32
    extinction: float


def daylight(weather: Weather) -> Daylight:
    """Tables for one state of the weather."""
    azimuth, elevation = weather.sun_azimuth, weather.sun_elevation
    towards_sun = _direction(np.array(elevation), np.array(azimuth))
    across = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    sine = np.linspace(0.0, 1.0, ROWS) ** 2
    row = np.arcsin(sine)[:, None]
    column = (np.arange(COLUMNS) * 2 * np.pi / COLUMNS)[None]
    directions = _direction(*np.broadcast_arrays(row, column))
    clear = _preetham(directions, towards_sun, max(elevation, np.radians(2.0)))
    solid = np.gradient(sine)[:, None] * (2 * np.pi / COLUMNS)
    diffuse = float((clear @ _LUMINANCE * directions[..., 2] * solid).sum())
    clear = clear * (DIFFUSE_SHARE * weather.sun_illuminance / diffuse)
    sun_light = _sun_colour(elevation) * weather.sun_illuminance * max(0.0, 1.0 - weather.cloud_cover) ** 1.5
    height = np.clip(np.sin(elevation), 0.0, 1.0)
    day = float(np.clip((np.degrees(elevation) + 6.0) / 8.0, 0.0, 1.0)) ** 3
    zenith = (1.0 - 0.6 * weather.cloud_cover) * weather.sun_illuminance * (0.25 + 0.75 * height) / 9.0
    overcast = (zenith * (1 + 2 * directions[..., 2:3]) / 3 * 1.6) * np.array([0.97, 1.0, 1.05])
    mix = np.clip(weather.cloud_cover, 0.0, 1.0) ** 2
    sky = day * ((1 - mix) * clear + mix * overcast) + NIGHT_LUMINANCE * np.array([0.75, 0.9, 1.3])
    cube = _ambient_cube(sky, directions, solid[..., None], towards_sun, sun_light)
    fog = 2.996 / weather.fog_visual_range if np.isfinite(weather.fog_visual_range) else 0.0
    rain = 0.365e-3 * weather.rain**0.63
    snow = 1.4e-3 * weather.snow
    air = cube[4] * 0.5 + sky[:8].mean(axis=(0, 1)) * 0.5
    extinction = float(fog + rain + snow)
    sun = sun_light * (1.0 if elevation > -0.01 else 0.0)
    cloud_white = cube[4, 1] * 0.95 + sun * 0.045
    dome = dome_of(
        sky.astype(np.float32), cloud_white.astype(np.float32), textures(), float(weather.cloud_cover), extinction,
        air.astype(np.float32),
    )  # fmt: skip
    return Daylight(
        dome=dome,
        mirrored=coarser(dome),
        cube=cube.astype(np.float32),
        sun_direction=towards_sun.astype(np.float32),
        sun=sun.astype(np.float32),
        sun_disc=(math.tan(SUN_RADIUS) * np.stack([across, np.cross(towards_sun, across)])).astype(np.float32),
        air=air.astype(np.float32),
        extinction=extinction,
    )


def _direction(elevation: F64, azimuth: F64) -> F64:
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=-1)


def _sun_colour(elevation: float) -> F64:
    """Colour of direct sunlight, mean 1: Rayleigh and aerosol extinction by relative air mass (Kasten & Young 1989)."""
    degrees = max(np.degrees(elevation), 0.1)
    air_mass = 1.0 / (np.sin(np.radians(degrees)) + 0.50572 * (degrees + 6.07995) ** -1.6364)
    colour = np.exp(-air_mass * np.array([0.045, 0.100, 0.220]))
    return colour / (colour @ _LUMINANCE)


def _preetham(directions: F64, towards_sun: F64, sun_elevation: float, turbidity: float = 2.8) -> F64:
    """Clear-sky radiance (..., 3) in cd/m2, linear sRGB."""
    t = turbidity
    theta_s = np.pi / 2 - sun_elevation
    lifted = _direction(np.array(sun_elevation), np.arctan2(towards_sun[1], towards_sun[0]))
    cos_theta = np.maximum(directions[..., 2], 0.02)
    gamma = np.arccos(np.clip(directions @ lifted, -1.0, 1.0))
    chi = (4 / 9 - t / 120) * (np.pi - 2 * theta_s)
    powers = np.array([theta_s**3, theta_s**2, theta_s, 1.0])
    zenith_y = 1000.0 * ((4.0453 * t - 4.9710) * np.tan(chi) - 0.2155 * t + 2.4192)
    square = np.array([t * t, t, 1.0])
    zenith_cx = square @ (_ZENITH_X @ powers)
    zenith_cy = square @ (_ZENITH_Y @ powers)
    values = []
    for zenith, (slope, base) in zip((zenith_cx, zenith_cy, zenith_y), _PEREZ, strict=True):
        a, b, c, d, e = slope * t + base
        here = (1 + a * np.exp(b / cos_theta)) * (1 + c * np.exp(d * gamma) + e * np.cos(gamma) ** 2)
        top = (1 + a * np.exp(b)) * (1 + c * np.exp(d * theta_s) + e * np.cos(theta_s) ** 2)
        values.append(zenith * here / top)
    x, y, luminance = values
    xyz = np.stack([x / y * luminance, luminance, (1 - x - y) / y * luminance], axis=-1)
    return np.maximum(xyz @ _XYZ_TO_RGB.T, 0.0)


_ZENITH_X = np.array(
    [
        [0.00166, -0.00375, 0.00209, 0.0],
        [-0.02903, 0.06377, -0.03202, 0.00394],
        [0.11693, -0.21196, 0.06052, 0.25886],
    ]
)
_ZENITH_Y = np.array(
    [
        [0.00275, -0.00610, 0.00317, 0.0],
        [-0.04214, 0.08970, -0.04153, 0.00516],
        [0.15346, -0.26756, 0.06670, 0.26688],
    ]
)
_PEREZ = (
    (np.array([-0.0193, -0.0665, -0.0004, -0.0641, -0.0033]), np.array([-0.2592, 0.0008, 0.2125, -0.8989, 0.0452])),
    (np.array([-0.0167, -0.0950, -0.0079, -0.0441, -0.0109]), np.array([-0.2608, 0.0092, 0.2102, -1.6537, 0.0529])),
    (np.array([0.1787, -0.3554, -0.0227, 0.1206, -0.0670]), np.array([-1.4630, 0.4275, 5.3251, -2.5771, 0.3703])),
)
"""Perez coefficients A..E as slope and intercept in turbidity, for x, y and Y (Preetham et al. 1999, appendix A.2)."""


def _ambient_cube(sky: F64, directions: F64, solid: F64, towards_sun: F64, sun_light: F64) -> F64:
    """Irradiance over pi by axis of the normal, (6, 3)."""
    on_ground = (sky * directions[..., 2:3] * solid).sum(axis=(0, 1)) / np.pi
    on_ground = on_ground + sun_light * max(towards_sun[2], 0.0) / np.pi
    rows = []
    for axis in range(3):
        for sign in (1.0, -1.0):
            cosine = np.maximum(sign * directions[..., axis : axis + 1], 0.0)
            below = 0.5 if axis < 2 else (0.0 if sign > 0 else 1.0)
            rows.append((sky * cosine * solid).sum(axis=(0, 1)) / np.pi + below * on_ground * GROUND_ALBEDO)
    return np.array(rows)
