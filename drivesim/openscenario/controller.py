"""What drives an actor when something other than the storyboard does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from drivesim.types import Actor
from drivesim.world import Control, SpeedControl, World


@dataclass(frozen=True, slots=True)
class ControllerModel:
    """A scenario's Controller: name, ``controllerType`` and properties."""

    name: str
    type: str
    properties: Mapping[str, str]


class Controller(Protocol):
    """Decides once per tick; None leaves the tick to the default controller, a speed alone leaves it the way."""

    def step(self, world: World, actor: int, dt: float) -> Control | SpeedControl | None: ...


@runtime_checkable
class Heedful(Protocol):
    """A controller that takes the speeds that actions of the storyboard ask for as its set speed."""

    def heed(self, speed: float) -> None: ...


ControllerFactory = Callable[[ControllerModel, Actor, World], Controller]
