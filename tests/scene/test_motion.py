"""Motion of rigid parts: the matrices of all time steps are what the transforms say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivesim.scene.motion import MAX_STEP_ANGLE, motion_steps
from drivesim.transforms import Pose, cross, interpolate, rotation_from_quaternion

angles = st.floats(-3.1, 3.1)
EVENLY = np.zeros(0)
vectors = st.tuples(*[st.floats(-50, 50)] * 3)


@settings(deadline=None)  # the first example compiles
@given(st.tuples(angles, st.floats(-1.5, 1.5), angles), st.tuples(*[st.floats(-0.5, 0.5)] * 3), vectors, vectors)
def test_without_spin_it_is_the_great_arc(ypr, change, place, target):
    before = Pose.from_ypr(place, ypr)
    after = Pose.from_ypr(target, np.add(ypr, change))
    ends, matrices = np.zeros((2, 4), np.float32), np.zeros((129, 3, 4), np.float32)
    count = motion_steps(
        before.rotation, after.rotation, before.translation, after.translation, (0.0, 0.0), ends, matrices, EVENLY
    )
    for step in range(count):
        pose = interpolate(before, after, step / max(count - 1, 1))
        assert matrices[step, :, :3] == pytest.approx(pose.rotation, abs=1e-5)
        assert matrices[step, :, 3] == pytest.approx(pose.translation, abs=1e-4)
    assert rotation_from_quaternion(ends[1]) == pytest.approx(after.rotation, abs=1e-5)
    assert float(ends[0] @ ends[1]) >= 0.0


@given(st.floats(-1, 1), st.floats(-12, 12))
def test_spin_turns_about_the_parts_own_y_axis_in_small_steps(first, turn):
    start = Pose.from_ypr((1.0, 2.0, 3.0), (0.7, 0.0, 0.0))
    ends, matrices = np.zeros((2, 4), np.float32), np.zeros((129, 3, 4), np.float32)
    spin = (first, first + turn)
    count = motion_steps(
        start.rotation, start.rotation, start.translation, start.translation, spin, ends, matrices, EVENLY
    )
    assert abs(turn) <= MAX_STEP_ANGLE * (count - 1) + 1e-9
    for step in (0, count // 2, count - 1):
        angle = first + turn * step / max(count - 1, 1)
        about = np.array([[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]])
        assert matrices[step, :, :3] == pytest.approx(start.rotation @ about, abs=1e-5)


def test_no_more_steps_than_there_is_room_for():
    ends, matrices = np.zeros((2, 4), np.float32), np.zeros((129, 3, 4), np.float32)
    nothing = np.zeros(3)
    assert motion_steps(np.eye(3), np.eye(3), nothing, nothing, (0.0, 100.0), ends, matrices, EVENLY) == 129


def test_what_stands_still_is_one_step():
    ends, matrices = np.zeros((2, 4), np.float32), np.full((129, 3, 4), np.nan, np.float32)
    pose = Pose.from_ypr((1.0, 2.0, 3.0), (0.7, 0.1, 0.0))
    place, beside = pose.translation, pose.translation + [0.0, 1e-9, 0.0]
    assert motion_steps(pose.rotation, pose.rotation, place, place, (0.3, 0.3), ends, matrices, EVENLY) == 1
    about = np.array([[math.cos(0.3), 0, math.sin(0.3)], [0, 1, 0], [-math.sin(0.3), 0, math.cos(0.3)]])
    assert matrices[0, :, :3] == pytest.approx(pose.rotation @ about, abs=1e-6)
    assert matrices[0, :, 3] == pytest.approx(place)
    assert motion_steps(pose.rotation, pose.rotation, place, beside, (0.3, 0.3), ends, matrices, EVENLY) == 2
    assert motion_steps(pose.rotation, pose.rotation, place, place, (0.3, 0.4), ends, matrices, EVENLY) == 2


def test_steps_may_be_asked_for():
    before, after = Pose.from_ypr((0.0, 0.0, 0.0), (0.2, 0.0, 0.0)), Pose.from_ypr((1.0, 0.0, 0.0), (0.5, 0.0, 0.0))
    ends, matrices = np.zeros((2, 4), np.float32), np.zeros((129, 3, 4), np.float32)
    times = np.array([0.0, 0.25, 0.75, 1.0])
    count = motion_steps(
        before.rotation, after.rotation, before.translation, after.translation, (0.0, 0.0), ends, matrices, times
    )
    assert count == 4
    for time, matrix in zip(times, matrices, strict=False):
        assert matrix[:, :3] == pytest.approx(interpolate(before, after, time).rotation, abs=1e-6)
        assert matrix[0, 3] == pytest.approx(time)


@given(vectors, vectors)
def test_the_cross_product(a, b):
    assert cross(np.array(a), np.array(b)) == pytest.approx(np.cross(a, b))
