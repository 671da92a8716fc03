"""The few data types everything speaks.

All are frozen; arrays in them are never written after construction. Frames are ISO 8855 (x forward, y left, z up)
except camera sensor frames (x right, y down, z forward, as in nuScenes). Times in recordings are integer nanoseconds
since scenario start.
"""

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

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U16 = NDArray[np.uint16]
U8 = NDArray[np.uint8]


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


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """P propagation paths between a ranging sensor and the scene: what signal models compute from.

    Attributes:
        beam: (P,) int32, index of the emitted ray (several paths may share one).
        azimuth, elevation: (P,) float32, direction of departure in the sensor frame, rad.
        length: (P,) float32, one-way path length, m; inf where nothing was hit.
        time: (P,) float64, emission time, seconds since scenario start.
        cos_incidence: (P,) float32, |cos| of the angle between ray and surface normal at the last bounce.
        material: (P,) uint8; semantic: (P,) uint8; instance: (P,) int32 (0 = none), all at the last bounce.
        radial_rate: (P,) float32, rate of change of path length, m/s (positive: receding), analytic.
        bounces: (P,) uint8, 1 for a direct echo.
    """

    beam: I32
    azimuth: F32
    elevation: F32
    length: F32
    time: F64
    cos_incidence: F32
    material: U8
    semantic: U8
    instance: I32
    radial_rate: F32
    bounces: U8


@dataclass(frozen=True, slots=True, eq=False)
class CameraImage:
    """One exposure with its perfect labels; H x W, row-major, origin top left.

    Attributes:
        rgb: (H, W, 3) uint8 sRGB.
        depth: (H, W) float32, distance along the optical axis, m; inf for sky.
        semantic: (H, W) uint8 tags.
        instance: (H, W) int32, actor index + 1, static things above the number of actors, 0 for none.
        intrinsic: (3, 3) float64 pinhole matrix.
        normal: (H, W, 3) float32, unit, camera axes, towards the camera; zero for sky. None where not asked for, as all
            below.
        albedo: (H, W, 3) float32, linear reflectance of the surface itself; zero for sky.
        previous_ns: time of the exposure before this one, the other end of flow; -1 where there is none.
        flow_backward: (H, W, 2) float32, pixels (x right, y down): add it to a pixel to be where it was in the picture
            before; NaN where there is none, never clipped.
        flow_forward: (H, W, 2) float32, of the picture before: add it to its pixels to be in this one.
        seen_backward, seen_forward: (H, W) bool, whether the place is visible at the other end.
    """

    channel: str
    time_ns: int
    ego_from_sensor: Pose
    world_from_ego: Pose
    rgb: U8
    depth: F32
    semantic: U8
    instance: I32
    intrinsic: F64
    normal: F32 | None = None
    albedo: F32 | None = None
    previous_ns: int = -1
    flow_backward: F32 | None = None
    flow_forward: F32 | None = None
    seen_backward: NDArray[np.bool_] | None = None
    seen_forward: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PointCloud:
    """One lidar sweep in the sensor frame at ``time_ns`` (ego motion within the sweep removed, as nuScenes does).

    Attributes:
        points: (N, 3) float32, x forward, y left, z up, m.
        intensity: (N,) float32, 0..255.
        ring: (N,) int32, beam index, 0 lowest.
        time_offset: (N,) float32, seconds relative to ``time_ns`` (not positive).
        semantic: (N,) uint8; instance: (N,) int32; both 0 for clutter.
        return_number: (N,) uint8, 0 for the first kind of echo that the device puts out, 1 for the second ...
        clutter: (N,) bool, echoes of rain, fog, snow, sunlight and glare.
        true_range: (N,) float32, m, length of the strongest path, without noise; NaN for clutter.
        cos_incidence: (N,) float32, there; NaN for clutter.
    """

    channel: str
    time_ns: int
    ego_from_sensor: Pose
    world_from_ego: Pose
    points: F32
    intensity: F32
    ring: I32
    time_offset: F32
    semantic: U8
    instance: I32
    return_number: U8
    clutter: NDArray[np.bool_]
    true_range: F32
    cos_incidence: F32


@dataclass(frozen=True, slots=True, eq=False)
class RadarContributions:
    """The paths behind a radar's detections, M of them; (M,) each.

    Attributes:
        detection: int32, row of the detection that the path is part of.
        range: float32 m, there and back halved; azimuth, elevation: float32 rad, as it comes in.
        radial_velocity: float32 m/s, positive receding.
        rcs: float32 dBsm; snr: float32 dB, of this path alone.
        material, semantic: uint8; instance: int32, of what sends it back; bounces: uint8, 1 for a direct echo.
    """

    detection: I32
    range: F32
    azimuth: F32
    elevation: F32
    radial_velocity: F32
    rcs: F32
    snr: F32
    material: U8
    semantic: U8
    instance: I32
    bounces: U8


@dataclass(frozen=True, slots=True, eq=False)
class RadarClusters:
    """Detections of one cycle gathered into K things, strongest first; (K, ...) each but ``member``.

    Attributes:
        member: (N,) int32, the cluster of every detection, -1 for those the device does not believe.
        position: (K, 2) float32 x and y in the sensor frame, m, centroid by cross-section; extent: (K, 2) along both.
        radial_velocity_compensated: float32 m/s; rcs: float32 dBsm, of all together.
        detections: int32, how many; instance: int32, the one with most of the power.
    """

    member: I32
    position: F32
    extent: F32
    radial_velocity_compensated: F32
    rcs: F32
    detections: I32
    instance: I32


@dataclass(frozen=True, slots=True, eq=False)
class RadarCube:
    """Signal-to-noise ratio of one scan over range, radial velocity and azimuth.

    Attributes:
        power: (R, V, A) uint8, half decibels above -20 dB.
        range: (R,) float32 m; radial_velocity: (V,) float32 m/s, folded into one ramp; azimuth: (A,) float32 rad.
    """

    power: U8
    range: F32
    radial_velocity: F32
    azimuth: F32


@dataclass(frozen=True, slots=True, eq=False)
class RadarDetections:
    """Detections of one radar cycle in the sensor frame at ``time_ns``; codes are those of nuScenes' radar points.

    Attributes:
        range: (N,) float32 m; azimuth, elevation: (N,) float32 rad.
        radial_velocity: (N,) float32 m/s, positive receding, as measured (moving sensor).
        radial_velocity_compensated: (N,) float32 m/s, with the sensor's own motion removed.
        rcs: (N,) float32 dBsm; snr: (N,) float32 dB.
        semantic: (N,) uint8; instance: (N,) int32, of the strongest contributing path.
        dynamic, ambiguity, invalid, false_alarm: (N,) uint8, ``dyn_prop``, ``ambig_state``, ``invalid_state``,
            ``pdh0``.
        deviation: (N, 4) float32, standard deviations of x and y, m, and of vx and vy, m/s, as the signal allows.
        true_range, true_azimuth, true_elevation, true_radial_velocity: (N,) float32, of the strongest path, without
            noise and ambiguity; NaN for false alarms.
        true_rcs: (N,) float32 dBsm, of all contributing paths together; -inf for false alarms.
        bounces: (N,) uint8, of the strongest path, 1 for a direct echo, 0 for a false alarm.
        paths: (N,) int32, how many contribute.
        contributions, clusters, cubes (by scan): where the device is asked for them (``channels``).
    """

    channel: str
    time_ns: int
    ego_from_sensor: Pose
    world_from_ego: Pose
    range: F32
    azimuth: F32
    elevation: F32
    radial_velocity: F32
    radial_velocity_compensated: F32
    rcs: F32
    snr: F32
    semantic: U8
    instance: I32
    dynamic: U8
    ambiguity: U8
    invalid: U8
    false_alarm: U8
    deviation: F32
    true_range: F32
    true_azimuth: F32
    true_elevation: F32
    true_radial_velocity: F32
    true_rcs: F32
    bounces: U8
    paths: I32
    contributions: RadarContributions | None = None
    clusters: RadarClusters | None = None
    cubes: Mapping[str, RadarCube] | None = None

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(N,) which detections the device itself believes: those whose state it does not call invalid."""
        return ~np.isin(self.invalid, RADAR_INVALID)


RADAR_INVALID = (1, 2, 3, 6, 7, 14)
"""Codes of ``invalid_state`` that the ARS408 calls invalid; it calls the others valid, some of them with a doubt."""


Measurement = CameraImage | PointCloud | RadarDetections


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """A person's 17 joints, in COCO's order, as a camera has them.

    Attributes:
        joints: (17, 3) float64, sensor frame at the image's time, m.
        keypoints: (17, 3) float32, pixels x and y and COCO's flag: 2 seen, 1 hidden, 0 outside (x and y are 0).
    """

    joints: F64
    keypoints: F32


@dataclass(frozen=True, slots=True, eq=False)
class Box2D:
    """A camera's view of one actor: pixel corners (x_min, y_min, x_max, y_max), edges inclusive-exclusive.

    Attributes:
        tight: bounds of the actor's visible pixels; None when it has none.
        loose: bounds of the projected body, clipped to the image.
        visible_pixels: pixels of the instance image.
        occlusion: 0 (nothing in front of the part in view) .. 1 (all of it hidden).
        truncation: share of the unclipped projected box outside the image.
        skeleton: of people, riders among them; None for all else, and where the engine does not say.
    """

    instance: int
    tight: tuple[float, float, float, float] | None
    loose: tuple[float, float, float, float]
    visible_pixels: int
    occlusion: float
    truncation: float
    skeleton: Skeleton | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Perfect knowledge at a frame's time; A actors that are present, ego left out.

    Attributes:
        instance: (A,) int32; actor: names; category: nuScenes category names.
        center: (A, 3) float64 box centre in the world, m; rotation: (A, 3, 3) float64 world_from_box.
        size: (A, 3) float64 length, width, height, m, constant per instance.
        velocity: (A, 3) float64 world, m/s.
        num_lidar_points, num_radar_points: (A,) int32, over this frame's sweeps; -1 where no such sensor fired.
        visibility: (A,) float32, unoccluded share of the body as seen from the rig's cameras (best camera), 0..1.
        boxes_2d: per camera channel.
    """

    instance: I32
    actor: tuple[str, ...]
    category: tuple[str, ...]
    center: F64
    rotation: F64
    size: F64
    velocity: F64
    num_lidar_points: I32
    num_radar_points: I32
    visibility: F32
    boxes_2d: Mapping[str, tuple[Box2D, ...]]


@dataclass(frozen=True, slots=True)
class Collision:
    """Two actors touched: names, seconds, contact point (x, y) in the world, closing speed m/s."""

    time: float
    first: str
    second: str
    point: tuple[float, float]
    closing_speed: float


@dataclass(frozen=True, slots=True)
class StoryboardEvent:
    """A storyboard element changed state (``standbyState``, ``runningState``, ``completeState``, ...)."""

    time: float
    element_type: str
    path: str
    state: str
    transition: str


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Everything one tick produced.

    Attributes:
        index: tick number, first is 0; time_ns: end of the tick.
        state: the world at ``time_ns``.
        measurements: by channel, only the sensors that were due.
        labels: None when no sensor was due.
        events, collisions: those of this tick.
    """

    index: int
    time_ns: int
    state: WorldState
    measurements: Mapping[str, Measurement]
    labels: Labels | None
    events: tuple[StoryboardEvent, ...] = ()
    collisions: tuple[Collision, ...] = ()
