"""Things of the city as CARLA counts them: each with its class and the box about it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from drivesim.mesh import Mesh
from drivesim.scene.surroundings import Surroundings
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose


class Thing(NamedTuple):
    """A thing, or the part of it that is of one class.

    Attributes:
        id: of the thing; parts share it in their lower 32 bits. tag: of its surfaces.
        pose: ``world_from_box``, in the middle. half: sizes, m.
    """

    id: int
    name: str
    tag: int
    pose: Pose
    half: tuple[float, float, float]


def things_of(street: Surroundings) -> list[Thing]:
    """Everything with an identity, in order of it."""
    found = []
    for instance, tag, low, high in _boxes(street.unique):
        if instance > 0:
            found.append(_thing(instance, tag, Pose(street.origin, np.eye(3)), low, high))
    shapes = {id(copy.shape): _boxes(copy.shape) for copy in street.copies}
    for copy in street.copies:
        found += [_thing(copy.instance, tag, copy.place, low, high) for _, tag, low, high in shapes[id(copy.shape)]]
    return sorted(found, key=lambda thing: (thing.id & 0xFFFFFFFF, thing.id))


def _thing(instance: int, tag: int, place: Pose, low: np.ndarray, high: np.ndarray) -> Thing:
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    pose = place @ Pose(middle, np.eye(3))
    x, y, z = (float(side) for side in half)
    return Thing(instance | tag << 32, f"{Tag(tag).name.title()}_{instance}", tag, pose, (x, y, z))


def _boxes(mesh: Mesh) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
    """Instance, class, least and greatest corner of every part of one class, in the mesh's own axes."""
    keys = mesh.instance.astype(np.int64) << 8 | mesh.semantic
    order = np.argsort(keys, kind="stable")
    if not len(order):
        return []
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    corners = mesh.vertices.astype(np.float64)[mesh.triangles[order]]
    low = np.minimum.reduceat(corners.min(axis=1), starts)
    high = np.maximum.reduceat(corners.max(axis=1), starts)
    found = keys[order][starts]
    return [(int(key >> 8), int(key & 255), low[i], high[i]) for i, key in enumerate(found.tolist())]
