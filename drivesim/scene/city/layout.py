"""What stands where beside the roads: plots with houses, gardens, trees, lamps and fields, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from drivesim.mesh import Mesh, merge
from drivesim.scene.chance import Draws
from drivesim.scene.city import buildings, furniture, pavement, plants
from drivesim.scene.city.frontage import Frontage
from drivesim.scene.city.model import Copy
from drivesim.transforms import Pose

LAMP_SPACING = 30.0


class Plots:
    """Ground that is taken: nothing may be built on it twice."""

    def __init__(self, taken: BaseGeometry, keep_clear: Sequence[NDArray[np.float64]]) -> None:
        self._taken: list[BaseGeometry] = list(shapely.get_parts(taken))
        self._clear = [shapely.Polygon(zone) for zone in keep_clear]
        self._taken += self._clear

    def claim(self, corners: NDArray[np.float64], margin: float = 0.0) -> bool:
        """Take a quadrilateral (4, 2) if it is free; says whether it was."""
        plot = shapely.Polygon(corners).buffer(margin) if margin else shapely.Polygon(corners)
        shapely.prepare(plot)
        if shapely.intersects(plot, self._taken).any():
            return False
        self._taken.append(plot)
        return True

    def free(self, corners: NDArray[np.float64]) -> bool:
        """Whether the story leaves a quadrilateral (4, 2) alone: things on pavements ask no more."""
        plot = shapely.Polygon(corners)
        return not any(zone.intersects(plot) for zone in self._clear)


def rectangle(pose: Pose, x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    """Corners (4, 2) on the ground of a rectangle in a place's own frame."""
    return pose.apply([(x0, y0, 0), (x1, y0, 0), (x1, y1, 0), (x0, y1, 0)])[:, :2]


def residential(edge: Frontage, plots: Plots, draws: Draws) -> Iterator[Mesh]:
    """Houses with front gardens behind the pavement, and street lamps on it."""
    random = draws.whole
    at = float(random.uniform(1.0, 4.0))
    while at < edge.length - 9.0:
        width = float(random.uniform(9.5, 14.5))
        gap, setback, depth = (
            float(random.uniform(2.5, 5.0)),
            float(random.uniform(3.0, 6.0)),
            float(random.uniform(8.5, 11)),
        )
        if at + width > edge.length - 1.0:
            break
        yield from _plot(edge, at, width, setback, depth, plots, draws)
        at += width + gap
    for distance in np.arange(8.0, edge.length - 4.0, LAMP_SPACING):
        if edge.is_pavement(float(distance)):
            pose = edge.pose(float(distance), outwards=-0.35)
            yield furniture.street_lamp().placed(pose)
    yield from along_the_pavement(edge, plots, draws, 38.0, _residential_thing)


def _residential_thing(random: np.random.Generator, draws: Draws) -> tuple[Mesh, float, float]:
    if random.random() < 0.5:
        return pavement.bench(), 1.0, -0.3
    return pavement.litter_bin(random), 0.3, -0.3


Thing = Callable[[np.random.Generator, Draws], tuple[Mesh, float, float]]
"""Draws something that stands on pavements, half its length, and how far out of the pavement's outer edge, m."""


def along_the_pavement(edge: Frontage, plots: Plots, draws: Draws, spacing: float, draw: Thing) -> Iterator[Mesh]:
    """One thing every ``spacing`` metres, and on long streets a bus stop, clear of lamps and of the story."""
    random = draws.whole
    stop = float(random.uniform(0.3, 0.7)) * edge.length if edge.length > 60.0 else -1.0
    for distance in np.arange(15.0, edge.length - 8.0, spacing):
        at = float(distance + random.uniform(-1.0, 1.0))
        if not edge.is_pavement(at):
            continue
        if 0.0 <= stop <= at:
            stop, thing, half, outwards = -1.0, pavement.bus_stop(), 2.4, -0.75
        else:
            thing, half, outwards = draws.part("distractors", lambda own: draw(own, draws))
        place = edge.pose(at, outwards=outwards)
        if plots.free(rectangle(place, -half, -0.2, half, 0.2)):
            yield thing.placed(place)


def _plot(
    edge: Frontage, at: float, width: float, setback: float, depth: float, plots: Plots, draws: Draws
) -> Iterator[Mesh]:
    """One house and its garden, if the ground is free. The plot's frame: x along the road, y towards it."""
    random = draws.whole
    corner = edge.pose(at + width / 2)
    if not plots.claim(rectangle(corner, -width / 2 - 1, -setback - depth - 4, width / 2 + 1, -0.1)):
        return
    plan = buildings.painted(buildings.draw_plan(random, width, depth), draws)
    facade = Pose.from_ypr([width / 2, -setback, 0], [np.pi, 0, 0])
    parts = [buildings.house(plan).placed(facade)]
    gate = float(random.uniform(-1.0, 1.0))
    for start, end in ((-width / 2 - 1, gate - 0.6), (gate + 0.6, width / 2 + 1)):
        parts.append(_boundary(end - start, draws).placed(Pose.from_ypr([start, -0.45, 0], [0, 0, 0])))
    bushes, trees = draws.part("vegetation", lambda own: _garden(width, setback, own))
    parts += bushes
    parts += draws.part("distractors", lambda own: _bins(gate, own))
    yield merge(parts).placed(corner)
    yield from (tree.placed(corner) for tree in trees)


def _garden(width: float, setback: float, random: np.random.Generator) -> tuple[list[Mesh], list[Mesh]]:
    """Bushes, and trees: things of their own, that stand bare in winter where hedges and bushes do not."""
    bushes, trees = [], []
    for _ in range(int(random.integers(1, 5))):
        place = [random.uniform(-width / 2, width / 2), -random.uniform(1.0, max(1.2, setback - 1.3)), 0]
        bushes.append(plants.bush(random, random.uniform(0.6, 1.3)).placed(Pose.from_ypr(place, [0, 0, 0])))
    if random.random() < 0.55:
        place = [random.uniform(-width / 2, width / 2), -setback * 0.55, 0]
        trees.append(plants.tree(random, random.uniform(4.0, 7.5), 1900).placed(Pose.from_ypr(place, [0, 0, 0])))
    return bushes, trees


def _bins(gate: float, random: np.random.Generator) -> list[Mesh]:
    if random.random() >= 0.5:
        return []
    bins = furniture.wheelie_bin(random)
    return [bins.placed(Pose.from_ypr([gate + 1.2, -1.0, 0], [random.uniform(-0.3, 0.3), 0, 0]))]


def _boundary(length: float, draws: Draws) -> Mesh:
    random = draws.whole
    kind = random.random()
    if kind < 0.45:
        return draws.part("vegetation", lambda own: plants.hedge(own, length, height=float(own.uniform(0.8, 1.5))))
    if kind < 0.75:
        return furniture.picket_fence(length, random)
    return furniture.garden_wall(length, random)


def countryside(edge: Frontage, plots: Plots, draws: Draws) -> Iterator[Mesh]:
    """Delineator posts, scattered trees and rows of bushes."""
    for distance in np.arange(12.5, edge.length, 50.0):
        yield furniture.delineator().placed(edge.pose(float(distance), outwards=-0.3))
    yield from _trees(edge, plots, draws.of("vegetation"), spacing=14.0, near=4.0, far=30.0)


def motorway_side(edge: Frontage, plots: Plots, draws: Draws) -> Iterator[Mesh]:
    """Delineator posts behind the barrier and a belt of trees farther out."""
    for distance in np.arange(25.0, edge.length, 50.0):
        yield furniture.delineator().placed(edge.pose(float(distance), outwards=0.4))
    yield from _trees(edge, plots, draws.of("vegetation"), spacing=7.0, near=12.0, far=40.0)


def _trees(
    edge: Frontage, plots: Plots, random: np.random.Generator, *, spacing: float, near: float, far: float
) -> Iterator[Mesh]:
    at = float(random.uniform(0, spacing))
    while at < edge.length:
        pose = edge.pose(at, outwards=float(random.uniform(near, far)))
        if plots.claim(rectangle(pose, -1.5, -1.5, 1.5, 1.5)):
            turned = Pose(pose.translation, Pose.from_ypr([0, 0, 0], [random.uniform(0, 6.28), 0, 0]).rotation)
            grown = random.random() < 0.7
            plant = (
                plants.country_tree(random, float(random.uniform(6, 12)), 1300)
                if grown
                else plants.bush(random, random.uniform(1, 2.2))
            )
            yield plant.placed(turned)
        at += float(random.exponential(spacing))


def backdrop(
    bounds: tuple[float, float, float, float],
    elevation: float,
    plots: Plots,
    draws: Draws,
    *,
    houses: bool,
) -> Iterator[Copy]:
    """What fills the view behind the first row, from a few shapes: more houses in towns, woods elsewhere."""
    x0, y0, x1, y1 = bounds
    random = draws.whole
    plans = [buildings.draw_plan(random, 11.0, 9.5) for _ in range(8 if houses else 0)]
    homes = [buildings.house(buildings.painted(plan, draws)) for plan in plans]
    grow = plants.tree if houses else plants.country_tree
    woods = draws.part("vegetation", lambda own: [grow(own, float(own.uniform(6, 13)), 650) for _ in range(8)])
    for x in np.arange(x0 - 70, x1 + 70, 17.0):
        for y in np.arange(y0 - 70, y1 + 70, 17.0):
            place = [x + random.uniform(-4, 4), y + random.uniform(-4, 4), elevation]
            pose = Pose.from_ypr(place, [float(random.integers(0, 4)) * np.pi / 2, 0, 0])
            kind = random.random()
            if houses and kind < 0.45:
                if plots.claim(rectangle(pose, -0.5, -1.5, 11.5, 10.5)):
                    yield Copy(homes[int(random.integers(len(homes)))], pose)
            elif kind < 0.85 and plots.claim(rectangle(pose, -2.0, -2.0, 2.0, 2.0)):
                yield Copy(woods[int(random.integers(len(woods)))], pose)
