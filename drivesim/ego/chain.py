"""From frames to a deceleration, every delay on the way counted."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from drivesim.ego.brake import Brake
from drivesim.ego.detections import Detection, Detector, checked
from drivesim.ego.emergency import Geometry, Threat, assess
from drivesim.ego.parameters import EgoParameters
from drivesim.ego.tracking import Tracker
from drivesim.transforms import Pose
from drivesim.types import CameraImage, Measurement, PointCloud

SHARE = 0.4
"""Of the last measurements of sensors that have ever seen a track, radars left out, so many at least must have seen it:
less than the three of five that one sensor alone must have, for the reach of two differs, and more than the three of
eight of a track that a camera still finds detections for and a lidar no more. A radar's silence says nothing: it hears
what moves along its line of sight."""
STANDING = 0.1
"""Brakes are held below this, m/s."""
Answers = dict[tuple[int, Detector], tuple[Measurement, list[Detection]]]
"""What detectors said, by the measurement's identity and the detector; measurements are kept, so that nothing else gets
their identity."""
EventKind = Literal["detection", "confirmation", "warning", "brake"]
Measure = Callable[[], Mapping[str, Measurement]]
"""What the sensors deliver at an instant, by channel, made when it is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnState:
    """What the car knows of itself: seconds since start, odometry pose, speed m/s and yaw rate rad/s."""

    time: float
    world_from_ego: Pose
    speed: float
    yaw_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """Something the chain did.

    Attributes:
        time: when it was known, s. stamp: of the measurement it rests on, s.
        position: (x, y) of the object in the odometry frame at ``stamp`` (detections) or ``time``.
        distance, time_to_collision: of warnings and brakes, m and s.
    """

    kind: EventKind
    time: float
    stamp: float
    position: tuple[float, float]
    sensor: str = ""
    distance: float = float("nan")
    time_to_collision: float = float("nan")


class EgoChain:
    """Detectors, tracker, decision and brake of one car.

    Args:
        detectors: by kind of sensor (``camera``, ``lidar``, ``radar``); measurements of other kinds are not used.
        car: its own geometry.
        answers: by kind of sensor, of equal detectors to measurements that other cars were given too; this one adds to
            them. Only for detectors that say the same of the same measurement.

    Attributes:
        events: everything it saw and did, in order.
    """

    def __init__(
        self, detectors: Mapping[str, Detector], car: Geometry, parameters: EgoParameters, *,
        answers: Mapping[str, Answers] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self._detectors = dict(detectors)
        self._answers = answers
        self._car = car
        self._parameters = parameters
        self._tracker = Tracker(parameters)
        self._brake = Brake(parameters.dead_time, parameters.jerk)
        self._radars: set[str] = set()
        self._pending: list[tuple[float, int, Measurement, list[Detection]]] = []
        self._received = 0
        self._stamp = 0.0
        self._warned = False
        self._braking = False
        self._last_threat = -np.inf
        self._unread: deque[Measure | OwnState] = deque()
        """What was promised, and where the car was meanwhile, in order, while neither changes what it does."""
        self.events: list[ChainEvent] = []

    def receive(self, measurements: Mapping[str, Measurement]) -> None:
        """Take in what the sensors delivered; it counts after each sensor's latency."""
        if self._unread:
            self._unread.append(lambda: measurements)
        else:
            self._take_in(measurements)

    def promise(self, measure: Measure) -> None:
        """Take in what the sensors will deliver if they are asked: not while the car brakes whatever they say.

        Events of what is never asked for are not noted. While the brakes are held none can be a brake, nor, once the
        driver is warned, a warning.
        """
        self._unread.append(measure)

    def _take_in(self, measurements: Mapping[str, Measurement]) -> None:
        for measurement in measurements.values():
            detector = self._detectors.get(kind_of(measurement))
            if detector is None:
                continue
            ready = measurement.time_ns * 1e-9 + self._parameters.latency(detector.kind)
            heapq.heappush(self._pending, (ready, self._received, measurement, self._found(detector, measurement)))
            self._received += 1

    def _found(self, detector: Detector, measurement: Measurement) -> list[Detection]:
        """What a detector says, asked once where answers are shared."""
        answers = self._answers.get(detector.kind)
        if answers is None:
            return checked(detector, measurement)
        key = id(measurement), detector
        if key not in answers:
            answers[key] = measurement, checked(detector, measurement)
        return answers[key][1]

    def decide(self, own: OwnState, dt: float) -> float:
        """Deceleration for the coming tick of ``dt`` seconds, m/s2, 0 when there is no emergency."""
        while self._unread and not self._held(own):
            item = self._unread.popleft()
            if isinstance(item, OwnState):
                self._judge(item)
            else:
                self._take_in(item())
        if self._unread:
            self._unread.append(own)
        else:
            self._judge(own)
        return self._brake.step(self._parameters.deceleration if self._braking else 0.0, dt)

    def _judge(self, own: OwnState) -> None:
        """Brake, hold the brakes or let go, by what is known when the car is there."""
        while self._pending and self._pending[0][0] <= own.time + 1e-9:
            ready, _, measurement, detections = heapq.heappop(self._pending)
            self._fuse(ready, measurement, detections)
        threats = self._threats(own)
        if threats:
            self._react(own, threats)
        if self._braking and not self._held(own):
            self._braking = self._warned = False

    def _held(self, own: OwnState) -> bool:
        """Whether the car brakes on whatever is seen until it is there: it stands, or the last threat is recent."""
        recent = own.time - self._last_threat <= self._parameters.release
        return self._braking and (recent or own.speed <= STANDING)

    @property
    def braking(self) -> bool:
        """Whether deceleration is asked for."""
        return self._braking

    @property
    def warned(self) -> bool:
        """Whether the driver has been warned since the brakes were last let go."""
        return self._warned

    def _fuse(self, ready: float, measurement: Measurement, detections: Sequence[Detection]) -> None:
        self._stamp = stamp = measurement.time_ns * 1e-9
        if kind_of(measurement) == "radar":
            self._radars.add(measurement.channel)
        pose = measurement.world_from_ego
        for d in detections:
            x, y, _ = pose.apply([*d.position, 0.0])
            self.events.append(ChainEvent("detection", ready, stamp, (float(x), float(y)), measurement.channel))
        for track in self._tracker.update(stamp, pose, detections, measurement.channel):
            place = (float(track.state[0]), float(track.state[1]))
            self.events.append(ChainEvent("confirmation", ready, stamp, place, measurement.channel))

    def _threats(self, own: OwnState) -> list[Threat]:
        """Confirmed ones, that with the least time left first; not trusted are tracks that mostly coast unseen, or that
        one sensor sees now and then where another, which has seen them, sees nothing any more."""
        threats = [
            threat
            for track in self._tracker.tracks
            if track.confirmed
            and track.support >= self._parameters.confirm_hits
            and track.support >= SHARE * track.looks(self._radars)
            and (threat := assess(track, own.time, own.world_from_ego, own.speed, own.yaw_rate, self._car,
                                  self._parameters)) is not None
        ]  # fmt: skip
        return sorted(threats, key=lambda threat: threat.slack)

    def _react(self, own: OwnState, threats: Sequence[Threat]) -> None:
        if threats[0].slack <= self._parameters.warning_margin and not self._warned:
            self._warned = True
            self._note("warning", own, threats[0])
        p = self._parameters
        due = (t for t in threats if t.slack <= (p.beside_margin if t.beside else p.brake_margin))
        worst = next(due, None)
        if self._braking:
            self._last_threat = own.time
        elif worst is not None:
            self._last_threat = own.time
            self._braking = True
            self._note("brake", own, worst)

    def _note(self, kind: EventKind, own: OwnState, threat: Threat) -> None:
        x, y = (float(value) for value in threat.track.at(own.time)[:2])
        channels = "+".join(threat.track.sensors)
        self.events.append(
            ChainEvent(kind, own.time, self._stamp, (x, y), channels, threat.distance, threat.time_to_collision)
        )


def kind_of(measurement: Measurement) -> str:
    """``camera``, ``lidar`` or ``radar``."""
    if isinstance(measurement, CameraImage):
        return "camera"
    return "lidar" if isinstance(measurement, PointCloud) else "radar"
