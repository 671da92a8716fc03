"""What the camera's kernel needs to know of every material."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MATERIALS, column
from drivesim.sensors.camera.kernel import WETTED

F32 = NDArray[np.float32]


@cache
def surface_table() -> F32:
    """(M, 5) float32 per material: roughness, metalness, transmission, texture, whether rain wets it."""
    rows = [column(name) for name in ("roughness", "metalness", "transmission")]
    texture = np.array([int(material.texture) for material in MATERIALS], dtype=np.float32)
    return np.stack([*rows, texture, WETTED.astype(np.float32)], axis=1)


@cache
def matt_table() -> F32:
    """The surface table of a world in which nothing mirrors."""
    table = surface_table().copy()
    table[:, 0] = 1.0
    return table
