"""The storyboard's state machines: standby, running, complete, from the stories down to the actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from drivesim.openscenario.model import storyboard as model
from drivesim.openscenario.model.conditions import Trigger
from drivesim.openscenario.triggers import TriggerRun


class RunningAction(Protocol):
    domain: str
    done: bool

    def step(self, dt: float) -> None: ...


class Stage(Protocol):
    """What the storyboard needs of its player."""

    def emit(self, kind: str, path: str, state: str, transition: str) -> None: ...
    def trigger(self, trigger: Trigger | None, *, default: bool) -> TriggerRun: ...
    def start_action(self, action: model.Action, actors: tuple[str, ...]) -> list[RunningAction]: ...


class Node:
    """An element with a state; ``update`` is called once per tick, before actors move."""

    kind = ""

    def __init__(self, stage: Stage, name: str, parent: str = "") -> None:
        self.stage, self.state = stage, "standbyState"
        self.path = f"{parent}::{name}" if parent else name

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
        self.running: list[RunningAction] = []

    def start(self) -> None:
        self.turn("runningState", "startTransition")
        self.running = self.stage.start_action(self.action, self.actors)
        self.update()

    def update(self) -> None:
        if self.state == "runningState" and all(a.done for a in self.running):
            self.turn("completeState", "endTransition")

    def stop(self) -> None:
        for action in self.running:
            action.done = True
        super().stop()


class EventNode(Node):
    kind = "event"

    def __init__(self, stage: Stage, event: model.Event, actors: tuple[str, ...], parent: str) -> None:
        super().__init__(stage, event.name, parent)
        self.event, self.actors, self.executions = event, actors, 0
        self.trigger = stage.trigger(event.start_trigger, default=True)
        self.actions: list[ActionNode] = []

    def update(self, siblings: list[EventNode]) -> None:
        if self.state == "runningState":
            for action in self.actions:
                action.update()
            self._finish()
        elif self.state == "standbyState" and self.trigger.evaluate():
            others = [e for e in siblings if e is not self and e.state == "runningState"]
            if self.event.priority == "skip" and others:
                self.turn("standbyState", "skipTransition")
                return
            if self.event.priority in ("override", "overwrite"):
                for other in others:
                    other.stop()
            self.executions += 1
            self.turn("runningState", "startTransition")
            self.actions = [ActionNode(self.stage, a, self.actors, self.path) for a in self.event.actions]
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


class Branch(Node):
    """An element that runs its children until all are complete, ``executions`` times over."""

    def __init__(
        self, stage: Stage, kind: str, name: str, parent: str, make: Callable[[str], list[Node]], executions: int = 1,
        start: TriggerRun | None = None, stop: TriggerRun | None = None,
    ) -> None:  # fmt: skip
        super().__init__(stage, name, parent)
        self.kind, self.make, self.left = kind, make, executions
        self.start_trigger, self.stop_trigger = start, stop
        self.endless = kind == "storyboard" and stop is not None and bool(stop.groups)
        """A storyboard with a stop trigger ends by it alone."""
        self.children: list[Node] = []

    def update(self) -> None:
        if self.state == "standbyState" and (self.start_trigger is None or self.start_trigger.evaluate()):
            self.left -= 1
            self.children = self.make(self.path)
            self.turn("runningState", "startTransition")
        if self.state != "runningState":
            return
        if self.stop_trigger is not None and self.stop_trigger.evaluate():
            self.stop()
            return
        events = [c for c in self.children if isinstance(c, EventNode)]
        for child in self.children:
            if isinstance(child, EventNode):
                child.update(events)
            elif isinstance(child, Branch):
                child.update()
        if not self.endless and all(c.state == "completeState" for c in self.children):
            self.turn("standbyState" if self.left > 0 else "completeState", "endTransition")

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
        actors = tuple(e.entity_ref for e in item.actors.entities)
        return Branch(
            stage, "maneuverGroup", item.name, parent,
            lambda path: [maneuver(m, actors, path) for m in item.maneuvers], item.maximum_execution_count,
        )  # fmt: skip

    def maneuver(item: model.Maneuver, actors: tuple[str, ...], parent: str) -> Branch:
        return Branch(stage, "maneuver", item.name, parent,
                      lambda path: [EventNode(stage, e, actors, path) for e in item.events])  # fmt: skip

    def story(item: model.Story, parent: str) -> Branch:
        return Branch(stage, "story", item.name, parent, lambda path: [act(a, path) for a in item.acts])

    return Branch(
        stage, "storyboard", "Storyboard", "", lambda _: [story(s, "") for s in board.stories],
        stop=stage.trigger(board.stop_trigger, default=False),
    )  # fmt: skip
