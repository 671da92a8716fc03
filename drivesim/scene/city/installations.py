"""The signs and signals of a map, and everything else that it says stands at its roads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.model import Signal
from drivesim.opendrive.road import RoadFrame
from drivesim.opendrive.stops import StoppingPlace, stopping_places
from drivesim.scene.city import furniture
from drivesim.scene.city.map_objects import bodies
from drivesim.scene.city.model import Thing
from drivesim.transforms import Pose

SPEED_LIMIT_TYPES = {"274", "maxspeed", "R2-1"}
"""Speed-limit signs in the catalogues of Germany (StVO), CARLA's maps and the USA (MUTCD)."""
TRAFFIC_LIGHT_TYPES = {"1000001", "1000002", "1000011"}
"""OpenDRIVE's country-independent traffic-light codes."""


def installations(network: RoadNetwork, random: np.random.Generator) -> Iterator[Thing]:
    """Every signal, then every object with a body, in map order."""
    stops = stopping_places(network)
    for road in network.roads.values():
        frame = network.frame(road.id)
        for signal in road.signals:
            facing = _facing(signal, frame.point(signal.s, signal.t).heading, stops.get(signal.id))
            yield _signal(signal).placed(_place(frame, signal.s, signal.t, 0.0, facing))
    yield from bodies(network, random)


def _facing(signal: Signal, heading: float, stop: StoppingPlace | None) -> float:
    """Turn of a signal against its road's heading, so that those it is for see its front.

    What lanes it is for decides where a map says it; CARLA's towns turn signals by ``hOffset`` alone.
    """
    facing = signal.h_offset + (np.pi if signal.orientation == "-" else 0.0)
    if stop is None or not signal.lanes:
        return facing
    ahead = np.array((np.cos(heading + facing), np.sin(heading + facing)))
    return facing if ahead @ stop.pose.rotation[:2, 0] >= 0.0 else facing + np.pi


def _place(frame: RoadFrame, s: float, t: float, z: float, heading: float) -> Pose:
    point = frame.point(s, t)
    return Pose.from_ypr([point.x, point.y, point.z + z], [point.heading + heading, 0, 0])


def _signal(signal: Signal) -> Mesh:
    if signal.dynamic or signal.type in TRAFFIC_LIGHT_TYPES:
        return furniture.traffic_light(max(signal.z_offset, 2.5) + 0.95)
    number = signal.subtype if signal.subtype.isdigit() else f"{signal.value or 0:.0f}"
    if signal.type in SPEED_LIMIT_TYPES and number != "0":
        return furniture.speed_limit_sign(number, max(signal.z_offset, 1.5))
    return furniture.generic_sign(max(signal.z_offset, 1.5))
