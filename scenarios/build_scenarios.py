"""Build the shipped OpenSCENARIO files: ``python scenarios/build_scenarios.py``.

Needs the ``dev`` extra (scenariogeneration). The files are committed beside this script; run it after changing it.
Lengths are metres, speeds km/h where a user sets them, positions on the maps of ``build_maps.py``.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scenariogeneration import xosc

HERE = Path(__file__).resolve().parent
CREATED = dt.datetime(2026, 11, 20)


class ParametricTimeOfDay(xosc.TimeOfDay):
    """A time of day that is a parameter reference instead of numbers."""

    def __init__(self, reference: str) -> None:
        super().__init__(False, 2026, 6, 15, 12, 0, 0)
        self.reference = reference

    def get_attributes(self) -> dict[str, str]:
        return {"animation": "false", "dateTime": self.reference}


@dataclass(frozen=True)
class Car:
    """Outer size and axles of a vehicle model.

    Attributes:
        rear_overhang: rear axle to rear bumper.
    """

    name: str
    length: float
    width: float
    height: float
    wheelbase: float
    rear_overhang: float
    category: str = "car"
    mass: float = 1500.0
    wheel: float = 0.65
    max_steer: float = 0.6
    limits: tuple[float, float, float] = (60.0, 4.0, 9.0)

    @property
    def front(self) -> float:
        """Reference point (rear axle) to front bumper."""
        return self.length - self.rear_overhang

    def entity(self, **properties: str) -> xosc.Vehicle:
        box = xosc.BoundingBox(
            self.width, self.length, self.height, round(self.length / 2 - self.rear_overhang, 4), 0.0, self.height / 2
        )
        track, radius = round(self.width * 0.85, 3), self.wheel / 2
        front = xosc.Axle(self.max_steer, self.wheel, track, self.wheelbase, radius)
        rear = xosc.Axle(0.0, self.wheel, track, 0.0, radius)
        made = xosc.Vehicle(
            self.name,
            getattr(xosc.VehicleCategory, self.category),
            box,
            front,
            rear,
            *self.limits,
            mass=self.mass,
            model3d=self.name,
        )
        for key, value in properties.items():
            made.add_property(key, value)
        return made


REFERENCE_CAR = Car("hatchback", 4.358, 1.815, 1.577, 2.62, 0.80)
"""Vehicle under test of the Euro NCAP AEB VRU 2023 scenario set."""
SMALL_OBSTRUCTION = Car("city_car", 4.316, 1.79, 1.48, 2.55, 0.78)
LARGE_OBSTRUCTION = Car("suv", 4.418, 1.82, 1.533, 2.65, 0.80)
"""Obstruction vehicles of Euro NCAP CPNCO-50."""
ESTATE = Car("estate", 4.75, 1.83, 1.47, 2.78, 1.02)
SALOON = Car("saloon", 4.70, 1.82, 1.44, 2.80, 1.00)
VAN = Car("delivery_van", 5.53, 2.02, 2.60, 3.45, 1.05, "van", 2300.0, 0.70)
LORRY = Car("lorry", 8.60, 2.50, 3.50, 4.80, 2.30, "truck", 9000.0, 0.96, limits=(25.0, 1.5, 6.0))
BICYCLE = Car("bicycle", 1.89, 0.50, 1.75, 1.05, 0.42, "bicycle", 85.0, 0.68, 1.0, (12.0, 1.5, 4.0))


def pedestrian(
    name: str, height: float, length: float, width: float, mass: float, **properties: str
) -> xosc.Pedestrian:
    """A person whose bounding box is centred above the reference point."""
    box = xosc.BoundingBox(width, length, height, 0.0, 0.0, height / 2)
    made = xosc.Pedestrian(name, mass, xosc.PedestrianCategory.pedestrian, box, name)
    for key, value in properties.items():
        made.add_property(key, value)
    return made


def controller(name: str, **properties: str) -> xosc.Controller:
    """A controller that drivesim understands by its properties and other players ignore."""
    made = xosc.Properties()
    for key, value in properties.items():
        made.add_property(key, value)
    return xosc.Controller(name, made)


def lane_position(
    road: int, lane: int, s: float | str, offset: float | str = 0.0, heading: float = 0.0
) -> xosc.LanePosition:
    orientation = xosc.Orientation(h=heading, reference=xosc.ReferenceContext.relative)
    return xosc.LanePosition(s, offset, str(lane), str(road), orientation)


class Draft:
    """A scenario being written: parameters, entities and their initial actions, then the storyboard.

    Attributes:
        minor: of the OpenSCENARIO version.
    """

    def __init__(self, name: str, description: str, road_file: str, minor: int = 2) -> None:
        self.name, self.description, self.minor = name, description, minor
        self.parameters = xosc.ParameterDeclarations()
        self.entities = xosc.Entities()
        self.init = xosc.Init()
        self.roads = xosc.RoadNetwork(road_file)
        self.stories: list[xosc.Story] = []

    def parameter(
        self,
        name: str,
        kind: xosc.ParameterType,
        value: str | float,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        made = xosc.Parameter(name, kind, str(value))
        if low is not None and high is not None:
            group = xosc.ValueConstraintGroup()
            group.add_value_constraint(xosc.ValueConstraint(xosc.Rule.greaterOrEqual, str(low)))
            group.add_value_constraint(xosc.ValueConstraint(xosc.Rule.lessOrEqual, str(high)))
            made.add_value_constraint_group(group)
        self.parameters.add_parameter(made)

    def choice(self, name: str, value: str, options: tuple[str, ...]) -> None:
        """A text parameter restricted to ``options``."""
        made = xosc.Parameter(name, xosc.ParameterType.string, value)
        for option in options:
            group = xosc.ValueConstraintGroup()
            group.add_value_constraint(xosc.ValueConstraint(xosc.Rule.equalTo, option))
            made.add_value_constraint_group(group)
        self.parameters.add_parameter(made)

    def surroundings(self, time_of_day: str, *, fog: float = 100000.0, cloud: str = "twoOktas") -> None:
        """Time, fog and rain as parameters, and the environment that uses them."""
        self.parameter("time_of_day", xosc.ParameterType.dateTime, time_of_day)
        self.parameter("fog", xosc.ParameterType.double, fog, 10, 100000)
        self.parameter("rain", xosc.ParameterType.double, 0.0, 0, 150)
        weather = xosc.Weather(
            getattr(xosc.FractionalCloudCover, cloud),
            sun=None,
            fog=xosc.Fog("$fog"),
            precipitation=xosc.Precipitation(xosc.PrecipitationType.rain, "$rain"),
        )
        environment = xosc.Environment(
            "environment", ParametricTimeOfDay("$time_of_day"), weather, xosc.RoadCondition(1.0)
        )
        self.init.add_global_action(xosc.EnvironmentAction(environment))

    def add(
        self,
        name: str,
        entity: xosc.Vehicle | xosc.Pedestrian,
        position: xosc.LanePosition | xosc.WorldPosition,
        speed: str | float = 0.0,
        brain: xosc.Controller | None = None,
        *,
        steers: bool = True,
    ) -> None:
        """An entity with its place, speed (m/s) and controller at the start; ``steers``: whether that one does."""
        self.entities.add_scenario_object(name, entity, brain)
        self.init.add_init_action(name, xosc.TeleportAction(position))
        step = xosc.TransitionDynamics(xosc.DynamicsShapes.step, xosc.DynamicsDimension.time, 0.0)
        self.init.add_init_action(name, xosc.AbsoluteSpeedAction(speed, step))
        if brain:
            self.init.add_init_action(name, xosc.ActivateControllerAction(steers, True))

    def write(self) -> Path:
        self.parameter("duration", xosc.ParameterType.double, 8.0, 0.1, 600)
        stop = xosc.ValueTrigger(
            "duration is over",
            0,
            xosc.ConditionEdge.none,
            xosc.SimulationTimeCondition("$duration", xosc.Rule.greaterOrEqual),
            "stop",
        )
        board = xosc.StoryBoard(self.init, stop)
        for story in self.stories:
            board.add_story(story)
        scenario = xosc.Scenario(
            self.description,
            "The drivesim authors",
            self.parameters,
            self.entities,
            board,
            self.roads,
            xosc.Catalog(),
            osc_minor_version=self.minor,
            license=xosc.License("Apache License 2.0", spdxId="Apache-2.0"),
            creation_date=CREATED,
        )
        target = HERE / f"{self.name}.xosc"
        scenario.write_xml(str(target))
        return target


def story(name: str, actor: str, events: list[xosc.Event]) -> xosc.Story:
    """One actor's events as a story that runs from the start."""
    maneuver = xosc.Maneuver(f"{name} maneuver")
    for event in events:
        maneuver.add_event(event)
    group = xosc.ManeuverGroup(f"{name} group")
    group.add_actor(actor)
    group.add_maneuver(maneuver)
    start = xosc.ValueTrigger(
        "start", 0, xosc.ConditionEdge.none, xosc.SimulationTimeCondition(0, xosc.Rule.greaterOrEqual)
    )
    act = xosc.Act(f"{name} act", start)
    act.add_maneuver_group(group)
    made = xosc.Story(name)
    made.add_act(act)
    return made


def kmh(parameter: str) -> str:
    """An expression for a km/h parameter in m/s."""
    return f"${{${parameter} / 3.6}}"


def child_crossing() -> Draft:
    """Euro NCAP CPNCO-50: a six-year-old steps out between parked cars in front of the ego."""
    draft = Draft("child_crossing", "A child steps out between parked cars", "residential_street.xodr")
    number = xosc.ParameterType.double
    draft.parameter("ego_speed", number, 40.0, 5, 70)
    draft.choice("ego_driver", "attentive", ("constant", "following", "attentive"))
    draft.parameter("child_speed", number, 5.0, 1, 15)
    draft.choice("child_behavior", "natural", ("natural", "protocol"))
    draft.choice("child_looks", "false", ("true", "false", "maybe"))
    draft.parameter("gap", number, 1.0, 0.3, 3)
    draft.parameter("lateral_gap", number, 1.0, 0.8, 1.2)
    draft.choice("district", "residential", ("residential", "inner_city", "rural", "motorway"))
    draft.surroundings("2026-06-15T15:30:00")

    child_s, child_half_width, child_lateral = 130.0, 0.149, 4.0
    lane_centre, parking_centre = 1.75, 4.6
    ego = REFERENCE_CAR
    draft.add(
        "Ego",
        ego.entity(colour="#8a1c22"),
        lane_position(1, -1, f"${{{child_s - ego.front:.3f} - 6.0 * $ego_speed / 3.6}}"),
        kmh("ego_speed"),
        controller("egoDriver", driver="$ego_driver"),
    )
    draft.add(
        "Child",
        pedestrian("child", 1.154, 0.45, 2 * child_half_width, 21.0, age="6"),
        lane_position(1, -3, child_s, round(6.95 - lane_centre - child_lateral, 3), math.pi / 2),
        0.0,
        controller(
            "childBrain",
            behaviorTree="child_crossing.xml",
            child_behavior="$child_behavior",
            looks="$child_looks",
            speed=kmh("child_speed"),
            master="Ego",
            start_distance=str(child_lateral),
            crossing_distance="8.5",
            acceleration_distance="1.0",
        ),
    )
    small, large = SMALL_OBSTRUCTION, LARGE_OBSTRUCTION
    small_front = child_s - child_half_width
    beside = parking_centre - lane_centre - ego.width / 2
    draft.add(
        "SmallParkedCar",
        small.entity(),
        lane_position(
            1, -2, f"${{{small_front - small.front:.3f} - $gap}}", f"${{{beside - small.width / 2:.4f} - $lateral_gap}}"
        ),
    )
    large_front = small_front - small.length - 1.0
    draft.add(
        "LargeParkedCar",
        large.entity(),
        lane_position(
            1, -2, f"${{{large_front - large.front:.3f} - $gap}}", f"${{{beside - large.width / 2:.4f} - $lateral_gap}}"
        ),
    )
    draft.add(
        "ParkedCarAhead",
        ESTATE.entity(),
        lane_position(1, -2, child_s + child_half_width + 3.0 + ESTATE.rear_overhang, 0.02),
    )
    return draft


def cyclist_from_behind_van() -> Draft:
    """Euro NCAP CBNAO-50 like: a cyclist rides out from behind a parked delivery van."""
    draft = Draft(
        "cyclist_from_behind_van", "A cyclist rides out from behind a parked delivery van", "residential_street.xodr"
    )
    number = xosc.ParameterType.double
    draft.parameter("ego_speed", number, 40.0, 5, 70)
    draft.choice("ego_driver", "attentive", ("constant", "following", "attentive"))
    draft.parameter("cyclist_speed", number, 10.0, 4, 25)
    draft.choice("cyclist_behavior", "natural", ("natural", "protocol"))
    draft.surroundings("2026-06-15T09:30:00")
    crossing_s = 120.0
    ego = REFERENCE_CAR
    draft.add(
        "Ego",
        ego.entity(colour="#2b4a6f"),
        lane_position(1, -1, f"${{{crossing_s - ego.front:.3f} - 6.0 * $ego_speed / 3.6}}"),
        kmh("ego_speed"),
        controller("egoDriver", driver="$ego_driver"),
    )
    draft.add(
        "Cyclist",
        BICYCLE.entity(age="34"),
        lane_position(1, -3, crossing_s, 0.2, math.pi / 2),
        0.0,
        controller(
            "cyclistBrain",
            behaviorTree="cyclist_crossing.xml",
            behavior="$cyclist_behavior",
            speed=kmh("cyclist_speed"),
            master="Ego",
            start_distance="5.0",
            crossing_distance="14.0",
            acceleration_distance="2.0",
        ),
    )
    draft.add("DeliveryVan", VAN.entity(colour="#f2f2ee"), lane_position(1, -2, crossing_s - 1.0 - VAN.front, 0.0))
    draft.add("ParkedCar", SALOON.entity(), lane_position(1, -2, crossing_s + 6.5 + SALOON.rear_overhang, 0.0))
    return draft


def motorway_cut_in() -> Draft:
    """UN R157 style cut-in: a slower car changes into the ego's lane close in front of it."""
    draft = Draft("motorway_cut_in", "A slower car cuts in front of the ego on a motorway", "motorway.xodr")
    number = xosc.ParameterType.double
    draft.parameter("ego_speed", number, 120.0, 60, 180)
    draft.choice("ego_driver", "following", ("constant", "following", "attentive"))
    draft.parameter("cut_in_speed", number, 90.0, 40, 160)
    draft.parameter("cut_in_gap", number, 25.0, 5, 120)
    draft.parameter("lane_change_time", number, 3.0, 1, 10)
    draft.surroundings("2026-09-04T11:00:00", cloud="fiveOktas")
    ego_s = 120.0
    draft.add(
        "Ego",
        REFERENCE_CAR.entity(colour="#30343a"),
        lane_position(1, -3, ego_s),
        kmh("ego_speed"),
        controller("egoDriver", driver="$ego_driver"),
    )
    draft.add("CutInCar", SALOON.entity(colour="#c9ccd1"), lane_position(1, -4, ego_s + 60.0), kmh("cut_in_speed"))
    draft.add("Lorry", LORRY.entity(), lane_position(1, -4, ego_s + 140.0), 80 / 3.6)
    draft.add("LeadCar", ESTATE.entity(), lane_position(1, -3, ego_s + 150.0), 115 / 3.6)
    near = xosc.EntityTrigger(
        "ego is near",
        0,
        xosc.ConditionEdge.none,
        xosc.RelativeDistanceCondition(
            "$cut_in_gap", xosc.Rule.lessOrEqual, xosc.RelativeDistanceType.longitudinal, "Ego", freespace=True
        ),
        "CutInCar",
    )
    event = xosc.Event("cut in", xosc.Priority.override)
    change = xosc.TransitionDynamics(xosc.DynamicsShapes.sinusoidal, xosc.DynamicsDimension.time, "$lane_change_time")
    event.add_action("change lane", xosc.AbsoluteLaneChangeAction(-3, change))
    event.add_trigger(near)
    draft.stories.append(story("cut in", "CutInCar", [event]))
    return draft


def pedestrian_at_night() -> Draft:
    """A pedestrian in dark clothes crosses an unlit country road at night."""
    draft = Draft("pedestrian_at_night", "A pedestrian crosses an unlit country road at night", "rural_road.xodr")
    number = xosc.ParameterType.double
    draft.parameter("ego_speed", number, 70.0, 10, 100)
    draft.choice("ego_driver", "attentive", ("constant", "following", "attentive"))
    draft.parameter("pedestrian_speed", number, 5.0, 2, 12)
    draft.choice("pedestrian_behavior", "protocol", ("natural", "protocol"))
    draft.surroundings("2026-11-12T23:30:00", cloud="sixOktas")
    crossing_s = 240.0
    ego = REFERENCE_CAR
    draft.add(
        "Ego",
        ego.entity(colour="#d8d8d4"),
        lane_position(1, -1, f"${{{crossing_s - ego.front:.3f} - 6.0 * $ego_speed / 3.6}}"),
        kmh("ego_speed"),
        controller("egoDriver", driver="$ego_driver"),
    )
    draft.add(
        "Pedestrian",
        pedestrian("adult", 1.80, 0.60, 0.50, 78.0, age="40", clothing="dark"),
        lane_position(1, 1, crossing_s, 2.25 + 0.5, math.pi / 2),
        0.0,
        controller(
            "pedestrianBrain",
            behaviorTree="adult_crossing.xml",
            behavior="$pedestrian_behavior",
            speed=kmh("pedestrian_speed"),
            master="Ego",
            start_distance="6.0",
            crossing_distance="9.0",
            acceleration_distance="1.5",
        ),
    )
    oncoming = SALOON.entity(colour="#5b6670")
    draft.add(
        "OncomingCar", oncoming, lane_position(1, 1, 620.0), 80 / 3.6, controller("oncomingDriver", driver="following")
    )
    return draft


SCENARIOS: Mapping[str, Callable[[], Draft]] = {
    made.__name__: made for made in (child_crossing, cyclist_from_behind_van, motorway_cut_in, pedestrian_at_night)
}


def main() -> None:
    for build in SCENARIOS.values():
        print(build().write().relative_to(HERE.parent))


if __name__ == "__main__":
    main()
