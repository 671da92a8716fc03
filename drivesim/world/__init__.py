"""The state of everything that moves: dynamics, collisions, lines of sight."""

from drivesim.world.controls import Control, Kinematic, SpeedControl, VehicleControl, WalkerControl
from drivesim.world.world import World

__all__ = ["Control", "Kinematic", "SpeedControl", "VehicleControl", "WalkerControl", "World"]
