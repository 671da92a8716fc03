"""The embedded simulator: own world, own scene, own sensors; in process, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from drivesim.scene import Scene
from drivesim.scene.city.seasons import foliage_on
from drivesim.sensors.suite import Memory, SensorSuite
from drivesim.types import Labels, Measurement, Weather, WorldState

if TYPE_CHECKING:
    from drivesim.scene.surroundings import Surroundings
    from drivesim.sensors.rig import Rig
    from drivesim.world import World


class EmbeddedSimulator:
    """Satisfies :class:`drivesim.simulators.base.Simulator`.

    Args:
        world: the state to sense; stepped by the storyboard.
        rig: sensors on the ego; without one nothing is rendered.
        ego: actor index that carries the rig; of no account without one.
        seed: scenario seed; appearance and sensor noise derive their own streams.
        labels: whether perfect labels are made too.
        scene: of an equal world, to sense in; it stays its owner's to close. Built here if absent.
        memory: of what other runs in that scene measured, see :class:`~drivesim.sensors.suite.SensorSuite`.
    """

    def __init__(
        self, world: World, rig: Rig | None, ego: int, seed: int, *, labels: bool = True, scene: Scene | None = None,
        memory: Memory | None = None,
    ) -> None:  # fmt: skip
        self.world = world
        self._scene: Scene | None = None
        self._borrowed = scene is not None
        self._suite: SensorSuite | None = None
        if rig is not None:
            self._scene = scene or scene_of(world, ego, seed)
            noise = world.seeds.get("noise", seed)
            self._suite = SensorSuite(
                rig, self._scene, world.actors, ego, world.weather, noise, labels=labels, memory=memory
            )

    @property
    def scene(self) -> Scene | None:
        """What sensors look at; None without a rig."""
        return self._scene

    def capture(self, before: WorldState, after: WorldState) -> tuple[Mapping[str, Measurement], Labels | None]:
        return self.sense(before, after, self.world.weather, self.world.signals)

    def sense(
        self, before: WorldState, after: WorldState, weather: Weather, signals: Mapping[str, str]
    ) -> tuple[Mapping[str, Measurement], Labels | None]:
        """What is captured of a tick in some weather and under some signals; ticks come in order, none twice."""
        if self._scene is None or self._suite is None:
            return {}, None
        self._suite.weather = weather
        self._scene.signals = signals
        self._scene.update(before, after)
        return self._suite.capture(before, after)

    def close(self) -> None:
        if self._scene is not None and not self._borrowed:
            self._scene.close()
        self._scene = None
        self._suite = None


def scene_of(world: World, ego: int, seed: int, surroundings: Surroundings | None = None) -> Scene:
    """The scene of a world at its start, for an ego that carries the sensors; in ``surroundings`` if they are there."""
    assert world.network is not None
    return Scene(
        world.network, world.actors, seed, ego=ego, state=world.snapshot(), district=world.district, seeds=world.seeds,
        foliage=foliage_on(world.weather.day_of_year), surroundings=surroundings,
    )  # fmt: skip
