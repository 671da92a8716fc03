"""Euro NCAP as a test of precision: where and how fast an unbraked car meets the road user, in every instance of every
distribution of the VRU 2023 set that the corpus has (68 of 149)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus import CORPUS, use_maps
from play import Idle

from drivesim.opendrive import read_network
from drivesim.openscenario import Scenario, ScenarioPlayer, load_scenario, read_distribution
from drivesim.openscenario.model.actions import AbsoluteSpeed, SynchronizeAction
from drivesim.world import World

VARIATIONS = CORPUS / "vectorgrp+OSC-NCAP-scenarios/OpenSCENARIO/NCAP/AEB_VRU_2023/Variations"
DT = 0.01
LONGEST = 40.0
"""Seconds within which all of them have met."""
HIT_POINT, TARGET_SPEED = 0.05, 0.1 / 3.6
"""m of error at the moment of impact, and m/s (0.1 km/h)."""


@dataclass
class Meeting:
    """Error of place along its way, m, and of speed, m/s, of the road user when the car is at its point of impact."""

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


def met(path: Path, values: dict[str, str]) -> Meeting | None:
    """Play until the car has passed its point of impact; None where the road user does not move."""
    scenario = load_scenario(path, values)
    network = read_network(scenario.road_file)
    world = World(network, scenario.actors(), scenario.weather(network.place()), 1)
    world.falls = False
    player = ScenarioPlayer(scenario, world, lambda model, actor, world: Idle())
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
    raise AssertionError(f"{path.name}: the car never gets there")


def instances():
    for path in sorted(VARIATIONS.glob("*.xosc")):
        yield path, read_distribution(path)


@pytest.mark.slow
@pytest.mark.skipif(not VARIATIONS.exists(), reason="needs the corpus")
def test_all_road_users_are_hit_where_the_protocol_says(monkeypatch):
    monkeypatch.setenv("DRIVESIM_MAPS", "")
    use_maps()
    count, moving, wrong = 0, 0, []
    for path, distribution in instances():
        for values in distribution.instances():
            count += 1
            found = met(distribution.scenario_file, values)
            if found is None:
                continue
            moving += 1
            if found.place > HIT_POINT or found.speed > TARGET_SPEED:
                wrong.append(
                    f"{path.stem} {values.get('Ego_speed_kph')}: {found.place:.3f} m, {found.speed * 3.6:.2f} km/h"
                )
    assert not wrong, "\n".join(wrong)
    assert moving > 0.5 * count > 30
