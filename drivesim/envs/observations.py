"""Observations by name: their spaces, and how they are filled for a batch of worlds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from drivesim.envs import perception
from drivesim.errors import DrivesimError, did_you_mean
from drivesim.simulation import as_simulator

if TYPE_CHECKING:
    from drivesim.envs.batch import Batch

QUICK = ("state", "lidar", "radar")
"""Observations that need no scene; all others are sensors of a rig."""
_LIDAR_HEIGHT = 0.6
"""Of the rays above the agent's ground, m: low enough for a child, above kerbs."""


class Observation(Protocol):
    """One part of what is observed.

    Attributes:
        space: of one world.
        values: (B, ...) of all worlds, overwritten by :meth:`fill`.
    """

    space: gym.spaces.Box
    values: NDArray[Any]

    def fill(self, batch: Batch, rows: slice) -> None:
        """Observe some worlds as they are now."""
        ...

    def close(self) -> None:
        """Release what is held; legal twice."""
        ...


class _Quick:
    """Holds nothing but arrays."""

    def close(self) -> None:
        pass


class StateVector(_Quick):
    """Agent, route and the nearest actors in sight; see :mod:`drivesim.envs.perception` for every feature."""

    def __init__(self, batch: Batch) -> None:
        self._nearest = batch.settings.nearest
        size = len(perception.AGENT_FEATURES) + len(perception.ROUTE_FEATURES)
        size += len(perception.ACTOR_FEATURES) * self._nearest
        self.space = gym.spaces.Box(-perception.BOUND, perception.BOUND, (size,), np.float32)
        self.values = np.zeros((batch.count, size), dtype=np.float32)

    def fill(self, batch: Batch, rows: slice) -> None:
        w = batch.world
        perception.state_vector(
            batch.agent.index, self._nearest, self.values[rows], batch.kinds, batch.seen[rows], batch.distance[rows],
            w.boxes[rows], batch.poses[rows], w.velocity[rows], w.angular_velocity[rows], w.speed[rows],
            w.steering[rows], batch.track[rows],
        )  # fmt: skip


class RayLidar(_Quick):
    """Range of level rays all around over the reach, 1 where nothing is hit; index 0 ahead, counter-clockwise."""

    def __init__(self, batch: Batch) -> None:
        rays = batch.settings.rays
        self._directions = perception.ray_directions(rays)
        self._reach = batch.settings.reach
        self.space = gym.spaces.Box(0.0, 1.0, (rays,), np.float32)
        self.values = np.zeros((batch.count, rays), dtype=np.float32)

    def fill(self, batch: Batch, rows: slice) -> None:
        perception.lidar_scan(
            batch.agent.index, self._reach, _LIDAR_HEIGHT, self._directions, self.values[rows],
            batch.world.present[rows], batch.world.boxes[rows], batch.poses[rows],
        )  # fmt: skip


class RadarList(_Quick):
    """One target per actor in sight, nearest first: there, range / 100 m, azimuth / pi, range rate / 30 m/s."""

    def __init__(self, batch: Batch) -> None:
        count = batch.settings.targets
        self.space = gym.spaces.Box(-perception.BOUND, perception.BOUND, (count * 4,), np.float32)
        self._targets = np.zeros((batch.count, count, 4), dtype=np.float32)
        self.values = self._targets.reshape(batch.count, -1)

    def fill(self, batch: Batch, rows: slice) -> None:
        w = batch.world
        perception.radar_list(
            batch.agent.index, self._targets[rows], batch.seen[rows], batch.distance[rows], w.boxes[rows],
            batch.poses[rows], w.velocity[rows],
        )  # fmt: skip


_QUICK: dict[str, Callable[[Batch], Observation]] = {"state": StateVector, "lidar": RayLidar, "radar": RadarList}


def observations_of(batch: Batch) -> dict[str, Observation]:
    """What the settings ask for, by name.

    Raises:
        DrivesimError: no such observation, or none at all; parameters move a sensor, and none is observed.
    """
    names = batch.settings.observed
    as_simulator(batch.settings.simulator)
    if not names:
        raise DrivesimError("nothing is observed", element="observation", remedy="name at least one observation")
    sensed = [name for name in names if name not in QUICK]
    made: dict[str, Observation] = {name: _QUICK[name](batch) for name in names if name in QUICK}
    if sensed:
        from drivesim.envs.sensing import Sensing, channels_of

        available = channels_of(batch.settings)
        for name in sensed:
            if name not in available:
                choices = [*QUICK, *available]
                raise DrivesimError(
                    f"no observation is called '{name}'", element="observation", remedy=did_you_mean(name, choices)
                )
        if batch.settings.simulator == "embedded":
            made |= Sensing(batch, sensed).parts
        else:
            from drivesim.envs.carla import CarlaSensing

            made |= CarlaSensing(batch, sensed).parts
    elif batch.stage.mounting:
        channel, axis = min(batch.stage.mounting)
        raise DrivesimError(
            "no sensor is observed that it could move", element=f"mount.{channel}.{axis}",
            remedy="observe 'camera' or a channel of the rig, or leave the parameter out",
        )  # fmt: skip
    return {name: made[name] for name in names}
