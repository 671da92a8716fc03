"""One mirror on the way: ghosts behind walls and guard rails, echoes under vehicles, the ego in its own echo.

A ray that meets something smooth goes on in the mirrored direction to a second surface, is scattered back there and
returns the way it came. By the image method it looks as if the second surface stood behind the mirror, at the length of
both legs and in the direction of the first. Its cross-section is the second surface's as seen from that far, times the
mirror's reflectivity both ways and, on curved mirrors, what their convexity spreads on the way back::

    sigma = sigma_2(r_1 + r_2) (|Gamma|^2 s^2)^2 / (1 + 2 kappa r_1 r_2 / ((r_1 + r_2) cos theta))

(Gamma: Fresnel, mean of both polarisations; s: what roughness leaves of the coherent wave, Ament 1953). Paths that are
mirrored one way only are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.movers import Movers
from drivesim.scene.raycast import ALL, EVERYONE, RayScene
from drivesim.scene.trace import nearest
from drivesim.sensors.beams import BeamHits
from drivesim.sensors.radar.fan import Facets, Fan
from drivesim.sensors.radar.scattering import Reflection
from drivesim.types import Paths

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

WEAKEST_MIRROR = 0.03
"""Power reflectivity (one way) below which a surface is not followed: 30 dB both ways, less than a car over a child."""
_SPARSER = 4
"""One ray of so many is followed, and stands for all of them: roads alone send on half of a fan."""
_OFF = 2e-3
"""Rays go on this far from the surface, m."""
_OFF_COURSE = 0.02
"""More than a mirrored ray's direction is off where its mirror's normal is taken from the triangle's corners, rad."""
_AGAIN = 5e-3
"""The first surface is looked for again this far before and behind its distance, m."""
_COLUMNS = tuple(field.name for field in fields(Paths))


@dataclass(frozen=True, slots=True, eq=False)
class Mirrored:
    """M paths over a mirror.

    Attributes:
        paths: as the radar sees them, unfolded; sigma: (M,) float32, m2.
        ghost: (M,) bool, True where the surface stands somewhere else than the echo claims (else the detour is smaller
            than the radar tells apart, as over the road).
        own: (M,) bool, True where it is the ego's own body.
    """

    paths: Paths
    sigma: F32
    ghost: NDArray[np.bool_]
    own: NDArray[np.bool_]

    def part(self, rows: slice | NDArray[np.intp]) -> Mirrored:
        """Some of them."""
        paths = Paths(*(getattr(self.paths, name)[rows] for name in _COLUMNS))
        return Mirrored(paths, self.sigma[rows], self.ghost[rows], self.own[rows])


@lru_cache(maxsize=8)
def followed(columns: int, rows: int) -> NDArray[np.intp]:
    """Which rays of a fan go on over mirrors, by their numbers (column times ``rows`` plus row), ascending."""
    chosen = np.flatnonzero((np.arange(columns)[:, None] + 2 * np.arange(rows)) % _SPARSER == 0)
    chosen.flags.writeable = False
    return chosen


def mirrored(
    rays: RayScene,
    beams: Fan,
    hits: BeamHits,
    facets: Facets,
    reflection: Reflection,
    pose: tuple[F64, F64, F64],
    when: tuple[float, float],
    max_range: float,
    tells_apart: tuple[float, float],
    movers: Movers | None = None,
) -> Mirrored | None:
    """Follow the rays of a fan over one mirror; None where there is none.

    Args:
        hits: of the fan's rays; facets: shapes of the scene's triangles.
        pose: ``world_from_sensor`` rotation (3, 3) and translation (3,), and the sensor's velocity (3,), m/s.
        when: ray time of the cycle, 0..1, and seconds since scenario start; max_range: of both legs, m.
        tells_apart: range and azimuth, m and rad, by which an echo must be off to be a ghost.
        movers: where given, paths on which nothing moves may be left out.
    """
    rotation, translation, velocity = pose
    first = hits.length.ravel()
    chosen = followed(*hits.length.shape)
    chosen = chosen[first[chosen] < max_range]
    strength = reflection.mirror_of(hits.material.ravel()[chosen], hits.cosine.ravel()[chosen])
    chosen = chosen[strength > WEAKEST_MIRROR]
    if not len(chosen):
        return None
    origin = translation - rays.origin
    ahead = beams.direction.reshape(-1, 3)[chosen].astype(np.float64) @ rotation.T
    leg = first[chosen].astype(np.float64)
    if movers is not None:
        place = origin + leg[:, None] * ahead
        worth = movers.met_over_mirrors(rays, hits.triangle.ravel()[chosen], place, ahead, _OFF_COURSE)
        chosen, ahead, leg = chosen[worth], ahead[worth], leg[worth]
    surface = nearest(rays, origin + (leg - _AGAIN)[:, None] * ahead, ahead, when[0], mask=EVERYONE, limit=2 * _AGAIN)
    met = surface.triangle >= 0
    chosen, ahead, leg = chosen[met], ahead[met], leg[met]
    normal, moving = surface.normal[met].astype(np.float64), surface.velocity[met].astype(np.float64)
    onward = ahead - 2.0 * np.einsum("ni,ni->n", ahead, normal)[:, None] * normal
    place = origin + leg[:, None] * ahead
    if movers is not None:
        worth = movers.met(place, onward) | moving.any(axis=1)
        chosen, leg = chosen[worth], leg[worth]
        ahead, moving, onward, place, normal = (values[worth] for values in (ahead, moving, onward, place, normal))
    second = nearest(rays, place + _OFF * normal, onward, when[0], mask=ALL, limit=max_range)
    back = (second.triangle >= 0) & (second.distance + leg < max_range)
    if not back.any():
        return None
    chosen, leg = chosen[back], leg[back]
    ahead, moving, onward, place = (values[back] for values in (ahead, moving, onward, place))
    triangle, gone = second.triangle[back], second.distance[back].astype(np.float64)
    length = (leg + gone).astype(np.float32)
    tables = rays.tables
    cosine = np.abs(np.einsum("ni,ni->n", onward, second.normal[back])).astype(np.float32)
    curved = facets.curvature[hits.triangle.ravel()[chosen]] * leg * gone / (leg + gone)
    spread = 1.0 + 2.0 * curved / np.maximum(hits.cosine.ravel()[chosen], 0.05)
    elevation = beams.elevation.ravel()[chosen]
    solid_angle = (_SPARSER * beams.solid_angle * np.cos(elevation)).astype(np.float32)
    sigma = reflection.cross_sections(
        length, cosine, tables.material[triangle], facets.curvature[triangle], facets.area[triangle],
        beams.step * math.sqrt(_SPARSER), solid_angle,
    )  # fmt: skip
    strength = reflection.mirror_of(hits.material.ravel()[chosen], hits.cosine.ravel()[chosen])
    sigma *= (strength**2 / spread).astype(np.float32)
    rate = -ahead @ velocity + np.einsum("ni,ni->n", moving, ahead - onward)
    rate += np.einsum("ni,ni->n", second.velocity[back], onward)
    azimuth = beams.azimuth.ravel()[chosen]
    seen = (place + gone[:, None] * onward - origin) @ rotation
    off_range = np.abs(np.linalg.norm(seen, axis=1) - length) > tells_apart[0]
    turn = np.arctan2(seen[:, 1], seen[:, 0]) - azimuth
    off_azimuth = np.abs(np.arctan2(np.sin(turn), np.cos(turn))) > tells_apart[1]
    count = len(chosen)
    paths = Paths(
        beam=chosen.astype(np.int32), azimuth=azimuth, elevation=elevation, length=length,
        time=np.full(count, when[1]), cos_incidence=cosine, material=tables.material[triangle],
        semantic=tables.semantic[triangle], instance=second.instance[back],
        radial_rate=rate.astype(np.float32), bounces=np.full(count, 3, dtype=np.uint8),
    )  # fmt: skip
    return Mirrored(paths, sigma, off_range | off_azimuth, rays.own_body[second.part[back]])


def joined(first: Paths, second: Paths) -> Paths:
    """Two sets of paths as one."""
    return Paths(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in _COLUMNS))
