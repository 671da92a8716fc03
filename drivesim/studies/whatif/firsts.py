"""When each sensor of a rig first measured the target, and what kept it from doing so until then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.reasons import Cause, Subject, cause, measured
from drivesim.sensors.rig import Sensor
from drivesim.studies.whatif.run import Run
from drivesim.transforms import Pose
from drivesim.types import F64, Frame, Weather


@dataclass(frozen=True, slots=True)
class FirstMeasurement:
    """Of one sensor.

    Attributes:
        time: s since start; NaN if it never measured the target.
        cause: what the measurement before lacked it for; None where the first one had it.
        waited: seconds for which each cause held, by the sensor's rate.
    """

    channel: str
    kind: str
    time: float
    cause: Cause | None
    waited: Mapping[Cause, float]


class Firsts:
    """Watches a run: give :meth:`watch` to :meth:`~drivesim.studies.whatif.run.Run.play`.

    A run that senses from where the target can matter (not ``full``) knows nothing of the time before.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._before = run.simulation.world.snapshot()
        box = run.target.box
        self._size: F64 = np.array([box.length, box.width, box.height])
        self._reference_from_box = Pose(np.array(box.center), np.eye(3))
        self._time: dict[str, float] = {}
        self._last: dict[str, Cause] = {}
        self._waited: dict[str, dict[Cause, float]] = {sensor.channel: {} for sensor in run.rig.sensors}

    def watch(self, frame: Frame) -> bool:
        """Note a frame; never ends the run."""
        weather = self._run.simulation.world.weather
        for sensor in self._run.rig.sensors:
            measurement = frame.measurements.get(sensor.channel)
            if measurement is None or sensor.channel in self._time:
                continue
            if measured(measurement, self._run.target.instance, weather):
                self._time[sensor.channel] = measurement.time_ns * 1e-9
            else:
                why = self._cause(sensor, frame, measurement.time_ns, weather)
                self._last[sensor.channel] = why
                waited = self._waited[sensor.channel]
                waited[why] = waited.get(why, 0.0) + 1.0 / sensor.rate_hz
        self._before = frame.state
        return False

    def _cause(self, sensor: Sensor, frame: Frame, time_ns: int, weather: Weather) -> Cause:
        motion = EgoMotion(self._before, frame.state, self._run.car.index)
        target = self._run.target
        subject = Subject(target.instance, frame.state.pose(target.index) @ self._reference_from_box, self._size)
        return cause(sensor, subject, self._run.scene.rays, motion, time_ns, weather)

    def found(self) -> tuple[FirstMeasurement, ...]:
        """What there is to say of every sensor, in the rig's order."""
        return tuple(
            FirstMeasurement(
                sensor.channel, sensor.kind, self._time.get(sensor.channel, math.nan), self._last.get(sensor.channel),
                MappingProxyType(self._waited[sensor.channel]),
            )
            for sensor in self._run.rig.sensors
        )  # fmt: skip
