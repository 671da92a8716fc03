"""What all running actions have in common."""

from __future__ import annotations

from drivesim.openscenario.cast import Cast
from drivesim.openscenario.motion import Motion


class Running:
    """An action of one entity at work; ``step`` is called once per tick, before the entity moves.

    Attributes:
        domains: what it controls; it ends when another action takes over one of them.
        done: whether it has reached its goal; overridden: whether another action ended it.
    """

    domains: tuple[str, ...] = ()

    def __init__(self, cast: Cast, motion: Motion) -> None:
        self.cast, self.motion = cast, motion
        self.done = self.overridden = False

    def step(self, dt: float) -> None:
        """Decide for the coming tick."""

    def stop(self) -> None:
        """Ended from outside; leave the entity in a state that others can take over."""
        self.done = True
