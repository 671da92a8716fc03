"""Build the Euro NCAP tests: ``python scenarios/build_ncap.py``; means are those of ``build_scenarios.py``.

Geometry as in the Euro NCAP AEB VRU 4.5.1 and AEB C2C 4.3.1 scenario set by Vector (MPL-2.0, read, not copied): start
distances 4 m (nearside) and 6 m (farside) from the centre line of the vehicle under test, obstruction with a lateral
gap and a gap ahead of 1 m each; cyclists ride 17 m (nearside) and 22 m (farside) at their steady speed, after 3 and 4 m
of getting there (our choice). CBNAO is that set's of 2026 (Frontal Collisions v1.1): two cars along the cyclist's way,
0.2 m apart and 3.55 m off the centre line, 4.8 m between their sides and his; he starts 9.5 m away (at most 11.5 there)
and rides the last 4.5 m at his steady speed. The road has no parking lane, so that nothing else hides the target.
Of the same set of 2026: the car or motorcycle that brakes (1 s of headway, 4 m/s2 down to 2 km/h). The car that
overtakes is that of the Frontal Collisions protocol v1.1, 3.1.1.2. What happens at a junction is in
``build_ncap_junctions.py``.
"""

from __future__ import annotations

import math

from build_ncap_junctions import (
    NUMBER,
    crossing_vehicle,
    segment,
    turning,
    turning_across_cyclist,
    turning_across_person,
)
from build_scenarios import (
    BICYCLE,
    HERE,
    LARGE_OBSTRUCTION,
    REFERENCE_CAR,
    SMALL_OBSTRUCTION,
    Car,
    Draft,
    controller,
    kmh,
    lane_position,
    pedestrian,
    story,
)
from scenariogeneration import xosc

IMPACT_S = 240.0
"""Where paths cross, along the straight of the country road, m."""
OVERTAKING_S = 225.0
"""The same where somebody overtakes: at 100 km/h that one starts before the road bends."""
LEAD_TIME = 6.0
"""Seconds that the unbraked vehicle needs to there."""
BRAKES_AT = 2.0
"""Seconds after which who drives ahead brakes."""
OFFSET = 3.5
"""How far aside a car changes lane that overtakes, m; CLEAR_TIME: when that is over before the unbraked meet, s."""
CLEAR_TIME = 1.5
GLOBAL_VEHICLE_TARGET = Car("saloon", 4.023, 1.712, 1.427, 2.70, 0.60)
MOTORCYCLE = Car("motorbike", 2.08, 0.79, 1.06, 1.41, 0.367, "motorbike", 250.0, 0.62, 0.5, (70.0, 8.0, 9.0))


def country_road(
    name: str, description: str, ego_speed: float, until: str = str(LEAD_TIME), at: float = IMPACT_S
) -> Draft:
    """A reference car on a straight road by day that would reach ``at`` m along it after ``until`` s, unbraked."""
    draft = Draft(name, description, "../rural_road.xodr")
    draft.parameter("ego_speed", NUMBER, ego_speed, 5, 130)
    draft.surroundings("2026-06-15T12:30:00")
    ego = REFERENCE_CAR
    draft.add(
        "Ego", ego.entity(colour="#8a1c22"),
        lane_position(1, -1, f"${{{at - ego.front:.3f} - {until} * $ego_speed / 3.6}}"),
        kmh("ego_speed"), controller("egoDriver", driver="constant"),
    )  # fmt: skip
    return draft


def _draft(name: str, description: str, target_speed: float, at: float = IMPACT_S) -> Draft:
    draft = country_road(f"ncap/{name}", description, 40.0, at=at)
    draft.parameter("target_speed", NUMBER, target_speed, 0, 130)
    draft.parameter("impact_location", NUMBER, 0.5, -0.25, 1.25)
    return draft


def _sine(angle: str) -> str:
    """Of an expression of less than 45 degrees, within 1e-6: OpenSCENARIO's expressions know no trigonometry."""
    x, square = f"({angle})", f"({angle}) * ({angle})"
    return f"{x} * (1 - {square} / 6 * (1 - {square} / 20 * (1 - {square} / 42)))"


def _cosine(angle: str) -> str:
    """As :func:`_sine`."""
    square = f"({angle}) * ({angle})"
    return f"(1 - {square} / 2 * (1 - {square} / 12 * (1 - {square} / 30 * (1 - {square} / 56))))"


def crossing(name: str, description: str, *, child: bool, farside: bool, speed: float) -> Draft:
    """A person who crosses so as to be at the impact location when the unbraked vehicle is there.

    ``rotation`` turns the way about the impact point, degrees, positive: towards the vehicle under test;
    ``early_start`` is the share of the way by which the person starts nearer.
    """
    draft = _draft(name, description, speed)
    draft.parameter("rotation", NUMBER, 0.0, -45, 45)
    draft.parameter("early_start", NUMBER, 0.0, 0, 0.9)
    side, distance = (1.0, 6.0) if farside else (-1.0, 4.0)
    ramp = 1.5 if farside else 1.0
    # From the start to the impact location: the location counts from the vehicle's right edge, 0 to 1.
    way = f"({distance} - {side} * ($impact_location - 0.5) * {REFERENCE_CAR.width})"
    turn = f"$rotation * {math.pi / 180:.10f}"
    shape = pedestrian("child", 1.154, 0.45, 0.298, 21.0, age="6") if child else pedestrian(
        "adult", 1.80, 0.60, 0.50, 78.0, age="40"
    )  # fmt: skip
    left = f"{side} * {way} * (1 - $early_start) * {_cosine(turn)} + ($impact_location - 0.5) * {REFERENCE_CAR.width}"
    ahead = f"{IMPACT_S} + {way} * (1 - $early_start) * {_sine(turn)}"
    heading = f"${{{-side * math.pi / 2:.10f} + {-side} * {turn}}}"
    draft.add(
        "Target", shape, lane_position(1, -1, f"${{{ahead}}}", f"${{{left}}}", heading), 0.0,
        controller(
            "targetBrain", behaviorTree="adult_crossing.xml", behavior="protocol", speed=kmh("target_speed"),
            master="Ego", start_distance=f"${{{way}}}", crossing_distance="12", acceleration_distance=str(ramp),
        ),
    )  # fmt: skip
    return draft


def crossing_cyclist(
    name: str, description: str, *, speed: float, steady: float, ramp: float, farside: bool = False
) -> Draft:
    """A cyclist whose middle is at the impact location when the unbraked vehicle is there.

    Args:
        steady: last part of the way, ridden at ``speed`` km/h; ramp: first part, in which he gets there, m.
    """
    draft = _draft(name, description, speed)
    side = 1.0 if farside else -1.0
    middle = BICYCLE.length / 2 - BICYCLE.rear_overhang
    aside = f"($impact_location - 0.5) * {REFERENCE_CAR.width}"
    left = f"${{{side * (steady + ramp + middle)} + {aside}}}"
    draft.add(
        "Target", BICYCLE.entity(age="34"), lane_position(1, -1, IMPACT_S, left, round(-side * math.pi / 2, 10)), 0.0,
        controller(
            "targetBrain", behaviorTree="cyclist_crossing.xml", behavior="protocol", speed=kmh("target_speed"),
            master="Ego", start_distance=str(steady + ramp), crossing_distance="45", acceleration_distance=str(ramp),
        ),
    )  # fmt: skip
    return draft


def same_way(name: str, description: str, target: xosc.Vehicle | xosc.Pedestrian, behind: float, speed: float) -> Draft:
    """Someone who moves on in the lane, slower; the unbraked vehicle is there after :data:`LEAD_TIME`.

    Args:
        behind: what of the target is behind its reference point, m.
    """
    draft = _draft(name, description, speed)
    place = f"${{{IMPACT_S + behind:.3f} - {LEAD_TIME} * $target_speed / 3.6}}"
    offset = f"${{($impact_location - 0.5) * {REFERENCE_CAR.width}}}"
    draft.add("Target", target, lane_position(1, -1, place, offset), kmh("target_speed"))
    return draft


def head_on(name: str, description: str, target: Car) -> Draft:
    """A car that comes towards the vehicle in its lane; the unbraked two meet after :data:`LEAD_TIME`."""
    draft = _draft(name, description, 50.0)
    place = f"${{{IMPACT_S + target.front:.3f} + {LEAD_TIME} * $target_speed / 3.6}}"
    offset = f"${{($impact_location - 0.5) * {REFERENCE_CAR.width}}}"
    where = lane_position(1, -1, place, offset, round(math.pi, 10))
    draft.add("Target", target.entity(), where, kmh("target_speed"))
    return draft


def overtaking(name: str, description: str, target: Car) -> Draft:
    """A car that overtakes another and comes into the vehicle's lane; the unbraked two meet after :data:`LEAD_TIME`.

    It changes lane on two arcs, ``lane_change_length`` m along the road and :data:`OFFSET` m aside, which end
    :data:`CLEAR_TIME` before they meet; who is overtaken drives ``following_distance`` m of free space ahead of it.
    """
    draft = _draft(name, description, 50.0, OVERTAKING_S)
    draft.minor = 3
    draft.parameter("lane_change_length", NUMBER, 44.0, 20, 150)
    draft.parameter("following_distance", NUMBER, 13.9, 5, 50)
    slope = f"({OFFSET} / $lane_change_length)"
    curvature = f"(4 * {OFFSET} / ($lane_change_length * $lane_change_length + {OFFSET * OFFSET}))"
    # Half the way: twice the arc tangent of the slope, over the curvature.
    arc = f"(2 * {slope} * (1 - {slope} * {slope} * (1 / 3 - {slope} * {slope} / 5)) / {curvature})"
    speed = "$target_speed / 3.6"
    longer = f"(2 * {arc} - $lane_change_length)"
    place = f"({OVERTAKING_S + target.front:.3f} + {LEAD_TIME} * {speed} - {longer})"
    aside = f"${{{OFFSET} + ($impact_location - 0.5) * {REFERENCE_CAR.width}}}"
    start = lane_position(1, -1, f"${{{place}}}", aside, round(math.pi, 10))
    draft.add("Target", target.entity(), start, kmh("target_speed"))
    straight = f"${{{LEAD_TIME - CLEAR_TIME} * {speed} - 2 * {arc}}}"
    spline = xosc.ClothoidSpline([
        segment(0.0, 0.0, straight, [start]),
        segment(f"${{{curvature}}}", f"${{{curvature}}}", f"${{{arc}}}"),
        segment(f"${{-{curvature}}}", f"${{-{curvature}}}", f"${{{arc}}}"),
        segment(0.0, 0.0, 120.0),
    ])  # fmt: skip
    way = xosc.Trajectory("overtake", closed=False)
    way.add_shape(spline)
    draft.init.add_init_action("Target", xosc.FollowTrajectoryAction(way, xosc.FollowingMode.follow))
    car = LARGE_OBSTRUCTION
    ahead = f"${{{place} - {target.front + car.rear_overhang:.3f} - $following_distance}}"
    where = lane_position(1, -1, ahead, aside, round(math.pi, 10))
    draft.add("OvertakenCar", car.entity(), where, kmh("target_speed"))
    return draft


def obstructed(draft: Draft) -> Draft:
    """With the two parked cars that hide a child."""
    beside = REFERENCE_CAR.width / 2 + 1.0
    front = IMPACT_S - 0.149 - 1.0
    for name, car in (("SmallParkedCar", SMALL_OBSTRUCTION), ("LargeParkedCar", LARGE_OBSTRUCTION)):
        place = lane_position(1, -1, round(front - car.front, 3), round(-beside - car.width / 2, 4))
        draft.add(name, car.entity(), place)
        front -= car.length + 1.0
    return draft


def obstructed_cyclist(draft: Draft) -> Draft:
    """With the two parked cars along the way of a cyclist from the nearside."""
    aside = 3.55
    beside = IMPACT_S - BICYCLE.width / 2 - 4.8
    for name, car in (("LargeParkedCar", LARGE_OBSTRUCTION), ("SmallParkedCar", SMALL_OBSTRUCTION)):
        left = -round(aside + car.rear_overhang, 3)
        place = lane_position(1, -1, round(beside - car.width / 2, 3), left, round(-math.pi / 2, 10))
        draft.add(name, car.entity(), place)
        aside += car.length + 0.2
    return draft


def stationary(name: str, description: str, target: Car, **properties: str) -> Draft:
    """A vehicle that stands in the lane, its middle at the impact location."""
    draft = _draft(name, description, 0.0)
    offset = f"${{($impact_location - 0.5) * {REFERENCE_CAR.width}}}"
    draft.add("Target", target.entity(**properties), lane_position(1, -1, IMPACT_S + target.rear_overhang, offset))
    return draft


def braking(name: str, description: str, target: Car, **properties: str) -> Draft:
    """A vehicle that drives ahead as fast, at a ``headway`` (s) of free space, and brakes after :data:`BRAKES_AT`.

    The unbraked vehicle would be there when the difference of ways, half of ``deceleration`` times the time squared,
    is the gap, unless the target is down to 2 km/h before.
    """
    speed = "$ego_speed / 3.6"
    until = f"({BRAKES_AT} + sqrt(2 * $headway * {speed} / $deceleration))"
    draft = country_road(f"ncap/{name}", description, 50.0, until)
    draft.parameter("impact_location", NUMBER, 0.5, -0.25, 1.25)
    draft.parameter("headway", NUMBER, 1.0, 0.3, 3)
    draft.parameter("deceleration", NUMBER, 4.0, 1, 9)
    place = f"${{{IMPACT_S + target.rear_overhang:.3f} + ($headway - {until}) * {speed}}}"
    offset = f"${{($impact_location - 0.5) * {REFERENCE_CAR.width}}}"
    draft.add("Target", target.entity(**properties), lane_position(1, -1, place, offset), kmh("ego_speed"))
    event = xosc.Event("brake", xosc.Priority.override)
    rate = xosc.TransitionDynamics(xosc.DynamicsShapes.linear, xosc.DynamicsDimension.rate, "$deceleration")
    event.add_action("slow down", xosc.AbsoluteSpeedAction(round(2.0 / 3.6, 6), rate))
    then = xosc.SimulationTimeCondition(BRAKES_AT, xosc.Rule.greaterOrEqual)
    event.add_trigger(xosc.ValueTrigger("it is time", 0, xosc.ConditionEdge.none, then))
    draft.stories.append(story("brake", "Target", [event]))
    return draft


def main() -> None:
    (HERE / "ncap").mkdir(exist_ok=True)
    made = (
        crossing("cpna", "Adult from the nearside (Euro NCAP CPNA)", child=False, farside=False, speed=5.0),
        crossing("cpfa", "Running adult from the farside (Euro NCAP CPFA)", child=False, farside=True, speed=8.0),
        obstructed(crossing("cpnco", "Child from behind cars (Euro NCAP CPNCO)", child=True, farside=False, speed=5.0)),
        stationary("ccrs", "Car to stationary car (Euro NCAP CCRs)", GLOBAL_VEHICLE_TARGET),
        stationary("cmrs", "Car to stationary motorcycle (Euro NCAP CMRs)", MOTORCYCLE, age="38"),
        braking("ccrb", "Car to braking car (Euro NCAP CCRb)", GLOBAL_VEHICLE_TARGET),
        braking("cmrb", "Car to braking motorcycle (Euro NCAP CMRb)", MOTORCYCLE, age="38"),
        same_way("ccrm", "Car to moving car (Euro NCAP CCRm)", GLOBAL_VEHICLE_TARGET.entity(),
                 GLOBAL_VEHICLE_TARGET.rear_overhang, 20.0),
        same_way("cpla", "Adult who walks ahead (Euro NCAP CPLA)",
                 pedestrian("adult", 1.80, 0.60, 0.50, 78.0, age="40"), 0.30, 5.0),
        same_way("cbla", "Cyclist who rides ahead (Euro NCAP CBLA)", BICYCLE.entity(age="34"),
                 BICYCLE.rear_overhang, 15.0),
        crossing_cyclist("cbna", "Cyclist from the nearside (Euro NCAP CBNA)", speed=15.0, steady=17.0, ramp=3.0),
        crossing_cyclist("cbfa", "Cyclist from the farside (Euro NCAP CBFA)", speed=20.0, steady=22.0, ramp=4.0,
                         farside=True),
        obstructed_cyclist(crossing_cyclist("cbnao", "Cyclist from behind cars (Euro NCAP CBNAO)", speed=10.0,
                                            steady=4.5, ramp=5.0)),
        head_on("ccfhos", "Head-on with a car in the lane (Euro NCAP CCFhos)", GLOBAL_VEHICLE_TARGET),
        overtaking("ccfhol", "Head-on with a car that overtakes (Euro NCAP CCFhol)", GLOBAL_VEHICLE_TARGET),
        turning("ccftap", "Turn across an oncoming car (Euro NCAP CCFtap)", GLOBAL_VEHICLE_TARGET),
        turning("cmftap", "Turn across an oncoming motorcycle (Euro NCAP CMFtap)", MOTORCYCLE, age="38"),
        turning_across_person("cptaf", "Turn to the farside across an adult (Euro NCAP CPTAf)", nearside=False),
        turning_across_person("cptan", "Turn to the nearside across an adult (Euro NCAP CPTAn)", nearside=True),
        turning_across_cyclist("cbtaf", "Turn to the farside across a cyclist (Euro NCAP CBTAf)", nearside=False),
        turning_across_cyclist("cbtan", "Turn to the nearside across a cyclist (Euro NCAP CBTAn)", nearside=True),
        crossing_vehicle("cccscp", "Crossing car (Euro NCAP CCCscp)", GLOBAL_VEHICLE_TARGET,
                         -GLOBAL_VEHICLE_TARGET.width / 2, -GLOBAL_VEHICLE_TARGET.length / 4),
        crossing_vehicle("cmcscp", "Crossing motorcycle (Euro NCAP CMCscp)", MOTORCYCLE,
                         0.1 * REFERENCE_CAR.length, REFERENCE_CAR.width / 2, age="38"),
    )  # fmt: skip
    for draft in made:
        print(draft.write().relative_to(HERE.parent))


if __name__ == "__main__":
    main()
