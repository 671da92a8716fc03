"""A radar on a vehicle: traces its fan when a measurement is due and reports detections."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import RigError
from drivesim.scene.movers import Movers
from drivesim.scene.raycast import RayScene
from drivesim.sensors.beam_packets import Columns
from drivesim.sensors.beams import BeamHits, columns_of, trace_columns
from drivesim.sensors.clock import due, stamp
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.bounce import Mirrored, followed, joined, mirrored
from drivesim.sensors.radar.clusters import clusters
from drivesim.sensors.radar.device import RadarDevice, RadarScan
from drivesim.sensors.radar.fan import Facets, Fan, by_neighbours, fan
from drivesim.sensors.radar.model import Found, detect, estimated_rcs, signal_to_noise
from drivesim.sensors.radar.quality import (
    STANDSTILL,
    Invalid,
    Truth,
    contributions,
    dynamics,
    false_alarm_class,
    invalid_states,
    of_path,
    unconfirmed,
)
from drivesim.sensors.radar.scattering import Reflection
from drivesim.sensors.radar.tracks import Tracker
from drivesim.sensors.radar.volume import cube
from drivesim.sensors.rig import Sensor
from drivesim.streams import stream_key
from drivesim.types import Paths, RadarContributions, RadarDetections, Weather

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]


_MIRRORED = 1 << 32
"""Added to a ray's number for the noise of what it meets over a mirror."""


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """One scan's detections with what they came from; ``rows``: those that are put out."""

    scan: RadarScan
    paths: Paths
    sigma: F32
    found: Found
    truth: Truth
    rcs: F64
    invalid: NDArray[np.uint8]
    rows: NDArray[np.int64]

    @staticmethod
    def silence(scan: RadarScan, paths: Paths, sigma: F32, found: Found) -> _Heard:
        """Of a scan whose ``found`` is empty."""
        return _Heard(
            scan, paths, sigma, found, Truth.none(), np.zeros(0), np.zeros(0, dtype=np.uint8),
            np.zeros(0, dtype=np.int64),
        )  # fmt: skip

    def columns(self) -> dict[str, NDArray[Any]]:
        """What a :class:`RadarDetections` needs, the rows that are put out."""
        found, truth, paths = self.found, self.truth, self.paths
        with np.errstate(divide="ignore"):
            true_rcs = 10.0 * np.log10(truth.rcs)
        columns: dict[str, NDArray[Any]] = {
            "range": found.range, "azimuth": found.azimuth, "elevation": found.elevation,
            "radial_velocity": found.velocity, "rcs": self.rcs, "snr": 10.0 * np.log10(found.snr),
            "semantic": of_path(paths.semantic, found.path), "ambiguity": found.ambiguity,
            "instance": of_path(paths.instance, found.path),
            "invalid": self.invalid, "false_alarm": false_alarm_class(found, self.scan), "spread": found.deviation,
            "true_range": truth.range, "true_azimuth": truth.azimuth, "true_elevation": truth.elevation,
            "true_radial_velocity": truth.rate, "true_rcs": true_rcs, "bounces": truth.bounces, "paths": truth.paths,
        }  # fmt: skip
        return {name: values[self.rows] for name, values in columns.items()}


class Radar:
    """One radar of the rig. A cycle is taken at one instant, its stamp.

    Args:
        sensor: a radar of the rig.
        seed: scenario seed; ray jitter, fading and noise are streams of their own per channel.
    """

    def __init__(self, sensor: Sensor, seed: int) -> None:
        assert isinstance(sensor.device, RadarDevice)
        if sensor.device.signal == "carla":
            raise RigError(
                f"'{sensor.channel}' is CARLA's own radar, which the embedded simulator has not", element="signal",
                remedy="record with --simulator carla, or write 'signal: drivesim'",
            )  # fmt: skip
        self.sensor = sensor
        self.device = sensor.device
        self._keys = {scan.name: stream_key(seed, "radar", sensor.channel, scan.name) for scan in self.device.scans}
        self._reflection = Reflection(self.device.wavelength)
        self._facets: Facets | None = None
        self._tracker = Tracker(self.device)
        self._now: tuple[int, Movers] | None = None
        """What moved when a notch last asked."""
        self._here: tuple[EgoMotion, int, tuple[F64, F64, F64]] | None = None
        """Where it was at the last instant that was asked for."""
        self._movers: dict[int, bool] = {}
        """Bodies seen moving, and whether they crossed last."""

    def capture(self, rays: RayScene, motion: EgoMotion, weather: Weather) -> RadarDetections | None:
        """The newest measurement due in this tick, if any."""
        cycles = list(due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase))
        if not cycles:
            return None
        cycle = cycles[-1]
        time_ns = stamp(cycle, self.sensor.rate_hz, self.sensor.phase)
        own = self._own_velocity(motion, time_ns)
        heard = [self._scan(scan, rays, motion, weather, time_ns, cycle, own) for scan in self.device.scans]
        self._confirm(heard)
        parts = [each.columns() for each in heard]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        strongest = np.argsort(-columns["snr"], kind="stable")[: self.device.max_detections]
        columns = {name: values[strongest] for name, values in columns.items()}
        azimuth, velocity = columns["azimuth"], columns["radial_velocity"]
        compensated = velocity + own[0] * np.cos(azimuth) + own[1] * np.sin(azimuth)
        further = self._further(heard, strongest, weather, cycle)
        values: dict[str, Any] = {name: column.astype(_KINDS.get(name, np.float32)) for name, column in columns.items()}
        detections = RadarDetections(
            channel=self.sensor.channel,
            time_ns=time_ns,
            ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=motion.pose(time_ns),
            radial_velocity_compensated=compensated.astype(np.float32),
            dynamic=self._dynamics(columns, compensated, motion, time_ns),
            deviation=_deviation(columns["range"], azimuth, velocity, values.pop("spread")),
            **values,
            **further,
        )
        return self._gathered(detections)

    def _gathered(self, detections: RadarDetections) -> RadarDetections:
        """The detections with clusters and tracks of these, where they are asked for."""
        wanted = self.device.channels
        if "clusters" not in wanted and "tracks" not in wanted:
            return detections
        things = clusters(detections, self.device)
        tracks = None
        if "tracks" in wanted:
            pose = detections.world_from_ego @ detections.ego_from_sensor
            tracks = self._tracker.update(things, pose, detections.time_ns)
        return replace(detections, clusters=things if "clusters" in wanted else None, tracks=tracks)

    def _further(
        self, heard: list[_Heard], strongest: NDArray[np.intp], weather: Weather, cycle: int
    ) -> dict[str, Any]:
        """Paths behind the detections and cubes of the scans, where they are asked for."""
        wanted = self.device.channels
        if "paths" not in wanted and "cube" not in wanted:
            return {}
        powers = [signal_to_noise(each.paths, each.sigma, self.device, each.scan, weather) for each in heard]
        further: dict[str, Any] = {}
        if "paths" in wanted:
            place = np.full(sum(len(each.rows) for each in heard), -1, dtype=np.int64)
            place[strongest] = np.arange(len(strongest))
            parts, start = [], 0
            for each, power in zip(heard, powers, strict=True):
                rows = np.full(len(each.found.path), -1, dtype=np.int64)
                rows[each.rows] = place[start : start + len(each.rows)]
                parts.append(contributions(each.paths, each.sigma, power, each.found.owner, rows))
                start += len(each.rows)
            further["contributions"] = RadarContributions(
                **{field.name: np.concatenate([getattr(part, field.name) for part in parts])
                   for field in fields(RadarContributions)}
            )  # fmt: skip
        if "cube" in wanted:
            further["cubes"] = {
                each.scan.name: cube(each.paths, power, each.scan, self._keys[each.scan.name], cycle)
                for each, power in zip(heard, powers, strict=True)
            }
        return further

    def _confirm(self, heard: list[_Heard]) -> None:
        """Far scans against the nearest one: what that should have heard and did not is not believed."""
        nearest = min(heard, key=lambda each: each.scan.max_range)
        for each in heard:
            if each is not nearest and len(each.invalid):
                alone = unconfirmed(each.found, nearest.found, self.device, each.scan, nearest.scan)
                each.invalid[alone & ~np.isin(each.invalid, (Invalid.MIRROR, Invalid.HARMONIC))] = (
                    Invalid.FAR_NOT_CONFIRMED
                )

    def _dynamics(
        self, columns: dict[str, NDArray[Any]], compensated: F64, motion: EgoMotion, time_ns: int
    ) -> NDArray[np.uint8]:
        """``dyn_prop`` of every detection; remembers who moved."""
        rotation = (motion.pose(time_ns) @ self.sensor.ego_from_sensor).rotation
        azimuth, instance = columns["azimuth"], columns["instance"]
        sight = np.stack([np.cos(azimuth), np.sin(azimuth), np.zeros_like(azimuth)], axis=1) @ rotation.T
        moved = np.array([int(self._movers.get(int(number), -1)) for number in instance], dtype=np.int64)
        velocity = motion.velocity_of(instance)
        heard = (columns["bounces"] > 0) & (columns["invalid"] != Invalid.HARMONIC)
        code, crosses = dynamics(velocity, sight, compensated, heard, moved)
        for row in np.flatnonzero(np.linalg.norm(velocity, axis=1) > STANDSTILL):
            self._movers[int(instance[row])] = bool(crosses[row])
        return code

    def paths(self, scan: RadarScan, rays: RayScene, motion: EgoMotion, time_ns: int, cycle: int) -> tuple[Paths, F32]:
        """What the rays of one scan hit first, and the radar cross-section (P,), m2, that each stands for."""
        paths, sigma, _ = self._direct(scan, rays, motion, time_ns, cycle)
        return paths, sigma

    def _direct(
        self, scan: RadarScan, rays: RayScene, motion: EgoMotion, time_ns: int, cycle: int,
        own: F64 | None = None,
    ) -> tuple[Paths, F32, tuple[Fan, BeamHits, Facets]]:  # fmt: skip
        """First hits as paths; where ``own``, the sensor's velocity, is given, only what passes the notch."""
        beams = fan(scan, self._keys[scan.name], cycle, self.device.thinning)
        hits = BeamHits.empty(*beams.azimuth.shape)
        movers = self._movers_at(rays, motion, time_ns) if own is not None else None
        facets = self._shoot(beams, scan, rays, motion, time_ns, hits, movers)
        kept: slice | NDArray[np.intp] = slice(None)
        if own is not None and self.device.standing_notch > 0.0:
            seen = np.flatnonzero(hits.triangle.ravel() >= 0)
            kept = seen[self._passing(hits.rate.ravel()[seen], beams.direction.reshape(-1, 3)[seen], own)]
        triangle, elevation = hits.triangle.ravel()[kept], beams.elevation.ravel()[kept]
        length, cosine, material = hits.length.ravel()[kept], hits.cosine.ravel()[kept], hits.material.ravel()[kept]
        sigma = self._reflection.cross_sections(
            length,
            cosine,
            material,
            facets.curvature[triangle],
            facets.area[triangle],
            beams.step,
            np.float32(beams.solid_angle) * np.cos(elevation),
        )
        count = triangle.size
        paths = Paths(
            beam=np.arange(hits.triangle.size, dtype=np.int32)[kept],
            azimuth=beams.azimuth.ravel()[kept],
            elevation=elevation,
            length=length,
            time=np.full(count, time_ns * 1e-9),
            cos_incidence=cosine,
            material=material,
            semantic=hits.semantic.ravel()[kept],
            instance=hits.instance.ravel()[kept],
            radial_rate=hits.rate.ravel()[kept],
            bounces=np.ones(count, dtype=np.uint8),
        )
        return paths, sigma, (beams, hits, facets)

    def _passing(self, rate: F32, direction: F32, own: F64) -> NDArray[np.bool_]:
        """Which echoes the notch for what stands lets through.

        Args:
            rate: (P,) radial, m/s; direction: (P, 3) in the sensor's frame; own: its velocity there, m/s.
        """
        return np.abs(rate + direction @ own) >= self.device.standing_notch

    def _movers_at(self, rays: RayScene, motion: EgoMotion, time_ns: int) -> Movers | None:
        """What moves at an instant, if the radar hears nothing else."""
        if self.device.standing_notch == 0.0:
            return None
        if self._now is None or self._now[0] != time_ns:
            self._now = time_ns, Movers.of(rays, float(motion.fraction(time_ns)))
        return self._now[1]

    def _mirrored(
        self, scan: RadarScan, rays: RayScene, motion: EgoMotion, time_ns: int, first: tuple[Fan, BeamHits, Facets],
        own: F64,
    ) -> Mirrored | None:  # fmt: skip
        """What the rays of one scan meet over a mirror and the notch lets through; None where there is nothing, or an
        engine cannot say."""
        beams, hits, facets = first
        rotation, translation, velocity = self._motion(motion, time_ns)
        when = float(motion.fraction(time_ns)), time_ns * 1e-9
        apart = scan.range_resolution, float(scan.azimuth_resolution(np.zeros(1))[0])
        pose = rotation[0], translation[0], velocity[0]
        movers = self._movers_at(rays, motion, time_ns)
        detour = mirrored(rays, beams, hits, facets, self._reflection, pose, when, scan.max_range, apart, movers)
        if detour is None or self.device.standing_notch == 0.0:
            return detour
        ahead = beams.direction.reshape(-1, 3)[detour.paths.beam]
        moving = np.flatnonzero(self._passing(detour.paths.radial_rate, ahead, own))
        return detour.part(moving) if len(moving) else None

    def _shoot(
        self, beams: Fan, scan: RadarScan, rays: RayScene, motion: EgoMotion, time_ns: int, hits: BeamHits,
        movers: Movers | None,
    ) -> Facets:  # fmt: skip
        """Trace a fan into ``hits``, where ``movers`` are given only rays that may meet one; the shapes that their
        ``triangle`` counts. Another engine may take this step's place."""
        if self._facets is None:
            self._facets = Facets.of(rays)
        instant = np.array([time_ns], dtype=np.int64)
        rotation, translation, velocity = self._motion(motion, time_ns)
        if movers is None:
            _trace(rays, (rotation, translation, velocity), motion, instant, beams.direction, scan.max_range, hits)
            return self._facets
        # What stands does not pass the notch, so rays are left out that cannot meet anything else, and go nowhere on.
        hits.forget()
        others = movers.others(translation[0] - rays.origin, rotation[0])
        worth = others.met(np.zeros(3), beams.direction.reshape(-1, 3))
        if self.device.reflections:
            worth[followed(*beams.azimuth.shape)] = True
        order = by_neighbours(*beams.azimuth.shape)
        chosen = order[worth[order]]
        if len(chosen):
            part = BeamHits.empty(len(chosen), 1)
            some = beams.direction.reshape(-1, 1, 3)[chosen]
            _trace(rays, (rotation, translation, velocity), motion, instant, some, scan.max_range, part)
            hits.put(chosen, part)
        return self._facets

    def _scan(
        self,
        scan: RadarScan,
        rays: RayScene,
        motion: EgoMotion,
        weather: Weather,
        time_ns: int,
        cycle: int,
        own: F64,
    ) -> _Heard:
        paths, sigma, first = self._direct(scan, rays, motion, time_ns, cycle, own)
        ghost = itself = np.zeros(len(sigma), dtype=np.bool_)
        detour = self._mirrored(scan, rays, motion, time_ns, first, own) if self.device.reflections else None
        if detour is not None:
            paths, sigma = joined(paths, detour.paths), np.concatenate([sigma, detour.sigma])
            ghost, itself = np.concatenate([ghost, detour.ghost]), np.concatenate([itself, detour.own])
        # Behind a notch noise goes by ray, so that it does not matter how many echoes there would be without.
        notched = self.device.standing_notch > 0.0
        numbers = paths.beam.astype(np.int64) + np.where(paths.bounces > 1, _MIRRORED, 0) if notched else None
        found = detect(
            paths, sigma, self.device, scan, weather, self._keys[scan.name], cycle, (own[0], own[1]), numbers
        )
        if not len(found.path):
            return _Heard.silence(scan, paths, sigma, found)
        rcs = estimated_rcs(found, self.device, scan)
        truth = Truth.of(found, paths, sigma, ghost, itself)
        invalid = invalid_states(found, truth, rcs, false_alarm_class(found, scan), self.device, scan)
        kept = np.full(len(rcs), True) if self.device.keep_invalid else rcs >= self.device.min_rcs_dbsm
        return _Heard(scan, paths, sigma, found, truth, rcs, invalid, np.flatnonzero(kept))

    def _own_velocity(self, motion: EgoMotion, time_ns: int) -> F64:
        """Velocity (3,) of the sensor along its own axes, m/s."""
        rotation, _, velocity = self._motion(motion, time_ns)
        own: F64 = velocity[0] @ rotation[0]
        return own

    def _motion(self, motion: EgoMotion, time_ns: int) -> tuple[F64, F64, F64]:
        """The sensor at an instant, as of :meth:`EgoMotion.sensor_motion`, (1, ...) each."""
        if self._here is None or self._here[0] is not motion or self._here[1] != time_ns:
            instant = np.array([time_ns], dtype=np.int64)
            self._here = motion, time_ns, motion.sensor_motion(instant, self.sensor.ego_from_sensor)
        return self._here[2]


def _trace(
    rays: RayScene, pose: tuple[F64, F64, F64], motion: EgoMotion, instant: NDArray[np.int64], direction: F32,
    max_range: float, hits: BeamHits,
) -> None:  # fmt: skip
    """Trace rays (C, B) from one place at one instant; a single row of them in packets of neighbours."""
    columns, rows = direction.shape[:2]
    rotation, translation, velocity = pose
    one = columns_of(rays, translation, rotation, velocity, motion.fraction(instant), np.zeros(rows))
    sensor = Columns._make([*(np.repeat(values, columns, axis=0) for values in one[:-1]), one.lag])
    trace_columns(rays, sensor, direction, max_range, hits)


_KINDS: dict[str, Any] = {
    "semantic": np.uint8, "instance": np.int32, "ambiguity": np.uint8, "invalid": np.uint8, "false_alarm": np.uint8,
    "bounces": np.uint8, "paths": np.int32,
}  # fmt: skip


def _deviation(distance: F64, azimuth: F64, velocity: F64, spread: F32) -> F32:
    """Standard deviations (N, 4) of x, y, vx and vy from those of range, velocity and azimuth (N, 3)."""
    c, s = np.cos(azimuth), np.sin(azimuth)
    across, turn = distance * spread[:, 2], velocity * spread[:, 2]
    columns = [
        np.hypot(c * spread[:, 0], s * across), np.hypot(s * spread[:, 0], c * across),
        np.hypot(c * spread[:, 1], s * turn), np.hypot(s * spread[:, 1], c * turn),
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)
