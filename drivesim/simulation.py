"""The one simulation loop: decide, advance, capture, hand on.

Everything that runs a scenario (the recorder, the player without sensors, studies, environments) consumes
:class:`Simulation`; nothing else steps a world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from drivesim.behaviors import make_controller
from drivesim.errors import ScenarioError
from drivesim.opendrive import read_network
from drivesim.openscenario import Scenario, ScenarioPlayer, load_scenario
from drivesim.simulators.embedded import EmbeddedSimulator
from drivesim.types import Actor, Frame
from drivesim.world import World

if TYPE_CHECKING:
    from drivesim.sensors.rig import Rig
    from drivesim.simulators import Simulator

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
    """

    def __init__(
        self,
        scenario: Scenario,
        rig: Rig | None = None,
        *,
        seed: int = 0,
        dt: float = DEFAULT_DT,
        duration: float | None = None,
        simulator: Callable[[World, Rig | None, int, int], Simulator] = EmbeddedSimulator,
    ) -> None:
        if not dt > 0:
            raise ScenarioError(f"the tick must be positive, not {dt} s", element="--dt", remedy="try 0.05")
        if duration is not None and not duration > 0:
            raise ScenarioError(
                f"the duration must be positive, not {duration} s", element="--duration", remedy="try 8"
            )
        self.scenario = scenario
        self.rig = rig
        self.seed = seed
        self.dt = dt
        self.duration = duration
        self.network = read_network(scenario.road_file)
        self.actors = scenario.actors()
        self.ego = ego_of(self.actors)
        self.world = World(self.network, self.actors, scenario.weather(), seed)
        self.player = ScenarioPlayer(scenario, self.world, make_controller)
        self.simulator = simulator(self.world, rig, self.ego.index, seed)

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order, one per tick, until the storyboard ends or the duration is over."""
        before = self.world.snapshot()
        index = 0
        while not self.player.finished and not self._time_is_over(index):
            seen = len(self.world.collisions)
            events = self.player.step(self.dt)
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
            )
            before = after
            index += 1

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
) -> Iterator[Frame]:
    """Play a scenario with a rig and yield a :class:`~drivesim.types.Frame` per tick.

    Args:
        scenario: a name (``child_crossing``), a path, or a loaded scenario.
        rig: a name, a path, a loaded rig, or None to sense nothing.
        parameters: scenario parameters to override, by name.
        seed, dt, duration: as in :class:`Simulation`.

    Raises:
        DrivesimError: bad input, with file, line and remedy.
    """
    with Simulation(as_scenario(scenario, parameters), as_rig(rig), seed=seed, dt=dt, duration=duration) as simulation:
        yield from simulation


def as_scenario(scenario: Scenario | str | Path, parameters: Mapping[str, str] | None = None) -> Scenario:
    """A loaded scenario, from a name, a path, or itself."""
    if isinstance(scenario, (str, Path)):
        return load_scenario(scenario, parameters)
    if parameters:
        raise ScenarioError("parameters can only be set while a scenario is read", remedy="pass its name or path")
    return scenario


def as_rig(rig: Rig | str | Path | None) -> Rig | None:
    """A loaded rig, from a name, a path, or itself."""
    if isinstance(rig, (str, Path)):
        from drivesim.sensors.rig import load_rig

        return load_rig(rig)
    return rig
