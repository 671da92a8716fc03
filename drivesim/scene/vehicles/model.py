"""What a vehicle's geometry is: a body, wheels that turn, lamps, and where a rider sits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.mesh import Mesh
from drivesim.types import Light

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Wheel:
    """One wheel.

    Attributes:
        mesh: in the wheel's own frame: origin at the hub, y along the axle (left), x forward; it turns about y.
        center: (3,) float32, hub in the actor frame at rest, m.
        radius: m.
        steered: whether it turns about z with the steering angle.
    """

    mesh: Mesh
    center: F32
    radius: float
    steered: bool


@dataclass(frozen=True, slots=True, eq=False)
class RiderSeat:
    """Where a rider touches a bicycle or motorcycle, actor frame, m.

    Attributes:
        saddle: (3,) float32, top of the saddle.
        handlebar_left, handlebar_right: (3,) float32, middle of the grips.
        pedal_center: (3,) float32, the cranks' axis (motorcycle: midway between the foot pegs).
        crank_radius: m, 0 where nothing is pedalled.
        pedal_width: lateral distance between the middles of the pedals or pegs, m.
    """

    saddle: F32
    handlebar_left: F32
    handlebar_right: F32
    pedal_center: F32
    crank_radius: float
    pedal_width: float


@dataclass(frozen=True, slots=True, eq=False)
class Lamp:
    """A light source: which switch lights it, position (3,) and unit direction (3,) float32 in the actor frame."""

    kind: Light
    position: F32
    direction: F32


@dataclass(frozen=True, slots=True, eq=False)
class VehicleModel:
    """Geometry of one vehicle in the actor frame (rear axle projected to the ground, x forward).

    Attributes:
        body: everything that does not turn.
        wheels: front ones first.
        lamps: light sources, for beams on the road.
        lamp_group: (T,) uint8 per body triangle, the :class:`~drivesim.types.Light` flags any of which light it; 0 for
            what is no lamp.
        rider: two-wheelers only.
    """

    body: Mesh
    wheels: tuple[Wheel, ...]
    lamps: tuple[Lamp, ...]
    lamp_group: NDArray[np.uint8]
    rider: RiderSeat | None = None
