"""What the reference player does where the standard leaves it open or says otherwise: so that everything else in a file
can be compared all the same.

Two things tell what a deviation comes from. Actors that the storyboard hands to a controller that only the reference
has are driven along its trajectory (:class:`Replay`); then all others must agree. And a scenario is changed in one
place, to say what the reference plays (:data:`READINGS`); then it must agree as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from corpus import Poses

from drivesim.openscenario import Scenario
from drivesim.openscenario.model.actions import (
    ActivateControllerAction,
    AssignControllerAction,
    LaneOffsetAction,
    OverrideControllerValueAction,
)
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.positions import RoutePosition
from drivesim.openscenario.model.storyboard import ManeuverGroup, Private
from drivesim.transforms import Pose
from drivesim.world import Kinematic, World


def controlled(scenario: Scenario) -> set[str]:
    """Entities that the storyboard hands to a controller for their way or speed."""
    found: set[str] = set()

    def visit(element: object, names: tuple[str, ...]) -> None:
        if isinstance(element, Private):
            names = (element.entity_ref,)
        elif isinstance(element, ManeuverGroup):
            names = tuple(entity.entity_ref for entity in element.actors.entities)
        elif isinstance(element, AssignControllerAction | ActivateControllerAction) and _takes_motion(element):
            found.update(names)
        for part in _parts(element):
            visit(part, names)

    visit(scenario.storyboard, ())
    return found


def _takes_motion(action: AssignControllerAction | ActivateControllerAction) -> bool:
    if isinstance(action, AssignControllerAction):
        return True
    return bool(action.lateral or action.longitudinal)


def _parts(element: object) -> Iterator[object]:
    if isinstance(element, tuple):
        yield from element
    elif is_dataclass(element):
        for part in fields(element):
            yield getattr(element, part.name)


@dataclass
class Replay:
    """A controller that does what the reference's did: ``rows`` of an entity at its times."""

    rows: Poses

    def step(self, world: World, actor: int, dt: float) -> Kinematic:
        now = world.time + dt
        x, y, z, yaw, pitch, roll, speed = (np.interp(now, self.rows[:, 0], column) for column in self.rows[:, 1:].T)
        return Kinematic(Pose.from_ypr((x, y, z), (yaw, pitch, roll)), float(speed))


@dataclass(frozen=True)
class Reading:
    """One clause that the reference leaves out: elements of a class are changed until they say what it plays."""

    clause: str
    element: type[Element]
    change: Callable[[Any], Element]

    def of(self, scenario: Scenario) -> Scenario:
        """The scenario as the reference reads it; the same object where nothing in it is concerned."""
        definition = self._changed(scenario.definition)
        return scenario if definition is scenario.definition else replace(scenario, definition=definition)

    def _changed(self, part: Any) -> Any:
        if isinstance(part, tuple):
            made = tuple(self._changed(entry) for entry in part)
            return made if any(a is not b for a, b in zip(made, part, strict=True)) else part
        if not isinstance(part, Element):
            return part
        held = {each.name: getattr(part, each.name) for each in fields(part)}
        new = {name: made for name, value in held.items() if (made := self._changed(value)) is not value}
        part = replace(part, **new) if new else part
        return self.change(part) if isinstance(part, self.element) else part


def _unturned(position: RoutePosition) -> RoutePosition:
    return replace(position, orientation=None) if position.orientation else position


def _ending(action: LaneOffsetAction) -> LaneOffsetAction:
    return replace(action, continuous=False) if action.continuous else action


def _untouched(action: OverrideControllerValueAction) -> OverrideControllerValueAction:
    return OverrideControllerValueAction(source=action.source)


READINGS = (
    Reading("Orientation of a RoutePosition left out", RoutePosition, _unturned),
    Reading("a continuous LaneOffsetAction ends", LaneOffsetAction, _ending),
    Reading("an OverrideControllerValueAction moves nothing", OverrideControllerValueAction, _untouched),
)
