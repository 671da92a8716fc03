"""Sensing that starts when the target, or anybody else who moves, is near enough to matter.

Safe because of what the chain can do with a measurement: it warns and brakes only for confirmed tracks in the car's
path that leave it less than a known time, and a track forgets what it has not seen for ``forget`` seconds. So sensing
begins :data:`LEAD` seconds before the target, or another actor that moves, can be that near, which is longer than any
latency, confirmation window and filter transient together. What is skipped could only have raised false alarms on the
approach, where there is nothing but what stands still beside the road; those are counted by studies with ``full=True``,
and a test holds that outcomes are equal with and without the skip. While the brakes are held whatever is sensed, ticks
are sensed later, and only if the chain asks: :meth:`~drivesim.ego.EgoChain.promise`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from drivesim.ego import EgoParameters
from drivesim.ego.chain import Measure
from drivesim.simulators.embedded import EmbeddedSimulator
from drivesim.studies.whatif.stage import Stage
from drivesim.types import Labels, Measurement, Weather, WorldState

if TYPE_CHECKING:
    from drivesim.sensors.rig import Rig
    from drivesim.world import World

LEAD = 1.0
"""Seconds of sensing before it can matter: a latency (0.1), three measurements at 10 Hz that confirm, 0.5 that tracks
of clutter last unseen, and some more in which filters settle. Over 24 recorded instances of the child crossing and four
suites of sensors, the car brakes in the same ticks with 0.6, 0.9, 1.2 or 2 s of it, or sensing all the way."""
MARGIN = 2.0
"""Room beyond both bodies that still counts as touching, m."""
STILL = 0.05
"""Slower actors than this stand, m/s: like a parked car of the city, they matter only as targets."""


def horizon(speed: float, parameters: EgoParameters) -> float:
    """Seconds to collision below which a track can make the chain act at ``speed`` m/s, and :data:`LEAD` more."""
    p = parameters
    braking = speed / (2.0 * p.deceleration) + p.dead_time + 0.5 * p.deceleration / p.jerk
    return min(braking + max(p.warning_margin, p.brake_margin), p.path_time) + LEAD


class GatedSimulator(EmbeddedSimulator):
    """Captures nothing until another actor comes within reach; from then on everything.

    Args:
        target: index of the actor that must not be hit.
        parameters: of the ego's chain; None senses from the start.
        stage: of the instance; None builds a scene for this run alone.

    Attributes:
        opened: when sensing began, s; None if it has not.
        later: whether ticks are put off from now on; settable.
        promised: what the last tick delivers once it is asked for; None where it was not put off.
    """

    def __init__(
        self, world: World, rig: Rig | None, ego: int, seed: int, target: int, parameters: EgoParameters | None,
        stage: Stage | None = None,
    ) -> None:  # fmt: skip
        scene = stage.scene(world, ego, seed) if stage is not None and rig is not None else None
        memory = stage.memory if stage is not None else None
        super().__init__(world, rig, ego, seed, labels=False, scene=scene, memory=memory)
        car, boxes = world.actors[ego].box, [actor.box for actor in world.actors]
        self._reach = np.array([car.center[0] + car.length / 2 + np.hypot(b.length, b.width) for b in boxes]) + MARGIN
        self._target = target
        self._parameters = parameters
        self._car = ego
        self.opened: float | None = None
        self.later = False
        self.promised: Measure | None = None

    def capture(self, before: WorldState, after: WorldState) -> tuple[Mapping[str, Measurement], Labels | None]:
        self.promised = None
        if self.later:
            signals = MappingProxyType(dict(self.world.signals))
            self.promised = partial(self._sensed, before, after, self.world.weather, signals)
            return {}, None
        if self.opened is None:
            if not self._near(before):
                return {}, None
            self.opened = float(before.time[0])
        return super().capture(before, after)

    def _sensed(
        self, before: WorldState, after: WorldState, weather: Weather, signals: Mapping[str, str]
    ) -> Mapping[str, Measurement]:
        """What the sensors deliver of a tick that was put off, in the weather and under the signals of that tick."""
        return self.sense(before, after, weather, signals)[0]

    def _near(self, state: WorldState) -> bool:
        if self._parameters is None:
            return True
        ego = self._car
        distance = np.linalg.norm(state.position[0, :, :2] - state.position[0, ego, :2], axis=1)
        relative = np.linalg.norm(state.velocity[0, :, :2] - state.velocity[0, ego, :2], axis=1)
        near = distance < relative * horizon(float(state.speed[0, ego]), self._parameters) + self._reach
        matters = np.linalg.norm(state.velocity[0], axis=1) > STILL
        matters[self._target], matters[ego] = True, False
        return bool((near & matters & state.present[0]).any())
