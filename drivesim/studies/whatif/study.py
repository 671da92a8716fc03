"""A study: many instances, each under every rig, on several processes, resumable after any end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivesim import __version__
from drivesim.ego import ego_parameters
from drivesim.errors import DrivesimError, RecordingError
from drivesim.streams import stream_key
from drivesim.studies.whatif.run import Outcome, play
from drivesim.studies.whatif.sensing import Stage

JOURNAL, PLAN = "instances.jsonl", "study.json"
RETRIES = 1
"""Times a failed instance is tried again."""


@dataclass(frozen=True, slots=True)
class Study:
    """What is asked.

    Attributes:
        rigs: names or paths; the first is what the others are compared with.
        instances: parameter values, one mapping each.
        settings: parameters fixed for all instances; they win over the space's.
        full: sense from the start of each run.
    """

    scenario: str
    rigs: tuple[str, ...]
    instances: tuple[Mapping[str, str], ...]
    seed: int = 0
    ego: str = "aeb"
    settings: tuple[tuple[str, str], ...] = ()
    target: str | None = None
    full: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Everything that decides the result, rig files' contents included."""
        from drivesim.openscenario import load_scenario
        from drivesim.sensors.rig import load_rig

        plan: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        plan["version"] = __version__
        plan["scenario_sha256"] = hashlib.sha256(load_scenario(self.scenario).path.read_bytes()).hexdigest()
        plan["rig_sources"] = {name: load_rig(name).path.read_text() for name in self.rigs}
        plan["ego_parameters"] = dataclasses.asdict(ego_parameters(self.ego))
        return plan


def run_instance(study: Study, index: int) -> dict[str, Any]:
    """One instance under all rigs, and the proof that the world was the same until each first reacted.

    The seed is the instance's own, the same for all rigs; noise streams are keyed by channel.
    """
    values = {**study.instances[index], **dict(study.settings)}
    seed = stream_key(study.seed, "whatif", index) % 2**31
    parameters = ego_parameters(study.ego)
    with closing(Stage()) as stage:
        outcomes = [
            play(study.scenario, rig, values, parameters=parameters, seed=seed, target=study.target, full=study.full,
                 stage=stage)
            for rig in study.rigs
        ]  # fmt: skip
    return {
        "index": index,
        "seed": seed,
        "parameters": values,
        "same_until_reaction": all(same_until_reaction(outcomes[0], other) for other in outcomes[1:]),
        "outcomes": [_plain(outcome) for outcome in outcomes],
    }


def same_until_reaction(first: Outcome, second: Outcome) -> bool:
    """Whether two runs' worlds are equal, bit by bit, up to the first tick that either rig influenced."""
    limits = [o.reaction_tick for o in (first, second) if o.reaction_tick >= 0]
    ticks = min([len(first.hashes), len(second.hashes), *limits])
    return first.hashes[:ticks] == second.hashes[:ticks]


def _plain(outcome: Outcome) -> dict[str, Any]:
    plain = dataclasses.asdict(outcome)
    del plain["hashes"]
    return plain


def run_study(
    study: Study, folder: Path, *, jobs: int = 1, progress: Callable[[int, int], None] | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Play what is missing of a study and return (instances by index, failures).

    Every finished instance is appended to a journal at once, so a killed study goes on where it was.

    Raises:
        DrivesimError: the folder holds another study, or cannot be written.
    """
    _open(study, folder)
    done = {entry["index"]: entry for entry in read_journal(folder)}
    todo = [index for index in range(len(study.instances)) if index not in done]
    failures: list[dict[str, Any]] = []
    with (folder / JOURNAL).open("a") as journal:
        for index, result in _finished(study, todo, jobs):
            if isinstance(result, Exception):
                values = dict(study.instances[index])
                failures.append({"index": index, "error": f"{type(result).__name__}: {result}", "parameters": values})
            else:
                done[index] = result
                _append(journal, result, folder)
            if progress:
                progress(len(done) + len(failures), len(study.instances))
    return [done[index] for index in sorted(done)], failures


def _append(journal: Any, result: dict[str, Any], folder: Path) -> None:
    try:
        journal.write(json.dumps(result) + "\n")
        journal.flush()
    except OSError as error:
        raise RecordingError(
            f"cannot write: {error.strerror}", file=folder, remedy="free some space; the study goes on where it was"
        ) from error


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Finished instances; a last line cut short by a kill is ignored and written again."""
    path = folder / JOURNAL
    if not path.exists():
        return []
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if whole != text:
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def _open(study: Study, folder: Path) -> None:
    plan = study.as_dict()
    path = folder / PLAN
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if json.loads(path.read_text()) != plan:
                raise DrivesimError(
                    "the folder holds another study", file=folder, element="--out",
                    remedy="choose another folder, or repeat the command that began it",
                )  # fmt: skip
            return
        path.write_text(json.dumps(plan, indent=1))
    except OSError as error:
        raise RecordingError(
            f"cannot write: {error.strerror}", file=folder, remedy="choose a writable folder"
        ) from error


def _finished(study: Study, todo: list[int], jobs: int) -> Iterator[tuple[int, dict[str, Any] | Exception]]:
    """(index, result or the exception that remained after retries), as they finish."""
    if jobs <= 1:
        for index in todo:
            yield index, _attempt(study, index)
        return
    tries = dict.fromkeys(todo, 0)
    while tries:
        with ProcessPoolExecutor(
            jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_one_thread
        ) as pool:
            waiting: dict[Future[dict[str, Any]], int] = {}
            queue = list(tries)
            try:
                while queue or waiting:
                    while queue and len(waiting) < 2 * jobs:
                        index = queue.pop(0)
                        waiting[pool.submit(run_instance, study, index)] = index
                    finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in finished:
                        index = waiting.pop(future)
                        error = future.exception()
                        if isinstance(error, BrokenProcessPool):
                            tries[index] += 1
                            if tries[index] > RETRIES:
                                del tries[index]
                                yield index, error
                        elif error is not None and not isinstance(error, DrivesimError) and tries[index] < RETRIES:
                            tries[index] += 1
                            queue.append(index)
                        else:
                            del tries[index]
                            yield index, error if isinstance(error, Exception) else future.result()
            except BrokenProcessPool:
                # A worker died while work was handed out; what is unfinished goes to a new pool.
                continue


def _attempt(study: Study, index: int) -> dict[str, Any] | Exception:
    for attempt in range(RETRIES + 1):
        try:
            return run_instance(study, index)
        except Exception as error:
            if isinstance(error, DrivesimError) or attempt == RETRIES:
                return error
    raise AssertionError("unreachable")


def _one_thread() -> None:
    """A worker is one core's worth; kernels inside it do not compete for the others."""
    import numba

    numba.set_num_threads(1)
