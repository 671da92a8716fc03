"""The one simulation loop: decide, advance, capture, hand on.

Everything that runs a scenario (the recorder, the player without sensors, studies, environments) consumes
:class:`Simulation`; nothing else steps a world.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from drivesim import __version__
from drivesim.behaviors import TreeController, make_controller
from drivesim.errors import ScenarioError, SimulatorError
from drivesim.opendrive import RoadNetwork, empty_network, read_network
from drivesim.openscenario import Scenario, ScenarioPlayer, load_scenario
from drivesim.openscenario.controller import Controller, ControllerModel
from drivesim.simulators.embedded import EmbeddedSimulator
from drivesim.types import Actor, Decision, Frame, StoryboardEvent, WorldState
from drivesim.world import World

if TYPE_CHECKING:
    from drivesim.recording import ChannelInfo, RunManifest, Summary
    from drivesim.sensors.rig import Rig, Sensor
    from drivesim.simulators import Simulator

SimulatorMaker: TypeAlias = "Callable[[World, Rig | None, int, int], Simulator]"
"""Makes a simulator from (world, rig, ego index, seed)."""

DEFAULT_DT = 0.05
"""The scenario's tick, seconds."""

EGO_NAMES = ("ego", "hero", "ego_vehicle")
"""Entity names, in any case, that mark the vehicle under test (OpenSCENARIO and CARLA conventions)."""


def ego_of(actors: tuple[Actor, ...]) -> Actor:
    """The vehicle under test: by name, else the first vehicle.

    Raises:
        ScenarioError: the scenario has no vehicle.
    """
    vehicles = [actor for actor in actors if actor.kind == "vehicle"]
    for actor in vehicles:
        if actor.name.lower() in EGO_NAMES:
            return actor
    if not vehicles:
        raise ScenarioError("the scenario has no vehicle to carry sensors", remedy="add a vehicle entity named 'Ego'")
    return vehicles[0]


class Simulation:
    """One run of one scenario; iterate over it for frames.

    Args:
        scenario: read by :func:`drivesim.openscenario.load_scenario`.
        rig: sensors on the ego; None plays the scenario without sensing.
        seed: the scenario seed; every random stream derives from it by name.
        dt: tick, seconds.
        duration: stop after this many seconds even if the storyboard goes on.
        simulator: makes the simulator from (world, rig, ego index, seed).

    Attributes:
        closing_events: transitions with which the storyboard ended, after the last frame.
    """

    def __init__(
        self,
        scenario: Scenario,
        rig: Rig | None = None,
        *,
        seed: int = 0,
        dt: float = DEFAULT_DT,
        duration: float | None = None,
        simulator: SimulatorMaker = EmbeddedSimulator,
    ) -> None:
        if not dt > 0:
            raise ScenarioError(f"the tick must be positive, not {dt} s", element="--dt", remedy="try 0.05")
        if duration is not None and not duration > 0:
            raise ScenarioError(
                f"the duration must be positive, not {duration} s", element="--duration", remedy="try 8"
            )
        self.scenario = scenario
        self.rig = rig = _mounted(rig, scenario)
        self.seed = seed
        self.dt = dt
        self.duration = duration
        self.network = read_network(scenario.road_file) if scenario.road_file else empty_network()
        self.actors = scenario.actors()
        if rig is not None:
            _check_places(rig, self.ego)
        behavior = scenario.beside.seeds.get("behavior", seed)
        self.world = World(self.network, self.actors, scenario.weather(self.network.place()), behavior)
        self.world.district = str(scenario.parameters["district"]) if "district" in scenario.parameters else None
        self.world.seeds = scenario.beside.seeds
        self.world.choices = scenario.beside.choices_among([actor.name for actor in self.actors])
        self._minds: list[tuple[str, Sequence[tuple[float, str, str]]]] = []
        self._told: list[int] = []
        self.player = ScenarioPlayer(scenario, self.world, self._make_controller)
        self.simulator = simulator(self.world, rig, self.ego.index if rig is not None else -1, seed)
        self.closing_events: tuple[StoryboardEvent, ...] = ()

    @property
    def ego(self) -> Actor:
        """The vehicle under test, which carries the rig.

        Raises:
            ScenarioError: the scenario has no vehicle; it can be played without sensors all the same.
        """
        return ego_of(self.actors)

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order, one per tick, until the storyboard ends or the duration is over."""
        before = self.world.snapshot()
        index = 0
        while not self.player.finished and not self._time_is_over(index):
            seen = len(self.world.collisions)
            events = self.player.step(self.dt)
            if self.player.finished:  # the stop trigger fired as this tick began: it has not been played
                self.closing_events = tuple(events)
                return
            after = self.world.snapshot()
            measurements, labels = self.simulator.capture(before, after)
            yield Frame(
                index=index,
                time_ns=round((index + 1) * self.dt * 1e9),
                state=after,
                measurements=measurements,
                labels=labels,
                events=tuple(events),
                collisions=tuple(self.world.collisions[seen:]),
                decisions=self._decisions(),
                signals=dict(self.world.signals),
            )
            before = after
            index += 1

    def _make_controller(self, model: ControllerModel, actor: Actor, world: World) -> Controller:
        made = make_controller(model, actor, world)
        if isinstance(made, TreeController):
            self._minds.append((actor.name, made.trace))
            self._told.append(0)
        return made

    def _decisions(self) -> tuple[Decision, ...]:
        """What people's trees have decided since this was asked last."""
        found = []
        for k, (name, trace) in enumerate(self._minds):
            found += [Decision(time, name, node, status) for time, node, status in trace[self._told[k] :]]
            self._told[k] = len(trace)
        return tuple(found)

    def _time_is_over(self, ticks: int) -> bool:
        return self.duration is not None and ticks * self.dt >= self.duration - 1e-9

    def close(self) -> None:
        """Release the scene; legal twice."""
        self.simulator.close()

    def __enter__(self) -> Simulation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def simulate(
    scenario: Scenario | str | Path,
    rig: Rig | str | Path | None = "default",
    *,
    parameters: Mapping[str, str] | None = None,
    seed: int = 0,
    dt: float = DEFAULT_DT,
    duration: float | None = None,
    simulator: str | SimulatorMaker = "embedded",
) -> Iterator[Frame]:
    """Play a scenario with a rig and yield a :class:`~drivesim.types.Frame` per tick.

    Args:
        scenario: a name (``child_crossing``), a path, or a loaded scenario.
        rig: a name, a path, a loaded rig, or None to sense nothing.
        parameters: scenario parameters to override, by name.
        seed, dt, duration: as in :class:`Simulation`.
        simulator: as for :func:`as_simulator`.

    Raises:
        DrivesimError: bad input, with file, line and remedy.
    """
    loaded, equipment, make = as_scenario(scenario, parameters), as_rig(rig), as_simulator(simulator)
    with Simulation(loaded, equipment, seed=seed, dt=dt, duration=duration, simulator=make) as simulation:
        yield from simulation


def as_scenario(scenario: Scenario | str | Path, parameters: Mapping[str, str] | None = None) -> Scenario:
    """A loaded scenario, from a name, a path, or itself."""
    if isinstance(scenario, (str, Path)):
        return load_scenario(scenario, parameters)
    if parameters:
        raise ScenarioError("parameters can only be set while a scenario is read", remedy="pass its name or path")
    return scenario


def as_simulator(simulator: str | SimulatorMaker) -> SimulatorMaker:
    """What makes the simulator: ``embedded``, ``carla`` (on this machine, port 2000), ``carla:HOST:PORT``, or itself.

    Raises:
        SimulatorError: there is none of that name, or the address is none.
    """
    if not isinstance(simulator, str):
        return simulator
    name, _, address = simulator.partition(":")
    if name == "carla":
        from drivesim.simulators.carla import CarlaServerAddress

        return CarlaServerAddress.of(address) if address else CarlaServerAddress()
    if simulator != "embedded":
        raise SimulatorError(
            f"there is no simulator '{simulator}'", element="--simulator", remedy="choose embedded or carla"
        )
    return EmbeddedSimulator


def _mounted(rig: Rig | None, scenario: Scenario) -> Rig | None:
    """The rig, with sensors where the run's parameters put them."""
    if rig is None or not scenario.beside.mounting:
        return rig
    from drivesim.sensors.mounting import mounted

    return mounted(rig, scenario.beside.mounting)


def _check_places(rig: Rig, ego: Actor) -> None:
    """Whether the ego has room for its sensors."""
    from drivesim.sensors.mounting import check_places

    check_places(rig, ego)


def as_rig(rig: Rig | str | Path | None) -> Rig | None:
    """A loaded rig, from a name, a path, or itself."""
    if isinstance(rig, (str, Path)):
        from drivesim.sensors.rig import load_rig

        return load_rig(rig)
    return rig


def record(
    scenario: Scenario | str | Path,
    rig: Rig | str | Path = "default",
    out: str | Path = "recording",
    *,
    parameters: Mapping[str, str] | None = None,
    seed: int = 0,
    dt: float = DEFAULT_DT,
    duration: float | None = None,
    overwrite: bool = False,
    progress: Callable[[Frame, float | None], None] | None = None,
    simulator: str | SimulatorMaker = "embedded",
) -> Summary:
    """Simulate a scenario and write everything to disk as a nuScenes-style dataset.

    Args:
        out: folder of the recording; made if absent.
        overwrite: replace a recording that is there.
        progress: called after every frame with it and the expected duration in seconds (None if unknown).
        simulator: as for :func:`as_simulator`.

    Raises:
        DrivesimError: bad input, with file, line and remedy; what was written before stays readable.
    """
    from drivesim.recording import Recorder
    from drivesim.recording.preview import Preview
    from drivesim.sensors.own_motion import OwnMotion

    loaded, equipment = as_scenario(scenario, parameters), as_rig(rig)
    if equipment is None:
        raise ScenarioError("a recording needs a rig", element="--rig", remedy="choose default, nuscenes or kitti")
    folder = Path(out)
    make = as_simulator(simulator)
    with Simulation(loaded, equipment, seed=seed, dt=dt, duration=duration, simulator=make) as simulation:
        manifest = _manifest(simulation, scenario, rig, parameters or {})
        equipment = simulation.rig or equipment
        channels = [_channel(sensor) for sensor in equipment.sensors]
        expected = duration or _declared_duration(loaded)
        cameras = equipment.of_kind("camera") or equipment.sensors
        with Recorder(
            folder,
            manifest,
            channels,
            simulation.actors,
            map_mask=drivable_mask(simulation.network),
            overwrite=overwrite,
        ) as recorder:
            title = loaded.path.stem.replace("_", " ")
            preview = Preview(folder, title, simulation.actors, simulation.ego.index, cameras[0].rate_hz)
            states: list[WorldState] = []
            try:
                for frame in simulation:
                    recorder.append(frame)
                    if equipment.own_motion != OwnMotion():
                        states.append(frame.state)
                    preview.add(frame)
                    if progress:
                        progress(frame, expected)
                recorder.note(simulation.closing_events)
            finally:
                preview.close()
                motion = _own_motion(simulation, equipment, states)
                if motion:
                    recorder.beside("own_motion", motion)
            return recorder.close()


def _own_motion(simulation: Simulation, rig: Rig, states: list[WorldState]) -> dict[str, NDArray[Any]]:
    """What the rig's GNSS, IMU and odometry measured over a run; empty if it has none."""
    from drivesim.sensors.own_motion import measured_motion

    if not states:
        return {}
    geodesy = simulation.network.geodesy
    return measured_motion(
        rig.own_motion, states, simulation.ego.index, 1.0 / simulation.dt, simulation.seed,
        geodesy.wgs84_from_world if geodesy is not None else None,
    )  # fmt: skip


def drivable_mask(network: RoadNetwork, resolution: float = 0.1, margin: float = 20.0) -> NDArray[np.uint8]:
    """Where vehicles may drive, (H, W) uint8, 255 = road; row 0 is the largest y.

    Args:
        resolution: metres per pixel, as in nuScenes; coarser where the map would exceed 6000 pixels.
    """
    import cv2

    from drivesim.opendrive.mesh import network_mesh
    from drivesim.taxonomy import Tag

    x0, y0, x1, y1 = network.bounds()
    step = max(resolution, max(x1 - x0, y1 - y0) / 6000)
    size = (int((y1 - y0 + 2 * margin) / step) + 1, int((x1 - x0 + 2 * margin) / step) + 1)
    mask = np.zeros(size, dtype=np.uint8)
    mesh = network_mesh(network)
    road = np.isin(mesh.semantic, [int(Tag.ROADS), int(Tag.ROAD_LINE)])
    corners = mesh.vertices[mesh.triangles[road]][..., :2]
    pixels = np.stack([(corners[..., 0] - x0 + margin) / step, (y1 + margin - corners[..., 1]) / step], axis=-1)
    for triangle in np.round(pixels * 16).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, 255, shift=4)
    return mask


def _channel(sensor: Sensor) -> ChannelInfo:
    from drivesim.recording import ChannelInfo

    device: Any = sensor.device
    mounting = sensor.faults.mounting(sensor.ego_from_sensor)
    if sensor.kind != "camera":
        return ChannelInfo(sensor.channel, sensor.kind, mounting, rate_hz=sensor.rate_hz, phase=sensor.phase)
    return ChannelInfo(
        sensor.channel, sensor.kind, mounting, device.intrinsic, device.width, device.height,
        sensor.rate_hz, sensor.phase,
    )  # fmt: skip


def _declared_duration(scenario: Scenario) -> float | None:
    """The scenario's own ``duration`` parameter, where it has one."""
    value = scenario.parameters.get("duration")
    return float(value) if value is not None else None


def _manifest(
    simulation: Simulation, scenario: Scenario | str | Path, rig: Rig | str | Path, parameters: Mapping[str, str]
) -> RunManifest:
    from drivesim.recording import RunManifest

    loaded, equipment = simulation.scenario, simulation.rig
    assert equipment is not None
    resolved = {name: str(value) for name, value in loaded.parameters.items()}
    return RunManifest(
        scenario=loaded.path.stem if isinstance(scenario, Scenario) else str(scenario),
        scenario_sha256=hashlib.sha256(loaded.path.read_bytes()).hexdigest(),
        description=loaded.header.description,
        parameters=dict(parameters),
        resolved={**resolved, "map": loaded.road_file.stem if loaded.road_file else "none"},
        rig=str(rig) if isinstance(rig, (str, Path)) else equipment.name,
        rig_source=equipment.path.read_text(),
        seed=simulation.seed,
        dt=simulation.dt,
        duration=simulation.duration,
        date=resolved.get("time_of_day", loaded.header.date),
        versions={
            "python": platform.python_version(),
            "drivesim": __version__,
            "numpy": np.__version__,
            "numba": version("numba"),
            "embreex": version("embreex"),
        },
        simulator="embedded" if isinstance(simulation.simulator, EmbeddedSimulator) else "carla",
    )
