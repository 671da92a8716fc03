"""Keep actors on the ground: height, and for vehicles the slope of the road under them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim.transforms import rotation_from_ypr
from drivesim.types import Actor

if TYPE_CHECKING:
    from drivesim.opendrive import RoadNetwork
    from drivesim.world.world import World


class Surface:
    """The road surface as actors feel it; remembers where each was, to look there first."""

    def __init__(self, network: RoadNetwork, actors: Sequence[Actor]) -> None:
        self._network = network
        self._tilts = np.array([actor.kind != "pedestrian" for actor in actors])

    def settle(self, world: World, free: NDArray[np.bool_]) -> None:
        """Set z, pitch and roll of all present actors that moved where ``free`` (B, N) allows it."""
        moved = world.present & free & (np.abs(world.velocity[..., :2]).max(axis=-1) > 1e-6)
        for b, n in zip(*np.nonzero(moved), strict=True):
            x, y, _ = world.position[b, n]
            world.position[b, n, 2] = self._network.elevation(x, y)
            if self._tilts[n]:
                world.orientation[b, n, 1:] = self._slope(x, y, world.orientation[b, n, 0])

    def _slope(self, x: float, y: float, yaw: float) -> tuple[float, float]:
        """Pitch and roll of a body with heading ``yaw`` on the road at (x, y); flat off the road."""
        lane = self._network.lane_from_world(x, y)
        if lane is None:
            return 0.0, 0.0
        point = self._network.world_from_road(lane.road_id, lane.s, lane.t)
        up = rotation_from_ypr((point.heading - yaw, point.pitch, point.roll))[:, 2]
        return math.atan2(up[0], up[2]), -math.asin(min(1.0, max(-1.0, up[1])))
