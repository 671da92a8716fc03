"""What an environment is made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING

from drivesim.envs.randomize import Source
from drivesim.errors import DrivesimError

if TYPE_CHECKING:
    from drivesim.sensors.rig import Rig


_COUNTS = ("action_repeat", "nearest", "rays", "targets")
_MEASURES = ("dt", "reach", "goal_distance", "time_limit")
_OPEN = ("goal_distance", "time_limit")
"""Measures that may be None."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a scenario is played as an environment; every field is an argument of :class:`drivesim.envs.ScenarioEnv`.

    Attributes:
        scenario: a shipped name or a path of an OpenSCENARIO file.
        distribution: what varies from episode to episode: a ``ParameterValueDistribution`` file, or a mapping of
            parameters to (low, high) or a list of values; None varies only behaviour, by the seed.
        parameters: scenario parameters that stay as given here.
        agent: the entity that acts; None is the ego. A pedestrian may be it.
        observation: ``state``, ``lidar``, ``radar``, ``camera`` or a channel of the rig; several make a dict.
        action: ``continuous``, ``acceleration``, ``target_speed`` or ``discrete``.
        reward: weights of :data:`drivesim.envs.rewards.TERMS`; None takes the defaults for the agent's kind.
        rig: sensors for ``camera`` and channels: a name, a path or a loaded rig.
        simulator: what the rig's sensors measure in: ``embedded``, or ``carla`` or ``carla:HOST:PORT`` for a CARLA
            server (one environment to a server). ``state``, ``lidar`` and ``radar`` are the world's own either way.
        occlusion: whether actors that are hidden from the agent's eyes are left out of ``state`` and ``radar``.
        nearest: actors in ``state``; rays: of ``lidar``; targets: of ``radar``.
        reach: of ``lidar``, m.
        dt: tick of the world, s; action_repeat: ticks per step.
        goal_distance: metres along the route; None: as far as the agent would go at its initial speed in the
            scenario's own duration.
        time_limit: seconds until an episode is truncated; None: three times the scenario's own duration.
    """

    scenario: str | Path = "child_crossing"
    distribution: Source = None
    parameters: Mapping[str, str | float] = field(default_factory=dict)
    agent: str | None = None
    observation: str | Sequence[str] = "state"
    action: str = "continuous"
    reward: Mapping[str, float] | None = None
    rig: str | Path | Rig | None = None
    simulator: str = "embedded"
    occlusion: bool = True
    nearest: int = 4
    rays: int = 240
    targets: int = 8
    reach: float = 80.0
    dt: float = 0.05
    action_repeat: int = 1
    goal_distance: float | None = None
    time_limit: float | None = None

    def __post_init__(self) -> None:
        for name in (*_COUNTS, *_MEASURES):
            value = getattr(self, name)
            if value is None and name in _OPEN:
                continue
            kind = Integral if name in _COUNTS else Real
            if not isinstance(value, kind) or not 0 < float(value) < float("inf"):
                wanted = "whole" if name in _COUNTS else "positive"
                raise DrivesimError(f"{name} is {value!r}", element=name, remedy=f"give a {wanted} number above 0")
        if not all(isinstance(name, str) for name in self.observed):
            raise DrivesimError(f"'{self.observation!r}' is no observation", element="observation",
                                remedy="give a name or a list of names, such as 'state'")  # fmt: skip

    @property
    def step_duration(self) -> float:
        """Seconds from one action to the next."""
        return self.dt * self.action_repeat

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of what is observed."""
        several = isinstance(self.observation, Sequence) and not isinstance(self.observation, str)
        return tuple(self.observation) if several else (self.observation,)  # type: ignore[return-value]
