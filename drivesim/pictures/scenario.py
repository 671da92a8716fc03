"""A scenario seen from above: who goes where, and when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from drivesim.opendrive import RoadNetwork
from drivesim.pictures.canvas import INK, PAPER, Canvas, Colour, Points, outline
from drivesim.pictures.map import draw_roads
from drivesim.types import Actor, Collision

_PALETTE: tuple[Colour, ...] = (
    (0, 98, 190), (214, 69, 38), (20, 138, 96), (146, 74, 174), (200, 134, 0), (196, 44, 110), (0, 142, 160),
    (110, 94, 60), (84, 100, 220), (120, 150, 30),
)  # fmt: skip
"""Colours of actors, in the order of the scenario; ten, then again."""

_TICK = 8.0
"""Least distance of time ticks along a path, pixels."""
_AROUND = 12.0
"""Metres shown beyond everyone's paths."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where an actor was.

    Attributes:
        rows: (N, 4) seconds, x, y in metres, heading in radians; times grow.
    """

    actor: Actor
    rows: Points

    @property
    def moves(self) -> bool:
        return bool(np.ptp(self.rows[:, 1:3], axis=0).max() > 0.5)


def draw_scenario(
    network: RoadNetwork,
    tracks: Sequence[Track],
    title: str,
    below: str = "",
    collisions: Sequence[Collision] = (),
    width: int = 1800,
) -> Image.Image:
    """Paths over the map: outlines at the start (pale) and at the end, a tick for every round time.

    Args:
        tracks: of all actors that were ever present.
        width: pixels; the height follows the paths.
    """
    canvas = Canvas(_bounds(tracks), width, (0.28, 0.8))
    draw_roads(canvas, network)
    coloured = [(track, _PALETTE[i % len(_PALETTE)]) for i, track in enumerate(tracks)]
    for track, colour in coloured:
        if track.moves:
            _draw_path(canvas, track, colour)
    for track, colour in coloured:
        _draw_bodies(canvas, track, colour)
    step = _time_step(tracks, canvas.scale)
    for track, colour in coloured:
        if track.moves:
            _draw_ticks(canvas, track, colour, step)
    for hit in collisions:
        _draw_collision(canvas, hit)
    canvas.title(title, below)
    _draw_names(canvas, coloured)
    canvas.scale_bar()
    return canvas.picture()


def _bounds(tracks: Sequence[Track]) -> tuple[float, float, float, float]:
    if not tracks:
        return -20.0, -20.0, 20.0, 20.0
    everyone = np.concatenate([track.rows[:, 1:3] for track in tracks])
    low, high = everyone.min(axis=0) - _AROUND, everyone.max(axis=0) + _AROUND
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _draw_path(canvas: Canvas, track: Track, colour: Colour) -> None:
    """The path of the reference point, broken where the actor was put elsewhere."""
    points = track.rows[:, 1:3]
    jumps = np.flatnonzero(np.hypot(*np.diff(points, axis=0).T) > 5.0) + 1
    for piece in np.split(points, jumps):
        canvas.line(piece, PAPER, 5.0)
        canvas.line(piece, colour, 2.6)


def _draw_bodies(canvas: Canvas, track: Track, colour: Colour) -> None:
    box = track.actor.box
    moments = (track.rows[0], track.rows[-1]) if track.moves else (track.rows[-1],)
    for row, solid in zip(moments, (False, True) if track.moves else (True,), strict=True):
        shape = outline(row[1], row[2], row[3], max(box.length, 0.4), max(box.width, 0.4), box.center[0])
        shape = _grown(shape, 5.0 / canvas.scale)
        canvas.polygon(shape, colour if solid else _pale(colour), INK if solid else colour, 1.0)


def _grown(shape: Points, least: float) -> Points:
    """A shape about its middle at least ``least`` metres across, so that people stay visible."""
    middle = shape.mean(axis=0)
    across = 2.0 * np.hypot(*(shape - middle).T).max()
    return middle + (shape - middle) * max(1.0, 2.0 * least / across)


def _pale(colour: Colour) -> Colour:
    r, g, b = (round(0.35 * c + 0.65 * 255) for c in colour)
    return r, g, b


def _time_step(tracks: Sequence[Track], scale: float) -> float:
    """Seconds between labelled ticks: round, and far enough apart on the fastest path to be read."""
    moving = [track for track in tracks if track.moves]
    if not moving:
        return 1.0
    lengths = [(np.hypot(*np.diff(t.rows[:, 1:3], axis=0).T).sum(), np.ptp(t.rows[:, 0])) for t in moving]
    length, seconds = max(lengths)
    apart = 70.0 / scale * seconds / max(length, 1.0)
    return next((step for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0) if step >= apart), 120.0)


def _draw_ticks(canvas: Canvas, track: Track, colour: Colour, step: float) -> None:
    """A dot for every ``step`` seconds, labelled where the path leaves room."""
    times = track.rows[:, 0]
    last: Points | None = None
    for k in range(math.ceil(times[0] / step), math.floor(times[-1] / step) + 1):
        row = track.rows[int(np.argmin(np.abs(times - k * step)))]
        at = row[1:3]
        if last is not None and np.hypot(*(at - last)) * canvas.scale < _TICK:
            continue
        canvas.disc(at, 3.4, PAPER, colour, 1.6)
        if last is None or np.hypot(*(at - last)) * canvas.scale > 30.0:
            across = np.array([-math.sin(row[3]), -math.cos(row[3])])  # to the left, pixels downwards
            canvas.label(at, f"{k * step:g}", 12, colour, tuple(across * 15.0))
        last = at


def _draw_collision(canvas: Canvas, hit: Collision) -> None:
    """A cross where two actors met."""
    at, reach = np.array(hit.point), 8.0 / canvas.scale
    for turn in (1.0, -1.0):
        arm = np.array([reach, turn * reach])
        canvas.line(np.array([at - arm, at + arm]), PAPER, 6.0)
        canvas.line(np.array([at - arm, at + arm]), (200, 20, 20), 3.0)
    words = f"{hit.first} hits {hit.second} at {hit.time:.2f} s, {hit.closing_speed * 3.6:.0f} km/h"
    canvas.label(at, words, 13, (170, 16, 16), (0.0, 24.0))


def _draw_names(canvas: Canvas, coloured: Sequence[tuple[Track, Colour]]) -> None:
    """Every actor with its colour, at the upper right, as many as fit."""
    y, right = 30.0, canvas.size[0] - 28.0
    for number, (track, colour) in enumerate(coloured):
        if y > canvas.size[1] - 60.0:
            canvas.text(right, y, f"and {len(coloured) - number} more", 13, anchor="rm")
            return
        words = track.actor.name if track.moves else f"{track.actor.name} (stands)"
        canvas.text(right - 26.0, y, words, 13, anchor="rm")
        canvas.swatch(right - 18.0, y - 6.0, 18.0, 12.0, colour)
        y += 20.0
