"""The shape of an undressed body: a table of corner meshes, multilinear between them (see data/README.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies.anthropometry import median_stature
from drivesim.scene.bodies.hand import fingers, relax

F64 = NDArray[np.float64]

BONES = [
    "pelvis",
    "lower_spine",
    "middle_spine",
    "upper_spine",
    "neck",
    "head",
    "left_clavicle",
    "left_upper_arm",
    "left_forearm",
    "left_hand",
    "left_fingers",
    "left_thigh",
    "left_shank",
    "left_foot",
    "left_toes",
    "right_clavicle",
    "right_upper_arm",
    "right_forearm",
    "right_hand",
    "right_fingers",
    "right_thigh",
    "right_shank",
    "right_foot",
    "right_toes",
]
"""Bones in the order of all (24, ...) arrays; the right side repeats the left one :data:`SIDE` places later."""

PELVIS, LOWER_SPINE, MIDDLE_SPINE, UPPER_SPINE, NECK, HEAD = range(6)
CLAVICLE, UPPER_ARM, FOREARM, HAND, FINGERS, THIGH, SHANK, FOOT, TOES = range(6, 15)
SIDE = 9

KEYPOINTS = [
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
]
"""COCO's 17 joints in COCO's order."""

YOUNG, OLD = 25.0, 85.0
"""Years that the adult and the elder corner stand for."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """An undressed body standing with its arms away from the trunk; x forward, y left, z up, soles at z = 0, m.

    Attributes:
        vertices: (V, 3); triangles: (T, 3); weights: (V, 24) rows sum to 1; eyeball: (V,) bool.
        joints: (24, 3) where each bone begins; keypoints: (17, 3) COCO; heels: (2, 3) left, right.
    """

    vertices: F64
    triangles: NDArray[np.int64]
    weights: F64
    eyeball: NDArray[np.bool_]
    joints: F64
    keypoints: F64
    heels: F64


@cache
def _table() -> dict[str, np.ndarray]:
    source = resources.files("drivesim.scene.bodies").joinpath("data/bodies.npz")
    with source.open("rb") as file:
        data = dict(np.load(file))
    data["corners"] = data["corners"].astype(np.float64) * data["scale"]
    dense = np.zeros((len(data["bones"]), len(BONES)))
    np.add.at(dense, (np.arange(len(dense))[:, None], data["bones"]), data["weights"].astype(np.float64))
    data["dense"] = dense / dense.sum(axis=1, keepdims=True)
    return data


@cache
def _hands() -> list[tuple[int, NDArray[np.int64], list[NDArray[np.int64]]]]:
    """Of both hands the side, all vertices, and those of each finger: the same for every shape."""
    data = _table()
    count = len(data["dense"])
    vertices, joints = data["corners"][2, 0, 1, 1, :count], data["corners"][2, 0, 1, 1, count:]
    found = []
    for side in (0, SIDE):
        palm = np.flatnonzero(data["dense"][:, [HAND + side, FINGERS + side]].sum(axis=1) > 0.5)
        wrist, knuckles = joints[HAND + side], joints[FINGERS + side]
        found.append((side, palm, fingers(vertices, data["triangles"].astype(np.int64), palm, wrist, knuckles)))
    return found


def _between(stack: F64, position: float) -> F64:
    """``stack`` interpolated along its first axis at ``position`` (0 .. length - 1)."""
    cell = int(np.clip(position, 0, len(stack) - 2))
    share = float(np.clip(position - cell, 0.0, 1.0))
    return stack[cell] + share * (stack[cell + 1] - stack[cell])


def _maturity(age: float, female: float) -> float:
    """Position on the age axis (0 infant, 1 child, 2 young adult, 3 elder) whose stature is that of ``age``."""
    if age >= YOUNG:
        return 2.0 + min((age - YOUNG) / (OLD - YOUNG), 1.0)
    data = _table()
    count = len(data["dense"])
    average = _between(np.moveaxis(data["corners"][:3, :, 1, 1], 1, 0), female)[:, :count, 2]
    statures = np.ptp(average, axis=1)
    return float(
        np.interp(median_stature(age, female) / median_stature(20.0, female) * statures[2], statures, [0, 1, 2])
    )


def shape(age: float, female: float, weight: float, muscle: float) -> Shape:
    """The body of a person.

    Args:
        age: years; female: 0 man .. 1 woman; weight: 0 thin .. 1 heavy; muscle: 0 slack .. 1 strong.
    """
    data = _table()
    by_gender = _between(data["corners"], _maturity(age, female))
    packed = _between(_between(_between(by_gender, female), 2.0 * weight), 2.0 * muscle)
    count = len(data["dense"])
    vertices, joints, keypoints = np.split(packed, [count, count + len(BONES)])
    for side, palm, hand in _hands():
        relax(vertices, hand, palm, joints[HAND + side], joints[FINGERS + side])
    names = [str(name) for name in data["keypoint_names"]]
    return Shape(
        vertices=vertices,
        triangles=data["triangles"].astype(np.int64),
        weights=data["dense"],
        eyeball=data["eyeball"],
        joints=joints,
        keypoints=keypoints[[names.index(name) for name in KEYPOINTS]],
        heels=keypoints[[names.index("left_heel"), names.index("right_heel")]],
    )
