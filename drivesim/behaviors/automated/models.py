"""Three safety models for UN R157 that judge by one measure: the regulation itself, RSS and the fuzzy safety model."""

from __future__ import annotations

import math
from collections.abc import Mapping

from drivesim.behaviors.automated import safety
from drivesim.behaviors.automated.ahead import Seen
from drivesim.behaviors.automated.model import EPSILON, Event, SafetyModel
from drivesim.behaviors.driver import EMERGENCY_DECELERATION, JERK, REACTION_TIME
from drivesim.world import World

_INTRUSION = 0.3
"""Metres beyond the lane marking at which a front tyre has intruded (UN R157 5.2.5.2)."""
_FRONT_AXLE = 0.5
"""Of the length before the middle, where there is no axle."""


class Regulation(SafetyModel):
    """What UN R157 5.2.5.2 asks of a system: brakes with 6 m/s2 for who is ahead or has cut in and is too near."""

    reach = 46.0
    """Metres: the range that the regulation asks for at 60 km/h (7.1.1)."""

    def threatens(self, seen: Seen) -> tuple[bool, Event | None]:
        if seen.lanes == 0:
            return True, "deceleration"
        return (True, "cut-in") if self._intrudes(seen) else (False, None)

    def judge(self, speed: float, dt: float) -> None:
        if self.focus is None:
            self.critical = False
        elif not (self.critical and self.full_stop):
            closing = self.focus.seen.closing
            least = safety.regulation_time(closing) + safety.STEP
            self.critical = closing > 0.0 and 0.0 < self.focus.seen.gap < closing * least

    def brake(self, speed: float, dt: float) -> float:
        return -safety.REGULATION_DECELERATION

    def gap(self, speed: float) -> float:
        return safety.regulation_gap(speed)

    def _intrudes(self, seen: Seen) -> bool:
        """Whether the front tyre on the near side is beyond the lane marking by more than allowed."""
        network, other = self.world.network, self.world.actors[seen.actor]
        if network is None:
            return False
        place = seen.lane
        width = network.lane_width(place.road_id, place.lane_id, place.s)
        heading = network.world_from_road(place.road_id, place.s, 0.0).heading
        turn = float(self.world.orientation[0, seen.actor, 0]) - heading
        front = other.axles.front_x if other.axles else _FRONT_AXLE * other.box.length
        towards = -math.copysign(1.0, seen.aside) * self.road.sense  # of +t, from it to the own lane
        near = other.box.width / 2 * towards * math.copysign(1.0, math.cos(turn))
        reached = place.offset + math.sin(turn) * front + math.cos(turn) * near
        return reached * towards > width / 2 + _INTRUSION


class Delayed(SafetyModel):
    """Begins to brake a reaction time after the situation has become critical, harder and harder."""

    def __init__(self, properties: Mapping[str, str], world: World, actor: int) -> None:
        super().__init__(properties, world, actor)
        self._waiting = 0.0

    def approached(self) -> Seen | None:
        """The one in focus, where it is ahead and comes nearer."""
        seen = self.focus.seen if self.focus else None
        return seen if seen is not None and seen.closing > 0.0 and seen.gap > 0.0 else None

    def become(self, *, critical: bool) -> None:
        """Take note of how the situation is now."""
        if critical and not self.critical:
            self._waiting = REACTION_TIME
        self.critical = critical

    def brake(self, speed: float, dt: float) -> float:
        if self._waiting > 0.0:
            self._waiting -= dt
            return min(self.acceleration, 0.0)  # off the pedal
        return max(self.acceleration - JERK * dt, -EMERGENCY_DECELERATION, -self.hardest())

    def hardest(self) -> float:
        """The deceleration that the situation asks for, m/s2."""
        return EMERGENCY_DECELERATION


class Responsible(Delayed):
    """RSS: dangerous is who is nearer than the safe distances, sideways and lengthwise."""

    def threatens(self, seen: Seen) -> tuple[bool, Event | None]:
        if seen.lanes == 0 or seen.room < EPSILON:
            return True, "deceleration"
        drift = self.world.velocity[0, seen.actor]
        across = math.hypot(float(drift[0]), float(drift[1])) ** 2 - seen.forth**2
        return (True, "cut-in") if seen.room < safety.rss_room(math.sqrt(max(across, 0.0))) else (False, None)

    def judge(self, speed: float, dt: float) -> None:
        seen = self.approached()
        if seen is None:
            self.become(critical=False)
            return
        leading = float(self.world.speed[0, seen.actor])
        self.become(critical=seen.gap < safety.rss_gap(speed, leading))

    def gap(self, speed: float) -> float:
        return safety.rss_steady_gap(speed)


class Fuzzy(Delayed):
    """FSM: brakes as hard as the proactive and the critical fuzzy measure say."""

    reach = 46.0

    def __init__(self, properties: Mapping[str, str], world: World, actor: int) -> None:
        super().__init__(properties, world, actor)
        self._proactive = self._risk = 0.0

    def threatens(self, seen: Seen) -> tuple[bool, Event | None]:
        if seen.lanes == 0:
            return True, "deceleration"
        if seen.room > EPSILON:
            if seen.nearing <= 0.0:
                return False, None
            lengths = self.world.actors[self.actor].box.length + self.world.actors[seen.actor].box.length
            passed = (abs(seen.gap) + lengths) / max(seen.closing, EPSILON)
            if seen.room / seen.nearing > passed + safety.STEP:
                return False, None  # it will be passed before it is in the way
        return True, "cut-in"

    def judge(self, speed: float, dt: float) -> None:
        seen = self.approached()
        if seen is None:
            self.become(critical=False)
            return
        leading = float(self.world.speed[0, seen.actor])
        self._risk = safety.critical_fuzzy(seen.gap, speed, leading, self.acceleration)
        self._proactive = safety.proactive_fuzzy(seen.gap, speed, leading)
        self.become(critical=self._risk + self._proactive > EPSILON)

    def hardest(self) -> float:
        if self._risk > 0.0:
            return safety.FIRM + self._risk * (safety.HARD - safety.FIRM)
        return self._proactive * safety.FIRM

    def gap(self, speed: float) -> float:
        leading = float(self.world.speed[0, self.focus.seen.actor]) if self.focus else speed
        return safety.fuzzy_gap(speed, leading)
