"""A camera on a vehicle: exposes when due, renders, and hands over the picture with its labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene
from drivesim.sensors.camera import develop
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.kernel import trace_and_shade
from drivesim.sensors.camera.sky import daylight
from drivesim.sensors.camera.surfaces import matt_table, surface_table
from drivesim.sensors.camera.textures import textures
from drivesim.sensors.clock import due, stamp
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor
from drivesim.streams import stream_key
from drivesim.transforms import Pose
from drivesim.types import CameraImage, Weather

if TYPE_CHECKING:
    from drivesim.scene import Scene

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

_EXTRA = np.array([(-0.36, -0.13), (0.29, -0.25), (0.07, 0.38)], dtype=np.float32)
"""Samples of a pixel beside the one in its middle: a turned triangle, no two in a row or column."""

_NO_COLOUR, _NO_SHARE = np.empty((0, 3), np.float32), np.empty(0, np.float32)

_daylight = lru_cache(maxsize=4)(daylight)


class Camera:
    """Takes pictures with one camera of a rig.

    Labels and depth belong to the ray through each pixel's centre; antialiasing adds rays to the picture alone. Glass
    is labelled as glass: the first surface counts.

    Args:
        sensor: a camera of the rig. seed: scenario seed; image noise is a stream of its own per channel.
    """

    def __init__(self, sensor: Sensor, seed: int) -> None:
        assert isinstance(sensor.device, CameraDevice)
        self.sensor = sensor
        self.device = sensor.device
        self._key = stream_key(seed, "camera", sensor.channel)
        pixels = self.device.width * self.device.height
        self._rays = self.device.corner_rays()
        self._scratch = (
            np.empty((pixels, 3), np.float32),
            np.empty((pixels, 3), np.float32),
            np.empty(pixels, np.float32),
        )

    def capture(self, scene: Scene, motion: EgoMotion, weather: Weather) -> CameraImage | None:
        """The newest image due in this tick, if any."""
        image = None
        for number in due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase):
            time_ns = stamp(number, self.sensor.rate_hz, self.sensor.phase)
            world_from_ego = motion.pose(time_ns)
            first = float(motion.fraction(time_ns))
            readout = self.device.readout_ms * 1e6 / (motion.end_ns - motion.start_ns)
            image = self.render(
                scene.rays,
                world_from_ego,
                weather,
                times=(first - readout, first),
                lamps=scene.lamps(weather),
                lit=scene.lit(weather),
                time_ns=time_ns,
                frame=number,
            )
        return image

    def render(
        self,
        rays: RayScene,
        world_from_ego: Pose,
        weather: Weather,
        *,
        times: tuple[float, float] = (1.0, 1.0),
        lamps: F32 | None = None,
        lit: NDArray[np.uint16] | None = None,
        time_ns: int = 0,
        frame: int = 0,
    ) -> CameraImage:
        """One exposure of a ray scene.

        Args:
            times: ray time of the first and last image row.
            lamps: (L, 8) float32 light cones, relative to the scene's origin; see the kernel.
            lit: (A + 1,) uint16 lamp flags by instance id.
            frame: counter for noise.
        """
        device = self.device
        width, height = device.width, device.height
        light = _daylight(weather)
        pixels = width * height
        occluding = device.ambient_occlusion
        direct, ambient, share = self._scratch if occluding else (self._scratch[0], _NO_COLOUR, _NO_SHARE)
        depth, semantic = np.empty(pixels, np.float32), np.empty(pixels, np.uint8)
        instance = np.empty(pixels, np.int32)
        lamps = np.zeros((0, 8), np.float32) if lamps is None else lamps
        lit = np.zeros(1, np.uint16) if lit is None else lit
        camera = self._camera(rays, world_from_ego)
        surfaces = surface_table() if device.reflections else matt_table()
        wetness = np.float32(max(weather.wetness, min(weather.rain / 4.0, 1.0)))

        def shoot(samples: F32, rows: I32, tiles: int, outputs: tuple[NDArray, ...], ao: bool) -> None:
            trace_and_shade(
                rays.tables, light, textures(), surfaces, lamps, lit, camera, self._rays,
                (np.float32(times[0]), np.float32(times[1])), samples, rows, tiles, width, wetness, ao, *outputs,
            )  # fmt: skip

        nothing, none = np.zeros((0, 2), np.float32), np.zeros(0, np.int32)
        tiles = ((width + 3) // 4) * ((height + 3) // 4)
        shoot(nothing, none, tiles, (direct, ambient, share, depth, semantic, instance), occluding)
        if occluding:
            share = develop.soften(share, depth, width, height)
            develop.add_ambient(direct, ambient, share)
        radiance = direct
        if device.renderer == "photoreal":
            from drivesim.sensors.camera.photoreal import paint

            radiance = paint(
                rays, light, camera, lamps, lit, float(wetness), times[1], device.samples, self._key ^ frame
            )
        elif device.antialiasing > 1:
            self._smooth_edges(shoot, radiance, share, depth, semantic, instance)
        return CameraImage(
            channel=self.sensor.channel,
            time_ns=time_ns,
            ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=world_from_ego,
            rgb=self._develop(radiance, frame),
            depth=depth.reshape(height, width),
            semantic=semantic.reshape(height, width),
            instance=instance.reshape(height, width),
            intrinsic=device.intrinsic,
        )

    def _camera(self, rays: RayScene, world_from_ego: Pose) -> F32:
        """The kernel's camera table: pose relative to the scene's origin, intrinsics, size."""
        pose = world_from_ego @ self.sensor.ego_from_sensor
        device = self.device
        table = np.zeros((5, 4))
        table[:3, :3] = pose.rotation
        table[:3, 3] = pose.translation - rays.origin
        table[3] = device.fx, device.fy, device.cx, device.cy
        table[4] = device.width, device.height, device.depth == "ray", device.pixels_per_radian
        return table.astype(np.float32)

    def _smooth_edges(
        self,
        shoot: Callable[[F32, I32, int, tuple[NDArray, ...], bool], None],
        radiance: F32,
        share: F32,
        depth: F32,
        semantic: NDArray[np.uint8],
        instance: I32,
    ) -> None:
        """Replace edge pixels by the mean of four samples, one of which is there already."""
        width, height = self.device.width, self.device.height
        mark = np.zeros(len(depth), np.uint8)
        develop.edges(depth, instance, semantic, radiance, width, height, mark)
        chosen = np.flatnonzero(mark)
        if not len(chosen):
            return
        centres = np.stack([chosen % width + 0.5, chosen // width + 0.5], axis=1).astype(np.float32)
        samples = np.ascontiguousarray((centres[:, None] + _EXTRA).reshape(-1, 2))
        count = len(samples)
        direct = np.empty((count, 3), np.float32)
        soft = np.empty((count, 3), np.float32) if len(share) else _NO_COLOUR
        labels = (np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.uint8))
        rows = np.arange(count, dtype=np.int32)
        shoot(samples, rows, (count + 15) // 16, (direct, soft, *labels, np.empty(count, np.int32)), False)
        if len(share):
            direct += soft * np.repeat(share[chosen], len(_EXTRA))[:, None]
        radiance[chosen] += direct.reshape(-1, len(_EXTRA), 3).sum(axis=1)
        radiance[chosen] /= np.float32(len(_EXTRA) + 1)

    def _develop(self, radiance: F32, frame: int) -> NDArray[np.uint8]:
        device = self.device
        width, height = device.width, device.height
        levels = develop.metered(radiance, width, height)
        mean = float(np.exp(np.log(np.minimum(levels, 1e5) + 1e-4).mean(dtype=np.float64)))
        level = device.exposure or max(mean, develop.DARKEST)
        gain = develop.GREY / level
        if device.exposure is None:
            bright = float(np.percentile(levels, develop.HIGHLIGHT_PERCENTILE))
            gain = min(gain, develop.HIGHLIGHT / max(bright, develop.DARKEST))
        gain *= 2.0**device.exposure_bias
        rgb = np.empty((height, width, 3), np.uint8)
        develop.expose(
            radiance, width, height, np.float32(gain), np.float32(device.vignetting),
            np.float32(device.pixels_per_radian), np.float32(device.noise), self._key ^ (frame * 0x9E3779B1), rgb,
        )  # fmt: skip
        return rgb
