"""Rigid transforms in right-handed ISO 8855 frames (x forward, y left, z up), float64.

Names read ``a_from_b``: multiplying a point in frame b gives the point in frame a. Angles are radians;
yaw, pitch, roll turn about z, then y, then x (positive pitch is nose down). Quaternions are (w, x, y, z).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def rotation_from_ypr(ypr: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) of yaw, pitch, roll (..., 3), R = Rz(yaw) Ry(pitch) Rx(roll)."""
    angles = np.asarray(ypr, dtype=np.float64)
    if angles.shape == (3,):  # by far the most frequent; ten times as fast without arrays of arrays
        return _one_rotation(*angles.tolist())
    cy, cp, cr = np.moveaxis(np.cos(angles), -1, 0)
    sy, sp, sr = np.moveaxis(np.sin(angles), -1, 0)
    rows = [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _one_rotation(yaw: float, pitch: float, roll: float) -> Array:
    cy, cp, cr = math.cos(yaw), math.cos(pitch), math.cos(roll)
    sy, sp, sr = math.sin(yaw), math.sin(pitch), math.sin(roll)
    return np.array([
        cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr,
        sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr,
        -sp, cp * sr, cp * cr,
    ]).reshape(3, 3)  # fmt: skip


def ypr_from_rotation(rotation: ArrayLike) -> Array:
    """Yaw, pitch, roll (..., 3) of rotation matrices (..., 3, 3); pitch in [-pi/2, pi/2]."""
    r = np.asarray(rotation, dtype=np.float64)
    if r.shape == (3, 3):
        (a, _, _), (b, _, _), (c, d, e) = r.tolist()
        return np.array([math.atan2(b, a), math.asin(min(1.0, max(-1.0, -c))), math.atan2(d, e)])
    yaw = np.arctan2(r[..., 1, 0], r[..., 0, 0])
    pitch = np.arcsin(np.clip(-r[..., 2, 0], -1.0, 1.0))
    roll = np.arctan2(r[..., 2, 1], r[..., 2, 2])
    return np.stack([yaw, pitch, roll], axis=-1)


def rotation_from_quaternion(quaternion: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4) in (w, x, y, z); they are normalised first."""
    q = np.asarray(quaternion, dtype=np.float64)
    w, x, y, z = np.moveaxis(q / np.linalg.norm(q, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_rotation(rotation: ArrayLike) -> Array:
    """Unit quaternion (4,) in (w, x, y, z) with w >= 0 of one rotation matrix (3, 3)."""
    r = np.asarray(rotation, dtype=np.float64)
    trace = np.trace(r)
    diagonal = np.array([trace, r[0, 0], r[1, 1], r[2, 2]])
    pivot = int(np.argmax(diagonal))
    q = np.empty(4)
    if pivot == 0:
        q[:] = 1 + trace, r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]
    else:
        i, j, k = pivot - 1, pivot % 3, (pivot + 1) % 3
        q[0] = r[k, j] - r[j, k]
        q[1 + i] = 1 + r[i, i] - r[j, j] - r[k, k]
        q[1 + j] = r[j, i] + r[i, j]
        q[1 + k] = r[k, i] + r[i, k]
    q /= np.linalg.norm(q)
    return q if q[0] >= 0 else -q


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A rigid transform ``a_from_b``: where frame b is, seen from frame a.

    Attributes:
        translation: (3,) float64, metres.
        rotation: (3, 3) float64, columns are b's axes in a.
    """

    translation: Array
    rotation: Array

    @staticmethod
    def identity() -> Pose:
        return Pose(np.zeros(3), np.eye(3))

    @staticmethod
    def from_ypr(translation: ArrayLike, ypr: ArrayLike) -> Pose:
        return Pose(np.array(translation, dtype=np.float64), rotation_from_ypr(ypr))

    @staticmethod
    def from_quaternion(translation: ArrayLike, quaternion: ArrayLike) -> Pose:
        return Pose(np.array(translation, dtype=np.float64), rotation_from_quaternion(quaternion))

    @property
    def quaternion(self) -> Array:
        return quaternion_from_rotation(self.rotation)

    @property
    def ypr(self) -> Array:
        return ypr_from_rotation(self.rotation)

    @property
    def matrix(self) -> Array:
        """The 4 x 4 homogeneous matrix."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = self.translation
        return matrix

    def inverse(self) -> Pose:
        return Pose(-self.rotation.T @ self.translation, self.rotation.T)

    def __matmul__(self, other: Pose) -> Pose:
        return Pose(self.rotation @ other.translation + self.translation, self.rotation @ other.rotation)

    def apply(self, points: ArrayLike) -> Array:
        """Points (..., 3) of frame b, seen in frame a."""
        return np.asarray(points, dtype=np.float64) @ self.rotation.T + self.translation


def cross(a: Array, b: Array) -> Array:
    """Of two vectors (3,); eight times as fast as NumPy's, which takes any number of them."""
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return np.array((ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx))


def interpolate(start: Pose, end: Pose, fraction: float) -> Pose:
    """The pose a ``fraction`` of the way from ``start`` to ``end`` (slerp for the rotation)."""
    q0, q1 = start.quaternion, end.quaternion
    dot = float(q0 @ q1)
    if dot < 0:
        q1, dot = -q1, -dot
    angle = np.arccos(min(dot, 1.0))
    if angle < 1e-9:
        q: Any = q0
    else:
        q = (np.sin((1 - fraction) * angle) * q0 + np.sin(fraction * angle) * q1) / np.sin(angle)
    translation = (1 - fraction) * start.translation + fraction * end.translation
    return Pose.from_quaternion(translation, q)


def wrap_angle(angle: Any) -> Any:
    """Angle(s) in radians brought into [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi
