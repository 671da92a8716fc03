"""Control nodes and decorators with the semantics of BehaviorTree.CPP 4, as py_trees behaviours.

py_trees' own composites differ where it matters: its parallels tick finished children again, its retries give up the
tick between attempts, it has no sequence that remembers a failure and nothing that is skipped. Time is simulated time.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import count
from typing import Any, ClassVar

import py_trees
from py_trees.common import Status

from drivesim.behaviors.agent import Agent

SUCCESS, FAILURE, RUNNING, IDLE = Status.SUCCESS, Status.FAILURE, Status.RUNNING, Status.INVALID


class _Beyond(Enum):
    SKIPPED = "SKIPPED"


SKIPPED: Any = _Beyond.SKIPPED
"""The status, unknown to py_trees, of a node whose precondition says that it is not to be asked."""
_NUMBERS = count()
_ALMOST = 1e-9
"""Seconds by which a sum of ticks may fall short of a duration."""


class Ticked(py_trees.behaviour.Behaviour):
    """A behaviour that is ticked directly; py_trees' generators and logs cost several times what our nodes do."""

    logger = py_trees.logging.Logger("behaviour")

    def __init__(self, name: str) -> None:  # what py_trees sets, without system calls and generators
        self.name, self.qualified_name = name, f"{type(self).__qualname__}/{name}"
        self.id = uuid.UUID(int=next(_NUMBERS))
        self.status, self.parent, self.children = IDLE, None, []
        self.blackboards, self.feedback_message = [], ""
        self.blackbox_level = py_trees.common.BlackBoxLevel.NOT_A_BLACKBOX

    def tick_once(self) -> None:
        if self.status is not RUNNING:
            self.initialise()
        status = self.update()
        if status is not RUNNING:
            self.stop(status)
        self.status = status

    def stop(self, new_status: Status) -> None:
        self.terminate(new_status)
        self.status = new_status


class Inner(Ticked):
    """A node with children; those still running when it ends or is halted are halted.

    Args:
        ports: number ports, already resolved.
    """

    def __init__(self, name: str, children: Sequence[Any], ports: Mapping[str, float], agent: Agent) -> None:
        super().__init__(name)
        self.children = list(children)
        for child in self.children:
            child.parent = self
        self.ports, self.agent = ports, agent

    def ask(self, index: int = 0) -> Status:
        """Tick one child."""
        child = self.children[index]
        child.tick_once()
        status: Status = child.status
        return status

    def halt(self, *indices: int) -> None:
        for index in indices:
            if self.children[index].status == RUNNING:
                self.children[index].stop(IDLE)

    def terminate(self, new_status: Status) -> None:
        for child in self.children:
            if child.status is RUNNING:
                child.stop(IDLE)


class _Ordered(Inner):
    """Children one after another while they answer ``_go_on``."""

    _go_on = SUCCESS
    _remembers = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._at = 0

        self._skipped = 0

    def initialise(self) -> None:
        self._skipped = 0
        if not self._remembers:
            self._at = 0

    def update(self) -> Status:
        while self._at < len(self.children):
            status = self.ask(self._at)
            if status is SKIPPED:
                self._skipped += 1
            elif status != self._go_on:
                return status
            self._at += 1
        self._at = 0
        return SKIPPED if self._skipped == len(self.children) else self._go_on


class SequenceNode(_Ordered):
    pass


class SequenceWithMemory(_Ordered):
    _remembers = True


class FallbackNode(_Ordered):
    _go_on = FAILURE


class ReactiveSequence(Inner):
    """All earlier children are asked again each tick; whatever else ran is halted."""

    _go_on = SUCCESS

    def update(self) -> Status:
        skipped = 0
        for index in range(len(self.children)):
            status = self.ask(index)
            if status is SKIPPED:
                skipped += 1
                continue
            if status == RUNNING:
                self.halt(*(i for i in range(len(self.children)) if i != index))
            if status != self._go_on:
                return status
        return SKIPPED if skipped == len(self.children) else self._go_on


class ReactiveFallback(ReactiveSequence):
    _go_on = FAILURE


class Parallel(Inner):
    """Ticks every unfinished child, those that were skipped again; negative counts are from the end, -1 being all."""

    def initialise(self) -> None:
        self._done: dict[int, Status] = {}

    def _count(self, port: str) -> int:
        wanted = int(self.ports[port])
        return wanted if wanted >= 0 else max(len(self.children) + wanted + 1, 0)

    def update(self) -> Status:
        total, wanted, tolerated = len(self.children), self._count("success_count"), self._count("failure_count")
        skipped = 0
        for index in range(total):
            if index in self._done:
                continue
            status = self.ask(index)
            if status is SKIPPED:
                skipped += 1
            elif status != RUNNING:
                self._done[index] = status
            succeeded = sum(s == SUCCESS for s in self._done.values())
            failed = len(self._done) - succeeded
            all_wanted = self.ports["success_count"] < 0
            if succeeded >= wanted or (all_wanted and succeeded + skipped >= wanted):
                return SUCCESS
            if total - failed < wanted or failed == tolerated:
                return FAILURE
        return SKIPPED if skipped == total else RUNNING


class IfThenElse(Inner):
    """The condition decides once; without an else, a failed condition fails."""

    def initialise(self) -> None:
        self._branch = 0

    def update(self) -> Status:
        if self._branch == 0:
            condition = self.ask(0)
            if condition in (RUNNING, SKIPPED) or (condition == FAILURE and len(self.children) == 2):
                return condition
            self._branch = 1 if condition == SUCCESS else 2
        return self.ask(self._branch)


class WhileDoElse(Inner):
    """The condition is asked each tick; the other branch is halted when its answer changes."""

    def update(self) -> Status:
        condition = self.ask(0)
        if condition in (RUNNING, SKIPPED):
            return condition
        branch, other = (1, 2) if condition == SUCCESS else (2, 1)
        if other < len(self.children):
            self.halt(other)
        return self.ask(branch) if branch < len(self.children) else FAILURE


class _Mapped(Inner):
    _answers: ClassVar[Mapping[Status, Status]]

    def update(self) -> Status:
        status = self.ask()
        return self._answers.get(status, status)


class Inverter(_Mapped):
    _answers: ClassVar[Mapping[Status, Status]] = {SUCCESS: FAILURE, FAILURE: SUCCESS}


class ForceSuccess(_Mapped):
    _answers: ClassVar[Mapping[Status, Status]] = {FAILURE: SUCCESS}


class ForceFailure(_Mapped):
    _answers: ClassVar[Mapping[Status, Status]] = {SUCCESS: FAILURE}


class KeepRunningUntilFailure(_Mapped):
    _answers: ClassVar[Mapping[Status, Status]] = {SUCCESS: RUNNING, SKIPPED: RUNNING}


class RetryUntilSuccessful(Inner):
    """Attempts follow within a tick; without a limit (-1) one attempt a tick. A skip leaves the count as it is."""

    _again, _limit = FAILURE, "num_attempts"
    _count = 0

    def initialise(self) -> None:
        if self.status is not SKIPPED:
            self._count = 0

    def update(self) -> Status:
        limit = int(self.ports[self._limit])
        while limit < 0 or self._count < limit:
            status = self.ask()
            if status != self._again:
                return status
            self._count += 1
            if limit < 0:
                return RUNNING
        return self._again


class Repeat(RetryUntilSuccessful):
    _again, _limit = SUCCESS, "num_cycles"


class RunOnce(Inner):
    """Runs to an end once; afterwards it is skipped, or keeps that answer."""

    _answer: Status | None = None

    def update(self) -> Status:
        if self._answer is None:
            status = self.ask()
            if status not in (RUNNING, SKIPPED):
                self._answer = status
            return status
        return SKIPPED if self.ports["then_skip"] else self._answer


class Delay(Inner):
    """Waits once for a child that is skipped and asked again."""

    def initialise(self) -> None:
        if self.status is SKIPPED:
            return
        self._due = self.agent.world.time + self.ports["delay_msec"] / 1000 - _ALMOST

    def update(self) -> Status:
        if self.agent.world.time < self._due:
            self.agent.stand()
            return RUNNING
        return self.ask()


class Timeout(Inner):
    """No time at all is no limit."""

    def initialise(self) -> None:
        limit = self.ports["msec"] / 1000 - _ALMOST
        self._due = self.agent.world.time + limit if limit > 0.0 else math.inf

    def update(self) -> Status:
        return FAILURE if self.agent.world.time >= self._due else self.ask()


INNER: Mapping[str, Callable[[str, Sequence[Any], Mapping[str, float], Agent], Inner]] = {
    "Sequence": SequenceNode,
    "Fallback": FallbackNode,
    **{
        made.__name__: made
        for made in (
            SequenceWithMemory, ReactiveSequence, ReactiveFallback, Parallel, IfThenElse, WhileDoElse, Inverter,
            ForceSuccess, ForceFailure, KeepRunningUntilFailure, RetryUntilSuccessful, Repeat, RunOnce, Delay, Timeout,
        )
    },
}  # fmt: skip
