"""Behaviour trees at work: a checked model becomes a py_trees tree that is ticked in simulated time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

import py_trees
from py_trees.common import Status

from drivesim.behaviors.agent import Agent
from drivesim.behaviors.board import Board, Ports, referred
from drivesim.behaviors.control import IDLE, INNER, Ticked
from drivesim.behaviors.leaves import LEAVES, Leaf
from drivesim.behaviors.nodes import CHOICES, NODES, SWITCHES, TEXTS
from drivesim.behaviors.script import names_assigned
from drivesim.behaviors.scripted import Precondition, Scripted, ScriptLeaf, Switch
from drivesim.behaviors.tree import Node, Tree
from drivesim.errors import ScenarioError, did_you_mean

_WORDS = {"true": 1.0, "false": 0.0}
_STATUS = {True: Status.SUCCESS, False: Status.FAILURE, None: Status.RUNNING}


def build(tree: Tree, agent: Agent, inputs: Mapping[str, str]) -> py_trees.behaviour.Behaviour:
    """The tree as something to tick.

    Args:
        inputs: the blackboard that ``{key}`` ports of the main tree read.

    Raises:
        ScenarioError: a port that nothing fills, or text where a number is wanted.
    """
    builder = _Builder(tree, agent, whole=frozenset(inputs) not in tree.built)
    root = builder.build(tree.trees[tree.main], Board(inputs), tree.main)
    tree.built.add(frozenset(inputs))
    return root


class _Builder:
    """Makes nodes; ``whole`` makes and checks all of them, else subtrees are made when they are first ticked."""

    def __init__(self, tree: Tree, agent: Agent, *, whole: bool) -> None:
        self._tree, self._agent, self._whole = tree, agent, whole

    def build(self, node: Node, board: Board, path: str) -> Any:
        made = self._bare(node, board, path)
        return Scripted(made, node.scripts, board) if node.scripts else made

    def _bare(self, node: Node, board: Board, path: str) -> Any:
        if node.kind == "SubTree":
            make = partial(self.build, self._tree.trees[node.name], self._inner_board(node, board), path)
            return make() if self._whole else _Deferred(node.name, make)
        ports = self._ports(node, board)
        children = [self.build(c, board, f"{path}/{number}.{c.name}") for number, c in enumerate(node.children)]
        if node.kind in INNER:
            numbers = {p: float(_WORDS.get(ports[p], ports[p])) for p in ports}
            return INNER[node.kind](node.name, children, numbers, self._agent)
        if node.kind in SWITCHES:
            return Switch(node.name, children, ports, self._agent)
        if node.kind == "Precondition":
            return Precondition(node.name, children[0], ports, board)
        if node.kind in ("Script", "ScriptCondition"):
            return ScriptLeaf(node.name, ports["code"], board, asks=node.kind == "ScriptCondition")
        if node.kind == "SetBlackboard":
            return _SetBlackboard(node.name, ports, board, _key_of(node))
        return _LeafNode(node.name, path, LEAVES[node.kind](ports, self._agent.dice(path)), self._agent)

    def _inner_board(self, node: Node, board: Board) -> Board:
        values, names = {}, {}
        for port, text in node.ports.items():
            key = referred(text)
            if key is not None:
                self._check_key(node, port, key, board)
                names[port] = key
            elif port != "_autoremap":
                values[port] = text
        return Board(values, board, names, passes_all=node.ports.get("_autoremap") == "true")

    def _ports(self, node: Node, board: Board) -> Ports:
        fixed = self._tree.fixed.get(id(node))
        if fixed is not None:
            return fixed
        texts = {}
        for port, default in NODES[node.kind].ports.items():
            text = node.ports.get(port, default)
            if text is None:
                raise _error(node, f"port '{port}' is missing", "give it a value")
            key = referred(text)
            if key is not None and port != "output_key":
                self._check_key(node, port, key, board)
            known = text if key is None else board.get(key)
            if known is not None and not (known == "" == default):
                _check_value(node, port, known)
            if key is not None and known is None and node.kind in INNER:
                raise _error(node, f"port '{port}' reads '{key}' before it is set", "give a number or an input")
            texts[port] = text
        either = [texts[p] for p in ("time", "distance") if node.kind == "WaitForMaster"]
        if either and either.count("") != 1:
            raise _error(node, "needs either a time or a distance", "give one of the two ports")
        ports = Ports(texts, board)
        if all(referred(text) is None for text in texts.values()):
            self._tree.fixed[id(node)] = ports
        return ports

    def _written(self) -> set[str]:
        """Keys that some node of the file sets."""
        return {key for root in self._tree.trees.values() for node in _walk(root) for key in _keys_of(node)}

    def _check_key(self, node: Node, port: str, key: str, board: Board) -> None:
        if key not in board and key not in self._written():
            keys = board.keys()
            raise _error(
                node, f"port '{port}' reads '{key}', which nothing sets",
                f"add a controller property '{key}'" + (f"; {did_you_mean(key, keys)}" if keys else ""),
            )  # fmt: skip


def _check_value(node: Node, port: str, text: str) -> None:
    if port in CHOICES:
        if text not in CHOICES[port]:
            raise _error(node, f"port '{port}' cannot be '{text}'", did_you_mean(text, CHOICES[port]))
    elif port not in TEXTS:
        try:
            fine = math.isfinite(float(text))
        except ValueError:
            fine = False
        if not fine:
            raise _error(node, f"port '{port}' is not a number but '{text}'", "check the controller's properties")


def _error(node: Node, problem: str, remedy: str) -> ScenarioError:
    return ScenarioError(problem, file=node.file, line=node.line, element=node.kind, remedy=remedy)


def _key_of(node: Node) -> str:
    """The key that a SetBlackboard writes, given as ``key`` or ``{key}``."""
    text = node.ports.get("output_key", "")
    return referred(text) or text


def _keys_of(node: Node) -> set[str]:
    """Keys that a node may set."""
    codes = [*node.scripts.values(), *([node.ports.get("code", "")] if node.kind == "Script" else [])]
    made = set().union(*map(names_assigned, codes))
    return made | {_key_of(node)} if node.kind == "SetBlackboard" else made


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


class _Deferred(Ticked):
    """A subtree that is not made before it is ticked; most of a tree never is in a run."""

    def __init__(self, name: str, make: Callable[[], Any]) -> None:
        super().__init__(name)
        self._make = make

    @cached_property
    def _root(self) -> Any:
        root = self._make()
        root.parent = self
        self.children = [root]
        return root

    def update(self) -> Status:
        self._root.tick_once()
        status: Status = self._root.status
        return status

    def terminate(self, new_status: Status) -> None:
        if new_status is IDLE and self.children:
            self._root.stop(IDLE)


class _LeafNode(Ticked):
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

    def terminate(self, new_status: Status) -> None:
        if new_status == Status.INVALID:
            self._last = None


class _SetBlackboard(Ticked):
    def __init__(self, name: str, ports: Ports, board: Board, key: str) -> None:
        super().__init__(name)
        self._ports, self._board, self._key = ports, board, key

    def update(self) -> Status:
        self._board[self._key] = self._ports["value"]
        return Status.SUCCESS
