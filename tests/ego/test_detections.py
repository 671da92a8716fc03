"""Where an object is that is seen in part."""

import numpy as np
import pytest

from drivesim.ego.detections import PERSON_HALF_WIDTH, reference_point


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_who_comes_out_from_behind_a_car_moves_as_fast_as_the_edge_that_is_seen(side):
    """2 m/s towards the path from behind a corner at 3 m: the part in sight grows, its middle would move at 1 m/s."""
    middles = []
    for time in (0.05, 0.10, 0.15, 0.20):
        edges = sorted((side * 3.0, side * (3.0 - 2.0 * time)))
        middle, half_width, half_length = reference_point(np.array([20.0, edges[0]]), np.array([20.3, edges[1]]), True)
        middles.append(float(middle[1]))
        assert half_width == PERSON_HALF_WIDTH
        assert half_length == pytest.approx(0.15)
        assert middle[1] - side * half_width == pytest.approx(side * (3.0 - 2.0 * time))
    assert np.diff(middles) == pytest.approx(-side * 2.0 * 0.05)


def test_who_is_seen_whole_or_stands_in_the_path_is_at_the_middle_of_what_is_seen():
    whole, half_width, _ = reference_point(np.array([20.0, -3.0]), np.array([20.3, -2.3]), True)
    assert (whole[1], half_width) == (pytest.approx(-2.65), pytest.approx(0.35))
    ahead, half_width, _ = reference_point(np.array([20.0, -0.1]), np.array([20.3, 0.1]), True)
    assert (ahead[1], half_width) == (pytest.approx(0.0), pytest.approx(0.1))


def test_a_vehicle_is_at_its_nearest_corner():
    corner, half_width, half_length = reference_point(np.array([20.0, -4.0]), np.array([24.0, -2.2]), False)
    assert corner.tolist() == [20.0, -2.2]
    assert (half_width, half_length) == (0.0, 0.0)
