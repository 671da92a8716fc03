"""Plays a scenario in a world: Init, then every tick storyboard, controllers, motion."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from drivesim.errors import UnsupportedElementError, did_you_mean
from drivesim.openscenario.actions.animation import Animate
from drivesim.openscenario.actions.instant import GLOBAL, PRIVATE
from drivesim.openscenario.actions.lateral import LaneChange, LaneOffset, LateralDistance
from drivesim.openscenario.actions.longitudinal import LongitudinalDistance, SpeedChange
from drivesim.openscenario.actions.profile import SpeedProfile
from drivesim.openscenario.actions.routing import AcquirePosition, FollowTrajectory
from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.actions.synchronize import Synchronize
from drivesim.openscenario.cast import Cast, selections_of
from drivesim.openscenario.controller import Controller, ControllerFactory, ControllerModel, Heedful
from drivesim.openscenario.expressions import Value
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.conditions import Trigger
from drivesim.openscenario.model.storyboard import Action, ManeuverGroup
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.positions import Places, complaint
from drivesim.openscenario.scenario import Scenario
from drivesim.openscenario.signals import Signals
from drivesim.openscenario.storyboard import build
from drivesim.openscenario.towing import Towing
from drivesim.openscenario.traffic import TrafficControl
from drivesim.openscenario.triggers import TriggerRun
from drivesim.types import StoryboardEvent
from drivesim.world import Control, SpeedControl, VehicleControl, World

_LOG = logging.getLogger(__name__)

DOMAINS = frozenset({"lateral", "longitudinal"})
"""What a controller may drive."""

RUNNING = {
    model.SpeedAction: SpeedChange,
    model.SpeedProfileAction: SpeedProfile,
    model.LongitudinalDistanceAction: LongitudinalDistance,
    model.LaneChangeAction: LaneChange,
    model.LaneOffsetAction: LaneOffset,
    model.LateralDistanceAction: LateralDistance,
    model.SynchronizeAction: Synchronize,
    model.AcquirePositionAction: AcquirePosition,
    model.FollowTrajectoryAction: FollowTrajectory,
    model.AnimationAction: Animate,
}
"""Actions that take time."""


class ScenarioPlayer:
    """Places the actors when made; each :meth:`step` decides at t and advances the world to t + dt.

    Attributes:
        finished: whether the storyboard's stop trigger has fired; without one, whether all stories are complete.
        events: all state transitions so far.
        cast: entities, parameters, variables, signals as they stand; ``cast.user_values`` may be set from outside.

    Args:
        commands: what to do with the content of a CustomCommandAction, by its type.

    Raises:
        UnsupportedElementError: the scenario uses elements that are not played; all of them are listed.
    """

    def __init__(
        self, scenario: Scenario, world: World, make_controller: ControllerFactory,
        commands: Mapping[str, Callable[[str], None]] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        _check_playable(scenario)
        _warn_of(scenario, commands)
        self._commands = commands
        self.scenario, self.world = scenario, world
        self.events: list[StoryboardEvent] = []
        self.motions = {actor.name: Motion(actor, world) for actor in world.actors}
        self.cast = self._make_cast(scenario, world)
        self._make_controller = make_controller
        self._running: list[tuple[str, Running]] = []
        self._active: dict[str, frozenset[str]] = {}
        self._driven: list[tuple[Motion, list[float]]] = []
        self._controllers: dict[str, Controller] = {}
        self._known = {thing.name: scenario.controllers_by_name(thing.name) for thing in scenario.objects()}
        self._held: dict[str, ControllerModel] = {}
        self._init()
        for actor in world.actors:
            if actor.name not in self._controllers:
                declared = scenario.controllers(actor.name)
                self._assign(actor.name, [c for c in declared if c.properties] or declared)
                if actor.name in self.cast.traffic.names:
                    self._active[actor.name] = DOMAINS if actor.name in self._controllers else frozenset()
        self._board = build(self, scenario.storyboard)

    def _make_cast(self, scenario: Scenario, world: World) -> Cast:
        stocks: dict[int, list[str]] = {}
        for extra in scenario.traffic():
            stocks.setdefault(extra.action, []).append(extra.thing.name)
        others = {name for names in stocks.values() for name in names}
        words = {"misc": "miscellaneous"}
        kinds = {a.name: words.get(a.kind, a.kind) for a in world.actors if a.name not in others}
        places, definition = Places(world, mirrored=scenario.left_handed), scenario.definition
        return Cast(
            world=world,
            places=places,
            motions=self.motions,
            selections=selections_of(scenario.entities.selections, kinds),
            parameters=dict(scenario.parameters),
            variables={v.name: _typed(v.value, v.variable_type) for v in definition.variables},
            monitors={m.name: m.value for m in definition.monitors},
            signals=Signals(definition.road_network.controllers),
            towing=Towing(world, self.motions, scenario.couplings(), scenario.trailers()),
            traffic=TrafficControl(world, self.motions, places, stocks),
            started=_start_of_day(scenario),
            commands=self._commands,
        )

    def _init(self) -> None:
        """Global actions, then every entity's placing before whatever else it does; speeds before gaps."""
        actions = self.scenario.storyboard.init.actions
        for action in actions.globals:
            if not isinstance(action, model.EntityAction):
                self._start(action, "")
        privates = [(name, p) for p in actions.privates for name in self.cast.members(p.entity_ref, p)]
        for name, action in in_order([(name, a) for name, p in privates for a in p.actions if _places(a)]):
            self._start(action, name)
        for wanted in (_moves, _rest):
            for name, private in privates:
                for action in private.actions:
                    if wanted(action):
                        made = self._start(action, name)
                        if isinstance(made, FollowTrajectory):
                            made.begin()
        for action in actions.globals:
            if isinstance(action, model.EntityAction):
                self._start(action, "")

    @property
    def finished(self) -> bool:
        return self._board.state == "completeState"

    def step(self, dt: float) -> tuple[StoryboardEvent, ...]:
        """Advance by ``dt`` seconds; the state transitions that this tick began with."""
        events = self.decide(dt)
        if not self.finished:
            self.world.step(dt)
            self.conclude()
        return events

    def decide(self, dt: float) -> tuple[StoryboardEvent, ...]:
        """First part of a step: storyboard and controllers command the world, which somebody else then steps."""
        seen = len(self.events)
        self.cast.elements.next_tick()
        self.cast.signals.advance(self.world.time)
        self.world.signals = self.cast.signals.states
        self._board.update()
        self._running = [(name, action) for name, action in self._running if not action.done]
        present = self.world.present[0].tolist()
        for name, action in self._running:
            if present[self.motions[name].index]:
                action.step(dt)
        self.cast.traffic.step(dt)
        towed = self.cast.towing.towed if self.cast.towing.behind else ()
        present = self.world.present[0].tolist()
        for name, motion in self.motions.items():
            index = motion.index
            if not present[index] or name in towed:
                continue
            domains = self._active.get(name)
            controller = self._controllers.get(name) if domains else None
            if controller is None:
                motion.command(dt)
                continue
            control = self._shared(self._asked(controller, motion, dt), motion, domains or DOMAINS, dt)
            if control is None:
                motion.command(dt)
            else:
                if motion.pedals is not None:
                    motion.pedals.advance(dt)
                    control = motion.pedals.overriding(control)
                self._driven.append((motion, self.world.position[0, index].tolist()))
                self.world.command(index, control)
        if towed:
            self.cast.towing.follow(dt)
        return tuple(self.events[seen:])

    def _asked(self, controller: Controller, motion: Motion, dt: float) -> Control | SpeedControl | None:
        """What a controller decides; one that heeds the storyboard's actions is told their speed before."""
        if motion.next_speed != motion.speed and isinstance(controller, Heedful):
            controller.heed(motion.next_speed)
        return controller.step(self.world, motion.index, dt)

    def _shared(
        self, control: Control | SpeedControl | None, motion: Motion, domains: frozenset[str], dt: float
    ) -> Control | None:  # fmt: skip
        """A controller's control where it drives one domain alone and the storyboard the other."""
        if isinstance(control, SpeedControl):
            if "longitudinal" in domains:
                motion.next_speed = control.speed
            return None
        if not isinstance(control, VehicleControl) or domains == DOMAINS:
            return control
        if "lateral" in domains:
            return replace(control, acceleration=(motion.next_speed - motion.speed) / dt)
        motion.next_speed = self.world.pulled(motion.index, control.acceleration, dt)
        return None

    def conclude(self) -> None:
        """Last part of a step: take over where controllers have brought their actors."""
        for motion, before in self._driven:
            motion.follow(before)
        self._driven.clear()

    def take_over(self, name: str, controller: Controller, *, as_activated: bool = False) -> None:
        """Let ``controller`` drive an entity from now on, whatever the scenario says of it.

        Args:
            as_activated: only in the domains in which the scenario has activated a controller, if in any.
        """
        self._controllers[name] = controller
        self._active[name] = (self._active.get(name) if as_activated else None) or DOMAINS

    def emit(self, kind: str, path: str, state: str, transition: str) -> None:
        self.events.append(StoryboardEvent(self.world.time, kind, path, state, transition))
        self.cast.elements.note(kind, path, state, transition)

    def stand_by(self, kind: str, path: str) -> None:
        self.cast.elements.stand_by(kind, path)

    def trigger(self, trigger: Trigger | None, *, default: bool) -> TriggerRun:
        return TriggerRun(trigger, self.cast, default=default)

    def members(self, group: ManeuverGroup) -> tuple[str, ...]:
        return tuple(name for ref in group.actors.entities for name in self.cast.members(ref.entity_ref, ref))

    def start_action(self, action: Action, actors: tuple[str, ...]) -> list[Running]:
        started: list[Running] = []
        for part in action.actions:
            for name in actors if type(part) not in GLOBAL else ("",):
                made = self._start(part, name)
                started += [made] if made else []
        return started

    def _start(self, action: model.PlayedAction, name: str) -> Running | None:
        """Start one action of one entity; it ends what runs in its domains."""
        kind = type(action)
        if kind in GLOBAL:
            GLOBAL[kind](action, self.cast)
        elif isinstance(action, model.ActivateControllerAction):
            self._activate(action, name)
        elif isinstance(action, model.AssignControllerAction):
            self._assign_anew(action, name)
        elif kind in PRIVATE:
            motion = self.motions[name]
            PRIVATE[kind](action, self.cast, motion)
            if isinstance(action, model.OverrideControllerValueAction) and motion.pedals is not None:
                self._give_way(name, motion.pedals.domains)
        else:
            made: Running = RUNNING[kind](action, self.cast, self.motions[name])
            self._give_way(name, made.domains)
            pedals = self.motions[name].pedals
            if pedals is not None:
                pedals.release(made.domains)
            self._running.append((name, made))
            return made
        return None

    def _give_way(self, name: str, domains: Sequence[str]) -> None:
        """End what other actions of the entity do in these domains."""
        for owner, action in self._running:
            if owner == name and not action.done and set(action.domains) & set(domains):
                action.overridden = True
                action.stop()

    def _activate(self, action: model.ActivateControllerAction, name: str) -> None:
        """Let an entity's controller drive it, or leave it to the default controller; of several, the one named."""
        on, wanted = bool(action.lateral or action.longitudinal), action.which
        if wanted is not None:
            known = self._known.get(name, {})
            if wanted not in known:
                remedy = did_you_mean(wanted, known) if known else "give it an ObjectController"
                _LOG.warning("%s", complaint(action, f"'{name}' has no controller '{wanted}'", remedy))
                return
            if on and self._held.get(name) != known[wanted]:
                self._assign(name, [known[wanted]])
            elif not on and self._held.get(name, known[wanted]) != known[wanted]:
                return
        self._switch(name, action.lateral, action.longitudinal)

    def _switch(self, name: str, lateral: bool | None, longitudinal: bool | None) -> None:
        """Give domains to an entity's controller or take them from it; None leaves one as it is."""
        domains = set(self._active.get(name, ()))
        for domain, on in (("lateral", lateral), ("longitudinal", longitudinal)):
            if on is not None:
                (domains.add if on else domains.discard)(domain)
        self._active[name] = frozenset(domains)

    def _assign_anew(self, action: model.AssignControllerAction, name: str) -> None:
        made = action.controller
        if made is not None:
            properties = made.properties.as_dict() if made.properties else {}
            fresh = ControllerModel(made.name, made.controller_type or "", properties)
            names = {made.name, (action.nested.name if action.nested else None) or made.name}
            self._known.setdefault(name, {}).update(dict.fromkeys(names, fresh))
            self._assign(name, [fresh])
        self._switch(name, action.activate_lateral, action.activate_longitudinal)

    def _assign(self, name: str, declared: Sequence[ControllerModel]) -> None:
        for controller in declared:
            self._held[name] = controller
            self._controllers[name] = self._make_controller(controller, self.motions[name].actor, self.world)


def in_order(placing: list[tuple[str, model.PlayedAction]]) -> list[tuple[str, model.PlayedAction]]:
    """What places entities, those that others are placed relative to before these; otherwise as in the file."""
    left, made = list(placing), []
    while left:
        waiting = {name for name, action in left if isinstance(action, model.TeleportAction)}
        ready = [(name, action) for name, action in left if _reference(action) not in waiting - {name}]
        made += ready or left
        left = [entry for entry in left if entry not in ready] if ready else []
    return made


def _reference(action: Element) -> str | None:
    """The entity that a placing refers to."""
    position = action.position if isinstance(action, model.TeleportAction) else None
    return getattr(position, "entity_ref", None)


def _places(action: Element) -> bool:
    return isinstance(action, (model.TeleportAction, model.AssignRouteAction))


def _moves(action: Element) -> bool:
    return isinstance(action, model.SpeedAction)


def _rest(action: Element) -> bool:
    return not _places(action) and not _moves(action)


def _typed(text: str, kind: str) -> Value:
    """A variable's first value in its declared type."""
    if kind == "boolean":
        return text.strip().lower() in ("true", "1")
    if kind == "double":
        return float(text)
    return text if kind in ("string", "dateTime") else int(float(text))


def _start_of_day(scenario: Scenario) -> dt.datetime | None:
    for action in scenario.storyboard.init.actions.globals:
        if isinstance(action, model.EnvironmentAction) and action.environment.time_of_day:
            return dt.datetime.fromisoformat(action.environment.time_of_day.date_time)
    return None


def _warn_of(scenario: Scenario, commands: Mapping[str, Callable[[str], None]]) -> None:
    """Say by name what is read, has its time and its events, and shows nowhere."""
    for action in scenario.storyboard.all_actions():
        if isinstance(action, model.CustomCommandAction) and action.type not in commands:
            _LOG.warning(
                "%s", complaint(action, f"nobody here knows commands of type '{action.type}'", "it is passed over")
            )
        elif isinstance(action, model.AnimationAction):
            _LOG.warning(
                "%s", complaint(action, f"'{action.subject}' is not drawn", "its state is kept for who draws it")
            )


def _listed(scenario: Scenario) -> Iterator[str]:
    for element in scenario.unsupported:
        source = element.source
        yield f"{element.name} ({source.file.name}:{source.line})" if source else element.name


def _check_playable(scenario: Scenario) -> None:
    if scenario.dangling:
        raise scenario.dangling[0]
    if scenario.unsupported:
        raise UnsupportedElementError(
            f"elements that are not played: {', '.join(_listed(scenario))}", file=scenario.path,
            remedy="remove them, or express them with supported elements",
        )  # fmt: skip
