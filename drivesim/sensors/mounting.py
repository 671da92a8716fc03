"""Where sensors are mounted: offsets from what the rig says as parameters, and whether a vehicle has room for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from drivesim.errors import RigError, did_you_mean
from drivesim.sensors.located import read_document
from drivesim.sensors.rig import Rig, Sensor
from drivesim.transforms import Pose, rotation_from_ypr
from drivesim.types import Actor

EVERY = "all"
"""In place of a channel: every sensor of the rig."""

DEEPEST = 0.4
"""How far within its vehicle's bounding box a sensor may sit, m: behind a windscreen, a bumper or a lamp, not in the
engine."""


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


def check_places(rig: Rig, ego: Actor) -> None:
    """Refuse a rig whose sensors would sit inside its vehicle.

    Raises:
        RigError: a sensor is more than :data:`DEEPEST` from every face of the vehicle's bounding box, inside it.
    """
    half = np.array([ego.box.length, ego.box.width, ego.box.height]) / 2.0
    for sensor in rig.sensors:
        depth = float(np.min(half - np.abs(sensor.ego_from_sensor.translation - np.array(ego.box.center))))
        if depth > DEEPEST:
            at = ("sensors", sensor.channel, "translation")
            x, y, z = sensor.ego_from_sensor.translation
            raise read_document(rig.path).error(
                f"[{x:g}, {y:g}, {z:g}] is inside the body of '{ego.name}', {depth:.2f} m from its nearest side", at,
                f"mount it on the outside, or at most {DEEPEST:g} m deep (behind glass or a bumper)",
            )  # fmt: skip
