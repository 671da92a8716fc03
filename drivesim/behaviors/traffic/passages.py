"""What lies ahead of a driver along its route: the next passage through a junction, and where one stops before it."""

from __future__ import annotations

from typing import Any

import numba as nb

from drivesim.behaviors.traffic.lanes import LaneGraph
from drivesim.behaviors.traffic.state import State
from drivesim.world.boxes import LENGTH

QUEUE_GAP = 2.0
"""Metres between those who wait behind a junction."""
_LONGEST = 40.0
"""Metres of a passage beyond which a further junction is one of its own."""
_STOP_SHORT = 0.5
"""Metres before the line."""


@nb.njit(cache=True)
def offset_of(graph: LaneGraph, state: State, i: int, place: int) -> float:
    """Metres from the start of a route to the start of one of its lanes."""
    total = 0.0
    for k in range(place):
        total += graph.length[state.route[i, k]]
    return total


@nb.njit(cache=True)
def next_junction(graph: LaneGraph, state: State, i: int, length: float) -> tuple[int, int]:
    """First and last place in the route of the next passage that is not granted yet; -1, -1 if none is known.

    Junctions with too little room between them to stop count as one, up to a length: a roundabout is taken arm by arm.
    """
    place = state.granted[i]
    while place < state.count[i] and not graph.inside[state.route[i, place]]:
        place += 1
    if place >= state.count[i]:
        return -1, -1
    last, room, along = place, 0.0, graph.length[state.route[i, place]]
    for k in range(place + 1, state.count[i]):
        lane = state.route[i, k]
        along += graph.length[lane]
        if graph.inside[lane]:
            if room > 0.0 and along > _LONGEST:
                break
            last, room = k, 0.0
            continue
        room += graph.length[lane]
        if room > length + 2.0 * QUEUE_GAP:
            break
    return place, last


@nb.njit(cache=True)
def train_length(state: State, boxes: Any, i: int) -> float:
    """From the front of an actor to the end of its last trailer, m."""
    return 0.5 * boxes[i, LENGTH] + max(state.tail[i], 0.5 * boxes[i, LENGTH])


@nb.njit(cache=True)
def to_line(graph: LaneGraph, state: State, i: int, place: int, boxes: Any) -> float:
    """Metres from the front to where one stops before a junction that begins with a lane of the route."""
    line = offset_of(graph, state, i, place) - state.back[state.route[i, place]] - _STOP_SHORT
    return line - state.s[i] - 0.5 * boxes[i, LENGTH]
