"""How near two actors are to touching: gap between their boxes, and time to contact."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from drivesim.world.boxes import CX, CY, CZ, HEIGHT, LENGTH, WIDTH

CRITICAL = 1.5
"""Seconds of time to contact below which an encounter counts as critical: van der Horst (1990), urban intersections."""


@nb.njit(cache=True)
def time_to_contact(
    box_a: Any, pose_a: Any, velocity_a: Any, box_b: Any, pose_b: Any, velocity_b: Any
) -> tuple[float, float]:
    """Gap and time to contact of two upright boxes on the ground.

    Time to contact is exact for boxes that keep their velocities and headings: they touch while their projections
    overlap on all four edge directions (moving separating axes).

    Args:
        box_a, box_b: rows of the box table; pose_a, pose_b: (4,) x, y, z, yaw of the actors; velocity_a, velocity_b:
            (3,) world, m/s.

    Returns:
        Distance between the boxes, m (0 when they overlap), and seconds until they touch (0 when they do, inf when
        never). Boxes one above the other never touch; their gap is taken on the ground all the same.
    """
    ca, sa, cb, sb = math.cos(pose_a[3]), math.sin(pose_a[3]), math.cos(pose_b[3]), math.sin(pose_b[3])
    dx = pose_b[0] + cb * box_b[CX] - sb * box_b[CY] - pose_a[0] - ca * box_a[CX] + sa * box_a[CY]
    dy = pose_b[1] + sb * box_b[CX] + cb * box_b[CY] - pose_a[1] - sa * box_a[CX] - ca * box_a[CY]
    vx, vy = velocity_b[0] - velocity_a[0], velocity_b[1] - velocity_a[1]
    enter, leave = 0.0, math.inf
    apart = False
    for ux, uy in ((ca, sa), (-sa, ca), (cb, sb), (-sb, cb)):
        distance, rate = dx * ux + dy * uy, vx * ux + vy * uy
        reach = 0.5 * (
            box_a[LENGTH] * abs(ca * ux + sa * uy)
            + box_a[WIDTH] * abs(ca * uy - sa * ux)
            + box_b[LENGTH] * abs(cb * ux + sb * uy)
            + box_b[WIDTH] * abs(cb * uy - sb * ux)
        )
        apart = apart or abs(distance) >= reach
        if abs(rate) > 1e-9:
            first, last = (-reach - distance) / rate, (reach - distance) / rate
            enter, leave = max(enter, min(first, last)), min(leave, max(first, last))
        elif abs(distance) >= reach:
            leave = -math.inf
    gap = 0.0
    if apart:
        gap = min(
            _corners_to_box(box_b, cb, sb, dx, dy, box_a, ca, sa),
            _corners_to_box(box_a, ca, sa, -dx, -dy, box_b, cb, sb),
        )
    bottom_a, bottom_b = pose_a[2] + box_a[CZ] - 0.5 * box_a[HEIGHT], pose_b[2] + box_b[CZ] - 0.5 * box_b[HEIGHT]
    level = bottom_a < bottom_b + box_b[HEIGHT] and bottom_b < bottom_a + box_a[HEIGHT]
    return gap, enter if level and enter < leave else math.inf


@nb.njit(cache=True)
def _corners_to_box(box: Any, c: float, s: float, dx: float, dy: float, other: Any, co: float, so: float) -> float:
    """Least distance from the corners of a box, whose middle lies at (dx, dy) from the other's, to the other."""
    least = math.inf
    for along, across in ((0.5, 0.5), (0.5, -0.5), (-0.5, 0.5), (-0.5, -0.5)):
        x = dx + c * along * box[LENGTH] - s * across * box[WIDTH]
        y = dy + s * along * box[LENGTH] + c * across * box[WIDTH]
        beyond_x = max(abs(co * x + so * y) - 0.5 * other[LENGTH], 0.0)
        beyond_y = max(abs(co * y - so * x) - 0.5 * other[WIDTH], 0.0)
        least = min(least, math.hypot(beyond_x, beyond_y))
    return least
