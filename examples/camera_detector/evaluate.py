"""How well each detector sees whom a story is about, in scenarios, streets and people that no network learned from.

Plays scenarios of the library by day, at night, in fog and in rain with all sensors of ``whatif_camera_lidar_radar``,
and asks every detector about every measurement. Of those in which the target can be seen at all, in how many is it
found? And how often is somebody reported where nobody is?

Run: ``python evaluate.py [--instances N] [--model NETWORK.onnx]``; prints tables in Markdown.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.ego.chain import kind_of
from drivesim.ego.detections import Detection, Detector, checked
from drivesim.ego.lidar import LidarDetector
from drivesim.ego.oracle_camera import OracleCamera
from drivesim.ego.radar import RadarDetector
from drivesim.ego.rgb_camera import MODEL, RgbCamera
from drivesim.openscenario.scenario import ScenarioFile
from drivesim.sensors.rig import load_rig
from drivesim.simulation import Simulation
from drivesim.simulators.embedded import EmbeddedSimulator
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.target import target_of
from drivesim.studies.whatif.stage import Stage, zones_of
from drivesim.types import Actor, Frame, Measurement

F64 = NDArray[np.float64]

SCENARIOS = {
    "child_crossing": "pedestrian", "cyclist_from_behind_van": "rider", "pedestrian_behind_bus": "pedestrian",
    "adult_from_far_side": "pedestrian", "wrong_way_cyclist": "rider", "motorway_cut_in": "vehicle",
}  # fmt: skip
"""What is played, and what its target is."""
CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "day": {"time_of_day": "2026-06-15T15:30:00"},
    "night": {"time_of_day": "2026-06-15T23:30:00"},
    "fog, 80 m": {"time_of_day": "2026-06-15T15:30:00", "fog": "80"},
    "rain, 20 mm/h": {"time_of_day": "2026-06-15T15:30:00", "rain": "20"},
}
BINS = (10.0, 20.0, 30.0, 45.0)
"""Upper ends of distances that are counted together, m."""
LEAST = {"camera": 24, "lidar": 5, "radar": 1}
"""Pixels, points or detections of the target from which on it can be seen."""
NEAR, SHARE = 1.0, 0.10
"""A detection belongs to a target whose box is no farther from it than this, m and share of the distance."""


@dataclass
class Score:
    """Of one detector: targets that could be seen and that were found, by kind, condition and distance; errors of
    place along (share of the distance) and across the line of sight (m); people reported where nobody is."""

    seen: dict[tuple[str, str, float], int] = field(default_factory=lambda: defaultdict(int))
    found: dict[tuple[str, str, float], int] = field(default_factory=lambda: defaultdict(int))
    along: list[float] = field(default_factory=list)
    across: list[float] = field(default_factory=list)
    false: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    measurements: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def frames(scenario: str, values: Mapping[str, str], seed: int, stage: Stage) -> Iterator[tuple[Simulation, Frame]]:
    """Two ticks of every four of an instance in which the target is within reach; the car does not brake."""
    ego = 0

    class Near(EmbeddedSimulator):
        ticks = 0

        def capture(self, before: Any, after: Any) -> Any:
            self.ticks += 1
            if (self.ticks - 1) // 2 % 2 == 0:  # a lidar's sweep takes the other two whole
                return {}, None
            target = target_of(self.world.actors, self.world.actors[ego]).index
            away = after.position[0, target, :2] - after.position[0, ego, :2]
            return super().capture(before, after) if np.linalg.norm(away) < BINS[-1] + 8.0 else ({}, None)

    def make(world: Any, rig: Any, index: int, run_seed: int) -> EmbeddedSimulator:
        nonlocal ego
        ego = index
        return Near(world, rig, index, run_seed, labels=False, scene=stage.scene(world, index, run_seed))

    rig = load_rig("whatif_camera_lidar_radar")
    with Simulation(ScenarioFile(scenario).scenario(values), rig, seed=seed, simulator=make) as simulation:
        for frame in simulation:
            yield simulation, frame
            if any(simulation.ego.name in (hit.first, hit.second) for hit in frame.collisions):
                return


def offset(actor: Actor, frame: Frame, measurement: Measurement, position: F64) -> float:
    """From a place in the ego frame to an actor's box seen from above, m."""
    world = measurement.world_from_ego.apply([*position, 0.0])
    local = frame.state.pose(actor.index).inverse().apply(world)[:2] - np.array(actor.box.center[:2])
    outside = np.maximum(np.abs(local) - [actor.box.length / 2, actor.box.width / 2], 0.0)
    return float(np.linalg.norm(outside))


def judge(
    simulation: Simulation, frame: Frame, detectors: Mapping[str, Detector], scores: Mapping[str, Score], kind: str,
    condition: str,
) -> None:  # fmt: skip
    """One tick: every measurement through every detector of its kind."""
    target = target_of(simulation.actors, simulation.ego)
    others = [actor for actor in simulation.actors if actor.index != simulation.ego.index]
    for measurement in frame.measurements.values():
        sensor = kind_of(measurement)
        place = measurement.world_from_ego.inverse().apply(frame.state.pose(target.index).apply(target.box.center))[:2]
        distance = float(np.linalg.norm(place))
        visible = np.count_nonzero(measurement.instance == target.instance) >= LEAST[sensor]
        group = next((end for end in BINS if distance < end), None)
        for name, detector in detectors.items():
            if detector.kind != sensor:
                continue
            score, found = scores[name], checked(detector, measurement)
            score.measurements[condition] += 1
            score.false[condition] += sum(is_false(each, others, frame, measurement, sensor) for each in found)
            if not visible or group is None or place[0] < 4.0:
                continue
            score.seen[kind, condition, group] += 1
            fitting = [d for d in found if d.person in (None, kind != "vehicle")]
            best = min(fitting, key=lambda d: offset(target, frame, measurement, d.position), default=None)
            if best is not None and offset(target, frame, measurement, best.position) <= NEAR + SHARE * distance:
                score.found[kind, condition, group] += 1
                if kind != "vehicle":
                    ahead, off = place / distance, best.position - place
                    score.along.append(float(off @ ahead) / distance)
                    score.across.append(float(ahead[0] * off[1] - ahead[1] * off[0]))


def is_false(each: Detection, actors: list[Actor], frame: Frame, measurement: Measurement, sensor: str) -> bool:
    """A person where nobody is, of radars something that moves where nothing does, up to the farthest bin."""
    x = float(each.position[0])
    if not (each.starts and 4.0 < x < BINS[-1] and (each.person or (each.person is None and sensor == "radar"))):
        return False
    reach = 2.0 * (NEAR + SHARE * x)
    return all(
        offset(actor, frame, measurement, each.position) > reach
        for actor in actors
        if each.person is None or actor.kind == "pedestrian" or actor.category in ("bicycle", "motorbike")
    )


def share(score: Score, kinds: tuple[str, ...], conditions: tuple[str, ...], ends: tuple[float, ...] = BINS) -> str:
    keys = [(kind, condition, end) for kind in kinds for condition in conditions for end in ends]
    seen, found = (sum(counts.get(key, 0) for key in keys) for counts in (score.seen, score.found))
    return f"{found / seen:.0%} of {seen}" if seen else "–"


def tables(scores: Mapping[str, Score]) -> str:
    """All results, in Markdown."""
    every, people = tuple(CONDITIONS), ("pedestrian", "rider")
    spans = [f"{low:.0f} to {high:.0f} m" for low, high in zip((4.0, *BINS), BINS, strict=False)]
    lines = [_row("found", "detector", *spans), _row(*["---"] * (len(BINS) + 2))]
    for kind in dict.fromkeys(kind for score in scores.values() for kind, _, _ in score.seen):
        lines += [
            _row(kind, f"`{name}`", *(share(score, (kind,), every, (end,)) for end in BINS))
            for name, score in scores.items()
        ]
    lines += ["", _row("people found", *every), _row(*["---"] * (len(every) + 1))]
    lines += [_row(f"`{n}`", *(share(s, people, (condition,)) for condition in every)) for n, s in scores.items()]
    lines += ["", _row("false, a measurement", *every), _row(*["---"] * (len(every) + 1))]
    for name, score in scores.items():
        rates = (f"{score.false[c] / max(score.measurements[c], 1):.3f}" for c in every)
        lines.append(_row(f"`{name}`", *rates))
    lines += ["", _row("place of people", "along: bias, spread", "across: bias, spread"), _row(*["---"] * 3)]
    for name, score in scores.items():
        along, across = np.array(score.along or [np.nan]), np.array(score.across or [np.nan])
        errors = (f"{along.mean():+.1%}, {along.std():.1%}", f"{across.mean():+.2f} m, {across.std():.2f} m")
        lines.append(_row(f"`{name}`", *errors))
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=1, help="of each scenario in each condition")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--only", choices=tuple(SCENARIOS), nargs="*", default=tuple(SCENARIOS))
    arguments = parser.parse_args()
    detectors: dict[str, Detector] = {
        "rgb_camera": RgbCamera(model=arguments.model), "oracle_camera": OracleCamera(seed=1),
        "lidar_clusters": LidarDetector(), "radar_clusters": RadarDetector(),
    }  # fmt: skip
    scores = {name: Score() for name in detectors}
    for scenario in arguments.only:
        drawn = draw_instances(space_of(scenario, None), arguments.instances, 177)
        for number, values in enumerate(drawn):
            fixed = {**values, "ego_driver": "constant", "seed.city": str(1000 + number % 4)}
            zones = zones_of(scenario, [fixed])
            for condition, setting in CONDITIONS.items():
                with closing(Stage(zones)) as stage:
                    for simulation, frame in frames(scenario, {**fixed, **setting}, 9000 + number, stage):
                        judge(simulation, frame, detectors, scores, SCENARIOS[scenario], condition)
    print(tables(scores))


if __name__ == "__main__":
    main()
