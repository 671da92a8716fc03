"""What the camera's kernel needs to know of every material."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MATERIALS, MaterialId, column
from drivesim.sensors.camera.textures import textures

F32 = NDArray[np.float32]

WETTED = (
    MaterialId.ASPHALT, MaterialId.CONCRETE, MaterialId.PAVING, MaterialId.ROAD_PAINT, MaterialId.KERB_STONE,
)  # fmt: skip
"""What rain makes darker and smoother."""
_PANES = 1.0 - (1.0 - 0.04) ** 4
"""What the four faces of a double-glazed window mirror head-on together, each 4 % (Fresnel, index 1.5): 15 %, as its
makers state (outside light reflectance, EN 410)."""
_CLEAR = 0.25
"""How much of what lies behind car windows they hide."""


@cache
def surface_table() -> F32:
    """(2 M, 4) float32, two rows a material: roughness, metalness, whether rain wets it, texture; whether that lies
    along walls, its tiles a metre, strength of its large-scale variation, opacity."""
    texture = np.array([int(material.texture) for material in MATERIALS])
    wetted, opacity = np.zeros(len(MATERIALS)), np.ones(len(MATERIALS))
    wetted[list(WETTED)], opacity[MaterialId.CAR_GLASS] = 1.0, _CLEAR
    metal = column("metalness")
    metal[MaterialId.WINDOW_GLASS] = 2.0 * (_PANES - 0.04)  # the kernel mirrors 0.04 + metalness / 2 head-on
    first = np.stack([column("roughness"), metal, wetted, texture], axis=1)
    return np.stack([first, _laid(texture, opacity)], axis=1).reshape(-1, 4).astype(np.float32)


@cache
def matt_table() -> F32:
    """The surface table of a world in which nothing mirrors."""
    table = surface_table().copy()
    table[0::2, 0] = 1.0
    return table


@cache
def plain_table() -> F32:
    """That of a world in which nothing mirrors and nothing has a texture."""
    table = matt_table().copy()
    table[0::2, 3] = 0.0
    table[1::2] = _laid(np.zeros(len(MATERIALS), np.int64), table[1::2, 3])
    return table


def _laid(texture: NDArray[np.int64], opacity: NDArray[np.floating]) -> NDArray[np.floating]:
    """The second rows, (M, 4)."""
    table = textures()
    return np.stack([table.along[texture], table.scale[texture], table.variation[texture], opacity], axis=1)
