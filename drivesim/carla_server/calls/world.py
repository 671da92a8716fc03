"""The server, its episode, the map, the weather, and rays through them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import method
from drivesim.carla_server.navigation import file_name, navigation_mesh
from drivesim.carla_server.records import TrafficLight
from drivesim.carla_server.wire import VERSION, Refusal, Settings, number, token, vector
from drivesim.simulators.carla.weather import CLEAR_NOON

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer


_MOST_MANAGERS, _LONGEST_ADDRESS = 64, 100


@method("version")
def _version(server: CarlaServer) -> str:
    return VERSION


@method("get_episode_info")
def _episode_info(server: CarlaServer) -> list[Any]:
    return [server.episode.number, [token(1, server.stream_port)]]


@method("get_sensor_token")
def _sensor_token(server: CarlaServer, stream: int) -> list[Any]:
    if int(stream) != 1:
        server.announced(int(stream))
    return [token(int(stream), server.stream_port)]


@method("get_episode_settings")
def _settings(server: CarlaServer) -> list[Any]:
    return server.episode.settings.pack()


@method("set_episode_settings")
def _set_settings(server: CarlaServer, values: list[Any]) -> int:
    settings = Settings.unpack(values)
    if settings.fixed_delta is not None and not 0.0 < settings.fixed_delta <= 1.0:
        raise Refusal(f"fixed_delta_seconds is {settings.fixed_delta}; it must be above 0 and at most 1")
    server.episode.settings = settings
    return server.episode.frame


@method("tick_cue")
def _tick(server: CarlaServer) -> int:
    server.advance()
    return server.episode.frame


@method("get_available_maps")
def _maps(server: CarlaServer) -> list[str]:
    return [f"/Game/Carla/Maps/{name}" for name in server.maps.names()]


@method("load_new_episode", void=True)
def _load(server: CarlaServer, name: str, reset_settings: bool, _layers: int = 0) -> None:
    server.load(str(name), reset_settings=bool(reset_settings))


@method("copy_opendrive_to_file", void=True)
def _take_map(server: CarlaServer, text: str, _parameters: list[Any] | None = None) -> None:
    server.maps.keep(str(text))


@method("get_map_info")
def _map_info(server: CarlaServer) -> list[Any]:
    return [f"Carla/Maps/{server.episode.name}", server.episode.spawn_points]


@method("get_map_data")
def _map_data(server: CarlaServer) -> str:
    return server.episode.opendrive.decode("utf-8", errors="replace")


@method("get_required_files")
def _files(server: CarlaServer, folder: str = "") -> list[str]:
    """What the client keeps on disk: a mesh for walkers; the map itself it asks for anew each time."""
    return [file_name(server.episode.opendrive)] if folder == "Nav" else []


@method("request_file")
def _file(server: CarlaServer, name: str) -> bytes:
    if name != file_name(server.episode.opendrive):
        raise Refusal(f"there is no file '{str(name)[:80]}'")
    return navigation_mesh(server.episode.network)


@method("get_navigation_mesh")
def _navigation_mesh(server: CarlaServer) -> bytes:
    return navigation_mesh(server.episode.network)


@method("reset_all_traffic_lights", void=True)
def _reset_lights(server: CarlaServer) -> None:
    for light in server.episode.records.values():
        if isinstance(light, TrafficLight):
            server.episode.programme.reset(light.group)


@method("get_imui_gravity")
def _gravity(server: CarlaServer) -> float:
    return server.episode.gravity


@method("set_imui_gravity", void=True)
def _set_gravity(server: CarlaServer, gravity: float) -> None:
    server.episode.gravity = number(gravity)


@method("query_lights_state")
def _lights(server: CarlaServer, _client: str = "") -> list[Any]:
    return []


@method("get_weather_parameters")
def _weather(server: CarlaServer) -> list[float]:
    return list(server.episode.weather)


@method("set_weather_parameters", void=True)
def _set_weather(server: CarlaServer, values: list[Any]) -> None:
    given = tuple(number(value) for value in values[: len(CLEAR_NOON)])
    server.episode.set_weather(given + CLEAR_NOON[len(given) :])


@method("is_traffic_manager_running")
def _is_managed(server: CarlaServer, port: int) -> bool:
    return int(port) in server.managers


@method("get_traffic_manager_running")
def _manager(server: CarlaServer, port: int) -> list[Any]:
    """Where a client's traffic manager listens, for other clients to share it."""
    if int(port) not in server.managers:
        raise Refusal(f"no client has a traffic manager at port {int(port)}")
    return [server.managers[int(port)][0], int(port)]


@method("add_traffic_manager_running")
def _add_manager(server: CarlaServer, place: list[Any]) -> bool:
    """A client's traffic manager is there for all until that client leaves, if it knows where it is."""
    address, port = str(place[0])[:_LONGEST_ADDRESS], int(place[1])
    if not port:
        return True
    if port in server.managers or len(server.managers) >= _MOST_MANAGERS:
        return False
    server.managers[port] = address, server.caller
    return True


@method("destroy_traffic_manager")
def _forget_manager(server: CarlaServer, port: int) -> bool:
    return server.managers.pop(int(port), None) is not None


@method("cast_ray")
def _cast_ray(server: CarlaServer, start: Any, end: Any) -> list[Any]:
    return [[list(point), label] for point, label in server.sensing.along(server.episode, vector(start), vector(end))]


@method("project_point")
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
