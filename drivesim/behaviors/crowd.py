"""Social forces: how people on foot keep off each other and off things. Helbing & Molnar, Phys. Rev. E 51:4282 (1995).

Symbols and values are the paper's: a pedestrian's repulsive potential is V0 exp(-b / sigma), b the half minor axis of
an ellipse that is long in the direction in which the other will step; that of borders U0 exp(-distance / R); what is
behind one's back counts half. Side preference breaks the tie of two who meet head on (Moussaid et al., Proc. R. Soc. B
276:2755, 2009).
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from drivesim.world.boxes import CX, CY, LENGTH, WIDTH

RELAXATION = 0.5
"""s, tau: within which the wanted velocity is taken up."""
PEOPLE, PEOPLE_RANGE, STEP_TIME = 2.1, 0.3, 2.0
"""V0, m2/s2; sigma, m; delta t, s: how far ahead the other's steps count."""
BORDER, BORDER_RANGE = 10.0, 0.2
"""U0, m2/s2; R, m."""
SIGHT, UNSEEN = math.radians(100.0), 0.5
"""Half the angle of sight, rad, and what counts beyond it."""
FASTEST = 1.3
"""Times the wanted speed."""
SIDE = 0.1
"""rad by which the force of people turns to the right hand."""
REACH = 6.0
"""Metres beyond which forces are nothing (V0 / sigma exp(-REACH / sigma) < 1e-7 m/s2)."""


@nb.njit(cache=True)
def force_of_person(dx: float, dy: float, vx: float, vy: float) -> tuple[float, float]:
    """m/s2 on someone at (dx, dy) metres from another who walks with velocity (vx, vy)."""
    sx, sy = vx * STEP_TIME, vy * STEP_TIME
    here = max(math.hypot(dx, dy), 1e-6)
    ex, ey = dx - sx, dy - sy
    there = max(math.hypot(ex, ey), 1e-6)
    b = 0.5 * math.sqrt(max((here + there) ** 2 - sx * sx - sy * sy, 1e-6))
    size = PEOPLE / PEOPLE_RANGE * math.exp(-b / PEOPLE_RANGE) * (here + there) / (4.0 * b)
    return size * (dx / here + ex / there), size * (dy / here + ey / there)


@nb.njit(cache=True)
def force_of_box(x: float, y: float, box: Any, pose: Any) -> tuple[float, float]:
    """m/s2 on someone at a point, from the nearest point of a box."""
    c, s = math.cos(pose[3]), math.sin(pose[3])
    dx, dy = x - pose[0], y - pose[1]
    u, v = c * dx + s * dy - box[CX], c * dy - s * dx - box[CY]
    nearest_u = min(max(u, -0.5 * box[LENGTH]), 0.5 * box[LENGTH])
    nearest_v = min(max(v, -0.5 * box[WIDTH]), 0.5 * box[WIDTH])
    off_u, off_v = u - nearest_u, v - nearest_v
    away = math.hypot(off_u, off_v)
    if away < 1e-6 or away > REACH:
        return 0.0, 0.0
    size = BORDER / BORDER_RANGE * math.exp(-away / BORDER_RANGE) / away
    return size * (c * off_u - s * off_v), size * (s * off_u + c * off_v)


@nb.njit(cache=True)
def social_velocity(
    i: int, wanted_x: float, wanted_y: float, dt: float, walks: Any, present: Any, boxes: Any, poses: Any, velocity: Any
) -> tuple[float, float]:
    """Velocity, m/s, after ``dt`` seconds of someone who wants to go with (wanted_x, wanted_y).

    Args:
        walks, present: (N,) bool; boxes: (N, 6); poses: (N, 4) x, y, z, yaw; velocity: (N, 3).
    """
    x, y, vx, vy = poses[i, 0], poses[i, 1], velocity[i, 0], velocity[i, 1]
    ax, ay = (wanted_x - vx) / RELAXATION, (wanted_y - vy) / RELAXATION
    pace = max(math.hypot(wanted_x, wanted_y), 1e-6)
    c, s = math.cos(SIDE), math.sin(SIDE)
    for j in range(len(present)):
        if j == i or not present[j]:
            continue
        if walks[j]:
            dx, dy = x - poses[j, 0], y - poses[j, 1]
            if dx * dx + dy * dy > REACH * REACH:
                continue
            fx, fy = force_of_person(dx, dy, velocity[j, 0], velocity[j, 1])
            fx, fy = c * fx - s * fy, s * fx + c * fy
        else:
            fx, fy = force_of_box(x, y, boxes[j], poses[j])
        size = math.hypot(fx, fy)
        seen = -(fx * wanted_x + fy * wanted_y) >= size * pace * math.cos(SIGHT)
        share = 1.0 if seen else UNSEEN
        ax, ay = ax + share * fx, ay + share * fy
    nx, ny = vx + ax * dt, vy + ay * dt
    limit = min(1.0, FASTEST * pace / max(math.hypot(nx, ny), 1e-9))
    return nx * limit, ny * limit
