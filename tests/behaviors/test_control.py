"""Control nodes against the semantics of BehaviorTree.CPP 4: scripted children, expected answers tick by tick."""

from __future__ import annotations

import py_trees
import pytest
from py_trees.common import Status

from drivesim.behaviors.agent import Agent
from drivesim.behaviors.control import INNER
from tests.builders import at, car, child

ANSWERS = {"S": Status.SUCCESS, "F": Status.FAILURE, "R": Status.RUNNING, "I": Status.INVALID}
LETTERS = {status: letter for letter, status in ANSWERS.items()}


class Scripted(py_trees.behaviour.Behaviour):
    """Answers as written, the last for ever; counts ticks and halts."""

    def __init__(self, script):
        super().__init__(script)
        self.script, self.ticks, self.halts = script, 0, 0

    def update(self):
        answer = self.script[min(self.ticks, len(self.script) - 1)]
        self.ticks += 1
        return ANSWERS[answer]

    def terminate(self, new_status):
        self.halts += new_status == Status.INVALID


@pytest.fixture
def agent(make_world):
    world = make_world(car(0), child(1))
    world.place(0, at(-50.0))
    world.place(1, at(0.0, -4.0, yaw=1.5708))
    return Agent(world, 1, 0)


def play(agent, kind, scripts, ticks, **ports):
    children = [Scripted(script) for script in scripts]
    node = INNER[kind](kind, children, ports, agent)
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
        ("RunOnce", ["RS"], "RSSS", [2]),
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
