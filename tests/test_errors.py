import pickle

from drivesim.errors import DrivesimError, did_you_mean


def test_message_names_place_reason_and_remedy():
    error = DrivesimError("speed is negative", file="a.xosc", line=7, element="SpeedAction", remedy="use 0 or more")
    assert str(error) == "a.xosc:7: <SpeedAction>: speed is negative. Use 0 or more"


def test_parts_that_are_unknown_are_left_out():
    assert str(DrivesimError("no GPU needed")) == "no GPU needed"


def test_an_error_raised_again_from_one_of_another_process_says_the_same():
    error = DrivesimError("speed is negative", file="a.xosc", remedy="use 0 or more")
    assert str(DrivesimError(pickle.loads(pickle.dumps(error)))) == str(error)


def test_suggestions_are_close_or_complete():
    assert did_you_mean("nuscene", ["nuscenes", "kitti"]) == "did you mean 'nuscenes'?"
    assert did_you_mean("zzz", ["nuscenes", "kitti"]) == "choose one of: kitti, nuscenes"
