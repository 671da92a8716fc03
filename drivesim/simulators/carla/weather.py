"""CARLA's fourteen weather numbers and drivesim's weather."""

from __future__ import annotations

import math

from drivesim.types import Weather as Conditions

Weather = tuple[float, ...]
"""cloudiness, precipitation, precipitation_deposits, wind_intensity, sun_azimuth_angle, sun_altitude_angle,
fog_density, fog_distance, fog_falloff, wetness, scattering_intensity, mie_scattering_scale, rayleigh_scattering_scale,
dust_storm: percents, degrees and metres (CARLA Python API reference, ``carla.WeatherParameters``)."""

CLEAR_NOON: Weather = (5.0, 0.0, 0.0, 10.0, -1.0, 45.0, 2.0, 0.75, 0.1, 0.0, 1.0, 0.03, 0.0331, 0.0)

HEAVY_RAIN = 50.0
"""mm/h that a precipitation of 100 % stands for (violent rain: WMO, Guide to Meteorological Instruments)."""
_DENSE_FOG = 30.0
"""Meteorological range at a density of 100 %, m; it goes with the inverse of the density."""
_NOON = 100_000.0


def weather_of(weather: Weather) -> Conditions:
    """What drivesim's sensors and vehicles feel of it."""
    clouds, rain, deposits, _, azimuth, altitude, fog, *_ = (min(max(value, -720.0), 720.0) for value in weather)
    clouds, rain, deposits = (min(max(share, 0.0), 100.0) for share in (clouds, rain, deposits))
    elevation = math.radians(altitude)
    above = max(0.0, math.sin(elevation))
    return Conditions(
        sun_azimuth=math.radians(-azimuth),
        sun_elevation=elevation,
        sun_illuminance=_NOON * above**0.5 * (1.0 - 0.95 * clouds / 100.0),
        cloud_cover=min(1.0, clouds / 100.0),
        fog_visual_range=_DENSE_FOG * 100.0 / fog if fog > 5.0 else math.inf,
        rain=HEAVY_RAIN * rain / 100.0,
        wetness=min(1.0, max(weather[9], deposits) / 100.0),
        friction_scale=0.7 if rain > 10.0 or deposits > 30.0 else 1.0,
    )


def carla_weather(conditions: Conditions) -> Weather:
    """What CARLA is told of it; :func:`weather_of` takes it back, but for temperature, snow and friction."""
    visual = conditions.fog_visual_range
    return (
        100.0 * conditions.cloud_cover,
        min(100.0, 100.0 * conditions.rain / HEAVY_RAIN),
        100.0 * conditions.wetness,
        CLEAR_NOON[3],
        math.degrees(-conditions.sun_azimuth) % 360.0,
        math.degrees(conditions.sun_elevation),
        min(100.0, 100.0 * _DENSE_FOG / visual) if math.isfinite(visual) else 0.0,
        *CLEAR_NOON[7:9],
        100.0 * conditions.wetness,
        *CLEAR_NOON[10:],
    )
