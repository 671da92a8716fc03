"""Detectors by name, and what is said of those that are none."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

from drivesim.ego import registry
from drivesim.ego.detections import checked
from drivesim.ego.registry import make_detector
from drivesim.errors import DrivesimError
from drivesim.transforms import Pose
from drivesim.types import PointCloud


def cloud():
    empty = {name: np.zeros(0, np.float32) for name in ("intensity", "time_offset", "true_range", "cos_incidence")}
    whole = {name: np.zeros(0, np.int32) for name in ("ring", "semantic", "instance", "return_number", "clutter")}
    here = Pose.identity()
    return PointCloud(channel="LIDAR_TOP", time_ns=0, ego_from_sensor=here, world_from_ego=here,
                      points=np.zeros((0, 3), np.float32), **empty, **whole)  # fmt: skip


def test_shipped_detectors_go_by_name_and_own_ones_by_address():
    assert make_detector("lidar", "lidar_clusters", 0).kind == "lidar"
    assert make_detector("camera", "oracle_camera", 7).seed == 7
    assert make_detector("lidar", "own_detectors:Blind", 0).detect(cloud()) == []


def test_installed_packages_bring_detectors_through_an_entry_point(monkeypatch):
    point = EntryPoint("mine", "own_detectors:Blind", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.GROUP else [])
    assert type(make_detector("lidar", "mine", 0)).__name__ == "Blind"


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("lidar", "lidar_cluster", "lidar_clusters"),
        ("camera", "lidar_clusters", "is for lidar, not camera"),
        ("lidar", "own_detectors:NoDetector", "is no detector"),
        ("lidar", "own_detectors:Missing", "cannot be loaded: AttributeError"),
        ("lidar", "no_such_module:Any", "cannot be loaded: ModuleNotFoundError"),
        ("lidar", "own_detectors:NeedsArguments", "cannot be made: TypeError"),
    ],
)
def test_what_is_no_detector_is_said_before_the_study(kind, name, said):
    with pytest.raises(DrivesimError, match=said):
        make_detector(kind, name, 0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Raises", "Raises failed: IndexError: no points"),
        ("Nonsense", "Nonsense gave positions or covariances that make no sense"),
        ("NotAList", "NotAList failed: TypeError"),
    ],
)
def test_what_raises_or_returns_nonsense_is_named_with_its_channel(name, said):
    with pytest.raises(DrivesimError, match=said) as caught:
        checked(make_detector("lidar", f"own_detectors:{name}", 0), cloud())
    assert "LIDAR_TOP" in str(caught.value)
