"""What a simulator must offer the one simulation loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from drivesim.types import Labels, Measurement, WorldState
from drivesim.world import World


class Simulator(Protocol):
    """Holds the world that the storyboard commands, and senses it.

    The loop calls, once per tick: ``world.snapshot()``, the storyboard's step (which commands and steps ``world``),
    then :meth:`capture` with the states before and after. :meth:`close` must be legal twice.
    """

    world: World

    def capture(self, before: WorldState, after: WorldState) -> tuple[Mapping[str, Measurement], Labels | None]:
        """Everything the sensors measure in (before.time, after.time], by channel, and the labels at its end.

        Labels are None when no sensor completed a measurement in this interval.
        """
        ...

    def close(self) -> None: ...
