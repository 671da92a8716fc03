"""Where vehicles stop for a map's signals, and which junction each signal is for.

A signal stands where drivers see it; which lanes it is for say its own validity and references to it on other roads, as
in CARLA's towns on the paths of the junction that it guards (ASAM OpenDRIVE 1.8, 14.3 and 14.4). Where that is inside
the junction vehicles stop on the lanes that lead there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivesim.opendrive.model import Road, Signal, SignalReference
from drivesim.opendrive.network import RoadNetwork
from drivesim.transforms import Pose

BEFORE_LINE = 3.0
"""Of the middle of a stopping place before the light's line or the junction, m, as CARLA's own boxes lie."""

_Lane = tuple[str, int, float]
"""Road, lane and s."""


@dataclass(frozen=True, slots=True)
class StoppingPlace:
    """Attributes:
    pose: ``world_from_stop`` in the middle of the lanes, x as they drive. half_width: of these lanes together, m.
    """

    pose: Pose
    half_width: float


def stopping_places(network: RoadNetwork) -> dict[str, StoppingPlace]:
    """By signal; those without are for no lane that is driven on."""
    found: dict[str, list[_Lane]] = {}
    for road in network.roads.values():
        for sign in _signs(road):
            s = min(max(sign.s, 0.0), road.length)
            for lane in _lanes(network, road, sign, s):
                found.setdefault(sign.id, []).extend(_before_junctions(network, road, lane, s))
    return {signal: _place(network, lanes) for signal, lanes in found.items() if lanes}


def _signs(road: Road) -> tuple[Signal | SignalReference, ...]:
    return (*road.signals, *road.signal_references)


def _lanes(network: RoadNetwork, road: Road, sign: Signal | SignalReference, s: float) -> Iterator[int]:
    """Driving lanes that a sign is for: those it names, or those whose traffic it faces."""
    for lane in network.lanes(road.id, s):
        if network.lane_type(road.id, lane, s) != "driving":
            continue
        if sign.lanes:
            meant = any(min(ends) <= lane <= max(ends) for ends in sign.lanes)
        else:
            meant = {"+": 1, "-": -1}.get(sign.orientation, 0) in (0, network.lane_direction(road.id, lane, s))
        if meant:
            yield lane


def _before_junctions(network: RoadNetwork, road: Road, lane: int, s: float) -> Iterator[_Lane]:
    if road.junction is None:
        yield road.id, lane, _back(network, road.id, lane, s)
        return
    for earlier, number in network.predecessors(road.id, lane):
        ahead = network.lane_direction(earlier, number) > 0
        yield earlier, number, _back(network, earlier, number, network.roads[earlier].length if ahead else 0.0)


def _back(network: RoadNetwork, road: str, lane: int, s: float) -> float:
    """Where traffic was before it came to s."""
    length = network.roads[road].length
    return min(max(s - BEFORE_LINE * network.lane_direction(road, lane, s), 0.0), length)


def _place(network: RoadNetwork, lanes: list[_Lane]) -> StoppingPlace:
    """One for all lanes of the road that most of them lie on."""
    roads = [road for road, _, _ in lanes]
    road = max(roads, key=roads.count)
    own = sorted({lane for lane in lanes if lane[0] == road})
    points = [network.world_from_lane(*lane) for lane in own]
    width = sum(network.lane_width(*lane) for lane in own)
    x, y, z = (sum(getattr(point, axis) for point in points) / len(points) for axis in "xyz")
    return StoppingPlace(Pose.from_ypr((x, y, z), (points[0].heading, 0.0, 0.0)), width / 2.0)


def guarded_junctions(network: RoadNetwork) -> dict[str, str]:
    """The junction that each signal is for: of the path that names it, else the one at the nearer end of its road."""
    found: dict[str, str] = {}
    for road in network.roads.values():
        if road.junction is not None:
            found.update(dict.fromkeys((sign.id for sign in _signs(road)), road.junction))
    for road in network.roads.values():
        for sign in road.signals:
            ends = [(sign.s, road.predecessor), (road.length - sign.s, road.successor)]
            near = [
                (away, link.element_id) for away, link in ends if link is not None and link.element_type == "junction"
            ]
            if near:
                found.setdefault(sign.id, min(near)[1])
    return found
