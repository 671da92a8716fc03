"""Lane surfaces, kerbs and the steps between lanes of different height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt

import numpy as np

from drivesim.opendrive.meshing.builder import KERB, PAVEMENT, Builder, Look, Points, lane_look
from drivesim.opendrive.road import CrossSection, RoadFrame

_SAGITTA = 0.005
"""Largest distance between a curved lane and its chords, m."""
_KERB_WIDTH = 0.15
"""Width of the kerb stone seen from above, m."""
_STEP = 1e-3
"""Height differences below this are level, m."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One lane of one section between two chains of points (N, 3), inner nearer to the reference line."""

    lane_id: int
    look: Look
    inner: Points
    outer: Points
    inner_height: Points
    outer_height: Points
    ground_inner: Points
    ground_outer: Points

    @property
    def is_raised(self) -> bool:
        return bool(max(self.inner_height.max(), self.outer_height.max()) > _STEP)


def stations(frame: RoadFrame, section: CrossSection, step: float) -> list[float]:
    """Values of s at which a section is sampled: at every record, closer in curves."""
    marks = section.breaks() | frame.surface_breaks(section.s, section.end)
    ordered = sorted(marks)
    result = [ordered[0]]
    for s0, s1 in pairwise(ordered):
        if s1 - s0 < 1e-6:
            continue
        bend = max(abs(frame.line.at(s0 + f * (s1 - s0))[3]) for f in (1e-6, 0.25, 0.5, 0.75, 1.0 - 1e-6))
        longest = min(step, max(sqrt(8.0 * _SAGITTA / bend), 0.2)) if bend > 0.0 else step
        count = ceil((s1 - s0) / longest)
        result.extend(s0 + (s1 - s0) * i / count for i in range(1, count + 1))
    return result


def strips(frame: RoadFrame, section: CrossSection, at: Sequence[float]) -> list[list[Strip]]:
    """Strips of the right and the left side, each from the inside out."""
    result = []
    for left in (False, True):
        rows = [section.side(s, left, frame.offset.at(s)) for s in at]
        side = []
        for index in range(len(rows[0])):
            lane_id = rows[0][index][0]
            heights = np.array([section.height(s, lane_id) for s in at])
            inner_t = [row[index][1] for row in rows]
            outer_t = [row[index][2] for row in rows]
            ground_inner, ground_outer = _chain(frame, at, inner_t), _chain(frame, at, outer_t)
            raised = heights.any()
            side.append(
                Strip(
                    lane_id,
                    lane_look(section.lanes[lane_id].type),
                    _chain(frame, at, inner_t, heights[:, 0].tolist()) if raised else ground_inner,
                    _chain(frame, at, outer_t, heights[:, 1].tolist()) if raised else ground_outer,
                    heights[:, 0],
                    heights[:, 1],
                    ground_inner,
                    ground_outer,
                )
            )
        result.append(side)
    return result


def _chain(frame: RoadFrame, at: Sequence[float], t: Sequence[float], h: Sequence[float] | None = None) -> Points:
    points = (frame.point(s, ti, hi) for s, ti, hi in zip(at, t, h or [0.0] * len(t), strict=True))
    return np.array([(p.x, p.y, p.z) for p in points])


def add_strips(builder: Builder, side: Sequence[Strip], *, left: bool) -> None:
    """The lanes of one side with the steps between them and at their ends."""
    below = np.zeros(len(side[0].inner)) if side else np.zeros(0)
    for strip in side:
        _add_top(builder, strip, below, left=left)
        _add_step(builder, strip.ground_inner, below, strip.inner, strip.inner_height, below_is_inside=True, left=left)
        if strip.is_raised:
            _add_caps(builder, strip, left=left)
        below = strip.outer_height
    if side and side[-1].is_raised:
        last = side[-1]
        _add_step(
            builder,
            last.ground_outer,
            np.zeros_like(below),
            last.outer,
            last.outer_height,
            below_is_inside=False,
            left=left,
        )


def _add_top(builder: Builder, strip: Strip, below: Points, *, left: bool) -> None:
    inner, outer = strip.inner, strip.outer
    if strip.look is PAVEMENT and bool(np.all(strip.inner_height > below + _STEP)):
        width = np.linalg.norm(outer - inner, axis=1, keepdims=True)
        if width.min() > 2.0 * _KERB_WIDTH:
            edge = inner + (outer - inner) * (_KERB_WIDTH / width)
            _band(builder, KERB, inner, edge, left=left)
            inner = edge
    _band(builder, strip.look, inner, outer, left=left)


def _band(builder: Builder, look: Look, inner: Points, outer: Points, *, left: bool) -> None:
    if left:
        builder.band(look, outer, inner)
    else:
        builder.band(look, inner, outer)


def _add_step(
    builder: Builder,
    ground: Points,
    below: Points,
    edge: Points,
    height: Points,
    *,
    below_is_inside: bool,
    left: bool,
) -> None:
    """The vertical face between a neighbour at height ``below`` and this lane's edge at ``height``."""
    rise = height - below
    if np.abs(rise).max() <= _STEP:
        return
    share = np.divide(below, height, out=np.zeros_like(below), where=np.abs(height) > 1e-9)[:, None]
    foot = ground + (edge - ground) * share
    if not np.abs(height).max() > _STEP:
        # The lane is level and its inner neighbour raised: the neighbour's edge lies above the ground.
        foot = ground + np.array([0.0, 0.0, 1.0]) * below[:, None]
    facing_inside = below_is_inside == bool(rise.mean() > 0)
    upper, lower = (edge, foot) if rise.mean() > 0 else (foot, edge)
    # Bands run along +s with their left chain first: towards a viewer on the left the lower chain is left of it.
    if facing_inside != left:
        builder.band(KERB, lower, upper)
    else:
        builder.band(KERB, upper, lower)


def _add_caps(builder: Builder, strip: Strip, *, left: bool) -> None:
    """Faces across a raised lane where its section begins and ends."""
    for index, at_start in ((0, True), (-1, False)):
        top = np.stack([strip.inner[index], strip.outer[index]])
        foot = np.stack([strip.ground_inner[index], strip.ground_outer[index]])
        if left == at_start:
            builder.band(KERB, foot, top)
        else:
            builder.band(KERB, top, foot)
