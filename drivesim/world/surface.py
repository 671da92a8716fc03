"""Keep actors on the ground: height, and for vehicles the slope of the road under them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from drivesim.opendrive.ground import Ground, ground_of, height_at, locate, surface_at
from drivesim.opendrive.network import LanePosition
from drivesim.types import F64
from drivesim.world.cruise import Course, cruise

if TYPE_CHECKING:
    from drivesim.opendrive import RoadNetwork
    from drivesim.world.world import World

_MOVING = 1e-6
"""m/s from which an actor is settled anew."""


class Surface:
    """The road surface as actors feel it; remembers where on the roads each was, to look there first."""

    def __init__(self, network: RoadNetwork, batch: int, actors: int) -> None:
        self._network = network
        self._ground = ground_of(network)
        self._course = Course.of(self._ground) if self._ground is not None else None
        self._rows = {road: row for row, road in enumerate(network.roads)} if self._ground is not None else {}
        self._remember(batch, actors)

    def _remember(self, batch: int, actors: int) -> None:
        self._road = np.full((batch, actors), -1)
        self._s = np.zeros((batch, actors))

    def _again(self) -> Surface:
        surface = Surface.__new__(Surface)
        surface._network, surface._rows = self._network, self._rows
        surface._ground, surface._course = self._ground, self._course
        return surface

    def under(self, batch: int, actors: int) -> Surface:
        """The same surface under other actors."""
        surface = self._again()
        surface._remember(batch, actors)
        return surface

    def member(self, world: int) -> Surface:
        """The surface under one world of the batch, with nothing to remember yet."""
        member = self._again()
        member._road, member._s = self._road[world : world + 1], self._s[world : world + 1]
        member._road[:] = -1
        return member

    def height(self, x: float, y: float) -> float:
        """Of the surface, m; pavements included."""
        if self._ground is not None:
            z: float = height_at(self._ground, x, y)
            if not math.isnan(z):
                return z
        return self._network.elevation(x, y)

    def cruise(
        self, command: Any, position: F64, actor: int, lane: LanePosition, distance: float, offset: float,
        speed: float, against: bool,
    ) -> tuple[LanePosition, float] | None:  # fmt: skip
        """:meth:`World.cruise`, given the commands and positions of all actors."""
        if self._course is None:
            return None
        road, lane_id, s, _, before = lane
        s, t, moved = cruise(
            *self._course, command, position, actor, self._rows[road], lane_id, s, before, distance, offset, against,
            speed,
        )  # fmt: skip
        return None if moved < 0.0 else (LanePosition(road, lane_id, s, t, offset), moved)

    def settle(self, world: World, free: Any) -> None:
        """Set z, pitch and roll of all present actors that moved where ``free`` (B, N) allows it; flat off the road."""
        if self._ground is None:
            fast = np.abs(world.velocity[..., :2]).max(axis=-1) > _MOVING
            left = [(b, n) for b, n in np.argwhere(world.present & free & fast).tolist()]
        else:
            left = settle(
                self._ground, world.limits, world.present, free, world.position, world.orientation, world.velocity,
                self._road, self._s,
            )  # fmt: skip
        for b, n in left:
            self._ask(world, b, n)

    def _ask(self, world: World, b: int, n: int) -> None:
        """The same for one actor, from the map itself."""
        x, y = world.position[b, n, :2].tolist()
        lane = self._network.lane_from_world(x, y)
        slope = (0.0, 0.0)
        if lane is None:
            z = self._network.elevation(x, y)
        else:
            point = self._network.world_from_lane(lane.road_id, lane.lane_id, lane.s, lane.offset)
            z = point.z
            slope = body_slope(point.heading - float(world.orientation[b, n, 0]), point.pitch, point.roll)
        world.position[b, n, 2] = z
        if world.actors[n].kind != "pedestrian":
            world.orientation[b, n, 1:] = slope


@nb.njit(cache=True)
def body_slope(turn: float, pitch: float, roll: float) -> tuple[float, float]:
    """Pitch and roll of a body on a surface with these, whose heading is ``turn`` rad to the left of the body's."""
    if pitch == 0.0 and roll == 0.0:
        return 0.0, 0.0
    c, s = math.cos(turn), math.sin(turn)
    sp, cr, sr = math.sin(pitch), math.cos(roll), math.sin(roll)
    up_x, up_y, up_z = c * sp * cr + s * sr, s * sp * cr - c * sr, math.cos(pitch) * cr
    return math.atan2(up_x, up_z), -math.asin(min(1.0, max(-1.0, up_y)))


@nb.njit(cache=True)
def settle(
    ground: Ground, limits: Any, present: Any, free: Any, position: Any, orientation: Any, velocity: Any, road: Any,
    along: Any,
) -> list[tuple[int, int]]:  # fmt: skip
    """Settle everybody on the roads; the worlds and indices of those who are off them are returned."""
    left = [(0, 0) for _ in range(0)]
    for b in range(present.shape[0]):
        for n in range(present.shape[1]):
            moves = max(abs(velocity[b, n, 0]), abs(velocity[b, n, 1])) > _MOVING
            if not (present[b, n] and free[b, n] and moves):
                continue
            found, s, t, lane = locate(ground, position[b, n, 0], position[b, n, 1], road[b, n], along[b, n])
            road[b, n], along[b, n] = found, s
            if found < 0:
                left.append((b, n))
                continue
            z, heading, pitch, roll = surface_at(ground, found, s, t, lane)
            position[b, n, 2] = z
            if not limits[b, n].walks:
                orientation[b, n, 1], orientation[b, n, 2] = body_slope(heading - orientation[b, n, 0], pitch, roll)
    return left
