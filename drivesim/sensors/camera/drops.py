"""Rain drops on the glass before a lens: each is a small lens of water that shows the scene once more, upside down.

A drop is a spherical cap on the outer side of the glass (its base radius and contact angle say how high it stands). A
ray from the entrance pupil is refracted into water at the flat side and out of it at the cap (Snell); where it cannot
leave, the drop is dark. The pane itself only shifts rays, by less than its thickness, which is left out, as is that
drops are out of focus.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.camera.device import LensDrops
from drivesim.streams import stream
from drivesim.types import F32, F64

WATER = 1.33
"""Refractive index of water in visible light (Hale & Querry 1973)."""


def scattered(settings: LensDrops, directions: F32, key: int) -> F64:
    """Drops (N, 3) at random over the part of the glass that the camera looks through: x, y and base radius, mm.

    Args:
        directions: (..., 3) towards all that the camera sees. key: random stream of the camera.
    """
    flat = directions.reshape(-1, 3).astype(np.float64)
    ahead = flat[flat[:, 2] > 0.05]
    place = ahead[:, :2] / ahead[:, 2:] * settings.glass_mm
    low, high = place.min(axis=0), place.max(axis=0)
    random = stream(key, "drops on the lens")
    count = random.poisson(settings.per_cm2 * float(np.prod(high - low)) / 100.0)
    small, large = settings.radius_mm
    return np.column_stack([random.uniform(low, high, (count, 2)), random.uniform(small, large, count)])


def through_drops(settings: LensDrops, drops: F64, directions: F32) -> F32:
    """Where rays from the entrance pupil go on behind the drops, unit vectors; zero where none gets through.

    Args:
        drops: (N, 3) x, y, radius on the glass, mm, later ones on top. directions: (..., 3), camera axes.
    """
    flat = directions.reshape(-1, 3).astype(np.float64)
    bent = flat.copy()
    ahead = np.flatnonzero(flat[:, 2] > 0.05)
    unit = flat[ahead] / np.linalg.norm(flat[ahead], axis=1, keepdims=True)
    place = unit[:, :2] / unit[:, 2:] * settings.glass_mm
    for x, y, radius in drops.tolist():
        inside = np.flatnonzero(np.hypot(place[:, 0] - x, place[:, 1] - y) < radius)
        bent[ahead[inside]] = _refracted(unit[inside], place[inside] - (x, y), radius, settings.contact_angle_deg)
    return bent.astype(np.float32).reshape(directions.shape)


def _refracted(unit: F64, entry: F64, radius: float, contact_deg: float) -> F64:
    """Directions (N, 3) behind one drop of rays that enter its base at ``entry`` (N, 2), mm from its middle."""
    sphere = radius / math.sin(math.radians(contact_deg))
    inwards = np.zeros_like(unit)
    inwards[:, 2] = 1.0
    inner, _ = _snell(unit, -inwards, 1.0 / WATER)
    start = np.column_stack([entry, np.full(len(entry), sphere * math.cos(math.radians(contact_deg)))])
    along = np.einsum("ij,ij->i", start, inner)
    reach = -along + np.sqrt(along**2 + sphere**2 - np.einsum("ij,ij->i", start, start))
    outwards = (start + reach[:, None] * inner) / sphere
    leaving, passes = _snell(inner, -outwards, WATER)
    return np.where(passes[:, None], leaving, 0.0)


def _snell(unit: F64, normal: F64, ratio: float) -> tuple[F64, NDArray[np.bool_]]:
    """Refracted unit vectors and whether there are any (Snell's law as vectors).

    Args:
        normal: (N, 3) unit, against the rays. ratio: of the refractive indices before and behind.
    """
    cosine = -np.einsum("ij,ij->i", unit, normal)
    rest = 1.0 - ratio**2 * (1.0 - cosine**2)
    onward = ratio * unit + (ratio * cosine - np.sqrt(np.maximum(rest, 0.0)))[:, None] * normal
    return onward, rest > 0.0
