"""Where paths through a junction get in each other's way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

if TYPE_CHECKING:
    from drivesim.opendrive.network import RoadNetwork

STOREY = 2.5
"""Metres between two surfaces from which one lies over the other: lower than any vehicle drives through."""
_STEP = 0.5
"""Longest chord of a lane's edge, m."""
_LEAST = 0.01
"""Square metres of overlap that two paths beside each other may have, for their edges are chords."""
_PATHS = frozenset({"driving", "bidirectional", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "slipLane",
                    "biking", "tram", "rail", "bus", "taxi", "HOV"})  # fmt: skip
"""Types of lanes in which something drives."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a lane of a connecting road, in s."""

    road_id: str
    lane_id: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two paths whose lanes overlap, and where on each; ``merging`` ones leave by the same lane, ``diverging`` ones
    come from the same."""

    kind: Literal["crossing", "merging", "diverging"]
    first: Stretch
    second: Stretch


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    road_id: str
    lane_id: int
    area: shapely.Polygon
    height: float


def conflicts(network: RoadNetwork, junction_id: str) -> tuple[Conflict, ...]:
    """See :meth:`RoadNetwork.conflicts`."""
    found = []
    for a, b in combinations(_paths(network, junction_id), 2):
        if a.road_id == b.road_id or abs(a.height - b.height) > STOREY:
            continue
        overlap = a.area.intersection(b.area)
        if overlap.area > _LEAST:
            found.append(Conflict(_kind(network, a, b), _stretch(network, a, overlap), _stretch(network, b, overlap)))
    return tuple(found)


def _paths(network: RoadNetwork, junction_id: str) -> list[_Path]:
    """Lanes of the roads that are paths of a junction, each as the area between its edges."""
    made = []
    for road in network.roads.values():
        if road.junction != junction_id:
            continue
        frame = network.frame(road.id)
        at = np.linspace(0.0, road.length, ceil(road.length / _STEP) + 1).tolist()
        lanes = [lane for section in road.lane_sections for lane in section.lanes.values() if lane.type in _PATHS]
        for lane_id in dict.fromkeys(lane.id for lane in lanes if lane.id):
            spans = [(s, span) for s in at if (span := frame.lane_span(s, lane_id)) is not None]
            if len(spans) < 2:
                continue
            edges = [[frame.point(s, span[side]) for s, span in spans] for side in (0, 1)]
            ring = [(p.x, p.y) for p in (*edges[0], *reversed(edges[1]))]
            area = shapely.make_valid(shapely.Polygon(ring))
            made.append(_Path(road.id, lane_id, area, float(np.mean([p.z for p in edges[0]]))))
    return made


def _kind(network: RoadNetwork, a: _Path, b: _Path) -> Literal["crossing", "merging", "diverging"]:
    if {*network.successors(a.road_id, a.lane_id)} & {*network.successors(b.road_id, b.lane_id)}:
        return "merging"
    before = {*network.predecessors(a.road_id, a.lane_id)} & {*network.predecessors(b.road_id, b.lane_id)}
    return "diverging" if before else "crossing"


def _stretch(network: RoadNetwork, path: _Path, overlap: shapely.Geometry) -> Stretch:
    """From where to where an area lies on a path."""
    frame = network.frame(path.road_id)
    found = []
    for x, y in shapely.get_coordinates(overlap).tolist():
        guesses = np.linspace(0.0, frame.length, ceil(frame.length / 5.0) + 1).tolist()
        near = min(guesses, key=lambda s: (frame.line.at(s)[0] - x) ** 2 + (frame.line.at(s)[1] - y) ** 2)
        found.append(frame.project(x, y, near)[0])
    return Stretch(path.road_id, path.lane_id, min(found), max(found))
