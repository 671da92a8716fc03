"""GNSS, IMU and wheel odometry of a rig: what the ego measures of its own motion over a run, a sample a tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from drivesim.sensors.inertial import Gnss, Odometry, RandomProcess, inertial
from drivesim.sensors.located import Strict
from drivesim.types import WorldState

F64 = NDArray[np.float64]
Place = tuple[float, float, float]


class GnssDevice(Strict):
    """A receiver: errors in metres, east and north; height is worse."""

    translation: Place = Field(default=(0.0, 0.0, 1.6), description="antenna, metres from the rear axle on the ground")
    white: float = Field(default=0.3, ge=0, le=100, description="standard deviation from fix to fix, metres")
    wandering: float = Field(default=1.0, ge=0, le=100, description="standard deviation of the slow error, metres")
    memory: float = Field(default=120.0, gt=0, description="time constant of the slow error, seconds")
    vertical: float = Field(default=1.8, ge=1, le=10, description="how much worse height is")


class ImuDevice(Strict):
    """A strap-down unit whose axes are the vehicle's."""

    translation: Place = Field(default=(0.0, 0.0, 0.5), description="metres from the rear axle on the ground")
    gyroscope_white: float = Field(default=1e-4, ge=0, description="angle random walk, rad/s per root hertz")
    gyroscope_bias: float = Field(default=5e-5, ge=0, description="bias instability, rad/s")
    accelerometer_white: float = Field(default=1e-3, ge=0, description="velocity random walk, m/s2 per root hertz")
    accelerometer_bias: float = Field(default=5e-4, ge=0, description="bias instability, m/s2")
    memory: float = Field(default=200.0, gt=0, description="time constant of the biases, seconds")


class OdometryDevice(Strict):
    """Wheel encoders of the rear axle."""

    scale: tuple[float, float] = Field(default=(1.002, 0.999), description="tyre radius as believed over true, l and r")
    track: float = Field(default=1.55, gt=0, description="track width, metres")
    step: float = Field(default=0.02, gt=0, description="way of one encoder step, metres")


class OwnMotion(Strict):
    """The units that a rig has; what is absent is not measured."""

    gnss: GnssDevice | None = Field(default=None, description="a satellite receiver")
    imu: ImuDevice | None = Field(default=None, description="an inertial measurement unit")
    odometry: OdometryDevice | None = Field(default=None, description="wheel encoders")


def measured_motion(
    units: OwnMotion,
    states: Sequence[WorldState],
    ego: int,
    rate_hz: float,
    seed: int,
    degrees: Callable[[float, float], tuple[float, float]] | None = None,
) -> dict[str, NDArray[Any]]:
    """What the units measure over a run of N ticks; nothing depends on when it is asked for.

    Args:
        states: at the end of every tick; degrees: latitude and longitude of a place of the map, where it has any.

    Returns:
        ``time_ns`` (N,); ``gnss`` (N, 3) m in the map's axes, ``gnss_degrees`` (N, 2) latitude and longitude;
        ``acceleration`` (N, 3) m/s2 (specific force: 9.81 upwards at rest) and ``angular_velocity`` (N, 3) rad/s in the
        vehicle's axes; ``odometry`` (N, 2) way m and turn rad since the tick before.
    """
    if not states:
        return {}
    rotation = np.array([state.pose(ego).rotation for state in states])

    def column(name: str) -> F64:
        return np.array([getattr(state, name)[0, ego] for state in states], dtype=np.float64)

    position, velocity, omega = column("position"), column("velocity"), column("angular_velocity")
    result: dict[str, NDArray[Any]] = {"time_ns": np.array([round(state.time[0] * 1e9) for state in states])}
    if units.gnss is not None:
        receiver = Gnss(units.gnss.white, units.gnss.wandering, units.gnss.memory, units.gnss.vertical)
        fixes = receiver.fixes(position + rotation @ np.array(units.gnss.translation), rate_hz, seed, "GNSS")
        result["gnss"] = fixes
        if degrees is not None:
            result["gnss_degrees"] = np.array([degrees(float(x), float(y)) for x, y, _ in fixes])
    if units.imu is not None:
        lever = rotation @ np.array(units.imu.translation)
        turning = np.gradient(omega, 1.0 / rate_hz, axis=0) if len(omega) > 1 else np.zeros_like(omega)
        acceleration = column("acceleration") + np.cross(turning, lever) + np.cross(omega, np.cross(omega, lever))
        gyroscope, accelerometer = (
            RandomProcess(white=white, bias=bias, memory=units.imu.memory)
            for white, bias in (
                (units.imu.gyroscope_white, units.imu.gyroscope_bias),
                (units.imu.accelerometer_white, units.imu.accelerometer_bias),
            )
        )
        force, turn = inertial(acceleration, omega, rotation, rate_hz, seed, "IMU", gyroscope, accelerometer)
        result |= {"acceleration": force, "angular_velocity": turn}
    if units.odometry is not None:
        wheels = Odometry(units.odometry.scale, units.odometry.track, units.odometry.step)
        ahead = np.einsum("ni,ni->n", rotation[:, :, 0], velocity) / rate_hz
        result["odometry"] = np.stack(wheels.increments(ahead, omega[:, 2] / rate_hz), axis=1)
    return result
