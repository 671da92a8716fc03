"""The skilled human driver of UN R157, annex 4, appendix 3: perceives a disturbance, judges it, reacts, brakes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from drivesim.behaviors.automated.ahead import Seen
from drivesim.behaviors.automated.model import EPSILON, Event, Focus, SafetyModel
from drivesim.behaviors.automated.properties import number, truth
from drivesim.behaviors.driver import EMERGENCY_DECELERATION, REACTION_TIME
from drivesim.errors import ScenarioError, did_you_mean
from drivesim.world import World
from drivesim.world.boxes import footprint

PERCEPTION_TIME, PERCEPTION_DISTANCE = 0.4, 0.72
"""s, and m that who cuts in goes sideways in it (appendix 3, 3.3 and 3.4.1)."""
WANDERING = 0.375
"""Metres aside from its way within which a vehicle wanders in its lane (appendix 3, 3.4.1)."""
CRITICAL_TIME = 2.0
"""s of time to collision (cut-in) or headway (cut-out, deceleration) below which it is critical."""
HARD_BRAKING = 5.0
"""m/s2: a vehicle ahead that brakes harder than this is a disturbance (appendix 3, 3.4.3)."""
BUILD_UP = 0.6
"""s until full deceleration (appendix 3, 3.3)."""
RELEASED = 0.4
"""m/s2 with the foot off the pedal (JRC-FSM, ``CC_release_deceleration``)."""
ASSISTANT_TIME, ASSISTANT_DECELERATION = 1.5, 0.85 * 9.81
"""s of time to collision and m/s2 of the emergency brake that helps the driver (appendix 3, 3.1: AEB)."""
OVERLAP = 0.1
"""Metres to the edge of the own front within which a corner counts as covering it."""

Phase = Literal["idle", "perceiving", "reacting", "braking"]


class ReferenceDriver(SafetyModel):
    """Cut-in, cut-out and hard braking ahead are perceived, after that judged, and braked for a reaction time later.

    Args:
        properties: besides those of every model ``cutInPerceptionDelayMode`` (``Dist``, ``Time``),
            ``pedestrianRiskEvaluationTime``, ``lateralTrigDistance``, ``alwaysTrigOnScenario``, ``driverDeceleration``,
            ``aebAvailable``, ``aebTTC``, ``aebDeceleration``, ``overlapTolerance``.
    """

    def __init__(self, properties: Mapping[str, str], world: World, actor: int) -> None:
        super().__init__(properties, world, actor)
        self._timed = _mode(properties) == "Time"
        self._evaluation = number(properties, "pedestrianRiskEvaluationTime", PERCEPTION_TIME)
        self._always = truth(properties, "alwaysTrigOnScenario", default=False)
        self._hardest = abs(number(properties, "driverDeceleration", EMERGENCY_DECELERATION))
        self._helps = truth(properties, "aebAvailable", default=True)
        self._helps_below = number(properties, "aebTTC", ASSISTANT_TIME)
        self._helps_with = abs(number(properties, "aebDeceleration", ASSISTANT_DECELERATION))
        self._tolerance = number(properties, "overlapTolerance", OVERLAP)
        fixed = "lateralTrigDistance" in properties
        self._trigger = number(properties, "lateralTrigDistance", WANDERING) if fixed else None
        self.phase: Phase = "idle"
        self.assisted = False
        self._timer = 0.0
        self._noticed = 0.0
        self._strayed: dict[int, tuple[float, float]] = {}

    def watch(self) -> None:
        """While it acts to a full stop it keeps to the one for whom it does."""
        if self.focus is None or self.phase == "idle" or not self.full_stop:
            super().watch()
            return
        for seen in self.road.others(self.reach):
            if seen.actor == self.focus.seen.actor and seen.ahead > EPSILON:
                self.focus = replace(self.focus, seen=seen)

    def threatens(self, seen: Seen) -> tuple[bool, Event | None]:
        self._follow_aside(seen)
        if self.world.actors[seen.actor].kind == "pedestrian":
            return (True, "cut-in") if seen.nearing > EPSILON else (False, None)
        if seen.lanes == 0:
            return True, self._in_lane(seen)
        return (True, "cut-in") if self._has_strayed(seen) else (False, None)

    def judge(self, speed: float, dt: float) -> None:
        if self.phase in ("idle", "perceiving"):
            if self._perceives(dt):
                self.phase, self._timer = "reacting", REACTION_TIME
        elif self.phase == "reacting":
            self._timer -= dt
        if self.full_stop and self.critical and not self.assisted:
            if speed < EPSILON:
                self._calm()
        elif self.focus is None:
            self._calm()
        elif self.full_stop or (speed > EPSILON and self.focus.seen.gap > 0.0):
            self._weigh(self.focus, speed)
        if self._helps and not self.assisted and self.focus is not None:
            self.assisted = self.focus.time_to_collision() < self._helps_below and self._in_front(self.focus.seen)
        self.critical = self.critical or self.assisted

    def brake(self, speed: float, dt: float) -> float:
        if self.phase == "reacting" and self._timer < EPSILON:
            self.phase = "braking"
        if (self.phase == "braking" or self.assisted) and speed < EPSILON:
            self.phase, self.assisted, self._timer = "idle", False, 0.0
        wanted = self.acceleration
        if self.phase == "reacting":
            wanted = min(wanted, -RELEASED)
        elif self.phase == "braking":
            wanted -= dt * self._hardest / BUILD_UP
        if self.assisted:
            wanted -= dt * self._helps_with / BUILD_UP
        return max(wanted, -(self._helps_with if self.assisted else self._hardest))

    def gap(self, speed: float) -> float:
        return 2.0 + CRITICAL_TIME * speed

    def _calm(self) -> None:
        self.phase, self.alert, self.critical = "idle", None, False

    def _weigh(self, focus: Focus, speed: float) -> None:
        """Judge what has been perceived, and whether it is over."""
        if self.alert is None:
            return
        headway = focus.seen.gap / speed if speed > 0.0 else math.inf
        measure = focus.time_to_collision() if self.alert == "cut-in" else headway
        if self._always or measure < CRITICAL_TIME:
            if self.phase == "reacting" and self._timer < EPSILON:
                self.critical = True
        elif self.phase == "reacting":
            self._calm()
        elif self.critical and focus.seen.gap > self.gap(speed):
            self.critical = False
            if focus.seen.closing < EPSILON:
                self._calm()

    def _perceives(self, dt: float) -> bool:
        """Whether the disturbance has been perceived in this step."""
        focus = self.focus
        if self.alert is None or focus is None:
            return False
        walks = self.world.actors[focus.seen.actor].kind == "pedestrian"
        if self.phase == "idle":
            if self._begins(focus, walks=walks):
                self.phase = "perceiving"
                self._timer = self._evaluation if walks else PERCEPTION_TIME
                self._noticed = focus.seen.aside
            return False
        if self.alert == "cut-in" and not walks and not self._timed:
            return abs(self._noticed) - abs(focus.seen.aside) > PERCEPTION_DISTANCE
        if self.alert != "cut-in" or not walks or focus.seen.closing > EPSILON:
            self._timer -= dt
        return self._timer < EPSILON

    def _begins(self, focus: Focus, *, walks: bool) -> bool:
        if self.alert == "cut-in" and not walks:
            return self._has_strayed(focus.seen)
        if self.alert == "deceleration":
            return focus.seen.braking > HARD_BRAKING
        return focus.seen.closing > EPSILON

    def _in_lane(self, seen: Seen) -> Event | None:
        """What a vehicle does that is in the own lane."""
        box = self.world.actors[seen.actor].box
        network, place = self.world.network, seen.lane
        heading = network.world_from_road(place.road_id, place.s, 0.0).heading if network else 0.0
        turn = float(self.world.orientation[0, seen.actor, 0]) - heading
        if abs(place.offset + math.sin(turn) * box.center[0]) > WANDERING and seen.nearing < -EPSILON:
            return "cut-out"
        return "deceleration" if seen.braking > HARD_BRAKING - EPSILON else None

    def _follow_aside(self, seen: Seen) -> None:
        """Note where somebody was when it began to come nearer, and how far it then may go."""
        if seen.nearing < EPSILON:
            self._strayed.pop(seen.actor, None)
        elif seen.actor not in self._strayed:
            self._strayed[seen.actor] = seen.aside, self._allowed(seen)

    def _allowed(self, seen: Seen) -> float:
        if self._trigger is not None:
            return self._trigger
        offset = seen.lane.offset * self.road.sense
        if offset * seen.aside > 0.0:
            return WANDERING + abs(offset)  # on the far side of its lane
        if self.world.actors[seen.actor].category == "motorbike":
            return WANDERING
        return max(WANDERING - abs(offset), 0.0)

    def _has_strayed(self, seen: Seen) -> bool:
        if seen.actor not in self._strayed:
            return False
        began, allowed = self._strayed[seen.actor]
        return abs(seen.aside - began) > allowed

    def _in_front(self, seen: Seen) -> bool:
        """Whether all of somebody is before the own front, or somebody covers it from side to side."""
        world, me = self.world, self.world.actors[self.actor].box
        yaw = float(world.orientation[0, self.actor, 0])
        x, y = world.position[0, self.actor, :2]
        there = world.position[0, seen.actor, :2]
        corners = footprint(world.boxes[0, seen.actor], there[0], there[1], float(world.orientation[0, seen.actor, 0]))
        left = -math.sin(yaw) * (corners[:, 0] - x) + math.cos(yaw) * (corners[:, 1] - y)
        edge = me.width / 2
        covers = left.max() > edge - self._tolerance and left.min() < -edge + self._tolerance
        return bool((abs(left) <= edge).all() or covers)


def _mode(properties: Mapping[str, str]) -> str:
    mode = properties.get("cutInPerceptionDelayMode", "Dist")
    if mode not in ("Dist", "Time"):
        raise ScenarioError(f"'{mode}' is no way to tell a delay", element="Property cutInPerceptionDelayMode",
                            remedy=did_you_mean(mode, ["Dist", "Time"]))  # fmt: skip
    return mode
