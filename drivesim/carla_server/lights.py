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
from drivesim.opendrive.stops import StoppingPlace, guarded_junctions, stopping_places
from drivesim.simulators.carla.frames import Transform, carla_from_pose, pose_from_carla
from drivesim.transforms import Pose

RED, YELLOW, GREEN, OFF = range(4)
_LENGTH, _HEIGHT = 1.5, 1.0
"""Half of them, of the box in which vehicles stop for a light, m."""
TRAFFIC_LIGHT_TYPE = "1000001"
"""OpenDRIVE signal type of a traffic light (ASAM OpenDRIVE 1.8, signal catalogue of the country "OpenDRIVE")."""


def working_signals(network: RoadNetwork) -> Iterator[tuple[str, str, Transform]]:
    """Id, controlling group and place of every traffic light of the map; as CARLA's, they have their x axis across the
    road, whichever way they look."""
    controller = {signal: name for name, signals in network.map.controllers.items() for signal in signals}
    for road in network.roads.values():
        for signal in road.signals:
            if not signal.dynamic or not signal.type.startswith(TRAFFIC_LIGHT_TYPE):
                continue
            point = network.world_from_road(road.id, signal.s, signal.t)
            across = point.heading + signal.h_offset - 0.5 * math.pi
            pose = Pose.from_ypr((point.x, point.y, point.z + signal.z_offset), (across, 0.0, 0.0))
            yield signal.id, controller.get(signal.id, signal.id), carla_from_pose(pose)


def traffic_lights(network: RoadNetwork, first_id: int) -> list[TrafficLight]:
    """A record for each; lights of one controller are green together, controllers of a junction take turns."""
    found = list(working_signals(network))
    guarded = guarded_junctions(network)
    junction_of = {controller: guarded[signal] for signal, controller, _ in reversed(found) if signal in guarded}
    stops = stopping_places(network)
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
        stop = stops.get(signal)
        lights.append(TrafficLight(
            first_id + offset, Description(0, "traffic.traffic_light"), place=place, signal=signal,
            trigger=_trigger(place, stop) if stop else NOWHERE,
            group=numbers[junction], phase=phase, state=GREEN if phase == 0 else RED,
        ))  # fmt: skip
    return lights


def _trigger(place: Transform, stop: StoppingPlace) -> Trigger:
    """Where vehicles stop for a light, in its own axes of CARLA's: x across their lanes, y along them."""
    across = Pose.from_ypr((0.0, 0.0, 0.0), (-0.5 * math.pi, 0.0, 0.0))
    location, rotation = carla_from_pose(pose_from_carla(place).inverse() @ stop.pose @ across)
    x, y, z = location
    return (x, y, z + _HEIGHT), (stop.half_width, _LENGTH, _HEIGHT), rotation


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
