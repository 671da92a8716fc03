"""Euro NCAP tests at a junction: turns across somebody, and those who cross; written by ``build_ncap.py``.

Turns are those of :mod:`drivesim.studies.ncap.turning`; as in the scenario set by Vector the fronts meet where the
vehicle under test, at 45 degrees, comes to the side of the oncoming one. Of the same set: those that cross, with
what hides them up to 60 km/h: three cars in a row, 0.25 m off the road, the first of them 22.5 m (1.5 m less on the
farside) before the way of who crosses. Cyclists ride where the Frontal Collisions protocol v1.1, 3.2.2.2, has them.
"""

from __future__ import annotations

import math

from build_scenarios import (
    BICYCLE,
    LARGE_OBSTRUCTION,
    REFERENCE_CAR,
    SMALL_OBSTRUCTION,
    Car,
    Draft,
    controller,
    kmh,
    pedestrian,
    story,
)
from scenariogeneration import xosc

from drivesim.studies.ncap.turning import (
    LANE,
    RIDING_LINE,
    WALKING_LINE,
    meeting_parameters,
    on_front,
    turn_at,
    turn_parameters,
)

NUMBER = xosc.ParameterType.double
TURN_TIME = 8.0
"""Seconds that both need to where they meet in turns."""
PERSON_TIME = 9.0
"""The same in turns across people and cyclists."""
CROSSING_TIME = 3.8
"""The same where both go straight on: no more fits on the map's arms at 80 km/h (steady for 3.5 s in the protocol)."""
CROSSROADS = 120.0
"""x of the middle of the crossroads, m."""


def segment(
    start: float | str, end: float | str, length: float | str, place: list[xosc.WorldPosition] | None = None
) -> xosc.ClothoidSplineSegment:
    """Of a spline; its library wants lengths as numbers, here they may be parameters."""
    made = xosc.ClothoidSplineSegment(start, end, 1.0, position_start=place)
    made.length = length
    return made


def _turns(draft: Draft, straight: str, begin: str, *, nearside: bool = False) -> None:
    """The vehicle under test goes so far straight on, then turns at x = ``begin``."""
    start = xosc.WorldPosition(f"${{{begin} - {straight}}}", -LANE / 2, 0.0, 0.0)
    curvature, gentle = ("${-$turn_curvature}", -1 / 1500) if nearside else ("$turn_curvature", 1 / 1500)
    spline = xosc.ClothoidSpline([
        segment(0.0, 0.0, f"${{{straight}}}", [start]),
        segment(gentle, curvature, "$turn_clothoid"),
        segment(curvature, curvature, "$turn_arc"),
        segment(curvature, gentle, "$turn_clothoid"),
        segment(0.0, 0.0, 40.0),
    ])  # fmt: skip
    way = xosc.Trajectory(f"turn to the {'nearside' if nearside else 'farside'}", closed=False)
    way.add_shape(spline)
    draft.add("Ego", REFERENCE_CAR.entity(colour="#8a1c22"), start, kmh("ego_speed"),
              controller("egoDriver", driver="constant"), steers=False)  # fmt: skip
    draft.init.add_init_action("Ego", xosc.FollowTrajectoryAction(way, xosc.FollowingMode.follow))


def _turns_across(draft: Draft, line: float, *, nearside: bool) -> str:
    """The vehicle turns and meets somebody on ``line`` after :data:`PERSON_TIME`; x where the turn begins."""
    for key, value in meeting_parameters(10, on_front(0.5), line, nearside=nearside).items():
        draft.parameter(key, NUMBER, value, 0, 60)
    draft.surroundings("2026-06-15T12:30:00")
    begin = f"{CROSSROADS + (-LANE / 2 if nearside else LANE / 2)} - $turn_reach"
    _turns(draft, f"({PERSON_TIME} * $ego_speed / 3.6 - $meeting_way)", begin, nearside=nearside)
    return begin


def turning_across_person(name: str, description: str, *, nearside: bool) -> Draft:
    """A vehicle that turns across the way of an adult who crosses the road that it turns into.

    ``direction`` 1: he walks as the vehicle came, -1: against it. He begins ``start_distance`` m before the place where
    they would meet, gets to his speed in the first 2 m, and would be there after :data:`PERSON_TIME`.
    """
    draft = Draft(f"ncap/{name}", description, "../crossroads.xodr", minor=3)
    draft.parameter("ego_speed", NUMBER, 10.0, 5, 25)
    draft.parameter("target_speed", NUMBER, 5.0, 3, 10)
    draft.parameter("direction", NUMBER, 1.0, -1, 1)
    draft.parameter("start_distance", NUMBER, 6.0 if nearside else 9.5, 3, 12)
    begin = _turns_across(draft, WALKING_LINE, nearside=nearside)
    x = f"${{{begin} + $meeting_ahead - $direction * $start_distance}}"
    heading = f"${{(1 - $direction) * {math.pi / 2:.10f}}}"
    y = -WALKING_LINE if nearside else WALKING_LINE
    draft.add("Target", pedestrian("adult", 1.80, 0.60, 0.50, 78.0, age="40"), xosc.WorldPosition(x, y, 0.0, heading))
    event = xosc.Event("set off", xosc.Priority.override)
    rate = "${$target_speed / 3.6 * $target_speed / 3.6 / 4}"
    dynamics = xosc.TransitionDynamics(xosc.DynamicsShapes.linear, xosc.DynamicsDimension.rate, rate)
    event.add_action("walk", xosc.AbsoluteSpeedAction(kmh("target_speed"), dynamics))
    due = f"${{{PERSON_TIME} - ($start_distance + 2) * 3.6 / $target_speed}}"
    then = xosc.SimulationTimeCondition(due, xosc.Rule.greaterOrEqual)
    event.add_trigger(xosc.ValueTrigger("it is time", 0, xosc.ConditionEdge.none, then))
    draft.stories.append(story("cross", "Target", [event]))
    return draft


def turning_across_cyclist(name: str, description: str, *, nearside: bool) -> Draft:
    """A vehicle that turns across the way of a cyclist along the road that it comes from.

    ``direction`` 1: he rides as the vehicle came, -1: against it, ``aside`` m to the left of the middle of that road,
    steadily, and his front wheel would be where they meet after :data:`PERSON_TIME`.
    """
    draft = Draft(f"ncap/{name}", description, "../crossroads.xodr", minor=3)
    draft.parameter("ego_speed", NUMBER, 10.0, 5, 25)
    draft.parameter("target_speed", NUMBER, 15.0, 5, 25)
    draft.parameter("direction", NUMBER, 1.0, -1, 1)
    draft.parameter("aside", NUMBER, -RIDING_LINE if nearside else RIDING_LINE, -6, 6)
    begin = _turns_across(draft, RIDING_LINE, nearside=nearside)
    way = f"({PERSON_TIME} * $target_speed / 3.6 + {BICYCLE.front:.3f})"
    x, heading = f"${{{begin} + $meeting_ahead - $direction * {way}}}", f"${{(1 - $direction) * {math.pi / 2:.10f}}}"
    start = xosc.WorldPosition(x, "$aside", 0.0, heading)
    draft.add("Target", BICYCLE.entity(age="34"), start, kmh("target_speed"))
    draft.init.add_init_action("Target", _straight_on("along the road", start))
    return draft


def turning(name: str, description: str, target: Car, **properties: str) -> Draft:
    """A vehicle that turns left, to the farside, in front of one that comes towards it.

    The parameters ``turn_*`` are those of one speed (:func:`drivesim.studies.ncap.turning.turn_at`): who changes
    ``ego_speed`` changes them too, as the grid does.
    """
    draft = Draft(f"ncap/{name}", description, "../crossroads.xodr", minor=3)
    ego, turn = REFERENCE_CAR, turn_at(10)
    draft.parameter("ego_speed", NUMBER, 10.0, 5, 25)
    draft.parameter("target_speed", NUMBER, 30.0, 10, 80)
    for key, value in turn_parameters(turn).items():
        draft.parameter(key, NUMBER, value, 0, 60)
    draft.surroundings("2026-06-15T12:30:00")
    before = ego.front + target.width / math.sqrt(2.0)
    straight = f"({TURN_TIME} * $ego_speed / 3.6 + {before:.4f} - $turn_way)"
    bend = CROSSROADS + LANE / 2
    _turns(draft, straight, f"{bend} - $turn_reach")
    meeting = f"{bend} - $turn_reach + $turn_crossing"
    x = f"${{{meeting} + {TURN_TIME} * $target_speed / 3.6 + {target.front}}}"
    draft.add("Target", target.entity(**properties), xosc.WorldPosition(x, LANE / 2, 0.0, round(math.pi, 10)),
              kmh("target_speed"))  # fmt: skip
    return draft


def _straight_on(name: str, start: xosc.WorldPosition) -> xosc.FollowTrajectoryAction:
    """Over the crossroads."""
    way = xosc.Trajectory(name, closed=False)
    way.add_shape(xosc.ClothoidSpline([segment(0.0, 0.0, 220.0, [start])]))
    return xosc.FollowTrajectoryAction(way, xosc.FollowingMode.follow)


def crossing_vehicle(name: str, description: str, target: Car, past: float, before: float, **properties: str) -> Draft:
    """A vehicle that crosses the way at a junction; ``side`` 1: from the farside (left), -1: from the nearside.

    Args:
        past, before: where the unbraked would meet: the front of the vehicle under test that many metres past the
            middle of the target's lane, the target's front that many metres before the middle of the other's.
    """
    draft = Draft(f"ncap/{name}", description, "../crossroads.xodr", minor=3)
    ego, half = REFERENCE_CAR, LANE / 2
    draft.parameter("ego_speed", NUMBER, 30.0, 5, 80)
    draft.parameter("target_speed", NUMBER, 30.0, 5, 80)
    draft.parameter("side", NUMBER, 1.0, -1, 1)
    draft.surroundings("2026-06-15T12:30:00")
    lane = f"({CROSSROADS} - $side * {half})"
    x = f"${{{lane} + {past:.4f} - {ego.front:.3f} - {CROSSING_TIME} * $ego_speed / 3.6}}"
    start = xosc.WorldPosition(x, -half, 0.0, 0.0)
    draft.add("Ego", ego.entity(colour="#8a1c22"), start, kmh("ego_speed"), controller("egoDriver", driver="constant"),
              steers=False)  # fmt: skip
    draft.init.add_init_action("Ego", _straight_on("straight on", start))
    way = f"({before:.4f} + {target.front:.4f} + {CROSSING_TIME} * $target_speed / 3.6)"
    place = xosc.WorldPosition(
        f"${{{lane}}}", f"${{{-half} + $side * {way}}}", 0.0, f"${{-$side * {math.pi / 2:.10f}}}"
    )
    draft.add("Target", target.entity(**properties), place, kmh("target_speed"))
    draft.init.add_init_action("Target", _straight_on("across", place))
    _hide_behind_parked_cars(draft, lane)
    return draft


def _hide_behind_parked_cars(draft: Draft, lane: str) -> None:
    """A row of a large and two small cars beside the road before the junction, gone in the extended range.

    That begins at 70 km/h of either; a robustness layer makes 65 of 60.
    """
    front, names = f"{lane} - 22.5 + $side * 1.5", []
    for name, car in (("LargeParkedCar", LARGE_OBSTRUCTION), ("SmallParkedCar", SMALL_OBSTRUCTION),
                      ("SecondSmallParkedCar", SMALL_OBSTRUCTION)):  # fmt: skip
        left = f"${{$side * {LANE + 0.25 + car.width / 2:.4f}}}"
        draft.add(name, car.entity(), xosc.WorldPosition(f"${{{front} - {car.front:.3f}}}", left, 0.0, 0.0))
        front = f"{front} - {car.length + 1.0:.3f}"
        names.append(name)
    event = xosc.Event("take them away", xosc.Priority.override)
    for name in names:
        event.add_action(f"without {name}", xosc.DeleteEntityAction(name))
    either = xosc.Trigger()
    for who in ("ego_speed", "target_speed"):
        group = xosc.ConditionGroup()
        fast = xosc.ParameterCondition(who, 67, xosc.Rule.greaterThan)
        group.add_condition(xosc.ValueTrigger(f"{who} is high", 0, xosc.ConditionEdge.none, fast))
        either.add_conditiongroup(group)
    event.add_trigger(either)
    draft.stories.append(story("extended range", "Target", [event]))
