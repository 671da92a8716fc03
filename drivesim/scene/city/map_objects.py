"""Bodies of what a map says stands at its roads: trees, poles, barriers, walls, buildings, anything with an outline.

Types and subtypes: ASAM OpenDRIVE 1.8, 13.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.model import Outline, RoadObject
from drivesim.opendrive.objects import Piece, footprint, has_body, heading_of, pieces, ring, stretches
from drivesim.opendrive.road import RoadFrame
from drivesim.scene.city import buildings, furniture, plants
from drivesim.scene.city.model import Copy, Thing
from drivesim.scene.city.parts import Finish, prism, swept, tube
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

_CONCRETE = linear_rgb("#9a9890")
_GREEN = linear_rgb("#22331a")
FINISHES = {
    "barrier": Finish(MaterialId.CONCRETE, _CONCRETE, Tag.WALL),
    "bridge": Finish(MaterialId.CONCRETE, _CONCRETE, Tag.BRIDGE),
    "building": Finish(MaterialId.PLASTER, linear_rgb("#d8d0c0"), Tag.BUILDING),
    "fence": Finish(MaterialId.WOOD, linear_rgb("#7b6a55"), Tag.FENCE),
    "hedge": Finish(MaterialId.FOLIAGE, _GREEN, Tag.VEGETATION),
    "railing": furniture.RAIL,
    "trafficIsland": Finish(MaterialId.CONCRETE, _CONCRETE, Tag.SIDEWALKS),
    "tree": Finish(MaterialId.FOLIAGE, _GREEN, Tag.VEGETATION),
    "vegetation": Finish(MaterialId.FOLIAGE, _GREEN, Tag.VEGETATION),
}
"""By subtype, else by type; concrete of class static for all others."""
_OTHER = Finish(MaterialId.CONCRETE, _CONCRETE, Tag.STATIC)

HEIGHTS = {"tree": 6.0, "vegetation": 1.5, "streetLamp": 6.5, "pole": 3.0, "building": 6.0, "trafficIsland": 0.12}
"""m, where the map says none: a young street tree, a shrub, a lamp of a side street, two storeys, a kerb."""
_HEIGHT = 1.0
WIDTHS = {"hedge": 0.6, "vegetation": 0.6, "wall": 0.25, "fence": 0.06, "noiseProtection": 0.3, "jerseyBarrier": 0.6}
"""m, where the map says none."""
_WIDTH = 0.3
_JERSEY = np.array([(-0.5, 0.0), (-0.5, 0.09), (-0.29, 0.41), (-0.125, 1.0), (0.125, 1.0), (0.29, 0.41), (0.5, 0.09),
                    (0.5, 0.0)])  # fmt: skip
"""Outline of a concrete safety barrier over width and height: 75 mm foot, 55 degrees to 330 mm, then 84 degrees (New
Jersey shape, 610 x 810 mm; FHWA-RD-77, AASHTO Roadside Design Guide)."""
_BLOCK = np.array([(-0.5, 0.0), (-0.5, 1.0), (0.5, 1.0), (0.5, 0.0)])
_ROOM = 2.5
"""Smallest side of a building that has windows, and of a barrier that is no rail, m."""
_RAILS = frozenset({"guardRail", "railing", "barrier"})
_GROWN = 0.5
"""Plants that differ less in height share a shape, m: a map may plant thousands."""
_SHAPES = 3
"""Shapes of plants of one height."""


def bodies(network: RoadNetwork, random: np.random.Generator) -> Iterator[Thing]:
    """Everything with a body among the objects of a map, in map order."""
    nursery: dict[tuple[str, int, int], Mesh] = {}
    for road in network.roads.values():
        frame = network.frame(road.id)
        for thing in road.objects:
            if not has_body(thing):
                continue
            yield from _outlined(frame, thing)
            for stretch in stretches(thing, frame.length):
                yield _stretch(frame, thing, stretch)
            if not thing.outlines:
                for piece in pieces(thing, frame.length):
                    yield _stand(frame, thing, piece, nursery, random)


def taken_ground(network: RoadNetwork) -> list[shapely.Geometry]:
    """Plan views of buildings and outlines, where nothing else may be built."""
    return [
        footprint(network.frame(road.id), thing)
        for road in network.roads.values()
        for thing in road.objects
        if has_body(thing) and (thing.outlines or (thing.type == "building" and not thing.repeats))
    ]


def kind_of(thing: RoadObject) -> str:
    """What it is by its subtype where that says more than its type; else by words of its name."""
    if thing.subtype in FINISHES or thing.subtype in WIDTHS or thing.subtype in {*_RAILS, "bollard", "bush"}:
        return thing.subtype
    words = {"hedge": "hedge", "fence": "fence", "jersey": "jerseyBarrier", "wall": "wall", "bush": "bush",
             "guide.?post|delineator": "permanentDelineator", "bollard": "bollard"}  # fmt: skip
    said = f"{thing.type} {thing.subtype} {thing.name}".lower()
    return next((kind for word, kind in words.items() if re.search(word, said)), thing.type)


def _finish(thing: RoadObject) -> Finish:
    return FINISHES.get(kind_of(thing)) or FINISHES.get(thing.type) or _OTHER


def _place(frame: RoadFrame, thing: RoadObject, piece: Piece, turn: float = 0.0) -> Pose:
    point = frame.point(piece.s, piece.t)
    heading = heading_of(frame, thing, piece.s, piece.t)
    return Pose.from_ypr([point.x, point.y, point.z + piece.z], [heading + turn, thing.pitch, thing.roll])


def _stand(
    frame: RoadFrame, thing: RoadObject, piece: Piece, nursery: dict[tuple[str, int, int], Mesh],
    random: np.random.Generator,
) -> Thing:  # fmt: skip
    """One object, or one copy of it."""
    kind = kind_of(thing)
    height = piece.height or HEIGHTS.get(thing.type, _HEIGHT)
    if thing.type in {"tree", "vegetation"} and kind != "hedge":
        return Copy(
            _plant(kind, height, nursery, random), _place(frame, thing, piece, float(random.uniform(0.0, 6.28)))
        )
    return _body(thing, kind, piece, height, random).placed(_place(frame, thing, piece))


def _plant(kind: str, height: float, nursery: dict[tuple[str, int, int], Mesh], random: np.random.Generator) -> Mesh:
    """A tree, or a bush where it is called so or lower than a tree; one of a few shapes of its height."""
    sort = "bush" if kind == "bush" or height < 2.0 else "tree"
    key = sort, max(1, round(height / _GROWN)), int(random.integers(_SHAPES))
    if key not in nursery:
        grown = key[1] * _GROWN
        nursery[key] = plants.bush(random, grown) if sort == "bush" else plants.tree(random, max(grown, 2.0), 1500)
    return nursery[key]


def _body(thing: RoadObject, kind: str, piece: Piece, height: float, random: np.random.Generator) -> Mesh:
    """In the object's own frame, its origin in the middle of its foot."""
    if "streetLamp" in (thing.type, thing.subtype):
        return furniture.street_lamp(max(height, 3.0))
    if kind == "permanentDelineator":
        return furniture.delineator()
    if kind == "bollard":
        return furniture.bollard()
    if thing.type == "pole":
        radius = thing.radius or 0.5 * max(piece.width or 0.0, piece.length or 0.0) or 0.06
        return tube([[0, 0, 0], [0, 0, max(height, 0.5)]], [radius, radius], furniture.POLE)
    length, width = (side or 2.0 * (thing.radius or 0.5 * _HEIGHT) for side in (piece.length, piece.width))
    if thing.type == "building" and min(length, width) > _ROOM and height > _ROOM:
        return _building(length, width, height, random)
    line = np.array([(-length / 2, 0.0, 0.0), (length / 2, 0.0, 0.0)])
    if thing.type == "barrier" and kind in _RAILS and length > 1.0:
        return furniture.guard_rail(line, height)
    profile = _JERSEY if kind == "jerseyBarrier" else _BLOCK
    return swept(line, profile * [width, height], _finish(thing))


def _building(length: float, width: float, height: float, random: np.random.Generator) -> Mesh:
    """A house of exactly the size that the map states, with as many storeys as fit."""
    plan = buildings.draw_plan(random, length, width)
    storeys = max(1, round((height - 0.35) / buildings.STOREY))
    mesh = buildings.house(replace(plan, storeys=storeys, roof_pitch=0.0, balconies=False))
    low, high = (bound.astype(np.float64) for bound in mesh.bounds())
    size = np.array([1.0, 1.0, height / (high[2] - low[2])])
    points = (mesh.vertices - [length / 2, width / 2, low[2]]) * size
    return replace(mesh, vertices=points.astype(np.float32))


def _stretch(frame: RoadFrame, thing: RoadObject, stretch: Sequence[Piece]) -> Mesh:
    """A continuous object: a rail, a wall, a hedge, a row of houses' backs."""
    kind = kind_of(thing)
    points = [frame.point(piece.s, piece.t) for piece in stretch]
    line = np.array([(p.x, p.y, p.z + piece.z) for p, piece in zip(points, stretch, strict=True)])
    heights = np.array([piece.height or HEIGHTS.get(thing.type, _HEIGHT) for piece in stretch])
    widths = np.array([piece.width or WIDTHS.get(kind, _WIDTH) for piece in stretch])
    if thing.type in _RAILS and kind in _RAILS and widths.max() < _ROOM:
        return furniture.guard_rail(line, float(heights.mean()))
    if thing.type == "pole":
        return tube(line, widths / 2, furniture.POLE)
    profile = _JERSEY if kind == "jerseyBarrier" else _BLOCK
    sizes = np.column_stack([widths, heights])[:, None, :]
    solid = swept(line, profile[None] * sizes, _finish(thing))
    if kind not in {"hedge", "vegetation"}:
        return solid
    return merge([solid, *(_leaves(a, b, w, h) for (a, b), w, h in zip(pairwise(line), widths, heights, strict=False))])


def _leaves(start: NDArray[np.float64], end: NDArray[np.float64], width: float, height: float) -> Mesh:
    """What grows out of a stretch of hedge: the same leaves for every stretch of the same shape."""
    along = end - start
    length = float(np.hypot(along[0], along[1]))
    leafy = plants.hedge(np.random.default_rng(round(1e3 * length)), length, height, width)
    return leafy.placed(Pose.from_ypr(start, [float(np.arctan2(along[1], along[0])), 0.0, 0.0]))


def _outlined(frame: RoadFrame, thing: RoadObject) -> Iterator[Mesh]:
    """Closed outlines are solids, open ones walls along their line."""
    finish = _finish(thing)
    for outline in thing.outlines:
        corners = ring(frame, thing, outline)
        if _stands(outline) and len(corners) > 2 and outline.closed:
            yield prism(corners[:, :3], corners[:, 3], finish)
        elif _stands(outline) and len(corners) > 1:
            width = thing.width or WIDTHS.get(kind_of(thing), _WIDTH)
            sizes = np.column_stack([np.full(len(corners), width), corners[:, 3]])[:, None, :]
            yield swept(corners[:, :3], _BLOCK[None] * sizes, finish)


def _stands(outline: Outline) -> bool:
    return any(corner.height > 0.0 for corner in outline.corners)
