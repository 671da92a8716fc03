"""How strongly surfaces scatter 77 GHz back: radar cross-section per ray, summed as power.

Every ray stands for a solid angle dOmega, hence for an area dA = r^2 dOmega / cos(theta) of what it hits. Its
cross-section is that of a rough, curved reflector, all from the material's permittivity and roughness::

    d sigma = pi D(theta) |Gamma(0)|^2 s^2 r^2 dOmega  +  4 rho cos(theta) r^2 dOmega

First the specular lobe: D is a Gaussian over the sine of theta whose integral D cos(theta) is one, which makes a sphere
pi R^2 |Gamma|^2 and a plane the image of the radar. Its width is diffraction at the facet (a plate's peak is
4 pi A^2 / lambda^2) or, where that is wider, the spread of normals and directions within the ray (no aliasing). s^2
is what roughness leaves of the coherent wave (Ament 1953). Then the diffuse part, Lambertian in power: rho is the
scattered share of the Fresnel reflectivity, half of it in the polarisation that the radar receives. Near grazing
incidence roughness vanishes (s^2 -> 1), so roads hardly echo although they lie in the beam.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.materials import column

F32 = NDArray[np.float32]

_CO_POLARISED = 0.5
"""Share of diffusely scattered power in the received polarisation: multiple scattering depolarises."""

_DETAIL = 0.03
"""Share of reflected power scattered by edges, gaps and fittings that meshes do not resolve."""

_ANGLES = 512
"""Entries of the tables over the cosine of incidence."""


def fresnel_power(permittivity: complex | NDArray[np.complex128], cosine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power reflectivity of a half space, mean of both polarisations, at angles of incidence given by their cosine."""
    root = np.sqrt(permittivity - (1.0 - cosine**2))
    parallel = (permittivity * cosine - root) / (permittivity * cosine + root)
    perpendicular = (cosine - root) / (cosine + root)
    power: NDArray[np.float64] = 0.5 * (np.abs(parallel) ** 2 + np.abs(perpendicular) ** 2)
    return power


class Reflection:
    """Tables over material and cosine of incidence, for one wavelength.

    Attributes:
        specular: (M, ANGLES) float32, |Gamma(0)|^2 s^2; diffuse: (M, ANGLES) float32, rho; mirror: (M, ANGLES) float32,
            |Gamma|^2 s^2, what is reflected as by a mirror.
    """

    def __init__(self, wavelength: float) -> None:
        self.wavelength = wavelength
        cosine = np.linspace(0.0, 1.0, _ANGLES)
        permittivity = column("permittivity_77")[:, None]
        roughness = column("roughness_77").astype(np.float64)[:, None]
        coherent = np.exp(-((4.0 * np.pi * roughness * cosine / wavelength) ** 2))
        oblique = fresnel_power(permittivity, cosine)
        self.mirror = (oblique * coherent).astype(np.float32)
        self.specular = (oblique[:, -1:] * coherent).astype(np.float32)
        scattered = (1.0 - coherent) + _DETAIL * coherent
        self.diffuse = (oblique * scattered * _CO_POLARISED).astype(np.float32)

    def mirror_of(self, material: NDArray[np.uint8], cosine: F32) -> F32:
        """Power reflectivity (P,) of surfaces as mirrors."""
        entry = (cosine * (_ANGLES - 1) + np.float32(0.5)).astype(np.int64)
        return self.mirror[material, entry]

    def diffuse_of(self, material: NDArray[np.uint8], cosine: NDArray[np.float64]) -> F32:
        """Power (P,) that surfaces scatter diffusely in the received polarisation, as a share of what falls on them."""
        return self.diffuse[material, (cosine * (_ANGLES - 1) + 0.5).astype(np.int64)]

    def cross_sections(
        self,
        length: F32,
        cosine: F32,
        material: NDArray[np.uint8],
        curvature: F32,
        area: F32,
        step: float,
        solid_angle: F32,
    ) -> F32:
        """Radar cross-section (P,) float32, m2, that each of P rays contributes; 0 where nothing was hit.

        Args:
            length: m, inf for none; cosine: of incidence; curvature: 1/m; area: of the facet, m2.
            step: angle between rays, rad; solid_angle: (P,) sr.
        """
        result = np.zeros(len(length), dtype=np.float32)
        _cross_sections(
            length,
            cosine,
            material,
            curvature,
            area,
            step,
            solid_angle,
            self.wavelength,
            self.specular,
            self.diffuse,
            result,
        )
        return result


@nb.njit(parallel=True, nogil=True, cache=True)
def _cross_sections(
    length: F32,
    cosine: F32,
    material: NDArray[np.uint8],
    curvature: F32,
    area: F32,
    step: float,
    solid_angle: F32,
    wavelength: float,
    specular: F32,
    diffuse: F32,
    result: F32,
) -> None:
    for i in nb.prange(len(length)):
        r = float(length[i])
        if r > 1e6:
            continue
        mu = float(cosine[i])
        entry = int(mu * (_ANGLES - 1) + 0.5)
        spread = 1.5 * step * (1.0 + curvature[i] * r)  # how much incidence changes from ray to ray
        slope = min(max(wavelength**2 / (8.0 * np.pi * area[i] + 1e-9), spread**2), 100.0)
        lobe = np.exp(-(1.0 - mu * mu) / slope) / (np.pi * slope * (1.0 - np.exp(-1.0 / slope)))
        sigma = np.pi * lobe * specular[material[i], entry] + 4.0 * mu * diffuse[material[i], entry]
        result[i] = sigma * r * r * solid_angle[i]
