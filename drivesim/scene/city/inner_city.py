"""The inner city: closed rows of tall houses over shops, and life on the pavement in front of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.opendrive.meshing.builder import triangulate
from drivesim.scene.chance import Draws
from drivesim.scene.city import buildings, furniture, pavement
from drivesim.scene.city.frontage import Frontage
from drivesim.scene.city.layout import LAMP_SPACING, Plots, along_the_pavement, rectangle
from drivesim.scene.city.parts import Finish
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

_FRONT, _FRONT_WITHOUT_PAVEMENT = 1.05, 4.0
"""How far from the road's outer edge houses stand, m."""
_ABOVE_LAWN = 0.004
"""Height of the paving before houses over the pavement's edge, m; lawns lie 10 mm below that."""
_PAVING = Finish(MaterialId.PAVING, linear_rgb("#8b877f"), Tag.SIDEWALKS)


def forecourt(edge: Frontage, covered: BaseGeometry) -> Mesh:
    """The paving from the pavement's edge to the houses: no lawn grows there. ``covered`` is what roads take."""
    stations = np.flatnonzero(edge.pavement)
    if len(stations) < 2:
        return Mesh.empty()
    inner = np.stack([edge.pose(float(edge.along[i])).translation for i in stations])
    outer = np.stack([edge.pose(float(edge.along[i]), outwards=_FRONT + 0.2).translation for i in stations])
    strips = shapely.polygons(np.stack([inner[:-1], outer[:-1], outer[1:], inner[1:]], axis=1)[..., :2])
    near = np.diff(stations) == 1
    free = shapely.difference(shapely.union_all(shapely.make_valid(strips[near])), covered)
    parts = []
    for points, faces in triangulate(free):
        height = inner[cKDTree(inner[:, :2]).query(points)[1], 2] + _ABOVE_LAWN
        parts.append(Mesh.build(np.column_stack([points, height]), faces, material=_PAVING.material,
                                albedo=_PAVING.albedo, semantic=_PAVING.semantic))  # fmt: skip
    return merge(parts)


def inner_city(edge: Frontage, plots: Plots, draws: Draws) -> Iterator[Mesh]:
    """Houses wall to wall behind the pavement; lamps, trees, benches, bins and bus stops on it."""
    random = draws.whole
    at = 0.3
    while at < edge.length - 7.0:
        width = float(min(random.uniform(8.0, 14.0), edge.length - at))
        depth = float(random.uniform(10.0, 13.0))
        corner = edge.pose(at + width / 2)
        front = _FRONT if edge.is_pavement(at + width / 2) else _FRONT_WITHOUT_PAVEMENT
        back = rectangle(corner, -width / 2 + 0.1, -front - depth, width / 2 - 0.1, -0.6)
        if random.random() > 0.06 and plots.claim(back):
            plan = buildings.painted(buildings.draw_town_plan(random, width, depth), draws)
            facade = Pose.from_ypr([width / 2, -front, 0], [np.pi, 0, 0])
            yield buildings.house(plan).placed(corner @ facade)
        at += width + 0.02
    for distance in np.arange(8.0, edge.length - 4.0, LAMP_SPACING):
        if edge.is_pavement(float(distance)):
            yield furniture.street_lamp(7.5).placed(edge.pose(float(distance), outwards=-0.35))
    yield from along_the_pavement(edge, plots, draws, 7.5, _thing)


def _thing(random: np.random.Generator, draws: Draws) -> tuple[Mesh, float, float]:
    kind = random.random()
    if kind < 0.30:
        return draws.part("vegetation", pavement.street_tree, random), 0.8, 0.1
    if kind < 0.50:
        return pavement.cafe_table(random), 1.0, 0.35
    if kind < 0.70:
        return pavement.bench(), 1.0, 0.45
    if kind < 0.85:
        return pavement.litter_bin(random), 0.3, 0.3
    return pavement.bicycle_stand(), 1.8, 0.1
