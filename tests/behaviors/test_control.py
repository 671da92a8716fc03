"""Control nodes against the semantics of BehaviorTree.CPP 4.10.0: scripted children, expected answers tick by tick.

The answers were worked out from the reference's sources (commit 879522c). One difference is on purpose: attempts
without limit go one a tick.
"""

from __future__ import annotations

import py_trees
import pytest
from py_trees.common import Status

from drivesim.behaviors.agent import Agent
from drivesim.behaviors.board import Board, Ports
from drivesim.behaviors.control import INNER, SKIPPED
from drivesim.behaviors.nodes import CONTROL, DECORATORS, SWITCHES
from drivesim.behaviors.scripted import Precondition, Scripted, Switch
from tests.builders import at, car, child

ANSWERS = {"S": Status.SUCCESS, "F": Status.FAILURE, "R": Status.RUNNING, "I": Status.INVALID, "K": SKIPPED}
LETTERS = {status: letter for letter, status in ANSWERS.items()}


class Told(py_trees.behaviour.Behaviour):
    """Answers as written, the last for ever; counts ticks and halts."""

    def __init__(self, script):
        super().__init__(script)
        self.script, self.ticks, self.halts = script, 0, 0

    def update(self):
        answer = self.script[min(self.ticks, len(self.script) - 1)]
        self.ticks += 1
        return ANSWERS[answer]

    def tick_once(self):
        self.status = self.update()

    def terminate(self, new_status):
        self.halts += new_status == Status.INVALID


@pytest.fixture
def agent(make_world):
    world = make_world(car(0), child(1))
    world.place(0, at(-50.0))
    world.place(1, at(0.0, -4.0, yaw=1.5708))
    return Agent(world, 1, 0)


def play(agent, kind, scripts, ticks, **ports):
    children = [Told(script) for script in scripts]
    return watch(agent, INNER[kind](kind, children, ports, agent), children, ticks)


def watch(agent, node, children, ticks):
    answers = ""
    for _ in range(ticks):
        node.tick_once()
        answers += LETTERS[node.status]
        agent.world.step(0.1)
    return answers, [c.ticks for c in children], [c.halts for c in children]


@pytest.mark.parametrize(
    ("kind", "scripts", "answers", "ticks"),
    [
        ("Sequence", ["S", "S"], "S", [1, 1]),
        ("Sequence", ["S", "F", "S"], "F", [1, 1, 0]),
        ("Sequence", ["S", "RRS"], "RRS", [1, 3]),
        ("Sequence", ["S", "FS"], "FS", [2, 2]),
        ("SequenceWithMemory", ["S", "FS"], "FS", [1, 2]),
        ("SequenceWithMemory", ["S", "RFRS", "S"], "RFRS", [1, 4, 1]),
        ("SequenceWithMemory", ["S", "S"], "SS", [2, 2]),
        ("ReactiveSequence", ["S", "RRS"], "RRS", [3, 3]),
        ("ReactiveSequence", ["SSF", "R"], "RRF", [3, 2]),
        ("Fallback", ["F", "S", "S"], "S", [1, 1, 0]),
        ("Fallback", ["F", "F"], "F", [1, 1]),
        ("Fallback", ["F", "RRS"], "RRS", [1, 3]),
        ("ReactiveFallback", ["FFS", "R"], "RRS", [3, 2]),
        ("ReactiveFallback", ["F", "RF"], "RF", [2, 2]),
        ("IfThenElse", ["S", "RS", "S"], "RS", [1, 2, 0]),
        ("IfThenElse", ["F", "S", "RF"], "RF", [1, 0, 2]),
        ("IfThenElse", ["F", "S"], "F", [1, 0]),
        ("IfThenElse", ["RS", "S"], "RS", [2, 1]),
        ("WhileDoElse", ["SSF", "R", "R"], "RRR", [3, 2, 1]),
        ("WhileDoElse", ["SF", "R"], "RF", [2, 1]),
        ("Inverter", ["RSF"], "RFS", [3]),
        ("ForceSuccess", ["RFS"], "RSS", [3]),
        ("ForceFailure", ["RSF"], "RFF", [3]),
        ("KeepRunningUntilFailure", ["SSRF"], "RRRF", [4]),
        ("Sequence", ["K", "S", "K"], "S", [1, 1, 1]),
        ("Sequence", ["K", "K"], "K", [1, 1]),
        ("Sequence", ["K", "F", "S"], "F", [1, 1, 0]),
        ("Sequence", ["K", "RRS"], "RRS", [1, 3]),
        ("SequenceWithMemory", ["K", "FS"], "FS", [1, 2]),
        ("ReactiveSequence", ["KS", "RS"], "RS", [2, 2]),
        ("ReactiveSequence", ["K", "K"], "K", [1, 1]),
        ("Fallback", ["K", "F", "S"], "S", [1, 1, 1]),
        ("Fallback", ["K", "F"], "F", [1, 1]),
        ("Fallback", ["K", "K"], "K", [1, 1]),
        ("ReactiveFallback", ["FK", "RF"], "RF", [2, 2]),
        ("ReactiveFallback", ["K", "K"], "K", [1, 1]),
        ("IfThenElse", ["K", "S", "S"], "K", [1, 0, 0]),
        ("IfThenElse", ["S", "K", "S"], "K", [1, 1, 0]),
        ("WhileDoElse", ["KS", "S", "S"], "KS", [2, 1, 0]),
        ("Inverter", ["KS"], "KF", [2]),
        ("ForceSuccess", ["KF"], "KS", [2]),
        ("ForceFailure", ["KS"], "KF", [2]),
        ("KeepRunningUntilFailure", ["SKF"], "RRF", [3]),
        ("Sequence", ["RS", "RF"], "RRF", [2, 2]),
        ("Sequence", ["S", "S"], "SS", [2, 2]),
        ("Fallback", ["RF", "RS"], "RRS", [2, 2]),
        ("Fallback", ["F", "S"], "SS", [2, 2]),
        ("SequenceWithMemory", ["K", "K"], "K", [1, 1]),
        ("ReactiveSequence", ["RS", "S"], "RS", [2, 1]),
        ("ReactiveFallback", ["RF", "S"], "RS", [2, 1]),
        ("IfThenElse", ["S", "S", "F"], "SS", [2, 2, 0]),
        ("WhileDoElse", ["S", "K", "S"], "K", [1, 1, 0]),
        ("WhileDoElse", ["F", "S", "RS"], "RS", [2, 0, 2]),
        ("WhileDoElse", ["RS", "S"], "RS", [2, 1]),
    ],
)
def test_answers_tick_by_tick(agent, kind, scripts, answers, ticks):
    got, counted, _ = play(agent, kind, scripts, len(answers))
    assert (got, counted) == (answers, ticks)


@pytest.mark.parametrize(
    ("kind", "script", "count", "answers", "ticks"),
    [
        ("RetryUntilSuccessful", "F", 3, "F", 3),
        ("RetryUntilSuccessful", "FFS", 3, "S", 3),
        ("RetryUntilSuccessful", "FRFS", 3, "RS", 4),
        ("RetryUntilSuccessful", "FFFS", -1, "RRRS", 4),
        ("Repeat", "S", 3, "S", 3),
        ("Repeat", "SF", 3, "F", 2),
        ("Repeat", "SRSS", 3, "RS", 4),
        ("Repeat", "S", -1, "RRRR", 4),
        ("Repeat", "SK", 3, "K", 2),
        ("RetryUntilSuccessful", "FK", 3, "K", 2),
        ("Repeat", "SKSS", 3, "KS", 4),  # a skip leaves the count as it is
        ("RetryUntilSuccessful", "FKFF", 3, "KF", 4),
        ("Repeat", "S", 0, "S", 0),
        ("RetryUntilSuccessful", "S", 0, "F", 0),
        ("Repeat", "RSRSF", 3, "RRF", 5),
    ],
)
def test_attempts_follow_within_a_tick_unless_unlimited(agent, kind, script, count, answers, ticks):
    port = "num_attempts" if kind == "RetryUntilSuccessful" else "num_cycles"
    got, counted, _ = play(agent, kind, [script], len(answers), **{port: count})
    assert (got, counted) == (answers, [ticks])


@pytest.mark.parametrize(
    ("scripts", "success", "failure", "answers", "ticks"),
    [
        (["S", "RS"], -1, 1, "RS", [1, 2]),
        (["R", "S", "S"], 2, 1, "S", [1, 1, 1]),
        (["R", "F", "R"], -1, 1, "F", [1, 1, 0]),
        (["F", "RS", "RS"], 2, 2, "RS", [1, 2, 2]),
        (["F", "F", "R"], 2, 3, "F", [1, 1, 0]),
        (["F", "RS"], -2, -1, "RS", [1, 2]),
        (["K", "RS"], -1, 1, "RS", [2, 2]),  # who is skipped is asked again
        (["KS", "S"], 2, 1, "RS", [2, 1]),
        (["S", "K"], 2, 1, "RR", [1, 2]),
        (["R", "R"], 1, 0, "F", [1, 0]),  # no failure is one too many
        (["F", "F", "S"], 1, 3, "S", [1, 1, 1]),
        (["RS", "RF", "R"], 1, 1, "RS", [2, 1, 1]),
        (["K", "K"], -1, 1, "S", [1, 1]),  # as in 4.10.0: all are wanted, and none is missing
        (["K", "K"], 2, 1, "K", [1, 1]),
        (["K", "S", "S"], 2, 1, "S", [1, 1, 1]),
        (["K", "F"], -1, 1, "F", [1, 1]),
    ],
)
def test_parallel_counts_and_leaves_finished_children_alone(agent, scripts, success, failure, answers, ticks):
    got, counted, _ = play(agent, "Parallel", scripts, len(answers), success_count=success, failure_count=failure)
    assert (got, counted) == (answers, ticks)


@pytest.mark.parametrize(
    ("kind", "scripts", "ticks", "halts"),
    [
        ("ReactiveSequence", ["SF", "R"], 2, [0, 1]),
        ("ReactiveFallback", ["FR", "R"], 2, [0, 1]),
        ("WhileDoElse", ["SFS", "R", "R"], 3, [0, 1, 1]),
    ],
)
def test_what_ran_is_halted_when_the_reason_changes(agent, kind, scripts, ticks, halts):
    assert play(agent, kind, scripts, ticks)[2] == halts


def test_a_parallel_halts_its_running_children_when_it_ends(agent):
    assert play(agent, "Parallel", ["R", "S"], 1, success_count=1, failure_count=1)[2] == [1, 0]


def test_delay_and_timeout_count_simulated_time(agent):
    assert play(agent, "Delay", ["S"], 5, delay_msec=300.0)[0] == "RRRSR"
    answers, ticks, halts = play(agent, "Timeout", ["R"], 4, msec=300.0)
    assert (answers, ticks, halts) == ("RRRF", [3], [1])
    assert play(agent, "Timeout", ["RRS"], 3, msec=0.0)[0] == "RRS"  # no limit
    assert play(agent, "Delay", ["KS"], 5, delay_msec=300.0)[0] == "RRRKS"  # waits once


@pytest.mark.parametrize(("then_skip", "answers"), [(1.0, "RSKK"), (0.0, "RSSS")])
def test_what_ran_once_is_skipped_or_keeps_its_answer(agent, then_skip, answers):
    assert play(agent, "RunOnce", ["RS"], 4, then_skip=then_skip)[:2] == (answers, [2])


@pytest.mark.parametrize("cases", range(2, 7))
def test_a_switch_follows_its_variable_and_halts_the_other_case(agent, cases):
    """Each case in turn, then one that is none; whoever ran before is halted."""
    board = Board({"mood": "1"})
    ports = Ports({"variable": "{mood}"} | {f"case_{i}": str(i) for i in range(1, cases + 1)}, board)
    children = [*(Told("R") for _ in range(cases)), Told("S")]
    node = Switch(f"Switch{cases}", children, ports, agent)
    answers = ""
    for mood in (1, 1, *range(2, cases + 1), "lost"):
        board["mood"] = str(mood)
        node.tick_once()
        answers += LETTERS[node.status]
    assert answers == "R" * (cases + 1) + "S"
    assert [c.ticks for c in children] == [2] + [1] * cases
    assert [c.halts for c in children] == [1] * cases + [0]


HALTED = {
    "Sequence": (["S", "R"], [2, 2], {}),
    "SequenceWithMemory": (["S", "R"], [1, 2], {}),  # alone keeps its place, as in 4.10.0
    "ReactiveSequence": (["S", "R"], [2, 2], {}),
    "Fallback": (["F", "R"], [2, 2], {}),
    "ReactiveFallback": (["F", "R"], [2, 2], {}),
    "Parallel": (["S", "R"], [2, 2], {"success_count": -1, "failure_count": 1}),
    "IfThenElse": (["S", "R"], [2, 2], {}),
    "WhileDoElse": (["S", "R"], [2, 2], {}),
    "Inverter": (["R"], [2], {}),
    "ForceSuccess": (["R"], [2], {}),
    "ForceFailure": (["R"], [2], {}),
    "RetryUntilSuccessful": (["FRFR"], [4], {"num_attempts": 2}),  # counts anew: the third tick is the first attempt
    "Repeat": (["SRSR"], [4], {"num_cycles": 2}),
    "KeepRunningUntilFailure": (["R"], [2], {}),
    "RunOnce": (["R"], [2], {"then_skip": 1.0}),
    "Delay": (["R"], [0], {"delay_msec": 150.0}),  # waits anew
    "Timeout": (["R"], [2], {"msec": 150.0}),  # has all its time again
}


@pytest.mark.parametrize("kind", HALTED)
def test_who_is_halted_halts_its_child_and_starts_over(agent, kind):
    scripts, ticks, ports = HALTED[kind]
    children = [Told(script) for script in scripts]
    node = INNER[kind](kind, children, ports, agent)
    for _ in range(2):
        assert watch(agent, node, children, 1)[0] == "R"
        node.stop(Status.INVALID)
    assert [c.ticks for c in children] == ticks
    ran = 0 if kind == "Delay" else 2
    assert [c.halts for c in children] == [0] * (len(children) - 1) + [ran]


def test_every_control_node_and_decorator_has_vectors():
    elsewhere = {"Precondition", *SWITCHES}
    assert set(HALTED) | elsewhere == {*CONTROL, *DECORATORS}
    assert set(HALTED) == set(INNER)


@pytest.mark.parametrize(
    ("scripts", "told", "values", "answers", "ticks"),
    [
        ({"_skipIf": "x > 1"}, "RS", "021", "RSS", 3),  # asked when it starts, not while it runs
        ({"_skipIf": "x > 1"}, "S", "202", "KSK", 1),
        ({"_failureIf": "x > 1"}, "S", "20", "FS", 1),
        ({"_successIf": "x > 1"}, "F", "20", "SF", 1),
        ({"_failureIf": "x > 1", "_successIf": "x > 1"}, "R", "2", "F", 0),
        ({"_while": "x < 1"}, "R", "0020", "RRKR", 3),  # asked all the time, halts
        ({"_while": "x < 1"}, "S", "10", "KS", 1),
    ],
)
def test_conditions_as_attributes(agent, scripts, told, values, answers, ticks):
    board = Board({})
    child = Told(told)
    node = Scripted(child, scripts, board)
    got = ""
    for value in values:
        board["x"] = value
        node.tick_once()
        got += LETTERS[node.status]
    assert (got, child.ticks) == (answers, ticks)


def test_scripts_after_an_end_and_after_a_halt(agent):
    board = Board({"x": "0"})
    scripts = {
        "_while": "x < 9",
        "_onSuccess": "s := 1",
        "_onFailure": "f := 1",
        "_post": "p := 1",
        "_onHalted": "h := 1",
    }
    node = Scripted(Told("RSFR"), scripts, board)
    seen = []
    for value in "00000":
        board["x"] = value
        node.tick_once()
        seen.append("".join(board.keys()))
    board["x"] = "9"
    node.tick_once()
    assert seen == ["x", "psx", "fpsx", "fpsx", "fpsx"]
    assert board.get("h") == "1"


@pytest.mark.parametrize(
    ("condition", "written"),
    [("_successIf", {"s", "p"}), ("_failureIf", {"f", "p"}), ("_skipIf", set())],
)
def test_scripts_after_an_end_follow_what_a_condition_says_too(agent, condition, written):
    board = Board({})
    scripts = {condition: "true", "_onSuccess": "s := 1", "_onFailure": "f := 1", "_post": "p := 1"}
    child = Told("R")
    Scripted(child, scripts, board).tick_once()
    assert (set(board.keys()), child.ticks) == (written, 0)


def test_a_precondition_is_not_asked_again_before_its_child_has_ended(agent):
    board = Board({})
    node = Precondition("p", Told("KRS"), Ports({"if": "go", "else": "FAILURE"}, board), board)
    got = ""
    for value in "1000":
        board["go"] = value
        node.tick_once()
        got += LETTERS[node.status]
    assert got == "KRSF"


@pytest.mark.parametrize(
    ("otherwise", "values", "answers"), [("SKIPPED", "011", "KRR"), ("FAILURE", "010", "FRR"), ("SUCCESS", "0", "S")]
)
def test_a_precondition_is_asked_at_the_start(agent, otherwise, values, answers):
    board = Board({})
    node = Precondition("p", Told("R"), Ports({"if": "go", "else": otherwise}, board), board)
    got = ""
    for value in values:
        board["go"] = value
        node.tick_once()
        got += LETTERS[node.status]
    assert got == answers
