"""Euro NCAP as a test of precision: where and how fast an unbraked car meets the road user, in every instance of every
distribution of the VRU 2023 set: 68 in the corpus, all 149 where ``DRIVESIM_NCAP`` names a clone of
https://github.com/vectorgrp/OSC-NCAP-scenarios."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus import CORPUS, use_maps

from drivesim.behaviors import make_controller
from drivesim.opendrive import read_network
from drivesim.openscenario import ParameterValueDistribution, Scenario, ScenarioPlayer, load_scenario, read_distribution
from drivesim.openscenario.model.actions import AbsoluteSpeed, SynchronizeAction
from drivesim.world import World

WHOLE = os.environ.get("DRIVESIM_NCAP")
VARIATIONS = Path(WHOLE or CORPUS / "vectorgrp+OSC-NCAP-scenarios") / "OpenSCENARIO/NCAP/AEB_VRU_2023/Variations"
DT = 0.01
LONGEST = 40.0
"""Seconds within which all of them have met."""
HIT_POINT, TARGET_SPEED = 0.05, 0.1 / 3.6
"""m of error at the moment of impact, and m/s (0.1 km/h)."""


@dataclass
class Meeting:
    """Error of place, m, and of speed, m/s, of the road user at the impact."""

    place: float
    speed: float


def _meetings(scenario: Scenario) -> Iterator[tuple[str, SynchronizeAction]]:
    """Who is to meet the car, and how."""
    groups = [group for story in scenario.storyboard.stories for act in story.acts for group in act.groups]
    for group in groups:
        for event in (event for maneuver in group.maneuvers for event in maneuver.events):
            for action in (part for step in event.actions for part in step.actions):
                if isinstance(action, SynchronizeAction):
                    yield group.actors.entities[0].entity_ref, action


def start(path: Path, values: dict[str, str]) -> tuple[Scenario, ScenarioPlayer]:
    scenario = load_scenario(path, values)
    network = read_network(scenario.road_file)
    world = World(network, scenario.actors(), scenario.weather(network.place()), 1)
    world.falls = False
    return scenario, ScenarioPlayer(scenario, world, make_controller)


def met(scenario: Scenario, player: ScenarioPlayer) -> Meeting | None:
    """Play until the car has passed its point of impact, for who crosses its way; None for who does not. The place is
    that along the road user's way."""
    world = player.world
    asked = list(_meetings(scenario))
    if not asked:
        return None
    who, action = asked[0]
    car, other = world.index(action.master_entity_ref), world.index(who)
    places = player.cast.places
    goal = places.pose(action.target_position_master).translation[:2]
    impact = places.pose(action.target_position).translation[:2]
    before = None
    while world.time < LONGEST and not player.finished:
        here, there = world.position[0, car, :2].copy(), world.position[0, other, :2].copy()
        speed = float(world.speed[0, other])
        ahead = float((goal - here) @ world.velocity[0, car, :2])
        if before is not None and before[0] > 0.0 >= ahead:
            share = before[0] / (before[0] - ahead)
            at = before[1] + share * (there - before[1])
            final = action.final_speed
            wanted = final.value if isinstance(final, AbsoluteSpeed) else speed
            way = world.velocity[0, other, :2] / max(speed, 1e-9)
            return Meeting(abs(float((at - impact) @ way)), abs(before[2] + share * (speed - before[2]) - wanted))
        before = ahead, there, speed
        player.step(DT)
    raise AssertionError("the car never gets there")


def caught(scenario: Scenario, player: ScenarioPlayer) -> Meeting:
    """The same for who moves along the car's way, or stands in it. The place is that on the car's front or back
    ("Overlap", percent of its width). How far they have come is not asked: cyclists who are to reach their speed with
    2.5 m/s2 have a Performance of 2 m/s2 in these files."""
    world, wanted = player.world, scenario.parameters
    car, other = world.index("Ego"), world.index("VRU")
    while not player.cast.variables["collisionDetected"]:
        if world.time > LONGEST or player.finished:
            raise AssertionError("the car never gets there")
        player.step(DT)
    yaw = float(world.orientation[0, car, 0])
    apart = world.position[0, other] - world.position[0, car]
    aside = abs(float(apart[1] * math.cos(yaw) - apart[0] * math.sin(yaw)))
    overlap = abs(float(wanted["Ego_width"]) * (float(wanted["Overlap"]) - 50.0) / 100.0)
    speed = float(wanted.get("VRU_finalSpeed_kph", 0.0)) / 3.6
    return Meeting(abs(aside - overlap), abs(float(world.speed[0, other]) - speed))


def instances() -> Iterator[tuple[Path, ParameterValueDistribution]]:
    for path in sorted(VARIATIONS.glob("*.xosc")):
        yield path, read_distribution(path)


@pytest.mark.skipif(not VARIATIONS.exists(), reason="needs the corpus")
@pytest.mark.parametrize("only", ["50kph", pytest.param("", marks=pytest.mark.slow)], ids=["some", "all"])
def test_all_road_users_are_hit_where_the_protocol_says(monkeypatch, only):
    monkeypatch.setenv("DRIVESIM_MAPS", "")
    use_maps()
    count, wrong = 0, []
    for path, distribution in instances():
        for values in distribution.instances() if only in path.name else ():
            count += 1
            scenario, player = start(distribution.scenario_file, values)
            found = met(scenario, player) or caught(scenario, player)
            if found.place > HIT_POINT or found.speed > TARGET_SPEED:
                said = f"{path.stem} {values.get('Ego_speed_kph')}"
                wrong.append(f"{said}: {found.place:.3f} m, {found.speed * 3.6:.2f} km/h")
    assert not wrong, "\n".join(wrong)
    assert only or count == (149 if WHOLE else 68)
    assert count > 3
