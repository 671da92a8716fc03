"""Labels of a frame: boxes, counts and visibility of every actor but the ego."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.gaze import Gaze
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
        """Labels at the end of the tick; 2-D boxes and skeletons at the time of each image, or of their rows in it."""
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
        people: list[tuple[Mapping[int, F64], Mapping[int, F64]]] = []
        for sensor in self._cameras:
            gaze = _gaze(sensor, motion, measurements.get(sensor.channel))
            ends = _clipped(gaze.times[0]), _clipped(gaze.times[1])
            for fraction in ends if sensor.channel in measurements else ():
                if fraction not in posed:
                    posed[fraction] = joints(before, after, fraction)
            for row, actor in enumerate(shown):
                size = self._size[actor]
                box = self._box(before, after, actor, ends[1])
                view = View(self._actors[actor].instance, box, size, gaze.last, _lens_of(sensor), ends[1])
                corners = gaze.last.inverse().apply(corners_of(box, size))
                if gaze.times[0] != gaze.times[1]:
                    first = self._box(before, after, actor, ends[0])
                    share, corners = _rows_of(gaze, view, first)
                    time = _clipped(gaze.time(share))
                    box = self._box(before, after, actor, time)
                    view = replace(view, box=box, camera=gaze.pose(share), time=time, gaze=gaze)
                bounds = _in_view(view, corners)
                if bounds is not None:
                    views.append(view)
                    places.append((sensor.channel, row, bounds))
                    people.append((posed.get(ends[0], {}), posed.get(ends[1], {})))
        visibility = np.zeros(len(shown), dtype=np.float32)
        boxes: dict[str, list[Box2D]] = {m.channel: [] for m in measurements.values() if isinstance(m, CameraImage)}
        tight = {
            channel: tight_boxes(_image(measurements, channel).instance, len(self._actors) + 1) for channel in boxes
        }
        sighted = self._sights(rays, views, [channel for channel, _, _ in places])
        bodies = skeletons(rays, views, [ended for _, ended in people], [begun for begun, _ in people])
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


def _clipped(fraction: float) -> float:
    """Within the tick: what was before stood as at its start."""
    return min(max(fraction, 0.0), 1.0)


def _lens_of(sensor: Sensor) -> CameraDevice | None:
    return sensor.device if isinstance(sensor.device, CameraDevice) else None


def _gaze(sensor: Sensor, motion: EgoMotion, image: Measurement | None) -> Gaze:
    """Of a camera over the readout of its image, or of any sensor when it measured or the tick ended."""
    time_ns = image.time_ns if image is not None else motion.end_ns
    rolls = isinstance(image, CameraImage) and image.row_time_ns is not None
    readout = sensor.device.readout_ms if rolls and isinstance(sensor.device, CameraDevice) else 0.0
    return Gaze.during(motion, time_ns, readout).of(sensor.ego_from_sensor)


def _rows_of(gaze: Gaze, view: View, first: Pose) -> tuple[float, F64]:
    """At which share of a readout a camera sees an actor's middle, and the corners (8, 3) of its box in camera axes,
    each when its own row is read; the box goes from ``first`` to that of the view."""
    assert view.device is not None
    begin, end = corners_of(first, view.size), corners_of(view.box, view.size)
    _, corners, share = gaze.seen(view.device, lambda at: begin + at[:, None] * (end - begin), np.zeros(8, dtype=bool))
    return float(share.mean()), corners


def _in_view(view: View, corners: F64) -> F64 | None:
    """Unclipped image bounds (4,) of an actor that is in a camera's view; None if it is not.

    Args:
        corners: (8, 3) of its box in camera axes.
    """
    if np.linalg.norm(view.box.translation - view.camera.translation) > _FARTHEST:
        return None
    if view.device is None:
        return np.zeros(4)
    bounds = projected_bounds(corners, view.device)
    if bounds is None or bounds[2] <= 0 or bounds[3] <= 0:
        return None
    return bounds if bounds[0] < view.device.width and bounds[1] < view.device.height else None


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
