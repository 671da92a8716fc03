"""Play one scenario as fast as it goes and note where everyone was; runs in a process of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from corpus import CORPUS, Case, Track, read_reference, use_maps
from readings import READINGS, Replay, controlled

from drivesim.behaviors import make_controller
from drivesim.errors import DrivesimError
from drivesim.opendrive import empty_network, read_network
from drivesim.openscenario import Scenario, ScenarioPlayer, load_scenario, read_distribution
from drivesim.world import World

DT = 0.01
LONGEST = 120.0
"""Simulated seconds, as in the reference runs."""
SAMPLE = 10
"""Ticks between notes: 0.1 s, as in the reference."""


@dataclass
class Outcome:
    """What became of a case.

    Attributes:
        status: ``ended`` (by its storyboard), ``cap`` (played to the longest time), ``unread``, ``unplayed`` (read,
            but refused by the player), ``crashed``, ``timeout``.
        said: the refusal, or the last line of a traceback.
        error: largest distance to the reference in the plane, m, and whose and when; None without one.
        foreign: the error of all others, m, where the worst is of an actor under a controller that only the reference
            player has and such actors are driven along its trajectory; None where that is not so.
        reading: the clause that the reference leaves out, where the deviation comes from that alone.
        load_s, step_s: seconds of processor time, of one core; simulated_s: seconds played.
    """

    status: str
    said: str = ""
    error: float | None = None
    worst: str = ""
    foreign: float | None = None
    reading: str = ""
    load_s: float = 0.0
    step_s: float = 0.0
    simulated_s: float = 0.0
    missing: list[str] = field(default_factory=list)


def play(case: Case) -> Outcome:
    begun = time.process_time()
    status = "unread"
    try:
        scenario = _read(case)
        status = "unplayed"
        world, player = _start(scenario)
        loaded = time.process_time()
        ours = _run(case, world, player)
        stepped = time.process_time()
    except DrivesimError as error:
        return Outcome(status, str(error).replace(f"{CORPUS}/", ""))
    made = Outcome("ended" if player.finished else "cap", simulated_s=world.time)
    made.load_s, made.step_s = loaded - begun, stepped - loaded
    if case.reference is not None:
        theirs = read_reference(case.reference)
        made.missing = [name for name in theirs if name not in ours]
        made.error, made.worst = compare(ours, theirs, world.time)
        if case.tolerance is not None and made.error > case.tolerance:
            _explain(case, scenario, theirs, made)
    return made


def _explain(case: Case, scenario: Scenario, theirs: Track, made: Outcome) -> None:
    """Play a file that deviates again: with the reference's own controllers, or as the reference reads a clause."""
    foreign = controlled(scenario) & set(theirs)
    if any(made.worst.startswith(f"{name} at ") for name in foreign):
        world, player = _start(scenario)
        for name in foreign:
            player.take_over(name, Replay(theirs[name]))
        made.foreign, _ = compare(_run(case, world, player), theirs, world.time)
        return
    for reading in READINGS:
        other = reading.of(scenario)
        if other is not scenario:
            world, player = _start(other)
            if compare(_run(case, world, player), theirs, world.time)[0] <= (case.tolerance or 0.0):
                made.reading = reading.clause


def _read(case: Case) -> Scenario:
    path: Path = CORPUS / case.file
    values = None
    if case.instance is not None:
        distribution = read_distribution(path)
        values = (
            next(islice(distribution.instances(), case.instance, None))
            if distribution.stochastic
            else distribution.instance(case.instance)
        )
        path = distribution.scenario_file
    return load_scenario(path, values)


def _start(scenario: Scenario) -> tuple[World, ScenarioPlayer]:
    network = read_network(scenario.road_file) if scenario.road_file else empty_network()
    world = World(network, scenario.actors(), scenario.weather(network.place()), 1)
    world.falls = False  # the reference player lets nobody be knocked over
    return world, ScenarioPlayer(scenario, world, make_controller)


def _run(case: Case, world: World, player: ScenarioPlayer) -> Track:
    """Play to the end; where everybody was every 0.1 s."""
    track: dict[str, list[tuple[float, ...]]] = {actor.name: [] for actor in world.actors}
    ticks, limit = 0, _limit(case)
    _note(world, 0.0, track)
    while not player.finished and ticks < limit:
        player.step(DT)
        ticks += 1
        if ticks % SAMPLE == 0:
            _note(world, ticks * DT, track)
    return {name: np.array(rows) for name, rows in track.items() if rows}


def _limit(case: Case) -> int:
    """Ticks to play at most; a little past the reference's end."""
    simulated = case.esmini[2] if case.esmini else LONGEST
    return round(min(LONGEST, simulated + 1.0 if case.end == "quit" else LONGEST) / DT)


def _note(world: World, now: float, track: dict[str, list[tuple[float, ...]]]) -> None:
    for actor in world.actors:
        if world.present[0, actor.index]:
            track[actor.name].append((now, *world.position[0, actor.index].tolist()))


def compare(ours: Track, theirs: Track, simulated: float) -> tuple[float, str]:
    """Largest distance in the plane at the reference's times up to the end of both runs; whose and when."""
    end = max(min((rows[-1, 0] for rows in ours.values()), default=0.0), simulated - DT)
    error, worst = 0.0, ""
    for name, rows in theirs.items():
        if name not in ours:
            continue
        # At 0 the reference has already evaluated its storyboard once; here that is the first step.
        wanted = rows[(rows[:, 0] > 0.0) & (rows[:, 0] <= end + 1e-6)]
        own = ours[name]
        at = np.rint(wanted[:, 0] / (SAMPLE * DT)).astype(int)
        known = {round(t / (SAMPLE * DT)): i for i, t in enumerate(own[:, 0])}
        for k, row in zip(at, wanted, strict=True):
            if abs(row[0] - k * SAMPLE * DT) < 1e-6 and k in known:
                distance = float(np.hypot(*(own[known[k], 1:3] - row[1:3])))
                if distance > error:
                    error, worst = distance, f"{name} at {row[0]:.1f} s"
    return error, worst


def work(pipe: Connection) -> None:
    """Play the cases that come through a pipe until None does."""
    import logging
    import traceback

    logging.getLogger("drivesim").setLevel(logging.ERROR)
    use_maps()
    while (case := pipe.recv()) is not None:
        try:
            pipe.send(play(case))
        except Exception:
            pipe.send(Outcome("crashed", traceback.format_exc(limit=-2).strip().replace("\n", " | ")))
