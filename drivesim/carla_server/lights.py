"""Traffic lights of a map: one after the other in each junction, with CARLA's default times (10 s green, 3 s yellow,
2 s all red; CARLA documentation, "Traffic lights")."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from drivesim.carla_server.records import NOWHERE, TrafficLight, Trigger
from drivesim.carla_server.wire import Description
from drivesim.opendrive import RoadNetwork
from drivesim.simulators.carla.frames import Transform, carla_from_pose, pose_from_carla
from drivesim.transforms import Pose

RED, YELLOW, GREEN, OFF = range(4)
_TRIGGER = (1.5, 0.0, 1.0)
"""Half length along the road and half height of where vehicles stop for a light, m."""
TRAFFIC_LIGHT_TYPE = "1000001"
"""OpenDRIVE signal type of a traffic light (ASAM OpenDRIVE 1.8, signal catalogue of the country "OpenDRIVE")."""


def working_signals(network: RoadNetwork) -> Iterator[tuple[str, str, Transform]]:
    """Id, controlling group and place of every traffic light of the map."""
    controller = {signal: name for name, signals in network.map.controllers.items() for signal in signals}
    for road in network.roads.values():
        for signal in road.signals:
            if not signal.dynamic or not signal.type.startswith(TRAFFIC_LIGHT_TYPE):
                continue
            point = network.world_from_road(road.id, signal.s, signal.t)
            facing = point.heading + signal.h_offset + (math.pi if signal.orientation == "+" else 0.0)
            pose = Pose.from_ypr((point.x, point.y, point.z + signal.z_offset), (facing, 0.0, 0.0))
            yield signal.id, controller.get(signal.id, signal.id), carla_from_pose(pose)


def stopping_place(network: RoadNetwork, signal: str) -> tuple[Pose, float] | None:
    """``world_from_stop`` in the middle of the driving lanes that a signal is for, where they pass it, x ahead, and
    half their width, m; None where no such lane is."""
    for road in network.roads.values():
        for own in road.signals:
            if own.id != signal:
                continue
            ahead = {"+": (1,), "-": (-1,)}.get(own.orientation, (1, -1))
            lanes = [
                lane for lane in network.lanes(road.id, own.s)
                if network.lane_type(road.id, lane, own.s) == "driving"
                and network.lane_direction(road.id, lane, own.s) in ahead
            ]  # fmt: skip
            if not lanes:
                return None
            points = [network.world_from_lane(road.id, lane, own.s) for lane in lanes]
            x, y, z = (sum(getattr(point, axis) for point in points) / len(points) for axis in "xyz")
            width = sum(network.lane_width(road.id, lane, own.s) for lane in lanes)
            return Pose.from_ypr((x, y, z), (points[0].heading, 0.0, 0.0)), width / 2.0
    return None


def traffic_lights(network: RoadNetwork, first_id: int) -> list[TrafficLight]:
    """A record for each; lights of one controller are green together, controllers of a junction take turns."""
    found = list(working_signals(network))
    junction_of = _junctions(network)
    turns: dict[str, list[str]] = {}
    for _, controller, _ in found:
        group = turns.setdefault(junction_of.get(controller, controller), [])
        if controller not in group:
            group.append(controller)
    numbers = {junction: number for number, junction in enumerate(turns)}
    lights = []
    for offset, (signal, controller, place) in enumerate(found):
        junction = junction_of.get(controller, controller)
        phase = turns[junction].index(controller)
        stop = stopping_place(network, signal)
        lights.append(TrafficLight(
            first_id + offset, Description(0, "traffic.traffic_light"), place=place, signal=signal,
            trigger=_trigger(place, *stop) if stop else NOWHERE,
            group=numbers[junction], phase=phase, state=GREEN if phase == 0 else RED,
        ))  # fmt: skip
    return lights


def _trigger(place: Transform, stop: Pose, half: float) -> Trigger:
    """Where vehicles stop for a light, in its own axes of CARLA's."""
    location, rotation = carla_from_pose(pose_from_carla(place).inverse() @ stop)
    x, y, z = location
    return (x, y, z + _TRIGGER[2]), (_TRIGGER[0], half, _TRIGGER[2]), rotation


def _junctions(network: RoadNetwork) -> dict[str, str]:
    """The junction that each controller's signals lead into, by the roads these stand on."""
    place: dict[str, str] = {}
    for road in network.roads.values():
        ends = [
            link.element_id for link in (road.predecessor, road.successor) if link and link.element_type == "junction"
        ]
        junction = road.junction or (ends[0] if ends else None)
        for signal in road.signals:
            if junction is not None:
                place[signal.id] = junction
    return {
        name: place[signals[0]] for name, signals in network.map.controllers.items() if signals and signals[0] in place
    }


class Stops:
    """Where vehicles stop for lights.

    Args:
        lights: of the map; they stand where they are.
    """

    def __init__(self, lights: Sequence[TrafficLight]) -> None:
        self._lights = [light for light in lights if light.trigger != NOWHERE]
        boxes = [
            pose_from_carla(light.place) @ pose_from_carla((light.trigger[0], light.trigger[2]))
            for light in self._lights
        ]
        self._middle = np.array([box.translation for box in boxes]).reshape(-1, 3)
        self._rotation = np.array([box.rotation for box in boxes]).reshape(-1, 3, 3)
        self._half = np.array([light.trigger[1] for light in self._lights]).reshape(-1, 3)
        self._radius = np.linalg.norm(self._half, axis=1)

    def __bool__(self) -> bool:
        return bool(self._lights)

    def lights_at(self, points: NDArray[np.float64]) -> list[TrafficLight | None]:
        """The light in whose place each of N bodies is, by K points (N, K, 3) of it, right-handed."""
        found: list[TrafficLight | None] = [None] * len(points)
        if not self._lights or not len(points):
            return found
        middle = points[:, len(points[0]) // 2]
        reach = np.sqrt(((points - middle[:, None]) ** 2).sum(axis=-1).max(axis=-1))
        apart = ((middle[:, None, :2] - self._middle[:, :2]) ** 2).sum(axis=-1)
        rows, lights = np.nonzero(apart <= (reach[:, None] + self._radius) ** 2)
        away = points[rows] - self._middle[lights, None]
        inside = (np.abs(np.einsum("pki,pij->pkj", away, self._rotation[lights])) <= self._half[lights, None]).all(-1)
        for row, light in zip(rows[hits := inside.any(-1)].tolist(), lights[hits].tolist(), strict=True):
            found[row] = found[row] or self._lights[light]
        return found


class Programme:
    """Advances all lights of a map.

    A group's turn is green, yellow, then red for everyone; then the next has its turn. Lights that a client froze or
    set stay; resetting a group starts it anew.
    """

    def __init__(self, lights: Sequence[TrafficLight]) -> None:
        self._groups: dict[int, list[TrafficLight]] = {}
        for light in lights:
            self._groups.setdefault(light.group, []).append(light)
        self._turn = dict.fromkeys(self._groups, 0)
        self._elapsed = dict.fromkeys(self._groups, 0.0)

    def group(self, light: TrafficLight) -> list[TrafficLight]:
        return self._groups[light.group]

    def reset(self, group: int) -> None:
        self._turn[group], self._elapsed[group] = 0, 0.0

    def step(self, dt: float) -> None:
        for number, lights in self._groups.items():
            if any(light.frozen for light in lights):
                continue
            self._elapsed[number] += dt
            on = [light for light in lights if light.phase == self._turn[number]]
            times = on[0].times
            passed = self._elapsed[number]
            if passed >= times.green + times.yellow + times.red:
                phases = 1 + max(light.phase for light in lights)
                self._turn[number], self._elapsed[number] = (self._turn[number] + 1) % phases, 0.0
                on, passed = [light for light in lights if light.phase == self._turn[number]], 0.0
            state = GREEN if passed < times.green else YELLOW if passed < times.green + times.yellow else RED
            for light in lights:
                light.state = state if light in on else RED
                light.times.elapsed = passed
