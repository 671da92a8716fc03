"""The agent from behind, by the renderer that makes camera data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim.envs.forks import refuse_fork
from drivesim.envs.sensing import camera_at
from drivesim.scene import Scene
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
        self._scene: Scene | None = None

    def image(self, row: int) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 of one world as it is now."""
        batch = self._batch
        episode = batch.episodes[row]
        assert episode is not None
        state = episode.world.snapshot()
        if self._scene is None:
            refuse_fork()
            stage = batch.stage
            self._scene = Scene(stage.network, stage.actors, 0, ego=_NOBODY, state=stage.opening())
        earlier = replace(state, time=state.time - batch.settings.dt)
        self._scene.update(earlier, state)
        weather = episode.world.weather
        image = self._camera.render(
            self._scene.rays, state.pose(batch.agent.index), weather,
            lamps=self._scene.lamps(weather), lit=self._scene.lit(weather),
        )  # fmt: skip
        return image.rgb

    def close(self) -> None:
        """Release the scene; legal twice."""
        if self._scene is not None:
            self._scene.close()
            self._scene = None
