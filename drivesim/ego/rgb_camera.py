"""Objects in a camera's picture: a small network reads the pixels, calibration places what it finds.

The network (``rgb_camera.onnx``) learned from drivesim's own pictures (``examples/camera_detector``); how well it sees
is in ``docs/camera_detector.md``. Of a measurement the picture, the intrinsic matrix and the mounting are read, nothing
else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from drivesim.ego.detections import Detection, reference_point
from drivesim.errors import DrivesimError
from drivesim.types import F64, CameraImage, Measurement

MODEL = Path(__file__).with_name("rgb_camera.onnx")
FOCAL = 506.57
"""Focal length of the pictures that the network learned from, px; others are scaled to it."""
ABOVE, BELOW = 48.0, 128.0
"""Rows about the horizon of the pictures that the network learned from, px at :data:`FOCAL`; it is shown no others: of
sky and upper floors it has never seen any, and takes balconies for people."""
STRIDE = 4
"""Pixels of such a picture for each cell of the network's answer."""
DEPTH_SCALE = 20.0
"""Depth at :data:`FOCAL` that the network puts out as 0, m."""
KINDS: tuple[Literal["pedestrian", "rider", "vehicle"], ...] = ("pedestrian", "rider", "vehicle")
"""First channels of the answer; a rider is one with his bicycle, scooter or motorcycle."""
_SAME_BOX, _SAME_DEPTH = 0.5, 0.25
"""Overlap of boxes from which on, and ratio of depths (its logarithm) up to which, two findings are the same thing."""
_AROUND = np.ones((3, 3), np.uint8)
"""Cells among which the highest score is a peak."""
_LARGEST = 2_000_000
"""Pixels to which a picture is enlarged at most."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something on a picture.

    Attributes:
        kind: one of :data:`KINDS`; score: 0 .. 1.
        box: columns of its sides where it is nearest, row of its top and of the ground below it (left, top, right,
            ground), px; the ground's row may lie below the picture.
        depth: along the optical axis by its looks and size, m; spread: standard deviation of that, as a share.
    """

    kind: str
    score: float
    box: tuple[float, float, float, float]
    depth: float
    spread: float


@dataclass(frozen=True, slots=True)
class RgbCamera:
    """Runs the network on one thread, so that answers do not depend on how many there are.

    Depth comes from two sources, weighted by their variances: the looks of the object, and the row where it meets the
    ground, taken to be flat from the car's wheels on. Errors are those measured on pictures held back from training.

    Attributes:
        model: the network, ONNX.
        least_score: of pedestrians, riders and vehicles that are reported.
        start_score: of vehicles that may start a track. People always may: of one who is half hidden the network is
            unsure picture after picture, and three finds of five pictures are asked of a track anyhow.
        ground_error: standard deviation of the ground's row, px.
        pixel_error: of the bearing, px.
        depth_error: least standard deviation of depth, share and m: boxes are cut off and ground is hidden.
        side_error: of the place across beside the bearing's, of people and of vehicles' corners, m.
    """

    kind: ClassVar[str] = "camera"
    oracle: ClassVar[bool] = False

    model: Path = MODEL
    least_score: tuple[float, float, float] = (0.3, 0.3, 0.3)
    start_score: float = 0.4
    ground_error: float = 1.5
    pixel_error: float = 1.5
    depth_error: tuple[float, float] = (0.06, 0.25)
    side_error: tuple[float, float] = (0.1, 0.3)

    def __post_init__(self) -> None:
        _session(self.model)

    def detect(self, measurement: Measurement) -> Sequence[Detection]:
        assert isinstance(measurement, CameraImage)
        first, end = rows_of_interest(measurement)
        if first >= end:
            return []
        found = self.look(measurement.rgb[first:end], float(measurement.intrinsic[0, 0]))
        return [self.placed(measurement, _lowered(seen, first)) for seen in found]

    def look(self, rgb: NDArray[np.uint8], focal: float) -> list[Seen]:
        """What is on a picture (H, W, 3) of a focal length in pixels, the surest first."""
        scale = FOCAL / focal
        scale = min(scale, math.sqrt(_LARGEST / (rgb.shape[0] * rgb.shape[1])))
        if abs(scale - 1.0) > 0.05:
            size = (max(round(rgb.shape[1] * scale), 8), max(round(rgb.shape[0] * scale), 8))
            how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
            rgb = np.asarray(cv2.resize(rgb, size, interpolation=how), dtype=np.uint8)
        else:
            scale = 1.0
        given = np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255.0)
        (answer,) = _session(self.model).run(None, {"rgb": given})
        return seen_in(np.asarray(answer[0]), self.least_score, scale, focal)

    def placed(self, image: CameraImage, seen: Seen) -> Detection:
        """Where on the ground something on a picture is."""
        fx, fy, cx, cy = (float(image.intrinsic[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        left, _, right, ground = seen.box
        depth, spread = self._depth(image, seen)
        columns = np.array([left, (left + right) / 2, right])
        rays: F64 = np.column_stack([(columns - cx) / fx, np.full(3, (ground - cy) / fy), np.ones(3)])
        points = image.ego_from_sensor.apply(rays * depth)[:, :2]
        middle = points[1]
        distance = max(float(np.linalg.norm(middle)), 1e-6)
        along = middle / distance
        across = np.array([-along[1], along[0]])
        person = seen.kind != "vehicle"
        share, least = self.depth_error
        covariance = max(spread * distance, math.hypot(share * distance, least)) ** 2 * np.outer(along, along)
        side = math.hypot(self.pixel_error * depth / fx, self.side_error[0 if person else 1])
        covariance += side**2 * np.outer(across, across)
        low, high = points.min(axis=0), points.max(axis=0)
        starts = person or seen.score >= self.start_score
        position, half_width, half_length = reference_point(low, high, person)
        return Detection(position, covariance, half_width, half_length, person, starts=starts)

    def _depth(self, image: CameraImage, seen: Seen) -> tuple[float, float]:
        """Depth, m, and its standard deviation as a share."""
        left, _, right, ground = seen.box
        by_ground = depth_on_ground(image, ground, (left + right) / 2)
        spread = min(max(seen.spread, 0.02), 0.5)
        if by_ground is None:
            return seen.depth, spread
        below = float(image.intrinsic[1, 1]) * float(image.ego_from_sensor.translation[2]) / by_ground
        other = self.ground_error / max(below, 1e-6)
        share = spread**2 / (spread**2 + other**2)
        depth = math.exp((1.0 - share) * math.log(seen.depth) + share * math.log(by_ground))
        return depth, min(spread, other)


def seen_in(answer: NDArray[np.float32], least: Sequence[float], scale: float, focal: float) -> list[Seen]:
    """What a network's answer says, the surest first.

    Args:
        answer: (9, h, w): scores of :data:`KINDS`; logarithm of depth; from the cell's middle to left, top, right and
            ground, cells, positive outwards; logarithm of the depth's spread.
        least: score of each kind. scale: of the picture that the network was given, relative to the camera's.
    """
    heat = answer[: len(KINDS)]
    peaks = [(each == cv2.dilate(each, _AROUND)) & (each >= enough) for each, enough in zip(heat, least, strict=True)]
    found = []
    for number, row, column in np.argwhere(peaks).tolist():
        depth, left, top, right, ground, spread = answer[len(KINDS) :, row, column].tolist()
        x, y = column + 0.5, row + 0.5
        box = tuple(STRIDE / scale * edge for edge in (x - left, y - top, x + right, y + ground))
        metres = DEPTH_SCALE * math.exp(min(max(depth, -4.0), 3.0)) * focal * scale / FOCAL
        found.append(
            Seen(KINDS[number], float(heat[number, row, column]), box, metres, math.exp(min(max(spread, -5.0), 1.0)))
        )
    return _apart(sorted(found, key=lambda each: -each.score))


def _apart(found: list[Seen]) -> list[Seen]:
    """Without what a surer finding has said already: of the same sort, as far away, and in the same place."""
    kept: list[Seen] = []
    for each in found:
        if not any(
            (one.kind == "vehicle") == (each.kind == "vehicle")
            and abs(math.log(one.depth / each.depth)) < _SAME_DEPTH
            and _overlap(one.box, each.box) > _SAME_BOX
            for one in kept
        ):
            kept.append(each)
    return kept


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection of two boxes over their union."""
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0.0 or tall <= 0.0:
        return 0.0
    return wide * tall / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * tall)


def rows_of_interest(image: CameraImage) -> tuple[int, int]:
    """First row of a picture that the network is shown, and the one after the last."""
    horizon, scale = row_on_ground(image, math.inf, float(image.intrinsic[0, 2])), float(image.intrinsic[1, 1]) / FOCAL
    return max(round(horizon - ABOVE * scale), 0), min(round(horizon + BELOW * scale), len(image.rgb))


def _lowered(seen: Seen, rows: int) -> Seen:
    """As it is on a picture of which so many rows were left away at the top."""
    left, top, right, ground = seen.box
    return replace(seen, box=(left, top + rows, right, ground + rows))


def row_on_ground(image: CameraImage, depth: float, column: float) -> float:
    """Row at which a camera sees the ground at a depth along its axis, m, in a column, px."""
    turn, height = image.ego_from_sensor.rotation, float(image.ego_from_sensor.translation[2])
    k = image.intrinsic
    level = turn[2, 0] * (column - k[0, 2]) / k[0, 0] + turn[2, 2]
    return float(k[1, 2] - k[1, 1] * (height / depth + level) / turn[2, 1])


def depth_on_ground(image: CameraImage, row: float, column: float) -> float | None:
    """Depth along a camera's axis of the ground at a place on the picture, m; None at and above the horizon."""
    k = image.intrinsic
    ray = np.array([(column - k[0, 2]) / k[0, 0], (row - k[1, 2]) / k[1, 1], 1.0])
    falling = -float(image.ego_from_sensor.rotation[2] @ ray)
    return float(image.ego_from_sensor.translation[2]) / falling if falling > 1e-3 else None


@lru_cache(maxsize=4)
def _session(model: Path) -> Any:
    """The network, ready to run.

    Raises:
        DrivesimError: onnxruntime is not installed, or the file is no network.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise DrivesimError(
            "the camera detector needs onnxruntime", element="rgb_camera",
            remedy="pip install 'drivesim[studies]', or choose --detector camera=oracle_camera, which reads labels",
        ) from error  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise DrivesimError(
            f"this is no network: {error}", file=model, remedy="make it with examples/camera_detector/train.py"
        ) from error
