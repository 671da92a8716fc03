"""Where each agent is on its way, as one row of numbers per world; written by compiled code after every step."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from drivesim.envs.route import CURVATURE, HALF_WIDTH, HEADING, LEFT_EDGE, LIMIT, RIGHT_EDGE, SPACING, X, Y, at, locate
from drivesim.world.driving import wrap

(
    ROW,
    ALONG,
    LEFT,
    OFF_HEADING,
    SPEED_LIMIT,
    HALF_LANE,
    ROOM_LEFT,
    ROOM_RIGHT,
    BEND_NEAR,
    BEND_MIDDLE,
    BEND_FAR,
    LANE_STEERING,
    START,
    GOAL,
    ADVANCED,
    ACCELERATION,
    JERK,
    CLEAR,
    NEAREST_PERSON,
) = range(19)
"""Columns of a track row: index of the route row, metres along it, metres left of it, heading relative to it (rad),
speed limit (m/s), half lane width, room to the road's edges (left positive, right negative, m), curvature 10, 20 and
40 m ahead (1/m), steering that keeps the lane (rad), metres along at the start and at the goal, metres advanced in the
last step, acceleration along the body (m/s2), its change per second (m/s3), whether the road ahead is clear, metres to
the nearest person or rider."""
COLUMNS = 19

LOOK_AHEAD_TIME = 1.0
LOOK_AHEAD_LEAST = 4.0
"""s, m: preview of the pure-pursuit lane keeping (Coulter, CMU-RI-TR-92-01, 1992)."""


@nb.njit(cache=True)
def follow(
    agent: int, dt: float, fresh: Any, track: Any, routes: Any, first: Any, count: Any, limits: Any, position: Any,
    orientation: Any, acceleration: Any, speed: Any,
) -> None:  # fmt: skip
    """Bring the track of every agent up to date.

    Args:
        dt: seconds since the last call.
        fresh: (B,) bool, agents that have just been placed: their track starts here.
        track: (B, COLUMNS); routes: (R, 8) all tables; first, count: (B,) where each agent's table is.
        limits: (B, N) records; position and the following as in :class:`drivesim.types.WorldState`.
    """
    for b in range(track.shape[0]):
        k, n = first[b], count[b]
        x, y, yaw = position[b, agent, 0], position[b, agent, 1], orientation[b, agent, 0]
        near = -1 if fresh[b] else int(track[b, ROW])
        row, share, left = locate(routes, k, n, near, x, y)
        along = (row + share) * SPACING
        before = track[b, ALONG]
        track[b, ROW], track[b, ALONG], track[b, LEFT] = row, along, left
        track[b, OFF_HEADING] = wrap(yaw - at(routes, k, n, along, HEADING))
        track[b, SPEED_LIMIT] = at(routes, k, n, along, LIMIT)
        track[b, HALF_LANE] = at(routes, k, n, along, HALF_WIDTH)
        track[b, ROOM_LEFT] = at(routes, k, n, along, LEFT_EDGE)
        track[b, ROOM_RIGHT] = at(routes, k, n, along, RIGHT_EDGE)
        track[b, BEND_NEAR] = at(routes, k, n, along + 10.0, CURVATURE)
        track[b, BEND_MIDDLE] = at(routes, k, n, along + 20.0, CURVATURE)
        track[b, BEND_FAR] = at(routes, k, n, along + 40.0, CURVATURE)
        v = speed[b, agent]
        preview = along + max(LOOK_AHEAD_TIME * v, LOOK_AHEAD_LEAST)
        last = (n - 1) * SPACING
        ahead = at(routes, k, n, last, HEADING)
        beyond = max(preview - last, 0.0)
        dx = at(routes, k, n, preview, X) + beyond * math.cos(ahead) - x
        dy = at(routes, k, n, preview, Y) + beyond * math.sin(ahead) - y
        aside = math.cos(yaw) * dy - math.sin(yaw) * dx
        track[b, LANE_STEERING] = math.atan2(2.0 * limits[b, agent].wheelbase * aside, dx * dx + dy * dy)
        a = acceleration[b, agent, 0] * math.cos(yaw) + acceleration[b, agent, 1] * math.sin(yaw)
        if fresh[b]:
            track[b, START], track[b, ADVANCED], track[b, JERK] = along, 0.0, 0.0
        else:
            track[b, ADVANCED] = along - before
            track[b, JERK] = (a - track[b, ACCELERATION]) / dt
        track[b, ACCELERATION] = a
