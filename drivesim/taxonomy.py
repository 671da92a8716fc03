"""Semantic classes: CARLA 0.9.16's 29 city-object tags and what other datasets call them.

Source of ids and colours: CARLA 0.9.16 documentation, "Semantic segmentation camera". nuScenes names and indices:
nuScenes category and lidarseg tables (32 classes), nuscenes-devkit 1.2.0.
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType

import numpy as np


class Tag(IntEnum):
    """What a surface belongs to. Values are CARLA's ids."""

    UNLABELED = 0
    ROADS = 1
    SIDEWALKS = 2
    BUILDING = 3
    WALL = 4
    FENCE = 5
    POLE = 6
    TRAFFIC_LIGHT = 7
    TRAFFIC_SIGN = 8
    VEGETATION = 9
    TERRAIN = 10
    SKY = 11
    PEDESTRIAN = 12
    RIDER = 13
    CAR = 14
    TRUCK = 15
    BUS = 16
    TRAIN = 17
    MOTORCYCLE = 18
    BICYCLE = 19
    STATIC = 20
    DYNAMIC = 21
    OTHER = 22
    WATER = 23
    ROAD_LINE = 24
    GROUND = 25
    BRIDGE = 26
    RAIL_TRACK = 27
    GUARD_RAIL = 28


PALETTE = np.array(
    [
        (0, 0, 0),
        (128, 64, 128),
        (244, 35, 232),
        (70, 70, 70),
        (102, 102, 156),
        (190, 153, 153),
        (153, 153, 153),
        (250, 170, 30),
        (220, 220, 0),
        (107, 142, 35),
        (152, 251, 152),
        (70, 130, 180),
        (220, 20, 60),
        (255, 0, 0),
        (0, 0, 142),
        (0, 0, 70),
        (0, 60, 100),
        (0, 80, 100),
        (0, 0, 230),
        (119, 11, 32),
        (110, 190, 160),
        (170, 120, 50),
        (55, 90, 80),
        (45, 60, 150),
        (157, 234, 50),
        (81, 0, 81),
        (150, 100, 100),
        (230, 150, 140),
        (180, 165, 180),
    ],
    dtype=np.uint8,
)
"""sRGB colour of each tag, (29, 3) uint8."""

NUSCENES_CATEGORIES: tuple[str, ...] = (
    "noise",
    "animal",
    "human.pedestrian.adult",
    "human.pedestrian.child",
    "human.pedestrian.construction_worker",
    "human.pedestrian.personal_mobility",
    "human.pedestrian.police_officer",
    "human.pedestrian.stroller",
    "human.pedestrian.wheelchair",
    "movable_object.barrier",
    "movable_object.debris",
    "movable_object.pushable_pullable",
    "movable_object.trafficcone",
    "static_object.bicycle_rack",
    "vehicle.bicycle",
    "vehicle.bus.bendy",
    "vehicle.bus.rigid",
    "vehicle.car",
    "vehicle.construction",
    "vehicle.emergency.ambulance",
    "vehicle.emergency.police",
    "vehicle.motorcycle",
    "vehicle.trailer",
    "vehicle.truck",
    "flat.driveable_surface",
    "flat.other",
    "flat.sidewalk",
    "flat.terrain",
    "static.manmade",
    "static.other",
    "static.vegetation",
    "vehicle.ego",
)
"""nuScenes lidarseg categories; the position is the lidarseg index."""

NUSCENES_INDEX = MappingProxyType({name: i for i, name in enumerate(NUSCENES_CATEGORIES)})

_TAG_TO_NUSCENES: dict[Tag, str] = {
    Tag.UNLABELED: "noise",
    Tag.ROADS: "flat.driveable_surface",
    Tag.SIDEWALKS: "flat.sidewalk",
    Tag.BUILDING: "static.manmade",
    Tag.WALL: "static.manmade",
    Tag.FENCE: "static.manmade",
    Tag.POLE: "static.manmade",
    Tag.TRAFFIC_LIGHT: "static.manmade",
    Tag.TRAFFIC_SIGN: "static.manmade",
    Tag.VEGETATION: "static.vegetation",
    Tag.TERRAIN: "flat.terrain",
    Tag.SKY: "noise",
    Tag.PEDESTRIAN: "human.pedestrian.adult",
    Tag.RIDER: "vehicle.bicycle",
    Tag.CAR: "vehicle.car",
    Tag.TRUCK: "vehicle.truck",
    Tag.BUS: "vehicle.bus.rigid",
    Tag.TRAIN: "static.other",
    Tag.MOTORCYCLE: "vehicle.motorcycle",
    Tag.BICYCLE: "vehicle.bicycle",
    Tag.STATIC: "static.other",
    Tag.DYNAMIC: "movable_object.debris",
    Tag.OTHER: "static.other",
    Tag.WATER: "flat.other",
    Tag.ROAD_LINE: "flat.driveable_surface",
    Tag.GROUND: "flat.other",
    Tag.BRIDGE: "static.manmade",
    Tag.RAIL_TRACK: "flat.other",
    Tag.GUARD_RAIL: "static.manmade",
}

LIDARSEG_FROM_TAG = np.array([NUSCENES_INDEX[_TAG_TO_NUSCENES[tag]] for tag in Tag], dtype=np.uint8)
"""nuScenes lidarseg index of each tag, (29,) uint8, for surfaces that belong to no actor."""

_ACTOR_CATEGORY: dict[str, tuple[Tag, str]] = {
    "car": (Tag.CAR, "vehicle.car"),
    "van": (Tag.CAR, "vehicle.car"),
    "truck": (Tag.TRUCK, "vehicle.truck"),
    "semitrailer": (Tag.TRUCK, "vehicle.trailer"),
    "trailer": (Tag.TRUCK, "vehicle.trailer"),
    "bus": (Tag.BUS, "vehicle.bus.rigid"),
    "motorbike": (Tag.MOTORCYCLE, "vehicle.motorcycle"),
    "bicycle": (Tag.BICYCLE, "vehicle.bicycle"),
    "train": (Tag.TRAIN, "static.other"),
    "tram": (Tag.TRAIN, "static.other"),
    "pedestrian": (Tag.PEDESTRIAN, "human.pedestrian.adult"),
    "wheelchair": (Tag.PEDESTRIAN, "human.pedestrian.wheelchair"),
    "animal": (Tag.DYNAMIC, "animal"),
    "barrier": (Tag.STATIC, "movable_object.barrier"),
    "building": (Tag.BUILDING, "static.manmade"),
    "obstacle": (Tag.STATIC, "movable_object.debris"),
    "none": (Tag.OTHER, "static.other"),
    "pole": (Tag.POLE, "static.manmade"),
    "tree": (Tag.VEGETATION, "static.vegetation"),
    "vegetation": (Tag.VEGETATION, "static.vegetation"),
}
"""OpenSCENARIO vehicle, pedestrian and misc-object category to tag and nuScenes category."""

_BY_MODEL: tuple[tuple[str, tuple[Tag, str]], ...] = (
    *((word, (Tag.DYNAMIC, "human.pedestrian.stroller")) for word in ("pram", "stroller", "pushchair", "buggy")),
    *(
        (word, (Tag.DYNAMIC, "movable_object.pushable_pullable"))
        for word in ("walking_frame", "walkingframe", "rollator", "trolley", "cart", "bin")
    ),
    ("cone", (Tag.STATIC, "movable_object.trafficcone")),
    ("wheelchair", (Tag.DYNAMIC, "movable_object.pushable_pullable")),
    ("dog", (Tag.DYNAMIC, "animal")),
    ("ball", (Tag.DYNAMIC, "movable_object.debris")),
)
"""What a word in the model's name says of an obstacle or of a thing without a category. A wheelchair that is a thing is
empty: CARLA's class Dynamic names wheelchairs, nuScenes' pushable_pullable is what a pedestrian may push; who sits in
one is of the pedestrian category ``wheelchair``."""

CHILD_STATURE_LIMIT = 1.45
"""Pedestrians below this bounding-box height, metres, are `human.pedestrian.child` when no age is given
(50th percentile stature at age 11, CDC growth charts 2000)."""


def _classes(category: str, model: str) -> tuple[Tag, str]:
    if category in ("obstacle", "none", "external"):
        words = model.lower()
        for word, classes in _BY_MODEL:
            if word in words:
                return classes
    return _ACTOR_CATEGORY.get(category, (Tag.OTHER, "static.other"))


def tag_of(category: str, model: str = "") -> Tag:
    """The semantic tag of an OpenSCENARIO entity category; OTHER where the standard's list has no match.

    Args:
        model: name of its model, which says what an ``obstacle`` is.
    """
    return _classes(category, model)[0]


def nuscenes_category(category: str, *, height: float, age: float | None = None, model: str = "") -> str:
    """The nuScenes category of an entity.

    Args:
        category: OpenSCENARIO vehicle/pedestrian/misc-object category.
        height: bounding-box height, metres.
        age: years, if the scenario gives it; people below 14 are children.
        model: name of its model, which says what an ``obstacle`` is.
    """
    name = _classes(category, model)[1]
    if name == "human.pedestrian.adult":
        is_child = age < 14 if age is not None else height < CHILD_STATURE_LIMIT
        return "human.pedestrian.child" if is_child else name
    return name
