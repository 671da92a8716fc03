import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivesim.transforms import (
    Pose,
    interpolate,
    quaternion_from_rotation,
    rotation_from_quaternion,
    rotation_from_ypr,
    wrap_angle,
    ypr_from_rotation,
)

angles = st.floats(-np.pi, np.pi, allow_nan=False)
steep = st.floats(-1.5, 1.5, allow_nan=False)
metres = st.floats(-1e4, 1e4, allow_nan=False)
poses = st.builds(
    lambda x, y, z, yaw, pitch, roll: Pose.from_ypr([x, y, z], [yaw, pitch, roll]),
    metres, metres, metres, angles, steep, angles,
)  # fmt: skip


def test_axes_follow_iso_8855():
    """Yaw turns x towards y (left); positive pitch is nose down; positive roll lifts the left side."""
    quarter = np.pi / 2
    assert rotation_from_ypr([quarter, 0, 0]) @ [1, 0, 0] == pytest.approx([0, 1, 0])
    assert rotation_from_ypr([0, quarter, 0]) @ [1, 0, 0] == pytest.approx([0, 0, -1])
    assert rotation_from_ypr([0, 0, quarter]) @ [0, 1, 0] == pytest.approx([0, 0, 1])


@given(angles, steep, angles)
def test_ypr_round_trip(yaw, pitch, roll):
    rotation = rotation_from_ypr([yaw, pitch, roll])
    assert rotation_from_ypr(ypr_from_rotation(rotation)) == pytest.approx(rotation, abs=1e-9)


@given(angles, steep, angles)
def test_quaternion_round_trip(yaw, pitch, roll):
    rotation = rotation_from_ypr([yaw, pitch, roll])
    quaternion = quaternion_from_rotation(rotation)
    assert np.linalg.norm(quaternion) == pytest.approx(1)
    assert quaternion[0] >= 0
    assert rotation_from_quaternion(quaternion) == pytest.approx(rotation, abs=1e-9)


@given(poses, poses)
def test_a_pose_times_its_inverse_is_identity(a, b):
    assert (a @ a.inverse()).matrix == pytest.approx(np.eye(4), abs=1e-6)
    assert (a @ b).matrix == pytest.approx(a.matrix @ b.matrix, abs=1e-6)
    assert (a @ b).apply([1.0, 2.0, 3.0]) == pytest.approx(a.apply(b.apply([1.0, 2.0, 3.0])), abs=1e-6)


def test_interpolation_is_halfway_in_place_and_angle():
    end = Pose.from_ypr([2.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    middle = interpolate(Pose.identity(), end, 0.5)
    assert middle.translation == pytest.approx([1.0, 0.0, 0.0])
    assert middle.ypr == pytest.approx([0.5, 0.0, 0.0])


@given(st.floats(-100, 100))
def test_wrapped_angles_are_the_same_direction(angle):
    wrapped = wrap_angle(angle)
    assert -np.pi <= wrapped < np.pi
    assert np.exp(1j * wrapped) == pytest.approx(np.exp(1j * angle), abs=1e-9)
