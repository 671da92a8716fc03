"""Traffic in a town for tests: many drivers, what happens to them.

For longer: ``python -m tests.behaviors.towns MAP.xodr --mixed --minutes 5 --seeds 200 --log FILE`` writes one line
a seed and goes on where it has been stopped.
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
from drivesim.types import Collision, Weather
from drivesim.world import World
from tests.behaviors.road_users import MIX, road_user
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
    """A town with vehicles standing here and there on its lanes, no two cars within 12 m."""
    actors = [road_user(i, MIX[i % len(MIX)]) if mixed else car(i, f"car{i}") for i in range(vehicles)]
    world = World(network, actors, Weather(), seed)
    lanes, chance = lanes_of(network), np.random.default_rng(seed)
    taken: list[tuple[float, float, float]] = []
    while len(taken) < vehicles:
        x, y, heading = _somewhere(lanes, chance)
        reach = 0.5 * actors[len(taken)].box.length + 4.0 if mixed else 6.0
        if all(math.hypot(x - tx, y - ty) > reach + there for tx, ty, there in taken):
            pose = Pose.from_ypr((x, y, world.ground_height(x, y)), (heading, 0.0, 0.0))
            world.place(len(taken), pose)
            taken.append((x, y, reach))
    return world


def _somewhere(lanes: Lanes, chance: np.random.Generator) -> tuple[float, float, float]:
    graph = lanes.graph
    long = np.flatnonzero(~graph.inside & graph.endless & (graph.length > 15.0))
    lane = int(chance.choice(long, p=graph.length[long] / graph.length[long].sum()))
    points = graph.point[graph.first[lane] : graph.first[lane + 1]]
    x, y, heading, _ = points[int(chance.integers(6, len(points) - 6))].tolist()
    return x, y, heading


def play(world: World, minutes: float) -> Played:
    """Let everybody drive for so long."""
    drivers = [TrafficDriver(world) for _ in world.actors]
    standing, longest, travelled = np.zeros(len(drivers)), 0.0, 0.0
    ticks = round(60.0 * minutes / DT)
    for _ in range(ticks):
        for index, driver in enumerate(drivers):
            world.command(index, driver.step(world, index, DT))
        world.step(DT)
        standing = np.where(np.abs(world.speed[0]) < 0.1, standing + DT, 0.0)
        longest = max(longest, float(standing.max()))
        travelled += float(world.speed[0].mean()) * DT
    return Played(world.collisions, longest, travelled / (ticks * DT))


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
