"""Actors' bounding boxes standing in the world: corners, and separating axes between two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numba as nb
import numpy as np

from drivesim.types import F64, Actor

CX, CY, CZ, LENGTH, WIDTH, HEIGHT = range(6)
"""Columns of the box table."""


def boxes_of(actors: Sequence[Actor]) -> F64:
    """(N, 6) float64: box centre (x, y, z) in the actor's frame, length, width, height, metres."""
    rows = [(*a.box.center, a.box.length, a.box.width, a.box.height) for a in actors]
    return np.array(rows, dtype=np.float64).reshape(-1, 6)


def footprint(box: F64, x: float, y: float, yaw: float) -> F64:
    """(4, 2) corners of one box on the ground, counter-clockwise from front left, for an actor at (x, y, yaw)."""
    half_length, half_width = 0.5 * box[LENGTH], 0.5 * box[WIDTH]
    local = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * (half_length, half_width) + box[:2]
    c, s = math.cos(yaw), math.sin(yaw)
    corners: F64 = local @ np.array([(c, s), (-s, c)]) + (x, y)
    return corners


@nb.njit(cache=True)
def overlap(box_a: Any, pose_a: Any, box_b: Any, pose_b: Any) -> tuple[float, float, float]:
    """How deep two upright boxes are in each other, by separating axes.

    Args:
        box_a, box_b: rows of the box table; pose_a, pose_b: (4,) x, y, z, yaw of the actors.

    Returns:
        Depth in metres (not positive: apart) along the axis of least depth, and that axis (x, y) pointing from a to b.
    """
    bottom_a, bottom_b = pose_a[2] + box_a[CZ] - 0.5 * box_a[HEIGHT], pose_b[2] + box_b[CZ] - 0.5 * box_b[HEIGHT]
    least = min(bottom_a + box_a[HEIGHT] - bottom_b, bottom_b + box_b[HEIGHT] - bottom_a)
    if least <= 0.0:
        return least, 0.0, 0.0
    ca, sa, cb, sb = math.cos(pose_a[3]), math.sin(pose_a[3]), math.cos(pose_b[3]), math.sin(pose_b[3])
    dx = pose_b[0] + cb * box_b[CX] - sb * box_b[CY] - pose_a[0] - ca * box_a[CX] + sa * box_a[CY]
    dy = pose_b[1] + sb * box_b[CX] + cb * box_b[CY] - pose_a[1] - sa * box_a[CX] - ca * box_a[CY]
    depth, axis_x, axis_y = math.inf, 0.0, 0.0
    for ux, uy in ((ca, sa), (-sa, ca), (cb, sb), (-sb, cb)):
        distance = dx * ux + dy * uy
        reach = 0.5 * (
            box_a[LENGTH] * abs(ca * ux + sa * uy)
            + box_a[WIDTH] * abs(ca * uy - sa * ux)
            + box_b[LENGTH] * abs(cb * ux + sb * uy)
            + box_b[WIDTH] * abs(cb * uy - sb * ux)
        )
        room = reach - abs(distance)
        if room < depth:
            sign = 1.0 if distance >= 0.0 else -1.0
            depth, axis_x, axis_y = room, sign * ux, sign * uy
        if depth <= 0.0:
            break
    return depth, axis_x, axis_y


@nb.njit(cache=True)
def touch(boxes: Any, poses: Any, i: int, j: int) -> bool:
    """Whether two actors' boxes overlap; arrays as for :func:`touching`."""
    reach = 0.0
    for k in (i, j):
        reach += math.hypot(boxes[k, LENGTH], boxes[k, WIDTH]) / 2 + math.hypot(boxes[k, CX], boxes[k, CY])
    gap_x, gap_y = poses[j, 0] - poses[i, 0], poses[j, 1] - poses[i, 1]
    if gap_x * gap_x + gap_y * gap_y >= reach * reach:
        return False
    depth, _, _ = overlap(boxes[i], poses[i], boxes[j], poses[j])
    return bool(depth > 0.0)


@nb.njit(cache=True)
def touching(boxes: Any, present: Any, poses: Any) -> list[tuple[int, int]]:
    """Pairs (i < j) of actors of one world whose boxes overlap.

    Args:
        boxes: (N, 6); present: (N,) bool; poses: (N, 4) x, y, z, yaw.
    """
    pairs = [(0, 0) for _ in range(0)]
    for i in range(len(boxes)):
        for j in range(i + 1, len(boxes)):
            if present[i] and present[j] and touch(boxes, poses, i, j):
                pairs.append((i, j))
    return pairs


@nb.njit(cache=True)
def new_touch(
    first: int, boxes: Any, present: Any, position: Any, orientation: Any, met: Any, poses: Any
) -> int:  # fmt: skip
    """The first world, from ``first`` on, in which boxes overlap that did not before; -1 where there is none.

    Args:
        boxes: (B, N, 6); present: (B, N) bool; position, orientation: (B, N, 3); met: (B, N, N) bool, pairs that have
            touched already.
        poses: (B, N, 4), set to x, y, z, yaw of the worlds that are looked at.
    """
    worlds, actors = present.shape
    for b in range(first, worlds):
        for n in range(actors):
            poses[b, n, :3] = position[b, n]
            poses[b, n, 3] = orientation[b, n, 0]
        for i in range(actors):
            for j in range(i + 1, actors):
                if present[b, i] and present[b, j] and not met[b, i, j] and touch(boxes[b], poses[b], i, j):
                    return b
    return -1


@nb.njit(cache=True)
def gap_to_parallelogram(
    half_length: float, half_width: float, x: float, y: float, ux: float, uy: float, vx: float, vy: float
) -> float:  # fmt: skip
    """Metres between a rectangle about the origin, along the axes, and a parallelogram about (x, y); 0: they overlap.

    Args:
        ux, uy, vx, vy: from the parallelogram's centre to the middles of two adjacent sides.
    """
    a = np.array([(half_length, half_width), (-half_length, half_width), (-half_length, -half_width),
                  (half_length, -half_width)])  # fmt: skip
    b = np.array([(x + ux + vx, y + uy + vy), (x - ux + vx, y - uy + vy), (x - ux - vx, y - uy - vy),
                  (x + ux - vx, y + uy - vy)])  # fmt: skip
    if not _apart(a, b) and not _apart(b, a):
        return 0.0
    return min(_nearest(a, b), _nearest(b, a))


@nb.njit(cache=True)
def _apart(a: Any, b: Any) -> bool:
    """Whether an edge of ``a`` separates it from ``b``; both (4, 2), corners in order."""
    for i in range(4):
        nx, ny = a[i, 1] - a[i - 1, 1], a[i - 1, 0] - a[i, 0]
        own_low = own_high = nx * a[0, 0] + ny * a[0, 1]
        low = high = nx * b[0, 0] + ny * b[0, 1]
        for k in range(1, 4):
            own, other = nx * a[k, 0] + ny * a[k, 1], nx * b[k, 0] + ny * b[k, 1]
            own_low, own_high = min(own_low, own), max(own_high, own)
            low, high = min(low, other), max(high, other)
        if low > own_high or high < own_low:
            return True
    return False


@nb.njit(cache=True)
def _nearest(corners: Any, outline: Any) -> float:
    """From any of the corners to any of the edges of an outline, m."""
    best = math.inf
    for i in range(4):
        dx, dy = outline[i, 0] - outline[i - 1, 0], outline[i, 1] - outline[i - 1, 1]
        square = dx * dx + dy * dy
        for k in range(4):
            px, py = corners[k, 0] - outline[i - 1, 0], corners[k, 1] - outline[i - 1, 1]
            share = min(max((px * dx + py * dy) / square, 0.0), 1.0) if square > 0.0 else 0.0
            best = min(best, math.hypot(px - share * dx, py - share * dy))
    return best


@nb.njit(cache=True)
def poses_of(position: Any, orientation: Any) -> Any:
    """(..., 4) x, y, z, yaw from (..., 3) position and (..., 3) orientation."""
    poses = np.empty((*position.shape[:-1], 4))
    poses[..., :3] = position
    poses[..., 3] = orientation[..., 0]
    return poses
