"""Pavements, crosswalks and roads of a map as one mesh of triangles that share their edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import shapely
from numpy.typing import NDArray

from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.meshing.builder import triangulate
from drivesim.opendrive.meshing.lanes import stations, strips
from drivesim.opendrive.objects import footprint

F64 = NDArray[np.float64]

RADIUS = 0.3
"""Of a walker in the client's crowd, m: the middle of a body keeps so far from the edge of what can be walked on."""
_STEP = 4.0
"""Longest distance between cross-sections of a lane, m."""
_GRID = 0.01
"""Corners nearer than this are one, m."""
_REACH = 1.0
"""How far a crosswalk reaches out to the pavements beside it, m: what is painted ends before the kerb."""
_SAGITTA = 0.05
"""Largest distance between a curved edge and its chords, m."""
_EDGES = (4.0, 8.0, 16.0, np.inf)
"""Longest edges tried, m, until the mesh is small enough."""
MOST = 32_000
"""Triangles and corners that one tile can number (16 bits, one of them for other tiles)."""
_PAVED = frozenset({"sidewalk", "walking"})
_OPEN = frozenset({"none"})


class Area(IntEnum):
    """The client's numbers for kinds of ground (CARLA's LibCarla, ``nav::NavAreas``)."""

    SIDEWALK = 1
    CROSSWALK = 2
    ROAD = 3


@dataclass(frozen=True, slots=True, eq=False)
class Walkable:
    """A mesh, ISO axes.

    Attributes:
        points: (V, 3) m. triangles: (T, 3) counter-clockwise from above. area: (T,) :class:`Area`.
    """

    points: F64
    triangles: NDArray[np.int64]
    area: NDArray[np.int64]


def walkable(network: RoadNetwork) -> Walkable:
    """What can be walked on: pavements, crosswalks, and roads for those who cross wherever they like."""
    paved, road = (shapely.union_all(list(_lanes(network, paved=kind)), grid_size=_GRID) for kind in (True, False))
    crossing = shapely.union_all(list(_crosswalks(network)), grid_size=_GRID)
    paved = shapely.difference(paved, road, grid_size=_GRID)
    everything = shapely.union_all([paved, crossing, road], grid_size=_GRID).buffer(-RADIUS, join_style="mitre")
    inside = [_polygons(shapely.intersection(shape, everything, grid_size=_GRID)) for shape in (paved, crossing, road)]
    for longest in _EDGES:
        found = _meshed(inside, longest)
        if max(len(found.points), len(found.triangles)) <= MOST:
            break
    else:  # a city too large for one tile: walkers keep to pavements and crosswalks
        found = _meshed([*inside[:2], shapely.MultiPolygon()], np.inf)
        if max(len(found.points), len(found.triangles)) > MOST:
            found = Walkable(np.zeros((0, 3)), np.zeros((0, 3), np.int64), np.zeros(0, np.int64))
    return Walkable(_raised(network, found.points), found.triangles, found.area)


def _lanes(network: RoadNetwork, *, paved: bool) -> Iterator[shapely.Geometry]:
    """Plan views of lanes, pavements or all others."""
    for road in network.roads.values():
        frame = network.frame(road.id)
        for section in frame.sections:
            at = stations(frame, section, _STEP)
            if len(at) < 2:
                continue
            for side in strips(frame, section, at):
                for strip in side:
                    kind = section.lanes[strip.lane_id].type
                    if kind in _OPEN or (kind in _PAVED) is not paved:
                        continue
                    outline = np.concatenate([strip.inner[:, :2], strip.outer[::-1, :2]])
                    yield shapely.make_valid(shapely.Polygon(outline))


def _crosswalks(network: RoadNetwork) -> Iterator[shapely.Geometry]:
    for road in network.roads.values():
        frame = network.frame(road.id)
        for thing in road.objects:
            if thing.type == "crosswalk" and 0.0 <= thing.s <= frame.length:
                yield footprint(frame, thing).buffer(_REACH, join_style="mitre")


def _polygons(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Without the lines and points where shapes only touch."""
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])


def _meshed(shapes: Sequence[shapely.Geometry], longest: float) -> Walkable:
    """Triangles of pavements, crosswalks and roads; where they meet they have the same corners. Crosswalks go before
    pavements, these before roads."""
    paved, crossing, road = shapes
    lines = shapely.union_all([shape.boundary for shape in shapes], grid_size=_GRID)
    smooth = shapely.simplify(shapely.get_parts(shapely.line_merge(lines)), _SAGITTA)  # where lines meet they end
    lines = shapely.union_all(smooth, grid_size=_GRID)
    if np.isfinite(longest):
        lines = shapely.set_precision(shapely.segmentize(lines, longest), _GRID, mode="pointwise")
    kinds = ((Area.CROSSWALK, crossing), (Area.SIDEWALK, paved), (Area.ROAD, road))
    for _, shape in kinds:
        shapely.prepare(shape)
    points, areas = [], []
    for face in shapely.get_parts(shapely.polygonize([lines])):
        inside = face.representative_point()
        kind = next((kind for kind, shape in kinds if shapely.intersects(shape, inside)), None)
        if kind is None:
            continue
        for flat, triangles in triangulate(face):
            points.append(flat[triangles].reshape(-1, 2))
            areas.append(np.full(len(triangles), kind, dtype=np.int64))
    if not points:
        return Walkable(np.zeros((0, 2)), np.zeros((0, 3), np.int64), np.zeros(0, np.int64))
    corners, row = np.unique(np.concatenate(points), axis=0, return_inverse=True)
    return Walkable(corners, row.reshape(-1, 3), np.concatenate(areas))


def _raised(network: RoadNetwork, flat: F64) -> F64:
    """Points (V, 3) on the ground."""
    height = [network.elevation(x, y) for x, y in flat[:, :2].tolist()]
    return np.column_stack([flat[:, :2], height])
