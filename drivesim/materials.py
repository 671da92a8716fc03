"""What every surface is made of, for every sensor: one table.

Optical columns are for the camera; reflectivities are diffuse (Lambertian) at normal incidence for lidar;
permittivity is the complex relative permittivity eps' - j eps'' at 77 GHz for radar.

Sources, by column:
    reflectivity_905/1550: ranges collected in ECOSTRESS/ASTER spectral library classes and lidar data-sheet practice
        (asphalt 0.1-0.2, concrete 0.3-0.45, paint 0.5-0.8, vegetation 0.45-0.6, skin 0.5-0.65; 1550 nm lower for
        anything that holds water). Mid-range values; treat as +-30 %.
    permittivity_77: ITU-R P.2040-3 table 3 evaluated at 77 GHz for metal, glass, concrete, wood; asphalt, brick
        and soil are extrapolated beyond the recommendation's 40 GHz; skin from Gabriel et al. 1996
        (Cole-Cole, 6.56 - j8.91); dry clothing, plastic and rubber are representative values for such polymers.
    roughness_77: RMS surface height in metres, order of magnitude by surface kind.
Albedo lives on the mesh, per triangle: two cars of one paint material differ in colour, not in physics.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from drivesim.errors import DrivesimError


class Texture(IntEnum):
    """Procedural surface texture the camera evaluates in object space."""

    NONE = 0
    ASPHALT = 1
    CONCRETE = 2
    PAVING = 3
    GRASS = 4
    BRICK = 5
    PLASTER = 6
    FOLIAGE = 7
    BARK = 8
    ROOF_TILES = 9
    FABRIC = 10
    ROAD_PAINT = 11
    SKIN = 12
    HAIR = 13
    SOIL = 14
    WOOD = 15


class MaterialId(IntEnum):
    """Index into :data:`MATERIALS`."""

    ASPHALT = 0
    CONCRETE = 1
    PAVING = 2
    KERB_STONE = 3
    ROAD_PAINT = 4
    GRASS = 5
    SOIL = 6
    BRICK = 7
    PLASTER = 8
    ROOF_TILES = 9
    WINDOW_GLASS = 10
    WOOD = 11
    FOLIAGE = 12
    BARK = 13
    GALVANISED_STEEL = 14
    CAR_PAINT = 15
    CAR_GLASS = 16
    RUBBER = 17
    ALLOY_RIM = 18
    BLACK_PLASTIC = 19
    CHROME = 20
    HEADLAMP = 21
    TAILLAMP = 22
    INDICATOR = 23
    RETROREFLECTOR = 24
    NUMBER_PLATE = 25
    SKIN = 26
    HAIR = 27
    COTTON = 28
    SYNTHETIC = 29
    LEATHER = 30
    SIGN_SHEET = 31
    SIGNAL_LIGHT = 32
    STREET_LAMP = 33


@dataclass(frozen=True, slots=True)
class Material:
    """Surface properties; see the module docstring for units and sources.

    Attributes:
        roughness: GGX roughness 0..1 for the camera's specular lobe.
        metalness: 0 dielectric .. 1 metal.
        transmission: share of visible light that passes straight through (glass).
        texture: procedural pattern.
        reflectivity_905, reflectivity_1550: diffuse reflectivity, 0..1.
        retro: extra reflectivity of retro-reflective sheeting towards the source, relative to a Lambertian 1.0.
        permittivity_77: eps' - j eps''; metals use (1, -1e7).
        roughness_77: RMS height, m.
    """

    name: str
    roughness: float
    metalness: float
    transmission: float
    texture: Texture
    reflectivity_905: float
    reflectivity_1550: float
    retro: float
    permittivity_77: complex
    roughness_77: float

    def __post_init__(self) -> None:
        """Refuse what no surface can be: passive, no stronger than its light, no less than the vacuum.

        Raises:
            DrivesimError: names the material and the property.
        """
        shares = ("roughness", "metalness", "transmission", "reflectivity_905", "reflectivity_1550")
        wrong = [(name, "between 0 and 1") for name in shares if not 0.0 <= getattr(self, name) <= 1.0]
        if not self.retro >= 0.0:
            wrong.append(("retro", "0 or more"))
        if not (self.permittivity_77.real >= 1.0 and self.permittivity_77.imag <= 0.0):
            wrong.append(("permittivity_77", "eps' - j eps'' with eps' at least 1 and eps'' not negative"))
        if not 0.0 < self.roughness_77 <= 1.0:
            wrong.append(("roughness_77", "above 0 and at most 1 m"))
        for name, allowed in wrong:
            raise DrivesimError(
                f"{name} is {getattr(self, name)}, which is unphysical", element=f"material {self.name}",
                remedy=f"it must be {allowed}",
            )  # fmt: skip


_METAL = complex(1.0, -1e7)

MATERIALS: tuple[Material, ...] = (
    Material("asphalt", 0.95, 0.0, 0.0, Texture.ASPHALT, 0.15, 0.25, 0.0, 4.83 - 1.09j, 1.0e-3),
    Material("concrete", 0.9, 0.0, 0.0, Texture.CONCRETE, 0.38, 0.40, 0.0, 5.24 - 0.32j, 5e-4),
    Material("paving", 0.9, 0.0, 0.0, Texture.PAVING, 0.35, 0.38, 0.0, 5.24 - 0.32j, 5e-4),
    Material("kerb_stone", 0.85, 0.0, 0.0, Texture.CONCRETE, 0.40, 0.42, 0.0, 5.24 - 0.32j, 5e-4),
    Material("road_paint", 0.7, 0.0, 0.0, Texture.ROAD_PAINT, 0.65, 0.50, 2.0, 4.0 - 0.5j, 3e-4),
    Material("grass", 0.95, 0.0, 0.0, Texture.GRASS, 0.50, 0.28, 0.0, 6.0 - 4.0j, 2e-2),
    Material("soil", 0.95, 0.0, 0.0, Texture.SOIL, 0.25, 0.35, 0.0, 4.0 - 0.8j, 5e-3),
    Material("brick", 0.9, 0.0, 0.0, Texture.BRICK, 0.35, 0.45, 0.0, 3.91 - 0.01j, 1e-3),
    Material("plaster", 0.9, 0.0, 0.0, Texture.PLASTER, 0.60, 0.55, 0.0, 2.73 - 0.2j, 5e-4),
    Material("roof_tiles", 0.85, 0.0, 0.0, Texture.ROOF_TILES, 0.30, 0.40, 0.0, 3.91 - 0.05j, 2e-3),
    Material("window_glass", 0.04, 0.0, 0.0, Texture.NONE, 0.08, 0.08, 0.0, 6.31 - 0.28j, 1e-6),
    Material("wood", 0.8, 0.0, 0.0, Texture.WOOD, 0.45, 0.40, 0.0, 1.99 - 0.12j, 3e-4),
    Material("foliage", 0.7, 0.0, 0.0, Texture.FOLIAGE, 0.50, 0.28, 0.0, 4.0 - 3.0j, 1e-2),
    Material("bark", 0.95, 0.0, 0.0, Texture.BARK, 0.35, 0.35, 0.0, 2.5 - 0.4j, 5e-3),
    Material("galvanised_steel", 0.45, 0.8, 0.0, Texture.NONE, 0.40, 0.45, 0.0, _METAL, 2e-5),
    Material("car_paint", 0.12, 0.0, 0.0, Texture.NONE, 0.40, 0.40, 0.0, _METAL, 1e-6),
    Material("car_glass", 0.02, 0.0, 0.6, Texture.NONE, 0.06, 0.06, 0.0, 6.31 - 0.28j, 1e-6),
    Material("rubber", 0.9, 0.0, 0.0, Texture.NONE, 0.06, 0.06, 0.0, 4.0 - 0.2j, 1e-3),
    Material("alloy_rim", 0.25, 1.0, 0.0, Texture.NONE, 0.50, 0.55, 0.0, _METAL, 1e-5),
    Material("black_plastic", 0.5, 0.0, 0.0, Texture.NONE, 0.08, 0.15, 0.0, 2.6 - 0.02j, 1e-4),
    Material("chrome", 0.08, 1.0, 0.0, Texture.NONE, 0.55, 0.60, 0.0, _METAL, 1e-6),
    Material("headlamp", 0.08, 0.0, 0.0, Texture.NONE, 0.30, 0.30, 1.0, 2.8 - 0.02j, 1e-5),
    Material("taillamp", 0.12, 0.0, 0.0, Texture.NONE, 0.30, 0.30, 10.0, 2.8 - 0.02j, 1e-5),
    Material("indicator", 0.12, 0.0, 0.0, Texture.NONE, 0.35, 0.35, 3.0, 2.8 - 0.02j, 1e-5),
    Material("retroreflector", 0.15, 0.0, 0.0, Texture.NONE, 0.50, 0.50, 100.0, 2.8 - 0.02j, 1e-4),
    Material("number_plate", 0.4, 0.0, 0.0, Texture.NONE, 0.60, 0.55, 30.0, _METAL, 1e-4),
    Material("skin", 0.55, 0.0, 0.0, Texture.SKIN, 0.57, 0.08, 0.0, 6.56 - 8.91j, 2e-4),
    Material("hair", 0.6, 0.0, 0.0, Texture.HAIR, 0.30, 0.25, 0.0, 2.0 - 0.1j, 2e-3),
    Material("cotton", 0.95, 0.0, 0.0, Texture.FABRIC, 0.55, 0.35, 0.0, 6.56 - 8.91j, 1e-3),
    Material("synthetic", 0.7, 0.0, 0.0, Texture.FABRIC, 0.60, 0.45, 0.0, 6.56 - 8.91j, 1e-3),
    Material("leather", 0.5, 0.0, 0.0, Texture.NONE, 0.35, 0.30, 0.0, 3.0 - 0.5j, 3e-4),
    Material("sign_sheet", 0.4, 0.0, 0.0, Texture.NONE, 0.60, 0.55, 60.0, _METAL, 1e-5),
    Material("signal_light", 0.2, 0.0, 0.0, Texture.NONE, 0.20, 0.20, 2.0, 2.8 - 0.02j, 1e-5),
    Material("street_lamp", 0.3, 0.0, 0.0, Texture.NONE, 0.40, 0.40, 0.0, _METAL, 1e-5),
)
"""One row per :class:`MaterialId`, in its order. Clothing carries the permittivity of the skin beneath it: 3 mm
of dry fabric takes only about 0.5 dB each way (slab formula with eps = 1.6 - j0.03), the body makes the echo."""


def linear_rgb(colour: str) -> tuple[float, float, float]:
    """Linear albedo of an sRGB colour ``#rrggbb`` (IEC 61966-2-1)."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    decoded = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return float(decoded[0]), float(decoded[1]), float(decoded[2])


def column(name: str) -> np.ndarray:
    """One property of all materials as an array (number of materials,), for lookups in kernels."""
    values = [getattr(material, name) for material in MATERIALS]
    return np.array(values, dtype=np.complex128 if name == "permittivity_77" else np.float32)
