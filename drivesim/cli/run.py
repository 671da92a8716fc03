"""``drivesim run``: trajectories and events without sensors."""

from __future__ import annotations

import csv as csv_module
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivesim.cli.common import parse_settings
from drivesim.cli.terminal import terminal
from drivesim.errors import RecordingError
from drivesim.simulation import Simulation, as_scenario
from drivesim.types import Collision, Frame

TRAJECTORY_COLUMNS = ["time", "entity", "x", "y", "z", "h", "speed", "p", "r", "road", "lane", "s", "t"]
EVENT_COLUMNS = ["time", "element_type", "path", "state", "transition"]
DECISION_COLUMNS = ["time", "actor", "node", "status"]


def run_command(
    scenario: str,
    *,
    dt: float,
    seed: int,
    settings: list[str],
    duration: float | None,
    csv: Path | None,
    events: Path | None,
    decisions: Path | None,
    quiet: bool,
) -> None:
    with (
        Simulation(as_scenario(scenario, parse_settings(settings)), seed=seed, dt=dt, duration=duration) as simulation,
        _table(csv, TRAJECTORY_COLUMNS) as trajectories,
        _table(events, EVENT_COLUMNS) as transitions,
        _table(decisions, DECISION_COLUMNS) as reasons,
    ):
        frames = transition_count = 0
        collisions: list[Collision] = []
        for frame in simulation:
            frames += 1
            transition_count += len(frame.events)
            collisions += frame.collisions
            if trajectories:
                trajectories.writerows(_trajectory_rows(simulation, frame))
            if transitions:
                transitions.writerows(
                    (f"{e.time:.4f}", e.element_type, e.path, e.state, e.transition) for e in frame.events
                )
            if reasons:
                reasons.writerows((f"{d.time:.4f}", d.actor, d.node, d.status) for d in frame.decisions)
    if quiet:
        return
    console = terminal()
    console.print(
        f"{simulation.scenario.path.stem}: {frames * dt:.2f} s, {len(simulation.actors)} actors, "
        f"{transition_count} storyboard transitions"
    )
    for hit in collisions:
        console.print(
            f"  collision at {hit.time:.2f} s: {hit.first} and {hit.second}, {hit.closing_speed * 3.6:.1f} km/h"
        )


@contextmanager
def _table(path: Path | None, columns: list[str]) -> Iterator[Any]:
    """A CSV writer with its header written, or None when no file is wanted."""
    if path is None:
        yield None
        return
    try:
        handle = path.open("w", newline="")
    except OSError as error:
        raise RecordingError(f"cannot write: {error.strerror}", file=path, remedy="choose a writable folder") from error
    with handle:
        writer = csv_module.writer(handle)
        writer.writerow(columns)
        yield writer


def _trajectory_rows(simulation: Simulation, frame: Frame) -> Iterator[list[str]]:
    state = frame.state
    for actor in simulation.actors:
        if not state.present[0, actor.index]:
            continue
        x, y, z = state.position[0, actor.index]
        h, p, r = state.orientation[0, actor.index]
        lane = simulation.network.lane_from_world(float(x), float(y), heading=float(h))
        place = [lane.road_id, str(lane.lane_id), f"{lane.s:.4f}", f"{lane.t:.4f}"] if lane else ["", "", "", ""]
        speed = state.speed[0, actor.index]
        yield [
            f"{frame.time_ns * 1e-9:.4f}",
            actor.name,
            *(f"{value:.4f}" for value in (x, y, z, math.remainder(h, 2 * math.pi), speed, p, r)),
            *place,
        ]
