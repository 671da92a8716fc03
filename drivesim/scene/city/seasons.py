"""Trees by season: they come into leaf, turn and stand bare; hedges and shrubs stay as they are.

Dates are those of common oaks and beeches in Germany, rounded to five days: leaves unfold from about 25 April (day
115), turn in the second half of October (from day 285), and have fallen by about 10 November (day 315); Deutscher
Wetterdienst, phenological calendar (Stiel-Eiche, Rotbuche). What colours they turn to is a matter of looks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh
from drivesim.scene.city.model import City
from drivesim.scene.city.plants import BARK

_UNFOLDING, _FULL = 115.0, 135.0
_TURNING, _TURNED, _FALLEN = 285.0, 300.0, 315.0
_STEPS = 4
"""Foliage changes in steps of a quarter: streets that look alike are one street."""
_CLINGING = 0.005
"""Share of the leaves that stay on the branch all winter."""
_TWIGS = 0.2
"""Share of the leaves that grew on a twig of their own, as far as one can see."""
_TWIG_LENGTH, _TWIG_RADIUS = 2.4, 0.011
"""Of a twig, in lengths of a leaf, and m."""
_AUTUMN = np.array([linear_rgb(name) for name in ("#b5722a", "#c49a35", "#8f4a24", "#a88a3c", "#7d5f2e")])
_SPRING = np.array([1.25, 1.15, 0.9])
"""Young leaves over summer's: brighter and yellower."""


class Foliage(NamedTuple):
    """How trees are dressed.

    Attributes:
        leaves: share of the leaves that are there; turned: 0 green .. 1 autumn colours; young: 0 or 1, just unfolded.
    """

    leaves: float = 1.0
    turned: float = 0.0
    young: float = 0.0


SUMMER = Foliage()


def foliage_on(day: float) -> Foliage:
    """Foliage on a day of the northern year, 1..366."""
    unfolded = _step(day, _UNFOLDING, _FULL)
    fallen = _step(day, _TURNED, _FALLEN)
    leaves = max(min(unfolded, 1.0 - fallen), _CLINGING)
    turned = 1.0 if day < _UNFOLDING else _step(day, _TURNING, _TURNED)
    return Foliage(leaves, turned, float(leaves < 1.0 and _UNFOLDING <= day < _FULL))


def _step(day: float, first: float, last: float) -> float:
    """0 up to the first day, 1 from the last, quarters in between."""
    return round(_STEPS * min(max((day - first) / (last - first), 0.0), 1.0)) / _STEPS


def in_season(city: City, foliage: Foliage) -> City:
    """The city with its trees dressed so; trees are what has both bark and leaves."""
    if foliage == SUMMER:
        return city
    shapes = {id(copy.shape): copy.shape for copy in city.copies}
    dressed = {name: _dressed(shape, foliage) for name, shape in shapes.items()}
    copies = tuple(copy._replace(shape=dressed[id(copy.shape)]) for copy in city.copies)
    return replace(city, unique=_dressed(city.unique, foliage), copies=copies)


def _dressed(mesh: Mesh, foliage: Foliage) -> Mesh:
    trees = np.unique(mesh.instance[mesh.material == MaterialId.BARK])
    leaf = (mesh.material == MaterialId.FOLIAGE) & np.isin(mesh.instance, trees)
    if not leaf.any():
        return mesh
    first = mesh.triangles[:, 0]
    chance = _uniform(first)
    fallen = leaf & (chance >= foliage.leaves)
    twig = fallen & (_uniform(first * 5 + 1) < _TWIGS)
    albedo, material = mesh.albedo.copy(), mesh.material.copy()
    shade = albedo[leaf].mean(axis=1, keepdims=True)
    tint = _AUTUMN[(_uniform(mesh.instance[leaf] * 7 + 3) * len(_AUTUMN)).astype(np.int64)]
    autumn = tint * (shade / shade.mean()) * (0.85 + 0.3 * chance[leaf, None])
    turned = chance[leaf, None] * 0.5 + foliage.turned * 1.5 > 1.0  # leaf by leaf, all at the end
    young = 1.0 + foliage.young * (_SPRING - 1.0)
    albedo[leaf] = np.clip(np.where(turned, autumn, albedo[leaf] * young), 0.005, 0.9)
    albedo[twig], material[twig] = BARK.albedo, MaterialId.BARK
    kept = ~fallen | twig
    return replace(
        mesh, vertices=_with_twigs(mesh, np.unique(first[twig])), triangles=mesh.triangles[kept],
        material=material[kept], albedo=albedo[kept].astype(np.float32), semantic=mesh.semantic[kept],
        instance=mesh.instance[kept],
    )  # fmt: skip


def _with_twigs(mesh: Mesh, first: NDArray[np.int32]) -> NDArray[np.float32]:
    """The vertices, with the three of each of these leaves drawn out into a twig that grows outwards."""
    vertices = mesh.vertices.copy()
    corners = vertices[first[:, None] + np.arange(3)]
    middle, outward, across = corners.mean(axis=1), mesh.normals[first], corners[:, 2] - corners[:, 1]
    reach = _TWIG_LENGTH * np.linalg.norm(across, axis=1, keepdims=True) * outward
    aside = np.cross(outward, across)
    aside *= _TWIG_RADIUS / np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-6)
    for corner, offset in enumerate((0.4 * reach, aside - reach, -aside - reach)):
        vertices[first + corner] = middle + offset
    return vertices


def _uniform(number: NDArray[np.int32]) -> NDArray[np.float64]:
    """One number 0..1 for each integer, always the same (the finaliser of MurmurHash3)."""
    bits = number.astype(np.uint64) + np.uint64(0x9E3779B9)
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
