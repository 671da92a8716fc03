"""Chapter "Storyboard"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from drivesim.openscenario.model.actions import PlayedAction
from drivesim.openscenario.model.base import Element, child, choice
from drivesim.openscenario.model.conditions import Trigger
from drivesim.openscenario.model.entities import EntityRef
from drivesim.openscenario.model.parameters import ParameterDeclaration


@dataclass(frozen=True, kw_only=True)
class Action(Element):
    name: str
    actions: tuple[PlayedAction, ...] = choice()


@dataclass(frozen=True, kw_only=True)
class Event(Element):
    name: str
    priority: Literal["overwrite", "override", "skip", "parallel"]
    maximum_execution_count: int = 1
    actions: tuple[Action, ...] = child("Action")
    start_trigger: Trigger | None = None


@dataclass(frozen=True, kw_only=True)
class Maneuver(Element):
    name: str
    events: tuple[Event, ...] = child("Event")
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )


@dataclass(frozen=True, kw_only=True)
class Actors(Element):
    select_triggering_entities: bool
    entities: tuple[EntityRef, ...] = child("EntityRef", default=())


@dataclass(frozen=True, kw_only=True)
class ManeuverGroup(Element):
    name: str
    maximum_execution_count: int
    actors: Actors
    maneuvers: tuple[Maneuver, ...] = choice(default=())


@dataclass(frozen=True, kw_only=True)
class Act(Element):
    name: str
    groups: tuple[ManeuverGroup, ...] = child("ManeuverGroup")
    start_trigger: Trigger | None = None
    stop_trigger: Trigger | None = None


@dataclass(frozen=True, kw_only=True)
class Story(Element):
    name: str
    acts: tuple[Act, ...] = child("Act")
    parameters: tuple[ParameterDeclaration, ...] = child(
        "ParameterDeclaration", within="ParameterDeclarations", default=()
    )


@dataclass(frozen=True, kw_only=True)
class Private(Element):
    entity_ref: str
    actions: tuple[PlayedAction, ...] = choice(default=())


@dataclass(frozen=True, kw_only=True)
class InitActions(Element):
    globals: tuple[PlayedAction, ...] = choice("GlobalAction", default=())
    privates: tuple[Private, ...] = child("Private", default=())


@dataclass(frozen=True, kw_only=True)
class Init(Element):
    actions: InitActions


@dataclass(frozen=True, kw_only=True)
class Storyboard(Element):
    init: Init
    stories: tuple[Story, ...] = child("Story", default=())
    stop_trigger: Trigger | None = None

    def all_actions(self) -> Iterator[PlayedAction]:
        """Every action, in the order of the file."""
        yield from self.init.actions.globals
        for private in self.init.actions.privates:
            yield from private.actions
        for story in self.stories:
            for group in (group for act in story.acts for group in act.groups):
                for event in (event for maneuver in group.maneuvers for event in maneuver.events):
                    for action in event.actions:
                        yield from action.actions
