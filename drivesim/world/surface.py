"""Keep actors on the ground: height, and for vehicles the slope of the road under them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim.transforms import rotation_from_ypr

if TYPE_CHECKING:
    from drivesim.opendrive import LanePosition, RoadNetwork, RoadPoint
    from drivesim.world.world import World


class Surface:
    """The road surface as actors feel it; remembers on which lane each was, to look there first."""

    def __init__(self, network: RoadNetwork, batch: int) -> None:
        self._network = network
        self._lanes: list[dict[int, LanePosition | None]] = [{} for _ in range(batch)]

    def member(self, world: int) -> Surface:
        """The surface under one world of the batch, with nothing to remember yet."""
        self._lanes[world].clear()
        member = Surface(self._network, 0)
        member._lanes = [self._lanes[world]]
        return member

    def settle(self, world: World, free: NDArray[np.bool_]) -> None:
        """Set z, pitch and roll of all present actors that moved where ``free`` (B, N) allows it; flat off the road."""
        moved = world.present & free & (np.abs(world.velocity[..., :2]).max(axis=-1) > 1e-6)
        for b, n in np.argwhere(moved).tolist():
            x, y = world.position[b, n, :2].tolist()
            lane = self._network.lane_from_world(x, y, hint=self._lanes[b].get(n))
            self._lanes[b][n] = lane
            slope = (0.0, 0.0)
            if lane is None:
                z = self._network.elevation(x, y)
            else:
                point = self._network.world_from_lane(lane.road_id, lane.lane_id, lane.s, lane.offset)
                z = point.z
                slope = _slope(point, float(world.orientation[b, n, 0]))
            world.position[b, n, 2] = z
            if world.actors[n].kind != "pedestrian":
                world.orientation[b, n, 1:] = slope


def _slope(point: RoadPoint, yaw: float) -> tuple[float, float]:
    """Pitch and roll of a body with heading ``yaw`` that stands on the surface at ``point``."""
    if point.pitch == 0.0 and point.roll == 0.0:
        return 0.0, 0.0
    up = rotation_from_ypr((point.heading - yaw, point.pitch, point.roll))[:, 2]
    return math.atan2(up[0], up[2]), -math.asin(min(1.0, max(-1.0, up[1])))
