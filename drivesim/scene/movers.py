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
        radius = np.array([rays.radius(row) + _ROOM for row in rows.tolist()])
        return Movers(centre, radius, rays.own_body[rows])

    def others(self, place: F64, rotation: F64) -> Movers:
        """Without the ego's own body, as seen from ``place`` (3,): along the columns of ``rotation`` (3, 3)."""
        kept = ~self.own
        return Movers((self.centre[kept] - place) @ rotation, self.radius[kept], self.own[kept])

    def met(self, origins: F64, directions: NDArray[np.floating[Any]], *, unsure: float = 0.0) -> NDArray[np.bool_]:
        """Which rays (N,) might hit something that moves.

        Args:
            origins: (N, 3) or (3,), as ``centre``; directions: (N, 3), unit.
            unsure: by how much directions may be off, rad.
        """
        met = np.zeros(len(directions), dtype=np.bool_)
        starts = np.ascontiguousarray(origins, dtype=np.float64).reshape(-1, 3)
        _met(starts, np.ascontiguousarray(directions, dtype=np.float64), self.centre, self.radius, unsure, met)
        return met


@nb.njit(nogil=True, cache=True)
def _met(origins: F64, directions: F64, centre: F64, radius: F64, unsure: float, met: NDArray[np.bool_]) -> None:
    for ray in range(len(directions)):
        start = ray if len(origins) > 1 else 0
        for body in range(len(centre)):
            x = centre[body, 0] - origins[start, 0]
            y = centre[body, 1] - origins[start, 1]
            z = centre[body, 2] - origins[start, 2]
            away = x * x + y * y + z * z
            along = x * directions[ray, 0] + y * directions[ray, 1] + z * directions[ray, 2]
            wide = radius[body] + unsure * math.sqrt(away)
            if away <= wide * wide or (along > 0.0 and away - along * along <= wide * wide):
                met[ray] = True
                break
