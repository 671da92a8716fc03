"""CARLA's sensors that need no scene: collisions, satellites, inertia. And the obstacle detector, which needs boxes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import numpy as np

from drivesim.carla_server.episode import Episode
from drivesim.carla_server.records import Record
from drivesim.carla_server.wire import SensorType, message
from drivesim.simulators.carla.frames import mirrored, turned
from drivesim.streams import stream

Pack = Callable[[Record], list[Any]]

_EARTH = 6_378_137.0
_HOME = (42.0, 2.0)
"""Latitude and longitude of the origin of a map that does not say where it lies, degrees; CARLA's own default."""


def messages(episode: Episode, record: Record, pack: Pack, seed: int) -> Iterator[bytes]:
    """The messages of a sensor in this frame, none or more."""
    make = _SENSORS[record.blueprint]
    for kind, content in make(episode, record, pack, seed):
        payload = msgpack.packb(content, use_bin_type=True)
        yield message(kind, episode.frame, episode.time, episode.place(record), payload)


_Found = Iterator[tuple[SensorType, list[Any]]]


def _collision(episode: Episode, record: Record, pack: Pack, _: int) -> _Found:
    owner = episode.records.get(record.parent)
    if owner is None:
        return
    by_name = {other.name: other for other in episode.records.values() if other.name is not None}
    world = episode.world
    for touch in episode.touched:
        if owner.name not in {touch.first, touch.second}:
            continue
        other = by_name[touch.second if touch.first == owner.name else touch.first]
        masses = [max(world.actors[episode.column(one)].mass, 1.0) for one in (owner, other)]
        reduced = masses[0] * masses[1] / sum(masses)
        away = world.position[0, episode.column(owner)] - world.position[0, episode.column(other)]
        push = reduced * touch.closing_speed * away / max(float(np.linalg.norm(away)), 1e-6)
        yield SensorType.COLLISION, [pack(owner), pack(other), mirrored(push)]


def _gnss(episode: Episode, record: Record, _: Pack, seed: int) -> _Found:
    x, y, z = episode.pose(record).translation
    geodesy = episode.network.geodesy
    if geodesy is not None:
        latitude, longitude = geodesy.wgs84_from_world(float(x), float(y))
    else:
        latitude = _HOME[0] + math.degrees(y / _EARTH)
        longitude = _HOME[1] + math.degrees(x / (_EARTH * math.cos(math.radians(_HOME[0]))))
    random = stream(seed, "carla gnss", record.id, episode.frame, record.description.get("noise_seed", "0"))
    noise = [
        record.description.number(f"noise_{axis}_bias")
        + record.description.number(f"noise_{axis}_stddev") * float(random.standard_normal())
        for axis in ("lat", "lon", "alt")
    ]
    yield SensorType.GNSS, [latitude + noise[0], longitude + noise[1], float(z) + noise[2]]


def _imu(episode: Episode, record: Record, _: Pack, seed: int) -> _Found:
    pose = episode.pose(record)
    carrier = episode.records.get(record.parent)
    acceleration, spin = np.zeros(3), np.zeros(3)
    if carrier is not None and carrier.name is not None:
        index = episode.column(carrier)
        acceleration = episode.world.acceleration[0, index]
        spin = episode.world.angular_velocity[0, index]
    felt = mirrored(pose.rotation.T @ (acceleration + (0.0, 0.0, episode.gravity)))
    rates = turned(pose.rotation.T @ spin)
    text = record.description
    random = stream(seed, "carla imu", record.id, episode.frame, text.get("noise_seed", "0"))
    felt = tuple(
        value + text.number(f"noise_accel_stddev_{axis}") * float(random.standard_normal())
        for axis, value in zip("xyz", felt, strict=True)
    )  # type: ignore[assignment]
    rates = tuple(
        value
        + text.number(f"noise_gyro_bias_{axis}")
        + text.number(f"noise_gyro_stddev_{axis}") * float(random.standard_normal())
        for axis, value in zip("xyz", rates, strict=True)
    )  # type: ignore[assignment]
    forward = pose.rotation[:, 0]
    compass = math.atan2(forward[0], forward[1]) % (2.0 * math.pi)
    yield SensorType.IMU, [list(felt), list(rates), compass]


def _obstacle(episode: Episode, record: Record, pack: Pack, _: int) -> _Found:
    """The nearest body that a thick ray ahead meets; the city is not looked at."""
    owner = episode.records.get(record.parent)
    if owner is None:
        return
    pose, reach = episode.pose(record), record.description.number("distance")
    radius = record.description.number("hit_radius")
    only_dynamics = record.description.get("only_dynamics").lower() == "true"
    best: tuple[float, Record] | None = None
    for other in episode.records.values():
        if other.name is None or other is owner or (only_dynamics and other.blueprint.startswith("static.")):
            continue
        distance = _ahead(episode, other, pose.translation, pose.rotation[:, 0], radius)
        if distance <= reach and (best is None or distance < best[0]):
            best = distance, other
    if best is not None:
        yield SensorType.OBSTACLE, [pack(owner), pack(best[1]), best[0]]


def _ahead(episode: Episode, other: Record, start: np.ndarray, direction: np.ndarray, radius: float) -> float:
    """Way along a ray of that radius to a body's box, m; inf if it misses (slab method)."""
    index = episode.column(other)
    box = episode.world.actors[index].box
    body = episode.after.pose(index)
    middle = body.apply(box.center)
    half = np.array([box.length, box.width, box.height]) / 2 + radius
    local, along = body.rotation.T @ (start - middle), body.rotation.T @ direction
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (-half - local) / along, (half - local) / along
    near, far = np.nanmax(np.minimum(one, two)), np.nanmin(np.maximum(one, two))
    return float(max(near, 0.0)) if near <= far and far >= 0.0 else math.inf


_SENSORS: dict[str, Callable[[Episode, Record, Pack, int], _Found]] = {
    "sensor.other.collision": _collision,
    "sensor.other.gnss": _gnss,
    "sensor.other.imu": _imu,
    "sensor.other.obstacle": _obstacle,
}
