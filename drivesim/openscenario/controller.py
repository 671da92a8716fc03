"""What drives an actor when something other than the storyboard does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from drivesim.types import Actor
from drivesim.world import Control, World


@dataclass(frozen=True, slots=True)
class ControllerModel:
    """A scenario's Controller: name, ``controllerType`` and properties."""

    name: str
    type: str
    properties: Mapping[str, str]


class Controller(Protocol):
    """Decides once per tick; None leaves the tick to the default controller."""

    def step(self, world: World, actor: int, dt: float) -> Control | None: ...


ControllerFactory = Callable[[ControllerModel, Actor, World], Controller]
