"""What an agent perceives of a batch of worlds: state vector, ray lidar, radar list. Compiled, world by world.

Every function fills one row per world, so that a world's numbers do not depend on its neighbours.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np

from drivesim.envs import track as t
from drivesim.world.boxes import CX, CY, CZ, HEIGHT, LENGTH, WIDTH
from drivesim.world.sight import visible_points

AGENT_FEATURES = (
    "speed / 30 m/s", "acceleration / 9 m/s2", "yaw rate / 1 rad/s", "steering / 0.6 rad",
)  # fmt: skip
ROUTE_FEATURES = (
    "metres left of the lane's centre / 3", "sine of heading error", "cosine of heading error", "speed limit / 30 m/s",
    "speed above the limit / 10 m/s", "metres to the goal / 100", "curvature 10 m ahead / 0.05", "20 m ahead",
    "40 m ahead",
)  # fmt: skip
ACTOR_FEATURES = (
    "1 if there is one", "ahead / 30 m", "left / 10 m", "velocity ahead relative to the agent's / 10 m/s",
    "velocity left / 10 m/s", "cosine of relative heading", "sine of it", "length / 5 m", "width / 2 m", "person",
    "rider", "vehicle or thing",
)  # fmt: skip
BOUND = 5.0
"""Features are clipped to plus or minus this."""
PERSON, RIDER, OTHER = range(3)

_CLEAR_AHEAD, _CLEAR_BESIDE = 40.0, 8.0
"""Metres ahead and to either side in which a person in sight means that the road is not clear."""


@nb.njit(cache=True)
def look(
    agent: int, eye: float, occlusion: bool, kind: Any, seen: Any, distance: Any, present: Any, boxes: Any,
    poses: Any, track: Any,
) -> None:  # fmt: skip
    """Who is in sight, how far, and whether the road ahead is clear.

    The road is clear unless a person or rider in sight is up to 40 m ahead and within 8 m to either side, or anything
    in sight stands or drives up to 40 m ahead in the agent's own path.

    Args:
        eye: height of the agent's eyes, m; occlusion: whether what is hidden is not seen.
        kind: (N,) PERSON, RIDER or OTHER; seen: (B, N) bool and distance: (B, N) metres between box centres, filled.
        poses: (B, N, 4) x, y, z, yaw; boxes: (B, N, 6).
    """
    for b in range(present.shape[0]):
        c, s = math.cos(poses[b, agent, 3]), math.sin(poses[b, agent, 3])
        box = boxes[b, agent]
        x0, y0 = poses[b, agent, 0] + c * box[CX] - s * box[CY], poses[b, agent, 1] + s * box[CX] + c * box[CY]
        clear, nearest = 1.0, 1e3
        for n in range(present.shape[1]):
            seen[b, n] = False
            distance[b, n] = math.inf
            if n == agent or not present[b, n]:
                continue
            cn, sn = math.cos(poses[b, n, 3]), math.sin(poses[b, n, 3])
            dx = poses[b, n, 0] + cn * boxes[b, n, CX] - sn * boxes[b, n, CY] - x0
            dy = poses[b, n, 1] + sn * boxes[b, n, CX] + cn * boxes[b, n, CY] - y0
            distance[b, n] = math.hypot(dx, dy)
            if kind[n] != OTHER:
                nearest = min(nearest, distance[b, n])
            if occlusion and visible_points(agent, n, eye, boxes[b], present[b], poses[b], 1) == 0:
                continue
            seen[b, n] = True
            ahead, left = c * dx + s * dy, c * dy - s * dx
            across = abs(sn * c - cn * s)
            half = 0.5 * (across * boxes[b, n, LENGTH] + (1.0 - across) * boxes[b, n, WIDTH] + box[WIDTH])
            reach = _CLEAR_BESIDE if kind[n] != OTHER else half
            if 0.0 < ahead < _CLEAR_AHEAD and abs(left) < reach:
                clear = 0.0
        track[b, t.CLEAR], track[b, t.NEAREST_PERSON] = clear, nearest


@nb.njit(cache=True)
def _clip(value: float) -> float:
    return min(max(value, -BOUND), BOUND)


@nb.njit(cache=True)
def state_vector(
    agent: int, nearest: int, out: Any, kind: Any, seen: Any, distance: Any, boxes: Any, poses: Any, velocity: Any,
    angular_velocity: Any, speed: Any, steering: Any, track: Any,
) -> None:  # fmt: skip
    """Fill (B, 13 + 12 * nearest) float32: agent, route, then actors in sight, nearest first; else zeros."""
    for b in range(out.shape[0]):
        row = out[b]
        v, limit = speed[b, agent], track[b, t.SPEED_LIMIT]
        row[0], row[1] = _clip(v / 30.0), _clip(track[b, t.ACCELERATION] / 9.0)
        row[2], row[3] = _clip(angular_velocity[b, agent, 2]), _clip(steering[b, agent] / 0.6)
        row[4] = _clip(track[b, t.LEFT] / 3.0)
        row[5], row[6] = math.sin(track[b, t.OFF_HEADING]), math.cos(track[b, t.OFF_HEADING])
        row[7], row[8] = _clip(limit / 30.0), _clip((v - limit) / 10.0)
        row[9] = _clip((track[b, t.GOAL] - track[b, t.ALONG]) / 100.0)
        row[10], row[11] = _clip(track[b, t.BEND_NEAR] / 0.05), _clip(track[b, t.BEND_MIDDLE] / 0.05)
        row[12] = _clip(track[b, t.BEND_FAR] / 0.05)
        row[13:] = 0.0
        yaw = poses[b, agent, 3]
        c, s = math.cos(yaw), math.sin(yaw)
        box = boxes[b, agent]
        x0, y0 = poses[b, agent, 0] + c * box[CX] - s * box[CY], poses[b, agent, 1] + s * box[CX] + c * box[CY]
        floor = -1.0
        last = -1
        for k in range(nearest):
            best, found = math.inf, -1
            for n in range(boxes.shape[1]):
                d = distance[b, n]
                later = d > floor or (d == floor and n > last)
                if seen[b, n] and later and d < best:
                    best, found = d, n
            if found < 0:
                break
            floor, last = best, found
            turn = poses[b, found, 3] - yaw
            cn, sn = math.cos(poses[b, found, 3]), math.sin(poses[b, found, 3])
            dx = poses[b, found, 0] + cn * boxes[b, found, CX] - sn * boxes[b, found, CY] - x0
            dy = poses[b, found, 1] + sn * boxes[b, found, CX] + cn * boxes[b, found, CY] - y0
            vx = velocity[b, found, 0] - velocity[b, agent, 0]
            vy = velocity[b, found, 1] - velocity[b, agent, 1]
            at = 13 + 12 * k
            row[at] = 1.0
            row[at + 1], row[at + 2] = _clip((c * dx + s * dy) / 30.0), _clip((c * dy - s * dx) / 10.0)
            row[at + 3], row[at + 4] = _clip((c * vx + s * vy) / 10.0), _clip((c * vy - s * vx) / 10.0)
            row[at + 5], row[at + 6] = math.cos(turn), math.sin(turn)
            row[at + 7], row[at + 8] = _clip(boxes[b, found, LENGTH] / 5.0), _clip(boxes[b, found, WIDTH] / 2.0)
            row[at + 9 + kind[found]] = 1.0


@nb.njit(cache=True)
def lidar_scan(
    agent: int, reach: float, height: float, directions: Any, out: Any, present: Any, boxes: Any, poses: Any
) -> None:
    """Fill (B, R) float32 with the range of each ray over ``reach``; 1 where nothing is hit.

    The rays run level from the middle of the agent's box, ``height`` m above its ground, and hit actors' boxes.

    Args:
        directions: (R, 2) unit vectors in the agent's frame.
    """
    for b in range(out.shape[0]):
        c, s = math.cos(poses[b, agent, 3]), math.sin(poses[b, agent, 3])
        own = boxes[b, agent]
        x0, y0 = poses[b, agent, 0] + c * own[CX] - s * own[CY], poses[b, agent, 1] + s * own[CX] + c * own[CY]
        z0 = poses[b, agent, 2] + height
        for r in range(directions.shape[0]):
            out[b, r] = 1.0
        for n in range(present.shape[1]):
            box = boxes[b, n]
            middle = poses[b, n, 2] + box[CZ]
            if n == agent or not present[b, n] or abs(z0 - middle) > 0.5 * box[HEIGHT]:
                continue
            cn, sn = math.cos(poses[b, n, 3]), math.sin(poses[b, n, 3])
            dx, dy = x0 - poses[b, n, 0], y0 - poses[b, n, 1]
            ox, oy = cn * dx + sn * dy - box[CX], cn * dy - sn * dx - box[CY]
            half_x, half_y = 0.5 * box[LENGTH], 0.5 * box[WIDTH]
            if math.hypot(ox, oy) > reach + math.hypot(half_x, half_y):
                continue
            ct, st = c * cn + s * sn, s * cn - c * sn
            for r in range(directions.shape[0]):
                ux = ct * directions[r, 0] - st * directions[r, 1]
                uy = st * directions[r, 0] + ct * directions[r, 1]
                enter, leave = 0.0, out[b, r] * reach
                ux = ux if abs(ux) > 1e-12 else 1e-12
                uy = uy if abs(uy) > 1e-12 else 1e-12
                a, z = (-half_x - ox) / ux, (half_x - ox) / ux
                enter, leave = max(enter, min(a, z)), min(leave, max(a, z))
                a, z = (-half_y - oy) / uy, (half_y - oy) / uy
                enter, leave = max(enter, min(a, z)), min(leave, max(a, z))
                if enter <= leave:
                    out[b, r] = enter / reach


@nb.njit(cache=True)
def radar_list(agent: int, out: Any, seen: Any, distance: Any, boxes: Any, poses: Any, velocity: Any) -> None:
    """Fill (B, K, 4) float32: 1 if there is a target, range / 100 m, azimuth / pi (left positive), range rate / 30 m/s.

    One target per actor in sight, nearest first: the nearest point of its box to the middle of the agent's front.
    """
    for b in range(out.shape[0]):
        c, s = math.cos(poses[b, agent, 3]), math.sin(poses[b, agent, 3])
        front = boxes[b, agent, CX] + 0.5 * boxes[b, agent, LENGTH]
        x0, y0 = poses[b, agent, 0] + c * front, poses[b, agent, 1] + s * front
        floor, last = -1.0, -1
        for k in range(out.shape[1]):
            out[b, k] = 0.0
            best, n = math.inf, -1
            for other in range(boxes.shape[1]):
                d = distance[b, other]
                if seen[b, other] and (d > floor or (d == floor and other > last)) and d < best:
                    best, n = d, other
            if n < 0:
                floor = math.inf
                continue
            floor, last = best, n
            cn, sn = math.cos(poses[b, n, 3]), math.sin(poses[b, n, 3])
            dx, dy = x0 - poses[b, n, 0], y0 - poses[b, n, 1]
            px = cn * dx + sn * dy - boxes[b, n, CX]
            py = cn * dy - sn * dx - boxes[b, n, CY]
            px = min(max(px, -0.5 * boxes[b, n, LENGTH]), 0.5 * boxes[b, n, LENGTH]) + boxes[b, n, CX]
            py = min(max(py, -0.5 * boxes[b, n, WIDTH]), 0.5 * boxes[b, n, WIDTH]) + boxes[b, n, CY]
            wx, wy = cn * px - sn * py - dx, sn * px + cn * py - dy
            away = max(math.hypot(wx, wy), 1e-6)
            rate = (velocity[b, n, 0] - velocity[b, agent, 0]) * wx + (velocity[b, n, 1] - velocity[b, agent, 1]) * wy
            out[b, k, 0], out[b, k, 1] = 1.0, _clip(away / 100.0)
            out[b, k, 2] = math.atan2(c * wy - s * wx, c * wx + s * wy) / math.pi
            out[b, k, 3] = _clip(rate / away / 30.0)


def ray_directions(rays: int) -> np.ndarray:
    """(R, 2) float64 unit vectors all around, counter-clockwise from straight ahead."""
    angles = np.arange(rays) * (2.0 * np.pi / rays)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)
