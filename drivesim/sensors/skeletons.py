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


def skeletons(
    rays: RayScene,
    views: Sequence[View],
    joints: Sequence[Mapping[int, F64]],
    begun: Sequence[Mapping[int, F64]] | None = None,
) -> list[Skeleton | None]:
    """The skeleton of each view's actor in its camera's image; None for what has no skeleton.

    A joint is seen where the ray from the camera to it meets nothing before that body, and that body at most
    :data:`BENEATH` before the joint.

    Args:
        joints: for each view (17, 3) places of joints by instance, world frame, m, at the image's time.
        begun: the same as its first row was read, for views with a gaze; in between they go straight.
    """
    begun = joints if begun is None else begun
    chosen = [i for i, view in enumerate(views) if view.device is not None and view.instance in joints[i]]
    found: list[Skeleton | None] = [None] * len(views)
    if not chosen:
        return found
    imaged = [_imaged(views[i], begun[i][views[i].instance], joints[i][views[i].instance]) for i in chosen]
    places, eyes, times, local, pixels = (np.array(values) for values in zip(*imaged, strict=True))
    distance = np.linalg.norm(places - eyes, axis=2)
    direction = ((places - eyes) / distance[..., None]).reshape(-1, 3)
    origin = (eyes - rays.origin).reshape(-1, 3)
    hits = nearest(rays, origin, direction, times.ravel(), mask=EVERYONE, limit=float(distance.max()))
    wanted = np.repeat([views[i].instance for i in chosen], places.shape[1])
    free = hits.distance > distance.ravel() - BENEATH
    seen = (free & ((hits.instance == wanted) | (hits.distance > distance.ravel()))).reshape(distance.shape)
    for i, *parts in zip(chosen, local, pixels, seen, strict=True):
        found[i] = _skeleton(views[i], *parts)
    return found


def _imaged(view: View, begun: F64, joints: F64) -> tuple[F64, F64, F64, F64, F64]:
    """Of joints (17, 3) at a readout's begin and end: where each is when its row is read, from where and at which ray
    time it is seen, where that is in camera axes, and in pixels."""
    assert view.device is not None
    if view.gaze is None:
        local = view.camera.inverse().apply(joints)
        eyes, times = np.broadcast_to(view.camera.translation, joints.shape), np.full(len(joints), view.time)
        return joints, eyes, times, local, view.device.project(local)
    pixels, local, share = view.gaze.seen(
        view.device, lambda at: begun + at[:, None] * (joints - begun), np.zeros(len(joints), dtype=bool)
    )
    eyes, _ = view.gaze.poses(share)
    times = np.clip(view.gaze.time(share), 0.0, 1.0)
    return begun + share[:, None] * (joints - begun), eyes, times, local, pixels


def _skeleton(view: View, local: F64, pixels: F64, seen: NDArray[np.bool_]) -> Skeleton:
    """Joints (17, 3) in camera axes, imaged at ``pixels`` (17, 2), as a camera has them."""
    assert view.device is not None
    if view.device.lens is None:
        pixels[local[:, 2] <= 0.0] = np.nan
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0.0) & (pixels < (view.device.width, view.device.height))).all(axis=1)
    visibility = np.where(inside, np.where(seen, _SEEN, _HIDDEN), _OUTSIDE)
    pixels[~inside] = 0.0
    return Skeleton(local, np.column_stack([pixels, visibility]).astype(np.float32))
