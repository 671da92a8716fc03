"""Observations that a CARLA server's sensors make: one world, one server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from drivesim.envs.sensing import Channel, rig_of, sensors_of
from drivesim.errors import DrivesimError
from drivesim.sensors.mounting import mounted
from drivesim.sensors.rig import Rig, Sensor
from drivesim.simulation import as_simulator
from drivesim.simulators.carla import CarlaServerAddress, CarlaSimulator
from drivesim.types import Measurement, WorldState

if TYPE_CHECKING:
    from drivesim.envs.batch import Batch
    from drivesim.envs.episode import Episode


class CarlaSensing:
    """The rig on a CARLA server; connected at the first observation, the same for all episodes.

    Raises:
        DrivesimError: several worlds, or an agent that carries no rig. SimulatorError: no simulator of that name.
    """

    def __init__(self, batch: Batch, names: Sequence[str]) -> None:
        server = as_simulator(batch.settings.simulator)
        assert isinstance(server, CarlaServerAddress)
        self._server = server
        if batch.count != 1:
            raise DrivesimError(
                f"a CARLA server shows one world, not {batch.count}", element="simulator",
                remedy="make one environment for each server, as with gymnasium's AsyncVectorEnv",
            )  # fmt: skip
        rig, sensors = rig_of(batch.settings), sensors_of(batch, names)
        self._rig, self._channels = rig, {sensor.channel for sensor in sensors.values()}
        self._mounting: Mapping[tuple[str, str], float] = {}
        self._simulator: CarlaSimulator | None = None
        self._last: tuple[Episode, WorldState, Mapping[str, Measurement]] | None = None
        self.parts: dict[str, Channel] = {name: CarlaChannel(self, batch, s) for name, s in sensors.items()}

    def measured(self, batch: Batch) -> tuple[Episode | None, Mapping[str, Measurement]]:
        """The episode, and what its last step brought, by channel; the server steps once for all who ask."""
        episode = batch.episodes[0]
        if episode is None:
            return None, {}
        last = self._last if self._last is not None and self._last[0] is episode else None
        time = episode.world.time
        if last is not None and last[1].time[0] == time:
            return episode, last[2]
        after, step = episode.world.snapshot(), batch.settings.step_duration
        before = last[1] if last is not None else replace(after, time=after.time - step)
        measurements, _ = self._running(batch, episode, begins=last is None).capture(before, after)
        self._last = episode, after, measurements
        return episode, measurements

    def _running(self, batch: Batch, episode: Episode, *, begins: bool) -> CarlaSimulator:
        """The simulator of an episode; connected anew where sensors are mounted elsewhere than in the last one."""
        if self._simulator is not None and episode.beside.mounting != self._mounting:
            self.close()
        if self._simulator is None:
            self._mounting = episode.beside.mounting
            rig, ego = self._equipped(), batch.agent.index
            self._simulator = CarlaSimulator(episode.world, rig, ego, episode.noise_seed, self._server)
        elif begins:
            self._simulator.begin_again(episode.world, episode.noise_seed)
        return self._simulator

    def _equipped(self) -> Rig:
        """What is observed of the rig, where it is mounted."""
        rig = mounted(self._rig, self._mounting)
        return replace(rig, sensors=tuple(sensor for sensor in rig.sensors if sensor.channel in self._channels))

    def close(self) -> None:
        if self._simulator is not None:
            self._simulator.close()
            self._simulator = self._last = None


class CarlaChannel(Channel):
    """A sensor on the server."""

    def __init__(self, sensing: CarlaSensing, batch: Batch, sensor: Sensor) -> None:
        super().__init__(batch, sensor)
        self._sensing = sensing
        self._episode: Episode | None = None

    def _measure(self, batch: Batch, row: int) -> None:
        if not batch.moved[row]:
            return
        episode, measurements = self._sensing.measured(batch)
        if episode is not self._episode:
            self._episode = episode
            self._begin(row)
        if self._sensor.channel in measurements:
            self.values[row] = self._encoded(measurements[self._sensor.channel])

    def close(self) -> None:
        self._sensing.close()
