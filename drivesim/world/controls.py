"""What a controller may ask of an actor for the coming step."""

from __future__ import annotations

from dataclasses import dataclass

from drivesim.transforms import Pose

DEFAULT_WALKER_ACCELERATION = 2.0
"""m/s2. Children from a standing start: 1.5 to 2.5 m/s2 (Eberhardt & Himbert, Bewegungsgeschwindigkeiten, 1977;
measured again by age in Vaughan & Bain, SAE 1999-01-0440)."""


@dataclass(frozen=True, slots=True)
class VehicleControl:
    """Drive a vehicle as a kinematic bicycle, within its performance, its tyres' grip and its steering rate.

    Attributes:
        acceleration: m/s2 along the body, negative brakes; braking ends at standstill and never reverses.
        steering: road-wheel angle, rad, left positive.
    """

    acceleration: float
    steering: float


@dataclass(frozen=True, slots=True)
class WalkerControl:
    """Walk towards a wanted velocity with limited acceleration and turning.

    Attributes:
        velocity: wanted (x, y) in the world, m/s.
        heading: wanted yaw of the body, rad; None faces the way of walking.
        gaze: wanted head yaw relative to the body, rad, left positive.
        max_acceleration: m/s2.
    """

    velocity: tuple[float, float]
    heading: float | None = None
    gaze: float = 0.0
    max_acceleration: float = DEFAULT_WALKER_ACCELERATION


@dataclass(frozen=True, slots=True, eq=False)
class Kinematic:
    """Be exactly here at the end of the step, whatever physics says.

    Attributes:
        pose: ``world_from_actor``.
        speed: signed speed along the path, m/s.
        velocity: (x, y, z) in the world, m/s; None takes it from ``speed`` and the change of pose.
    """

    pose: Pose
    speed: float
    velocity: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class SpeedControl:
    """Have this speed at the end of the step, on the way that the scenario gives: of a controller that drives the
    longitudinal domain alone. Whoever knows that way (the scenario player) turns it into a place.

    Attributes:
        speed: m/s along the way.
    """

    speed: float


Control = VehicleControl | WalkerControl | Kinematic
