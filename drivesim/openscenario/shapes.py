"""Transition dynamics: how far along a change is, from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Callable

SHAPES: dict[str, Callable[[float], float]] = {
    "step": lambda _: 1.0,
    "linear": lambda f: f,
    "sinusoidal": lambda f: (1 - math.cos(math.pi * f)) / 2,
    "cubic": lambda f: f * f * (3 - 2 * f),
}
PEAK_SLOPE = {"step": 0.0, "linear": 1.0, "sinusoidal": math.pi / 2, "cubic": 1.5}
"""Largest slope of each shape: a ``rate`` is the peak rate of change."""


def progress(shape: str, fraction: float) -> float:
    """Share of the change that is done after ``fraction`` of its duration or distance."""
    return SHAPES[shape](min(1.0, max(0.0, fraction)))
