"""What the safety models for UN R157 have in common: whom they watch, and how they drive while nothing is critical."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from drivesim.behaviors.automated.ahead import RoadAhead, Seen
from drivesim.behaviors.automated.properties import truth
from drivesim.behaviors.automated.safety import regulation_time
from drivesim.world import SpeedControl, World

COMFORT = 2.0
"""m/s2 towards the set speed with nobody ahead."""
FOLLOWING_BRAKES, FOLLOWING_SPEEDS_UP = 4.0, 3.0
"""m/s2 at most behind somebody."""
SPEED_GAIN, GAP_GAIN = 2.0, 1.0
"""1/s and 1/s2: differences of speed and of gap die out critically damped, within about a second each."""
EPSILON = 1e-6
"""m/s or s that count as none."""

Event = Literal["cut-in", "cut-out", "deceleration"]
"""The three disturbances of UN R157, annex 4, appendix 3."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Whom a model watches, and what it takes that one to be doing."""

    seen: Seen
    event: Event | None

    def time_to_collision(self) -> float:
        """s, at constant speeds; inf where the gap does not close."""
        return self.seen.gap / self.seen.closing if self.seen.closing > 0.0 else math.inf


class SafetyModel:
    """Drives one vehicle's longitudinal domain as a model says; its way is that of the scenario.

    It watches, of those ahead in its own and the adjacent lanes that are a threat (:meth:`threatens`), the nearest.
    While that one is critical it brakes; else it keeps the speed at which it began and its gap, or with ``cruise`` =
    ``false`` its speed.

    Attributes:
        reach: m ahead that it sees.
        critical: whether it acts; alert: the event that it has found.

    Args:
        properties: ``cruise``; ``fullStop``: once it brakes, it does so to standstill.
    """

    reach = 100.0

    def __init__(self, properties: Mapping[str, str], world: World, actor: int) -> None:
        self._cruise = truth(properties, "cruise", default=True)
        self.full_stop = truth(properties, "fullStop", default=False)
        self.world, self.actor = world, actor
        self.road = RoadAhead(world, actor)
        self.focus: Focus | None = None
        self.alert: Event | None = None
        self.critical = False
        self.acceleration = 0.0
        self._set: float | None = None
        self._asked = -math.inf

    def step(self, world: World, actor: int, dt: float) -> SpeedControl:
        speed = float(world.speed[0, actor])
        if world.time - self._asked > 1.5 * dt:  # begins, or begins again
            self._set = speed
        self._asked = world.time
        self.road.update()
        self.watch()
        self.judge(speed, dt)
        if self.critical:
            self.acceleration = self.brake(speed, dt)
            return SpeedControl(max(speed + self.acceleration * dt, 0.0))
        return SpeedControl(self._keep(speed, dt))

    def threatens(self, seen: Seen) -> tuple[bool, Event | None]:
        """Whether somebody ahead must be watched, and what it does."""
        raise NotImplementedError

    def judge(self, speed: float, dt: float) -> None:
        """Find out whether the situation is critical."""
        raise NotImplementedError

    def brake(self, speed: float, dt: float) -> float:
        """The acceleration in a critical situation, m/s2."""
        raise NotImplementedError

    def gap(self, speed: float) -> float:
        """The distance that is kept behind the one in focus, m."""
        raise NotImplementedError

    def watch(self) -> None:
        """Choose whom to watch."""
        threats = []
        for seen in self.road.others(self.reach):
            walks = self.world.actors[seen.actor].kind == "pedestrian"
            if seen.ahead > EPSILON and (walks or abs(seen.lanes) <= 1):
                counts, event = self.threatens(seen)
                if counts:
                    threats.append(Focus(seen, event))
        before, self.focus = self.focus, self._chosen(threats)
        if self.focus is not None and self.focus.event is not None and _new(self.focus, before):
            self.alert = self.focus.event

    def _chosen(self, threats: list[Focus]) -> Focus | None:
        """The nearest; of one that leaves the own lane and those beyond it there, who is reached first."""
        if not threats:
            return None
        nearest = min(threats, key=lambda one: one.seen.gap)
        if nearest.event != "cut-out" or self.world.actors[nearest.seen.actor].kind != "vehicle":
            return nearest
        own = [one for one in threats if one.seen.lanes == 0]
        first = min(own, key=Focus.time_to_collision, default=nearest)
        return Focus(first.seen, "cut-out") if first.time_to_collision() < nearest.time_to_collision() else nearest

    def _keep(self, speed: float, dt: float) -> float:
        """The speed after a step in which nothing is critical."""
        self.acceleration = 0.0
        if not self._cruise or self._set is None:
            return speed
        if self.focus is None:
            self.acceleration = math.copysign(COMFORT, self._set - speed) if abs(self._set - speed) > EPSILON else 0.0
        elif self._follows(self.focus) and speed > EPSILON:
            seen = self.focus.seen
            wanted = GAP_GAIN * (seen.gap - self.gap(speed)) - SPEED_GAIN * seen.closing
            self.acceleration = min(max(wanted, -FOLLOWING_BRAKES), FOLLOWING_SPEEDS_UP)
        else:
            return speed
        return min(max(speed + self.acceleration * dt, 0.0), self._set)

    def _follows(self, focus: Focus) -> bool:
        """Whether there is time to follow at ease (UN R157 5.2.5.2)."""
        return focus.seen.gap > 0.0 and focus.time_to_collision() > regulation_time(focus.seen.closing)


def _new(now: Focus, before: Focus | None) -> bool:
    return before is None or before.seen.actor != now.seen.actor or before.event != now.event
