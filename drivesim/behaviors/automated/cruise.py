"""Adaptive cruise control: keeps a set speed, and behind whoever is slower a gap in time."""

from __future__ import annotations

import math
from collections.abc import Mapping

from drivesim.behaviors.automated.ahead import RoadAhead, Seen
from drivesim.behaviors.automated.properties import number
from drivesim.world import SpeedControl, World

TIME_GAP = 1.5
"""s; one of the settings that ISO 15622:2018 (6.3.1) asks of every system, 1.5 to 2.2 s."""
STANDSTILL_GAP = 3.0
"""Metres kept at rest, and added to the gap in time."""
CATCHING_UP = 2.5
"""m/s2 with which a gap twice as long as wanted is shortened, beside what differences of speed ask for."""
GAIN = 1.0
"""1/s by which a difference of speed is made good."""
FREE_SHARE = 0.7
"""Of the vehicle's acceleration that is used where nobody is ahead."""
LOOK_AHEAD = 50.0
"""Metres looked ahead at least; at speed, the way to standstill and twice the gap at rest."""
SIDE = 5.0
"""Metres between reference points beyond which who is on the same lane is passed by (a lane of its own width)."""
CUT_IN_REACH, CUT_IN_TIME, CUT_IN_RIGHT, CUT_IN_LEFT = 1.0, 0.5, 0.5, 0.2
"""Who is nearer ahead than its own length and these metres and seconds of closing, with so little room to the right or
left, is given way to before it is on the lane: m, s, m, m."""
_TOUCH = 1.0
"""Metres within which the car stands."""
_STAYS = 0.1
"""m/s across the road below which somebody does not change lanes."""
_JUMP = 1e-3
"""m/s by which the storyboard changes the set speed when it changes the speed."""
_BRAKING = 9.5
"""m/s2 of vehicles that say nothing of their performance, as :mod:`drivesim.world.limits` has it; half to speed up."""


class AdaptiveCruise:
    """Drives one vehicle's longitudinal domain; its way is that of the scenario.

    The set speed is that at which it begins, or of the property ``setSpeed``; speeds that the storyboard's actions ask
    for meanwhile take its place. The acceleration is a mean of two demands, weighted by how much longer the gap is than
    wanted: to reach the set speed, and to have that of who is ahead.

    Args:
        properties: ``timeGap`` in s, ``setSpeed`` in m/s with ``mode`` = ``override``, ``lateralDist`` in m.
    """

    def __init__(self, properties: Mapping[str, str], world: World, actor: int) -> None:
        self._time_gap = number(properties, "timeGap", TIME_GAP)
        self._side = number(properties, "lateralDist", SIDE)
        fixed = "setSpeed" in properties and properties.get("mode") == "override"
        self._fixed = number(properties, "setSpeed", 0.0) if fixed else None
        self._set = self._speed = 0.0
        self._asked = -math.inf
        self._road = RoadAhead(world, actor)
        performance = world.actors[actor].performance
        self._most = performance.max_acceleration if performance else _BRAKING / 2
        self._brakes = performance.max_deceleration if performance else _BRAKING

    def heed(self, speed: float) -> None:
        """What an action of the storyboard asks for, m/s."""
        self._set = speed

    def step(self, world: World, actor: int, dt: float) -> SpeedControl:
        speed = float(world.speed[0, actor])
        if world.time - self._asked > 1.5 * dt:  # begins, or begins again
            self._set = speed if self._fixed is None else self._fixed
        elif abs(speed - self._speed) > _JUMP:
            self._set = speed
        self._asked = world.time
        self._road.update()
        leader = self._leader(world, actor, speed)
        self._speed = self._behind(*leader, speed, dt) if leader else self._freely(speed, dt)
        return SpeedControl(self._speed)

    def _freely(self, speed: float, dt: float) -> float:
        most = FREE_SHARE * self._most
        wanted = min(max((self._set - speed) * most, -self._brakes), most)
        after = speed + wanted * dt
        return self._set if abs(after - self._set) > abs(speed - self._set) else after

    def _behind(self, gap: float, leading: float, speed: float, dt: float) -> float:
        if gap < _TOUCH:
            return 0.0
        wanted = STANDSTILL_GAP + self._time_gap * max(speed, leading)
        share = min((gap - wanted) / wanted, 1.0)
        slower = min(self._set, leading)
        demand = share * (CATCHING_UP - GAIN * (speed - self._set)) - (1.0 - share) * GAIN * (speed - slower)
        demand = min(max(demand, -self._brakes), self._most)
        return min(max(speed + demand * dt, 0.0), self._set)

    def _leader(self, world: World, actor: int, speed: float) -> tuple[float, float] | None:
        """Gap to the nearest ahead, m, and its speed, m/s."""
        reach = max(LOOK_AHEAD, 2.0 * STANDSTILL_GAP + speed * speed / self._brakes)
        nearest: tuple[float, float] | None = None
        for seen in self._road.others(reach):
            gap = between(world, actor, seen)
            if seen.lanes == 0 and gap > 0.0 and abs(seen.aside) < self._side:
                found = gap, float(world.speed[0, seen.actor])
            elif _in_the_way(seen) or _cuts_in(world, seen):
                found = seen.gap, float(world.speed[0, seen.actor])
            else:
                continue
            nearest = found if nearest is None else min(nearest, found)
        return nearest


def between(world: World, actor: int, seen: Seen) -> float:
    """Metres along the road from the own front to the other's back, each as long as along its own heading."""
    me, them = world.actors[actor].box, world.actors[seen.actor].box
    facing = math.cos(float(world.orientation[0, seen.actor, 0] - world.orientation[0, actor, 0]))
    back = them.length / 2 - math.copysign(them.center[0], facing)
    return seen.ahead - me.length / 2 - me.center[0] - back


def _in_the_way(seen: Seen) -> bool:
    """Whether somebody reaches into the own way from beside the lane, and stays there."""
    return seen.gap > 0.0 and seen.room <= 0.0 and abs(seen.nearing) < _STAYS


def _cuts_in(world: World, seen: Seen) -> bool:
    if seen.gap <= 0.0:
        return False
    near = CUT_IN_REACH + world.actors[seen.actor].box.length + CUT_IN_TIME * max(seen.closing, 0.0)
    room = CUT_IN_LEFT if seen.aside > 0.0 else CUT_IN_RIGHT
    return seen.gap < near and seen.room < room
