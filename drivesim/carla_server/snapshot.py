"""World snapshots: what every client receives after each frame."""

from __future__ import annotations

import struct

import numpy as np

from drivesim.carla_server.episode import Episode
from drivesim.carla_server.records import Record, TrafficLight
from drivesim.carla_server.wire import ORIGIN, SensorType, message
from drivesim.transforms import rotation_from_ypr as rotations

WORLD_STREAM = 1
MAP_CHANGED = 1

_HEADER = struct.Struct("<QdfiiiI")
STATES_START = 4 + 48 + _HEADER.size
"""Where a snapshot's message has its actors: behind its length and two heads."""
_ACTOR = struct.Struct("<IB15f54s")
_VEHICLE = struct.Struct("<3f3BifBBIB")
_WALKER = struct.Struct("<4fB")
_LIGHT = struct.Struct("<32s4fIBB")
_ACTIVE = 1
_STILL = (0.0,) * 9
_BONNET = 0.5
"""Height at which a vehicle is in a light's place, m."""
_ALONG = np.array((-1.0, 0.0, 1.0))[:, None]
"""Tail, middle and nose, in half lengths."""
_MIRROR = np.array((1.0, -1.0, 1.0))
_ROLLING = 0.1
"""m/s from which an automatic gearbox is in gear."""
_NO_LIGHT_STATE, _SPEED_LIMIT = 2, 30.0


def snapshot(episode: Episode, wall: float, delta: float, flags: int = 0) -> bytes:
    """The message of the world stream for the episode's newest frame.

    Args:
        wall: clock of this machine, s; delta: length of the frame, s.
    """
    parts = [_HEADER.pack(episode.number, wall, delta, 0, 0, 0, flags)]
    turns = rotations(episode.world.orientation[0]).reshape(-1, 3, 3)
    centres = _centres(episode, turns)
    lights = _lights(episode, centres, turns)
    motions = _motions(episode, centres)
    for record in episode.records.values():
        if record.name is not None:
            index = episode.world.index(record.name)
            motion = motions[index]
            if record.is_vehicle:
                own = _vehicle(record, float(episode.world.speed[0, index]), lights.get(index))
            else:
                own = _own_state(record)
        else:
            place, rotation = record.place if isinstance(record, TrafficLight) else episode.place(record)
            motion, own = [*place, *rotation, *_STILL], _own_state(record)
        parts.append(_ACTOR.pack(record.id, _ACTIVE, *motion, own))
    return message(SensorType.WORLD, episode.frame, episode.time, ORIGIN, b"".join(parts))


def _centres(episode: Episode, turns: np.ndarray) -> np.ndarray:
    """(N, 3) CARLA's origins of all bodies, right-handed; ``turns``: (N, 3, 3) their rotations."""
    world = episode.world
    middle = np.array([
        (a.box.center[0], a.box.center[1], a.box.height / 2 if a.kind == "pedestrian" else 0.0) for a in world.actors
    ]).reshape(-1, 3)  # fmt: skip
    centres: np.ndarray = world.position[0] + np.einsum("nij,nj->ni", turns, middle)
    return centres


def _lights(episode: Episode, centres: np.ndarray, turns: np.ndarray) -> dict[int, TrafficLight]:
    """The traffic light at which each vehicle is, by the vehicle's column."""
    if not episode.stops:
        return {}
    vehicles = [(actor.index, 0.5 * actor.box.length) for actor in episode.world.actors if actor.kind == "vehicle"]
    rows, half = [row for row, _ in vehicles], np.array([length for _, length in vehicles])
    ahead = (half[:, None] * turns[rows, :, 0])[:, None]
    points = (centres[rows] + (0.0, 0.0, _BONNET))[:, None] + ahead * _ALONG
    found = episode.stops.lights_at(points)
    return {row: light for row, light in zip(rows, found, strict=True) if light is not None}


def _motions(episode: Episode, centres: np.ndarray) -> list[list[float]]:
    """Of each body: location m, rotation degrees, velocity m/s, angular velocity degrees/s, acceleration m/s2; all in
    CARLA's axes."""
    world = episode.world
    yaw, pitch, roll = np.degrees(world.orientation[0]).T
    spin = np.degrees(world.angular_velocity[0]) * (-1.0, 1.0, -1.0)
    rotation = np.stack([-pitch, -yaw, roll], axis=1)
    velocity, acceleration = world.velocity[0] * _MIRROR, world.acceleration[0] * _MIRROR
    rows: list[list[float]] = np.hstack([centres * _MIRROR, rotation, velocity, spin, acceleration]).tolist()
    return rows


def _vehicle(record: Record, speed: float, light: TrafficLight | None) -> bytes:
    c = record.vehicle
    gear = c.gear if c.manual_gear_shift else -1 if c.reverse else int(abs(speed) > _ROLLING)
    at = (_NO_LIGHT_STATE, False, 0) if light is None else (light.state, True, light.id)
    return _VEHICLE.pack(
        c.throttle, c.steer, c.brake, c.hand_brake, c.reverse, c.manual_gear_shift, gear, _SPEED_LIMIT, *at, 0
    )


def _own_state(record: Record) -> bytes:
    if record.is_walker:
        return _WALKER.pack(*record.walker.direction, record.walker.speed, record.walker.jump)
    if isinstance(record, TrafficLight):
        t = record.times
        return _LIGHT.pack(
            record.signal.encode()[:31], t.green, t.yellow, t.red, t.elapsed, record.phase, record.frozen, record.state
        )
    return b""
