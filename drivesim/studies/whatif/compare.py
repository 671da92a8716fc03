"""From outcomes to answers: rates with intervals, and each rig against the first, pair by pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from drivesim.studies.statistics import (
    Interval,
    bootstrap_mean,
    bootstrap_variance_ratio,
    holm,
    mcnemar_exact,
    mcnemar_mid_p,
    pairs_needed,
    wilson,
)


@dataclass(frozen=True, slots=True)
class RigSummary:
    """One rig over all instances; speeds in km/h."""

    rig: str
    instances: int
    collisions: Interval
    impact_speed: float
    points: float
    risk: float
    false_triggers: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A rig against the first.

    Attributes:
        prevented, caused: instances in which only the first, only this rig, had a collision.
        p_exact, p_mid, p_holm: McNemar's test, exact, mid-p, and exact adjusted for all comparisons.
        impact_speed, risk: mean change with its bootstrap interval; km/h and probability.
        variance_ratio: of paired to unpaired differences of impact speed, with its bootstrap interval; NaN where
            nothing differs.
        pairs_needed: with which a difference like this one would be found at 80 % power; None if there is none.
    """

    rig: str
    baseline: str
    prevented: int
    caused: int
    p_exact: float
    p_mid: float
    p_holm: float
    impact_speed: Interval
    risk: Interval
    variance_ratio: Interval
    pairs_needed: int | None


def summarise(instances: Sequence[dict[str, Any]], rigs: Sequence[str]) -> list[RigSummary]:
    """One summary per rig, in order."""
    found = []
    for position, rig in enumerate(rigs):
        outcomes = [entry["outcomes"][position] for entry in instances]
        found.append(
            RigSummary(
                rig=rig,
                instances=len(outcomes),
                collisions=wilson(sum(o["collided"] for o in outcomes), len(outcomes)),
                impact_speed=_mean([o["impact_speed"] for o in outcomes if o["collided"]]),
                points=_mean([o["points"] for o in outcomes]),
                risk=_mean([o["risk"] for o in outcomes]),
                false_triggers=sum(o["false_triggers"] for o in outcomes),
            )
        )
    return found


def compare(instances: Sequence[dict[str, Any]], rigs: Sequence[str]) -> list[Comparison]:
    """Every rig against the first."""
    found = []
    for position, rig in enumerate(rigs):
        if position == 0:
            continue
        pairs = [(entry["outcomes"][0], entry["outcomes"][position]) for entry in instances]
        prevented = sum(a["collided"] and not b["collided"] for a, b in pairs)
        caused = sum(b["collided"] and not a["collided"] for a, b in pairs)
        count = max(len(pairs), 1)
        found.append(
            Comparison(
                rig=rig,
                baseline=rigs[0],
                prevented=prevented,
                caused=caused,
                p_exact=mcnemar_exact(prevented, caused),
                p_mid=mcnemar_mid_p(prevented, caused),
                p_holm=math.nan,
                impact_speed=_change(pairs, "impact_speed"),
                risk=_change(pairs, "risk"),
                variance_ratio=variance_ratio(pairs),
                pairs_needed=pairs_needed(prevented / count, caused / count),
            )
        )
    adjusted = holm([comparison.p_exact for comparison in found])
    return [_with_holm(comparison, p) for comparison, p in zip(found, adjusted, strict=True)]


def variance_ratio(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> Interval:
    """Variance of the paired difference of impact speed over that of independent runs, Var(a) + Var(b)."""
    return bootstrap_variance_ratio(*([pair[side]["impact_speed"] for pair in pairs] for side in (0, 1)))


def _change(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]], name: str) -> Interval:
    values = np.array([b[name] - a[name] for a, b in pairs], dtype=np.float64)
    return bootstrap_mean(values[np.isfinite(values)])


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.mean(finite)) if finite else math.nan


def _with_holm(comparison: Comparison, p: float) -> Comparison:
    from dataclasses import replace

    return replace(comparison, p_holm=p)


def verdict(summaries: Sequence[RigSummary], comparisons: Sequence[Comparison]) -> str:
    """The answer in plain words, with its confidence."""
    base = summaries[0]
    share = base.collisions
    text = [
        f"With {base.rig}, {share.estimate:.0%} of {base.instances} instances end in a collision "
        f"(95 % interval {share.low:.0%} to {share.high:.0%})."
    ]
    for comparison in comparisons:
        text.append(_sentence(comparison))
    return " ".join(text)


def _sentence(c: Comparison) -> str:
    if c.prevented == c.caused == 0 and c.impact_speed.low == c.impact_speed.high == 0.0:
        return f"{c.rig} changes nothing: every outcome is the same."
    change = (
        f"{c.rig} prevents {c.prevented} of these and causes {c.caused} new ones "
        f"(exact McNemar p = {c.p_holm:.3g}, adjusted for all comparisons); impact speed changes by "
        f"{c.impact_speed.estimate:+.1f} km/h ({c.impact_speed.low:+.1f} to {c.impact_speed.high:+.1f})"
    )
    if c.p_holm < 0.05:
        return change + "."
    if c.pairs_needed is None:
        return change + "; the numbers of collisions show no difference."
    return change + f"; not settled: a difference like this would take about {c.pairs_needed} pairs."
