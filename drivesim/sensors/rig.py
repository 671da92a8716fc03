"""Sensor rigs: which sensors a vehicle carries, where, and how often they fire.

A rig is a YAML file. Sensor models are files of their own in ``devices/`` beside the shipped rigs, so the same camera
can be mounted anywhere and another one in the same place::

    description: One camera looking ahead
    sensors:
      CAM_FRONT:
        device: camera_1600x900           # a name or path, or a description written here
        translation: [1.70, 0.02, 1.51]   # metres from the middle of the rear axle on the ground; x ahead, y left, z up
        rotation: {ypr: [0, 0, 0]}        # degrees; or {quaternion: [w, x, y, z]}
        rate_hz: 12

A description written in place may start from a device and change some of it:
``device: {base: camera_1600x900, fx: 1272.6}``. Yaw, pitch and roll say where the sensor looks, for cameras as for all
others; a quaternion is the rotation from the sensor's own axes (cameras: x right, y down, z along the view; others:
x ahead, y left, z up) to the vehicle's, as in nuScenes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from drivesim import content
from drivesim.errors import ContentNotFoundError, RigError, did_you_mean
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.faults import Faults
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.located import Described, Document, Location, Strict, read_document, validate
from drivesim.sensors.own_motion import OwnMotion
from drivesim.sensors.radar.device import RadarDevice
from drivesim.sensors.trigger import triggered_phase
from drivesim.transforms import Pose, rotation_from_ypr

Device: TypeAlias = CameraDevice | LidarDevice | RadarDevice
Kind: TypeAlias = Literal["camera", "lidar", "radar"]

_DEVICES: dict[str, type[Strict]] = {"camera": CameraDevice, "lidar": LidarDevice, "radar": RadarDevice}

VIEW_FROM_CAMERA = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""Rotation from camera axes (x right, y down, z along the view) to x ahead, y left, z up."""

_METRES = Annotated[float, Field(ge=-30.0, le=30.0)]
_DEGREES = Annotated[float, Field(ge=-360.0, le=360.0)]


class _Rotation(Strict):
    ypr: tuple[_DEGREES, _DEGREES, _DEGREES] | None = Field(
        default=None, description="[yaw, pitch, roll] in degrees, where the sensor looks; positive pitch is downwards"
    )
    quaternion: tuple[float, float, float, float] | None = Field(
        default=None, description="[w, x, y, z] of length 1, from sensor axes to vehicle axes"
    )

    @model_validator(mode="after")
    def _one(self) -> _Rotation:
        if (self.ypr is None) == (self.quaternion is None):
            raise ValueError("a rotation is either 'ypr' or 'quaternion'")
        if self.quaternion is not None and abs(math.hypot(*self.quaternion) - 1.0) > 0.01:
            raise ValueError(f"quaternion has length {math.hypot(*self.quaternion):.3f}, it must be 1")
        return self


class _Entry(Strict):
    device: Any = Field(description="a file in devices/, a path, or a description in place")
    translation: tuple[_METRES, _METRES, _METRES] = Field(
        description="[x, y, z] in metres from the middle of the rear axle on the ground, within 30 m"
    )
    rotation: _Rotation = Field(description="{ypr: [yaw, pitch, roll]} in degrees or {quaternion: [w, x, y, z]}")
    rate_hz: float = Field(gt=0, le=1000, description="measurements per second, above 0 and at most 1000")
    phase: float | None = Field(
        default=None, ge=0, le=60, description="seconds by which all measurements are late, 0 to 60; 0 if absent"
    )
    trigger: str | None = Field(
        default=None, description="for cameras: the turning lidar of this rig that fires them as it looks their way"
    )
    faults: Faults = Field(default=Faults(), description="latency, jitter, drop-outs and wrong mounting to inject")


class _File(Described):
    description: str = Field(default="", description="what the rig is, one line")
    sensors: dict[str, Any] = Field(min_length=1, description="one entry per channel, e.g. CAM_FRONT")
    own_motion: OwnMotion = Field(
        default=OwnMotion(), description="gnss, imu and odometry of the vehicle, each {} for a usual one"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Sensor:
    """A device in its place.

    Attributes:
        channel: name, as nuScenes would call it (``CAM_FRONT``, ``LIDAR_TOP``, ``RADAR_FRONT``).
        ego_from_sensor: mounting pose in the ego frame (middle of the rear axle on the ground; x ahead, y left, z up).
        rate_hz, phase: the k-th measurement is due at ``phase + k / rate_hz`` seconds; a lidar's sweep ends then.
        faults: what goes wrong on the way to whoever listens.
    """

    channel: str
    device: Device
    ego_from_sensor: Pose
    rate_hz: float
    phase: float
    faults: Faults = Faults()

    @property
    def kind(self) -> Kind:
        return self.device.kind


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """All sensors of a vehicle, in the order of the file.

    Attributes:
        source, approximated: where its numbers come from, and what is assumed, simplified or left out.
    """

    name: str
    description: str
    path: Path
    sensors: tuple[Sensor, ...]
    own_motion: OwnMotion = OwnMotion()
    source: str = ""
    approximated: str = ""

    def __getitem__(self, channel: str) -> Sensor:
        for sensor in self.sensors:
            if sensor.channel == channel:
                return sensor
        raise KeyError(channel)

    def of_kind(self, kind: Kind) -> tuple[Sensor, ...]:
        return tuple(sensor for sensor in self.sensors if sensor.kind == kind)


def load_rig(name: str | Path) -> Rig:
    """Read a rig by path or by the name of a shipped one (``default``, ``nuscenes``, ``kitti``).

    Raises:
        RigError: the file, or a device it names, is not valid; says where and what to write instead.
        ContentNotFoundError: no rig of that name.
    """
    path = content.find("sensors", name)
    document = read_document(path)
    file = validate(_File, document.data, document)
    sensors = {channel: _sensor(channel, document) for channel in file.sensors}
    return Rig(
        path.stem,
        file.description,
        path,
        _triggered(sensors, document),
        file.own_motion,
        file.source,
        file.approximated,
    )


def load_device(name: str | Path, *, beside: Path | None = None) -> Device:
    """Read a device description by path or by the name of a shipped one (``velodyne_hdl32e``, ...)."""
    path = _device_path(str(name), beside)
    document = read_document(path)
    return _device(document.data, document, ())


def _sensor(channel: str, document: Document) -> Sensor:
    at: Location = ("sensors", channel)
    if not channel.replace("_", "").isalnum():
        raise document.error(
            f"'{channel}' is no channel name", at, "use letters, digits and underscores, e.g. CAM_FRONT"
        )
    entry = validate(_Entry, document.data["sensors"][channel], document, at)
    device = _device(entry.device, document, (*at, "device"))
    if entry.trigger is not None and entry.phase is not None:
        raise document.error("a camera has either a 'trigger' or a 'phase'", (*at, "trigger"), "leave one of them out")
    return Sensor(channel, device, _mounting(entry, device), entry.rate_hz, entry.phase or 0.0, entry.faults)


def _triggered(sensors: dict[str, Sensor], document: Document) -> tuple[Sensor, ...]:
    """The sensors, triggered ones with the phase that follows."""
    for channel, sensor in sensors.items():
        name = document.data["sensors"][channel].get("trigger")
        if name is None:
            continue
        at: Location = ("sensors", channel, "trigger")
        if sensor.kind != "camera":
            raise document.error("only cameras are triggered", at, "give it a 'phase' instead")
        lidar = sensors.get(name)
        if lidar is None:
            turning = [each.channel for each in sensors.values() if each.kind == "lidar"]
            raise document.error(f"this rig has no sensor '{name}'", at, did_you_mean(name, turning))
        if not isinstance(lidar.device, LidarDevice) or lidar.device.pattern is not None:
            raise document.error(f"'{name}' is no turning lidar", at, "name one that turns, or give a 'phase' instead")
        sensors[channel] = replace(sensor, phase=triggered_phase(sensor, lidar))
    return tuple(sensors.values())


def _mounting(entry: _Entry, device: Device) -> Pose:
    if entry.rotation.quaternion is not None:
        return Pose.from_quaternion(entry.translation, entry.rotation.quaternion)
    assert entry.rotation.ypr is not None
    rotation = rotation_from_ypr(np.radians(entry.rotation.ypr))
    if isinstance(device, CameraDevice):
        rotation = rotation @ VIEW_FROM_CAMERA
    return Pose(np.array(entry.translation), rotation)


def _device(given: Any, document: Document, at: Location) -> Device:
    if isinstance(given, str):
        return _device(*_base(given, document, at), ())
    if not isinstance(given, dict):
        raise document.error("a device is a name or a description", at, "write the name of a file in devices/")
    described = dict(given)
    if "base" in described:
        described = {**_base(str(described.pop("base")), document, (*at, "base"))[0], **described}
    kind = described.get("kind")
    if kind not in _DEVICES:
        problem = f"unknown kind of device '{kind}'" if kind else "the kind of device is missing"
        raise document.error(problem, (*at, "kind"), "write 'kind: camera', 'kind: lidar' or 'kind: radar'")
    device = validate(_DEVICES[kind], described, document, at)
    assert isinstance(device, CameraDevice | LidarDevice | RadarDevice)
    return device


def _base(name: str, document: Document, at: Location) -> tuple[dict[str, Any], Document]:
    """The plain description that a device name stands for."""
    try:
        found = read_document(_device_path(name, document.path.parent))
    except ContentNotFoundError as error:
        shipped = [Path(item).name for item in content.available("sensors") if item.startswith("devices/")]
        raise document.error(f"no device '{name}'", at, did_you_mean(name, shipped)) from error
    if not isinstance(found.data, dict):
        raise RigError(
            "a device file is a list of 'field: value' lines", file=found.path, remedy="see the shipped devices"
        )
    return found.data, found


def _device_path(name: str, beside: Path | None) -> Path:
    try:
        return content.find("sensors", f"devices/{name}", beside=beside)
    except ContentNotFoundError:
        return content.find("sensors", name, beside=beside)
