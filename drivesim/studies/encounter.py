"""What two actors' encounter came to, tick by tick: least and greatest of all measures of criticality."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drivesim.types import F64, WorldState
from drivesim.world.boxes import poses_of
from drivesim.world.conflict import time_to_contact
from drivesim.world.criticality import (
    FULL_BRAKING,
    deceleration_to_avoid,
    post_encroachment,
    rss_margin,
    time_to_brake,
)


@dataclass(frozen=True, slots=True)
class Criticality:
    """The worst of an encounter, for the first of both; definitions in :mod:`drivesim.world.criticality`.

    Attributes:
        distance: least gap between both boxes on the ground, m.
        ttc: least time to contact at any tick, s, both keeping their velocities; inf if never on a collision course.
        ttb: least time to brake, s; 0 once even full braking was too late, inf if never on a collision course.
        drac: greatest deceleration to avoid a crash, m/s2; inf once no braking avoided it.
        pet: post-encroachment time, s; inf if neither came to where the other was within ten seconds.
        rss: least RSS margin, m.
    """

    distance: float
    ttc: float
    ttb: float
    drac: float
    pet: float
    rss: float


class Encounter:
    """Looks at every state of a run until two actors have touched.

    Args:
        boxes: (N, 6) of all actors. first: who could brake. second: whom it meets.
    """

    def __init__(self, boxes: F64, first: int, second: int) -> None:
        self._boxes, self._first, self._second = boxes, first, second
        self._distance = self._ttc = self._ttb = self._rss = math.inf
        self._drac = 0.0
        self._tracks: tuple[list[F64], list[F64]] = ([], [])
        self._touched = False

    def see(self, state: WorldState) -> tuple[float, float]:
        """Take in the next state; gap, m, and time to contact, s, in it. Both are infinite while one is absent."""
        who = [self._first, self._second]
        if not state.present[0, who].all():
            return math.inf, math.inf
        poses, velocity = poses_of(state.position[0, who], state.orientation[0, who]), state.velocity[0, who]
        for track, pose in zip(self._tracks, poses, strict=True):
            track.append(np.append(state.time[0], pose))
        boxes = self._boxes[who]
        both = (boxes[0], poses[0], velocity[0], boxes[1], poses[1], velocity[1])
        gap, ttc = (float(value) for value in time_to_contact(*both))
        self._distance, self._ttc = min(self._distance, gap), min(self._ttc, ttc)
        self._rss = min(self._rss, rss_margin(*both))
        if ttc < math.inf:
            self._drac = max(self._drac, float(deceleration_to_avoid(*both)))
            self._ttb = min(self._ttb, float(time_to_brake(*both, FULL_BRAKING)))
        return gap, ttc

    def touch(self) -> None:
        """They have touched."""
        self._touched = True

    def criticality(self) -> Criticality:
        """The worst of what was seen so far."""
        if self._touched:
            return Criticality(0.0, 0.0, 0.0, math.inf, 0.0, self._rss)
        first, second = (np.array(track).reshape(-1, 5) for track in self._tracks)
        pet = float(post_encroachment(self._boxes[self._first], first, self._boxes[self._second], second))
        return Criticality(self._distance, self._ttc, self._ttb, self._drac, pet, self._rss)
