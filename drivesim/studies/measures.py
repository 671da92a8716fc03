"""What an instance is measured by when a space is calibrated: its outcome, or what a sensor gets of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from drivesim.errors import DrivesimError, RigError, did_you_mean
from drivesim.openscenario.scenario import ScenarioFile
from drivesim.scene import Scene
from drivesim.scene.city.seasons import foliage_on
from drivesim.sensors.rig import Rig, load_rig
from drivesim.simulation import Simulation
from drivesim.simulators.embedded import EmbeddedSimulator
from drivesim.studies.dissimilarity import chamfer, ospa, structure
from drivesim.studies.playing import SEEN, Stage
from drivesim.studies.space import Space
from drivesim.studies.target import target_of
from drivesim.studies.whatif.stage import Stage as Street
from drivesim.studies.whatif.stage import Zones, zones_of
from drivesim.types import CameraImage, Labels, Measurement, PointCloud, RadarDetections, WorldState
from drivesim.world import World

OUTCOME = "outcome"
MEASURES = (OUTCOME, "image", "lidar", "radar")
MOMENTS = (1.0, 2.0, 3.0, 4.0)
"""Seconds at which sensors are compared where nothing says when there is something to see."""
_TRIED = 16
"""Instances that say when the target is in sight."""
_SPREAD = 48
"""Instances that say, with the ends of each parameter, where actors may be."""
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
        self._told = scenario, tuple((settings or {}).items())

    def look(self, values: Mapping[str, str], seed: int) -> float:
        return _stage(*self._told).play(values, seed).margin

    def difference(self, first: float, second: float) -> float:
        return abs(first - second)


@cache
def _stage(scenario: str, settings: tuple[tuple[str, str], ...]) -> Stage:
    return Stage(scenario, settings=dict(settings))


@cache
def _file(scenario: str) -> ScenarioFile:
    return ScenarioFile(scenario)


class SensorMeasure:
    """Mean dissimilarity of a kind of sensor's measurements at a few moments of the run.

    ``image``: 1 - SSIM; ``lidar``: Chamfer distance, m; ``radar``: OSPA distance of detections, m.

    Args:
        kind: one of these. at: moments, s.
        space: whose instances will be looked at: all stand in one street then, which is built once in each process,
            unless the space varies it. Without it every instance has the street of its seed.
    """

    def __init__(
        self,
        scenario: str,
        kind: str,
        rig: str | Path,
        at: Sequence[float],
        settings: Mapping[str, str] | None = None,
        space: Space | None = None,
    ) -> None:
        whole = load_rig(rig)
        sensors = tuple(sensor for sensor in whole.sensors if sensor.kind == _KINDS[kind])
        if not sensors:
            raise RigError(f"this rig has no {_KINDS[kind]}", file=whole.path, element="--rig",
                           remedy="choose a rig that has one, or another --measure")  # fmt: skip
        self._scenario = scenario
        self._rig, self._kind, self._at = replace(whole, sensors=sensors), kind, tuple(sorted(at))
        self._settings = dict(settings or {})
        self._zones = None if space is None else _zones(scenario, space, self._settings)

    def look(self, values: Mapping[str, str], seed: int) -> dict[tuple[float, str], Any]:
        """What is compared, by moment and channel: the first measurement from the moment on.

        Raises:
            DrivesimError: the run ends before there is any.
        """
        found: dict[tuple[float, str], Any] = {}
        period = max(1.0 / sensor.rate_hz for sensor in self._rig.sensors)
        lead = period if self._kind == "lidar" else 0.0
        channels = [sensor.channel for sensor in self._rig.sensors]

        def wanted(start: float, end: float) -> bool:
            """Whether a tick is near a moment from which something is missing."""
            half = 0.5 * (end - start)
            near = (m for m in self._at if m - lead - half < end < m + period + half)
            return any((moment, channel) not in found for moment in near for channel in channels)

        def make(world: World, rig: Rig | None, ego: int, run_seed: int) -> EmbeddedSimulator:
            return _Glances(world, rig, ego, run_seed, wanted, _set(self._zones, world, ego, run_seed))

        one = {} if self._zones is None else {"seed.city": "0"}
        scenario = _file(self._scenario).scenario({**one, **values, **self._settings})
        with Simulation(scenario, self._rig, seed=seed, simulator=make) as simulation:
            for frame in simulation:
                for channel, measured in frame.measurements.items():
                    time = measured.time_ns * 1e-9 + 1e-9
                    for moment in self._at:
                        if moment <= time <= moment + period:
                            found.setdefault((moment, channel), _essence(measured))
                if frame.time_ns * 1e-9 > self._at[-1] + period:
                    break
        if not found:
            raise DrivesimError(f"no {_KINDS[self._kind]} measures anything from {self._at[0]:g} s on", element="--at",
                                remedy="give earlier moments")  # fmt: skip
        return found

    def difference(self, first: dict[tuple[float, str], Any], second: dict[tuple[float, str], Any]) -> float:
        both = [key for key in first if key in second]
        return float(np.mean([_COMPARE[self._kind](first[key], second[key]) for key in both])) if both else 0.0


def _zones(scenario: str, space: Space, settings: Mapping[str, str]) -> Zones:
    """Ground that a street keeps clear for instances all over a space: some anywhere, and the ends of each axis."""
    axes = len(space.parameters)
    middle = np.full((2 * axes, axes), 0.5)
    middle[np.arange(2 * axes), np.arange(2 * axes) // 2] = np.arange(2 * axes) % 2
    points = np.concatenate([middle, np.random.default_rng(0).random((_SPREAD, axes))])
    runs = [run for run in space.values(points) if space.allows(run)]
    return zones_of(scenario, ({**run, **settings} for run in runs))


_last: dict[Any, Street] = {}
"""The one instance of this process whose scene stands, by all that decides it."""


def _set(zones: Zones | None, world: World, ego: int, seed: int) -> Scene:
    """An instance's scene: that of the last one where only what moves differs, as along most parameters."""
    assert world.network is not None
    look = (world.district, tuple(sorted(world.seeds.items())), foliage_on(world.weather.day_of_year))
    place = (zones,) if zones is not None else (None, world.snapshot().position.tobytes())
    key = (place, world.network.path, repr(world.actors), ego, seed, look)
    if key not in _last:
        for street in _last.values():
            street.close()
        _last.clear()
        _last[key] = Street(zones)
    return _last[key].scene(world, ego, seed)


def moments_of(scenario: str, space: Space, settings: Mapping[str, str]) -> tuple[float, ...]:
    """As many moments as :data:`MOMENTS`, even over the time in which the ego sees the target in most instances, s."""
    points = np.random.default_rng(0).random((_TRIED, len(space.parameters)))
    begins, ends = [], []
    for number, run in enumerate(run for run in space.values(points) if space.allows(run)):
        with Simulation(_file(scenario).scenario({**run, **settings}), seed=number) as simulation:
            seen = list(_in_sight(simulation))
        if seen:
            begins.append(seen[0])
            ends.append(seen[-1])
    if not begins:
        return MOMENTS
    return tuple(np.round(np.linspace(np.median(begins), np.median(ends), len(MOMENTS)), 2).tolist())


def _in_sight(simulation: Simulation) -> Iterator[float]:
    """Times at which the ego sees its target before it touches or passes it, s."""
    ego = simulation.ego
    target = target_of(simulation.actors, ego)
    for frame in simulation:
        state = frame.state
        names = {ego.name, target.name}
        there = state.pose(ego.index).inverse().apply(state.position[0, target.index])
        if any({hit.first, hit.second} == names for hit in frame.collisions) or there[0] < 0.0:
            return
        if simulation.world.visible_share(ego.index, target.index) >= SEEN:
            yield float(state.time[0])


class _Glances(EmbeddedSimulator):
    """Senses only in ticks (start, end), s, that are wanted."""

    def __init__(
        self, world: World, rig: Rig | None, ego: int, seed: int, wanted: Callable[[float, float], bool], scene: Scene
    ) -> None:  # fmt: skip
        super().__init__(world, rig, ego, seed, labels=False, scene=scene)
        self._wanted = wanted

    def capture(self, before: WorldState, after: WorldState) -> tuple[Mapping[str, Measurement], Labels | None]:
        if self._wanted(float(before.time[0]), float(after.time[0])):
            return super().capture(before, after)
        return {}, None


def _essence(measured: Measurement) -> Any:
    if isinstance(measured, CameraImage):
        return measured.rgb
    if isinstance(measured, PointCloud):
        return measured.points.astype(np.float64)
    assert isinstance(measured, RadarDetections)
    distance, across, up = (
        values[measured.valid].astype(np.float64) for values in (measured.range, measured.azimuth, measured.elevation)
    )
    return np.stack(
        [distance * np.cos(across) * np.cos(up), distance * np.sin(across) * np.cos(up), distance * np.sin(up)], axis=1
    )


def measure_by(
    name: str, scenario: str, *, rig: str | Path, at: Sequence[float], settings: Mapping[str, str] | None = None,
    space: Space | None = None,
) -> Measure:  # fmt: skip
    """A measure by its name; ``space`` as for :class:`SensorMeasure`.

    Raises:
        DrivesimError: no such measure, or the rig has no such sensor.
    """
    if name == OUTCOME:
        return OutcomeMeasure(scenario, settings)
    if name in _KINDS:
        return SensorMeasure(scenario, name, rig, at, settings, space)
    raise DrivesimError(f"no measure '{name}'", element="--measure", remedy=did_you_mean(name, MEASURES))
