"""Trailers: their coupler stays on the hitch of who tows them, their axle follows without slipping."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from drivesim.openscenario.motion import Motion, Place
from drivesim.transforms import Pose
from drivesim.world import World


@dataclass(frozen=True, slots=True)
class Coupling:
    """Where a vehicle tows and is towed, m ahead of its reference point; None where it cannot."""

    hitch: float | None = None
    coupler: float | None = None


class Towing:
    """Who tows whom.

    Attributes:
        behind: the trailer of each towing entity, by name.
    """

    def __init__(
        self, world: World, motions: Mapping[str, Motion], couplings: Mapping[str, Coupling], behind: Mapping[str, str]
    ) -> None:
        self.world, self.motions = world, motions
        self.behind: dict[str, str] = {}
        self._couplings = couplings
        for tow, trailer in behind.items():
            self.connect(tow, trailer)

    def can(self, tow: str, trailer: str) -> bool:
        """Whether the one has a hitch and the other a coupler."""
        return self._couplings[tow].hitch is not None and self._couplings[trailer].coupler is not None

    @property
    def towed(self) -> set[str]:
        return set(self.behind.values())

    def connect(self, tow: str, trailer: str) -> None:
        """Couple; the trailer jumps onto the hitch as it stands."""
        for other, theirs in list(self.behind.items()):
            if other == tow or theirs == trailer:
                del self.behind[other]
        self.behind[tow] = trailer
        hitch, coupler = self._couplings[tow].hitch or 0.0, self._couplings[trailer].coupler or 0.0
        self.world.couple(self.motions[tow].index, self.motions[trailer].index, hitch, coupler)
        index = self.motions[trailer].index
        if self.world.present[0, index] and self.world.present[0, self.motions[tow].index]:
            self._put(tow, trailer, float(self.world.orientation[0, index, 0]))

    def disconnect(self, tow: str) -> None:
        """Leave the trailer where it is: nothing drives it."""
        trailer = self.behind.pop(tow, None)
        if trailer is not None:
            self.world.uncouple(trailer=self.motions[trailer].index)
            self.motions[trailer].set_speed(0.0)
            self.motions[trailer].settle()

    def arrange(self, tow: str) -> None:
        """Put all trailers of who has just been placed in a straight line behind."""
        while tow in self.behind:
            trailer = self.behind[tow]
            self._put(tow, trailer, float(self.world.orientation[0, self.motions[tow].index, 0]))
            tow = trailer

    def _put(self, tow: str, trailer: str, heading: float) -> None:
        place = self._place(tow, trailer, self.motions[tow].place(), heading)
        self.world.place(self.motions[trailer].index, Pose.from_ypr(place[:3], place[3:]), self.motions[tow].speed)
        self.motions[trailer].settle()

    def _place(self, tow: str, trailer: str, ahead: Place, heading: float) -> Place:
        """Of a trailer that faces so, behind a tow that is there."""
        x, y = self._hitch(tow, ahead)
        length = self._length(trailer)
        x, y = x - length * math.cos(heading), y - length * math.sin(heading)
        z = self.world.ground_height(x, y)
        pitch = -math.atan2(ahead[2] - z, length) if length else ahead[4]
        return x, y, z, heading, pitch, ahead[5]

    def _hitch(self, tow: str, place: Place) -> tuple[float, float]:
        dx = self._couplings[tow].hitch or 0.0
        return place[0] + dx * math.cos(place[3]), place[1] + dx * math.sin(place[3])

    def _length(self, trailer: str) -> float:
        return self._couplings[trailer].coupler or 0.0

    def follow(self, dt: float) -> None:
        """Command all trailers after those who tow them have been commanded."""
        for tow in [name for name in self.behind if name not in self.towed]:
            ahead, first = self.motions[tow].coming(dt), tow
            while first in self.behind:
                trailer = self.behind[first]
                ahead = self._drawn(first, trailer, ahead, dt)
                first = trailer

    def _drawn(self, tow: str, trailer: str, ahead: Place, dt: float) -> Place:
        """The coupler goes where the hitch goes; the axle rolls, it does not slide: only the hitch's way across the
        trailer turns it."""
        motion = self.motions[trailer]
        here = motion.place()
        x, y = self._hitch(tow, self.motions[tow].place())
        to_x, to_y = self._hitch(tow, ahead)
        across = (to_y - y) * math.cos(here[3]) - (to_x - x) * math.sin(here[3])
        length = max(self._length(trailer), 1e-3)
        heading = here[3] + math.asin(min(max(across / length, -1.0), 1.0))
        there = self._place(tow, trailer, ahead, math.remainder(heading, math.tau))
        forward = (there[0] - here[0]) * math.cos(heading) + (there[1] - here[1]) * math.sin(heading)
        motion.towed_to(there, forward / dt)
        return there
