"""Detections of all sensors become tracks: a Kalman filter each, M of N to count."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from drivesim.ego.detections import Detection
from drivesim.ego.parameters import EgoParameters
from drivesim.transforms import Pose
from drivesim.types import F64

GATE = 9.21
"""Squared Mahalanobis distance of two dimensions beyond which a detection belongs elsewhere (99 %)."""
START_SPEED, PERSON_START_SPEED = 3.0, 2.0
"""Standard deviation of a new track's speed, and of a person's, m/s, each way: a child runs at 2 to 2.5 m/s (Euro
NCAP's at 1.4 and 2.2), a cyclist crosses at 4.2."""
DOPPLER_SIGMA = 0.25
"""Of a radial speed as a measurement of a whole object's (limbs differ from the body), m/s."""
OTHER_POINT = 0.5
"""By how much two sensors may mean another point of the same object, m; the first time a sensor joins a track such a
difference is not motion. Chosen on recorded child crossings: with 0, 0.3 and 1.0 m more tracks of parked cars move."""
SMOOTHING = 0.3
"""Share of a new detection in a track's extents."""
_IDENTITY = np.eye(4)


@dataclass(slots=True, eq=False)
class Track:
    """One object in the odometry frame.

    Attributes:
        time: of the state, s. state: x, y, vx, vy; covariance: (4, 4).
        hits: by sensor that has ever seen it, which of its last measurements did. seen: stamp of the last detection, s.
        sharpness: inverse variance of the best position so far, 1/m2.
        slight: whether it was first heard as an echo too weak for a vehicle.
    """

    number: int
    time: float
    state: F64
    covariance: F64
    half_width: float
    half_length: float
    hits: dict[str, deque[bool]]
    seen: float
    sharpness: float
    person: bool | None
    confirmed: bool = False
    slight: bool = False

    @property
    def support(self) -> int:
        """Detections among the last measurements of every sensor, all sensors together."""
        return sum(sum(window) for window in self.hits.values())

    def looks(self, without: Set[str]) -> int:
        """How many those measurements are, of every sensor that has ever seen it and is not one of ``without``."""
        return sum(len(window) for sensor, window in self.hits.items() if sensor not in without)

    @property
    def sensors(self) -> list[str]:
        """Channels that have seen it, by name."""
        return sorted(self.hits)

    def note(self, sensor: str, seen: bool, window: int) -> None:
        """Remember whether a measurement saw it; silence of a sensor that never did says nothing."""
        if seen or sensor in self.hits:
            self.hits.setdefault(sensor, deque(maxlen=window)).append(seen)

    def at(self, time: float) -> F64:
        """(4,) state at another time, s, moving on as it does."""
        moved = self.state.copy()
        moved[:2] += (time - self.time) * self.state[2:]
        return moved


class Tracker:
    """Fuses detections of all sensors as they arrive; late ones correct through the model of motion."""

    def __init__(self, parameters: EgoParameters) -> None:
        self._parameters = parameters
        self._made = 0
        self.tracks: list[Track] = []

    def update(self, time: float, world_from_ego: Pose, detections: Sequence[Detection], sensor: str) -> list[Track]:
        """Take in one measurement of time ``time``; the tracks it confirmed.

        Args:
            world_from_ego: where the car believed to be at ``time``; any fixed frame will do.
        """
        rotation = world_from_ego.rotation[:2, :2]
        places = [world_from_ego.apply([*d.position, 0.0])[:2] for d in detections]
        spreads = [rotation @ d.covariance @ rotation.T for d in detections]
        steps: dict[float, tuple[F64, F64]] = {}  # nearly all tracks are as old as each other
        for track in self.tracks:
            self._predict(track, time, steps)
        pairs = self._assign(time, places, spreads, detections)
        newly = []
        for index, track in enumerate(self.tracks):
            which = pairs.get(index)
            if which is not None and sensor not in track.hits:
                track.covariance[:2, :2] += np.eye(2) * OTHER_POINT**2
            track.note(sensor, which is not None, self._parameters.confirm_window)
            if which is None:
                continue
            self._correct(track, time, places[which], spreads[which], detections[which], world_from_ego)
            if not track.confirmed and track.support >= self._parameters.confirm_hits:
                track.confirmed = True
                newly.append(track)
        taken = set(pairs.values())
        for which, detection in enumerate(detections):
            if which not in taken and detection.starts:
                track = self._start(time, places[which], spreads[which], detection)
                track.note(sensor, True, self._parameters.confirm_window)
                if self._parameters.confirm_hits <= 1:
                    track.confirmed = True
                    newly.append(track)
        self.tracks = [t for t in self.tracks if time - t.seen <= self._parameters.forget]
        return newly

    def _predict(self, track: Track, time: float, steps: dict[float, tuple[F64, F64]]) -> None:
        """Carry a track forward; a measurement that is older than the track leaves it where it is.

        Args:
            steps: matrices of steps that others have made, by their length; this one's is added.
        """
        dt = time - track.time
        if dt <= 0.0:
            return
        if dt not in steps:
            move = _IDENTITY.copy()
            move[0, 2] = move[1, 3] = dt
            steps[dt] = move, self._unrest(dt)
        move, unrest = steps[dt]
        track.state = move @ track.state
        track.covariance = move @ track.covariance @ move.T + unrest
        track.time = time

    def _unrest(self, dt: float) -> F64:
        """(4, 4) covariance that an object's own acceleration adds in ``dt`` seconds."""
        variance = self._parameters.manoeuvre**2
        place, both, speed = dt**4 / 4 * variance, dt**3 / 2 * variance, dt**2 * variance
        added = np.zeros((4, 4))
        added[0, 0] = added[1, 1] = place
        added[0, 2] = added[2, 0] = added[1, 3] = added[3, 1] = both
        added[2, 2] = added[3, 3] = speed
        return added

    @staticmethod
    def _observe(track: Track, time: float) -> F64:
        """(2, 4) measurement matrix of the position at ``time``, which may lie before the track's own time."""
        observe = _IDENTITY[:2].copy()
        observe[0, 2] = observe[1, 3] = time - track.time
        return observe

    def _expected(self, time: float) -> tuple[F64, F64]:
        """Positions (T, 2) of all tracks at ``time``, and their covariances (T, 2, 2)."""
        places, spreads = np.empty((len(self.tracks), 2)), np.empty((len(self.tracks), 2, 2))
        for row, track in enumerate(self.tracks):
            if track.time == time:  # as nearly always
                places[row], spreads[row] = track.state[:2], track.covariance[:2, :2]
            else:
                observe = self._observe(track, time)
                places[row], spreads[row] = observe @ track.state, observe @ track.covariance @ observe.T
        return places, spreads

    def _assign(
        self, time: float, places: Sequence[F64], spreads: Sequence[F64], detections: Sequence[Detection]
    ) -> dict[int, int]:
        """Detections by track index: the cheapest matching within the gate."""
        if not self.tracks or not places:
            return {}
        cost = np.full((len(self.tracks), len(places)), 1e6)
        expected, spread = self._expected(time)
        miss = np.array(places) - expected[:, None]
        near = (np.abs(miss) <= 8.0).all(axis=2)
        near &= np.array([[_may_be(track, detection) for detection in detections] for track in self.tracks])
        pairs = np.argwhere(near)
        if len(pairs):
            which, place = pairs.T
            total, off = spread[which] + np.array(spreads)[place], miss[which, place]
            pulled = np.linalg.solve(total, off[:, :, None])[:, :, 0]
            for (i, j), one, other in zip(pairs.tolist(), off, pulled, strict=True):
                distance = float(one @ other)
                if distance < GATE:
                    cost[i, j] = distance
        rows, columns = linear_sum_assignment(cost)
        return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if cost[i, j] < 1e6}

    def _correct(
        self, track: Track, time: float, place: F64, spread: F64, detection: Detection, world_from_ego: Pose
    ) -> None:
        observe, value, noise = self._observe(track, time), place, spread
        if detection.radial_velocity is not None:
            sight = place - world_from_ego.translation[:2]
            sight = sight / max(float(np.linalg.norm(sight)), 1e-6)
            observe = np.vstack([observe, [0.0, 0.0, *sight]])
            value = np.append(place, detection.radial_velocity)
            noise = np.zeros((3, 3))
            noise[:2, :2], noise[2, 2] = spread, DOPPLER_SIGMA**2
        gain = np.linalg.solve(observe @ track.covariance @ observe.T + noise, observe @ track.covariance).T
        track.state = track.state + gain @ (value - observe @ track.state)
        left = _IDENTITY - gain @ observe
        track.covariance = left @ track.covariance @ left.T + gain @ noise @ gain.T
        track.seen = max(track.seen, time)
        # Extents belong to the position they were seen with, so the sharpest sensor decides.
        sharpness = 1.0 / float(np.trace(spread))
        trust = 1.0 if sharpness > 4.0 * track.sharpness else SMOOTHING * min(1.0, sharpness / track.sharpness)
        track.sharpness = max(track.sharpness, sharpness)
        track.half_width += trust * (detection.half_width - track.half_width)
        track.half_length += trust * (detection.half_length - track.half_length)
        if track.person is None:
            track.person = detection.person

    def _start(self, time: float, place: F64, spread: F64, detection: Detection) -> Track:
        self._made += 1
        covariance = np.zeros((4, 4))
        covariance[:2, :2] = spread
        covariance[2:, 2:] = np.eye(2) * (PERSON_START_SPEED if detection.person else START_SPEED) ** 2
        track = Track(
            number=self._made, time=time, state=np.array([*place, 0.0, 0.0]), covariance=covariance,
            half_width=detection.half_width, half_length=detection.half_length,
            hits={}, seen=time,
            sharpness=1.0 / float(np.trace(spread)), person=detection.person,
            slight=detection.slight,
        )  # fmt: skip
        self.tracks.append(track)
        return track


def _may_be(track: Track, detection: Detection) -> bool:
    """Whether a detection can be of a track, by what the two are.

    What is a person for one measurement and not for the other is followed at another point of it, so the two are not
    the same track: the jump from one point to the other would look like motion. Nor is a slight echo a vehicle's:
    radars hear of a street what moves, and a child beside a parked car would otherwise be taken for it.
    """
    if None not in (track.person, detection.person):
        return track.person == detection.person
    return not ((track.slight and detection.person is False) or (detection.slight and track.person is False))
