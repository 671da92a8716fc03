"""A camera on a vehicle: exposes when due, renders, and hands over the picture with its labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from drivesim.scene.raycast import RayScene
from drivesim.sensors.camera import develop
from drivesim.sensors.camera.channels import Moment, flow, moment
from drivesim.sensors.camera.chip import Chip
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.drops import scattered, through_drops
from drivesim.sensors.camera.events import EventSensor
from drivesim.sensors.camera.gaze import Gaze
from drivesim.sensors.camera.keep import NOTHING, Middles, room
from drivesim.sensors.camera.kernel import trace_and_shade
from drivesim.sensors.camera.penumbra import fade
from drivesim.sensors.camera.shelter import shelter
from drivesim.sensors.camera.sky import Daylight, daylight
from drivesim.sensors.camera.surfaces import matt_table, surface_table
from drivesim.sensors.camera.textures import textures
from drivesim.sensors.clock import due, stamp
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.rig import Sensor
from drivesim.sensors.spray import plumes, veil
from drivesim.streams import stream_key
from drivesim.transforms import Pose
from drivesim.types import CameraImage, Weather

if TYPE_CHECKING:
    from drivesim.scene import Scene

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

_EXTRA = np.array([(-0.36, -0.13), (0.29, -0.25), (0.07, 0.38)], dtype=np.float32)
"""Samples of a pixel beside the one in its middle: a turned triangle, no two in a row or column."""

_NO_TABLE = np.zeros((0, 0, 3), np.float32)
"""Of a pinhole, whose rays need no table."""

_NO_COLOUR, _NO_SHARE = np.empty((0, 3), np.float32), np.empty(0, np.float32)
_HARD = (_NO_COLOUR, np.empty(0, np.uint8), _NO_SHARE)
"""What the kernel writes of shadows without soft edges."""

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
        self._rays = _NO_TABLE if self.device.lens is None else self.device.corner_rays()
        self._wet_rays: F32 | None = None
        self._middle_rays: NDArray[np.float64] | None = None
        self._last: Moment | None = None
        self._events: EventSensor | None = None
        if (pixels_of := self.device.events) is not None:
            self._events = EventSensor(pixels_of, self.device.width, self.device.height, self._key)
        self._scratch = (
            np.empty((pixels, 3), np.float32),
            np.empty((pixels, 3), np.float32),
            np.empty(pixels, np.float32),
        )
        self._sun = _HARD
        self._chip = Chip(self.device, self._key) if self.device.imager is not None else None

    def capture(self, scene: Scene, motion: EgoMotion, weather: Weather) -> CameraImage | None:
        """The newest image due in this tick, if any."""
        image = None
        for number in due(motion.start_ns, motion.end_ns, self.sensor.rate_hz, self.sensor.phase):
            time_ns = stamp(number, self.sensor.rate_hz, self.sensor.phase)
            now, *earlier = self._gazes(motion, time_ns)
            image = self.render(
                scene.rays,
                now.last,
                weather,
                times=now.times,
                begin=now.first,
                lamps=scene.lamps(weather),
                lit=scene.lit(weather),
                time_ns=time_ns,
                frame=number,
                earlier=earlier,
            )
            image = replace(image, row_time_ns=self.device.row_times(time_ns))
        return image

    def _gazes(self, motion: EgoMotion, time_ns: int) -> list[Gaze]:
        """Of the ego, over the readouts at all instants of an exposure that ends at ``time_ns``, the last one first."""
        count = self.device.blur_samples if self.device.exposure_ms > 0.0 else 1
        step = self.device.exposure_ms * 1e6 / count
        return [Gaze.during(motion, round(time_ns - step * k), self.device.readout_ms) for k in range(count)]

    def render(
        self,
        rays: RayScene,
        world_from_ego: Pose,
        weather: Weather,
        *,
        times: tuple[float, float] = (1.0, 1.0),
        begin: Pose | None = None,
        lamps: F32 | None = None,
        lit: NDArray[np.uint16] | None = None,
        time_ns: int = 0,
        frame: int = 0,
        earlier: Sequence[Gaze] = (),
    ) -> CameraImage:
        """One exposure of a ray scene.

        Args:
            world_from_ego: when the last image row is read.
            times: ray time of the first and last image row.
            begin: ``world_from_ego`` when the first row is read; the same for all rows if absent.
            lamps: (L, 8) float32 light cones, relative to the scene's origin; see the kernel.
            lit: (A + 1,) uint16 lamp flags by instance id.
            frame: counter for noise.
            earlier: the ego at further instants of the exposure, whose light is averaged with that at ``times``: motion
                blur. Labels belong to ``times``, the shutter's closing.
        """
        device = self.device
        width, height = device.width, device.height
        light = _daylight(weather)
        lamps = np.zeros((0, 8), np.float32) if lamps is None else lamps
        lit = np.zeros(1, np.uint16) if lit is None else lit
        wetness = np.float32(max(weather.wetness, min(weather.rain / 4.0, 1.0)))

        def expose(gaze: Gaze, middles: Middles = NOTHING) -> tuple[F32, F32, NDArray[np.uint8], I32]:
            span = np.float32(gaze.times[0]), np.float32(gaze.times[1])
            table = self._table(rays, gaze)
            return self._exposed(rays, light, table, span, lamps, lit, wetness, self._lens(weather), middles)

        now = Gaze(world_from_ego if begin is None else begin, world_from_ego, times)
        kept = device.channels
        middles = room(width * height, normal="normal" in kept, albedo="albedo" in kept, places="flow" in kept)
        radiance, depth, semantic, instance = expose(now, middles)
        if device.renderer == "photoreal":
            from drivesim.sensors.camera.photoreal import paint

            camera = self._table(rays, now)
            radiance = paint(
                rays, light, camera, lamps, lit, float(wetness), times[1], device.samples, self._key ^ frame
            )
        elif earlier:
            radiance = radiance.copy()  # the next exposure takes the same memory
            for gaze in earlier:
                radiance += expose(gaze)[0]
            radiance /= np.float32(1 + len(earlier))
        thrown_up = plumes(rays.wakes, weather, rays.origin)
        if len(thrown_up):
            veil(radiance, depth, self._table(rays, now), self._rays, width, height, light.air, thrown_up, rays.origin)
        changes = self._events.expose(radiance, time_ns) if self._events is not None else None
        raw = None
        if self._chip is not None:
            raw, radiance = self._chip.expose(radiance, frame)
        image = CameraImage(
            channel=self.sensor.channel,
            time_ns=time_ns,
            ego_from_sensor=self.sensor.ego_from_sensor,
            world_from_ego=world_from_ego,
            rgb=self._develop(radiance, frame) if raw is None else self._toned(radiance),
            depth=depth.reshape(height, width),
            semantic=semantic.reshape(height, width),
            instance=instance.reshape(height, width),
            intrinsic=device.intrinsic,
            events=changes,
            raw=raw,
        )
        return self._with_channels(image, rays, now, middles) if device.channels else image

    def _with_channels(self, image: CameraImage, rays: RayScene, gaze: Gaze, middles: Middles) -> CameraImage:
        """The image with the further labels that its device asks for."""
        device = self.device
        further: dict[str, Any] = {
            name: getattr(middles, name).reshape(*image.depth.shape, 3)
            for name in ("normal", "albedo")
            if name in device.channels
        }
        if "flow" in device.channels:
            if self._middle_rays is None:
                self._middle_rays = device.middle_rays()
            seen = middles._replace(part=rays.first_shot[middles.part])
            now = moment(rays, device, gaze.of(image.ego_from_sensor), self._middle_rays, seen, image.time_ns)
            then, self._last = self._last, now
            if then is not None:
                back, onward = flow(now, then, device), flow(then, now, device)
                further |= {
                    "previous_ns": then.time_ns, "flow_backward": back.displacement, "seen_backward": back.visible,
                    "flow_forward": onward.displacement, "seen_forward": onward.visible,
                }  # fmt: skip
        return replace(image, **further)

    def _exposed(
        self,
        rays: RayScene,
        light: Daylight,
        camera: F32,
        times: tuple[np.float32, np.float32],
        lamps: F32,
        lit: NDArray[np.uint16],
        wetness: np.float32,
        lens: F32,
        middles: Middles = NOTHING,
    ) -> tuple[F32, F32, NDArray[np.uint8], I32]:
        """Radiance (P, 3), depth, semantic and instance (P,) of an instant; what ``middles`` has room for is kept."""
        device = self.device
        width, height = device.width, device.height
        pixels, occluding = width * height, device.ambient_occlusion
        split = occluding or len(rays.shelters) > 0
        direct, ambient, share = self._scratch if split else (self._scratch[0], _NO_COLOUR, _NO_SHARE)
        depth, semantic = np.empty(pixels, np.float32), np.empty(pixels, np.uint8)
        instance = np.empty(pixels, np.int32)
        surfaces = surface_table() if device.reflections else matt_table()

        def shoot(
            samples: F32, rows: I32, tiles: int, outputs: tuple[NDArray, ...], ao: bool, kept: Middles = NOTHING
        ) -> None:
            trace_and_shade(
                rays.tables, light, textures(), surfaces, lamps, lit, camera, lens, times, samples, rows, tiles,
                get_num_threads(), width, wetness, ao, kept, *outputs,
            )  # fmt: skip

        nothing, none = np.zeros((0, 2), np.float32), np.zeros(0, np.int32)
        tiles = ((width + 3) // 4) * ((height + 3) // 4)
        soft = device.soft_shadows and device.renderer == "shading"
        if soft and len(self._sun[1]) != pixels:
            self._sun = np.empty((pixels, 3), np.float32), np.empty(pixels, np.uint8), np.empty(tiles, np.float32)
        sun = self._sun if soft else _HARD
        shoot(nothing, none, tiles, (direct, ambient, share, depth, semantic, instance, *sun), occluding, middles)
        faded = np.zeros(pixels, np.uint8)
        if soft:
            fade(direct, *sun, depth, width, height, np.float32(device.pixels_per_radian), faded)
        if split:
            share = develop.soften(share, depth, width, height) if occluding else np.ones_like(share)
            if len(rays.shelters):
                shelter(share, depth, camera, self._rays, width, height, rays.shelters, float(light.cube[4, 1]))
            develop.add_ambient(direct, ambient, share)
        if device.antialiasing > 1 and device.renderer == "shading":
            self._smooth_edges(shoot, direct, share, depth, semantic, instance, faded)
        return direct, depth, semantic, instance

    def _lens(self, weather: Weather) -> F32:
        """The kernel's table of directions; in rain with drops on the glass, where the device has some."""
        drops = self.device.drops
        if drops is None or weather.rain <= 0.0:
            return self._rays
        if self._wet_rays is None:
            dry = self.device.corner_rays()
            self._wet_rays = through_drops(drops, scattered(drops, dry, self._key), dry)
        return self._wet_rays

    def _camera(self, rays: RayScene, world_from_ego: Pose) -> F32:
        """The kernel's camera table of an ego that stands."""
        return self._table(rays, Gaze.at(world_from_ego))

    def _table(self, rays: RayScene, gaze: Gaze) -> F32:
        """The kernel's camera table; ``gaze``: of the ego."""
        return gaze.of(self.sensor.ego_from_sensor).table(rays.origin, self.device)

    def _smooth_edges(
        self,
        shoot: Callable[[F32, I32, int, tuple[NDArray, ...], bool], None],
        radiance: F32,
        share: F32,
        depth: F32,
        semantic: NDArray[np.uint8],
        instance: I32,
        faded: NDArray[np.uint8],
    ) -> None:
        """Replace edge pixels by the mean of four samples, one of which is there already."""
        width, height = self.device.width, self.device.height
        mark = np.zeros(len(depth), np.uint8)
        develop.edges(depth, instance, semantic, radiance, width, height, faded, mark)
        chosen = np.flatnonzero(mark)
        if not len(chosen):
            return
        samples = develop.samples_at(chosen, width, _EXTRA)
        count = len(samples)
        direct = np.empty((count, 3), np.float32)
        soft = np.empty((count, 3), np.float32) if len(share) else _NO_COLOUR
        labels = (np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.uint8))
        rows = np.arange(count, dtype=np.int32)
        shoot(samples, rows, (count + 15) // 16, (direct, soft, *labels, np.empty(count, np.int32), *_HARD), False)
        develop.average(radiance, chosen, direct, soft, share)

    def _develop(self, radiance: F32, frame: int) -> NDArray[np.uint8]:
        device = self.device
        width, height = device.width, device.height
        gain = develop.exposed_to(radiance, width, height, device.exposure) * 2.0**device.exposure_bias
        return self._toned(radiance, gain, device.vignetting, device.noise, frame)

    def _toned(
        self, radiance: F32, gain: float = 1.0, vignetting: float = 0.0, noise: float = 0.0, frame: int = 0
    ) -> NDArray[np.uint8]:
        """The picture (H, W, 3) of radiance times ``gain``; without arguments, of exposed values as they are."""
        width, height = self.device.width, self.device.height
        rgb = np.empty((height, width, 3), np.uint8)
        develop.expose(
            radiance, width, height, np.float32(gain), np.float32(vignetting),
            np.float32(self.device.pixels_per_radian), np.float32(noise), self._key ^ (frame * 0x9E3779B1), rgb,
        )  # fmt: skip
        return rgb
