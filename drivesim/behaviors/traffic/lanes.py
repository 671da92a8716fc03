"""The lanes of a road network as arrays: where they run, where they lead, how fast, and where they meet.

One entry a lane and lane section, sampled along its centre in driving direction about every metre.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from drivesim.behaviors.traffic.crossings import Crossings, crossings_of
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.model import Lane, LaneSection, Road, Signal, SignalReference
from drivesim.types import F64

DRIVABLE = frozenset({"driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp"})
"""Types of lanes that traffic uses; not those that both directions share."""
TOWN_SPEED = 50 / 3.6
"""m/s where the map has no limit."""
UNLIMITED = 130 / 3.6
"""m/s where the map says there is none: the recommended speed on German motorways."""
CURVE_ACCELERATION = 2.0
"""m/s2 across that drivers accept in bends at town speeds (Reymond et al. 2001, Human Factors 43:483, fig. 4)."""
LEAST_WIDTH = 2.0
"""Metres below which a lane that tapers off has ended."""
_SPACING = 1.0
_NARROW = 0.05
"""Metres a lane must be long to be sampled."""
_REACH, _STOREY = 5.0, 3.0
"""Metres to the side, and up or down, within which a driver finds its lane."""

Key = tuple[str, int, int]
"""Road, number of its section, lane."""
Sign = tuple[str, float]
"""A signal's id, and the heading of the road that it stands on."""


class LaneGraph(NamedTuple):
    """Lanes 0..L-1; -1 stands for none.

    Attributes:
        point: (M, 4) x, y, heading (without jumps along a lane), highest speed (limit and bend), of all lanes one after
            the other.
        first: (L + 1,) where a lane's points begin.
        length: (L,) m; a lane's points are evenly spaced, both ends included.
        after: (L, 6) lanes that traffic can go on to.
        left, right: (L,) lanes beside with the same direction.
        may_left, may_right: (L,) whether markings allow to change there.
        inside: (L,) whether it is a path of a junction.
        endless: (L,) whether one can drive on from it for ever.
        remains: (L,) metres from its start that one can drive on without a change of lanes; inf: for ever.
        crossings: of paths in junctions.
    """

    point: Any
    first: Any
    length: Any
    after: Any
    left: Any
    right: Any
    may_left: Any
    may_right: Any
    inside: Any
    endless: Any
    remains: Any
    crossings: Crossings


class Lanes:
    """The graph of a network, and the names of its lanes.

    Attributes:
        keys: of the lanes; signals: which traffic light counts for a path of a junction.
    """

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        centres = {}
        for road in network.roads.values():
            for number, section in enumerate(road.lane_sections):
                for lane in section.lanes.values():
                    if lane.id and lane.type in DRIVABLE:
                        centre = _centre(network, road, section, lane)
                        if centre is not None:
                            centres[road.id, number, lane.id] = centre
        self.keys: list[Key] = list(centres)
        self.number = {key: i for i, key in enumerate(self.keys)}
        self._priorities = {pair for junction in network.junctions.values() for pair in junction.priorities}
        self._heights = np.concatenate([points[:, 4] for points, _ in centres.values()]) if centres else np.empty(0)
        counts = [len(points) for points, _ in centres.values()]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        point = np.vstack([points for points, _ in centres.values()]) if centres else np.empty((0, 5))
        length = np.array([length for _, length in centres.values()])
        after = self._after()
        sides = self._sides()
        roads = [network.roads[key[0]] for key in self.keys]
        inside = np.array([road.junction is not None for road in roads], dtype=np.bool_)
        self.signals = self._hand_on(signs_of(network, self.keys, dynamic=True), after, inside)
        minor = self._hand_on(signs_of(network, self.keys, dynamic=False), after, inside)
        controlled = np.array([key in self.signals for key in self.keys], dtype=np.bool_)
        yields = np.array([key in minor for key in self.keys], dtype=np.bool_)
        right_hand = np.array([road.rule == "RHT" for road in roads], dtype=np.bool_)
        road_number = np.unique([road.id for road in roads], return_inverse=True)[1] if roads else np.empty(0, np.int64)
        self.graph = LaneGraph(
            np.ascontiguousarray(point[:, :4]), first, length, after, *sides, inside, _endless(after, sides),
            _remains(after, length),
            crossings_of(point, first, length, after, inside, road_number, controlled, yields, right_hand, self._prior),
        )  # fmt: skip

    def _prior(self, first: int, second: int) -> bool:
        """Whether a junction of the map gives the road of one lane priority over that of another."""
        return (self.keys[first][0], self.keys[second][0]) in self._priorities

    def _after(self) -> Any:
        after = np.full((len(self.keys), 6), -1, dtype=np.int64)
        for i, key in enumerate(self.keys):
            found = list(dict.fromkeys(self._onwards(key)))[:6]
            after[i, : len(found)] = found
        return after

    def _onwards(self, key: Key, tiny: int = 0) -> list[int]:
        """Where traffic goes on from a lane; sections too short to be lanes of their own are passed over."""
        found = []
        for onward in self._linked(key):
            if onward in self.number:
                found.append(self.number[onward])
            elif tiny < 4 and self._is_tiny(onward):
                found += self._onwards(onward, tiny + 1)
        return found

    def _is_tiny(self, key: Key) -> bool:
        section = self.network.roads[key[0]].lane_sections[key[1]]
        return section.end - section.s < 4 * _NARROW and key[2] in section.lanes

    def _linked(self, key: Key) -> list[Key]:
        road_id, number, lane_id = key
        network = self.network
        sections = network.roads[road_id].lane_sections
        lane = sections[number].lanes[lane_id]
        sense = network.frame(road_id).direction(lane)
        if 0 <= number + sense < len(sections):
            to = lane.successor if sense > 0 else lane.predecessor
            return [(road_id, number + sense, to if to is not None else lane_id)]
        found = []
        for road, to in network.successors(road_id, lane_id):
            ahead = network.roads[road].lane_sections
            for end in {0, len(ahead) - 1}:
                other = ahead[end].lanes.get(to)
                forward = other is not None and network.frame(road).direction(other) > 0
                if other is not None and end == (0 if forward else len(ahead) - 1):
                    found.append((road, end, to))
        return found

    def _hand_on(self, signs: dict[Key, Sign], after: Any, inside: Any) -> dict[Key, Sign]:
        """What stands at the end of a lane counts for the paths behind it."""
        found = {key: sign for key, sign in signs.items() if inside[self.number[key]]}
        for key, sign in signs.items():
            for to in after[self.number[key]].tolist():
                if to >= 0 and inside[to] and not inside[self.number[key]]:
                    found.setdefault(self.keys[to], sign)
        return found

    def _sides(self) -> tuple[Any, Any, Any, Any]:
        """Lanes to the left and right in driving direction, and whether one may change there."""
        count = len(self.keys)
        beside = np.full((2, count), -1, dtype=np.int64)
        may = np.zeros((2, count), dtype=np.bool_)
        for i, (road_id, number, lane_id) in enumerate(self.keys):
            section, frame = self.network.roads[road_id].lane_sections[number], self.network.frame(road_id)
            lane = section.lanes[lane_id]
            sense = frame.direction(lane)
            for side, step in ((0, sense), (1, -sense)):
                other = self.number.get((road_id, number, lane_id + step))
                if other is not None and frame.direction(section.lanes[lane_id + step]) == sense:
                    beside[side, i] = other
                    inner = lane_id if abs(lane_id) < abs(lane_id + step) else lane_id + step
                    may[side, i] = _may_cross(section.lanes[inner], step)
        return beside[0], beside[1], may[0], may[1]

    def leading_to(self, roads: set[str]) -> NDArray[np.bool_]:
        """(L,) lanes of some roads, and the paths through junctions that lead to these."""
        graph = self.graph
        wished = np.array([key[0] in roads for key in self.keys], dtype=np.bool_)
        for _ in range(4 if roads else 0):
            wished |= graph.inside & ((graph.after >= 0) & wished[graph.after]).any(axis=1)
        return wished

    def find(self, x: float, y: float, heading: float, height: float) -> tuple[int, float] | None:
        """Lane under a point for traffic with this heading, and metres along it; None off the drivable lanes."""
        points = self.graph.point
        along = np.cos(points[:, 2] - heading)
        away = np.hypot(points[:, 0] - x, points[:, 1] - y) + 2.0 * (1.0 - along)
        away[(along < 0.5) | (np.abs(self._heights - height) > _STOREY)] = np.inf
        if not len(away) or away.min() > _REACH:
            return None
        nearest = int(np.argmin(away))
        lane = int(np.searchsorted(self.graph.first, nearest, side="right")) - 1
        first, last = self.graph.first[lane], self.graph.first[lane + 1] - 1
        return lane, (nearest - first) / (last - first) * float(self.graph.length[lane])


_KNOWN: WeakKeyDictionary[RoadNetwork, Lanes] = WeakKeyDictionary()


def lanes_of(network: RoadNetwork) -> Lanes:
    """The lanes of a network, made once."""
    if network not in _KNOWN:
        _KNOWN[network] = Lanes(network)
    return _KNOWN[network]


def _centre(network: RoadNetwork, road: Road, section: LaneSection, lane: Lane) -> tuple[F64, float] | None:
    """(n, 5) x, y, heading, highest speed, height along a lane's centre as traffic drives, and its length."""
    frame = network.frame(road.id)
    stations = np.linspace(section.s, section.end - 1e-6, max(3, int((section.end - section.s) / 0.5) + 2))
    if frame.direction(lane) < 0:
        stations = stations[::-1]
    rows: list[tuple[float, float, float, float]] = []
    for s in stations.tolist():
        point, span = frame.lane_point(s, lane.id, 0.0), frame.lane_span(s, lane.id)
        if point is None or span is None or abs(span[1] - span[0]) < LEAST_WIDTH:
            if rows:
                break
            continue
        limit = network.speed_limit(road.id, s, lane.id) or TOWN_SPEED
        rows.append((point.x, point.y, point.z, min(limit, UNLIMITED)))
    raw = np.array(rows).reshape(-1, 4)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(raw[:, :2], axis=0).T))]) if len(raw) else np.zeros(1)
    length = float(along[-1])
    if length < _NARROW:
        return None
    even = np.linspace(0.0, length, max(2, math.ceil(length / _SPACING) + 1))
    x, y, z, limit = (np.interp(even, along, column) for column in raw.T)
    heading = np.unwrap(np.arctan2(np.gradient(y), np.gradient(x)))
    bend = np.abs(np.gradient(heading, even)) if len(even) > 2 else np.zeros(len(even))
    speed = np.minimum(limit, np.sqrt(CURVE_ACCELERATION / np.maximum(bend, 1e-3)))
    return np.column_stack([x, y, heading, speed, z]), length


def _may_cross(inner: Lane, step: int) -> bool:
    """Whether the line between two lanes may be crossed towards higher (step 1) or lower lane ids."""
    if not inner.road_marks:
        return True
    mark = inner.road_marks[0]
    allowed = mark.lane_change in ("both", "increase" if step > 0 else "decrease")
    return allowed and ("broken" in mark.type or mark.type in ("none", "botts dots"))


def _endless(after: Any, sides: tuple[Any, Any, Any, Any]) -> Any:
    """Lanes on which one never has to stop: those that lead only to the end of a road are taken away."""
    endless = np.ones(len(after), dtype=np.bool_)
    left, right, may_left, may_right = sides
    for _ in range(len(after) + 1):
        ahead = ((after >= 0) & endless[after]).any(axis=1)
        aside = ((left >= 0) & may_left & ahead[left]) | ((right >= 0) & may_right & ahead[right])
        kept = endless & (ahead | aside)
        if (kept == endless).all():
            break
        endless = kept
    return endless


def _remains(after: Any, length: Any) -> Any:
    """Metres that lanes and those straight behind them go on; inf where that is for ever."""
    remains = np.full(len(after), np.inf)
    for _ in range(len(after) + 1):
        onward = np.where(after >= 0, remains[after], 0.0).max(axis=1, initial=0.0)
        if (length + onward == remains).all():
            break
        remains = length + onward
    return remains


def signs_of(network: RoadNetwork, keys: list[Key], *, dynamic: bool) -> dict[Key, Sign]:
    """Lanes that end at, or are, paths under a signal: its id, and the heading of the road that it stands on.

    Which way a signal faces counts only where it does not name its lanes: maps made with RoadRunner, as CARLA's towns,
    name them, and turn the orientation of references round.

    Args:
        dynamic: traffic lights; else signs that take the right of way (Vienna convention: yield 205, stop 206).
    """
    known = {}
    for road in network.roads.values():
        for signal in road.signals:
            wanted = signal.dynamic if dynamic else signal.type in ("205", "206")
            if wanted:
                known[signal.id] = network.world_from_road(road.id, signal.s, signal.t).heading
    found: dict[Key, Sign] = {}
    for key in keys:
        road_id, number, lane_id = key
        road, section = network.roads[road_id], network.roads[road_id].lane_sections[number]
        sense = network.frame(road_id).direction(section.lanes[lane_id])
        signs: list[Signal | SignalReference] = [*road.signals, *road.signal_references]
        for sign in signs:
            faces = sign.orientation not in ("+", "-") or (sign.orientation == "+") == (sense > 0)
            named = any(min(r) <= lane_id <= max(r) for r in sign.lanes) if sign.lanes else faces
            if sign.id in known and named and _counts_here(road, section, sign.s, sense):
                found[key] = (sign.id, known[sign.id])
    return found


def _counts_here(road: Road, section: LaneSection, s: float, sense: int) -> bool:
    """Paths of a junction are under their signals as a whole, other roads where the signal stands near their end."""
    if road.junction is not None:
        return True
    at_end = section.end >= road.length - 1e-6 if sense > 0 else section.s <= 1e-6
    return at_end and (road.length - s if sense > 0 else s) < 15.0
