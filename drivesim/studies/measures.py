"""What an instance is measured by when a space is calibrated: its outcome, or what a sensor gets of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from drivesim.errors import DrivesimError, RigError, did_you_mean
from drivesim.openscenario.scenario import ScenarioFile
from drivesim.sensors.rig import Rig, load_rig
from drivesim.simulation import DEFAULT_DT, Simulation
from drivesim.simulators.embedded import EmbeddedSimulator
from drivesim.studies.dissimilarity import chamfer, ospa, structure
from drivesim.studies.playing import Stage
from drivesim.types import CameraImage, Labels, Measurement, PointCloud, RadarDetections, WorldState
from drivesim.world import World

OUTCOME = "outcome"
SENSORS = {"image": CameraImage, "lidar": PointCloud, "radar": RadarDetections}
MEASURES = (OUTCOME, *SENSORS)
MOMENTS = (1.0, 2.0, 3.0, 4.0)
"""Seconds at which sensors are compared, unless others are given."""
_COMPARE: dict[str, Callable[[Any, Any], float]] = {"image": structure, "lidar": chamfer, "radar": ospa}
_KINDS = {"image": "camera", "lidar": "lidar", "radar": "radar"}


class Measure(Protocol):
    """A way to look at instances, and to say how different two of them are."""

    def look(self, values: Mapping[str, str], seed: int) -> Any:
        """What is compared."""
        ...

    def difference(self, first: Any, second: Any) -> float:
        """0 for equal ones."""
        ...


class OutcomeMeasure:
    """Change of the margin: metres of the smallest gap, metres per second of impact."""

    def __init__(self, scenario: str, settings: Mapping[str, str] | None = None) -> None:
        self._stage = Stage(scenario, settings=settings)

    def look(self, values: Mapping[str, str], seed: int) -> float:
        return self._stage.play(values, seed).margin

    def difference(self, first: float, second: float) -> float:
        return abs(first - second)


class SensorMeasure:
    """Mean dissimilarity of a kind of sensor's measurements at a few moments of the run.

    ``image``: 1 - SSIM; ``lidar``: Chamfer distance, m; ``radar``: OSPA distance of detections, m.

    Args:
        kind: a key of :data:`SENSORS`. at: moments, s.
    """

    def __init__(
        self, scenario: str, kind: str, rig: str | Path, at: Sequence[float], settings: Mapping[str, str] | None = None
    ) -> None:
        self._file = ScenarioFile(scenario)
        self._rig, self._kind, self._at = load_rig(rig), kind, tuple(sorted(at))
        self._settings = dict(settings or {})
        if not any(sensor.kind == _KINDS[kind] for sensor in self._rig.sensors):
            raise RigError(f"this rig has no {_KINDS[kind]}", file=self._rig.path, element="--rig",
                           remedy="choose a rig that has one, or another --measure")  # fmt: skip

    def look(self, values: Mapping[str, str], seed: int) -> list[Any]:
        """What is compared, moment by moment and sensor by sensor."""
        found: list[Any] = []
        ticks = {max(round(moment / DEFAULT_DT) - 1, 0) for moment in self._at}

        def make(world: World, rig: Rig | None, ego: int, run_seed: int) -> EmbeddedSimulator:
            return _Glances(world, rig, ego, run_seed, ticks)

        scenario = self._file.scenario({**values, **self._settings})
        with Simulation(scenario, self._rig, seed=seed, simulator=make) as simulation:
            for frame in simulation:
                for channel in sorted(frame.measurements):
                    measured = frame.measurements[channel]
                    if isinstance(measured, SENSORS[self._kind]):
                        found.append(_essence(measured))
                if frame.index >= max(ticks):
                    break
        return found

    def difference(self, first: list[Any], second: list[Any]) -> float:
        pairs = list(zip(first, second, strict=False))
        return float(np.mean([_COMPARE[self._kind](a, b) for a, b in pairs])) if pairs else 0.0


class _Glances(EmbeddedSimulator):
    """Senses at some ticks only; whatever is due at another time of a sensor's own clock comes at the next of them."""

    def __init__(self, world: World, rig: Rig | None, ego: int, seed: int, ticks: set[int]) -> None:
        super().__init__(world, rig, ego, seed, labels=False)
        self._ticks, self._tick = ticks, -1

    def capture(self, before: WorldState, after: WorldState) -> tuple[Mapping[str, Measurement], Labels | None]:
        self._tick += 1
        # Sensors of 10 Hz measure in every second tick: one more is given the chance.
        if self._tick in self._ticks or self._tick - 1 in self._ticks:
            return super().capture(before, after)
        return {}, None


def _essence(measured: Measurement) -> Any:
    if isinstance(measured, CameraImage):
        return measured.rgb
    if isinstance(measured, PointCloud):
        return measured.points.astype(np.float64)
    assert isinstance(measured, RadarDetections)
    distance = measured.range.astype(np.float64)
    across, up = measured.azimuth.astype(np.float64), measured.elevation.astype(np.float64)
    return np.stack(
        [distance * np.cos(across) * np.cos(up), distance * np.sin(across) * np.cos(up), distance * np.sin(up)], axis=1
    )


def measure_by(
    name: str, scenario: str, *, rig: str | Path, at: Sequence[float], settings: Mapping[str, str] | None = None
) -> Measure:
    """A measure by its name.

    Raises:
        DrivesimError: no such measure, or the rig has no such sensor.
    """
    if name == OUTCOME:
        return OutcomeMeasure(scenario, settings)
    if name in SENSORS:
        return SensorMeasure(scenario, name, rig, at, settings)
    raise DrivesimError(f"no measure '{name}'", element="--measure", remedy=did_you_mean(name, MEASURES))
