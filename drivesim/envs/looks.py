"""What an episode looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from drivesim.scene.chance import PARTS, Chance
from drivesim.scene.city.seasons import Foliage
from drivesim.types import Actor

_KINDS = ("city", "bodies", "vehicles", *(part for parts in PARTS.values() for part in parts))
"""Kinds of chance that a scene is built from; see :data:`drivesim.openscenario.beside.SEEDS`."""


@dataclass(frozen=True, eq=False)
class Looks:
    """All that a scene depends on beside map and poses; to be compared by ``key``.

    Attributes:
        district: what stands along the roads; None: by the roads' types.
        given: seeds of their own by kind of chance, those that do not matter here too.
    """

    actors: tuple[Actor, ...]
    district: str | None
    foliage: Foliage
    given: Mapping[str, int]

    @property
    def seeds(self) -> Mapping[str, int]:
        """Of city, bodies, their parts and vehicles, where they have one of their own."""
        return MappingProxyType({kind: self.given[kind] for kind in _KINDS if kind in self.given})

    def city(self, seed: int) -> Chance:
        """What the city is drawn from, where ``seed`` is the scenario's."""
        return Chance.of("city", self.given, seed)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for equal looks."""
        shapes = (
            (actor.category, actor.model, actor.box, actor.axles, tuple(sorted(actor.properties.items())))
            for actor in self.actors
        )
        return self.district, self.foliage, *self.seeds.items(), *shapes
