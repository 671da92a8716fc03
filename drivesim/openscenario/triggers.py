"""Triggers: groups of conditions with their edges and delays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from drivesim.openscenario.cast import Cast
from drivesim.openscenario.conditions import BY_ENTITY, BY_VALUE, Timed
from drivesim.openscenario.model import conditions as model
from drivesim.openscenario.model.base import Element


class ConditionRun:
    """One condition over time: its truth, then its edge, then its delay.

    Attributes:
        triggering: the entities for which a condition by entity held when it was last asked.
        evaluate: asks it; once a tick.
    """

    def __init__(self, condition: model.Condition, cast: Cast) -> None:
        self._edge, self._delay, self._world = condition.condition_edge, condition.delay, cast.world
        self.triggering: tuple[str, ...] = ()
        self._previous: bool | None = None
        self._waiting: deque[tuple[float, bool]] = deque()
        self._output = False
        self._truth = self._question(condition.test, cast)
        plain = self._edge == "none" and self._delay == 0.0
        self.evaluate: Callable[[], bool] = self._truth if plain else self._fired

    def _question(self, test: Element, cast: Cast) -> Callable[[], bool]:
        if not isinstance(test, model.ByEntityCondition):
            return partial(BY_VALUE[type(test)], test, cast)
        named, timed = test.triggering_entities, Timed()
        names = tuple(name for ref in named.entities for name in cast.members(ref.entity_ref, ref))
        motions = [(name, cast.motions[name]) for name in names]
        ask = BY_ENTITY[type(test.condition)]
        asked = [(name, m.index, partial(ask, test.condition, cast, m, timed)) for name, m in motions]
        if len(asked) == 1 and named.triggering_entities_rule != "none":
            return partial(self._ask_one, *asked[0])
        return partial(self._ask, asked, named.triggering_entities_rule)

    def _ask_one(self, name: str, index: int, question: Callable[[], bool]) -> bool:
        held = bool(self._world.present[0, index]) and question()
        self.triggering = (name,) if held else ()
        return held

    def _ask(self, asked: Sequence[tuple[str, int, Callable[[], bool]]], rule: str) -> bool:
        present = self._world.present
        held = tuple([name for name, index, question in asked if present[0, index] and question()])
        self.triggering = held
        if rule == "any":
            return bool(held)
        return len(held) == len(asked) if rule == "all" else not held

    def _fired(self) -> bool:
        now, before, edge = self._truth(), self._previous, self._edge
        self._previous = fired = now
        if edge != "none":  # what held when it was first asked has not risen
            rose, fell = before is False and now, before is True and not now
            fired = rose if edge == "rising" else fell if edge == "falling" else rose or fell
        if self._delay == 0.0:
            return fired
        time = self._world.time
        self._waiting.append((time + self._delay, fired))
        due = []
        while self._waiting and self._waiting[0][0] <= time + 1e-9:
            due.append(self._waiting.popleft()[1])
        self._output = any(due) if due else self._output and edge == "none"
        return self._output


class TriggerRun:
    """Any group whose conditions all hold; an absent or empty trigger is ``default``.

    Attributes:
        triggering: the entities that made it fire.
    """

    def __init__(self, trigger: model.Trigger | None, cast: Cast, *, default: bool) -> None:
        groups = trigger.groups if trigger else ()
        self.groups = [[ConditionRun(c, cast) for c in g.conditions] for g in groups]
        self.default = default
        self.triggering: tuple[str, ...] = ()
        self._only = self.groups[0][0] if len(self.groups) == 1 == len(self.groups[0]) else None

    def evaluate(self) -> bool:
        if self._only is not None:
            fired = self._only.evaluate()
            if fired:
                self.triggering = self._only.triggering
            return fired
        fired = self.default and not self.groups
        for group in self.groups:
            held = True
            for condition in group:  # every condition is asked every tick: edges need it
                held = condition.evaluate() and held
            if held:
                fired = True
                self.triggering = tuple(dict.fromkeys(name for c in group for name in c.triggering))
        return fired
