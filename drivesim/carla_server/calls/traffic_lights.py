"""Traffic lights: states, times, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import Handler, method
from drivesim.carla_server.records import TrafficLight
from drivesim.carla_server.wire import Refusal

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer


_HEAD = (0.17, 0.17, 0.5)
"""Half sizes of a head with three lenses of 0.2 m (EN 12368), m."""


@method("set_traffic_light_state", void=True)
def _set_light(server: CarlaServer, number: int, state: int) -> None:
    server.episode.light(number).state = min(max(int(state), 0), 4)


def _set_time(name: str) -> Handler:
    def handler(server: CarlaServer, number: int, seconds: float) -> None:
        if not 0.0 < float(seconds) < 1e6:
            raise Refusal(f"a traffic light cannot be {name} for {seconds} s")
        setattr(server.episode.light(number).times, name, float(seconds))

    return handler


for _name in ("green", "yellow", "red"):
    method(f"set_traffic_light_{_name}_time", void=True)(_set_time(_name))


@method("freeze_traffic_light", void=True)
def _freeze(server: CarlaServer, number: int, frozen: bool) -> None:
    server.episode.light(number).frozen = bool(frozen)


@method("freeze_all_traffic_lights", void=True)
def _freeze_all(server: CarlaServer, frozen: bool) -> None:
    for record in server.episode.records.values():
        if isinstance(record, TrafficLight):
            record.frozen = bool(frozen)


@method("reset_traffic_light_group", void=True)
def _reset_group(server: CarlaServer, number: int) -> None:
    server.episode.programme.reset(server.episode.light(number).group)


@method("get_group_traffic_lights")
def _group(server: CarlaServer, number: int) -> list[int]:
    return [light.id for light in server.episode.programme.group(server.episode.light(number))]


@method("get_light_boxes")
def _light_boxes(server: CarlaServer, number: int) -> list[Any]:
    """One about the head, in the world."""
    place, rotation = server.episode.light(number).place
    return [[list(place), list(_HEAD), list(rotation), number]]
