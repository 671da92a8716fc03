"""Chapter "Environmental conditions"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivesim.openscenario.model.base import Element, child
from drivesim.openscenario.model.entities import BoundingBox
from drivesim.openscenario.model.parameters import File, ParameterDeclaration, Properties


@dataclass(frozen=True, kw_only=True)
class TimeOfDay(Element):
    animation: bool
    date_time: str


@dataclass(frozen=True, kw_only=True)
class Sun(Element):
    """Radians, azimuth from north towards east; illuminance in lux, until 1.1 an ``intensity``."""

    azimuth: float
    elevation: float
    illuminance: float | None = None
    intensity: float | None = None


@dataclass(frozen=True, kw_only=True)
class Fog(Element):
    visual_range: float
    bounding_box: BoundingBox | None = None


@dataclass(frozen=True, kw_only=True)
class Precipitation(Element):
    """Millimetres an hour; 1.0 had an ``intensity`` from 0 to 1."""

    precipitation_type: Literal["dry", "rain", "snow"]
    precipitation_intensity: float | None = None
    intensity: float | None = None


@dataclass(frozen=True, kw_only=True)
class Wind(Element):
    direction: float
    speed: float


@dataclass(frozen=True, kw_only=True)
class DomeImage(Element):
    azimuth_offset: float | None = None
    dome_file: File


@dataclass(frozen=True, kw_only=True)
class Weather(Element):
    cloud_state: str | None = None
    fractional_cloud_cover: str | None = None
    atmospheric_pressure: float | None = None
    temperature: float | None = None
    sun: Sun | None = None
    fog: Fog | None = None
    precipitation: Precipitation | None = None
    wind: Wind | None = None
    dome_image: DomeImage | None = None


@dataclass(frozen=True, kw_only=True)
class RoadCondition(Element):
    friction_scale_factor: float
    wetness: str | None = None
    properties: Properties | None = None


@dataclass(frozen=True, kw_only=True)
class Environment(Element):
    name: str
    time_of_day: TimeOfDay | None = None
    weather: Weather | None = None
    road_condition: RoadCondition | None = None
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )
