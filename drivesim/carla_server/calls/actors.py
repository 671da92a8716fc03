"""Actors of any kind: what there is, spawning, places, motion."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from drivesim.carla_server import blueprints
from drivesim.carla_server.calls.registry import method
from drivesim.carla_server.records import Record, TrafficLight
from drivesim.carla_server.wire import Description, Refusal, token, transform, vector

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer


_FASTEST_SPIN = 3600.0
"""Degrees a second."""


def pack_actor(server: CarlaServer, record: Record) -> list[Any]:
    stream = token(record.stream, server.stream_port) if record.stream else b""
    return [record.id, record.parent, record.description.pack(), _box(server, record), record.tags, stream]


def _box(server: CarlaServer, record: Record) -> list[Any]:
    """Centre and half sizes in the actor's own axes."""
    if isinstance(record, TrafficLight):
        return [*(list(part) for part in record.trigger), record.id]
    if record.name is None:
        return [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], record.id]
    actor = server.episode.world.actors[server.episode.column(record)]
    box = actor.box
    middle = box.center[2] - (box.height / 2 if actor.kind == "pedestrian" else 0.0)
    return [[0.0, 0.0, middle], [box.length / 2, box.width / 2, box.height / 2], [0.0, 0.0, 0.0], record.id]


@method("get_actor_definitions")
def _definitions(server: CarlaServer) -> list[Any]:
    return [blueprint.pack() for blueprint in blueprints.library().values()]


@method("get_spectator")
def _spectator(server: CarlaServer) -> list[Any]:
    return pack_actor(server, server.episode.spectator)


@method("get_actors_by_id")
def _actors(server: CarlaServer, numbers: list[int]) -> list[Any]:
    records = server.episode.records
    return [pack_actor(server, records[number]) for number in numbers if number in records]


@method("spawn_actor")
def _spawn(server: CarlaServer, description: list[Any], place: Any) -> list[Any]:
    return pack_actor(server, server.episode.spawn(Description.unpack(description), transform(place)))


@method("spawn_actor_with_parent")
def _attach(
    server: CarlaServer, description: list[Any], place: Any, parent: int, _attachment: int = 0, _socket: str = ""
) -> list[Any]:
    record = server.episode.spawn(Description.unpack(description), transform(place), int(parent))
    return pack_actor(server, record)


@method("destroy_actor")
def _destroy(server: CarlaServer, number: int) -> bool:
    return server.episode.destroy(int(number))


@method("set_actor_transform", void=True)
def _move(server: CarlaServer, number: int, place: Any) -> None:
    server.episode.move(server.episode[number], transform(place))


@method("set_actor_location", void=True)
def _relocate(server: CarlaServer, number: int, location: Any) -> None:
    record = server.episode[number]
    server.episode.move(record, (vector(location), server.episode.place(record)[1]))


@method("set_actor_target_velocity", void=True)
def _velocity(server: CarlaServer, number: int, velocity: Any) -> None:
    server.episode.set_velocity(server.episode[number], vector(velocity))


@method("enable_actor_constant_velocity", void=True)
def _constant(server: CarlaServer, number: int, velocity: Any) -> None:
    record = server.episode[number]
    server.episode.column(record)
    record.constant_velocity = vector(velocity)


@method("disable_actor_constant_velocity", void=True)
def _free(server: CarlaServer, number: int) -> None:
    server.episode[number].constant_velocity = None


@method("set_actor_target_angular_velocity", void=True)
def _angular_velocity(server: CarlaServer, number: int, rates: Any) -> None:
    """Degrees a second; vehicles have it for the next step, then their tyres take hold again."""
    record = server.episode[number]
    server.episode.column(record)
    roll, pitch, yaw = vector(rates)
    if record.is_vehicle:
        record.spin = -math.radians(min(max(yaw, -_FASTEST_SPIN), _FASTEST_SPIN))
    elif roll or pitch or yaw:
        raise Refusal("'set_actor_target_angular_velocity' is not implemented by drivesim for bodies without wheels")


def _pushed(server: CarlaServer, number: int, impulse: Any, seconds: float) -> None:
    record = server.episode[number]
    mass = server.episode.world.actors[server.episode.column(record)].mass
    now = server.episode.velocity(record)
    changed = tuple(v + push * seconds / max(mass, 1.0) for v, push in zip(now, vector(impulse), strict=True))
    server.episode.set_velocity(record, vector(changed))


@method("add_actor_impulse", void=True)
def _impulse(server: CarlaServer, number: int, impulse: Any) -> None:
    """N s."""
    _pushed(server, number, impulse, 1.0)


@method("add_actor_force", void=True)
def _force(server: CarlaServer, number: int, force: Any) -> None:
    """N, for a frame."""
    _pushed(server, number, force, server.episode.delta)


@method("set_actor_simulate_physics", void=True)
def _physics(server: CarlaServer, number: int, on: bool) -> None:
    server.episode[number].physics = bool(on)


@method("set_actor_collisions", void=True)
def _collisions(server: CarlaServer, number: int, on: bool) -> None:
    server.episode[number].collides = bool(on)


@method("get_actor_bounding_box")
def _bounding_box(server: CarlaServer, number: int) -> list[Any]:
    record = server.episode.records.get(number)
    return _box(server, record) if record is not None else [[0.0] * 3, [0.0] * 3, [0.0] * 3, 0]
