"""The scenes that sensors and pictures see: one for each look of an episode, kept while it is in use."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from drivesim.envs.forks import refuse_fork
from drivesim.scene import Scene

if TYPE_CHECKING:
    from drivesim.envs.episode import Episode, Stage

_APPEARANCE = 0
"""The seed of looks that have none of their own; one for all episodes, because a scene takes seconds to build."""
_SPARE = 3
"""Scenes kept beyond one for each world: 0.2 GB and some seconds each, in a town."""


class Scenes:
    """Scenes by looks.

    Args:
        stage: what the episodes have in common.
        ego: index of the actor that carries the sensors, -1 for none.
        worlds: how many may be shown by turns, each with looks of its own.
    """

    def __init__(self, stage: Stage, ego: int, worlds: int) -> None:
        self._stage, self._ego, self._most = stage, ego, worlds + _SPARE
        self._kept: OrderedDict[tuple[object, ...], Scene] = OrderedDict()

    def of(self, episode: Episode) -> Scene:
        """The scene that looks as this episode does, at whatever time it was shown last."""
        looks = episode.looks
        scene = self._kept.get(looks.key)
        if scene is None:
            refuse_fork()
            if len(self._kept) == self._most:
                self._kept.popitem(last=False)[1].close()
            scene = self._kept[looks.key] = Scene(
                self._stage.network, looks.actors, _APPEARANCE, ego=self._ego, state=self._stage.opening(looks.actors),
                district=looks.district, seeds=looks.seeds,
            )  # fmt: skip
        self._kept.move_to_end(looks.key)
        scene.signals = episode.world.signals
        return scene

    def close(self) -> None:
        """Release all; legal twice."""
        for scene in self._kept.values():
            scene.close()
        self._kept.clear()
