"""A camera detector's performance without a detector: from labels, blurred as a good detector's answers are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from drivesim.ego.detections import Detection, reference_point
from drivesim.streams import stream
from drivesim.taxonomy import Tag
from drivesim.types import F64, CameraImage, Measurement

Mask = NDArray[np.bool_]

PEOPLE = (int(Tag.PEDESTRIAN), int(Tag.RIDER))
VEHICLES = tuple(int(tag) for tag in (Tag.CAR, Tag.TRUCK, Tag.BUS, Tag.MOTORCYCLE, Tag.BICYCLE))
_LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Rec. 709."""


@dataclass(frozen=True, slots=True)
class OracleCamera:
    """Says what is in view with a probability that grows with visible size and contrast.

    It reads labels, so it shows what a camera could do at best, not what a network does; every report says so.

    Attributes:
        seed: of its own random stream; the same person in the same frame meets the same draw under every rig.
        pixels: visible height at which detection is even odds at full contrast, px.
        steepness: of the logistic over log2 of height over ``pixels``.
        contrast: Michelson contrast to the surroundings at which the odds halve.
        range_error: standard deviation of range as a share of range (monocular).
        pixel_error: of the bearing, px.
    """

    kind: ClassVar[str] = "camera"
    oracle: ClassVar[bool] = True

    seed: int = 0
    pixels: float = 18.0
    steepness: float = 4.0
    contrast: float = 0.04
    range_error: float = 0.04
    pixel_error: float = 1.5

    def detect(self, measurement: Measurement) -> Sequence[Detection]:
        assert isinstance(measurement, CameraImage)
        wanted = np.isin(measurement.semantic, PEOPLE + VEHICLES)
        objects = np.where(wanted, measurement.instance, 0)
        luma = measurement.rgb @ _LUMA
        found = []
        for number, window in enumerate(ndimage.find_objects(objects), start=1):
            if window is None:
                continue
            rng = stream(self.seed, "oracle_camera", measurement.channel, measurement.time_ns, number)
            draw, blur = rng.random(), rng.normal(size=2)
            mask = objects[window] == number
            height = mask.shape[0]
            if height >= 4 and draw < self._chance(height, _contrast(luma, window, mask)):
                found.append(self._object(measurement, window, mask, blur))
        return found

    def _chance(self, height: int, contrast: float) -> float:
        odds = math.exp(self.steepness * math.log2(height / self.pixels))
        return odds / (1.0 + odds) * contrast**2 / (contrast**2 + self.contrast**2)

    def _object(self, image: CameraImage, window: tuple[slice, ...], mask: Mask, blur: F64) -> Detection:
        rows, columns = np.nonzero(mask)
        depth = image.depth[window][mask].astype(np.float64) * max(1.0 + self.range_error * blur[1], 0.1)
        fx, fy = image.intrinsic[0, 0], image.intrinsic[1, 1]
        u = columns + window[1].start + 0.5 + self.pixel_error * blur[0]
        v = rows + window[0].start + 0.5
        rays = np.column_stack([(u - image.intrinsic[0, 2]) / fx, (v - image.intrinsic[1, 2]) / fy, np.ones(len(u))])
        points = image.ego_from_sensor.apply(rays * depth[:, None])[:, :2]
        # Rims of masks may lie on the background; the outer twentieths are left away.
        low, high = np.percentile(points, [5.0, 95.0], axis=0)
        along = points.mean(axis=0) / np.linalg.norm(points.mean(axis=0))
        across = np.array([-along[1], along[0]])
        distance = float(np.median(depth))
        covariance = (self.range_error * distance) ** 2 * np.outer(along, along)
        covariance += (self.pixel_error * distance / fx + 0.1) ** 2 * np.outer(across, across)
        person = bool(np.isin(image.semantic[window][mask], PEOPLE).any())
        position, half_width, half_length = reference_point(low, high, person)
        return Detection(position, covariance, half_width, half_length, person)


def _contrast(luma: F64, window: tuple[slice, ...], mask: Mask) -> float:
    """Michelson contrast between a mask and the frame around it."""
    margin = 4
    rows = slice(max(window[0].start - margin, 0), window[0].stop + margin)
    columns = slice(max(window[1].start - margin, 0), window[1].stop + margin)
    around = luma[rows, columns]
    inside = luma[window][mask]
    total, count = around.sum() - inside.sum(), around.size - inside.size
    if count <= 0:
        return 0.0
    a, b = float(inside.mean()), float(total / count)
    # Michelson of the means plus texture: clothes and skin differ from each other as well as from the background.
    return abs(a - b) / max(a + b, 1.0) + float(inside.std()) / max(a + b, 1.0)
