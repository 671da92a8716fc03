"""Junction surfaces: the paths of a junction overlap, so their areas are united and triangulated once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from scipy.spatial import cKDTree

from drivesim.opendrive.meshing.builder import ASPHALT, GRASS, KERB, PAVEMENT, Builder, Look, Points, triangulate
from drivesim.opendrive.meshing.lanes import Strip
from drivesim.taxonomy import Tag

_SNAP = 1e-3
"""Grid that makes the union of nearly equal edges robust, m."""
_OVERLAP = 0.005
"""How far asphalt reaches under the neighbours, so that snapping leaves no crack, m."""
_HOLE = 40.0
"""Gaps between paths smaller than this are asphalt, m^2."""
_KERB_WIDTH = 0.15
_CELL = 2.0
"""Cell size that sloped junctions are cut to, m."""


def add_junction(builder: Builder, strips: Sequence[Strip]) -> None:
    """One junction from the strips of all its paths: asphalt first, pavements and grass where none is."""
    if not strips:
        return
    ground = _Heights([p for s in strips for p in (s.ground_inner, s.ground_outer)])
    layers = {tag: [s for s in strips if s.look.tag == tag] for tag in (Tag.SIDEWALKS, Tag.TERRAIN)}
    asphalt = _union([s for s in strips if s.look.tag not in layers])
    taken = _filled(asphalt, shapely.union_all([_union(layer) for layer in layers.values()]))
    if not taken.is_empty:
        taken = taken.buffer(_OVERLAP, join_style="mitre")
    _add_area(builder, ASPHALT, taken, ground)
    for tag, look in ((Tag.SIDEWALKS, PAVEMENT), (Tag.TERRAIN, GRASS)):
        area = shapely.difference(_union(layers[tag]), taken, grid_size=_SNAP)
        if area.is_empty:
            continue
        tops = _Heights([p for s in layers[tag] for p in (s.inner, s.outer)])
        raised = any(s.is_raised for s in layers[tag])
        if look is PAVEMENT and raised and not taken.is_empty:
            kerb = area.intersection(taken.buffer(_KERB_WIDTH))
            _add_area(builder, KERB, kerb, tops)
            _add_area(builder, look, area.difference(kerb), tops)
        else:
            _add_area(builder, look, area, tops)
        if raised:
            _add_skirt(builder, area, tops, ground)
        taken = taken.union(area)


class _Heights:
    """z of the surface that chains of points (N, 3) lie on."""

    def __init__(self, chains: Sequence[Points]) -> None:
        points = np.concatenate(chains)
        self._tree = cKDTree(points[:, :2])
        self._z = points[:, 2]
        self.is_level = bool(np.ptp(self._z) < 1e-3)

    def at(self, xy: Points) -> Points:
        """z (V,) by inverse-distance weights of the nearest points; exact at the points themselves."""
        count = min(6, len(self._z))
        distance, index = self._tree.query(xy, k=count)
        weight = 1.0 / (np.asarray(distance).reshape(len(xy), count) ** 2 + 1e-6) ** 2
        z = self._z[np.asarray(index).reshape(len(xy), count)]
        return np.asarray((weight * z).sum(axis=1) / weight.sum(axis=1))


def _union(strips: Sequence[Strip]) -> shapely.Geometry:
    quads = []
    for strip in strips:
        inner, outer = strip.inner[:, :2], strip.outer[:, :2]
        quads.append(shapely.polygons(np.stack([inner[:-1], outer[:-1], outer[1:], inner[1:]], axis=1)))
    if not quads:
        return shapely.Polygon()
    parts = np.concatenate(quads)
    parts = parts[(shapely.area(parts) > 1e-4) & shapely.is_valid(parts)]
    return shapely.union_all(parts, grid_size=_SNAP)


def _filled(area: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    """The area with its small holes closed, other surfaces inside left out."""
    holes = [
        shapely.Polygon(ring)
        for polygon in shapely.get_parts(area)
        if polygon.geom_type == "Polygon"
        for ring in polygon.interiors
    ]
    small = [hole for hole in holes if hole.area < _HOLE]
    if not small:
        return area
    return area.union(shapely.union_all(small).difference(other), grid_size=_SNAP)


def _add_area(builder: Builder, look: Look, area: shapely.Geometry, heights: _Heights) -> None:
    for piece in [area] if heights.is_level else _cells(area):
        for points, triangles in triangulate(piece):
            builder.add(look, np.column_stack([points, heights.at(points)]), triangles)


def _cells(area: shapely.Geometry) -> list[shapely.Geometry]:
    """The area cut to a grid, so that triangles follow a sloped surface."""
    if area.is_empty:
        return []
    x0, y0, x1, y1 = area.bounds
    xs, ys = np.meshgrid(np.arange(x0, x1, _CELL), np.arange(y0, y1, _CELL))
    cells = shapely.box(xs.ravel(), ys.ravel(), xs.ravel() + _CELL, ys.ravel() + _CELL)
    shapely.prepare(area)
    cells = cells[shapely.intersects(area, cells)]
    return list(shapely.intersection(cells, area))


def _add_skirt(builder: Builder, area: shapely.Geometry, tops: _Heights, ground: _Heights) -> None:
    """Vertical faces from a raised area's edge to the ground, facing outwards."""
    for polygon in shapely.get_parts(area):
        if polygon.geom_type != "Polygon":
            continue
        for ring in shapely.get_rings(shapely.orient_polygons(polygon)):
            xy = shapely.get_coordinates(ring)
            top = np.column_stack([xy, tops.at(xy)])
            foot = np.column_stack([xy, np.minimum(ground.at(xy), top[:, 2])])
            # Split at corners: a kerb's corner is sharp, and shading must not round it.
            for i in range(len(xy) - 1):
                builder.band(KERB, top[i : i + 2], foot[i : i + 2])
