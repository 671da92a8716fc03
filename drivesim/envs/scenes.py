"""The scenes that sensors and pictures see: one for each look of an episode, in one street for each city."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from drivesim.envs.forks import refuse_fork
from drivesim.scene import Scene
from drivesim.scene.chance import Chance
from drivesim.scene.city.seasons import Foliage
from drivesim.scene.surroundings import Surroundings
from drivesim.studies.whatif.stage import Zones, corners_of, zones_of

if TYPE_CHECKING:
    from drivesim.envs.episode import Episode, Stage
    from drivesim.envs.looks import Looks

_APPEARANCE = 0
"""The seed of looks that have none of their own; one for all episodes, because a street takes seconds to build."""
_SPARE = 3
"""Scenes kept beyond one for each world, and streets: 0.2 GB and some seconds each, in a town."""
_Street = tuple[str | None, Foliage, Chance]


class Scenes:
    """Scenes by looks.

    Args:
        stage: what the episodes have in common.
        ego: index of the actor that carries the sensors, -1 for none.
        worlds: how many may be shown by turns, each with looks of its own.
    """

    def __init__(self, stage: Stage, ego: int, worlds: int) -> None:
        self._stage, self._ego, self._most = stage, ego, worlds + _SPARE
        self._kept: OrderedDict[tuple[object, ...], tuple[Scene, _Street]] = OrderedDict()
        self._streets: dict[_Street, Surroundings] = {}

    def of(self, episode: Episode) -> Scene:
        """The scene that looks as this episode does, at whatever time it was shown last."""
        looks = episode.looks
        if looks.key not in self._kept:
            refuse_fork()
            if len(self._kept) == self._most:
                self._let_go()
            street = looks.district, looks.foliage, looks.city(_APPEARANCE)
            self._kept[looks.key] = self._built(looks, street), street
        self._kept.move_to_end(looks.key)
        scene, _ = self._kept[looks.key]
        scene.signals = episode.world.signals
        return scene

    def _let_go(self) -> None:
        """Release the scene that was shown longest ago, and its street if no other stands there."""
        _, (scene, street) = self._kept.popitem(last=False)
        scene.close()
        if all(other != street for _, other in self._kept.values()):
            self._streets.pop(street).close()

    def _built(self, looks: Looks, street: _Street) -> Scene:
        network, (district, foliage, city) = self._stage.network, street
        if street not in self._streets:
            corners = corners_of(self._zones)
            middle = np.append((corners.min(axis=(0, 1)) + corners.max(axis=(0, 1))) / 2, 0.0)
            first = len(looks.actors) + 1
            self._streets[street] = Surroundings(
                network, city, list(corners), middle, first, district, foliage=foliage, shared=True
            )
        return Scene(
            network, looks.actors, _APPEARANCE, ego=self._ego, state=self._stage.opening(looks.actors),
            seeds=looks.seeds, surroundings=self._streets[street],
        )  # fmt: skip

    @cached_property
    def _zones(self) -> Zones:
        """The ground that the street keeps clear so that the actors of every episode fit into it."""
        return zones_of(str(self._stage.scenario.path), self._stage.samples())

    def close(self) -> None:
        """Release all; legal twice."""
        while self._kept:
            self._let_go()
