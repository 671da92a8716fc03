"""All traffic drivers of a world decide together, once a tick; each actor's controller asks for its share."""

from __future__ import annotations

import math
from typing import Any
from weakref import WeakKeyDictionary

import numba as nb
import numpy as np

from drivesim.behaviors.driver import COMFORT_DECELERATION, MINIMUM_GAP
from drivesim.behaviors.traffic.changes import ROOM, SHORTEST, consider_changes
from drivesim.behaviors.traffic.deadlock import break_deadlocks
from drivesim.behaviors.traffic.junctions import (
    SIGNAL_GO,
    SIGNAL_NONE,
    SIGNAL_STOP,
    register,
    settle_junctions,
)
from drivesim.behaviors.traffic.lanes import CURVE_ACCELERATION, LaneGraph, lanes_of
from drivesim.behaviors.traffic.oncoming import find_wide, stands_against, wait_before, way_past, yield_to_oncoming
from drivesim.behaviors.traffic.passages import next_junction, offset_of, train_length
from drivesim.behaviors.traffic.paths import drop_passed, extend, locate, look_along, middle, sample, speed_along, steer
from drivesim.behaviors.traffic.squeeze import (
    FARTHEST,
    STILL,
    creeping,
    free_way,
    gains,
    halting,
    holds,
    looks_back,
    note_patience,
)
from drivesim.behaviors.traffic.state import ANTICIPATION, State, car_following, new_state, slowing
from drivesim.behaviors.traffic.stoplines import set_back
from drivesim.behaviors.traffic.swept import Sweeps, shape_row, sweeps_of
from drivesim.errors import ScenarioError
from drivesim.streams import stream_key
from drivesim.types import Light
from drivesim.world import VehicleControl, World
from drivesim.world.boxes import CX, LENGTH, WIDTH, poses_of
from drivesim.world.signals import AMBER, GREEN, RED, group_of, shown

FACTOR_SPREAD = 0.1
"""Standard deviation of what drivers make of a speed limit, cut at 20 % (SUMO's speedFactor "normc(1,0.1,0.2,2)" for
passenger cars, narrowed to both sides alike)."""
_RETURN = 1.5 * CURVE_ACCELERATION
"""m/s2 across up to which a driver who has left its path steers back: half more than bends are planned with."""
_BLINKERS = int(Light.LEFT_BLINKER | Light.RIGHT_BLINKER)


class Fleet:
    """The traffic drivers of one world."""

    def __init__(self, world: World) -> None:
        if world.network is None or not world.network.roads:
            raise ScenarioError("driver 'traffic' needs roads, and the scenario has no map", element="Property driver",
                                remedy="give the scenario a LogicFile, or choose the driver 'following'")  # fmt: skip
        self.lanes = lanes_of(world.network)
        graph = self.lanes.graph
        self.state = new_state(len(world.actors), len(graph.length))
        self.state.back[:] = graph.crossings.back
        self._wished = np.zeros((len(world.actors), len(graph.length)), dtype=np.bool_)
        self._walks = np.array([actor.kind == "pedestrian" for actor in world.actors])
        self._time = -math.inf
        self._asked = np.zeros(len(world.actors), dtype=np.bool_)
        self._lights = [
            (self.lanes.number[key], name, group_of(heading)) for key, (name, heading) in self.lanes.signals.items()
        ]
        self._lit = np.full(len(graph.length), SIGNAL_NONE)
        self._shapes: list[tuple[float, ...]] = []
        self._sweeps: Sweeps | None = None

    def control(self, world: World, actor: int, dt: float) -> VehicleControl:
        """What one of the drivers does in the coming step."""
        state = self.state
        if world.time != self._time:
            state.driven[:] &= self._asked
            self._asked[:] = False
            self._decide(world, dt)
            self._time = world.time
        self._asked[actor] = True
        if not state.driven[actor]:
            if not self._enrol(world, actor):
                return VehicleControl(-COMFORT_DECELERATION, 0.0)
            self._decide(world, 0.0)
        lamps = (0, Light.LEFT_BLINKER, Light.RIGHT_BLINKER)[int(state.blinks[actor])]
        world.lights[0, actor] = int(world.lights[0, actor]) & ~_BLINKERS | int(lamps)
        return VehicleControl(float(state.acceleration[actor]), float(state.steering[actor]))

    def _enrol(self, world: World, actor: int) -> bool:
        """Find the lane of a driver; False beside all of them."""
        state, graph = self.state, self.lanes.graph
        poses = poses_of(world.position[0], world.orientation[0])
        x, y = middle(world.boxes[0], poses, actor)
        found = self.lanes.find(x, y, float(poses[actor, 3]), float(poses[actor, 2]))
        if found is None:
            return False
        lane, s = found
        name = world.actors[actor].name
        if state.key[actor] == 0:
            state.key[actor] = stream_key(world.seed, "traffic", name, "route")
            chance = np.random.Generator(np.random.Philox(key=stream_key(world.seed, "traffic", name, "driver")))
            state.factor[actor] = 1.0 + FACTOR_SPREAD * float(np.clip(chance.normal(), -2.0, 2.0))
        self._wished[actor] = self.lanes.leading_to(set(world.routes.get(actor, ())))
        state.route[actor, 0], state.count[actor], state.s[actor] = lane, 1, s
        state.granted[actor] = 1 if graph.inside[lane] else 0
        state.aside[actor] = 0.0, 0.0, 1.0
        locate(graph, state, actor, x, y)
        point = graph.point[graph.first[lane] : graph.first[lane + 1]]
        nearest = point[int(np.argmin(np.hypot(point[:, 0] - x, point[:, 1] - y)))]
        left = (y - nearest[1]) * math.cos(nearest[2]) - (x - nearest[0]) * math.sin(nearest[2])
        span = max(20.0 * math.sqrt(abs(left)), 3.0 * float(world.speed[0, actor]), 1.0)
        state.aside[actor] = left, state.s[actor], span
        self._take_shape(world, actor)
        state.driven[actor] = True
        state.waited[actor], state.changed[actor] = 0.0, 0.0
        return True

    def _take_shape(self, world: World, actor: int) -> None:
        """Note how long a driver's vehicle is with its trailers, and what room it takes on every lane."""
        state, boxes = self.state, world.boxes[0]
        state.leader[state.leader == actor] = np.flatnonzero(state.leader == actor)
        trailers: list[tuple[float, float, Any]] = []
        reach, tow = boxes[actor, CX], actor
        state.tail[actor] = 0.5 * boxes[actor, LENGTH]
        while tow in world.hitched:
            tow, hitch, coupler = world.hitched[tow]
            state.leader[tow] = actor
            trailers.append((hitch, coupler, boxes[tow]))
            reach += coupler - hitch
            state.tail[actor] = reach - boxes[tow, CX] + 0.5 * boxes[tow, LENGTH]
        row = shape_row(boxes[actor], world.limits[0, actor], trailers)
        if row not in self._shapes:
            self._shapes.append(row)
            graph = self.lanes.graph
            made = sweeps_of(np.array([row]), graph.point, graph.first, graph.length, graph.after, graph.inside)
            self.state.back[:] = np.maximum(self.state.back, set_back(graph, made, 0))
            known = self._sweeps
            self._sweeps = made if known is None else Sweeps(*map(np.concatenate, zip(known, made, strict=True)))
        state.shape[actor] = self._shapes.index(row)

    def _decide(self, world: World, dt: float) -> None:
        if self._sweeps is None:
            return  # nobody has joined yet
        for lane, name, group in self._lights:
            seen = shown(name, group, world.signals, world.time)
            self._lit[lane] = SIGNAL_STOP if seen & (RED | AMBER) else SIGNAL_GO if seen & GREEN else SIGNAL_NONE
        _decide(
            dt, self.lanes.graph, self.state, self._sweeps, self._lit, self._wished, self._walks, world.boxes[0],
            poses_of(world.position[0], world.orientation[0]), world.present[0], world.speed[0], world.velocity[0],
            world.angular_velocity[0, :, 2], world.limits[0],
        )  # fmt: skip


_FLEETS: WeakKeyDictionary[World, Fleet] = WeakKeyDictionary()


def fleet_of(world: World) -> Fleet:
    """The traffic of a world, made when the first driver joins it."""
    if world not in _FLEETS:
        _FLEETS[world] = Fleet(world)
    return _FLEETS[world]


class TrafficDriver:
    """Drives one vehicle as part of the traffic: along its lanes, by limits, lights and the right of way.

    Raises:
        ScenarioError: the world has no roads.
    """

    def __init__(self, world: World) -> None:
        self._fleet = fleet_of(world)

    def step(self, world: World, actor: int, dt: float) -> VehicleControl:
        """Acceleration and steering for the coming step."""
        return self._fleet.control(world, actor, dt)


@nb.njit(cache=True)
def _decide(
    dt: float, graph: LaneGraph, state: State, sweeps: Sweeps, lit: Any, wished: Any, walks: Any, boxes: Any,
    poses: Any, present: Any, speed: Any, velocity: Any, spin: Any, limits: Any,
) -> None:  # fmt: skip
    """One tick of all drivers."""
    actors = len(present)
    for i in range(actors):
        if not (state.driven[i] and present[i]):
            state.driven[i] = False
            continue
        x, y = middle(boxes, poses, i)
        if not locate(graph, state, i, x, y):
            state.driven[i] = False
            continue
        drop_passed(graph, state, i, state.tail[i] + 2.0)
        extend(graph, state, sweeps, i, wished[i])
        state.reach[i] = sample(graph, state, sweeps, i, state.route[i], state.count[i], state.s[i], state.aside[i],
                                state.path[i])  # fmt: skip
        state.waited[i] = state.waited[i] + dt if abs(speed[i]) < 0.1 else 0.0
        note_patience(state, i, speed[i] * dt)
        find_wide(state, i, 0.5 * boxes[i, WIDTH])
    for i in range(actors):
        if state.driven[i]:
            look_along(state, i, boxes, poses, present, walks, velocity, spin)
            state.acceleration[i] = _longitudinal(graph, state, sweeps, i, boxes, poses, present, speed, velocity,
                                                  limits[i].max_speed)  # fmt: skip
    register(state)
    settle_junctions(dt, graph, state, sweeps, boxes, poses, present, speed, velocity, lit)
    break_deadlocks(graph, state, sweeps, boxes, poses, present, speed, velocity, lit)
    consider_changes(dt, graph, state, sweeps, boxes, poses, present, speed, velocity, limits)
    for i in range(actors):
        if state.driven[i]:
            state.steering[i] = steer(state.path[i], state.reach[i], poses[i], boxes[i], speed[i],
                                      sweeps.shape[state.shape[i]])  # fmt: skip


@nb.njit(cache=True)
def _longitudinal(
    graph: LaneGraph, state: State, sweeps: Sweeps, i: int, boxes: Any, poses: Any, present: Any, speed: Any,
    velocity: Any, fastest: float,
) -> float:  # fmt: skip
    """m/s2: limits, bends, the end of the road, and whoever is ahead."""
    path, v = state.path[i], speed[i]
    wanted, front = min(path[0, 3], fastest), 0.5 * boxes[i, LENGTH]
    rate = _on_its_own(graph, state, i, boxes, poses, v, fastest, sweeps.shape[state.shape[i]])
    first, _ = next_junction(graph, state, i, train_length(state, boxes, i))
    entry = offset_of(graph, state, i, first) - state.s[i] - front if first >= 0 else np.inf
    yields, of_moving, past = yield_to_oncoming(graph, state, i, boxes, poses, present, speed)
    held, free = _beside(state, sweeps, i, boxes, poses, present, speed, past)
    rate = min(rate, held)
    for k in range(state.met[i]):
        j, gap = state.touched[i, k], state.touch[i, k]
        if speed[j] < STILL and gains(free, gap):
            rate = min(rate, creeping(v, free))
            continue
        theirs = speed_along(path, int(gap + front), velocity[j])
        if gap > entry and state.driven[state.leader[j]] and speed[j] > 1.0 and theirs < 0.7 * speed[j]:
            continue  # crosses beyond a junction that is not the driver's own yet: settled there
        rate = min(rate, car_following(v, wanted, gap, v - theirs))
    if yields < np.inf and gains(free, 0.0):
        yields = min(of_moving, creeping(v, free))
    return min(rate, yields)


@nb.njit(cache=True)
def _on_its_own(
    graph: LaneGraph, state: State, i: int, boxes: Any, poses: Any, speed: float, fastest: float, shape: Any
) -> float:
    """m/s2 that limits, bends and the end of the road ask for."""
    path, reach = state.path[i], state.reach[i]
    rate = car_following(speed, min(path[0, 3], fastest), np.inf, 0.0)
    for k in range(min(reach, int(speed * speed / (2.0 * ANTICIPATION)) + 5)):
        rate = min(rate, slowing(speed, min(path[k, 3], fastest), float(k), ANTICIPATION))
    rate = min(rate, _hold_line(speed, steer(path, reach, poses[i], boxes[i], speed, shape), shape[3]))
    if reach < len(path):
        end = reach - 1.0 - 0.5 * boxes[i, LENGTH] - MINIMUM_GAP
        last = state.route[i, state.count[i] - 1]
        if graph.endless[last] and graph.remains[last] < np.inf:
            end -= SHORTEST + ROOM  # it goes on beside: one waits where one still can change to it
        rate = min(rate, slowing(speed, 0.0, end, COMFORT_DECELERATION))
    return rate


@nb.njit(cache=True)
def _beside(
    state: State, sweeps: Sweeps, i: int, boxes: Any, poses: Any, present: Any, speed: Any, past: float
) -> tuple[float, float]:
    """m/s2 because of those whom the body or its tail would touch, and metres that one gets by creeping past them.

    Nobody creeps up to somebody who stands against it without getting by: it would be in the other's way.

    Args:
        past: metres to be past those who stand against the driver, as far as they are known.
    """
    rate, before = np.inf, np.inf
    for k in range(state.met[i]):
        j, gap = state.leader[state.touched[i, k]], state.touch[i, k]
        if speed[j] < STILL and gap < FARTHEST and stands_against(state, i, gap, j, boxes, poses):
            past = max(past, way_past(state, i, j, poses))
            before = min(before, wait_before(state, i, j, boxes, speed[i]))
    free, careful, state.beside[i] = 0.0, state.careful[i] > 0.0, -1
    if careful or looks_back(state, i, boxes, poses):
        looked = max(FARTHEST, min(past, state.reach[i] - 1.0)) if careful else FARTHEST
        free, beside, who = free_way(state, i, sweeps.shape[state.shape[i]], boxes, poses, present, looked)
        state.beside[i] = state.leader[who] if holds(beside) else -1
        rate = halting(speed[i], beside) if beside < looked else rate
        free = free if careful and (past == 0.0 or free == looked) else 0.0
    return min(rate, before) if free == 0.0 else rate, free


@nb.njit(cache=True)
def _hold_line(speed: float, steering: float, wheelbase: float) -> float:
    """m/s2 so as not to be faster than the bend allows that the driver has to steer to get back to its path."""
    bend = abs(math.tan(steering)) / wheelbase
    return slowing(speed, math.sqrt(_RETURN / max(bend, 1e-6)), 0.0, ANTICIPATION)
