"""Every node a tree may use, with its ports: the table that files are checked against and that docs are made of."""

from __future__ import annotations

from dataclasses import dataclass

CONTROL = (
    "Sequence",
    "SequenceWithMemory",
    "ReactiveSequence",
    "Fallback",
    "ReactiveFallback",
    "Parallel",
    "IfThenElse",
    "WhileDoElse",
    "Switch2",
    "Switch3",
    "Switch4",
    "Switch5",
    "Switch6",
)
SWITCHES = {f"Switch{cases}": cases for cases in range(2, 7)}
"""Control nodes with so many cases, and one child more for all else."""
BRANCHING = ("IfThenElse", "WhileDoElse")
"""Control nodes of two or three children: condition, then, else."""
DECORATORS = (
    "Inverter",
    "ForceSuccess",
    "ForceFailure",
    "RetryUntilSuccessful",
    "Repeat",
    "KeepRunningUntilFailure",
    "RunOnce",
    "Delay",
    "Timeout",
    "Precondition",
)
BEFORE = ("_failureIf", "_successIf", "_skipIf", "_while")
AFTER = ("_onHalted", "_onFailure", "_onSuccess", "_post")
"""Scripts that any node can have as attributes, in the order in which they are asked."""

TEXTS = frozenset({"a", "b", "value", "output_key", "variable", "code", "if", *(f"case_{i}" for i in range(1, 7))})
"""Ports that take any text; all others are numbers or choices."""
CHOICES = {
    "mode": ("distance", "time"),
    "on": ("true", "false"),
    "then_skip": ("true", "false"),
    "else": ("SKIPPED", "FAILURE", "SUCCESS", "RUNNING"),
}


@dataclass(frozen=True, slots=True)
class NodeType:
    """Ports by name with their default (None: must be given), and what the node does."""

    ports: dict[str, str | None]
    says: str


NODES: dict[str, NodeType] = {
    "Sequence": NodeType({}, "children in order until one fails; goes on where it was; failing starts over"),
    "SequenceWithMemory": NodeType({}, "like Sequence, but a failure does not start over"),
    "ReactiveSequence": NodeType({}, "like Sequence, but asks the earlier children again every tick"),
    "Fallback": NodeType({}, "children in order until one succeeds; goes on where it was"),
    "ReactiveFallback": NodeType({}, "like Fallback, but asks the earlier children again every tick"),
    "Parallel": NodeType(
        {"success_count": "-1", "failure_count": "1"},
        "all unfinished children each tick; succeeds or fails when so many have (-1: all)",
    ),
    "IfThenElse": NodeType({}, "first child decides once: then the second, else the third (or failure)"),
    "WhileDoElse": NodeType({}, "first child is asked each tick: while it succeeds the second, else the third"),
    **{
        name: NodeType(
            {"variable": None, **{f"case_{i}": None for i in range(1, cases + 1)}},
            f"the child whose case of {cases} equals the variable, else the last; asked each tick, the other is halted",
        )
        for name, cases in SWITCHES.items()
    },
    "Inverter": NodeType({}, "success becomes failure and failure success"),
    "ForceSuccess": NodeType({}, "failure becomes success"),
    "ForceFailure": NodeType({}, "success becomes failure"),
    "RetryUntilSuccessful": NodeType(
        {"num_attempts": None}, "runs the child again when it fails, so many times (-1: for ever)"
    ),
    "Repeat": NodeType({"num_cycles": None}, "runs the child again when it succeeds, so many times (-1: for ever)"),
    "KeepRunningUntilFailure": NodeType({}, "runs the child again until it fails"),
    "RunOnce": NodeType(
        {"then_skip": "true"}, "runs the child to its end once; afterwards is skipped, or (`false`) gives its result"
    ),
    "Delay": NodeType({"delay_msec": None}, "waits, then runs the child (simulated time)"),
    "Timeout": NodeType({"msec": None}, "fails when the child takes longer (simulated time)"),
    "Precondition": NodeType(
        {"if": None, "else": "FAILURE"}, "runs the child if the script is true when it starts; gives `else` otherwise"
    ),
    "AlwaysSuccess": NodeType({}, "succeeds"),
    "AlwaysFailure": NodeType({}, "fails"),
    "Sleep": NodeType({"msec": None}, "stands for a time, then succeeds"),
    "SetBlackboard": NodeType({"value": None, "output_key": None}, "sets a key of the blackboard"),
    "Script": NodeType({"code": None}, "runs a script on the blackboard and succeeds"),
    "ScriptCondition": NodeType({"code": None}, "whether a script is true"),
    "CheckEquals": NodeType({"a": None, "b": None}, "whether two texts are equal"),
    "Probability": NodeType({"p": None}, "succeeds with probability p; drawn once, a trait of the person"),
    "WaitForMaster": NodeType(
        {"time": "", "distance": "", "spread": "0"},
        "stands until the master is so many seconds, or metres, (+- spread) from the crossing line",
    ),
    "MasterPassed": NodeType({"margin": "2"}, "whether the master's front is past the line by so many metres"),
    "WaitUntilPassed": NodeType({"margin": "2"}, "stands until the master has passed, or stands still"),
    "LookBothWays": NodeType({"duration": "0.8"}, "turns the head left, then right, seconds in all"),
    "LookAt": NodeType({}, "turns the head towards the master, as far as the neck goes"),
    "LookAhead": NodeType({}, "turns the head straight ahead"),
    "PerceivesVehicle": NodeType(
        {"range": "100", "memory": "0"},
        "whether the master is in the field of view and not hidden, or was while looking, so many seconds ago",
    ),
    "GapAccept": NodeType(
        {"mode": "time", "threshold": None, "spread": "0"},
        "whether the gap to the master is accepted: by distance (children) or time (adults), m or s",
    ),
    "Notices": NodeType(
        {"distance": "30", "probability": "1"}, "whether the master was noticed near while crossing; stays so"
    ),
    "CrossTo": NodeType(
        {"distance": None, "speed": None, "acceleration": "2"}, "walks or rides across, metres from the start"
    ),
    "DartOut": NodeType(
        {"distance": None, "speed": None, "acceleration": "2.2", "variation": "0.4", "delay": "0"},
        "runs across, faster than asked by up to variation, after a delay",
    ),
    "RunBack": NodeType({"speed": None, "acceleration": "2.5"}, "runs back to where it started"),
    "SocialForceAvoid": NodeType(
        {"on": "true"}, "from now on gives way to others on foot and keeps off things while crossing; or no longer"
    ),
    "Hesitate": NodeType({"duration": "0.7", "spread": "0.2"}, "stops in the way for a moment"),
    "Stand": NodeType({}, "stands for good"),
    "SyncArrival": NodeType(
        {"speed": None, "start_distance": None, "acceleration_distance": "1", "crossing_distance": None},
        "crosses so as to be on the master's centreline when its front arrives, as in Euro NCAP tests",
    ),
}
