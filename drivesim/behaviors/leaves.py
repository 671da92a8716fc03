"""What pedestrians and riders perceive, decide and do: one small class per leaf.

A leaf is made once with its ports and ticked with the agent; it answers True (success), False (failure) or None
(running). ``begin`` starts it anew. Traits of a person (caution, luck) are drawn once, when first asked for; choices
of an action (how long, how fast) each time it begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

from drivesim.behaviors.agent import Agent
from drivesim.behaviors.board import Ports
from drivesim.behaviors.dice import Dice

Answer = bool | None

NECK = math.radians(70.0)
"""How far a head turns with ease (range of motion of young people: Youdas et al. 1992, Physical Therapy 72:770)."""


class Leaf:
    """Base: ports as attributes, dice, the time since the leaf began."""

    def __init__(self, ports: Ports, dice: Dice) -> None:
        self.ports = ports
        self.dice = dice
        self.elapsed = 0.0

    def number(self, port: str) -> float:
        return self.ports.number(port)

    def lasted(self, seconds: float) -> bool:
        """Whether the leaf has run for so long, up to rounding of the sum of ticks."""
        return self.elapsed >= seconds - 1e-9

    def begin(self, agent: Agent) -> None:
        """Called when the leaf starts to run."""

    def tick(self, agent: Agent) -> Answer:
        raise NotImplementedError


class AlwaysSuccess(Leaf):
    def tick(self, agent: Agent) -> Answer:
        return True


class AlwaysFailure(Leaf):
    def tick(self, agent: Agent) -> Answer:
        return False


class CheckEquals(Leaf):
    def tick(self, agent: Agent) -> Answer:
        return self.ports["a"].strip() == self.ports["b"].strip()


class Probability(Leaf):
    @cached_property
    def _lucky(self) -> bool:
        return self.dice.lucky(self.number("p"))

    def tick(self, agent: Agent) -> Answer:
        return self._lucky


class Sleep(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        return True if self.lasted(self.number("msec") / 1000) else None


class Stand(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        return None


class WaitForMaster(Leaf):
    def begin(self, agent: Agent) -> None:
        self._by = "time" if self.ports["time"] else "distance"
        self._threshold = self.number(self._by) + self.number("spread") * self.dice.uniform(-1.0, 1.0)

    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        left = agent.master_time() if self._by == "time" else agent.master_gap()
        return True if left <= self._threshold else None


class MasterPassed(Leaf):
    def tick(self, agent: Agent) -> Answer:
        return agent.master_gap() < -self.number("margin")


class WaitUntilPassed(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        gone = agent.master_gap() < -self.number("margin") - 4.0
        yields = float(agent.world.speed[0, agent.master]) < 0.2
        return True if gone or (yields and agent.sees_master()) else None


class LookBothWays(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        share = self.elapsed / max(self.number("duration"), 1e-3)
        agent.gaze = math.copysign(NECK, 0.5 - share)
        if agent.sees_master():
            agent.last_seen = agent.world.time
        return True if self.lasted(self.number("duration")) else None


class LookAt(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.gaze = min(max(agent.bearing()[0], -NECK), NECK)
        return True


class LookAhead(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.gaze = 0.0
        return True


class PerceivesVehicle(Leaf):
    def tick(self, agent: Agent) -> Answer:
        if agent.sees_master(self.number("range")):
            agent.last_seen = agent.world.time
        return agent.world.time - agent.last_seen <= self.number("memory")


class GapAccept(Leaf):
    """Children go by distance whatever the speed (Connelly et al. 1998), adults by time."""

    @cached_property
    def _threshold(self) -> float:
        return self.number("threshold") + self.number("spread") * self.dice.normal()

    def tick(self, agent: Agent) -> Answer:
        gap = agent.master_gap() if self.ports["mode"] == "distance" else agent.master_time()
        return gap > self._threshold or gap < -5.0


class Notices(Leaf):
    _noticed = False

    @cached_property
    def _attentive(self) -> bool:
        return self.dice.lucky(self.number("probability"))

    def tick(self, agent: Agent) -> Answer:
        near = 0.0 < agent.master_gap() < self.number("distance")
        if self._attentive and near and agent.travelled > 0.8 and agent.sees_master():
            self._noticed = True
        return self._noticed


class CrossTo(Leaf):
    def tick(self, agent: Agent) -> Answer:
        if agent.travelled >= self.number("distance"):
            agent.stand()
            return True
        agent.move(self.number("speed"), self.number("acceleration"))
        return None


class DartOut(Leaf):
    def begin(self, agent: Agent) -> None:
        self._speed = self.number("speed") * (1.0 + self.number("variation") * self.dice.uniform(0.0, 1.0))
        self._delay = self.number("delay")

    def tick(self, agent: Agent) -> Answer:
        if agent.travelled >= self.number("distance"):
            agent.stand()
            return True
        if not self.lasted(self._delay):
            agent.stand()
        else:
            agent.move(self._speed, self.number("acceleration"))
        return None


class RunBack(Leaf):
    def tick(self, agent: Agent) -> Answer:
        if agent.travelled <= 0.05 or not agent.walks:
            agent.stand()
            return True if agent.walks else None
        agent.move(-self.number("speed"), self.number("acceleration"))
        return None


class SocialForceAvoid(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.keeps_off = self.ports["on"] == "true"
        return True


class Hesitate(Leaf):
    def begin(self, agent: Agent) -> None:
        self._duration = max(0.1, self.number("duration") + self.number("spread") * self.dice.normal())

    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        return True if self.lasted(self._duration) else None


class SyncArrival(Leaf):
    """Euro NCAP VRU protocol: accelerate evenly over a distance, then steady; on the centreline at the same time as the
    unbraked vehicle's front. The start falls between ticks where it must; a start that comes too late is not made up.
    """

    def begin(self, agent: Agent) -> None:
        self._clock: float | None = None

    def tick(self, agent: Agent) -> Answer:
        speed, ramp = self.number("speed"), self.number("acceleration_distance")
        ramp_time = 2.0 * ramp / speed
        if self._clock is None:
            needs = ramp_time + (self.number("start_distance") - ramp) / speed
            early = agent.master_time() - needs
            if early > agent.dt or agent.master_gap() < 0.0:
                agent.follow_profile(0.0, 0.0)
                return None
            self._clock = -max(early, 0.0)
        self._clock += agent.dt
        if self._clock < ramp_time:
            share = max(self._clock, 0.0) / ramp_time
            distance, speed = ramp * share * share, speed * share
        else:
            distance = ramp + speed * (self._clock - ramp_time)
        agent.follow_profile(distance, speed)
        return True if distance >= self.number("crossing_distance") else None


LEAVES: dict[str, Callable[[Ports, Any], Leaf]] = {
    leaf.__name__: leaf
    for leaf in (
        AlwaysSuccess, AlwaysFailure,
        CheckEquals, Probability, Sleep, Stand, WaitForMaster, MasterPassed, WaitUntilPassed, LookBothWays, LookAt,
        LookAhead,
        PerceivesVehicle, GapAccept, Notices, CrossTo, DartOut, RunBack, SocialForceAvoid, Hesitate, SyncArrival,
    )
}  # fmt: skip
