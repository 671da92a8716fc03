"""Plays a scenario in a world: Init, then every tick storyboard, controllers, motion."""

from __future__ import annotations

from drivesim.errors import ScenarioError, UnsupportedElementError, did_you_mean
from drivesim.openscenario import weather
from drivesim.openscenario.actions.lateral import LaneChange
from drivesim.openscenario.actions.longitudinal import SpeedChange
from drivesim.openscenario.controller import Controller, ControllerFactory
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.model.conditions import Trigger
from drivesim.openscenario.model.storyboard import Action
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.positions import world_pose
from drivesim.openscenario.scenario import Scenario
from drivesim.openscenario.storyboard import RunningAction, build
from drivesim.openscenario.triggers import TriggerRun
from drivesim.types import StoryboardEvent
from drivesim.world import World


class ScenarioPlayer:
    """Places the actors when made; each :meth:`step` decides at t and advances the world to t + dt.

    Attributes:
        finished: whether the storyboard's stop trigger has fired; without one, whether all stories are complete.
        events: all state transitions so far.

    Raises:
        UnsupportedElementError: the scenario uses elements that are not played; all of them are listed.
    """

    def __init__(self, scenario: Scenario, world: World, make_controller: ControllerFactory) -> None:
        _check_playable(scenario)
        self.scenario, self.world = scenario, world
        self.events: list[StoryboardEvent] = []
        self.motions = {actor.name: Motion(actor, world) for actor in world.actors}
        self._running: dict[tuple[str, str], RunningAction] = {}
        self._active: dict[str, bool] = {}
        self._driven: list[tuple[Motion, list[float]]] = []
        for private in scenario.storyboard.init.actions.privates:
            placing = [a for a in private.actions if isinstance(a, model.TeleportAction)]
            for action in [*placing, *(a for a in private.actions if a not in placing)]:
                self._start(action, private.entity_ref)
        self._controllers: dict[str, Controller] = {}
        for actor in world.actors:
            for declared in scenario.controllers(actor.name):
                if declared.properties:
                    self._controllers[actor.name] = make_controller(declared, actor, world)
        self._board = build(self, scenario.storyboard)

    @property
    def finished(self) -> bool:
        return self._board.state == "completeState"

    def step(self, dt: float) -> tuple[StoryboardEvent, ...]:
        """Advance by ``dt`` seconds; the state transitions that this tick began with."""
        events = self.decide(dt)
        self.world.step(dt)
        self.conclude()
        return events

    def decide(self, dt: float) -> tuple[StoryboardEvent, ...]:
        """First part of a step: storyboard and controllers command the world, which somebody else then steps."""
        seen = len(self.events)
        self._board.update()
        for key, action in list(self._running.items()):
            if action.done:
                del self._running[key]
            else:
                action.step(dt)
        for name, motion in self.motions.items():
            index = motion.actor.index
            if not self.world.present[0, index]:
                continue
            controller = self._controllers.get(name) if self._active.get(name) else None
            control = controller.step(self.world, index, dt) if controller else None
            if control is None:
                motion.command(dt)
            else:
                self._driven.append((motion, self.world.position[0, index].tolist()))
                self.world.command(index, control)
        return tuple(self.events[seen:])

    def conclude(self) -> None:
        """Last part of a step: take over where controllers have brought their actors."""
        for motion, before in self._driven:
            motion.follow(before)
        self._driven.clear()

    def take_over(self, name: str, controller: Controller) -> None:
        """Let ``controller`` drive an entity from now on, whatever the scenario says of it."""
        self._controllers[name] = controller
        self._active[name] = True

    def emit(self, kind: str, path: str, state: str, transition: str) -> None:
        self.events.append(StoryboardEvent(self.world.time, kind, path, state, transition))

    def trigger(self, trigger: Trigger | None, *, default: bool) -> TriggerRun:
        return TriggerRun(trigger, self.world, self.motions, default=default)

    def start_action(self, action: Action, actors: tuple[str, ...]) -> list[RunningAction]:
        started: list[RunningAction] = []
        for part in action.actions:
            if isinstance(part, model.EnvironmentAction):
                place = self.world.network.place() if self.world.network else None
                self.world.weather = weather.apply(part.environment, self.world.weather, place)
                continue
            for actor in actors:
                made = self._start(part, actor)
                started += [made] if made else []
        return started

    def _start(self, action: model.PlayedAction, name: str) -> RunningAction | None:
        """Start one action of one actor; it ends what runs in its domain."""
        motion = self.motions[name]
        if isinstance(action, model.TeleportAction):
            self.world.place(motion.actor.index, world_pose(action.position, self.world), motion.speed)
            motion.stray()
            return None
        if isinstance(action, model.ActivateControllerAction):
            self._active[name] = bool(action.lateral or action.longitudinal)
            return None
        made: RunningAction
        if isinstance(action, model.SpeedAction):
            made = SpeedChange(action, motion, self._reference(action.target))
        elif isinstance(action, model.LaneChangeAction):
            made = LaneChange(action, motion, self._reference(action.target))
        else:
            raise UnsupportedElementError(f"{type(action).__name__} is not played")
        replaced = self._running.get((name, made.domain))
        if replaced:
            replaced.done = True
        self._running[name, made.domain] = made
        return made

    def _reference(self, target: object) -> Motion | None:
        name = getattr(target, "entity_ref", None)
        if name is not None and name not in self.motions:
            raise ScenarioError(f"no entity is called '{name}'", file=self.scenario.path,
                                remedy=did_you_mean(name, self.motions))  # fmt: skip
        return self.motions[name] if name is not None else None


def _check_playable(scenario: Scenario) -> None:
    if scenario.dangling:
        raise scenario.dangling[0]
    if scenario.unsupported:
        listed = ", ".join(
            f"{u.name} ({u.source.file.name}:{u.source.line})" if u.source else u.name for u in scenario.unsupported
        )
        raise UnsupportedElementError(f"elements that are not played: {listed}", file=scenario.path,
                                      remedy="remove them, or express them with supported elements")  # fmt: skip
