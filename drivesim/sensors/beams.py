"""Tracing the beams of lidar and radar: coherent packets of neighbouring rays, each at its own time, into path arrays.

Rays are arranged in columns (firing together, from one place) and rows: a lidar's revolution or a radar's fan.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import LANES
from drivesim.scene.raycast import RayScene
from drivesim.sensors.beam_packets import Columns, trace_beams

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

_NOBODY, _NOWHERE = np.zeros(0, dtype=np.uint8), np.zeros((0, 0, 3), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class BeamHits:
    """What C columns of B rays hit.

    Attributes:
        length: (C, B) float32, m, inf where nothing was hit; cosine: (C, B) float32, of incidence;
        rate: (C, B) float32, rate of change of length, m/s; material, semantic: (C, B) uint8; instance: (C, B) int32;
        triangle: (C, B) int32, row in the scene's triangle tables, -1 for none.

    Rate and triangle are (C, 0) where nobody asks for them.
    """

    length: F32
    cosine: F32
    rate: F32
    material: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    instance: NDArray[np.int32]
    triangle: NDArray[np.int32]

    @staticmethod
    def empty(columns: int, beams: int) -> BeamHits:
        """Room for hits; :func:`trace_columns` writes every ray, those that hit nothing too."""
        shape = (columns, beams)
        return BeamHits(
            length=np.empty(shape, dtype=np.float32),
            cosine=np.empty(shape, dtype=np.float32),
            rate=np.empty(shape, dtype=np.float32),
            material=np.empty(shape, dtype=np.uint8),
            semantic=np.empty(shape, dtype=np.uint8),
            instance=np.empty(shape, dtype=np.int32),
            triangle=np.empty(shape, dtype=np.int32),
        )

    def forget(self) -> None:
        """No ray has hit anything."""
        self.length[...], self.triangle[...] = np.inf, -1
        for values in (self.cosine, self.rate, self.material, self.semantic, self.instance):
            values[...] = 0

    def put(self, rays: NDArray[np.intp], hits: BeamHits) -> None:
        """Write what some rays hit, by their numbers (column times B plus row)."""
        for name in fields(self):
            getattr(self, name.name).reshape(-1)[rays] = getattr(hits, name.name).reshape(-1)

    def part(self, columns: slice) -> BeamHits:
        """Views of some columns."""
        return BeamHits(*(getattr(self, name.name)[columns] for name in fields(self)))


def columns_of(rays: RayScene, origin: F64, rotation: F64, velocity: F64, time: F64, lag: F64) -> Columns:
    """What kernels take of a sensor's motion.

    Args:
        origin: (K, 3) sensor position in the world, m; rotation: (K, 3, 3) ``world_from_sensor``;
        velocity: (K, 3) of the sensor, world frame, m/s.
        time: (K,) and lag: (B,), whose sum is each ray's time, clipped to 0..1.
    """
    return Columns(
        origin=(origin - rays.origin).astype(np.float32),
        rotation=np.ascontiguousarray(rotation, dtype=np.float32),
        velocity=velocity.astype(np.float32),
        time=time.astype(np.float32),
        lag=lag.astype(np.float32),
    )


def trace_columns(
    rays: RayScene,
    sensor: Columns,
    direction: F32,
    limit: float,
    hits: BeamHits,
    facing: tuple[U8, F32] = (_NOBODY, _NOWHERE),
) -> None:
    """Trace K columns of B rays from a moving sensor; the ego's own body is not in the way.

    Args:
        direction: (K, B, 3) unit vectors in the sensor frame.
        limit: farthest distance traced, m.
        hits: (K, B) arrays, written.
        facing: for materials marked in the first, (M,) uint8, the flat triangles' unit normals towards the sensor,
            world axes, are written to the second, (K, B, 3).
    """
    out = (hits.length, hits.cosine, hits.rate, hits.material, hits.semantic, hits.instance, hits.triangle)
    trace_beams(rays.tables, sensor, direction, _tile_columns(direction), np.float32(limit), out, *facing)


def _tile_columns(direction: F32) -> int:
    """How many columns a packet of rays spans: rays that stay together are traced together. Rows of a coarse lidar are
    so far apart, and look so much alike along themselves, that one row's packet beats a square tile."""
    columns, beams, _ = direction.shape
    if columns < 2 or beams < 2:
        return LANES if columns > beams else 1
    aside = np.linalg.norm(direction[1, 0] - direction[0, 0])
    above = np.linalg.norm(direction[0, 1] - direction[0, 0])
    return LANES if 2.0 * aside < above else LANES // 4
