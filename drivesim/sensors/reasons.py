"""What keeps a sensor from measuring an actor: its field, what stands before it, its signal, weather, resolution.

Asked of the same rays and link budgets that measure, not of a model of their own. Rays cover the actor's box as the
sensor sees it (:mod:`~drivesim.sensors.silhouette`); those that reach the actor are paths, and what the lidar's or the
radar's link budget makes of them is asked twice, in the weather there is and in clear air.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import EVERYONE, RayScene
from drivesim.scene.trace import Hits, nearest
from drivesim.sensors.atmosphere import CONTRAST, optical_extinction
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.lidar import model as lidar
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.patterns import Pattern, pattern
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar import model as radar
from drivesim.sensors.radar.device import RadarDevice
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import Sensor
from drivesim.sensors.silhouette import View, grid, sights
from drivesim.transforms import Pose
from drivesim.types import F64, CameraImage, Measurement, Paths, Weather

Cause = Literal["field", "occlusion", "signal", "weather", "resolution"]
"""Outside the field of view; hidden; too weak in clear air or beyond the range reported (distance, reflectivity, radar
cross-section); too weak in this weather; too small for pixels or beams, or in a radar cell with something stronger."""

NEEDED = {"camera": 4, "lidar": 1, "radar": 1}
"""Pixels, points and detections that make a measurement of an actor."""

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Subject:
    """An actor at an instant: its instance id, ``world_from_box`` and size (3,) in m."""

    instance: int
    box: Pose
    size: F64


def measured(measurement: Measurement, instance: int, weather: Weather) -> bool:
    """Whether an actor is in a measurement. Labels of a picture know no fog: pixels count up to where contrast has
    fallen to 5 %."""
    mine = measurement.instance == instance
    if isinstance(measurement, CameraImage):
        mine &= measurement.depth <= _visual_range(weather)
        return int(np.count_nonzero(mine)) >= NEEDED["camera"]
    return bool(mine.any())


def cause(sensor: Sensor, subject: Subject, rays: RayScene, motion: EgoMotion, time_ns: int, weather: Weather) -> Cause:
    """Why a measurement at ``time_ns``, within the tick of ``motion``, lacks an actor: the first of the chain."""
    mount = motion.pose(time_ns) @ sensor.ego_from_sensor
    time = float(motion.fraction(time_ns))
    view = View(subject.instance, subject.box, subject.size, mount, None, time)
    direction = grid(view)
    hits = nearest(rays, np.tile(mount.translation - rays.origin, (len(direction), 1)), direction, time, mask=EVERYONE)
    local = direction @ mount.rotation
    inside = _in_field(sensor, local)
    seen = inside & (hits.instance == subject.instance)
    if not inside.any():
        return "field"
    if not seen.any():
        return "occlusion"
    visibility = max(sights(rays, [view])[0].visibility, 1e-6)
    clear = _strength(sensor, subject, rays, motion, time_ns, direction, hits, seen, _clear(weather))
    if clear < 1.0:
        return "occlusion" if sensor.kind == "radar" and clear >= visibility else "signal"
    if _strength(sensor, subject, rays, motion, time_ns, direction, hits, seen, weather) < 1.0:
        return "weather"
    found = _elements(sensor, local) * np.count_nonzero(seen) / len(seen)
    whole = found / visibility
    return "occlusion" if found < NEEDED[sensor.kind] <= whole else "resolution"


def _clear(weather: Weather) -> Weather:
    return replace(weather, fog_visual_range=np.inf, rain=0.0, snow=0.0, wetness=0.0)


def _angles(local: F64) -> tuple[F64, F64]:
    """Azimuth and elevation (N,) of unit directions in the axes of a lidar or radar, rad."""
    return np.arctan2(local[:, 1], local[:, 0]), np.arcsin(np.clip(local[:, 2], -1.0, 1.0))


def _in_field(sensor: Sensor, local: F64) -> Bool:
    """(N,) which directions in the sensor's axes it looks into at all."""
    device = sensor.device
    if isinstance(device, CameraDevice):
        pixels = np.full((len(local), 2), -1.0)
        ahead = local[:, 2] > 1e-3
        pixels[ahead] = device.project(local[ahead])
        return np.asarray(((pixels >= 0.0) & (pixels < (device.width, device.height))).all(axis=1))
    azimuth, elevation = _angles(local)
    if isinstance(device, RadarDevice):
        widest = max(scan.azimuth_limit for scan in device.scans)
        return np.asarray(np.abs(azimuth) <= widest)
    scan = _scan(sensor)
    fired = np.zeros(360, np.bool_)
    fired[_degree(scan.azimuth)] = True
    low, high = float(scan.elevation.min()), float(scan.elevation.max())
    beside = max((high - low) / (2 * scan.offset.shape[1]), np.radians(0.5))
    looked: Bool = (elevation >= low - beside) & (elevation <= high + beside) & fired[_degree(azimuth)]
    return looked


def _degree(azimuth: NDArray[Any]) -> NDArray[np.int64]:
    """Azimuths as whole degrees from 0."""
    return np.degrees(azimuth).astype(np.int64) % 360


def _scan(sensor: Sensor) -> Pattern:
    assert isinstance(sensor.device, LidarDevice)
    return pattern(sensor.device, sensor.rate_hz, 0)


def _turned(angle: NDArray[Any]) -> NDArray[Any]:
    """Angles brought into -pi..pi."""
    turned: NDArray[Any] = (angle + np.pi) % (2.0 * np.pi) - np.pi
    return turned


def _elements(sensor: Sensor, local: F64) -> float:
    """Pixels or beams within the window that directions span; without number for radars, whose cells add up."""
    device = sensor.device
    if isinstance(device, CameraDevice):
        pixels = device.project(local[local[:, 2] > 1e-3])
        return float(np.prod(np.ptp(pixels, axis=0)))
    if isinstance(device, RadarDevice):
        return np.inf
    scan, (azimuth, elevation) = _scan(sensor), _angles(local)
    middle = float(np.arctan2(np.sin(azimuth).mean(), np.cos(azimuth).mean()))
    half = float(np.abs(_turned(azimuth - middle)).max())
    beside = np.abs(_turned(scan.azimuth - middle)) <= half
    return float(np.count_nonzero(beside & (scan.elevation >= elevation.min()) & (scan.elevation <= elevation.max())))


def _strength(
    sensor: Sensor, subject: Subject, rays: RayScene, motion: EgoMotion, time_ns: int, direction: F64, hits: Hits,
    seen: Bool, weather: Weather,
) -> float:  # fmt: skip
    """What comes from an actor in some weather, over what the sensor needs: contrast, or signal-to-noise ratio."""
    device = sensor.device
    if isinstance(device, CameraDevice):
        return _visual_range(weather) / float(hits.distance[seen].min())
    if isinstance(device, RadarDevice):
        ears, best = Radar(sensor, 0), 0.0
        for scan in device.scans:
            paths, sigma = ears.paths(scan, rays, motion, time_ns, 0)
            near = (paths.instance == subject.instance) & (paths.length <= scan.max_range)
            best = max(best, float(radar.signal_to_noise(paths, sigma, device, scan, weather)[near].sum()))
        return best / 10.0 ** (device.threshold_snr_db / 10.0)
    assert isinstance(device, LidarDevice)
    paths = _as_paths(rays, direction, hits, seen)
    near = paths.length <= device.max_range
    return float(lidar.signal_to_noise(paths, device, weather)[near].max(initial=0.0)) / device.threshold_snr


def _visual_range(weather: Weather) -> float:
    """Where contrast has fallen to 5 %, m."""
    extinction = optical_extinction(weather)
    return CONTRAST / extinction if extinction > 0.0 else np.inf


def _as_paths(rays: RayScene, direction: F64, hits: Hits, seen: Bool) -> Paths:
    """Direct paths along the rays that reach an actor."""
    count, triangle = int(np.count_nonzero(seen)), hits.triangle[seen]
    nothing = np.zeros(count, np.float32)
    return Paths(
        beam=np.arange(count, dtype=np.int32),
        azimuth=nothing,
        elevation=nothing,
        length=hits.distance[seen],
        time=np.zeros(count),
        cos_incidence=np.abs(np.einsum("ij,ij->i", hits.normal[seen], direction[seen])).astype(np.float32),
        material=rays.tables.material[triangle],
        semantic=rays.tables.semantic[triangle],
        instance=hits.instance[seen],
        radial_rate=nothing,
        bounces=np.ones(count, np.uint8),
    )
