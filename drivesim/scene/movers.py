"""Spheres about what moves in a tick: a ray that misses them all meets nothing but what stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene

F64 = NDArray[np.float64]

_ROOM = 0.05
"""Added to every radius, m: a part that turns about an axle moves off the straight line between the tick's ends by less
(a wheel 3 m from the axle of a car that yaws at 1 rad/s: 1 mm)."""


@dataclass(frozen=True, slots=True, eq=False)
class Movers:
    """Spheres about all parts whose surfaces have a velocity, as rays that hit them are told (``RayTables``).

    Attributes:
        centre: (M, 3) relative to the scene's origin, m; radius: (M,), m.
        own: (M,) bool, of the ego's own body.
    """

    centre: F64
    radius: F64
    own: NDArray[np.bool_]

    @staticmethod
    def of(rays: RayScene, time: float) -> Movers:
        """Those of a scene at a ray time, 0..1."""
        tables = rays.tables
        still = np.maximum(np.abs(tables.inst_velocity), np.abs(tables.inst_omega)).max(axis=1) == 0.0
        rows = np.flatnonzero((~still | rays.deforming) & rays.present())
        start, end = tables.inst_translation[rows, 0], tables.inst_translation[rows, 1]
        centre = start.astype(np.float64) * (1.0 - time) + end * time
        # Shots of one body have one radius, taken from the vertices of them all.
        first = rays.first_shot[rows].tolist()
        reach = {part: rays.radius(part) + _ROOM for part in set(first)}
        radius = np.array([reach[part] for part in first])
        return Movers(centre, radius, rays.own_body[rows])

    def others(self, place: F64, rotation: F64) -> Movers:
        """Without the ego's own body, as seen from ``place`` (3,): along the columns of ``rotation`` (3, 3)."""
        kept = ~self.own
        return Movers((self.centre[kept] - place) @ rotation, self.radius[kept], self.own[kept])

    def met(self, origins: F64, directions: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Which rays (N,) might hit something that moves.

        Args:
            origins: (N, 3) or (3,), as ``centre``; directions: (N, 3), unit.
        """
        met = np.zeros(len(directions), dtype=np.bool_)
        starts = np.ascontiguousarray(origins, dtype=np.float64).reshape(-1, 3)
        _met(starts, np.ascontiguousarray(directions), self.centre, self.radius, met)
        return met

    def met_over_mirrors(
        self, rays: RayScene, triangle: NDArray[np.int32], places: F64, directions: F64, unsure: float
    ) -> NDArray[np.bool_]:
        """Which rays (N,) might hit something that moves beyond the mirror they hit, or hit one that moves.

        Mirrors in the static mesh are taken as their triangles lie; all others count as moving.

        Args:
            triangle: (N,) that each ray hit, row of the scene's tables; places: (N, 3) where, as ``centre``.
            directions: (N, 3), unit, towards the mirror; unsure: by how much they may be off beyond it, rad.
        """
        tables = rays.tables
        met = np.ones(len(triangle), dtype=np.bool_)
        standing = tables.tri_base[1:].min(initial=len(tables.triangles))
        _met_over_mirrors(
            triangle, standing, tables.triangles, tables.vertices, places, directions, self.centre, self.radius, unsure,
            met,
        )  # fmt: skip
        return met


@nb.njit(cache=True, inline="always")
def _meets(
    ox: float, oy: float, oz: float, dx: float, dy: float, dz: float, centre: F64, radius: F64, unsure: float
) -> bool:
    """Whether a ray from (ox, oy, oz) meets any of the spheres."""
    for body in range(len(centre)):
        x, y, z = centre[body, 0] - ox, centre[body, 1] - oy, centre[body, 2] - oz
        away = x * x + y * y + z * z
        along = x * dx + y * dy + z * dz
        wide = radius[body] + unsure * math.sqrt(away)
        if away <= wide * wide or (along > 0.0 and away - along * along <= wide * wide):
            return True
    return False


@nb.njit(nogil=True, cache=True)
def _met(origins: F64, directions: NDArray[np.floating[Any]], centre: F64, radius: F64, met: NDArray[np.bool_]) -> None:
    for ray in range(len(directions)):
        start = ray if len(origins) > 1 else 0
        ox, oy, oz = origins[start, 0], origins[start, 1], origins[start, 2]
        met[ray] = _meets(ox, oy, oz, directions[ray, 0], directions[ray, 1], directions[ray, 2], centre, radius, 0.0)


@nb.njit(nogil=True, cache=True)
def _met_over_mirrors(
    triangle: NDArray[np.int32], standing: int, triangles: NDArray[np.int32], vertices: NDArray[np.float32],
    places: F64, directions: F64, centre: F64, radius: F64, unsure: float, met: NDArray[np.bool_],
) -> None:  # fmt: skip
    for ray in range(len(triangle)):
        row = triangle[ray]
        if row >= standing:
            continue
        i, j, k = triangles[row, 0], triangles[row, 1], triangles[row, 2]
        ax, ay, az = (
            float(vertices[j, 0]) - vertices[i, 0], float(vertices[j, 1]) - vertices[i, 1],
            float(vertices[j, 2]) - vertices[i, 2],
        )  # fmt: skip
        bx, by, bz = (
            float(vertices[k, 0]) - vertices[i, 0], float(vertices[k, 1]) - vertices[i, 1],
            float(vertices[k, 2]) - vertices[i, 2],
        )  # fmt: skip
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        square = nx * nx + ny * ny + nz * nz
        if square < 1e-24:  # no area, no normal
            continue
        dx, dy, dz = directions[ray, 0], directions[ray, 1], directions[ray, 2]
        twice = 2.0 * (dx * nx + dy * ny + dz * nz) / square
        dx, dy, dz = dx - twice * nx, dy - twice * ny, dz - twice * nz
        met[ray] = _meets(places[ray, 0], places[ray, 1], places[ray, 2], dx, dy, dz, centre, radius, unsure)
