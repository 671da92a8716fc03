"""Triggers: groups of conditions with their edges and delays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from drivesim.openscenario.cast import Cast
from drivesim.openscenario.conditions import BY_ENTITY, BY_VALUE, Timed
from drivesim.openscenario.model import conditions as model
from drivesim.openscenario.model.base import Element

_TURNS: dict[str, frozenset[tuple[bool | None, bool]]] = {
    "rising": frozenset({(False, True)}),
    "falling": frozenset({(True, False)}),
    "risingOrFalling": frozenset({(False, True), (True, False)}),
}
"""What each edge takes for one, of (before, now); what held when it was first asked has not risen."""


class ConditionRun:
    """One condition over time: its truth, then its edge, then its delay.

    Attributes:
        triggering: the entities for which a condition by entity held when it was last asked.
        evaluate: asks it; once a tick.
    """

    def __init__(self, condition: model.Condition, cast: Cast) -> None:
        self._world, self._present = cast.world, cast.world.present
        self.triggering: tuple[str, ...] = ()
        self._previous: bool | None = None
        self._waiting: deque[tuple[float, bool]] = deque()
        self._output = False
        question, edge = self._question(condition.test, cast), condition.condition_edge
        if edge != "none":
            question = partial(self._turned, question, _TURNS[edge])
        if condition.delay:
            question = partial(self._delayed, question, condition.delay, edge == "none")
        self.evaluate: Callable[[], bool] = question

    def _question(self, test: Element, cast: Cast) -> Callable[[], bool]:
        if not isinstance(test, model.ByEntityCondition):
            return partial(BY_VALUE[type(test)], test, cast)
        named, timed = test.triggering_entities, Timed()
        names = tuple(name for ref in named.entities for name in cast.members(ref.entity_ref, ref))
        motions = [(name, cast.motions[name]) for name in names]
        ask = BY_ENTITY[type(test.condition)]
        asked = [(name, m.index, partial(ask, test.condition, cast, m, timed)) for name, m in motions]
        if len(asked) == 1 and named.triggering_entities_rule != "none":
            name, index, question = asked[0]
            return partial(self._ask_one, (name,), index, question)
        return partial(self._ask, asked, named.triggering_entities_rule)

    def _ask_one(self, alone: tuple[str, ...], index: int, question: Callable[[], bool]) -> bool:
        held = bool(self._present[0, index]) and question()
        self.triggering = alone if held else ()
        return held

    def _ask(self, asked: Sequence[tuple[str, int, Callable[[], bool]]], rule: str) -> bool:
        present = self._present[0]
        held = tuple([name for name, index, question in asked if present[index] and question()])
        self.triggering = held
        if rule == "any":
            return bool(held)
        return len(held) == len(asked) if rule == "all" else not held

    def _turned(self, question: Callable[[], bool], turns: frozenset[tuple[bool | None, bool]]) -> bool:
        before, self._previous = self._previous, question()
        return (before, self._previous) in turns

    def _delayed(self, question: Callable[[], bool], delay: float, lasts: bool) -> bool:
        """What was so ``delay`` seconds ago; between ticks that were asked then it ``lasts``, unless it is an edge."""
        now = question()
        if not (now or self._output or self._waiting):
            return False
        time, due = self._world.time, []
        self._waiting.append((time + delay, now))
        while self._waiting and self._waiting[0][0] <= time + 1e-9:
            due.append(self._waiting.popleft()[1])
        self._output = any(due) if due else self._output and lasts
        return self._output


class TriggerRun:
    """Any group whose conditions all hold; an absent or empty trigger is ``default``.

    Attributes:
        evaluate: asks it; once a tick.
    """

    def __init__(self, trigger: model.Trigger | None, cast: Cast, *, default: bool) -> None:
        groups = trigger.groups if trigger else ()
        self.groups = [[ConditionRun(c, cast) for c in g.conditions] for g in groups]
        self._fired: Sequence[ConditionRun] = self.groups[0] if self.groups else ()
        self.evaluate: Callable[[], bool] = partial(self._any, default and not groups)
        if len(self.groups) == 1 == len(self._fired):
            self.evaluate = self._fired[0].evaluate

    @property
    def triggering(self) -> tuple[str, ...]:
        """The entities that made it fire, when it was asked last."""
        return tuple(dict.fromkeys(name for condition in self._fired for name in condition.triggering))

    def _any(self, fired: bool) -> bool:
        for group in self.groups:
            held = True
            for condition in group:  # every condition is asked every tick: edges need it
                held = condition.evaluate() and held
            if held:
                fired, self._fired = True, group
        return fired
