"""What stands on pavements: benches, litter bins, bus stops, café tables, bicycle stands.

Each stands at the origin on the ground, x along the road, y towards it.
"""

from __future__ import annotations

import numpy as np

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.scene.city import plants
from drivesim.scene.city.furniture import POLE, WHITE_SHEET, disc
from drivesim.scene.city.parts import Finish, boxes, polygon, quads, tube
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

_WOOD = Finish(MaterialId.WOOD, linear_rgb("#7d5a3a"), Tag.STATIC)
_IRON = Finish(MaterialId.GALVANISED_STEEL, linear_rgb("#3c4043"), Tag.STATIC)
_PANE = Finish(MaterialId.CAR_GLASS, linear_rgb("#30383c"), Tag.STATIC)
_GREEN = Finish(MaterialId.SIGN_SHEET, linear_rgb("#1f7a4a"), Tag.TRAFFIC_SIGN)
_STONE = Finish(MaterialId.CONCRETE, linear_rgb("#8f8c86"), Tag.STATIC)
_BAYS = ((-1.94, -0.06), (0.06, 1.94))
"""Of a shelter's back, between its posts, m."""
_AWNINGS = ("#a33a33", "#2f5d4a", "#c9b78a", "#34507a", "#d8d4c8")


def bench() -> Mesh:
    """A slatted bench for three, 1.8 m, its back to the houses."""
    slats = [((-0.9, -0.22 + 0.11 * i, 0.43), (0.9, -0.13 + 0.11 * i, 0.46)) for i in range(4)]
    slats += [((-0.9, -0.29 - 0.02 * i, 0.56 + 0.13 * i), (0.9, -0.26 - 0.02 * i, 0.66 + 0.13 * i)) for i in range(3)]
    legs = [((x - 0.03, -0.3, 0.0), (x + 0.03, 0.2, 0.43)) for x in (-0.7, 0.7)]
    backs = [((x - 0.03, -0.34, 0.4), (x + 0.03, -0.29, 0.92)) for x in (-0.7, 0.7)]
    low, high = np.array(slats).transpose(1, 0, 2)
    iron_low, iron_high = np.array(legs + backs).transpose(1, 0, 2)
    return merge([boxes(low, high, _WOOD), boxes(iron_low, iron_high, _IRON)])


def litter_bin(random: np.random.Generator) -> Mesh:
    """A round bin of 50 l on a post, 1 m high."""
    colour = str(random.choice(("#2f4f3a", "#3a3d40", "#b5552a")))
    shell = Finish(MaterialId.BLACK_PLASTIC, linear_rgb(colour), Tag.STATIC)
    barrel = tube([[0, 0.08, 0.35], [0, 0.08, 0.9], [0, 0.08, 0.97]], [0.19, 0.21, 0.2], shell, sides=14)
    caps = [disc(r, 0.0, shell, 14).placed(Pose.from_ypr([0, 0.08, z], [0, p, 0])) for r, z, p in
            ((0.2, 0.96, np.pi / 2), (0.19, 0.36, -np.pi / 2))]  # fmt: skip
    return merge([tube([[0, -0.14, 0], [0, -0.14, 1.0]], [0.035, 0.035], _IRON), barrel, *caps])


def bus_stop() -> Mesh:
    """A glazed shelter of 4 x 1.4 m open to the road, with a bench and the stop's sign."""
    posts = [(x, y) for x in (-2.0, 0.0, 2.0) for y in (-0.7,)] + [(-2.0, 0.55), (2.0, 0.55)]
    low = np.array([(x - 0.04, y - 0.04, 0.0) for x, y in posts])
    frame = boxes(low, low + [0.08, 0.08, 2.4], _IRON)
    roof = boxes((-2.2, -0.85, 2.4), (2.2, 0.85, 2.5), _IRON)
    back = [[(x0, -0.7, 0.25), (x1, -0.7, 0.25), (x1, -0.7, 2.2), (x0, -0.7, 2.2)] for x0, x1 in _BAYS]
    sides = [[(x, -0.64, 0.25), (x, 0.48, 0.25), (x, 0.48, 2.2), (x, -0.64, 2.2)] for x in (-2.0, 2.0)]
    panes = quads([*back, *sides], _PANE)  # one face each: who looks through two sees the second one's back
    rails = boxes([(-2.0, -0.73, 0.18), (-2.0, -0.73, 2.2)], [(2.0, -0.67, 0.25), (2.0, -0.67, 2.27)], _IRON)
    seat = bench().placed(Pose.from_ypr([-0.9, -0.3, 0], [0, 0, 0]))
    pole = tube([[3.0, 0.4, 0], [3.0, 0.4, 2.9]], [0.03, 0.03], POLE)
    faces = [
        disc(r, x, finish).placed(Pose.from_ypr([3.0, 0.4, 2.65], [yaw, 0, 0]))
        for yaw in (0.0, np.pi)
        for r, x, finish in ((0.22, -0.035, _GREEN), (0.14, -0.04, WHITE_SHEET))
    ]
    return merge([frame, roof, panes, rails, seat, pole, *faces])


def bicycle_stand(count: int = 4) -> Mesh:
    """Steel hoops 0.8 m high, 0.9 m apart, across the road's direction."""
    angle = np.linspace(0, np.pi, 9)
    bow = np.column_stack([np.zeros(9), 0.35 * np.cos(angle), 0.55 + 0.25 * np.sin(angle)])
    hoop = tube(np.concatenate([[[0, 0.35, 0]], bow, [[0, -0.35, 0]]]), 0.025, _IRON, sides=8)
    return merge([hoop.placed(Pose.from_ypr([0.9 * i, 0, 0], [0, 0, 0])) for i in range(count)])


def street_tree(random: np.random.Generator) -> Mesh:
    """A tree in the pavement with its grid and guard."""
    crown = plants.tree(random, float(random.uniform(5.5, 8.5)), 1900)
    rim = boxes((-0.65, -0.65, 0.0), (0.65, 0.65, 0.03), _STONE)
    stakes = [tube([[x, y, 0], [x, y, 1.3]], [0.03, 0.03], _WOOD) for x, y in ((0.3, 0.3), (-0.3, -0.3))]
    return merge([crown, rim, *stakes])


def cafe_table(random: np.random.Generator) -> Mesh:
    """A round table, two chairs, and now and then a parasol."""
    top = disc(0.36, 0.0, _WOOD).placed(Pose.from_ypr([0, 0, 0.74], [0, np.pi / 2, 0]))
    below = disc(0.36, 0.0, _WOOD).placed(Pose.from_ypr([0, 0, 0.72], [0, -np.pi / 2, 0]))
    foot = tube([[0, 0, 0], [0, 0, 0.73]], [0.05, 0.03], _IRON)
    parts = [top, below, foot]
    for x, sign in ((-0.75, -1), (0.75, 1)):
        parts.append(boxes((x - 0.2, -0.2, 0.43), (x + 0.2, 0.2, 0.46), _WOOD))
        legs = np.array([(x + i, j, 0.0) for i in (-0.19, 0.16) for j in (-0.19, 0.16)])
        parts.append(boxes(legs, legs + [0.03, 0.03, 0.43], _IRON))
        back = x + 0.19 * sign
        parts.append(boxes((back - 0.015, -0.2, 0.46), (back + 0.015, 0.2, 0.85), _WOOD))
    if random.random() < 0.5:
        parts.append(_parasol(str(random.choice(_AWNINGS))))
    return merge(parts)


def _parasol(colour: str) -> Mesh:
    cloth = Finish(MaterialId.COTTON, linear_rgb(colour), Tag.STATIC)
    angle = np.arange(8) * np.pi / 4
    rim = np.column_stack([1.3 * np.cos(angle), 1.3 * np.sin(angle), np.full(8, 2.15)])
    tip = np.array([0.0, 0.0, 2.6])
    panels = [polygon([rim[i], rim[(i + 1) % 8], tip], cloth) for i in range(8)]
    inside = [polygon([rim[(i + 1) % 8], rim[i], tip - [0, 0, 0.01]], cloth) for i in range(8)]
    return merge([tube([[0, 0, 0], [0, 0, 2.6]], [0.025, 0.025], _WOOD), *panels, *inside])
