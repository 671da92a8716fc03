"""Road users from above: drawn twice as large as shown, so that all edges are smooth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from drivesim.types import Actor, Light

if TYPE_CHECKING:
    from drivesim.world import World

F64 = NDArray[np.float64]
Colour = tuple[int, int, int]

FINE = 4
"""Fractional bits of pixels."""
_LARGER = 2

_AGENT: Colour = (32, 120, 214)
_VEHICLES: Sequence[Colour] = ((206, 206, 202), (176, 182, 190), (150, 84, 74), (96, 112, 128), (188, 172, 140))
"""Of other vehicles, by their index."""
_PERSON: Colour = (226, 92, 44)
_RIDER: Colour = (236, 164, 44)
_THING: Colour = (188, 150, 84)
_UNSEEN, _SHADOW, _GLASS, _HAIR, _BRAKING = (150, 150, 154), (48, 50, 52), (46, 56, 68), (70, 48, 36), (236, 40, 32)
_HALO = 0.9
"""m about people and riders in sight, who are small."""


class Canvas:
    """A piece of the world seen from above.

    Args:
        size: of the finished picture, width and height, pixels.
        scale: pixels per metre of the finished picture.
        at: (2,) the world's point, m, that lies at ``anchor``; heading: of what points to the right, rad.
        anchor: shares of width and height.

    Attributes:
        picture: (H, W, 3) uint8, larger than the finished one.
        middle, reach: (2,) centre of what is in sight, and how far it goes, m.
    """

    def __init__(
        self, size: tuple[int, int], scale: float, at: ArrayLike, heading: float, anchor: tuple[float, float]
    ) -> None:
        self._size, self._scale = size, scale * _LARGER
        self.picture = np.empty((size[1] * _LARGER, size[0] * _LARGER, 3), dtype=np.uint8)
        c, s = math.cos(heading), math.sin(heading)
        self._turn = np.array([[c, s], [s, -c]]) * self._scale
        wide = np.array([self.picture.shape[1], self.picture.shape[0]], dtype=np.float64)
        self._shift = wide * anchor - self._turn @ np.asarray(at, dtype=np.float64)
        self.middle = np.linalg.solve(self._turn, 0.5 * wide - self._shift)
        self.reach = 0.5 * float(np.hypot(*wide)) / self._scale

    def pixels(self, points: F64) -> NDArray[np.int32]:
        """(..., 2) fixed-point pixels of (..., 2) points of the world, m."""
        return np.round((points @ self._turn.T + self._shift) * (1 << FINE)).astype(np.int32)

    def polygon(self, points: F64, colour: Colour) -> None:
        cv2.fillPoly(self.picture, [self.pixels(points)], colour, cv2.LINE_AA, FINE)

    def outline(self, points: F64, colour: Colour) -> None:
        cv2.polylines(self.picture, [self.pixels(points)], True, colour, 2 * _LARGER, cv2.LINE_AA, FINE)

    def disc(self, at: ArrayLike, radius: float, colour: Colour, share: float = 1.0) -> None:
        """A disc; ``share`` of its colour covers what is below."""
        u, v = self.pixels(np.asarray(at, dtype=np.float64)).tolist()
        r = round(radius * self._scale * (1 << FINE))
        if share == 1.0:
            cv2.circle(self.picture, (u, v), r, colour, -1, cv2.LINE_AA, FINE)
            return
        low = np.maximum(np.array([u - r, v - r]) >> FINE, 2) - 2
        high = np.maximum(np.array([u + r, v + r]) >> FINE, -3) + 3
        window = self.picture[low[1] : high[1], low[0] : high[0]]
        if window.size:
            below = window.copy()
            cv2.circle(self.picture, (u, v), r, colour, -1, cv2.LINE_AA, FINE)
            window[:] = cv2.addWeighted(window, share, below, 1.0 - share, 0.0)

    def box(self, at: tuple[float, float], yaw: float, length: float, width: float, colour: Colour) -> None:
        self.polygon(placed(rounded(length, width, 0.3 * min(length, width)), at, yaw), colour)

    def finished(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 of the size that was asked for."""
        return np.asarray(cv2.resize(self.picture, self._size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def rounded(length: float, width: float, radius: float) -> F64:
    """(16, 2) corners of a rectangle about the origin, rounded off."""
    angles = np.radians([0, 30, 60, 90])
    arc = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
    half = np.array([length / 2 - radius, width / 2 - radius])
    turned = []
    for quarter, sign in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        c, s = math.cos(quarter * math.pi / 2), math.sin(quarter * math.pi / 2)
        turned.append(arc @ np.array([[c, s], [-s, c]]) + half * sign)
    return np.concatenate(turned)


def placed(points: F64, at: ArrayLike, yaw: float) -> F64:
    """Points of a body, (P, 2), in the world."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.asarray(points @ np.array([[c, s], [-s, c]]) + np.asarray(at))


def draw_actor(
    canvas: Canvas, world: World, row: int, actor: Actor, *, seen: bool = True, is_agent: bool = False
) -> None:
    """Draw an actor of one world: agent blue, people and riders with a halo, who is not seen in outline."""
    yaw = float(world.orientation[row, actor.index, 0])
    at = placed(np.array([actor.box.center[:2]]), world.position[row, actor.index, :2], yaw)[0]
    rider = actor.category in ("bicycle", "motorbike")
    small = actor.kind == "pedestrian" or rider
    length, width = actor.box.length, actor.box.width
    body = rounded(length, width, min(0.45, 0.45 * width, 0.45 * length))
    if not seen:
        shape = rounded(max(length, 0.5), max(width, 0.5), 0.2) if small else body
        canvas.outline(placed(shape, at, yaw), _UNSEEN)
        return
    if small:
        colour = _AGENT if is_agent else _RIDER if rider else _PERSON
        canvas.disc(at, max(_HALO, 0.6 * length), colour, share=0.4)
        if rider:
            canvas.polygon(placed(rounded(length, 0.14, 0.06), at, yaw), _SHADOW)
        _draw_person(canvas, at, yaw, colour)
    elif actor.kind == "vehicle":
        colour = _AGENT if is_agent else _VEHICLES[actor.index % len(_VEHICLES)]
        braking = bool(world.lights[row, actor.index] & Light.BRAKE)
        _draw_vehicle(canvas, at, yaw, body, (length, width), colour, braking=braking)
    else:
        canvas.polygon(placed(body, at, yaw), _THING)


def _draw_person(canvas: Canvas, at: F64, yaw: float, colour: Colour) -> None:
    """Shoulders across, a head with a face ahead; a little larger than life, to be seen."""
    canvas.polygon(placed(rounded(0.42, 0.78, 0.20), at, yaw), colour)
    canvas.disc(at, 0.21, _HAIR)
    canvas.disc(placed(np.array([[0.09, 0.0]]), at, yaw)[0], 0.15, (228, 188, 156))


def _draw_vehicle(
    canvas: Canvas, at: F64, yaw: float, body: F64, size: tuple[float, float], colour: Colour, *, braking: bool
) -> None:
    length, width = size

    def part(share: tuple[float, float], middle: tuple[float, float], radius: float, paint: Colour) -> None:
        shape = rounded(share[0] * length, share[1] * width, radius) + (middle[0] * length, middle[1] * width)
        canvas.polygon(placed(shape, at, yaw), paint)

    canvas.polygon(placed(body, at + np.array([0.12, -0.12]), yaw), _SHADOW)
    canvas.polygon(placed(body, at, yaw), colour)
    part((0.54, 0.84), (-0.06, 0.0), 0.28, _GLASS)
    part((0.30, 0.74), (-0.08, 0.0), 0.20, colour)
    for side in (-0.33, 0.33):
        part((0.03, 0.16), (0.458, side), 0.05, (250, 246, 226))
        part((0.03, 0.16), (-0.462, side), 0.05, _BRAKING if braking else (120, 30, 28))
