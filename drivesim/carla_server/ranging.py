"""CARLA's lidars and radar as CARLA has them: single rays, an attenuated intensity, random drop-outs.

drivesim's own lidar and radar models know more (:mod:`drivesim.sensors`); these answer to CARLA's blueprints, for
scripts that expect CARLA's numbers (CARLA documentation, sensor reference).
"""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from drivesim.carla_server.cameras import actor_numbers
from drivesim.carla_server.episode import Episode
from drivesim.carla_server.records import Record
from drivesim.carla_server.wire import Refusal, SensorType, message
from drivesim.scene import Scene
from drivesim.scene.raycast import EVERYONE
from drivesim.scene.trace import Hits, nearest
from drivesim.streams import stream

F64 = NDArray[np.float64]

RADAR = "sensor.other.radar"
_MOST_RAYS = 4_000_000
_MIRROR = np.array([1.0, -1.0, 1.0])


def rays_per_frame(episode: Episode, record: Record) -> int:
    """How many points a second become in this frame.

    Raises:
        Refusal: more than can be traced.
    """
    count = round(record.description.number("points_per_second") * episode.delta)
    if not 0 < count <= _MOST_RAYS:
        raise Refusal(f"{record.blueprint}: {count} rays in a frame, it must be 1 to {_MOST_RAYS}")
    return count


def message_of(episode: Episode, record: Record, scene: Scene, seed: int) -> bytes:
    """A lidar's or radar's message of this frame."""
    if record.blueprint == RADAR:
        kind, payload = SensorType.RADAR, _radar(episode, record, scene, seed)
    elif record.blueprint == "sensor.lidar.ray_cast":
        kind, payload = SensorType.LIDAR, _lidar(episode, record, scene, seed)
    else:
        kind, payload = SensorType.SEMANTIC_LIDAR, _semantic_lidar(episode, record, scene)
    return message(kind, episode.frame, episode.time, episode.place(record), payload)


def _cast(episode: Episode, record: Record, scene: Scene, direction: F64) -> Hits:
    """What rays (N, 3) in the sensor's axes (right-handed) hit now."""
    pose = episode.pose(record)
    start = pose.translation - scene.rays.origin
    reach = record.description.number("range")
    return nearest(scene.rays, start, direction @ pose.rotation.T, 1.0, mask=EVERYONE, limit=reach)


def _scan(episode: Episode, record: Record) -> tuple[F64, int, float]:
    """Directions (C, K, 3) of C channels from the upper to the lower limit, and the angle of the last, rad."""
    text = record.description
    channels = int(text.number("channels"))
    if not 1 <= channels <= 1024:
        raise Refusal(f"{record.blueprint}: {channels} channels, it must be 1 to 1024")
    per_channel = max(1, rays_per_frame(episode, record) // channels)
    elevation = np.radians(np.linspace(text.number("upper_fov"), text.number("lower_fov"), channels))[:, None]
    field = math.radians(text.number("horizontal_fov"))
    swept = min(text.number("rotation_frequency") * field * episode.delta, field)
    last = (text.number("rotation_frequency") * field * episode.time) % field
    angle = (last - swept + swept * np.arange(1, per_channel + 1) / per_channel) % field
    if field < 2.0 * math.pi - 1e-6:
        angle = angle - field / 2.0
    flat = np.cos(elevation)
    clockwise = -angle[None, :]
    up = np.broadcast_to(np.sin(elevation), (channels, per_channel))
    return np.stack([flat * np.cos(clockwise), flat * np.sin(clockwise), up], axis=-1), channels, last


def _head(angle: float, counts: NDArray[np.int64]) -> bytes:
    return struct.pack("<fI", angle, len(counts)) + counts.astype("<u4").tobytes()


def _lidar(episode: Episode, record: Record, scene: Scene, seed: int) -> bytes:
    direction, channels, angle = _scan(episode, record)
    flat = direction.reshape(-1, 3)
    hits = _cast(episode, record, scene, flat)
    text = record.description
    random = stream(seed, "carla lidar", record.id, episode.frame, text.get("noise_seed", "0"))
    distance = hits.distance.astype(np.float64)
    seen = np.isfinite(distance)
    intensity = np.exp(-text.number("atmosphere_attenuation_rate") * np.where(seen, distance, 0.0))
    seen &= random.random(len(flat)) >= text.number("dropoff_general_rate")
    limit, zero = text.number("dropoff_intensity_limit"), text.number("dropoff_zero_intensity")
    chance = np.where(intensity < limit, zero * (1.0 - intensity / max(limit, 1e-9)), 0.0)
    seen &= random.random(len(flat)) >= chance
    distance = distance + text.number("noise_stddev") * random.standard_normal(len(flat))
    points = np.empty((len(flat), 4), dtype="<f4")
    points[:, :3] = flat * np.where(seen, distance, 0.0)[:, None] * _MIRROR
    points[:, 3] = intensity
    counts = seen.reshape(channels, -1).sum(axis=1)
    return _head(angle, counts) + points[seen].tobytes()


_SEMANTIC = np.dtype([("xyz", "<f4", 3), ("cosine", "<f4"), ("actor", "<u4"), ("tag", "<u4")])


def _semantic_lidar(episode: Episode, record: Record, scene: Scene) -> bytes:
    direction, channels, angle = _scan(episode, record)
    flat = direction.reshape(-1, 3)
    hits = _cast(episode, record, scene, flat)
    seen = hits.triangle >= 0
    points = np.zeros(int(seen.sum()), dtype=_SEMANTIC)
    points["xyz"] = flat[seen] * hits.distance[seen, None] * _MIRROR
    turned = flat[seen] @ episode.pose(record).rotation.T
    points["cosine"] = np.abs(np.einsum("ni,ni->n", turned, hits.normal[seen]))
    numbers = actor_numbers(episode, hits.instance[seen])
    points["actor"] = np.where(hits.instance[seen] <= len(episode.world.actors), numbers, 0)
    points["tag"] = scene.rays.tables.semantic[hits.triangle[seen]]
    return _head(angle, seen.reshape(channels, -1).sum(axis=1)) + points.tobytes()


def _radar(episode: Episode, record: Record, scene: Scene, seed: int) -> bytes:
    text = record.description
    count = rays_per_frame(episode, record)
    random = stream(seed, "carla radar", record.id, episode.frame, text.get("noise_seed", "0"))
    half = np.tan(np.radians([text.number("horizontal_fov") / 2, text.number("vertical_fov") / 2]))
    radius, turn = np.sqrt(random.random(count)), 2.0 * np.pi * random.random(count)
    across, up = radius * np.cos(turn) * half[0], radius * np.sin(turn) * half[1]
    direction = np.stack([np.ones(count), -across, up], axis=1)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    hits = _cast(episode, record, scene, direction)
    seen = hits.triangle >= 0
    ahead = direction[seen] @ episode.pose(record).rotation.T
    relative = hits.velocity[seen] - own_velocity(episode, record)
    points = np.empty((int(seen.sum()), 4), dtype="<f4")
    points[:, 0] = np.einsum("ni,ni->n", relative, ahead)
    points[:, 1] = np.arctan2(across[seen], 1.0)
    points[:, 2] = np.arcsin(direction[seen, 2])
    points[:, 3] = hits.distance[seen]
    return points.tobytes()


def own_velocity(episode: Episode, record: Record) -> F64:
    """Of a sensor, world axes (right-handed), m/s: that of the body that carries it, and of its turning."""
    carrier = episode.records.get(record.parent)
    if carrier is None or carrier.name is None:
        return np.zeros(3)
    index = episode.column(carrier)
    lever = episode.pose(record).translation - episode.world.position[0, index]
    velocity: F64 = episode.world.velocity[0, index] + np.cross(episode.world.angular_velocity[0, index], lever)
    return velocity
