"""GNSS, IMU and wheel odometry: what the ego measures of its own motion. Pure functions of a true trajectory.

IMU (IEEE Std 952): white noise (angle and velocity random walk, N per square root of hertz), bias instability as a
first-order Gauss-Markov process and rate random walk K. GNSS: white error plus a slowly wandering one (Gauss-Markov),
in metres east, north and up. Odometry: distance and turn scaled by wrong tyre radii, in steps of the wheel encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.streams import stream

F64 = NDArray[np.float64]

GRAVITY = 9.80665


@dataclass(frozen=True, slots=True)
class RandomProcess:
    """Errors of one axis. Typical of a MEMS gyroscope in rad/s by default.

    Attributes:
        white: N, per square root of hertz; wander: K, times square root of hertz.
        bias: standard deviation of the Gauss-Markov bias; memory: its time constant, s.
        turn_on: standard deviation of the constant offset of a run.
    """

    white: float = 1.0e-4
    wander: float = 0.0
    bias: float = 5.0e-5
    memory: float = 200.0
    turn_on: float = 0.0

    def errors(self, count: int, rate_hz: float, random: np.random.Generator) -> F64:
        """(count,) errors of consecutive samples."""
        step = 1.0 / rate_hz
        white = self.white * np.sqrt(rate_hz) * random.standard_normal(count)
        walk = self.wander * np.sqrt(step) * np.cumsum(random.standard_normal(count))
        return white + walk + self.turn_on * random.standard_normal() + self._wandering_bias(count, step, random)

    def _wandering_bias(self, count: int, step: float, random: np.random.Generator) -> F64:
        from scipy.signal import lfilter  # takes half a second to import, which few rigs need

        keep = np.exp(-step / self.memory)
        drive = self.bias * np.sqrt(1.0 - keep**2) * random.standard_normal(count)
        drive[:1] = self.bias * random.standard_normal()
        bias: F64 = lfilter([1.0], [1.0, -keep], drive)
        return bias


ACCELEROMETER = RandomProcess(white=1.0e-3, bias=5.0e-4, memory=200.0)
"""m/s2; an automotive MEMS."""


def inertial(
    acceleration: ArrayLike,
    angular_velocity: ArrayLike,
    rotation: ArrayLike,
    rate_hz: float,
    seed: int,
    channel: str,
    gyroscope: RandomProcess = RandomProcess(),
    accelerometer: RandomProcess = ACCELEROMETER,
) -> tuple[F64, F64]:
    """Specific force and turn rate in the sensor's axes, (N, 3) m/s2 and rad/s.

    Args:
        acceleration, angular_velocity: (N, 3) of the sensor, world axes (z up); rotation: (N, 3, 3) world_from_sensor.
    """
    turn = np.asarray(rotation, dtype=np.float64)
    force = np.asarray(acceleration, dtype=np.float64) + np.array([0.0, 0.0, GRAVITY])
    measured = [np.einsum("nij,ni->nj", turn, np.asarray(v, dtype=np.float64)) for v in (force, angular_velocity)]
    for values, process, name in zip(measured, (accelerometer, gyroscope), ("accelerometer", "gyroscope"), strict=True):
        for axis in range(3):
            values[:, axis] += process.errors(len(values), rate_hz, stream(seed, channel, name, axis))
    return measured[0], measured[1]


@dataclass(frozen=True, slots=True)
class Gnss:
    """A receiver; metres. Attributes: standard deviations of the white and the wandering error per horizontal axis, its
    time constant in s, and how much worse height is."""

    white: float = 0.3
    wandering: float = 1.0
    memory: float = 120.0
    vertical: float = 1.8

    def fixes(self, position: ArrayLike, rate_hz: float, seed: int, channel: str) -> F64:
        """(N, 3) measured positions, m, of true ones in metres east, north and up."""
        true = np.asarray(position, dtype=np.float64)
        process = RandomProcess(self.white / np.sqrt(rate_hz), 0.0, self.wandering, self.memory)
        errors = [process.errors(len(true), rate_hz, stream(seed, channel, axis)) for axis in range(3)]
        result: F64 = true + np.stack(errors, axis=1) * (1.0, 1.0, self.vertical)
        return result


@dataclass(frozen=True, slots=True)
class Odometry:
    """Wheel encoders. Attributes: relative error of the tyre radii (left, right), track width m, encoder step m."""

    scale: tuple[float, float] = (1.002, 0.999)
    track: float = 1.55
    step: float = 0.02

    def increments(self, distance: ArrayLike, turn: ArrayLike) -> tuple[F64, F64]:
        """Measured distance, m, and turn, rad, of each interval, from the true ones (N,)."""
        ahead, yaw = np.asarray(distance, dtype=np.float64), np.asarray(turn, dtype=np.float64)
        wheels = np.cumsum(np.stack([ahead - yaw * self.track / 2.0, ahead + yaw * self.track / 2.0]), axis=1)
        ticks = np.floor(wheels * np.array(self.scale)[:, None] / self.step) * self.step
        left, right = np.diff(ticks, axis=1, prepend=0.0)
        return 0.5 * (left + right), (right - left) / self.track


def allan_deviation(values: ArrayLike, rate_hz: float, times: ArrayLike) -> F64:
    """Overlapping Allan deviation of a signal at averaging ``times``, s."""
    integral = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=np.float64))]) / rate_hz
    result = []
    for tau in np.atleast_1d(np.asarray(times, dtype=np.float64)):
        m = max(1, round(float(tau) * rate_hz))
        second = integral[2 * m :] - 2.0 * integral[m:-m] + integral[: -2 * m]
        result.append(np.sqrt(np.mean(second**2) / (2.0 * (m / rate_hz) ** 2)))
    return np.array(result)
