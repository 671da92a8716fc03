"""SynchronizeAction: two entities reach their places at the same time."""

from __future__ import annotations

import math

from drivesim.openscenario.actions.routing import FollowTrajectory
from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.model.positions import Position
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.paths import Path
from drivesim.transforms import Pose

_SOON = 1e-3
"""Seconds before arrival from which the speed is no longer corrected."""


class _Rest:
    """What an entity still has to go to a place: along its trajectory, its way over the roads, or straight."""

    def __init__(self, cast: Cast, motion: Motion, place: Position) -> None:
        self._cast, self._motion, self._place = cast, motion, place
        self._goal: tuple[Path, Pose, float] | None = None
        """The trajectory that it follows, the place's pose, and how far along the trajectory that is."""

    def metres(self) -> float:
        places, guide = self._cast.places, self._motion.guide
        pose = places.pose(self._place)
        if isinstance(guide, FollowTrajectory):
            goal = self._goal
            if goal is None or goal[0] is not guide.path or goal[1] is not pose:
                x, y = float(pose.translation[0]), float(pose.translation[1])
                goal = self._goal = guide.path, pose, guide.path.nearest(x, y)
            return goal[2] - guide.passed
        network, own = self._cast.world.network, self._motion.lane
        there = places.lane(self._place) if own is not None else None
        if network is not None and own is not None and there is not None:
            found = network.way(own, there)
            if found is not None:
                return found.length
            if network.way(there, own) is not None:
                return -1.0
        offset = self._motion.pose().inverse() @ pose
        return float(offset.translation[0]) if offset.translation[0] < 0 else math.hypot(*offset.translation[:2])


class Synchronize(Running):
    """Adapts an entity's speed so that it arrives when its master does, with the final speed where one is asked for.

    With a final speed the rest of the way is covered with the least acceleration for which arrival, speed now and
    speed then all fit, after a wait where there is too much time; without one, at constant acceleration. A steady state
    before the end is covered at the final speed. The plan is made anew every tick, from how the master moves then;
    while the master keeps its speed it stays the same one.
    """

    domains = ("longitudinal",)

    def __init__(self, action: model.SynchronizeAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        self._action = action
        self._master = cast.motion(action.master_entity_ref, action)
        self._theirs = _Rest(cast, self._master, action.target_position_master)
        self._own = _Rest(cast, motion, action.target_position)

    def step(self, dt: float) -> None:
        action, motion, master = self._action, self.motion, self._master
        master_left, own_left = self._theirs.metres(), self._own.metres()
        pace = abs(master.speed)
        near = master_left <= (action.target_tolerance_master or 0.0) + pace * dt * 0.5
        if near or own_left <= (action.target_tolerance or 0.0):
            final = self._final_speed()
            if final is not None:
                motion.next_speed = final
            self.done = True
            return
        if pace < 1e-6:
            motion.next_speed = motion.speed
            return
        self._aim(master_left / pace, own_left, dt)

    def _aim(self, time: float, distance: float, dt: float) -> None:
        """Set the speed for the coming tick; ``time`` and ``distance`` are what is left."""
        motion, final = self.motion, self._final_speed()
        if final is None:
            change = 2.0 * (distance - motion.speed * time) / (time * time) if time > _SOON else 0.0
            motion.next_speed = max(motion.speed + change * dt, 0.0)
            return
        steady_time, steady_distance = self._steady(final)
        time, distance = time - steady_time, distance - steady_distance
        if time <= max(_SOON, dt):
            motion.next_speed = final
            return
        motion.next_speed = max(_gentlest(motion.speed, final, distance, time, dt), 0.0)

    def _final_speed(self) -> float | None:
        asked = self._action.final_speed
        if asked is None:
            return None
        if isinstance(asked, model.AbsoluteSpeed):
            return asked.value
        base = self._master.speed
        return base * asked.value if asked.speed_target_value_type == "factor" else base + asked.value

    def _steady(self, final: float) -> tuple[float, float]:
        """Seconds and metres to be gone at the final speed before the end."""
        asked = self._action.final_speed.steady if self._action.final_speed else None
        if isinstance(asked, model.TargetTimeSteadyState):
            return asked.time, asked.time * final
        if isinstance(asked, model.TargetDistanceSteadyState) and final > 0.0:
            return asked.distance / final, asked.distance
        return 0.0, 0.0


def _gentlest(start: float, final: float, distance: float, time: float, dt: float) -> float:
    """The speed after ``dt`` on the way of the least peak acceleration: up and then down at the same rate, or down and
    then up, which covers ``distance`` in ``time`` from speed ``start`` to ``final``."""
    excess = distance - 0.5 * (start + final) * time
    sign = math.copysign(1.0, excess)
    rate = 2.0 / time**2 * (abs(excess) + math.hypot(excess, 0.5 * time * (final - start)))
    if rate <= 0.0:
        return start
    turn = 0.5 * (time + sign * (final - start) / rate)
    return start + sign * rate * (min(dt, turn) - max(dt - turn, 0.0))
