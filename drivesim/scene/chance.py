"""Seeds of parts of what is seen, each of which may be drawn anew while all the rest stays to the bit.

A part without a seed of its own is drawn from the stream of the whole it belongs to. A part that has one is drawn
twice: from the stream of the whole, so that what comes after it there stays as it was, and from its own (shown).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from drivesim.streams import stream

T = TypeVar("T")
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"city": ("vegetation", "distractors", "textures"), "bodies": ("clothing", "posture")}
)
"""What is part of what; names of :data:`drivesim.openscenario.beside.SEEDS`."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What a city or people are drawn from.

    Attributes:
        seed: of the whole.
        parts: (name, seed) of parts that have one of their own, by name.
    """

    seed: int
    parts: tuple[tuple[str, int], ...] = ()

    @staticmethod
    def of(whole: str, seeds: Mapping[str, int], seed: int) -> Chance:
        """That of ``city`` or ``bodies``, where ``seeds`` are given and ``seed`` is the scenario's."""
        given = tuple((part, seeds[part]) for part in sorted(PARTS[whole]) if part in seeds)
        return Chance(seeds.get(whole, seed), given)

    def seed_of(self, part: str) -> int:
        """Its own seed, else that of the whole."""
        return dict(self.parts).get(part, self.seed)

    def draws(self, *names: str | int) -> Draws:
        """Generators of the streams ``names``."""
        own = {part: stream(seed, part, *names) for part, seed in self.parts}
        return Draws(stream(self.seed, *names), own)


@dataclass(frozen=True, slots=True)
class Draws:
    """A generator for the whole, and one for each part that has a seed of its own."""

    whole: np.random.Generator
    parts: Mapping[str, np.random.Generator]

    def of(self, part: str) -> np.random.Generator:
        """The part's generator: for what is drawn last from the whole's stream."""
        return self.parts.get(part, self.whole)

    def part(self, name: str, draw: Callable[[np.random.Generator], T], within: np.random.Generator | None = None) -> T:
        """What ``draw`` makes of the part's generator; that of the whole (or ``within``) moves on as ever."""
        made = draw(self.whole if within is None else within)
        return draw(self.parts[name]) if name in self.parts else made
