"""Objects over cycles: clusters followed by a Kalman filter each, as radars put them out beside or instead of clusters.

State: place and velocity over ground in the plane, world axes, with white acceleration (Bar-Shalom, Li & Kirubarajan
2001, 6.2.2). A cluster measures its place, along and across the line of sight as well as the scan resolves, and the
radial velocity over ground. Clusters go to tracks by least total Mahalanobis distance; an object is put out once it was
there in three of five cycles, and forgotten after five without it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from drivesim.sensors.radar.device import RadarDevice
from drivesim.transforms import Pose
from drivesim.types import F64, RadarClusters, RadarTracks

WINDOW, NEEDED = 5, 3
"""An object exists when it was measured in so many of its last cycles."""

_ACCELERATION = 3.0
"""Standard deviation of white acceleration, m/s2: hard braking is two to three of these."""
_GATE = 11.34
"""Squared Mahalanobis distance of three dimensions that holds 99 % (chi-square)."""
_SPEED = 10.0
"""Standard deviation of a new object's velocity across the line of sight, m/s."""
_BODY = 0.4
"""Standard deviation of where on a body its echoes come from, m; half of what it extends is added."""
_LIMBS = 0.25
"""Standard deviation of a cluster's radial velocity, m/s: limbs and wheels differ from the body."""


@dataclass(slots=True, eq=False)
class _Track:
    """One object: state (x, y, vx, vy) in the world, its covariance (4, 4), and what its clusters were like."""

    number: int
    state: F64
    covariance: F64
    extent: F64
    rcs: float
    instance: int
    seen: deque[bool] = field(default_factory=lambda: deque([True], maxlen=WINDOW))
    age: int = 1

    @property
    def exists(self) -> bool:
        return sum(self.seen) >= NEEDED


class Tracker:
    """Follows what one radar hears; give it every cycle in order."""

    def __init__(self, device: RadarDevice) -> None:
        finest = min(device.scans, key=lambda scan: scan.range_resolution)
        self._along = 0.5 * finest.range_resolution
        self._aside = 0.5 * float(finest.azimuth_resolution(np.zeros(1))[0])
        self._tracks: list[_Track] = []
        self._time_ns = 0
        self._count = 0

    def update(self, clusters: RadarClusters, world_from_sensor: Pose, time_ns: int) -> RadarTracks:
        """The objects that exist after a cycle, oldest first."""
        self._predict((time_ns - self._time_ns) * 1e-9)
        self._time_ns = time_ns
        turn, place = world_from_sensor.rotation[:2, :2], world_from_sensor.translation[:2]
        local = clusters.position.astype(np.float64)
        position = local @ turn.T + place
        sight = local @ turn.T / np.maximum(np.linalg.norm(local, axis=1, keepdims=True), 1e-6)
        noise = self._noise(clusters, local, sight)
        measured = np.column_stack([position, clusters.radial_velocity_compensated.astype(np.float64)])
        pairs = self._assigned(measured, sight, noise)
        for number, row in pairs.items():
            self._correct(self._tracks[number], measured[row], sight[row], noise[row], clusters, row)
        for number, track in enumerate(self._tracks):
            track.seen.append(number in pairs)
            track.age += 1
        self._tracks = [track for track in self._tracks if any(track.seen)]
        for row in sorted(set(range(len(local))) - set(pairs.values())):
            self._start(measured[row], sight[row], noise[row], clusters, row)
        return self._output(turn, place)

    def _predict(self, dt: float) -> None:
        step = np.eye(4)
        step[0, 2] = step[1, 3] = dt
        drive = np.kron([[dt**4 / 4, dt**3 / 2], [dt**3 / 2, dt**2]], np.eye(2)) * _ACCELERATION**2
        for track in self._tracks:
            track.state = step @ track.state
            track.covariance = step @ track.covariance @ step.T + drive

    def _noise(self, clusters: RadarClusters, local: F64, sight: F64) -> F64:
        """Covariances (K, 3, 3) of place and radial velocity."""
        body = _BODY + 0.5 * np.linalg.norm(clusters.extent, axis=1).astype(np.float64)
        along = np.hypot(self._along, body) ** 2
        aside = np.hypot(self._aside * np.linalg.norm(local, axis=1), body) ** 2
        noise = np.zeros((len(local), 3, 3))
        outer = sight[:, :, None] * sight[:, None, :]
        noise[:, :2, :2] = aside[:, None, None] * np.eye(2) + (along - aside)[:, None, None] * outer
        noise[:, 2, 2] = _LIMBS**2
        return noise

    def _assigned(self, measured: F64, sight: F64, noise: F64) -> dict[int, int]:
        """Row of the cluster of each track that has one."""
        cost = np.full((len(self._tracks), len(measured)), 1e6)
        for number, track in enumerate(self._tracks):
            error = measured - _expected(track.state, sight)
            model = _models(sight)
            spread = model @ track.covariance @ model.transpose(0, 2, 1) + noise
            distance = np.einsum("ki,ki->k", error, np.linalg.solve(spread, error[:, :, None])[:, :, 0])
            cost[number, distance < _GATE] = distance[distance < _GATE]
        rows, columns = linear_sum_assignment(cost)
        return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if cost[i, j] < _GATE}

    @staticmethod
    def _correct(track: _Track, measured: F64, sight: F64, noise: F64, clusters: RadarClusters, row: int) -> None:
        model = _models(sight[None])[0]
        gain = np.linalg.solve(model @ track.covariance @ model.T + noise, model @ track.covariance).T
        track.state = track.state + gain @ (measured - _expected(track.state, sight[None])[0])
        track.covariance = (np.eye(4) - gain @ model) @ track.covariance
        track.extent = np.maximum(0.9 * track.extent, clusters.extent[row])
        track.rcs += 0.3 * (float(clusters.rcs[row]) - track.rcs)
        track.instance = int(clusters.instance[row])

    def _start(self, measured: F64, sight: F64, noise: F64, clusters: RadarClusters, row: int) -> None:
        covariance = np.zeros((4, 4))
        covariance[:2, :2] = noise[:2, :2]
        covariance[2:, 2:] = _SPEED**2 * np.eye(2) + (_LIMBS**2 - _SPEED**2) * np.outer(sight, sight)
        state = np.concatenate([measured[:2], measured[2] * sight])
        self._count += 1
        extent, rcs = clusters.extent[row].astype(np.float64), float(clusters.rcs[row])
        self._tracks.append(_Track(self._count, state, covariance, extent, rcs, int(clusters.instance[row])))

    def _output(self, turn: F64, place: F64) -> RadarTracks:
        there = [track for track in self._tracks if track.exists]
        state = np.array([track.state for track in there]).reshape(-1, 4)
        return RadarTracks(
            number=np.array([track.number for track in there], dtype=np.int32),
            position=((state[:, :2] - place) @ turn).astype(np.float32),
            velocity=(state[:, 2:] @ turn).astype(np.float32),
            extent=np.array([track.extent for track in there], dtype=np.float32).reshape(-1, 2),
            rcs=np.array([track.rcs for track in there], dtype=np.float32),
            existence=np.array([sum(track.seen) / WINDOW for track in there], dtype=np.float32),
            age=np.array([track.age for track in there], dtype=np.int32),
            instance=np.array([track.instance for track in there], dtype=np.int32),
        )


def _models(sight: F64) -> F64:
    """(K, 3, 4) what a state gives as place and radial velocity along lines of sight (K, 2)."""
    model = np.zeros((len(sight), 3, 4))
    model[:, 0, 0] = model[:, 1, 1] = 1.0
    model[:, 2, 2:] = sight
    return model


def _expected(state: F64, sight: F64) -> F64:
    """(K, 3) place and radial velocity."""
    return np.column_stack([np.tile(state[:2], (len(sight), 1)), sight @ state[2:]])
