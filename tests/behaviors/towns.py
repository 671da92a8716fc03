"""Traffic in a town for tests: many drivers, what happens to them.

For longer: ``python -m tests.behaviors.towns MAP.xodr --mixed --vehicles 36 --minutes 5 --seeds 200 --log FILE`` writes
one line a seed and goes on where it has been stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from drivesim.behaviors.traffic import TrafficDriver
from drivesim.behaviors.traffic.lanes import Lanes, lanes_of
from drivesim.opendrive import RoadNetwork, read_network
from drivesim.transforms import Pose
from drivesim.types import Actor, Collision, Weather
from drivesim.world import Kinematic, World
from tests.behaviors.road_users import COUPLER, HITCH, MIX, road_user, semitrailer
from tests.builders import car

SHARED = Path(os.environ.get("DRIVESIM_SHARED", Path(__file__).resolve().parents[3] / "shared"))
TOWNS = SHARED / "corpus" / "carla-simulator+opendrive-test-files" / "OpenDrive"
TOWNS_WITH_LIGHTS = SHARED / "corpus" / "BerkeleyLearnVerify+Scenic" / "assets" / "maps" / "CARLA"
DT = 0.05


@dataclass(frozen=True)
class Played:
    """What came of it: collisions, the longest time that somebody stood, s, and the mean speed, m/s."""

    collisions: list[Collision]
    longest_standing: float
    mean_speed: float


def populate(network: RoadNetwork, vehicles: int, seed: int, *, mixed: bool = False) -> World:
    """A town with vehicles standing here and there on its lanes, no two within 8 m of each other's ends; cars: 12 m."""
    actors: list[Actor] = []
    tows: list[int] = []
    for number in range(vehicles):
        kind = MIX[number % len(MIX)] if mixed else "car"
        if kind == "articulated":
            tows.append(len(actors))
            actors += [road_user(len(actors), "tractor"), semitrailer(len(actors) + 1)]
        else:
            actors.append(road_user(len(actors), kind) if mixed else car(number, f"car{number}"))
    world = World(network, actors, Weather(), seed)
    lanes, chance = lanes_of(network), np.random.default_rng(seed)
    taken: list[tuple[float, float, float]] = []
    placed = 0
    while placed < len(actors):
        trailer = placed + 1 if placed in tows else None
        behind = COUPLER + 8.0 if trailer is not None else 0.0
        x, y, heading = _somewhere(lanes, chance, behind)
        reach = 0.5 * actors[placed].box.length + behind if mixed else 2.0
        if all(math.hypot(x - tx, y - ty) > 8.0 + reach + there for tx, ty, there in taken):
            world.place(placed, Pose.from_ypr((x, y, world.ground_height(x, y)), (heading, 0.0, 0.0)))
            taken.append((x, y, reach))
            if trailer is not None:
                world.couple(placed, trailer, HITCH, COUPLER)
                x, y = x + (HITCH - COUPLER) * math.cos(heading), y + (HITCH - COUPLER) * math.sin(heading)
                world.place(trailer, Pose.from_ypr((x, y, world.ground_height(x, y)), (heading, 0.0, 0.0)))
            placed += 1 if trailer is None else 2
    return world


def _somewhere(lanes: Lanes, chance: np.random.Generator, behind: float) -> tuple[float, float, float]:
    """A point of a lane with so many straight metres behind it."""
    graph = lanes.graph
    long = np.flatnonzero(~graph.inside & graph.endless & (graph.length > 15.0 + behind))
    lane = int(chance.choice(long, p=graph.length[long] / graph.length[long].sum()))
    points = graph.point[graph.first[lane] : graph.first[lane + 1]]
    while True:
        at = int(chance.integers(6 + int(behind), len(points) - 6))
        x, y, heading, _ = points[at].tolist()
        if abs(math.remainder(heading - points[at - int(behind), 2], math.tau)) < 0.05:
            return x, y, heading
        if not behind:
            return x, y, heading
        lane = int(chance.choice(long))
        points = graph.point[graph.first[lane] : graph.first[lane + 1]]


def play(world: World, minutes: float) -> Played:
    """Let everybody drive for so long."""
    trailers = {row[0] for row in world.hitched.values()}
    drivers = {i: TrafficDriver(world) for i in range(len(world.actors)) if i not in trailers}
    own = list(drivers)
    standing, longest, travelled = np.zeros(len(own)), 0.0, 0.0
    ticks = round(60.0 * minutes / DT)
    for _ in range(ticks):
        for index, driver in drivers.items():
            world.command(index, driver.step(world, index, DT))
        draw_trailers(world)
        world.step(DT)
        standing = np.where(np.abs(world.speed[0, own]) < 0.1, standing + DT, 0.0)
        longest = max(longest, float(standing.max()))
        travelled += float(world.speed[0, own].mean()) * DT
    return Played(world.collisions, longest, travelled / (ticks * DT))


def draw_trailers(world: World) -> None:
    """Command trailers to where those who draw them will be: the coupler on the hitch, the axle rolls."""
    for tow, (trailer, hitch, coupler) in world.hitched.items():
        heading = float(world.orientation[0, tow, 0] + world.angular_velocity[0, tow, 2] * DT)
        x, y = (world.position[0, tow, :2] + world.velocity[0, tow, :2] * DT).tolist()
        x, y = x + hitch * math.cos(heading), y + hitch * math.sin(heading)
        own = float(world.orientation[0, trailer, 0])
        was = world.position[0, trailer, :2] + coupler * np.array([math.cos(own), math.sin(own)])
        across = (y - was[1]) * math.cos(own) - (x - was[0]) * math.sin(own)
        own += math.asin(min(max(across / coupler, -1.0), 1.0))
        x, y = x - coupler * math.cos(own), y - coupler * math.sin(own)
        pose = Pose.from_ypr((x, y, float(world.position[0, tow, 2])), (own, 0.0, 0.0))
        world.command(trailer, Kinematic(pose, float(world.speed[0, tow])))


def main() -> None:
    parser = argparse.ArgumentParser(description="Play traffic on a map, one line a seed.")
    parser.add_argument("map", type=Path)
    parser.add_argument("--mixed", action="store_true", help="vehicles of all lengths, not only cars")
    parser.add_argument("--vehicles", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--first", type=int, default=0, help="seed to begin with")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--log", type=Path, help="one JSON line a seed; seeds that it holds are not played again")
    asked = parser.parse_args()
    known = asked.log.read_text().splitlines() if asked.log and asked.log.exists() else []
    done = {row["seed"] for row in map(json.loads, known) if row["map"] == str(asked.map)}
    network = read_network(asked.map)
    for seed in range(asked.first, asked.first + asked.seeds):
        if seed in done:
            continue
        played = play(populate(network, asked.vehicles, seed, mixed=asked.mixed), asked.minutes)
        sys.stdout.write(
            f"seed {seed}: {asked.minutes:g} min, {len(played.collisions)} collisions, nobody stood longer than "
            f"{played.longest_standing:.0f} s, mean speed {played.mean_speed:.1f} m/s\n"
        )
        sys.stdout.flush()
        if asked.log:
            row = {"map": str(asked.map), "seed": seed, "vehicles": asked.vehicles, "mixed": asked.mixed,
                   "minutes": asked.minutes, **asdict(played)}  # fmt: skip
            with asked.log.open("a") as log:
                log.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
