"""The imager behind the lens: photons to electrons, noise, Bayer pattern, codes and back to colour (EMVA 1288).

Electrons of a pixel: e = QE H A t / (h nu), H = pi L cos^4(theta) / (4 N^2). Variance: e of photons, the read noise,
dark current, the pixels' unequal response (a fixed pattern), and the steps of the converter. Pure functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.streams import stream

F64 = NDArray[np.float64]
U16 = NDArray[np.uint16]

_PHOTONS_PER_LUX_SECOND_M2 = 1.0 / 683.0 * 555e-9 / (6.62607015e-34 * 299_792_458.0)
"""Photons of 555 nm in one lumen second."""


@dataclass(frozen=True, slots=True)
class Imager:
    """A CMOS imager with its lens; plausible automotive values, no maker's.

    Attributes:
        pixel: pitch, m; efficiency: electrons per photon; f_number: of the lens.
        full_well: electrons; read_noise: electrons RMS; dark_current: electrons per second.
        unequal: standard deviation of the pixels' response (PRNU); offsets: of their dark signal, electrons (DSNU).
        bits: of the converter; black: code at no light.
    """

    pixel: float = 3.0e-6
    efficiency: float = 0.7
    f_number: float = 1.8
    full_well: float = 10_000.0
    read_noise: float = 2.5
    dark_current: float = 20.0
    unequal: float = 0.008
    offsets: float = 2.0
    bits: int = 12
    black: int = 64

    @property
    def gain(self) -> float:
        """Electrons per code at ISO 100."""
        return self.full_well / (2**self.bits - 1 - self.black)

    def electrons(self, luminance: ArrayLike, exposure: float, cosine: ArrayLike = 1.0) -> F64:
        """Mean photo-electrons of pixels.

        Args:
            luminance: cd/m2; exposure: s; cosine: of the angle off the axis (natural vignetting).
        """
        illuminance = np.pi * np.asarray(luminance) * np.asarray(cosine) ** 4 / (4.0 * self.f_number**2)
        photons = illuminance * _PHOTONS_PER_LUX_SECOND_M2 * self.pixel**2 * exposure
        signal: F64 = self.efficiency * photons
        return signal

    def expose(self, electrons: F64, exposure: float, seed: int, frame: int, *, iso: float = 100.0) -> U16:
        """Codes of one exposure; the fixed pattern belongs to the seed, noise to seed and frame.

        Args:
            electrons: mean photo-electrons, any shape; exposure: s.
        """
        fixed, random = stream(seed, "fixed pattern"), stream(seed, "image noise", frame)
        response = 1.0 + self.unequal * fixed.standard_normal(electrons.shape)
        offset = self.offsets * fixed.standard_normal(electrons.shape)
        mean = np.maximum(electrons * response, 0.0) + self.dark_current * exposure
        collected = np.minimum(random.poisson(mean), self.full_well)
        read = collected + offset + self.read_noise * random.standard_normal(electrons.shape)
        code = np.rint(read / (self.gain * 100.0 / iso) + self.black)
        return np.clip(code, 0, 2**self.bits - 1).astype(np.uint16)


def bayer(rgb: F64) -> F64:
    """(H, W, 3) to an RGGB mosaic (H, W)."""
    mosaic = rgb[..., 1].copy()
    mosaic[0::2, 0::2] = rgb[0::2, 0::2, 0]
    mosaic[1::2, 1::2] = rgb[1::2, 1::2, 2]
    return mosaic


def demosaic(mosaic: ArrayLike) -> F64:
    """(H, W) RGGB mosaic to (H, W, 3) by bilinear interpolation; edges are mirrored."""
    raw = np.asarray(mosaic, dtype=np.float64)
    height, width = raw.shape
    row, column = np.arange(height)[:, None] % 2, np.arange(width) % 2
    red, blue = (row == 0) & (column == 0), (row == 1) & (column == 1)
    planes = []
    for mask in (red, ~(red | blue), blue):
        weight, value = np.pad(mask.astype(float), 1, "reflect"), np.pad(np.where(mask, raw, 0.0), 1, "reflect")
        total = total_weight = np.zeros_like(raw)
        for dy, dx in ((dy, dx) for dy in range(3) for dx in range(3)):
            share = (2 - abs(dy - 1)) * (2 - abs(dx - 1))
            total = total + share * value[dy : dy + height, dx : dx + width]
            total_weight = total_weight + share * weight[dy : dy + height, dx : dx + width]
        planes.append(np.where(mask, raw, total / total_weight))
    return np.stack(planes, axis=-1)


KNEES = ((0, 0), (1 << 10, 1 << 10), (1 << 14, 1536 + 512), (1 << 20, 4095))
"""Companding of 20 bit exposures to 12 bit codes: (linear, code) corners of straight lines."""


def compand(linear: ArrayLike) -> U16:
    """20 bit linear values to 12 bit codes."""
    x, y = np.transpose(KNEES)
    return np.rint(np.interp(np.asarray(linear, dtype=np.float64), x, y)).astype(np.uint16)


def expand(codes: ArrayLike) -> F64:
    """Linear values of 12 bit codes: :func:`compand` inverted."""
    x, y = np.transpose(KNEES)
    return np.interp(np.asarray(codes, dtype=np.float64), y, x)


def next_exposure(
    exposure: float, mean_code: float, target: float, *, speed: float = 0.5, limits: tuple[float, float] = (1e-5, 0.03)
) -> float:
    """Auto-exposure: the next exposure time, s, after one whose mean (above black) was ``mean_code``.

    Proportional in the logarithm, so that it settles without overshoot whatever the scene's brightness.
    """
    error = np.log(target / max(mean_code, 1e-3))
    return float(np.clip(exposure * np.exp(speed * error), *limits))


def glare(image: F64, share: float = 0.02, radius: float = 12.0) -> F64:
    """Veiling glare: ``share`` of the light of each pixel spread as 1 / (1 + (r / radius)^2)^1.5; energy is kept (what
    leaves one edge of (H, W) comes in at the other)."""
    height, width = image.shape
    y = np.minimum(np.arange(height), height - np.arange(height))[:, None]
    x = np.minimum(np.arange(width), width - np.arange(width))
    kernel = (1.0 + (x * x + y * y) / radius**2) ** -1.5
    spread = np.fft.irfft2(np.fft.rfft2(image) * np.fft.rfft2(kernel / kernel.sum()), s=image.shape)
    blurred: F64 = (1.0 - share) * image + share * spread
    return blurred
