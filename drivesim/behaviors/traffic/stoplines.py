"""Where one stops before a junction so that long vehicles can turn there: clear of the bands that they sweep.

Roads have their stop lines set back where buses and lorries turn in; maps hardly ever say so.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.behaviors.traffic.lanes import LaneGraph
from drivesim.behaviors.traffic.swept import BEYOND, Sweeps

_BESIDE = 1.6
"""Metres that a body at the stop line, a lorry's too, needs beside the centre of its lane: half of 2.55 m (Directive
96/53/EC, annex I) and some room."""
_FARTHEST = 15.0
"""Metres that one stops before a junction at most."""
_SHORTEST = 30.0
"""Metres of a lane below which there is no room for that, as between the arms of a roundabout."""
_SPARE = 0.5
"""Metres more than it takes; like those above, an assumption."""


def set_back(graph: LaneGraph, sweeps: Sweeps, row: int) -> Any:
    """(L,) metres before each path's junction at which one leaves a shape the room to turn there; 0 without need."""
    back = np.zeros(len(graph.length))
    _set_back(graph, sweeps.side[row], sweeps.beyond[row], back)
    return back


@nb.njit(cache=True)
def _set_back(graph: LaneGraph, side: Any, beyond: Any, back: Any) -> None:
    lanes = len(graph.length)
    box = np.empty((lanes, 4))
    for lane in range(lanes):
        part = graph.point[graph.first[lane] : graph.first[lane + 1]]
        box[lane] = part[:, 0].min(), part[:, 0].max(), part[:, 1].min(), part[:, 1].max()
    for lane in range(lanes):
        leads = False
        for to in graph.after[lane]:
            leads = leads or (to >= 0 and graph.inside[to])
        if graph.inside[lane] or not leads or graph.length[lane] < _SHORTEST:
            continue
        most, end = 0.0, graph.point[graph.first[lane + 1] - 1]
        for path in range(lanes):
            if not graph.inside[path] or graph.crossings.approach[path] == lane:
                continue
            apart = max(box[path, 0] - end[0], end[0] - box[path, 1], box[path, 2] - end[1], end[1] - box[path, 3])
            if apart > _FARTHEST + BEYOND:
                continue
            for k in range(graph.first[path], graph.first[path + 1]):
                most = max(most, _reach(graph, lane, graph.point[k], side[k, 0], side[k, 1]))
            for to in graph.after[path]:
                if to < 0 or graph.inside[to]:
                    continue
                for k in range(min(BEYOND, graph.first[to + 1] - graph.first[to])):
                    point = graph.point[graph.first[to] + k]
                    most = max(most, _reach(graph, lane, point, beyond[path, k, 0], beyond[path, k, 1]))
        for to in graph.after[lane]:
            if to >= 0 and graph.inside[to]:
                back[to] = max(back[to], most)


@nb.njit(cache=True)
def _reach(graph: LaneGraph, lane: int, point: Any, left: float, right: float) -> float:
    """Metres before its end up to which a lane is not clear of a band that reaches so far beside a point; 0: it is."""
    aside = 0.5 * (left - right)
    x, y = point[0] - aside * math.sin(point[2]), point[1] + aside * math.cos(point[2])
    room = 0.5 * (left + right) + _BESIDE
    first, last = graph.first[lane], graph.first[lane + 1] - 1
    step = graph.length[lane] / (last - first)
    for k in range(int(_FARTHEST / step), -1, -1):
        q = graph.point[last - k]
        if (q[0] - x) ** 2 + (q[1] - y) ** 2 < room * room:
            return min(k * step + _SPARE, _FARTHEST)
    return 0.0
