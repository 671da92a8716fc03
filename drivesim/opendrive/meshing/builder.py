"""Collect triangles by what they are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh, merge
from drivesim.taxonomy import Tag

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """Material, class and linear albedo of a surface."""

    material: MaterialId
    tag: Tag
    albedo: tuple[float, float, float]


ASPHALT = Look(MaterialId.ASPHALT, Tag.ROADS, (0.085, 0.085, 0.088))
PARKING = Look(MaterialId.ASPHALT, Tag.ROADS, (0.115, 0.112, 0.108))
SHOULDER = Look(MaterialId.ASPHALT, Tag.ROADS, (0.095, 0.094, 0.094))
BIKING = Look(MaterialId.ASPHALT, Tag.ROADS, (0.17, 0.065, 0.05))
PAVEMENT = Look(MaterialId.PAVING, Tag.SIDEWALKS, (0.32, 0.31, 0.29))
KERB = Look(MaterialId.KERB_STONE, Tag.SIDEWALKS, (0.40, 0.39, 0.37))
GRASS = Look(MaterialId.GRASS, Tag.TERRAIN, (0.07, 0.13, 0.035))
TRACK = Look(MaterialId.CONCRETE, Tag.RAIL_TRACK, (0.25, 0.24, 0.23))

_LANE_LOOKS = {
    "parking": PARKING,
    "shoulder": SHOULDER,
    "stop": SHOULDER,
    "biking": BIKING,
    "sidewalk": PAVEMENT,
    "walking": PAVEMENT,
    "curb": KERB,
    "none": GRASS,
    "border": GRASS,
    "restricted": GRASS,
    "median": GRASS,
    "tram": TRACK,
    "rail": TRACK,
}

_PAINT = {
    "white": (0.75, 0.75, 0.73),
    "yellow": (0.72, 0.48, 0.05),
    "blue": (0.05, 0.15, 0.50),
    "green": (0.05, 0.35, 0.12),
    "red": (0.50, 0.05, 0.04),
    "orange": (0.70, 0.25, 0.03),
    "violet": (0.25, 0.06, 0.40),
    "black": (0.03, 0.03, 0.03),
}


def lane_look(lane_type: str) -> Look:
    """What a lane's surface is; every lane that carries traffic is asphalt."""
    return _LANE_LOOKS.get(lane_type, ASPHALT)


def paint(color: str) -> Look:
    """Road paint; ``standard`` and unknown words are white."""
    return Look(MaterialId.ROAD_PAINT, Tag.ROAD_LINE, _PAINT.get(color, _PAINT["white"]))


class Builder:
    """Triangles of many looks; a mesh at the end."""

    def __init__(self) -> None:
        self._parts: dict[Look, list[tuple[Points, NDArray[np.int32]]]] = {}

    def add(self, look: Look, points: Points, triangles: NDArray[np.int32]) -> None:
        """Triangles (T, 3) of points (V, 3), counter-clockwise from outside."""
        if len(triangles):
            self._parts.setdefault(look, []).append((points, triangles))

    def band(self, look: Look, left: Points, right: Points) -> None:
        """A band between two chains of points (N, 3), seen with ``left`` to the left of the way along it."""
        count = len(left)
        if count < 2:
            return
        i = np.arange(count - 1, dtype=np.int32)
        quads = np.stack([i, i + count, i + 1 + count, i, i + 1 + count, i + 1], axis=1).reshape(-1, 3)
        self.add(look, np.concatenate([left, right]), quads.astype(np.int32))

    def mesh(self) -> Mesh:
        meshes = []
        for look, parts in self._parts.items():
            offsets = np.cumsum([0, *(len(points) for points, _ in parts[:-1])])
            vertices = np.concatenate([points for points, _ in parts])
            triangles = np.concatenate([faces + offset for (_, faces), offset in zip(parts, offsets, strict=True)])
            triangles = _without_slivers(vertices, triangles)
            if len(triangles):
                meshes.append(
                    Mesh.build(
                        vertices,
                        triangles,
                        material=look.material,
                        albedo=look.albedo,
                        semantic=look.tag,
                        smooth=True,
                    )
                )
        return merge(meshes)


def _without_slivers(vertices: Points, triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """Triangles with an area; lanes that narrow to nothing leave some without."""
    a, b, c = np.moveaxis(vertices[triangles], 1, 0)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return triangles[area > 1e-8]


def triangulate(area: shapely.Geometry) -> list[tuple[Points, NDArray[np.int32]]]:
    """Every polygon of an area as plan-view points (V, 2) and upward triangles (T, 3), without new vertices."""
    result = []
    for polygon in shapely.get_parts(area):
        if polygon.geom_type != "Polygon" or polygon.area < 1e-6:
            continue
        corners = [shapely.get_coordinates(part)[:3] for part in shapely.constrained_delaunay_triangles(polygon).geoms]
        if not corners:
            continue
        flat = np.concatenate(corners)
        points, index = np.unique(flat, axis=0, return_inverse=True)
        triangles = index.reshape(-1, 3).astype(np.int32)
        a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
        turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        triangles[turn < 0] = triangles[turn < 0][:, ::-1]
        result.append((points, triangles))
    return result
