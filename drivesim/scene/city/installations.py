"""What the map itself says stands at the road: signs, signals, barriers, poles and trees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.model import Road, RoadObject, Signal
from drivesim.opendrive.road import RoadFrame
from drivesim.scene.city import furniture, plants
from drivesim.scene.city.parts import Finish, boxes, tube
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

SPEED_LIMIT_TYPES = {"274", "maxspeed", "R2-1"}
"""Speed-limit signs in the catalogues of Germany (StVO), CARLA's maps and the USA (MUTCD)."""
TRAFFIC_LIGHT_TYPES = {"1000001", "1000002", "1000011"}
"""OpenDRIVE's country-independent traffic-light codes."""
PAINTED = {"crosswalk", "parkingSpace", "roadMark", "patch"}
"""Object types without a body: the road mesh paints them."""


def installations(network: RoadNetwork, random: np.random.Generator) -> Iterator[Mesh]:
    """Every signal and object with a body, in map order."""
    for road in network.roads.values():
        frame = network.frame(road.id)
        for signal in road.signals:
            yield _signal(signal).placed(_place(frame, signal.s, signal.t, 0.0, _facing(signal)))
        for item in road.objects:
            if item.type not in PAINTED:
                yield from _object(item, road, frame, random)


def _facing(signal: Signal) -> float:
    return signal.h_offset + (np.pi if signal.orientation == "-" else 0.0)


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


def _object(item: RoadObject, road: Road, frame: RoadFrame, random: np.random.Generator) -> Iterator[Mesh]:
    lines = [repeat for repeat in item.repeats if repeat.distance == 0.0]
    for repeat in lines:
        stations = np.linspace(repeat.s, min(repeat.s + repeat.length, road.length), max(2, int(repeat.length / 4)))
        start = item.t if repeat.t_start is None else repeat.t_start
        end = start if repeat.t_end is None else repeat.t_end
        sides = np.interp(stations, stations[[0, -1]], [start, end])
        ground = [frame.point(float(s), float(t)) for s, t in zip(stations, sides, strict=True)]
        height = repeat.height_start or item.height or 0.75
        yield furniture.guard_rail(np.array([(p.x, p.y, p.z) for p in ground]), height)
    for repeat in item.repeats:
        if repeat.distance > 0.0:
            for s in np.arange(repeat.s, min(repeat.s + repeat.length, road.length), repeat.distance):
                t = item.t if repeat.t_start is None else repeat.t_start
                yield _body(item, random).placed(_place(frame, float(s), t, item.z_offset, item.hdg))
    if not item.repeats:
        yield _body(item, random).placed(_place(frame, item.s, item.t, item.z_offset, item.hdg))


def _body(item: RoadObject, random: np.random.Generator) -> Mesh:
    """An object's shape by type; a grey block of its stated size where the type says nothing more."""
    height = item.height or 1.0
    if item.type in {"tree", "vegetation"}:
        return plants.tree(random, max(height, 2.0), 1500)
    if item.type == "streetLamp":
        return furniture.street_lamp(max(height, 3.0))
    if item.type == "pole":
        radius = item.radius or 0.06
        return tube([[0, 0, 0], [0, 0, max(height, 0.5)]], [radius, radius], furniture.POLE)
    length, width = item.length or 2 * (item.radius or 0.5), item.width or 2 * (item.radius or 0.5)
    tag = Tag.BUILDING if item.type == "building" else Tag.STATIC
    block = Finish(MaterialId.CONCRETE, linear_rgb("#9a9890"), tag)
    return boxes((-length / 2, -width / 2, 0), (length / 2, width / 2, height), block)
