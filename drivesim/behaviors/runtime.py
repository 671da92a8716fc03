"""Behaviour trees at work: a checked model becomes a py_trees tree that is ticked in simulated time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import py_trees
from py_trees.common import ParallelPolicy, Status

from drivesim.behaviors.agent import Agent
from drivesim.behaviors.leaves import LEAVES, Leaf
from drivesim.behaviors.nodes import NODES
from drivesim.behaviors.tree import Node, Tree
from drivesim.errors import ScenarioError, did_you_mean

_REFERENCE = re.compile(r"^\{(\w+)\}$")
_STATUS = {True: Status.SUCCESS, False: Status.FAILURE, None: Status.RUNNING}


def build(tree: Tree, agent: Agent, inputs: Mapping[str, str]) -> py_trees.behaviour.Behaviour:
    """The tree as something to tick.

    Args:
        inputs: the blackboard that ``{key}`` ports of the main tree read.

    Raises:
        ScenarioError: a port that nothing fills, or text where a number is wanted.
    """
    return _build(tree.trees[tree.main], tree, agent, dict(inputs), tree.main)


def _build(node: Node, tree: Tree, agent: Agent, board: dict[str, str], path: str) -> Any:
    if node.kind == "SubTree":
        ports = {key: _resolve(node, key, text, board) for key, text in node.ports.items() if key != "_autoremap"}
        inner = {**board, **ports} if node.ports.get("_autoremap") == "true" else ports
        return _build(tree.trees[node.name], tree, agent, inner, f"{path}/{node.name}")
    filled = _ports(node, board)
    children = [
        _build(child, tree, agent, board, f"{path}/{number}.{child.kind}") for number, child in enumerate(node.children)
    ]
    if node.kind in LEAVES:
        try:
            leaf = LEAVES[node.kind](filled, agent.draw(path))
        except ValueError as error:
            raise ScenarioError(
                f"a port is not a number: {error}", file=node.file, line=node.line, element=node.kind,
                remedy="check the controller's properties",
            ) from None  # fmt: skip
        return _LeafNode(node.name, path, leaf, agent)
    return _inner(node, filled, children, agent)


def _ports(node: Node, board: Mapping[str, str]) -> dict[str, str]:
    filled = {}
    for port, default in NODES[node.kind].ports.items():
        text = node.ports.get(port, default)
        if text is None:
            raise ScenarioError(
                f"port '{port}' is missing", file=node.file, line=node.line, element=node.kind, remedy="give it a value"
            )
        filled[port] = _resolve(node, port, text, board)
    return filled


def _resolve(node: Node, port: str, text: str, board: Mapping[str, str]) -> str:
    reference = _REFERENCE.match(text)
    if reference is None:
        return text
    key = reference.group(1)
    if key not in board:
        raise ScenarioError(
            f"port '{port}' reads '{key}', which nothing sets", file=node.file, line=node.line, element=node.kind,
            remedy=f"add a controller property '{key}'" + (f"; {did_you_mean(key, board)}" if board else ""),
        )  # fmt: skip
    return board[key]


def _inner(node: Node, ports: Mapping[str, str], children: list[Any], agent: Agent) -> Any:
    composites, decorators, name = py_trees.composites, py_trees.decorators, node.name
    match node.kind:
        case "Sequence" | "SequenceWithMemory" | "ReactiveSequence":
            made: Any = composites.Sequence(name, memory=node.kind != "ReactiveSequence")
        case "Fallback" | "ReactiveFallback":
            made = composites.Selector(name, memory=node.kind == "Fallback")
        case "Parallel":
            made = composites.Parallel(name, policy=_policy(int(ports["success_count"]), children))
        case "Inverter":
            return decorators.Inverter(name, children[0])
        case "ForceSuccess":
            return decorators.FailureIsSuccess(name, children[0])
        case "ForceFailure":
            return decorators.SuccessIsFailure(name, children[0])
        case "RetryUntilSuccessful":
            return decorators.Retry(name, children[0], num_failures=int(ports["num_attempts"]))
        case "Repeat":
            return decorators.Repeat(name, children[0], num_success=int(ports["num_cycles"]))
        case "RunOnce":
            policy = py_trees.common.OneShotPolicy.ON_COMPLETION
            return decorators.OneShot(name, children[0], policy=policy)
        case "Delay":
            return _Timed(name, children[0], agent, float(ports["delay_msec"]) / 1000, is_delay=True)
        case "Timeout":
            return _Timed(name, children[0], agent, float(ports["msec"]) / 1000, is_delay=False)
        case "AlwaysSuccess":
            return py_trees.behaviours.Success(name)
        case "AlwaysFailure":
            return py_trees.behaviours.Failure(name)
        case _:
            raise AssertionError(node.kind)
    made.add_children(children)
    return made


def _policy(count: int, children: list[Any]) -> Any:
    if count in (-1, len(children)):
        return ParallelPolicy.SuccessOnAll(synchronise=False)
    return ParallelPolicy.SuccessOnOne()


class _LeafNode(py_trees.behaviour.Behaviour):
    """Ticks one of our leaves and notes every change of its answer."""

    def __init__(self, name: str, path: str, leaf: Leaf, agent: Agent) -> None:
        super().__init__(name)
        self._path, self._leaf, self._agent = path, leaf, agent
        self._last: Status | None = None

    def initialise(self) -> None:
        self._leaf.elapsed = 0.0
        self._leaf.begin(self._agent)

    def update(self) -> Status:
        status = _STATUS[self._leaf.tick(self._agent)]
        self._leaf.elapsed += self._agent.dt
        if status != self._last:
            self._agent.trace.append((self._agent.world.time, self._path, status.value))
            self._last = status
        return status


class _Timed(py_trees.decorators.Decorator):
    """Delay before the child, or a limit on it, in simulated seconds."""

    def __init__(self, name: str, child: Any, agent: Agent, seconds: float, *, is_delay: bool) -> None:
        super().__init__(name, child)
        self._agent, self._seconds, self._is_delay = agent, seconds, is_delay
        self._elapsed = 0.0

    def initialise(self) -> None:
        self._elapsed = 0.0

    def tick(self) -> Any:
        if self._is_delay and self.status != Status.RUNNING:
            self._elapsed = 0.0
        if self._is_delay and self._elapsed < self._seconds:
            self._elapsed += self._agent.dt
            self.status = Status.RUNNING
            self._agent.stand()
            yield self
            return
        yield from super().tick()

    def update(self) -> Status:
        if not self._is_delay:
            self._elapsed += self._agent.dt
            if self.decorated.status == Status.RUNNING and self._elapsed >= self._seconds:
                self.decorated.stop(Status.INVALID)
                return Status.FAILURE
        return Status(self.decorated.status)
