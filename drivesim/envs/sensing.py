"""Observations made by the sensors of a rig: the same cameras, lidars and radars that record datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from drivesim.envs.perception import BOUND
from drivesim.envs.scenes import Scenes
from drivesim.envs.settings import Settings
from drivesim.errors import DrivesimError
from drivesim.scene import Scene
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.mounting import mounted
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Rig, Sensor, load_rig
from drivesim.transforms import Pose, rotation_from_ypr
from drivesim.types import CameraImage, Measurement, PointCloud, RadarDetections, WorldState

if TYPE_CHECKING:
    from drivesim.envs.batch import Batch
    from drivesim.envs.episode import Episode

SMALL_CAMERA = (128, 72)
"""Pixels of the camera that an environment without a rig has."""
_LIDAR_SCALE = 100.0


def camera_at(
    width: int, height: int, position: Sequence[float], pitch: float, rate_hz: float, *, focal: float, careful: bool
) -> Sensor:
    """A camera ``CAM_FRONT`` that looks ahead and down by ``pitch`` rad; ``focal`` is in image widths.

    Args:
        careful: whether to render with antialiasing, ambient occlusion and reflections.
    """
    device = CameraDevice(
        kind="camera", name="environment", width=width, height=height, fx=focal * width, fy=focal * width,
        cx=width / 2, cy=height / 2, antialiasing=4 if careful else 1, ambient_occlusion=careful, reflections=careful,
        noise=0.0,
    )  # fmt: skip
    rotation = rotation_from_ypr((0.0, pitch, 0.0)) @ VIEW_FROM_CAMERA
    return Sensor("CAM_FRONT", device, Pose(np.array(position, dtype=np.float64), rotation), rate_hz, 0.0)


def rig_of(settings: Settings) -> Rig:
    """The rig that the settings name, or a small front camera."""
    if isinstance(settings.rig, Rig):
        return settings.rig
    if settings.rig is not None:
        return load_rig(settings.rig)
    camera = camera_at(*SMALL_CAMERA, (1.7, 0.0, 1.5), 0.0, 1.0 / settings.step_duration, focal=0.8, careful=False)
    return Rig("environment", "A small camera looking ahead", Path("environment"), (camera,))


def channels_of(settings: Settings) -> list[str]:
    """Names under which the rig's sensors are observed: their channels, and ``camera`` for the first camera."""
    rig = rig_of(settings)
    return [*(["camera"] if rig.of_kind("camera") else []), *(sensor.channel for sensor in rig.sensors)]


def sensors_of(batch: Batch, names: Sequence[str]) -> dict[str, Sensor]:
    """The rig's sensors that observations of these names are made by.

    Raises:
        DrivesimError: the agent carries no rig. RigError: parameters move a sensor that the rig has not.
    """
    if batch.agent.kind != "vehicle":
        raise DrivesimError(f"'{batch.agent.name}' carries no rig", element="observation",
                            remedy="observe 'state', 'lidar' or 'radar'")  # fmt: skip
    rig = rig_of(batch.settings)
    mounted(rig, dict.fromkeys(batch.stage.mounting, 0.0))
    return {name: rig.of_kind("camera")[0] if name == "camera" else rig[name] for name in names}


class Sensing:
    """Scenes shown world after world, one for all that look alike; sensors of their own per world."""

    def __init__(self, batch: Batch, names: Sequence[str]) -> None:
        sensors = sensors_of(batch, names)
        self._longest = max([1.0 / s.rate_hz for s in sensors.values()] + [batch.settings.step_duration])
        self._scenes = Scenes(batch.stage, batch.agent.index, batch.count)
        self._states: list[tuple[Episode, WorldState] | None] = [None] * batch.count
        self._shown: tuple[Episode, float, Scene, EgoMotion] | None = None
        self.parts: dict[str, Channel] = {
            name: EmbeddedChannel(self, batch, sensor) for name, sensor in sensors.items()
        }

    def show(self, batch: Batch, row: int) -> tuple[Scene, EgoMotion]:
        """Bring the scene to a world's last step; once for all sensors that ask."""
        episode = batch.episodes[row]
        assert episode is not None
        time = episode.world.time
        if self._shown is not None and self._shown[:2] == (episode, time):
            return self._shown[2:]
        after, scene = episode.world.snapshot(), self._scenes.of(episode)
        known = self._states[row]
        before = known[1] if known is not None and known[0] is episode and known[1].time[0] < time else None
        if before is None:
            before = replace(after, time=after.time - self._longest)
        self._states[row] = episode, after
        scene.update(before, after)
        motion = EgoMotion(before, after, batch.agent.index)
        self._shown = episode, time, scene, motion
        return scene, motion

    def close(self) -> None:
        self._scenes.close()
        self._shown = None


class Channel:
    """One sensor as an observation; between its measurements the last one stays. What it measures in is the business of
    those who derive from it.

    Cameras give (H, W, 3) uint8 images. Radars give K times five numbers: 1 if there is a detection, range / 100 m,
    azimuth / pi, radial velocity / 30 m/s, cross-section / 40 dBsm, nearest first. Lidars give, beam after beam from
    the lowest, ranges / 100 m in as many directions as the settings' ``rays``, the first ahead, counter-clockwise; 1
    where nothing returned. Both are vectors.
    """

    space: gym.spaces.Box

    def __init__(self, batch: Batch, sensor: Sensor) -> None:
        self._sensor, device = sensor, sensor.device
        if isinstance(device, CameraDevice):
            self.space = gym.spaces.Box(0, 255, (device.height, device.width, 3), np.uint8)
        elif isinstance(device, LidarDevice):
            self._table = (device.beams, batch.settings.rays)
            self.space = gym.spaces.Box(0.0, 1.0, (device.beams * batch.settings.rays,), np.float32)
        else:
            self._table = (batch.settings.targets, 5)
            self.space = gym.spaces.Box(-BOUND, BOUND, (batch.settings.targets * 5,), np.float32)
        self.values: NDArray[Any] = np.zeros((batch.count, *self.space.shape), dtype=self.space.dtype)

    def fill(self, batch: Batch, rows: slice) -> None:
        for row in range(*rows.indices(batch.count)):
            self._measure(batch, row)

    def _measure(self, batch: Batch, row: int) -> None:
        raise NotImplementedError

    def _begin(self, row: int) -> None:
        """Nothing has been measured yet."""
        self.values[row] = 1 if isinstance(self._sensor.device, LidarDevice) else 0

    def _encoded(self, measured: Measurement) -> NDArray[Any]:
        if isinstance(measured, CameraImage):
            return measured.rgb
        values = np.full(self._table, 1.0 if isinstance(measured, PointCloud) else 0.0, dtype=np.float32)
        if isinstance(measured, PointCloud):
            x, y, _ = measured.points.T
            away = np.linalg.norm(measured.points, axis=1) / _LIDAR_SCALE
            column = np.rint(np.arctan2(y, x) / (2.0 * np.pi) * values.shape[1]).astype(np.int64) % values.shape[1]
            np.minimum.at(values, (measured.ring, column), np.minimum(away, 1.0).astype(np.float32))
        elif isinstance(measured, RadarDetections):
            order = np.flatnonzero(measured.valid)
            order = order[np.argsort(measured.range[order], kind="stable")][: len(values)]
            columns = (
                np.ones(len(order)), measured.range[order] / 100.0, measured.azimuth[order] / np.pi,
                measured.radial_velocity[order] / 30.0, np.nan_to_num(measured.rcs[order]) / 40.0,
            )  # fmt: skip
            values[: len(order)] = np.clip(np.stack(columns, axis=1), -BOUND, BOUND)
        return values.ravel()

    def close(self) -> None:
        raise NotImplementedError


class EmbeddedChannel(Channel):
    """A sensor in drivesim's own scene; each world has one of its own."""

    def __init__(self, sensing: Sensing, batch: Batch, sensor: Sensor) -> None:
        super().__init__(batch, sensor)
        self._sensing, self._rig = sensing, rig_of(batch.settings)
        self._sensors: list[tuple[Episode, Camera | Lidar | Radar] | None] = [None] * batch.count

    def _measure(self, batch: Batch, row: int) -> None:
        episode = batch.episodes[row]
        if episode is None or not batch.moved[row]:
            return
        held = self._sensors[row]
        if held is None or held[0] is not episode:
            held = self._sensors[row] = episode, self._made(episode)
            self._begin(row)
        scene, motion = self._sensing.show(batch, row)
        instrument, weather = held[1], episode.world.weather
        measured: Measurement | None
        if isinstance(instrument, Camera):
            measured = instrument.capture(scene, motion, weather)
        else:
            measured = instrument.capture(scene.rays, motion, weather)
        if measured is not None:
            self.values[row] = self._encoded(measured)

    def _made(self, episode: Episode) -> Camera | Lidar | Radar:
        """The sensor where this episode mounts it, with this episode's noise."""
        sensor = mounted(self._rig, episode.beside.mounting)[self._sensor.channel]
        if sensor.kind == "camera":
            return Camera(sensor, episode.noise_seed)
        return Lidar(sensor, episode.noise_seed) if sensor.kind == "lidar" else Radar(sensor, episode.noise_seed)

    def close(self) -> None:
        self._sensing.close()
