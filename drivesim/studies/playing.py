"""Play an instance without sensors and say what became of it: outcome class, margin, what came into sight.

Definitions. *Gap*: between the footprints of ego and target, m. *TTC*: time until these touch if both keep their
velocities, s. *Hazard*: the first tick with a TTC below 6 s in which the driver's eyes see a third of the target.

Outcome classes:

- ``no_conflict``: no contact, and TTC never below 1.5 s (critical in town traffic: van der Horst 1990);
- ``near_miss``: no contact, but TTC below that;
- ``avoidable``: contact, though the skilled human of UN R157 (annex 4, appendix 3) could have braked to the target's
  speed between hazard and target;
- ``unavoidable``: contact, and not even that driver could; or the ego stood.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from drivesim.ego import EgoParameters
from drivesim.ego.parameters import EGOS
from drivesim.errors import DrivesimError, did_you_mean
from drivesim.openscenario.scenario import ScenarioFile
from drivesim.simulation import DEFAULT_DT, Simulation, ego_of
from drivesim.studies.encounter import Criticality, Encounter
from drivesim.studies.target import target_of
from drivesim.studies.whatif.outcome import impact_speed
from drivesim.types import Collision, WorldState
from drivesim.world.boxes import boxes_of
from drivesim.world.conflict import CRITICAL
from drivesim.world.decisions import Decision

OutcomeClass = Literal["no_conflict", "near_miss", "avoidable", "unavoidable"]
OUTCOMES: tuple[str, ...] = get_args(OutcomeClass)
_HORIZON = 6.0
"""Seconds; a conflict farther ahead is none yet."""
_NO_CONFLICT = 10.0
"""Seconds: where there was no conflict at all, a margin in seconds is this and the gap in metres on top."""
SEEN = 1 / 3
"""Share of the target's points in sight from which it counts as seen."""
_VIEW = 60.0
"""Metres; what is nearer and in sight is visible."""
_STANDING = 0.1
"""An ego slower than this at contact was run into, m/s."""
_PASSED = 5.0
"""A run ends when the ego has passed the target by this, m."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one instance.

    Attributes:
        outcome: see the module.
        margin: least of what the stage measures by, see :data:`MEASURED`; where there was contact, minus the impact
            speed in m/s.
        least_ttc: s, infinite without conflict.
        impact_speed: of the ego at first contact with the target, km/h; 0 without.
        visible: categories of actors that were in sight within 60 m, sorted and joined by ``+``; ``nothing`` if none.
        room: metres that the skilled human would have had left between hazard and target, negative where they were too
            few; -stopping distance where the target was hit unseen, infinite where there was no hazard.
        decisions: what everybody drew by chance, in order.
    """

    outcome: OutcomeClass
    margin: float
    least_ttc: float
    impact_speed: float
    visible: str
    room: float
    decisions: tuple[Decision, ...] = ()


MEASURED: dict[str, str] = {
    "gap": "smallest gap, m", "ttc": "least time to contact, s", "ttb": "least time to brake, s",
    "pet": "post-encroachment time, s", "rss": "least RSS margin, m",
}  # fmt: skip
"""What margins measure, by name; definitions in :mod:`drivesim.world.criticality`."""


class Stage:
    """A scenario that is read once and played many times.

    Args:
        target: name of the actor that must not be hit; None takes the person the story is about.
        settings: parameters fixed for all instances.
        by: what margins measure.

    Raises:
        DrivesimError: nothing is measured by that name.
    """

    def __init__(
        self, scenario: str, *, settings: Mapping[str, str] | None = None, target: str | None = None,
        dt: float = DEFAULT_DT, by: str = "gap",
    ) -> None:  # fmt: skip
        if by not in MEASURED:
            raise DrivesimError(f"no margin is measured by '{by}'", element="--by", remedy=did_you_mean(by, MEASURED))
        self._by = by
        self._file = ScenarioFile(scenario)
        self._settings = dict(settings or {})
        self._target = target
        self._dt = dt

    def target_name(self) -> str:
        """Whom the ego must not hit."""
        actors = self._file.scenario(self._settings).actors()
        return target_of(actors, ego_of(actors), self._target).name

    def play(self, values: Mapping[str, str], seed: int) -> Played:
        """One instance, until contact, until the target is passed or until the scenario ends."""
        scenario = self._file.scenario({**values, **self._settings})
        with Simulation(scenario, seed=seed, dt=self._dt) as simulation:
            return _Run(simulation, self._target, self._by).play()


class _Run:
    def __init__(self, simulation: Simulation, target: str | None, by: str) -> None:
        self.simulation = simulation
        self.by = by
        self.ego = simulation.ego
        self.target = target_of(simulation.actors, simulation.ego, target)
        self.encounter = Encounter(boxes_of(simulation.actors), self.ego.index, self.target.index)
        self.driver = EGOS["reference_driver"]
        self.seen: set[str] = set()

    def play(self) -> Played:
        room: float | None = None
        before = self.simulation.world.snapshot()
        hit: Collision | None = None
        for frame in self.simulation:
            state = frame.state
            names = {self.ego.name, self.target.name}
            hit = next((each for each in frame.collisions if {each.first, each.second} == names), None)
            if hit is not None:
                break
            self._look(state)
            if state.present[0, self.target.index]:
                _, ttc = self.encounter.see(state)
                distance, closing = self._ahead(state)
                if room is None and ttc < _HORIZON and self._sees(self.target.index) >= SEEN:
                    room = distance - stopping_distance(closing, self.driver)
                if distance < -self.ego.box.length - _PASSED:
                    break
            before = state
        speed = impact_speed(hit, before, frame.state, self.ego.index) if hit is not None else 0.0
        visible = "+".join(sorted(self.seen)) or "nothing"
        drawn = tuple(self.simulation.world.decisions)
        if hit is not None:
            avoidable = room is not None and room >= 0.0 and speed > _STANDING
            room = -stopping_distance(speed, self.driver) if room is None else room
            return Played("avoidable" if avoidable else "unavoidable", -speed, 0.0, 3.6 * speed, visible, room, drawn)
        worst = self.encounter.criticality()
        outcome: OutcomeClass = "near_miss" if worst.ttc < CRITICAL else "no_conflict"
        room = math.inf if room is None else room
        return Played(outcome, self._margin(worst), worst.ttc, 0.0, visible, room, drawn)

    def _margin(self, worst: Criticality) -> float:
        if self.by == "gap":
            return worst.distance
        least: float = getattr(worst, self.by)
        return least if math.isfinite(least) else _NO_CONFLICT + worst.distance

    def _sees(self, actor: int) -> float:
        return self.simulation.world.visible_share(self.ego.index, actor)

    def _look(self, state: WorldState) -> None:
        for actor in self.simulation.actors:
            if actor.index == self.ego.index or actor.category in self.seen or not state.present[0, actor.index]:
                continue
            away = state.position[0, actor.index] - state.position[0, self.ego.index]
            if float(np.hypot(away[0], away[1])) < _VIEW and self._sees(actor.index) >= SEEN:
                self.seen.add(actor.category)

    def _ahead(self, state: WorldState) -> tuple[float, float]:
        """Metres from the ego's front to the target along the heading, negative beside and behind, and m/s closing."""
        ego, target = self.ego.index, self.target.index
        into = state.pose(ego).inverse()
        local = into.apply(state.pose(target).apply(self.target.box.center))
        velocity = into.rotation @ (state.velocity[0, target] - state.velocity[0, ego])
        turn = float(state.orientation[0, target, 0] - state.orientation[0, ego, 0])
        half = (abs(math.cos(turn)) * self.target.box.length + abs(math.sin(turn)) * self.target.box.width) / 2
        front = self.ego.box.center[0] + self.ego.box.length / 2
        return float(local[0] - half - front), -float(velocity[0])


def stopping_distance(speed: float, driver: EgoParameters) -> float:
    """Metres that a driver needs to take ``speed`` (m/s) off: sees, waits, builds deceleration up, brakes."""
    waiting = driver.camera_latency + driver.dead_time
    ramp = driver.deceleration / driver.jerk
    if speed <= 0.5 * driver.deceleration * ramp:
        time = math.sqrt(2.0 * max(speed, 0.0) / driver.jerk)
        return speed * (waiting + time) - driver.jerk * time**3 / 6.0
    rest = speed - 0.5 * driver.deceleration * ramp
    return speed * (waiting + ramp) - driver.deceleration * ramp**2 / 6.0 + rest**2 / (2.0 * driver.deceleration)
