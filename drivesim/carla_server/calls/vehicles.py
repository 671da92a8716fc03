"""Vehicles and walkers: control, lights, physics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import method
from drivesim.carla_server.physics import PhysicsControl, telemetry
from drivesim.carla_server.records import Record
from drivesim.carla_server.wire import AckermannControl, Refusal, VehicleControl, WalkerControl

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer


def _vehicle(server: CarlaServer, number: int) -> Record:
    record = server.episode[number]
    if not record.is_vehicle:
        raise Refusal(f"actor {number} ({record.blueprint}) is no vehicle")
    return record


@method("apply_control_to_vehicle", void=True)
def _drive(server: CarlaServer, number: int, control: list[Any]) -> None:
    record = _vehicle(server, number)
    record.vehicle, record.ackermann = VehicleControl.unpack(control), None


@method("apply_ackermann_control_to_vehicle", void=True)
def _drive_ackermann(server: CarlaServer, number: int, control: list[Any]) -> None:
    _vehicle(server, number).ackermann = AckermannControl.unpack(control)


@method("get_ackermann_controller_settings")
def _ackermann_settings(server: CarlaServer, number: int) -> list[float]:
    """CARLA's defaults; the wanted speed is reached without its controller."""
    _vehicle(server, number)
    return [0.15, 0.0, 0.25, 0.01, 0.0, 0.01]


@method("apply_control_to_walker", void=True)
def _walk(server: CarlaServer, number: int, control: list[Any]) -> None:
    record = server.episode[number]
    if not record.is_walker:
        raise Refusal(f"actor {number} ({record.blueprint}) is no walker")
    record.walker = WalkerControl.unpack(control)


@method("set_actor_autopilot", void=True)
def _autopilot(server: CarlaServer, number: int, _on: bool) -> None:
    """The client's traffic manager drives; it says so here only that the vehicle may be checked."""
    _vehicle(server, number)


@method("get_vehicle_light_state")
def _light_state(server: CarlaServer, number: int) -> list[int]:
    return [_vehicle(server, number).lights]


@method("set_vehicle_light_state", void=True)
def _set_light_state(server: CarlaServer, number: int, state: list[int]) -> None:
    _vehicle(server, number).lights = int(state[0] if isinstance(state, list) else state) & 0xFFFFFFFF


@method("get_vehicle_light_states")
def _light_states(server: CarlaServer) -> list[list[int]]:
    return [[record.id, record.lights] for record in server.episode.records.values() if record.is_vehicle]


@method("get_physics_control")
def _physics_control(server: CarlaServer, number: int) -> list[Any]:
    return server.episode.fitted(_vehicle(server, number)).pack()


@method("apply_physics_control", void=True)
def _fit(server: CarlaServer, number: int, control: list[Any]) -> None:
    server.episode.fit(_vehicle(server, number), PhysicsControl.unpack(control))


@method("get_telemetry_data")
def _telemetry(server: CarlaServer, number: int) -> list[Any]:
    episode, record = server.episode, _vehicle(server, number)
    index = episode.column(record)
    left = episode.pose(record).rotation[:, 1]
    across = -float(episode.world.acceleration[0, index] @ left)
    speed = float(episode.world.speed[0, index])
    return telemetry(episode.world.actors[index], episode.fitted(record), speed, across, record.vehicle)


@method("get_wheel_steer_angle")
def _wheel(server: CarlaServer, number: int, wheel: int) -> float:
    record = _vehicle(server, number)
    angle = float(server.episode.world.steering[0, server.episode.column(record)])
    return -57.29577951308232 * angle if int(wheel) in {0, 1} else 0.0
