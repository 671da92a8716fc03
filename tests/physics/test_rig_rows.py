"""Row C3, the shipped rigs, and their pictures."""

from __future__ import annotations

import numpy as np
import pytest

from drivesim.sensors.coverage import draw_rig
from drivesim.sensors.rig import load_rig

SIX = {
    "nuscenes": (6, 1, 5), "waymo": (5, 5, 0), "kitti": (2, 1, 0), "argoverse2": (9, 2, 0),
    "carla_leaderboard": (4, 1, 2), "woodscape": (4, 1, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", SIX)
def test_C3_six_real_rigs(name):
    rig = load_rig(name)
    assert tuple(len(rig.of_kind(kind)) for kind in ("camera", "lidar", "radar")) == SIX[name]
    for sensor in rig.sensors:
        assert np.linalg.det(sensor.ego_from_sensor.rotation) == pytest.approx(1.0, abs=1e-3)


def test_C3_the_picture_shows_what_a_rig_sees():
    """The KITTI cameras look ahead: their colour is in front of the car and nowhere behind it."""
    picture = np.asarray(draw_rig(load_rig("kitti"), width=800)).astype(int)
    above = picture[30:430, :400]
    camera = (above[..., 0] > above[..., 2] + 8) & (above[..., 0] > 40)
    rows, columns = np.nonzero(camera)
    assert camera.any()
    assert columns.min() > 190
    assert abs(rows.mean() - 200) < 5


def test_C3_a_lidar_that_fires_ahead_is_drawn_ahead():
    """35 degrees to each side of x, its colour is nowhere else; the pictures' scale keeps angles."""
    picture = np.asarray(draw_rig(load_rig("whatif_camera_lidar"), width=800)).astype(int)
    above = picture[30:430, :400]
    rows, columns = np.nonzero(above[..., 2] > above[..., 0] + 20)
    far = columns > 260
    angles = np.degrees(np.arctan2(np.abs(rows[far] - 200.0), columns[far] - 200.0))
    assert columns.min() > 190
    assert angles.max() == pytest.approx(35.0, abs=3.0)
