"""Between CARLA's left-handed axes (x forward, y right, z up; degrees) and ISO 8855 (x forward, y left, z up; radians).

Mirroring the y axis turns yaw and pitch about and leaves roll as it is: CARLA's positive yaw is clockwise seen from
above, its positive pitch lifts the nose, its positive roll lowers the right side (CARLA Python API reference,
``carla.Rotation``), where ISO 8855 turns counter-clockwise, lowers the nose, and lowers the right side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.transforms import Pose

F64 = NDArray[np.float64]

Vector = tuple[float, float, float]
Transform = tuple[Vector, Vector]
"""Location x, y, z in m and rotation pitch, yaw, roll in degrees, both in CARLA's left-handed axes."""


def pose_from_carla(transform: Transform) -> Pose:
    """``world_from_...`` of a CARLA transform."""
    (x, y, z), (pitch, yaw, roll) = transform
    return Pose.from_ypr((x, -y, z), np.radians((-yaw, -pitch, roll)))


def carla_from_pose(pose: Pose) -> Transform:
    x, y, z = pose.translation.tolist()
    return (x, -y, z), rotation_from_ypr(pose.ypr)


def rotation_from_ypr(ypr: ArrayLike) -> Vector:
    """CARLA's pitch, yaw, roll in degrees."""
    yaw, pitch, roll = np.degrees(np.asarray(ypr, dtype=np.float64)).tolist()
    return -pitch, -yaw, roll


def mirrored(vector: ArrayLike) -> Vector:
    """A position or velocity in the other system; the same both ways."""
    x, y, z = np.asarray(vector, dtype=np.float64).tolist()
    return x, -y, z


def turned(rates: ArrayLike) -> Vector:
    """Angular velocity in the other system: an axial vector, so x and z turn about and y does not; degrees/s from rad/s
    is left to the caller."""
    x, y, z = np.asarray(rates, dtype=np.float64).tolist()
    return -x, y, -z
