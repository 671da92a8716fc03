"""What a run of a sweep comes to, read from the states of the world: no sensor is needed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from drivesim.opendrive import empty_network, read_network
from drivesim.openscenario import Scenario
from drivesim.simulation import ego_of
from drivesim.studies.course import course_of
from drivesim.studies.driving import Driving, driving_of
from drivesim.studies.encounter import Encounter
from drivesim.studies.target import target_of
from drivesim.studies.whatif.outcome import hit_point, impact_speed
from drivesim.types import Collision, Frame, WorldState
from drivesim.world.boxes import boxes_of
from drivesim.world.conflict import CRITICAL

Class = Literal["collision", "near_miss", "clear"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, for the vehicle under test.

    Attributes:
        outcome: ``collision`` with anybody; ``near_miss``: least time to contact below
            :data:`~drivesim.world.conflict.CRITICAL`; ``clear``.
        initial_speed: of the car after the first tick, km/h.
        target: whom ``min_ttc`` and what follows it are about.
        hit: whom the car touched first; empty if nobody.
        collision_time: s; NaN without collision.
        impact_speed: of the car at first touch, km/h, 0 without. closing_speed: along the contact normal, km/h.
        hit_point: share of the car's width from its right edge; NaN without collision.
        min_distance, min_ttc, min_ttb, max_drac, pet, min_rss_margin: how critical meeting the target was, see
            :class:`~drivesim.studies.encounter.Criticality`.
        max_deceleration: of the car along its heading, m/s2, 0 if it never slowed down.
    """

    outcome: Class
    initial_speed: float
    target: str
    hit: str
    collision_time: float
    impact_speed: float
    closing_speed: float
    hit_point: float
    min_ttc: float
    min_distance: float
    max_deceleration: float
    min_ttb: float
    max_drac: float
    pet: float
    min_rss_margin: float


class Watch:
    """Looks at every frame of a run until the car has touched somebody.

    Args:
        target: whom times and distances are about; None: the first person, else cyclist, else vehicle.

    Raises:
        DrivesimError: nobody of that name, or nobody but the ego.
    """

    def __init__(self, scenario: Scenario, target: str | None = None) -> None:
        actors = scenario.actors()
        self._scenario, self._actors = scenario, actors
        self._car = ego_of(actors)
        self._target = target_of(actors, self._car, target)
        self._encounter = Encounter(boxes_of(actors), self._car.index, self._target.index)
        self._initial: float | None = None
        self._before: WorldState | None = None
        self._first: WorldState | None = None
        self._track: list[tuple[float, ...]] = []
        self._signals: list[Mapping[str, str]] = []
        self._deceleration = 0.0
        self._hit: tuple[Collision, float, float] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing later changes the outcome."""
        return self._hit is not None

    def see(self, frame: Frame) -> None:
        """Take in the next frame."""
        if self.over:
            return
        state, car = frame.state, self._car.index
        before = self._before or state
        if self._before is None:
            self._initial, self._first = float(state.speed[0, car]), state
        else:
            elapsed = float(state.time[0] - before.time[0])
            self._deceleration = max(self._deceleration, float(before.speed[0, car] - state.speed[0, car]) / elapsed)
        self._before = state
        x, y, _ = state.position[0, car].tolist()
        vx, vy, _ = state.velocity[0, car].tolist()
        self._track.append((float(state.time[0]), x, y, float(state.orientation[0, car, 0]), vx, vy))
        self._signals.append(frame.signals)
        for collision in frame.collisions:
            if self._car.name in (collision.first, collision.second):
                speed = impact_speed(collision, before, state, car)
                self._hit = (collision, speed, hit_point(collision, state, self._car))
                break
        self._encounter.see(state)

    def driving(self) -> Driving:
        """How well the car drove so far."""
        network = read_network(self._scenario.road_file) if self._scenario.road_file else empty_network()
        course, hit = None, ""
        if self._first is not None:
            course = course_of(self._scenario, network, self._car.index, self._first)
        if self._hit is not None:
            other = _other(self._hit[0], self._car.name)
            hit = next(actor.kind for actor in self._actors if actor.name == other)
        track = np.array(self._track, dtype=np.float64).reshape(-1, 6)
        return driving_of(track, self._car.box, network, signals=self._signals, course=course, hit=hit)

    def outcome(self) -> Outcome:
        """What was seen so far."""
        collision, speed, point = self._hit or (None, 0.0, math.nan)
        hit = "" if collision is None else _other(collision, self._car.name)
        if hit == self._target.name:
            self._encounter.touch()
        worst = self._encounter.criticality()
        kind: Class = "collision" if collision else "near_miss" if worst.ttc < CRITICAL else "clear"
        return Outcome(
            outcome=kind,
            initial_speed=3.6 * (self._initial or 0.0),
            target=self._target.name,
            hit=hit,
            collision_time=collision.time if collision else math.nan,
            impact_speed=3.6 * speed,
            closing_speed=3.6 * collision.closing_speed if collision else 0.0,
            hit_point=point,
            min_ttc=worst.ttc,
            min_distance=worst.distance,
            max_deceleration=self._deceleration,
            min_ttb=worst.ttb,
            max_drac=worst.drac,
            pet=worst.pet,
            min_rss_margin=worst.rss,
        )


def _other(collision: Collision, name: str) -> str:
    return collision.second if collision.first == name else collision.first
