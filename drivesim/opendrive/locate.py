"""Find the roads near a point: a tree over boxes around short chords of all reference lines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from math import hypot

import numpy as np
import shapely

from drivesim.opendrive.road import RoadFrame

_CHORD = 12.0
"""Longest chord, m; long enough for few boxes, short enough for one Newton basin."""
_TURN = 0.35
"""Largest heading change within a chord, rad."""


class Locator:
    """The chords of all roads."""

    def __init__(self, roads: Mapping[str, RoadFrame]) -> None:
        chords: list[tuple[RoadFrame, float, float, float, float, float, float]] = []
        boxes = []
        for frame in roads.values():
            reach = _Reach(frame)
            for s0, s1 in _cuts(frame):
                x0, y0, _, _ = frame.line.at(s0)
                xm, ym, _, _ = frame.line.at(0.5 * (s0 + s1))
                x1, y1, _, _ = frame.line.at(s1)
                sagitta = hypot(xm - 0.5 * (x0 + x1), ym - 0.5 * (y0 + y1))
                margin = reach.within(s0, s1) + sagitta + 0.1
                chords.append((frame, s0, s1, x0, y0, x1, y1))
                boxes.append((min(x0, x1) - margin, min(y0, y1) - margin, max(x0, x1) + margin, max(y0, y1) + margin))
        self._chords = chords
        self._boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(shapely.box(*self._boxes.T))

    def bounds(self) -> tuple[float, float, float, float]:
        if not len(self._boxes):
            return 0.0, 0.0, 0.0, 0.0
        low, high = self._boxes[:, :2].min(axis=0), self._boxes[:, 2:].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def near(self, x: float, y: float, margin: float = 0.0) -> list[tuple[RoadFrame, float]]:
        """Roads whose box, widened by ``margin``, holds the point, each with a guess of s; nearest first."""
        if margin:
            found = self._tree.query(shapely.box(x - margin, y - margin, x + margin, y + margin))
        else:
            found = self._tree.query(shapely.Point(x, y))
        return self._best(x, y, found.tolist())

    def nearest(self, x: float, y: float) -> tuple[RoadFrame, float]:
        """The road whose box is nearest, with a guess of s."""
        index = self._tree.nearest(shapely.Point(x, y))
        return self._best(x, y, [int(index)])[0]

    def _best(self, x: float, y: float, indices: list[int]) -> list[tuple[RoadFrame, float]]:
        best: dict[str, tuple[float, RoadFrame, float]] = {}
        for index in indices:
            frame, s0, s1, x0, y0, x1, y1 = self._chords[index]
            dx, dy = x1 - x0, y1 - y0
            square = dx * dx + dy * dy
            u = ((x - x0) * dx + (y - y0) * dy) / square if square > 0.0 else 0.0
            u = min(max(u, 0.0), 1.0)
            distance = (x0 + u * dx - x) ** 2 + (y0 + u * dy - y) ** 2
            known = best.get(frame.road.id)
            if known is None or distance < known[0]:
                best[frame.road.id] = (distance, frame, s0 + u * (s1 - s0))
        return [(frame, s) for _, frame, s in sorted(best.values(), key=lambda entry: entry[0])]


class _Reach:
    """How far the lanes of a road reach from its reference line."""

    def __init__(self, frame: RoadFrame) -> None:
        self._frame = frame
        self._even: dict[float, float] = {}

    def within(self, s0: float, s1: float) -> float:
        """The farthest at the ends and the middle of an interval within one section, m."""
        section = self._frame.section(s0)
        if not (section.is_even and self._frame.offset.is_constant):
            return max(self._at(s) for s in (s0, 0.5 * (s0 + s1), s1 - 1e-9))
        if section.s not in self._even:
            self._even[section.s] = self._at(s0)
        return self._even[section.s]

    def _at(self, s: float) -> float:
        offset, section = self._frame.offset.at(s), self._frame.section(s)
        sides = [section.side(s, left, offset) for left in (True, False)]
        return max(abs(side[-1][2]) if side else abs(offset) for side in sides)


def _cuts(frame: RoadFrame) -> list[tuple[float, float]]:
    """Intervals of s short and straight enough for one chord each."""
    stations = {0.0, frame.length}
    stations.update(s for s in frame.line.starts if 0.0 < s < frame.length)
    stations.update(section.s for section in frame.sections if 0.0 < section.s < frame.length)
    ordered = sorted(stations)
    result: list[tuple[float, float]] = []
    for s0, s1 in pairwise(ordered):
        turn = max(abs(frame.line.at(s0 + f * (s1 - s0))[3]) for f in (0.0, 0.25, 0.5, 0.75, 1.0)) * (s1 - s0)
        count = min(max(int((s1 - s0) / _CHORD), int(turn / _TURN)) + 1, 20_000)
        edges = [s0 + (s1 - s0) * i / count for i in range(count + 1)]
        result.extend(pairwise(edges))
    return result
