"""What clients can call, by name. Handlers take arguments as they come off the wire and return what goes onto it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drivesim.carla_server import blueprints
from drivesim.carla_server.records import Record, TrafficLight
from drivesim.carla_server.wire import (
    VERSION,
    AckermannControl,
    Description,
    Refusal,
    Settings,
    VehicleControl,
    WalkerControl,
    done,
    failure,
    number,
    success,
    token,
    transform,
    vector,
)
from drivesim.simulators.carla.weather import CLEAR_NOON

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Method:
    call: Handler
    void: bool
    bare: bool = False
    """Whether its result goes out as it is, without a ``Response`` around it."""


METHODS: dict[str, Method] = {}


def _method(*names: str, void: bool = False, bare: bool = False) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        for name in names:
            METHODS[name] = Method(handler, void, bare)
        return handler

    return add


def call(server: CarlaServer, name: str, arguments: list[Any]) -> Any:
    """The result as it goes onto the wire.

    Raises:
        KeyError: no such method here.
    """
    method = METHODS[name]
    try:
        result = method.call(server, *arguments)
    except Refusal as refusal:
        return failure(str(refusal), void=method.void)
    if method.bare:
        return result
    return done() if method.void else success(result)


# Server, episode, map


@_method("version")
def _version(server: CarlaServer) -> str:
    return VERSION


@_method("get_episode_info")
def _episode_info(server: CarlaServer) -> list[Any]:
    return [server.episode.number, [token(1, server.stream_port)]]


@_method("get_sensor_token")
def _sensor_token(server: CarlaServer, stream: int) -> list[Any]:
    return [token(int(stream), server.stream_port)]


@_method("get_episode_settings")
def _settings(server: CarlaServer) -> list[Any]:
    return server.episode.settings.pack()


@_method("set_episode_settings")
def _set_settings(server: CarlaServer, values: list[Any]) -> int:
    settings = Settings.unpack(values)
    if settings.fixed_delta is not None and not 0.0 < settings.fixed_delta <= 1.0:
        raise Refusal(f"fixed_delta_seconds is {settings.fixed_delta}; it must be above 0 and at most 1")
    server.episode.settings = settings
    return server.episode.frame


@_method("tick_cue")
def _tick(server: CarlaServer) -> int:
    server.advance()
    return server.episode.frame


@_method("get_available_maps")
def _maps(server: CarlaServer) -> list[str]:
    return [f"/Game/Carla/Maps/{name}" for name in server.maps.names()]


@_method("load_new_episode", void=True)
def _load(server: CarlaServer, name: str, reset_settings: bool, _layers: int = 0) -> None:
    server.load(str(name), reset_settings=bool(reset_settings))


@_method("copy_opendrive_to_file", void=True)
def _take_map(server: CarlaServer, text: str, _parameters: list[Any] | None = None) -> None:
    server.maps.keep(str(text))


@_method("get_map_info")
def _map_info(server: CarlaServer) -> list[Any]:
    return [f"Carla/Maps/{server.episode.name}", server.episode.spawn_points]


@_method("get_map_data")
def _map_data(server: CarlaServer) -> str:
    return server.episode.network.path.read_text(encoding="utf-8", errors="replace")


@_method("get_required_files", "get_names_of_all_objects", "get_environment_objects")
def _nothing(server: CarlaServer, *_: Any) -> list[Any]:
    return []


@_method("request_file", "get_navigation_mesh")
def _no_file(server: CarlaServer, *_: Any) -> bytes:
    return b""


@_method("get_all_level_BBs")
def _level_boxes(server: CarlaServer, _label: int = 255) -> list[Any]:
    return []


@_method("reset_all_traffic_lights", void=True)
def _reset_lights(server: CarlaServer) -> None:
    for light in server.episode.records.values():
        if isinstance(light, TrafficLight):
            server.episode.programme.reset(light.group)


@_method(
    "load_map_layer", "unload_map_layer", "enable_environment_objects",
    "draw_debug_shape", "clear_debug_shape", "clear_debug_string",
    "update_lights_state", "update_day_night_cycle", "set_annotations_traverse_translucency", "stop_recorder",
    "set_actor_enable_gravity", "set_actor_collisions", "set_imui_gravity", "show_vehicle_debug_telemetry",
    "apply_physics_control", "apply_ackermann_controller_settings", "set_replayer_time_factor",
    "set_replayer_ignore_hero", "set_replayer_ignore_spectator", "stop_replayer", void=True,
)  # fmt: skip
def _heard(server: CarlaServer, *_: Any) -> None:
    """Calls that change nothing here, and that scripts make in passing (``docs/carla.md`` names them)."""


@_method("get_imui_gravity")
def _gravity(server: CarlaServer) -> float:
    return 9.81


@_method("query_lights_state")
def _lights(server: CarlaServer, _client: str = "") -> list[Any]:
    return []


@_method("get_weather_parameters")
def _weather(server: CarlaServer) -> list[float]:
    return list(server.episode.weather)


@_method("set_weather_parameters", void=True)
def _set_weather(server: CarlaServer, values: list[Any]) -> None:
    given = tuple(number(value) for value in values[: len(CLEAR_NOON)])
    server.episode.set_weather(given + CLEAR_NOON[len(given) :])


@_method("is_traffic_manager_running")
def _no_manager(server: CarlaServer, *_: Any) -> bool:
    return False


@_method("add_traffic_manager_running", "destroy_traffic_manager")
def _manager(server: CarlaServer, *_: Any) -> bool:
    return True


@_method("cast_ray")
def _cast_ray(server: CarlaServer, start: Any, end: Any) -> list[Any]:
    return [[list(point), label] for point, label in server.sensing.along(server.episode, vector(start), vector(end))]


@_method("project_point")
def _project(server: CarlaServer, start: Any, direction: Any, reach: float) -> list[Any]:
    ahead = vector(direction)
    length = math.dist((0.0, 0.0, 0.0), ahead)
    if length < 1e-9:
        raise Refusal("a point cannot be projected along a direction of no length")
    begin = vector(start)
    x, y, z = (b + a / length * number(reach) for b, a in zip(begin, ahead, strict=True))
    for point, label in server.sensing.along(server.episode, begin, (x, y, z)):
        return [True, [list(point), label]]
    return [False, [[0.0, 0.0, 0.0], 0]]


# Actors


def pack_actor(server: CarlaServer, record: Record) -> list[Any]:
    stream = token(record.stream, server.stream_port) if record.stream else b""
    return [record.id, record.parent, record.description.pack(), _box(server, record), record.tags, stream]


def _box(server: CarlaServer, record: Record) -> list[Any]:
    """Centre and half sizes in the actor's own axes."""
    if record.name is None:
        return [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], record.id]
    actor = server.episode.world.actors[server.episode.column(record)]
    box = actor.box
    middle = box.center[2] - (box.height / 2 if actor.kind == "pedestrian" else 0.0)
    return [[0.0, 0.0, middle], [box.length / 2, box.width / 2, box.height / 2], [0.0, 0.0, 0.0], record.id]


@_method("get_actor_definitions")
def _definitions(server: CarlaServer) -> list[Any]:
    return [blueprint.pack() for blueprint in blueprints.library().values()]


@_method("get_spectator")
def _spectator(server: CarlaServer) -> list[Any]:
    return pack_actor(server, server.episode.spectator)


@_method("get_actors_by_id")
def _actors(server: CarlaServer, numbers: list[int]) -> list[Any]:
    records = server.episode.records
    return [pack_actor(server, records[number]) for number in numbers if number in records]


@_method("spawn_actor")
def _spawn(server: CarlaServer, description: list[Any], place: Any) -> list[Any]:
    return pack_actor(server, server.episode.spawn(Description.unpack(description), transform(place)))


@_method("spawn_actor_with_parent")
def _attach(
    server: CarlaServer, description: list[Any], place: Any, parent: int, _attachment: int = 0, _socket: str = ""
) -> list[Any]:
    record = server.episode.spawn(Description.unpack(description), transform(place), int(parent))
    return pack_actor(server, record)


@_method("destroy_actor")
def _destroy(server: CarlaServer, number: int) -> bool:
    return server.episode.destroy(int(number))


@_method("set_actor_transform", void=True)
def _move(server: CarlaServer, number: int, place: Any) -> None:
    server.episode.move(server.episode[number], transform(place))


@_method("set_actor_location", void=True)
def _relocate(server: CarlaServer, number: int, location: Any) -> None:
    record = server.episode[number]
    server.episode.move(record, (vector(location), server.episode.place(record)[1]))


@_method("set_actor_target_velocity", void=True)
def _velocity(server: CarlaServer, number: int, velocity: Any) -> None:
    server.episode.set_velocity(server.episode[number], vector(velocity))


@_method("enable_actor_constant_velocity", void=True)
def _constant(server: CarlaServer, number: int, velocity: Any) -> None:
    record = server.episode[number]
    server.episode.column(record)
    record.constant_velocity = vector(velocity)


@_method("disable_actor_constant_velocity", void=True)
def _free(server: CarlaServer, number: int) -> None:
    server.episode[number].constant_velocity = None


@_method("add_actor_impulse", void=True)
def _impulse(server: CarlaServer, number: int, impulse: Any) -> None:
    record = server.episode[number]
    mass = server.episode.world.actors[server.episode.column(record)].mass
    now = server.episode.velocity(record)
    changed = tuple(v + push / max(mass, 1.0) for v, push in zip(now, vector(impulse), strict=True))
    server.episode.set_velocity(record, vector(changed))


@_method("set_actor_simulate_physics", void=True)
def _physics(server: CarlaServer, number: int, on: bool) -> None:
    server.episode[number].physics = bool(on)


@_method("get_actor_bounding_box")
def _bounding_box(server: CarlaServer, number: int) -> list[Any]:
    record = server.episode.records.get(number)
    return _box(server, record) if record is not None else [[0.0] * 3, [0.0] * 3, [0.0] * 3, int(number)]


@_method("get_actor_component_names", "get_actor_bone_names", "get_actor_socket_names")
def _no_parts(server: CarlaServer, number: int) -> list[str]:
    return []


# Vehicles and walkers


def _vehicle(server: CarlaServer, number: int) -> Record:
    record = server.episode[number]
    if not record.is_vehicle:
        raise Refusal(f"actor {number} ({record.blueprint}) is no vehicle")
    return record


@_method("apply_control_to_vehicle", void=True)
def _drive(server: CarlaServer, number: int, control: list[Any]) -> None:
    record = _vehicle(server, number)
    record.vehicle, record.ackermann = VehicleControl.unpack(control), None


@_method("apply_ackermann_control_to_vehicle", void=True)
def _drive_ackermann(server: CarlaServer, number: int, control: list[Any]) -> None:
    _vehicle(server, number).ackermann = AckermannControl.unpack(control)


@_method("get_ackermann_controller_settings")
def _ackermann_settings(server: CarlaServer, number: int) -> list[float]:
    """CARLA's defaults; the wanted speed is reached without its controller."""
    _vehicle(server, number)
    return [0.15, 0.0, 0.25, 0.01, 0.0, 0.01]


@_method("apply_control_to_walker", void=True)
def _walk(server: CarlaServer, number: int, control: list[Any]) -> None:
    record = server.episode[number]
    if not record.is_walker:
        raise Refusal(f"actor {number} ({record.blueprint}) is no walker")
    record.walker = WalkerControl.unpack(control)


@_method("set_actor_autopilot", void=True)
def _autopilot(server: CarlaServer, number: int, _on: bool) -> None:
    _vehicle(server, number)


@_method("get_vehicle_light_state")
def _light_state(server: CarlaServer, number: int) -> list[int]:
    return [_vehicle(server, number).lights]


@_method("set_vehicle_light_state", void=True)
def _set_light_state(server: CarlaServer, number: int, state: list[int]) -> None:
    _vehicle(server, number).lights = int(state[0] if isinstance(state, list) else state) & 0xFFFFFFFF


@_method("get_vehicle_light_states")
def _light_states(server: CarlaServer) -> list[list[int]]:
    return [[record.id, record.lights] for record in server.episode.records.values() if record.is_vehicle]


@_method("get_physics_control")
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


@_method("get_wheel_steer_angle")
def _wheel(server: CarlaServer, number: int, wheel: int) -> float:
    record = _vehicle(server, number)
    angle = float(server.episode.world.steering[0, server.episode.column(record)])
    return -57.29577951308232 * angle if int(wheel) in {0, 1} else 0.0


# Traffic lights


@_method("set_traffic_light_state", void=True)
def _set_light(server: CarlaServer, number: int, state: int) -> None:
    server.episode.light(number).state = min(max(int(state), 0), 4)


def _set_time(name: str) -> Handler:
    def handler(server: CarlaServer, number: int, seconds: float) -> None:
        if not 0.0 < float(seconds) < 1e6:
            raise Refusal(f"a traffic light cannot be {name} for {seconds} s")
        setattr(server.episode.light(number).times, name, float(seconds))

    return handler


for _name in ("green", "yellow", "red"):
    _method(f"set_traffic_light_{_name}_time", void=True)(_set_time(_name))


@_method("freeze_traffic_light", void=True)
def _freeze(server: CarlaServer, number: int, frozen: bool) -> None:
    server.episode.light(number).frozen = bool(frozen)


@_method("freeze_all_traffic_lights", void=True)
def _freeze_all(server: CarlaServer, frozen: bool) -> None:
    for record in server.episode.records.values():
        if isinstance(record, TrafficLight):
            record.frozen = bool(frozen)


@_method("reset_traffic_light_group", void=True)
def _reset_group(server: CarlaServer, number: int) -> None:
    server.episode.programme.reset(server.episode.light(number).group)


@_method("get_group_traffic_lights")
def _group(server: CarlaServer, number: int) -> list[int]:
    return [light.id for light in server.episode.programme.group(server.episode.light(number))]


@_method("get_light_boxes")
def _light_boxes(server: CarlaServer, number: int) -> list[Any]:
    server.episode.light(number)
    return []


# Batches: each command is [[index, payload]]; those whose payload is a method's arguments go there

_COMMANDS = {
    1: "destroy_actor", 2: "apply_control_to_vehicle", 3: "apply_ackermann_control_to_vehicle",
    4: "apply_control_to_walker", 5: "apply_physics_control",
    6: "set_actor_transform", 8: "set_actor_target_velocity", 10: "add_actor_impulse",
    14: "set_actor_simulate_physics", 15: "set_actor_enable_gravity", 16: "set_actor_autopilot",
    18: "set_vehicle_light_state", 19: "set_actor_location", 21: "set_traffic_light_state",
}  # fmt: skip
_SPAWN, _WALKER_STATE = 0, 7


@_method("apply_batch", bare=True)
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
    return success(int(payload[0]))


def _spawn_by_command(server: CarlaServer, payload: list[Any]) -> int:
    description, place, parent, _attachment, _socket, after = payload
    number = int(parent[1]) if parent[0] else 0
    record = server.episode.spawn(Description.unpack(description), transform(place), number)
    for command in after:
        kind, arguments = command[0]
        _command(server, [kind, [record.id, *arguments[1:]]])  # 0 there stands for the actor to be
    return record.id


def _set_walker(server: CarlaServer, number: int, place: Any, speed: float) -> None:
    record = server.episode[number]
    server.episode.move(record, transform(place))
    pose = server.episode.pose(record).rotation[:, 0] * float(speed)
    server.episode.set_velocity(record, (float(pose[0]), -float(pose[1]), float(pose[2])))
