"""Vehicles and walkers: control, lights, physics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import method
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
    record = _vehicle(server, number)
    actor = server.episode.world.actors[server.episode.column(record)]
    assert actor.axles is not None
    back, width = actor.axles.front_x, actor.axles.track_width
    radius = actor.axles.wheel_diameter / 2
    wheels = [
        [3.5, 0.25, 70.0 if x else 0.0, 100 * radius, 1500.0, 0.0 if x else 3000.0, 3.0, 20.0, 3000.0,
         [100 * (x - actor.box.center[0]), 100 * y, 100 * radius]]
        for x in (back, 0.0) for y in (-width / 2, width / 2)
    ]  # fmt: skip
    return [
        [[0.0, 400.0], [5500.0, 400.0]], 5800.0, 1.0, 0.15, 2.0, 0.35, True, 0.5, 10.0, 4.0,
        [[2.85, 0.5, 0.65], [2.02, 0.5, 0.65], [1.35, 0.5, 0.65], [1.0, 0.5, 0.65]], actor.mass, 0.3,
        [0.0, 0.0, 0.0], [[0.0, 1.0], [120.0, 0.5]], wheels, False,
    ]  # fmt: skip


@method("get_wheel_steer_angle")
def _wheel(server: CarlaServer, number: int, wheel: int) -> float:
    record = _vehicle(server, number)
    angle = float(server.episode.world.steering[0, server.episode.column(record)])
    return -57.29577951308232 * angle if int(wheel) in {0, 1} else 0.0
