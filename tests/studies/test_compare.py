"""Pairs of outcomes: A against A is nothing, exactly; differences are found and put in words."""

import math

import pytest

from drivesim.studies.whatif.compare import compare, summarise, variance_ratio, verdict
from drivesim.studies.whatif.study import same_until_reaction


def outcome(speed):
    return {"collided": speed > 0, "impact_speed": speed, "points": 1.0 if speed == 0 else 0.0, "risk": speed / 100,
            "false_triggers": 0}  # fmt: skip


def study(*pairs):
    return [{"outcomes": [outcome(a), outcome(b)]} for a, b in pairs]


def test_a_against_a_is_exactly_zero():
    (found,) = compare(study(*[(speed, speed) for speed in (0, 12, 0, 31.5, 7)]), ["A", "A again"])
    assert (found.prevented, found.caused, found.p_exact, found.p_holm) == (0, 0, 1.0, 1.0)
    assert (found.impact_speed.estimate, found.impact_speed.low, found.impact_speed.high) == (0.0, 0.0, 0.0)
    assert (found.risk.low, found.risk.high, found.pairs_needed) == (0.0, 0.0, None)
    assert (found.variance_ratio.estimate, found.variance_ratio.low, found.variance_ratio.high) == (0.0, 0.0, 0.0)


def test_prevented_and_caused_are_counted():
    instances = study((30, 0), (30, 0), (0, 10), (0, 0), (20, 15))
    (found,) = compare(instances, ["A", "B"])
    assert (found.prevented, found.caused) == (2, 1)
    assert found.impact_speed.estimate == pytest.approx((-30 - 30 + 10 - 5) / 5)
    assert [s.collisions.estimate for s in summarise(instances, ["A", "B"])] == [0.6, 0.4]


def test_the_verdict_says_what_is_known_and_what_is_not():
    instances = study(*[(30, 0)] * 2 + [(0, 0)] * 20)
    text = verdict(summarise(instances, ["A", "B"]), compare(instances, ["A", "B"]))
    assert "9% of 22 instances" in text
    assert "not settled" in text
    assert "pairs" in text
    sure = study(*[(30, 0)] * 12)
    assert "not settled" not in verdict(summarise(sure, ["A", "B"]), compare(sure, ["A", "B"]))


def test_paired_variance_is_small_when_instances_decide():
    pairs = [(outcome(v), outcome(v + 1)) for v in (0.0, 20.0, 40.0)]
    assert variance_ratio(pairs).estimate == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(variance_ratio([(outcome(0), outcome(0))]).estimate)


class _Run:
    def __init__(self, hashes, reaction):
        self.hashes, self.reaction_tick = tuple(hashes), reaction


def test_worlds_are_compared_until_the_first_reaction():
    assert same_until_reaction(_Run("abcd", -1), _Run("abcd", -1))
    assert same_until_reaction(_Run("abxy", 2), _Run("abcd", 3))
    assert not same_until_reaction(_Run("axxy", 2), _Run("abcd", 3))
