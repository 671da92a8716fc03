"""What a beam meets after glass or a mirror: rays that go on, with the share of energy that comes back along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MATERIALS, MaterialId
from drivesim.scene.raycast import EVERYONE, RayScene
from drivesim.scene.trace import nearest
from drivesim.sensors.beams import BeamHits

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_FACE = 0.04
"""Reflection of one face of glass at normal incidence (n = 1.5); a pane has two."""
_METAL = 0.6
"""Reflection of polished metal at 905 nm."""

_THROUGH = np.zeros(len(MATERIALS), dtype=np.float32)
_THROUGH[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS]] = (1.0 - 2.0 * _FACE) ** 2
_MIRRORED = np.zeros(len(MATERIALS), dtype=np.float32)
_MIRRORED[[MaterialId.WINDOW_GLASS, MaterialId.CAR_GLASS]] = (2.0 * _FACE) ** 2
_MIRRORED[MaterialId.CHROME] = _METAL**2

_PANES = 3
"""More panes than this after the first are opaque."""
_OFF = np.float32(2e-3)
"""Rays go on this far from the surface, m."""


@dataclass(frozen=True, slots=True, eq=False)
class Onward:
    """M paths of two bounces.

    Attributes:
        ray: (M,) int64, column * rays + ray of the first leg; length: (M,) float32, both legs, m;
        share: (M,) float32, of the energy, there and back; cosine: (M,) float32; material, semantic: (M,) uint8;
        instance: (M,) int32, of what was hit.
    """

    ray: NDArray[np.int64]
    length: F32
    share: F32
    cosine: F32
    material: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    instance: NDArray[np.int32]


def onward(
    rays: RayScene, hits: BeamHits, origin: F64, rotation: F64, direction: F32, time: F64, limit: float, reach: float
) -> Onward:
    """Follow the rays of K columns that hit glass or polished metal, straight on and mirrored; arguments as for
    :func:`~drivesim.sensors.beams.trace_columns`.

    Args:
        reach: range of a white target at the detection threshold, m: what leaves too little for it is not followed.
    """
    legs = []
    for table, mirror in ((_THROUGH, False), (_MIRRORED, True)):
        share = table[hits.material]
        share[~(hits.length < reach * np.sqrt(share))] = 0.0
        legs.append(_leg(rays, hits, origin, rotation, direction, time, limit, share, mirror))
    joined = (np.concatenate([getattr(leg, name) for leg in legs]) for name in Onward.__slots__)
    return Onward(*joined)


def _leg(
    rays: RayScene,
    hits: BeamHits,
    origin: F64,
    rotation: F64,
    direction: F32,
    time: F64,
    limit: float,
    share: F32,
    mirror: bool,
) -> Onward:
    column, ray = np.nonzero(share)
    ahead = np.einsum("nij,nj->ni", rotation[column], direction[column, ray])
    start = (origin[column] - rays.origin) + hits.length[column, ray][:, None] * ahead
    when = np.clip(time[column, ray], 0.0, 1.0)
    if mirror:
        normal = nearest(rays, origin[column] - rays.origin, ahead, when, mask=EVERYONE).normal
        ahead = ahead - 2.0 * np.einsum("ni,ni->n", ahead, normal)[:, None] * normal
    tables = rays.tables
    found = nearest(rays, start + _OFF * ahead, ahead, when, mask=EVERYONE, limit=limit)
    passed = np.full(len(column), _OFF)
    share = share[column, ray]
    for _ in range(_PANES):
        clear = np.where(found.triangle >= 0, _THROUGH[tables.material[found.triangle]], 0.0)
        if mirror or not clear.any():
            break
        through = clear > 0.0
        passed = np.where(through, passed + found.distance + _OFF, passed).astype(np.float32)
        share = np.where(through, share * clear, share)
        found = nearest(rays, start + passed[:, None] * ahead, ahead, when, mask=EVERYONE, limit=limit)
    hit = np.flatnonzero(found.triangle >= 0)
    triangle = found.triangle[hit]
    return Onward(
        ray=(column * hits.length.shape[1] + ray)[hit],
        length=(hits.length[column, ray][hit] + found.distance[hit] + passed[hit]).astype(np.float32),
        share=share[hit].astype(np.float32),
        cosine=np.abs(np.einsum("ni,ni->n", ahead[hit], found.normal[hit])).astype(np.float32),
        material=tables.material[triangle].astype(np.uint8),
        semantic=tables.semantic[triangle].astype(np.uint8),
        instance=found.instance[hit],
    )
