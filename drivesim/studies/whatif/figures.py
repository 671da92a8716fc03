"""The report's figures, readable on light, dark and paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy.stats import rankdata

from drivesim.studies.whatif.compare import RigSummary

COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2", "#e45756", "#72b7b2")
"""Distinguishable for most colour-blind readers and on both backgrounds."""
INK = "#808894"
MILESTONES = (
    ("first_return", "first return"),
    ("detection", "detected"),
    ("confirmation", "confirmed"),
    ("warning", "warned"),
    ("brake", "braked"),
)


def _styled(figure: go.Figure, height: int = 340) -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 60, "r": 20, "t": 30, "b": 50}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", font={"color": INK, "size": 13}, legend={"orientation": "h", "y": 1.12},
    )  # fmt: skip
    figure.update_xaxes(gridcolor="rgba(128,136,148,0.25)", zerolinecolor="rgba(128,136,148,0.4)")
    figure.update_yaxes(gridcolor="rgba(128,136,148,0.25)", zerolinecolor="rgba(128,136,148,0.4)")
    return figure


def collisions(summaries: Sequence[RigSummary]) -> go.Figure:
    """Collision rates with their Wilson intervals."""
    figure = go.Figure()
    for summary, colour in zip(summaries, _cycle(len(summaries)), strict=True):
        rate = summary.collisions
        figure.add_bar(
            x=[summary.rig], y=[100 * rate.estimate], marker_color=colour, showlegend=False,
            error_y={
                "type": "data", "symmetric": False, "array": [100 * (rate.high - rate.estimate)],
                "arrayminus": [100 * (rate.estimate - rate.low)], "color": INK,
            },
        )  # fmt: skip
    figure.update_yaxes(title="collisions, %", rangemode="tozero")
    return _styled(figure)


def impact_speeds(instances: Sequence[dict[str, Any]], rigs: Sequence[str]) -> go.Figure:
    """Share of instances with at most a given impact speed; avoided collisions are at 0."""
    figure = go.Figure()
    for position, (rig, colour) in enumerate(zip(rigs, _cycle(len(rigs)), strict=True)):
        speeds = np.sort([entry["outcomes"][position]["impact_speed"] for entry in instances])
        share = 100 * np.arange(1, len(speeds) + 1) / len(speeds)
        figure.add_scatter(
            x=speeds, y=share, mode="lines", line={"color": colour, "shape": "hv", "width": 2.5}, name=rig
        )
    figure.update_xaxes(title="impact speed, km/h")
    figure.update_yaxes(title="instances up to this speed, %", range=[0, 102])
    return _styled(figure)


def timelines(instances: Sequence[dict[str, Any]], rigs: Sequence[str]) -> go.Figure:
    """How long after the first geometric line of sight each rig got how far."""
    figure = go.Figure()
    for position, (rig, colour) in enumerate(zip(rigs, _cycle(len(rigs)), strict=True)):
        stages, delays = [], []
        for key, label in MILESTONES:
            for entry in instances:
                outcome = entry["outcomes"][position]
                delay = outcome[key]["time"] - outcome["sight"]["time"]
                if math.isfinite(delay):
                    stages.append(label)
                    delays.append(delay)
        figure.add_box(x=stages, y=delays, name=rig, marker_color=colour, boxpoints=False)
    figure.update_layout(boxmode="group")
    figure.update_yaxes(title="seconds after first line of sight")
    return _styled(figure, 380)


def failures(instances: Sequence[dict[str, Any]], rigs: Sequence[str], names: tuple[str, str]) -> go.Figure:
    """Where in the space of two parameters each rig collides; size is impact speed."""
    figure = make_subplots(rows=1, cols=len(rigs), subplot_titles=list(rigs), shared_yaxes=True)
    for position, colour in enumerate(_cycle(len(rigs))):
        for hit in (False, True):
            chosen = [entry for entry in instances if entry["outcomes"][position]["collided"] is hit]
            sizes = [7 + entry["outcomes"][position]["impact_speed"] / 4 for entry in chosen]
            labels = [f"instance {entry['index']}: {why(entry['outcomes'][position])}" for entry in chosen]
            figure.add_scatter(
                x=[float(entry["parameters"][names[0]]) for entry in chosen],
                y=[float(entry["parameters"][names[1]]) for entry in chosen],
                mode="markers", text=labels, hoverinfo="text+x+y", showlegend=False,
                marker={"size": sizes, "color": colour, "symbol": "x" if hit else "circle-open", "opacity": 0.85},
                row=1, col=position + 1,
            )  # fmt: skip
        figure.update_xaxes(title=names[0], row=1, col=position + 1)
    figure.update_yaxes(title=names[1], row=1, col=1)
    return _styled(figure, 380)


def by_parameter(instances: Sequence[dict[str, Any]], rigs: Sequence[str]) -> go.Figure:
    """Collision rates of each rig by value, or third of the range, of every parameter that varies."""
    varying = [name for name in instances[0]["parameters"] if len({e["parameters"][name] for e in instances}) > 1]
    groups = {name: _groups([entry["parameters"][name] for entry in instances]) for name in varying}
    rows = (len(varying) + 2) // 3
    figure = make_subplots(rows=rows, cols=3, subplot_titles=varying, vertical_spacing=0.35 / rows)
    for number, name in enumerate(varying):
        labels = groups[name]
        for position, (rig, colour) in enumerate(zip(rigs, _cycle(len(rigs)), strict=True)):
            hits: dict[str, list[bool]] = {}
            for label, entry in sorted(zip(labels, instances, strict=True), key=lambda pair: _order(pair[0])):
                hits.setdefault(label, []).append(entry["outcomes"][position]["collided"])
            figure.add_bar(
                x=list(hits), y=[100 * sum(each) / len(each) for each in hits.values()], name=rig, marker_color=colour,
                legendgroup=rig, showlegend=number == 0, row=number // 3 + 1, col=number % 3 + 1,
            )  # fmt: skip
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 102])
    return _styled(figure, 60 + 230 * rows)


def _order(label: str) -> tuple[float, str]:
    """Numbers and ranges in order, then words."""
    try:
        return float(label.split(" to ")[0]), ""
    except ValueError:
        return math.inf, label


def _groups(values: Sequence[str]) -> list[str]:
    """A label for each value: itself where there are few, else its third of the range."""
    if len(set(values)) <= 6:
        return [value.removeprefix("2026-").removesuffix(":00") if "T" in value else value for value in values]
    try:
        numbers = np.array([float(value) for value in values])
    except ValueError:
        return list(values)
    edges = np.linspace(numbers.min(), numbers.max(), 4)
    third = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, 2)
    return [f"{edges[k]:.3g} to {edges[k + 1]:.3g}" for k in third]


def why(outcome: dict[str, Any]) -> str:
    """The first link of the chain that was missing or late, in a few words."""
    if not outcome["collided"]:
        return "avoided"
    reasons = (
        ("sight", "never in line of sight"),
        ("first_return", "no signal: out of range, field or weather"),
        ("detection", "signal but no detection: too few pixels or points"),
        ("confirmation", "seen too rarely to be confirmed"),
        ("brake", "confirmed but not judged to be in the path"),
    )
    for key, text in reasons:
        if not math.isfinite(outcome[key]["time"]):
            return text
    late = outcome["brake"]["time"] - outcome["sight"]["time"]
    return f"braked {late:.2f} s after first sight, {outcome['brake']['ttc']:.2f} s before impact: too late"


def numeric_parameters(instances: Sequence[dict[str, Any]]) -> list[str]:
    """Names of parameters that are numbers and vary."""
    found = []
    for name in instances[0]["parameters"]:
        try:
            values = {float(entry["parameters"][name]) for entry in instances}
        except ValueError:
            continue
        if len(values) > 1:
            found.append(name)
    return found


def most_telling(instances: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[str, str]:
    """The two parameters whose ranks go most with that of the impact speed, all rigs together."""
    speed = rankdata([sum(o["impact_speed"] for o in entry["outcomes"]) for entry in instances])
    if np.ptp(speed) == 0.0:
        return names[0], names[1]
    ranks = {name: rankdata([float(entry["parameters"][name]) for entry in instances]) for name in names}
    order = sorted(names, key=lambda name: -abs(float(np.corrcoef(ranks[name], speed)[0, 1])))
    return order[0], order[1]


def _cycle(count: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(count)]
