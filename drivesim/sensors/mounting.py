"""Where sensors are mounted, as parameters: offsets from what the rig says, sensor by sensor or for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from drivesim.errors import RigError, did_you_mean
from drivesim.sensors.rig import Rig, Sensor
from drivesim.transforms import Pose, rotation_from_ypr

EVERY = "all"
"""In place of a channel: every sensor of the rig."""


def mounted(rig: Rig, offsets: Mapping[tuple[str, str], float]) -> Rig:
    """A rig with sensors moved; the rig itself where there are no offsets.

    Args:
        offsets: by channel (or :data:`EVERY`) and axis: ``x``, ``y``, ``z`` along the vehicle's axes, m; ``yaw``,
            ``pitch``, ``roll`` about these axes through the sensor, degrees.

    Raises:
        RigError: the rig has no such channel.
    """
    if not offsets:
        return rig
    channels = [sensor.channel for sensor in rig.sensors]
    for channel, axis in offsets:
        if channel not in (*channels, EVERY):
            raise RigError(
                f"this rig has no sensor '{channel}' to move", file=rig.path, element=f"mount.{channel}.{axis}",
                remedy=did_you_mean(channel, [*channels, EVERY]),
            )  # fmt: skip
    return replace(rig, sensors=tuple(_moved(sensor, offsets) for sensor in rig.sensors))


def _moved(sensor: Sensor, offsets: Mapping[tuple[str, str], float]) -> Sensor:
    def offset(*axes: str) -> np.ndarray:
        return np.array([sum(offsets.get((name, axis), 0.0) for name in (EVERY, sensor.channel)) for axis in axes])

    was = sensor.ego_from_sensor
    turn = rotation_from_ypr(np.radians(offset("yaw", "pitch", "roll")))
    return replace(sensor, ego_from_sensor=Pose(was.translation + offset("x", "y", "z"), turn @ was.rotation))
