"""The course that a scenario gives a vehicle, and how much of it was driven."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numba as nb
import numpy as np

from drivesim.errors import ScenarioError
from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.model.conditions import ByEntityCondition, ReachPositionCondition
from drivesim.openscenario.model.positions import Position
from drivesim.openscenario.paths import Path
from drivesim.openscenario.positions import Places
from drivesim.openscenario.scenario import Scenario
from drivesim.types import F64, Weather, WorldState
from drivesim.world import World

BESIDE = 10.0
"""Metres beside the course from which nothing counts as driven (``RouteCompletionTest`` of CARLA's scenario_runner)."""
COMPLETE = 0.99
"""Share from which the course counts as completed when its end is that near (the same)."""
_STEP = 2.0
"""Metres between points of a course along roads."""

_Line = list[tuple[float, float, float]]
"""x, y and metres from the start; a jump to where the next part begins adds none."""
_Told = model.AcquirePositionAction | model.AssignRouteAction | model.FollowTrajectoryAction


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A line to drive along.

    Attributes:
        points: (M, 3) x, y, metres from its start, never falling.
        spare: how far from its end one has arrived, m.
    """

    points: F64
    spare: float = 0.0

    def completion(self, way: F64) -> float:
        """Share of the course that was driven, 0 .. 1, from where it is nearest to the first place.

        Args:
            way: (K, 2) x, y, in order.
        """
        start, reached = _progress(np.ascontiguousarray(way), self.points)
        total = float(self.points[-1, 2]) - self.spare - start
        if total <= 0.0:
            return 1.0
        share = min((reached - start) / total, 1.0)
        near = math.dist(way[-1].tolist(), self.points[-1, :2].tolist()) <= BESIDE
        return 1.0 if share > COMPLETE and near else share


def course_of(scenario: Scenario, network: RoadNetwork, ego: int, state: WorldState) -> Course | None:
    """What a scenario tells a vehicle to drive; None if it does not.

    Its trajectories, routes and positions to acquire one after the other, as they stand in the file; without any, the
    way to the position whose reaching ends the scenario.

    Args:
        ego: index of the vehicle. state: the run's first, at which relative positions are resolved.
    """
    actors = scenario.actors()
    told = tuple(_told(scenario, actors[ego].name))
    goal = None if told else _goal(scenario, actors[ego].name)
    if not told and goal is None:
        return None
    world = World(network, actors, Weather(), 0)
    for actor in actors:
        if state.present[0, actor.index]:
            world.place(actor.index, state.pose(actor.index), float(state.speed[0, actor.index]))
    places = Places(world, mirrored=scenario.left_handed)
    here = state.pose(ego)
    line: _Line = [(float(here.translation[0]), float(here.translation[1]), 0.0)]
    heading = float(here.ypr[0])
    try:
        for action in told:
            heading = _join(line, _leg(action, places, line[-1], heading), heading)
        if goal is not None:
            _join(line, _acquired(goal.position, places, line[-1], heading), heading)
    except ScenarioError:  # a position relative to where somebody will be only then
        return None
    if not line[-1][2] > 0.0:
        return None
    return Course(np.array(line[1:]), goal.tolerance if goal is not None else 0.0)


def _told(scenario: Scenario, name: str) -> Iterator[_Told]:
    board = scenario.storyboard
    for private in board.init.actions.privates:
        if private.entity_ref == name:
            yield from (action for action in private.actions if isinstance(action, _Told))
    for group in (group for story in board.stories for act in story.acts for group in act.groups):
        if name in {entity.entity_ref for entity in group.actors.entities}:
            for event in (event for maneuver in group.maneuvers for event in getattr(maneuver, "events", ())):
                for action in event.actions:
                    yield from (part for part in action.actions if isinstance(part, _Told))


def _goal(scenario: Scenario, name: str) -> ReachPositionCondition | None:
    trigger = scenario.storyboard.stop_trigger
    for condition in (each for group in trigger.groups for each in group.conditions) if trigger else ():
        test = condition.test
        if not isinstance(test, ByEntityCondition) or not isinstance(test.condition, ReachPositionCondition):
            continue
        if name in {entity.entity_ref for entity in test.triggering_entities.entities}:
            return test.condition
    return None


def _join(line: _Line, leg: _Line, heading: float) -> float:
    """Add a part to a course; the heading at its end."""
    so_far = line[-1][2]
    line += [(x, y, so_far + along) for x, y, along in leg]
    (x0, y0, _), (x1, y1, _) = line[-2:]
    return math.atan2(y1 - y0, x1 - x0) if (x0, y0) != (x1, y1) else heading


def _leg(action: _Told, places: Places, here: tuple[float, float, float], heading: float) -> _Line:
    if isinstance(action, model.AcquirePositionAction):
        return _acquired(action.position, places, here, heading)
    if isinstance(action, model.AssignRouteAction):
        stops, network = places.itinerary(action.route).stops, places.world.network
        line: _Line = []
        for start, goal in pairwise(stops):
            part = (_along(network, start, goal) if network else None) or []
            so_far = line[-1][2] if line else 0.0
            line += [(x, y, so_far + along) for x, y, along in part]
        return line
    trajectory = action.referred or action.direct
    if trajectory is None:
        return []
    path = Path.of(trajectory, places)
    return [(place[0], place[1], length) for place, length in zip(path.places, path.length, strict=True)]


def _acquired(position: Position, places: Places, here: tuple[float, float, float], heading: float) -> _Line:
    """The shortest way over the roads, else straight."""
    network, goal = places.world.network, places.lane(position)
    own = network.lane_from_world(here[0], here[1], heading=heading) if network is not None else None
    found = _along(network, own, goal) if network is not None and own is not None and goal is not None else None
    if found:
        return found
    x, y = (float(value) for value in places.pose(position).translation[:2])
    return [(here[0], here[1], 0.0), (x, y, math.dist(here[:2], (x, y)))]


def _along(network: RoadNetwork, start: LanePosition, goal: LanePosition) -> _Line | None:
    """A way with the traffic, metres counted along reference lines; None where there is none."""
    way = network.way(start, goal)
    if way is None:
        return None
    line: _Line = []
    for number, road in enumerate(way.roads):
        frame, last = network.frame(road), number == len(way.roads) - 1
        begin, t = start.s, start.t
        sense = network.lane_direction(start.road_id, start.lane_id, start.s)
        if number:
            ends = [frame.line.at(s)[:2] for s in (0.0, frame.length)]
            sense = 1 if math.dist(ends[0], line[-1][:2]) <= math.dist(ends[1], line[-1][:2]) else -1
            begin, t = (0.0 if sense > 0 else frame.length), _middle(network, road, sense)
        end, t = (goal.s, goal.t) if last else ((frame.length if sense > 0 else 0.0), t)
        so_far = line[-1][2] if line else 0.0
        for s in np.linspace(begin, end, math.ceil(abs(end - begin) / _STEP) + 1).tolist():
            x, y, turned, _ = frame.line.at(s)
            line.append((x - t * math.sin(turned), y + t * math.cos(turned), so_far + abs(s - begin)))
    return line


def _middle(network: RoadNetwork, road: str, sense: int) -> float:
    """t of the middle lane of those that drive this way, halfway along a road; 0 if there is none."""
    s = 0.5 * network.roads[road].length
    lanes = [
        lane for lane in network.lanes(road, s)
        if network.lane_type(road, lane, s) == "driving" and network.lane_direction(road, lane, s) == sense
    ]  # fmt: skip
    return network.position(road, lanes[len(lanes) // 2], s).t if lanes else 0.0


@nb.njit(cache=True)
def _progress(way: Any, points: Any) -> tuple[float, float]:
    """Metres along a course at the first place, and at the farthest that was come to without leaving it."""
    nearest, start = math.inf, 0.0
    for i in range(len(points) - 1):
        away, along = _foot(way[0, 0], way[0, 1], points, i)
        if away < nearest:
            nearest, start = away, along
    reached = start
    for k in range(1, len(way)):
        moved = math.hypot(way[k, 0] - way[k - 1, 0], way[k, 1] - way[k - 1, 1])
        nearest, here = math.inf, reached
        for i in range(len(points) - 1):
            if points[i + 1, 2] < reached:
                continue
            if points[i, 2] > reached + 2.0 * moved + BESIDE:
                break
            away, along = _foot(way[k, 0], way[k, 1], points, i)
            if away < nearest:
                nearest, here = away, along
        if nearest <= BESIDE:
            reached = max(reached, here)
    return start, reached


@nb.njit(cache=True)
def _foot(x: float, y: float, points: Any, i: int) -> tuple[float, float]:
    """Distance from a segment of a course, and metres along the course at its foot."""
    dx, dy = points[i + 1, 0] - points[i, 0], points[i + 1, 1] - points[i, 1]
    square = dx * dx + dy * dy
    share = ((x - points[i, 0]) * dx + (y - points[i, 1]) * dy) / square if square > 0.0 else 0.0
    share = min(max(share, 0.0), 1.0)
    away = math.hypot(points[i, 0] + share * dx - x, points[i, 1] + share * dy - y)
    return away, points[i, 2] + share * (points[i + 1, 2] - points[i, 2])
