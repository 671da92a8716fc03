"""Triggers: groups of conditions with their edges and delays."""

from __future__ import annotations

from collections import deque

from drivesim.openscenario.cast import Cast
from drivesim.openscenario.conditions import BY_ENTITY, BY_VALUE, Timed
from drivesim.openscenario.model import conditions as model


class ConditionRun:
    """One condition over time: its truth, then its edge, then its delay.

    Attributes:
        triggering: the entities for which a condition by entity held when it was last asked.
    """

    def __init__(self, condition: model.Condition, cast: Cast) -> None:
        self.condition, self.cast = condition, cast
        self.triggering: tuple[str, ...] = ()
        self._previous: bool | None = None
        self._waiting: deque[tuple[float, bool]] = deque()
        self._output = False
        self._timed = Timed()
        test = condition.test
        self._entities: tuple[str, ...] = ()
        if isinstance(test, model.ByEntityCondition):
            named = test.triggering_entities.entities
            self._entities = tuple(name for ref in named for name in cast.members(ref.entity_ref, ref))

    def evaluate(self) -> bool:
        now, before, edge = self._truth(), self._previous, self.condition.condition_edge
        self._previous = now
        if edge == "none" and self.condition.delay == 0.0:
            return now
        rose, fell = before is False and now, before is True and not now
        fired = {"none": now, "rising": rose, "falling": fell, "risingOrFalling": rose or fell}[edge]
        time = self.cast.world.time
        self._waiting.append((time + self.condition.delay, fired))
        due = []
        while self._waiting and self._waiting[0][0] <= time + 1e-9:
            due.append(self._waiting.popleft()[1])
        self._output = any(due) if due else self._output and edge == "none"
        return self._output

    def _truth(self) -> bool:
        test = self.condition.test
        if not isinstance(test, model.ByEntityCondition):
            return BY_VALUE[type(test)](test, self.cast)
        ask = BY_ENTITY[type(test.condition)]
        present = self.cast.world.present[0]
        held = []
        for name in self._entities:
            motion = self.cast.motions[name]
            if present[motion.index] and ask(test.condition, self.cast, motion, self._timed):
                held.append(name)
        self.triggering = tuple(held)
        rule = test.triggering_entities.triggering_entities_rule
        return {"any": bool(held), "all": len(held) == len(self._entities), "none": not held}[rule]


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

    def evaluate(self) -> bool:
        if not self.groups:
            return self.default
        # Every condition is asked every tick: edges need it.
        answers = [[condition.evaluate() for condition in group] for group in self.groups]
        held = [all(group) for group in answers]
        for group, fired in zip(self.groups, held, strict=True):
            if fired:
                self.triggering = tuple(dict.fromkeys(name for c in group for name in c.triggering))
        return any(held)
