"""What a detector says, and what it may look at."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from drivesim.errors import DrivesimError
from drivesim.types import F64, CameraImage, Measurement, PointCloud, RadarDetections

PERSON_HALF_WIDTH = 0.25
"""Of an adult, m: half of the 0.50 m that Euro NCAP's adult target is wide."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """Something seen in one measurement, in the ego frame at its stamp (x ahead from the rear axle, y left).

    Attributes:
        position: (2,) a person's middle, a vehicle's corner nearest to the line ahead, m.
        covariance: (2, 2) of the position, m2.
        half_width: half its extent across the road about ``position``, m; 0 of a corner.
        half_length: half its extent along the road, m.
        person: whether it has the size or look of a person or rider; None where the sensor cannot tell.
        radial_velocity: m/s along the line of sight, own motion removed, positive receding; None where not measured.
        starts: whether it may start a track; others only support one.
        slight: whether it is an echo too weak for most of a vehicle.
    """

    position: F64
    covariance: F64
    half_width: float
    half_length: float
    person: bool | None
    radial_velocity: float | None = None
    starts: bool = True
    slight: bool = False


def reference_point(low: F64, high: F64, person: bool) -> tuple[F64, float, float]:
    """The point of a box that stays on the object as it comes nearer, and half width and half length about it.

    A person's middle. Who comes out from behind something is seen in part, and the middle of that part moves half as
    fast as the person does; so of less than a person's width the edge towards the line straight ahead is taken to be
    the person's, and the middle to lie :data:`PERSON_HALF_WIDTH` behind it. Of a vehicle ever other faces are in view,
    so the middle of what is seen wanders; its nearest corner, towards the line straight ahead, does not.

    Args:
        low, high: (2,) corners of what was seen, ego frame, m.
    """
    if person:
        middle, half = (low + high) / 2, (high - low) / 2
        if half[1] < PERSON_HALF_WIDTH and low[1] * high[1] > 0.0:
            edge = min(low[1], high[1], key=abs)
            middle[1] = edge + math.copysign(PERSON_HALF_WIDTH, edge)
            half[1] = PERSON_HALF_WIDTH
        return middle, float(half[1]), float(half[0])
    return np.array([low[0], min(max(0.0, float(low[1])), float(high[1]))]), 0.0, 0.0


class Detector(Protocol):
    """Finds objects in measurements of one kind.

    Attributes:
        kind: ``camera``, ``lidar`` or ``radar``.
        oracle: whether it is given labels; reports say so.
    """

    kind: ClassVar[str]
    oracle: ClassVar[bool]

    def detect(self, measurement: Measurement) -> Sequence[Detection]: ...


_MEASURED: dict[type, frozenset[str]] = {
    CameraImage: frozenset({"rgb", "intrinsic"}),
    PointCloud: frozenset({"points", "intensity", "ring", "time_offset", "return_number"}),
    RadarDetections: frozenset(
        {
            "range",
            "azimuth",
            "elevation",
            "radial_velocity",
            "radial_velocity_compensated",
            "rcs",
            "snr",
            "dynamic",
            "ambiguity",
            "invalid",
            "false_alarm",
            "deviation",
        }
    ),
}
"""What a real sensor of each kind reports; every other array of a measurement is perfect knowledge."""


def without_labels(measurement: Measurement) -> Measurement:
    """The same measurement with all perfect knowledge (classes, instances, depth, ...) set to zero."""
    measured = _MEASURED[type(measurement)]
    arrays = {
        field.name: getattr(measurement, field.name)
        for field in dataclasses.fields(measurement)
        if field.name not in measured
    }
    blank: dict[str, Any] = {k: np.zeros_like(v) for k, v in arrays.items() if isinstance(v, np.ndarray)}
    return dataclasses.replace(measurement, **blank)


def checked(detector: Detector, measurement: Measurement) -> list[Detection]:
    """A detector's answer, if it makes sense.

    Raises:
        DrivesimError: the detector raised, or gave positions that are not finite.
    """
    name = type(detector).__name__
    seen = measurement if detector.oracle else without_labels(measurement)
    try:
        found = list(detector.detect(seen))
        sane = all(
            np.shape(d.position) == (2,) and np.isfinite(d.position).all() and np.shape(d.covariance) == (2, 2)
            for d in found
        ) and (not found or bool(np.linalg.eigvalsh([d.covariance for d in found]).min() > 0.0))
    except DrivesimError:
        raise
    except Exception as error:
        raise DrivesimError(
            f"detector {name} failed: {type(error).__name__}: {error}", element=measurement.channel,
            remedy="mend the detector; detect(measurement) returns a list of Detection",
        ) from error  # fmt: skip
    if not sane:
        raise DrivesimError(
            f"detector {name} gave positions or covariances that make no sense", element=measurement.channel,
            remedy="give finite positions of two numbers and positive definite covariances",
        )  # fmt: skip
    return found
