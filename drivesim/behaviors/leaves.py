"""What pedestrians and riders perceive, decide and do: one small class per leaf.

A leaf is made once with its ports and ticked with the agent; it answers True (success), False (failure) or None
(running). ``begin`` starts it anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from drivesim.behaviors.agent import Agent

Answer = bool | None


class Leaf:
    """Base: ports as attributes, a random stream, the time since the leaf began."""

    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        self.ports = ports
        self.random = random
        self.elapsed = 0.0

    def number(self, port: str) -> float:
        return float(self.ports[port])

    def begin(self, agent: Agent) -> None:
        """Called when the leaf starts to run."""

    def tick(self, agent: Agent) -> Answer:
        raise NotImplementedError


class CheckEquals(Leaf):
    def tick(self, agent: Agent) -> Answer:
        return self.ports["a"].strip() == self.ports["b"].strip()


class Probability(Leaf):
    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        super().__init__(ports, random)
        self._lucky = bool(random.random() < self.number("p"))

    def tick(self, agent: Agent) -> Answer:
        return self._lucky


class Sleep(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        return True if self.elapsed >= self.number("msec") / 1000 else None


class Stand(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        return None


class WaitForMaster(Leaf):
    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        super().__init__(ports, random)
        self._time = self.number("time") + self.number("spread") * float(random.uniform(-1, 1))

    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        return True if agent.master_time() <= self._time else None


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
        agent.gaze = math.radians(70.0 if share < 0.5 else -70.0)
        return True if share >= 1.0 else None


class LookAhead(Leaf):
    def tick(self, agent: Agent) -> Answer:
        agent.gaze = 0.0
        return True


class PerceivesVehicle(Leaf):
    def tick(self, agent: Agent) -> Answer:
        return agent.sees_master()


class GapAccept(Leaf):
    """Children go by distance whatever the speed (Connelly et al. 1998), adults by time."""

    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        super().__init__(ports, random)
        self._threshold = self.number("threshold") + self.number("spread") * float(random.normal())

    def tick(self, agent: Agent) -> Answer:
        gap = agent.master_gap() if self.ports["mode"] == "distance" else agent.master_time()
        return gap > self._threshold or gap < -5.0


class Notices(Leaf):
    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        super().__init__(ports, random)
        self._attentive = bool(random.random() < self.number("probability"))
        self._noticed = False

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
    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        super().__init__(ports, random)
        self._speed = self.number("speed") * (1.0 + self.number("variation") * float(random.random()))
        self._delay = self.number("delay")

    def tick(self, agent: Agent) -> Answer:
        if agent.travelled >= self.number("distance"):
            agent.stand()
            return True
        if self.elapsed < self._delay:
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


class Hesitate(Leaf):
    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        super().__init__(ports, random)
        self._duration = max(0.1, self.number("duration") + self.number("spread") * float(random.normal()))

    def tick(self, agent: Agent) -> Answer:
        agent.stand()
        return True if self.elapsed >= self._duration else None


class SyncArrival(Leaf):
    """Euro NCAP VRU protocol: accelerate evenly over a distance, then steady; on the centreline at the same time as the
    unbraked vehicle's front. The start falls between ticks where it must."""

    def __init__(self, ports: Mapping[str, str], random: np.random.Generator) -> None:
        super().__init__(ports, random)
        self._speed = self.number("speed")
        self._ramp = self.number("acceleration_distance")
        self._ramp_time = 2.0 * self._ramp / self._speed
        self._needs = self._ramp_time + (self.number("start_distance") - self._ramp) / self._speed
        self._clock: float | None = None

    def tick(self, agent: Agent) -> Answer:
        end = self.number("crossing_distance")
        if self._clock is None:
            early = agent.master_time() - self._needs
            if early > agent.dt or agent.master_gap() < 0.0:
                agent.follow_profile(0.0, 0.0)
                return None
            self._clock = -early
        self._clock += agent.dt
        clock = max(self._clock, 0.0)
        rate = self._speed / self._ramp_time
        if clock < self._ramp_time:
            distance, speed = 0.5 * rate * clock * clock, rate * clock
        else:
            distance, speed = self._ramp + self._speed * (clock - self._ramp_time), self._speed
        if distance >= end:
            agent.follow_profile(end, 0.0)
            return True
        agent.follow_profile(distance, speed)
        return None


LEAVES: dict[str, Callable[[Mapping[str, str], Any], Leaf]] = {
    leaf.__name__: leaf
    for leaf in (
        CheckEquals, Probability, Sleep, Stand, WaitForMaster, MasterPassed, WaitUntilPassed, LookBothWays, LookAhead,
        PerceivesVehicle, GapAccept, Notices, CrossTo, DartOut, RunBack, Hesitate, SyncArrival,
    )
}  # fmt: skip
