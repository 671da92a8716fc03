"""Everything a storyboard acts on and asks about while it plays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.expressions import Value
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.entities import ByType, EntityRef, EntitySelection
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.positions import Places
from drivesim.openscenario.signals import Signals
from drivesim.openscenario.towing import Towing
from drivesim.openscenario.traffic import TrafficControl
from drivesim.world import World


@dataclass(frozen=True, slots=True)
class Animation:
    """What is played, and its state: 0 at its beginning, 1 at its end."""

    subject: str
    state: float


@dataclass
class Cast:
    """The entities of a run, and the values that it changes.

    Attributes:
        motions: by entity; selections: entities by the name of their selection.
        parameters, variables, monitors: by name, as they stand now.
        user_values: what the program around the player has set for UserDefinedValueConditions.
        towing: who tows whom.
        traffic: sources, sinks, swarms and areas at work.
        commands: what to do with the content of a CustomCommandAction, by its type.
        animations: what is animated of each entity, and how far, by entity and part.
        elements: the state of every storyboard element by type and path, and the transitions of this tick.
        started: date and time of day at simulation time 0; None where the scenario says none.
    """

    world: World
    places: Places
    motions: Mapping[str, Motion]
    selections: Mapping[str, tuple[str, ...]]
    parameters: dict[str, Value]
    variables: dict[str, Value]
    monitors: dict[str, bool]
    signals: Signals
    towing: Towing
    traffic: TrafficControl
    commands: Mapping[str, Callable[[str], None]] = field(default_factory=dict)
    animations: dict[tuple[str, str], Animation] = field(default_factory=dict)
    user_values: dict[str, str] = field(default_factory=dict)
    elements: Elements = field(default_factory=lambda: Elements())
    started: dt.datetime | None = None

    def members(self, name: str, asking: Element | None = None) -> tuple[str, ...]:
        """The entities that an ``entityRef`` means: one, or those of a selection."""
        if name in self.motions:
            return (name,)
        if name in self.selections:
            return self.selections[name]
        names = [*self.motions, *self.selections]
        source = asking.source if asking else None
        raise ScenarioError(
            f"no entity is called '{name}'", file=source.file if source else None,
            line=source.line if source else None, element=type(asking).__name__ if asking else None,
            remedy=did_you_mean(name, names),
        )  # fmt: skip

    def motion(self, name: str, asking: Element | None = None) -> Motion:
        """The motion of one entity."""
        return self.motions[self.members(name, asking)[0]]

    def animate(self, key: tuple[str, str], subject: str, state: float) -> None:
        self.animations[key] = Animation(subject, state)

    def time_of_day(self) -> dt.datetime | None:
        return self.started + dt.timedelta(seconds=self.world.time) if self.started else None


class Elements:
    """States of storyboard elements, as conditions ask for them."""

    def __init__(self) -> None:
        self._state: dict[tuple[str, str], str] = {}
        self._meant: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._transitions: set[tuple[str, str, str]] = set()
        self._earlier: set[tuple[str, str, str]] = set()

    def next_tick(self) -> None:
        """Transitions are seen for the rest of their own tick and through the next."""
        if self._earlier or self._transitions:
            self._earlier, self._transitions = self._transitions, set()

    def stand_by(self, kind: str, path: str) -> None:
        """An element waits to start, for the first time or once more."""
        if (kind, path) not in self._state:
            self._meant.clear()
        self._state[kind, path] = "standbyState"

    def note(self, kind: str, path: str, state: str, transition: str) -> None:
        self._state[kind, path] = state
        self._transitions.add((kind, path, transition))

    def has(self, kind: str, reference: str, wanted: str) -> bool:
        """Whether an element is in a state, or has just made a transition.

        Args:
            reference: its name, or as much of its path (``story::act::...``) as tells it apart.
        """
        meant = self._meant.get((kind, reference))
        if meant is None:
            meant = self._meant[kind, reference] = list(self._named(kind, reference))
        if wanted.endswith("State"):
            return any(self._state[element] == wanted for element in meant)
        return any((*e, wanted) in self._transitions or (*e, wanted) in self._earlier for e in meant)

    def _named(self, kind: str, reference: str) -> Iterator[tuple[str, str]]:
        for known, path in self._state:
            if known == kind and (path == reference or path.endswith("::" + reference)):
                yield known, path


def selections_of(declared: tuple[EntitySelection, ...], kinds: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Entities by selection; ``kinds``: every entity's kind, for selections by type."""
    made: dict[str, tuple[str, ...]] = {}
    for selection in declared:
        named = [member.entity_ref for member in selection.members if isinstance(member, EntityRef)]
        wanted = {member.object_type for member in selection.members if isinstance(member, ByType)}
        typed = [name for name, kind in kinds.items() if kind in wanted]
        made[selection.name] = tuple(dict.fromkeys([*named, *typed]))
    return made
