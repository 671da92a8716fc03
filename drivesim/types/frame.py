"""Everything one tick produced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivesim.types.labels import Labels
from drivesim.types.measurements import Measurement
from drivesim.types.world import Collision, WorldState


@dataclass(frozen=True, slots=True)
class StoryboardEvent:
    """A storyboard element changed state (``standbyState``, ``runningState``, ``completeState``, ...)."""

    time: float
    element_type: str
    path: str
    state: str
    transition: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A leaf of an actor's behaviour tree changed its answer; ``node`` is its place in the tree, time in seconds."""

    time: float
    actor: str
    node: str
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Everything one tick produced.

    Attributes:
        index: tick number, first is 0; time_ns: end of the tick.
        state: the world at ``time_ns``.
        measurements: by channel, only the sensors that were due.
        labels: None when no sensor was due.
        events, collisions: those of this tick.
        decisions: why people did in this tick what they did.
        signals: what the scenario says of the map's signals then, by id, see :class:`drivesim.world.World`.
    """

    index: int
    time_ns: int
    state: WorldState
    measurements: Mapping[str, Measurement]
    labels: Labels | None
    events: tuple[StoryboardEvent, ...] = ()
    collisions: tuple[Collision, ...] = ()
    decisions: tuple[Decision, ...] = ()
    signals: Mapping[str, str] = field(default_factory=dict)
