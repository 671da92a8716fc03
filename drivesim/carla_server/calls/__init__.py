"""What clients can call, by name, a module for each kind of thing that is called upon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls import (
    actors,
    batches,
    recordings,
    refused,
    surroundings,
    traffic_lights,
    vehicles,
    world,
)
from drivesim.carla_server.calls.registry import METHODS
from drivesim.carla_server.wire import Refusal, done, failure, success

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer

__all__ = [
    "METHODS", "actors", "batches", "call", "recordings", "refused", "surroundings", "traffic_lights", "vehicles",
    "world",
]  # fmt: skip


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
