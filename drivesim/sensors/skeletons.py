"""Key points of people: where a camera sees the joints of a skeleton, and which of them it does see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import EVERYONE, RayScene
from drivesim.scene.trace import nearest
from drivesim.sensors.silhouette import View
from drivesim.types import Skeleton

F64 = NDArray[np.float64]

BENEATH = 0.16
"""How far a joint may lie behind the first surface of its own body and count as seen, m: a hip is some 0.1 m beneath
the skin (de Leva 1996, J. Biomech. 29) and clothes are thick, the far side of a head or trunk is farther."""
_OUTSIDE, _HIDDEN, _SEEN = range(3)


def skeletons(rays: RayScene, views: Sequence[View], joints: Sequence[Mapping[int, F64]]) -> list[Skeleton | None]:
    """The skeleton of each view's actor in its camera's image; None for what has no skeleton.

    A joint is seen where the ray from the camera to it meets nothing before that body, and that body at most
    :data:`BENEATH` before the joint.

    Args:
        joints: for each view (17, 3) places of joints by instance, world frame, m, at the image's time.
    """
    chosen = [i for i, view in enumerate(views) if view.device is not None and view.instance in joints[i]]
    found: list[Skeleton | None] = [None] * len(views)
    if not chosen:
        return found
    places = np.array([joints[i][views[i].instance] for i in chosen])
    eyes = np.array([views[i].camera.translation for i in chosen])[:, None]
    distance = np.linalg.norm(places - eyes, axis=2)
    direction = ((places - eyes) / distance[..., None]).reshape(-1, 3)
    origin = np.broadcast_to(eyes - rays.origin, places.shape).reshape(-1, 3)
    time = np.repeat([views[i].time for i in chosen], places.shape[1])
    hits = nearest(rays, origin, direction, time, mask=EVERYONE, limit=float(distance.max()))
    wanted = np.repeat([views[i].instance for i in chosen], places.shape[1])
    free = hits.distance > distance.ravel() - BENEATH
    seen = (free & ((hits.instance == wanted) | (hits.distance > distance.ravel()))).reshape(distance.shape)
    for i, world, visible in zip(chosen, places, seen, strict=True):
        found[i] = _skeleton(views[i], world, visible)
    return found


def _skeleton(view: View, world: F64, seen: NDArray[np.bool_]) -> Skeleton:
    """Joints (17, 3) in the world as a camera has them."""
    assert view.device is not None
    local = view.camera.inverse().apply(world)
    pixels = view.device.project(local)
    if view.device.lens is None:
        pixels[local[:, 2] <= 0.0] = np.nan
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0.0) & (pixels < (view.device.width, view.device.height))).all(axis=1)
    visibility = np.where(inside, np.where(seen, _SEEN, _HIDDEN), _OUTSIDE)
    pixels[~inside] = 0.0
    return Skeleton(local, np.column_stack([pixels, visibility]).astype(np.float32))
