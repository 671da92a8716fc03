"""Nodes that ask the blackboard: switches, scripts, and the conditions that any node can have as attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from py_trees.common import Status

from drivesim.behaviors.agent import Agent
from drivesim.behaviors.board import Board, Ports
from drivesim.behaviors.control import FAILURE, IDLE, RUNNING, SKIPPED, SUCCESS, Inner, Ticked
from drivesim.behaviors.nodes import AFTER, BEFORE
from drivesim.behaviors.script import compile_script, is_true, value_of

_ANSWERS: Mapping[str, Any] = {"SKIPPED": SKIPPED, "FAILURE": FAILURE, "SUCCESS": SUCCESS, "RUNNING": RUNNING}


class Switch(Inner):
    """The child of the case that equals the variable, else the last; asked each tick, the one before is halted."""

    def __init__(self, name: str, children: Sequence[Any], ports: Ports, agent: Agent) -> None:
        super().__init__(name, children, {}, agent)
        self._texts = ports

    def update(self) -> Status:
        variable = value_of(self._texts["variable"])
        cases = range(1, len(self.children))
        chosen = next((i - 1 for i in cases if value_of(self._texts[f"case_{i}"]) == variable), len(self.children) - 1)
        self.halt(*(i for i in range(len(self.children)) if i != chosen))
        return self.ask(chosen)


class ScriptLeaf(Ticked):
    """Runs a script; succeeds, or says whether it is true."""

    def __init__(self, name: str, code: str, board: Board, *, asks: bool) -> None:
        super().__init__(name)
        self._run, self._board, self._asks = compile_script(code), board, asks

    def update(self) -> Status:
        answer = is_true(self._run(self._board))
        return SUCCESS if answer or not self._asks else FAILURE


class _Around(Ticked):
    """A node around one other, whose status it takes over."""

    def __init__(self, name: str, child: Any) -> None:
        super().__init__(name)
        self._child = child
        child.parent = self
        self.children = [child]

    def ask(self) -> Any:
        self._child.tick_once()
        return self._child.status

    def halt(self) -> None:
        if self._child.status is RUNNING:
            self._child.stop(IDLE)

    def terminate(self, new_status: Status) -> None:
        self.halt()


class Precondition(_Around):
    """Asks when it starts, not before the child has come to an end."""

    def __init__(self, name: str, child: Any, ports: Ports, board: Board) -> None:
        super().__init__(name, child)
        self._run, self._board = compile_script(ports["if"]), board
        self._else = _ANSWERS[ports["else"]]
        self._runs = False

    def update(self) -> Status:
        self._runs = self._runs or is_true(self._run(self._board))
        if not self._runs:
            return self._else
        status: Status = self.ask()
        self._runs = status not in (SUCCESS, FAILURE)
        return status

    def terminate(self, new_status: Status) -> None:
        if new_status is IDLE:
            self._runs = False
        super().terminate(new_status)


class Scripted(_Around):
    """A node with scripts as attributes: conditions before, actions after."""

    def __init__(self, node: Any, scripts: Mapping[str, str], board: Board) -> None:
        super().__init__(node.name, node)
        self._board = board
        self._before = [(name, compile_script(scripts[name])) for name in BEFORE if name in scripts]
        self._after = {name: compile_script(scripts[name]) for name in AFTER if name in scripts}

    def update(self) -> Status:
        status = self._told()
        if status is None:
            status = self.ask()
        if status in (SUCCESS, FAILURE):
            self._do("_onSuccess" if status == SUCCESS else "_onFailure")
            self._do("_post")
        return status

    def _told(self) -> Any:
        """What the conditions say instead of the node; None: it is to be asked."""
        runs = self._child.status is RUNNING
        for name, script in self._before:
            if runs and name != "_while":
                continue
            true = is_true(script(self._board))
            if name == "_while" and not true:
                self._halted()
                return SKIPPED
            if true and name != "_while":
                return {"_failureIf": FAILURE, "_successIf": SUCCESS, "_skipIf": SKIPPED}[name]
        return None

    def _do(self, name: str) -> None:
        if name in self._after:
            self._after[name](self._board)

    def _halted(self) -> None:
        if self._child.status is RUNNING:
            self.halt()
            self._do("_onHalted")

    def terminate(self, new_status: Status) -> None:
        self._halted()
