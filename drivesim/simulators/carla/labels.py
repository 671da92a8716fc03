"""Labels over CARLA: boxes are the scenario's, what hides them is read from depth pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.labels import Labeller
from drivesim.sensors.silhouette import Sight, View, corners_of, projected_bounds
from drivesim.simulators.carla.cameras import CarlaCamera

_GRID = 24
"""Rays across and down an actor's box."""
_CLEARANCE = 0.1
"""A surface this much nearer than the box, m, hides it."""


class CarlaLabeller(Labeller):
    """Visibility from depth: the share of a box's rays that reach it before they meet anything else.

    CARLA shows no actor without what stands before it, so the outline of a body that is hidden is not known: the box
    stands for it, and what is near its corners counts although no body may be there.
    """

    cameras: Mapping[str, CarlaCamera]

    def _sights(self, rays: Any, views: list[View], channels: list[str]) -> list[Sight]:
        return [self._sight(view, channel) for view, channel in zip(views, channels, strict=True)]

    def _sight(self, view: View, channel: str) -> Sight:
        camera = self.cameras.get(channel)
        if camera is None:  # a rig without cameras: nothing tells what hides what
            return Sight(occlusion=0.0, visibility=1.0)
        bounds = projected_bounds(view.camera.inverse().apply(corners_of(view.box, view.size)), camera.device)
        if bounds is None:
            return Sight(occlusion=1.0, visibility=0.0)
        steps = (np.arange(_GRID) + 0.5) / _GRID
        x, y = np.meshgrid(bounds[0] + steps * (bounds[2] - bounds[0]), bounds[1] + steps * (bounds[3] - bounds[1]))
        pixels = np.stack([x.ravel(), y.ravel()], axis=1)
        device = camera.device
        local = np.column_stack([(pixels - (device.cx, device.cy)) / (device.fx, device.fy), np.ones(len(pixels))])
        entry = entry_depth(local @ view.camera.rotation.T, view)
        outline = np.isfinite(entry)
        inside = outline & ((pixels >= 0) & (pixels < (device.width, device.height))).all(axis=1)
        if not inside.any():
            return Sight(occlusion=1.0, visibility=0.0)
        column, row = pixels[inside].astype(int).T
        seen = np.count_nonzero(camera.depth[row, column] > entry[inside] - _CLEARANCE)
        return Sight(1.0 - seen / np.count_nonzero(inside), seen / np.count_nonzero(outline))


def entry_depth(direction: NDArray[np.float64], view: View) -> NDArray[np.float64]:
    """How far along world directions (N, 3) from the camera the view's box begins, in their own lengths; inf for misses
    (slab test, Kay and Kajiya 1986)."""
    origin = (view.camera.translation - view.box.translation) @ view.box.rotation
    along = direction @ view.box.rotation
    along = np.where(np.abs(along) < 1e-12, 1e-12, along)
    near, far = (-view.size / 2 - origin) / along, (view.size / 2 - origin) / along
    enter, leave = np.minimum(near, far).max(axis=1), np.maximum(near, far).min(axis=1)
    return np.where((enter <= leave) & (leave > 0.0), np.maximum(enter, 0.0), np.inf)
