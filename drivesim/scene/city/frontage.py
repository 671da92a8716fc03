"""Where the road ends and the city begins: edge lines of every road and the ground they cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.model import Road
from drivesim.transforms import Pose

_INNER_CITY = {"townArterial", "townCollector", "pedestrian"}
"""Road types (ASAM OpenDRIVE e_roadType) of inner cities."""

STEP = 2.0
"""Distance between stations along a road edge, m."""


@dataclass(frozen=True, slots=True, eq=False)
class Frontage:
    """One outer edge of one road, in the direction in which the road lies to the left.

    Attributes:
        points: (N, 3) float64, on the surface of the outermost lane.
        along: (N,) float64, arc length from the first point, m.
        district: ``residential``, ``inner_city``, ``rural`` or ``motorway``.
        pavement: (N,) bool, whether the outermost lane is a pavement.
    """

    points: NDArray[np.float64]
    along: NDArray[np.float64]
    district: str
    pavement: NDArray[np.bool_]

    @property
    def length(self) -> float:
        return float(self.along[-1])

    def pose(self, distance: float, outwards: float = 0.0) -> Pose:
        """World pose on the edge: x along the road, y towards it; ``outwards`` metres away from the road."""
        point = np.array([np.interp(distance, self.along, self.points[:, axis]) for axis in range(3)])
        ahead = np.array([np.interp(distance + 0.5, self.along, self.points[:, axis]) for axis in range(2)])
        behind = np.array([np.interp(distance - 0.5, self.along, self.points[:, axis]) for axis in range(2)])
        heading = float(np.arctan2(*(ahead - behind)[::-1]))
        point[:2] += outwards * np.array([np.sin(heading), -np.cos(heading)])
        return Pose.from_ypr(point, [heading, 0, 0])

    def is_pavement(self, distance: float) -> bool:
        return bool(self.pavement[min(int(np.searchsorted(self.along, distance)), len(self.pavement) - 1)])


def district_of(road: Road) -> str:
    """The style of what stands beside a road, from its OpenDRIVE type; maps without types are residential."""
    kinds = {record.type for record in road.types}
    if kinds & _INNER_CITY:
        return "inner_city"
    if "motorway" in kinds:
        return "motorway"
    return "rural" if "rural" in kinds else "residential"


def _edge(network: RoadNetwork, road: Road, left: bool) -> Frontage | None:
    frame = network.frame(road.id)
    stations = np.linspace(0.0, road.length, max(2, int(road.length / STEP) + 1))
    points, pavement = [], []
    for s in stations:
        ids = [i for i in network.lanes(road.id, float(s)) if (i > 0 if left else i < 0)]
        if not ids:
            edge = frame.lane_span(float(s), 0)
            point, kind = frame.point(float(s), edge[1] if edge else 0.0), "none"
        else:
            outermost = max(ids, key=abs)
            span = frame.lane_span(float(s), outermost)
            t = span[1] if span else 0.0
            kind = network.lane_type(road.id, outermost, float(s))
            point = frame.point(float(s), t, frame.section(float(s)).height(float(s), outermost)[1])
        points.append((point.x, point.y, point.z))
        pavement.append(kind == "sidewalk")
    line, walk = np.array(points), np.array(pavement)
    if left:
        line, walk = line[::-1], walk[::-1]
    steps = np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1)
    if steps.sum() < 1.0:
        return None
    return Frontage(line, np.concatenate([[0.0], np.cumsum(steps)]), district_of(road), walk)


def frontages(network: RoadNetwork) -> list[Frontage]:
    """Both edges of every road outside junctions."""
    edges = [
        _edge(network, road, left) for road in network.roads.values() if road.junction is None for left in (False, True)
    ]
    return [edge for edge in edges if edge is not None]


def covered_ground(network: RoadNetwork) -> BaseGeometry:
    """The union of everything paved, junctions included, as a polygon in x and y."""
    pieces = []
    for road in network.roads.values():
        right, left = _edge(network, road, False), _edge(network, road, True)
        if right is None or left is None:
            continue
        a, b = right.points[:, :2], left.points[::-1, :2]
        strips = np.stack([a[:-1], a[1:], b[1:], b[:-1]], axis=1)
        pieces.append(shapely.union_all(shapely.make_valid(shapely.polygons(strips))))
    ground = shapely.union_all(pieces).buffer(0.02)
    return shapely.union_all([_without_small_holes(part) for part in shapely.get_parts(ground)])


def _without_small_holes(part: shapely.Polygon, limit: float = 60.0) -> shapely.Polygon:
    """Slits between the paths of a junction are paved, blocks between streets are not."""
    holes = [ring for ring in part.interiors if shapely.Polygon(ring).area > limit]
    return shapely.Polygon(part.exterior, holes)
