"""CARLA's cameras: RGB, depth, semantic and instance segmentation."""

from __future__ import annotations

import math
import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from drivesim.carla_server.episode import Episode
from drivesim.carla_server.records import Record
from drivesim.carla_server.wire import Refusal, SensorType, message
from drivesim.scene import Scene
from drivesim.scene.scene import FIRST_LASTING
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor
from drivesim.transforms import Pose
from drivesim.types import CameraImage

FAR = 1000.0
"""m that a white depth pixel stands for (CARLA documentation, "Depth camera")."""

_KINDS = {
    "sensor.camera.rgb": SensorType.RGB_CAMERA,
    "sensor.camera.depth": SensorType.DEPTH_CAMERA,
    "sensor.camera.semantic_segmentation": SensorType.SEMANTIC_CAMERA,
    "sensor.camera.instance_segmentation": SensorType.INSTANCE_CAMERA,
}
_Key = tuple[int, int, float, bytes]


class Cameras:
    """Takes the pictures of all cameras; those that look the same way from the same place share one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._models: dict[tuple[int, int, float, bool], Camera] = {}
        self._frame = (0, -1)
        self._taken: dict[_Key, tuple[bool, CameraImage]] = {}

    def message(self, episode: Episode, record: Record, scene: Scene) -> bytes:
        """A camera's message of this frame."""
        width, height, fov = picture_size(record)
        coloured = record.blueprint == "sensor.camera.rgb"
        image = self._image(episode, record, scene, coloured)
        pixels = _ENCODERS[record.blueprint](image, episode)
        head = struct.pack("<IIf", width, height, fov)
        return message(_KINDS[record.blueprint], episode.frame, episode.time, episode.place(record), head, pixels.data)

    def _image(self, episode: Episode, record: Record, scene: Scene, coloured: bool) -> CameraImage:
        if self._frame != (episode.number, episode.frame):
            self._frame = episode.number, episode.frame
            self._taken.clear()
        pose = episode.pose(record)
        size = picture_size(record)
        key = (*size, pose.matrix.tobytes())
        known = self._taken.get(key)
        if known is None or (coloured and not known[0]):
            camera = self._model(*size, coloured)
            weather = episode.world.weather
            lamps, lit = (scene.lamps(weather), scene.lit(weather)) if coloured else (None, None)
            time_ns = round(episode.time * 1e9)
            image = camera.render(scene.rays, pose, weather, lamps=lamps, lit=lit, time_ns=time_ns, frame=episode.frame)
            known = self._taken[key] = coloured, image
        return known[1]

    def _model(self, width: int, height: int, fov: float, coloured: bool) -> Camera:
        key = width, height, fov, coloured
        if key not in self._models:
            device = pinhole(width, height, fov, coloured=coloured)
            mount = Pose(np.zeros(3), VIEW_FROM_CAMERA)
            self._models[key] = Camera(Sensor("CARLA", device, mount, 20.0, 0.0), self._seed)
        return self._models[key]


def pinhole(width: int, height: int, fov: float, *, coloured: bool = False) -> CameraDevice:
    """A camera of that size with a horizontal field of view in degrees."""
    focal = width / (2.0 * math.tan(math.radians(fov) / 2.0))
    return CameraDevice(
        kind="camera", name="sensor.camera.rgb", width=width, height=height, fx=focal, fy=focal, cx=width / 2,
        cy=height / 2, antialiasing=4 if coloured else 1, ambient_occlusion=coloured, reflections=coloured,
    )  # fmt: skip


def picture_size(record: Record) -> tuple[int, int, float]:
    """Width and height in pixels and horizontal field of view in degrees.

    Raises:
        Refusal: no camera can be made so.
    """
    width, height = (int(record.description.number(f"image_size_{axis}")) for axis in "xy")
    fov = record.description.number("fov")
    if not (8 <= width <= 8192 and 8 <= height <= 8192):
        raise Refusal(f"a picture of {width} x {height} pixels cannot be taken: 8 to 8192 each")
    if not 1.0 <= fov <= 170.0:
        raise Refusal(f"a pinhole camera cannot see {fov} degrees: 1 to 170")
    return width, height, fov


def _blank(image: CameraImage) -> NDArray[np.uint8]:
    pixels = np.zeros((*image.depth.shape, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    return pixels


def _rgb(image: CameraImage, _: Episode) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image.rgb, cv2.COLOR_RGB2BGRA))


def _depth(image: CameraImage, _: Episode) -> NDArray[np.uint8]:
    share = np.minimum(np.nan_to_num(image.depth, posinf=FAR).astype(np.float64) / FAR, 1.0)
    code = np.rint(share * (2**24 - 1)).astype(np.uint32)
    pixels = _blank(image)
    pixels[..., 2], pixels[..., 1], pixels[..., 0] = code & 255, code >> 8 & 255, code >> 16
    return pixels


def _semantic(image: CameraImage, _: Episode) -> NDArray[np.uint8]:
    pixels = _blank(image)
    pixels[..., 2] = image.semantic
    return pixels


def _instance(image: CameraImage, episode: Episode) -> NDArray[np.uint8]:
    numbers = actor_numbers(episode, image.instance)
    pixels = _semantic(image, episode)
    pixels[..., 1], pixels[..., 0] = numbers & 255, numbers >> 8 & 255
    return pixels


def actor_numbers(episode: Episode, instance: NDArray[np.int32]) -> NDArray[np.int64]:
    """CARLA's actor ids of drivesim's instance ids; things of the city have numbers beyond all of these."""
    ids = {record.name: record.id for record in episode.records.values() if record.name is not None}
    table = np.array([0, *(ids.get(actor.name, 0) for actor in episode.world.actors)])
    numbers = instance.astype(np.int64)
    moving = numbers < len(table)
    numbers[moving] = table[numbers[moving]]
    numbers[~moving & (numbers < FIRST_LASTING)] += FIRST_LASTING - len(table)
    return numbers


_ENCODERS = {
    "sensor.camera.rgb": _rgb,
    "sensor.camera.depth": _depth,
    "sensor.camera.semantic_segmentation": _semantic,
    "sensor.camera.instance_segmentation": _instance,
}
