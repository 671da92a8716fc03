"""Cameras that a turning lidar triggers: the exposure is half over when the lidar looks along the camera's axis.

So do the vehicles of KITTI (Geiger et al. 2013) and nuScenes (Caesar et al. 2020). Where the camera's rate is no
multiple of the lidar's, they meet at the instants that both rates have in common, the start of the scenario's clock
among them: 12 and 20 Hz four times a second.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.lidar.device import LidarDevice

if TYPE_CHECKING:
    from drivesim.sensors.rig import Sensor


def triggered_phase(camera: Sensor, lidar: Sensor) -> float:
    """Phase, s, of a camera that ``lidar`` triggers.

    Both azimuths are of directions in the vehicle's horizontal plane; the stamp of a picture is the closing of its last
    row, half an exposure and half a readout after the middle.
    """
    assert isinstance(camera.device, CameraDevice)
    assert isinstance(lidar.device, LidarDevice)
    axis = lidar.ego_from_sensor.rotation.T @ camera.ego_from_sensor.rotation[:, 2]
    turned = math.degrees(math.atan2(axis[1], axis[0])) - lidar.device.start_azimuth_deg
    turns = (-turned if lidar.device.clockwise else turned) / 360.0 % 1.0
    middle = lidar.phase + (turns - 1.0) / lidar.rate_hz
    after = 0.5e-3 * (camera.device.exposure_ms + camera.device.readout_ms)
    return float(np.round((middle + after) % (1.0 / camera.rate_hz), 9))
