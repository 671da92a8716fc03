"""CARLA's cameras for surface normals and optical flow: one ray through the middle of every pixel."""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from drivesim.carla_server.cameras import picture_size, pinhole
from drivesim.carla_server.episode import Episode
from drivesim.carla_server.records import Record
from drivesim.carla_server.wire import SensorType, message
from drivesim.scene import Scene
from drivesim.scene.raycast import EVERYONE
from drivesim.scene.trace import Hits, nearest
from drivesim.sensors.camera.channels import seen_by
from drivesim.sensors.camera.gaze import Gaze
from drivesim.sensors.rig import VIEW_FROM_CAMERA
from drivesim.transforms import Pose

F64 = NDArray[np.float64]

NORMALS, FLOW = "sensor.camera.normals", "sensor.camera.optical_flow"
MOST_FLOW = 2.0
"""Largest motion between frames, half pictures (CARLA documentation, "Optical Flow camera": the range is [-2, 2])."""
_SKY = 1e7
"""How far away the sky is, m: only turning moves it."""


class PixelRays:
    """Takes pictures of normals and of motion; remembers where cameras were a frame ago."""

    def __init__(self) -> None:
        self._was: dict[int, tuple[int, int, Pose]] = {}

    def message(self, episode: Episode, record: Record, scene: Scene) -> bytes:
        """A camera's message of this frame."""
        width, height, fov = picture_size(record)
        pose = episode.pose(record)
        if record.blueprint == NORMALS:
            kind, pixels = SensorType.NORMALS_CAMERA, coloured_normals(_normals(pose, record, scene)).tobytes()
        else:
            kind = SensorType.OPTICAL_FLOW_CAMERA
            ahead = _directions(width, height, fov) @ pose.rotation.T
            hits = nearest(scene.rays, pose.translation - scene.rays.origin, ahead, 1.0, mask=EVERYONE)
            point = _points(hits, pose, ahead)
            before = point - np.where(np.isfinite(hits.distance), hits.velocity.T, 0.0).T * episode.delta
            half = math.tan(math.radians(fov) / 2.0) * np.array([1.0, height / width])
            pixels = flow(point, before, pose, self._pose_before(episode, record), half).tobytes()
        payload = struct.pack("<IIf", width, height, fov) + pixels
        return message(kind, episode.frame, episode.time, episode.place(record), payload)

    def _pose_before(self, episode: Episode, record: Record) -> Pose:
        """Where the camera was a frame ago: seen then, or else where what carries it was."""
        number, frame, pose = self._was.get(record.id, (0, -1, Pose.identity()))
        self._was[record.id] = episode.number, episode.frame, episode.pose(record)
        return pose if (number, frame) == (episode.number, episode.frame - 1) else episode.pose(record, episode.before)


def _directions(width: int, height: int, fov: float) -> F64:
    """(H * W, 3) through pixel centres, x ahead, y left, z up; the first component is 1."""
    focal = width / (2.0 * math.tan(math.radians(fov) / 2.0))
    y, x = np.mgrid[:height, :width] + 0.5
    left, up = (width / 2 - x) / focal, (height / 2 - y) / focal
    return np.stack([np.ones_like(x), left, up], axis=-1).reshape(-1, 3)


def _points(hits: Hits, pose: Pose, ahead: F64) -> F64:
    """Where rays end, world axes; the sky is far away."""
    distance = np.where(np.isfinite(hits.distance), hits.distance, _SKY).astype(np.float64)
    points: F64 = pose.translation + ahead * distance[:, None]
    return points


def _normals(pose: Pose, record: Record, scene: Scene) -> NDArray[np.float32]:
    """(N, 3) unit normals, world axes, as surfaces are shaded; zero where there is none."""
    device = pinhole(*picture_size(record))
    camera = pose @ Pose(np.zeros(3), VIEW_FROM_CAMERA)
    seen = seen_by(scene.rays, device, Gaze.at(camera), device.middle_rays())
    return (seen.normal @ camera.rotation.T).astype(np.float32)


def coloured_normals(normal: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(N, 4) blue, green, red, alpha of unit normals (N, 3): components along CARLA's world axes from -1 to 1 as 0 to
    255 of red, green and blue (carla#8810, in 0.9.16 by carla#8859); black where there is no surface."""
    pixels = np.zeros((len(normal), 4), dtype=np.uint8)
    code = np.rint((normal * (1.0, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
    pixels[:, :3] = np.where(normal.any(axis=1, keepdims=True), code[:, ::-1], 0)
    pixels[:, 3] = 255
    return pixels


def flow(point: F64, before: F64, camera: Pose, camera_before: Pose, half: F64) -> NDArray[np.float32]:
    """(N, 2) motion since the frame before, in half pictures, to the right and upwards (carla#4795; x times half the
    width and y times minus half the height are pixels).

    Args:
        point, before: (N, 3) surfaces now and a frame ago, world axes. half: half the picture at 1 m, m.
    """
    now, then = (_seen(p, pose, half) for p, pose in ((point, camera), (before, camera_before)))
    moved = np.nan_to_num(now - then, nan=0.0)
    return np.clip(moved, -MOST_FLOW, MOST_FLOW).astype("<f4")


def _seen(point: F64, camera: Pose, half: F64) -> F64:
    """(N, 2) places in the picture, right and up from the middle, 1 at the edge; NaN behind the camera."""
    local = (point - camera.translation) @ camera.rotation
    depth = np.where(local[:, 0] > 1e-6, local[:, 0], np.nan)
    return np.stack([-local[:, 1] / depth / half[0], local[:, 2] / depth / half[1]], axis=1)
