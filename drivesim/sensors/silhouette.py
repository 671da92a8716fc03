"""What a viewer could see of an actor, and what it does see: rays through the actor's outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import EVERYONE, RayScene
from drivesim.scene.trace import nearest
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.gaze import Gaze
from drivesim.transforms import Pose

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

SAMPLES = 32
"""Rays across an actor's outline, both ways."""

_NEAR = 0.1
_SIGNS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
_EDGES = np.array([(a, b) for a in range(8) for b in range(a) if np.sum(_SIGNS[a] != _SIGNS[b]) == 1])
_LAYERS = 8
"""Surfaces within an actor's box that a ray passes before the actor counts as not there."""


def corners_of(box: Pose, size: F64) -> F64:
    """The corners (8, 3) of a box of ``size`` (3,) whose centre and axes are those of ``box``."""
    return box.apply(_SIGNS * size)


def projected_bounds(corners: F64, device: CameraDevice) -> F64 | None:
    """Bounds (x_min, y_min, x_max, y_max), pixels, of a box in the image, not clipped to it; None behind the camera.

    Args:
        corners: (8, 3) in the camera's frame.
    """
    start, end = corners[_EDGES[:, 0]], corners[_EDGES[:, 1]]
    crossing = (start[:, 2] < _NEAR) != (end[:, 2] < _NEAR)
    share = (_NEAR - start[crossing, 2]) / (end[crossing, 2] - start[crossing, 2])
    cut = start[crossing] + share[:, None] * (end[crossing] - start[crossing])
    points = np.concatenate([corners[corners[:, 2] >= _NEAR], cut])
    if not len(points):
        return None
    pixels = device.project(points)
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)]) if len(pixels) else None


@dataclass(frozen=True, slots=True)
class Sight:
    """Shares of an actor's outline.

    Attributes:
        occlusion: hidden part of what lies in the image, 0..1.
        visibility: part seen in the image, of the whole outline, 0..1.
    """

    occlusion: float
    visibility: float


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """An actor in front of a camera at one instant.

    Attributes:
        instance: of the actor; box: ``world_from_box``; size: (3,) length, width, height, m.
        camera: ``world_from_camera``; device: None looks all round.
        time: ray time 0..1.
        gaze: of the camera, where its rows are read one after the other; ``camera`` is that of the actor's rows then.
    """

    instance: int
    box: Pose
    size: F64
    camera: Pose
    device: CameraDevice | None
    time: float
    gaze: Gaze | None = None


def sights(rays: RayScene, views: list[View]) -> list[Sight]:
    """How much of each actor its camera sees.

    A grid of rays covers each actor's box. A ray that meets the actor at all belongs to its outline; the actor is seen
    along it if nothing is met before.
    """
    if not views:
        return []
    count = SAMPLES * SAMPLES
    direction = np.concatenate([grid(view) for view in views])
    origin = np.repeat([view.camera.translation - rays.origin for view in views], count, axis=0)
    center = np.repeat([view.box.translation - rays.origin for view in views], count, axis=0)
    reach = np.repeat([np.linalg.norm(view.size) * 0.6 for view in views], count)
    time = np.repeat([view.time for view in views], count)
    wanted = np.repeat([view.instance for view in views], count)
    middle = np.einsum("ij,ij->i", center - origin, direction)
    limit = float((middle + reach).max())
    seen = nearest(rays, origin, direction, time, mask=EVERYONE, limit=limit).instance == wanted
    outline = seen.copy()
    start = np.maximum(middle - reach, 0.0)
    open_rays = np.flatnonzero(~seen)
    for _ in range(_LAYERS):
        if not len(open_rays):
            break
        begin = origin[open_rays] + start[open_rays, None] * direction[open_rays]
        hits = nearest(rays, begin, direction[open_rays], time[open_rays], mask=EVERYONE, limit=2.0 * reach.max())
        outline[open_rays] = hits.instance == wanted[open_rays]
        start[open_rays] += hits.distance + 1e-3
        go_on = (hits.instance != wanted[open_rays]) & (start[open_rays] < (middle + reach)[open_rays])
        open_rays = open_rays[go_on]
    return [
        _share(view, *(values[i * count : (i + 1) * count] for values in (direction, seen, outline)))
        for i, view in enumerate(views)
    ]


def grid(view: View) -> F64:
    """Unit directions (SAMPLES^2, 3), world axes, that cover the view's box evenly."""
    towards = view.box.translation - view.camera.translation
    distance = max(float(np.linalg.norm(towards)), 1e-6)
    ahead = towards / distance
    aside = np.cross((0.0, 0.0, 1.0) if abs(ahead[2]) < 0.9 else (1.0, 0.0, 0.0), ahead)
    aside /= np.linalg.norm(aside)
    frame = np.stack([aside, np.cross(ahead, aside), ahead])
    local = (corners_of(view.box, view.size) - view.camera.translation) @ frame.T
    plane = local[:, :2] / np.maximum(local[:, 2:], 0.2 * distance)
    low, high = plane.min(axis=0), plane.max(axis=0)
    steps = (np.arange(SAMPLES) + 0.5) / SAMPLES
    across, up = np.meshgrid(low[0] + steps * (high[0] - low[0]), low[1] + steps * (high[1] - low[1]))
    directions = np.stack([across.ravel(), up.ravel(), np.ones(SAMPLES * SAMPLES)], axis=1) @ frame
    unit: F64 = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return unit


def _share(view: View, direction: F64, seen: Bool, outline: Bool) -> Sight:
    total = np.count_nonzero(outline)
    inside = outline
    if view.device is not None:
        local = direction @ view.camera.rotation
        inside = outline & (local[:, 2] > 1e-3)
        pixels = view.device.project(local[inside])
        inside[inside] = ((pixels >= 0.0) & (pixels < (view.device.width, view.device.height))).all(axis=1)
    in_view = np.count_nonzero(inside)
    visible = np.count_nonzero(inside & seen)
    return Sight(1.0 - visible / in_view if in_view else 1.0, visible / total if total else 0.0)
