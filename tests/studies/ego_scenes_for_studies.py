"""An ideal sensor: where the target is, exactly, at every tick it is in sight."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from drivesim.ego import Detection, EgoParameters
from drivesim.transforms import Pose
from drivesim.types import CameraImage

SEEING = "IDEAL"


def mark(state, ego, target):
    """A one-pixel image whose intrinsic matrix carries the target's place in the ego frame."""
    place = state.pose(ego).inverse().apply(state.position[0, target])
    known = {"channel": SEEING, "time_ns": round(float(state.time[0]) * 1e9), "ego_from_sensor": Pose.identity(),
             "world_from_ego": state.pose(ego), "intrinsic": np.diag(place)}  # fmt: skip
    return CameraImage(**known, **{f.name: np.zeros((1, 1)) for f in fields(CameraImage) if f.name not in known})


class IdealDetector:
    """Reads what :func:`mark` wrote; a child's half width along the road."""

    kind, oracle = "camera", False

    def detect(self, measurement):
        x, y, _ = np.diag(measurement.intrinsic)
        return [Detection(np.array([x, y]), np.eye(2) * 1e-6, 0.2, 0.149, True)]


def ideal_parameters(latency):
    """All delay in one place, brakes at once and for anything near the path."""
    return EgoParameters(
        camera_latency=latency, confirm_hits=1, corridor_margin=5.0, brake_margin=float("inf"), dead_time=0.0, jerk=1e9,
        deceleration=9.0, release=10.0,
    )  # fmt: skip
