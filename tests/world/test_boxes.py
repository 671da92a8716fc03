"""Free space between boxes, against an independent geometry library."""

import numpy as np
import pytest
import shapely

from drivesim.world.boxes import gap_to_parallelogram


def test_gaps_between_boxes_are_those_of_a_geometry_library():
    rng = np.random.default_rng(5)
    touched = 0
    for _ in range(500):
        half_length, half_width, length, width = rng.uniform(0.0, 4.0, 4)
        (x, y), yaw = rng.uniform(-9.0, 9.0, 2), rng.uniform(-np.pi, np.pi)
        u, v = length * np.array((np.cos(yaw), np.sin(yaw))), width * np.array((-np.sin(yaw), np.cos(yaw)))
        corners = [np.array((x, y)) + a * u + b * v for a, b in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
        expected = shapely.distance(
            shapely.box(-half_length, -half_width, half_length, half_width), shapely.MultiPoint(corners).convex_hull
        )
        touched += expected == 0.0
        assert gap_to_parallelogram(half_length, half_width, x, y, *u, *v) == pytest.approx(expected, abs=1e-9)
    assert 20 < touched < 400


def test_a_point_beside_a_box():
    assert gap_to_parallelogram(2.0, 1.0, 5.0, 5.0, 0.0, 0.0, 0.0, 0.0) == pytest.approx(5.0)
    assert gap_to_parallelogram(2.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0) == 0.0
