"""The standard's Environment as the numbers that sensors and tyres feel."""

from __future__ import annotations

import math
from dataclasses import replace

from drivesim.errors import ScenarioError
from drivesim.openscenario.daylight import HOME, season_day, sun_at
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.environment import Environment
from drivesim.types import Weather

OKTAS = dict(zip(
    ("zeroOktas", "oneOktas", "twoOktas", "threeOktas", "fourOktas", "fiveOktas", "sixOktas", "sevenOktas",
     "eightOktas", "nineOktas"),
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 8), strict=True,
))  # fmt: skip
CLOUD_STATES = {"free": 0.0, "cloudy": 0.5, "overcast": 1.0, "rainy": 1.0, "skyOff": 0.0}
WETNESS = {
    "dry": 0.0,
    "moist": 0.25,
    "wetWithPuddles": 0.5,
    "lowFlooded": 0.75,
    "highFlooded": 1.0,
}
CLEAR_NOON = 100_000.0
"""Lux of direct sun at the zenith."""
HEAVIEST_LEGACY_RAIN = 50.0
"""mm/h that a 1.0 ``intensity`` of 1 stands for."""
CLEAR = 100_000.0
"""A visual range (m) from which there is no fog."""
THICKEST = 0.1
"""The least visual range (m): the standard allows 0, which no light would pass."""
_RANGES: dict[str, tuple[float, float]] = {
    "visual_range": (0.0, math.inf), "precipitation_intensity": (0.0, math.inf), "intensity": (0.0, math.inf),
    "illuminance": (0.0, math.inf), "azimuth": (-1e3, 1e3), "elevation": (-math.pi, math.pi),
    "temperature": (0.0, math.inf), "atmospheric_pressure": (0.0, math.inf),
    "friction_scale_factor": (0.0, math.inf),
}  # fmt: skip
"""Least and greatest of each number. The standard's limits of temperature and pressure (ASAM OpenSCENARIO XML 1.3) are
tighter, but files that come with its tools do not keep them."""


def apply(environment: Environment, weather: Weather, place: tuple[float, float] | None = None) -> Weather:
    """``weather`` with everything that ``environment`` states, the sun as seen from ``place`` (latitude, longitude)."""
    changes: dict[str, float] = {}
    _check(environment)
    sky = environment.weather
    if sky and sky.sun:
        changes["sun_azimuth"] = math.pi / 2 - sky.sun.azimuth
        changes["sun_elevation"] = sky.sun.elevation
        light = sky.sun.illuminance
        changes["sun_illuminance"] = light if light is not None else (sky.sun.intensity or 0.0) * CLEAR_NOON
    if environment.time_of_day:
        day = environment.time_of_day
        try:
            changes["day_of_year"] = season_day(day.date_time, (place or HOME)[0])
            azimuth, elevation = sun_at(day.date_time, *(place or HOME))
        except ValueError as error:
            raise ScenarioError(
                f"'{day.date_time}' is not a date and time", file=day.source.file if day.source else None,
                line=day.source.line if day.source else None, element="TimeOfDay",
                remedy="write it like 2026-06-15T12:00:00",
            ) from error  # fmt: skip
        if not (sky and sky.sun):
            changes["sun_azimuth"], changes["sun_elevation"] = azimuth, elevation
            changes["sun_illuminance"] = CLEAR_NOON * max(0.0, math.sin(elevation))
    if sky:
        if sky.fog:
            changes["fog_visual_range"] = (
                math.inf if sky.fog.visual_range >= CLEAR else max(sky.fog.visual_range, THICKEST)
            )
        if sky.precipitation:
            fall = sky.precipitation
            rate = fall.precipitation_intensity
            rate = rate if rate is not None else (fall.intensity or 0.0) * HEAVIEST_LEGACY_RAIN
            changes["rain"] = rate if fall.precipitation_type == "rain" else 0.0
            changes["snow"] = rate if fall.precipitation_type == "snow" else 0.0
        if sky.fractional_cloud_cover in OKTAS:
            changes["cloud_cover"] = OKTAS[sky.fractional_cloud_cover] / 8
        elif sky.cloud_state in CLOUD_STATES:
            changes["cloud_cover"] = CLOUD_STATES[sky.cloud_state]
        if sky.temperature is not None:
            changes["temperature"] = sky.temperature
        if sky.atmospheric_pressure is not None:
            changes["pressure"] = sky.atmospheric_pressure
    if environment.road_condition:
        changes["friction_scale"] = environment.road_condition.friction_scale_factor
        changes["wetness"] = WETNESS.get(environment.road_condition.wetness or "dry", 0.0)
    return replace(weather, **changes)


def _check(environment: Environment) -> None:
    """Refuse numbers that no weather has.

    Raises:
        ScenarioError: with the element that says so.
    """
    sky = environment.weather
    parts: list[Element | None] = [sky, environment.road_condition]
    parts += [sky.sun, sky.fog, sky.precipitation] if sky else []
    for part in parts:
        for name, (least, most) in _RANGES.items():
            value = getattr(part, name, None)
            if value is None or least <= value <= most:
                continue
            element = type(part).__name__
            words = name.split("_")
            attribute = words[0] + "".join(word.capitalize() for word in words[1:])
            source = part.source if part else None
            raise ScenarioError(
                f"{attribute} is {value:g}", file=source.file if source else None, line=source.line if source else None,
                element=element, remedy=f"set it to {least:g} or more" if most == math.inf
                else f"set it between {least:g} and {most:g}",
            )  # fmt: skip
