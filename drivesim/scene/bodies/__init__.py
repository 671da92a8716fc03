"""People: parametric bodies, dressed, that move as people do."""

from drivesim.scene.bodies.body import PHASE_STEP, Body, Posed, moving, shaped, turned
from drivesim.scene.bodies.rider import RiderSeat

__all__ = ["PHASE_STEP", "Body", "Posed", "RiderSeat", "moving", "shaped", "turned"]
