"""What a camera is: its geometry, its exposure and how carefully its picture is made."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from drivesim.sensors.camera.imager import Imager
from drivesim.sensors.camera.projection import Lens
from drivesim.sensors.located import Described, Strict


class EventPixels(Strict):
    """Pixels of an event camera."""

    threshold: float = Field(default=0.2, gt=0.01, le=2, description="change of log luminance that makes an event")
    mismatch: float = Field(default=0.03, ge=0, le=0.5, description="standard deviation of it over pixels, as a share")
    refractory_us: float = Field(default=100.0, ge=0, le=10_000, description="rest of a pixel after an event, us")


_USUAL = Imager()


class ImagerChip(Strict):
    """What turns light into codes, pixel by pixel; without values those of
    :class:`~drivesim.sensors.camera.imager.Imager`."""

    pixel_um: float = Field(default=_USUAL.pixel * 1e6, gt=0.5, le=20, description="pitch of its pixels, um")
    efficiency: float = Field(default=_USUAL.efficiency, gt=0, le=1, description="electrons per photon at 555 nm")
    f_number: float = Field(default=_USUAL.f_number, ge=0.7, le=22, description="of the lens")
    full_well: float = Field(default=_USUAL.full_well, ge=100, le=1e6, description="electrons that a pixel holds")
    read_noise: float = Field(default=_USUAL.read_noise, ge=0, le=1000, description="electrons, RMS")
    dark_current: float = Field(default=_USUAL.dark_current, ge=0, le=1e5, description="electrons a second")
    unequal: float = Field(
        default=_USUAL.unequal, ge=0, le=0.5, description="standard deviation of the pixels' response (PRNU)"
    )
    offsets: float = Field(default=_USUAL.offsets, ge=0, le=1000, description="of their dark signal, electrons (DSNU)")
    bits: int = Field(default=_USUAL.bits, ge=8, le=16, description="of its converter")
    black: int = Field(default=_USUAL.black, ge=0, le=4096, description="code at no light")
    longest_ms: float = Field(default=30.0, gt=0.01, le=1000, description="longest exposure, ms; beyond it gain rises")
    highest_iso: float = Field(default=3200.0, ge=100, le=1e6, description="highest gain, as ISO speed")
    glare: float = Field(default=0.0, ge=0, le=0.5, description="share of each pixel's light that the lens spreads")

    def imager(self) -> Imager:
        """Its pixels and their lens."""
        same = {part.name: getattr(self, part.name) for part in fields(Imager) if part.name != "pixel"}
        return Imager(pixel=self.pixel_um * 1e-6, **same)

    @model_validator(mode="after")
    def _has_codes_for_light(self) -> ImagerChip:
        if self.black >= 2 ** (self.bits - 1):
            raise ValueError(f"'black' {self.black} leaves less than half of the {2**self.bits} codes for light")
        return self


class LensDrops(Strict):
    """Rain drops on the glass before a lens."""

    glass_mm: float = Field(default=10.0, gt=0, le=500, description="from the entrance pupil to the wet glass, mm")
    per_cm2: float = Field(default=8.0, ge=0, le=100, description="drops per square centimetre")
    radius_mm: tuple[Annotated[float, Field(gt=0.05)], Annotated[float, Field(le=5.0)]] = Field(
        default=(0.3, 1.0), description="[smallest, largest] radius of a drop's base, mm"
    )
    contact_angle_deg: float = Field(
        default=40.0, ge=10, le=90, description="angle between glass and water at a drop's edge, degrees; 40 is usual"
    )


class CameraDevice(Described):
    """A camera with square or oblong pixels; pixel centres lie at integer coordinates plus one half."""

    kind: Literal["camera"] = Field(description="'camera'")
    name: str = Field(description="manufacturer and model")
    width: int = Field(ge=8, le=8192, description="image width, pixels")
    height: int = Field(ge=8, le=8192, description="image height, pixels")
    fx: float = Field(gt=0, description="focal length, pixels")
    fy: float = Field(gt=0, description="focal length in y, pixels")
    cx: float = Field(description="principal point, pixels from the left edge")
    cy: float = Field(description="principal point, pixels from the top edge")
    exposure: float | None = Field(
        default=None,
        gt=0,
        description="fixed exposure: luminance in cd/m2 that becomes middle grey; automatic if absent",
    )
    exposure_bias: float = Field(default=0.0, ge=-8, le=8, description="brighter (+) or darker (-) than metered, stops")
    vignetting: float = Field(default=0.35, ge=0, le=1, description="share of the natural cos^4 fall-off that remains")
    noise: float = Field(
        default=1.0, ge=0, le=10, description="sensor noise without an imager, 1 is a small automotive one's, 0 none"
    )
    imager: ImagerChip | None = Field(
        default=None, description="electrons, Bayer codes and automatic exposure over time; {} for usual values"
    )
    antialiasing: Literal[1, 4] = Field(default=4, description="rays per pixel at edges; labels always take one")
    ambient_occlusion: bool = Field(default=True, description="whether nearby surfaces shade skylight")
    shadows: Literal["hard", "soft"] | None = Field(
        default=None,
        description="of the sun, a point or half a degree wide: hard, or soft if absent and antialiasing is 4",
    )
    reflections: bool = Field(default=True, description="whether glass, paint and wet roads mirror the sky")
    renderer: Literal["shading", "photoreal"] = Field(
        default="shading", description="'photoreal' traces paths with Mitsuba 3 (extra photoreal), minutes a picture"
    )
    samples: int = Field(default=128, ge=1, le=65536, description="paths per pixel of the photoreal renderer")
    lens: Lens | None = Field(default=None, description="distortion or fisheye model; an ideal pinhole if absent")
    depth: Literal["planar", "ray"] = Field(default="planar", description="depth along the optical axis or the ray")
    channels: list[Literal["normal", "albedo", "flow"]] = Field(
        default=[],
        max_length=3,
        description="further labels, from the same rays: normal, albedo, flow",
    )
    events: EventPixels | None = Field(
        default=None, description="pixels that report changes of light between exposures; {} for usual ones"
    )
    drops: LensDrops | None = Field(
        default=None, description="rain drops that the glass before the lens has while it rains; {} for usual ones"
    )
    exposure_ms: float = Field(
        default=0.0, ge=0, le=50, description="time the shutter is open before the stamp, ms: motion blur; 0 for none"
    )
    blur_samples: int = Field(default=8, ge=2, le=64, description="instants of an exposure whose light is averaged")
    readout_ms: float = Field(
        default=0.0, ge=0, le=100, description="rolling shutter: time from the first to the last row; 0 is global"
    )

    @model_validator(mode="after")
    def _looks_at_something(self) -> CameraDevice:
        if not (0.0 <= self.cx <= self.width and 0.0 <= self.cy <= self.height):
            raise ValueError("the principal point (cx, cy) lies outside the image")
        if self.drops and (self.channels or self.renderer == "photoreal"):
            raise ValueError("neither further 'channels' nor renderer photoreal can look through 'drops'")
        if self.renderer == "photoreal" and (self.lens or self.readout_ms or abs(self.fx - self.fy) > 1e-3 * self.fx):
            raise ValueError("renderer photoreal is for pinholes with square pixels and a global shutter")
        return self

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels (N, 2) of points (N, 3) in the camera's frame; NaN for what the lens does not see."""
        if self.lens is None:
            x, y, z = points.T
            with np.errstate(divide="ignore", invalid="ignore"):
                plane = np.stack([x / z, y / z], axis=1)
        else:
            plane = self.lens.plane(points)
        return np.asarray(plane * (self.fx, self.fy) + (self.cx, self.cy))

    def unproject(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Unit directions (N, 3) in the camera's frame that image at ``pixels`` (N, 2); NaN where there is none."""
        plane = (pixels - (self.cx, self.cy)) / (self.fx, self.fy)
        if self.lens is not None:
            return self.lens.rays(plane)
        rays = np.column_stack([plane, np.ones(len(plane))])
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))

    def corner_rays(self) -> NDArray[np.float32]:
        """(H + 1, W + 1, 3) float32 directions at the corners of all pixels, zero where the lens sees nothing."""
        x, y = np.meshgrid(np.arange(self.width + 1.0), np.arange(self.height + 1.0))
        rays = self.unproject(np.stack([x.ravel(), y.ravel()], axis=1))
        return np.nan_to_num(rays).astype(np.float32).reshape(self.height + 1, self.width + 1, 3)

    def middle_rays(self) -> NDArray[np.float64]:
        """(H * W, 3) unit directions through the middles of all pixels, row by row, NaN where the lens sees nothing."""
        x, y = np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5)
        return self.unproject(np.stack([x.ravel(), y.ravel()], axis=1))

    @property
    def soft_shadows(self) -> bool:
        """Whether the sun is a disc."""
        return self.antialiasing > 1 if self.shadows is None else self.shadows == "soft"

    def row_times(self, time_ns: int) -> NDArray[np.int64] | None:
        """When the middle of each row (H,) is read, ns; None where all are read at once.

        Args:
            time_ns: when the last row closes.
        """
        if self.readout_ms == 0.0:
            return None
        before = 1.0 - (np.arange(self.height) + 0.5) / self.height
        return np.asarray(time_ns - np.rint(before * self.readout_ms * 1e6).astype(np.int64))

    @property
    def pixels_per_radian(self) -> float:
        """Across, at the middle of the view: what the sharpness of textures is chosen by."""
        if self.lens is None:
            return self.fx
        step = 1e-4
        left, right = self.project(np.array([[-step, 0.0, 1.0], [step, 0.0, 1.0]]))
        return float(np.hypot(*(right - left)) / (2.0 * step))

    @property
    def intrinsic(self) -> NDArray[np.float64]:
        """(3, 3) pinhole matrix."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])
