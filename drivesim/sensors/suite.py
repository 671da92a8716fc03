"""All sensors of a rig on the ego, tick by tick."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from drivesim.sensors.labels import Labeller
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import Rig, Sensor
from drivesim.types import Actor, Labels, Measurement, Weather, WorldState

if TYPE_CHECKING:
    from drivesim.scene import Scene
    from drivesim.sensors.camera.sensor import Camera

Memory = dict[tuple[str, bytes], Measurement | None]
"""Measurements by a sensor's description and the moment."""

ONCE = frozenset({"camera", "radar"})
"""Kinds of sensors of which equal ones in suites that share a memory hand out one measurement; a lidar's sweep spans
ticks, in which worlds may part."""


class SensorSuite:
    """What an ego equipped with ``rig`` measures.

    Sensors keep their own clocks: the k-th measurement is due at ``phase + k / rate``, at its exact time within the
    tick. A channel delivers at most one measurement per tick, the newest; lidar sweeps that span ticks are accumulated.

    Args:
        scene: already updated to the current tick whenever :meth:`capture` is called.
        actors: all actors of the world; ego: index of the one that carries the rig.
        weather: as at the start; settable, as the scenario may change it.
        seed: scenario seed; every channel derives its own noise.
        labels: whether perfect labels are made too; they cost rays of their own.
        memory: what equal cameras and radars of other suites measured in this scene, by sensor and moment; this one
            adds to it. Only for suites of one seed and the same actors.
    """

    def __init__(
        self, rig: Rig, scene: Scene, actors: Sequence[Actor], ego: int, weather: Weather, seed: int, *,
        labels: bool = True, memory: Memory | None = None,
    ) -> None:  # fmt: skip
        self.rig = rig
        self._memory = memory
        self._descriptions = {sensor.channel: _description(sensor) for sensor in rig.sensors}
        self.weather = weather
        self._scene = scene
        self._ego = ego
        self._seed = seed
        self._labeller = Labeller(rig, actors, ego) if labels else None
        self._lidars = [Lidar(sensor, seed) for sensor in rig.of_kind("lidar")]
        self._radars = [Radar(sensor, seed) for sensor in rig.of_kind("radar")]
        self._cameras: list[Any] = []
        if rig.of_kind("camera"):
            from drivesim.sensors.camera.sensor import Camera

            self._cameras = [Camera(sensor, seed) for sensor in rig.of_kind("camera")]

    def capture(self, before: WorldState, after: WorldState) -> tuple[Mapping[str, Measurement], Labels | None]:
        """Measurements by channel of the tick from ``before`` to ``after``, and labels if there are any."""
        motion = EgoMotion(before, after, self._ego)
        rays = self._scene.rays
        ranging: list[Measurement | None] = [lidar.capture(rays, motion, self.weather) for lidar in self._lidars]
        now = self._moment(before, after) if self._memory is not None else b""
        ranging += [self._once(radar, now, rays, motion) for radar in self._radars]
        images = [self._once(camera, now, self._scene, motion) for camera in self._cameras]
        by_channel = {m.channel: m for m in (*images, *ranging) if m is not None}
        measurements = {s.channel: by_channel[s.channel] for s in self.rig.sensors if s.channel in by_channel}
        if not measurements:
            return {}, None
        labels = None
        if self._labeller is not None:
            labels = self._labeller.label(before, after, motion, rays, measurements, self._scene.joints)
        return arrived(self.rig, measurements, self._seed), labels

    def _once(self, sensor: Camera | Radar, now: bytes, seen: Any, motion: EgoMotion) -> Measurement | None:
        """What a sensor measures in a tick, remembered if an equal one has measured it."""
        if self._memory is None or _remembers(sensor):
            return sensor.capture(seen, motion, self.weather)
        key = (self._descriptions[sensor.sensor.channel], now)
        if key not in self._memory:
            self._memory[key] = sensor.capture(seen, motion, self.weather)
        return self._memory[key]

    def _moment(self, before: WorldState, after: WorldState) -> bytes:
        """A digest of all that a camera or radar can see of a tick."""
        digest = hashlib.blake2b(repr((self.weather, dict(self._scene.signals))).encode(), digest_size=16)
        for state in (before, after):
            for field in fields(state):
                digest.update(np.ascontiguousarray(getattr(state, field.name)).tobytes())
        return digest.digest()


def _remembers(sensor: Camera | Radar) -> bool:
    """Whether what a sensor puts out depends on its measurements before: tracks and events do."""
    return "tracks" in sensor.device.channels or getattr(sensor.device, "events", None) is not None


def _description(sensor: Sensor) -> str:
    """Everything that decides what a sensor measures."""
    pose = sensor.ego_from_sensor
    place = (pose.translation.tolist(), pose.rotation.tolist())
    return repr((sensor.channel, sensor.device, place, sensor.rate_hz, sensor.phase, sensor.faults))


def arrived(rig: Rig, measurements: Mapping[str, Measurement], seed: int) -> Mapping[str, Measurement]:
    """What comes through, as it comes through, of what was measured."""
    through: dict[str, Measurement] = {}
    for channel, measurement in measurements.items():
        faults = rig[channel].faults
        reported = measurement if faults.none else faults.reported(measurement, seed)
        if reported is not None:
            through[channel] = reported
    return MappingProxyType(through)
