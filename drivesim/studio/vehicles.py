"""Vehicles of every class and body style."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.studio.stage import Stand, photograph, sheet
from drivesim.types import Actor, Axles, BoundingBox, Light

if TYPE_CHECKING:
    from PIL import Image


class Kind(NamedTuple):
    """Label, OpenSCENARIO category, model; box, wheelbase, wheel diameter and overhang behind the rear axle, m."""

    label: str
    category: str
    model: str
    size: tuple[float, float, float]
    wheelbase: float
    wheel: float
    overhang: float


CARS = (
    Kind("city car", "car", "city_car", (3.60, 1.66, 1.50), 2.42, 0.57, 0.52),
    Kind("hatchback", "car", "hatchback", (4.28, 1.79, 1.47), 2.63, 0.63, 0.80),
    Kind("saloon", "car", "saloon", (4.71, 1.83, 1.44), 2.85, 0.66, 1.05),
    Kind("estate", "car", "estate", (4.77, 1.83, 1.47), 2.80, 0.66, 1.10),
    Kind("SUV", "car", "suv", (4.50, 1.87, 1.67), 2.68, 0.71, 0.92),
    Kind("pick-up", "car", "pickup", (5.30, 1.90, 1.81), 3.22, 0.76, 1.15),
    Kind("delivery van", "van", "delivery_van", (5.53, 2.02, 2.60), 3.45, 0.69, 1.10),
    Kind("transporter", "van", "transporter", (4.90, 1.90, 1.97), 3.00, 0.67, 0.95),
)
HEAVY = (
    Kind("bus", "bus", "bus", (12.0, 2.55, 3.10), 5.90, 0.96, 3.35),
    Kind("lorry", "truck", "lorry", (8.60, 2.50, 3.50), 4.80, 0.96, 2.40),
    Kind("trailer", "trailer", "trailer", (6.50, 2.50, 3.40), 3.50, 0.90, 1.50),
)
_TRAM = (Kind("tram", "tram", "tram", (30.0, 2.40, 3.50), 11.0, 0.66, 9.5),)
_LIGHT = (
    Kind("bicycle", "bicycle", "bicycle", (1.89, 0.50, 1.75), 1.05, 0.70, 0.40),
    Kind("motorcycle", "motorbike", "motorbike", (2.10, 0.80, 1.10), 1.42, 0.62, 0.35),
    Kind("e-scooter", "bicycle", "e_scooter", (1.15, 0.50, 1.75), 0.85, 0.22, 0.15),
)


def vehicle(kind: Kind, name: str) -> Actor:
    """An actor of a kind; its name and the seed decide paint and trim."""
    length, width, height = kind.size
    box = BoundingBox((0.5 * length - kind.overhang, 0.0, 0.5 * height), length, width, height)
    axles = Axles(kind.wheelbase, 0.0, kind.wheel, 0.85 * width, 0.6)
    return Actor(0, name, "vehicle", kind.category, kind.model, box, axles)


def _row(
    kinds: tuple[Kind, ...], yaws: tuple[float, ...], gap: float, seed: int, width: int, tall: float, floor: float = 0.2
) -> tuple[NDArray[np.uint8], list[tuple[float, str]]]:
    stands, labels, y = [], [], 0.0
    for kind in kinds:
        start = y
        for yaw in yaws:
            actor = vehicle(kind, kind.label)
            length, broad, _ = kind.size
            s, c = abs(np.sin(yaw)), abs(np.cos(yaw))
            slot = length * s + broad * c + gap
            middle = actor.box.center[0] * np.sin(yaw)
            lamps = Light.BRAKE | Light.POSITION if np.cos(yaw) < -0.1 else Light.LOW_BEAM | Light.LEFT_BLINKER
            stands.append(
                Stand(actor, y + 0.5 * slot - middle, yaw, steering=0.35 if np.cos(yaw) > 0.1 else 0.0, lights=lamps)
            )
            y += slot
        labels.append((start, y, kind.label))
    image = photograph(
        stands, seed, span=(0.0, y), height=tall, width=width, elevation=0.14, distance=max(25.0, 2.5 * y), floor=floor
    )
    return image.rgb, [(0.5 * (a + b) / y, label) for a, b, label in labels]


def draw_vehicles(seed: int, width: int = 1800) -> Image.Image:
    """Every class and body style; cars from front and rear. Paint and trim differ with the seed."""
    both, side = (np.radians(40.0), np.radians(140.0)), (np.radians(68.0),)
    rows = [
        _row(CARS[:3], both, 0.4, seed, width, 2.3, 0.24),
        _row(CARS[3:6], both, 0.4, seed, width, 2.6, 0.22),
        _row(CARS[6:], both, 0.4, seed, width, 3.6, 0.18),
        _row(HEAVY, side, 1.0, seed, width, 5.9, 0.16),
        _row(_TRAM, (np.radians(80.0),), 1.0, seed, width, 5.8),
        _row(_LIGHT, (np.radians(35.0), np.radians(90.0), np.radians(160.0)), 0.5, seed, width, 2.5, 0.12),
    ]
    return sheet("Vehicles", f"seed {seed}: low beam and left indicator ahead, brake lamps behind", rows)
