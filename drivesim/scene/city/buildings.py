"""Houses: walls with real windows and doors, pitched or flat roofs, chimneys.

A building stands in its own frame: x along the street, facade at y = 0 facing -y, ground at z = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.scene.chance import Draws
from drivesim.scene.city.fronts import Front, posters, shop_front, street_side
from drivesim.scene.city.parts import Finish, boxes, panel_with_openings, polygon, quads
from drivesim.streams import hash64
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

WALL_COLOURS = ("#e8e2d4", "#d9cbb0", "#efe9df", "#cfd3d1", "#e3c9a8", "#c9b8a8", "#dcd7c9", "#b9c4c2")
BRICK_COLOURS = ("#8d4b3a", "#9a5d48", "#7c4638", "#a46b52")
ROOF_COLOURS = ("#7a3b2c", "#5d3429", "#4a4644", "#83503c", "#3f4145")
DOOR_COLOURS = ("#4b2e20", "#23402f", "#2c3a52", "#6b1f1f", "#3b3b3b")

TOWN_COLOURS = ("#d8b878", "#c98f6b", "#b9c2a0", "#a9b9c0", "#d9cdb2", "#c7a98c", "#dcd3c2", "#b7766a", "#cfc09a")
STONE_COLOURS = ("#b3a78e", "#a59b8a", "#9c8f7c", "#b5aea2")
TRIM_COLOURS = ("#efeae0", "#e3dccb", "#d6d0c3", "#8f8577")
SHUTTER_COLOURS = ("#3f5c46", "#50606e", "#7a3f33")
SHOP_COLOURS = ("#5e1f24", "#20392f", "#24344d", "#c5b48c", "#2b2b2d", "#8a2f2a", "#3f5d63")

GLASS = Finish(MaterialId.WINDOW_GLASS, linear_rgb("#20262b"), Tag.BUILDING)
FRAME = Finish(MaterialId.PLASTER, linear_rgb("#f1efe9"), Tag.BUILDING)
SILL = Finish(MaterialId.CONCRETE, linear_rgb("#b9b6ae"), Tag.BUILDING)
PLINTH = Finish(MaterialId.CONCRETE, linear_rgb("#8c8a86"), Tag.BUILDING)
STEP = Finish(MaterialId.CONCRETE, linear_rgb("#9d9a94"), Tag.BUILDING)
GUTTER = Finish(MaterialId.GALVANISED_STEEL, linear_rgb("#7d8284"), Tag.BUILDING)

_PANES = (GLASS, GLASS, GLASS, *(Finish(MaterialId.WINDOW_GLASS, linear_rgb(c), Tag.BUILDING)
                                for c in ("#8f8c83", "#6f6a5f", "#54595c", "#a39c8c")))  # fmt: skip
"""What is behind a pane: a dark room, or a curtain, a blind, another curtain."""
_PANELS = tuple(Finish(MaterialId.GALVANISED_STEEL, linear_rgb(c), Tag.BUILDING)
                for c in ("#8f969a", "#d8d5cc", "#83958c", "#a4685a"))  # fmt: skip
_BALCONY = 1.15
"""How far a balcony stands out, m."""

_BRICK = 0.3
"""Share of houses with walls of brick."""
_STONE = 0.25
"""Share of town houses with walls of stone, of those that are not of brick."""
STOREY = 2.85
REVEAL = 0.14
"""Depth of windows behind the wall's face, m."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that varies from house to house."""

    width: float
    depth: float
    storeys: int
    roof_pitch: float
    wall: Finish
    roof: Finish
    door: Finish
    window_width: float
    window_height: float
    window_spacing: float
    shutters: str | None
    shop: str | None = None
    """Colour of the fascia over the shop windows of the ground floor."""
    balconies: bool = True
    """Whether there may be any: they stand out from the plot's width and depth."""
    front: Front | None = None
    """What a town house's street side has more."""

    @property
    def eaves(self) -> float:
        return 0.35 + self.storeys * STOREY


def draw_plan(random: np.random.Generator, width: float, depth: float, storeys: tuple[int, int] = (1, 3)) -> Plan:
    """A house for a plot: size is given, the rest is drawn."""
    brick = random.random() < _BRICK
    wall_material, colours = (MaterialId.BRICK, BRICK_COLOURS) if brick else (MaterialId.PLASTER, WALL_COLOURS)
    levels = int(random.integers(storeys[0], storeys[1] + 1))
    flat = levels >= 3 and random.random() < 0.35
    return Plan(
        width=width,
        depth=depth,
        storeys=levels,
        roof_pitch=0.0 if flat else float(np.radians(random.uniform(32, 46))),
        wall=Finish(wall_material, linear_rgb(str(random.choice(colours))), Tag.BUILDING),
        roof=Finish(MaterialId.ROOF_TILES, linear_rgb(str(random.choice(ROOF_COLOURS))), Tag.BUILDING),
        door=Finish(MaterialId.WOOD, linear_rgb(str(random.choice(DOOR_COLOURS))), Tag.BUILDING),
        window_width=float(random.uniform(0.95, 1.3)),
        window_height=float(random.uniform(1.25, 1.5)),
        window_spacing=float(random.uniform(2.1, 2.8)),
        shutters=str(random.choice(SHUTTER_COLOURS)) if random.random() < 0.3 else None,
    )


def draw_town_plan(random: np.random.Generator, width: float, depth: float) -> Plan:
    """A house of a closed row in an inner city: four or five storeys of brick, stone or tinted plaster, mostly over a
    shop."""
    plan = draw_plan(random, width, depth, (4, 5))
    shop = str(random.choice(SHOP_COLOURS)) if random.random() < 0.75 else None
    front = _draw_front(random)
    wall = plan.wall if plan.wall.material == MaterialId.BRICK else _town_wall(random)
    pitch = min(plan.roof_pitch, 0.6)
    return replace(plan, shop=shop, shutters=None, window_height=1.65, roof_pitch=pitch, wall=wall, front=front)


def _town_wall(random: np.random.Generator) -> Finish:
    stone = random.random() < _STONE
    material, colours = (MaterialId.CONCRETE, STONE_COLOURS) if stone else (MaterialId.PLASTER, TOWN_COLOURS)
    return Finish(material, linear_rgb(str(random.choice(colours))), Tag.BUILDING)


def _draw_front(random: np.random.Generator) -> Front:
    base = Finish(MaterialId.CONCRETE, linear_rgb(str(random.choice(STONE_COLOURS))), Tag.BUILDING)
    trim = Finish(MaterialId.PLASTER, linear_rgb(str(random.choice(TRIM_COLOURS))), Tag.BUILDING)
    return Front(base, trim, bool(random.random() < 0.6), int(random.integers(1 << 30)))


def painted(plan: Plan, draws: Draws) -> Plan:
    """The same house in other materials and colours, where textures have a seed of their own."""
    random = draws.parts.get("textures")
    if random is None:
        return plan
    brick = random.random() < _BRICK
    wall = (MaterialId.BRICK, BRICK_COLOURS) if brick else (MaterialId.PLASTER, WALL_COLOURS)
    finishes = (wall, (MaterialId.ROOF_TILES, ROOF_COLOURS), (MaterialId.WOOD, DOOR_COLOURS))
    walls, roof, door = (Finish(m, linear_rgb(str(random.choice(c))), Tag.BUILDING) for m, c in finishes)
    shutters, shop = str(random.choice(SHUTTER_COLOURS)), str(random.choice(SHOP_COLOURS))
    front = plan.front
    if front is not None:
        other = _draw_front(random)
        front = replace(front, base=other.base, trim=other.trim)
        walls = walls if brick else _town_wall(random)
    return replace(
        plan, wall=walls, roof=roof, door=door, shutters=plan.shutters and shutters, shop=plan.shop and shop,
        front=front,
    )  # fmt: skip


def house(plan: Plan) -> Mesh:
    """The whole building."""
    front = _facade(plan, plan.width, door=True)
    back = _facade(plan, plan.width, door=False)
    side = _facade(plan, plan.depth, door=False, balconies=False)
    right_angle = np.pi / 2
    parts = [
        front,
        back.placed(Pose.from_ypr([plan.width, plan.depth, 0], [np.pi, 0, 0])),
        side.placed(Pose.from_ypr([plan.width, 0, 0], [right_angle, 0, 0])),
        side.placed(Pose.from_ypr([0, plan.depth, 0], [-right_angle, 0, 0])),
        _roof(plan),
    ]
    return merge(parts)


def _facade(plan: Plan, width: float, *, door: bool, balconies: bool = True) -> Mesh:
    """One wall with its windows (and the front door), facing -y."""
    windows, doors = _openings(plan, width, door)
    parts = [
        *_walls(plan, width, [*windows, *doors], street=door),
        boxes((-0.02, -0.03, 0.0), (width + 0.02, 0.0, 0.30), PLINTH)
        if not door
        else _plinth_with_gap(width, doors[0]),
    ]
    for number, hole in enumerate(windows):
        shop = hole[2] - hole[0] > 2.0 * plan.window_width
        pane = GLASS if shop else _PANES[_varied(plan, number, door) % len(_PANES)]
        parts += [_reveal(hole, plan.wall), _window(hole, pane)]
        if plan.shutters:
            parts.append(_shutters(hole, plan.shutters))
    for hole in doors:
        parts += [_reveal(hole, plan.wall), _door(hole, plan.door)]
    if door and plan.shop:
        parts += shop_front(width, plan.shop, plan.front)
        panes = [hole for hole in windows if hole[3] < STOREY]
        parts += posters(panes, REVEAL - 0.012, 0 if plan.front is None else plan.front.sign)
    if door and plan.front is not None:
        parts += street_side(width, plan.eaves, STOREY, windows, plan.front.trim)
    if balconies and plan.balconies:
        parts += _balconies(plan, windows, front=door)
    return merge(parts)


def _varied(plan: Plan, number: int, door: bool) -> int:
    """A number that differs from window to window and from house to house, without a draw that would change others."""
    return int(hash64(round(plan.width * 1e3), round(plan.window_width * 1e6), 2 * number + door)) >> 16


def _balconies(plan: Plan, windows: list[tuple[float, ...]], *, front: bool) -> list[Mesh]:
    """Slabs with balustrades before every second axis of some houses of three storeys and more."""
    if plan.storeys < 3 or _varied(plan, 0, front) % 5 >= 2:
        return []
    axes = sorted({round(0.5 * (x0 + x1), 3) for x0, _, x1, _ in windows})
    panel = _PANELS[_varied(plan, 1, front) % len(_PANELS)]
    parts = []
    for x0, z0, x1, _ in windows:
        floor, middle = z0 - 0.95, 0.5 * (x0 + x1)
        if floor < STOREY or axes.index(round(middle, 3)) % 2:
            continue
        left, right = middle - 0.5 * plan.window_spacing + 0.15, middle + 0.5 * plan.window_spacing - 0.15
        top, thick = floor + 1.0, 0.04
        parts += [
            boxes((left, -_BALCONY, floor - 0.16), (right, 0.0, floor), SILL),
            boxes([(left, -_BALCONY, floor + 0.06), (left, -_BALCONY, floor + 0.06),
                   (right - thick, -_BALCONY, floor + 0.06)],
                  [(right, -_BALCONY + thick, top), (left + thick, 0.0, top), (right, 0.0, top)], panel),
        ]  # fmt: skip
    return parts


def _openings(plan: Plan, width: float, door: bool) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """Window and door holes (x_min, z_min, x_max, z_max) on a regular axis grid."""
    count = max(1, int((width - 0.9) / plan.window_spacing))
    axes = (np.arange(count) + 0.5) * (width / count)
    door_axis = count // 2 if door else -1
    windows: list[tuple[float, ...]] = []
    doors: list[tuple[float, ...]] = []
    half = plan.window_width / 2
    if door and plan.shop:
        axis = axes[door_axis]
        doors.append((axis - 0.52, 0.35, axis + 0.52, 0.35 + 2.15))
        windows += [
            (x0, 0.75, x1, 2.65) for x0, x1 in ((0.45, axis - 0.8), (axis + 0.8, width - 0.45)) if x1 - x0 > 0.8
        ]
    for storey in range(1 if door and plan.shop else 0, plan.storeys):
        sill = 0.35 + storey * STOREY + 0.95
        for number, x in enumerate(axes):
            if storey == 0 and number == door_axis:
                doors.append((x - 0.52, 0.35, x + 0.52, 0.35 + 2.15))
            else:
                windows.append((x - half, sill, x + half, sill + plan.window_height))
    return windows, doors


def _walls(plan: Plan, width: float, holes: list[tuple[float, ...]], *, street: bool) -> list[Mesh]:
    """The wall with its holes; town houses' ground floors are of something else towards the street."""
    if not street or plan.front is None:
        return [panel_with_openings(width, plan.eaves, holes, plan.wall)]
    floor = 0.35 + STOREY
    below = [hole for hole in holes if hole[3] < floor]
    above = [(x0, z0 - floor, x1, z1 - floor) for x0, z0, x1, z1 in holes if z1 > floor]
    upper = panel_with_openings(width, plan.eaves - floor, above, plan.wall)
    return [
        panel_with_openings(width, floor, below, plan.front.base),
        upper.placed(Pose.from_ypr([0, 0, floor], [0, 0, 0])),
    ]


def _plinth_with_gap(width: float, door: tuple[float, ...]) -> Mesh:
    lower = [(-0.02, -0.03, 0.0), (door[2], -0.03, 0.0)]
    upper = [(door[0], 0.0, 0.30), (width + 0.02, 0.0, 0.30)]
    return boxes(lower, upper, PLINTH)


def _reveal(hole: tuple[float, ...], finish: Finish) -> Mesh:
    """The four sides of a hole in a wall."""
    x0, z0, x1, z1 = hole
    y = REVEAL
    sides = [
        [(x0, 0, z0), (x0, 0, z1), (x0, y, z1), (x0, y, z0)],
        [(x1, 0, z1), (x1, 0, z0), (x1, y, z0), (x1, y, z1)],
        [(x0, 0, z1), (x1, 0, z1), (x1, y, z1), (x0, y, z1)],
        [(x1, 0, z0), (x0, 0, z0), (x0, y, z0), (x1, y, z0)],
    ]
    return quads(sides, finish)


def _rectangle(x0: float, z0: float, x1: float, z1: float, y: float) -> list[tuple[float, float, float]]:
    return [(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)]


def _window(hole: tuple[float, ...], pane: Finish) -> Mesh:
    """Two casements behind the wall's face, with frame, mullion and an outer sill."""
    x0, z0, x1, z1 = hole
    bar, middle = 0.07, (x0 + x1) / 2
    glass = quads([_rectangle(x0, z0, x1, z1, REVEAL)], pane)
    y = REVEAL - 0.03
    bars = [
        _rectangle(x0, z0, x1, z0 + bar, y),
        _rectangle(x0, z1 - bar, x1, z1, y),
        _rectangle(x0, z0, x0 + bar, z1, y),
        _rectangle(x1 - bar, z0, x1, z1, y),
        _rectangle(middle - bar / 2, z0, middle + bar / 2, z1, y),
    ]
    sill = boxes((x0 - 0.06, -0.07, z0 - 0.05), (x1 + 0.06, REVEAL, z0), SILL)
    return merge([glass, quads(bars, FRAME), sill])


def _shutters(hole: tuple[float, ...], colour: str) -> Mesh:
    x0, z0, x1, z1 = hole
    leaf = (x1 - x0) / 2
    finish = Finish(MaterialId.WOOD, linear_rgb(colour), Tag.BUILDING)
    return boxes([(x0 - leaf, -0.05, z0), (x1, -0.05, z0)], [(x0 - 0.03, -0.01, z1), (x1 + leaf, -0.01, z1)], finish)


def _door(hole: tuple[float, ...], finish: Finish) -> Mesh:
    x0, z0, x1, z1 = hole
    leaf = quads([_rectangle(x0, z0, x1, z1, REVEAL)], finish)
    light = quads([_rectangle(x0 + 0.25, z1 - 0.75, x1 - 0.25, z1 - 0.25, REVEAL - 0.01)], GLASS)
    steps = boxes([(x0 - 0.2, -0.75, 0.0), (x0 - 0.2, -0.4, 0.0)], [(x1 + 0.2, 0.0, 0.17), (x1 + 0.2, 0.0, 0.34)], STEP)
    canopy = boxes((x0 - 0.3, -0.8, z1 + 0.1), (x1 + 0.3, 0.0, z1 + 0.18), PLINTH)
    return merge([leaf, light, steps, canopy])


def _roof(plan: Plan) -> Mesh:
    """A gable roof with its ridge along the street, or a flat roof with a parapet."""
    w, d, z = plan.width, plan.depth, plan.eaves
    if plan.roof_pitch == 0.0:
        top = quads([[(0, 0, z), (w, 0, z), (w, d, z), (0, d, z)]], PLINTH)
        rim = boxes(
            [(-0.05, -0.05, z - 0.1), (-0.05, d - 0.25, z - 0.1), (-0.05, -0.05, z - 0.1), (w - 0.25, -0.05, z - 0.1)],
            [
                (w + 0.05, 0.25, z + 0.4),
                (w + 0.05, d + 0.05, z + 0.4),
                (0.25, d + 0.05, z + 0.4),
                (w + 0.05, d + 0.05, z + 0.4),
            ],
            plan.wall,
        )
        return merge([top, rim])
    over, rise = 0.45, np.tan(plan.roof_pitch)
    ridge = z + d / 2 * rise
    low = z - over * rise
    thick = 0.16
    front = [(-0.3, -over, low), (w + 0.3, -over, low), (w + 0.3, d / 2, ridge), (-0.3, d / 2, ridge)]
    back = [(w + 0.3, d + over, low), (-0.3, d + over, low), (-0.3, d / 2, ridge), (w + 0.3, d / 2, ridge)]
    above = [[(x, y, height + thick) for x, y, height in slope] for slope in (front, back)]
    below = [slope[::-1] for slope in (front, back)]
    edges = []
    for slope in (front, back):
        for a, b in zip(slope, [*slope[1:], slope[0]], strict=True):
            edges.append([a, b, (b[0], b[1], b[2] + thick), (a[0], a[1], a[2] + thick)])
    gables = [
        polygon([(0, d, z), (0, 0, z), (0, d / 2, ridge)], plan.wall),
        polygon([(w, 0, z), (w, d, z), (w, d / 2, ridge)], plan.wall),
    ]
    chimney = boxes(
        (w * 0.3, d * 0.55, z + 0.2), (w * 0.3 + 0.6, d * 0.55 + 0.6, ridge + 0.8),
        Finish(MaterialId.BRICK, linear_rgb("#7c4638"), Tag.BUILDING),
    )  # fmt: skip
    gutters = boxes([(-0.3, -over - 0.1, low - 0.02), (-0.3, d + over, low - 0.02)],
                    [(w + 0.3, -over, low + 0.1), (w + 0.3, d + over + 0.1, low + 0.1)], GUTTER)  # fmt: skip
    soffit = quads(below, FRAME)
    return merge([quads(above, plan.roof), soffit, quads(edges, plan.roof), *gables, chimney, gutters])
