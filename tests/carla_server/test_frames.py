"""CARLA's left-handed frames against ours; the oracle is the official client's own arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivesim.simulators.carla.frames import carla_from_pose, mirrored, pose_from_carla, turned

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")

metres = st.floats(-500, 500)
degrees = st.floats(-179, 179)


@given(
    st.tuples(metres, metres, metres),
    st.tuples(st.floats(-89, 89), degrees, degrees),
    st.tuples(*[st.floats(-9, 9)] * 3),
)
def test_points_go_where_the_client_puts_them(location, rotation, point):
    transform = carla.Transform(carla.Location(*location), carla.Rotation(*rotation))
    theirs = transform.transform(carla.Location(*point))
    ours = pose_from_carla((location, rotation)).apply(mirrored(point))
    assert mirrored(ours) == pytest.approx((theirs.x, theirs.y, theirs.z), abs=2e-3)


@given(st.tuples(metres, metres, metres), st.tuples(st.floats(-85, 85), degrees, degrees))
def test_there_and_back(location, rotation):
    place, angles = carla_from_pose(pose_from_carla((location, rotation)))
    assert place == pytest.approx(location)
    assert np.exp(1j * np.radians(angles)) == pytest.approx(np.exp(1j * np.radians(rotation)))


def test_what_turns_right_in_carla_turns_clockwise_here():
    ahead = pose_from_carla(((0, 0, 0), (0, 90, 0))).rotation[:, 0]
    assert ahead == pytest.approx((0, -1, 0), abs=1e-12)
    assert turned((0, 0, math.radians(10)))[2] == pytest.approx(-math.radians(10))


def test_positive_pitch_lifts_the_nose_and_positive_roll_lowers_the_right_side():
    assert pose_from_carla(((0, 0, 0), (30, 0, 0))).rotation[2, 0] == pytest.approx(0.5)
    left = pose_from_carla(((0, 0, 0), (0, 0, 30))).rotation[:, 1]
    assert left[2] == pytest.approx(0.5)
