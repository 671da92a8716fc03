"""Pictures of an episode: a drawn view from above, or a rendered one from behind the agent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from drivesim.envs import track as t
from drivesim.opendrive.mesh import network_mesh
from drivesim.taxonomy import Tag
from drivesim.types import Actor

if TYPE_CHECKING:
    from drivesim.envs.batch import Batch

U8 = NDArray[np.uint8]

SIZE = (960, 540)
"""Pixels, width and height."""
_SCALE, _FAST_SCALE = 15.0, 9.0
"""Pixels per metre of the view from above, in towns and where the limit is above 70 km/h."""
_FAST = 20.0
_MAP_PIXELS = 6000
_AHEAD = 0.3
"""The agent stands this share of the width left of the middle; it looks to the right."""
_SHIFT = 4

_GRASS, _ASPHALT, _PAVEMENT, _PAINT = (118, 134, 92), (74, 76, 80), (168, 164, 156), (232, 232, 226)
_SHADOW, _GLASS = (48, 50, 52), (52, 64, 76)
_AGENT, _VEHICLE, _PERSON, _RIDER, _UNSEEN = (
    (32, 120, 214),
    (206, 206, 202),
    (226, 92, 44),
    (226, 152, 44),
    (142, 142, 146),
)
_ROUTE = (86, 112, 150)


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


class TopView:
    """From above, the agent driving to the right; who is hidden from it is drawn in outline."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._ground, self._world_from_map = _map_image(batch)

    def image(self, row: int) -> U8:
        batch = self._batch
        w, agent = batch.world, batch.agent.index
        x, y = w.position[row, agent, :2]
        heading = float(w.orientation[row, agent, 0] - batch.track[row, t.OFF_HEADING])
        scale = _FAST_SCALE if batch.track[row, t.SPEED_LIMIT] > _FAST else _SCALE
        pixel_from_world = _view(float(x), float(y), heading, scale)
        pixel_from_map = (pixel_from_world @ self._world_from_map)[:2]
        picture = cv2.warpAffine(self._ground, pixel_from_map, SIZE, flags=cv2.INTER_LINEAR,
                                 borderMode=cv2.BORDER_CONSTANT, borderValue=_GRASS)  # fmt: skip
        self._draw_route(picture, row, pixel_from_world)
        order = [a for a in batch.stage.actors if a.index != agent and w.present[row, a.index]]
        for actor in [*order, batch.stage.actors[agent]]:
            _draw_actor(picture, batch, row, actor, pixel_from_world)
        _write(picture, batch, row)
        return np.asarray(picture, dtype=np.uint8)

    def _draw_route(self, picture: Any, row: int, pixel_from_world: NDArray[np.float64]) -> None:
        track = self._batch.track[row]
        here, goal = float(track[t.ALONG]), float(track[t.GOAL])
        points = np.array([self._batch.on_route(row, s)[:2] for s in np.arange(here, max(goal, here) + 0.5, 1.0)])
        for a in _pixels(points, pixel_from_world)[::2]:
            cv2.circle(picture, tuple(int(v) for v in a), 2 << _SHIFT, _ROUTE, -1, cv2.LINE_AA, _SHIFT)
        x, y, yaw = self._batch.on_route(row, goal)
        across = np.array([-math.sin(yaw), math.cos(yaw)]) * 1.6
        ends = _pixels(np.array([(x, y) + across, (x, y) - across]), pixel_from_world)
        cv2.line(picture, tuple(ends[0].tolist()), tuple(ends[1].tolist()), (64, 168, 92), 4, cv2.LINE_AA, _SHIFT)

    def close(self) -> None:
        pass


def _view(x: float, y: float, heading: float, scale: float) -> NDArray[np.float64]:
    """(3, 3) pixel from world: ``heading`` to the right, the point a little left of the middle."""
    c, s = math.cos(heading) * scale, math.sin(heading) * scale
    u, v = SIZE[0] * (0.5 - _AHEAD), SIZE[1] * 0.5
    return np.array([[c, s, u - c * x - s * y], [s, -c, v - s * x + c * y], [0.0, 0.0, 1.0]])


def _map_image(batch: Batch) -> tuple[U8, NDArray[np.float64]]:
    """The ground drawn once, and (3, 3) world from its pixels."""
    network = batch.stage.network
    x0, y0, x1, y1 = (float(v) for v in np.add(network.bounds(), (-15.0, -15.0, 15.0, 15.0)))
    scale = min(_SCALE, _MAP_PIXELS / max(x1 - x0, y1 - y0))
    picture = np.empty((math.ceil((y1 - y0) * scale), math.ceil((x1 - x0) * scale), 3), dtype=np.uint8)
    picture[:] = _GRASS
    mesh = network_mesh(network)
    corners = mesh.vertices[mesh.triangles][..., :2].astype(np.float64)
    pixels = np.round(np.stack([(corners[..., 0] - x0) * scale, (y1 - corners[..., 1]) * scale], axis=-1) * 16)
    colours = {int(Tag.ROADS): _ASPHALT, int(Tag.SIDEWALKS): _PAVEMENT, int(Tag.ROAD_LINE): _PAINT}
    for tag in (Tag.ROADS, Tag.SIDEWALKS, Tag.ROAD_LINE):
        for triangle in pixels[mesh.semantic == int(tag)].astype(np.int32):
            cv2.fillConvexPoly(picture, triangle, colours[int(tag)], cv2.LINE_AA, _SHIFT)
    back = np.array([[1.0 / scale, 0.0, x0], [0.0, -1.0 / scale, y1], [0.0, 0.0, 1.0]])
    return picture, back


def _pixels(points: NDArray[np.float64], pixel_from_world: NDArray[np.float64]) -> NDArray[np.int32]:
    """(P, 2) fixed-point pixels of (P, 2) world points."""
    placed = points @ pixel_from_world[:2, :2].T + pixel_from_world[:2, 2]
    return np.round(placed * (1 << _SHIFT)).astype(np.int32)


def _outline(length: float, width: float, round_off: float) -> NDArray[np.float64]:
    """(16, 2) corners of a rectangle with rounded corners about the origin."""
    angles = np.radians([0, 30, 60, 90])
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1) * round_off
    half = np.array([length / 2 - round_off, width / 2 - round_off])
    turned = []
    for quarter, sign in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        c, s = math.cos(quarter * math.pi / 2), math.sin(quarter * math.pi / 2)
        turned.append(arc @ np.array([[c, s], [-s, c]]) + half * sign)
    return np.concatenate(turned)


def _draw_actor(picture: Any, batch: Batch, row: int, actor: Actor, pixel_from_world: NDArray[np.float64]) -> None:
    n = actor.index
    yaw = float(batch.world.orientation[row, n, 0])
    c, s = math.cos(yaw), math.sin(yaw)
    world_from_actor = np.array([[c, s], [-s, c]])
    at = batch.world.position[row, n, :2]
    middle = np.array(actor.box.center[:2])
    length, width = actor.box.length, actor.box.width

    def shape(points: NDArray[np.float64]) -> NDArray[np.int32]:
        return _pixels((points + middle) @ world_from_actor + at, pixel_from_world)

    rider = actor.category in ("bicycle", "motorbike")
    hidden = n != batch.agent.index and not batch.seen[row, n]
    colour = _PERSON if actor.kind == "pedestrian" else _RIDER if rider else _VEHICLE
    colour = _AGENT if n == batch.agent.index else colour
    if actor.kind == "pedestrian" or rider:
        length, width = max(length, 0.45), max(width, 0.5)
    body = _outline(length, width, min(0.45, 0.45 * width, 0.45 * length))
    if hidden:
        cv2.polylines(picture, [shape(body)], True, _UNSEEN, 2, cv2.LINE_AA, _SHIFT)
        return
    cv2.fillPoly(picture, [shape(body) + np.int32(3 << _SHIFT)], _SHADOW, cv2.LINE_AA, _SHIFT)
    cv2.fillPoly(picture, [shape(body)], colour, cv2.LINE_AA, _SHIFT)
    if actor.kind == "vehicle" and not rider:
        roof = _outline(0.52 * length, 0.82 * width, 0.25) - (0.06 * length, 0.0)
        cv2.fillPoly(picture, [shape(roof)], _GLASS, cv2.LINE_AA, _SHIFT)
        top = _outline(0.30 * length, 0.72 * width, 0.2) - (0.08 * length, 0.0)
        cv2.fillPoly(picture, [shape(top)], colour, cv2.LINE_AA, _SHIFT)
        if batch.world.lights[row, n] & 8:
            for side in (-1.0, 1.0):
                lamp = _outline(0.18, 0.35, 0.05) + (-0.48 * length, side * 0.36 * width)
                cv2.fillPoly(picture, [shape(lamp)], (228, 32, 28), cv2.LINE_AA, _SHIFT)
    else:
        head = shape(np.zeros((1, 2)))[0]
        radius = int(0.15 * math.hypot(*pixel_from_world[0, :2]) * (1 << _SHIFT))
        cv2.circle(picture, tuple(head.tolist()), radius, (84, 60, 44), -1, cv2.LINE_AA, _SHIFT)


def _write(picture: Any, batch: Batch, row: int) -> None:
    """Speed, limit and time in a bar at the bottom."""
    episode = batch.episodes[row]
    assert episode is not None
    speed = 3.6 * float(batch.world.speed[row, batch.agent.index])
    limit = 3.6 * float(batch.track[row, t.SPEED_LIMIT])
    text = f"{batch.agent.name}  {speed:4.0f} km/h (limit {limit:.0f})   {episode.world.time:5.2f} s"
    picture[-34:] = (picture[-34:] * 0.35).astype(np.uint8)
    cv2.putText(picture, text, (14, SIZE[1] - 11), cv2.FONT_HERSHEY_DUPLEX, 0.55, (240, 240, 236), 1, cv2.LINE_AA)
