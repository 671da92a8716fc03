"""The storyboard's state machines: standby, running, complete, from the stories down to the actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.model import storyboard as model
from drivesim.openscenario.model.conditions import Trigger
from drivesim.openscenario.triggers import TriggerRun


class Stage(Protocol):
    """What the storyboard needs of its player."""

    def emit(self, kind: str, path: str, state: str, transition: str) -> None: ...
    def stand_by(self, kind: str, path: str) -> None: ...
    def trigger(self, trigger: Trigger | None, *, default: bool) -> TriggerRun: ...
    def members(self, group: model.ManeuverGroup) -> tuple[str, ...]: ...
    def start_action(self, action: model.Action, actors: tuple[str, ...]) -> list[Running]: ...


class Node:
    """An element with a state; ``update`` is called once per tick, before actors move.

    Attributes:
        siblings: what runs beside it, itself included.
    """

    kind = ""

    def __init__(self, stage: Stage, name: str, parent: str = "") -> None:
        self.stage, self.state = stage, "standbyState"
        self.siblings: list[Node] = []
        self.path = f"{parent}::{name}" if parent else name
        self.stage.stand_by(self.kind, self.path)

    def update(self) -> None:
        """Go on with what there is to do."""

    def turn(self, state: str, transition: str) -> None:
        self.state = state
        self.stage.emit(self.kind, self.path, state, transition)

    def stop(self) -> None:
        if self.state != "completeState":
            self.turn("completeState", "stopTransition")


class ActionNode(Node):
    kind = "action"

    def __init__(self, stage: Stage, action: model.Action, actors: tuple[str, ...], parent: str) -> None:
        super().__init__(stage, action.name, parent)
        self.action, self.actors = action, actors
        self.running: list[Running] = []

    def start(self) -> None:
        self.turn("runningState", "startTransition")
        self.running = self.stage.start_action(self.action, self.actors)
        self.update()

    def update(self) -> None:
        if self.state == "runningState":
            for action in self.running:
                if not action.done:
                    return
            overridden = any(a.overridden for a in self.running)
            self.turn("completeState", "stopTransition" if overridden else "endTransition")

    def stop(self) -> None:
        for action in self.running:
            if not action.done:
                action.stop()
        super().stop()


class EventNode(Node):
    """An event of a running maneuver; its trigger is asked from the maneuver's start on, whatever it is doing."""

    kind = "event"

    def __init__(self, stage: Stage, event: model.Event, roles: Roles, parent: str) -> None:
        super().__init__(stage, event.name, parent)
        self.event, self.roles, self.executions = event, roles, 0
        self.trigger = stage.trigger(event.start_trigger, default=True)
        self.actions: list[ActionNode] = []
        for action in event.actions:
            stage.stand_by("action", f"{self.path}::{action.name}")

    def update(self) -> None:
        if self.state == "runningState":
            for action in self.actions:
                action.update()
            self._finish()
        elif self.trigger.evaluate():
            self._start([e for e in self.siblings if e is not self and e.state == "runningState"])

    def _start(self, others: list[Node]) -> None:
        if self.event.priority == "skip" and others:
            self.executions += 1
            over = self.executions >= self.event.maximum_execution_count
            self.turn("completeState" if over else "standbyState", "skipTransition")
            return
        if self.event.priority in ("override", "overwrite"):
            for other in others:
                other.stop()
        self.executions += 1
        self.turn("runningState", "startTransition")
        actors = self.roles.actors(self.trigger)
        self.actions = [ActionNode(self.stage, a, actors, self.path) for a in self.event.actions]
        for action in self.actions:
            action.start()
        self._finish()

    def _finish(self) -> None:
        if all(a.state == "completeState" for a in self.actions):
            again = self.executions < self.event.maximum_execution_count
            if again:
                self.trigger = self.stage.trigger(self.event.start_trigger, default=True)
            self.turn("standbyState" if again else "completeState", "endTransition")

    def stop(self) -> None:
        for action in self.actions:
            action.stop()
        super().stop()


class Roles:
    """Who acts in a maneuver group: those it names, and with ``selectTriggeringEntities`` those that triggered."""

    def __init__(self, group: model.ManeuverGroup, named: tuple[str, ...]) -> None:
        self._named = named
        self._selects = group.actors.select_triggering_entities

    def actors(self, trigger: TriggerRun) -> tuple[str, ...]:
        chosen = trigger.triggering if self._selects else ()
        return tuple(dict.fromkeys((*self._named, *chosen)))


class Branch(Node):
    """An element that runs its children until all are complete, ``executions`` times over."""

    def __init__(
        self, stage: Stage, kind: str, name: str, parent: str, make: Callable[[str], list[Node]], executions: int = 1,
        start: TriggerRun | None = None, stop: TriggerRun | None = None,
    ) -> None:  # fmt: skip
        self.kind = kind
        super().__init__(stage, name, parent)
        self.make, self.left = make, executions
        self.start_trigger, self.stop_trigger = start, stop if stop and stop.groups else None
        self.endless = kind == "storyboard" and self.stop_trigger is not None
        """A storyboard with a stop trigger ends by it alone."""
        self.children: list[Node] = []

    def update(self) -> None:
        stop = self.stop_trigger
        if self.state == "runningState":
            if stop is not None and stop.evaluate():
                self.stop()
            else:
                self._run()
        elif self.state == "standbyState":
            if stop is not None and self.kind == "act" and stop.evaluate():
                self.stop()
            elif self.start_trigger is None or self.start_trigger.evaluate():
                self._start()
                self._run()

    def _start(self) -> None:
        self.left -= 1
        self.children = self.make(self.path)
        for child in self.children:
            child.siblings = self.children
        self.turn("runningState", "startTransition")

    def _run(self) -> None:
        for child in self.children:
            if child.state != "completeState":
                child.update()
        if self.endless:
            return
        for child in self.children:
            if child.state != "completeState":
                return
        again = self.left > 0
        self.turn("standbyState" if again else "completeState", "endTransition")

    def stop(self) -> None:
        for child in self.children:
            child.stop()
        super().stop()


def build(stage: Stage, board: model.Storyboard) -> Branch:
    """The storyboard's tree; each level makes its children when it starts."""

    def act(item: model.Act, parent: str) -> Branch:
        return Branch(
            stage, "act", item.name, parent, lambda path: [group(g, path) for g in item.groups],
            start=stage.trigger(item.start_trigger, default=True), stop=stage.trigger(item.stop_trigger, default=False),
        )  # fmt: skip

    def group(item: model.ManeuverGroup, parent: str) -> Branch:
        roles = Roles(item, stage.members(item))
        return Branch(
            stage, "maneuverGroup", item.name, parent,
            lambda path: [maneuver(m, roles, path) for m in item.maneuvers], item.maximum_execution_count,
        )  # fmt: skip

    def maneuver(item: model.Maneuver, roles: Roles, parent: str) -> Branch:
        return Branch(stage, "maneuver", item.name, parent,
                      lambda path: [EventNode(stage, e, roles, path) for e in item.events])  # fmt: skip

    def story(item: model.Story, parent: str) -> Branch:
        return Branch(stage, "story", item.name, parent, lambda path: [act(a, path) for a in item.acts])

    return Branch(
        stage, "storyboard", "Storyboard", "", lambda _: [story(s, "") for s in board.stories],
        stop=stage.trigger(board.stop_trigger, default=False),
    )  # fmt: skip
