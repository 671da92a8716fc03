"""Perfect knowledge: boxes in space and in pictures, skeletons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivesim.types.arrays import F32, F64, I32


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """A person's 17 joints, in COCO's order, as a camera has them.

    Attributes:
        joints: (17, 3) float64, sensor frame at the image's time, m.
        keypoints: (17, 3) float32, pixels x and y and COCO's flag: 2 seen, 1 hidden, 0 outside (x and y are 0).
    """

    joints: F64
    keypoints: F32


@dataclass(frozen=True, slots=True, eq=False)
class Box2D:
    """A camera's view of one actor: pixel corners (x_min, y_min, x_max, y_max), edges inclusive-exclusive.

    Attributes:
        tight: bounds of the actor's visible pixels; None when it has none.
        loose: bounds of the projected body, clipped to the image.
        visible_pixels: pixels of the instance image.
        occlusion: 0 (nothing in front of the part in view) .. 1 (all of it hidden).
        truncation: share of the unclipped projected box outside the image.
        skeleton: of people, riders among them; None for all else, and where the engine does not say.
    """

    instance: int
    tight: tuple[float, float, float, float] | None
    loose: tuple[float, float, float, float]
    visible_pixels: int
    occlusion: float
    truncation: float
    skeleton: Skeleton | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Perfect knowledge at a frame's time; A actors that are present, ego left out.

    Attributes:
        instance: (A,) int32; actor: names; category: nuScenes category names.
        center: (A, 3) float64 box centre in the world, m; rotation: (A, 3, 3) float64 world_from_box.
        size: (A, 3) float64 length, width, height, m, constant per instance.
        velocity: (A, 3) float64 world, m/s.
        num_lidar_points, num_radar_points: (A,) int32, over this frame's sweeps; -1 where no such sensor fired.
        visibility: (A,) float32, unoccluded share of the body as seen from the rig's cameras (best camera), 0..1.
        boxes_2d: per camera channel.
    """

    instance: I32
    actor: tuple[str, ...]
    category: tuple[str, ...]
    center: F64
    rotation: F64
    size: F64
    velocity: F64
    num_lidar_points: I32
    num_radar_points: I32
    visibility: F32
    boxes_2d: Mapping[str, tuple[Box2D, ...]]
