"""How a lens maps directions to pixels, and back: pinhole with distortion, fisheyes, panorama.

Points are in the camera's frame (x right, y down, z forward). Every model projects by its published formula and is
inverted numerically where that has no closed inverse; the rays of an image are the inverse at its pixels.

Sources: Brown-Conrady and fisheye: OpenCV 4 ``calib3d`` (Brown 1966; Kannala & Brandt 2006). f-theta: polynomial of the
angle, as NVIDIA DriveWorks has it forwards. Double sphere: Usenko, Demmel & Cremers, 3DV 2018. WoodScape: polynomial of
degree four, Yogamani et al., ICCV 2019. Equirectangular: the whole sphere, longitude by latitude.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from drivesim.sensors.located import Strict

F64 = NDArray[np.float64]

_ROUNDS = 50
_CLOSE = 1e-12
_FOUND = 1e-9
"""Errors in units of the focal length: where Newton's method stops, and what counts as an inverse; beyond its
calibrated field a distortion folds over and has none."""


class _Lens(Strict):
    """Maps unit-focal image coordinates; the device scales them by fx, fy and shifts them by cx, cy."""

    @abstractmethod
    def plane(self, points: F64) -> F64:
        """(N, 2) image coordinates of points (N, 3); NaN for what the lens does not see."""

    @abstractmethod
    def rays(self, plane: F64) -> F64:
        """(N, 3) unit directions that image at ``plane`` (N, 2); NaN outside the image circle."""


class BrownConrady(_Lens):
    """A pinhole with radial (rational) and tangential distortion."""

    model: Literal["brown_conrady"]
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    k5: float = 0.0
    k6: float = 0.0

    def plane(self, points: F64) -> F64:
        ahead = points[:, 2] > 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            ideal = np.where(ahead[:, None], points[:, :2] / points[:, 2:], np.nan)
        return self._distorted(ideal)

    def _distorted(self, ideal: F64) -> F64:
        x, y = ideal[:, 0], ideal[:, 1]
        r2 = x * x + y * y
        radial = (1 + r2 * (self.k1 + r2 * (self.k2 + r2 * self.k3))) / (
            1 + r2 * (self.k4 + r2 * (self.k5 + r2 * self.k6))
        )
        dx = 2 * self.p1 * x * y + self.p2 * (r2 + 2 * x * x)
        dy = self.p1 * (r2 + 2 * y * y) + 2 * self.p2 * x * y
        return np.stack([x * radial + dx, y * radial + dy], axis=1)

    def rays(self, plane: F64) -> F64:
        """Newton's method on the two coordinates, with the Jacobian by central differences."""
        ideal = plane.copy()
        step = 1e-6
        for _ in range(_ROUNDS):
            miss = self._distorted(ideal) - plane
            if np.nanmax(np.abs(miss), initial=0.0) < _CLOSE:
                break
            across, up = np.array([step, 0.0]), np.array([0.0, step])
            jx = (self._distorted(ideal + across) - self._distorted(ideal - across)) / (2 * step)
            jy = (self._distorted(ideal + up) - self._distorted(ideal - up)) / (2 * step)
            determinant = jx[:, 0] * jy[:, 1] - jy[:, 0] * jx[:, 1]
            move_x = (miss[:, 0] * jy[:, 1] - jy[:, 0] * miss[:, 1]) / determinant
            move_y = (jx[:, 0] * miss[:, 1] - miss[:, 0] * jx[:, 1]) / determinant
            ideal = ideal - np.stack([move_x, move_y], axis=1)
        found = np.abs(self._distorted(ideal) - plane).max(axis=1) < _FOUND
        rays = _unit(np.column_stack([ideal, np.ones(len(ideal))]))
        rays[~found] = np.nan
        return rays


class _Radial(_Lens):
    """A lens that maps the angle from its axis to a distance from the centre: r = c1 t + c2 t^2 + ..."""

    max_angle_deg: float = Field(default=95.0, gt=0, le=179.0, description="half of the field of view")

    def _coefficients(self) -> list[float]:
        """c0, c1, c2, ... of the radius in units of the focal length."""
        raise NotImplementedError

    def plane(self, points: F64) -> F64:
        flat = np.hypot(points[:, 0], points[:, 1])
        angle = np.arctan2(flat, points[:, 2])
        radius = np.polynomial.polynomial.polyval(angle, self._coefficients())
        radius = np.where(angle <= math.radians(self.max_angle_deg), radius, np.nan)
        scale = np.where(flat > 1e-15, radius / np.maximum(flat, 1e-15), 1.0)
        return points[:, :2] * scale[:, None]

    def rays(self, plane: F64) -> F64:
        """Newton's method on the angle, kept within the field of view, on which the radius must grow."""
        coefficients = self._coefficients()
        slope = np.polynomial.polynomial.polyder(coefficients)
        radius, limit = np.hypot(plane[:, 0], plane[:, 1]), math.radians(self.max_angle_deg)
        angle = np.clip(radius / max(coefficients[1], 1e-9), 0.0, limit)
        for _ in range(_ROUNDS):
            miss = np.polynomial.polynomial.polyval(angle, coefficients) - radius
            if np.abs(miss).max(initial=0.0) < _CLOSE:
                break
            angle = np.clip(angle - miss / np.polynomial.polynomial.polyval(angle, slope), 0.0, limit)
        edge = float(np.polynomial.polynomial.polyval(limit, coefficients))
        turn = np.arctan2(plane[:, 1], plane[:, 0])
        rays = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)
        rays[radius > edge] = np.nan
        return rays


class Fisheye(_Radial):
    """OpenCV's fisheye: r = t (1 + k1 t^2 + k2 t^4 + k3 t^6 + k4 t^8)."""

    model: Literal["fisheye"]
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0

    def _coefficients(self) -> list[float]:
        return [0.0, 1.0, 0.0, self.k1, 0.0, self.k2, 0.0, self.k3, 0.0, self.k4]


class FTheta(_Radial):
    """r by a polynomial of the angle, in units of the focal length; the first coefficient is that of t."""

    model: Literal["f_theta"]
    polynomial: tuple[float, ...] = Field(min_length=1, max_length=8)

    def _coefficients(self) -> list[float]:
        return [0.0, *self.polynomial]


class WoodScape(_Radial):
    """WoodScape's polynomial of degree four, in pixels: the device's fx and fy are then 1 and the aspect ratio."""

    model: Literal["woodscape"]
    k1: float
    k2: float
    k3: float
    k4: float

    def _coefficients(self) -> list[float]:
        return [0.0, self.k1, self.k2, self.k3, self.k4]


class DoubleSphere(_Lens):
    """Two unit spheres ``xi`` apart and a pinhole shifted by ``alpha / (1 - alpha)``."""

    model: Literal["double_sphere"]
    xi: float = Field(gt=-1, lt=1)
    alpha: float = Field(ge=0, le=1)

    def plane(self, points: F64) -> F64:
        x, y, z = points.T
        d1 = np.sqrt(x * x + y * y + z * z)
        shifted = self.xi * d1 + z
        d2 = np.sqrt(x * x + y * y + shifted * shifted)
        w1 = self.alpha / (1 - self.alpha) if self.alpha <= 0.5 else (1 - self.alpha) / self.alpha
        w2 = (w1 + self.xi) / math.sqrt(2 * w1 * self.xi + self.xi**2 + 1)
        depth = self.alpha * d2 + (1 - self.alpha) * shifted
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where((z > -w2 * d1)[:, None], points[:, :2] / depth[:, None], np.nan)

    def rays(self, plane: F64) -> F64:
        r2 = (plane**2).sum(axis=1)
        with np.errstate(invalid="ignore"):
            inner = 1 - (2 * self.alpha - 1) * r2
            inner = np.where(inner >= 0.0, inner, np.nan)
            mz = (1 - self.alpha**2 * r2) / (self.alpha * np.sqrt(inner) + 1 - self.alpha)
            scale = (mz * self.xi + np.sqrt(mz * mz + (1 - self.xi**2) * r2)) / (mz * mz + r2)
        return np.column_stack([plane * scale[:, None], scale * mz - self.xi])


class Equirectangular(_Lens):
    """Longitude across, latitude down: fx and fy are pixels a radian."""

    model: Literal["equirectangular"]

    def plane(self, points: F64) -> F64:
        x, y, z = points.T
        return np.stack([np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))], axis=1)

    def rays(self, plane: F64) -> F64:
        longitude, latitude = plane.T
        flat = np.cos(latitude)
        rays = np.stack([flat * np.sin(longitude), np.sin(latitude), flat * np.cos(longitude)], axis=1)
        rays[(np.abs(longitude) > math.pi + 1e-9) | (np.abs(latitude) > math.pi / 2 + 1e-9)] = np.nan
        return rays


Lens = Annotated[
    BrownConrady | Fisheye | FTheta | WoodScape | DoubleSphere | Equirectangular, Field(discriminator="model")
]
"""Any of the models; without one a camera is an ideal pinhole."""


def _unit(vectors: F64) -> F64:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
