"""Vehicles of all lengths for traffic tests; sizes of common types."""

from __future__ import annotations

from drivesim.types import Actor, Axles, BoundingBox, Performance
from tests.builders import car

KINDS: dict[str, tuple[float, ...]] = {
    "van": (5.9, 2.0, 2.6, 3.66, 1.1, 0.62, 45.0, 3.0, 8.0, 2500.0),
    "truck": (8.5, 2.5, 3.4, 4.8, 2.2, 0.75, 25.0, 1.5, 7.0, 12000.0),
    "bus": (12.0, 2.55, 3.1, 5.9, 3.35, 0.87, 25.0, 1.2, 6.0, 15000.0),
    "tractor": (6.0, 2.5, 3.8, 3.7, 0.9, 0.87, 25.0, 1.0, 6.0, 8000.0),
    "motorbike": (2.2, 0.8, 1.5, 1.45, 0.37, 0.60, 50.0, 5.0, 8.0, 250.0),
    "bicycle": (1.8, 0.6, 1.7, 1.1, 0.35, 0.80, 6.0, 1.0, 4.0, 90.0),
}
"""Length, width, height, wheelbase, what is behind the rear axle, m; largest steering angle, rad; largest speed,
acceleration and deceleration; kg. The bus is a city bus of 12 m, the tractor draws a semitrailer of 13.6 m."""
HITCH, COUPLER = 0.6, 7.7
"""Of the tractor's fifth wheel ahead of its rear axle, and of the kingpin ahead of the semitrailer's middle axle, m."""
MIX = ("car", "car", "car", "car", "car", "van", "truck", "bus", "motorbike", "bicycle", "articulated", "car")
"""What a town's traffic is made of, in turns."""


def road_user(index: int, kind: str) -> Actor:
    """One of :data:`KINDS`, or a car."""
    if kind == "car":
        return car(index, f"car{index}")
    length, width, height, wheelbase, behind, steering, *performance, mass = KINDS[kind]
    category = "truck" if kind == "tractor" else kind
    return car(
        index, f"{kind}{index}", category=category, model=kind,
        box=BoundingBox((0.5 * length - behind, 0.0, 0.5 * height), length, width, height),
        axles=Axles(wheelbase, 0.0, 0.9, 0.85 * width, steering), performance=Performance(*performance), mass=mass,
    )  # fmt: skip


def semitrailer(index: int) -> Actor:
    """13.6 m behind the kingpin's 1.6 m; the reference point is its middle axle."""
    box = BoundingBox((COUPLER + 1.6 - 6.8, 0.0, 2.0), 13.6, 2.55, 3.8)
    return car(index, f"semitrailer{index}", category="semitrailer", model="semitrailer", box=box, mass=20000.0,
               axles=Axles(COUPLER, 0.0, 1.0, 2.1, 0.0))  # fmt: skip
