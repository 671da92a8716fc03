"""Tunnels keep the sky's light out, and have lamps."""

import numpy as np
import pytest
from sensor_scenes import ground, static_scene

from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import Sensor
from drivesim.transforms import Pose
from drivesim.types import Weather

OVERCAST = Weather(cloud_cover=1.0, sun_illuminance=30_000.0, sun_elevation=0.6)
INSIDE, OUTSIDE = np.s_[50:54, 44:52], np.s_[88:, 44:52]
"""Road about 60 m and 10 m ahead."""


def tunnel(lighting, daylight=0.0):
    """100 m of it from 20 m ahead on, wide enough to fill the picture."""
    return np.array([[20.0, 0.0, 0.0, 120.0, 0.0, 0.0, 80.0, 4.5, 0.0, 100.0, lighting, daylight]])


@pytest.fixture(scope="module")
def road():
    rays = static_scene(ground())
    yield rays
    rays.close()


@pytest.fixture(params=[True, False], ids=["occlusion", "plain"])
def levels(road, request):
    """A function: mean colour inside and outside with these tunnels."""
    device = CameraDevice(
        kind="camera", name="ahead", width=96, height=96, fx=160, fy=160, cx=48, cy=46, exposure=60.0, noise=0.0,
        vignetting=0.0, ambient_occlusion=request.param,
    )  # fmt: skip
    forward = Pose(np.array([0.0, 0.0, 2.4]), np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]))
    camera = Camera(Sensor("CAM", device, forward, 10.0, 0.0), 0)

    def of(*shelters):
        road.shelters = np.concatenate([np.zeros((0, 12)), *shelters])
        rgb = camera.render(road, Pose.identity(), OVERCAST).rgb.astype(float)
        road.shelters = np.zeros((0, 12))
        return rgb[INSIDE].mean(), rgb[OUTSIDE].mean()

    return of


def test_it_is_dark_inside_and_as_ever_outside(levels):
    (open_far, open_near), (dark, near), (lit, _), (gallery, _) = (
        levels(), levels(tunnel(0.0)), levels(tunnel(1.0)), levels(tunnel(0.0, 0.5)),
    )  # fmt: skip
    assert near == open_near
    assert dark < 0.2 * open_far
    assert dark + 10 < lit < open_far
    assert dark < gallery < open_far
