"""Actions that say where an entity goes: routes, positions, trajectories."""

from __future__ import annotations

import math

from drivesim.openscenario.actions.pace import Chase, Pace
from drivesim.openscenario.actions.running import Running
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.paths import Path, Place
from drivesim.openscenario.positions import complaint
from drivesim.streams import stream
from drivesim.transforms import Pose


def assign_route(action: model.AssignRouteAction, cast: Cast, motion: Motion) -> None:
    """AssignRouteAction: take these roads at junctions from now on."""
    if cast.world.network is None:
        raise complaint(action, "there is no road network to route on", "give the scenario a LogicFile")
    motion.route = cast.places.itinerary(action.route).roads
    motion.wander = None
    cast.places.routes = {**cast.places.routes, motion.actor.name: motion.route}
    cast.world.routes = {**cast.world.routes, motion.index: motion.route}


def random_route(action: model.RandomRouteAction, cast: Cast, motion: Motion) -> None:
    """RandomRouteAction: choose by chance at every junction from now on."""
    if cast.world.network is None:
        raise complaint(action, "there is no road network to route on", "give the scenario a LogicFile")
    motion.route, motion.wander = (), stream(cast.world.seed, "random route", motion.actor.name)


class Straight:
    """Leads in a straight line to a place."""

    def __init__(self, here: Pose, goal: Pose, motion: Motion) -> None:
        self._start, self._goal, self._motion = here, goal, motion
        step = goal.translation - here.translation
        self.length = math.hypot(float(step[0]), float(step[1]))
        self._heading = math.atan2(float(step[1]), float(step[0])) if self.length > 1e-9 else float(here.ypr[0])
        self.passed = 0.0

    def travel(self, distance: float, dt: float) -> tuple[Place, float] | None:
        if self.passed >= self.length - 1e-9:
            return None
        self.passed = min(self.passed + distance, self.length)
        share = self.passed / self.length
        x, y, z = (self._start.translation + share * (self._goal.translation - self._start.translation)).tolist()
        return (x, y, z, self._heading, 0.0, 0.0), self._motion.next_speed


class AcquirePosition(Running):
    """AcquirePositionAction: on the shortest way to a place, along the roads where they lead there."""

    domains = ("lateral",)

    def __init__(self, action: model.AcquirePositionAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        network, own, goal = cast.world.network, motion.lane, cast.places.lane(action.position)
        found = network.way(own, goal) if network and own and goal else None
        self._start = motion.odometer
        self._straight: Straight | None = None
        if found is not None:
            motion.route, motion.wander = found.roads, None
            self._length = found.length
        else:
            self._straight = Straight(motion.pose(), cast.places.pose(action.position), motion)
            motion.guide = self._straight
            self._length = self._straight.length

    def step(self, dt: float) -> None:
        ahead = abs(self.motion.speed + self.motion.next_speed) / 2 * dt
        self.done = self.motion.odometer - self._start + 0.5 * ahead >= self._length - 1e-6

    def stop(self) -> None:
        super().stop()
        if self._straight is not None and self.motion.guide is self._straight:
            self.motion.guide = None
            self.motion.settle()


class FollowTrajectory(Running):
    """FollowTrajectoryAction: along a curve at the entity's speed, or by the times of its places: exactly
    (``position``), or without jumps of speed (``follow``)."""

    def __init__(self, action: model.FollowTrajectoryAction, cast: Cast, motion: Motion) -> None:
        super().__init__(cast, motion)
        trajectory = action.referred or action.direct
        if trajectory is None:
            raise complaint(action, "there is no trajectory", "add a TrajectoryRef")
        self.path = Path.of(trajectory, cast.places, motion.pose())
        timing = action.time_reference
        self._timing = timing if isinstance(timing, model.Timing) and self.path.time is not None else None
        self.domains = ("lateral", "longitudinal") if self._timing else ("lateral",)
        self._started = cast.world.time
        self.passed = action.initial_distance_offset
        self._reverses = self._timing is None and motion.next_speed < 0.0
        self._follows = action.mode.following_mode == "follow"
        self._pace: Pace | Chase | None = None
        self._head_start = 0.0
        if self._timing and self._timing.domain_absolute_relative == "relative":
            self._head_start = self.path.time_at(self.passed) - self.path.time_at(0.0)
        motion.guide = self

    def begin(self) -> None:
        """Stand where the way starts, at once."""
        self.cast.world.place(self.motion.index, self.path.pose(self.passed), self.motion.speed)
        self.motion.settle()
        self.cast.towing.arrange(self.motion.actor.name)

    def _due(self, time: float) -> float:
        """Distance along the curve at a simulation time, by the vertices' times."""
        assert self._timing is not None
        if self._timing.domain_absolute_relative == "relative":
            time -= self._started
        return self.path.distance_at((time - self._timing.offset) / (self._timing.scale or 1.0) + self._head_start)

    def travel(self, distance: float, dt: float) -> tuple[Place, float] | None:
        if self.done:
            return None
        speed = self.motion.next_speed
        if self._timing is None:
            onwards = self._onwards(speed)
            self.passed = max(self.passed + onwards * abs(distance), 0.0)
            self.done = self.passed >= self.path.end - 1e-9 if onwards > 0 else self.passed <= 0.0
        else:
            before = self.passed
            speed = self._paced(dt) if self._follows else self._timed(dt)
            if self.path.oriented and not self.path.faces_on(before):
                speed = -speed
        there = self.path.place(self.passed)
        return (_turned(there) if self._reverses and not self.path.oriented else there), speed

    def _timed(self, dt: float) -> float:
        """Be exactly where the times say; the speed that this takes."""
        now = self.cast.world.time
        before, self.passed = self.passed, self._due(now + dt)
        self.done = now + dt >= self._started + self._lasts() - 1e-9
        if self.done and before < self.passed:
            return (self.passed - before) / dt
        return (self.passed - self._due(now)) / dt

    def _paced(self, dt: float) -> float:
        """Keep to the times as well as a steady speed can."""
        pace = self._pace = self._pace or self._set_off()
        pace.advance(dt)
        self.passed = min(pace.passed, self.path.end)
        self.done = pace.over and (self.passed >= self.path.end - 1e-6 or pace.speed < 1e-6)
        return pace.speed

    def _set_off(self) -> Pace | Chase:
        """From where one should be now, at the speed that one has."""
        ahead = not self.path.oriented or self.path.faces_on(self.passed)
        speed = max(self.motion.speed if ahead else -self.motion.speed, 0.0)
        start, limits = self.cast.world.time, self.motion.actor.performance
        passed = self._due(start)
        if self.path.marks:
            marks = [(self._at(mark), self.path.distance_at(mark)) for mark in self.path.marks]
            return Pace(marks, passed, speed, limits)
        return Chase(lambda elapsed: self._due(start + elapsed), self._lasts(), passed, speed, limits)

    def _at(self, time: float) -> float:
        """When a time of the curve is due, s from the action's start."""
        assert self._timing is not None
        since = self._started if self._timing.domain_absolute_relative == "absolute" else 0.0
        return (time - self._head_start) * self._timing.scale + self._timing.offset - since

    def _lasts(self) -> float:
        assert self.path.time is not None
        return self._at(self.path.time[-1])

    def _onwards(self, speed: float) -> int:
        """+1 towards the curve's end, -1 towards its start.

        A speed is along the entity's own x axis: it goes where the way it faces and the speed lead. Places may say
        which way it faces; else it faces the end, and the start if it began in reverse.
        """
        ahead = self.path.faces_on(self.passed) if self.path.oriented else not self._reverses
        return 1 if (speed >= 0.0) == ahead else -1

    def stop(self) -> None:
        super().stop()
        if self.motion.guide is self:
            self.motion.guide = None
            self.motion.settle()


def _turned(place: Place) -> Place:
    """The other way round: who reverses faces where the curve comes from."""
    x, y, z, yaw, pitch, roll = place
    return x, y, z, math.remainder(yaw + math.pi, math.tau), -pitch, -roll
