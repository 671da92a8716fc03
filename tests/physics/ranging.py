"""Paths and sweeps for the rows of the goal table."""

from __future__ import annotations

import numpy as np
from sensor_scenes import mounted, ticks

from drivesim.materials import MaterialId
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.types import Paths, Weather

CLEAR = Weather()
NIGHT = Weather(sun_elevation=-0.5, sun_illuminance=0.0)


def paths(length, cosine=1.0, material=MaterialId.ASPHALT, beam=None, rate=0.0, azimuth=0.0, elevation=0.0, instance=0):
    """Direct paths, broadcast to the shape of ``length``; one per beam unless said otherwise."""
    length = np.atleast_1d(np.asarray(length, dtype=np.float32))
    count = len(length)

    def column(value, kind):
        return np.broadcast_to(np.asarray(value, dtype=kind), (count,)).copy()

    return Paths(
        beam=np.arange(count, dtype=np.int32) if beam is None else column(beam, np.int32),
        azimuth=column(azimuth, np.float32),
        elevation=column(elevation, np.float32),
        length=length,
        time=np.zeros(count),
        cos_incidence=column(cosine, np.float32),
        material=column(int(material) if np.isscalar(material) else material, np.uint8),
        semantic=np.zeros(count, dtype=np.uint8),
        instance=column(instance, np.int32),
        radial_rate=column(rate, np.float32),
        bounces=np.ones(count, dtype=np.uint8),
    )


def changed(device, **values):
    return device.model_copy(update=values)


def quiet(device, **values):
    return changed(device, range_noise=0.0, range_noise_floor=0.0, range_resolution=0.0, **values)


def sweeps(device, rays, *, duration=0.1, dt=0.05, rate_hz=10.0, height=0.0, weather=NIGHT, seed=0, **motion):
    lidar = Lidar(mounted(device, rate_hz, (0.0, 0.0, height)), seed)
    clouds = (lidar.capture(rays, tick, weather) for tick in ticks(duration, dt, **motion))
    return [cloud for cloud in clouds if cloud is not None]
