"""Build more rare events: ``python scenarios/build_rare_events.py``; the means are those of ``build_scenarios.py``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from build_scenarios import (
    BICYCLE,
    ESTATE,
    HERE,
    LARGE_OBSTRUCTION,
    LORRY,
    REFERENCE_CAR,
    SALOON,
    SMALL_OBSTRUCTION,
    VAN,
    Car,
    Draft,
    controller,
    kmh,
    lane_position,
    pedestrian,
    story,
)
from scenariogeneration import xosc

BUS = Car("city_bus", 11.95, 2.40, 3.05, 5.85, 3.35, "bus", 12000.0, 0.96, limits=(25.0, 1.2, 6.0))
NUMBER = xosc.ParameterType.double
DRIVERS = ("constant", "following", "attentive")
LEAD_TIME = 6.0
"""Seconds that an unbraked ego needs to where paths cross (Euro NCAP AEB VRU: at least 4 s to collision)."""


BALL_BOX = xosc.BoundingBox(0.22, 0.22, 0.22, 0.0, 0.0, 0.11)
"""A football of size 5: 68 to 70 cm round, 410 to 450 g (IFAB, Laws of the Game, law 2)."""
BALL_DECELERATION = 0.5
"""m/s2 at which a ball rolls to rest. FIFA's ball-roll test of football turf lets 4 to 10 m pass from a ramp 1 m high
(about 3.1 m/s at its foot, 0.5 to 1.2 m/s2); asphalt is as easy as the easiest turf."""


WRONG_WAY_START = 14.0
"""Metres south of the ego's street's middle at which the cyclist of the side road sets off."""


def at_time(name: str, seconds: str) -> xosc.ValueTrigger:
    """When the scenario has run for so long."""
    reached = xosc.SimulationTimeCondition(seconds, xosc.Rule.greaterOrEqual)
    return xosc.ValueTrigger(name, 0, xosc.ConditionEdge.none, reached)


def ego_towards(draft: Draft, s: float, speed: float, low: float, high: float, colour: str) -> None:
    """An ego in lane -1 of road 1 whose front reaches ``s`` after :data:`LEAD_TIME` at its speed, km/h."""
    draft.parameter("ego_speed", NUMBER, speed, low, high)
    draft.choice("ego_driver", "attentive", DRIVERS)
    start = f"${{{s - REFERENCE_CAR.front:.3f} - {LEAD_TIME} * $ego_speed / 3.6}}"
    brain = controller("egoDriver", driver="$ego_driver")
    draft.add("Ego", REFERENCE_CAR.entity(colour=colour), lane_position(1, -1, start), kmh("ego_speed"), brain)


def crossing_adult(start_distance: float, crossing_distance: float) -> xosc.Controller:
    """A walker whose speed and behaviour are parameters of the scenario, m."""
    return controller(
        "pedestrianBrain", behaviorTree="adult_crossing.xml", behavior="$pedestrian_behavior",
        speed=kmh("pedestrian_speed"), master="Ego", start_distance=str(start_distance),
        crossing_distance=str(crossing_distance), acceleration_distance="1.5",
    )  # fmt: skip


def adult_from_far_side() -> Draft:
    """Euro NCAP CPFA-50: an adult runs into the road from the far side, between parked vehicles."""
    draft = Draft("adult_from_far_side", "An adult runs across from the far side", "residential_street.xodr")
    crossing_s = 125.0
    ego_towards(draft, crossing_s, 50.0, 5, 70, "#35506b")
    draft.parameter("pedestrian_speed", NUMBER, 8.0, 3, 16)
    draft.choice("pedestrian_behavior", "protocol", ("natural", "protocol"))
    draft.surroundings("2026-10-02T12:40:00", cloud="fiveOktas")
    # 6 m from the middle of the ego's lane (t = -1.75): beside the kerb of the far parking lane (middle t = 4.6).
    place = lane_position(1, 2, crossing_s, -0.35, math.pi / 2)
    runner = pedestrian("adult", 1.80, 0.60, 0.50, 78.0, age="28")
    draft.add("Pedestrian", runner, place, 0.0, crossing_adult(6.0, 11.0))
    draft.add("ParkedVan", VAN.entity(), lane_position(1, 2, crossing_s + 3.0 + VAN.front, 0.0))
    draft.add("ParkedCar", ESTATE.entity(), lane_position(1, 2, crossing_s - 3.0 - ESTATE.rear_overhang, 0.0))
    return draft


def pedestrian_behind_bus() -> Draft:
    """A passenger who got off crosses in front of the standing bus, hidden by it until at its corner."""
    draft = Draft("pedestrian_behind_bus", "Someone crosses in front of a standing bus", "residential_street.xodr")
    crossing_s = 125.0
    ego_towards(draft, crossing_s, 40.0, 5, 70, "#7b7f86")
    draft.parameter("pedestrian_speed", NUMBER, 6.0, 2, 14)
    draft.choice("pedestrian_behavior", "protocol", ("natural", "protocol"))
    draft.parameter("gap", NUMBER, 1.2, 0.5, 4)
    draft.surroundings("2026-03-17T07:35:00", cloud="sixOktas")
    draft.add(
        "Pedestrian",
        pedestrian("teenager", 1.58, 0.45, 0.42, 47.0, age="13"),
        lane_position(1, -3, crossing_s, 0.95, math.pi / 2),
        0.0,
        crossing_adult(4.25, 9.0),
    )
    bus_s = f"${{{crossing_s - 0.21 - BUS.front:.3f} - $gap}}"
    draft.add("Bus", BUS.entity(colour="#d7b22a"), lane_position(1, -2, bus_s, 0.15))
    draft.add("OncomingCar", SMALL_OBSTRUCTION.entity(), lane_position(1, 1, crossing_s + 30.0, 0.0), 30 / 3.6)
    return draft


def end_of_traffic_jam() -> Draft:
    """The last cars of a standing queue appear behind a lorry in a bend of the motorway."""
    draft = Draft("end_of_traffic_jam", "The end of a traffic jam behind a bend", "motorway.xodr")
    queue_s = 900.0
    draft.parameter("ego_speed", NUMBER, 110.0, 50, 160)
    draft.choice("ego_driver", "following", DRIVERS)
    draft.parameter("queue_speed", NUMBER, 0.0, 0, 30)
    draft.parameter("lorry_speed", NUMBER, 80.0, 40, 90)
    draft.surroundings("2026-11-06T16:20:00", cloud="sevenOktas")
    ego_s = f"${{{queue_s - REFERENCE_CAR.front - ESTATE.rear_overhang:.3f} - 9.0 * $ego_speed / 3.6}}"
    brain = controller("egoDriver", driver="$ego_driver")
    draft.add("Ego", REFERENCE_CAR.entity(colour="#5a1f24"), lane_position(1, -3, ego_s), kmh("ego_speed"), brain)
    draft.add("LastCar", ESTATE.entity(), lane_position(1, -3, queue_s), kmh("queue_speed"))
    draft.add("CarBefore", SALOON.entity(), lane_position(1, -3, queue_s + 8.5), kmh("queue_speed"))
    draft.add("CarBeside", SALOON.entity(colour="#22344f"), lane_position(1, -2, queue_s + 4.0), kmh("queue_speed"))
    draft.add("Van", VAN.entity(), lane_position(1, -2, queue_s + 14.0), kmh("queue_speed"))
    draft.add("Lorry", LORRY.entity(), lane_position(1, -4, queue_s - 190.0), kmh("lorry_speed"))
    return draft


def oncoming_overtaker() -> Draft:
    """A car that overtakes a lorry comes towards the ego in the ego's own lane."""
    draft = Draft("oncoming_overtaker", "An overtaking car comes towards the ego", "rural_road.xodr")
    draft.parameter("ego_speed", NUMBER, 80.0, 30, 110)
    draft.choice("ego_driver", "attentive", DRIVERS)
    draft.parameter("overtaker_speed", NUMBER, 90.0, 50, 130)
    draft.parameter("pull_out_distance", NUMBER, 180.0, 60, 300)
    draft.parameter("lane_change_time", NUMBER, 2.5, 1, 6)
    draft.surroundings("2026-08-21T18:10:00")
    brain = controller("egoDriver", driver="$ego_driver")
    draft.add("Ego", REFERENCE_CAR.entity(colour="#2f5d3a"), lane_position(1, -1, 120.0), kmh("ego_speed"), brain)
    draft.add("Overtaker", SALOON.entity(colour="#b8432f"), lane_position(1, 1, 540.0), kmh("overtaker_speed"))
    draft.add("Lorry", LORRY.entity(), lane_position(1, 1, 460.0), "${($overtaker_speed - 20) / 3.6}")
    near = xosc.EntityTrigger(
        "ego is near", 0, xosc.ConditionEdge.none,
        xosc.RelativeDistanceCondition(
            "$pull_out_distance", xosc.Rule.lessOrEqual, xosc.RelativeDistanceType.euclidianDistance, "Ego",
            freespace=False,
        ),
        "Overtaker",
    )  # fmt: skip
    change = xosc.TransitionDynamics(xosc.DynamicsShapes.sinusoidal, xosc.DynamicsDimension.time, "$lane_change_time")
    event = xosc.Event("pull out", xosc.Priority.override)
    event.add_action("change lane", xosc.AbsoluteLaneChangeAction(-1, change))
    event.add_trigger(near)
    draft.stories.append(story("overtake", "Overtaker", [event]))
    return draft


def child_after_ball() -> Draft:
    """A ball rolls out between parked cars, and a child runs after it; timing and child of Euro NCAP CPNCO-50.

    The ball crosses the middle of the ego's path ``ball_lead`` seconds before the child would.
    """
    draft = Draft("child_after_ball", "A child runs after a ball between parked cars", "residential_street.xodr")
    crossing_s, lane_centre, child_lateral, ball_lateral = 130.0, 1.75, 4.0, 3.4
    ego_towards(draft, crossing_s, 40.0, 5, 60, "#3d4b57")
    draft.parameter("child_speed", NUMBER, 9.0, 4, 14)
    draft.choice("child_behavior", "natural", ("natural", "protocol"))
    draft.parameter("ball_speed", NUMBER, 12.0, 8, 25)
    draft.parameter("ball_lead", NUMBER, 1.5, 0.5, 3)
    draft.parameter("gap", NUMBER, 1.0, 0.3, 3)
    draft.surroundings("2026-05-09T16:45:00")
    rolling = f"($ball_speed / 3.6 - sqrt(pow($ball_speed / 3.6, 2) - {2 * BALL_DECELERATION * ball_lateral:.3f}))"
    kick = f"{LEAD_TIME} - $ball_lead - {rolling} / {BALL_DECELERATION}"
    draft.add(
        "Child",
        pedestrian("child", 1.154, 0.45, 0.298, 21.0, age="6"),
        lane_position(1, -3, crossing_s, round(6.95 - lane_centre - child_lateral, 3), math.pi / 2),
        0.0,
        controller(
            "childBrain", behaviorTree="child_after_ball.xml", child_behavior="$child_behavior",
            speed=kmh("child_speed"), master="Ego", start_distance=str(child_lateral), crossing_distance="8.5",
            acceleration_distance="1.0", kicked=f"${{{kick}}}",
        ),
    )  # fmt: skip
    # Half a metre beside the child, which overtakes it: a foot is not what stops this ball.
    place = lane_position(1, -2, crossing_s + 0.5, round(4.6 - lane_centre - ball_lateral, 3), math.pi / 2)
    draft.add("Ball", xosc.MiscObject("ball", 0.43, xosc.MiscObjectCategory.obstacle, BALL_BOX, "ball"), place)
    roll = xosc.Event("roll out", xosc.Priority.override)
    jump = xosc.TransitionDynamics(xosc.DynamicsShapes.step, xosc.DynamicsDimension.time, 0.0)
    roll.add_action("kicked", xosc.AbsoluteSpeedAction(kmh("ball_speed"), jump))
    roll.add_trigger(at_time("kick", f"${{{kick}}}"))
    slow = xosc.Event("roll to rest", xosc.Priority.override)
    friction = xosc.TransitionDynamics(xosc.DynamicsShapes.linear, xosc.DynamicsDimension.rate, BALL_DECELERATION)
    slow.add_action("slows", xosc.AbsoluteSpeedAction(0.0, friction))
    slow.add_trigger(
        xosc.ValueTrigger(
            "kicked", 0, xosc.ConditionEdge.none,
            xosc.StoryboardElementStateCondition(
                xosc.StoryboardElementType.event, "roll out", xosc.StoryboardElementState.completeState
            ),
        )
    )  # fmt: skip
    kerb = xosc.Event("far kerb", xosc.Priority.override)
    kerb.add_action("stops", xosc.AbsoluteSpeedAction(0.0, jump))
    far = xosc.TraveledDistanceCondition(round(5.7 - 0.11 + lane_centre + ball_lateral, 3))
    kerb.add_trigger(xosc.EntityTrigger("there", 0, xosc.ConditionEdge.none, far, "Ball"))
    draft.stories.append(story("ball", "Ball", [roll, slow, kerb]))
    small, large = SMALL_OBSTRUCTION, LARGE_OBSTRUCTION
    small_s = crossing_s - 0.149 - small.front
    draft.add("SmallParkedCar", small.entity(), lane_position(1, -2, f"${{{small_s:.3f} - $gap}}", 0.02))
    large_s = small_s - small.rear_overhang - 1.0 - large.front
    draft.add("LargeParkedCar", large.entity(), lane_position(1, -2, f"${{{large_s:.3f} - $gap}}", 0.02))
    ahead = lane_position(1, -2, crossing_s + 3.15 + ESTATE.rear_overhang, 0.02)
    draft.add("ParkedCarAhead", ESTATE.entity(colour="#31513c"), ahead)
    return draft


def wrong_way_cyclist() -> Draft:
    """A cyclist on the wrong side of a side road rides into the junction from where nobody looks for one.

    Where traffic keeps right, cyclists from the right come on the far half of the side road; this one comes on the near
    half, out from behind the van at the corner, and meets the unbraked ego as in Euro NCAP's crossing tests.
    """
    draft = Draft(
        "wrong_way_cyclist", "A cyclist comes out of a side road on the wrong side", "residential_street.xodr"
    )
    middle, corner = 185.0, 159.5  # of the junction; where the parking lane of the ego's street ends, m
    crossing_s = middle - 1.75
    ego_towards(draft, crossing_s, 30.0, 5, 60, "#584a3a")
    draft.parameter("cyclist_speed", NUMBER, 15.0, 10, 28)
    draft.choice("cyclist_behavior", "natural", ("natural", "protocol"))
    draft.surroundings("2026-09-18T07:50:00", cloud="fourOktas")
    # From the middle of the ego's lane to the south: over half the junction, then that far into the side road.
    start = WRONG_WAY_START - 1.75
    brain = controller(
        "cyclistBrain", behaviorTree="wrong_way_cyclist.xml", behavior="$cyclist_behavior",
        speed=kmh("cyclist_speed"), master="Ego", start_distance=str(start), crossing_distance="32.0",
        acceleration_distance="3.0",
    )  # fmt: skip
    place = lane_position(4, -1, WRONG_WAY_START - 11.5, 0.0, math.pi)
    draft.add("Cyclist", BICYCLE.entity(age="23", colour="#2f6f8f"), place, 0.0, brain)
    draft.add("Van", VAN.entity(colour="#e8e4da"), lane_position(1, -2, corner - 1.0 - VAN.front, 0.1))
    draft.add("ParkedCar", ESTATE.entity(), lane_position(1, -2, corner - 8.5 - ESTATE.front, 0.0))
    return draft


def turning_across_cyclist() -> Draft:
    """Euro NCAP CBTA like: the ego turns left across a cyclist who comes towards it and rides straight on.

    The middle of the ego's bumper, on the arc of its lane, and the middle of the bicycle meet after LEAD_TIME; a van
    that waits to turn the other way hides the cyclist before.
    """
    draft = Draft("turning_across_cyclist", "The ego turns left across a cyclist", "residential_street.xodr")
    middle, reach, beside = 185.0, 11.5, 3.0  # of the junction; half its width; the cyclist's distance from the axis, m
    radius, nose = reach + 1.75, REFERENCE_CAR.front
    # On the arc, at angle a, the bumper is at y = reach - radius cos a + nose sin a.
    angle = math.acos((reach - beside) / math.hypot(radius, nose)) - math.atan2(nose, radius)
    meeting = middle - reach + radius * math.sin(angle) + nose * math.cos(angle)
    draft.parameter("ego_speed", NUMBER, 15.0, 8, 25)
    draft.choice("ego_driver", "attentive", DRIVERS)
    draft.parameter("cyclist_speed", NUMBER, 15.0, 10, 30)
    draft.choice("cyclist_behavior", "natural", ("natural", "protocol"))
    draft.surroundings("2026-04-23T17:20:00", cloud="threeOktas")
    start = lane_position(1, -1, f"${{{middle - reach + radius * angle:.3f} - {LEAD_TIME} * $ego_speed / 3.6}}")
    brain = controller("egoDriver", driver="$ego_driver")
    draft.add("Ego", REFERENCE_CAR.entity(colour="#8d9399"), start, kmh("ego_speed"), brain)
    route = xosc.Route("left turn")
    route.add_waypoint(lane_position(1, -1, 20.0), xosc.RouteStrategy.shortest)
    route.add_waypoint(lane_position(3, -1, 30.0), xosc.RouteStrategy.shortest)
    draft.init.add_init_action("Ego", xosc.AssignRouteAction(route))
    rider = controller(
        "cyclistBrain", behaviorTree="cyclist_straight_on.xml", behavior="$cyclist_behavior",
        speed=kmh("cyclist_speed"), master="Ego", crossing_distance="45.0",
    )  # fmt: skip
    axle = BICYCLE.length / 2 - BICYCLE.rear_overhang + meeting - middle - reach
    place = lane_position(2, 1, f"${{{axle:.3f} + {LEAD_TIME} * $cyclist_speed / 3.6}}", beside - 1.75)
    draft.add("Cyclist", BICYCLE.entity(age="31", colour="#a33b2c"), place, kmh("cyclist_speed"), rider)
    draft.add("WaitingVan", VAN.entity(colour="#dcdad2"), lane_position(2, 1, 1.0, -0.55))
    return draft


SCENARIOS: Mapping[str, Callable[[], Draft]] = {
    made.__name__: made
    for made in (
        adult_from_far_side,
        pedestrian_behind_bus,
        end_of_traffic_jam,
        oncoming_overtaker,
        child_after_ball,
        wrong_way_cyclist,
        turning_across_cyclist,
    )
}


def main() -> None:
    for build in SCENARIOS.values():
        print(build().write().relative_to(HERE.parent))


if __name__ == "__main__":
    main()
