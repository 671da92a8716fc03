"""Triggers: groups of conditions with their edges and delays."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from drivesim.errors import UnsupportedElementError
from drivesim.openscenario.model import conditions as model
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.reader import holds
from drivesim.world import World


def separation(condition: model.RelativeDistanceCondition, first: Motion, second: Motion) -> float:
    """Metres between two actors in the first one's frame, between reference points or (freespace) boxes."""
    offset = first.pose().inverse() @ second.pose()
    kind = condition.relative_distance_type
    if not condition.freespace:
        dx, dy, _ = (float(v) for v in offset.translation)
        return {"longitudinal": abs(dx), "lateral": abs(dy)}.get(kind, float(np.hypot(dx, dy)))
    a, b = _corners(first), offset.apply(_corners(second))
    gaps = [max(float(b[:, i].min() - a[:, i].max()), float(a[:, i].min() - b[:, i].max()), 0.0) for i in (0, 1)]
    return {"longitudinal": gaps[0], "lateral": gaps[1]}.get(kind, float(np.hypot(gaps[0], gaps[1])))


def _corners(motion: Motion) -> np.ndarray:
    box = motion.actor.box
    half = np.array([[1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0]]) * (box.length / 2, box.width / 2, 0)
    return np.asarray(half + (box.center[0], box.center[1], 0.0))


class ConditionRun:
    """One condition over time: its truth, then its edge, then its delay."""

    def __init__(self, condition: model.Condition, world: World, motions: Mapping[str, Motion]) -> None:
        self.condition, self.world, self.motions = condition, world, motions
        self.previous: bool | None = None
        self.waiting: deque[tuple[float, bool]] = deque()
        self.output = False

    def evaluate(self) -> bool:
        now, before, edge = self._truth(), self.previous, self.condition.condition_edge
        self.previous = now
        if edge == "none" and self.condition.delay == 0.0:
            self.output = now
            return now
        rose, fell = before is False and now, before is True and not now
        fired = {"none": now, "rising": rose, "falling": fell, "risingOrFalling": rose or fell}[edge]
        self.waiting.append((self.world.time + self.condition.delay, fired))
        due = []
        while self.waiting and self.waiting[0][0] <= self.world.time + 1e-9:
            due.append(self.waiting.popleft()[1])
        self.output = any(due) if due else self.output and edge == "none"
        return self.output

    def _truth(self) -> bool:
        test = self.condition.test
        if isinstance(test, model.SimulationTimeCondition):
            return holds(round(self.world.time, 9), test.rule, test.value)
        if isinstance(test, model.ByEntityCondition):
            who = test.triggering_entities
            results = [self._of(test.condition, self.motions[e.entity_ref]) for e in who.entities]
            return {"any": any(results), "all": all(results), "none": not any(results)}[who.triggering_entities_rule]
        raise UnsupportedElementError(f"{test.name} is not played", element=test.name)

    def _of(self, condition: model.EntityCondition, motion: Motion) -> bool:
        if isinstance(condition, model.SpeedCondition):
            return holds(float(self.world.speed[0, motion.actor.index]), condition.rule, condition.value)
        if isinstance(condition, model.TraveledDistanceCondition):
            return motion.odometer >= condition.value
        if isinstance(condition, model.RelativeDistanceCondition):
            distance = separation(condition, motion, self.motions[condition.entity_ref])
            return holds(distance, condition.rule, condition.value)
        raise UnsupportedElementError(f"{condition.name} is not played", element=condition.name)


class TriggerRun:
    """Any group whose conditions all hold; an absent or empty trigger is ``default``."""

    def __init__(
        self, trigger: model.Trigger | None, world: World, motions: Mapping[str, Motion], *, default: bool
    ) -> None:
        groups = trigger.groups if trigger else ()
        self.groups = [[ConditionRun(c, world, motions) for c in g.conditions] for g in groups]
        self.default = default

    def evaluate(self) -> bool:
        if not self.groups:
            return self.default
        held = [
            [c.evaluate() for c in group] for group in self.groups
        ]  # every condition sees every tick: edges need it
        return any(all(group) for group in held)
