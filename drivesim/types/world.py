"""What is in the world and how it is at an instant: actors, their state, the weather, what they touched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from drivesim.taxonomy import Tag, nuscenes_category, tag_of
from drivesim.transforms import Pose
from drivesim.types.arrays import F64, U16


class Light(IntFlag):
    """Vehicle lamps that are lit (CARLA's VehicleLightState names)."""

    NONE = 0
    POSITION = 1
    LOW_BEAM = 2
    HIGH_BEAM = 4
    BRAKE = 8
    RIGHT_BLINKER = 16
    LEFT_BLINKER = 32
    REVERSE = 64
    FOG = 128


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """OpenSCENARIO bounding box: centre relative to the actor's reference point, and size, metres."""

    center: tuple[float, float, float]
    length: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Axles:
    """Wheels of a vehicle, metres; positions along x from the reference point (rear axle: 0)."""

    front_x: float
    rear_x: float
    wheel_diameter: float
    track_width: float
    max_steering: float
    """Largest road-wheel angle, radians."""
    max_steering_rate: float | None = None
    """rad/s at which it changes at most; None for that of ordinary cars."""


@dataclass(frozen=True, slots=True)
class Performance:
    """Limits of a vehicle: m/s, m/s2, m/s2 (deceleration positive), m/s3 of change in either."""

    max_speed: float
    max_acceleration: float
    max_deceleration: float
    max_acceleration_rate: float = math.inf
    max_deceleration_rate: float = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """What does not change about something that moves.

    Attributes:
        index: its column in :class:`WorldState` arrays; its instance id in labels is ``index + 1``.
        name: the scenario's entity name.
        kind: ``vehicle``, ``pedestrian`` or ``misc``.
        category: OpenSCENARIO category (``car``, ``van``, ``truck``, ``bus``, ``motorbike``, ``bicycle``,
            ``pedestrian``, ``wheelchair``, ``animal``, ``obstacle``, ...).
        model: the scenario's ``model3d`` or entity/catalog name; a hint for the body's style.
        box: bounding box about the reference point (vehicles: rear axle on the ground; others: box centre on the
            ground).
        axles, performance: vehicles only.
        mass: kilograms.
        properties: OpenSCENARIO properties of the entity (``age``, ``sex``, ``colour``, ``clothing`` ... are read by
            the scene).
    """

    index: int
    name: str
    kind: str
    category: str
    model: str
    box: BoundingBox
    axles: Axles | None = None
    performance: Performance | None = None
    mass: float = 0.0
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def instance(self) -> int:
        return self.index + 1

    @property
    def age(self) -> float | None:
        """Years, where the scenario says so."""
        return float(self.properties["age"]) if "age" in self.properties else None

    @property
    def tag(self) -> Tag:
        return tag_of(self.category, self.model)

    @property
    def nuscenes_category(self) -> str:
        return nuscenes_category(self.category, height=self.box.height, age=self.age, model=self.model)


@dataclass(frozen=True, slots=True, eq=False)
class WorldState:
    """Everything that moves at one instant: B worlds of N actors.

    Attributes:
        time: (B,) float64, seconds since scenario start.
        present: (B, N) bool, whether the actor exists now.
        position: (B, N, 3) float64, reference point in the world, m.
        orientation: (B, N, 3) float64, yaw, pitch, roll, rad.
        velocity, acceleration: (B, N, 3) float64, of the reference point, world frame, m/s and m/s2.
        angular_velocity: (B, N, 3) float64, world frame, rad/s.
        speed: (B, N) float64, signed speed along the body's x axis, m/s.
        steering: (B, N) float64, road-wheel angle, rad, left positive.
        wheel_rotation: (B, N) float64, rolled angle of the wheels since start, rad.
        gait_phase: (B, N) float64, completed gait cycles (two steps each) since start; riders: pedal turns.
        gaze: (B, N) float64, head yaw relative to the body, rad, left positive.
        lights: (B, N) uint16, :class:`Light` flags.
        fallen: (B, N) float64, 0 upright .. 1 lying (pedestrians and riders that were hit).
    """

    time: F64
    present: NDArray[np.bool_]
    position: F64
    orientation: F64
    velocity: F64
    acceleration: F64
    angular_velocity: F64
    speed: F64
    steering: F64
    wheel_rotation: F64
    gait_phase: F64
    gaze: F64
    lights: U16
    fallen: F64

    def pose(self, actor: int, world: int = 0) -> Pose:
        """``world_from_actor`` of one actor."""
        return Pose.from_ypr(self.position[world, actor], self.orientation[world, actor])


@dataclass(frozen=True, slots=True)
class Weather:
    """OpenSCENARIO Environment as numbers that every sensor and the vehicles feel.

    Attributes:
        sun_azimuth, sun_elevation: radians; azimuth counter-clockwise from world +x, elevation above the horizon.
        sun_illuminance: lux on a surface facing the sun.
        cloud_cover: 0 clear .. 1 overcast.
        fog_visual_range: metres (meteorological optical range, 5 % contrast); inf without fog.
        rain: millimetres per hour.
        snow: millimetres per hour (melted).
        wetness: 0 dry road .. 1 standing water film.
        friction_scale: OpenSCENARIO RoadCondition frictionScaleFactor.
        temperature: kelvin.
        pressure: pascal.
        day_of_year: 1..366 of the northern year; in the southern hemisphere half a year off, so that seasons agree.
    """

    sun_azimuth: float = 0.9
    sun_elevation: float = 0.9
    sun_illuminance: float = 100_000.0
    cloud_cover: float = 0.1
    fog_visual_range: float = float("inf")
    rain: float = 0.0
    snow: float = 0.0
    wetness: float = 0.0
    friction_scale: float = 1.0
    temperature: float = 293.15
    pressure: float = 101_325.0
    day_of_year: float = 172.0


@dataclass(frozen=True, slots=True)
class Collision:
    """Two actors touched: names, seconds, contact point (x, y) in the world, closing speed m/s."""

    time: float
    first: str
    second: str
    point: tuple[float, float]
    closing_speed: float
