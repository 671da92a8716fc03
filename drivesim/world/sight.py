"""Can one actor see another past the others? Straight lines from the eyes to points of the target's box."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from drivesim.types import Actor
from drivesim.world.boxes import CX, CY, CZ, HEIGHT, LENGTH, WIDTH

EYE_OVER_STATURE = 0.936
"""Eye height over stature (Drillis & Contini 1966)."""
DRIVER_EYE = {"truck": 2.33, "bus": 2.33}
"""Metres above the road (AASHTO Green Book 2011: 1.08 in a car, 2.33 in a truck)."""
CAR_DRIVER_EYE = 1.08
_INSET = 0.9
"""The sampled corners lie this share of the half box out: bodies do not fill the corners of their boxes."""


def eye_height(actor: Actor) -> float:
    """Metres above the actor's reference point."""
    if actor.kind == "pedestrian":
        return EYE_OVER_STATURE * actor.box.height
    if actor.category in ("bicycle", "motorbike"):
        return EYE_OVER_STATURE * max(actor.box.height, 1.5)
    return min(DRIVER_EYE.get(actor.category, CAR_DRIVER_EYE), 0.95 * actor.box.height)


@nb.njit(cache=True)
def _blocked(ex: float, ey: float, ez: float, px: float, py: float, pz: float, box: Any, pose: Any) -> bool:
    """Whether the segment from e to p crosses the upright box of an actor at ``pose`` (x, y, z, yaw)."""
    c, s = math.cos(pose[3]), math.sin(pose[3])
    x0, y0, x1, y1 = ex - pose[0], ey - pose[1], px - pose[0], py - pose[1]
    start = (c * x0 + s * y0 - box[CX], c * y0 - s * x0 - box[CY], ez - pose[2] - box[CZ])
    end = (c * x1 + s * y1 - box[CX], c * y1 - s * x1 - box[CY], pz - pose[2] - box[CZ])
    half = (0.5 * box[LENGTH], 0.5 * box[WIDTH], 0.5 * box[HEIGHT])
    enter, leave = 0.0, 1.0
    for axis in range(3):
        a, d = start[axis], end[axis] - start[axis]
        if abs(d) < 1e-12:
            if abs(a) >= half[axis]:
                return False
            continue
        near, far = (-half[axis] - a) / d, (half[axis] - a) / d
        if near > far:
            near, far = far, near
        enter, leave = max(enter, near), min(leave, far)
        if enter >= leave:
            return False
    return True


@nb.njit(cache=True)
def _between(observer: int, target: int, ex: float, ey: float, boxes: Any, present: Any, poses: Any) -> list[int]:
    """Those near enough to the line from the eyes to the target to hide some of it."""
    found = [0 for _ in range(0)]
    box = boxes[target]
    c, s = math.cos(poses[target, 3]), math.sin(poses[target, 3])
    dx = poses[target, 0] + c * box[CX] - s * box[CY] - ex
    dy = poses[target, 1] + s * box[CX] + c * box[CY] - ey
    square = max(dx * dx + dy * dy, 1e-12)
    own = 0.5 * math.hypot(box[LENGTH], box[WIDTH])
    for other in range(boxes.shape[0]):
        if not present[other] or other in (observer, target):
            continue
        box = boxes[other]
        reach = own + 0.5 * math.hypot(box[LENGTH], box[WIDTH]) + math.hypot(box[CX], box[CY])
        x, y = poses[other, 0] - ex, poses[other, 1] - ey
        along = min(max((x * dx + y * dy) / square, 0.0), 1.0)
        if (x - along * dx) ** 2 + (y - along * dy) ** 2 <= reach * reach:
            found.append(other)
    return found


@nb.njit(cache=True)
def visible_points(
    observer: int, target: int, eye: float, boxes: Any, present: Any, poses: Any, enough: int = 9
) -> int:  # fmt: skip
    """How many of nine points of the target's box (centre and corners) have a free line to the observer's eyes.

    Args:
        enough: no more than so many are counted.
        eye: eye height above the observer's reference point, m; the eyes are over the middle of its box.
        boxes: (N, 6); present: (N,) bool; poses: (N, 4) x, y, z, yaw.
    """
    c, s = math.cos(poses[observer, 3]), math.sin(poses[observer, 3])
    ex = poses[observer, 0] + c * boxes[observer, CX] - s * boxes[observer, CY]
    ey = poses[observer, 1] + s * boxes[observer, CX] + c * boxes[observer, CY]
    ez = poses[observer, 2] + eye
    c, s = math.cos(poses[target, 3]), math.sin(poses[target, 3])
    between = _between(observer, target, ex, ey, boxes, present, poses)
    seen = 0
    for k in range(9):
        scale = _INSET * 0.5 if k < 8 else 0.0
        lx = boxes[target, CX] + scale * boxes[target, LENGTH] * (1.0 if k & 1 else -1.0)
        ly = boxes[target, CY] + scale * boxes[target, WIDTH] * (1.0 if k & 2 else -1.0)
        pz = poses[target, 2] + boxes[target, CZ] + scale * boxes[target, HEIGHT] * (1.0 if k & 4 else -1.0)
        px, py = poses[target, 0] + c * lx - s * ly, poses[target, 1] + s * lx + c * ly
        free = True
        for other in between:
            if _blocked(ex, ey, ez, px, py, pz, boxes[other], poses[other]):
                free = False
                break
        seen += free
        if seen >= enough:
            break
    return seen
