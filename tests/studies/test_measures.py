"""What calibration measures: sensors are looked at at the moments asked for, and only differ where the world does."""

import pickle

import pytest

from drivesim.errors import DrivesimError, RigError
from drivesim.studies.measures import MOMENTS, OutcomeMeasure, measure_by, moments_of
from drivesim.studies.space import space_of

RIG = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 160, height: 90, fx: 126.6, fy: 126.6, cx: 80, cy: 47.5, antialiasing: 1}
    translation: [1.70, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 12
  LIDAR_TOP:
    device: {base: ouster_os1_64, columns: 512}
    translation: [0.94, 0.0, 1.84]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
"""


@pytest.fixture
def rig(tmp_path):
    path = tmp_path / "rig.yaml"
    path.write_text(RIG)
    return path


def test_the_outcome_is_the_margin():
    measure = OutcomeMeasure("child_crossing", {"ego_driver": "constant", "child_behavior": "protocol"})
    slow, fast = (measure.look({"ego_speed": speed}, 0) for speed in ("30", "48"))
    assert measure.difference(slow, fast) == pytest.approx(5.0, abs=0.1)  # 18 km/h more at impact
    assert measure.difference(slow, slow) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image", "lidar"])
def test_sensors_are_looked_at_when_asked_and_see_what_moved(rig, kind):
    measure = measure_by(kind, "adult_from_far_side", rig=rig, at=[1.0, 2.0])
    first = measure.look({"ego_speed": "40"}, 0)
    assert [moment for moment, _ in first] == [1.0, 2.0]
    assert measure.difference(first, measure.look({"ego_speed": "40"}, 0)) == 0.0
    near, far = (measure.difference(first, measure.look({"ego_speed": speed}, 0)) for speed in ("40.5", "50"))
    assert 0.0 < near < far


@pytest.mark.slow
def test_instances_of_a_space_stand_in_one_street(rig):
    """Another seed changes people and chance, not the houses; a space that varies the street has its own way."""
    space = space_of("adult_from_far_side")
    measure = pickle.loads(pickle.dumps(measure_by("lidar", "adult_from_far_side", rig=rig, at=[0.5], space=space)))
    values = {"pedestrian_behavior": "protocol"}
    first, other = (measure.look(values, seed) for seed in (0, 1))
    assert measure.difference(first, other) < 0.1
    moved = measure.look({**values, "seed.city": "5"}, 0)
    assert measure.difference(first, moved) > 0.2
    faster = measure.look({**values, "ego_speed": "45"}, 0)
    again = measure.look(values, 0)  # in the scene that stood for the one before
    assert measure.difference(first, again) == 0.0 < measure.difference(first, faster)


def test_moments_are_those_in_which_the_target_is_in_sight():
    """The child comes out between the cars after four seconds, and the car is past it after six."""
    moments = moments_of("child_crossing", space_of("child_crossing"), {})
    assert list(moments) == sorted(moments)
    assert len(moments) == len(MOMENTS)
    assert 4.0 <= moments[0] <= 5.0 < 5.5 <= moments[-1] <= 6.5
    assert moments_of("child_crossing", space_of("child_crossing"), {"duration": "1"}) == MOMENTS


def test_a_rig_or_a_moment_without_measurements_is_said(rig):
    with pytest.raises(RigError, match="has no radar"):
        measure_by("radar", "child_crossing", rig=rig, at=[1.0])
    with pytest.raises(DrivesimError, match=r"no measure 'imag'. Did you mean 'image'"):
        measure_by("imag", "child_crossing", rig=rig, at=[1.0])
    late = measure_by("lidar", "child_crossing", rig=rig, at=[900.0])
    with pytest.raises(DrivesimError, match=r"no lidar measures anything from 900 s on"):
        late.look({"duration": "1"}, 0)
