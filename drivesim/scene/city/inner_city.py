"""The inner city: closed rows of tall houses over shops, and life on the pavement in front of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from drivesim.mesh import Mesh
from drivesim.scene.chance import Draws
from drivesim.scene.city import buildings, furniture, pavement
from drivesim.scene.city.frontage import Frontage
from drivesim.scene.city.layout import LAMP_SPACING, Plots, along_the_pavement, rectangle
from drivesim.transforms import Pose

_FRONT, _FRONT_WITHOUT_PAVEMENT = 1.05, 4.0
"""How far from the road's outer edge houses stand, m."""


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
