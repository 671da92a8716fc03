"""Surrounding traffic: sources let vehicles out, sinks take them in, swarms and areas keep their number up.

Vehicles go along their lanes, choose by chance at junctions and keep their distance (intelligent driver model); one
that has come to the end of the roads leaves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely

from drivesim.opendrive import LanePosition, RoadNetwork
from drivesim.openscenario.model import traffic as model
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.positions import Places, pose_of
from drivesim.openscenario.stock import Traffic
from drivesim.streams import stream
from drivesim.transforms import Pose
from drivesim.types import F64
from drivesim.world import World

_TRIES = 20
"""Places that are looked at for one vehicle in one tick."""
_ROOM = 5.0
"""Free metres that a new vehicle needs before and behind it."""
_TOWN_SPEED = 50 / 3.6
"""m/s where the map has no limit."""
_DRIVING = frozenset({"driving", "entry", "exit", "onRamp", "offRamp", "connectingRamp", "bidirectional"})
_GAP, _HEADWAY, _EASY, _SMOOTH = 2.0, 1.5, 2.0, 4.0
"""Intelligent driver model (Treiber, Hennecke & Helbing, Phys. Rev. E 62, 2000): standing gap, m; time headway, s;
comfortable braking, m/s2; exponent."""
_SIGHT = 120.0
"""Metres ahead within which others are kept a distance to."""


@dataclass
class _Running:
    """One traffic action at work."""

    name: str
    action: Traffic
    chance: np.random.Generator
    owed: float = 1.0
    placed: int = 0
    shape: shapely.Polygon | None = None
    out: set[str] = field(default_factory=set)


class TrafficControl:
    """All traffic of a run.

    Args:
        stocks: names of the actors that each traffic action can let out, by the action's identity.
    """

    def __init__(
        self, world: World, motions: Mapping[str, Motion], places: Places, stocks: Mapping[int, Sequence[str]]
    ) -> None:
        self.world, self.motions, self.places, self._stocks = world, motions, places, stocks
        self._running: list[_Running] = []
        self._wanted: dict[str, float] = {}
        self._count = 0

    @property
    def names(self) -> set[str]:
        """Of everything that traffic can let out."""
        return {name for names in self._stocks.values() for name in names}

    def start(self, action: model.TrafficAction) -> None:
        """Begin an action; a stop ends the one it names, or all."""
        if isinstance(action.traffic, model.TrafficStopAction):
            name = action.traffic_name
            self._running = [known for known in self._running if name is not None and known.name != name]
            return
        chance = stream(self.world.seed, "traffic", self._count)
        self._count += 1
        self._running.append(_Running(action.traffic_name or "", action.traffic, chance))

    def step(self, dt: float) -> None:
        """Let out and take in, then set the speeds of the coming tick."""
        for running in self._running:
            self._serve(running, dt)
        for name in list(self._wanted):
            if self.motions[name].ended:
                self._leave(name)
            else:
                self._drive(self.motions[name], dt)

    def _serve(self, running: _Running, dt: float) -> None:
        action = running.action
        running.owed += dt * (getattr(action, "rate", None) or 0.0)
        if isinstance(action, model.TrafficSourceAction):
            if running.owed >= 1.0 and self._let_out(running):
                running.owed -= 1.0
            running.owed = min(running.owed, 2.0)
        elif isinstance(action, model.TrafficSinkAction):
            self._take_in(running, action)
        elif isinstance(action, model.TrafficSwarmAction):
            self._swarm(running, action)
        elif isinstance(action, model.TrafficAreaAction):
            self._fill(running, action)

    def _take_in(self, running: _Running, action: model.TrafficSinkAction) -> None:
        centre = self.places.pose(action.position).translation
        for name in self._on_the_road():
            inside = math.dist(self._at(name), centre[:2].tolist()) <= action.radius
            if inside and (action.rate is None or running.owed >= 1.0):
                self._leave(name)
                running.owed -= 1.0
        running.owed = min(running.owed, 1.0)

    def _swarm(self, running: _Running, action: model.TrafficSwarmAction) -> None:
        ellipse = self._ellipse(action)
        for name in list(running.out):
            if not ellipse.contains(shapely.Point(self._at(name))):
                self._leave(name)
        running.shape = ellipse
        while len(running.out) < action.number_of_vehicles and self._let_out(running):
            pass

    def _ellipse(self, action: model.TrafficSwarmAction) -> shapely.Polygon:
        """Around the central object, ``offset`` ahead of it; its long axis points ahead."""
        motion = self.motions[action.central_object.entity_ref]
        turn = np.linspace(0.0, math.tau, 65)[:-1]
        along = action.semi_major_axis * np.cos(turn) + action.offset
        flat = np.column_stack([along, action.semi_minor_axis * np.sin(turn), np.zeros_like(turn)])
        return shapely.Polygon(motion.pose().apply(flat)[:, :2])

    def _fill(self, running: _Running, action: model.TrafficAreaAction) -> None:
        if running.shape is None and action.traffic_area.outline:
            corners = [self.places.pose(place).translation[:2] for place in action.traffic_area.outline]
            running.shape = shapely.Polygon(corners).convex_hull
        if running.shape is not None and action.continuous:
            for name in list(running.out):
                if not running.shape.contains(shapely.Point(self._at(name))):
                    self._leave(name)
        held = len(running.out) if action.continuous else running.placed
        while held < action.number_of_entities and self._let_out(running):
            held += 1

    def _let_out(self, running: _Running) -> bool:
        """One more entity somewhere free; False where there is no place or nobody is left."""
        free = [name for name in self._stocks.get(id(running.action), ()) if name not in running.out]
        if not free or self.world.network is None:
            return False
        motion = self.motions[free[int(running.chance.integers(len(free)))]]
        for _ in range(_TRIES):
            lane = self._somewhere(running)
            if lane is None or not self._has_room(lane, motion):
                continue
            point = self.world.network.world_from_lane(lane.road_id, lane.lane_id, lane.s)
            speed = self._first_speed(running, lane)
            self.world.place(motion.index, pose_of(point), speed)
            motion.arrive()
            motion.set_speed(speed)
            motion.route, motion.wander = (), running.chance
            self._wanted[motion.actor.name] = speed
            running.out.add(motion.actor.name)
            running.placed += 1
            return True
        return False

    def _somewhere(self, running: _Running) -> LanePosition | None:
        """A place on a lane where the action lets entities out, by chance."""
        network, action, chance = self.world.network, running.action, running.chance
        assert network is not None
        if isinstance(action, model.TrafficAreaAction) and action.traffic_area.ranges:
            spans = action.traffic_area.ranges
            return _in_range(network, spans[int(chance.integers(len(spans)))], chance)
        if isinstance(action, model.TrafficSourceAction):
            reach = action.radius * math.sqrt(float(chance.random()))
            turn = math.tau * float(chance.random())
            centre = self.places.pose(action.position).translation
            x, y = centre[0] + reach * math.cos(turn), centre[1] + reach * math.sin(turn)
        elif running.shape is not None:
            left, low, right, high = running.shape.bounds
            x, y = chance.uniform(left, right), chance.uniform(low, high)
            if not running.shape.contains(shapely.Point(x, y)):
                return None
        else:
            return None
        lane = network.lane_from_world(float(x), float(y))
        if lane is None or network.lane_type(lane.road_id, lane.lane_id, lane.s) not in _DRIVING:
            return None
        aside = abs(lane.offset) > network.lane_width(lane.road_id, lane.lane_id, lane.s) / 2
        if aside and not isinstance(action, model.TrafficSourceAction):
            return None
        if isinstance(action, model.TrafficSwarmAction) and not self._fits(action, lane, (float(x), float(y)), chance):
            return None
        return lane

    def _fits(
        self, action: model.TrafficSwarmAction, lane: LanePosition, at: tuple[float, float], chance: np.random.Generator
    ) -> bool:
        """Outside the inner circle, and going the way that the directions of travel allow."""
        centre, network = self.motions[action.central_object.entity_ref], self.world.network
        assert network is not None
        if math.dist(self._at(centre.actor.name), at) < action.inner_radius:
            return False
        shares = action.direction_of_travel_distribution
        if shares is None or shares.same + shares.opposite <= 0.0:
            return True
        heading = network.world_from_lane(lane.road_id, lane.lane_id, lane.s).heading
        same = math.cos(heading - float(self.world.orientation[0, centre.index, 0])) > 0.0
        most = max(shares.same, shares.opposite)
        return float(chance.random()) < (shares.same if same else shares.opposite) / most

    def _has_room(self, lane: LanePosition, motion: Motion) -> bool:
        assert self.world.network is not None
        point = self.world.network.world_from_lane(lane.road_id, lane.lane_id, lane.s)
        here, own = Pose.from_ypr((point.x, point.y, point.z), (point.heading, 0.0, 0.0)).inverse(), motion.actor.box
        for other in self.motions.values():
            if other is motion or not self.world.present[0, other.index]:
                continue
            x, y, _ = here.apply(self.world.position[0, other.index])
            reach = (own.length + other.actor.box.length) / 2 + _ROOM
            if abs(x) < reach and abs(y) < (own.width + other.actor.box.width) / 2 + 0.5:
                return False
        return True

    def _first_speed(self, running: _Running, lane: LanePosition) -> float:
        action, network = running.action, self.world.network
        assert network is not None
        if isinstance(action, model.TrafficSwarmAction) and action.initial_speed_range is not None:
            low, high = sorted((action.initial_speed_range.lower_limit, action.initial_speed_range.upper_limit))
            return float(running.chance.uniform(low, high))
        said = getattr(action, "speed", None)
        said = said if said is not None else getattr(action, "velocity", None)
        return said if said is not None else network.speed_limit(lane.road_id, lane.s, lane.lane_id) or _TOWN_SPEED

    def _on_the_road(self) -> list[str]:
        return [name for name in self._wanted if self.world.present[0, self.motions[name].index]]

    def _at(self, name: str) -> list[float]:
        x, y, _ = self.world.position[0, self.motions[name].index].tolist()
        return [x, y]

    def _leave(self, name: str) -> None:
        self.world.remove(self.motions[name].index)
        for running in self._running:
            running.out.discard(name)
        self._wanted.pop(name, None)

    def _drive(self, motion: Motion, dt: float) -> None:
        """The default driver of traffic."""
        performance, speed = motion.actor.performance, motion.speed
        wanted = self._wanted[motion.actor.name]
        most = performance.max_acceleration if performance is not None else 1.0
        gap, theirs = self._ahead(motion)
        rate = 1.0 - (speed / max(wanted, 0.1)) ** _SMOOTH
        if gap < _SIGHT:
            closing = speed * (speed - theirs) / (2.0 * math.sqrt(most * _EASY))
            rate -= ((_GAP + max(speed * _HEADWAY + closing, 0.0)) / max(gap, 0.1)) ** 2
        brakes = performance.max_deceleration if performance is not None else 5.0
        motion.next_speed = max(speed + min(max(most * rate, -brakes), most) * dt, 0.0)

    def _ahead(self, motion: Motion) -> tuple[float, float]:
        """Free metres to the next one in the way, and its speed along the own heading."""
        here, own = motion.pose(), motion.actor.box
        there: F64 = (self.world.position[0] - here.translation) @ here.rotation
        side = np.abs(there[:, 1]) < 0.5 * (own.width + self.world.boxes[0, :, 4]) + 0.3
        near = side & (there[:, 0] > 0.0) & (there[:, 0] < _SIGHT) & self.world.present[0]
        near[motion.index] = False
        if not near.any():
            return math.inf, 0.0
        index = int(np.flatnonzero(near)[np.argmin(there[near, 0])])
        other = self.world.actors[index].box
        front = own.center[0] + own.length / 2
        rear = other.center[0] - other.length / 2
        speed = float(self.world.velocity[0, index] @ here.rotation[:, 0])
        return float(there[index, 0]) - front + rear, speed


def _in_range(network: RoadNetwork, span: model.RoadRange, chance: np.random.Generator) -> LanePosition | None:
    """A place by chance between the cursors of a road range that lie on one road."""
    roads = list(dict.fromkeys(cursor.road_id for cursor in span.cursors))
    road = roads[int(chance.integers(len(roads)))]
    length = network.frame(road).length
    marks = [cursor for cursor in span.cursors if cursor.road_id == road]
    ends = [cursor.s for cursor in marks if cursor.s is not None]
    low = min(ends) if ends and span.cursors[0].road_id == road else 0.0
    high = max(ends) if ends and span.cursors[-1].road_id == road else length
    s = float(chance.uniform(low, max(high, low)))
    named = {lane.id for cursor in marks for lane in cursor.lanes}
    lanes = [lane for lane in network.lanes(road, s) if network.lane_type(road, lane, s) in _DRIVING]
    lanes = [lane for lane in lanes if not named or lane in named]
    return network.position(road, lanes[int(chance.integers(len(lanes)))], s) if lanes else None
