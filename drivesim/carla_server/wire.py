"""CARLA 0.9.16's structures on the wire: msgpack arrays for calls, packed records for streams.

Field orders are those that the client of that version sends and accepts (CARLA documentation, Python API reference,
and the client's own debug information). Distances are metres, angles degrees, as everywhere in CARLA.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import msgpack

from drivesim.simulators.carla.frames import Transform, Vector

VERSION = "0.9.16"

LARGEST_CALL = 64 * 1024 * 1024
"""Bytes: a call longer than this (a map of a whole city has 4 MB) closes the connection."""

FASTEST_WALKER = 15.0
"""m/s that a walker can be told to run."""
ORIGIN: Transform = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


class Refusal(Exception):  # noqa: N818 (not a fault of this program: what the client is told)
    """What a call answers instead of a result; the client raises it as ``RuntimeError``."""


class AttributeType(IntEnum):
    BOOL = 1
    INT = 2
    FLOAT = 3
    STRING = 4
    COLOUR = 5


class SensorType(IntEnum):
    """Which deserialiser the client takes for a stream's messages."""

    COLLISION = 0
    DEPTH_CAMERA = 1
    NORMALS_CAMERA = 2
    GNSS = 4
    IMU = 5
    OBSTACLE = 7
    OPTICAL_FLOW_CAMERA = 8
    RADAR = 9
    SEMANTIC_LIDAR = 10
    LIDAR = 11
    RGB_CAMERA = 13
    SEMANTIC_CAMERA = 14
    INSTANCE_CAMERA = 15
    WORLD = 17


@dataclass(slots=True)
class Settings:
    """``carla.WorldSettings``."""

    synchronous: bool = False
    no_rendering: bool = False
    fixed_delta: float | None = None
    substepping: bool = True
    max_substep_delta: float = 0.01
    max_substeps: int = 10
    culling_distance: float = 0.0
    deterministic_ragdolls: bool = True
    tile_stream_distance: float = 3000.0
    actor_active_distance: float = 2000.0
    spectator_as_ego: bool = True

    def pack(self) -> list[Any]:
        delta = [False] if self.fixed_delta is None else [True, self.fixed_delta]
        return [
            self.synchronous, self.no_rendering, delta, self.substepping, self.max_substep_delta, self.max_substeps,
            self.culling_distance, self.deterministic_ragdolls, self.tile_stream_distance, self.actor_active_distance,
            self.spectator_as_ego,
        ]  # fmt: skip

    @staticmethod
    def unpack(values: list[Any]) -> Settings:
        (
            synchronous,
            no_rendering,
            (some, *delta),
            substepping,
            substep,
            substeps,
            culling,
            ragdolls,
            tiles,
            active,
            ego,
        ) = values
        fixed = number(delta[0]) if some else 0.0
        return Settings(
            bool(synchronous), bool(no_rendering), fixed or None, bool(substepping), number(substep), int(substeps),
            number(culling), bool(ragdolls), number(tiles), number(active), bool(ego),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Description:
    """What an actor was spawned from: blueprint and attribute values."""

    uid: int
    blueprint: str
    attributes: tuple[tuple[str, int, str], ...] = ()

    def __getitem__(self, name: str) -> str:
        for own, _, value in self.attributes:
            if own == name:
                return value
        raise Refusal(f"blueprint {self.blueprint} has no attribute '{name}'")

    def get(self, name: str, default: str = "") -> str:
        return next((value for own, _, value in self.attributes if own == name), default)

    def number(self, name: str) -> float:
        try:
            return number(self[name])
        except ValueError:
            raise Refusal(f"attribute '{name}' of {self.blueprint} is no number: '{self[name]}'") from None

    def pack(self) -> list[Any]:
        return [self.uid, self.blueprint, [list(attribute) for attribute in self.attributes]]

    @staticmethod
    def unpack(values: list[Any]) -> Description:
        uid, blueprint, attributes = values
        own = tuple((str(a), int(b) & 0xFF, str(c)) for a, b, c in attributes)
        return Description(int(uid) & 0xFFFFFFFF, str(blueprint), own)


@dataclass(slots=True)
class VehicleControl:
    """``carla.VehicleControl``."""

    throttle: float = 0.0
    steer: float = 0.0
    brake: float = 0.0
    hand_brake: bool = False
    reverse: bool = False
    manual_gear_shift: bool = False
    gear: int = 0

    @staticmethod
    def unpack(values: list[Any]) -> VehicleControl:
        throttle, steer, brake, hand_brake, reverse, manual, gear = values
        return VehicleControl(
            min(max(number(throttle), 0.0), 1.0), min(max(number(steer), -1.0), 1.0), min(max(number(brake), 0.0), 1.0),
            bool(hand_brake), bool(reverse), bool(manual), min(max(int(gear), -1), 10),
        )  # fmt: skip


@dataclass(slots=True)
class AckermannControl:
    """``carla.VehicleAckermannControl``: road-wheel angle in rad (positive to the right), speed in m/s (negative is
    backwards), and how fast these may change, 0 for at once."""

    steer: float = 0.0
    steer_speed: float = 0.0
    speed: float = 0.0
    acceleration: float = 0.0
    jerk: float = 0.0

    @staticmethod
    def unpack(values: list[Any]) -> AckermannControl:
        steer, steer_speed, speed, acceleration, jerk = values
        return AckermannControl(*(number(value) for value in (steer, steer_speed, speed, acceleration, jerk)))


@dataclass(slots=True)
class WalkerControl:
    """``carla.WalkerControl``."""

    direction: Vector = (1.0, 0.0, 0.0)
    speed: float = 0.0
    jump: bool = False

    @staticmethod
    def unpack(values: list[Any]) -> WalkerControl:
        direction, speed, jump = values
        return WalkerControl(vector(direction), min(max(number(speed), 0.0), FASTEST_WALKER), bool(jump))


@dataclass(slots=True)
class LightTimes:
    """Of a traffic light, s."""

    green: float = 10.0
    yellow: float = 3.0
    red: float = 2.0
    elapsed: float = field(default=0.0)


def number(value: Any) -> float:
    """Raises:
    Refusal: it is not finite.
    """
    found = float(value)
    if not math.isfinite(found) or abs(found) > 1e9:
        raise Refusal(f"{found} is no number to calculate with")
    return found


def vector(values: Any) -> Vector:
    x, y, z = values
    return number(x), number(y), number(z)


def transform(values: Any) -> Transform:
    location, rotation = values
    return vector(location), vector(rotation)


def success(value: Any) -> list[Any]:
    """``Response<T>``."""
    return [[1, value]]


def done() -> list[Any]:
    """``Response<void>``."""
    return [[False]]


def failure(message: str, *, void: bool) -> list[Any]:
    return [[True, [message]]] if void else [[0, [message]]]


def reply(number: int, error: str | None, result: Any) -> bytes:
    packed: bytes = msgpack.packb([1, number, error, result], use_bin_type=True)
    return packed


def unpacker() -> msgpack.Unpacker:
    """For one connection's calls; what is no text or too long raises :class:`ValueError`."""
    return msgpack.Unpacker(
        raw=False, strict_map_key=False, max_buffer_size=LARGEST_CALL, unicode_errors="replace", max_ext_len=0
    )


def token(stream: int, port: int) -> bytes:
    """Of a stream: TCP, at whatever host the client has called."""
    return struct.pack("<IHBB16x", stream, port, 1, 0)


_HEAD = struct.Struct("<IQQd6f")


def message(kind: SensorType, frame: int, time: float, place: Transform, *payload: bytes | memoryview) -> bytes:
    """One stream message with its length before it; place is the sensor's in the world. Payloads follow each other."""
    size = _HEAD.size - 4 + sum(memoryview(part).nbytes for part in payload)
    return b"".join([_HEAD.pack(size, kind, frame, time, *place[0], *place[1]), *payload])
