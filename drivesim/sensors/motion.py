"""Where the ego and its sensors are at any instant of a tick."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.sensors.clock import nanoseconds
from drivesim.transforms import Pose, interpolate
from drivesim.types import WorldState

F64 = NDArray[np.float64]


class EgoMotion:
    """The ego over one tick: positions on a straight line and orientations on the great arc between the tick's ends, as
    the ray scene moves everything else; velocities as the states give them, in between linearly.

    Args:
        before, after: the world at the start and the end of the tick (one world, B = 1).
        ego: actor index.
    """

    def __init__(self, before: WorldState, after: WorldState, ego: int) -> None:
        self.start_ns = nanoseconds(float(before.time[0]))
        self.end_ns = nanoseconds(float(after.time[0]))
        self._start, self._end = before.pose(ego), after.pose(ego)
        self._velocity = before.velocity[0, ego], after.velocity[0, ego]
        self._velocities = after.velocity[0]
        self._omega = before.angular_velocity[0, ego], after.angular_velocity[0, ego]
        self._poses: dict[int, Pose] = {}

    def fraction(self, time_ns: ArrayLike) -> F64:
        """Ray time, 0 at the tick's start and 1 at its end, of instants in ns."""
        return (np.asarray(time_ns, dtype=np.float64) - self.start_ns) / (self.end_ns - self.start_ns)

    def velocity_of(self, instance: NDArray[np.int32]) -> F64:
        """Velocities (N, 3), world frame, m/s, of what instance ids stand for; zero for what is no actor."""
        actor = (instance > 0) & (instance <= len(self._velocities))
        return np.where(actor[:, None], self._velocities[np.where(actor, instance - 1, 0)], 0.0)

    def pose(self, time_ns: int) -> Pose:
        """``world_from_ego`` at one instant."""
        if time_ns not in self._poses:  # several sensors ask for the same instant
            self._poses[time_ns] = interpolate(self._start, self._end, float(self.fraction(time_ns)))
        return self._poses[time_ns]

    def sensor_motion(self, time_ns: NDArray[np.int64], ego_from_sensor: Pose) -> tuple[F64, F64, F64]:
        """A sensor at N instants: rotations (N, 3, 3) and translations (N, 3) of ``world_from_sensor``, and velocities
        (N, 3) of its origin, world frame, m/s (v + omega x lever arm)."""
        fraction = self.fraction(time_ns)[:, None]
        turns = rotations_between(self._start, self._end, fraction).reshape(-1, 3)
        rotation = (turns @ ego_from_sensor.rotation).reshape(-1, 3, 3)
        lever = (turns @ ego_from_sensor.translation).reshape(-1, 3)
        origin = (1.0 - fraction) * self._start.translation + fraction * self._end.translation
        velocity = (1.0 - fraction) * self._velocity[0] + fraction * self._velocity[1]
        omega = (1.0 - fraction) * self._omega[0] + fraction * self._omega[1]
        return rotation, origin + lever, velocity + _cross(omega, lever)


def _cross(a: F64, b: F64) -> F64:
    """Row by row of two (N, 3); a third of the time of NumPy's, which takes any shapes."""
    crossed = np.empty_like(b)
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        crossed[:, axis] = a[:, i] * b[:, j] - a[:, j] * b[:, i]
    return crossed


def rotations_between(start: Pose, end: Pose, fraction: F64) -> F64:
    """Rotations (N, 3, 3) at fractions (N, 1) of the way on the great arc from ``start`` (Rodrigues' formula)."""
    step = start.rotation.T @ end.rotation
    axis = np.array([step[2, 1] - step[1, 2], step[0, 2] - step[2, 0], step[1, 0] - step[0, 1]])
    sine = np.linalg.norm(axis)
    if sine < 1e-12:
        return np.broadcast_to(start.rotation, (len(fraction), 3, 3))
    angle = fraction[..., None] * np.arctan2(sine, np.trace(step) - 1.0)
    x, y, z = axis / sine
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    aside = start.rotation @ skew
    turned: F64 = start.rotation + np.sin(angle) * aside + (1.0 - np.cos(angle)) * (aside @ skew)
    return turned
