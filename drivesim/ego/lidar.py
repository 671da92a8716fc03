"""Objects in a lidar sweep: take the ground away, join what is close, keep what has the size of road users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from drivesim.ego.detections import Detection, reference_point
from drivesim.types import F64, Measurement, PointCloud


@dataclass(frozen=True, slots=True)
class LidarDetector:
    """Classical clustering.

    Attributes:
        near, far, side: what is looked at: x from ``near`` to ``far``, \\|y\\| below ``side``, ego frame, m.
        clearance: points lower above the ground are road, kerb or noise, m.
        ceiling: points higher are signs, trees or bridges, m.
        cell: points in touching cells of this size belong together, m.
        minimum_points: clusters of fewer are noise.
        person_height: lowest and highest top of a person, m.
        person_extent: largest extent of a person seen from above, m.
        largest: longer clusters are walls or hedges, m.
        person_foot, person_span: a person's points reach from at most this far above the ground over at least this
            height, m. Bodies of cars shatter into clusters as wide as a person, which mostly hang in the air: half of
            them are outside, 3 % of a child's clusters are (measured on the child crossing, nine of ten clusters that
            wide are no person). What falls short only supports a person that is followed already.
        sigma: standard deviation of a person's position, m.
        thing_sigma: of a vehicle's nearest corner along and across the car's heading, m, as measured on parked cars: it
            jumps as other faces come into view.
    """

    kind: ClassVar[str] = "lidar"
    oracle: ClassVar[bool] = False

    near: float = 4.0
    far: float = 80.0
    side: float = 10.0
    clearance: float = 0.22
    ceiling: float = 2.4
    cell: float = 0.35
    minimum_points: int = 4
    person_height: tuple[float, float] = (0.6, 2.2)
    person_extent: float = 0.9
    largest: float = 14.0
    person_foot: float = 0.60
    person_span: float = 0.40
    sigma: float = 0.12
    thing_sigma: tuple[float, float] = (0.6, 0.2)

    def detect(self, measurement: Measurement) -> Sequence[Detection]:
        assert isinstance(measurement, PointCloud)
        points = measurement.ego_from_sensor.apply(measurement.points)
        ahead = (points[:, 0] > self.near) & (points[:, 0] < self.far) & (np.abs(points[:, 1]) < self.side)
        points = points[ahead]
        if len(points) < self.minimum_points:
            return []
        height = points[:, 2] - ground(points)
        # What hangs over a cell decides whether it is part of a tree or a mast, so the ceiling is applied to clusters.
        raised = height > self.clearance
        points, height = points[raised], height[raised]
        return [d for part in self._clusters(points) if (d := self._object(points[part], height[part])) is not None]

    def _clusters(self, points: F64) -> list[NDArray[np.intp]]:
        """Index arrays of points whose cells touch, seen from above."""
        if not len(points):
            return []
        cells = ((points[:, :2] - [self.near, -self.side]) / self.cell).astype(np.intp)
        shape = (int((self.far - self.near) / self.cell) + 2, int(2 * self.side / self.cell) + 2)
        grid = np.zeros(shape, dtype=bool)
        grid[cells[:, 0], cells[:, 1]] = True
        labels, _ = ndimage.label(grid, structure=np.ones((3, 3)))
        of_point = labels[cells[:, 0], cells[:, 1]]
        order = np.argsort(of_point, kind="stable")
        borders = np.flatnonzero(np.diff(of_point[order])) + 1
        return [part for part in np.split(order, borders) if len(part) >= self.minimum_points]

    def _object(self, points: F64, height: F64) -> Detection | None:
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        extent, top = high - low, float(height.max())
        if top > self.ceiling or extent.max() > self.largest:
            return None
        person = bool(extent.max() <= self.person_extent)
        if person and not self.person_height[0] <= top <= self.person_height[1]:
            return None
        if not person and top < 0.8:
            return None
        position, half_width, half_length = reference_point(low, high, person)
        spread = (self.sigma, self.sigma) if person else self.thing_sigma
        foot = float(height.min())
        stands = not person or (foot <= self.person_foot and top - foot >= self.person_span)
        return Detection(position, np.diag(spread) ** 2, half_width, half_length, person, starts=stands)


def ground(points: F64) -> F64:
    """Height of the road under each point, m: a plane through low points, refitted without what sticks out of it.

    Args:
        points: (N, 3) in the ego frame, whose origin is on the road.
    """
    reach = 0.25 + 0.02 * points[:, 0]
    design = np.column_stack([np.ones(len(points)), points[:, :2]])
    plane = np.zeros(3)
    for tolerance in (reach, 0.15, 0.08):
        near = np.abs(points[:, 2] - design @ plane) < tolerance
        if np.count_nonzero(near) < 20:
            break
        rows = design[near]
        plane = np.linalg.solve(rows.T @ rows, rows.T @ points[near, 2])
    return np.asarray(design @ plane)
