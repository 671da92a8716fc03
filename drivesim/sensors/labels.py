"""Labels of a frame: boxes, counts and visibility of every actor but the ego."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.counting import points_in_boxes, tight_boxes
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Rig, Sensor
from drivesim.sensors.silhouette import Sight, View, corners_of, projected_bounds, sights
from drivesim.sensors.skeletons import skeletons
from drivesim.transforms import Pose, interpolate
from drivesim.types import (
    Actor,
    Box2D,
    CameraImage,
    Labels,
    Measurement,
    PointCloud,
    RadarDetections,
    Skeleton,
    WorldState,
)

F64 = NDArray[np.float64]
Joints = Callable[[WorldState, WorldState, float], Mapping[int, F64]]
"""Joints (17, 3) of people by instance id, world frame, m, at a fraction of the tick between two states."""

_FARTHEST = 300.0
"""Actors farther from a camera than this get no 2-D boxes and count as not visible, m."""


def nobody(before: WorldState, after: WorldState, fraction: float) -> Mapping[int, F64]:
    """Of engines that do not know joints."""
    return {}


class Labeller:
    """Makes the labels of each frame.

    Args:
        rig: whose cameras decide what is visible; a rig without cameras looks all round from its first sensor.
        actors: all actors; ego: index of the one that carries the rig and is left out.
    """

    def __init__(self, rig: Rig, actors: Sequence[Actor], ego: int) -> None:
        self._cameras = rig.of_kind("camera") or rig.sensors[:1]
        self._actors = tuple(actors)
        self._ego = ego
        self._size = np.array([(actor.box.length, actor.box.width, actor.box.height) for actor in actors]).reshape(
            -1, 3
        )
        self._reference_from_box = [Pose(np.array(actor.box.center), np.eye(3)) for actor in actors]

    def label(
        self,
        before: WorldState,
        after: WorldState,
        motion: EgoMotion,
        rays: RayScene,
        measurements: Mapping[str, Measurement],
        joints: Joints = nobody,
    ) -> Labels:
        """Labels at the end of the tick; 2-D boxes and skeletons at the time of each image."""
        shown = [i for i in range(len(self._actors)) if after.present[0, i] and i != self._ego]
        boxes = [self._box(before, after, i, 1.0) for i in shown]
        center = np.array([box.translation for box in boxes]).reshape(-1, 3)
        rotation = np.array([box.rotation for box in boxes]).reshape(-1, 3, 3)
        size = self._size[shown]
        visibility, boxes_2d = self._seen(shown, before, after, motion, rays, measurements, joints)
        clouds = [(m, m.points) for m in measurements.values() if isinstance(m, PointCloud)]
        echoes = [(m, detection_points(m)) for m in measurements.values() if isinstance(m, RadarDetections)]
        return Labels(
            instance=np.array([self._actors[i].instance for i in shown], dtype=np.int32),
            actor=tuple(self._actors[i].name for i in shown),
            category=tuple(self._actors[i].nuscenes_category for i in shown),
            center=center,
            rotation=rotation,
            size=size,
            velocity=after.velocity[0, shown],
            num_lidar_points=_count(clouds, center, rotation, size),
            num_radar_points=_count(echoes, center, rotation, size),
            visibility=visibility,
            boxes_2d=boxes_2d,
        )

    def _box(self, before: WorldState, after: WorldState, actor: int, fraction: float) -> Pose:
        """``world_from_box`` at a fraction of the tick."""
        pose = after.pose(actor)
        if fraction < 1.0 and before.present[0, actor]:
            pose = interpolate(before.pose(actor), pose, fraction)
        return pose @ self._reference_from_box[actor]

    def _seen(
        self,
        shown: list[int],
        before: WorldState,
        after: WorldState,
        motion: EgoMotion,
        rays: RayScene,
        measurements: Mapping[str, Measurement],
        joints: Joints,
    ) -> tuple[NDArray[np.float32], Mapping[str, tuple[Box2D, ...]]]:
        views: list[View] = []
        places: list[tuple[str, int, F64 | None]] = []
        posed: dict[float, Mapping[int, F64]] = {}
        for sensor in self._cameras:
            image = measurements.get(sensor.channel)
            time_ns = image.time_ns if image is not None else motion.end_ns
            fraction = float(motion.fraction(time_ns))
            camera = motion.pose(time_ns) @ sensor.ego_from_sensor
            if sensor.channel in measurements and fraction not in posed:
                posed[fraction] = joints(before, after, fraction)
            for row, actor in enumerate(shown):
                box = self._box(before, after, actor, fraction)
                bounds = _in_view(sensor, camera, box, self._size[actor])
                if bounds is not None:
                    device = sensor.device if isinstance(sensor.device, CameraDevice) else None
                    instance = self._actors[actor].instance
                    views.append(View(instance, box, self._size[actor], camera, device, fraction))
                    places.append((sensor.channel, row, bounds))
        visibility = np.zeros(len(shown), dtype=np.float32)
        boxes: dict[str, list[Box2D]] = {m.channel: [] for m in measurements.values() if isinstance(m, CameraImage)}
        tight = {
            channel: tight_boxes(_image(measurements, channel).instance, len(self._actors) + 1) for channel in boxes
        }
        sighted = self._sights(rays, views, [channel for channel, _, _ in places])
        bodies = skeletons(rays, views, [posed.get(view.time, {}) for view in views])
        for view, (channel, row, bounds), sight, body in zip(views, places, sighted, bodies, strict=True):
            visibility[row] = max(visibility[row], sight.visibility)
            if channel in boxes and bounds is not None and view.device is not None:
                boxes[channel].append(_box_2d(view, bounds, sight.occlusion, tight[channel][view.instance], body))
        return visibility, MappingProxyType({channel: tuple(found) for channel, found in boxes.items()})

    def _sights(self, rays: RayScene, views: list[View], channels: list[str]) -> list[Sight]:
        """How much of each actor its camera sees; another engine may take this step's place."""
        return sights(rays, views)


def detection_points(detections: RadarDetections) -> NDArray[np.float32]:
    """Radar detections as points (N, 3) in the sensor frame."""
    flat = detections.range * np.cos(detections.elevation)
    return np.stack(
        [
            flat * np.cos(detections.azimuth),
            flat * np.sin(detections.azimuth),
            detections.range * np.sin(detections.elevation),
        ],
        axis=1,
    )


def _image(measurements: Mapping[str, Measurement], channel: str) -> CameraImage:
    image = measurements[channel]
    assert isinstance(image, CameraImage)
    return image


def _count(
    clouds: Sequence[tuple[Measurement, NDArray[np.float32]]], center: F64, rotation: F64, size: F64
) -> NDArray[np.int32]:
    """Points of all ``clouds`` in each box (world frame); -1 where there is no cloud."""
    total = np.full(len(center), 0 if clouds else -1, dtype=np.int32)
    for measurement, points in clouds:
        world_from_sensor = measurement.world_from_ego @ measurement.ego_from_sensor
        local = np.ascontiguousarray((center - world_from_sensor.translation) @ world_from_sensor.rotation)
        turned = np.ascontiguousarray(world_from_sensor.rotation.T @ rotation)
        total += points_in_boxes(points, local, turned, size)
    return total


def _in_view(sensor: Sensor, camera: Pose, box: Pose, size: F64) -> F64 | None:
    """Unclipped image bounds (4,) of an actor that is in a camera's view; None if it is not."""
    if np.linalg.norm(box.translation - camera.translation) > _FARTHEST:
        return None
    if not isinstance(sensor.device, CameraDevice):
        return np.zeros(4)
    bounds = projected_bounds(camera.inverse().apply(corners_of(box, size)), sensor.device)
    if bounds is None or bounds[2] <= 0 or bounds[3] <= 0:
        return None
    return bounds if bounds[0] < sensor.device.width and bounds[1] < sensor.device.height else None


def _box_2d(view: View, bounds: F64, occlusion: float, found: NDArray[np.int32], body: Skeleton | None) -> Box2D:
    assert view.device is not None
    loose = np.clip(bounds, 0.0, np.tile([view.device.width, view.device.height], 2).astype(np.float64))
    whole = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
    kept = (loose[2] - loose[0]) * (loose[3] - loose[1])
    x0, y0, x1, y1, pixels = (int(value) for value in found)
    return Box2D(
        instance=view.instance,
        tight=(float(x0), float(y0), float(x1), float(y1)) if pixels else None,
        loose=(float(loose[0]), float(loose[1]), float(loose[2]), float(loose[3])),
        visible_pixels=pixels,
        occlusion=float(occlusion),
        truncation=float(1.0 - kept / whole) if whole > 0 else 0.0,
        skeleton=body,
    )
