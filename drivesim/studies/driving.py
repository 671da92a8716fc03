"""How well a vehicle drove, by the criteria of SafeBench and of the CARLA leaderboard.

All are pure functions of the run's states and the map:

- *off road*: share of the way driven with the box's centre off every drivable lane.
- *lane invasions*: as CARLA's lane invasion sensor counts them: ticks in which a corner of the box came over a painted
  line, outside junctions. A whole lane change is up to four, one for each corner.
- *red lights*: stop lines that the vehicle's front came over, as the light is meant, while it showed red.
- *route completion*: :mod:`drivesim.studies.course`.
- *driving score*: route completion times the penalties of :data:`PENALTIES` and (1 - off road), in percent.

Not counted, as the simulator has no rule for them: stop signs, timeouts, yielding to emergency vehicles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numba as nb
import numpy as np

from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.ground import (
    IS_DRIVABLE,
    LANE_ID,
    SECTION,
    edges,
    ground_of,
    lane_point,
    locate,
    section_at,
)
from drivesim.opendrive.stops import BEFORE_LINE, stopping_places
from drivesim.studies.course import Course
from drivesim.types import F64, BoundingBox
from drivesim.world.signals import RED, group_of, shown

PENALTIES: Mapping[str, float] = {"pedestrian": 0.5, "vehicle": 0.6, "misc": 0.65, "red light": 0.7}
"""Factor for each, of the CARLA leaderboard 2.0 (``statistics_manager.py``, ``PENALTY_VALUE_DICT``)."""
TIME, X, Y, YAW, VX, VY = range(6)
"""Columns of a track: s, m, m, rad, m/s, m/s; of the reference point, in the world."""
_JUMP = 10.0
"""Metres; who moved farther in a tick was put there (as CARLA's lane invasion sensor has it)."""
_UNPAINTED = frozenset({"none", "grass", "curb", "edge"})
"""Types of road marks that are no lines."""


@dataclass(frozen=True, slots=True)
class Driving:
    """How well a vehicle drove; definitions in :mod:`drivesim.studies.driving`.

    Attributes:
        duration: s. distance: driven, m.
        off_road: 0 .. 1; NaN without a map.
        route_completion: 0 .. 1; driving_score: 0 .. 100; both NaN where the scenario gives no course.
        max_longitudinal_acceleration, max_lateral_acceleration: the largest, either way, m/s2.
        max_yaw_rate: the largest, either way, rad/s.
    """

    duration: float
    distance: float
    red_lights: int
    off_road: float
    lane_invasions: int
    route_completion: float
    max_longitudinal_acceleration: float
    max_lateral_acceleration: float
    max_yaw_rate: float
    driving_score: float


def driving_of(
    track: F64, box: BoundingBox, network: RoadNetwork, *,
    signals: Sequence[Mapping[str, str]] = (), course: Course | None = None, hit: str = "",
) -> Driving:  # fmt: skip
    """Judge a run.

    Args:
        track: (K, 6), columns :data:`TIME` and so on, a row per tick.
        signals: what the scenario said of the map's signals, per tick; empty where it never said anything.
        hit: kind of actor (:class:`drivesim.types.Actor`) that was touched in the last tick, whose blow does not count
            as acceleration; empty for nobody.
    """
    if not len(track):
        return Driving(0.0, 0.0, 0, math.nan, 0, math.nan, 0.0, 0.0, 0.0, math.nan)
    steps = np.hypot(np.diff(track[:, X]), np.diff(track[:, Y]))
    steps[steps > _JUMP] = 0.0
    off_road, invasions = on_the_lanes(track, box, network)
    red = red_lights(track, box, network, signals)
    completion = course.completion(track[:, [X, Y]]) if course is not None else math.nan
    lengthwise, sideways, turning = accelerations(track[:-1] if hit else track)
    return Driving(
        duration=float(track[-1, TIME]),
        distance=float(steps.sum()),
        red_lights=red,
        off_road=off_road,
        lane_invasions=invasions,
        route_completion=completion,
        max_longitudinal_acceleration=lengthwise,
        max_lateral_acceleration=sideways,
        max_yaw_rate=turning,
        driving_score=driving_score(completion, hit=hit, red=red, off_road=off_road),
    )


def driving_score(completion: float, *, hit: str = "", red: int = 0, off_road: float = 0.0) -> float:
    """Of the CARLA leaderboard, 0 .. 100; NaN where ``completion`` is."""
    factor = PENALTIES[hit] if hit else 1.0
    factor *= PENALTIES["red light"] ** red
    return 100.0 * completion * factor * (1.0 - (0.0 if math.isnan(off_road) else off_road))


def accelerations(track: F64) -> tuple[float, float, float]:
    """Largest longitudinal and lateral acceleration, m/s2, and yaw rate, rad/s, from tick to tick."""
    if len(track) < 2:
        return 0.0, 0.0, 0.0
    elapsed = np.diff(track[:, TIME])
    turn = np.diff(np.unwrap(track[:, YAW]))
    heading = track[:-1, YAW] + 0.5 * turn
    along, across = np.cos(heading), np.sin(heading)
    ax, ay = np.diff(track[:, VX]) / elapsed, np.diff(track[:, VY]) / elapsed
    found = (ax * along + ay * across, ay * along - ax * across, turn / elapsed)
    stayed = np.hypot(np.diff(track[:, X]), np.diff(track[:, Y])) <= _JUMP
    lengthwise, sideways, turning = (float(np.abs(values[stayed]).max(initial=0.0)) for values in found)
    return lengthwise, sideways, turning


def on_the_lanes(track: F64, box: BoundingBox, network: RoadNetwork) -> tuple[float, int]:
    """Share of the way off road, and lane invasions; NaN and 0 without a map."""
    ground = ground_of(network)
    if ground is None:
        return math.nan, 0
    points = _points(track, box)
    under, along = _lanes_under(ground, points)
    moved = np.hypot(np.diff(points[:, :, 0], axis=0), np.diff(points[:, :, 1], axis=0))
    off = under[1:, 0, 3] == 0
    steps = np.where(moved[:, 0] <= _JUMP, moved[:, 0], 0.0)
    way = float(steps.sum())
    share = float(steps[off].sum()) / way if way > 0.0 else float(under[-1, 0, 3] == 0)
    before, after = under[:-1, 1:], under[1:, 1:]
    same = (before[:, :, 0] == after[:, :, 0]) & (before[:, :, 1] == after[:, :, 1]) & (after[:, :, 0] >= 0)
    crossed = same & (before[:, :, 2] != after[:, :, 2]) & (moved[:, 1:] <= _JUMP)
    invaded = set()
    for tick, corner in np.argwhere(crossed).tolist():
        road, section, slot = after[tick, corner, :3].tolist()
        section -= int(ground.roads[road, SECTION])
        if _painted(network, road, section, int(before[tick, corner, 2]), slot, float(along[tick + 1, corner + 1])):
            invaded.add(tick)
    return share, len(invaded)


def _points(track: F64, box: BoundingBox) -> F64:
    """(K, 5, 2) centre and corners of the box."""
    x, y = box.center[0], box.center[1]
    half, side = 0.5 * box.length, 0.5 * box.width
    local = np.array(
        [(x, y), *((x + u * half, y + v * side) for u, v in ((1, 1), (1, -1), (-1, -1), (-1, 1)))],
    )  # fmt: skip
    c, s = np.cos(track[:, YAW])[:, None], np.sin(track[:, YAW])[:, None]
    return np.stack(
        [track[:, X, None] + c * local[:, 0] - s * local[:, 1], track[:, Y, None] + s * local[:, 0] + c * local[:, 1]],
        axis=2,
    )


@nb.njit(cache=True)
def _lanes_under(g: Any, points: Any) -> tuple[Any, Any]:
    """Road row (-1: none), section row, lane id and whether it is on a drivable lane, of points (K, P, 2); s of each.

    Beside all lanes the id is that of a lane beyond the outermost one.
    """
    under = np.zeros((points.shape[0], points.shape[1], 4), np.int64)
    along = np.zeros((points.shape[0], points.shape[1]))
    for p in range(points.shape[1]):
        road, s = -1, 0.0
        for k in range(points.shape[0]):
            x, y = points[k, p, 0], points[k, p, 1]
            road, s, t, lane = locate(g, x, y, road, s)
            along[k, p] = s
            under[k, p, 0] = road
            if road < 0 or lane < 0:
                continue
            section = section_at(g, road, s)
            inner, outer = edges(g, road, section, lane, s)
            number = g.lanes[lane, LANE_ID]
            sign = 1 if number > 0 else -1
            inside = True
            if (t - outer) * sign > 1e-9:
                number, inside = number + sign, False
            elif (inner - t) * sign > 1e-9:  # the road has no lanes on the other side
                number, inside = -sign, False
            if inside and (s <= 0.0 or s >= g.lengths[road]):
                foot = lane_point(g, road, s, t, lane)
                inside = math.hypot(foot[0] - x, foot[1] - y) < 0.01
            under[k, p, 1], under[k, p, 2] = section, number
            under[k, p, 3] = 1 if inside and g.lanes[lane, IS_DRIVABLE] else 0
    return under, along


def _painted(network: RoadNetwork, row: int, number: int, first: int, second: int, s: float) -> bool:
    """Whether there is a line between two lanes of a road outside junctions."""
    road = tuple(network.roads.values())[row]
    if road.junction is not None:
        return False
    low, high = min(first, second), max(first, second)
    section = road.lane_sections[number]
    for lane in (*range(low + 1, min(high, 0) + 1), *range(max(low, 1), high)):
        marks = section.lanes[lane].road_marks if lane in section.lanes else ()
        here = [mark.type for mark in marks if section.s + mark.s_offset <= s]
        if here and here[-1] not in _UNPAINTED:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Light:
    name: str
    group: int
    x: float
    y: float
    heading: float
    half_width: float


_LIGHTS: WeakKeyDictionary[RoadNetwork, tuple[_Light, ...]] = WeakKeyDictionary()


def _lights(network: RoadNetwork) -> tuple[_Light, ...]:
    """A map's traffic lights, each where its stop line is."""
    if network not in _LIGHTS:
        groups = {
            signal.id: group_of(network.world_from_road(road.id, signal.s, signal.t).heading)
            for road in network.roads.values() for signal in road.signals if signal.dynamic
        }  # fmt: skip
        found = []
        for name, place in (stopping_places(network) if groups else {}).items():
            if name in groups:
                x, y, _ = (float(value) for value in place.pose.apply((BEFORE_LINE, 0.0, 0.0)))
                found.append(_Light(name, groups[name], x, y, float(place.pose.ypr[0]), place.half_width))
        _LIGHTS[network] = tuple(found)
    return _LIGHTS[network]


def red_lights(
    track: F64, box: BoundingBox, network: RoadNetwork, signals: Sequence[Mapping[str, str]] = ()
) -> int:  # fmt: skip
    """Ticks in which the front came over a stop line all of whose lights showed red."""
    ahead = box.center[0] + 0.5 * box.length
    front_x = track[:, X] + ahead * np.cos(track[:, YAW])
    front_y = track[:, Y] + ahead * np.sin(track[:, YAW])
    if len(track) < 2:
        return 0
    reds: dict[int, bool] = {}
    for light in _lights(network):
        c, s = math.cos(light.heading), math.sin(light.heading)
        along = (front_x - light.x) * c + (front_y - light.y) * s
        over = (along[:-1] < 0.0) & (along[1:] >= 0.0) & (np.diff(along) <= _JUMP)
        for tick in (np.flatnonzero(over) + 1).tolist():
            across = (front_y[tick] - light.y) * c - (front_x[tick] - light.x) * s
            if abs(across) > light.half_width or math.cos(track[tick, YAW] - light.heading) < 0.5:
                continue
            said = signals[tick] if signals else {}
            red = bool(shown(light.name, light.group, said, float(track[tick, TIME])) & RED)
            reds[tick] = reds.get(tick, True) and red
    return sum(reds.values())
