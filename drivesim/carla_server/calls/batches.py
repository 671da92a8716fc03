"""Many commands in one call. Each is ``[[index, payload]]``; a payload that is a method's arguments goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import METHODS, method
from drivesim.carla_server.wire import (
    FASTEST_WALKER,
    Description,
    Refusal,
    WalkerControl,
    failure,
    success,
    transform,
)
from drivesim.carla_server.wire import number as number_of
from drivesim.simulators.carla.frames import mirrored, pose_from_carla

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer


_COMMANDS = {
    1: "destroy_actor", 2: "apply_control_to_vehicle", 3: "apply_ackermann_control_to_vehicle",
    4: "apply_control_to_walker", 5: "apply_physics_control",
    6: "set_actor_transform", 8: "set_actor_target_velocity", 9: "set_actor_target_angular_velocity",
    10: "add_actor_impulse",
    11: "add_actor_force", 12: "add_actor_angular_impulse", 13: "add_actor_torque", 17: "show_vehicle_debug_telemetry",
    20: "console_command",
    14: "set_actor_simulate_physics", 15: "set_actor_enable_gravity", 16: "set_actor_autopilot",
    18: "set_vehicle_light_state", 19: "set_actor_location", 21: "set_traffic_light_state",
}  # fmt: skip
_SPAWN, _WALKER_STATE = 0, 7


@method("apply_batch", bare=True)
def _batch(server: CarlaServer, commands: list[Any], do_tick: bool) -> list[Any]:
    results = [_command(server, command[0]) for command in commands]
    if do_tick:
        server.advance()
    return results


def _command(server: CarlaServer, command: list[Any]) -> list[Any]:
    kind, payload = command
    try:
        if kind == _SPAWN:
            return success(_spawn_by_command(server, payload))
        if kind == _WALKER_STATE:
            _set_walker(server, *payload)
        elif kind in _COMMANDS:
            done_so = METHODS[_COMMANDS[kind]].call(server, *payload)
            if done_so is False:
                raise Refusal(f"unable to destroy actor {payload[0]}: not found")
        else:
            raise Refusal(f"batch command {kind} is not implemented by drivesim")
    except Refusal as refusal:
        return failure(str(refusal), void=False)
    return success(int(payload[0]) & 0xFFFFFFFF)


def _spawn_by_command(server: CarlaServer, payload: list[Any]) -> int:
    description, place, parent, _attachment, _socket, after = payload
    number = int(parent[1]) if parent[0] else 0
    record = server.episode.spawn(Description.unpack(description), transform(place), number)
    for command in after:
        kind, arguments = command[0]
        _command(server, [kind, [record.id, *arguments[1:]]])  # 0 there stands for the actor to be
    return record.id


def _set_walker(server: CarlaServer, number: int, place: Any, speed: float) -> None:
    """Where a walker's feet are after the next step, and how fast its legs go; clients' crowds move walkers so."""
    record = server.episode[number]
    if not record.is_walker:
        raise Refusal(f"actor {number} ({record.blueprint}) is no walker")
    record.led = transform(place), number_of(speed)
    ahead = pose_from_carla(record.led[0]).rotation[:, 0]
    record.walker = WalkerControl(mirrored(ahead), min(max(record.led[1], 0.0), FASTEST_WALKER))
