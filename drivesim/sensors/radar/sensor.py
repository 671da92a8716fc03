"""A radar on a vehicle: traces its fan when a measurement is due and reports detections."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene
from drivesim.sensors.beams import BeamHits, trace_columns
from drivesim.sensors.clock import due, stamp
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.device import RadarDevice, RadarScan
from drivesim.sensors.radar.fan import Facets, Fan, fan
from drivesim.sensors.radar.model import detect, estimated_rcs
from drivesim.sensors.radar.scattering import Reflection
from drivesim.sensors.rig import Sensor
from drivesim.streams import stream_key
from drivesim.types import Paths, RadarDetections, Weather

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]

MOVING, STATIONARY, ONCOMING = 0, 1, 2
"""nuScenes ``dyn_prop`` codes that one radial velocity can tell apart."""

_STANDSTILL = 0.5
"""Compensated radial speed below which a detection counts as stationary, m/s."""


class Radar:
    """One radar of the rig. A cycle is taken at one instant, its stamp.

    Args:
        sensor: a radar of the rig.
        seed: scenario seed; ray jitter, fading and noise are streams of their own per channel.
    """

    def __init__(self, sensor: Sensor, seed: int) -> None:
        assert isinstance(sensor.device, RadarDevice)
        self.sensor = sensor
        self.device = sensor.device
        self._keys = {scan.name: stream_key(seed, "radar", sensor.channel, scan.name) for scan in self.device.scans}
        self._reflection = Reflection(self.device.wavelength)
        self._facets: Facets | None = None

    def capture(self, rays: RayScene, motion: EgoMotion, weather: Weather) -> RadarDetections | None:
        """The newest measurement due in this tick, if any."""
        cycles = list(due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase))
        if not cycles:
            return None
        cycle = cycles[-1]
        time_ns = stamp(cycle, self.sensor.rate_hz, self.sensor.phase)
        parts = [self._scan(scan, rays, motion, weather, time_ns, cycle) for scan in self.device.scans]
        columns = [np.concatenate(values) for values in zip(*parts, strict=True)]
        strongest = np.argsort(-columns[4], kind="stable")[: self.device.max_detections]
        distance, azimuth, velocity, rcs, snr, semantic, instance = (column[strongest] for column in columns)
        compensated = velocity + self._own_rate(motion, time_ns, azimuth)
        dynamic = np.full(len(strongest), STATIONARY, dtype=np.uint8)
        dynamic[compensated > _STANDSTILL] = MOVING
        dynamic[compensated < -_STANDSTILL] = ONCOMING
        return RadarDetections(
            channel=self.sensor.channel,
            time_ns=time_ns,
            ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=motion.pose(time_ns),
            range=distance.astype(np.float32),
            azimuth=azimuth.astype(np.float32),
            elevation=np.zeros(len(strongest), dtype=np.float32),
            radial_velocity=velocity.astype(np.float32),
            radial_velocity_compensated=compensated.astype(np.float32),
            rcs=rcs.astype(np.float32),
            snr=snr.astype(np.float32),
            semantic=semantic.astype(np.uint8),
            instance=instance.astype(np.int32),
            dynamic=dynamic,
        )

    def paths(self, scan: RadarScan, rays: RayScene, motion: EgoMotion, time_ns: int, cycle: int) -> tuple[Paths, F32]:
        """What the rays of one scan hit, and the radar cross-section (P,), m2, that each stands for."""
        beams = fan(scan, self._keys[scan.name], cycle)
        hits = BeamHits.empty(*beams.azimuth.shape)
        facets = self._shoot(beams, scan, rays, motion, time_ns, hits)
        triangle = hits.triangle.ravel()
        sigma = self._reflection.cross_sections(
            hits.length.ravel(),
            hits.cosine.ravel(),
            hits.material.ravel(),
            facets.curvature[triangle],
            facets.area[triangle],
            beams.step,
            (np.float32(beams.solid_angle) * np.cos(beams.elevation)).ravel(),
        )
        count = triangle.size
        paths = Paths(
            beam=np.arange(count, dtype=np.int32),
            azimuth=beams.azimuth.ravel(),
            elevation=beams.elevation.ravel(),
            length=hits.length.ravel(),
            time=np.full(count, time_ns * 1e-9),
            cos_incidence=hits.cosine.ravel(),
            material=hits.material.ravel(),
            semantic=hits.semantic.ravel(),
            instance=hits.instance.ravel(),
            radial_rate=hits.rate.ravel(),
            bounces=np.ones(count, dtype=np.uint8),
        )
        return paths, sigma

    def _shoot(
        self, beams: Fan, scan: RadarScan, rays: RayScene, motion: EgoMotion, time_ns: int, hits: BeamHits
    ) -> Facets:
        """Trace a fan into ``hits``; the shapes that their ``triangle`` counts. Another engine may take this step's
        place."""
        if self._facets is None:
            self._facets = Facets.of(rays)
        columns = len(beams.azimuth)
        instants = np.full(columns, time_ns, dtype=np.int64)
        rotation, translation, velocity = motion.sensor_motion(instants[:1], self.sensor.ego_from_sensor)
        trace_columns(
            rays,
            np.repeat(translation, columns, axis=0),
            np.repeat(rotation, columns, axis=0),
            np.repeat(velocity, columns, axis=0),
            motion.fraction(instants),
            np.zeros(beams.azimuth.shape[1]),
            beams.direction,
            scan.max_range,
            hits,
        )
        return self._facets

    def _scan(
        self, scan: RadarScan, rays: RayScene, motion: EgoMotion, weather: Weather, time_ns: int, cycle: int
    ) -> tuple[NDArray[Any], ...]:
        """Range, azimuth, velocity, RCS dBsm, SNR dB, semantic, instance of one scan's detections."""
        paths, sigma = self.paths(scan, rays, motion, time_ns, cycle)
        found = detect(paths, sigma, self.device, scan, weather, self._keys[scan.name], cycle)
        rcs = estimated_rcs(found, self.device, scan)
        real = found.path >= 0
        columns = (
            found.range,
            found.azimuth,
            found.velocity,
            rcs,
            10.0 * np.log10(found.snr),
            np.where(real, paths.semantic[found.path], 0).astype(np.uint8),
            np.where(real, paths.instance[found.path], 0).astype(np.int32),
        )
        big = rcs >= self.device.min_rcs_dbsm
        return tuple(column[big] for column in columns)

    def _own_rate(self, motion: EgoMotion, time_ns: int, azimuth: F64) -> F64:
        """Part of the radial velocity that the sensor's own motion takes away, (N,), m/s, at elevation 0."""
        instant = np.array([time_ns], dtype=np.int64)
        rotation, _, velocity = motion.sensor_motion(instant, self.sensor.ego_from_sensor)
        own = velocity[0] @ rotation[0]
        result: F64 = own[0] * np.cos(azimuth) + own[1] * np.sin(azimuth)
        return result
