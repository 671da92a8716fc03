"""People: parametric bodies, dressed, that move as people do."""

from drivesim.scene.bodies.body import PHASE_STEP, Body, Posed, seat_points, shaped
from drivesim.scene.bodies.rider import RiderSeat

__all__ = ["PHASE_STEP", "Body", "Posed", "RiderSeat", "seat_points", "shaped"]
