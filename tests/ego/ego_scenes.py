"""Measurements made by hand: a flat road, a box on it, and a car that drives towards it."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from drivesim.ego import Detector, EgoChain, OwnState, ego_parameters
from drivesim.ego.emergency import Geometry
from drivesim.transforms import Pose
from drivesim.types import PointCloud, RadarDetections

CAR = Geometry(front=3.6, width=1.8)
MOUNT = Pose.from_ypr([0.9, 0.0, 1.8], [0.0, 0.0, 0.0])


def ego_at(x: float) -> Pose:
    return Pose.from_ypr([x, 0.0, 0.0], [0.0, 0.0, 0.0])


def sweep(time: float, ego_x: float, boxes: list[tuple[float, float, float, float, float]]) -> PointCloud:
    """A cloud of the road and of boxes (x, y, length, width, height) in the world."""
    rng = np.random.default_rng(round(time * 1000))
    road = np.column_stack([rng.uniform(5, 60, 3000), rng.uniform(-9, 9, 3000), rng.normal(0, 0.01, 3000)])
    parts = [road]
    for x, y, length, width, height in boxes:
        body = np.column_stack([
            rng.uniform(x - length / 2, x + length / 2, 150) - ego_x,
            rng.uniform(y - width / 2, y + width / 2, 150),
            rng.uniform(0.0, height, 150),
        ])  # fmt: skip
        parts.append(body)
    points = MOUNT.inverse().apply(np.concatenate(parts)).astype(np.float32)
    measured = {"channel": "LIDAR", "time_ns": round(time * 1e9), "points": points, "ego_from_sensor": MOUNT,
                "world_from_ego": ego_at(ego_x)}  # fmt: skip
    others = {f.name: np.ones(len(points), np.int32) for f in fields(PointCloud) if f.name not in measured}
    return PointCloud(**measured, **others)


def echoes(time: float, ego_x: float, targets: list[tuple[float, float, float, float]]) -> RadarDetections:
    """A radar cycle with one echo per target (x, y in the world, own radial speed, SNR)."""
    mount = Pose.from_ypr([3.4, 0.0, 0.5], [0.0, 0.0, 0.0])
    x, y, radial, snr = (np.array([target[i] for target in targets], dtype=np.float32) for i in range(4))
    dx = x - ego_x - 3.4
    n = len(targets)
    measured = {
        "channel": "RADAR", "time_ns": round(time * 1e9), "ego_from_sensor": mount, "world_from_ego": ego_at(ego_x),
        "range": np.hypot(dx, y), "azimuth": np.arctan2(y, dx), "radial_velocity": radial,
        "radial_velocity_compensated": radial, "rcs": np.full(n, -8.0, np.float32), "snr": snr,
    }  # fmt: skip
    others = {f.name: np.zeros(n, np.uint8) for f in fields(RadarDetections) if f.name not in measured}
    return RadarDetections(**measured, **others)


def drive(detector: Detector, measure, *, speed: float = 12.0, duration: float = 3.0, ego: str = "aeb") -> EgoChain:
    """Drive straight on at constant speed, showing ``measure(time, ego_x)`` to the chain at 10 Hz."""
    chain = EgoChain({detector.kind: detector}, CAR, ego_parameters(ego))
    for tick in range(1, round(duration / 0.05)):
        time = tick * 0.05
        chain.decide(OwnState(time, ego_at(speed * time), speed), 0.05)
        if tick % 2 == 0:
            measurement = measure(time, speed * time)
            chain.receive({measurement.channel: measurement})
    return chain
