"""Where a rider sits: what a two-wheeler tells the body that rides it."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class RiderSeat:
    """Contact points in the vehicle's frame (x forward, y left, z up, origin: rear axle on the ground), m.

    Attributes:
        saddle: top of the saddle where the hips rest.
        left_grip, right_grip: middle of the grips.
        pedal_axis: middle of the bottom bracket (or of the foot pegs).
        pedal_half_width: from the middle plane to the middle of a foot.
        crank_radius: 0 for foot pegs.
        knee_spread: how far knees point outwards, 0 straight ahead.
    """

    saddle: Point
    left_grip: Point
    right_grip: Point
    pedal_axis: Point
    pedal_half_width: float
    crank_radius: float = 0.0
    knee_spread: float = 0.1
