"""A sweep: every instance of a scenario played once, without sensors or recorded, into one table."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from drivesim import __version__
from drivesim.errors import RecordingError
from drivesim.openscenario import load_scenario
from drivesim.openscenario.beside import declaration
from drivesim.openscenario.expressions import Value
from drivesim.openscenario.scenario import ScenarioFile
from drivesim.simulation import DEFAULT_DT, Simulation, as_rig, record
from drivesim.studies.driving import Driving
from drivesim.studies.samples import NOTES
from drivesim.studies.sweep.journal import PLAN, Journal
from drivesim.studies.sweep.outcome import Outcome, Watch
from drivesim.studies.sweep.table import columns_of, need_pyarrow, write_table
from drivesim.studies.sweep.workers import Play, Result, finished_here

RECORDINGS = "recordings"
"""Folder of a sweep's recordings, named by instance."""
SAMPLE = "sample.json"
"""In each of them: which instance it is, with its weight."""
CRITERIA = ("red_lights", "off_road", "lane_invasions", "route_completion", "driving_score")
"""Columns that a summary gives the means of."""

Executor = Callable[[Play, Sequence[Any], Iterable[int]], Iterator[Result]]
"""Plays instances somewhere: what to do, all items, numbers of those to play; results as they come in."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One run: its scenario seed, its parameters, and what it stands for in weighted averages.

    Attributes:
        notes: how it belongs together with others, see :data:`drivesim.studies.samples.NOTES`.
    """

    seed: int
    parameters: Mapping[str, str]
    weight: float = 1.0
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is asked.

    Attributes:
        rig: name or path; every instance is recorded with it. None: outcomes only.
        target: whom times to contact are about; None: the first person, else cyclist, else vehicle.
        dt: tick, s. duration: end each run after so many seconds.
    """

    scenario: str
    instances: tuple[Instance, ...]
    rig: str | None = None
    target: str | None = None
    dt: float = DEFAULT_DT
    duration: float | None = None

    def plan(self) -> dict[str, Any]:
        """Everything that decides the results.

        Raises:
            DrivesimError: a scenario, parameter, rig or target that is not as it should be.
        """
        first = load_scenario(self.scenario, self.instances[0].parameters)
        rig = as_rig(self.rig)
        Watch(first, self.target)
        instances = json.dumps([asdict(instance) for instance in self.instances])
        return {
            "version": __version__,
            "scenario": self.scenario,
            "scenario_sha256": hashlib.sha256(first.path.read_bytes()).hexdigest(),
            "instances": len(self.instances),
            "instances_sha256": hashlib.sha256(instances.encode()).hexdigest(),
            "rig": self.rig,
            "rig_source": rig.path.read_text() if rig else None,
            "target": self.target,
            "dt": self.dt,
            "duration": self.duration,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """An instance that came to nothing, after it was tried again."""

    index: int
    error: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sweep came to: where the table is, how many of which class, what failed.

    Attributes:
        means: weighted means over all that finished, of ``collision_rate`` and of :data:`CRITERIA` that are known.
    """

    table: Path
    count: int
    classes: Mapping[str, int]
    means: Mapping[str, float]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class PlayInstance:
    """Plays one instance of a sweep, in any process."""

    scenario: str
    rig: str | None
    folder: Path
    target: str | None
    dt: float
    duration: float | None

    def __call__(self, index: int, instance: Instance) -> dict[str, Any]:
        scenario = _file(self.scenario).scenario(instance.parameters)
        watch = Watch(scenario, self.target)
        if self.rig is None:
            with Simulation(scenario, seed=instance.seed, dt=self.dt, duration=self.duration) as simulation:
                for frame in simulation:
                    watch.see(frame)
                    if watch.over:
                        break
            return _results(watch)
        place = self._record(index, instance, watch)
        return {**_results(watch), "recording": str(place.relative_to(self.folder))}

    def _record(self, index: int, instance: Instance, watch: Watch) -> Path:
        """A whole recording or none: it gets its name when it is finished."""
        assert self.rig is not None
        final = self.folder / RECORDINGS / f"{index:06d}"
        part = final.with_name(f".{final.name}.part")
        if not (self.folder / PLAN).exists():
            raise RecordingError(
                f"the sweep's folder is not on {socket.gethostname()}", file=self.folder, element="--out",
                remedy="choose a folder that all machines share under the same path",
            )  # fmt: skip
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        record(
            self.scenario, self.rig, part, parameters=instance.parameters, seed=instance.seed, dt=self.dt,
            duration=self.duration, progress=lambda frame, _: watch.see(frame),
        )  # fmt: skip
        facts = {"instance": index, "seed": instance.seed, "weight": instance.weight, **instance.notes}
        (part / SAMPLE).write_text(json.dumps(facts | {"parameters": dict(instance.parameters)}, indent=1) + "\n")
        shutil.rmtree(final, ignore_errors=True)
        part.replace(final)
        return final


def _results(watch: Watch) -> dict[str, Any]:
    return {**asdict(watch.outcome()), **asdict(watch.driving())}


@cache
def _file(scenario: str) -> ScenarioFile:
    return ScenarioFile(scenario)


def run_sweep(
    sweep: Sweep,
    folder: Path,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Play what is missing of a sweep and write its table; the bytes do not depend on where it is played.

    Args:
        folder: journal, table and recordings; the same sweep in the same folder goes on where it was.
        jobs: local processes. executor: plays somewhere else instead.
        progress: called with (finished, all).

    Raises:
        DrivesimError: bad input, another sweep in the folder, or a folder that cannot be written.
    """
    need_pyarrow()
    count = len(sweep.instances)
    play = PlayInstance(sweep.scenario, sweep.rig, folder.resolve(), sweep.target, sweep.dt, sweep.duration)
    with Journal(folder, sweep.plan(), count) as journal:
        gather(journal, play, sweep.instances, jobs=jobs, executor=executor, progress=progress)
        kinds = _parameter_kinds(sweep)
        known = columns_of(Outcome) | columns_of(Driving) | ({"recording": str} if sweep.rig else {})
        noted = {name: kind for name, kind in NOTES.items() if name in sweep.instances[0].notes}
        given = {"seed": int, "weight": float, **noted, **_prefixed(kinds)}
        table = write_table(journal, _Given(sweep, kinds), given, known)
        failures = tuple(
            Failure(index, journal.entry(index)["error"], sweep.instances[index].parameters)
            for index in journal.failures()
        )
    return Summary(table, count, _classes(table), _means(table), failures)


def gather(
    journal: Journal,
    play: Play,
    items: Sequence[Any],
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Play what a journal lacks and note every result in it."""
    todo = journal.todo()
    done = len(items) - len(todo)
    results = executor(play, items, todo) if executor else finished_here(play, items, todo, jobs)
    for result in results:
        journal.append(result)
        done += 1
        if progress:
            progress(done, len(items))


class _Given(Sequence[Mapping[str, Any]]):
    """Rows of what was given, typed, made when asked for."""

    def __init__(self, sweep: Sweep, kinds: Mapping[str, type]) -> None:
        self._sweep, self._kinds = sweep, kinds

    def __len__(self) -> int:
        return len(self._sweep.instances)

    def __getitem__(self, index: Any) -> Any:
        instance = self._sweep.instances[index]
        values = {f"parameter.{name}": _typed(instance.parameters[name], kind) for name, kind in self._kinds.items()}
        return {"seed": instance.seed, "weight": instance.weight, **instance.notes, **values}


def _prefixed(kinds: Mapping[str, type]) -> dict[str, type]:
    return {f"parameter.{name}": kind for name, kind in kinds.items()}


def _parameter_kinds(sweep: Sweep) -> dict[str, type]:
    """Types of parameters as the scenario declares them; text where a value is written otherwise (an expression)."""
    first = sweep.instances[0].parameters
    declared = load_scenario(sweep.scenario, first).parameters
    kinds: dict[str, type] = {}
    for name in first:
        kind = type(declared[name]) if name in declared else _kind_beside(name)
        try:
            for instance in sweep.instances:
                _typed(instance.parameters[name], kind)
        except ValueError:
            kind = str
        kinds[name] = kind
    return kinds


def _kind_beside(name: str) -> type:
    """Of seeds, mounting and choices, which no scenario declares."""
    beside = declaration(name)
    return int if beside is not None and beside.parameter_type == "integer" else float


def _typed(text: str, kind: type) -> Value:
    if kind is bool:
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    return int(text) if kind is int else float(text) if kind is float else text


def _classes(table: Path) -> dict[str, int]:
    import pyarrow.parquet as pq

    counted = pq.read_table(table, columns=["outcome"])["outcome"].value_counts().to_pylist()
    return {entry["values"]: entry["counts"] for entry in counted if entry["values"] is not None}


def _means(table: Path) -> dict[str, float]:
    import pyarrow.parquet as pq

    columns = pq.read_table(table, columns=["weight", "outcome", *CRITERIA])
    outcome = np.array(columns["outcome"].to_pylist(), dtype=object)
    finished = outcome != None  # noqa: E711
    weight = columns["weight"].to_numpy()
    values = {"collision_rate": np.where(finished, outcome == "collision", np.nan).astype(np.float64)}
    values |= {name: columns[name].to_numpy().astype(np.float64) for name in CRITERIA}
    found = {}
    for name, each in values.items():
        known = finished & ~np.isnan(each)
        if weight[known].sum() > 0.0:
            found[name] = float(np.average(each[known], weights=weight[known]))
    return found
