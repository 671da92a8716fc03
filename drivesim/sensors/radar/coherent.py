"""The coherent tier: shooting and bouncing rays with physical optics, the reference for radar cross-sections.

A plane wave is cut into tubes. Each follows its ray through mirror reflections; where the ray leaves the target, the
tube's currents radiate back::

    sigma = (4 pi / lambda^2) |sum_i Gamma_i A_i exp(-j 2 pi l_i / lambda)|^2

Gamma is the product of the Fresnel coefficients along the bounces, A the area of the tube at its last bounce, projected
to where the wave came from, and l the way there and back. One formula makes plates, dihedrals and trihedrals and, by
interference, curved surfaces. Within a tube the surface counts as plane: its phase is integrated in closed form.

Given a :class:`~drivesim.sensors.radar.scattering.Reflection`, surfaces are rough: of the mirrored wave
exp(-g^2/2), g = 4 pi h cos(theta) / lambda, stays in phase (Ament 1953), and every bounce sends the diffuse share of
the energy tier back, with a phase of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.materials import column
from drivesim.scene.raycast import RayScene
from drivesim.scene.trace import nearest
from drivesim.sensors.radar.scattering import Reflection
from drivesim.streams import stream

F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]

_OFF = 1e-4
"""Rays go on this far from the surface, m."""


@dataclass(frozen=True, slots=True, eq=False)
class Tubes:
    """P tubes that hit something.

    Attributes:
        length: (P,) float64, way from the wave's front to the last bounce and back along its direction, m.
        amplitude: (P,) complex128, product of the reflection coefficients.
        slope: (2, P) float64, how that way changes across the tube, m per m, along its two sides; step: tube width, m.
        area: (P,) float64, at the last bounce, seen from where the wave came from, m2.
        bounces: (P,) int64.
        speckle: (P,) complex128, what rough surfaces send back diffusely, its square in m2.
    """

    length: F64
    amplitude: C128
    area: F64
    slope: F64
    step: float
    bounces: NDArray[np.int64]
    speckle: C128


def cross_section(tubes: Tubes, wavelength: float) -> float:
    """Radar cross-section, m2."""
    spread = np.prod(np.sinc(tubes.slope * tubes.step / wavelength), axis=0)
    field = np.sum(tubes.amplitude * tubes.area * spread * np.exp(-2j * np.pi * tubes.length / wavelength))
    return float(np.abs(2.0 * np.sqrt(np.pi) / wavelength * field + np.sum(tubes.speckle)) ** 2)


def reflection(permittivity: C128, cosine: F64) -> C128:
    """Amplitude reflection of a half space, mean of both polarisations in the sense that keeps its sign at normal
    incidence (a perfect conductor: -1)."""
    root = np.sqrt(permittivity - (1.0 - cosine**2))
    perpendicular = (cosine - root) / (cosine + root)
    parallel = (root - permittivity * cosine) / (permittivity * cosine + root)
    mean: C128 = 0.5 * (perpendicular + parallel)
    return mean


def shoot(
    rays: RayScene,
    direction: ArrayLike,
    center: ArrayLike,
    width: float,
    height: float,
    step: float,
    *,
    distance: float = 5.0,
    bounces: int = 4,
    rough: Reflection | None = None,
    seed: int = 0,
) -> Tubes:
    """Send a plane wave at a target.

    Args:
        direction: of the wave, world axes; center: middle of the target relative to the scene's origin, m.
        width, height: of the wave's front, m; step: tube width, m; distance: of the front from the middle, m.
        bounces: reflections followed at most; tubes that are still inside then are lost.
        rough: what surfaces scatter; None for smooth ones. seed: of the diffuse waves' phases.
    """
    ahead = np.asarray(direction, dtype=np.float64)
    ahead = ahead / np.linalg.norm(ahead)
    side = np.cross([0.0, 0.0, 1.0] if abs(ahead[2]) < 0.9 else [0.0, 1.0, 0.0], ahead)
    side /= np.linalg.norm(side)
    up = np.cross(ahead, side)
    across = (np.arange(round(width / step)) + 0.5) * step - width / 2.0
    along = (np.arange(round(height / step)) + 0.5) * step - height / 2.0
    u, v = (grid.ravel() for grid in np.meshgrid(across, along))
    front = np.asarray(center, dtype=np.float64) - distance * ahead
    point = front + u[:, None] * side + v[:, None] * up
    travel, side_there, up_there = (np.broadcast_to(axis, point.shape).copy() for axis in (ahead, side, up))
    slope = np.zeros((2, len(point)))
    length = np.zeros(len(point))
    amplitude = np.ones(len(point), dtype=np.complex128)
    projection = np.zeros(len(point))
    count = np.zeros(len(point), dtype=np.int64)
    alive, finished = np.arange(len(point)), np.zeros(len(point), dtype=np.bool_)
    permittivity, heights = column("permittivity_77"), column("roughness_77").astype(np.float64)
    diffuse = np.zeros(len(point))
    for bounce in range(bounces + 1):
        found = nearest(rays, point[alive], travel[alive])
        hit = found.triangle >= 0
        finished[alive[~hit]] = bounce > 0
        alive, normal = alive[hit], found.normal[hit].astype(np.float64)
        if not len(alive) or bounce == bounces:
            break
        gone = found.distance[hit].astype(np.float64)
        cosine = np.abs(np.einsum("ni,ni->n", travel[alive], normal))
        point[alive] += gone[:, None] * travel[alive]
        length[alive] += gone + (_OFF if bounce else 0.0)
        material = rays.tables.material[found.triangle[hit]]
        if rough is not None:
            there_and_back = np.abs(amplitude[alive]) ** 4
            diffuse[alive] += there_and_back * 4.0 * rough.diffuse_of(material, cosine) * cosine * step**2
            phase = 4.0 * np.pi * heights[material] * cosine / rough.wavelength
            amplitude[alive] *= np.exp(-0.5 * phase**2)
        amplitude[alive] *= reflection(permittivity[material], cosine)
        projection[alive] = np.abs(normal @ ahead) / np.maximum(cosine, 1e-6)
        count[alive] += 1
        for row, axis in enumerate((side_there, up_there)):
            across_normal = np.einsum("ni,ni->n", axis[alive], normal) / np.einsum("ni,ni->n", travel[alive], normal)
            along_surface = axis[alive] - across_normal[:, None] * travel[alive]
            slope[row, alive] = np.einsum("ni,ni->n", travel[alive] + ahead, along_surface)
        for vectors in (travel, side_there, up_there):
            vectors[alive] -= 2.0 * np.einsum("ni,ni->n", vectors[alive], normal)[:, None] * normal
        point[alive] += _OFF * travel[alive]
    turns = stream(seed, "speckle").uniform(0.0, 2.0 * np.pi, len(point))
    back = np.einsum("ni,i->n", point - _OFF * travel - front, ahead)
    return Tubes(
        length=(length + back)[finished],
        amplitude=amplitude[finished],
        area=(step**2 * projection)[finished],
        slope=slope[:, finished],
        step=step,
        bounces=count[finished],
        speckle=(np.sqrt(diffuse) * np.exp(1j * turns))[finished],
    )
