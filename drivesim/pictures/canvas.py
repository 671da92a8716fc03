"""A sheet in metres: polygons, lines, labels and a scale bar, drawn fine and reduced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Points = NDArray[np.float64]
"""(N, 2) metres in map coordinates."""

FINE = 2
"""Pixels drawn for each pixel of the picture, along each axis."""
INK: Colour = (38, 42, 48)
PAPER: Colour = (247, 246, 242)
MARGIN = 0.04
"""Share of the sheet left free on each side."""


class Canvas:
    """Metres to pixels, y up; sizes of strokes and text in pixels of the picture.

    Args:
        bounds: x_min, y_min, x_max, y_max to show, m.
        width: of the picture, pixels; the height follows from the bounds within ``aspects``.
        aspects: least and greatest height as shares of the width.
    """

    def __init__(
        self, bounds: tuple[float, float, float, float], width: int = 1800, aspects: tuple[float, float] = (0.3, 1.0)
    ) -> None:
        x0, y0, x1, y1 = bounds
        wide, high = max(x1 - x0, 1.0) * (1 + 2 * MARGIN), max(y1 - y0, 1.0) * (1 + 2 * MARGIN)
        height = width * min(max(high / wide, aspects[0]), aspects[1])
        self.scale = min(width / wide, height / high)
        """Pixels of the picture per metre."""
        self.size = width, round(height)
        self._middle = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
        self._image = Image.new("RGB", (width * FINE, self.size[1] * FINE), PAPER)

    def pixels(self, points: NDArray[np.floating]) -> Points:
        """(N, 2) fine pixel coordinates of points in metres."""
        x = (points[..., 0] - self._middle[0]) * self.scale + 0.5 * self.size[0]
        y = 0.5 * self.size[1] - (points[..., 1] - self._middle[1]) * self.scale
        return np.stack([x, y], axis=-1) * FINE

    def triangles(self, corners: NDArray[np.floating], colours: NDArray[np.uint8]) -> None:
        """Fill (T, 3, 2) triangles with (T, 3) colours, one over the other."""
        import cv2

        at = self.pixels(corners)
        low, high = at.min(axis=1), at.max(axis=1)
        seen = np.all((high >= 0) & (low < np.array(self._image.size)), axis=1)
        sheet = np.array(self._image)
        for triangle, colour in zip(np.rint(at[seen] * 16).astype(np.int32), colours[seen].tolist(), strict=True):
            cv2.fillConvexPoly(sheet, triangle, colour, lineType=cv2.LINE_8, shift=4)
        self._image = Image.fromarray(sheet)

    def polygon(
        self, points: Points, fill: Colour | None, outline: Colour | None = None, width: float = 1.0, alpha: float = 1.0
    ) -> None:
        corners = [tuple(p) for p in self.pixels(points)]
        with self._layer(alpha) as draw:
            draw.polygon(corners, fill=fill)
            if outline:
                draw.line([*corners, corners[0]], fill=outline, width=max(1, round(width * FINE)), joint="curve")

    def line(self, points: Points, colour: Colour, width: float, alpha: float = 1.0) -> None:
        if len(points) > 1:
            with self._layer(alpha) as draw:
                corners = [tuple(p) for p in self.pixels(points)]
                draw.line(corners, fill=colour, width=max(1, round(width * FINE)), joint="curve")

    def disc(
        self, point: Points, radius: float, fill: Colour, outline: Colour | None = None, width: float = 1.0
    ) -> None:
        """A dot of ``radius`` pixels."""
        x, y = self.pixels(point)
        r = radius * FINE
        ImageDraw.Draw(self._image).ellipse(
            (x - r, y - r, x + r, y + r), fill=fill, outline=outline, width=round(width * FINE)
        )

    def text(
        self, x: float, y: float, words: str, size: float = 14, colour: Colour = INK, *, anchor: str = "lm",
        halo: Colour | None = PAPER,
    ) -> None:  # fmt: skip
        """Words at pixels of the picture; ``anchor`` as in Pillow (l, m, r and a, m, s)."""
        draw = ImageDraw.Draw(self._image)
        draw.text((x * FINE, y * FINE), words, fill=colour, font=_font(round(size * FINE)), anchor=anchor,
                  stroke_width=round(1.5 * FINE) if halo else 0, stroke_fill=halo)  # fmt: skip

    def label(
        self, point: Points, words: str, size: float = 14, colour: Colour = INK, shift: tuple[float, float] = (0, 0)
    ) -> None:
        """Words at a point of the map, moved by ``shift`` pixels."""
        x, y = self.pixels(point) / FINE
        self.text(x + shift[0], y + shift[1], words, size, colour, anchor="mm")

    def swatch(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle, in pixels of the picture."""
        box = (x * FINE, y * FINE, (x + width) * FINE, (y + height) * FINE)
        ImageDraw.Draw(self._image).rectangle(box, fill=colour, outline=INK, width=1)

    def scale_bar(self) -> None:
        """A bar of a round length at the lower left, alternating every fifth."""
        length = _round_length(0.16 * self.size[0] / self.scale)
        x, y, high = 28.0, self.size[1] - 30.0, 6.0
        draw = ImageDraw.Draw(self._image)
        step = length * self.scale / 5
        for i in range(5):
            box = ((x + i * step) * FINE, y * FINE, (x + (i + 1) * step) * FINE, (y + high) * FINE)
            draw.rectangle(box, fill=INK if i % 2 == 0 else PAPER, outline=INK, width=FINE)
        self.text(x, y - 12, "0", 13, anchor="mm")
        self.text(x + 5 * step, y - 12, f"{length:g} m", 13, anchor="mm")

    def title(self, words: str, below: str = "") -> None:
        self.text(28, 30, words, 22)
        if below:
            self.text(28, 54, below, 14, (92, 98, 106))

    def picture(self) -> Image.Image:
        return self._image.resize(self.size, Image.Resampling.BOX)

    def _layer(self, alpha: float) -> _Layer:
        return _Layer(self, alpha)


class _Layer:
    """A transparent sheet laid over the picture when left; opaque strokes go straight to it."""

    def __init__(self, canvas: Canvas, alpha: float) -> None:
        self.canvas, self.alpha = canvas, alpha

    def __enter__(self) -> ImageDraw.ImageDraw:
        self.base = self.canvas._image
        self.sheet = self.base if self.alpha >= 1.0 else self.base.copy()
        return ImageDraw.Draw(self.sheet)

    def __exit__(self, *_: object) -> None:
        if self.alpha < 1.0:
            self.canvas._image = Image.blend(self.base, self.sheet, self.alpha)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _round_length(length: float) -> float:
    """The greatest of 1, 2, 5 times a power of ten up to ``length``."""
    power = 10.0 ** math.floor(math.log10(length))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= length)


def outline(x: float, y: float, heading: float, length: float, width: float, centre: float) -> Points:
    """(5, 2) corners of a box and its nose, m; ``centre`` is how far its middle lies ahead of (x, y)."""
    front, back, half = centre + 0.5 * length, centre - 0.5 * length, 0.5 * width
    nose = min(0.25 * length, 0.8 * width)
    shape: Sequence[tuple[float, float]] = (
        (back, half), (front - nose, half), (front, 0.0), (front - nose, -half), (back, -half),
    )  # fmt: skip
    c, s = math.cos(heading), math.sin(heading)
    return np.array([(x + c * u - s * v, y + s * u + c * v) for u, v in shape])
