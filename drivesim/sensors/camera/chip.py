"""A camera with an imager of its own: what its chip reads out, how long it exposes, and the picture made of it.

Light becomes electrons, codes of a Bayer mosaic, and colours again (:mod:`drivesim.sensors.camera.imager`). Colour
filters are those of linear sRGB and balanced for white: a pixel below a filter takes its channel for the luminance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.camera import develop
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.imager import bayer, demosaic, glare, next_exposure
from drivesim.types import RawImage

F32 = NDArray[np.float32]

HEADROOM = 4.0
"""Exposed value of a full pixel: two stops above 1, where the tone curve has all but reached white."""
SHORTEST = 1e-5
"""Exposure time, s, of automotive imagers' one or two rows."""


class Readout(NamedTuple):
    """Codes, and the light that they say there was: exposed values (P, 3) float32."""

    raw: RawImage
    exposed: F32


class Chip:
    """The imager of one camera; its exposure follows the pictures it takes.

    Args:
        device: with an ``imager``. key: the camera's own stream: noise and the pixels' inequalities derive from it.
    """

    def __init__(self, device: CameraDevice, key: int) -> None:
        assert device.imager is not None
        self._device, self._settings, self._key = device, device.imager, key
        self._imager = device.imager.imager()
        self._light = 0.0
        self._seen: F32 | None = None

    def expose(self, radiance: F32, frame: int) -> Readout:
        """One exposure of radiance (P, 3), cd/m2 by channel."""
        device, imager = self._device, self._imager
        self._light = self._next_light(radiance)
        time = min(max(self._light, SHORTEST), self._settings.longest_ms * 1e-3)
        iso = 100.0 * float(np.clip(self._light / time, 1.0, self._settings.highest_iso / 100.0))
        scene = radiance.reshape(device.height, device.width, 3).astype(np.float64)
        if self._settings.glare > 0.0:
            scene = np.stack([glare(scene[..., c], self._settings.glare) for c in range(3)], axis=-1)
        mosaic = bayer(scene) * self._fall()
        codes = imager.expose(imager.electrons(mosaic, time), time, self._key, frame, iso=iso)
        white = 2**imager.bits - 1
        share = (codes.astype(np.float64) - imager.black) / (white - imager.black)
        self._seen = (demosaic(share) * HEADROOM).reshape(-1, 3).astype(np.float32)
        return Readout(RawImage(codes, time, iso, imager.black, white), self._seen)

    def _next_light(self, radiance: F32) -> float:
        """Exposure time at ISO 100 that is asked for, s: fixed, as metered for the first picture, else a step from the
        one before towards what that one needed."""
        device, bias = self._device, 2.0**self._device.exposure_bias
        if device.exposure is not None or self._seen is None:
            gain = develop.exposed_to(radiance, device.width, device.height, device.exposure)
            full = self._imager.full_well / (HEADROOM * float(self._imager.electrons(1.0, 1.0)))
            return gain * full * bias
        needed = develop.exposed_to(self._seen, device.width, device.height, None)
        most = self._settings.longest_ms * 1e-3 * self._settings.highest_iso / 100.0
        return next_exposure(self._light, develop.GREY / needed, develop.GREY * bias, limits=(SHORTEST, most))

    def _fall(self) -> NDArray[np.float64]:
        """Share (H, W) of the light that the lens lets through away from its axis."""
        device = self._device
        x = (np.arange(device.width) + 0.5 - device.cx) / device.pixels_per_radian
        y = (np.arange(device.height) + 0.5 - device.cy)[:, None] / device.pixels_per_radian
        return np.asarray(1.0 - device.vignetting * (1.0 - (1.0 / (1.0 + x * x + y * y)) ** 2))
