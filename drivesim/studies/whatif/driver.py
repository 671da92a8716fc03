"""The car under test in a run: keeps its lane at its speed, and brakes when its chain says so."""

from __future__ import annotations

from drivesim.behaviors.driver import CarFollowingDriver
from drivesim.ego import EgoChain, OwnState
from drivesim.transforms import Pose
from drivesim.world import VehicleControl, World


class EgoDriver:
    """An OpenSCENARIO controller around an :class:`~drivesim.ego.EgoChain`.

    The world is used for the car's own state and for keeping the lane; nothing else of it reaches the chain.

    Attributes:
        braking_since: when deceleration first was asked for, s; None if never.
    """

    def __init__(self, chain: EgoChain) -> None:
        self.chain = chain
        self.braking_since: float | None = None
        self._lane_keeping = CarFollowingDriver("constant")

    def step(self, world: World, actor: int, dt: float) -> VehicleControl:
        own = OwnState(
            time=world.time,
            world_from_ego=Pose.from_ypr(world.position[0, actor], world.orientation[0, actor]),
            speed=float(world.speed[0, actor]),
            yaw_rate=float(world.angular_velocity[0, actor, 2]),
        )
        deceleration = self.chain.decide(own, dt)
        if self.chain.braking and self.braking_since is None:
            self.braking_since = own.time
        wanted = self._lane_keeping.step(world, actor, dt)
        return VehicleControl(-deceleration if deceleration > 0.0 else wanted.acceleration, wanted.steering)
