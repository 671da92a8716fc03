"""Pictures of an episode: a drawn view from above, or a rendered one from behind the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from drivesim.envs import track as t
from drivesim.envs.drawing import FINE, Canvas, draw_actor
from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.mesh import network_mesh
from drivesim.taxonomy import Tag

if TYPE_CHECKING:
    from drivesim.envs.batch import Batch

U8 = NDArray[np.uint8]

SIZE = (960, 540)
"""Pixels, width and height."""
_SCALE, _FAST_SCALE = 15.0, 9.0
"""Pixels per metre of the view from above, in towns and where the limit is above 70 km/h."""
_FAST = 20.0
_AHEAD = 0.3
"""The agent stands this share of the width left of the middle; it looks to the right."""

_GRASS, _ROUTE, _GOAL = (118, 134, 92), (96, 138, 196), (64, 168, 92)
_COLOURS = {int(Tag.ROADS): (74, 76, 80), int(Tag.SIDEWALKS): (168, 164, 156), int(Tag.ROAD_LINE): (232, 232, 226)}
"""Of what is drawn of a map, from the bottom up."""


class Renderer(Protocol):
    def image(self, row: int) -> U8:
        """(H, W, 3) uint8 of one world as it is now."""
        ...

    def close(self) -> None:
        """Release what is held; legal twice."""
        ...


def renderer_of(view: str, batch: Batch) -> Renderer:
    """The renderer of a view: ``top`` or ``chase``."""
    if view == "top":
        return TopView(batch)
    from drivesim.envs.chase import ChaseView

    return ChaseView(batch)


class Ground:
    """The triangles of a map, of which those in sight are drawn."""

    def __init__(self, network: RoadNetwork) -> None:
        mesh = network_mesh(network)
        corners = mesh.vertices[mesh.triangles][..., :2].astype(np.float64)
        shown = [np.flatnonzero(mesh.semantic == tag) for tag in _COLOURS]
        self._colours = [colour for colour, part in zip(_COLOURS.values(), shown, strict=True) for _ in part]
        self._corners = corners[np.concatenate(shown)]
        self._middle = self._corners.mean(axis=1)
        self._radius = np.linalg.norm(self._corners - self._middle[:, None], axis=2).max(axis=1, initial=0.0)

    def draw(self, canvas: Canvas) -> None:
        """Draw what lies within a canvas, and grass around it."""
        canvas.picture[:] = _GRASS
        near = np.linalg.norm(self._middle - canvas.middle, axis=1) < self._radius + canvas.reach
        for number, triangle in zip(np.flatnonzero(near), canvas.pixels(self._corners[near]), strict=True):
            cv2.fillConvexPoly(canvas.picture, triangle, self._colours[number], cv2.LINE_8, FINE)


class TopView:
    """From above, the agent driving to the right; who is hidden from it is drawn in outline."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._ground = Ground(batch.stage.network)

    def image(self, row: int) -> U8:
        batch = self._batch
        world, agent = batch.world, batch.agent
        heading = float(world.orientation[row, agent.index, 0] - batch.track[row, t.OFF_HEADING])
        scale = _FAST_SCALE if batch.track[row, t.SPEED_LIMIT] > _FAST else _SCALE
        canvas = Canvas(SIZE, scale, world.position[row, agent.index, :2], heading, (0.5 - _AHEAD, 0.5))
        self._ground.draw(canvas)
        self._draw_route(canvas, row)
        others = [a for a in batch.stage.actors if a.index != agent.index and world.present[row, a.index]]
        for actor in others:
            draw_actor(canvas, world, row, actor, seen=bool(batch.seen[row, actor.index]))
        draw_actor(canvas, world, row, agent, is_agent=True)
        picture = canvas.finished()
        _write(picture, batch, row)
        return picture

    def _draw_route(self, canvas: Canvas, row: int) -> None:
        track = self._batch.track[row]
        here, goal = float(track[t.ALONG]), float(track[t.GOAL])
        for along in np.arange(here, max(goal, here) + 0.5, 2.0):
            canvas.disc(self._batch.on_route(row, along)[:2], 0.16, _ROUTE)
        x, y, yaw = self._batch.on_route(row, goal)
        canvas.box((x, y), yaw, 0.35, 3.4, _GOAL)

    def close(self) -> None:
        pass


def _write(picture: Any, batch: Batch, row: int) -> None:
    """Speed, limit and time in a bar at the bottom."""
    episode = batch.episodes[row]
    assert episode is not None
    speed = 3.6 * float(batch.world.speed[row, batch.agent.index])
    limit = 3.6 * float(batch.track[row, t.SPEED_LIMIT])
    text = f"{batch.agent.name}  {speed:4.0f} km/h (limit {limit:.0f})   {episode.world.time:5.2f} s"
    picture[-34:] = (picture[-34:] * 0.35).astype(np.uint8)
    cv2.putText(picture, text, (14, SIZE[1] - 11), cv2.FONT_HERSHEY_DUPLEX, 0.55, (240, 240, 236), 1, cv2.LINE_AA)
