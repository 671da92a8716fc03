"""What several sensors say of one thing, and of two that stand close together."""

import numpy as np
import pytest

from drivesim.ego import Detection, ego_parameters
from drivesim.ego.tracking import Tracker
from drivesim.transforms import Pose

HERE = Pose.identity()


def seen(x, y, *, person, radial=None, slight=False):
    place = np.array([x, y])
    return Detection(place, np.eye(2) * 0.2**2, 0.25, 0.2, person, radial_velocity=radial, slight=slight)


@pytest.mark.parametrize(("slight", "alone"), [(True, True), (False, False)])
def test_a_slight_echo_beside_a_parked_car_is_not_the_cars(slight, alone):
    """A camera follows a parked car's corner, a radar hears somebody move 0.3 m beside it: too weak an echo for a
    vehicle starts a track of its own and stays one, a strong one is the car's."""
    tracker = Tracker(ego_parameters("aeb"))
    for cycle in range(6):
        tracker.update(0.1 * cycle, HERE, [seen(20.0, -3.0, person=False)], "CAM")
        echo = seen(20.1, -2.7 + 0.1 * cycle, person=None, radial=-0.6, slight=slight)
        tracker.update(0.1 * cycle + 0.05, HERE, [echo], "RADAR")
    moving = [track for track in tracker.tracks if track.slight]
    assert len(moving) == alone
    for track in moving:
        assert track.confirmed
        assert track.sensors == ["RADAR"]
        assert track.person is None
    standing = next(track for track in tracker.tracks if track.person is False)
    assert ("RADAR" in standing.sensors) is not alone


@pytest.mark.parametrize(("first", "second"), [("CAM", "LIDAR"), ("LIDAR", "CAM")])
def test_that_two_sensors_mean_different_points_is_no_motion(first, second):
    """The second one to see a parked car's corner places it half a metre beside the first; it seems to move at less
    than half its own standard deviation then."""
    tracker = Tracker(ego_parameters("aeb"))
    for sweep in range(3):
        tracker.update(0.1 * sweep, HERE, [seen(20.0, -3.0, person=False)], first)
    for sweep in range(3, 6):
        tracker.update(0.1 * sweep, HERE, [seen(20.0, -2.5, person=False)], second)
        (track,) = tracker.tracks
        across, spread = track.state[3], np.sqrt(track.covariance[3, 3])
        assert abs(across) < min(0.5 * spread, 1.0)
