"""A study: many instances, each under every rig, on several processes, resumable after any end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivesim import __version__
from drivesim.ego import ego_parameters
from drivesim.ego.registry import DEFAULTS
from drivesim.streams import stream_key
from drivesim.studies.sweep.journal import Journal
from drivesim.studies.sweep.sweep import gather
from drivesim.studies.sweep.workers import Play
from drivesim.studies.whatif.run import Outcome, run_of
from drivesim.studies.whatif.stage import Stage, Zones, zones_of

PLAN = "study.json"
"""In a study's folder, beside the journal: everything that decides the result."""


@dataclass(frozen=True, slots=True)
class Study:
    """What is asked.

    Attributes:
        rigs: names or paths; the first is what the others are compared with.
        instances: parameter values, one mapping each.
        settings: parameters fixed for all instances; they win over the space's.
        full: sense from the start of each run.
        detectors: (kind of sensor, name), where they are not the shipped ones.
    """

    scenario: str
    rigs: tuple[str, ...]
    instances: tuple[Mapping[str, str], ...]
    seed: int = 0
    ego: str = "aeb"
    settings: tuple[tuple[str, str], ...] = ()
    target: str | None = None
    full: bool = False
    detectors: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Everything that decides the result, rig files' contents included."""
        from drivesim.openscenario import load_scenario
        from drivesim.sensors.rig import load_rig

        plan: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        plan["detectors"] = {**DEFAULTS, **dict(self.detectors)}
        plan["version"] = __version__
        plan["scenario_sha256"] = hashlib.sha256(load_scenario(self.scenario).path.read_bytes()).hexdigest()
        plan["rig_sources"] = {name: load_rig(name).path.read_text() for name in self.rigs}
        plan["ego_parameters"] = dataclasses.asdict(ego_parameters(self.ego))
        return plan


def values_of(study: Study, index: int) -> dict[str, str]:
    """Parameters of an instance; all stand in one street, between the same vehicles, unless the space or a setting says
    ``seed.city`` or ``seed.vehicles``."""
    street = str(stream_key(study.seed, "whatif", "street") % 2**31)
    return {"seed.city": street, "seed.vehicles": street, **study.instances[index], **dict(study.settings)}


def run_instance(study: Study, index: int, zones: Zones | None = None) -> dict[str, Any]:
    """One instance under all rigs, and the proof that the world was the same until each first reacted.

    The seed is the instance's own, the same for all rigs; noise streams are keyed by channel.

    Args:
        zones: what the street that the instances share keeps clear; None builds one for this instance alone.
    """
    values = values_of(study, index)
    seed = stream_key(study.seed, "whatif", index) % 2**31
    parameters = ego_parameters(study.ego)
    with closing(Stage(zones)) as stage:
        outcomes = [
            run_of(study.scenario, rig, values, parameters=parameters, seed=seed, target=study.target, full=study.full,
                   stage=stage, detectors=dict(study.detectors)).play()
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


@dataclass(frozen=True, slots=True)
class PlayInstance:
    """Plays one instance of a study, in any process."""

    study: Study
    zones: Zones

    def __call__(self, index: int, _: Mapping[str, str]) -> dict[str, Any]:
        return run_instance(self.study, index, self.zones)


def run_study(
    study: Study,
    folder: Path,
    *,
    jobs: int = 1,
    play: Play | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Play what is missing of a study and return (instances by index, failures).

    Every finished instance is in the journal at once, so a killed study goes on where it was. What failed after another
    try, or killed its process twice, is a failure; the same command tries it again.

    Args:
        jobs: local processes of one thread each.
        play: in place of :class:`PlayInstance`.

    Raises:
        DrivesimError: the folder holds another study, or cannot be written.
    """
    count = len(study.instances)
    with Journal(folder, study.as_dict(), count, plan_file=PLAN) as journal:
        if play is None:
            play = PlayInstance(study, zones_of(study.scenario, (values_of(study, index) for index in range(count))))
        gather(journal, play, study.instances, jobs=jobs, progress=progress)
        failed = journal.failures()
        finished = [journal.entry(index)["row"] for index in range(count) if index not in set(failed)]
        return finished, [
            {"index": index, "error": journal.entry(index)["error"], "parameters": dict(study.instances[index])}
            for index in failed
        ]
