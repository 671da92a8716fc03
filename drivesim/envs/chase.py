"""The agent from behind, by the renderer that makes camera data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim.envs.scenes import Scenes
from drivesim.envs.sensing import camera_at
from drivesim.sensors.camera.sensor import Camera

if TYPE_CHECKING:
    from drivesim.envs.batch import Batch

SIZE = (640, 360)
_BEHIND, _ABOVE, _DOWN = -7.5, 3.4, 0.20
"""m, m, rad: where the camera hangs, from the agent's reference point."""
_NOBODY = -1
"""Of all actors none carries this camera, so that it sees every body."""


class ChaseView:
    """Renders one world after the other with a camera that follows the agent."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._camera = Camera(camera_at(*SIZE, (_BEHIND, 0.0, _ABOVE), _DOWN, 1.0, focal=0.75, careful=True), 0)
        self._scenes = Scenes(batch.stage, _NOBODY, batch.count)

    def image(self, row: int) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 of one world as it is now."""
        batch = self._batch
        episode = batch.episodes[row]
        assert episode is not None
        state = episode.world.snapshot()
        scene = self._scenes.of(episode)
        earlier = replace(state, time=state.time - batch.settings.dt)
        scene.update(earlier, state)
        weather = episode.world.weather
        image = self._camera.render(
            scene.rays, state.pose(batch.agent.index), weather, lamps=scene.lamps(weather), lit=scene.lit(weather),
        )  # fmt: skip
        return image.rgb

    def close(self) -> None:
        """Release the scenes; legal twice."""
        self._scenes.close()
