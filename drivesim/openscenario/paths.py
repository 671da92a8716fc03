"""Trajectories as curves to move along: polyline, clothoid, clothoid spline, NURBS."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from drivesim.openscenario.model import positions as model
from drivesim.transforms import Pose

if TYPE_CHECKING:
    from drivesim.openscenario.positions import Places

F64 = NDArray[np.float64]

Place = tuple[float, float, float, float, float, float]
"""x, y, z, yaw, pitch, roll."""

_STEP = 0.1
"""Metres between samples of a curve."""
_BACK = -math.cos(math.radians(45.0)) - 1e-6
"""Cosine to the curve's direction below which one faces back along it."""
_NURBS_SAMPLES = 200
"""Samples between two control points."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A sampled curve.

    Attributes:
        places: N places; angles in rad and continuous.
        length: N, m from the start, ascending; in plan, as OpenDRIVE counts s, unless steeper than 45 degrees.
        time: N, s, or None for a curve without times.
        oriented: whether its places say which way to face; otherwise one faces along the curve.
        marks: times of the vertices of a polyline, ascending, s; at them the speed jumps. Empty for smooth curves, and
            without times.
    """

    places: tuple[Place, ...]
    length: tuple[float, ...]
    time: tuple[float, ...] | None
    oriented: bool = False
    marks: tuple[float, ...] = ()

    @staticmethod
    def of(trajectory: model.Trajectory, places: Places, here: Pose | None = None) -> Path:
        """The curve of a trajectory, positions resolved as things stand now.

        Args:
            here: the entity's pose, where a clothoid spline without a ``PositionStart`` begins; default the origin.
        """
        shape = trajectory.shape
        if isinstance(shape, model.Polyline):
            return _polyline(shape, places, closed=trajectory.closed)
        if isinstance(shape, model.Clothoid):
            return _clothoid(shape, places)
        if isinstance(shape, model.ClothoidSpline):
            return _spline(shape, places, here or Pose.from_ypr((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
        return _nurbs(shape, places)

    @property
    def end(self) -> float:
        return float(self.length[-1])

    def place(self, distance: float) -> Place:
        """Where one is after ``distance`` metres; beyond the ends, at the end."""
        i = min(max(bisect_right(self.length, distance) - 1, 0), len(self.length) - 2)
        share = _share(distance, self.length[i], self.length[i + 1])
        (x, y, z, yaw, pitch, roll), there = self.places[i], self.places[i + 1]
        return (
            x + share * (there[0] - x), y + share * (there[1] - y), z + share * (there[2] - z),
            math.remainder(yaw + share * (there[3] - yaw), math.tau), pitch + share * (there[4] - pitch),
            roll + share * (there[5] - roll),
        )  # fmt: skip

    def pose(self, distance: float) -> Pose:
        """The same as a pose."""
        place = self.place(distance)
        return Pose.from_ypr(place[:3], place[3:])

    def distance_at(self, time: float) -> float:
        """Metres from the start at ``time``, for a curve with times."""
        assert self.time is not None
        return _interpolated(time, self.time, self.length)

    def time_at(self, distance: float) -> float:
        """The time of a place along the curve, for a curve with times."""
        assert self.time is not None
        return _interpolated(distance, self.length, self.time)

    def faces_on(self, distance: float) -> bool:
        """Whether the last place before here says to face anywhere but back along the curve (within 45 degrees)."""
        i = min(max(bisect_right(self.length, distance) - 1, 0), len(self.length) - 2)
        here, there = self.places[i], self.places[i + 1]
        return math.cos(here[3] - math.atan2(there[1] - here[1], there[0] - here[0])) > _BACK

    def nearest(self, x: float, y: float) -> float:
        """Metres from the start to the place on the curve nearest to a point."""
        points, length = np.array(self.places)[:, :2], self.length
        start, step = points[:-1], np.diff(points, axis=0)
        square = np.maximum((step**2).sum(axis=1), 1e-12)
        share = np.clip((((x, y) - start) * step).sum(axis=1) / square, 0.0, 1.0)
        foot = start + share[:, None] * step
        best = int(np.argmin(np.hypot(foot[:, 0] - x, foot[:, 1] - y)))
        return float(length[best] + share[best] * (length[best + 1] - length[best]))


def _made(points: F64, angles: F64, time: F64 | None, *, oriented: bool = False, marks: Iterable[float] = ()) -> Path:
    change = np.diff(points, axis=0)
    flat, rise = np.hypot(change[:, 0], change[:, 1]), np.abs(change[:, 2])
    steps = np.where(rise > flat, np.hypot(flat, rise), flat)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    given = () if time is None else tuple(sorted({float(mark) for mark in marks}))
    places = np.column_stack([points, np.unwrap(angles, axis=0)]).tolist()
    times = None if time is None else tuple(time.tolist())
    return Path(
        tuple((x, y, z, h, p, r) for x, y, z, h, p, r in places), tuple(length.tolist()), times, oriented, given
    )


def _share(value: float, low: float, high: float) -> float:
    """Of the way from ``low`` to ``high``, within 0 and 1."""
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 1.0


def _interpolated(at: float, known: Sequence[float], values: Sequence[float]) -> float:
    """Piecewise linear between ascending places, constant beyond."""
    i = min(max(bisect_right(known, at) - 1, 0), len(known) - 2)
    return values[i] + _share(at, known[i], known[i + 1]) * (values[i + 1] - values[i])


def _times(values: Sequence[float | None]) -> F64 | None:
    if any(value is None for value in values):
        return None
    return np.array(values, dtype=np.float64)


def _polyline(shape: model.Polyline, places: Places, *, closed: bool) -> Path:
    """Straight from vertex to vertex; heading is the vertices' own where they say it, else the segment's."""
    vertices = [*shape.vertices, shape.vertices[0]] if closed else list(shape.vertices)
    poses = [places.pose(vertex.position) for vertex in vertices]
    corners = np.array([pose.translation for pose in poses])
    moved = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    times = _times([vertex.time for vertex in shape.vertices]) if not closed else None
    if all(_says_heading(vertex.position) for vertex in vertices):
        return _made(corners, np.array([pose.ypr for pose in poses]), times, oriented=True, marks=_given(times))
    points, angles, when = [], [], []
    for i in range(len(corners) - 1):
        if moved[i] < 1e-9 and i and times is None:
            continue
        along = corners[i + 1] - corners[i]
        flat = math.hypot(along[0], along[1])
        heading = math.atan2(along[1], along[0]) if flat > 1e-9 else float(poses[i].ypr[0])
        pitch = -math.atan2(along[2], flat) if flat > 1e-9 else 0.0
        for end in (i, i + 1):
            points.append(corners[end])
            angles.append((heading, pitch, 0.0))
            when.append(times[end] if times is not None else 0.0)
    timed = np.array(when) if times is not None else None
    return _made(np.array(points), np.array(angles), timed, marks=_given(times))


def _given(times: F64 | None) -> Iterable[float]:
    return () if times is None else times.tolist()


def _says_heading(position: model.Position) -> bool:
    if isinstance(position, model.WorldPosition):
        return position.h is not None
    orientation = getattr(position, "orientation", None)
    return orientation is not None and orientation.h is not None


def _bends(start: Pose, curvature: F64, length: F64) -> tuple[F64, F64]:
    """Points and angles of a curve by its curvature over its length, by the midpoint rule."""
    heading = float(start.ypr[0]) + np.concatenate(
        [[0.0], np.cumsum(0.5 * (curvature[1:] + curvature[:-1]) * np.diff(length))]
    )
    middle = 0.5 * (heading[1:] + heading[:-1])
    step = np.diff(length)
    x = start.translation[0] + np.concatenate([[0.0], np.cumsum(np.cos(middle) * step)])
    y = start.translation[1] + np.concatenate([[0.0], np.cumsum(np.sin(middle) * step)])
    points = np.column_stack([x, y, np.full_like(x, start.translation[2])])
    return points, np.column_stack([heading, np.zeros_like(heading), np.zeros_like(heading)])


def _clothoid(shape: model.Clothoid, places: Places) -> Path:
    start = places.pose(shape.position)
    length = np.linspace(0.0, shape.length, max(2, math.ceil(shape.length / _STEP) + 1))
    change = shape.curvature_prime if shape.curvature_prime is not None else shape.curvature_dot or 0.0
    points, angles = _bends(start, shape.curvature + change * length, length)
    time = None
    if shape.start_time is not None and shape.stop_time is not None:
        time = np.linspace(shape.start_time, shape.stop_time, len(length))
    return _made(points, angles, time)


def _spline(shape: model.ClothoidSpline, places: Places, pose: Pose) -> Path:
    points, angles, marks = [], [], []
    ends = [segment.time_start for segment in shape.segments[1:]] + [shape.time_end]
    for segment, until in zip(shape.segments, ends, strict=True):
        if segment.position_start is not None:
            pose = places.pose(segment.position_start)
        h, p, r = (float(angle) for angle in pose.ypr)
        start = Pose.from_ypr(pose.translation, (h + segment.h_offset, p, r))
        length = np.linspace(0.0, segment.length, max(2, math.ceil(segment.length / _STEP) + 1))
        bend = segment.curvature_start + (segment.curvature_end - segment.curvature_start) * length / segment.length
        at, turned = _bends(start, bend, length)
        if segment.time_start is not None and until is not None:
            marks.append(np.linspace(segment.time_start, until, len(length)))
        points.append(at)
        angles.append(turned)
        pose = Pose.from_ypr(at[-1], turned[-1])
    time = np.concatenate(marks) if len(marks) == len(shape.segments) else None
    return _made(np.concatenate(points), np.concatenate(angles), time)


def _nurbs(shape: model.Nurbs, places: Places) -> Path:
    """Rational B-spline: control points in homogeneous coordinates. Each one's time is due where it weighs most."""
    poses = [places.pose(point.position) for point in shape.control_points]
    times = _times([point.time for point in shape.control_points])
    weight = np.array([point.weight for point in shape.control_points])
    control = np.array([pose.translation for pose in poses]) * weight[:, None]
    knots = np.array([knot.value for knot in shape.knots])
    degree = shape.order - 1
    low, high = knots[degree], knots[len(poses)]
    at = np.linspace(low, high, _NURBS_SAMPLES * len(poses) + 1)
    share = BSpline(knots, np.eye(len(poses)), degree)(at)
    curve = (share @ control) / (share @ weight)[:, None]
    along = np.gradient(curve, axis=0)
    heading = np.unwrap(np.arctan2(along[:, 1], along[:, 0]))
    pitch = -np.arctan2(along[:, 2], np.hypot(along[:, 0], along[:, 1]))
    angles = np.column_stack([heading, pitch, np.zeros_like(heading)])
    due = None if times is None else np.interp(at, at[np.argmax(share, axis=0)], times)
    return _made(curve, angles, due)
