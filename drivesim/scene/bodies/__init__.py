"""People: parametric bodies, dressed, that move as people do."""

from drivesim.scene.bodies.body import Body, Posed
from drivesim.scene.bodies.rider import RiderSeat

__all__ = ["Body", "Posed", "RiderSeat"]
